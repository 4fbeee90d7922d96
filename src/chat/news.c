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

/* A text may be a code. */
static void
release(struct item_of_news *i)
{
	if (i->news.text)
		mem_zero(i->news.text, strlen(i->news.text));
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
news_drop(struct news_list *n, enum news_kind kind)
{
	size_t kept = 0, shown = 0;

	for (size_t i = 0; i < n->n; i++) {
		if (n->at[i].news.kind == kind) {
			release(&n->at[i]);
			continue;
		}
		shown += i < n->shown;
		n->at[kept++] = n->at[i];
	}
	n->n = kept;
	n->shown = shown;
}

/* ---- messages in their order --------------------------------------------- */

struct place {
	struct news *at, news;
};

static bool
is_message(const struct news *n)
{
	return n->kind == NEWS_MESSAGE && n->line;
}

static int
by_place(const void *pa, const void *pb)
{
	const struct place *a = pa, *b = pb;
	int who = memcmp(&a->news.who, &b->news.who, sizeof(a->news.who));

	return who ? who : a->at < b->at ? -1 : a->at > b->at;
}

static int
by_number(const void *pa, const void *pb)
{
	const struct place *a = pa, *b = pb;
	const struct line *la = a->news.line, *lb = b->news.line;
	int who = memcmp(&a->news.who, &b->news.who, sizeof(a->news.who));

	if (who)
		return who;
	if (la->epoch != lb->epoch)
		return la->epoch < lb->epoch ? -1 : 1;
	return la->seq < lb->seq ? -1 : la->seq > lb->seq;
}

/* How many, or 0 when each stands behind the one before it anyway. */
static size_t
count_messages(struct news_list *n)
{
	struct place was = { 0 }, is = { 0 };
	bool ordered = true;
	size_t count = 0;

	for (size_t i = n->shown; i < n->n; i++) {
		if (!is_message(&n->at[i].news))
			continue;
		is.news = n->at[i].news;
		if (count++ > 0 && by_number(&was, &is) > 0)
			ordered = false;
		was = is;
	}
	return ordered ? 0 : count;
}

/* Letters come in any order, and the gaps of lines are those of the whole
 * turn: read from the first to the last, the messages of one person are in
 * theirs.  Each takes a place that another one of theirs had. */
static void
put_in_order(struct news_list *n)
{
	size_t count = count_messages(n), k = 0;
	struct place *places, *ranked;

	if (count == 0)
		return;
	places = mem_array(count, sizeof(*places));
	ranked = mem_array(count, sizeof(*ranked));
	for (size_t i = n->shown; i < n->n; i++) {
		if (is_message(&n->at[i].news))
			places[k++] = (struct place){ &n->at[i].news,
				n->at[i].news };
	}
	qsort(places, count, sizeof(*places), by_place);
	memcpy(ranked, places, count * sizeof(*places));
	qsort(ranked, count, sizeof(*ranked), by_number);
	for (size_t i = 0; i < count; i++)
		*places[i].at = ranked[i].news;
	free(places);
	free(ranked);
}

void
news_show(struct news_list *n)
{
	put_in_order(n);
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
