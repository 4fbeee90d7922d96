/*
 * dgram - sealed packets over UDP, and the link made of them.
 *
 * Shaped like WireGuard (its paper, sections 5.3 and 5.4): Noise IK in two
 * packets, then data packets with explicit counters:
 *
 *	init    01 01 00 00 | sender u32 | msg1 | mac1 16 | mac2 16
 *	resp    02 01 00 00 | sender u32 | receiver u32 | msg2 | mac1 | mac2
 *	cookie  03 01 00 00 | receiver u32 | nonce 24 | sealed cookie 32
 *	data    04 00 00 00 | receiver u32 | counter u64 | ciphertext
 *	payload of msg1, msg2  vmin, vmax, u32 features
 *	  .. of a renewal      .. and u32: the receiver's index it replaces
 *
 *	initiator  INIT --resp--> UP     the same init, see DGRAM_*RETRY
 *	responder  (init) resp --first data--> UP
 *
 * A responder keeps nothing but a few pending slots a peer before data under
 * the new keys came; a forged, replayed or late packet changes nothing.
 * Under load an init gets a cookie only and must come again with mac2
 * (cookie.h).  No answer is longer than what it answers.  The peer's address
 * follows the newest authenticated packet.  Keys are renewed after 10
 * minutes or 2^20 packets, the previous receiving key lives 30 s on; until
 * the other side is heard under new keys, empty packets confirm them.
 *
 * Every init that renews nothing is a link of its own, but when both sides
 * dial each other at those very addresses: then the init of the smaller key
 * counts, and the dial of the other side becomes its answer.
 *
 * Above the packets runs SCTP (sctp.h), and above that link.h: records in
 * order, once; chunks of files on a second stream, behind all else.  A link
 * that is closed lingers unseen until its close record has arrived.
 */
#ifndef DGRAM_H
#define DGRAM_H

#include "key.h"
#include "link.h"
#include "udp.h"

enum {
	DGRAM_RETRY_MS = 5000,
	DGRAM_FIRST_RETRY_MS = 300,	/* a fresh hole: the first init often
					 * meets a closed door */
	DGRAM_DIAL_RETRY_MS = 1200,	/* up to here the gaps double */
	DGRAM_DIAL_MS = 10000,		/* a dial that nobody answers */
	DGRAM_GIVE_UP_MS = 90000,	/* a renewal */
	DGRAM_REKEY_MS = 600000,
	DGRAM_REKEY_PACKETS = 1 << 20,
	DGRAM_OLD_KEY_MS = 30000,
	DGRAM_STOP_MS = 900000,
	DGRAM_CONFIRM_MS = 500,
	DGRAM_KEEPALIVE_MS = 15000,	/* +-20 % */
	DGRAM_SILENT_MS = 60000,	/* nothing heard: it is gone */
	DGRAM_LINGER_MS = 10000,
	DGRAM_PENDING_MAX = 64,		/* handshakes before cookies */
	DGRAM_PENDING_MS = 15000,
	DGRAM_LINKS_MAX = 1024,
	/* Above this the queue of a stream counts as full; said again below
	 * half. */
	DGRAM_QUEUE = 262144
};

struct dgrams;

struct dgrams_setup {
	struct loop *loop;
	const struct identity *id;
	void *ctx;
	/* May the key hold a link? */
	bool (*welcome)(void *ctx, const uint8_t x[KEY_LEN]);
	/* Somebody proved a key and a link is up; set its events and owner
	 * before returning.  Initiators hear it by on_proven instead. */
	void (*on_link)(void *ctx, struct link *l);
	/* For tests: another wire than udp_send, keys for fewer packets. */
	bool (*send)(void *ctx, struct udp *via, const struct addr *to,
	    const void *p, size_t len);
	uint64_t rekey_packets;
};

struct dgram_counts {
	uint64_t alien, forged, replayed, cookies, unwelcome;
};

struct dgrams *dgrams_new(const struct dgrams_setup *setup);
/* After its links, between turns. */
void dgrams_free(struct dgrams *d);
/* udp's handler for UDP_LINK_CLASS; arg is the struct dgrams. */
udp_heard dgrams_heard;
/* A link to x at that address; set events and owner before the turn ends,
 * on_proven or on_closed follows.  NULL when x is no usable key, my own, or
 * one link too many. */
struct link *dgram_dial(struct dgrams *d, struct udp *via,
    const struct addr *to, const uint8_t x[KEY_LEN]);
/* The sockets go: links on them move to `instead`. */
void dgrams_move(struct dgrams *d, struct udp *from, struct udp *instead);
/* Where the peer is now. */
bool dgram_where(const struct link *l, struct addr *at);
const struct dgram_counts *dgrams_counts(const struct dgrams *d);

#endif
