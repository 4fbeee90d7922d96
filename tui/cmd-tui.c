#include "cmd-tui.h"

#include "keymap.h"

#include <stdlib.h>
#include <string.h>

static int
run_query(void *room, struct cmd_call *call, struct err *e)
{
	struct person *p = roster_match(
	    chat_roster(tui_setup_of(room)->chat), call->argv[0], e);

	if (!p)
		return -1;
	return tui_visit(room, p, e);
}

static int
run_clear(void *room, struct cmd_call *call, struct err *e)
{
	(void)call;
	(void)e;
	tui_clear(room);
	return 0;
}

static int
run_bind(void *room, struct cmd_call *call, struct err *e)
{
	char *line = mem_printf("%s %s", call->argv[0], call->argv[1]);
	int rc = keymap_check(line, e);

	/* A value of the list option: /save keeps it. */
	if (rc == 0)
		rc = opts_set(tui_setup_of(room)->opts, "bind", line, e);
	if (rc == 0)
		cmd_say(call, "bound until you leave; /save keeps it");
	free(line);
	return rc;
}

/* ---- what a sheet shows better than lines -------------------------------- */

static int
before_help(void *room, struct cmd_call *call, struct err *e)
{
	(void)e;
	if (call->argc > 0)
		return 1;
	tui_show_help(room);
	return 0;
}

/* The sheet that its news open says all of it. */
static int
before_host(void *room, struct cmd_call *call, struct err *e)
{
	return call->argc > 0 ? 1 : chat_host(tui_setup_of(room)->chat, e);
}

static int
before_link(void *room, struct cmd_call *call, struct err *e)
{
	(void)call;
	(void)e;
	tui_show_link(room);
	return 0;
}

/* With a verdict it is the command's own business. */
static int
before_verify(void *room, struct cmd_call *call, struct err *e)
{
	struct person *p = call->here;
	const char *word = call->argv[0];

	if (call->argc > 1 || (call->argc == 0 && !p) || (call->argc == 1 &&
	    (strcmp(word, "yes") == 0 || strcmp(word, "no") == 0)))
		return 1;
	if (call->argc == 1)
		p = roster_match(chat_roster(tui_setup_of(room)->chat), word,
		    e);
	if (!p)
		return -1;
	tui_show_verify(room, p);
	return 0;
}

static const struct cmd rows[] = {
	{ .name = "query", .alias = "open", .usage = "PEER",
	    .help = "open the chat with somebody",
	    .args = { CMD_PEER }, .min = 1, .run = run_query },
	{ .name = "clear", .usage = "",
	    .help = "empty the screen of this chat", .run = run_clear },
	{ .name = "bind", .usage = "KEY ACTION",
	    .help = "what a key does; p2ptui.conf(5) lists the actions",
	    .args = { CMD_WORD, CMD_WORD }, .min = 2, .run = run_bind },
};

void
cmd_tui_add(struct cmds *cmds, struct tui *t)
{
	cmds_add(cmds, rows, sizeof(rows) / sizeof(rows[0]), t);
	cmds_before(cmds, "help", before_help, t);
	cmds_before(cmds, "host", before_host, t);
	cmds_before(cmds, "link", before_link, t);
	cmds_before(cmds, "verify", before_verify, t);
}
