#include "kit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "mem.h"

static void
t_what_was_committed_is_there_after_a_restart(void **state)
{
	struct kit *k = *state;
	struct seen seen;
	struct contact c;
	size_t n;

	kit_open(k);
	c = kit_contact(k, "bob");
	kit_add(k, c.row, 1, MSG_QUEUED);
	kit_add(k, c.row, 2, MSG_UNREAD);
	kit_commit(k);
	kit_close(k);
	assert_int_equal(access(k->wal, F_OK), -1);

	kit_open(k);
	assert_int_equal(kit_count_contacts(k, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(kit_page(k, c.row, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.damaged, 0);
	assert_int_equal(seen.at[0].number, 2);
	assert_int_equal(seen.at[0].state, MSG_UNREAD);
	assert_int_equal(seen.at[1].number, 1);
	assert_int_equal(seen.at[1].contact, c.row);
}

static void
row_02_committed_before_a_kill_is_owed_after_it(void **state)
{
	struct kit *k = *state;
	struct seen seen;
	struct contact c;

	kit_open(k);
	c = kit_contact(k, "bob");
	kit_add(k, c.row, 1, MSG_QUEUED);
	kit_commit(k);
	kit_add(k, c.row, 2, MSG_QUEUED);	/* and killed before commit */
	kit_crash(k);

	kit_open(k);
	assert_int_equal(kit_open_items(k, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.at[0].number, 1);
	assert_int_equal(seen.at[0].state, MSG_QUEUED);
}

static void
t_files_are_private(void **state)
{
	struct kit *k = *state;
	struct stat st;

	umask(0);
	kit_open(k);
	kit_contact(k, "bob");
	assert_int_equal(stat(k->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(k->wal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
t_nothing_readable_lies_on_the_disk(void **state)
{
	struct kit *k = *state;
	struct contact c;
	char *files[2], *found;
	size_t len[2], i;

	kit_open(k);
	c = kit_contact(k, "bobbie-the-builder");
	kit_add(k, c.row, 12345, MSG_QUEUED);
	assert_int_equal(store_set_value(k->store, "name", "Lena-Lena", 9,
	    &k->e), 0);
	kit_commit(k);
	files[0] = kit_read_file(k->path, &len[0]);
	files[1] = kit_read_file(k->wal, &len[1]);
	for (i = 0; i < 2; i++) {
		found = memmem(files[i], len[i], "12345", 5);
		assert_null(found);
		assert_null(memmem(files[i], len[i], "bobbie", 6));
		assert_null(memmem(files[i], len[i], "Lena", 4));
		free(files[i]);
	}
	assert_true(len[1] > 0);
}

static void
t_rollback_forgets_the_turn(void **state)
{
	struct kit *k = *state;
	struct seen seen;
	struct contact c;

	kit_open(k);
	c = kit_contact(k, "bob");
	assert_false(store_is_dirty(k->store));
	kit_add(k, c.row, 1, MSG_QUEUED);
	assert_true(store_is_dirty(k->store));
	store_rollback(k->store);
	assert_false(store_is_dirty(k->store));
	assert_int_equal(kit_page(k, c.row, &seen), 0);
	assert_int_equal(seen.n, 0);
	assert_int_equal(store_commit(k->store, &k->e), 0);
}

static void
t_one_failed_change_fails_its_turn(void **state)
{
	struct kit *k = *state;
	struct contact ghost = { .row = 99, .trust = TRUST_PAIRED };
	struct message m = { .kind = MSG_TEXT, .state = MSG_QUEUED,
	    .mine = true, .text = "message 2", .len = 9 };
	struct seen seen;
	struct contact c;

	kit_open(k);
	c = kit_contact(k, "bob");
	m.contact = c.row;
	kit_add(k, c.row, 1, MSG_QUEUED);
	assert_int_equal(contact_put(k->store, &ghost, &k->e), -1);
	/* Not a fresh transaction behind the back of who lost the first. */
	assert_int_equal(message_add(k->store, &m, &k->e), -1);
	assert_true(store_is_dirty(k->store));
	assert_int_equal(store_commit(k->store, &k->e), -1);
	assert_string_not_equal(k->e.what, "");
	assert_int_equal(kit_page(k, c.row, &seen), 0);
	assert_int_equal(seen.n, 0);
	/* Said once, it is over. */
	kit_add(k, c.row, 3, MSG_QUEUED);
	kit_commit(k);
	assert_int_equal(kit_page(k, c.row, &seen), 0);
	assert_int_equal(seen.n, 1);
}

static void
t_rows_grow_and_are_never_used_again(void **state)
{
	struct kit *k = *state;
	struct contact c, d;
	uint64_t last, row;
	int i;

	kit_open(k);
	c = kit_contact(k, "bob");
	last = kit_add(k, c.row, 1, MSG_QUEUED);
	for (i = 0; i < 5000; i++) {
		row = kit_add(k, c.row, 2, MSG_SEEN);
		assert_true(row > last);
		last = row;
	}
	kit_commit(k);
	assert_int_equal(message_remove(k->store, last, &k->e), 0);
	kit_commit(k);
	kit_crash(k);

	kit_open(k);
	row = kit_add(k, c.row, 3, MSG_QUEUED);
	assert_true(row > last);
	/* Rolled back or not. */
	store_rollback(k->store);
	last = kit_add(k, c.row, 4, MSG_QUEUED);
	assert_true(last > row);
	kit_commit(k);
	kit_close(k);

	kit_open(k);
	assert_true(kit_add(k, c.row, 5, MSG_QUEUED) > last);
	assert_int_equal(contact_remove(k->store, c.row, &k->e), 0);
	kit_commit(k);
	d = kit_contact(k, "carol");
	assert_true(d.row > c.row);
	kit_close(k);
}

static void
t_page_is_newest_first_and_of_one_contact(void **state)
{
	struct kit *k = *state;
	struct seen seen = { 0 };
	struct contact b, c;
	unsigned int i;

	kit_open(k);
	b = kit_contact(k, "bob");
	c = kit_contact(k, "carol");
	for (i = 1; i <= 100; i++)
		kit_add(k, i % 2 != 0 ? b.row : c.row, i, MSG_SEEN);
	kit_commit(k);
	assert_int_equal(message_page(k->store, b.row, 0, 10, kit_see, &seen,
	    NULL, &k->e), 0);
	assert_int_equal(seen.n, 10);
	for (i = 0; i < 10; i++) {
		assert_int_equal(seen.at[i].number, 99 - 2 * i);
		assert_int_equal(seen.at[i].contact, b.row);
	}
	/* The page before it. */
	assert_int_equal(message_page(k->store, b.row, seen.at[9].row, 100,
	    kit_see, &seen, NULL, &k->e), 0);
	assert_int_equal(seen.n, 50);
	assert_int_equal(seen.at[10].number, 79);
	assert_int_equal(seen.at[49].number, 1);
}

static int
stop_at_two(void *arg, const struct message *m)
{
	(void)m;
	return ++*(int *)arg == 2;
}

static void
t_a_walk_stops_when_told_and_can_start_again(void **state)
{
	struct kit *k = *state;
	struct contact c;
	int n = 0;

	kit_open(k);
	c = kit_contact(k, "bob");
	kit_add(k, c.row, 1, MSG_QUEUED);
	kit_add(k, c.row, 2, MSG_QUEUED);
	kit_add(k, c.row, 3, MSG_QUEUED);
	kit_commit(k);
	assert_int_equal(message_page(k->store, c.row, 0, 9, stop_at_two, &n,
	    NULL, &k->e), 0);
	assert_int_equal(n, 2);
	n = 0;
	assert_int_equal(message_open_items(k->store, stop_at_two, &n, NULL,
	    &k->e), 0);
	assert_int_equal(n, 2);
	n = 0;
	assert_int_equal(message_page(k->store, c.row, 0, 9, stop_at_two, &n,
	    NULL, &k->e), 0);
	assert_int_equal(n, 2);
}

static void
t_open_items_are_the_owed_and_the_unread(void **state)
{
	struct kit *k = *state;
	struct seen seen;
	struct contact c;
	uint64_t row[8];
	unsigned int i;

	kit_open(k);
	c = kit_contact(k, "bob");
	for (i = MSG_QUEUED; i <= MSG_SEEN; i++)
		row[i] = kit_add(k, c.row, i, (enum msg_state)i);
	kit_commit(k);
	assert_int_equal(kit_open_items(k, &seen), 0);
	assert_int_equal(seen.n, 3);
	assert_int_equal(seen.at[0].state, MSG_QUEUED);
	assert_int_equal(seen.at[1].state, MSG_STORED);
	assert_int_equal(seen.at[2].state, MSG_UNREAD);

	assert_int_equal(message_set_state(k->store, row[MSG_QUEUED],
	    MSG_DELIVERED, &k->e), 0);
	kit_commit(k);
	kit_close(k);
	kit_open(k);
	assert_int_equal(kit_open_items(k, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(seen.at[0].state, MSG_STORED);
}

static void
t_runs_touch_one_contact_and_one_direction(void **state)
{
	struct kit *k = *state;
	struct contact b, c;
	struct seen seen;
	uint64_t first = 0, last = 0, row;
	unsigned int i;

	kit_open(k);
	b = kit_contact(k, "bob");
	c = kit_contact(k, "carol");
	for (i = 1; i <= 10; i++) {
		row = kit_add(k, b.row, i, MSG_QUEUED);
		if (i == 3)
			first = row;
		if (i == 8)
			last = row;
		kit_add(k, b.row, 100 + i, MSG_UNREAD);
		kit_add(k, c.row, 200 + i, MSG_QUEUED);
	}
	kit_commit(k);
	assert_int_equal(message_set_state_run(k->store, b.row, true, first,
	    last, MSG_DELIVERED, &k->e), 0);
	kit_commit(k);
	assert_int_equal(kit_open_items(k, &seen), 0);
	assert_int_equal(seen.n, 24);
	assert_int_equal(message_remove_run(k->store, b.row, true, first,
	    last, &k->e), 0);
	kit_commit(k);
	assert_int_equal(kit_page(k, b.row, &seen), 0);
	assert_int_equal(seen.n, 14);
	/* The widest run is still of one contact. */
	assert_int_equal(message_remove_run(k->store, b.row, true, 0,
	    UINT64_MAX, &k->e), 0);
	assert_int_equal(message_remove_run(k->store, b.row, false, 0,
	    UINT64_MAX, &k->e), 0);
	kit_commit(k);
	assert_int_equal(kit_page(k, b.row, &seen), 0);
	assert_int_equal(seen.n, 0);
	assert_int_equal(kit_page(k, c.row, &seen), 0);
	assert_int_equal(seen.n, 10);
}

static void
t_forget_keeps_what_is_owed_or_unread(void **state)
{
	struct kit *k = *state;
	struct contact b, c;
	struct seen seen;
	unsigned int i;

	kit_open(k);
	b = kit_contact(k, "bob");
	c = kit_contact(k, "carol");
	for (i = MSG_QUEUED; i <= MSG_SEEN; i++) {
		kit_add(k, b.row, i, (enum msg_state)i);
		kit_add(k, c.row, i, (enum msg_state)i);
	}
	kit_commit(k);
	assert_int_equal(message_forget(k->store, b.row, &k->e), 0);
	kit_commit(k);
	assert_int_equal(kit_page(k, b.row, &seen), 0);
	assert_int_equal(seen.n, 3);
	assert_int_equal(kit_page(k, c.row, &seen), 0);
	assert_int_equal(seen.n, 7);
	assert_int_equal(message_forget(k->store, 0, &k->e), 0);
	kit_commit(k);
	assert_int_equal(kit_page(k, c.row, &seen), 0);
	assert_int_equal(seen.n, 3);
}

static void
t_a_contact_goes_with_its_messages(void **state)
{
	struct kit *k = *state;
	struct contact b, c;
	struct seen seen;
	size_t n;

	kit_open(k);
	b = kit_contact(k, "bob");
	c = kit_contact(k, "carol");
	kit_add(k, b.row, 1, MSG_QUEUED);
	kit_add(k, c.row, 2, MSG_QUEUED);
	kit_commit(k);
	assert_int_equal(contact_remove(k->store, b.row, &k->e), 0);
	kit_commit(k);
	assert_int_equal(kit_open_items(k, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.at[0].contact, c.row);
	assert_int_equal(kit_count_contacts(k, &n), 0);
	assert_int_equal(n, 1);
}

static int
copy_contact(void *arg, const struct contact *c, const uint8_t *numbers,
    size_t len)
{
	struct contact *out = arg;

	*out = *c;
	assert_int_equal(len, 3);
	assert_memory_equal(numbers, "\0\1\2", 3);
	return 0;
}

static void
t_a_contact_comes_back_as_it_was(void **state)
{
	struct kit *k = *state;
	struct contact in, out = { 0 };

	kit_open(k);
	memset(&in, 0, sizeof(in));
	memset(in.keys.ed, 0xed, sizeof(in.keys.ed));
	memset(in.keys.x, 0x17, sizeof(in.keys.x));
	in.trust = TRUST_ACCEPTED;
	in.suite = 3;
	in.serial = UINT64_MAX;
	snprintf(in.name, sizeof(in.name), "%064d", 1);
	snprintf(in.where, sizeof(in.where), "[::1]:54545");
	in.since_ms = -1;
	in.seen_ms = INT64_MAX;
	assert_int_equal(contact_put(k->store, &in, &k->e), 0);
	assert_int_equal(contact_put_numbers(k->store, in.row, "\0\1\2", 3,
	    &k->e), 0);
	/* An update leaves the numbers alone. */
	in.trust = TRUST_BLOCKED;
	in.admitted = true;
	snprintf(in.alias, sizeof(in.alias), "B");
	assert_int_equal(contact_put(k->store, &in, &k->e), 0);
	kit_commit(k);
	kit_close(k);
	kit_open(k);
	assert_int_equal(contact_each(k->store, copy_contact, &out, &k->e),
	    0);
	assert_int_equal(out.row, in.row);
	assert_true(keys_equal(&out.keys, &in.keys));
	assert_int_equal(out.trust, TRUST_BLOCKED);
	assert_true(out.admitted);
	assert_int_equal(out.suite, 3);
	assert_true(out.serial == UINT64_MAX);
	assert_string_equal(out.name, in.name);
	assert_string_equal(out.alias, "B");
	assert_string_equal(out.where, in.where);
	assert_true(out.since_ms == -1 && out.seen_ms == INT64_MAX);
}

static void
t_values_are_found_by_name(void **state)
{
	struct kit *k = *state;
	struct buf b;

	kit_open(k);
	buf_init(&b);
	assert_int_equal(store_value(k->store, "epoch", &b, &k->e), 0);
	assert_int_equal(store_set_value(k->store, "epoch", "one", 3, &k->e),
	    0);
	assert_int_equal(store_set_value(k->store, "epoch", "two", 3, &k->e),
	    0);
	assert_int_equal(store_set_value(k->store, "empty", NULL, 0, &k->e),
	    0);
	kit_commit(k);
	kit_close(k);
	kit_open(k);
	assert_int_equal(store_value(k->store, "epoch", &b, &k->e), 1);
	assert_int_equal(store_value(k->store, "empty", &b, &k->e), 1);
	assert_int_equal(b.len, 3);
	assert_memory_equal(b.at, "two", 3);
	buf_clear(&b);
}

static void
t_a_store_without_a_path_keeps_nothing(void **state)
{
	struct kit *k = *state;
	struct store *s = store_open(NULL, NULL, &k->e);
	struct contact c = { .trust = TRUST_PAIRED };
	struct message m = { .kind = MSG_TEXT, .text = "x", .len = 1 };
	struct seen seen = { 0 };
	struct buf b;
	uint64_t row;

	assert_non_null(s);
	assert_false(store_is_kept(s));
	assert_int_equal(contact_put(s, &c, &k->e), 0);
	assert_true(c.row != 0);
	m.contact = c.row;
	assert_int_equal(message_add(s, &m, &k->e), 0);
	row = m.row;
	assert_int_equal(message_add(s, &m, &k->e), 0);
	assert_true(m.row > row && row != 0);
	assert_int_equal(contact_put_numbers(s, c.row, "x", 1, &k->e), 0);
	assert_int_equal(message_set_state(s, row, MSG_READ, &k->e), 0);
	assert_int_equal(message_remove(s, row, &k->e), 0);
	assert_int_equal(message_remove_run(s, c.row, true, 0, 9, &k->e), 0);
	assert_int_equal(message_set_state_run(s, c.row, true, 0, 9,
	    MSG_READ, &k->e), 0);
	assert_int_equal(message_forget(s, 0, &k->e), 0);
	assert_int_equal(contact_remove(s, c.row, &k->e), 0);
	assert_int_equal(store_set_value(s, "x", "y", 1, &k->e), 0);
	assert_false(store_is_dirty(s));
	assert_int_equal(store_commit(s, &k->e), 0);
	store_rollback(s);
	buf_init(&b);
	assert_int_equal(store_value(s, "x", &b, &k->e), 0);
	assert_int_equal(message_page(s, c.row, 0, 9, kit_see, &seen, NULL,
	    &k->e), 0);
	assert_int_equal(message_open_items(s, kit_see, &seen, NULL, &k->e),
	    0);
	assert_int_equal(seen.n, 0);
	store_close(s);
}

static void
t_a_second_store_on_one_file_is_refused(void **state)
{
	struct kit *k = *state;
	struct store *other;
	struct err e;
	int status;
	pid_t pid;

	kit_open(k);
	kit_contact(k, "bob");
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		other = store_open(k->path, k->vault, &e);
		_exit(other == NULL ? (int)e.status : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), STATUS_TRY_AGAIN);
	kit_contact(k, "carol");
}

/* Bytes a file may have, of this process; 0: no limit but the hard one. */
static void
limit_files(rlim_t max)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = max != 0 ? max : r.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void
row_15_file_size_limit_is_a_full_disk(void **state)
{
	struct kit *k = *state;
	struct message m = { .kind = MSG_TEXT, .state = MSG_QUEUED,
	    .mine = true };
	struct seen seen;
	struct contact c;
	char big[16384];
	int i, rc = 0;

	signal(SIGXFSZ, SIG_IGN);
	kit_open(k);
	c = kit_contact(k, "bob");
	kit_add(k, c.row, 1, MSG_QUEUED);
	kit_commit(k);
	limit_files(128 * 1024);
	memset(big, 'x', sizeof(big));
	m.contact = c.row;
	m.text = big;
	m.len = sizeof(big);
	for (i = 0; i < 100 && rc == 0; i++) {
		rc = message_add(k->store, &m, &k->e);
		if (rc == 0)
			rc = store_commit(k->store, &k->e);
	}
	store_rollback(k->store);
	limit_files(0);
	assert_int_equal(rc, -1);
	assert_int_equal(k->e.status, STATUS_CANNOT_CREATE);
	kit_assert_says(&k->e, "disk full");
	assert_string_not_equal(k->e.next, "");
	/* What was said before stands, and there is room again. */
	assert_int_equal(message_remove_run(k->store, c.row, true,
	    m.row - 90, UINT64_MAX, &k->e), 0);
	kit_add(k, c.row, 2, MSG_QUEUED);
	kit_commit(k);
	kit_close(k);
	kit_open(k);
	assert_int_equal(kit_open_items(k, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.at[0].number, 2);
}

static void
row_11_read_only_home_at_start(void **state)
{
	struct kit *k = *state;

	if (geteuid() == 0)
		skip();
	assert_int_equal(chmod(k->dir, 0500), 0);
	k->store = store_open(k->path, k->vault, &k->e);
	assert_int_equal(chmod(k->dir, 0700), 0);
	assert_null(k->store);
	assert_int_equal(k->e.status, STATUS_CANNOT_CREATE);
	assert_string_not_equal(k->e.next, "");

	kit_open(k);
	kit_close(k);
	assert_int_equal(chmod(k->path, 0400), 0);
	assert_int_equal(chmod(k->dir, 0500), 0);
	k->store = store_open(k->path, k->vault, &k->e);
	assert_int_equal(chmod(k->dir, 0700), 0);
	assert_null(k->store);
	assert_int_equal(k->e.status, STATUS_CANNOT_CREATE);
	kit_assert_says(&k->e, "read-only");
}

/* Rows 28 and 29: an old copy is opened like any other; what it does not
 * remember, the counters of chat and the peers make good. */
static void
row_29_old_backup_opens_and_says_what_it_knew(void **state)
{
	struct kit *k = *state;
	struct seen seen;
	struct contact c;
	uint64_t lost;
	size_t len;
	char *old;

	kit_open(k);
	c = kit_contact(k, "bob");
	kit_add(k, c.row, 1, MSG_QUEUED);
	kit_commit(k);
	kit_close(k);
	old = kit_read_file(k->path, &len);
	kit_open(k);
	lost = kit_add(k, c.row, 2, MSG_QUEUED);
	kit_commit(k);
	kit_close(k);
	kit_write_file(k->path, old, len);
	free(old);

	kit_open(k);
	assert_int_equal(kit_open_items(k, &seen), 0);
	assert_int_equal(seen.n, 1);
	/* The copy gives the lost row's number away again: its bytes are
	 * sealed under a nonce of their own all the same. */
	assert_int_equal(kit_add(k, c.row, 3, MSG_QUEUED), lost);
	kit_commit(k);
	assert_int_equal(kit_open_items(k, &seen), 0);
	assert_int_equal(seen.n, 2);
}

static void
row_28_copied_home_opens_on_both_machines(void **state)
{
	struct kit *k = *state;
	struct seen seen;
	struct contact c;
	size_t db_len, wal_len;
	char *db, *wal;

	kit_open(k);
	c = kit_contact(k, "bob");
	kit_add(k, c.row, 1, MSG_QUEUED);
	kit_commit(k);
	/* Copied while it runs. */
	db = kit_read_file(k->path, &db_len);
	wal = kit_read_file(k->wal, &wal_len);
	kit_add(k, c.row, 2, MSG_QUEUED);
	kit_commit(k);
	kit_close(k);
	kit_write_file(k->path, db, db_len);
	kit_write_file(k->wal, wal, wal_len);
	free(db);
	free(wal);
	kit_open(k);
	assert_int_equal(kit_open_items(k, &seen), 0);
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.at[0].number, 1);
}

#define WITH_KIT(f) cmocka_unit_test_setup_teardown(f, kit_make, kit_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KIT(t_what_was_committed_is_there_after_a_restart),
		WITH_KIT(row_02_committed_before_a_kill_is_owed_after_it),
		WITH_KIT(t_files_are_private),
		WITH_KIT(t_nothing_readable_lies_on_the_disk),
		WITH_KIT(t_rollback_forgets_the_turn),
		WITH_KIT(t_one_failed_change_fails_its_turn),
		WITH_KIT(t_rows_grow_and_are_never_used_again),
		WITH_KIT(t_page_is_newest_first_and_of_one_contact),
		WITH_KIT(t_a_walk_stops_when_told_and_can_start_again),
		WITH_KIT(t_open_items_are_the_owed_and_the_unread),
		WITH_KIT(t_runs_touch_one_contact_and_one_direction),
		WITH_KIT(t_forget_keeps_what_is_owed_or_unread),
		WITH_KIT(t_a_contact_goes_with_its_messages),
		WITH_KIT(t_a_contact_comes_back_as_it_was),
		WITH_KIT(t_values_are_found_by_name),
		WITH_KIT(t_a_store_without_a_path_keeps_nothing),
		WITH_KIT(t_a_second_store_on_one_file_is_refused),
		WITH_KIT(row_11_read_only_home_at_start),
		WITH_KIT(row_15_file_size_limit_is_a_full_disk),
		WITH_KIT(row_28_copied_home_opens_on_both_machines),
		WITH_KIT(row_29_old_backup_opens_and_says_what_it_knew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
