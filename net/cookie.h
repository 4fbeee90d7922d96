/*
 * cookie - the guard before a handshake: WireGuard's paper, section 5.4.
 *
 *	mac1   MAC(H(LABEL_MAC1, their x), packet before mac1)
 *	mac2   MAC(cookie, packet before mac2); zero without a cookie
 *	cookie MAC(a secret of two minutes, address and port of the sender)
 *
 * mac1 costs an outsider who does not know whom he talks to his attempt.
 * The Diffie-Hellmans of the rest are dear: who asks too often, or when
 * many ask, is answered with a cookie, sealed with the packet's mac1 as
 * associated data, and must come again with mac2: that his address is true
 * is proven, nothing was kept for it, and his own rate can be held against
 * him.
 */
#ifndef COOKIE_H
#define COOKIE_H

#include "addr.h"
#include "kdf.h"
#include "key.h"
#include "seal.h"

enum {
	MACS_LEN = 2 * MAC_LEN,		/* at the end of the packet */
	COOKIE_LEN = MAC_LEN,
	COOKIE_REPLY = 8 + SEAL_NONCE + COOKIE_LEN + SEAL_TAG,
	COOKIE_SECRET_MS = 120000,
	COOKIE_SOURCES = 1024,		/* counters, a power of two */
	COOKIE_SOURCE_RATE = 20,	/* a second, as the following two */
	COOKIE_BARE_RATE = 64,		/* without mac2, of all sources */
	COOKIE_PROVEN_RATE = 256	/* with it */
};

/* Who asks a responder. */
struct gate {
	uint8_t mac1_key[HASH_LEN];
	uint8_t seal_key[HASH_LEN];
	uint8_t secret[HASH_LEN];
	int64_t secret_until_ms, second_until_ms;
	unsigned n_bare, n_proven;	/* in this second */
	uint8_t n_from[COOKIE_SOURCES];
};

enum gate_answer {
	GATE_PASS,
	GATE_COOKIE,			/* answer with gate_cookie */
	GATE_FULL			/* drop: too many at once */
};

void gate_init(struct gate *g, const uint8_t my_x[KEY_LEN]);
void gate_clear(struct gate *g);
/* mac1 is right: asked of every packet first. */
bool gate_knows(const struct gate *g, const uint8_t *p, size_t len);
/* `crowded`: no handshake is done without a cookie. */
enum gate_answer gate_ask(struct gate *g, int64_t now_ms,
    const struct addr *from, const uint8_t *p, size_t len, bool crowded);
/* `index` is the sender's, as it stands in the packet p. */
void gate_cookie(struct gate *g, int64_t now_ms, uint8_t out[COOKIE_REPLY],
    uint32_t index, const struct addr *from, const uint8_t *p, size_t len,
    const uint8_t nonce[SEAL_NONCE]);

/* Whoever sends: fills the macs at the end of p; cookie NULL: none. */
void cookie_macs(uint8_t *p, size_t len, const uint8_t their_x[KEY_LEN],
    const uint8_t *cookie);
/* The cookie in an answer to p; -1: it is no answer to p. */
int cookie_open(uint8_t cookie[COOKIE_LEN], const uint8_t their_x[KEY_LEN],
    const uint8_t reply[COOKIE_REPLY], const uint8_t *p, size_t len);
/* The protocol's spelling of an address: IPv4 mapped, port big-endian. */
void cookie_of(uint8_t cookie[COOKIE_LEN], const uint8_t secret[HASH_LEN],
    const struct addr *from);

#endif
