#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dbfile.h"
#include "log.h"
#include "queue-own.h"
#include "schema.h"

enum {
	/* Many pages are touched by many turns: fewer are moved, and synced,
	 * when the WAL may grow to 16 MiB. */
	WAL_FRAMES = 4000,
	CACHE_KIB = 256,
	/* The clock is kept with the first change after so long. */
	AGE_KEPT_S = 600
};

/*
 * queue    slot: its place in memory; opened: an hour of the relay's clock
 * letter   arrived: a second of it
 * counter  numbers: none above it was ever given away; age: the relay's
 *          clock; generation, open: they bind file and WAL, see dbfile.h
 */
static const char step_1[] =
    "CREATE TABLE queue("
    " slot INTEGER PRIMARY KEY,"
    " id BLOB NOT NULL,"
    " token BLOB NOT NULL,"
    " opened INTEGER NOT NULL) STRICT;"
    "CREATE TABLE letter("
    " number INTEGER PRIMARY KEY,"
    " slot INTEGER NOT NULL,"
    " arrived INTEGER NOT NULL,"
    " upload BLOB NOT NULL,"
    " letter BLOB NOT NULL) STRICT;"
    "CREATE TABLE counter("
    " id INTEGER PRIMARY KEY CHECK(id = 1),"
    " numbers INTEGER NOT NULL,"
    " age INTEGER NOT NULL,"
    " generation INTEGER NOT NULL,"
    " open INTEGER NOT NULL) STRICT;"
    "INSERT INTO counter"
    " VALUES(1, 0, 0, random() & 0x3fffffffffffffff, 0);";

static const char *const steps[] = { step_1 };

static const struct schema schema_queues = {
	.noun = "p2prelay database",
	.application_id = 0x50325051,		/* "P2PQ" */
	.steps = steps,
	.n_steps = sizeof(steps) / sizeof(steps[0])
};

static const char *const queue_sql[N_QUEUE_SQL] = {
#define SQL_TEXT(name, text) [name] = text,
	QUEUE_SQL(SQL_TEXT)
#undef SQL_TEXT
};

static struct db *
open_db(const char *path, struct err *e)
{
	struct db *db = db_open(path, DB_NORMAL, queue_sql, N_QUEUE_SQL, e);

	if (db == NULL || db_tune(db, CACHE_KIB, WAL_FRAMES, e) == 0)
		return db;
	db_close(db);
	return NULL;
}

/* ---- a fresh one -------------------------------------------------------- */

static int
build(const char *path, struct err *e)
{
	struct db *db;

	if (dbfile_create(path, "--data", e) != 0)
		return -1;
	db = open_db(path, e);
	if (db != NULL && schema_migrate(&schema_queues, db, e) == 0)
		return dbfile_finish(db, path, e);
	db_close(db);
	dbfile_remove(path);
	return -1;
}

static int
make_new(const char *path, struct err *e)
{
	char *fresh;
	int rc = -1;

	if (dbfile_check_gone(path, e) != 0)
		return -1;
	fresh = mem_printf("%s.new", path);
	if (build(fresh, e) == 0)
		rc = dbfile_install(fresh, path, e);
	free(fresh);
	return rc;
}

/* ---- one that is there -------------------------------------------------- */

static int
refuse(const char *path, const char *why, struct err *e)
{
	err_set(e, STATUS_DAMAGED, "%s is damaged: %s", path, why);
	return err_next(e, "put back a backup, or move it away to begin "
	    "with empty mailboxes");
}

static int
refuse_foreign_wal(const char *path, struct err *e)
{
	err_set(e, STATUS_DAMAGED, "the log %s-wal does not belong to %s",
	    path, path);
	return err_next(e, "put back the right one, or move both away to "
	    "begin with empty mailboxes");
}

static int
check_wal(struct db *db, bool had_wal, int64_t peeked, struct err *e)
{
	int64_t open = 0;

	if (dbfile_wal_is_foreign(db, peeked))
		return refuse_foreign_wal(db_path(db), e);
	if (db_number(db, "SELECT open FROM counter", &open, e) != 0)
		return -1;
	if (had_wal || open == 0)
		return 0;
	err_set(e, STATUS_DAMAGED, "the log %s-wal is gone: the newest "
	    "letters may be missing", db_path(db));
	return err_next(e, "put it back, or move the database away to begin "
	    "with empty mailboxes");
}

/* ---- into the memory ---------------------------------------------------- */

static int
take_queue(struct queues *q, struct db_stmt *st, struct err *e)
{
	const char *path = db_path(q->db);
	int64_t slot = db_int(st, 0), opened = db_int(st, 3);
	const void *id, *token;
	size_t id_len, token_len;

	id = db_blob(st, 1, &id_len);
	token = db_blob(st, 2, &token_len);
	if (slot < q->n_slots || slot >= SLOTS_MAX || id_len != QUEUE_ID ||
	    token_len != TOKEN_HASH || opened < 0 || opened > HOURS_MAX)
		return refuse(path, "it holds a queue of another shape", e);
	if (slot_find(q, id) != 0)
		return refuse(path, "it holds a queue twice", e);
	slot_add(q, (uint32_t)slot, id, token, (uint32_t)opened);
	return 0;
}

