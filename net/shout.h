/*
 * shout - datagrams to everybody on every network of this machine.
 *
 * Two sockets a family: one on the discovery port, shared with every other
 * instance of this machine, which only listens; one of our own, from which
 * all is sent and to which answers come.  Never is anything sent to
 * somebody's shared port by unicast: one of its owners would get it, and
 * not the right one.
 *
 * Sent to each interface's directed broadcast (the limited one leaves by
 * the default route only), to 127.255.255.255 (two of us on one machine,
 * without a network), and to the IPv6 group ff12::7032:7074 on each
 * interface: some networks drop one and let the other pass.
 */
#ifndef SHOUT_H
#define SHOUT_H

#include "iface.h"

enum { SHOUT_MAX = 1024 };	/* bytes of a datagram; longer: cut to one
				 * more, so that it shows */

struct shout;

typedef void shout_heard(void *arg, const uint8_t *p, size_t len,
    const struct addr *from);

/* NULL without IPv4 sockets; IPv6 is taken if it is there. */
struct shout *shout_open(struct loop *l, const struct ifaces *f,
    uint16_t port, shout_heard *heard, void *arg, struct err *e);
void shout_free(struct shout *s);
/* Ours, of both families: where answers come. */
uint16_t shout_port(const struct shout *s);
/* The interfaces changed. */
void shout_join(struct shout *s);
void shout_all(struct shout *s, const void *p, size_t len);
void shout_to(struct shout *s, const struct addr *to, const void *p,
    size_t len);
/* The last shout was kept from leaving: errno, else 0. */
int shout_error(const struct shout *s);

#endif
