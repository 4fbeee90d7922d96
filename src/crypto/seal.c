#include "seal.h"

#include <sodium.h>

#include "rand.h"

enum { PLACE_LEN = 16 };

static void
put_place(uint8_t ad[PLACE_LEN], const struct place *where)
{
	put_u32(ad, where->table);
	put_u32(ad + 4, where->version);
	put_u64(ad + 8, where->row);
}

void
seal_record(struct buf *out, const uint8_t key[32], const struct place *where,
    const void *p, size_t len)
{
	uint8_t *at = buf_space(out, len + SEAL_OVERHEAD), ad[PLACE_LEN];

	put_place(ad, where);
	rand_nonce(at, SEAL_NONCE);
	xchacha_seal(at + SEAL_NONCE, key, at, ad, sizeof(ad), p, len);
	buf_added(out, len + SEAL_OVERHEAD);
}

int
open_record(struct buf *out, const uint8_t key[32], const struct place *where,
    const void *p, size_t len)
{
	const uint8_t *nonce = p;
	uint8_t *at, ad[PLACE_LEN];

	if (len < SEAL_OVERHEAD)
		return -1;
	put_place(ad, where);
	/* One byte more than needed: never a request for nothing. */
	at = buf_space(out, len - SEAL_OVERHEAD + 1);
	if (xchacha_open(at, key, nonce, ad, sizeof(ad), nonce + SEAL_NONCE,
	    len - SEAL_NONCE) < 0)
		return -1;
	buf_added(out, len - SEAL_OVERHEAD);
	return 0;
}

void
xchacha_seal(uint8_t *sealed, const uint8_t key[32],
    const uint8_t nonce[SEAL_NONCE], const void *ad, size_t ad_len,
    const void *p, size_t len)
{
	crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, NULL, p, len, ad,
	    ad_len, NULL, nonce, key);
}

int
xchacha_open(uint8_t *plain, const uint8_t key[32],
    const uint8_t nonce[SEAL_NONCE], const void *ad, size_t ad_len,
    const void *sealed, size_t len)
{
	return crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL,
	    sealed, len, ad, ad_len, nonce, key);
}
