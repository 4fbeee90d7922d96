#include "talk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"

/* Lines at[first .. first + n).  `new_at` counts like i + dropped, so that
 * it stays on its line when pages come in front of it. */
struct talk {
	struct line **at;
	size_t first, n, room;
	uint64_t version;
	int64_t dropped, new_at;	/* new_at INT64_MIN: no mark */
	size_t unread;
	size_t bytes;			/* of all lines */
	size_t asked;			/* the last index found */
	bool has_older;
};

struct talk *
talk_new(void)
{
	struct talk *t = mem_new(sizeof(*t));

	t->new_at = INT64_MIN;
	return t;
}

void
talk_free(struct talk *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++)
		free(t->at[t->first + i]);
	free(t->at);
	free(t);
}

struct line *
line_new(const struct message *m)
{
	struct line *l = mem_new(sizeof(*l) + m->len + 1);

	l->row = m->row;
	l->epoch = m->epoch;
	l->seq = m->seq;
	l->sent_ms = m->sent_ms;
	l->kept_ms = m->kept_ms;
	l->state = m->state;
	l->kind = m->kind;
	l->mine = m->mine;
	l->len = (uint32_t)m->len;
	if (m->len > 0)
		memcpy(l->text, m->text, m->len);
	return l;
}

/* A place before index i, moving the shorter half. */
static void
open_gap(struct talk *t, size_t i)
{
	if (t->first + t->n == t->room) {
		/* Half of the room is slack: enough to slide back. */
		if (t->first > t->room / 2) {
			memmove(t->at, t->at + t->first,
			    t->n * sizeof(*t->at));
			t->first = 0;
		} else {
			t->room = t->room ? 2 * t->room : 16;
			t->at = mem_resize(t->at, t->room, sizeof(*t->at));
		}
	}
	if (t->first > 0 && i < t->n / 2) {
		t->first--;
		memmove(t->at + t->first, t->at + t->first + 1,
		    i * sizeof(*t->at));
	} else {
		memmove(t->at + t->first + i + 1, t->at + t->first + i,
		    (t->n - i) * sizeof(*t->at));
	}
	t->n++;
}

static void
put_at(struct talk *t, size_t i, struct line *l)
{
	int64_t here = (int64_t)i + t->dropped;
	bool unread = l->state == MSG_UNREAD;

	open_gap(t, i);
	t->at[t->first + i] = l;
	t->bytes += sizeof(*l) + l->len;
	if (t->new_at > here || (t->new_at == here && !unread))
		t->new_at++;
	if (unread)
		t->unread++;
	t->version++;
}

static bool
is_before(const struct line *a, const struct line *b)
{
	return a->epoch < b->epoch ||
	    (a->epoch == b->epoch && a->seq < b->seq);
}

size_t
talk_insert(struct talk *t, struct line *l)
{
	size_t place = t->n;

	for (size_t i = t->n; !l->mine && i-- > 0; ) {
		const struct line *other = talk_line(t, i);

		if (other->mine)
			continue;
		if (!is_before(l, other))
			break;
		place = i;
	}
	put_at(t, place, l);
	return place;
}

bool
talk_insert_old(struct talk *t, struct line *l)
{
	size_t place = 0;

	/* Rows need not ascend: what was late stands before what it came
	 * after.  So all are looked at. */
	for (size_t i = t->n; i-- > 0; ) {
		const struct line *other = talk_line(t, i);

		if (other->row == l->row)
			return false;
		if (place == 0 && other->row != 0 && other->row < l->row)
			place = i + 1;
	}
	put_at(t, place, l);
	/* The lines behind it did not move for those who count from the
	 * newest: what came is older. */
	t->dropped--;
	if (t->new_at != INT64_MIN)
		t->new_at--;
	return true;
}

struct line *
talk_take(struct talk *t, size_t i)
{
	struct line *l = talk_at(t, i);

	if (i == 0) {
		t->first++;
		t->dropped++;
	} else {
		memmove(t->at + t->first + i, t->at + t->first + i + 1,
		    (t->n - i - 1) * sizeof(*t->at));
		if (t->new_at > (int64_t)i + t->dropped)
			t->new_at--;
	}
	t->n--;
	t->bytes -= sizeof(*l) + l->len;
	if (l->state == MSG_UNREAD)
		t->unread--;
	t->version++;
	return l;
}

struct line *
talk_at(struct talk *t, size_t i)
{
	assert(i < t->n);
	return t->at[t->first + i];
}

size_t
talk_index(struct talk *t, const struct line *l)
{
	size_t i = t->asked + 1;

	/* A batch that came is asked for line by line. */
	if (i >= t->n || t->at[t->first + i] != l) {
		i = t->n;
		while (i > 0 && t->at[t->first + i - 1] != l)
			i--;
		if (i == 0)
			return SIZE_MAX;
		i--;
	}
	t->asked = i;
	return i;
}

void
talk_changed(struct talk *t)
{
	t->version++;
}

void
talk_count_unread(struct talk *t, int by)
{
	t->unread = (size_t)((int64_t)t->unread + by);
	t->version++;
}

void
talk_set_mark(struct talk *t)
{
	t->new_at = INT64_MIN;
	for (size_t i = 0; t->unread > 0 && i < t->n; i++)
		if (talk_line(t, i)->state == MSG_UNREAD) {
			t->new_at = (int64_t)i + t->dropped;
			break;
		}
	t->version++;
}

void
talk_set_older(struct talk *t, bool has_older)
{
	t->has_older = has_older;
	t->version++;
}

bool
talk_is_long(const struct talk *t)
{
	const struct line *l;

	if (t->n <= TALK_LINES_MAX && t->bytes <= TALK_BYTES_MAX)
		return false;
	l = talk_line(t, 0);
	return l->state != MSG_QUEUED && l->state != MSG_STORED;
}

/* ---- the readers' half -------------------------------------------------- */

size_t
talk_count(const struct talk *t)
{
	return t->n;
}

const struct line *
talk_line(const struct talk *t, size_t i)
{
	assert(i < t->n);
	return t->at[t->first + i];
}

uint64_t
talk_version(const struct talk *t)
{
	return t->version;
}

int64_t
talk_dropped(const struct talk *t)
{
	return t->dropped;
}

size_t
talk_unread(const struct talk *t)
{
	return t->unread;
}

size_t
talk_new_mark(const struct talk *t)
{
	if (t->new_at < t->dropped ||
	    t->new_at - t->dropped >= (int64_t)t->n)
		return t->n;
	return (size_t)(t->new_at - t->dropped);
}

bool
talk_has_older(const struct talk *t)
{
	return t->has_older;
}
