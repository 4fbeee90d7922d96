#include "kdf.h"

#include <sodium.h>
#include <string.h>

#include "buf.h"
#include "secret.h"

enum { HMAC_BLOCK = 128 };		/* BLAKE2b's input block */

static void
add_lp(crypto_generichash_state *h, const void *p, size_t len)
{
	uint8_t n[4];

	put_u32(n, (uint32_t)len);
	crypto_generichash_update(h, n, sizeof(n));
	if (len > 0)
		crypto_generichash_update(h, p, len);
}

static void
hash_items(uint8_t out[HASH_LEN], const uint8_t *key, size_t key_len,
    const char *label, const struct item *items)
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, key, key_len, HASH_LEN);
	add_lp(&h, label, strlen(label));
	for (; items != NULL && items->p != NULL; items++)
		add_lp(&h, items->p, items->len);
	crypto_generichash_final(&h, out, HASH_LEN);
	wipe(&h, sizeof(h));
}

void
kdf_hash(uint8_t out[HASH_LEN], const char *label, const struct item *items)
{
	hash_items(out, NULL, 0, label, items);
}

void
kdf_derive(uint8_t out[HASH_LEN], const uint8_t key[32], const char *label,
    const struct item *items)
{
	hash_items(out, key, 32, label, items);
}

void
kdf_derive_long(uint8_t out[HASH_LEN], const uint8_t key[64],
    const char *label, const struct item *items)
{
	hash_items(out, key, 64, label, items);
}

void
kdf_mac(uint8_t out[MAC_LEN], const void *key, size_t key_len, const void *p,
    size_t len)
{
	crypto_generichash(out, MAC_LEN, p, len, key, key_len);
}

/* HMAC's key, xored with its pad, is the first block of each hash. */
static void
start_padded(crypto_generichash_state *h, const uint8_t key[HMAC_BLOCK],
    uint8_t pad)
{
	uint8_t padded[HMAC_BLOCK];
	size_t i;

	for (i = 0; i < HMAC_BLOCK; i++)
		padded[i] = key[i] ^ pad;
	crypto_generichash_init(h, NULL, 0, HMAC_LEN);
	crypto_generichash_update(h, padded, HMAC_BLOCK);
	wipe(padded, sizeof(padded));
}

void
kdf_hmac(uint8_t out[HMAC_LEN], const void *key, size_t key_len,
    const struct item *items)
{
	crypto_generichash_state h;
	uint8_t block[HMAC_BLOCK] = { 0 };

	if (key_len > HMAC_BLOCK)
		crypto_generichash(block, HMAC_LEN, key, key_len, NULL, 0);
	else if (key_len > 0)
		memcpy(block, key, key_len);
	start_padded(&h, block, 0x36);
	for (; items != NULL && items->p != NULL; items++)
		if (items->len > 0)
			crypto_generichash_update(&h, items->p, items->len);
	crypto_generichash_final(&h, out, HMAC_LEN);
	start_padded(&h, block, 0x5c);
	crypto_generichash_update(&h, out, HMAC_LEN);
	crypto_generichash_final(&h, out, HMAC_LEN);
	wipe(&h, sizeof(h));
	wipe(block, sizeof(block));
}

void
kdf_hkdf(const uint8_t chaining_key[HMAC_LEN], const void *ikm,
    size_t ikm_len, uint8_t out1[HMAC_LEN], uint8_t out2[HMAC_LEN],
    uint8_t out3[HMAC_LEN])
{
	uint8_t temp[HMAC_LEN], one = 1, two = 2, three = 3;

	/* An empty ikm may be NULL, which would end the list. */
	kdf_hmac(temp, chaining_key, HMAC_LEN, (const struct item[]){
	    ITEM(ikm_len == 0 ? &one : ikm, ikm_len), KDF_END });
	kdf_hmac(out1, temp, HMAC_LEN, (const struct item[]){
	    ITEM(&one, 1), KDF_END });
	kdf_hmac(out2, temp, HMAC_LEN, (const struct item[]){
	    ITEM(out1, HMAC_LEN), ITEM(&two, 1), KDF_END });
	if (out3 != NULL)
		kdf_hmac(out3, temp, HMAC_LEN, (const struct item[]){
		    ITEM(out2, HMAC_LEN), ITEM(&three, 1), KDF_END });
	wipe(temp, sizeof(temp));
}
