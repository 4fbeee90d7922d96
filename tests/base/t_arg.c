#include "arg.h"

#include "tmp.h"

static char got[256];

static int
on_take(void *ctx, const struct arg *row, const char *value,
    const char *value2, struct err *e)
{
	size_t n = strlen(got);

	assert_ptr_equal(ctx, got);
	if (value && strcmp(value, "wrong") == 0)
		return err_set(e, STATUS_CONFIG, "as asked");
	snprintf(got + n, sizeof(got) - n, "%s(%s,%s)", row->name,
	    value ? value : "", value2 ? value2 : "");
	return 0;
}

static const struct arg table[] = {
	{ 'd', "home", "DIR", "keep everything under DIR instead of the usual "
	    "directories", NULL, on_take },
	{ 'v', "verbose", NULL, "say more", NULL, on_take },
	{ 'q', "quiet", NULL, "say less", NULL, on_take },
	{ 0, "join", "CODE", "pair with whoever made the CODE, which may be "
	    "long, and stands here only to be wrapped", "HOST[:PORT]",
	    on_take },
	{ 0, "hidden", NULL, NULL, NULL, on_take },
};

enum { N = sizeof(table) / sizeof(*table) };

/* The words of one line, blanks between. */
static int
parse_with(const struct arg *rows, size_t n, const char *line, struct err *e)
{
	char words[200], *argv[20], *save = NULL;
	int argc = 0;

	snprintf(words, sizeof(words), "%s", line);
	argv[argc++] = words;
	for (char *s = strtok_r(words, " ", &save); s;
	    s = strtok_r(NULL, " ", &save))
		argv[argc++] = s;
	argv[argc] = NULL;
	got[0] = '\0';
	return arg_parse(rows, n, got, argc, argv, e);
}

static int
parse(const char *line, struct err *e)
{
	return parse_with(table, N, line, e);
}

static void
check(const char *line, const char *want)
{
	struct err e;

	assert_int_equal(parse(line, &e), 0);
	assert_string_equal(got, want);
}

static void
refused(const char *line, const char *what)
{
	struct err e;

	assert_int_equal(parse(line, &e), -1);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_string_equal(e.what, what);
	assert_string_equal(e.next, "--help lists all options");
}

static void
t_long_and_short_are_one(void **state)
{
	(void)state;
	check("", "");
	check("--home x --home=y=z -d w -du", "home(x,)home(y=z,)home(w,)"
	    "home(u,)");
	check("-vqv -qd dir", "verbose(,)quiet(,)verbose(,)quiet(,)"
	    "home(dir,)");
	check("--home= --hidden", "home(,)hidden(,)");
	check("-v --", "verbose(,)");
}

static void
t_a_second_value_is_optional(void **state)
{
	(void)state;
	check("--join 1234 host:5", "join(1234,host:5)");
	check("--join=1234 host -v", "join(1234,host)verbose(,)");
	check("--join 1234 -v", "join(1234,)verbose(,)");
	check("--join 1234", "join(1234,)");
}

static void
t_what_is_not_in_the_table_is_usage(void **state)
{
	(void)state;
	refused("--hom x", "unknown option --hom; did you mean --home?");
	refused("--xyzzy", "unknown option --xyzzy");
	refused("--hiden", "unknown option --hiden");
	refused("-vx", "unknown option -x");
	refused("-", "unexpected argument -");
	refused("word", "unexpected argument word");
	refused("-v -- -v", "unexpected argument -v");
	refused("--home", "--home needs a value: DIR");
	refused("-d", "--home needs a value: DIR");
	refused("--verbose=1", "--verbose takes no value");
}

static void
t_a_row_without_a_name_takes_operands(void **state)
{
	static const struct arg rows[] = {
		{ 'v', "verbose", NULL, "say more", NULL, on_take },
		{ 0, "", "LINK", "what to open", NULL, on_take },
	};
	struct err e;

	(void)state;
	assert_int_equal(parse_with(rows, 2, "one -v - -- --verbose", &e), 0);
	assert_string_equal(got, "(one,)verbose(,)(-,)(--verbose,)");
	assert_int_equal(parse_with(rows, 2, "--=x", &e), -1);
	assert_string_equal(e.what, "unknown option --");
}

static void
t_a_handler_may_refuse(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(parse("-v --home wrong -q", &e), -1);
	assert_int_equal(e.status, STATUS_CONFIG);
	assert_string_equal(got, "verbose(,)");
}

static void
t_help_fits_80_columns(void **state)
{
	static const char want[] =
	    "  -d, --home DIR              keep everything under DIR instead "
	    "of the usual\n"
	    "                              directories\n"
	    "  -v, --verbose               say more\n"
	    "  -q, --quiet                 say less\n"
	    "      --join CODE [HOST[:PORT]]\n"
	    "                              pair with whoever made the CODE, "
	    "which may be\n"
	    "                              long, and stands here only to be "
	    "wrapped\n";
	char text[1000] = "";
	FILE *f = fmemopen(text, sizeof(text), "w");

	(void)state;
	assert_non_null(f);
	arg_help(table, N, f);
	fclose(f);
	assert_string_equal(text, want);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_long_and_short_are_one),
		cmocka_unit_test(t_a_second_value_is_optional),
		cmocka_unit_test(t_what_is_not_in_the_table_is_usage),
		cmocka_unit_test(t_a_row_without_a_name_takes_operands),
		cmocka_unit_test(t_a_handler_may_refuse),
		cmocka_unit_test(t_help_fits_80_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
