#include "cmd-net.h"

#include <stdio.h>

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

static void
say_mapping(struct cmd_call *call, const struct net_reach *r)
{
	char text[ADDR_TEXT];

	if (r->has_mapped) {
		addr_format(&r->mapped, text);
		cmd_say(call, "the router sends %s here (%s)", text,
		    portmap_how_name(r->holder));
	} else if (r->mapping == PORTMAP_ASKING) {
		cmd_say(call, "the router is being asked for a port");
	} else if (r->mapping == PORTMAP_NONE) {
		cmd_say(call, "the router gives no port; /doctor says why");
	}
	if (r->is_double)
		cmd_say(call, "the router stands behind another one: its "
		    "ports do not reach the outside");
}

static void
say_relays(struct cmd_call *call, const struct net_reach *r)
{
	for (size_t i = 0; i < r->n_relays; i++) {
		const struct relay_state *s = &r->relays[i];
		char rtt[32] = "";

		if (s->rtt_us >= 0)
			snprintf(rtt, sizeof(rtt), ", %.1f ms",
			    (double)s->rtt_us / 1000);
		if (s->is_mine)
			cmd_say(call, "relay %s: %s%s%s%s", s->where,
			    s->how == RELAY_IS_UP ? "up" : s->how ==
			    RELAY_IS_TRYING ? "connecting" : "down",
			    s->how == RELAY_IS_UP ? rtt : "",
			    s->how != RELAY_IS_UP && s->why[0] ? ", " : "",
			    s->how != RELAY_IS_UP ? s->why : "");
	}
	cmd_say(call, r->relay == NET_RELAY_UP ? "to somebody anywhere: your "
	    "contact link, /link" : "without a relay people of other "
	    "networks do not find you; /doctor says more");
}

static int
run_listen(void *room, struct cmd_call *call, struct err *e)
{
	struct net *n = room;
	const char *trouble = net_lan_trouble(n);
	struct net_reach r;
	char text[ADDR_TEXT];

	if (call->argc > 0 && net_listen(n, call->argv[0], e) != 0)
		return -1;
	net_reach(n, &r);
	if (!net_listen_at(n, 0))
		cmd_say(call, "listening on port %u, but there is no network",
		    (unsigned)net_port(n));
	for (size_t i = 0; net_listen_at(n, i); i++)
		cmd_say(call, "on this network: /connect %s",
		    net_listen_at(n, i));
	if (r.has_public) {
		addr_format_ip(&r.public, text);
		cmd_say(call, "seen from outside as %s, network class %s",
		    text, net_nat_name(r.nat));
	}
	say_mapping(call, &r);
	say_relays(call, &r);
	if (trouble)
		cmd_say(call, "%s", trouble);
	return 0;
}

static int
run_doctor(void *room, struct cmd_call *call, struct err *e)
{
	if (net_doctor(room, e) != 0)
		return -1;
	cmd_say(call, "measuring, this takes some seconds ..");
	return 0;
}

static const struct cmd table[] = {
	{ .name = "connect", .usage = "HOST[:PORT]",
	  .help = "dial an address and greet whoever answers",
	  .args = { CMD_HOST }, .min = 1, .run = run_connect,
	  .more = "for example /connect 192.168.1.7; theirs: /listen" },
	{ .name = "doctor", .usage = "",
	  .help = "measure what is reachable, and what to do about the rest",
	  .args = { CMD_NONE }, .min = 0, .run = run_doctor },
	{ .name = "listen", .usage = "[PORT]",
	  .help = "show where I can be reached, or listen elsewhere",
	  .args = { CMD_WORD }, .min = 0, .run = run_listen,
	  .more = "for example /listen 6000; they type /connect" }
};

void
cmd_net_add(struct cmds *cmds, struct net *net)
{
	cmds_add(cmds, table, sizeof(table) / sizeof(*table), net);
}
