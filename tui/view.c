#include "view.h"

#include "map.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

struct views {
	struct map *by_id;
};

struct views *
views_new(void)
{
	struct views *vs = mem_new(sizeof(*vs));

	vs->by_id = map_new(ID_LEN);
	return vs;
}

static void
view_free(struct view *v)
{
	view_clear(v);
	free(v->notes);
	buf_wipe(&v->draft);
	free(v);
}

void
views_free(struct views *vs)
{
	const void *key;
	void *v;
	size_t at = 0;

	if (!vs)
		return;
	while (map_next(vs->by_id, &at, &key, &v))
		view_free(v);
	map_free(vs->by_id);
	free(vs);
}

struct view *
views_get(struct views *vs, const struct user_id *id)
{
	struct view *v = map_get(vs->by_id, id->b);

	if (v)
		return v;
	v = mem_new(sizeof(*v));
	v->id = *id;
	buf_init(&v->draft);
	map_put(vs->by_id, id->b, v);
	return v;
}

static void
drop_first(struct view *v)
{
	free(v->notes[0].text);
	v->n_notes--;
	memmove(v->notes, v->notes + 1, v->n_notes * sizeof(*v->notes));
}

void
view_note(struct view *v, int64_t after, enum style style, const char *text)
{
	struct buf clean;

	if (!v->notes)
		v->notes = mem_array(VIEW_NOTES_MAX, sizeof(*v->notes));
	if (v->n_notes == VIEW_NOTES_MAX)
		drop_first(v);
	/* Their order is the order they were said in. */
	if (v->n_notes > 0 && after < v->notes[v->n_notes - 1].after)
		after = v->notes[v->n_notes - 1].after;
	buf_init(&clean);
	text_filter(&clean, text, strlen(text), TEXT_BODY);
	v->notes[v->n_notes++] = (struct note){
		.after = after,
		.style = style,
		.text = mem_str(buf_str(&clean))
	};
	buf_clear(&clean);
	v->version++;
}

void
view_clear(struct view *v)
{
	while (v->n_notes > 0)
		free(v->notes[--v->n_notes].text);
	view_follow(v);
}

void
view_follow(struct view *v)
{
	v->scrolled = false;
	v->hidden = 0;
	v->version++;
}
