/*
 * schema - what a database of ours looks like, and how an older one becomes
 * a newer one.
 *
 * The steps are a table that only grows: the version of a database
 * (user_version) is the number of steps it has been through.  Each step is
 * one transaction together with its version, so a database killed in the
 * middle is old or new, never between.  There is no way back: a database of
 * a newer version is refused, untouched.
 */
#ifndef SCHEMA_H
#define SCHEMA_H

#include <stddef.h>
#include <stdint.h>

#include "db.h"

struct schema {
	const char *noun;		/* "p2ptui database" */
	uint32_t application_id;	/* at offset 68 of the file */
	const char *const *steps;	/* SQL; never edited, only appended */
	size_t n_steps;
};

extern const struct schema schema_store;

/* Looks at the first bytes of the file only: STATUS_DAMAGED when it is not
 * one of this schema's, or has a rollback journal beside it; a newer version
 * is refused (STATUS_FAILURE). */
int schema_check_file(const struct schema *s, const char *path,
    struct err *e);
/* The same through SQLite, which also sees what is still in the WAL; and all
 * tables and indexes are those that the steps make, or STATUS_DAMAGED. */
int schema_check(const struct schema *s, struct db *db, struct err *e);
/* Takes the missing steps; nothing to do is success. */
int schema_migrate(const struct schema *s, struct db *db, struct err *e);

#endif
