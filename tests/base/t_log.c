#include "log.h"

#include <signal.h>
#include <sys/resource.h>

#include "tmp.h"

static char text[4096];

static int
drop(void **state)
{
	log_close();
	return tmp_drop(state);
}

static void
open_log(const char *spec)
{
	assert_int_equal(log_open(spec, tmp_path("log"), NULL), 0);
}

/* The n-th line of the log, without its prefix, which is checked. */
static const char *
line(int n, const char *level)
{
	/* 2026-11-17T12:34:56.789Z */
	static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ ";
	char *s;

	tmp_get(tmp_path("log"), text, sizeof(text));
	for (s = text; n > 0; n--) {
		s = strchr(s, '\n');
		assert_non_null(s);
		s++;
	}
	for (const char *p = shape; *p; p++, s++) {
		if (*p == 'd')
			assert_true(*s >= '0' && *s <= '9');
		else
			assert_int_equal(*s, *p);
	}
	assert_memory_equal(s, level, strlen(level));
	s += 6;
	*strchr(s, '\n') = '\0';
	return s;
}

static void
t_a_line_has_time_and_level(void **state)
{
	(void)state;
	open_log("info");
	log_debug("not this");
	log_info("hello %d", 5);
	log_error("bad");
	assert_string_equal(line(0, "info "), "hello 5");
	assert_string_equal(line(1, "error"), "bad");
}

static void
row_69_a_newline_in_a_name_stays_in_its_line(void **state)
{
	(void)state;
	open_log("warn");
	log_warn("name %s", "a\n2026-01-01T00:00:00.000Z error forged");
	log_warn("%s", "\033]52;c;eA\007\x7f\xc2\x9b\\ \xff\xc3");
	log_warn("%s", "\xe2\x80\xae\xe2\x80\xa8 \xc3\xa9\xef\xbf\xbd");
	assert_string_equal(line(0, "warn "),
	    "name a\\x0a2026-01-01T00:00:00.000Z error forged");
	assert_string_equal(line(1, "warn "),
	    "\\x1b]52;c;eA\\x07\\x7f\\xc2\\x9b\\\\ \\xff\\xc3");
	assert_string_equal(line(2, "warn "),
	    "\\xe2\\x80\\xae\\xe2\\x80\\xa8 \xc3\xa9\xef\xbf\xbd");
}

static void
row_30_a_rotated_or_removed_log_is_made_anew(void **state)
{
	(void)state;
	open_log("info");
	log_info("one");
	assert_int_equal(rename(tmp_path("log"), tmp_path("log.1")), 0);
	log_info("two");
	log_reopen();
	log_info("three");
	assert_string_equal(line(0, "info "), "three");
	assert_int_equal(unlink(tmp_path("log")), 0);
	log_info("four");
	assert_string_equal(line(0, "info "), "four");
	/* Nowhere to go: nothing happens. */
	tmp_remove_in(tmp_dir);
	assert_int_equal(rmdir(tmp_dir), 0);
	log_info("five");
	log_reopen();
	log_info("six");
	assert_int_equal(tmp_make(NULL), 0);
}

static void
fill_log(void)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = 50;
	setrlimit(RLIMIT_FSIZE, &limit);
	log_info("first, and cut somewhere in here");
	log_info("lost");
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
	log_info("back");
}

static void
row_30_a_full_disk_costs_lines_not_the_program(void **state)
{
	char said[200];
	int status;

	(void)state;
	assert_int_equal(log_open("info:/dev/full", NULL, NULL), 0);
	log_info("lost");
	open_log("info");
	status = tmp_child(fill_log, said, sizeof(said));
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_string_equal(said, "");
	assert_string_equal(line(1, "info "), "back");
}

static void
say_to_stderr(void)
{
	log_info("before it is open");
	if (log_open("error", NULL, NULL) != 0)
		_exit(1);
	log_warn("not this");
	log_error("this");
}

static void
t_without_a_file_it_is_stderr(void **state)
{
	char said[200];
	int status = tmp_child(say_to_stderr, said, sizeof(said));

	(void)state;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_string_equal(said + 25, "error this\n");
}

static void
t_a_wrong_spec_is_refused_and_the_old_log_stays(void **state)
{
	struct err e;

	(void)state;
	open_log("info");
	assert_int_equal(log_open("loud", NULL, &e), -1);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_non_null(strstr(e.what, "error, warn, info, debug"));
	assert_int_equal(log_open("info:/no/such/dir/log", NULL, &e), -1);
	assert_int_equal(e.status, STATUS_CANNOT_CREATE);
	log_info("still here");
	assert_string_equal(line(0, "info "), "still here");
}

static void
t_what_a_log_may_be(void **state)
{
	static const char *const bad[] = { "loud", ":file", "infos", "inf",
		"INFO", " info" };
	struct err e = { .status = STATUS_OK };

	(void)state;
	assert_int_equal(log_check("", &e), 0);
	assert_int_equal(log_check("error", &e), 0);
	assert_int_equal(log_check("debug:", &e), 0);
	assert_int_equal(log_check("warn:/tmp/a:b", &e), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(log_check(bad[i], &e), -1);
		assert_int_equal(e.status, STATUS_CONFIG);
	}
}

#define IN_DIR(t) cmocka_unit_test_setup_teardown(t, tmp_make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_what_a_log_may_be),
		IN_DIR(t_a_line_has_time_and_level),
		IN_DIR(row_69_a_newline_in_a_name_stays_in_its_line),
		IN_DIR(row_30_a_rotated_or_removed_log_is_made_anew),
		IN_DIR(row_30_a_full_disk_costs_lines_not_the_program),
		IN_DIR(t_without_a_file_it_is_stderr),
		IN_DIR(t_a_wrong_spec_is_refused_and_the_old_log_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
