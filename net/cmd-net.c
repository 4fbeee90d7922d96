#include "cmd-net.h"

static int
run_connect(void *room, struct cmd_call *call, struct err *e)
{
	struct net *n = room;
	const struct carrier *c = net_carrier(n);

	if (c->connect(c->net, call->argv[0], e) != 0)
		return -1;
	cmd_say(call, "connecting to %s ..", call->argv[0]);
	return 0;
}

static int
run_listen(void *room, struct cmd_call *call, struct err *e)
{
	struct net *n = room;
	const char *trouble = net_lan_trouble(n);

	if (call->argc > 0 && net_listen(n, call->argv[0], e) != 0)
		return -1;
	if (!net_listen_at(n, 0))
		cmd_say(call, "listening on port %u, but there is no network",
		    (unsigned)net_port(n));
	for (size_t i = 0; net_listen_at(n, i); i++)
		cmd_say(call, "listening at %s", net_listen_at(n, i));
	if (trouble)
		cmd_say(call, "%s", trouble);
	return 0;
}

static const struct cmd table[] = {
	{ .name = "connect", .usage = "HOST[:PORT]",
	  .help = "dial an address and greet whoever answers",
	  .args = { CMD_HOST }, .min = 1, .run = run_connect },
	{ .name = "listen", .usage = "[PORT]",
	  .help = "show where I can be reached, or listen elsewhere",
	  .args = { CMD_WORD }, .min = 0, .run = run_listen }
};

void
cmd_net_add(struct cmds *cmds, struct net *net)
{
	cmds_add(cmds, table, sizeof(table) / sizeof(*table), net);
}
