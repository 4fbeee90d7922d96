#include "pane-people.h"

#include "term.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum section { NEARBY, REQUESTS, CONTACTS, SECTIONS };

enum {
	FILTER_MAX = 48,
	/* A person came back within this time: no age is worth showing. */
	FRESH_MS = 60 * 1000
};

struct row {
	struct user_id id;
	enum section section;
	enum presence presence;
	const char *title;		/* while sorting only */
};

struct people {
	struct row *rows;
	size_t n, room;
	uint64_t version;
	bool built;
	struct user_id selected;
	bool has_selected;
	char filter[FILTER_MAX + 1];
	int top;			/* first display row on the screen */
};

static const char *const section_names[SECTIONS] = {
	"NEARBY", "REQUESTS", "CONTACTS"
};

struct people *
people_new(void)
{
	return mem_new(sizeof(struct people));
}

void
people_free(struct people *p)
{
	if (!p)
		return;
	free(p->rows);
	free(p);
}

/* ---- rows ---------------------------------------------------------------- */

/* -1: not shown. */
static int
section_of(const struct person *p)
{
	switch (p->who.trust) {
	case TRUST_NEARBY:
		return p->nearby || p->linked || p->waiting ||
		    p->n_unread > 0 ? NEARBY : -1;
	case TRUST_REQUESTED:
		return REQUESTS;
	case TRUST_ACCEPTED:
	case TRUST_PAIRED:
	case TRUST_VERIFIED:
		return CONTACTS;
	case TRUST_BLOCKED:
		return -1;
	}
	return -1;
}

static int
by_place(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int c;

	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	if ((x->presence == OFFLINE) != (y->presence == OFFLINE))
		return x->presence == OFFLINE ? 1 : -1;
	c = strcasecmp(x->title, y->title);
	return c != 0 ? c : user_id_cmp(&x->id, &y->id);
}

static void
add(struct people *p, const struct person *who, enum section section)
{
	if (p->n == p->room) {
		p->room = p->room ? p->room * 2 : 32;
		p->rows = mem_resize(p->rows, p->room, sizeof(*p->rows));
	}
	p->rows[p->n++] = (struct row){
		.id = who->id,
		.section = section,
		.presence = who->presence,
		.title = who->title
	};
}

static void
build(struct people *p, const struct roster *r)
{
	size_t was = p->has_selected ? people_find(p, &p->selected) : 0;

	p->n = 0;
	for (size_t i = 0; i < roster_count(r); i++) {
		const struct person *who = roster_at(r, i);
		int section = section_of(who);

		if (section < 0)
			continue;
		if (p->filter[0] && !text_contains(who->title, p->filter) &&
		    strncasecmp(who->id_text, p->filter,
		    strlen(p->filter)) != 0)
			continue;
		add(p, who, (enum section)section);
	}
	if (p->n > 0)
		qsort(p->rows, p->n, sizeof(*p->rows), by_place);
	for (size_t i = 0; i < p->n; i++)
		p->rows[i].title = NULL;
	/* The selected one went: the row in its place is selected. */
	if (p->n == 0) {
		p->has_selected = false;
	} else if (!p->has_selected ||
	    people_find(p, &p->selected) == p->n) {
		p->selected = p->rows[was < p->n ? was : p->n - 1].id;
		p->has_selected = true;
	}
}

bool
people_update(struct people *p, const struct roster *r)
{
	if (p->built && p->version == roster_version(r))
		return false;
	p->built = true;
	p->version = roster_version(r);
	build(p, r);
	return true;
}

size_t
people_count(const struct people *p)
{
	return p->n;
}

const struct user_id *
people_at(const struct people *p, size_t i)
{
	return i < p->n ? &p->rows[i].id : NULL;
}

size_t
people_find(const struct people *p, const struct user_id *id)
{
	size_t i;

	for (i = 0; i < p->n; i++) {
		if (user_id_equal(&p->rows[i].id, id))
			break;
	}
	return i;
}

