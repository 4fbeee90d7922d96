#include "opt.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "tmp.h"

static int
check_even(const char *value, struct err *e)
{
	if (strlen(value) % 2 == 0)
		return 0;
	return err_set(e, STATUS_USAGE, "of odd length; allowed: even");
}

static const char *const lan_words[] = { "everyone", "contacts", "off", NULL };

static const struct opt table[] = {
	{ .name = "bell", .type = OPT_BOOL, .def = "on", .help = "rings" },
	{ .name = "linger", .type = OPT_INT, .def = "10", .help = "waits",
	    .min = 0, .max = 3600, .unit = "s" },
	{ .name = "lan", .type = OPT_WORD, .def = "everyone",
	    .help = "is seen", .words = lan_words },
	{ .name = "name", .type = OPT_TEXT, .help = "my name", .min = 1,
	    .max = 64 },
	{ .name = "even", .type = OPT_TEXT, .def = "ab", .help = "even",
	    .max = 64, .check = check_even },
	{ .name = "relay", .type = OPT_LIST, .def = "home", .help = "relays",
	    .min = 1 },
	{ .name = "door", .type = OPT_LIST, .def = "front", .help = "doors",
	    .least = 1, .most = 3 },
};

static struct opts *o;

static int
make(void **state)
{
	o = opts_new(table, sizeof(table) / sizeof(*table));
	return tmp_make(state);
}

static int
drop(void **state)
{
	opts_free(o);
	return tmp_drop(state);
}

static int
parse(const char *text, struct err *e)
{
	return opts_parse(o, text, strlen(text), "x.conf", false, e);
}

static void
refused(const char *text, const char *what)
{
	struct err e = { .status = STATUS_OK };

	assert_int_equal(parse(text, &e), -1);
	assert_int_equal(e.status, STATUS_CONFIG);
	assert_string_equal(e.what, what);
	assert_true(e.next[0] != '\0');
	/* And without anybody who wants to know. */
	assert_int_equal(parse(text, NULL), -1);
}

static void
t_defaults_are_as_the_table_says(void **state)
{
	const char *const *list;

	(void)state;
	assert_true(opts_bool(o, "bell"));
	assert_true(opts_int(o, "linger") == 10);
	assert_string_equal(opts_word(o, "lan"), "everyone");
	assert_string_equal(opts_text(o, "name"), "");
	assert_int_equal(opts_list(o, "relay", &list), 1);
	assert_string_equal(list[0], "home");
	assert_false(opts_is_set(o, "bell"));
	assert_null(opts_find(o, "nothing"));
}

static void
t_a_file_sets_options(void **state)
{
	const char *const *list;
	uint64_t version = opts_version(o);

	(void)state;
	assert_int_equal(parse("\xef\xbb\xbf# comment = x\n\n"
	    "  bell=no\r\n\tlinger\t=\t20 s \n"
	    "lan = off\nname = \"  Bob \\\"B\\\" \\\\ \"\n"
	    "relay = a.example:1#x=y\nrelay=b\n"
	    "even = x # yz", NULL), 0);
	assert_false(opts_bool(o, "bell"));
	assert_true(opts_int(o, "linger") == 20);
	assert_string_equal(opts_word(o, "lan"), "off");
	assert_string_equal(opts_text(o, "name"), "  Bob \"B\" \\ ");
	assert_int_equal(opts_list(o, "relay", &list), 2);
	assert_string_equal(list[0], "a.example:1#x=y");
	assert_string_equal(list[1], "b");
	assert_string_equal(opts_text(o, "even"), "x # yz");
	assert_true(opts_is_set(o, "bell"));
	assert_true(opts_version(o) > version);
}

