/*
 * cmd-tui - the commands that steer the screen: /query, /clear, /bind.
 */
#ifndef CMD_TUI_H
#define CMD_TUI_H

#include "tui.h"

/* Adds the rows to the table; the screen is their room. */
void cmd_tui_add(struct cmds *cmds, struct tui *t);

#endif
