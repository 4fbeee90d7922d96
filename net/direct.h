/*
 * direct - a TCP connection to HOST:PORT, by happy eyeballs (RFC 8305).
 *
 * Families take turns, IPv6 first; the next attempt starts 250 ms after the
 * one before it or as soon as that failed; each has 5 s.  When only the A
 * answer is there, AAAA gets 50 ms more.  The first to connect wins, the
 * rest is closed.
 */
#ifndef DIRECT_H
#define DIRECT_H

#include "resolve.h"
#include "stream.h"

struct direct;

/* One of them, once, in a later turn; then the owner calls direct_free. */
struct direct_events {
	void (*on_stream)(void *owner, struct stream *s);	/* takes s */
	void (*on_failed)(void *owner, const struct err *e);
};

/* host_port: "HOST[:PORT]".  STATUS_USAGE when it is none. */
struct direct *direct_start(struct streams *all, struct resolver *r,
    const char *host_port, const struct direct_events *events, void *owner,
    struct err *e);
/* Where it was when it was reached last: tried when no name server knows an
 * address.  Only for whoever proves itself by a key. */
void direct_remember(struct direct *d, const struct addr *last);
/* Before that turn ends: not to this machine, whatever the name leads to.
 * For names that others gave us. */
void direct_go_abroad(struct direct *d);
void direct_free(struct direct *d);

#endif
