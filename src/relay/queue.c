#include "queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "queue-own.h"

enum {
	NUMBERS_SET_ASIDE = 65536,
	/* What the clock may move between two calls; more is a jump. */
	STEP_MAX_S = 3600,
	EXPIRE_SLICE = 128,		/* letters */
	SWEEP_SLICE = 4096,		/* queues looked at */
	SWEEP_DROP = 64,		/* .. and removed */
	SWEEP_EVERY_S = 3600,
	HOUR_S = 3600,
	DAY_H = 24,
	DAY_S = 86400
};

/* ---- life --------------------------------------------------------------- */

struct queues *
queues_open(const char *path, const struct queue_limits *limits,
    struct err *e)
{
	struct queues *q = mem_new(sizeof(*q));

	queue_index_init(q);
	q->limits = *limits;
	if (queue_file_open(q, path, e) == 0)
		return q;
	/* It is left as it was found. */
	if (q->db != NULL)
		db_keep_wal(q->db, true);
	db_close(q->db);
	q->db = NULL;
	queues_close(q);
	return NULL;
}

void
queues_close(struct queues *q)
{
	if (q == NULL)
		return;
	queue_file_close(q);
	queue_index_clear(q);
	free(q->deeds);
	free(q);
}

void
queues_limit(struct queues *q, const struct queue_limits *limits)
{
	q->limits = *limits;
}

const struct queue_stats *
queues_stats(const struct queues *q)
{
	return &q->stats;
}

static void
advance(struct queues *q, int64_t now)
{
	int64_t step = now - q->now;

	if (q->now != 0 && step > 0)
		q->age_s += step < STEP_MAX_S ? step : STEP_MAX_S;
	q->now = now;
}

/* ---- queues ------------------------------------------------------------- */

static enum relay_status
make(struct queues *q, const uint8_t id[QUEUE_ID],
    const uint8_t token[TOKEN_HASH], uint32_t hour)
{
	uint32_t at = slot_unused(q);
	struct db_stmt *st;

	if (at == 0 || q->stats.queues >= q->limits.queues) {
		q->stats.refused++;
		return RELAY_LIMIT;
	}
	st = queue_change(q, SQL_QUEUE_PUT);
	if (st == NULL)
		return RELAY_TROUBLE;
	db_bind_int(st, 1, at);
	db_bind_blob(st, 2, id, QUEUE_ID);
	db_bind_blob(st, 3, token, TOKEN_HASH);
	db_bind_int(st, 4, hour);
	if (!queue_run(q, st))
		return RELAY_TROUBLE;
	slot_add(q, at, id, token, hour);
	queue_note(q, DEED_MAKE, at);
	return RELAY_OK;
}

/* An owner who comes and goes costs a write a day. */
static bool
is_old_news(const struct slot *s, uint32_t hour)
{
	return hour >= (uint32_t)s->opened_h + DAY_H;
}

enum relay_status
queues_make(struct queues *q, const uint8_t id[QUEUE_ID],
    const uint8_t token_hash[32], int64_t now)
{
	uint32_t at, hour;
	struct db_stmt *st;
	struct deed *d;

	advance(q, now);
	hour = (uint32_t)(q->age_s / HOUR_S);
	if (q->failed)
		return RELAY_TROUBLE;
	at = slot_find(q, id);
	if (at == 0)
		return make(q, id, token_hash, hour);
	if (!is_old_news(&q->slots[at], hour) &&
	    q->slots[at].token == token_hash_of(q, token_hash))
		return RELAY_OK;
	st = queue_change(q, SQL_QUEUE_SET);
	if (st == NULL)
		return RELAY_TROUBLE;
	db_bind_int(st, 1, at);
	db_bind_blob(st, 2, token_hash, TOKEN_HASH);
	db_bind_int(st, 3, hour);
	if (!queue_run(q, st))
		return RELAY_TROUBLE;
	d = queue_note(q, DEED_OPEN, at);
	d->opened_h = q->slots[at].opened_h;
	d->token = q->slots[at].token;
	q->slots[at].opened_h = hour & HOURS_MAX;
	q->slots[at].token = token_hash_of(q, token_hash);
	return RELAY_OK;
}

void
queues_touch(struct queues *q, const uint8_t id[QUEUE_ID], int64_t now)
{
	uint32_t at = slot_find(q, id), hour;
	struct db_stmt *st;
	struct deed *d;

	advance(q, now);
	hour = (uint32_t)(q->age_s / HOUR_S);
	if (at == 0 || q->failed || !is_old_news(&q->slots[at], hour))
		return;
	st = queue_change(q, SQL_QUEUE_TOUCH);
	if (st == NULL)
		return;
	db_bind_int(st, 1, at);
	db_bind_int(st, 2, hour);
	if (!queue_run(q, st))
		return;
	d = queue_note(q, DEED_OPEN, at);
	d->opened_h = q->slots[at].opened_h;
	d->token = q->slots[at].token;
	q->slots[at].opened_h = hour & HOURS_MAX;
}

