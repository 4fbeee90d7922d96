#include "message.h"

#include <string.h>

#include "cur.h"
#include "inside.h"

/*
 * The sealed part, version 1.  The row it is bound to names the contact, and
 * the direction is in it although it is a column too: whoever writes into
 * the file cannot put my words into somebody else's mouth.
 *
 *	u8 kind | u8 mine | u64 epoch | u64 seq | i64 sent | i64 kept | text
 */
enum { HEAD_LEN = 2 + 4 * 8 };

static void
put_head(struct buf *out, const struct message *m)
{
	uint8_t *p = buf_space(out, HEAD_LEN);

	p[0] = m->kind;
	p[1] = m->mine;
	put_u64(p + 2, m->epoch);
	put_u64(p + 10, m->seq);
	put_u64(p + 18, (uint64_t)m->sent_ms);
	put_u64(p + 26, (uint64_t)m->kept_ms);
	buf_added(out, HEAD_LEN);
}

/* The part of lo..hi that can be this contact's; *lo > *hi: none. */
static void
clamp(uint64_t contact, uint64_t *lo, uint64_t *hi)
{
	uint64_t first = contact << ROW_BITS, last = first | ROW_NUMBERS;

	if (contact > CONTACTS_MAX) {
		*lo = 1;
		*hi = 0;
		return;
	}
	if (*lo < first)
		*lo = first;
	if (*hi > last)
		*hi = last;
	if (*lo > *hi) {
		*lo = 1;
		*hi = 0;
	}
}

static struct place
place_of(uint64_t row)
{
	return (struct place){ .table = SEAL_MESSAGE,
	    .version = SEAL_VERSION, .row = row };
}

int
message_add(struct store *s, struct message *m, struct err *e)
{
	struct db_stmt *st;
	struct place place;

	if (store_take_row(s, m->contact, &m->row, e) != 0)
		return -1;
	if (s->db == NULL)
		return 0;
	st = store_change(s, SQL_MESSAGE_ADD, e);
	if (st == NULL)
		return -1;
	buf_empty(&s->plain);
	buf_empty(&s->sealed);
	put_head(&s->plain, m);
	buf_put(&s->plain, m->text, m->len);
	place = place_of(m->row);
	seal_record(&s->sealed, s->keys->message, &place, s->plain.at,
	    s->plain.len);
	db_bind_int(st, 1, (int64_t)m->row);
	db_bind_int(st, 2, m->mine);
	db_bind_int(st, 3, m->state);
	db_bind_blob(st, 4, s->sealed.at, s->sealed.len);
	return store_run(s, st, e);
}

int
message_set_state(struct store *s, uint64_t row, enum msg_state state,
    struct err *e)
{
	struct db_stmt *st;

	if (s->db == NULL)
		return 0;
	st = store_change(s, SQL_MESSAGE_STATE, e);
	if (st == NULL)
		return -1;
	db_bind_int(st, 1, (int64_t)row);
	db_bind_int(st, 2, state);
	return store_run(s, st, e);
}

int
message_remove(struct store *s, uint64_t row, struct err *e)
{
	struct db_stmt *st;

	if (s->db == NULL)
		return 0;
	st = store_change(s, SQL_MESSAGE_REMOVE, e);
	if (st == NULL)
		return -1;
	db_bind_int(st, 1, (int64_t)row);
	return store_run(s, st, e);
}

/* Both ends: parameters 1 and 2 of the runs. */
static struct db_stmt *
change_run(struct store *s, enum sql which, uint64_t contact, uint64_t lo,
    uint64_t hi, struct err *e)
{
	struct db_stmt *st = store_change(s, which, e);

	if (st == NULL)
		return NULL;
	clamp(contact, &lo, &hi);
	db_bind_int(st, 1, (int64_t)lo);
	db_bind_int(st, 2, (int64_t)hi);
	return st;
}

int
message_remove_run(struct store *s, uint64_t contact, bool mine,
    uint64_t lo, uint64_t hi, struct err *e)
{
	struct db_stmt *st;

	if (s->db == NULL)
		return 0;
	st = change_run(s, SQL_MESSAGE_REMOVE_RUN, contact, lo, hi, e);
	if (st == NULL)
		return -1;
	db_bind_int(st, 3, mine);
	return store_run(s, st, e);
}

int
message_set_state_run(struct store *s, uint64_t contact, bool mine,
    uint64_t lo, uint64_t hi, enum msg_state state, struct err *e)
{
	struct db_stmt *st;

	if (s->db == NULL)
		return 0;
	st = change_run(s, SQL_MESSAGE_STATE_RUN, contact, lo, hi, e);
	if (st == NULL)
		return -1;
	db_bind_int(st, 3, mine);
	db_bind_int(st, 4, state);
	return store_run(s, st, e);
}

