/*
 * udp - the sockets that carry STUN, probes and sealed packets.
 *
 * One socket a family, on the port where TCP listens, so that one mapping
 * serves all.  Packets are told apart by their first bytes: STUN has its
 * magic cookie (RFC 8489, section 5), probes and packets of links a type
 * byte of ours.  A handler gets what is its own; the rest is dropped.
 */
#ifndef UDP_H
#define UDP_H

#include <stdbool.h>

#include "addr.h"
#include "loop.h"

enum {
	/* Payload that fits through everything (IPv6's 1280, tunnels). */
	UDP_PAYLOAD = 1200,
	UDP_RUN = 48,			/* packets; systems take 64 KiB */
	UDP_SPARE = 128,		/* descriptors, see udp_open_many */
	/* First bytes of our packets: 1..4 dgram.h, then probe.h. */
	UDP_INIT = 1, UDP_RESP = 2, UDP_COOKIE = 3, UDP_DATA = 4,
	UDP_PROBE = 5, UDP_PONG = 6, UDP_REACH = 7
};

enum udp_class { UDP_STUN_CLASS, UDP_LINK_CLASS, UDP_PROBE_CLASS,
	UDP_REACH_CLASS, UDP_CLASSES };

struct udp;

/* `via` is the sockets it came to: answers go out there. */
typedef void udp_heard(void *arg, struct udp *via, const struct addr *from,
    uint8_t *p, size_t len);

/* port 0: any.  A family the system lacks is no error, none at all is. */
struct udp *udp_open(struct loop *l, const struct addr *only, uint16_t port,
    struct err *e);
/* As u was opened, on any other port. */
struct udp *udp_open_beside(const struct udp *u, struct err *e);
/* One of many beside u, of IPv4 only.  NULL: there is none, or descriptors
 * run short: the last UDP_SPARE are for others. */
struct udp *udp_open_many(const struct udp *u);
/* Deferred: legal from inside a handler. */
void udp_free(struct udp *u);
void udp_handle(struct udp *u, enum udp_class class, udp_heard *fn,
    void *arg);
uint16_t udp_port(const struct udp *u, enum addr_family family);
bool udp_has(const struct udp *u, enum addr_family family);
/* Best effort, as UDP is.  False: it did not leave, errno says why. */
bool udp_send(struct udp *u, const struct addr *to, const void *p,
    size_t len);
/* Packets of `size` bytes back to back, the last one may be shorter: one
 * system call where it can be. */
bool udp_send_run(struct udp *u, const struct addr *to, const void *p,
    size_t len, size_t size);
/* Packets from now on die after so many routers; 0: the system's default. */
void udp_set_ttl(struct udp *u, int ttl);

#endif
