#include "news.h"

#include <stdlib.h>
#include <string.h>

#include "own.h"

struct item_of_news {
	struct news news;
	bool bound;			/* to the turn's transaction */
};

/* [0, shown) is for the viewers, the rest waits for the commit. */
struct news_list {
	struct item_of_news *at;
	size_t n, room, shown;
};

struct news_list *
news_new(void)
{
	return mem_new(sizeof(struct news_list));
}

static void
release(struct item_of_news *i)
{
	free(i->news.text);
	free(i->news.next);
}

void
news_free(struct news_list *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->n; i++)
		release(&n->at[i]);
	free(n->at);
	free(n);
}

static struct news *
push(struct news_list *n, enum news_kind kind, bool bound)
{
	struct item_of_news *i;

	VECTOR_GROW(n->at, n->n, n->room);
	i = &n->at[n->n++];
	memset(i, 0, sizeof(*i));
	i->news.kind = kind;
	i->bound = bound;
	return &i->news;
}

void
news_add(struct news_list *n, enum news_kind kind, const struct user_id *who,
    const struct line *line, bool on, bool bound)
{
	struct news *item = push(n, kind, bound);

	item->who = *who;
	item->line = line;
	item->on = on;
}

void
news_add_text(struct news_list *n, enum news_kind kind, char *text,
    char *next)
{
	struct news *item = push(n, kind, false);

	item->text = text;
	item->next = next;
}

struct news *
news_add_more(struct news_list *n, enum news_kind kind,
    const struct user_id *who, const char *text, const char *next,
    bool bound)
{
	struct news *item = push(n, kind, bound);

	if (who)
		item->who = *who;
	item->text = text ? mem_str(text) : NULL;
	item->next = next && *next ? mem_str(next) : NULL;
	return item;
}

void
news_show(struct news_list *n)
{
	n->shown = n->n;
}

void
news_undo(struct news_list *n)
{
	size_t kept = n->shown;

	for (size_t i = n->shown; i < n->n; i++) {
		if (n->at[i].bound)
			release(&n->at[i]);
		else
			n->at[kept++] = n->at[i];
	}
	n->n = kept;
}

void
news_forget(struct news_list *n)
{
	if (n->shown == 0)
		return;
	for (size_t i = 0; i < n->shown; i++)
		release(&n->at[i]);
	n->n -= n->shown;
	memmove(n->at, n->at + n->shown, n->n * sizeof(*n->at));
	n->shown = 0;
}

size_t
news_count(const struct news_list *n)
{
	return n->shown;
}

const struct news *
news_at(const struct news_list *n, size_t i)
{
	return &n->at[i].news;
}

const char *
code_reason_name(enum code_reason r)
{
	switch (r) {
	case CODE_IS_WRONG:
		return "wrong";
	case CODE_IS_EXPIRED:
		return "expired";
	case CODE_IS_USED:
		return "used";
	case CODE_IS_DEAD:
		return "too-many-tries";
	case CODE_NOBODY:
		return "nobody";
	case CODE_NO_PLACE:
		return "no-place";
	case CODE_NO_ANSWER:
		return "no-answer";
	case CODE_CUT:
		return "connection-lost";
	case CODE_LATE:
		return "timeout";
	case CODE_OTHER_VERSION:
		return "other-version";
	case CODE_BROKEN:
		return "broken";
	case CODE_REFUSED:
		return "refused";
	}
	return "unknown";
}