int
message_remove_all(struct store *s, uint64_t contact, struct err *e)
{
	struct db_stmt *st;

	st = change_run(s, SQL_MESSAGE_REMOVE_ALL, contact, 0, UINT64_MAX, e);
	return st != NULL ? store_run(s, st, e) : -1;
}

int
message_from_row(struct message *m, struct buf *plain,
    const struct store_keys *keys, struct db_stmt *st)
{
	int64_t row = db_int(st, 0), mine = db_int(st, 1);
	int64_t state = db_int(st, 2);
	struct place place = place_of((uint64_t)row);
	struct cur c;
	const void *p;
	size_t len;

	p = db_blob(st, 3, &len);
	buf_empty(plain);
	if (open_record(plain, keys->message, &place, p, len) != 0)
		return -1;
	cur_init(&c, plain->at, plain->len);
	m->row = (uint64_t)row;
	m->kind = cur_u8(&c);
	m->mine = cur_u8(&c) != 0;
	m->contact = (uint64_t)row >> ROW_BITS;
	m->epoch = cur_u64(&c);
	m->seq = cur_u64(&c);
	m->sent_ms = (int64_t)cur_u64(&c);
	m->kept_ms = (int64_t)cur_u64(&c);
	m->text = (const char *)c.at;
	m->len = c.left;
	if (!cur_ok(&c) || m->mine != (mine != 0) || m->kind == 0 ||
	    state < MSG_QUEUED || state > MSG_SEEN)
		return -1;
	m->state = (uint8_t)state;
	return 0;
}

static int
walk(struct store *s, struct db_stmt *st, bool up,
    int (*each)(void *arg, const struct message *m), void *arg,
    size_t *damaged, struct err *e)
{
	struct message m;
	struct buf plain;	/* our own: each may change the store */
	int64_t row, before = up ? INT64_MIN : INT64_MAX;
	int rc;

	buf_init(&plain);
	while ((rc = db_step(st, e)) == 1) {
		row = db_int(st, 0);
		if (up ? row <= before : row >= before) {
			db_end(st);
			rc = store_set_endless(s, e);
			break;
		}
		before = row;
		if (message_from_row(&m, &plain, s->keys, st) != 0) {
			if (damaged != NULL)
				++*damaged;
			continue;
		}
		if (each(arg, &m) != 0) {
			db_end(st);
			rc = 0;
			break;
		}
	}
	buf_wipe(&plain);
	buf_clear(&plain);
	return rc;
}

int
message_page(struct store *s, uint64_t contact, uint64_t before, size_t n,
    int (*each)(void *arg, const struct message *m), void *arg,
    size_t *damaged, struct err *e)
{
	uint64_t first = 0, last;
	struct db_stmt *st;

	if (damaged != NULL)
		*damaged = 0;
	if (s->db == NULL)
		return 0;
	st = db_use(s->db, SQL_MESSAGE_PAGE, e);
	if (st == NULL)
		return -1;
	last = before != 0 ? before - 1 : UINT64_MAX;
	clamp(contact, &first, &last);
	db_bind_int(st, 1, (int64_t)first);
	db_bind_int(st, 2, (int64_t)last);
	db_bind_int(st, 3, n > INT32_MAX ? INT32_MAX : (int64_t)n);
	return walk(s, st, false, each, arg, damaged, e);
}

int
message_open_items(struct store *s,
    int (*each)(void *arg, const struct message *m), void *arg,
    size_t *damaged, struct err *e)
{
	struct db_stmt *st;

	if (damaged != NULL)
		*damaged = 0;
	if (s->db == NULL)
		return 0;
	st = db_use(s->db, SQL_MESSAGE_OPEN, e);
	return st != NULL ? walk(s, st, true, each, arg, damaged, e) : -1;
}

int
message_forget(struct store *s, uint64_t contact, struct err *e)
{
	uint64_t lo = 0, hi = INT64_MAX;
	struct db_stmt *st;

	if (s->db == NULL)
		return 0;
	st = store_change(s, SQL_MESSAGE_FORGET, e);
	if (st == NULL)
		return -1;
	if (contact != 0)
		clamp(contact, &lo, &hi);
	db_bind_int(st, 1, (int64_t)lo);
	db_bind_int(st, 2, (int64_t)hi);
	return store_run(s, st, e);
}
