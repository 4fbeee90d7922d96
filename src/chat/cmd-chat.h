/*
 * cmd-chat - the commands that speak to the heart: /peers, /msg, /accept ..
 */
#ifndef CMD_CHAT_H
#define CMD_CHAT_H

#include "chat.h"

/* Adds the rows to the table; chat is their room. */
void cmd_chat_add(struct cmds *cmds, struct chat *chat);

#endif
