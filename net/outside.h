/*
 * outside - how this machine looks from outside: its NAT, its mapped port,
 * and the addresses it may offer to others.
 *
 * Asks the STUN ports of the relays and those of option `stun`; asks the
 * router for a port.  A mapping that does not show the address STUN sees is
 * behind a second NAT and worth nothing.
 */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include "iface.h"
#include "nat.h"
#include "portmap.h"
#include "resolve.h"

struct outside;

struct outside_setup {
	struct loop *loop;
	const struct ifaces *ifaces;
	struct resolver *resolver;
	struct udp *udp;
	uint16_t port;			/* where TCP listens */
	const struct addr *only;	/* bound to that address, or NULL */
	const char *const *stun;	/* "HOST[:PORT]", copied */
	size_t n_stun;
	/* May the router be asked, and how. */
	bool pcp, upnp;
	const char *upnp_exec;		/* borrowed */
	uint8_t nonce[PCP_NONCE];	/* as of portmap.h */
	void *ctx;
	/* My class, address or mapping is another one. */
	void (*on_change)(void *ctx);
};

struct outside *outside_new(const struct outside_setup *setup);
/* Begins to give the mapping back; outside_free when done, or after 300 ms. */
void outside_end(struct outside *o);
bool outside_is_done(const struct outside *o);
void outside_free(struct outside *o);
/* STUN ports of relays that are up. */
void outside_relays(struct outside *o, const struct addr *list, size_t n);
/* The network changed. */
void outside_moved(struct outside *o);
/* Other sockets, another port. */
void outside_rebind(struct outside *o, struct udp *udp, uint16_t port,
    const struct addr *only);

/* Whom a fresh socket asks where it is; their number. */
size_t outside_servers(const struct outside *o,
    struct addr list[NAT_SERVERS_MAX]);
enum nat_class outside_class(const struct outside *o);
int outside_step(const struct outside *o);
bool outside_is_double(const struct outside *o);
/* What may be offered now, the best first. */
size_t outside_cands(const struct outside *o, struct cand list[CANDS_MAX]);
/* My own socket, or a broadcast: nobody else is there. */
bool outside_is_mine(const struct outside *o, const struct addr *a);
/* As STUN sees me. */
bool outside_public(const struct outside *o, struct addr *a);
bool outside_mapped(const struct outside *o, struct addr *a);
/* Borrowed; NULL where the router may not be asked. */
const struct portmap *outside_portmap(const struct outside *o);
const struct nat *outside_nat(const struct outside *o);

#endif
