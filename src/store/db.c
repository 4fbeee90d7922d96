#include "db.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "log.h"

enum {
	/* Frames after which the WAL is moved into the file.  Writing over
	 * a short WAL is cheaper than growing a long one (its size is not
	 * synced again): SQLite's own 1000 cost a quarter more a commit. */
	CHECKPOINT_FRAMES = 500,
	/* A schema of ours is half a dozen statements, none of them past
	 * 1 KiB: what a file says instead costs no more memory. */
	SQL_MAX = 16384,
	/* Of SQLite's machine: one look at its schema takes a hundred, a row
	 * of a walk a dozen.  Pages that lead back to each other never end. */
	STEPS_A_TURN = 1000,
	TURNS_MAX = 20
};

struct db_stmt {
	struct db *db;
	sqlite3_stmt *raw;
	int bound;			/* first error of binding */
	bool busy;
};

struct db {
	sqlite3 *raw;
	char *path;
	const char *const *sql;
	size_t n_sql;
	struct db_stmt *stmts;
	int wal_frames;
	int wal_frames_max;
	bool wal_is_spent;
	bool lazy;			/* db_sync */
	int turns;			/* of this call, see is_endless */
};

static int
set_no_room(const struct db *db, struct err *e)
{
	err_set(e, STATUS_CANNOT_CREATE, "disk full: cannot write %s",
	    db->path);
	err_next(e, "make room on that disk, then try again");
	return -1;
}

static int
set_read_only(const struct db *db, struct err *e)
{
	err_set(e, STATUS_CANNOT_CREATE, "%s is read-only", db->path);
	err_next(e, "make it and its folder writable, or choose another "
	    "place with --home");
	return -1;
}

static int
set_io_error(const struct db *db, int sys, struct err *e)
{
	switch (sys) {
	case ENOSPC:
	case EDQUOT:
		return set_no_room(db, e);
	case EROFS:
	case EACCES:
	case EPERM:
		return set_read_only(db, e);
	case EFBIG:
		err_set(e, STATUS_CANNOT_CREATE,
		    "disk full: %s would pass the file size limit", db->path);
		err_next(e, "raise the limit (ulimit -f), then try again");
		return -1;
	default:
		break;
	}
	err_set(e, STATUS_CANNOT_CREATE, "I/O error on %s%s%s", db->path,
	    sys != 0 ? ": " : "", sys != 0 ? strerror(sys) : "");
	err_next(e, "check the disk; nothing is acknowledged until it can be "
	    "written again");
	return -1;
}

static const char recover_hint[] =
    "put back a backup, or let what can be read be recovered";

static int
set_damaged(const struct db *db, int rc, struct err *e)
{
	err_set(e, STATUS_DAMAGED, rc == SQLITE_NOTADB ?
	    "%s is not a database any more" : "%s is damaged", db->path);
	return err_next(e, recover_hint);
}

/* The verdict of the last call on this connection, for a person. */
static int
set_error(const struct db *db, int rc, struct err *e)
{
	int last = errno;	/* SQLite does not tell all it has seen */
	int sys = db->raw != NULL ? sqlite3_system_errno(db->raw) : 0;

	if (sys == 0)
		sys = last;
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return set_no_room(db, e);
	case SQLITE_READONLY:
		return set_read_only(db, e);
	case SQLITE_CANTOPEN:
	case SQLITE_IOERR:
		if (rc == SQLITE_IOERR_NOMEM)
			break;
		if (rc == SQLITE_IOERR_SHORT_READ ||
		    rc == SQLITE_IOERR_CORRUPTFS)
			return set_damaged(db, rc, e);
		return set_io_error(db, sys, e);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_TOOBIG:
	case SQLITE_SCHEMA:
		return set_damaged(db, rc & 0xff, e);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		err_set(e, STATUS_TRY_AGAIN, "%s is in use by another program",
		    db->path);
		return err_next(e, "close that program, then try again");
	default:
		break;
	}
	if ((rc & 0xff) == SQLITE_NOMEM || rc == SQLITE_IOERR_NOMEM)
		return err_set(e, STATUS_FAILURE, "out of memory while using "
		    "%s", db->path);
	/* A statement that no longer fits the schema, or the reverse. */
	err_set(e, STATUS_DAMAGED, "%s is damaged: %s", db->path,
	    db->raw != NULL ? sqlite3_errmsg(db->raw) : sqlite3_errstr(rc));
	return err_next(e, recover_hint);
}

static int
on_wal_grown(void *arg, sqlite3 *raw, const char *name, int frames)
{
	struct db *db = arg;

	(void)raw;
	(void)name;
	db->wal_frames = frames;
	return SQLITE_OK;
}

