/*
 * cmd - the table of commands: what /help, Tab, F1, the manual's test and
 * headless mode all read.
 *
 * Each room adds its own rows with its own context; the runner splits the
 * line, checks the number of words and calls.  Words are separated by
 * blanks and may be quoted ("Bob Miller"); the last argument of a row whose
 * kind is CMD_REST takes the rest of the line as it was typed.
 */
#ifndef CMD_H
#define CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

enum { CMD_ARGS = 4 };

/* What an argument is: for completion and for its name in the usage. */
enum cmd_kind {
	CMD_NONE,
	CMD_WORD,
	CMD_PEER,
	CMD_HOST,
	CMD_PATH,
	CMD_OPTION,
	CMD_COMMAND,
	CMD_REST
};

struct cmd_call;

struct cmd {
	const char *name;		/* without the slash */
	const char *alias;		/* "exit q", or NULL */
	const char *usage;		/* "PEER TEXT", "[PEER]", or "" */
	const char *help;		/* one line */
	enum cmd_kind args[CMD_ARGS];
	int min;			/* words that must be there */
	int (*run)(void *room, struct cmd_call *call, struct err *e);
	const char *words;		/* completes CMD_WORD: "on off" */
	const char *more;		/* an example, or what goes with it */
};

struct cmd_call {
	const struct cmd *cmd;
	int argc;
	const char *argv[CMD_ARGS];	/* without the name; NULL past argc */
	void *here;			/* the open chat's person, or NULL */
	void (*say)(void *arg, const char *line);	/* answers, by lines */
	void *say_arg;
};

struct cmds;

struct cmds *cmds_new(void);
void cmds_free(struct cmds *c);
void cmds_add(struct cmds *c, const struct cmd *table, size_t n, void *room);
/* `line` starts with its slash.  An unknown command is STATUS_USAGE and
 * names the nearest one. */
int cmds_run(struct cmds *c, const char *line, void *here,
    void (*say)(void *arg, const char *line), void *say_arg, struct err *e);
/* Somebody who is asked before the row's own function, with the same words:
 * 1 lets that one run after all. */
void cmds_before(struct cmds *c, const char *name,
    int (*run)(void *room, struct cmd_call *call, struct err *e), void *room);
size_t cmds_count(const struct cmds *c);
const struct cmd *cmds_at(const struct cmds *c, size_t i);	/* by name */
const struct cmd *cmds_find(const struct cmds *c, const char *name);
/* printf for call->say. */
void cmd_say(const struct cmd_call *call, const char *fmt, ...)
	PRINTF_LIKE(2, 3);
/* Edit distance, for "did you mean"; at most max is told apart. */
int cmd_distance(const char *a, const char *b, int max);

#endif
