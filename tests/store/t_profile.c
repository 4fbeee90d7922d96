#include "profile.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "file.h"
#include "kit.h"
#include "mem.h"

static const char *
path_in(const struct kit *k, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", k->dir, name);
	return path;
}

static void
start(struct kit *k, struct profile *p)
{
	if (profile_init(p, k->dir, NULL, &k->e) != 0)
		fail_msg("%s", k->e.what);
}

/* With an identity kept. */
static void
start_kept(struct kit *k, struct profile *p)
{
	start(k, p);
	if (profile_hold(p, &k->e) != 0 ||
	    profile_keep(p, k->vault, NULL, &k->e) != 0)
		fail_msg("%s", k->e.what);
}

static void
assert_ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	if (n < m || strcmp(s + n - m, end) != 0)
		fail_msg("%s does not end with %s", s, end);
}

static void
t_home_holds_everything(void **state)
{
	struct kit *k = *state;
	struct profile p;

	start(k, &p);
	assert_string_equal(p.config, path_in(k, "p2ptui.conf"));
	assert_string_equal(p.identity, path_in(k, "identity"));
	assert_string_equal(p.db, path_in(k, "p2ptui.db"));
	assert_string_equal(p.log, path_in(k, "p2ptui.log"));
	assert_string_equal(p.downloads, path_in(k, "downloads"));
	profile_clear(&p);
}

static void
t_xdg_variables_count_when_absolute(void **state)
{
	struct kit *k = *state;
	struct profile p;

	setenv("HOME", "/h", 1);
	setenv("XDG_CONFIG_HOME", "/c", 1);
	setenv("XDG_DATA_HOME", "relative/data", 1);
	unsetenv("XDG_STATE_HOME");
	setenv("XDG_RUNTIME_DIR", "relative/run", 1);
	assert_int_equal(profile_init(&p, NULL, NULL, &k->e), 0);
	assert_string_equal(p.config, "/c/p2ptui/p2ptui.conf");
	assert_string_equal(p.db, "/h/.local/share/p2ptui/p2ptui.db");
	assert_string_equal(p.log, "/h/.local/state/p2ptui/p2ptui.log");
	assert_string_equal(p.downloads, "/h/Downloads/p2ptui");
	assert_string_equal(p.links, "/h/.local/share/p2ptui/links");
	profile_clear(&p);

	setenv("XDG_RUNTIME_DIR", "/run/user/1000", 1);
	assert_int_equal(profile_init(&p, NULL, "work", &k->e), 0);
	assert_string_equal(p.config, "/c/p2ptui/work/p2ptui.conf");
	assert_string_equal(p.dir, "/h/.local/share/p2ptui/work");
	assert_ends_with(p.log, "/p2ptui/work/p2ptui.log");
	assert_string_equal(p.links, "/run/user/1000/p2ptui/work/links");
	profile_clear(&p);

	unsetenv("HOME");
	assert_int_equal(profile_init(&p, NULL, NULL, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_CANNOT_CREATE);
	profile_clear(&p);
}

static void
t_downloads_go_where_the_desktop_says(void **state)
{
	static const char dirs[] = "# comment\n"
	    "XDG_MUSIC_DIR=\"$HOME/Music\"\n"
	    "XDG_DOWNLOAD_DIR=\"$HOME/Got \\\"it\\\"\"\n";
	struct kit *k = *state;
	struct profile p;

	setenv("HOME", "/h", 1);
	setenv("XDG_CONFIG_HOME", k->dir, 1);
	kit_write_file(path_in(k, "user-dirs.dirs"), dirs,
	    sizeof(dirs) - 1);
	assert_int_equal(profile_init(&p, NULL, NULL, &k->e), 0);
	assert_string_equal(p.downloads, "/h/Got \"it\"/p2ptui");
	profile_clear(&p);
}

static void
t_profile_names_are_folder_names(void **state)
{
	static const char *const bad[] = {
		"", ".", "..", "a/b", "../a", ".hidden", "-rf", "a b",
		"a\nb", "\xc3\xa4"
	};
	struct kit *k = *state;
	struct profile p;
	char longest[128];
	size_t i;

	setenv("HOME", "/h", 1);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(profile_init(&p, NULL, bad[i], &k->e), -1);
		assert_int_equal(k->e.status, STATUS_USAGE);
		profile_clear(&p);
	}
	memset(longest, 'a', sizeof(longest));
	longest[65] = '\0';
	assert_int_equal(profile_init(&p, NULL, longest, &k->e), -1);
	profile_clear(&p);
	assert_int_equal(profile_init(&p, "/h", "a", &k->e), -1);
	assert_int_equal(k->e.status, STATUS_USAGE);
	profile_clear(&p);
	assert_int_equal(profile_init(&p, NULL, "a-b_c.9", &k->e), 0);
	profile_clear(&p);
}

