#include "store.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dbfile.h"
#include "inside.h"
#include "schema.h"
#include "secret.h"

enum {
	/* Row ids are set aside so many at a time: the counter is written
	 * once for all of them, and a restart wastes the rest. */
	ROWS_SET_ASIDE = 4096
};

/* A value everybody knows, to tell whose keys sealed the rest. */
static const char probe_name[] = "probe";
static const char probe_value[] = "p2ptui";

const char *const store_sql[N_SQL] = {
#define SQL_TEXT(name, text) [name] = text,
	SQL_TABLE(SQL_TEXT)
#undef SQL_TEXT
};

struct store_keys *
store_keys_new(const struct vault *v)
{
	struct store_keys *keys = secret_new(sizeof(*keys));

	vault_subkey(v, "value", keys->value);
	vault_subkey(v, "contact", keys->contact);
	vault_subkey(v, "message", keys->message);
	return keys;
}

/* ---- values ------------------------------------------------------------- */

static const struct place value_place = {
	.table = SEAL_VALUE, .version = SEAL_VERSION, .row = 0
};

void
value_seal(struct buf *out, const struct store_keys *keys, const char *name,
    const void *p, size_t len)
{
	struct buf plain;

	buf_init(&plain);
	buf_put(&plain, name, strlen(name) + 1);
	buf_put(&plain, p, len);
	seal_record(out, keys->value, &value_place, plain.at, plain.len);
	buf_wipe(&plain);
	buf_clear(&plain);
}

int
value_open(struct buf *out, const struct store_keys *keys, const char *name,
    const void *p, size_t len)
{
	size_t name_len = strlen(name) + 1;
	struct buf plain;
	int rc;

	buf_init(&plain);
	rc = open_record(&plain, keys->value, &value_place, p, len);
	if (rc == 0 && (plain.len < name_len ||
	    memcmp(plain.at, name, name_len) != 0))
		rc = -1;
	if (rc == 0)
		buf_put(out, plain.at + name_len, plain.len - name_len);
	buf_wipe(&plain);
	buf_clear(&plain);
	return rc;
}

int
store_value(struct store *s, const char *name, struct buf *out,
    struct err *e)
{
	struct db_stmt *st;
	const void *p;
	size_t len;
	int rc;

	if (s->db == NULL)
		return 0;
	st = db_use(s->db, SQL_VALUE, e);
	if (st == NULL)
		return -1;
	db_bind_text(st, 1, name);
	rc = db_step(st, e);
	if (rc != 1)
		return rc;
	p = db_blob(st, 0, &len);
	if (value_open(out, s->keys, name, p, len) != 0) {
		err_set(e, STATUS_DAMAGED, "%s is damaged: value \"%s\" does "
		    "not open", db_path(s->db), name);
		err_next(e, "put back a backup, or let what can be read be "
		    "recovered");
		rc = -1;
	}
	db_end(st);
	return rc;
}

int
store_set_value(struct store *s, const char *name, const void *p,
    size_t len, struct err *e)
{
	struct db_stmt *st;

	if (s->db == NULL)
		return 0;
	st = store_change(s, SQL_VALUE_SET, e);
	if (st == NULL)
		return -1;
	buf_empty(&s->sealed);
	value_seal(&s->sealed, s->keys, name, p, len);
	db_bind_text(st, 1, name);
	db_bind_blob(st, 2, s->sealed.at, s->sealed.len);
	return store_run(s, st, e);
}

/* ---- a fresh one --------------------------------------------------------- */

static int
put_probe(struct db *db, const struct store_keys *keys, struct err *e)
{
	struct db_stmt *st;
	struct buf sealed;
	int rc;

	st = db_use(db, SQL_VALUE_SET, e);
	if (st == NULL)
		return -1;
	buf_init(&sealed);
	value_seal(&sealed, keys, probe_name, probe_value,
	    sizeof(probe_value));
	db_bind_text(st, 1, probe_name);
	db_bind_blob(st, 2, sealed.at, sealed.len);
	rc = db_run(st, e);
	buf_clear(&sealed);
	return rc;
}

struct db *
store_build(const char *path, const struct store_keys *keys, struct err *e)
{
	struct db *db;

	if (dbfile_create(path, "--home", e) != 0)
		return NULL;
	db = db_open(path, DB_NORMAL, store_sql, N_SQL, e);
	if (db != NULL && schema_migrate(&schema_store, db, e) == 0 &&
	    put_probe(db, keys, e) == 0)
		return db;
	db_close(db);
	dbfile_remove(path);
	return NULL;
}

