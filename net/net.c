#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kdf.h"
#include "label.h"
#include "checkup.h"
#include "log.h"
#include "net-own.h"

enum {
	FLUSH_MS = 300,			/* at most, for the last words */
	UDP_TRIES = 16,			/* ports, before any is right */
	ASLEEP_MS = 30000		/* a turn this late: we slept */
};

/* ---- what the rooms below ask ------------------------------------------ */

static bool
is_welcome(void *ctx, const uint8_t x[KEY_LEN])
{
	struct net *n = ctx;
	struct pubkeys keys;

	return !n->closing && n->setup.events->welcome(n->setup.events->chat,
	    x, &keys) != WELCOME_NOT;
}

static enum reach_direct
direct_mode(const struct opts *o)
{
	const char *word = opts_word(o, "direct");

	if (strcmp(word, "never") == 0)
		return DIRECT_NEVER;
	return strcmp(word, "always") == 0 ? DIRECT_ALWAYS : DIRECT_CONTACTS;
}

/* By packets: whom we would punch holes with, and nobody else.  Strangers
 * ask over streams, whose records are simple to read; what puts packets in
 * order is a large library. */
static bool
is_welcome_by_packets(void *ctx, const uint8_t x[KEY_LEN])
{
	struct net *n = ctx;
	struct pubkeys keys;

	if (direct_mode(n->setup.opts) == DIRECT_ALWAYS)
		return is_welcome(ctx, x);
	return !n->closing && n->setup.events->welcome(n->setup.events->chat,
	    x, &keys) == WELCOME_CONTACT;
}

static void
on_other_version(void *ctx, const struct addr *who, unsigned version,
    bool proven)
{
	struct net *n = ctx;
	char ip[ADDR_TEXT], text[ADDR_TEXT + 80];

	/* Anyone can send such bytes: said once, unless it is proven. */
	if (n->told_version && !proven)
		return;
	n->told_version = true;
	addr_format_ip(who, ip);
	snprintf(text, sizeof(text), "the peer at %s uses version %u of the "
	    "protocol, this is version %u", ip, version,
	    (unsigned)CHAN_VERSION);
	n->setup.events->notice(n->setup.events->chat, text);
}

static size_t
near(void *ctx, const struct user_id *id, struct addr list[DIAL_NEAR])
{
	struct net *n = ctx;

	return lan_addrs(n->lan, id, list, DIAL_NEAR);
}

static bool
is_near(void *ctx, const struct addr *a)
{
	struct net *n = ctx;

	if (!addr_is_near(a))
		return false;
	return addr_kind(a) == ADDR_LOOPBACK ||
	    ifaces_is_on_link(n->ifaces, a) || lan_has_ip(n->lan, a);
}

static void
on_accept(void *arg, int fd, const struct addr *from)
{
	struct net *n = arg;

	porch_accepted(n->porch, fd, from);
}

static void
on_link(void *ctx, struct stream *s)
{
	struct net *n = ctx;

	reach_accepted(n->reach, s);
}

static void
on_visit(void *ctx, struct stream *s)
{
	struct net *n = ctx;

	if (n->closing)
		stream_free(s);
	else
		plates_accepted(n->plates, s);
}

static void
on_found(void *ctx, const struct addr *at,
    const uint8_t instance[BEACON_NONCE])
{
	struct net *n = ctx;

	if (!n->closing)
		plates_found(n->plates, at, instance);
}

static void
on_seen(void *ctx, const struct pubkeys *who)
{
	struct net *n = ctx;

	reach_seen(n->reach, who);
}

/* Other addresses, or a sleep after which none may be right. */
static void
seek_anew(struct net *n)
{
	resolver_renew(n->resolver);
	relays_moved(n->relays);
	if (n->outside)
		outside_moved(n->outside);
}

static void
on_moved(void *arg)
{
	struct net *n = arg;

	if (n->closing)
		return;
	log_info("net: the addresses of this machine changed");
	n->version++;
	seek_anew(n);
	lan_moved(n->lan);
	reach_moved(n->reach);
}

/* ---- relays ------------------------------------------------------------ */

