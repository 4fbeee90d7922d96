#include "cmd-tui.h"

#include "keymap.h"

#include <stdlib.h>

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

static const struct cmd rows[] = {
	{ .name = "query", .alias = "open", .usage = "PEER",
	    .help = "open the chat with somebody",
	    .args = { CMD_PEER }, .min = 1, .run = run_query },
	{ .name = "clear", .usage = "",
	    .help = "empty the screen of this chat", .run = run_clear },
	{ .name = "bind", .usage = "KEY ACTION",
	    .help = "what a key does; actions are listed in the help",
	    .args = { CMD_WORD, CMD_WORD }, .min = 2, .run = run_bind },
};

void
cmd_tui_add(struct cmds *cmds, struct tui *t)
{
	cmds_add(cmds, rows, sizeof(rows) / sizeof(rows[0]), t);
}
