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
 * When both hold, PCP and NAT-PMP are preferred; what UPnP holds is removed,
 * unless it is the same port: there it may well be the same mapping.
 *
 * Whatever the router answers is hostile: PCP and NAT-PMP are read by a pure
 * codec, UPnP by a child that is sandboxed and killed after 15 s.
 */
#ifndef PORTMAP_H
#define PORTMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"
#include "iface.h"
#include "lease.h"
#include "loop.h"
#include "pmp.h"

enum portmap_proto {
	PORTMAP_TCP = LEASE_TCP,
	PORTMAP_UDP = LEASE_UDP,
	PORTMAP_PROTOS = LEASE_PROTOS
};
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
	const struct ifaces *ifaces;	/* gateways */
	uint16_t port;			/* of TCP */
	uint16_t udp_port;		/* 0: the same */
	bool pcp, upnp;			/* what may be asked */
	const char *upnp_exec;		/* the program that plays the child;
					 * kept, not copied */
	/* The same at every start of one profile, and known to nobody else
	 * on the LAN: who has it can renew or remove the mappings. */
	uint8_t nonce[PCP_NONCE];
	void *ctx;
	void (*on_change)(void *ctx);	/* anything below is new; never
					 * inside a call of this header */
	/* For tests; zeroes mean what stands above. */
	const struct addr *gateway;	/* with its port; instead of ifaces */
	bool only_natpmp;
	uint32_t lifetime_s;
	int upnp_deadline_ms;
	enum pmp_sent (*send)(void *ctx, const void *p, size_t len);
};

struct portmap *portmap_new(const struct portmap_setup *setup);
/* Begins to remove what is held; portmap_free when portmap_is_done, or after
 * 300 ms. */
void portmap_end(struct portmap *p);
bool portmap_is_done(const struct portmap *p);
void portmap_free(struct portmap *p);
/* Network or port changed, or the machine slept: ask anew.  What is held
 * stays so until the answer, if router, address and port are the same. */
void portmap_again(struct portmap *p, uint16_t port, uint16_t udp_port);
/* What STUN sees, to tell a second NAT. */
void portmap_stun(struct portmap *p, const struct addr *seen);

enum portmap_state portmap_state(const struct portmap *p);
/* The external address; false when there is none that can be used. */
bool portmap_get(const struct portmap *p, enum portmap_proto proto,
    struct addr *ext);
bool portmap_is_double(const struct portmap *p);
/* What each protocol said, for the doctor: "refused: not authorized",
 * "not asked"; never NULL.  Nothing in it is the router's own words. */
const char *portmap_text(const struct portmap *p, enum portmap_how how);
const char *portmap_how_name(enum portmap_how how);
/* Who holds it; PORTMAP_HOWS: nobody. */
enum portmap_how portmap_holder(const struct portmap *p);
/* With setup.send: what the gateway answers. */
void portmap_hear(struct portmap *p, const void *data, size_t len);

#endif
