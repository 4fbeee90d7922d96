#include "beacon.h"

#include <assert.h>
#include <string.h>

#include "buf.h"
#include "cur.h"
#include "kdf.h"
#include "label.h"

/* All kinds begin alike; returns where the rest goes. */
static uint8_t *
write_head(uint8_t *p, const struct beacon *b, uint8_t kind)
{
	*p++ = kind;
	*p++ = BEACON_VERSION;
	put_u16(p, b->port);
	put_u64(p + 2, b->when);
	memcpy(p + 10, b->nonce, BEACON_NONCE);
	p += 10 + BEACON_NONCE;
	*p++ = b->flags;
	put_u16(p, b->udp_port);
	return p + 2;
}

size_t
beacon_write(uint8_t out[BEACON_LEN], const struct beacon *b,
    const struct identity *id)
{
	const struct pubkeys *keys = identity_keys(id);
	size_t n = strlen(b->name);
	uint8_t *p = write_head(out, b, BEACON_PUBLIC);

	assert(n <= BEACON_NAME);
	memcpy(p, keys->ed, KEY_LEN);
	memcpy(p + KEY_LEN, keys->x, KEY_LEN);
	p += 2 * KEY_LEN;
	*p++ = (uint8_t)n;
	memset(p, 0, BEACON_NAME);
	memcpy(p, b->name, n);
	identity_sign(id, LABEL_BEACON, out, BEACON_BODY, out + BEACON_BODY);
	return BEACON_LEN;
}

size_t
beacon_write_hidden(uint8_t out[BEACON_MAX], const struct beacon *b)
{
	uint8_t *p = write_head(out, b, BEACON_HIDDEN);

	assert(b->n_hints <= BEACON_HINTS);
	*p++ = (uint8_t)b->n_hints;
	memcpy(p, b->hints, b->n_hints * BEACON_HINT);
	return BEACON_HIDDEN_HEAD + b->n_hints * BEACON_HINT;
}

size_t
beacon_write_visit(uint8_t out[BEACON_VISIT_LEN], const struct beacon *b)
{
	uint8_t *p = write_head(out, b, BEACON_VISIT);

	assert(b->n_hints == 1 && b->when == 0);
	memcpy(p, b->hints, BEACON_HINT);
	return BEACON_VISIT_LEN;
}

static bool
read_public(struct beacon *b, struct cur *c)
{
	const uint8_t *name;
	size_t n;

	cur_copy(c, b->keys.ed, KEY_LEN);
	cur_copy(c, b->keys.x, KEY_LEN);
	n = cur_u8(c);
	name = cur_take(c, BEACON_NAME);
	cur_take(c, SIG_LEN);
	if (!cur_done(c) || n > BEACON_NAME)
		return false;
	/* One spelling: no NUL inside, zeroes behind. */
	for (size_t i = 0; i < BEACON_NAME; i++) {
		if ((name[i] == 0) != (i >= n))
			return false;
	}
	memcpy(b->name, name, n);
	return true;
}

static bool
read_hidden(struct beacon *b, struct cur *c)
{
	b->n_hints = cur_u8(c);
	if (b->n_hints == 0 || b->n_hints > BEACON_HINTS)
		return false;
	b->hints = cur_take(c, b->n_hints * BEACON_HINT);
	return cur_done(c);
}

/* Whoever asks has no port to offer, whoever waits has. */
static bool
read_visit(struct beacon *b, struct cur *c)
{
	bool asks = b->flags == BEACON_QUERY;

	b->n_hints = 1;
	b->hints = cur_take(c, BEACON_HINT);
	return cur_done(c) && b->when == 0 && asks == (b->port == 0) &&
	    (asks || b->flags == 0 || b->flags == BEACON_ANSWER);
}

int
beacon_read(struct beacon *b, const void *p, size_t len)
{
	struct cur c;
	uint8_t version;
	bool goodbye;

	memset(b, 0, sizeof(*b));
	cur_init(&c, p, len);
	b->kind = cur_u8(&c);
	version = cur_u8(&c);
	b->port = cur_u16(&c);
	b->when = cur_u64(&c);
	cur_copy(&c, b->nonce, BEACON_NONCE);
	b->flags = cur_u8(&c);
	b->udp_port = cur_u16(&c);
	if (!cur_ok(&c) || version != BEACON_VERSION)
		return -1;
	goodbye = b->flags & BEACON_GOODBYE;
	if (b->kind == BEACON_PUBLIC)
		return read_public(b, &c) && (goodbye || b->port) ? 0 : -1;
	if (b->kind == BEACON_HIDDEN)
		return read_hidden(b, &c) && goodbye == (b->port == 0) ?
		    0 : -1;
	if (b->kind == BEACON_VISIT)
		return read_visit(b, &c) ? 0 : -1;
	return -1;
}

bool
beacon_verify(const struct beacon *b, const void *p, size_t len)
{
	return len == BEACON_LEN && keys_are_usable(&b->keys) &&
	    keys_verify(&b->keys, LABEL_BEACON, p, BEACON_BODY,
	    (const uint8_t *)p + BEACON_BODY);
}

void
beacon_hint(uint8_t out[BEACON_HINT], const uint8_t pair_key[32],
    const struct user_id *sender, const uint8_t nonce[BEACON_NONCE],
    uint64_t slot, uint16_t port)
{
	uint8_t slot_bytes[8], port_bytes[2], hash[HASH_LEN];
	const struct item items[] = {
		ITEM(sender->b, ID_LEN),
		ITEM(nonce, BEACON_NONCE),
		ITEM(slot_bytes, sizeof(slot_bytes)),
		ITEM(port_bytes, sizeof(port_bytes)),
		KDF_END
	};

	put_u64(slot_bytes, slot);
	put_u16(port_bytes, port);
	kdf_derive(hash, pair_key, LABEL_LAN, items);
	memcpy(out, hash, BEACON_HINT);
}

void
beacon_plate_hint(uint8_t out[BEACON_HINT], const char *plate,
    const uint8_t nonce[BEACON_NONCE])
{
	uint8_t hash[HASH_LEN];
	const struct item items[] = {
		ITEM(plate, strlen(plate)),
		ITEM(nonce, BEACON_NONCE),
		KDF_END
	};

	kdf_hash(hash, LABEL_PLATE, items);
	memcpy(out, hash, BEACON_HINT);
}

bool
beacon_has_hint(const struct beacon *b, const uint8_t hint[BEACON_HINT])
{
	for (size_t i = 0; i < b->n_hints; i++) {
		if (memcmp(b->hints + i * BEACON_HINT, hint,
		    BEACON_HINT) == 0)
			return true;
	}
	return false;
}
