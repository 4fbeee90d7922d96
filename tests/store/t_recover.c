/*
 * A database that somebody made for us: its own schema, pages that lead back
 * to each other, files beside it.  Whatever it is, recovery ends, runs
 * nothing of theirs, and brings no word that was not written.
 */
#include "kit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"

enum {
	PAGE = 4096,
	N_MESSAGES = 200,
	PATIENCE_S = 120,		/* then the test is killed */
	LEVELS = 15,			/* of 20 that SQLite follows */
	CHILDREN = 150,
	HEADER_LEN = 100,
	N_PAGES = 28			/* its place in the header */
};

struct theirs {
	struct contact b, c;
	char *good;			/* the file as we left it */
	size_t len;
};

/* Hours of work for one row. */
#define HEAVY "instr(zeroblob(4000000), zeroblob(2000000) || x'01')"

static void
fill(struct kit *k, struct theirs *t)
{
	unsigned int i;

	alarm(PATIENCE_S);
	kit_open(k);
	t->b = kit_contact(k, "bob");
	t->c = kit_contact(k, "carol");
	for (i = 0; i < N_MESSAGES; i++) {
		kit_add(k, t->b.row, i, MSG_SEEN);
		kit_add(k, t->c.row, i, MSG_QUEUED);
	}
	kit_commit(k);
	kit_close(k);
	t->good = kit_read_file(k->path, &t->len);
}

static void
drop(struct theirs *t)
{
	alarm(0);
	free(t->good);
}

/* As whoever made the file; false: this SQLite cannot. */
static bool
run(const struct kit *k, const char *sql)
{
	sqlite3 *db;
	bool ran;

	assert_int_equal(sqlite3_open(k->path, &db), SQLITE_OK);
	ran = sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
	sqlite3_close(db);
	return ran;
}

