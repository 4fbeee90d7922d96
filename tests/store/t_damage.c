#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db.h"
#include "mem.h"
#include "schema.h"

enum {
	PAGE = 4096,
	N_MESSAGES = 400
};

/* Two contacts, N_MESSAGES to each, every other one owed; closed. */
static void
fill(struct kit *k, struct contact *b, struct contact *c)
{
	unsigned int i;

	kit_open(k);
	*b = kit_contact(k, "bob");
	*c = kit_contact(k, "carol");
	for (i = 0; i < N_MESSAGES; i++) {
		kit_add(k, b->row, i, i % 2 != 0 ? MSG_QUEUED : MSG_SEEN);
		kit_add(k, c->row, i, i % 2 != 0 ? MSG_UNREAD : MSG_READ);
	}
	kit_commit(k);
	kit_close(k);
}

/*
 * Opens what may be damaged and reads all of it.  kit_see fails the test on
 * a text that was never written; a verdict must name the file.  The number
 * of messages read, or -1 when it was refused.
 */
static int
read_all(struct kit *k, const struct contact *b, const struct contact *c)
{
	struct seen seen;
	size_t n;
	int rc = 0, total = 0;

	memset(&k->e, 0, sizeof(k->e));
	k->store = store_open(k->path, k->vault, &k->e);
	if (k->store == NULL) {
		rc = -1;
	} else {
		if (kit_count_contacts(k, &n) != 0)
			rc = -1;
		if (kit_page(k, b->row, &seen) != 0)
			rc = -1;
		total += (int)seen.n;
		if (kit_page(k, c->row, &seen) != 0)
			rc = -1;
		total += (int)seen.n;
		if (kit_open_items(k, &seen) != 0)
			rc = -1;
	}
	kit_close(k);
	if (rc != 0) {
		/* A version is a number like any other to a flipped bit. */
		if (k->e.status != STATUS_DAMAGED &&
		    strstr(k->e.what, "of version") == NULL)
			fail_msg("status %d: %s", k->e.status, k->e.what);
		kit_assert_says(&k->e, k->path);
		assert_string_not_equal(k->e.next, "");
	}
	return rc != 0 ? -1 : total;
}

static void
forget_files(struct kit *k)
{
	static const char *const leftovers[] = {
		"p2ptui.db.damaged", "p2ptui.db-wal", "p2ptui.db.new"
	};
	char *path;
	size_t i;

	for (i = 0; i < sizeof(leftovers) / sizeof(leftovers[0]); i++) {
		while ((path = kit_find_file(k, leftovers[i])) != NULL) {
			unlink(path);
			free(path);
		}
	}
}

/* Recovers and reads all of it: -1 refused, else the messages there. */
static int
recover_all(struct kit *k, const struct contact *b, const struct contact *c)
{
	char *kept = NULL;
	size_t n = 0;
	int rc, total;

	memset(&k->e, 0, sizeof(k->e));
	rc = store_recover(k->path, k->vault, &n, &kept, &k->e);
	if (rc != 0) {
		assert_null(kept);
		assert_string_not_equal(k->e.what, "");
		return -1;
	}
	assert_int_equal(access(kept, F_OK), 0);
	free(kept);
	total = read_all(k, b, c);
	assert_true(total >= 0);
	return total;
}

static void
row_16_zeroed_page(void **state)
{
	struct kit *k = *state;
	struct contact b, c;
	size_t len, at;
	char *good, *bad, *again;
	size_t again_len;
	int seen, saved, worst = 2 * N_MESSAGES;

	fill(k, &b, &c);
	good = kit_read_file(k->path, &len);
	assert_true(len > 20 * PAGE);
	for (at = 0; at < len; at += PAGE) {
		bad = mem_copy(good, len);
		memset(bad + at, 0, PAGE);
		kit_write_file(k->path, bad, len);
		seen = read_all(k, &b, &c);
		saved = 2 * N_MESSAGES;
		if (seen < 2 * N_MESSAGES) {
			kit_write_file(k->path, bad, len);
			unlink(k->wal);
			saved = recover_all(k, &b, &c);
		}
		/* Of the first page nothing says any more what it was; the
		 * page of the contacts takes their messages with it. */
		if (at == 0)
			assert_int_equal(seen, -1);
		else if (saved > 0 && saved < worst)
			worst = saved;
		/* Refused: not a byte of it was touched. */
		if (at == 0) {
			again = kit_read_file(k->path, &again_len);
			assert_int_equal(again_len, len);
			assert_memory_equal(again, bad, len);
			free(again);
		}
		free(bad);
		forget_files(k);
	}
	free(good);
	/* One page holds some twenty rows. */
	assert_true(worst > 2 * N_MESSAGES - 60 && worst < 2 * N_MESSAGES);
}