static int
take_letter(struct queues *q, struct db_stmt *st, struct err *e)
{
	const char *path = db_path(q->db);
	int64_t number = db_int(st, 0), slot = db_int(st, 1);
	int64_t len = db_int(st, 3);
	const void *upload;
	size_t upload_len;

	upload = db_blob(st, 2, &upload_len);
	if (number <= 0 || (uint64_t)number > q->reserved || len < 0 ||
	    len > RELAY_LETTER_MAX || upload_len != UPLOAD_ID)
		return refuse(path, "it holds a letter of another shape", e);
	if (slot <= 0 || slot >= q->n_slots ||
	    q->slots[slot].place != PLACE_LIVE)
		return refuse(path, "it holds a letter of no queue", e);
	if (letters_are_full(q))
		return refuse(path, "it holds more letters than we do", e);
	letter_add(q, (uint32_t)slot, (uint64_t)number,
	    upload_hash(q, (uint32_t)slot, upload), (size_t)len);
	return 0;
}

static int
take_all(struct queues *q, enum queue_sql which,
    int (*take)(struct queues *q, struct db_stmt *st, struct err *e),
    struct err *e)
{
	struct db_stmt *st = db_use(q->db, which, e);
	int rc;

	if (st == NULL)
		return -1;
	while ((rc = db_step(st, e)) == 1) {
		if (take(q, st, e) != 0) {
			db_end(st);
			return -1;
		}
	}
	return rc;
}

static int
read_counters(struct queues *q, struct err *e)
{
	int64_t numbers, age;

	if (db_number(q->db, "SELECT numbers FROM counter", &numbers, e) != 0 ||
	    db_number(q->db, "SELECT age FROM counter", &age, e) != 0)
		return -1;
	if (numbers < 0 || (uint64_t)numbers > NUMBER_MAX || age < 0 ||
	    age / 3600 > HOURS_MAX)
		return refuse(db_path(q->db), "its counters are beyond "
		    "belief", e);
	q->reserved = q->reserved_kept = (uint64_t)numbers;
	q->next_number = q->reserved + 1;
	q->age_s = q->age_kept = age;
	return 0;
}

static int
set_open(struct queues *q, bool open, struct err *e)
{
	struct db_stmt *st;

	if (queue_begin(q, true, e) != 0)
		return -1;
	st = db_use(q->db, SQL_OPEN, e);
	if (st == NULL)
		return -1;
	db_bind_int(st, 1, open);
	return db_run(st, e) == 0 ? db_commit(q->db, e) : -1;
}

static int
adopt(struct queues *q, bool had_wal, int64_t peeked, struct err *e)
{
	db_keep_wal(q->db, true);
	if (check_wal(q->db, had_wal, peeked, e) != 0 ||
	    schema_check(&schema_queues, q->db, e) != 0 ||
	    schema_migrate(&schema_queues, q->db, e) != 0 ||
	    read_counters(q, e) != 0 ||
	    take_all(q, SQL_QUEUES, take_queue, e) != 0 ||
	    take_all(q, SQL_LETTERS, take_letter, e) != 0 ||
	    set_open(q, true, e) != 0 || db_checkpoint(q->db, e) != 0)
		return -1;
	db_keep_wal(q->db, false);
	return 0;
}

static int
open_memory(struct queues *q, struct err *e)
{
	q->db = open_db(":memory:", e);
	if (q->db == NULL || schema_migrate(&schema_queues, q->db, e) != 0)
		return -1;
	return read_counters(q, e);
}

int
queue_file_open(struct queues *q, const char *path, struct err *e)
{
	struct err why = { .status = STATUS_OK };
	struct stat st;
	bool had_wal;
	int64_t peeked;

	if (path == NULL)
		return open_memory(q, e);
	if (lstat(path, &st) != 0 && errno == ENOENT &&
	    make_new(path, e) != 0)
		return -1;
	if (schema_check_file(&schema_queues, path, e) != 0)
		return -1;
	had_wal = dbfile_has_wal(path);
	peeked = dbfile_peek(path);
	q->db = open_db(path, &why);
	if (q->db != NULL)
		return adopt(q, had_wal, peeked, e);
	if (peeked >= 0 && why.status == STATUS_DAMAGED)
		return refuse_foreign_wal(path, e);
	if (e != NULL)
		*e = why;
	return -1;
}

/* An error on the way leaves the WAL, which is read at the next start. */
void
queue_file_close(struct queues *q)
{
	struct err e;

	if (q->db == NULL)
		return;
	db_rollback(q->db);
	q->age_kept = -AGE_KEPT_S;
	if (set_open(q, false, &e) != 0) {
		log_warn("closing the mailboxes: %s", e.what);
		db_keep_wal(q->db, true);
	}
	db_close(q->db);
	q->db = NULL;
}

/* ---- a transaction ------------------------------------------------------ */

static int
set_counter(struct queues *q, enum queue_sql which, int64_t n, struct err *e)
{
	struct db_stmt *st = db_use(q->db, which, e);

	if (st == NULL)
		return -1;
	if (which != SQL_TICK)
		db_bind_int(st, 1, n);
	return db_run(st, e);
}

int
queue_begin(struct queues *q, bool sync, struct err *e)
{
	if (db_in_transaction(q->db))
		return 0;
	if (db_sync(q->db, sync, e) != 0 || db_begin(q->db, e) != 0)
		return -1;
	if (db_wal_is_spent(q->db) && set_counter(q, SQL_TICK, 0, e) != 0)
		return -1;
	if (q->age_s - q->age_kept < AGE_KEPT_S)
		return 0;
	if (set_counter(q, SQL_AGE, q->age_s, e) != 0)
		return -1;
	q->age_kept = q->age_s;
	return 0;
}
