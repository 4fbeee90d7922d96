/*
 * key - who somebody is: p2ptui-protocol(7), IDENTITY.
 *
 * A person is two public keys, Ed25519 to sign and X25519 to agree, and the
 * hash over both is the user id: whoever changes one key is somebody else.
 * Both secrets come from one random seed.
 *
 * Invariants: struct pubkeys from outside has passed keys_are_usable();
 * a struct identity lives in locked memory and is wiped when freed.
 */
#ifndef KEY_H
#define KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	KEY_LEN = 32,
	SIG_LEN = 64,
	ID_LEN = 32,
	ID_TEXT = 53,		/* base32 of an id, with its NUL */
	ID_SHORT = 9		/* the first 8 characters, with a NUL */
};

struct user_id {
	uint8_t b[ID_LEN];
};

struct pubkeys {
	uint8_t ed[KEY_LEN];
	uint8_t x[KEY_LEN];
};

struct identity;

/* From fresh randomness, or from the 32 bytes that were kept. */
struct identity *identity_new(void);
struct identity *identity_from_seed(const uint8_t seed[32]);
void identity_free(struct identity *id);
const uint8_t *identity_seed(const struct identity *id);	/* 32 bytes */
const uint8_t *identity_x_secret(const struct identity *id);	/* 32 bytes */
const struct pubkeys *identity_keys(const struct identity *id);
const struct user_id *identity_id(const struct identity *id);

/* Ed25519 over LP(label) || body. */
void identity_sign(const struct identity *id, const char *label,
    const void *body, size_t len, uint8_t sig[SIG_LEN]);
bool keys_verify(const struct pubkeys *k, const char *label,
    const void *body, size_t len, const uint8_t sig[SIG_LEN]);
/* Neither key is zero or of low order (RFC 7748, section 6.1).  Costs about
 * as much as checking a signature: rate limits come before it. */
bool keys_are_usable(const struct pubkeys *k);
bool keys_equal(const struct pubkeys *a, const struct pubkeys *b);

void user_id_of(struct user_id *id, const struct pubkeys *k);
bool user_id_equal(const struct user_id *a, const struct user_id *b);
int user_id_cmp(const struct user_id *a, const struct user_id *b);
void user_id_text(const struct user_id *id, char text[ID_TEXT]);
void user_id_short(const struct user_id *id, char text[ID_SHORT]);
int user_id_parse(struct user_id *id, const char *text);	/* 0, -1 */

/* What only the two of them can know; for metadata (beacon hints,
 * rendezvous), never for content.  -1 when the other's key is of low order. */
int identity_pair_key(const struct identity *id, const struct pubkeys *other,
    uint8_t out[32]);

/* X25519 (RFC 7748): -1, and out all zero, when the other's key is of low
 * order and the result would be known to everybody. */
int x_agree(uint8_t out[KEY_LEN], const uint8_t secret[KEY_LEN],
    const uint8_t public[KEY_LEN]);
void x_public(uint8_t public[KEY_LEN], const uint8_t secret[KEY_LEN]);
bool x_is_low_order(const uint8_t public[KEY_LEN]);	/* cheap */
/* A one-off X25519 pair: receive keys (p2ptui-protocol(7)). */
void x_pair_new(uint8_t secret[KEY_LEN], uint8_t public[KEY_LEN]);

#endif