static int
make_new(const char *path, const struct store_keys *keys, struct err *e)
{
	struct db *db;
	char *fresh;
	int rc = -1;

	if (dbfile_check_gone(path, e) != 0)
		return -1;
	fresh = mem_printf("%s.new", path);
	db = store_build(fresh, keys, e);
	if (db != NULL && dbfile_finish(db, fresh, e) == 0)
		rc = dbfile_install(fresh, path, e);
	free(fresh);
	return rc;
}

/* ---- one that is there --------------------------------------------------- */

static int
refuse_foreign_wal(const char *path, struct err *e)
{
	err_set(e, STATUS_DAMAGED, "the log %s-wal does not belong to %s",
	    path, path);
	return err_next(e, "put back the right one, or let what can be read "
	    "be recovered");
}

static int
check_wal_is_there(struct db *db, bool had_wal, struct err *e)
{
	int64_t open = 0;

	if (db_number(db, "SELECT open FROM counter", &open, e) != 0)
		return -1;
	if (had_wal || open == 0)
		return 0;
	err_set(e, STATUS_DAMAGED, "the log %s-wal is gone: the newest "
	    "messages may be missing", db_path(db));
	return err_next(e, "put it back, or let what can be read be "
	    "recovered");
}

int
store_check_probe(struct db *db, const struct store_keys *keys,
    struct err *e)
{
	struct db_stmt *st;
	struct buf plain;
	const void *p;
	size_t len;
	int rc;

	st = db_use(db, SQL_VALUE, e);
	if (st == NULL)
		return -1;
	db_bind_text(st, 1, probe_name);
	rc = db_step(st, e);
	if (rc < 0)
		return -1;
	buf_init(&plain);
	if (rc == 1) {
		p = db_blob(st, 0, &len);
		rc = value_open(&plain, keys, probe_name, p, len);
		db_end(st);
	} else {
		rc = -1;
	}
	buf_clear(&plain);
	if (rc == 0)
		return 0;
	err_set(e, STATUS_DAMAGED, "%s belongs to another identity",
	    db_path(db));
	err_next(e, "put back the identity file that goes with it, or move "
	    "the database away to begin anew");
	return -1;
}

/* The counters, and what is there should they lie. */
static int
read_counters(struct store *s, struct err *e)
{
	static const char *const asked[] = {
		"SELECT max(rows, 0) FROM counter",
		"SELECT max(contacts, 0) FROM counter",
		"SELECT coalesce(max(id), 0) FROM contact"
	};
	int64_t n[3];
	size_t i;

	for (i = 0; i < 3; i++)
		if (db_number(s->db, asked[i], &n[i], e) != 0)
			return -1;
	if (n[2] > n[1])
		n[1] = n[2];
	if ((uint64_t)n[0] > ROW_NUMBERS - 2 * ROWS_SET_ASIDE ||
	    n[1] > CONTACTS_MAX) {
		err_set(e, STATUS_DAMAGED, "%s is damaged: its rows are "
		    "numbered beyond belief", db_path(s->db));
		return err_next(e, "put back a backup, or let what can be "
		    "read be recovered");
	}
	s->reserved = s->reserved_kept = (uint64_t)n[0];
	s->next_row = (uint64_t)n[0] + 1;
	s->next_contact = (uint64_t)n[1] + 1;
	return 0;
}

static int set_counter(struct store *s, enum sql which, uint64_t n,
    struct err *e);

static int
set_open(struct store *s, bool open, struct err *e)
{
	if (set_counter(s, SQL_COUNTER_OPEN, open, e) != 0)
		return -1;
	return store_commit(s, e);
}

static int
adopt(struct store *s, const char *path, bool had_wal, int64_t peeked,
    struct err *e)
{
	db_keep_wal(s->db, true);
	if (dbfile_wal_is_foreign(s->db, peeked))
		return refuse_foreign_wal(path, e);
	if (schema_check(&schema_store, s->db, e) != 0 ||
	    check_wal_is_there(s->db, had_wal, e) != 0 ||
	    store_check_probe(s->db, s->keys, e) != 0)
		return -1;
	if (schema_migrate(&schema_store, s->db, e) != 0 ||
	    read_counters(s, e) != 0 ||
	    set_open(s, true, e) != 0 || db_checkpoint(s->db, e) != 0)
		return -1;
	db_keep_wal(s->db, false);
	return 0;
}

static int
open_there(struct store *s, const char *path, struct err *e)
{
	bool had_wal = dbfile_has_wal(path);
	int64_t peeked = dbfile_peek(path);

	s->db = db_open(path, DB_NORMAL, store_sql, N_SQL, &s->trouble);
	if (s->db != NULL)
		return adopt(s, path, had_wal, peeked, e);
	if (peeked >= 0 && s->trouble.status == STATUS_DAMAGED)
		return refuse_foreign_wal(path, e);
	if (e != NULL)
		*e = s->trouble;
	return -1;
}

