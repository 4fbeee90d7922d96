/*
 * db - the only file that knows SQLite.
 *
 * One connection in WAL mode with synchronous=FULL (NORMAL lost acknowledged
 * rows when the power was cut), exclusive locking (the WAL's index stays in
 * our memory: no -shm file, no lock traffic), one process.  The schema of
 * the file is not trusted: no triggers, no views, no virtual tables, no end
 * of it that never comes; and of a file whose schema was not compared with
 * ours (schema_check) only what db_is_plain may be read.
 *
 * A path of ":memory:" is a database that nobody keeps.
 *
 * Statements are the rows of a table of SQL, prepared at first use and named
 * by their number.  Parameters count from 1, columns from 0.
 *
 *	st = db_use(db, SQL_MESSAGE_STATE, e);
 *	if (st == NULL)
 *		return -1;
 *	db_bind_int(st, 1, row);
 *	db_bind_int(st, 2, state);
 *	return db_run(st, e);
 *
 * Errors: STATUS_CANNOT_CREATE for a full, read-only or failing disk,
 * STATUS_DAMAGED for a file that is not what we wrote, STATUS_TRY_AGAIN when
 * somebody else holds it; the text names the file.
 */
#ifndef DB_H
#define DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

struct db;
struct db_stmt;

enum db_mode {
	DB_NORMAL,	/* the file is there; becomes WAL if it is not */
	DB_SALVAGE,	/* damaged: read what can be read, change nothing */
	DB_PEEK		/* only what is in the file itself, never the WAL */
};

enum {
	/* Of one value.  A damaged length must not cost more memory. */
	DB_VALUE_MAX = 4 << 20
};

/* sql and what it points to must outlive the connection; NULL and 0: none. */
struct db *db_open(const char *path, enum db_mode mode,
    const char *const *sql, size_t n_sql, struct err *e);
/* Rolls back, finalizes, moves the WAL into the file and removes it. */
void db_close(struct db *db);
/* true: db_close leaves file and WAL as they are, for a file we may refuse. */
void db_keep_wal(struct db *db, bool keep);
const char *db_path(const struct db *db);
/* Other sizes than a messenger's: of the page cache, and of the WAL when it
 * is moved into the file, in pages. */
int db_tune(struct db *db, int cache_kib, int wal_frames, struct err *e);

/* Any SQL, for schema steps and pragmas. */
int db_exec(struct db *db, const char *sql, struct err *e);
/* First column of the first row; no row is an error. */
int db_number(struct db *db, const char *sql, int64_t *n, struct err *e);
/* Appends the first column of all rows, with a NUL behind each; rows stop
 * when there are more than max bytes. */
int db_column(struct db *db, const char *sql, size_t max, struct buf *out,
    struct err *e);

/* A table whose columns all stand in its rows.  A generated column is an
 * expression of whoever made the file, run at every row: one that compares
 * four MiB with two takes hours. */
bool db_is_plain(struct db *db, const char *table);

/* Between transactions: whether the next ones are on the disk once they are
 * committed, as they are unless told otherwise.  If not, a power cut may
 * take the last of them back, in order; a killed process does not. */
int db_sync(struct db *db, bool sync, struct err *e);
int db_begin(struct db *db, struct err *e);		/* IMMEDIATE */
/* On disk when it returns 0.  After -1 the transaction is rolled back. */
int db_commit(struct db *db, struct err *e);
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);
/* All of the WAL is in the file: the next transaction starts it anew. */
bool db_wal_is_spent(const struct db *db);
/* Moves the WAL into the file now. */
int db_checkpoint(struct db *db, struct err *e);
/* Rows the last change touched. */
int64_t db_changes(const struct db *db);

/* Ready for binding.  NULL: did not compile. */
struct db_stmt *db_use(struct db *db, size_t which, struct err *e);
/* Errors of binding are told by db_step.  Bytes are borrowed until the
 * statement ends; NULL with 0 is an empty value. */
void db_bind_int(struct db_stmt *st, int at, int64_t v);
void db_bind_blob(struct db_stmt *st, int at, const void *p, size_t len);
void db_bind_text(struct db_stmt *st, int at, const char *s);
/* 1: a row; 0: the end; -1: error.  The last two end the statement. */
int db_step(struct db_stmt *st, struct err *e);
/* Steps to the end, rows are ignored. */
int db_run(struct db_stmt *st, struct err *e);
/* Ends it early. */
void db_end(struct db_stmt *st);
/* Columns of the current row; bytes are borrowed until the next step. */
int64_t db_int(struct db_stmt *st, int column);
const void *db_blob(struct db_stmt *st, int column, size_t *len);

#endif