const struct user_id *
people_selected(const struct people *p)
{
	return p->has_selected ? &p->selected : NULL;
}

void
people_select(struct people *p, const struct user_id *id)
{
	p->selected = *id;
	p->has_selected = true;
}

void
people_move(struct people *p, int by)
{
	size_t i;

	if (p->n == 0)
		return;
	i = p->has_selected ? people_find(p, &p->selected) : 0;
	if (i == p->n)
		i = 0;
	if (by < 0)
		i = (size_t)-by > i ? 0 : i - (size_t)-by;
	else
		i = i + (size_t)by >= p->n ? p->n - 1 : i + (size_t)by;
	people_select(p, &p->rows[i].id);
}

/* ---- filter -------------------------------------------------------------- */

const char *
people_filter(const struct people *p)
{
	return p->filter;
}

bool
people_filter_add(struct people *p, int32_t cp)
{
	char bytes[4];
	size_t n = text_encode(bytes, cp), len = strlen(p->filter);

	if (len + n > FILTER_MAX)
		return false;
	memcpy(p->filter + len, bytes, n);
	p->filter[len + n] = '\0';
	p->built = false;
	p->has_selected = false;	/* the first match */
	return true;
}

bool
people_filter_erase(struct people *p)
{
	size_t len = strlen(p->filter);

	if (len == 0)
		return false;
	p->filter[text_cluster_before(p->filter, len)] = '\0';
	p->built = false;
	return true;
}

void
people_filter_clear(struct people *p)
{
	if (!p->filter[0])
		return;
	p->filter[0] = '\0';
	p->built = false;
}

/* ---- drawing ------------------------------------------------------------- */

/* What stands at the right of a row: the most urgent of what there is. */
static enum style
right_side(const struct scene *s, const struct person *p, char dst[24])
{
	dst[0] = '\0';
	if (p->n_unread > 0) {
		snprintf(dst, 24, p->n_unread > 999 ? "999+" : "%zu",
		    p->n_unread);
		return STYLE_KEY;
	}
	if (p->waiting) {
		snprintf(dst, 24, "asked");
	} else if (p->presence == OFFLINE && p->who.seen_ms > 0 &&
	    s->now_ms - p->who.seen_ms >= FRESH_MS) {
		scene_age(s->now_ms - p->who.seen_ms, dst);
	} else if (p->presence == AWAY) {
		snprintf(dst, 24, "away");
	} else if (p->path == PATH_RELAY) {
		snprintf(dst, 24, "relay");
	}
	return STYLE_DIM;
}

/* A title cut to `room` cells, with a mark where it was cut. */
static int
put_title(const struct scene *s, const struct rect *r, int row, int col,
    int room, enum style style, const char *title)
{
	int used;
	size_t n, len = strlen(title);

	if (room <= 0)
		return col;
	if (text_cells(title, len) <= room)
		return term_put(r, row, col, style, title, len);
	n = text_fit(title, len, room - 1, &used);
	col = term_put(r, row, col, style, title, n);
	return term_puts(r, row, col, style, theme_mark(s->theme, MARK_MORE));
}

/* How sure it is who somebody is, in a mark; "" for nothing to say. */
static const char *
trust_mark(const struct scene *s, const struct person *p, enum style *style)
{
	*style = STYLE_BAD;
	if (p->doubted || p->flagged)
		return theme_mark(s->theme, MARK_DOUBT);
	*style = STYLE_GOOD;
	if (p->who.trust == TRUST_VERIFIED)
		return theme_mark(s->theme, MARK_YES);
	return p->who.trust == TRUST_PAIRED ?
	    theme_mark(s->theme, MARK_PAIRED) : "";
}