/* count: what it is an instance of, or NULL. */
static void
remove_letter(struct queues *q, uint32_t at, uint64_t *count)
{
	letter_count_out(q, at);
	queue_note(q, DEED_DELETE, at)->count = count;
}

static bool
drop(struct queues *q, uint32_t slot)
{
	uint32_t at;

	if (!queue_run_for(q, SQL_QUEUE_DROP, slot))
		return false;
	for (at = q->slots[slot].first; at != 0; at = q->letters[at].next)
		if (q->letters[at].place == PLACE_LIVE)
			remove_letter(q, at, NULL);
	slot_hide(q, slot);
	queue_note(q, DEED_DROP, slot);
	return true;
}

void
queues_drop(struct queues *q, const uint8_t id[QUEUE_ID])
{
	uint32_t slot = slot_find(q, id);

	if (slot != 0 && !q->failed)
		drop(q, slot);
}

/* ---- letters ------------------------------------------------------------ */

/* 1: the letter has this upload id; 0: only its hash; -1: cannot be read. */
static int
has_upload(struct queues *q, uint32_t at, const uint8_t upload[UPLOAD_ID])
{
	struct db_stmt *st = db_use(q->db, SQL_LETTER_UPLOAD, &q->trouble);
	const void *p;
	size_t len;
	int rc;

	if (st == NULL)
		return -1;
	db_bind_int(st, 1, (int64_t)q->letters[at].number);
	rc = db_step(st, &q->trouble);
	if (rc != 1)
		return rc;
	p = db_blob(st, 0, &len);
	rc = len == UPLOAD_ID && memcmp(p, upload, UPLOAD_ID) == 0;
	db_end(st);
	return rc;
}