/* They answer STUN as well; those that are up tell where. */
static void
ask_relays(struct net *n)
{
	struct addr list[NAT_SERVERS_MAX] = { 0 };
	struct relay_state s;
	size_t n_list = 0;

	if (!n->outside)
		return;
	for (size_t i = 0; i < relays_count(n->relays); i++) {
		if (!relays_at(n->relays, i, &s) || s.how != RELAY_IS_UP)
			continue;
		for (int k = 0; k < 2 && n_list < NAT_SERVERS_MAX; k++) {
			if (s.stun[k] == 0)
				continue;
			list[n_list] = s.at;
			list[n_list++].port = s.stun[k];
		}
	}
	outside_relays(n->outside, list, n_list);
}

static bool
is_relay_up(const struct net *n)
{
	struct net_reach r;

	net_reach(n, &r);
	return r.relay == NET_RELAY_UP;
}

static void
on_relays(void *ctx)
{
	struct net *n = ctx;
	bool was_up = n->is_relay_up;

	if (n->closing)
		return;
	n->version++;
	n->is_relay_up = is_relay_up(n);
	ask_relays(n);
	if (n->is_relay_up && !was_up)
		reach_relays(n->reach);
}

static void
on_here(void *ctx, const struct user_id *who)
{
	struct net *n = ctx;

	if (!n->closing)
		reach_here(n->reach, who);
}

static void
on_call(void *ctx, struct stream *s, const struct user_id *who)
{
	struct net *n = ctx;

	(void)who;
	if (n->closing)
		stream_free(s);
	else
		reach_accepted(n->reach, s);
}

static bool
has_relay(void *ctx)
{
	struct net *n = ctx;

	return n->is_relay_up;
}

static struct stream *
call(void *ctx, const struct user_id *who, const struct stream_events *events,
    void *owner)
{
	struct net *n = ctx;

	return relays_call(n->relays, who, events, owner);
}

static void
want_relay(void *ctx, const struct pubkeys *who, bool want)
{
	struct net *n = ctx;

	relays_want(n->relays, who, want);
}

static int
open_relays(struct net *n, struct err *e)
{
	const struct relays_setup setup = {
		.streams = &n->streams, .resolver = n->resolver,
		.id = n->setup.id, .ifaces = n->ifaces,
		.chat = n->setup.events, .ctx = n,
		.on_here = on_here, .on_call = on_call, .on_visit = on_visit,
		.on_state = on_relays
	};

	n->relays = relays_new(&setup);
	return net_relays(n, e);
}

int
net_relays(struct net *n, struct err *e)
{
	const bool had = n->has_relay;
	const char *const *list;
	size_t n_list = opts_list(n->setup.opts, "relay", &list);

	/* Before it is told. */
	n->has_relay = n_list > 0;
	if (relays_set(n->relays, list, n_list,
	    opts_text(n->setup.opts, "relay-token"), e) == 0)
		return 0;
	n->has_relay = had;
	return -1;
}

/* ---- packets ----------------------------------------------------------- */

static void
on_udp_link(void *ctx, struct link *l)
{
	struct net *n = ctx;

	/* Without an owner dgram ends it. */
	if (!n->closing)
		reach_linked(n->reach, l);
}

static void
on_outside(void *ctx)
{
	struct net *n = ctx;

	if (n->closing)
		return;
	n->version++;
	reach_outside(n->reach);
}

static bool
is_behind_nat(void *ctx)
{
	struct net *n = ctx;
	const struct addr *only = listener_only(n->listener);

	if (only)
		return addr_is_near(only);
	for (size_t i = 0; i < ifaces_count(n->ifaces); i++) {
		if (addr_kind(&ifaces_at(n->ifaces, i)->addr) == ADDR_PUBLIC)
			return false;
	}
	return true;
}

static bool
has_birthday(void *ctx)
{
	struct net *n = ctx;

	return opts_bool(n->setup.opts, "birthday");
}

void
net_birthday(struct net *n)
{
	reach_birthday(n->reach);
}

/* The port of TCP, or the next free one: the port of the discovery is shared
 * with whoever else runs here, and what comes to it comes to any of them. */