static void
draw_person(const struct people *p, const struct scene *s,
    const struct rect *r, int row, const struct person *who)
{
	bool selected = s->list_focused && p->has_selected &&
	    user_id_equal(&p->selected, &who->id);
	bool open = who == s->open;
	enum style style = selected ? STYLE_SELECTED : open ||
	    who->n_unread > 0 ? STYLE_OPEN : STYLE_TEXT;
	enum style side, mark_style;
	const char *mark;
	char text[24];
	int right, col, room;

	if (selected) {
		const struct rect line = { r->row + row, r->col, 1, r->cols };

		term_fill(&line, STYLE_SELECTED);
	}
	if (open)
		term_puts(r, row, 0, selected ? style : STYLE_KEY,
		    theme_mark(s->theme, MARK_HERE));
	term_puts(r, row, 1, selected ? style : scene_presence_style(who),
	    theme_mark(s->theme, scene_presence(who)));
	side = right_side(s, who, text);
	right = r->cols - 1 - (int)strlen(text);
	if (right < 8) {
		right = r->cols;
		text[0] = '\0';
	}
	mark = trust_mark(s, who, &mark_style);
	room = right - 3 - (text[0] != '\0') - 2 * (mark[0] != '\0');
	col = put_title(s, r, row, 3, room, style, who->title);
	term_puts(r, row, col + 1, selected ? style : mark_style, mark);
	term_puts(r, row, right, selected ? style : side, text);
}

/* Display rows: a section's name stands above its first person. */
static int
display_row(const struct people *p, size_t i)
{
	int row = (int)i;
	enum section last = SECTIONS;

	for (size_t j = 0; j <= i && j < p->n; j++) {
		if (p->rows[j].section != last)
			row++;
		last = p->rows[j].section;
	}
	return row;
}

static void
scroll_to_selected(struct people *p, int rows)
{
	int total = p->n ? display_row(p, p->n - 1) + 1 : 0, row;

	row = p->has_selected ? display_row(p, people_find(p, &p->selected)) :
	    0;
	if (row >= p->top + rows)
		p->top = row - rows + 1;
	if (row < p->top)
		p->top = row;
	/* Its section's name is worth a row. */
	if (row == 1)
		p->top = 0;
	if (p->top > total - rows)
		p->top = total - rows;
	if (p->top < 0)
		p->top = 0;
}

static void
draw_nobody(const struct people *p, const struct scene *s,
    const struct rect *r, int row)
{
	const char *say = p->filter[0] ? "no such name" :
	    "nobody yet";

	(void)s;
	term_puts(r, row, 1, STYLE_DIM, say);
}

void
people_draw(struct people *p, const struct scene *s, const struct rect *r)
{
	struct roster *roster = chat_roster(s->setup->chat);
	struct rect list = *r;
	enum section last = SECTIONS;
	int row = 0;

	if (rect_is_empty(r))
		return;
	term_fill(r, STYLE_TEXT);
	if (p->filter[0] || s->list_focused) {
		/* The last row is the filter. */
		if (r->rows > 2) {
			int col = term_puts(r, r->rows - 1, 1, STYLE_DIM,
			    p->filter[0] ? "/" : "type to filter");

			col = term_puts(r, r->rows - 1, col, STYLE_KEY,
			    p->filter);
			if (s->list_focused && p->filter[0])
				term_cursor(r, r->rows - 1, col);
			list.rows--;
		}
	}
	if (p->n == 0) {
		draw_nobody(p, s, &list, 0);
		return;
	}
	scroll_to_selected(p, list.rows);
	for (size_t i = 0; i < p->n; i++) {
		const struct person *who = roster_find(roster,
		    &p->rows[i].id);

		if (row - p->top >= list.rows)
			break;
		if (p->rows[i].section != last) {
			last = p->rows[i].section;
			term_puts(&list, row++ - p->top, 1, STYLE_DIM,
			    section_names[last]);
		}
		if (who && row >= p->top)
			draw_person(p, s, &list, row - p->top, who);
		row++;
	}
}
