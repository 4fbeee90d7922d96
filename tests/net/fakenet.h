/*
 * fakenet - an internet in memory, with NATs, under a virtual clock.
 *
 * Stands in for net/udp.c: every function of udp.h is here, over packets
 * that take a while, get lost, are translated, filtered and run out of TTL.
 *
 *	host -- box (NAT) -- [outer box: the carrier's] -- core -- host
 *
 * A box of IPv6 translates nothing and lets in only what was called for.
 */
#ifndef FAKENET_H
#define FAKENET_H

#include "stun.h"
#include "udp.h"

/* As the lab's: mapping and filtering. */
enum box_type {
	BOX_FULL,			/* one port for all; lets all in */
	BOX_ADDR,			/* .. those of an address called */
	BOX_PORT,			/* .. those called exactly */
	BOX_LOOSE,			/* as PORT, but an early packet takes
					 * the port at the router */
	BOX_SEQ,			/* the next port for each called */
	BOX_SYM,			/* a random one for each */
	BOX_BLOCK			/* nothing leaves */
};

struct fakenet;
struct host;
struct box;

struct fakenet *fakenet_new(struct loop *l);
void fakenet_free(struct fakenet *n);
/* Percent of all packets, and what a packet takes from host to core. */
void fakenet_loss(struct fakenet *n, unsigned percent);
/* Other chances than in the run before. */
void fakenet_shake(struct fakenet *n, unsigned run);
/* Every packet that is sent, before anything happens to it. */
void fakenet_watch(struct fakenet *n, void (*fn)(void *arg,
    const struct host *by, const struct addr *to, const uint8_t *p,
    size_t len), void *arg);

/* outer NULL: at the core.  Owned by the net, as hosts are. */
struct box *fakenet_box(struct fakenet *n, enum box_type type,
    const char *wan, struct box *outer);
void box_hairpin(struct box *b);
/* A port mapping, as PCP or UPnP would make it. */
void box_map(struct box *b, uint16_t port, const struct addr *in);
/* box NULL: a public host. */
struct host *fakenet_host(struct fakenet *n, const char *ip, struct box *box,
    int delay_ms);
void host_v6(struct host *h, const char *ip);
const struct addr *host_addr(const struct host *h);
const struct addr *host_addr_v6(const struct host *h);
struct udp *host_udp(struct host *h, uint16_t port);
/* Sockets that are open there, and how many udp_open_many leaves so. */
size_t host_n_udps(const struct host *h);
void host_few(struct host *h, size_t most);
/* A STUN server at that port; owned by the net. */
void host_stun(struct host *h, uint16_t port);
/* Puts a packet on the wire as if `from` had sent it at the core. */
void fakenet_forge(struct fakenet *n, const struct addr *from,
    const struct addr *to, const uint8_t *p, size_t len);

#endif