static void
row_16_truncation(void **state)
{
	struct kit *k = *state;
	struct contact b, c;
	size_t len, at;
	char *good;
	int seen;

	fill(k, &b, &c);
	good = kit_read_file(k->path, &len);
	for (at = 0; at < len; at += at < PAGE ? 397 : 12345) {
		kit_write_file(k->path, good, at);
		seen = read_all(k, &b, &c);
		assert_int_equal(seen, -1);
		kit_write_file(k->path, good, at);
		recover_all(k, &b, &c);
		forget_files(k);
	}
	/* Most of it is there when only the end is missing. */
	kit_write_file(k->path, good, len - PAGE);
	assert_true(recover_all(k, &b, &c) > N_MESSAGES);
	free(good);
}

static void
row_16_bit_flips(void **state)
{
	struct kit *k = *state;
	struct contact b, c;
	unsigned int seed = 16;
	size_t len, at, i;
	char *good;
	int seen, refused = 0, whole = 0;

	fill(k, &b, &c);
	good = kit_read_file(k->path, &len);
	/* Every byte of a header is looked at, and some in every page. */
	for (i = 0; i < 100 + 3 * len / PAGE; i++) {
		seed = seed * 1103515245 + 12345;
		at = i < 100 ? i : (i - 100) / 3 * PAGE +
		    ((seed >> 16) % (i % 3 == 0 ? 16 : PAGE));
		good[at] ^= (char)(1 << (seed >> 28 & 7));
		kit_write_file(k->path, good, len);
		seen = read_all(k, &b, &c);
		refused += seen < 0;
		whole += seen == 2 * N_MESSAGES;
		if (seen < 2 * N_MESSAGES) {
			kit_write_file(k->path, good, len);
			unlink(k->wal);
			recover_all(k, &b, &c);
		}
		good[at] ^= (char)(1 << (seed >> 28 & 7));
		forget_files(k);
	}
	free(good);
	assert_true(refused > 0 && whole > 0);
}

static void
row_16_random_bytes(void **state)
{
	struct kit *k = *state;
	struct contact b, c;
	unsigned int seed = 99;
	size_t len, from, n, i;
	char *good, *bad;
	int round;

	fill(k, &b, &c);
	good = kit_read_file(k->path, &len);
	for (round = 0; round < 60; round++) {
		bad = mem_copy(good, len);
		seed = seed * 1103515245 + 12345;
		from = 100 + (seed >> 8) % (len - 100);
		n = 1 + (seed >> 4) % 3000;
		for (i = from; i < len && i < from + n; i++) {
			seed = seed * 1103515245 + 12345;
			bad[i] = (char)(seed >> 16);
		}
		kit_write_file(k->path, bad, len);
		read_all(k, &b, &c);
		kit_write_file(k->path, bad, len);
		unlink(k->wal);
		recover_all(k, &b, &c);
		free(bad);
		forget_files(k);
	}
	free(good);
}

/* A recovered store goes on as before: rows are not given away twice. */
static void
row_16_recovered_goes_on(void **state)
{
	struct kit *k = *state;
	struct contact b, c;
	uint64_t last;
	size_t len;
	char *file;

	fill(k, &b, &c);
	kit_open(k);
	last = kit_add(k, b.row, 900, MSG_QUEUED);
	assert_int_equal(message_remove(k->store, last, &k->e), 0);
	assert_int_equal(store_set_value(k->store, "epoch", "x", 1, &k->e),
	    0);
	kit_commit(k);
	kit_close(k);
	file = kit_read_file(k->path, &len);
	memset(file + 15 * PAGE, 0xff, PAGE);
	kit_write_file(k->path, file, len);
	free(file);
	assert_true(recover_all(k, &b, &c) > N_MESSAGES);
	kit_open(k);
	assert_true(kit_add(k, b.row, 901, MSG_QUEUED) > last);
	kit_commit(k);
	file = kit_find_file(k, "p2ptui.db.damaged-");
	assert_non_null(file);
	free(file);
}

