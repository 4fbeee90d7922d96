#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "tmp.h"

static void
t_join_has_one_slash(void **state)
{
	static const char *const rows[][3] = {
		{ "a", "b", "a/b" }, { "a/", "b", "a/b" },
		{ "a//", "/b", "a/b" }, { "/", "b", "/b" }, { "", "b", "b" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *s = file_join(rows[i][0], rows[i][1]);

		assert_string_equal(s, rows[i][2]);
		free(s);
	}
}

static void
t_make_dir_makes_parents_private(void **state)
{
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(file_make_dir(tmp_path("a/b//c/"), &e), 0);
	assert_int_equal(stat(tmp_path("a/b/c"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(file_make_dir(tmp_path("a/b/c"), &e), 0);
	tmp_put(tmp_path("file"), "", 0);
	assert_int_equal(file_make_dir(tmp_path("file"), &e), -1);
	assert_int_equal(e.status, STATUS_CANNOT_CREATE);
	assert_int_equal(file_make_dir(tmp_path("file/x"), &e), -1);
	assert_int_equal(e.status, STATUS_CANNOT_CREATE);
	assert_true(e.next[0] != '\0');
}

static void
t_check_dir_wants_a_folder_of_its_owner_alone(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(file_make_dir(tmp_path("d"), &e), 0);
	assert_int_equal(chmod(tmp_path("d"), 0755), 0);
	assert_int_equal(file_check_dir(tmp_path("d"), &e), 0);
	for (mode_t mode = 0020; mode >= 0002; mode /= 8) {
		assert_int_equal(chmod(tmp_path("d"), 0700 | mode), 0);
		assert_int_equal(file_check_dir(tmp_path("d"), &e), -1);
		assert_int_equal(e.status, STATUS_DENIED);
		assert_non_null(strstr(e.next, "chmod 700"));
	}
	tmp_put(tmp_path("file"), "", 0);
	assert_int_equal(file_check_dir(tmp_path("file"), &e), -1);
	assert_int_equal(e.status, STATUS_CANNOT_CREATE);
	assert_int_equal(file_check_dir(tmp_path("none"), &e), -1);
	assert_int_equal(e.status, STATUS_CANNOT_CREATE);
}

static void
t_read_holds_its_limit(void **state)
{
	struct buf b;
	struct err e;

	(void)state;
	tmp_put(tmp_path("f"), "12345", 5);
	buf_init(&b);
	assert_int_equal(file_read(tmp_path("f"), 5, &b, &e), 0);
	assert_string_equal(buf_str(&b), "12345");
	assert_int_equal(file_read(tmp_path("f"), 100, &b, &e), 0);
	assert_string_equal(buf_str(&b), "1234512345");
	assert_int_equal(file_read(tmp_path("f"), 4, &b, &e), -1);
	assert_int_equal(e.status, STATUS_DAMAGED);
	buf_clear(&b);
}

static void
t_read_tells_missing_from_denied_from_strange(void **state)
{
	struct buf b;
	struct err e;

	(void)state;
	buf_init(&b);
	assert_int_equal(file_read(tmp_path("none"), 9, &b, &e), -1);
	assert_int_equal(e.status, STATUS_FAILURE);
	assert_false(file_exists(tmp_path("none")));
	assert_int_equal(mkfifo(tmp_path("fifo"), 0600), 0);
	assert_int_equal(file_read(tmp_path("fifo"), 9, &b, &e), -1);
	assert_int_equal(e.status, STATUS_FAILURE);
	assert_int_equal(file_read(tmp_dir, 9, &b, &e), -1);
	assert_true(file_exists(tmp_path("fifo")));
	tmp_put(tmp_path("secret"), "x", 1);
	assert_int_equal(chmod(tmp_path("secret"), 0), 0);
	/* Root may read everything. */
	if (access(tmp_path("secret"), R_OK) != 0) {
		assert_int_equal(file_read(tmp_path("secret"), 9, &b, &e), -1);
		assert_int_equal(e.status, STATUS_DENIED);
	}
	buf_clear(&b);
}

static void
t_write_replaces_whole_with_its_mode(void **state)
{
	char text[32];
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(file_write(tmp_path("f"), "longer", 6, 0644, &e), 0);
	assert_int_equal(file_write(tmp_path("f"), "new", 3, 0600, &e), 0);
	tmp_get(tmp_path("f"), text, sizeof(text));
	assert_string_equal(text, "new");
	assert_int_equal(stat(tmp_path("f"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(tmp_count(), 1);
	assert_int_equal(file_write(tmp_path("no/f"), "new", 3, 0600, &e), -1);
	assert_int_equal(e.status, STATUS_CANNOT_CREATE);
	assert_true(e.next[0] != '\0');
}

static void
write_over_limit(void)
{
	struct rlimit small = { 1000, 1000 };
	char big[5000] = "new";
	struct err e;

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	if (file_write(tmp_path("f"), big, sizeof(big), 0600, &e) == 0)
		_exit(1);
	if (e.status != STATUS_CANNOT_CREATE)
		_exit(2);
	_exit(0);
}

static void
row_15_a_write_that_fails_leaves_the_old_file(void **state)
{
	char text[32], said[200];
	int status;

	(void)state;
	tmp_put(tmp_path("f"), "old", 3);
	status = tmp_child(write_over_limit, said, sizeof(said));
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	tmp_get(tmp_path("f"), text, sizeof(text));
	assert_string_equal(text, "old");
	assert_int_equal(tmp_count(), 1);
}

/* ---- the lock ---------------------------------------------------------- */

enum { RACERS = 100 };

struct report {
	pid_t pid, holder;		/* holder == pid: won */
};

static pid_t
pid_in(const char *what)
{
	const char *s = strstr(what, "process ");

	return s ? (pid_t)atol(s + strlen("process ")) : 0;
}

/* A child: waits for the start, takes the lock, tells, waits for the end. */
static void
race(int start, int tell, int stop)
{
	struct report r = { .pid = getpid() };
	struct err e;
	char c;

	while (read(start, &c, 1) < 0 && errno == EINTR)
		;
	if (file_lock(tmp_path("lock"), &e) >= 0)
		r.holder = r.pid;
	else if (e.status == STATUS_TRY_AGAIN && e.next[0])
		r.holder = pid_in(e.what);
	if (write(tell, &r, sizeof(r)) != sizeof(r))
		_exit(1);
	while (read(stop, &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

/* What a killed one leaves: the losers must not take it for the winner. */
static void
leave_stale_lock(void)
{
	char text[32];
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	snprintf(text, sizeof(text), "%ld\n", (long)pid);
	tmp_put(tmp_path("lock"), text, strlen(text));
}

static void
row_26_of_100_starts_exactly_one_wins(void **state)
{
	struct report reports[RACERS];
	int start[2], tell[2], stop[2], n_won = 0, status;
	pid_t winner = 0;

	(void)state;
	leave_stale_lock();
	assert_int_equal(pipe(start) | pipe(tell) | pipe(stop), 0);
	fflush(NULL);
	for (int i = 0; i < RACERS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			close(start[1]);
			close(stop[1]);
			race(start[0], tell[1], stop[0]);
		}
	}
	close(start[1]);
	for (int i = 0; i < RACERS; i++) {
		assert_int_equal(read(tell[0], &reports[i],
		    sizeof(reports[i])), sizeof(reports[i]));
		if (reports[i].pid == reports[i].holder) {
			winner = reports[i].pid;
			n_won++;
		}
	}
	close(stop[1]);
	while (wait(&status) > 0)
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(start[0]);
	close(stop[0]);
	close(tell[0]);
	close(tell[1]);
	assert_int_equal(n_won, 1);
	for (int i = 0; i < RACERS; i++)
		assert_int_equal(reports[i].holder, winner);
}

/* A child that holds the lock until it is killed. */
static pid_t
hold_lock(void)
{
	int tell[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(tell), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (file_lock(tmp_path("lock"), NULL) < 0 ||
		    write(tell[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(tell[0], &c, 1), 1);
	close(tell[0]);
	close(tell[1]);
	return pid;
}

static void
row_25_the_second_instance_names_the_first(void **state)
{
	pid_t pid = hold_lock();
	struct timespec from, to;
	struct err e;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &from);
	assert_int_equal(file_lock(tmp_path("lock"), &e), -1);
	clock_gettime(CLOCK_MONOTONIC, &to);
	assert_int_equal(e.status, STATUS_TRY_AGAIN);
	assert_int_equal(pid_in(e.what), pid);
	assert_non_null(strstr(e.what, tmp_dir));
	assert_true(e.next[0] != '\0');
	assert_true(to.tv_sec - from.tv_sec <= 10);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void
row_27_a_lock_left_by_sigkill_is_no_obstacle(void **state)
{
	pid_t pid = hold_lock();
	char text[32], want[32];
	int fd;

	(void)state;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	fd = file_lock(tmp_path("lock"), NULL);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	tmp_get(tmp_path("lock"), text, sizeof(text));
	snprintf(want, sizeof(want), "%ld\n", (long)getpid());
	assert_string_equal(text, want);
	close(fd);
}

static void
t_a_dead_process_is_not_named_as_the_holder(void **state)
{
	struct err e;
	int fd;

	(void)state;
	leave_stale_lock();
	fd = open(tmp_path("lock"), O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(file_lock(tmp_path("lock"), &e), -1);
	assert_int_equal(e.status, STATUS_TRY_AGAIN);
	assert_int_equal(pid_in(e.what), 0);
	assert_non_null(strstr(e.what, "another process"));
	close(fd);
}

static void
t_a_lock_is_not_made_through_a_link(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(symlink(tmp_path("else"), tmp_path("lock")), 0);
	assert_int_equal(file_lock(tmp_path("lock"), &e), -1);
	assert_int_equal(e.status, STATUS_CANNOT_CREATE);
	assert_false(file_exists(tmp_path("else")));
}

#define IN_DIR(t) cmocka_unit_test_setup_teardown(t, tmp_make, tmp_drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_join_has_one_slash),
		IN_DIR(t_make_dir_makes_parents_private),
		IN_DIR(t_check_dir_wants_a_folder_of_its_owner_alone),
		IN_DIR(t_read_holds_its_limit),
		IN_DIR(t_read_tells_missing_from_denied_from_strange),
		IN_DIR(t_write_replaces_whole_with_its_mode),
		IN_DIR(row_15_a_write_that_fails_leaves_the_old_file),
		IN_DIR(row_25_the_second_instance_names_the_first),
		IN_DIR(row_26_of_100_starts_exactly_one_wins),
		IN_DIR(row_27_a_lock_left_by_sigkill_is_no_obstacle),
		IN_DIR(t_a_dead_process_is_not_named_as_the_holder),
		IN_DIR(t_a_lock_is_not_made_through_a_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