static int
is_repeated(struct queues *q, uint32_t slot, uint32_t hash,
    const uint8_t upload[UPLOAD_ID])
{
	size_t cursor = 0;
	uint32_t at;
	int rc;

	while ((at = letter_next_like(q, slot, hash, &cursor)) != 0) {
		if (q->letters[at].place != PLACE_LIVE)
			continue;
		rc = has_upload(q, at, upload);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static enum relay_status
check_room(const struct queues *q, const struct slot *s, size_t len)
{
	if (s->n_letters >= q->limits.letters || s->bytes >= q->limits.bytes ||
	    len > q->limits.bytes - s->bytes)
		return RELAY_FULL;
	if (letters_are_full(q) ||
	    (q->limits.total_letters != 0 &&
	    q->stats.letters >= q->limits.total_letters) ||
	    q->stats.bytes >= q->limits.total_bytes ||
	    len > q->limits.total_bytes - q->stats.bytes)
		return RELAY_LIMIT;
	return RELAY_OK;
}

/* A number that was given away never comes back, not even after a restart:
 * a late OP_DELETE must not hit another letter. */
static bool
take_number(struct queues *q, uint64_t *number)
{
	if (q->next_number > q->reserved) {
		if (!queue_run_for(q, SQL_NUMBERS, q->next_number +
		    NUMBERS_SET_ASIDE))
			return false;
		q->reserved = q->next_number + NUMBERS_SET_ASIDE;
	}
	*number = q->next_number++;
	return true;
}

static bool
store_letter(struct queues *q, uint32_t slot, uint64_t number,
    const uint8_t upload[UPLOAD_ID], const void *letter, size_t len)
{
	struct db_stmt *st = queue_change(q, SQL_LETTER_PUT);

	if (st == NULL)
		return false;
	db_bind_int(st, 1, (int64_t)number);
	db_bind_int(st, 2, slot);
	db_bind_int(st, 3, q->age_s);
	db_bind_blob(st, 4, upload, UPLOAD_ID);
	db_bind_blob(st, 5, letter, len);
	return queue_run(q, st);
}

enum relay_status
queues_put(struct queues *q, const uint8_t id[QUEUE_ID],
    const uint8_t token_hash[32], const uint8_t upload[UPLOAD_ID],
    const void *letter, size_t len, int64_t now, uint64_t *number)
{
	uint32_t slot = slot_find(q, id), hash, at;
	enum relay_status status;
	int repeated;

	*number = 0;
	advance(q, now);
	if (slot == 0 ||
	    q->slots[slot].token != token_hash_of(q, token_hash)) {
		q->stats.refused++;
		return RELAY_NO_QUEUE;
	}
	if (len > RELAY_LETTER_MAX)
		return RELAY_TOO_LARGE;
	if (q->failed)
		return RELAY_TROUBLE;
	hash = upload_hash(q, slot, upload);
	repeated = is_repeated(q, slot, hash, upload);
	if (repeated != 0) {
		q->stats.repeated += repeated > 0;
		return repeated > 0 ? RELAY_OK : RELAY_TROUBLE;
	}
	status = check_room(q, &q->slots[slot], len);
	if (status != RELAY_OK) {
		q->stats.refused++;
		return status;
	}
	if (!take_number(q, number) ||
	    !store_letter(q, slot, *number, upload, letter, len)) {
		*number = 0;
		return RELAY_TROUBLE;
	}
	at = letter_add(q, slot, *number, hash, len);
	queue_note(q, DEED_PUT, at)->count = &q->stats.put;
	return RELAY_OK;
}

/* The first letter of the slot with a number above `after`. */
static uint32_t
letter_after(const struct queues *q, uint32_t slot, uint64_t after)
{
	uint32_t at = after != 0 ? letter_find(q, after) : 0;

	if (at != 0 && q->letters[at].slot == slot)
		return q->letters[at].next;
	at = q->slots[slot].first;
	while (at != 0 && q->letters[at].number <= after)
		at = q->letters[at].next;
	return at;
}

/* 1: go on, 0: enough, -1: cannot be read. */
static int
show_letter(struct queues *q, uint64_t number,
    bool (*each)(void *arg, uint64_t number, const void *p, size_t len),
    void *arg)
{
	struct err e;
	struct db_stmt *st = db_use(q->db, SQL_LETTER, &e);
	const void *p;
	size_t len;
	bool more;
	int rc;

	if (st != NULL) {
		db_bind_int(st, 1, (int64_t)number);
		rc = db_step(st, &e);
		if (rc == 1) {
			p = db_blob(st, 0, &len);
			more = each(arg, number, p, len);
			db_end(st);
			return more;
		}
		if (rc == 0)
			err_set(&e, STATUS_DAMAGED, "%s is damaged: a letter "
			    "is gone", db_path(q->db));
	}
	log_error("reading a letter: %s", e.what);
	return -1;
}

int
queues_each(struct queues *q, const uint8_t id[QUEUE_ID], uint64_t after,
    bool (*each)(void *arg, uint64_t number, const void *p, size_t len),
    void *arg)
{
	uint32_t slot = slot_find(q, id), at, next;
	int rc = 0;

	if (slot == 0)
		return 0;
	for (at = letter_after(q, slot, after); at != 0; at = next) {
		next = q->letters[at].next;
		if (q->letters[at].place != PLACE_LIVE)
			continue;
		switch (show_letter(q, q->letters[at].number, each, arg)) {
		case 0:
			return rc;
		case -1:
			rc = -1;
			break;
		}
	}
	return rc;
}

void
queues_delete(struct queues *q, const uint8_t id[QUEUE_ID], uint64_t number)
{
	uint32_t slot = slot_find(q, id), at;

	if (slot == 0 || q->failed)
		return;
	at = letter_find(q, number);
	if (at != 0 && q->letters[at].slot == slot &&
	    q->letters[at].place == PLACE_LIVE)
		remove_letter(q, at, &q->stats.taken);
}

/* ---- what is too old ---------------------------------------------------- */

struct old {
	uint64_t number[EXPIRE_SLICE];
	size_t n;
};

/* Oldest first, as they lie on the disk. */
static int
find_old(struct queues *q, struct old *old)
{
	int64_t before = q->age_s - q->limits.days * DAY_S;
	struct db_stmt *st;
	int rc;

	old->n = 0;
	if (before < 0 || q->stats.letters == 0)
		return 0;
	st = db_use(q->db, SQL_LETTERS_OLD, &q->trouble);
	if (st == NULL)
		return -1;
	db_bind_int(st, 1, EXPIRE_SLICE);
	while ((rc = db_step(st, &q->trouble)) == 1) {
		if (db_int(st, 1) >= before) {
			db_end(st);
			return 0;
		}
		old->number[old->n++] = (uint64_t)db_int(st, 0);
	}
	return rc;
}

static bool
expire_letters(struct queues *q)
{
	struct old old;
	size_t i;
	uint32_t at;

	if (find_old(q, &old) != 0) {
		log_error("looking for old letters: %s", q->trouble.what);
		return false;
	}
	for (i = 0; i < old.n; i++) {
		at = letter_find(q, old.number[i]);
		if (at == 0 || q->letters[at].place != PLACE_LIVE)
			continue;
		remove_letter(q, at, &q->stats.expired);
	}
	return old.n == EXPIRE_SLICE;
}

static bool
sweep_queues(struct queues *q)
{
	int64_t hour = q->age_s / 3600, before = hour -
	    q->limits.queue_days * 24;
	unsigned seen, dropped = 0;

	if (q->swept == 0) {
		if (q->age_s - q->swept_s < SWEEP_EVERY_S)
			return false;
		q->swept_s = q->age_s;
		q->swept = 1;
	}
	for (seen = 0; seen < SWEEP_SLICE && dropped < SWEEP_DROP &&
	    q->swept < q->n_slots; seen++, q->swept++) {
		const struct slot *s = &q->slots[q->swept];

		if (s->place != PLACE_LIVE || s->n_letters != 0 ||
		    (int64_t)s->opened_h >= before)
			continue;
		if (!drop(q, q->swept))
			return false;
		dropped++;
	}
	if (q->swept < q->n_slots)
		return true;
	q->swept = 0;
	return false;
}

bool
queues_expire(struct queues *q, int64_t now)
{
	bool more;

	advance(q, now);
	if (q->failed)
		return false;
	more = expire_letters(q);
	if (q->failed)
		return false;
	return sweep_queues(q) || more;
}
