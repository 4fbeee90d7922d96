/*
 * kdf - the hashes everything is derived with: p2ptui-protocol(7), Conventions.
 *
 *	H(label, a, b ..)       BLAKE2b-256(LP(label) || LP(a) || LP(b) ..)
 *	KDF(key, label, a ..)   the same, keyed
 *	MAC(key, x)             BLAKE2b-128, keyed, of the bare x
 *	HKDF                    HMAC-BLAKE2b as in Noise, section 4.3
 *
 * LP(x) is the length as u32 little-endian, then x.
 */
#ifndef KDF_H
#define KDF_H

#include <stddef.h>
#include <stdint.h>

enum { HASH_LEN = 32, HMAC_LEN = 64, MAC_LEN = 16 };

/* One hashed item; a list of them ends with KDF_END, and NULL is the empty
 * list.  An item of no bytes still needs a p that is not NULL. */
struct item {
	const void *p;
	size_t len;
};
#define ITEM(p, len) ((struct item){ (p), (len) })
#define KDF_END ((struct item){ NULL, 0 })

void kdf_hash(uint8_t out[HASH_LEN], const char *label,
    const struct item *items);
void kdf_derive(uint8_t out[HASH_LEN], const uint8_t key[32],
    const char *label, const struct item *items);
/* From a longer key: what a password exchange agrees on. */
void kdf_derive_long(uint8_t out[HASH_LEN], const uint8_t key[64],
    const char *label, const struct item *items);
/* The items are one text, without lengths between them (RFC 2104). */
void kdf_hmac(uint8_t out[HMAC_LEN], const void *key, size_t key_len,
    const struct item *items);
/* Of one text, for packets; the key has 16 to 64 bytes. */
void kdf_mac(uint8_t out[MAC_LEN], const void *key, size_t key_len,
    const void *p, size_t len);
/* Noise HKDF with two or three outputs of 64 bytes; out3 may be NULL.  No
 * output may lie in chaining_key. */
void kdf_hkdf(const uint8_t chaining_key[HMAC_LEN], const void *ikm,
    size_t ikm_len, uint8_t out1[HMAC_LEN], uint8_t out2[HMAC_LEN],
    uint8_t out3[HMAC_LEN]);

#endif