static void
row_23_errors_name_file_line_and_what_is_allowed(void **state)
{
	(void)state;
	refused("bell = on\nlingr = 5\n",
	    "x.conf:2: unknown option lingr; did you mean linger?");
	refused("quux = 5\n", "x.conf:1: unknown option quux");
	refused("\n\nbell = maybe", "x.conf:3: bell cannot be \"maybe\"; "
	    "allowed: on, off");
	refused("linger = 3601", "x.conf:1: linger cannot be \"3601\"; "
	    "allowed: 0 to 3600 s");
	refused("lan = of", "x.conf:1: lan cannot be \"of\"; "
	    "allowed: everyone, contacts, off");
	refused("name =", "x.conf:1: name cannot be \"\"; "
	    "allowed: 1 to 64 bytes");
	refused("even = abc", "x.conf:1: even: of odd length; allowed: even");
	refused("bell", "x.conf:1: no \"=\" in the line; allowed: "
	    "NAME = VALUE, or a comment behind #");
	refused("name = \"x", "x.conf:1: the closing \" is missing");
	refused("name = \"x\\\"", "x.conf:1: the closing \" is missing");
	refused("name = \"x\" y", "x.conf:1: nothing may follow the closing "
	    "\"; inside, write \\\"");
	refused("name = a\033[2Jb", "x.conf:1: name: the value is not plain "
	    "text; allowed: UTF-8 without control characters");
	refused("n\033[2Jame = b", "x.conf:1: unknown option");
}

static void
row_23_too_many_of_a_list_are_refused_where_they_stand(void **state)
{
	const char *const *list;
	struct err e;

	(void)state;
	refused("door = a\ndoor = b\ndoor = a\ndoor = c\ndoor = d\n",
	    "x.conf:5: door: more than 3 values; allowed: up to 3");
	refused("door =\n",
	    "x.conf:1: door cannot be \"\"; allowed: 1 to 3 values");
	assert_int_equal(opts_list(o, "door", &list), 3);
	assert_string_equal(list[2], "c");
	/* One of them again is no new one. */
	assert_int_equal(opts_set(o, "door", "b", NULL), 0);
	assert_int_equal(opts_set_flag(o, "door", "d", &e), -1);
	assert_int_equal(e.status, STATUS_USAGE);
	/* What gives way to the command line is not among its values. */
	assert_int_equal(opts_parse(o, "door = d", 8, "x", true, NULL), 0);
}

