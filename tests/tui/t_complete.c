#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "complete.h"

static const char *const words[] = { "auto", "ascii", NULL };

static const struct opt options[] = {
	{ .name = "bell", .type = OPT_BOOL, .def = "on", .help = "rings" },
	{ .name = "marks", .type = OPT_WORD, .def = "auto", .words = words,
	    .help = "signs" },
	{ .name = "receipts", .type = OPT_BOOL, .def = "on", .help = "told" },
};

static int
nothing(void *room, struct cmd_call *call, struct err *e)
{
	(void)room;
	(void)call;
	(void)e;
	return 0;
}

static const struct cmd commands[] = {
	{ .name = "help", .usage = "[COMMAND]", .help = "h",
	    .args = { CMD_COMMAND }, .run = nothing },
	{ .name = "history", .usage = "on|off|forget", .help = "h",
	    .args = { CMD_WORD }, .words = "on off forget", .run = nothing },
	{ .name = "msg", .usage = "PEER TEXT", .help = "m",
	    .args = { CMD_PEER, CMD_REST }, .run = nothing },
	{ .name = "quit", .usage = "", .help = "q", .run = nothing },
	{ .name = "set", .usage = "[NAME [VALUE]]", .help = "s",
	    .args = { CMD_OPTION, CMD_REST }, .run = nothing },
};

static const char *const people[] = { "Bob", "Bob Miller", "Ålice", NULL };

static const char *
person(void *arg, size_t i)
{
	(void)arg;
	return people[i];
}

struct desk {
	struct cmds *cmds;
	struct opts *opts;
	struct edit *edit;
	struct complete *complete;
	struct complete_sources src;
};

static int
setup(void **state)
{
	struct desk *d = mem_new(sizeof(*d));

	d->cmds = cmds_new();
	cmds_add(d->cmds, commands, sizeof(commands) / sizeof(commands[0]),
	    NULL);
	d->opts = opts_new(options, sizeof(options) / sizeof(options[0]));
	d->edit = edit_new();
	d->complete = complete_new();
	d->src = (struct complete_sources){ d->cmds, d->opts, NULL, person };
	*state = d;
	return 0;
}

static int
teardown(void **state)
{
	struct desk *d = *state;

	complete_free(d->complete);
	edit_free(d->edit);
	opts_free(d->opts);
	cmds_free(d->cmds);
	free(d);
	return 0;
}

static void
line(struct desk *d, const char *text)
{
	assert_int_equal(edit_set(d->edit, text, strlen(text), SIZE_MAX,
	    NULL), 0);
}

/* One Tab after `before` gives `after`. */
static void
tab(struct desk *d, const char *before, const char *after)
{
	line(d, before);
	assert_true(complete_step(d->complete, &d->src, d->edit, false));
	assert_string_equal(edit_text(d->edit, NULL), after);
}

static void
no_tab(struct desk *d, const char *before)
{
	line(d, before);
	assert_false(complete_step(d->complete, &d->src, d->edit, false));
	assert_string_equal(edit_text(d->edit, NULL), before);
}

static void
t_completes_commands(void **state)
{
	tab(*state, "/q", "/quit ");
	tab(*state, "/he", "/help ");
	no_tab(*state, "/zz");
}

static void
t_completes_arguments_by_their_kind(void **state)
{
	tab(*state, "/help q", "/help quit ");
	tab(*state, "/history f", "/history forget ");
	tab(*state, "/set rec", "/set receipts ");
	tab(*state, "/set bell of", "/set bell off ");
	tab(*state, "/set marks as", "/set marks ascii ");
	tab(*state, "/msg \xc3\x85", "/msg \xc3\x85lice ");
	no_tab(*state, "/quit x");
	no_tab(*state, "/set marks zz");
	no_tab(*state, "/msg bob hel");
}

static void
t_quotes_names_with_blanks(void **state)
{
	tab(*state, "/msg \"Bob M", "/msg \"Bob Miller\" ");
}

static void
t_first_word_addresses_somebody(void **state)
{
	tab(*state, "al", "\xc3\x85lice: ");
	no_tab(*state, "hello al");
	no_tab(*state, "");
	no_tab(*state, "//q");
}

static void
t_goes_round_and_comes_back_to_what_was_typed(void **state)
{
	struct desk *d = *state;

	tab(d, "/h", "/help ");
	assert_int_equal(complete_count(d->complete), 2);
	assert_int_equal(complete_current(d->complete), 0);
	complete_step(d->complete, &d->src, d->edit, false);
	assert_string_equal(edit_text(d->edit, NULL), "/history ");
	complete_step(d->complete, &d->src, d->edit, false);
	assert_string_equal(edit_text(d->edit, NULL), "/h");
	complete_step(d->complete, &d->src, d->edit, true);
	assert_string_equal(edit_text(d->edit, NULL), "/history ");
}

static void
t_typing_ends_the_round(void **state)
{
	struct desk *d = *state;

	tab(d, "/h", "/help ");
	edit_type(d->edit, 'q', NULL);
	assert_true(complete_step(d->complete, &d->src, d->edit, false));
	assert_string_equal(edit_text(d->edit, NULL), "/help quit ");
}

static void
t_completes_in_the_middle_of_a_line(void **state)
{
	struct desk *d = *state;

	edit_set(d->edit, "/set rec off", 12, 8, NULL);
	assert_true(complete_step(d->complete, &d->src, d->edit, false));
	assert_string_equal(edit_text(d->edit, NULL), "/set receipts  off");
	assert_int_equal(edit_cursor(d->edit), 14);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(t_completes_commands, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    t_completes_arguments_by_their_kind, setup, teardown),
		cmocka_unit_test_setup_teardown(t_quotes_names_with_blanks,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    t_first_word_addresses_somebody, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    t_goes_round_and_comes_back_to_what_was_typed, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(t_typing_ends_the_round,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    t_completes_in_the_middle_of_a_line, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
