/*
 * cmd-app - the commands of the program itself, with or without a screen:
 * /help, /set, /save, /quit.
 */
#ifndef CMD_APP_H
#define CMD_APP_H

#include "chat.h"
#include "cmd.h"
#include "loop.h"
#include "net.h"
#include "opt.h"

/* What these commands work on; borrowed for the life of the table. */
struct cmd_app {
	struct cmds *cmds;
	struct opts *opts;
	struct chat *chat;
	struct loop *loop;
	struct net *net;
	const char *config;		/* where /save writes; NULL: nowhere */
};

void cmd_app_add(struct cmd_app *app);

#endif
