#include "cmd.h"

#include "tmp.h"

/* What the last command got, as "name|word|word". */
static char got[1024];
static void *got_here;
static char said[1024];

static int
on_run(void *room, struct cmd_call *call, struct err *e)
{
	(void)e;
	snprintf(got, sizeof(got), "%s%s", (const char *)room,
	    call->cmd->name);
	for (int i = 0; i < CMD_ARGS; i++) {
		size_t n = strlen(got);

		assert_true((call->argv[i] != NULL) == (i < call->argc));
		if (call->argv[i])
			snprintf(got + n, sizeof(got) - n, "|%s",
			    call->argv[i]);
	}
	got_here = call->here;
	cmd_say(call, "ran %s", call->cmd->name);
	return 0;
}

static int
on_fail(void *room, struct cmd_call *call, struct err *e)
{
	(void)room;
	(void)call;
	return err_set(e, STATUS_DAMAGED, "as asked");
}

static int
on_long(void *room, struct cmd_call *call, struct err *e)
{
	(void)room;
	(void)e;
	cmd_say(call, "%0999d", 7);
	return 0;
}

static const struct cmd talk[] = {
	{ "peers", NULL, "", "lists", { CMD_NONE }, 0, on_run, NULL, NULL },
	{ "msg", "m tell", "PEER TEXT", "says", { CMD_PEER, CMD_REST }, 2,
	    on_run, NULL, NULL },
	{ "rename", NULL, "PEER NAME", "renames", { CMD_PEER, CMD_WORD }, 2,
	    on_run, NULL, NULL },
	{ "verify", NULL, "[PEER]", "verifies", { CMD_PEER }, 0, on_run,
	    NULL, NULL },
};

static const struct cmd screen[] = {
	{ "clear", NULL, "", "clears", { CMD_NONE }, 0, on_run, NULL, NULL },
	{ "fail", NULL, "", "fails", { CMD_NONE }, 0, on_fail, NULL, NULL },
	{ "long", NULL, "", "talks", { CMD_NONE }, 0, on_long, NULL, NULL },
	{ "quit", "exit q", "", "quits", { CMD_NONE }, 0, on_run, NULL,
	    NULL },
};

static struct cmds *cmds;
static char talk_room[] = "T:", screen_room[] = "S:";

static int
make(void **state)
{
	(void)state;
	cmds = cmds_new();
	cmds_add(cmds, talk, sizeof(talk) / sizeof(*talk), talk_room);
	cmds_add(cmds, screen, sizeof(screen) / sizeof(*screen), screen_room);
	got[0] = said[0] = '\0';
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	cmds_free(cmds);
	return 0;
}

static void
on_say(void *arg, const char *line)
{
	assert_ptr_equal(arg, said);
	snprintf(said, sizeof(said), "%s", line);
}

static int
run(const char *line, struct err *e)
{
	got[0] = '\0';
	return cmds_run(cmds, line, cmds, on_say, said, e);
}

static void
check(const char *line, const char *want)
{
	assert_int_equal(run(line, NULL), 0);
	assert_string_equal(got, want);
}

static void
refused(const char *line, const char *what, const char *next)
{
	struct err e;

	assert_int_equal(run(line, &e), -1);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_string_equal(e.what, what);
	assert_string_equal(e.next, next);
	assert_string_equal(got, "");
}

static void
t_a_row_runs_in_its_room(void **state)
{
	(void)state;
	check("/peers", "T:peers");
	assert_ptr_equal(got_here, cmds);
	assert_string_equal(said, "ran peers");
	check("/clear  ", "S:clear");
	check("/verify", "T:verify");
	check("/verify\tBob ", "T:verify|Bob");
}

static void
t_quoted_words_keep_their_blanks(void **state)
{
	(void)state;
	check("/rename \"Bob Miller\" Bob", "T:rename|Bob Miller|Bob");
	check("/rename \"B \\\"b\\\" \\\\ \\n\" \"\"",
	    "T:rename|B \"b\" \\ \\n|");
	check("/rename B\"b c", "T:rename|B\"b|c");
	refused("/rename \"Bob", "/rename: a closing \" is missing, or a blank "
	    "behind it", "usage: /rename PEER NAME");
	refused("/rename \"Bob\"x y", "/rename: a closing \" is missing, or a "
	    "blank behind it", "usage: /rename PEER NAME");
	refused("/rename \"Bob\\\"", "/rename: a closing \" is missing, or a "
	    "blank behind it", "usage: /rename PEER NAME");
}

static void
t_the_rest_is_as_it_was_typed(void **state)
{
	(void)state;
	check("/msg Bob  say \"hi\"  \\ ok ", "T:msg|Bob|say \"hi\"  \\ ok ");
	check("/msg \"Bob M\" two\nlines", "T:msg|Bob M|two\nlines");
	check("/msg Bob \"", "T:msg|Bob|\"");
	refused("/msg Bob ", "/msg: too few words", "usage: /msg PEER TEXT");
	refused("/msg", "/msg: needs an argument", "usage: /msg PEER TEXT");
}