static void
t_a_fresh_place_has_no_identity(void **state)
{
	struct kit *k = *state;
	struct profile p;

	start(k, &p);
	assert_int_equal(profile_identity_state(&p, &k->e), 2);
	assert_false(file_exists(p.lock));
	profile_clear(&p);
}

static void
t_a_kept_identity_is_unlocked_again(void **state)
{
	struct kit *k = *state;
	uint8_t a[32], b[32];
	struct profile p;
	struct vault *v;
	struct stat st;

	start_kept(k, &p);
	assert_int_equal(stat(p.identity, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(stat(p.dir, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(profile_identity_state(&p, &k->e), 0);
	v = profile_unlock(&p, NULL, &k->e);
	assert_non_null(v);
	vault_subkey(v, "message", a);
	vault_subkey(k->vault, "message", b);
	assert_memory_equal(a, b, 32);
	vault_free(v);
	profile_clear(&p);
}

static void
row_21_missing_beside_its_database(void **state)
{
	struct kit *k = *state;
	struct profile p;

	kit_open(k);
	kit_close(k);
	start(k, &p);
	assert_int_equal(profile_identity_state(&p, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_DAMAGED);
	assert_non_null(strstr(k->e.what, p.identity));
	assert_string_not_equal(k->e.next, "");
	assert_null(profile_unlock(&p, NULL, &k->e));
	assert_false(file_exists(p.identity));
	profile_clear(&p);
}

static void
row_21_open_to_others(void **state)
{
	static const mode_t modes[] = { 0644, 0640, 0604, 0660, 0601 };
	struct kit *k = *state;
	struct profile p;
	size_t i;

	start_kept(k, &p);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(p.identity, modes[i]), 0);
		assert_int_equal(profile_identity_state(&p, &k->e), -1);
		assert_int_equal(k->e.status, STATUS_DENIED);
		assert_non_null(strstr(k->e.next, "chmod 600"));
		assert_null(profile_unlock(&p, NULL, &k->e));
	}
	assert_int_equal(chmod(p.identity, 0400), 0);
	assert_int_equal(profile_identity_state(&p, &k->e), 0);
	profile_clear(&p);
}

static void
row_21_cut_or_changed(void **state)
{
	struct kit *k = *state;
	struct profile p;
	struct vault *v;
	size_t len, i;
	char *file;

	start_kept(k, &p);
	file = kit_read_file(p.identity, &len);
	for (i = 0; i < len; i++) {
		kit_write_file(p.identity, file, i);
		v = profile_unlock(&p, NULL, &k->e);
		assert_null(v);
		assert_int_equal(k->e.status, STATUS_DAMAGED);
	}
	for (i = 0; i < len; i++) {
		file[i] ^= 0x10;
		kit_write_file(p.identity, file, len);
		assert_null(profile_unlock(&p, NULL, &k->e));
		file[i] ^= 0x10;
	}
	/* Too large to be one. */
	file = mem_resize(file, 1, 2 * VAULT_FILE_MAX);
	kit_write_file(p.identity, file, 2 * VAULT_FILE_MAX);
	assert_int_equal(profile_identity_state(&p, &k->e), -1);
	free(file);
	profile_clear(&p);
}

/* Setting, changing and taking away a passphrase wraps the same key anew. */
static void
t_another_passphrase_leaves_the_key_and_nothing_else(void **state)
{
	struct kit *k = *state;
	uint8_t a[32], b[32];
	struct profile p;
	struct vault *v;
	size_t len;
	char *file;

	start_kept(k, &p);
	vault_subkey(k->vault, "message", a);
	assert_int_equal(profile_keep(&p, k->vault, "first", &k->e), 0);
	assert_int_equal(profile_identity_state(&p, &k->e), 1);
	assert_int_equal(profile_keep(&p, k->vault, "second", &k->e), 0);
	assert_null(profile_unlock(&p, "first", &k->e));
	assert_int_equal(k->e.status, STATUS_DENIED);
	v = profile_unlock(&p, "second", &k->e);
	assert_non_null(v);
	vault_subkey(v, "message", b);
	assert_memory_equal(a, b, 32);
	vault_free(v);
	assert_int_equal(profile_keep(&p, k->vault, NULL, &k->e), 0);
	assert_int_equal(profile_identity_state(&p, &k->e), 0);
	file = kit_find_file(k, "identity.");
	assert_null(file);
	profile_clear(&p);

	/* What a kill leaves on the way is removed; copies of people stay. */
	file = kit_read_file(path_in(k, "identity"), &len);
	kit_write_file(path_in(k, "identity.unfinished"), file, len);
	kit_write_file(path_in(k, "identity.backup"), file, len);
	free(file);
	start(k, &p);
	assert_int_equal(profile_hold(&p, &k->e), 0);
	assert_false(file_exists(path_in(k, "identity.unfinished")));
	assert_true(file_exists(path_in(k, "identity.backup")));
	profile_clear(&p);
}

static void
t_a_folder_open_to_others_is_refused(void **state)
{
	struct kit *k = *state;
	struct profile p;

	start(k, &p);
	assert_int_equal(chmod(k->dir, 0777), 0);
	/* Before its configuration is believed, too. */
	assert_int_equal(profile_check(&p, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_DENIED);
	assert_int_equal(profile_hold(&p, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_DENIED);
	assert_non_null(strstr(k->e.next, "chmod 700"));
	assert_int_equal(chmod(k->dir, 0755), 0);
	assert_int_equal(profile_hold(&p, &k->e), 0);
	profile_clear(&p);
}

/* Whoever could put a socket there would get the links. */
static void
t_the_links_go_to_nobody_else(void **state)
{
	struct kit *k = *state;
	struct profile p;
	struct stat st;
	char *own = file_join(k->dir, "p2ptui");

	setenv("HOME", k->dir, 1);
	setenv("XDG_RUNTIME_DIR", k->dir, 1);
	assert_int_equal(profile_init(&p, NULL, NULL, &k->e), 0);
	assert_int_equal(profile_make_links_dir(&p, &k->e), 0);
	assert_int_equal(stat(own, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(chmod(own, 0777), 0);
	assert_int_equal(profile_make_links_dir(&p, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_DENIED);
	profile_clear(&p);
	free(own);
}

static void
row_25_second_instance_names_the_first(void **state)
{
	struct kit *k = *state;
	struct profile p, q;
	char pid[32];

	start(k, &p);
	start(k, &q);
	assert_int_equal(profile_hold(&p, &k->e), 0);
	assert_int_equal(profile_hold(&q, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_TRY_AGAIN);
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	assert_non_null(strstr(k->e.what, pid));
	profile_clear(&p);
	assert_int_equal(profile_hold(&q, &k->e), 0);
	profile_clear(&q);
}

static void
race(struct kit *k, int answer, int wait)
{
	struct profile p;
	struct err e;
	char c = '?';

	if (profile_init(&p, k->dir, NULL, &e) != 0)
		_exit(1);
	if (profile_hold(&p, &e) == 0)
		c = 'w';
	else if (e.status == STATUS_TRY_AGAIN)
		c = 'l';
	if (write(answer, &c, 1) != 1)
		_exit(1);
	/* The end of the race: the parent closes its end. */
	if (read(wait, &c, 1) != 0)
		_exit(1);
	_exit(0);
}

static void
row_26_of_a_hundred_starts_one_wins(void **state)
{
	enum { RACERS = 100 };
	struct kit *k = *state;
	int answer[2], wait_end[2], i, winners = 0, losers = 0;
	pid_t pid;
	char c;

	assert_int_equal(pipe(answer), 0);
	assert_int_equal(pipe(wait_end), 0);
	fflush(NULL);
	for (i = 0; i < RACERS; i++) {
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			close(wait_end[1]);
			race(k, answer[1], wait_end[0]);
		}
	}
	for (i = 0; i < RACERS; i++) {
		assert_int_equal(read(answer[0], &c, 1), 1);
		winners += c == 'w';
		losers += c == 'l';
	}
	close(wait_end[1]);
	for (i = 0; i < RACERS; i++)
		assert_true(wait(NULL) > 0);
	close(wait_end[0]);
	close(answer[0]);
	close(answer[1]);
	assert_int_equal(winners, 1);
	assert_int_equal(losers, RACERS - 1);
}

static void
row_27_lock_of_a_killed_process_is_free(void **state)
{
	struct kit *k = *state;
	struct profile p;
	int ready[2], never[2], status;
	pid_t pid;
	char c;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(never), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		race(k, ready[1], never[0]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(c, 'w');
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	start(k, &p);
	assert_true(file_exists(p.lock));
	assert_int_equal(profile_hold(&p, &k->e), 0);
	profile_clear(&p);
	close(ready[0]);
	close(ready[1]);
	close(never[0]);
	close(never[1]);
}

#define WITH_KIT(f) cmocka_unit_test_setup_teardown(f, kit_make, kit_free)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KIT(t_home_holds_everything),
		WITH_KIT(t_xdg_variables_count_when_absolute),
		WITH_KIT(t_downloads_go_where_the_desktop_says),
		WITH_KIT(t_profile_names_are_folder_names),
		WITH_KIT(t_a_fresh_place_has_no_identity),
		WITH_KIT(t_a_kept_identity_is_unlocked_again),
		WITH_KIT(t_another_passphrase_leaves_the_key_and_nothing_else),
		WITH_KIT(t_a_folder_open_to_others_is_refused),
		WITH_KIT(row_21_missing_beside_its_database),
		WITH_KIT(row_21_open_to_others),
		WITH_KIT(row_21_cut_or_changed),
		WITH_KIT(t_the_links_go_to_nobody_else),
		WITH_KIT(row_25_second_instance_names_the_first),
		WITH_KIT(row_26_of_a_hundred_starts_one_wins),
		WITH_KIT(row_27_lock_of_a_killed_process_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
