/*
 * iface - my interfaces, their addresses and gateways, and word of their
 * changes.
 *
 * Linux tells by a netlink socket; elsewhere they are read again every
 * 15 s.  Bursts of changes (a cable, a DHCP lease) are one: on_change comes
 * 300 ms after the last of them, and only when an address or a gateway really
 * differs.
 */
#ifndef IFACE_H
#define IFACE_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"
#include "loop.h"

enum { IFACES_MAX = 64 };	/* addresses; more are not looked at */

struct iface {
	unsigned index;
	bool is_loopback;
	bool is_tunnel;			/* point to point: no broadcast */
	bool has_broadcast;
	bool has_multicast;
	unsigned bits;			/* length of the prefix */
	struct addr addr;		/* port 0 */
	struct addr broadcast;		/* directed; if has_broadcast */
};

struct ifaces;

struct ifaces *ifaces_new(struct loop *l, void (*on_change)(void *arg),
    void *arg);
void ifaces_free(struct ifaces *f);
size_t ifaces_count(const struct ifaces *f);
const struct iface *ifaces_at(const struct ifaces *f, size_t i);
/* On a subnet of mine: answered without a router. */
bool ifaces_is_on_link(const struct ifaces *f, const struct addr *a);
/* A directed broadcast address of mine, which is nobody's address. */
bool ifaces_is_broadcast(const struct ifaces *f, const struct addr *a);
/* Gateways of the IPv4 default routes, the preferred first; their number. */
size_t ifaces_gateways(const struct ifaces *f, struct addr *list,
    size_t room);

#endif