static int64_t
number(const struct kit *k, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *st;
	int64_t n;

	assert_int_equal(sqlite3_open(k->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

/* Rows saved, contacts too; -1: refused, and says so. */
static int
recover(struct kit *k)
{
	char *kept = NULL;
	size_t n = 0;

	memset(&k->e, 0, sizeof(k->e));
	if (store_recover(k->path, k->vault, &n, &kept, &k->e) != 0) {
		assert_null(kept);
		kit_assert_says(&k->e, k->path);
		return -1;
	}
	free(kept);
	/* What came of it is a database of ours. */
	kit_open(k);
	kit_close(k);
	return (int)n;
}

/* ---- tables ------------------------------------------------------------- */

static void
t_tables_that_compute_are_not_read(void **state)
{
	static const struct {
		const char *sql;
		int saved;		/* of 2 contacts and their messages */
	} rows[] = {
		{ "ALTER TABLE message RENAME TO was;"
		  "CREATE VIEW message AS WITH RECURSIVE n(id) AS (VALUES(1)"
		  " UNION ALL SELECT id + 1 FROM n) SELECT id, 1 AS mine,"
		  " 1 AS state, x'00' AS sealed FROM n", 2 },
		{ "ALTER TABLE message RENAME TO was;"
		  "CREATE VIEW message AS SELECT * FROM was", 2 },
		/* Their module would hand out our rows. */
		{ "ALTER TABLE message RENAME TO was;"
		  "CREATE VIRTUAL TABLE message USING rtree(id, mine, state,"
		  " +sealed);"
		  "INSERT INTO message SELECT id, mine, state, sealed FROM was"
		  " WHERE id < 2 << 40", 2 },
		{ "ALTER TABLE message RENAME TO was;"
		  "CREATE TABLE message(id INTEGER PRIMARY KEY, mine INTEGER,"
		  " state INTEGER, was BLOB, sealed AS (was));"
		  "INSERT INTO message SELECT * FROM was", 2 },
		{ "ALTER TABLE message RENAME TO was;"
		  "CREATE TABLE message(id INTEGER PRIMARY KEY, mine INTEGER,"
		  " state INTEGER);"
		  "INSERT INTO message SELECT id, mine, state FROM was;"
		  "ALTER TABLE message ADD COLUMN sealed AS (" HEAVY ")", 2 },
		{ "ALTER TABLE contact RENAME TO was;"
		  "CREATE TABLE contact(id INTEGER PRIMARY KEY, was BLOB,"
		  " numbers BLOB);"
		  "INSERT INTO contact SELECT * FROM was;"
		  "ALTER TABLE contact ADD COLUMN who AS (" HEAVY ")", 0 },
		{ "ALTER TABLE value RENAME TO was;"
		  "CREATE TABLE value(name TEXT PRIMARY KEY);"
		  "INSERT INTO value SELECT name FROM was;"
		  "ALTER TABLE value ADD COLUMN sealed AS (" HEAVY ")",
		  2 + 2 * N_MESSAGES },
		{ "DROP TABLE counter;"
		  "CREATE TABLE counter(id INTEGER PRIMARY KEY, generation);"
		  "INSERT INTO counter VALUES(1, 1);"
		  "ALTER TABLE counter ADD COLUMN rows AS (" HEAVY ");"
		  "ALTER TABLE counter ADD COLUMN contacts AS (" HEAVY ")",
		  2 + 2 * N_MESSAGES },
		{ "DROP TABLE counter;"
		  "CREATE TABLE counter(id INTEGER PRIMARY KEY, rows,"
		  " contacts);"
		  "INSERT INTO counter VALUES(1, 1000, 10);"
		  "ALTER TABLE counter ADD COLUMN generation AS (" HEAVY ")",
		  2 + 2 * N_MESSAGES },
		/* Theirs beside ours do no harm. */
		{ "CREATE TRIGGER t AFTER INSERT ON message BEGIN"
		  " DELETE FROM contact; END;"
		  "CREATE INDEX i ON message(abs(state), sealed)",
		  2 + 2 * N_MESSAGES }
	};
	struct kit *k = *state;
	struct theirs t;

	fill(k, &t);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kit_write_file(k->path, t.good, t.len);
		unlink(k->wal);
		if (!run(k, rows[i].sql))
			continue;
		if (recover(k) != rows[i].saved)
			fail_msg("row %zu is read", i);
	}
	drop(&t);
}

/* The generation is read before anything else, if there is a WAL. */
static void
t_a_count_that_computes_stops_no_start(void **state)
{
	struct kit *k = *state;
	struct theirs t;
	sqlite3 *db;
	char *file, *wal;
	size_t len, wal_len;

	fill(k, &t);
	assert_int_equal(sqlite3_open(k->path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "DROP TABLE counter;"
	    "CREATE TABLE counter(id INTEGER PRIMARY KEY, rows, contacts);"
	    "INSERT INTO counter VALUES(1, 1000, 10);"
	    "ALTER TABLE counter ADD COLUMN generation AS (" HEAVY ");"
	    "PRAGMA wal_checkpoint; CREATE TABLE more(a)", NULL, NULL, NULL),
	    SQLITE_OK);
	file = kit_read_file(k->path, &len);
	wal = kit_read_file(k->wal, &wal_len);
	sqlite3_close(db);
	kit_write_file(k->path, file, len);
	kit_write_file(k->wal, wal, wal_len);
	k->store = store_open(k->path, k->vault, &k->e);
	assert_null(k->store);
	assert_int_equal(k->e.status, STATUS_DAMAGED);
	assert_int_equal(recover(k), 2 + 2 * N_MESSAGES);
	free(file);
	free(wal);
	drop(&t);
}

/* 8 KiB a row that takes some twenty bytes of the file. */
static void
t_what_does_not_open_has_a_bound(void **state)
{
	static const char before[] = "ALTER TABLE message RENAME TO was;"
	    "CREATE TABLE message(id INTEGER PRIMARY KEY, mine, state);"
	    "WITH RECURSIVE n(i) AS (VALUES(1 << 40) UNION ALL"
	    " SELECT i + 1 FROM n LIMIT 12000)"
	    " INSERT INTO message SELECT i, 0, 1 FROM n;"
	    "UPDATE counter SET rows = 12000;"
	    "ALTER TABLE message ADD COLUMN sealed BLOB NOT NULL DEFAULT x'";
	static const char behind[] = "';"
	    "INSERT INTO message SELECT * FROM was WHERE id >= 2 << 40";
	enum { DIGITS = 2 * 8000 };
	struct kit *k = *state;
	struct theirs t;
	char *digits = mem_new(DIGITS + 1), *sql;

	fill(k, &t);
	memset(digits, 'a', DIGITS);
	sql = mem_printf("%s%s%s", before, digits, behind);
	assert_true(run(k, sql));
	/* Nothing of bob opens, and carol's turn does not come. */
	assert_int_equal(recover(k), 2);
	free(digits);
	free(sql);
	drop(&t);
}

/* ---- pages -------------------------------------------------------------- */

static void
put_number(char *at, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		at[i] = (char)(n >> (24 - 8 * i));
}

static uint32_t
get_number(const char *at)
{
	uint32_t n = 0;

	for (int i = 0; i < 4; i++)
		n = n << 8 | (uint8_t)at[i];
	return n;
}

/* An inner page of a table whose children are all the same one.  Forward, a
 * search for any row goes to the first of them; else to the last. */
static void
put_inner(char *page, size_t start, uint32_t child, bool forward)
{
	static const char most[] = "\277\377\377\377\377\377\377\377\377";
	const size_t key_len = forward ? 9 : 1, cell_len = 4 + key_len;
	size_t at = PAGE, i;
	char *head = page + start;

	memset(head, 0, PAGE - start);
	head[0] = 5;
	head[4] = (char)CHILDREN;
	put_number(head + 8, child);
	for (i = 0; i < CHILDREN; i++) {
		at -= cell_len;
		put_number(page + at, child);
		if (forward)
			memcpy(page + at + 4, most, key_len);
		head[12 + 2 * i] = (char)(at >> 8);
		head[13 + 2 * i] = (char)at;
	}
	head[5] = (char)(at >> 8);
	head[6] = (char)at;
}

/* LEVELS of such pages between this root and the leaf, which is written at
 * the end: CHILDREN to the power of LEVELS leaves, all the same. */
static void
put_maze(const struct kit *k, const struct theirs *t, uint32_t root,
    const char *leaf, bool forward)
{
	const uint32_t n = (uint32_t)(t->len / PAGE);
	char *file = mem_new(t->len + (LEVELS + 1) * PAGE);
	uint32_t i;

	memcpy(file, t->good, t->len);
	memcpy(file + t->len, leaf, PAGE);
	for (i = 0; i < LEVELS; i++)
		put_inner(file + t->len + (i + 1) * PAGE, 0, n + 1 + i,
		    forward);
	put_inner(file + (root - 1) * PAGE, root == 1 ? HEADER_LEN : 0,
	    n + 1 + LEVELS, forward);
	put_number(file + N_PAGES, n + 1 + LEVELS);
	kit_write_file(k->path, file, t->len + (LEVELS + 1) * PAGE);
	unlink(k->wal);
	free(file);
}

static int
see_contact(void *arg, const struct contact *c, const uint8_t *numbers,
    size_t len)
{
	size_t *n = arg;

	(void)c;
	(void)numbers;
	(void)len;
	++*n;
	return 0;
}

static void
t_rows_that_come_back_end(void **state)
{
	struct kit *k = *state;
	struct theirs t;
	uint32_t contacts, messages;
	const char *leaf;
	size_t n = 0;
	int saved;

	fill(k, &t);
	contacts = (uint32_t)number(k, "SELECT rootpage FROM sqlite_schema"
	    " WHERE name = 'contact'");
	messages = (uint32_t)number(k, "SELECT rootpage FROM sqlite_schema"
	    " WHERE name = 'message'");
	for (int forward = 0; forward < 2; forward++) {
		leaf = t.good + (messages - 1) * PAGE;
		assert_int_equal(leaf[0], 5);
		leaf = t.good + (get_number(leaf + (uint8_t)leaf[12] * 256 +
		    (uint8_t)leaf[13]) - 1) * PAGE;
		assert_int_equal(leaf[0], 13);
		put_maze(k, &t, messages, leaf, forward);
		saved = recover(k);
		assert_in_range(saved, 3, 2 + N_MESSAGES);

		leaf = t.good + (contacts - 1) * PAGE;
		put_maze(k, &t, contacts, leaf, forward);
		saved = recover(k);
		assert_int_equal(saved, 2 + 2 * N_MESSAGES);
	}
	/* The same file at an ordinary start. */
	put_maze(k, &t, contacts, t.good + (contacts - 1) * PAGE, true);
	kit_open(k);
	assert_int_equal(contact_each(k->store, see_contact, &n, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_DAMAGED);
	assert_int_equal(n, 2);
	kit_close(k);
	drop(&t);
}

static void
t_a_schema_without_end_is_damage(void **state)
{
	struct kit *k = *state;
	struct theirs t;
	char leaf[PAGE];
	size_t n_cells;

	fill(k, &t);
	/* The first page without the header of the file before it. */
	memcpy(leaf, t.good, PAGE);
	n_cells = (size_t)(uint8_t)leaf[HEADER_LEN + 3] * 256 +
	    (uint8_t)leaf[HEADER_LEN + 4];
	memmove(leaf, leaf + HEADER_LEN, 8 + 2 * n_cells);
	put_maze(k, &t, 1, leaf, true);
	k->store = store_open(k->path, k->vault, &k->e);
	assert_null(k->store);
	assert_int_equal(k->e.status, STATUS_DAMAGED);
	/* Its beginning was ours. */
	assert_int_equal(recover(k), 2 + 2 * N_MESSAGES);
	drop(&t);
}

/* ---- files beside it ---------------------------------------------------- */

/* A journal with no pages that names a file as its super-journal: SQLite,
 * done with it, deletes what it names (pager_delsuper). */
static void
put_journal(const char *path, const char *victim, size_t db_len)
{
	static const char magic[] = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
	const size_t len = strlen(victim);
	char *file = mem_new(512 + 4 + len + 16), *at = file;
	uint32_t sum = 0;

	memcpy(at, magic, 8);
	put_number(at + 16, (uint32_t)(db_len / PAGE));
	put_number(at + 20, 512);		/* of a sector */
	put_number(at + 24, PAGE);
	at += 512;
	put_number(at, 0x40000000 / PAGE + 1);
	memcpy(at + 4, victim, len);
	for (size_t i = 0; i < len; i++)
		sum += (uint8_t)victim[i];
	put_number(at + 4 + len, (uint32_t)len);
	put_number(at + 8 + len, sum);
	memcpy(at + 12 + len, magic, 8);
	kit_write_file(path, file, 512 + 4 + len + 16);
	free(file);
}

static void
t_a_journal_beside_it_is_not_obeyed(void **state)
{
	struct kit *k = *state;
	char *victim = mem_printf("%s/precious", k->dir);
	char *journal = mem_printf("%s-journal", k->path);
	char *again;
	struct theirs t;
	size_t len;

	fill(k, &t);
	kit_write_file(victim, "words", 5);
	/* That it is one: whoever obeys it loses the file. */
	put_journal(journal, victim, t.len);
	number(k, "SELECT count(*) FROM sqlite_schema");
	assert_int_not_equal(access(victim, F_OK), 0);
	kit_write_file(victim, "words", 5);
	kit_write_file(k->path, t.good, t.len);

	put_journal(journal, victim, t.len);
	k->store = store_open(k->path, k->vault, &k->e);
	assert_null(k->store);
	assert_int_equal(k->e.status, STATUS_DAMAGED);
	kit_assert_says(&k->e, journal);
	assert_int_equal(recover(k), -1);
	kit_assert_says(&k->e, journal);
	assert_int_equal(access(victim, F_OK), 0);
	again = kit_read_file(k->path, &len);
	assert_int_equal(len, t.len);
	assert_memory_equal(again, t.good, len);
	free(again);
	/* Moved away, all is there. */
	unlink(journal);
	kit_open(k);
	kit_close(k);
	/* One of a birth that was cut short is in nobody's way. */
	unlink(k->path);
	again = mem_printf("%s.new-journal", k->path);
	kit_write_file(again, "\xd9\xd5\x05", 3);
	kit_open(k);
	kit_close(k);
	assert_int_not_equal(access(again, F_OK), 0);
	free(again);
	free(journal);
	free(victim);
	drop(&t);
}

#define WITH_KIT(f) cmocka_unit_test_setup_teardown(f, kit_make, kit_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KIT(t_tables_that_compute_are_not_read),
		WITH_KIT(t_a_count_that_computes_stops_no_start),
		WITH_KIT(t_what_does_not_open_has_a_bound),
		WITH_KIT(t_rows_that_come_back_end),
		WITH_KIT(t_a_schema_without_end_is_damage),
		WITH_KIT(t_a_journal_beside_it_is_not_obeyed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
