/*
 * cmd-net - the commands about ways: /connect, /listen.
 */
#ifndef CMD_NET_H
#define CMD_NET_H

#include "cmd.h"
#include "net.h"

void cmd_net_add(struct cmds *cmds, struct net *net);

#endif
