/*
 * net - how people are reached: the face of this room.
 *
 * Finds people on the LAN, listens, dials, meets at relays, finds the way
 * through routers, keeps one session a person, and implements the carrier
 * that chat asks for.
 */
#ifndef NET_H
#define NET_H

#include "carrier.h"
#include "cmd.h"
#include "loop.h"
#include "opt.h"
#include "portmap.h"
#include "reach.h"
#include "relay.h"

struct net;

struct net_setup {
	struct loop *loop;
	const struct identity *id;
	struct opts *opts;		/* listen, lan, relay, direct, .. */
	const struct carrier_events *events;
	/* This program, which plays the child of UPnP too; NULL: no UPnP. */
	const char *exec;
};

/* Listens (option listen, next free port when the default is taken) and
 * joins the LAN (option lan).  An address that was asked for and cannot be
 * had is STATUS_UNAVAILABLE.  No LAN is no error: it is said by notice. */
struct net *net_open(const struct net_setup *setup, struct err *e);
/* Says goodbye on the LAN and on every link, gives ports back, waits at
 * most 300 ms for the bytes to leave. */
void net_close(struct net *n);
const struct carrier *net_carrier(struct net *n);

/* "ADDR:PORT" of mine, i from 0; NULL past the last; borrowed for the turn. */
const char *net_listen_at(const struct net *n, size_t i);
uint16_t net_port(const struct net *n);
/* Moves when anything changes that net_listen_at or net_reach tell. */
uint64_t net_version(const struct net *n);
/* Listens at "[ADDR:]PORT" from now on, and says so on the LAN; links stay.
 * On failure all is as before: STATUS_UNAVAILABLE, STATUS_USAGE. */
int net_listen(struct net *n, const char *where, struct err *e);
/* Options relay and relay-token changed: whoever stays is not disturbed, the
 * rest is left or linked.  STATUS_USAGE: too many; then all is as before. */
int net_relays(struct net *n, struct err *e);
/* Option birthday changed: contacts who are linked by a relay are told, and a
 * better way is looked for at once. */
void net_birthday(struct net *n);
/* Why discovery does not work (firewall, no interface), or NULL. */
const char *net_lan_trouble(const struct net *n);

enum net_relay { NET_RELAY_NONE, NET_RELAY_DOWN, NET_RELAY_UP };

/* How I can be reached; texts are borrowed for the turn. */
struct net_reach {
	uint16_t tcp_port, udp_port;	/* udp 0: no UDP at all */
	bool has_public, has_mapped;
	struct addr public;		/* as seen from outside; port 0: only
					 * a relay saw it */
	struct addr mapped;		/* what the router sends through: TCP,
					 * or UDP where that is all */
	uint16_t mapped_udp;		/* its port for UDP; 0: none */
	bool is_double;			/* a second NAT behind the router */
	enum nat_class nat;
	enum portmap_state mapping;
	enum portmap_how holder;	/* PORTMAP_HOWS: nobody */
	const char *map_text[PORTMAP_HOWS];	/* NULL: not asked */
	enum net_relay relay;
	int64_t relay_rtt_us;		/* of the nearest; -1: unknown */
	size_t n_relays;
	struct relay_state relays[RELAYS_MAX];
};

void net_reach(const struct net *n, struct net_reach *out);
/* Measures for some seconds, then says what was found by notices.
 * STATUS_TRY_AGAIN: it is at it. */
int net_doctor(struct net *n, struct err *e);
const char *net_nat_name(enum nat_class c);	/* open, easy, hard, .. */
const char *net_relay_name(enum net_relay r);	/* none, down, up */
/* One person, for /info.  False: never met in this life. */
bool net_info(const struct net *n, const struct user_id *who,
    struct reach_info *out);

#endif