/* file:PATH?immutable=1 shows the file as if there were no WAL. */
static char *
peek_uri(const char *path)
{
	struct buf b;
	const char *p;

	buf_init(&b);
	buf_printf(&b, "file:");
	for (p = path; *p != '\0'; p++) {
		if (strchr("%?#", *p) != NULL)
			buf_printf(&b, "%%%02x", (unsigned char)*p);
		else
			buf_put(&b, p, 1);
	}
	buf_printf(&b, "?immutable=1");
	return buf_str(&b);
}

static int
open_raw(struct db *db, enum db_mode mode, struct err *e)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
	char *uri = NULL;
	int rc;

	if (mode == DB_PEEK) {
		flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
		uri = peek_uri(db->path);
	} else {
		flags |= SQLITE_OPEN_READWRITE;
	}
	rc = sqlite3_open_v2(uri != NULL ? uri : db->path, &db->raw, flags,
	    NULL);
	free(uri);
	if (rc != SQLITE_OK)
		return set_error(db, rc, e);
	sqlite3_extended_result_codes(db->raw, 1);
	/* What it may not write, it opens for reading all the same. */
	if (mode == DB_NORMAL && sqlite3_db_readonly(db->raw, "main") == 1)
		return set_read_only(db, e);
	return 0;
}

static int
is_endless(void *arg)
{
	struct db *db = arg;

	return ++db->turns > TURNS_MAX;
}

/*
 * The file may come from anybody: its schema runs nothing of its own.  What
 * is left are generated columns, see db_is_plain.
 */