static void
row_23_numbers_are_numbers(void **state)
{
	static const char *const bad[] = {
		"", "x", "1x", "+1", "-1", "0x10", "1 m", "1.5", " 1",
		"99999999999999999999", "1 s s", "s", "1 2"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(opts_set(o, "linger", bad[i], NULL), -1);
	assert_int_equal(opts_set(o, "linger", "007", NULL), 0);
	assert_true(opts_int(o, "linger") == 7);
	assert_int_equal(opts_set(o, "linger", "8s", NULL), 0);
	assert_true(opts_int(o, "linger") == 8);
}

static void
row_23_strange_bytes_are_refused(void **state)
{
	static const char nul[] = "bell = on\nname = a\0b\n";
	struct err e;

	(void)state;
	assert_int_equal(opts_parse(o, nul, sizeof(nul) - 1, "x.conf", false,
	    &e), -1);
	assert_string_equal(e.what, "x.conf:2: a NUL byte; allowed: text");
	refused("name = \xc3(", "x.conf:1: not valid UTF-8; allowed: UTF-8");
	refused("# \xff", "x.conf:1: not valid UTF-8; allowed: UTF-8");
	refused("name = \xed\xa0\x80",
	    "x.conf:1: not valid UTF-8; allowed: UTF-8");
}

static void
row_23_a_long_line_is_refused(void **state)
{
	char *text = mem_new(10000001);

	(void)state;
	memset(text, '#', 10000000);
	refused(text, "x.conf:1: the line is too long; allowed: 4096 bytes");
	text[4097] = '\n';
	text[4098] = '\0';
	refused(text, "x.conf:1: the line is too long; allowed: 4096 bytes");
	text[4096] = '\n';
	text[4097] = '\0';
	assert_int_equal(parse(text, NULL), 0);
	text[4096] = '\0';
	assert_int_equal(parse(text, NULL), 0);
	free(text);
}

/* From a writer that never ends: returns only if it does not read on. */
static void
row_23_a_line_without_end_is_not_read_to_its_end(void **state)
{
	char zeros[4096];
	struct err e;
	pid_t pid;

	(void)state;
	assert_int_equal(mkfifo(tmp_path("conf"), 0600), 0);
	memset(zeros, 'x', sizeof(zeros));
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = open(tmp_path("conf"), O_WRONLY);

		while (write(fd, zeros, sizeof(zeros)) > 0)
			;
		_exit(0);
	}
	assert_int_equal(opts_load(o, tmp_path("conf"), false, &e), -1);
	assert_int_equal(e.status, STATUS_CONFIG);
	assert_non_null(strstr(e.what, "conf:1: the line is too long"));
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
t_a_file_gives_way_to_the_command_line(void **state)
{
	static const char text[] = "linger = 1\nlan = off\nrelay = f\n";
	const char *const *list;
	struct err e;

	(void)state;
	assert_int_equal(opts_set_pair(o, "linger=99", NULL), 0);
	assert_int_equal(opts_set_pair(o, "relay=p=q", NULL), 0);
	assert_int_equal(opts_set(o, "relay", "r", NULL), 0);
	assert_int_equal(opts_parse(o, text, sizeof(text) - 1, "x", true,
	    NULL), 0);
	assert_true(opts_int(o, "linger") == 99);
	assert_string_equal(opts_word(o, "lan"), "off");
	assert_int_equal(opts_list(o, "relay", &list), 2);
	assert_string_equal(list[0], "p=q");
	assert_string_equal(list[1], "r");
	/* Wrong values are errors even where they would give way. */
	assert_int_equal(opts_parse(o, "linger = x", 10, "x", true, &e), -1);
	assert_int_equal(e.status, STATUS_CONFIG);
	/* And a strong file wins. */
	assert_int_equal(parse("linger = 5", NULL), 0);
	assert_true(opts_int(o, "linger") == 5);
}

static void
t_set_refuses_with_usage(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(opts_set(o, "bel", "on", &e), -1);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_string_equal(e.what, "unknown option bel; did you mean bell?");
	assert_int_equal(opts_set_pair(o, "bell", &e), -1);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_int_equal(opts_set(o, "name", "a\nb", &e), -1);
	assert_int_equal(opts_unset(o, "nme", &e), -1);
	assert_true(opts_bool(o, "bell"));
}

static void
t_unset_brings_the_default_back(void **state)
{
	const char *const *list;
	uint64_t version;

	(void)state;
	assert_int_equal(opts_set(o, "linger", "5", NULL), 0);
	assert_int_equal(opts_set(o, "relay", "", NULL), 0);
	assert_int_equal(opts_list(o, "relay", &list), 0);
	version = opts_version(o);
	assert_int_equal(opts_unset(o, "linger", NULL), 0);
	assert_int_equal(opts_unset(o, "relay", NULL), 0);
	assert_true(opts_version(o) > version);
	assert_true(opts_int(o, "linger") == 10);
	assert_false(opts_is_set(o, "linger"));
	assert_int_equal(opts_list(o, "relay", &list), 1);
}

static void
t_show_is_as_it_would_be_written(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_int_equal(opts_set(o, "bell", "false", NULL), 0);
	opts_show(o, "bell", &b);
	assert_string_equal(buf_str(&b), "off");
	buf_empty(&b);
	opts_show(o, "name", &b);
	assert_string_equal(buf_str(&b), "\"\"");
	buf_empty(&b);
	assert_int_equal(opts_set(o, "relay", "a", NULL), 0);
	assert_int_equal(opts_set(o, "relay", " b\"", NULL), 0);
	opts_show(o, "relay", &b);
	assert_string_equal(buf_str(&b), "a, \" b\\\"\"");
	buf_clear(&b);
}

static void
t_save_writes_what_differs_and_load_reads_it(void **state)
{
	static const char *const names[] = {
		"Bob", "Bob ", " Bob ", "\"Bob\"", "B\\", "\\\"", "\" ", "#1",
		"a = b", "\xe2\x82\xac \xf0\x9f\x98\x80", "\\"
	};
	char text[500];

	(void)state;
	assert_int_equal(opts_set(o, "bell", "on", NULL), 0);
	assert_int_equal(opts_set(o, "linger", "11", NULL), 0);
	assert_int_equal(opts_save(o, tmp_path("conf"), NULL), 0);
	tmp_get(tmp_path("conf"), text, sizeof(text));
	assert_non_null(strstr(text, "\nlinger = 11\n"));
	assert_null(strstr(text, "bell"));
	assert_null(strstr(text, "relay"));
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct opts *again = opts_new(table,
		    sizeof(table) / sizeof(*table));
		const char *const *list;

		assert_int_equal(opts_set(o, "name", names[i], NULL), 0);
		assert_int_equal(opts_set(o, "relay", "", NULL), 0);
		if (i % 2)
			assert_int_equal(opts_set(o, "relay", names[i], NULL),
			    0);
		assert_int_equal(opts_save(o, tmp_path("conf"), NULL), 0);
		assert_int_equal(opts_load(again, tmp_path("conf"), false,
		    NULL), 0);
		assert_string_equal(opts_text(again, "name"), names[i]);
		assert_int_equal(opts_list(again, "relay", &list), i % 2);
		if (i % 2)
			assert_string_equal(list[0], names[i]);
		opts_free(again);
	}
	assert_int_equal(tmp_count(), 1);
}

