#include "contact.h"

#include <string.h>

#include "cur.h"
#include "inside.h"

/*
 * `who`, version 1:
 *
 *	ed 32 | x 32 | u8 trust | u8 admitted | u8 suite | u64 serial |
 *	i64 since | i64 seen | LP name | LP alias | LP where
 */

static struct place
place_of(enum seal_table table, uint64_t row)
{
	return (struct place){ .table = table, .version = SEAL_VERSION,
	    .row = row };
}

static void
put_who(struct buf *out, const struct contact *c)
{
	buf_put(out, c->keys.ed, KEY_LEN);
	buf_put(out, c->keys.x, KEY_LEN);
	buf_u8(out, (uint8_t)c->trust);
	buf_u8(out, c->admitted);
	buf_u8(out, c->suite);
	buf_u64(out, c->serial);
	buf_u64(out, (uint64_t)c->since_ms);
	buf_u64(out, (uint64_t)c->seen_ms);
	buf_lp(out, c->name, strlen(c->name));
	buf_lp(out, c->alias, strlen(c->alias));
	buf_lp(out, c->where, strlen(c->where));
}

static void
get_text(struct cur *c, char *dst, size_t room)
{
	const uint8_t *p;
	size_t len;

	p = cur_lp(c, room - 1, &len);
	if (p == NULL)
		len = 0;
	if (len != 0)
		memcpy(dst, p, len);
	dst[len] = '\0';
}

static int
get_who(struct contact *c, const struct buf *plain)
{
	struct cur cur;
	uint8_t trust;

	cur_init(&cur, plain->at, plain->len);
	cur_copy(&cur, c->keys.ed, KEY_LEN);
	cur_copy(&cur, c->keys.x, KEY_LEN);
	trust = cur_u8(&cur);
	c->admitted = cur_u8(&cur) != 0;
	c->suite = cur_u8(&cur);
	c->serial = cur_u64(&cur);
	c->since_ms = (int64_t)cur_u64(&cur);
	c->seen_ms = (int64_t)cur_u64(&cur);
	get_text(&cur, c->name, sizeof(c->name));
	get_text(&cur, c->alias, sizeof(c->alias));
	get_text(&cur, c->where, sizeof(c->where));
	if (!cur_done(&cur) || trust > TRUST_BLOCKED)
		return -1;
	c->trust = (enum trust)trust;
	return 0;
}

static int
run_on_contact(struct store *s, struct db_stmt *st, uint64_t row,
    struct err *e)
{
	if (store_run(s, st, e) != 0)
		return -1;
	if (db_changes(s->db) == 1)
		return 0;
	err_set(&s->trouble, STATUS_FAILURE, "contact %llu is not in %s",
	    (unsigned long long)row, db_path(s->db));
	return store_fail(s, e);
}

int
contact_put(struct store *s, struct contact *c, struct err *e)
{
	struct db_stmt *st;
	struct place place;
	uint64_t row = c->row;

	if (row == 0 && store_take_contact(s, &row, e) != 0)
		return -1;
	if (s->db == NULL) {
		c->row = row;
		return 0;
	}
	st = store_change(s, c->row == 0 ? SQL_CONTACT_ADD : SQL_CONTACT_WHO,
	    e);
	if (st == NULL)
		return -1;
	buf_empty(&s->plain);
	buf_empty(&s->sealed);
	put_who(&s->plain, c);
	place = place_of(SEAL_WHO, row);
	seal_record(&s->sealed, s->keys->contact, &place, s->plain.at,
	    s->plain.len);
	db_bind_int(st, 1, (int64_t)row);
	db_bind_blob(st, 2, s->sealed.at, s->sealed.len);
	if (c->row == 0)
		db_bind_blob(st, 3, NULL, 0);
	if (run_on_contact(s, st, row, e) != 0)
		return -1;
	c->row = row;
	return 0;
}

int
contact_put_numbers(struct store *s, uint64_t row, const void *p,
    size_t len, struct err *e)
{
	struct db_stmt *st;
	struct place place;

	if (s->db == NULL)
		return 0;
	st = store_change(s, SQL_CONTACT_NUMBERS, e);
	if (st == NULL)
		return -1;
	buf_empty(&s->sealed);
	place = place_of(SEAL_NUMBERS, row);
	seal_record(&s->sealed, s->keys->contact, &place, p, len);
	db_bind_int(st, 1, (int64_t)row);
	db_bind_blob(st, 2, s->sealed.at, s->sealed.len);
	return run_on_contact(s, st, row, e);
}

int
contact_from_row(struct contact *c, struct buf *numbers,
    bool *bad_numbers, const struct store_keys *keys, struct db_stmt *st)
{
	uint64_t row = (uint64_t)db_int(st, 0);
	struct place who = place_of(SEAL_WHO, row);
	struct place counted = place_of(SEAL_NUMBERS, row);
	struct buf plain;
	const void *p;
	size_t len;
	int rc;

	buf_init(&plain);
	buf_empty(numbers);
	memset(c, 0, sizeof(*c));
	c->row = row;
	*bad_numbers = false;
	p = db_blob(st, 1, &len);
	rc = open_record(&plain, keys->contact, &who, p, len);
	if (rc == 0)
		rc = get_who(c, &plain);
	p = db_blob(st, 2, &len);
	if (rc == 0 && len != 0 &&
	    open_record(numbers, keys->contact, &counted, p, len) != 0)
		*bad_numbers = true;
	buf_wipe(&plain);
	buf_clear(&plain);
	return rc;
}

int
contact_each(struct store *s,
    int (*each)(void *arg, const struct contact *c, const uint8_t *numbers,
	size_t len), void *arg, struct err *e)
{
	struct db_stmt *st;
	struct contact c;
	struct buf numbers;
	int64_t before = INT64_MIN;
	bool bad;
	int rc;

	if (s->db == NULL)
		return 0;
	st = db_use(s->db, SQL_CONTACT_EACH, e);
	if (st == NULL)
		return -1;
	buf_init(&numbers);
	while ((rc = db_step(st, e)) == 1) {
		if (db_int(st, 0) <= before) {
			db_end(st);
			rc = store_set_endless(s, e);
			break;
		}
		before = db_int(st, 0);
		if (contact_from_row(&c, &numbers, &bad, s->keys, st) != 0 ||
		    bad) {
			err_set(e, STATUS_DAMAGED, "%s is damaged: contact "
			    "%llu does not open", db_path(s->db),
			    (unsigned long long)c.row);
			err_next(e, "put back a backup, or let what can be "
			    "read be recovered");
			rc = -1;
		} else if (each(arg, &c, numbers.at, numbers.len) != 0) {
			rc = 0;
		}
		if (rc != 1) {
			db_end(st);
			break;
		}
	}
	buf_wipe(&numbers);
	buf_clear(&numbers);
	return rc;
}

int
contact_remove(struct store *s, uint64_t row, struct err *e)
{
	struct db_stmt *st;

	if (s->db == NULL)
		return 0;
	if (message_remove_all(s, row, e) != 0)
		return -1;
	st = store_change(s, SQL_CONTACT_REMOVE, e);
	if (st == NULL)
		return -1;
	db_bind_int(st, 1, (int64_t)row);
	return store_run(s, st, e);
}
