#include "key.h"

#include <sodium.h>
#include <string.h>

#include "buf.h"
#include "enc.h"
#include "kdf.h"
#include "label.h"
#include "rand.h"
#include "secret.h"

struct identity {
	uint8_t seed[32];
	uint8_t ed_secret[crypto_sign_SECRETKEYBYTES];
	uint8_t x_secret[KEY_LEN];
	struct pubkeys keys;
	struct user_id id;
};

struct identity *
identity_from_seed(const uint8_t seed[32])
{
	struct identity *id = secret_new(sizeof(*id));
	uint8_t ed_seed[crypto_sign_SEEDBYTES];

	memcpy(id->seed, seed, sizeof(id->seed));
	kdf_derive(ed_seed, seed, LABEL_ED25519, NULL);
	crypto_sign_seed_keypair(id->keys.ed, id->ed_secret, ed_seed);
	wipe(ed_seed, sizeof(ed_seed));
	kdf_derive(id->x_secret, seed, LABEL_X25519, NULL);
	x_public(id->keys.x, id->x_secret);
	user_id_of(&id->id, &id->keys);
	return id;
}

struct identity *
identity_new(void)
{
	struct identity *id;
	uint8_t seed[32];

	rand_bytes(seed, sizeof(seed));
	id = identity_from_seed(seed);
	wipe(seed, sizeof(seed));
	return id;
}

void
identity_free(struct identity *id)
{
	secret_free(id);
}

const uint8_t *
identity_seed(const struct identity *id)
{
	return id->seed;
}

const uint8_t *
identity_x_secret(const struct identity *id)
{
	return id->x_secret;
}

const struct pubkeys *
identity_keys(const struct identity *id)
{
	return &id->keys;
}

const struct user_id *
identity_id(const struct identity *id)
{
	return &id->id;
}

/* What a signature covers: the label keeps one made for a beacon from
 * passing as one on a card. */
static void
put_signed(struct buf *b, const char *label, const void *body, size_t len)
{
	buf_init(b);
	buf_lp(b, label, strlen(label));
	if (len > 0)
		buf_put(b, body, len);
}

void
identity_sign(const struct identity *id, const char *label, const void *body,
    size_t len, uint8_t sig[SIG_LEN])
{
	struct buf b;

	put_signed(&b, label, body, len);
	crypto_sign_detached(sig, NULL, b.at, b.len, id->ed_secret);
	buf_clear(&b);
}

bool
keys_verify(const struct pubkeys *k, const char *label, const void *body,
    size_t len, const uint8_t sig[SIG_LEN])
{
	struct buf b;
	int rc;

	put_signed(&b, label, body, len);
	rc = crypto_sign_verify_detached(sig, b.at, b.len, k->ed);
	buf_clear(&b);
	return rc == 0;
}

bool
keys_are_usable(const struct pubkeys *k)
{
	return !x_is_low_order(k->x) &&
	    crypto_core_ed25519_is_valid_point(k->ed) == 1;
}

bool
keys_equal(const struct pubkeys *a, const struct pubkeys *b)
{
	return memcmp(a->ed, b->ed, KEY_LEN) == 0 &&
	    memcmp(a->x, b->x, KEY_LEN) == 0;
}

void
user_id_of(struct user_id *id, const struct pubkeys *k)
{
	kdf_hash(id->b, LABEL_USER_ID, (const struct item[]){
	    ITEM(k->ed, KEY_LEN), ITEM(k->x, KEY_LEN), KDF_END });
}

bool
user_id_equal(const struct user_id *a, const struct user_id *b)
{
	return user_id_cmp(a, b) == 0;
}

int
user_id_cmp(const struct user_id *a, const struct user_id *b)
{
	return memcmp(a->b, b->b, ID_LEN);
}

void
user_id_text(const struct user_id *id, char text[ID_TEXT])
{
	enc_base32(text, id->b, ID_LEN);
}

void
user_id_short(const struct user_id *id, char text[ID_SHORT])
{
	/* Eight characters of base32 are five bytes. */
	enc_base32(text, id->b, 5);
}

int
user_id_parse(struct user_id *id, const char *text)
{
	uint8_t b[ID_LEN];

	if (strlen(text) != ID_TEXT - 1 ||
	    dec_base32(b, sizeof(b), text) != ID_LEN)
		return -1;
	memcpy(id->b, b, ID_LEN);
	return 0;
}

int
identity_pair_key(const struct identity *id, const struct pubkeys *other,
    uint8_t out[32])
{
	const struct user_id *low = &id->id, *high;
	struct user_id theirs;
	uint8_t dh[KEY_LEN];

	if (x_agree(dh, id->x_secret, other->x) < 0)
		return -1;
	user_id_of(&theirs, other);
	high = &theirs;
	if (user_id_cmp(low, high) > 0) {
		low = &theirs;
		high = &id->id;
	}
	kdf_derive(out, dh, LABEL_PAIR_KEY, (const struct item[]){
	    ITEM(low->b, ID_LEN), ITEM(high->b, ID_LEN), KDF_END });
	wipe(dh, sizeof(dh));
	return 0;
}

int
x_agree(uint8_t out[KEY_LEN], const uint8_t secret[KEY_LEN],
    const uint8_t public[KEY_LEN])
{
	/* RFC 7748, section 6.1: "check [...] for the all-zero value". */
	if (crypto_scalarmult(out, secret, public) == 0)
		return 0;
	memset(out, 0, KEY_LEN);
	return -1;
}

void
x_public(uint8_t public[KEY_LEN], const uint8_t secret[KEY_LEN])
{
	crypto_scalarmult_base(public, secret);
}

/* Every spelling, top bit aside, of the points of order 1, 2, 4 and 8 on
 * Curve25519 and its twist; t_key asks X25519 itself about each row. */
static const uint8_t low_order[][KEY_LEN] = {
	{ 0x00 },
	{ 0x01 },
	{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
	  0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
	  0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00 },
	{ 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
	  0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
	  0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57 },
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
	{ 0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
};

bool
x_is_low_order(const uint8_t public[KEY_LEN])
{
	uint8_t masked[KEY_LEN];
	size_t i;

	memcpy(masked, public, KEY_LEN);
	masked[KEY_LEN - 1] &= 0x7f;
	for (i = 0; i < sizeof(low_order) / sizeof(low_order[0]); i++)
		if (memcmp(masked, low_order[i], KEY_LEN) == 0)
			return true;
	return false;
}

void
x_pair_new(uint8_t secret[KEY_LEN], uint8_t public[KEY_LEN])
{
	rand_bytes(secret, KEY_LEN);
	x_public(public, secret);
}
