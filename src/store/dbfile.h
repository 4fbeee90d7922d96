/*
 * dbfile - a database as what it is on the disk: a file and its WAL.
 *
 * A fresh one is made beside and moved into place when it is whole: a
 * database that is empty or half a schema was never ours.
 *
 *	dbfile_create, db_open, schema_migrate, .., dbfile_finish,
 *	dbfile_install
 *
 * File and WAL are two files that anybody may part.  SQLite takes a missing
 * WAL for an empty one, and somebody else's for its own.  So the schema has
 * a table `counter` of one row: every WAL begins with a transaction that
 * counts counter.generation up, which begins at random.  What the file alone
 * says and what file and WAL together say are the same number or neighbours.
 * And counter.open is set in the file itself for as long as there is a WAL
 * beside it: set without one, the WAL was taken away.
 *
 * Not detected: a WAL that was cut or changed, whose end then looks like
 * the one a power cut leaves.
 */
#ifndef DBFILE_H
#define DBFILE_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"

/* An empty file for db_open; what somebody left who was killed in the middle
 * is removed.  option: the flag that names another place, for the person.
 * STATUS_CANNOT_CREATE. */
int dbfile_create(const char *path, const char *option, struct err *e);
/* Takes db: all of it is in the one file, on disk; -1: path is removed. */
int dbfile_finish(struct db *db, const char *path, struct err *e);
/* Moves what is finished, durably; -1: if it did not move, it is removed. */
int dbfile_install(const char *path, const char *to, struct err *e);
/* With its WAL. */
void dbfile_remove(const char *path);

bool dbfile_has_wal(const char *path);
/* There is no file at path; -1 STATUS_DAMAGED: but a WAL of it. */
int dbfile_check_gone(const char *path, struct err *e);
/* counter.generation as the file alone has it; -1: no WAL beside it, or not
 * to be read.  Before the database is opened: closing a second descriptor
 * would drop its locks (POSIX). */
int64_t dbfile_peek(const char *path);
/* Given that, does the WAL belong to another file? */
bool dbfile_wal_is_foreign(struct db *db, int64_t peeked);

#endif
