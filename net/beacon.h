/*
 * beacon - the datagrams of LAN discovery: a pure codec.
 * p2ptui-protocol(7), THE LAN BEACON.
 *
 * A public one is for everybody, a hidden one for contacts alone.  A beacon
 * only suggests an address: the handshake proves who is there.
 *
 *	public	u8 0x40, u8 version 2, u16 TCP port, u64 unix seconds,
 *		nonce 16, u8 flags, u16 UDP port for answers,
 *		ed 32, x 32, u8 n, name 64 (n bytes, then zeroes),
 *		Ed25519 over LP("p2ptui/1/beacon") || all before
 *	hidden	u8 0x41, u8 version 2, u16 TCP port, u64 slot (unix s / 600),
 *		nonce 16, u8 flags, u16 UDP port, u8 n, n hints of 8
 *	visit	u8 0x42, u8 version 2, u16 TCP port, u64 0, nonce 16,
 *		u8 flags, u16 UDP port, hint 8
 *
 * All public ones are equally long and an answer to a hidden one carries a
 * single hint, so that no answer is larger than what asked for it.
 *
 * A hint is KDF(pair_key, "p2ptui/1/lan", sender's user id, nonce, u64 slot,
 * u16 port)[0..7]: noise to all but the two.  The hint covers the port, and
 * a hidden goodbye has port 0, so nobody else can say goodbye for them.
 *
 * A visit beacon says "I wait at a nameplate" (plate.h), or with the flag of a
 * query, and port 0, "who waits there?".  Its hint is H("p2ptui/1/plate", six
 * digits, nonce)[0..7]: six digits are soon tried, so it keeps the nameplate
 * from a glance only, which is public anyway.  It names no key and nobody.
 *
 * The nonce names the running instance.  `seconds` order the beacons of one
 * key and are compared with nothing else: clocks may be wrong.
 */
#ifndef BEACON_H
#define BEACON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "card.h"
#include "key.h"

enum {
	BEACON_PUBLIC = 0x40,
	BEACON_HIDDEN = 0x41,
	BEACON_VISIT = 0x42,
	BEACON_VERSION = 2,
	BEACON_NONCE = 16,
	BEACON_NAME = 64,
	BEACON_BODY = 1 + 1 + 2 + 8 + BEACON_NONCE + 1 + 2 + 2 * KEY_LEN +
	    1 + BEACON_NAME,
	BEACON_LEN = BEACON_BODY + SIG_LEN,
	BEACON_HINT = 8,
	BEACON_HINTS = 64,		/* in one datagram */
	BEACON_HIDDEN_HEAD = 1 + 1 + 2 + 8 + BEACON_NONCE + 1 + 2 + 1,
	BEACON_VISIT_LEN = BEACON_HIDDEN_HEAD - 1 + BEACON_HINT,
	BEACON_MAX = BEACON_HIDDEN_HEAD + BEACON_HINTS * BEACON_HINT,
	BEACON_SLOT_S = 600
};

enum beacon_flag {
	BEACON_QUERY = 1,		/* I am new: answer me */
	BEACON_GOODBYE = 2,
	BEACON_ANSWER = 4		/* wants none */
};

struct beacon {
	uint8_t kind;			/* BEACON_PUBLIC, _HIDDEN, _VISIT */
	uint16_t port;			/* TCP */
	uint16_t udp_port;
	uint64_t when;			/* seconds, or the slot */
	uint8_t nonce[BEACON_NONCE];
	uint8_t flags;
	/* public */
	struct pubkeys keys;
	char name[BEACON_NAME + 1];	/* as sent: not filtered */
	/* hidden, and the one of a visit; when read, borrowed from the
	 * datagram */
	size_t n_hints;
	const uint8_t *hints;
};

/* Each returns the length. */
size_t beacon_write(uint8_t out[BEACON_LEN], const struct beacon *b,
    const struct identity *id);
size_t beacon_write_hidden(uint8_t out[BEACON_MAX], const struct beacon *b);
size_t beacon_write_visit(uint8_t out[BEACON_VISIT_LEN],
    const struct beacon *b);
/* Everything but the signature and the hints; -1 for anything else. */
int beacon_read(struct beacon *b, const void *p, size_t len);
/* The signature of the public beacon p, which beacon_read() took. */
bool beacon_verify(const struct beacon *b, const void *p, size_t len);

void beacon_hint(uint8_t out[BEACON_HINT], const uint8_t pair_key[32],
    const struct user_id *sender, const uint8_t nonce[BEACON_NONCE],
    uint64_t slot, uint16_t port);
void beacon_plate_hint(uint8_t out[BEACON_HINT], const char *plate,
    const uint8_t nonce[BEACON_NONCE]);
bool beacon_has_hint(const struct beacon *b, const uint8_t hint[BEACON_HINT]);

#endif
