#include "schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	/* Places in the header: sqlite.org/fileformat2.html, section 1.3. */
	HEADER_LEN = 100,
	HEADER_WRITE_VERSION = 18,
	HEADER_READ_VERSION = 19,
	FORMAT_WAL = 2,
	HEADER_VERSION = 60,
	HEADER_APPLICATION = 68
};

/*
 * value    small things by name, sealed with their name
 * counter  rows, contacts: no number above it was ever given away
 *          (struct store); generation, open: bind file and WAL (store.c)
 * contact  who and numbers are sealed
 * message  the id is contact and number (inside.h), so that a talk lies
 *          together: its last page is two or three pages of the file, a
 *          new row touches one; sealed, but for what SQL is asked for
 */
static const char step_1[] =
    "CREATE TABLE value("
    " name TEXT PRIMARY KEY,"
    " sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE counter("
    " id INTEGER PRIMARY KEY CHECK(id = 1),"
    " rows INTEGER NOT NULL,"
    " contacts INTEGER NOT NULL,"
    " generation INTEGER NOT NULL,"
    " open INTEGER NOT NULL) STRICT;"
    "INSERT INTO counter"
    " VALUES(1, 0, 0, random() & 0x3fffffffffffffff, 0);"
    "CREATE TABLE contact("
    " id INTEGER PRIMARY KEY,"
    " who BLOB NOT NULL,"
    " numbers BLOB NOT NULL) STRICT;"
    "CREATE TABLE message("
    " id INTEGER PRIMARY KEY,"
    " mine INTEGER NOT NULL,"
    " state INTEGER NOT NULL,"
    " sealed BLOB NOT NULL) STRICT;"
    /* MSG_QUEUED, MSG_STORED, MSG_UNREAD: few, read at every start. */
    "CREATE INDEX message_open ON message(id) WHERE state IN (1, 2, 6);";

static const char *const store_steps[] = {
	step_1
};

const struct schema schema_store = {
	.noun = "p2ptui database",
	.application_id = 0x50325054,		/* "P2PT" */
	.steps = store_steps,
	.n_steps = sizeof(store_steps) / sizeof(store_steps[0])
};

