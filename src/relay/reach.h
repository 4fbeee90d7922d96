/*
 * reach - tries a client's own ports from outside, once, when it asks.
 *
 * No scanner: the address tried is the one the question came from, the port
 * none of the system's, once in QUOTA_REACH_S for each source, so many at a
 * time; and unless option reach is "any", only public addresses, so that
 * nobody within a network has the relay knock at his neighbours.  TCP is
 * connected to and closed again; to the UDP port goes UDP_REACH and the
 * question's nonce, from a socket the client never spoke to.
 */
#ifndef REACH_H
#define REACH_H

#include "relaywire.h"

enum {
	REACH_TRIES_MAX = 64,		/* at a time */
	REACH_WAIT_MS = 4000
};

struct reacher;
struct relay;
struct conn;

struct reacher *reacher_new(struct relay *r);
void reacher_free(struct reacher *x);
/* OP_REACH; OP_REACHED follows. */
void reach_ask(struct reacher *x, struct conn *c, const struct relay_msg *m);
/* The connection is gone, nobody wants to know. */
void reach_gone(struct reacher *x, struct conn *c);

#endif
