#include "move.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "crate.h"
#include "file.h"
#include "kit.h"
#include "parcel.h"

static const char secret[] = "battery staple";
static const char settings[] = "lan = contacts\n";

/* One who leaves, the file between, one who comes. */
struct trip {
	struct profile from, to;
	char *file;
};

static char *
path_in(const struct kit *k, const char *name)
{
	return file_join(k->dir, name);
}

static void
begin(struct kit *k, struct trip *t)
{
	char *to = path_in(k, "new");

	assert_int_equal(profile_init(&t->from, k->dir, NULL, &k->e), 0);
	assert_int_equal(profile_hold(&t->from, &k->e), 0);
	assert_int_equal(profile_keep(&t->from, k->vault, NULL, &k->e), 0);
	kit_open(k);
	kit_contact(k, "Bob");
	kit_close(k);
	kit_write_file(t->from.config, settings, sizeof(settings) - 1);
	assert_int_equal(profile_init(&t->to, to, NULL, &k->e), 0);
	assert_int_equal(profile_hold(&t->to, &k->e), 0);
	t->file = path_in(k, "moved");
	free(to);
}

static void
end(struct trip *t)
{
	const struct profile *const both[] = { &t->from, &t->to };

	for (size_t i = 0; i < 2; i++) {
		unlink(both[i]->config);
		unlink(both[i]->db);
		unlink(both[i]->identity);
		unlink(both[i]->lock);
	}
	unlink(t->file);
	rmdir(t->to.dir);
	free(t->file);
	profile_clear(&t->from);
	profile_clear(&t->to);
}

static void
pack(struct kit *k, const struct trip *t)
{
	uint64_t n;

	if (move_out(&t->from, t->file, secret, &vault_least_cost, &n,
	    &k->e) != 0)
		fail_msg("%s", k->e.what);
}

static void
assert_nobody(const struct profile *p)
{
	assert_false(file_exists(p->identity));
	assert_false(file_exists(p->db));
	assert_false(file_exists(p->config));
	assert_false(profile_is_half_moved(p));
	assert_int_equal(profile_identity_state(p, NULL), 2);
}

static void
assert_same_file(const char *a, const char *b)
{
	size_t a_len, b_len;
	char *x = kit_read_file(a, &a_len), *y = kit_read_file(b, &b_len);

	assert_int_equal(a_len, b_len);
	assert_memory_equal(x, y, a_len);
	free(x);
	free(y);
}