struct store *
store_open(const char *path, const struct vault *v, struct err *e)
{
	struct store *s = mem_new(sizeof(*s));
	struct stat st;

	s->next_row = s->next_contact = 1;
	buf_init(&s->plain);
	buf_init(&s->sealed);
	if (path == NULL)
		return s;
	s->keys = store_keys_new(v);
	if ((lstat(path, &st) == 0 || errno != ENOENT ||
	    make_new(path, s->keys, e) == 0) &&
	    schema_check_file(&schema_store, path, e) == 0 &&
	    open_there(s, path, e) == 0)
		return s;
	db_close(s->db);
	s->db = NULL;
	store_close(s);
	return NULL;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	if (s->db != NULL) {
		store_rollback(s);
		/* Without it the WAL stays, and is read at the next start. */
		if (set_open(s, false, NULL) != 0)
			db_keep_wal(s->db, true);
	}
	db_close(s->db);
	secret_free(s->keys);
	buf_wipe(&s->plain);
	buf_clear(&s->plain);
	buf_clear(&s->sealed);
	free(s);
}

bool
store_is_kept(const struct store *s)
{
	return s->db != NULL;
}

int
store_set_endless(const struct store *s, struct err *e)
{
	err_set(e, STATUS_DAMAGED, "%s is damaged: its rows come back",
	    db_path(s->db));
	return err_next(e, "put back a backup, or let what can be read be "
	    "recovered");
}

/* ---- a turn's transaction ------------------------------------------------ */

int
store_fail(struct store *s, struct err *e)
{
	db_rollback(s->db);
	s->reserved = s->reserved_kept;
	s->failed = true;
	if (e != NULL)
		*e = s->trouble;
	return -1;
}

static int
store_begin(struct store *s)
{
	struct db_stmt *st;

	if (db_in_transaction(s->db))
		return 0;
	if (db_begin(s->db, &s->trouble) != 0)
		return -1;
	if (!db_wal_is_spent(s->db))
		return 0;
	st = db_use(s->db, SQL_COUNTER_TICK, &s->trouble);
	return st != NULL ? db_run(st, &s->trouble) : -1;
}

struct db_stmt *
store_change(struct store *s, enum sql which, struct err *e)
{
	struct db_stmt *st;

	if (s->failed) {
		if (e != NULL)
			*e = s->trouble;
		return NULL;
	}
	if (store_begin(s) == 0) {
		st = db_use(s->db, which, &s->trouble);
		if (st != NULL)
			return st;
	}
	store_fail(s, e);
	return NULL;
}

int
store_run(struct store *s, struct db_stmt *st, struct err *e)
{
	return db_run(st, &s->trouble) == 0 ? 0 : store_fail(s, e);
}

static int
set_counter(struct store *s, enum sql which, uint64_t n, struct err *e)
{
	struct db_stmt *st = store_change(s, which, e);

	if (st == NULL)
		return -1;
	db_bind_int(st, 1, (int64_t)n);
	return store_run(s, st, e);
}

int
store_take_row(struct store *s, uint64_t contact, uint64_t *row,
    struct err *e)
{
	assert(contact != 0 && contact <= CONTACTS_MAX);
	if (s->db != NULL && s->next_row > s->reserved) {
		if (set_counter(s, SQL_COUNTER_ROWS,
		    s->next_row + ROWS_SET_ASIDE, e) != 0)
			return -1;
		s->reserved = s->next_row + ROWS_SET_ASIDE;
	}
	*row = contact << ROW_BITS | s->next_row++;
	return 0;
}

int
store_take_contact(struct store *s, uint64_t *row, struct err *e)
{
	if (s->next_contact > CONTACTS_MAX)
		return err_set(e, STATUS_FAILURE, "too many contacts were "
		    "ever added");
	if (s->db != NULL && set_counter(s, SQL_COUNTER_CONTACTS,
	    s->next_contact, e) != 0)
		return -1;
	*row = s->next_contact++;
	return 0;
}

int
store_commit(struct store *s, struct err *e)
{
	if (s->failed) {
		s->failed = false;
		if (e != NULL)
			*e = s->trouble;
		return -1;
	}
	if (s->db == NULL || !db_in_transaction(s->db))
		return 0;
	if (db_commit(s->db, e) != 0) {
		s->reserved = s->reserved_kept;
		return -1;
	}
	s->reserved_kept = s->reserved;
	return 0;
}

void
store_rollback(struct store *s)
{
	s->failed = false;
	s->reserved = s->reserved_kept;
	if (s->db != NULL)
		db_rollback(s->db);
}

bool
store_is_dirty(const struct store *s)
{
	return s->db != NULL && (s->failed || db_in_transaction(s->db));
}
