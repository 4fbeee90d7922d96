/*
 * relay-link - one connection to a relay, held up until it is freed.
 *
 *	DIAL --TCP--> HANDSHAKE --welcome--> UP
 *	 ^                |                   | 45 s deaf, OP_BYE, a lie
 *	 '---- LATER <----+-------------------'
 *	   1, 2, 4 .. 60 s, +-20 %
 *
 * With the relay's key in its address the handshake is NK and nothing else
 * will do.  A key that was pinned is asked for by NK too; when that fails,
 * NX shows which key is there now, so that the person can be told.  Without
 * either, NX learns the key and pins it.
 *
 * What is sent in a turn shares records and leaves by one write, as in
 * chan.  The relay is not trusted: what it says may end the link, nothing
 * more.
 */
#ifndef RELAY_LINK_H
#define RELAY_LINK_H

#include "carrier.h"
#include "relaywire.h"
#include "resolve.h"
#include "route.h"
#include "stream.h"

enum {
	/* Bytes queued for a relay, above which nothing is added that can
	 * wait: what is urgent waits behind them. */
	RELAY_LINK_QUEUE = 65536,
	RELAY_HURRY_MS = 3000,		/* for a pong, twice */
	RELAY_PATIENCE_MS = 10000,	/* .. when there is no hurry */
	RELAY_LIVED_MS = 5000,		/* a link this old was a success */
	RELAY_BYE_MAX_S = 300		/* longer absence is not believed */
};

struct relay_link;

enum relay_link_state {
	RELAY_LINK_DIAL, RELAY_LINK_HANDSHAKE, RELAY_LINK_UP, RELAY_LINK_LATER
};

/* In each of them the link may be freed. */
struct relay_link_events {
	/* The keys are agreed on.  Whether it lets us in is not known yet. */
	void (*on_up)(void *owner);
	/* It answered a ping over this connection: it lives, and has let us
	 * in.  The first one goes behind what on_up sends. */
	void (*on_pong)(void *owner);
	/* OP_PING, OP_PONG and OP_BYE do not come here.  False: the relay
	 * lies, the link ends. */
	bool (*on_msg)(void *owner, const struct relay_msg *m);
	/* The queue is short again. */
	void (*on_room)(void *owner);
	/* A try failed, or the link went; another try follows. */
	void (*on_down)(void *owner, bool was_up);
};

struct relay_link_setup {
	struct streams *streams;
	struct resolver *resolver;
	const struct carrier_events *chat;	/* pins and notices */
	struct route route;
	bool is_abroad;			/* others named it: not this machine */
	const struct relay_link_events *events;
	void *owner;
};

/* Dials at once. */
struct relay_link *relay_link_new(const struct relay_link_setup *setup);
/* What is queued still leaves, as streams linger. */
void relay_link_free(struct relay_link *l);

enum relay_link_state relay_link_state(const struct relay_link *l);
bool relay_link_is_up(const struct relay_link *l);
/* -1: it is not up. */
int relay_link_send(struct relay_link *l, const struct relay_msg *m);
/* Bytes that may be added; when more of them may, on_room follows. */
size_t relay_link_room(struct relay_link *l);
/* Of the handshake, while up: what signatures cover. */
const uint8_t *relay_link_hash(const struct relay_link *l);
/* Proven, once it was up; else NULL. */
const uint8_t *relay_link_key(const struct relay_link *l);
const struct relay_welcome *relay_link_welcome(const struct relay_link *l);
/* Of the connection; zero when there is none. */
struct addr relay_link_peer(const struct relay_link *l);
bool relay_link_local(const struct relay_link *l, struct addr *a);
int64_t relay_link_rtt_us(const struct relay_link *l);
int64_t relay_link_again_ms(const struct relay_link *l);	/* or -1 */
const char *relay_link_why(const struct relay_link *l);

/* Ends what there is, without a word to the relay, and dials. */
void relay_link_redial(struct relay_link *l);
/* The one way down: another try follows, later after each failure. */
void relay_link_fail(struct relay_link *l, const char *why);
/* If it waits: dials now, unless it just tried. */
void relay_link_hurry(struct relay_link *l);
/* If it is up: asks whether that is so, and does not wait long. */
void relay_link_probe(struct relay_link *l);

#endif