static void
t_too_many_words_are_refused(void **state)
{
	(void)state;
	refused("/verify Bob yes", "/verify: too many words",
	    "usage: /verify [PEER]");
	refused("/peers x", "/peers: takes no arguments", "usage: /peers");
}

static void
t_aliases_run_their_row(void **state)
{
	(void)state;
	check("/q", "S:quit");
	check("/exit", "S:quit");
	check("/tell Bob x", "T:msg|Bob|x");
	assert_string_equal(cmds_find(cmds, "m")->name, "msg");
	assert_null(cmds_find(cmds, "exit q"));
	assert_null(cmds_find(cmds, ""));
}

static void
t_no_prefix_is_guessed(void **state)
{
	(void)state;
	refused("/pers", "unknown command /pers; did you mean /peers?",
	    "/help lists all commands");
	refused("/peer Bob", "unknown command /peer; did you mean /peers?",
	    "/help lists all commands");
	refused("/eixt", "unknown command /eixt; did you mean /quit?",
	    "/help lists all commands");
	refused("/xyzzy", "unknown command /xyzzy",
	    "/help lists all commands");
	refused("/Peers", "unknown command /Peers; did you mean /peers?",
	    "/help lists all commands");
	refused("/", "a command's name is missing",
	    "/help lists all commands");
	refused("/ peers", "a command's name is missing",
	    "/help lists all commands");
}

static void
row_62_a_strange_name_is_not_repeated(void **state)
{
	char line[3000];

	(void)state;
	refused("/pe\033[2Jrs", "unknown command", "/help lists all commands");
	refused("/pe\xffrs", "unknown command", "/help lists all commands");
	memset(line, 'x', sizeof(line) - 1);
	line[0] = '/';
	line[sizeof(line) - 1] = '\0';
	refused(line, "unknown command", "/help lists all commands");
}

static void
t_a_failure_is_handed_on(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(run("/fail", &e), -1);
	assert_int_equal(e.status, STATUS_DAMAGED);
	assert_string_equal(e.what, "as asked");
}

static void
t_a_long_answer_is_whole(void **state)
{
	(void)state;
	assert_int_equal(run("/long", NULL), 0);
	assert_int_equal(strlen(said), 999);
	assert_int_equal(said[998], '7');
	assert_int_equal(cmds_run(cmds, "/long", NULL, NULL, NULL, NULL), 0);
}

static void
t_the_table_is_by_name(void **state)
{
	(void)state;
	assert_int_equal(cmds_count(cmds), 8);
	for (size_t i = 1; i < cmds_count(cmds); i++)
		assert_true(strcmp(cmds_at(cmds, i - 1)->name,
		    cmds_at(cmds, i)->name) < 0);
}

static void
t_distance_counts_slips_of_the_finger(void **state)
{
	static const struct {
		const char *a, *b;
		int d;
	} rows[] = {
		{ "", "", 0 }, { "a", "", 1 }, { "peers", "peers", 0 },
		{ "pers", "peers", 1 }, { "peesr", "peers", 1 },
		{ "kitten", "sitting", 3 }, { "abc", "cba", 2 },
		{ "", "abcd", 4 }, { "abcdefgh", "12345678", 6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(cmd_distance(rows[i].a, rows[i].b, 5),
		    rows[i].d);
		assert_int_equal(cmd_distance(rows[i].b, rows[i].a, 5),
		    rows[i].d);
	}
	assert_int_equal(cmd_distance("kitten", "sitting", 2), 3);
}

/* Its own room; words are those of the row. */
static int
on_before(void *room, struct cmd_call *call, struct err *e)
{
	(void)e;
	if (call->argc > 0)
		return 1;
	snprintf(got, sizeof(got), "before %s%s", (const char *)room,
	    call->cmd->name);
	return 0;
}

static void
t_somebody_may_go_before_a_command(void **state)
{
	struct err e;

	(void)state;
	cmds_before(cmds, "verify", on_before, screen_room);
	assert_int_equal(cmds_run(cmds, "/verify", NULL, NULL, NULL, &e), 0);
	assert_string_equal(got, "before S:verify");
	assert_int_equal(cmds_run(cmds, "/verify Bob", NULL, NULL, NULL, &e),
	    0);
	assert_string_equal(got, "T:verify|Bob");
	assert_int_equal(cmds_run(cmds, "/verify a b", NULL, NULL, NULL, &e),
	    -1);
	assert_int_equal(cmds_run(cmds, "/clear", NULL, NULL, NULL, &e), 0);
	assert_string_equal(got, "S:clear");
}

#define WITH(t) cmocka_unit_test_setup_teardown(t, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(t_a_row_runs_in_its_room),
		WITH(t_quoted_words_keep_their_blanks),
		WITH(t_the_rest_is_as_it_was_typed),
		WITH(t_too_many_words_are_refused),
		WITH(t_aliases_run_their_row),
		WITH(t_no_prefix_is_guessed),
		WITH(row_62_a_strange_name_is_not_repeated),
		WITH(t_a_failure_is_handed_on),
		WITH(t_a_long_answer_is_whole),
		WITH(t_the_table_is_by_name),
		WITH(t_somebody_may_go_before_a_command),
		cmocka_unit_test(t_distance_counts_slips_of_the_finger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