static void
assert_refused_untouched(struct kit *k, const char *words)
{
	struct stat before, after;
	size_t len, again_len;
	char *file, *again, *kept;
	size_t n;

	assert_int_equal(stat(k->path, &before), 0);
	file = S_ISREG(before.st_mode) ? kit_read_file(k->path, &len) : NULL;
	k->store = store_open(k->path, k->vault, &k->e);
	assert_null(k->store);
	kit_assert_says(&k->e, words);
	kit_assert_says(&k->e, k->path);
	assert_int_equal(store_recover(k->path, k->vault, &n, &kept, &k->e),
	    -1);
	assert_int_equal(stat(k->path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(before.st_ino, after.st_ino);
	if (file != NULL) {
		again = kit_read_file(k->path, &again_len);
		assert_int_equal(again_len, len);
		assert_memory_equal(again, file, len);
		free(again);
		free(file);
	}
}

static void
row_17_not_a_database(void **state)
{
	static const char noise[] = "SQLite format 2 is not SQLite format 3";
	struct kit *k = *state;
	char big[8192];
	struct db *db;

	kit_write_file(k->path, "", 0);
	assert_refused_untouched(k, "is not a p2ptui database");
	assert_int_equal(k->e.status, STATUS_DAMAGED);
	kit_write_file(k->path, noise, sizeof(noise));
	assert_refused_untouched(k, "is not a p2ptui database");
	memset(big, 0xa5, sizeof(big));
	kit_write_file(k->path, big, sizeof(big));
	assert_refused_untouched(k, "is not a p2ptui database");
	unlink(k->path);
	assert_int_equal(mkdir(k->path, 0700), 0);
	assert_refused_untouched(k, "is not a p2ptui database");
	assert_int_equal(k->e.status, STATUS_DAMAGED);
	rmdir(k->path);
	assert_int_equal(mkfifo(k->path, 0600), 0);
	assert_refused_untouched(k, "is not a p2ptui database");
	unlink(k->path);
	/* A database, but somebody else's. */
	kit_write_file(k->path, "", 0);
	db = db_open(k->path, DB_NORMAL, NULL, 0, &k->e);
	assert_non_null(db);
	assert_int_equal(db_exec(db, "CREATE TABLE bookmarks(url TEXT)",
	    &k->e), 0);
	db_close(db);
	assert_refused_untouched(k, "is not a p2ptui database");
}

static void
row_18_newer_version(void **state)
{
	struct kit *k = *state;
	struct contact b, c;
	char sql[64], words[64];
	struct db *db;

	fill(k, &b, &c);
	db = db_open(k->path, DB_NORMAL, NULL, 0, &k->e);
	assert_non_null(db);
	snprintf(sql, sizeof(sql), "PRAGMA user_version=%zu",
	    schema_store.n_steps + 5);
	assert_int_equal(db_exec(db, sql, &k->e), 0);
	db_close(db);
	snprintf(words, sizeof(words), "version %zu", schema_store.n_steps +
	    5);
	assert_refused_untouched(k, words);
	snprintf(words, sizeof(words), "up to version %zu",
	    schema_store.n_steps);
	assert_refused_untouched(k, words);
}

static void
row_19_wal_deleted(void **state)
{
	struct kit *k = *state;
	struct contact b, c;
	size_t len;
	char *db;

	fill(k, &b, &c);
	kit_open(k);
	kit_add(k, b.row, 300, MSG_QUEUED);
	kit_commit(k);
	db = kit_read_file(k->path, &len);
	kit_close(k);
	kit_write_file(k->path, db, len);
	free(db);
	assert_int_equal(access(k->wal, F_OK), -1);
	assert_int_equal(read_all(k, &b, &c), -1);
	kit_assert_says(&k->e, "is gone");
	/* What the file itself holds is saved. */
	assert_int_equal(recover_all(k, &b, &c), 2 * N_MESSAGES);
}

static void
row_19_wal_of_another_database(void **state)
{
	struct kit *k = *state, *other;
	struct contact b, c, d;
	size_t db_len, wal_len;
	char *db, *wal;
	void *state_2;

	assert_int_equal(kit_make(&state_2), 0);
	other = state_2;
	kit_open(other);
	d = kit_contact(other, "mallory");
	kit_add(other, d.row, 1, MSG_QUEUED);
	kit_commit(other);
	wal = kit_read_file(other->wal, &wal_len);

	fill(k, &b, &c);
	/* After a clean end .. */
	kit_write_file(k->wal, wal, wal_len);
	assert_int_equal(read_all(k, &b, &c), -1);
	kit_assert_says(&k->e, "does not belong");
	assert_int_equal(recover_all(k, &b, &c), 2 * N_MESSAGES);
	forget_files(k);

	/* .. and after a kill. */
	kit_open(k);
	kit_add(k, b.row, 300, MSG_QUEUED);
	kit_commit(k);
	db = kit_read_file(k->path, &db_len);
	kit_close(k);
	kit_write_file(k->path, db, db_len);
	kit_write_file(k->wal, wal, wal_len);
	assert_int_equal(read_all(k, &b, &c), -1);
	kit_assert_says(&k->e, "does not belong");
	assert_int_equal(recover_all(k, &b, &c), 2 * N_MESSAGES);
	free(db);
	free(wal);
	kit_free(&state_2);
}

static void
row_19_wal_without_its_database(void **state)
{
	struct kit *k = *state;
	struct contact b, c;
	size_t len;
	char *wal;

	fill(k, &b, &c);
	kit_open(k);
	kit_add(k, b.row, 300, MSG_QUEUED);
	kit_commit(k);
	wal = kit_read_file(k->wal, &len);
	kit_close(k);
	kit_write_file(k->wal, wal, len);
	free(wal);
	unlink(k->path);
	assert_null(store_open(k->path, k->vault, &k->e));
	assert_int_equal(k->e.status, STATUS_DAMAGED);
	assert_int_equal(access(k->path, F_OK), -1);
}

static void
row_20_migration_is_old_or_new(void **state)
{
	static const char *const steps[] = {
		"CREATE TABLE a(x); INSERT INTO a VALUES(1);",
		"CREATE TABLE b(y); INSERT INTO b SELECT x + 1 FROM a;"
		"NOT EVEN SQL;"
	};
	const struct schema s = {
		.noun = "test database", .application_id = 7,
		.steps = steps, .n_steps = 2
	};
	struct kit *k = *state;
	struct db *db;
	int64_t n;

	kit_write_file(k->path, "", 0);
	db = db_open(k->path, DB_NORMAL, NULL, 0, &k->e);
	assert_non_null(db);
	assert_int_equal(schema_migrate(&s, db, &k->e), -1);
	assert_int_equal(db_number(db, "PRAGMA user_version", &n, &k->e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(db_number(db, "SELECT count(*) FROM sqlite_schema"
	    " WHERE name = 'b'", &n, &k->e), 0);
	assert_int_equal(n, 0);
	assert_int_equal(db_number(db, "SELECT x FROM a", &n, &k->e), 0);
	assert_int_equal(n, 1);
	db_close(db);
}

static void
t_another_identitys_database_is_refused(void **state)
{
	struct kit *k = *state;
	struct contact b, c;
	struct vault *mine = k->vault;

	fill(k, &b, &c);
	k->vault = vault_new(k->id);
	assert_refused_untouched(k, "belongs to another identity");
	assert_int_equal(k->e.status, STATUS_DAMAGED);
	vault_free(k->vault);
	k->vault = mine;
	assert_int_equal(read_all(k, &b, &c), 2 * N_MESSAGES);
}

/* Sealed to its place: swapped, turned or cut, a row does not open. */
static void
t_rows_cannot_be_swapped(void **state)
{
	static const char *const tampering[] = {
		/* Into another talk. */
		"UPDATE message SET id = id + (1 << 40) WHERE id IN"
		" (SELECT min(id) FROM message)",
		/* My words become theirs. */
		"UPDATE message SET mine = 1 - mine WHERE id IN"
		" (SELECT min(id) FROM message)",
		"UPDATE message SET sealed = (SELECT sealed FROM message"
		" ORDER BY id DESC LIMIT 1) WHERE id IN"
		" (SELECT min(id) FROM message)",
		"UPDATE message SET sealed = substr(sealed, 1, 60) WHERE id IN"
		" (SELECT min(id) FROM message)",
		"UPDATE message SET sealed = zeroblob(0) WHERE id IN"
		" (SELECT min(id) FROM message)",
		"UPDATE message SET state = 8 WHERE id IN"
		" (SELECT min(id) FROM message)"
	};
	struct kit *k = *state;
	struct contact b, c;
	struct seen seen;
	size_t len, i, n, damaged;
	struct db *db;
	char *good;

	fill(k, &b, &c);
	good = kit_read_file(k->path, &len);
	for (i = 0; i < sizeof(tampering) / sizeof(tampering[0]); i++) {
		kit_write_file(k->path, good, len);
		db = db_open(k->path, DB_NORMAL, NULL, 0, &k->e);
		assert_non_null(db);
		assert_int_equal(db_exec(db, tampering[i], &k->e), 0);
		db_close(db);
		kit_open(k);
		assert_int_equal(kit_page(k, b.row, &seen), 0);
		n = seen.n;
		damaged = seen.damaged;
		assert_int_equal(kit_page(k, c.row, &seen), 0);
		assert_int_equal(n + seen.n, 2 * N_MESSAGES - 1);
		assert_int_equal(damaged + seen.damaged, 1);
		kit_close(k);
	}
	free(good);
}

static void
t_contacts_and_values_cannot_be_swapped(void **state)
{
	struct kit *k = *state;
	struct contact b, c;
	struct buf out;
	struct db *db;
	size_t n;

	fill(k, &b, &c);
	kit_open(k);
	assert_int_equal(store_set_value(k->store, "a", "1", 1, &k->e), 0);
	assert_int_equal(store_set_value(k->store, "b", "2", 1, &k->e), 0);
	kit_commit(k);
	kit_close(k);
	db = db_open(k->path, DB_NORMAL, NULL, 0, &k->e);
	assert_non_null(db);
	assert_int_equal(db_exec(db, "UPDATE value SET sealed = (SELECT sealed"
	    " FROM value WHERE name = 'b') WHERE name = 'a';"
	    "UPDATE contact SET who = (SELECT who FROM contact ORDER BY id"
	    " LIMIT 1)", &k->e), 0);
	db_close(db);
	kit_open(k);
	buf_init(&out);
	assert_int_equal(store_value(k->store, "a", &out, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_DAMAGED);
	assert_int_equal(store_value(k->store, "b", &out, &k->e), 1);
	assert_int_equal(out.len, 1);
	assert_int_equal(kit_count_contacts(k, &n), -1);
	assert_int_equal(k->e.status, STATUS_DAMAGED);
	assert_int_equal(n, 1);
	buf_clear(&out);
}

/* Whoever made the file, SQL of theirs is never run: a profile may have come
 * from somebody who sealed it for me. */
static void
t_tables_of_somebody_else_are_refused(void **state)
{
	static const char *const theirs[] = {
		"CREATE TRIGGER t AFTER INSERT ON message BEGIN"
		" DELETE FROM contact; END",
		"CREATE VIEW v AS SELECT 1",
		"CREATE TABLE more(a)",
		"CREATE INDEX i ON message(abs(state))",
		"CREATE TABLE more(a, b AS (abs(a)))",
		"ALTER TABLE value ADD COLUMN a INT CHECK(a < 9)",
		"DROP INDEX message_open",
		"ALTER TABLE contact RENAME TO was; CREATE TABLE contact("
		"id INTEGER PRIMARY KEY, who BLOB, numbers BLOB)",
	};
	struct kit *k = *state;
	struct contact b, c;
	size_t len;
	char *good;

	fill(k, &b, &c);
	good = kit_read_file(k->path, &len);
	for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++) {
		struct db *db;

		kit_write_file(k->path, good, len);
		db = db_open(k->path, DB_NORMAL, NULL, 0, &k->e);
		assert_non_null(db);
		if (db_exec(db, theirs[i], &k->e) != 0)
			fail_msg("%s: %s", theirs[i], k->e.what);
		db_close(db);
		memset(&k->e, 0, sizeof(k->e));
		k->store = store_open(k->path, k->vault, &k->e);
		if (k->store)
			fail_msg("taken: %s", theirs[i]);
		assert_int_equal(k->e.status, STATUS_DAMAGED);
	}
	kit_write_file(k->path, good, len);
	assert_int_equal(read_all(k, &b, &c), 2 * N_MESSAGES);
	free(good);
}

#define WITH_KIT(f) cmocka_unit_test_setup_teardown(f, kit_make, kit_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KIT(row_16_zeroed_page),
		WITH_KIT(row_16_truncation),
		WITH_KIT(row_16_bit_flips),
		WITH_KIT(row_16_random_bytes),
		WITH_KIT(row_16_recovered_goes_on),
		WITH_KIT(row_17_not_a_database),
		WITH_KIT(row_18_newer_version),
		WITH_KIT(row_19_wal_deleted),
		WITH_KIT(row_19_wal_of_another_database),
		WITH_KIT(row_19_wal_without_its_database),
		WITH_KIT(row_20_migration_is_old_or_new),
		WITH_KIT(t_another_identitys_database_is_refused),
		WITH_KIT(t_tables_of_somebody_else_are_refused),
		WITH_KIT(t_rows_cannot_be_swapped),
		WITH_KIT(t_contacts_and_values_cannot_be_swapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