static void
distrust(struct db *db, enum db_mode mode)
{
	static const int off[] = {
		SQLITE_DBCONFIG_ENABLE_TRIGGER, SQLITE_DBCONFIG_ENABLE_VIEW,
		SQLITE_DBCONFIG_TRUSTED_SCHEMA, SQLITE_DBCONFIG_DQS_DML,
		SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER
	};
	size_t i;

	for (i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		sqlite3_db_config(db->raw, off[i], 0, NULL);
	sqlite3_db_config(db->raw, SQLITE_DBCONFIG_DEFENSIVE,
	    mode != DB_SALVAGE, NULL);
	/* No virtual tables: full text and R-trees read pages of their own. */
	sqlite3_drop_modules(db->raw, NULL);
	sqlite3_progress_handler(db->raw, STEPS_A_TURN, is_endless, db);
	sqlite3_limit(db->raw, SQLITE_LIMIT_LENGTH, DB_VALUE_MAX);
	sqlite3_limit(db->raw, SQLITE_LIMIT_SQL_LENGTH, SQL_MAX);
	sqlite3_limit(db->raw, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(db->raw, SQLITE_LIMIT_WORKER_THREADS, 0);
}

/*
 * The cache is small because the kernel has one too, and the whole program
 * should stay under 7 MiB; half of this made a burst over many talks slow.
 * Checkpoints are ours, see checkpoint_if_due().
 * secure_delete=FAST zeroes what is removed where that costs no extra page.
 */
static int
configure(struct db *db, enum db_mode mode, struct err *e)
{
	static const char common[] =
	    "PRAGMA locking_mode=EXCLUSIVE;"
	    "PRAGMA mmap_size=0;"
	    "PRAGMA temp_store=MEMORY;"
	    "PRAGMA cache_size=-1024;"
	    "PRAGMA foreign_keys=ON;";
	static const char normal[] =
	    "PRAGMA cell_size_check=ON;"
	    "PRAGMA journal_mode=WAL;"
	    "PRAGMA synchronous=FULL;"
	    "PRAGMA secure_delete=FAST;"
	    "PRAGMA wal_autocheckpoint=0;";

	/* A file shorter than its header says is read all the same, and one
	 * bad cell does not condemn its page. */
	if (mode == DB_SALVAGE &&
	    db_exec(db, "PRAGMA writable_schema=ON", e) != 0)
		return -1;
	if (db_exec(db, common, e) != 0)
		return -1;
	switch (mode) {
	case DB_NORMAL:
		/* The schema is read to its end.  Whether it is ours is for
		 * schema_check; a change of many rows takes its time. */
		if (db_exec(db, normal, e) != 0 ||
		    db_exec(db, "SELECT type FROM sqlite_schema", e) != 0)
			return -1;
		sqlite3_progress_handler(db->raw, 0, NULL, NULL);
		sqlite3_wal_hook(db->raw, on_wal_grown, db);
		return 0;
	case DB_SALVAGE:
		db_keep_wal(db, true);
		return db_exec(db, "PRAGMA query_only=ON", e);
	case DB_PEEK:
		return 0;
	}
	return 0;
}

struct db *
db_open(const char *path, enum db_mode mode, const char *const *sql,
    size_t n_sql, struct err *e)
{
	struct db *db;
	size_t i;

	/* Both are refused, harmlessly, once SQLite has started.  Without
	 * memory statistics there is no soft heap limit; the page cache is
	 * what grows, and it is bounded. */
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);

	db = mem_new(sizeof(*db));
	db->path = mem_str(path);
	db->sql = sql;
	db->n_sql = n_sql;
	db->wal_frames_max = CHECKPOINT_FRAMES;
	db->stmts = mem_array(n_sql + 1, sizeof(*db->stmts));
	for (i = 0; i < n_sql; i++)
		db->stmts[i].db = db;
	if (open_raw(db, mode, e) != 0)
		goto fail;
	distrust(db, mode);
	if (configure(db, mode, e) != 0)
		goto fail;
	return db;
fail:
	db_keep_wal(db, true);
	db_close(db);
	return NULL;
}

void
db_keep_wal(struct db *db, bool keep)
{
	if (db->raw != NULL)
		sqlite3_db_config(db->raw, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE,
		    keep, NULL);
}

void
db_close(struct db *db)
{
	size_t i;

	if (db == NULL)
		return;
	if (db->raw != NULL)
		db_rollback(db);
	for (i = 0; i < db->n_sql; i++)
		sqlite3_finalize(db->stmts[i].raw);
	/* All statements are gone, so it cannot be refused. */
	sqlite3_close(db->raw);
	free(db->stmts);
	free(db->path);
	free(db);
}

const char *
db_path(const struct db *db)
{
	return db->path;
}

int
db_tune(struct db *db, int cache_kib, int wal_frames, struct err *e)
{
	char sql[48];

	db->wal_frames_max = wal_frames;
	snprintf(sql, sizeof(sql), "PRAGMA cache_size=-%d", cache_kib);
	return db_exec(db, sql, e);
}

int
db_exec(struct db *db, const char *sql, struct err *e)
{
	int rc;

	db->turns = 0;
	rc = sqlite3_exec(db->raw, sql, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : set_error(db, rc, e);
}

static int
step(struct db *db, sqlite3_stmt *raw)
{
	db->turns = 0;
	return sqlite3_step(raw);
}

int
db_number(struct db *db, const char *sql, int64_t *n, struct err *e)
{
	sqlite3_stmt *raw = NULL;
	int rc;

	rc = sqlite3_prepare_v2(db->raw, sql, -1, &raw, NULL);
	if (rc == SQLITE_OK) {
		rc = step(db, raw);
		if (rc == SQLITE_ROW) {
			*n = sqlite3_column_int64(raw, 0);
			rc = SQLITE_OK;
		} else if (rc == SQLITE_DONE) {
			rc = SQLITE_CORRUPT;
		}
	}
	if (rc != SQLITE_OK)
		set_error(db, rc, e);
	sqlite3_finalize(raw);
	return rc == SQLITE_OK ? 0 : -1;
}

int
db_column(struct db *db, const char *sql, size_t max, struct buf *out,
    struct err *e)
{
	sqlite3_stmt *raw = NULL;
	int rc = sqlite3_prepare_v2(db->raw, sql, -1, &raw, NULL);

	while (rc == SQLITE_OK && out->len <= max &&
	    (rc = step(db, raw)) == SQLITE_ROW) {
		const void *p = sqlite3_column_blob(raw, 0);

		if (p)
			buf_put(out, p, (size_t)sqlite3_column_bytes(raw, 0));
		buf_u8(out, 0);
		rc = SQLITE_OK;
	}
	if (rc != SQLITE_OK && rc != SQLITE_DONE)
		set_error(db, rc, e);
	sqlite3_finalize(raw);
	return rc == SQLITE_OK || rc == SQLITE_DONE ? 0 : -1;
}

bool
db_is_plain(struct db *db, const char *table)
{
	enum { HIDDEN = 6 };		/* 0: of the row, as it stands there */
	sqlite3_stmt *raw = NULL;
	char sql[64];
	bool plain = false;

	/* Of a virtual table it fails: there is no module to ask.  A view
	 * says 0, but cannot be read (distrust). */
	snprintf(sql, sizeof(sql), "PRAGMA main.table_xinfo(%s)", table);
	if (sqlite3_prepare_v2(db->raw, sql, -1, &raw, NULL) == SQLITE_OK) {
		while (step(db, raw) == SQLITE_ROW) {
			plain = sqlite3_column_int(raw, HIDDEN) == 0;
			if (!plain)
				break;
		}
	}
	sqlite3_finalize(raw);
	return plain;
}

int
db_sync(struct db *db, bool sync, struct err *e)
{
	if (db->lazy == !sync)
		return 0;
	if (db_exec(db, sync ? "PRAGMA synchronous=FULL" :
	    "PRAGMA synchronous=NORMAL", e) != 0)
		return -1;
	db->lazy = !sync;
	return 0;
}

int
db_begin(struct db *db, struct err *e)
{
	return db_exec(db, "BEGIN IMMEDIATE", e);
}

/* A failure takes nothing back: what is committed is in the WAL, and the
 * next commit tries again. */
static void
checkpoint_if_due(struct db *db)
{
	struct err e;

	if (db->wal_frames >= db->wal_frames_max &&
	    db_checkpoint(db, &e) != 0)
		log_warn("checkpoint: %s", e.what);
}

/*
 * An fdatasync that failed may have left frames in the kernel's cache that
 * are not on the disk and never will be.  This connection writes over those
 * very frames with its next transaction; a new connection would believe
 * them.  So it is kept.
 */
int
db_commit(struct db *db, struct err *e)
{
	int rc = sqlite3_exec(db->raw, "COMMIT", NULL, NULL, NULL);

	if (rc != SQLITE_OK) {
		set_error(db, rc, e);
		db_rollback(db);
		return -1;
	}
	db->wal_is_spent = false;
	checkpoint_if_due(db);
	return 0;
}

void
db_rollback(struct db *db)
{
	/* SQLite may have rolled back already, on its own. */
	if (!sqlite3_get_autocommit(db->raw))
		sqlite3_exec(db->raw, "ROLLBACK", NULL, NULL, NULL);
}

bool
db_in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->raw);
}

