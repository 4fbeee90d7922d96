/*
 * net - how people are reached: the face of this room.
 *
 * Finds people on the LAN, listens, dials, keeps one session a person, and
 * implements the carrier that chat asks for.
 */
#ifndef NET_H
#define NET_H

#include "carrier.h"
#include "cmd.h"
#include "loop.h"
#include "opt.h"

struct net;

struct net_setup {
	struct loop *loop;
	const struct identity *id;
	struct opts *opts;		/* listen, lan */
	const struct carrier_events *events;
};

/* Listens (option listen, next free port when the default is taken) and
 * joins the LAN (option lan).  An address that was asked for and cannot be
 * had is STATUS_UNAVAILABLE.  No LAN is no error: it is said by notice. */
struct net *net_open(const struct net_setup *setup, struct err *e);
/* Says goodbye on the LAN and on every link, waits at most 300 ms for the
 * bytes to leave. */
void net_close(struct net *n);
const struct carrier *net_carrier(struct net *n);

/* "ADDR:PORT" of mine, i from 0; NULL past the last; borrowed for the turn. */
const char *net_listen_at(const struct net *n, size_t i);
uint16_t net_port(const struct net *n);
/* Moves when addresses or the port change. */
uint64_t net_version(const struct net *n);
/* Listens at "[ADDR:]PORT" from now on, and says so on the LAN; links stay.
 * On failure all is as before: STATUS_UNAVAILABLE, STATUS_USAGE. */
int net_listen(struct net *n, const char *where, struct err *e);
/* Why discovery does not work (firewall, no interface), or NULL. */
const char *net_lan_trouble(const struct net *n);

#endif