static uint32_t
big_endian(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static int
refuse_foreign(const struct schema *s, const char *path, const char *why,
    struct err *e)
{
	err_set(e, STATUS_DAMAGED, "%s is not a %s: %s", path, s->noun, why);
	err_next(e, "move it away, or put back a backup");
	return -1;
}

static int
refuse_newer(const struct schema *s, const char *path, int64_t version,
    struct err *e)
{
	err_set(e, STATUS_FAILURE, "%s is a %s of version %lld, this program "
	    "knows up to version %zu", path, s->noun, (long long)version,
	    s->n_steps);
	err_next(e, "use the newer program that wrote it");
	return -1;
}

static int
read_header(const struct schema *s, const char *path,
    uint8_t head[HEADER_LEN], struct err *e)
{
	struct stat st;
	ssize_t n;
	int fd;

	/* O_NONBLOCK: a FIFO in its place must not stop the start. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		err_set(e, STATUS_CANNOT_CREATE, "cannot open %s: %s", path,
		    strerror(errno));
		return err_next(e, "check its owner and permissions");
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return refuse_foreign(s, path, "it is not even a file", e);
	}
	n = pread(fd, head, HEADER_LEN, 0);
	close(fd);
	if (n < HEADER_LEN)
		return refuse_foreign(s, path, n == 0 ? "it is empty" :
		    "it is cut short", e);
	return 0;
}

/*
 * We write none at this place: SQLite makes one while a database becomes
 * WAL, which ours are before they get their name.  One that is there would
 * be rolled back into the file, and deletes any file that it names.
 */
static int
refuse_journal(const char *path, struct err *e)
{
	char *journal = mem_printf("%s-journal", path);
	struct stat st;
	int rc = 0;

	if (lstat(journal, &st) == 0) {
		err_set(e, STATUS_DAMAGED, "%s is there, which p2ptui never "
		    "writes: it would change the database", journal);
		rc = err_next(e, "move it away");
	}
	free(journal);
	return rc;
}

int
schema_check_file(const struct schema *s, const char *path, struct err *e)
{
	uint8_t head[HEADER_LEN];
	uint32_t version;

	if (read_header(s, path, head, e) != 0)
		return -1;
	/* Its NUL is part of the magic. */
	if (memcmp(head, "SQLite format 3", 16) != 0)
		return refuse_foreign(s, path, "it begins differently", e);
	if (big_endian(head + HEADER_APPLICATION) != s->application_id)
		return refuse_foreign(s, path,
		    "another program wrote it", e);
	version = big_endian(head + HEADER_VERSION);
	if (version > s->n_steps)
		return refuse_newer(s, path, version, e);
	/* Another number would make SQLite write in another manner. */
	if (head[HEADER_WRITE_VERSION] != FORMAT_WAL ||
	    head[HEADER_READ_VERSION] != FORMAT_WAL) {
		err_set(e, STATUS_DAMAGED, "%s is damaged: its header is not "
		    "what we wrote", path);
		return err_next(e, "put back a backup");
	}
	return refuse_journal(path, e);
}

/*
 * All that stands in the file besides rows.  Whoever made it may have been
 * somebody else - an import, a file put in its place - and our statements
 * would run what he wrote: checks, generated columns, indexes over
 * expressions, virtual tables.
 */
static const char schema_sql[] =
    "SELECT type || ' ' || name || ' ' || tbl_name || ' ' ||"
    " ifnull(sql, '') FROM sqlite_schema ORDER BY 1";
enum { SCHEMA_MAX = 65536 };

static int take_step(const struct schema *s, struct db *db, size_t i,
    struct err *e);

/* What the steps up to this version make of nothing. */
static int
expect(const struct schema *s, int64_t version, struct buf *out,
    struct err *e)
{
	struct db *db = db_open(":memory:", DB_NORMAL, NULL, 0, e);
	int rc = db ? 0 : -1;

	for (size_t i = 0; rc == 0 && i < (size_t)version; i++)
		rc = take_step(s, db, i, e);
	if (rc == 0)
		rc = db_column(db, schema_sql, SCHEMA_MAX, out, e);
	db_close(db);
	return rc;
}

static int
compare(const struct schema *s, struct db *db, int64_t version,
    struct err *e)
{
	struct buf ours, there;
	int rc;

	buf_init(&ours);
	buf_init(&there);
	rc = expect(s, version, &ours, e);
	if (rc == 0)
		rc = db_column(db, schema_sql, SCHEMA_MAX, &there, e);
	if (rc == 0 && (ours.len != there.len ||
	    memcmp(ours.at, there.at, ours.len) != 0)) {
		err_set(e, STATUS_DAMAGED, "%s is damaged: its tables are "
		    "not those that we make", db_path(db));
		rc = err_next(e, "put back a backup");
	}
	buf_clear(&ours);
	buf_clear(&there);
	return rc;
}

int
schema_check(const struct schema *s, struct db *db, struct err *e)
{
	int64_t application, version;

	if (db_number(db, "PRAGMA application_id", &application, e) != 0 ||
	    db_number(db, "PRAGMA user_version", &version, e) != 0)
		return -1;
	if (application != s->application_id)
		return refuse_foreign(s, db_path(db),
		    "another program wrote it", e);
	if (version < 0 || version > (int64_t)s->n_steps)
		return refuse_newer(s, db_path(db), version, e);
	return compare(s, db, version, e);
}

static int
take_step(const struct schema *s, struct db *db, size_t i, struct err *e)
{
	char mark[96];

	snprintf(mark, sizeof(mark),
	    "PRAGMA application_id=%u; PRAGMA user_version=%zu",
	    (unsigned int)s->application_id, i + 1);
	if (db_begin(db, e) != 0)
		return -1;
	if (db_exec(db, s->steps[i], e) != 0 || db_exec(db, mark, e) != 0) {
		db_rollback(db);
		return -1;
	}
	return db_commit(db, e);
}

int
schema_migrate(const struct schema *s, struct db *db, struct err *e)
{
	int64_t version;
	size_t i;

	if (db_number(db, "PRAGMA user_version", &version, e) != 0)
		return -1;
	if (version < 0 || version > (int64_t)s->n_steps)
		return refuse_newer(s, db_path(db), version, e);
	for (i = (size_t)version; i < s->n_steps; i++)
		if (take_step(s, db, i, e) != 0)
			return err_prefix(e, "migration to version %zu",
			    i + 1);
	return 0;
}
