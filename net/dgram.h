/*
 * dgram - sealed packets over UDP, and the link made of them.
 *
 * Shaped like WireGuard (its paper, sections 5.3 and 5.4): Noise IK in two
 * packets, then data packets with explicit counters:
 *
 *	init    01 000 | sender u32 | msg1 | mac1 16 | mac2 16
 *	resp    02 000 | sender u32 | receiver u32 | msg2 | mac1 | mac2
 *	cookie  03 000 | receiver u32 | nonce 24 | sealed cookie 32
 *	data    04 000 | receiver u32 | counter u64 | ciphertext
 *
 *	initiator  INIT --resp--> UP          repeated 5 s + jitter, 90 s
 *	responder  (init) resp --first data--> UP
 *
 * A responder keeps nothing but one pending slot a peer before data under
 * the new keys came; a forged, replayed or late packet changes nothing.
 * Under load an init gets a cookie only and must come again with mac2.  No
 * answer is longer than what it answers.  The peer's address follows the
 * newest authenticated packet.  Keys are renewed after 10 minutes or 2^20
 * packets, the previous receiving key lives 30 s on.
 *
 * Above the packets runs SCTP (sctp.h), and above that link.h: records in
 * order, once.
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
	DGRAM_GIVE_UP_MS = 90000,
	DGRAM_REKEY_MS = 600000,
	DGRAM_REKEY_PACKETS = 1 << 20,
	DGRAM_OLD_KEY_MS = 30000,
	DGRAM_STOP_MS = 900000,
	DGRAM_KEEPALIVE_MS = 15000,	/* +-20 % */
	DGRAM_PENDING_MAX = 64,		/* handshakes before cookies */
	DGRAM_SOURCE_RATE = 20,		/* inits a second of one source */
	DGRAM_LINKS_MAX = 1024
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
};

struct dgram_counts {
	uint64_t alien, forged, replayed, cookies, unwelcome;
};

struct dgrams *dgrams_new(const struct dgrams_setup *setup);
void dgrams_free(struct dgrams *d);
/* udp's handler for UDP_LINK_CLASS; arg is the struct dgrams. */
udp_heard dgrams_heard;
/* A link to x at that address; on_proven or on_closed follows. */
struct link *dgram_dial(struct dgrams *d, struct udp *via,
    const struct addr *to, const uint8_t x[KEY_LEN]);
/* The sockets go: links on them move to `instead`. */
void dgrams_move(struct dgrams *d, struct udp *from, struct udp *instead);
/* Where the peer is now. */
bool dgram_where(const struct link *l, struct addr *at);
const struct dgram_counts *dgrams_counts(const struct dgrams *d);

#endif