static void
t_a_profile_carries_on_elsewhere(void **state)
{
	struct kit *k = *state;
	struct trip t;
	struct stat st;
	uint64_t n;
	struct vault *v;
	struct store *s;
	char *part;

	begin(k, &t);
	assert_int_equal(move_out(&t.from, t.file, secret, &vault_least_cost,
	    &n, &k->e), 0);
	assert_int_equal(stat(t.file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, n);
	part = mem_printf("%s.part", t.file);
	assert_false(file_exists(part));
	free(part);
	assert_int_equal(move_look(t.file, &k->e), 0);
	assert_int_equal(move_in(&t.to, t.file, secret, NULL, &k->e), 0);
	assert_same_file(t.from.identity, t.to.identity);
	assert_same_file(t.from.db, t.to.db);
	assert_same_file(t.from.config, t.to.config);
	assert_int_equal(stat(t.to.identity, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(t.to.db, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	v = profile_unlock(&t.to, NULL, &k->e);
	assert_non_null(v);
	s = store_open(t.to.db, v, &k->e);
	assert_non_null(s);
	store_close(s);
	vault_free(v);
	end(&t);
}

static void
t_without_settings_there_are_none(void **state)
{
	struct kit *k = *state;
	struct trip t;

	begin(k, &t);
	unlink(t.from.config);
	pack(k, &t);
	assert_int_equal(move_in(&t.to, t.file, secret, NULL, &k->e), 0);
	assert_false(file_exists(t.to.config));
	assert_int_equal(profile_identity_state(&t.to, &k->e), 0);
	end(&t);
}

static void
t_nothing_is_overwritten(void **state)
{
	struct kit *k = *state;
	struct trip t;
	uint64_t n;

	begin(k, &t);
	kit_write_file(t.file, "precious", 8);
	assert_int_equal(move_out(&t.from, t.file, secret, &vault_least_cost,
	    &n, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_CANNOT_CREATE);
	unlink(t.file);
	pack(k, &t);
	/* Where somebody lives. */
	assert_int_equal(move_in(&t.from, t.file, secret, NULL, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_CANNOT_CREATE);
	assert_non_null(strstr(k->e.what, t.from.identity));
	/* Where somebody's settings are, or somebody's database. */
	kit_write_file(t.to.config, "", 0);
	assert_int_equal(move_in(&t.to, t.file, secret, NULL, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_CANNOT_CREATE);
	unlink(t.to.config);
	kit_write_file(t.to.db, "", 0);
	assert_int_equal(move_in(&t.to, t.file, secret, NULL, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_CANNOT_CREATE);
	end(&t);
}

static void
t_a_damaged_file_leaves_nothing(void **state)
{
	static const size_t cuts[] = { 0, 1, PARCEL_HEAD - 1, PARCEL_HEAD,
		PARCEL_HEAD + 15, PARCEL_HEAD + 5000 };
	struct kit *k = *state;
	struct trip t;
	size_t len;
	char *file;

	begin(k, &t);
	pack(k, &t);
	file = kit_read_file(t.file, &len);
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		kit_write_file(t.file, file, cuts[i]);
		assert_int_equal(move_in(&t.to, t.file, secret, NULL,
		    &k->e), -1);
		assert_int_equal(k->e.status, STATUS_DAMAGED);
		assert_nobody(&t.to);
	}
	for (size_t i = PARCEL_HEAD; i < len; i += len / 7) {
		file[i] ^= 1;
		kit_write_file(t.file, file, len);
		assert_int_equal(move_in(&t.to, t.file, secret, NULL,
		    &k->e), -1);
		assert_int_equal(k->e.status, STATUS_DAMAGED);
		assert_nobody(&t.to);
		file[i] ^= 1;
	}
	file = mem_resize(file, len + 1, 1);
	file[len] = 0;
	kit_write_file(t.file, file, len + 1);
	assert_int_equal(move_in(&t.to, t.file, secret, NULL, &k->e), -1);
	assert_nobody(&t.to);
	kit_write_file(t.file, file, len);
	assert_int_equal(move_in(&t.to, t.file, "another", NULL, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_DENIED);
	assert_nobody(&t.to);
	assert_int_equal(move_in(&t.to, t.file, secret, NULL, &k->e), 0);
	free(file);
	end(&t);
}

static void
t_foreign_files_are_told(void **state)
{
	struct kit *k = *state;
	struct trip t;

	begin(k, &t);
	assert_int_equal(move_look(t.file, &k->e), -1);
	kit_write_file(t.file, "GIF89a", 6);
	assert_int_equal(move_look(t.file, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_DAMAGED);
	kit_assert_says(&k->e, "not an export");
	assert_int_equal(move_look(k->dir, &k->e), -1);
	assert_int_equal(move_look("/dev/null", &k->e), -1);
	end(&t);
}

/* As a SIGKILL before the identity got its name leaves it. */
static void
row_07_an_interrupted_import_is_no_profile(void **state)
{
	struct kit *k = *state;
	struct trip t;
	char *half;
	struct err e;

	begin(k, &t);
	pack(k, &t);
	assert_int_equal(move_in(&t.to, t.file, secret, NULL, &k->e), 0);
	half = mem_printf("%s" MOVE_SUFFIX, t.to.identity);
	assert_int_equal(rename(t.to.identity, half), 0);
	assert_true(profile_is_half_moved(&t.to));
	assert_int_equal(profile_identity_state(&t.to, &e), -1);
	assert_int_equal(e.status, STATUS_DAMAGED);
	assert_non_null(strstr(e.next, "import again"));
	assert_null(profile_unlock(&t.to, NULL, &e));
	assert_int_equal(move_in(&t.to, t.file, secret, NULL, &k->e), 0);
	assert_false(file_exists(half));
	assert_int_equal(profile_identity_state(&t.to, &e), 0);
	assert_same_file(t.from.db, t.to.db);
	free(half);
	end(&t);
}

/* ---- what comes along ---------------------------------------------------- */

static int
refuse_settings(const char *path, struct err *e)
{
	assert_true(file_exists(path));
	return err_set(e, STATUS_CONFIG, "not these");
}

static int
change_settings(const char *path, struct err *e)
{
	return file_write(path, "bell = off\n", 11, 0600, e);
}

static void
t_settings_are_looked_at_before_they_count(void **state)
{
	struct kit *k = *state;
	struct trip t;
	size_t len;
	char *got;

	begin(k, &t);
	pack(k, &t);
	assert_int_equal(move_in(&t.to, t.file, secret, refuse_settings,
	    &k->e), -1);
	assert_int_equal(k->e.status, STATUS_CONFIG);
	assert_nobody(&t.to);
	assert_int_equal(move_in(&t.to, t.file, secret, change_settings,
	    &k->e), 0);
	got = kit_read_file(t.to.config, &len);
	assert_int_equal(len, 11);
	free(got);
	end(&t);
}

static const struct profile *in_the_way;

/* The last thing before files get their names. */
static int
block_identity(const char *path, struct err *e)
{
	(void)path;
	(void)e;
	return mkdir(in_the_way->identity, 0700);
}

static void
t_an_import_that_failed_halfway_is_repeated(void **state)
{
	struct kit *k = *state;
	struct trip t;

	begin(k, &t);
	pack(k, &t);
	in_the_way = &t.to;
	assert_int_equal(move_in(&t.to, t.file, secret, block_identity,
	    &k->e), -1);
	assert_true(file_exists(t.to.db));
	assert_int_equal(rmdir(t.to.identity), 0);
	assert_int_equal(profile_identity_state(&t.to, &k->e), -1);
	kit_assert_says(&k->e, "interrupted");
	assert_int_equal(move_in(&t.to, t.file, secret, NULL, &k->e), 0);
	assert_int_equal(profile_identity_state(&t.to, &k->e), 0);
	end(&t);
}

static void
t_a_part_that_is_not_ours_stays(void **state)
{
	struct kit *k = *state;
	struct trip t;
	char *part, *got;
	uint64_t n;
	size_t len;

	begin(k, &t);
	part = mem_printf("%s.part", t.file);
	kit_write_file(part, "my film", 7);
	assert_int_equal(move_out(&t.from, t.file, secret, &vault_least_cost,
	    &n, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_CANNOT_CREATE);
	kit_assert_says(&k->e, ".part is there already");
	got = kit_read_file(part, &len);
	assert_int_equal(len, 7);
	free(got);
	/* A link to elsewhere neither. */
	assert_int_equal(unlink(part), 0);
	assert_int_equal(symlink(t.from.config, part), 0);
	assert_int_equal(move_out(&t.from, t.file, secret, &vault_least_cost,
	    &n, &k->e), -1);
	assert_int_equal(unlink(part), 0);
	/* What a killed export left is. */
	kit_write_file(part, "P2PX\1", 5);
	pack(k, &t);
	assert_false(file_exists(part));
	free(part);
	end(&t);
}

static void
t_a_log_without_its_database_is_in_the_way(void **state)
{
	struct kit *k = *state;
	struct trip t;
	char *wal;

	begin(k, &t);
	pack(k, &t);
	wal = mem_printf("%s-wal", t.to.db);
	kit_write_file(wal, "x", 1);
	assert_int_equal(move_in(&t.to, t.file, secret, NULL, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_CANNOT_CREATE);
	unlink(wal);
	free(wal);
	end(&t);
}

static void
t_the_passphrase_of_the_profile_stays(void **state)
{
	struct kit *k = *state;
	struct trip t;
	struct vault *v;

	begin(k, &t);
	assert_int_equal(profile_keep(&t.from, k->vault, "of the profile",
	    &k->e), 0);
	pack(k, &t);
	assert_int_equal(move_in(&t.to, t.file, secret, NULL, &k->e), 0);
	assert_int_equal(profile_identity_state(&t.to, &k->e), 1);
	assert_null(profile_unlock(&t.to, secret, &k->e));
	v = profile_unlock(&t.to, "of the profile", &k->e);
	assert_non_null(v);
	vault_free(v);
	end(&t);
}

/* ---- what lies in it ----------------------------------------------------- */

struct got {
	size_t n[CRATE_KINDS];
};

static int
on_bytes(void *arg, enum crate_kind kind, const void *p, size_t n,
    struct err *e)
{
	struct got *g = arg;

	(void)p;
	(void)e;
	g->n[kind] += n;
	return 0;
}

struct entry {
	int kind;
	uint64_t len;			/* as it says; a few bytes follow */
	size_t bytes;
};

/* In pieces of `step` bytes; 1: whole, 0: not yet, -1: refused. */
static int
take(const struct entry *rows, size_t n, size_t step, struct got *g)
{
	struct crate c = { .arg = g, .bytes = on_bytes };
	struct err e;
	struct buf b;
	int rc = 0;

	memset(g, 0, sizeof(*g));
	buf_init(&b);
	for (size_t i = 0; i < n; i++) {
		uint8_t head[CRATE_ENTRY];

		crate_head(head, (enum crate_kind)rows[i].kind, rows[i].len);
		buf_put(&b, head, sizeof(head));
		for (size_t j = 0; j < rows[i].bytes; j++)
			buf_put(&b, "x", 1);
	}
	for (size_t at = 0; at < b.len && rc == 0; at += step)
		rc = crate_take(&c, b.at + at, b.len - at < step ?
		    b.len - at : step, &e);
	buf_clear(&b);
	return rc < 0 ? -1 : crate_is_whole(&c);
}

static void
t_a_crate_comes_in_pieces_of_any_size(void **state)
{
	static const struct entry rows[] = {
		{ CRATE_IDENTITY, 196, 196 }, { CRATE_CONFIG, 0, 0 },
		{ CRATE_DATABASE, 300, 300 }, { CRATE_END, 0, 0 }
	};
	struct got g;

	(void)state;
	for (size_t step = 1; step < 600; step++) {
		assert_int_equal(take(rows, 4, step, &g), 1);
		assert_int_equal(g.n[CRATE_IDENTITY], 196);
		assert_int_equal(g.n[CRATE_CONFIG], 0);
		assert_int_equal(g.n[CRATE_DATABASE], 300);
		assert_int_equal(take(rows, 3, step, &g), 0);
	}
}

static void
t_a_crate_out_of_order_is_refused(void **state)
{
	static const struct {
		struct entry rows[4];
		size_t n;
	} bad[] = {
		{ { { CRATE_END, 0, 0 } }, 1 },
		{ { { CRATE_IDENTITY, 4, 4 }, { CRATE_END, 0, 0 } }, 2 },
		{ { { CRATE_DATABASE, 4, 4 }, { CRATE_IDENTITY, 4, 4 } }, 2 },
		{ { { CRATE_IDENTITY, 4, 4 }, { CRATE_IDENTITY, 4, 4 } }, 2 },
		{ { { CRATE_IDENTITY, 4, 4 }, { 9, 4, 4 } }, 2 },
		{ { { CRATE_IDENTITY, 1 << 20, 4 } }, 1 },
		{ { { CRATE_CONFIG, CRATE_CONFIG_MAX + 1, 4 } }, 1 },
		{ { { CRATE_DATABASE, UINT64_MAX, 4 } }, 1 },
		{ { { CRATE_IDENTITY, 4, 4 }, { CRATE_DATABASE, 4, 4 },
		    { CRATE_END, 1, 1 } }, 3 },
		{ { { CRATE_IDENTITY, 4, 4 }, { CRATE_DATABASE, 4, 4 },
		    { CRATE_END, 0, 1 } }, 3 },
	};
	struct got g;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (size_t step = 1; step < 40; step += 13)
			assert_int_equal(take(bad[i].rows, bad[i].n, step,
			    &g), -1);
}

#define WITH_KIT(f) cmocka_unit_test_setup_teardown(f, kit_make, kit_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KIT(t_a_profile_carries_on_elsewhere),
		WITH_KIT(t_without_settings_there_are_none),
		WITH_KIT(t_nothing_is_overwritten),
		WITH_KIT(t_a_damaged_file_leaves_nothing),
		WITH_KIT(t_foreign_files_are_told),
		WITH_KIT(row_07_an_interrupted_import_is_no_profile),
		WITH_KIT(t_settings_are_looked_at_before_they_count),
		WITH_KIT(t_an_import_that_failed_halfway_is_repeated),
		WITH_KIT(t_a_part_that_is_not_ours_stays),
		WITH_KIT(t_a_log_without_its_database_is_in_the_way),
		WITH_KIT(t_the_passphrase_of_the_profile_stays),
		cmocka_unit_test(t_a_crate_comes_in_pieces_of_any_size),
		cmocka_unit_test(t_a_crate_out_of_order_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