bool
db_wal_is_spent(const struct db *db)
{
	return db->wal_is_spent;
}

int
db_checkpoint(struct db *db, struct err *e)
{
	int frames = 0, moved = 0;
	int rc;

	rc = sqlite3_wal_checkpoint_v2(db->raw, NULL,
	    SQLITE_CHECKPOINT_PASSIVE, &frames, &moved);
	if (rc != SQLITE_OK)
		return set_error(db, rc, e);
	if (frames == moved) {
		db->wal_is_spent = true;
		db->wal_frames = 0;
	}
	return 0;
}

int64_t
db_changes(const struct db *db)
{
	return sqlite3_changes(db->raw);
}

struct db_stmt *
db_use(struct db *db, size_t which, struct err *e)
{
	struct db_stmt *st;
	int rc;

	assert(which < db->n_sql);
	st = &db->stmts[which];
	/* A walk whose callback starts the same walk has lost its place. */
	assert(!st->busy);
	if (st->raw == NULL) {
		rc = sqlite3_prepare_v3(db->raw, db->sql[which], -1,
		    SQLITE_PREPARE_PERSISTENT, &st->raw, NULL);
		if (rc != SQLITE_OK) {
			set_error(db, rc, e);
			return NULL;
		}
	}
	st->bound = SQLITE_OK;
	st->busy = true;
	return st;
}

static void
note_bound(struct db_stmt *st, int rc)
{
	if (st->bound == SQLITE_OK)
		st->bound = rc;
}

void
db_bind_int(struct db_stmt *st, int at, int64_t v)
{
	note_bound(st, sqlite3_bind_int64(st->raw, at, v));
}

void
db_bind_blob(struct db_stmt *st, int at, const void *p, size_t len)
{
	/* A NULL pointer would bind NULL, which is not an empty value. */
	note_bound(st, sqlite3_bind_blob64(st->raw, at, len != 0 ? p : "",
	    len, SQLITE_STATIC));
}

void
db_bind_text(struct db_stmt *st, int at, const char *s)
{
	note_bound(st, sqlite3_bind_text(st->raw, at, s, -1, SQLITE_STATIC));
}

int
db_step(struct db_stmt *st, struct err *e)
{
	int rc = st->bound;

	if (rc == SQLITE_OK)
		rc = step(st->db, st->raw);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		set_error(st->db, rc, e);
	db_end(st);
	return rc == SQLITE_DONE ? 0 : -1;
}

int
db_run(struct db_stmt *st, struct err *e)
{
	int rc;

	do
		rc = db_step(st, e);
	while (rc == 1);
	return rc;
}

void
db_end(struct db_stmt *st)
{
	sqlite3_reset(st->raw);
	st->busy = false;
}

int64_t
db_int(struct db_stmt *st, int column)
{
	return sqlite3_column_int64(st->raw, column);
}

const void *
db_blob(struct db_stmt *st, int column, size_t *len)
{
	const void *p = sqlite3_column_blob(st->raw, column);
	int n = sqlite3_column_bytes(st->raw, column);

	*len = p != NULL && n > 0 ? (size_t)n : 0;
	return p;
}