static struct udp *
open_udp(struct net *n)
{
	const struct addr *only = listener_only(n->listener);
	const int lan = (int)opts_int(n->setup.opts, "lan-port");
	struct loop *l = n->setup.loop;
	int port = listener_port(n->listener);
	struct udp *u = NULL;
	struct err e = { 0 };

	for (int i = 0; !u && i < UDP_TRIES && port + i <= UINT16_MAX; i++) {
		if (port + i != lan)
			u = udp_open(l, only, (uint16_t)(port + i), NULL);
	}
	if (!u)
		u = udp_open(l, only, 0, &e);
	if (!u)
		log_info("net: no UDP: %s", e.what);
	return u;
}

static void
join_udp(struct net *n)
{
	udp_handle(n->udp, UDP_LINK_CLASS, dgrams_heard, n->dgrams);
	udp_handle(n->udp, UDP_PROBE_CLASS, paths_room_heard, &n->paths);
}

static void
open_packets(struct net *n)
{
	struct opts *o = n->setup.opts;
	const struct dgrams_setup dgrams = {
		.loop = n->setup.loop, .id = n->setup.id, .ctx = n,
		.welcome = is_welcome_by_packets, .on_link = on_udp_link
	};
	struct outside_setup outside = {
		.loop = n->setup.loop, .ifaces = n->ifaces,
		.resolver = n->resolver, .port = listener_port(n->listener),
		.only = listener_only(n->listener), .ctx = n,
		.upnp_exec = n->setup.exec, .on_change = on_outside,
		.pcp = opts_bool(o, "port-mapping"),
		.upnp = opts_bool(o, "port-mapping") && opts_bool(o, "upnp") &&
		    n->setup.exec
	};
	uint8_t nonce[HASH_LEN];

	n->udp = open_udp(n);
	if (!n->udp)
		return;
	kdf_derive(nonce, identity_seed(n->setup.id), LABEL_PORTMAP,
	    (struct item[]){ KDF_END });
	memcpy(outside.nonce, nonce, sizeof(outside.nonce));
	n->dgrams = dgrams_new(&dgrams);
	outside.udp = n->udp;
	outside.n_stun = opts_list(o, "stun", &outside.stun);
	n->outside = outside_new(&outside);
	n->paths = (struct paths_room){
		.loop = n->setup.loop, .udp = n->udp, .dgrams = n->dgrams,
		.outside = n->outside, .ctx = n, .is_near = is_near,
		.has_birthday = has_birthday
	};
	paths_room_init(&n->paths);
	join_udp(n);
}

/* Listening moved: the sockets of packets follow. */
static void
move_packets(struct net *n)
{
	struct udp *was = n->udp, *is;

	if (!was)
		return;
	is = open_udp(n);
	if (!is)
		return;
	n->udp = is;
	join_udp(n);
	outside_rebind(n->outside, is, listener_port(n->listener),
	    listener_only(n->listener));
	paths_room_move(&n->paths, is);
	dgrams_move(n->dgrams, was, is);
	udp_free(was);
}

/* ---- the turn ---------------------------------------------------------- */

/* Stopped, suspended or set to another time: ask the links.  A live peer
 * answers, so a wrong guess costs a few bytes. */
static void
note_sleep(struct net *n)
{
	const struct clock *now = loop_clock(n->setup.loop);
	int64_t mono_ms = (now->mono_us - n->last.mono_us) / 1000;
	int64_t wall_ms = now->wall_ms - n->last.wall_ms;

	n->last = *now;
	if (wall_ms - mono_ms <= ASLEEP_MS)
		return;
	seek_anew(n);
	reach_woke(n->reach);
}

static void
on_turn(void *arg)
{
	struct net *n = arg;

	if (!n->closing)
		note_sleep(n);
	streams_flush(&n->streams);
}

/* ---- open and close ---------------------------------------------------- */

static enum lan_mode
lan_mode(const struct opts *o)
{
	const char *word = opts_word(o, "lan");

	if (strcmp(word, "off") == 0)
		return LAN_OFF;
	return strcmp(word, "contacts") == 0 ? LAN_CONTACTS : LAN_EVERYONE;
}

static void
open_lan(struct net *n)
{
	struct lan_setup lan = {
		.loop = n->setup.loop, .id = n->setup.id,
		.ifaces = n->ifaces, .chat = n->setup.events,
		.mode = lan_mode(n->setup.opts),
		.udp_port = (uint16_t)opts_int(n->setup.opts, "lan-port"),
		.tcp_port = listener_port(n->listener),
		.ctx = n, .seen = on_seen, .found = on_found
	};
	char text[240];

	n->lan = lan_open(&lan);
	if (!lan_trouble(n->lan))
		return;
	snprintf(text, sizeof(text), "nobody on this network can be found: %s",
	    lan_trouble(n->lan));
	n->setup.events->notice(n->setup.events->chat, text);
}