static void
t_a_missing_file_is_fine_an_unreadable_one_is_not(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(opts_load(o, tmp_path("none"), false, &e), 0);
	assert_int_equal(opts_load(o, tmp_dir, false, &e), -1);
	assert_int_equal(e.status, STATUS_CONFIG);
	assert_int_equal(opts_save(o, tmp_path("no/conf"), &e), -1);
	assert_int_equal(e.status, STATUS_CANNOT_CREATE);
}

static void
t_a_value_given_again_counts_where_it_was_given_last(void **state)
{
	const char *const *list;

	(void)state;
	assert_int_equal(opts_set(o, "relay", "a", NULL), 0);
	assert_int_equal(opts_set(o, "relay", "b", NULL), 0);
	assert_int_equal(opts_set(o, "relay", "a", NULL), 0);
	assert_int_equal(opts_list(o, "relay", &list), 2);
	assert_string_equal(list[0], "b");
	assert_string_equal(list[1], "a");
}

static int
no_moon(const char *value, struct err *e)
{
	return strcmp(value, "moon") ? 0 :
	    err_set(e, STATUS_CONFIG, "there is none");
}

static void
row_23_a_check_added_later_names_file_and_line_too(void **state)
{
	static const char text[] = "relay = sun\nrelay = moon\n";
	struct err e;

	(void)state;
	opts_check(o, "relay", no_moon);
	assert_int_equal(opts_parse(o, text, strlen(text), "conf", false, &e),
	    -1);
	assert_int_equal(e.status, STATUS_CONFIG);
	assert_string_equal(e.what, "conf:2: relay: there is none");
}

static void
t_a_flag_sets_an_option_and_is_named_in_errors(void **state)
{
	struct err e = { .status = STATUS_OK };

	(void)state;
	assert_int_equal(opts_set_flag(o, "linger", "20", &e), 0);
	assert_true(opts_int(o, "linger") == 20);
	assert_int_equal(opts_set_pair_flag(o, "set", "linger=30", &e), 0);
	assert_true(opts_int(o, "linger") == 30);
	assert_int_equal(opts_set_flag(o, "even", "odd", &e), -1);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_string_equal(e.what, "--even: even: of odd length; allowed: "
	    "even");
	assert_int_equal(opts_set_pair_flag(o, "set", "linger", &e), -1);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_memory_equal(e.what, "--set: a value is missing", 25);
	assert_int_equal(opts_set_flag(o, "even", "odd", NULL), -1);
}

#define WITH(t) cmocka_unit_test_setup_teardown(t, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(t_defaults_are_as_the_table_says),
		WITH(t_a_flag_sets_an_option_and_is_named_in_errors),
		WITH(t_a_file_sets_options),
		WITH(row_23_errors_name_file_line_and_what_is_allowed),
		WITH(row_23_too_many_of_a_list_are_refused_where_they_stand),
		WITH(row_23_numbers_are_numbers),
		WITH(row_23_strange_bytes_are_refused),
		WITH(row_23_a_long_line_is_refused),
		WITH(row_23_a_line_without_end_is_not_read_to_its_end),
		WITH(t_a_file_gives_way_to_the_command_line),
		WITH(t_set_refuses_with_usage),
		WITH(t_unset_brings_the_default_back),
		WITH(t_show_is_as_it_would_be_written),
		WITH(t_save_writes_what_differs_and_load_reads_it),
		WITH(t_a_missing_file_is_fine_an_unreadable_one_is_not),
		WITH(t_a_value_given_again_counts_where_it_was_given_last),
		WITH(row_23_a_check_added_later_names_file_and_line_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
