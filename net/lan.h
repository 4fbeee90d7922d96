/*
 * lan - finds the people on this network, and lets itself be found.
 *
 *	start: at 0 (a query), 0.5 and 1.5 s; then each 30 s +-20 %, rarer
 *	with more than 100 around; gone after 90 s, or by goodbye
 *
 * Beside that it finds whoever waits at a nameplate, without a word about who
 * that is (beckon.h).
 *
 * A query is answered by unicast, at once with few around, else after up to
 * 200 ms.  Packets are judged from cheap to dear: length, version, source,
 * my own; known bytes; rates; the signature.
 */
#ifndef LAN_H
#define LAN_H

#include "beacon.h"
#include "carrier.h"
#include "iface.h"
#include "loop.h"

enum lan_mode { LAN_OFF, LAN_CONTACTS, LAN_EVERYONE };

struct lan;

struct lan_setup {
	struct loop *loop;
	const struct identity *id;
	const struct ifaces *ifaces;
	const struct carrier_events *chat;	/* on_seen, on_lost, name .. */
	enum lan_mode mode;
	uint16_t udp_port;			/* discovery */
	uint16_t tcp_port;			/* where I listen */
	void *ctx;
	/* A new address of somebody, or a new instance. */
	void (*seen)(void *ctx, const struct pubkeys *who);
	/* Somebody waits at the nameplate that lan_seek asked for; for each
	 * instance and address possibly many times. */
	void (*found)(void *ctx, const struct addr *at,
	    const uint8_t instance[BEACON_NONCE]);
};

struct lan_counts {
	uint64_t heard, alien, mine, far, stale, limited, forged, verified;
	uint64_t answered;
};

/* Never NULL: without sockets lan_trouble() says why. */
struct lan *lan_open(const struct lan_setup *setup);
/* Says goodbye. */
void lan_close(struct lan *l);
/* Another name or port: tells all. */
void lan_announce(struct lan *l, uint16_t tcp_port);
/* The interfaces changed: joins and says hello there. */
void lan_moved(struct lan *l);

/* I wait at this nameplate: whoever asks is told; NULL: no more. */
void lan_wait(struct lan *l, const char *plate);
/* Asks who waits there; found() follows, maybe.  NULL: no more. */
void lan_seek(struct lan *l, const char *plate);
/* There is a network to ask: it is not off. */
bool lan_is_open(const struct lan *l);

size_t lan_addrs(const struct lan *l, const struct user_id *id,
    struct addr *list, size_t room);
bool lan_has_ip(const struct lan *l, const struct addr *a);
size_t lan_count(const struct lan *l);
const char *lan_trouble(const struct lan *l);
const struct lan_counts *lan_counts(const struct lan *l);

#endif
