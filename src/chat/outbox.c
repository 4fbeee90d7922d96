#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "mem.h"
#include "window.h"

void
outbox_init(struct outbox *o)
{
	memset(o, 0, sizeof(*o));
}

void
outbox_clear(struct outbox *o)
{
	free(o->at);
	outbox_init(o);
}

static void
mark_gone(struct outbox *o, struct owed *row)
{
	row->gone = true;
	o->live--;
	if (row->gen > 0)
		o->sealed--;
}

/* Lets go of what is gone at both ends, and of the hole it leaves. */
static void
settle(struct outbox *o)
{
	while (o->head < o->n && o->at[o->head].gone)
		o->head++;
	while (o->n > o->head && o->at[o->n - 1].gone)
		o->n--;
	if (o->next < o->head)
		o->next = o->head;
	if (o->next > o->n)
		o->next = o->n;
	if (o->head == o->n) {
		o->head = o->n = o->next = 0;
	} else if (o->head > 64 && o->head > o->n / 2) {
		memmove(o->at, o->at + o->head,
		    (o->n - o->head) * sizeof(*o->at));
		o->next -= o->head;
		o->n -= o->head;
		o->head = 0;
	}
}

void
outbox_push(struct outbox *o, const struct owed *row)
{
	if (o->n == o->room) {
		o->room = o->room ? 2 * o->room : 16;
		o->at = mem_resize(o->at, o->room, sizeof(*o->at));
	}
	o->at[o->n++] = *row;
	o->live++;
	if (row->gen > 0)
		o->sealed++;
}

struct owed *
outbox_first(const struct outbox *o)
{
	return o->head < o->n ? &o->at[o->head] : NULL;
}

struct owed *
outbox_last(const struct outbox *o)
{
	for (size_t i = o->n; i > o->head; i--)
		if (!o->at[i - 1].gone)
			return &o->at[i - 1];
	return NULL;
}

/* Index of the first live row of an epoch, or of what comes after it. */
static size_t
first_of(const struct outbox *o, uint64_t epoch)
{
	size_t lo = o->head, hi = o->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (o->at[mid].epoch < epoch)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo < o->n && o->at[lo].gone)
		lo++;
	return lo;
}

struct owed *
outbox_next(struct outbox *o, bool *first)
{
	struct owed *row;
	size_t low;

	while (o->next < o->n && o->at[o->next].gone)
		o->next++;
	if (o->next >= o->n)
		return NULL;
	row = &o->at[o->next];
	low = row->epoch == o->at[o->head].epoch ? o->head :
	    first_of(o, row->epoch);
	*first = low == o->next;
	if (row->seq - o->at[low].seq >= WINDOW_AHEAD)
		return NULL;
	return row;
}

void
outbox_carried(struct outbox *o)
{
	o->at[o->next++].carried = true;
}

void
outbox_rewind(struct outbox *o)
{
	o->next = o->head;
}

struct owed *
outbox_unleft(const struct outbox *o, bool *first)
{
	const struct owed *low = NULL;

	for (size_t i = o->head; i < o->n; i++) {
		struct owed *row = &o->at[i];

		if (row->gone)
			continue;
		if (!low || low->epoch != row->epoch)
			low = row;
		if (row->seq - low->seq >= WINDOW_AHEAD)
			return NULL;
		if (row->leaving || row->stored)
			continue;
		*first = low == row;
		return row;
	}
	return NULL;
}

struct owed *
outbox_by_upload(const struct outbox *o, const uint8_t upload[UPLOAD_LEN])
{
	for (size_t i = o->head; i < o->n; i++) {
		struct owed *row = &o->at[i];

		if (!row->gone && row->leaving &&
		    memcmp(row->upload, upload, UPLOAD_LEN) == 0)
			return row;
	}
	return NULL;
}

void
outbox_reseal(struct outbox *o, uint64_t gen)
{
	for (size_t i = o->head; i < o->n; i++) {
		struct owed *row = &o->at[i];

		if (row->gen >= gen)
			continue;
		/* Its answer will not find it any more. */
		row->carried |= row->leaving;
		row->leaving = row->stored = false;
	}
}

void
outbox_sealed(struct outbox *o, struct owed *row, uint64_t gen)
{
	if (row->gen == 0 && gen > 0)
		o->sealed++;
	row->gen = gen;
}

uint64_t
outbox_base(const struct outbox *o, uint64_t now)
{
	return o->head < o->n ? o->at[o->head].epoch : now;
}

uint64_t
outbox_floor(const struct outbox *o, uint64_t newest)
{
	uint64_t floor = newest;

	if (o->sealed == 0)
		return newest;
	for (size_t i = o->head; i < o->n; i++)
		if (!o->at[i].gone && o->at[i].gen > 0 &&
		    o->at[i].gen < floor)
			floor = o->at[i].gen;
	return floor;
}

static bool
is_acked(const struct owed *row, uint64_t cum, uint64_t bits)
{
	if (row->seq <= cum)
		return true;
	if (row->seq < cum + 2 || row->seq > cum + 65)
		return false;
	return (bits >> (row->seq - cum - 2) & 1) != 0;
}

size_t
outbox_ack(struct outbox *o, uint64_t epoch, uint64_t cum, uint64_t bits,
    void (*each)(void *arg, struct owed *row, bool joins), void *arg)
{
	size_t n = 0, last = SIZE_MAX;

	/* Beyond any number: all of them, and no overflow behind it. */
	if (cum > SEQ_MAX)
		cum = SEQ_MAX;
	for (size_t i = first_of(o, epoch); i < o->n; i++) {
		struct owed *row = &o->at[i];

		if (row->epoch != epoch || row->seq > cum + 65)
			break;
		if (row->gone || !is_acked(row, cum, bits))
			continue;
		mark_gone(o, row);
		each(arg, row, i > 0 && last == i - 1);
		last = i;
		n++;
	}
	settle(o);
	return n;
}

void
outbox_remove(struct outbox *o, struct owed *row)
{
	if (row && !row->gone)
		mark_gone(o, row);
	else if (!row)
		o->head = o->n = o->next = o->live = o->sealed = 0;
	settle(o);
}
