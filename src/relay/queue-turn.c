#include <stdlib.h>
#include <string.h>

#include "queue-own.h"

/* The rest of the turn is lost with what came before: one transaction. */
static void
fail(struct queues *q)
{
	q->failed = true;
	db_rollback(q->db);
}

/* Ready for binding, inside the turn's transaction.  NULL: it failed. */
struct db_stmt *
queue_change(struct queues *q, enum queue_sql which)
{
	struct db_stmt *st = NULL;

	if (q->failed)
		return NULL;
	if (queue_begin(q, true, &q->trouble) == 0)
		st = db_use(q->db, which, &q->trouble);
	if (st == NULL)
		fail(q);
	return st;
}

bool
queue_run(struct queues *q, struct db_stmt *st)
{
	if (db_run(st, &q->trouble) == 0)
		return true;
	fail(q);
	return false;
}

bool
queue_run_for(struct queues *q, enum queue_sql which, uint64_t row)
{
	struct db_stmt *st = queue_change(q, which);

	if (st == NULL)
		return false;
	db_bind_int(st, 1, (int64_t)row);
	return queue_run(q, st);
}

struct deed *
queue_note(struct queues *q, enum deed_kind kind, uint32_t at)
{
	struct deed *d;

	if (q->n_deeds == q->room_deeds) {
		q->room_deeds = q->room_deeds == 0 ? 64 : q->room_deeds * 2;
		q->deeds = mem_resize(q->deeds, q->room_deeds,
		    sizeof(*q->deeds));
	}
	d = &q->deeds[q->n_deeds++];
	*d = (struct deed){ .kind = kind, .at = at };
	return d;
}

/* A letter that leaves stays in its queue's list until the commit, so that
 * it need not find its way back; on the disk, too. */
void
letter_count_out(struct queues *q, uint32_t at)
{
	struct letter *l = &q->letters[at];

	l->place = PLACE_GONE;
	q->slots[l->slot].n_letters--;
	q->slots[l->slot].bytes -= l->len;
	q->stats.letters--;
	q->stats.bytes -= l->len;
}

static void
count_in(struct queues *q, uint32_t at)
{
	struct letter *l = &q->letters[at];

	l->place = PLACE_LIVE;
	q->slots[l->slot].n_letters++;
	q->slots[l->slot].bytes += l->len;
	q->stats.letters++;
	q->stats.bytes += l->len;
}

static void
undo(struct queues *q, const struct deed *d)
{
	switch (d->kind) {
	case DEED_MAKE:
		slot_hide(q, d->at);
		slot_free(q, d->at);
		break;
	case DEED_OPEN:
		q->slots[d->at].opened_h = d->opened_h & HOURS_MAX;
		q->slots[d->at].token = d->token;
		break;
	case DEED_PUT:
		letter_count_out(q, d->at);
		letter_free(q, d->at);
		break;
	case DEED_DELETE:
		count_in(q, d->at);
		break;
	case DEED_DROP:
		slot_show(q, d->at);
		break;
	}
}

static void
settle(struct queues *q, const struct deed *d)
{
	if (d->count != NULL)
		++*d->count;
	switch (d->kind) {
	case DEED_DELETE:
		letter_free(q, d->at);
		break;
	case DEED_DROP:
		slot_free(q, d->at);
		break;
	case DEED_MAKE:
	case DEED_OPEN:
	case DEED_PUT:
		break;
	}
}

/* A burst leaves no memory behind it. */
static void
forget_deeds(struct queues *q)
{
	q->n_deeds = 0;
	if (q->room_deeds > 4096) {
		free(q->deeds);
		q->deeds = NULL;
		q->room_deeds = 0;
	}
}

/* Nobody is told that a letter was deleted, and one that comes back after a
 * power cut is known to its reader: a turn that only deletes does not wait
 * for the disk. */
static bool
delete_letters(struct queues *q)
{
	struct db_stmt *st;

	for (size_t i = 0; i < q->n_deeds; i++) {
		if (q->deeds[i].kind != DEED_DELETE)
			continue;
		if (queue_begin(q, false, &q->trouble) != 0)
			return false;
		st = db_use(q->db, SQL_LETTER_DROP, &q->trouble);
		if (st == NULL)
			return false;
		db_bind_int(st, 1,
		    (int64_t)q->letters[q->deeds[i].at].number);
		if (db_run(st, &q->trouble) != 0)
			return false;
	}
	return true;
}

int
queues_commit(struct queues *q, struct err *e)
{
	bool kept;

	if (!queues_is_dirty(q))
		return 0;
	kept = !q->failed && delete_letters(q) &&
	    db_commit(q->db, &q->trouble) == 0;
	if (kept) {
		for (size_t i = 0; i < q->n_deeds; i++)
			settle(q, &q->deeds[i]);
		q->reserved_kept = q->reserved;
	} else {
		db_rollback(q->db);
		/* Newest first: what a deed found is there again. */
		while (q->n_deeds > 0)
			undo(q, &q->deeds[--q->n_deeds]);
		q->reserved = q->reserved_kept;
		/* It may not have been kept, either. */
		q->age_kept = 0;
		if (e != NULL)
			*e = q->trouble;
	}
	q->failed = false;
	forget_deeds(q);
	return kept ? 0 : -1;
}

bool
queues_is_dirty(const struct queues *q)
{
	return q->failed || q->n_deeds > 0 || db_in_transaction(q->db);
}