static void
open_reach(struct net *n)
{
	const struct reach_setup setup = {
		.room = &n->room, .resolver = n->resolver,
		.paths = n->udp ? &n->paths : NULL,
		.direct = direct_mode(n->setup.opts),
		.chat = n->setup.events, .ctx = n,
		.near = near, .is_near = is_near,
		.is_behind_nat = is_behind_nat, .has_relay = has_relay,
		.call = call, .want = want_relay
	};

	n->reach = reach_new(&setup);
}

static void
open_plates(struct net *n)
{
	n->plates = plates_new(&(struct plates_setup){
	    .streams = &n->streams, .resolver = n->resolver,
	    .relays = n->relays, .lan = n->lan, .chat = n->setup.events });
}

struct net *
net_open(const struct net_setup *setup, struct err *e)
{
	struct net *n = mem_new(sizeof(*n));

	n->setup = *setup;
	n->last = *loop_clock(setup->loop);
	streams_init(&n->streams, setup->loop);
	n->room = (struct chan_room){
		.streams = &n->streams, .id = setup->id, .ctx = n,
		.welcome = is_welcome, .other_version = on_other_version
	};
	n->listener = listener_open(setup->loop,
	    opts_text(setup->opts, "listen"),
	    !opts_is_set(setup->opts, "listen"), on_accept, n, e);
	if (!n->listener) {
		free(n);
		return NULL;
	}
	n->porch = porch_new(&(struct porch_setup){ .streams = &n->streams,
	    .ctx = n, .on_link = on_link, .on_visit = on_visit });
	n->ifaces = ifaces_new(setup->loop, on_moved, n);
	n->resolver = resolver_new(setup->loop, opts_text(setup->opts, "dns"));
	net_set_carrier(n);
	open_packets(n);
	open_reach(n);
	loop_hook(setup->loop, LOOP_SEND, on_turn, n);
	open_lan(n);
	if (open_relays(n, e) != 0) {
		net_close(n);
		return NULL;
	}
	open_plates(n);
	return n;
}

static bool
is_leaving(const struct net *n)
{
	return streams_are_lingering(&n->streams) ||
	    (n->outside && !outside_is_done(n->outside));
}

static void
close_packets(struct net *n)
{
	if (!n->udp)
		return;
	outside_free(n->outside);
	dgrams_free(n->dgrams);
	udp_free(n->udp);
}

void
net_close(struct net *n)
{
	struct loop *l;
	int64_t end_ms;

	if (!n)
		return;
	l = n->setup.loop;
	n->closing = true;
	checkup_free(n->checkup);
	n->checkup = NULL;
	plates_free(n->plates);
	n->plates = NULL;
	lan_close(n->lan);
	n->lan = NULL;
	listener_free(n->listener);
	porch_free(n->porch);
	if (n->outside)
		outside_end(n->outside);
	reach_drop(n->reach, NULL, CLOSE_BYE);
	reach_free(n->reach);
	/* Last words in pipes leave by the relays' connections. */
	loop_turn(l, 0);
	relays_free(n->relays);
	/* The loop's clock stands between turns: one turn moves it on, lets
	 * the last records leave and releases what was deferred. */
	loop_turn(l, 0);
	end_ms = loop_now_ms(l) + FLUSH_MS;
	while (is_leaving(n) && loop_now_ms(l) < end_ms)
		loop_turn(l, end_ms - loop_now_ms(l));
	streams_clear(&n->streams);
	close_packets(n);
	ifaces_free(n->ifaces);
	resolver_free(n->resolver);
	loop_turn(l, 0);
	loop_unhook(l, LOOP_SEND, on_turn, n);
	free(n);
}

int
net_listen(struct net *n, const char *where, struct err *e)
{
	struct listener *new;

	new = listener_open(n->setup.loop, where, false, on_accept, n, e);
	if (!new)
		return -1;
	listener_free(n->listener);
	n->listener = new;
	n->version++;
	lan_announce(n->lan, listener_port(new));
	move_packets(n);
	return 0;
}
