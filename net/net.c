#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lan.h"
#include "listen.h"
#include "log.h"
#include "reach.h"

enum {
	FLUSH_MS = 300,			/* at most, for the last words */
	ASLEEP_MS = 30000,		/* a turn this late: we slept */
	TEXTS = 32
};

struct net {
	struct net_setup setup;
	struct streams streams;
	struct chan_room room;
	struct ifaces *ifaces;
	struct resolver *resolver;
	struct listener *listener;
	struct lan *lan;
	struct reach *reach;
	struct carrier carrier;
	uint64_t version;
	struct clock last;		/* turn */
	bool told_version;
	bool closing;
	char texts[TEXTS][ADDR_TEXT];	/* net_listen_at's */
	size_t n_texts;
};

/* ---- chat's door ------------------------------------------------------- */

/* While closing, chat has turns of its own: the rooms below are gone then. */

static int
carry_send(void *net, const struct user_id *to, const void *frame, size_t len)
{
	struct net *n = net;

	return n->closing ? -1 : reach_send(n->reach, to, frame, len);
}

static size_t
carry_room(void *net, const struct user_id *to)
{
	struct net *n = net;

	return n->closing ? 0 : reach_room(n->reach, to);
}

static void
carry_want(void *net, const struct pubkeys *to, const char *where, bool want,
    bool urgent)
{
	struct net *n = net;

	if (!n->closing)
		reach_want(n->reach, to, where, want, urgent);
}

static void
carry_drop(void *net, const struct user_id *who)
{
	struct net *n = net;

	if (!n->closing)
		reach_drop(n->reach, who, CLOSE_UNWANTED);
}

static void
carry_announce(void *net)
{
	struct net *n = net;
	struct buf card;

	if (n->closing)
		return;
	buf_init(&card);
	n->setup.events->card(n->setup.events->chat, &card);
	reach_say_card(n->reach, card.at, card.len);
	buf_clear(&card);
	lan_announce(n->lan, listener_port(n->listener));
}

static int
carry_connect(void *net, const char *host_port, struct err *e)
{
	struct net *n = net;

	if (n->closing)
		return err_set(e, STATUS_TRY_AGAIN, "p2ptui is closing");
	return reach_connect(n->reach, host_port, e);
}

const struct carrier *
net_carrier(struct net *n)
{
	return &n->carrier;
}

/* ---- what the rooms below ask ------------------------------------------ */

static bool
is_welcome(void *ctx, const uint8_t x[KEY_LEN])
{
	struct net *n = ctx;
	struct pubkeys keys;

	return !n->closing && n->setup.events->welcome(n->setup.events->chat,
	    x, &keys) != WELCOME_NOT;
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

	reach_accepted(n->reach, fd, from);
}

static void
on_seen(void *ctx, const struct pubkeys *who)
{
	struct net *n = ctx;

	reach_seen(n->reach, who);
}

static void
on_moved(void *arg)
{
	struct net *n = arg;

	log_info("net: the addresses of this machine changed");
	n->version++;
	resolver_renew(n->resolver);
	lan_moved(n->lan);
	reach_moved(n->reach);
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
	if (wall_ms - mono_ms > ASLEEP_MS)
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
		.ctx = n, .seen = on_seen
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
set_carrier(struct net *n)
{
	n->carrier = (struct carrier){
		.net = n, .send = carry_send, .room = carry_room,
		.want = carry_want, .drop = carry_drop,
		.announce = carry_announce, .connect = carry_connect
	};
}

struct net *
net_open(const struct net_setup *setup, struct err *e)
{
	struct net *n = mem_new(sizeof(*n));
	struct reach_setup reach = {
		.room = &n->room, .chat = setup->events, .ctx = n,
		.near = near, .is_near = is_near
	};

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
	n->ifaces = ifaces_new(setup->loop, on_moved, n);
	n->resolver = resolver_new(setup->loop, opts_text(setup->opts, "dns"));
	reach.resolver = n->resolver;
	n->reach = reach_new(&reach);
	set_carrier(n);
	loop_hook(setup->loop, LOOP_SEND, on_turn, n);
	open_lan(n);
	return n;
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
	lan_close(n->lan);
	n->lan = NULL;
	listener_free(n->listener);
	ifaces_free(n->ifaces);
	reach_drop(n->reach, NULL, CLOSE_BYE);
	reach_free(n->reach);
	resolver_free(n->resolver);
	/* The loop's clock stands between turns: one turn moves it on, lets
	 * the last records leave and releases what was deferred. */
	loop_turn(l, 0);
	end_ms = loop_now_ms(l) + FLUSH_MS;
	while (streams_are_lingering(&n->streams) && loop_now_ms(l) < end_ms)
		loop_turn(l, end_ms - loop_now_ms(l));
	streams_clear(&n->streams);
	loop_turn(l, 0);
	loop_unhook(l, LOOP_SEND, on_turn, n);
	free(n);
}

/* ---- what is told ------------------------------------------------------ */

static void
add_text(struct net *n, struct addr a)
{
	a.port = listener_port(n->listener);
	if (n->n_texts < TEXTS)
		addr_format(&a, n->texts[n->n_texts++]);
}

static void
list_texts(struct net *n)
{
	const struct addr *only = listener_only(n->listener);

	n->n_texts = 0;
	if (only) {
		add_text(n, *only);
		return;
	}
	/* Link-local ones only where there is nothing better. */
	for (int pass = 0; pass < 2 && n->n_texts == 0; pass++) {
		for (size_t i = 0; i < ifaces_count(n->ifaces); i++) {
			const struct iface *f = ifaces_at(n->ifaces, i);
			bool is_local = addr_kind(&f->addr) == ADDR_LINK_LOCAL;

			if (!f->is_loopback && is_local == (pass == 1))
				add_text(n, f->addr);
		}
	}
}

const char *
net_listen_at(const struct net *n, size_t i)
{
	/* A cache, filled when asked from the start. */
	struct net *cache = n->carrier.net;

	if (i == 0)
		list_texts(cache);
	return i < n->n_texts ? n->texts[i] : NULL;
}

uint16_t
net_port(const struct net *n)
{
	return listener_port(n->listener);
}

uint64_t
net_version(const struct net *n)
{
	return n->version;
}

const char *
net_lan_trouble(const struct net *n)
{
	return lan_trouble(n->lan);
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
	return 0;
}
