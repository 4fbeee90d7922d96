#include "cookie.h"

#include <string.h>

#include "buf.h"
#include "label.h"
#include "rand.h"
#include "secret.h"

enum { ADDR_PORT = 18, SECOND_MS = 1000 };

static const uint8_t head[4] = { 3, 1, 0, 0 };	/* type, version */

static void
key_of(uint8_t key[HASH_LEN], const char *label, const uint8_t x[KEY_LEN])
{
	const struct item items[] = { ITEM(x, KEY_LEN), KDF_END };

	kdf_hash(key, label, items);
}

static void
put_addr(uint8_t out[ADDR_PORT], const struct addr *a)
{
	memset(out, 0, ADDR_PORT);
	if (a->family == ADDR_V4) {
		out[10] = out[11] = 0xff;
		memcpy(out + 12, a->ip, 4);
	} else {
		memcpy(out, a->ip, 16);
	}
	out[16] = (uint8_t)(a->port >> 8);
	out[17] = (uint8_t)a->port;
}

void
cookie_of(uint8_t cookie[COOKIE_LEN], const uint8_t secret[HASH_LEN],
    const struct addr *from)
{
	uint8_t where[ADDR_PORT];

	put_addr(where, from);
	kdf_mac(cookie, secret, HASH_LEN, where, sizeof(where));
}

/* ---- the gate ---------------------------------------------------------- */

void
gate_init(struct gate *g, const uint8_t my_x[KEY_LEN])
{
	memset(g, 0, sizeof(*g));
	key_of(g->mac1_key, LABEL_MAC1, my_x);
	key_of(g->seal_key, LABEL_COOKIE, my_x);
}

void
gate_clear(struct gate *g)
{
	wipe(g, sizeof(*g));
}

bool
gate_knows(const struct gate *g, const uint8_t *p, size_t len)
{
	uint8_t mac[MAC_LEN];

	if (len < MACS_LEN)
		return false;
	kdf_mac(mac, g->mac1_key, HASH_LEN, p, len - MACS_LEN);
	return secret_equal(mac, p + len - MACS_LEN, MAC_LEN);
}

static void
keep_time(struct gate *g, int64_t now_ms)
{
	if (now_ms >= g->secret_until_ms) {
		rand_bytes(g->secret, sizeof(g->secret));
		g->secret_until_ms = now_ms + COOKIE_SECRET_MS;
	}
	if (now_ms >= g->second_until_ms) {
		g->second_until_ms = now_ms + SECOND_MS;
		g->n_bare = g->n_proven = 0;
		memset(g->n_from, 0, sizeof(g->n_from));
	}
}

static bool
has_cookie(const struct gate *g, const struct addr *from, const uint8_t *p,
    size_t len)
{
	uint8_t cookie[COOKIE_LEN], mac[MAC_LEN];

	cookie_of(cookie, g->secret, from);
	kdf_mac(mac, cookie, sizeof(cookie), p, len - MAC_LEN);
	return secret_equal(mac, p + len - MAC_LEN, MAC_LEN);
}

/* Counters are shared by whoever falls into one: at the worst somebody is
 * asked for a cookie for another's sake. */
static uint8_t *
counter_of(struct gate *g, const struct addr *from)
{
	struct addr source = addr_source(from);
	uint8_t hash[COOKIE_LEN];

	cookie_of(hash, g->secret, &source);
	return &g->n_from[get_u16(hash) % COOKIE_SOURCES];
}

enum gate_answer
gate_ask(struct gate *g, int64_t now_ms, const struct addr *from,
    const uint8_t *p, size_t len, bool crowded)
{
	uint8_t *n;

	keep_time(g, now_ms);
	n = counter_of(g, from);
	if (has_cookie(g, from, p, len)) {
		if (*n >= COOKIE_SOURCE_RATE ||
		    g->n_proven >= COOKIE_PROVEN_RATE)
			return GATE_FULL;
		++*n;
		g->n_proven++;
		return GATE_PASS;
	}
	if (crowded || *n >= COOKIE_SOURCE_RATE ||
	    g->n_bare >= COOKIE_BARE_RATE)
		return GATE_COOKIE;
	++*n;
	g->n_bare++;
	return GATE_PASS;
}

void
gate_cookie(struct gate *g, int64_t now_ms, uint8_t out[COOKIE_REPLY],
    uint32_t index, const struct addr *from, const uint8_t *p, size_t len,
    const uint8_t nonce[SEAL_NONCE])
{
	uint8_t cookie[COOKIE_LEN];

	keep_time(g, now_ms);
	cookie_of(cookie, g->secret, from);
	memcpy(out, head, sizeof(head));
	put_u32(out + 4, index);
	memcpy(out + 8, nonce, SEAL_NONCE);
	xchacha_seal(out + 8 + SEAL_NONCE, g->seal_key, nonce,
	    p + len - MACS_LEN, MAC_LEN, cookie, sizeof(cookie));
}

/* ---- the sender -------------------------------------------------------- */

void
cookie_macs(uint8_t *p, size_t len, const uint8_t their_x[KEY_LEN],
    const uint8_t *cookie)
{
	uint8_t key[HASH_LEN];
	uint8_t *mac1 = p + len - MACS_LEN, *mac2 = p + len - MAC_LEN;

	key_of(key, LABEL_MAC1, their_x);
	kdf_mac(mac1, key, sizeof(key), p, len - MACS_LEN);
	if (cookie)
		kdf_mac(mac2, cookie, COOKIE_LEN, p, len - MAC_LEN);
	else
		memset(mac2, 0, MAC_LEN);
}

int
cookie_open(uint8_t cookie[COOKIE_LEN], const uint8_t their_x[KEY_LEN],
    const uint8_t reply[COOKIE_REPLY], const uint8_t *p, size_t len)
{
	uint8_t key[HASH_LEN];

	key_of(key, LABEL_COOKIE, their_x);
	return xchacha_open(cookie, key, reply + 8, p + len - MACS_LEN,
	    MAC_LEN, reply + 8 + SEAL_NONCE, COOKIE_LEN + SEAL_TAG);
}
