#include "pake.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "buf.h"
#include "secret.h"

enum { SHA512_BLOCK = 128 };		/* s_in_bytes of the draft */

static const char dsi[] = "CPaceRistretto255";
static const char dsi_isk[] = "CPaceRistretto255_ISK";
static const char dsi_mac[] = "CPaceMac";

struct pake {
	bool initiator;
	bool has_scalar;		/* not yet used up */
	bool is_finished;
	uint8_t scalar[PAKE_SHARE];
	uint8_t share[PAKE_SHARE];
	uint8_t their_share[PAKE_SHARE];
	uint8_t mac_key[crypto_hash_sha512_BYTES];
	struct buf sid, ad, their_ad;	/* public */
};

/* prepend_len of the draft: LEB128, seven bits a byte, low ones first. */
void
pake_lv(struct buf *out, const void *p, size_t len)
{
	size_t left = len;

	for (; left >= 0x80; left >>= 7)
		buf_u8(out, (uint8_t)(left | 0x80));
	buf_u8(out, (uint8_t)left);
	if (len > 0)
		buf_put(out, p, len);
}

/* "len_zpad = MAX(0, s_in_bytes - len(prepend_len(PRS)) -
 * len(prepend_len(DSI)) - 1)" */
void
pake_generator_string(struct buf *out, const struct pake_setup *setup)
{
	static const uint8_t zeros[SHA512_BLOCK];
	size_t start = out->len, used, pad;

	pake_lv(out, dsi, strlen(dsi));
	pake_lv(out, setup->password, setup->password_len);
	used = out->len - start + 1;
	pad = used < SHA512_BLOCK ? SHA512_BLOCK - used : 0;
	pake_lv(out, zeros, pad);
	pake_lv(out, setup->channel, setup->channel_len);
	pake_lv(out, setup->sid, setup->sid_len);
}

void
pake_generator(uint8_t g[PAKE_SHARE], const struct pake_setup *setup)
{
	uint8_t hash[crypto_core_ristretto255_HASHBYTES];
	struct buf text;

	buf_init(&text);
	pake_generator_string(&text, setup);
	crypto_hash_sha512(hash, text.at, text.len);
	crypto_core_ristretto255_from_hash(g, hash);
	buf_wipe(&text);
	wipe(hash, sizeof(hash));
}

int
pake_multiply(uint8_t k[PAKE_SHARE], const uint8_t scalar[PAKE_SHARE],
    const uint8_t point[PAKE_SHARE])
{
	if (crypto_scalarmult_ristretto255(k, scalar, point) == 0)
		return 0;
	memset(k, 0, PAKE_SHARE);
	return -1;
}

static void
keep(struct buf *b, const void *p, size_t len)
{
	buf_init(b);
	if (len > 0)
		buf_put(b, p, len);
}

struct pake *
pake_new(const struct pake_setup *setup)
{
	struct pake *p = secret_new(sizeof(*p));
	uint8_t g[PAKE_SHARE];
	int rc;

	p->initiator = setup->initiator;
	keep(&p->sid, setup->sid, setup->sid_len);
	keep(&p->ad, setup->ad, setup->ad_len);
	keep(&p->their_ad, setup->their_ad, setup->their_ad_len);
	if (setup->scalar)
		memcpy(p->scalar, setup->scalar, PAKE_SHARE);
	else
		crypto_core_ristretto255_scalar_random(p->scalar);
	p->has_scalar = true;
	pake_generator(g, setup);
	rc = pake_multiply(p->share, p->scalar, g);
	/* Neither is a generator the identity nor a scalar zero. */
	assert(rc == 0);
	(void)rc;
	wipe(g, sizeof(g));
	return p;
}

void
pake_free(struct pake *p)
{
	if (!p)
		return;
	buf_clear(&p->sid);
	buf_clear(&p->ad);
	buf_clear(&p->their_ad);
	secret_free(p);
}

const uint8_t *
pake_share(const struct pake *p)
{
	return p->share;
}

static void
put_side(struct buf *b, const uint8_t share[PAKE_SHARE], const struct buf *ad)
{
	pake_lv(b, share, PAKE_SHARE);
	pake_lv(b, ad->at, ad->len);
}

static void
make_isk(uint8_t isk[PAKE_ISK], const struct pake *p,
    const uint8_t k[PAKE_SHARE])
{
	struct buf text;

	buf_init(&text);
	pake_lv(&text, dsi_isk, strlen(dsi_isk));
	pake_lv(&text, p->sid.at, p->sid.len);
	pake_lv(&text, k, PAKE_SHARE);
	if (p->initiator)
		put_side(&text, p->share, &p->ad);
	put_side(&text, p->their_share, &p->their_ad);
	if (!p->initiator)
		put_side(&text, p->share, &p->ad);
	crypto_hash_sha512(isk, text.at, text.len);
	buf_wipe(&text);
}

static void
make_mac_key(struct pake *p, const uint8_t isk[PAKE_ISK])
{
	crypto_hash_sha512_state h;

	crypto_hash_sha512_init(&h);
	crypto_hash_sha512_update(&h, (const uint8_t *)dsi_mac,
	    strlen(dsi_mac));
	if (p->sid.len > 0)
		crypto_hash_sha512_update(&h, p->sid.at, p->sid.len);
	crypto_hash_sha512_update(&h, isk, PAKE_ISK);
	crypto_hash_sha512_final(&h, p->mac_key);
	wipe(&h, sizeof(h));
}

int
pake_finish(struct pake *p, const uint8_t their_share[PAKE_SHARE],
    uint8_t isk[PAKE_ISK])
{
	uint8_t k[PAKE_SHARE];
	int rc = -1;

	memset(isk, 0, PAKE_ISK);
	if (!p->has_scalar)
		return -1;
	if (memcmp(their_share, p->share, PAKE_SHARE) != 0)
		rc = pake_multiply(k, p->scalar, their_share);
	wipe(p->scalar, sizeof(p->scalar));
	p->has_scalar = false;
	if (rc < 0)
		return -1;
	memcpy(p->their_share, their_share, PAKE_SHARE);
	make_isk(isk, p, k);
	wipe(k, sizeof(k));
	make_mac_key(p, isk);
	p->is_finished = true;
	return 0;
}

static void
make_tag(const struct pake *p, uint8_t tag[PAKE_TAG],
    const uint8_t share[PAKE_SHARE], const struct buf *ad)
{
	crypto_auth_hmacsha512_state h;
	uint8_t whole[crypto_auth_hmacsha512_BYTES];
	struct buf text;

	assert(p->is_finished);
	buf_init(&text);
	put_side(&text, share, ad);
	crypto_auth_hmacsha512_init(&h, p->mac_key, sizeof(p->mac_key));
	crypto_auth_hmacsha512_update(&h, text.at, text.len);
	crypto_auth_hmacsha512_final(&h, whole);
	memcpy(tag, whole, PAKE_TAG);
	wipe(&h, sizeof(h));
	wipe(whole, sizeof(whole));
	buf_clear(&text);
}

void
pake_tag(const struct pake *p, uint8_t tag[PAKE_TAG])
{
	make_tag(p, tag, p->share, &p->ad);
}

bool
pake_confirms(const struct pake *p, const uint8_t tag[PAKE_TAG])
{
	uint8_t right[PAKE_TAG];
	bool is_right;

	make_tag(p, right, p->their_share, &p->their_ad);
	is_right = secret_equal(right, tag, PAKE_TAG);
	wipe(right, sizeof(right));
	return is_right;
}
