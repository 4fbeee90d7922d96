/*
 * portmap - asks the router to send a port through: PCP (RFC 6887), else
 * NAT-PMP (RFC 6886), else UPnP IGD in a child process.
 *
 *	OFF --gateway--> ASKING --first valid answer--> HELD --half life--> ..
 *	ASKING --all refused or silent--> NONE --15 min or a new network--> ..
 *
 * PCP goes out at 0, 250, 750, 1750 ms and gives up at 3750; UPnP starts 500
 * ms after it, since it takes seconds.  Both ports of one number, TCP and
 * UDP, are asked for an hour, renewed at half, removed at exit.  An external
 * address that is private, or not the one STUN sees, means a second NAT
 * behind the router: the mapping is then useless and said to be.
 *
 * Whatever the router answers is hostile: PCP and NAT-PMP are read by a pure
 * codec, UPnP by a child that is sandboxed and killed after 15 s.
 */
#ifndef PORTMAP_H
#define PORTMAP_H

#include <stdbool.h>

#include "addr.h"
#include "iface.h"
#include "loop.h"

enum portmap_proto { PORTMAP_TCP, PORTMAP_UDP, PORTMAP_PROTOS };
enum portmap_how { PORTMAP_PCP, PORTMAP_NATPMP, PORTMAP_UPNP, PORTMAP_HOWS };

enum portmap_state {
	PORTMAP_OFF,		/* option, or no gateway */
	PORTMAP_ASKING,
	PORTMAP_HELD,
	PORTMAP_NONE		/* nobody maps: portmap_text says why */
};

struct portmap;

struct portmap_setup {
	struct loop *loop;
	const struct ifaces *ifaces;	/* gateways and local addresses */
	uint16_t port;			/* TCP and UDP */
	bool pcp, upnp;			/* what may be asked */
	const char *upnp_exec;		/* the program that plays the child */
	void *ctx;
	void (*on_change)(void *ctx);
};

struct portmap *portmap_new(const struct portmap_setup *setup);
/* Begins to remove what is held; portmap_free when portmap_is_done, or after
 * 300 ms. */
void portmap_end(struct portmap *p);
bool portmap_is_done(const struct portmap *p);
void portmap_free(struct portmap *p);
/* Network or port changed: ask anew. */
void portmap_again(struct portmap *p, uint16_t port);
/* What STUN sees, to tell a second NAT. */
void portmap_stun(struct portmap *p, const struct addr *seen);

enum portmap_state portmap_state(const struct portmap *p);
/* The external address; false when there is none that can be used. */
bool portmap_get(const struct portmap *p, enum portmap_proto proto,
    struct addr *ext);
bool portmap_is_double(const struct portmap *p);
/* What each protocol said, for the doctor: "refused: not authorized". */
const char *portmap_text(const struct portmap *p, enum portmap_how how);
const char *portmap_how_name(enum portmap_how how);
/* Who holds it; PORTMAP_HOWS: nobody. */
enum portmap_how portmap_holder(const struct portmap *p);

#endif
