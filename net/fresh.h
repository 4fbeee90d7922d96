/*
 * fresh - a socket no router has seen yet, and how one server sees it.
 *
 * A round that failed may have poisoned the mapping of its port: an early
 * packet of the peer's took the port at our router, and it stays so for the
 * mapping's life.  The next round takes a new port.
 * Ready with the first STUN answer, or without one after FRESH_GIVE_UP_MS.
 */
#ifndef FRESH_H
#define FRESH_H

#include "nat.h"
#include "udp.h"

enum {
	/* Requests at 0, 200 and 400 ms: the round waits for this. */
	FRESH_STEP_MS = 200,
	FRESH_TRIES = 3,
	FRESH_GIVE_UP_MS = 700,
	FRESH_SERVERS = 2		/* the second one from the second try */
};

struct fresh;

/* NULL: no socket.  on_ready comes in a later turn, once; `heard` gets
 * probes. */
struct fresh *fresh_new(struct loop *l, const struct udp *beside,
    const struct addr *servers, size_t n, void (*on_ready)(void *arg),
    udp_heard *heard, void *arg);
void fresh_free(struct fresh *f);
struct udp *fresh_udp(const struct fresh *f);
bool fresh_mapped(const struct fresh *f, struct addr *out);
/* The socket changes hands, without handlers; fresh is freed. */
struct udp *fresh_release(struct fresh *f);

#endif
