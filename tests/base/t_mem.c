#include "mem.h"

#include "err.h"
#include "tmp.h"

static void
on_death(void)
{
	static const char text[] = "restored\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(9);
}

static void
die_with_hook(void)
{
	mem_on_death(on_death);
	die("no %s", "way");
}

static void
t_die_restores_then_says_why(void **state)
{
	char said[200];
	int status = tmp_child(die_with_hook, said, sizeof(said));

	(void)state;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_string_equal(said, "restored\np2ptui: no way\n");
}

static void
on_death_die(void)
{
	on_death();
	die("again");
}

static void
die_in_hook(void)
{
	mem_on_death(on_death_die);
	die("first");
}

static void
t_a_hook_that_dies_runs_once(void **state)
{
	char said[200];
	int status = tmp_child(die_in_hook, said, sizeof(said));

	(void)state;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_string_equal(said, "restored\np2ptui: again\n");
}

static void
ask_too_much(void)
{
	/* Wraps to 0 when multiplied carelessly. */
	mem_resize(NULL, (SIZE_MAX >> 1) + 1, 2);
}

static void
ask_too_much_zeroed(void)
{
	mem_array((SIZE_MAX >> 1) + 1, 2);
}

static void
row_14_no_memory_is_a_clean_exit(void **state)
{
	char said[200];
	int status = tmp_child(ask_too_much, said, sizeof(said));

	(void)state;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_string_equal(said, "p2ptui: out of memory\n");
	status = tmp_child(ask_too_much_zeroed, said, sizeof(said));
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_string_equal(said, "p2ptui: out of memory\n");
}

static void
t_what_is_given_is_zeroed_and_never_null(void **state)
{
	uint8_t *p = mem_array(100, 3);
	char *s;

	(void)state;
	for (int i = 0; i < 300; i++)
		assert_int_equal(p[i], 0);
	free(p);
	p = mem_new(0);
	assert_non_null(p);
	free(p);
	s = mem_strn("hello", 4);
	assert_string_equal(s, "hell");
	free(s);
	s = mem_printf("%s %d", "a", 5);
	assert_string_equal(s, "a 5");
	free(s);
	s = mem_copy("abc", 4);
	assert_string_equal(s, "abc");
	free(s);
}

static void
t_an_error_is_set_in_one_line(void **state)
{
	struct err e = { .next = "old" };

	(void)state;
	assert_int_equal(err_set(&e, STATUS_DENIED, "no %d", 5), -1);
	assert_int_equal(e.status, STATUS_DENIED);
	assert_string_equal(e.what, "no 5");
	assert_string_equal(e.next, "");
	assert_int_equal(err_next(&e, "do %s", "this"), -1);
	assert_string_equal(e.next, "do this");
	assert_int_equal(err_prefix(&e, "%s:%d", "file", 7), -1);
	assert_string_equal(e.what, "file:7: no 5");
	assert_string_equal(e.next, "do this");
	assert_int_equal(e.status, STATUS_DENIED);
}

static void
t_nobody_needs_to_want_an_error(void **state)
{
	(void)state;
	assert_int_equal(err_set(NULL, STATUS_FAILURE, "x"), -1);
	assert_int_equal(err_next(NULL, "x"), -1);
	assert_int_equal(err_prefix(NULL, "x"), -1);
}

static void
t_a_long_error_is_cut(void **state)
{
	char text[1000];
	struct err e;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(&e, STATUS_FAILURE, "%s", text);
	assert_int_equal(strlen(e.what), sizeof(e.what) - 1);
	err_prefix(&e, "%s", text);
	assert_int_equal(strlen(e.what), sizeof(e.what) - 1);
	err_next(&e, "%s", text);
	assert_int_equal(strlen(e.next), sizeof(e.next) - 1);
	/* Of itself. */
	err_set(&e, STATUS_FAILURE, "short");
	err_set(&e, STATUS_FAILURE, "not %s", e.what);
	assert_string_equal(e.what, "not short");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_die_restores_then_says_why),
		cmocka_unit_test(t_a_hook_that_dies_runs_once),
		cmocka_unit_test(row_14_no_memory_is_a_clean_exit),
		cmocka_unit_test(t_what_is_given_is_zeroed_and_never_null),
		cmocka_unit_test(t_an_error_is_set_in_one_line),
		cmocka_unit_test(t_nobody_needs_to_want_an_error),
		cmocka_unit_test(t_a_long_error_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
