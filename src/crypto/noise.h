/*
 * noise - the Noise Protocol Framework (revision 34), one core.
 *
 * Noise_<pattern>_25519_ChaChaPoly_BLAKE2b for the patterns N X NK NX IK XX
 * and XXpsk0.  A pattern is a row of tokens; writing and reading a message walk
 * the same row.  Nothing is kept from a message that did not authenticate:
 * read works on a copy and commits on success.
 *
 *	new -> [write|read ..] until noise_is_done -> noise_split -> ciphers
 *
 * A state is one plain allocation, wiped when freed, not locked memory: a
 * relay makes thousands of them out of strangers' first bytes, guarded pages
 * cost several system calls and 12 KiB each, and locked memory is scarce
 * (RLIMIT_MEMLOCK).  That is sound because the one long-lived secret, my
 * static key, is borrowed and never copied in here; what a state holds dies
 * within the handshake's ten seconds.
 *
 * Cost: the Diffie-Hellmans of the pattern and one key pair.  For IK that is
 * four X25519 and one base point multiplication a side.
 */
#ifndef NOISE_H
#define NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	NOISE_TAG = 16,
	NOISE_MAX = 65535,		/* a message on the wire */
	NOISE_HASH = 64
};

enum noise_pattern {
	NOISE_N, NOISE_X, NOISE_NK, NOISE_NX, NOISE_IK, NOISE_XX, NOISE_XX_PSK0
};

enum { NOISE_PATTERNS = NOISE_XX_PSK0 + 1 };

struct noise;

struct noise_setup {
	enum noise_pattern pattern;
	bool initiator;
	const void *prologue;
	size_t prologue_len;
	const uint8_t *s;		/* my static secret; NULL if none;
					 * borrowed until done or freed */
	const uint8_t *s_public;	/* its public half; NULL: computed */
	const uint8_t *rs;		/* the other's static public, or NULL */
	const uint8_t *psk;		/* 32 bytes, psk patterns only */
	const uint8_t *e;		/* fixed ephemeral secret: tests only */
};

/* NULL when a key is of low order or the setup lacks one the pattern needs. */
struct noise *noise_new(const struct noise_setup *setup);
void noise_free(struct noise *n);

/* Next handshake message.  Both return the number of bytes put into out, or
 * -1: too little room, not my turn, not authentic, a low-order key.  After
 * -1 the state is as before the call.  A payload may be empty; out may not
 * overlap the input. */
ssize_t noise_write(struct noise *n, const void *payload, size_t len,
    uint8_t *out, size_t room);
ssize_t noise_read(struct noise *n, const void *msg, size_t len,
    uint8_t *out, size_t room);
bool noise_is_done(const struct noise *n);
/* Length of the next message, mine or theirs, with an empty payload; once
 * done, of a transport message. */
size_t noise_overhead(const struct noise *n);
/* The other's static key: 32 bytes, once it was read or given; else NULL. */
const uint8_t *noise_remote(const struct noise *n);
const uint8_t *noise_hash(const struct noise *n);	/* NOISE_HASH bytes */

/* One direction of a transport: ChaCha20-Poly1305, counter nonces. */
struct cipher {
	uint8_t key[32];
	uint64_t n;
};

/* Once, after the handshake; wipes the handshake's keys.  noise_hash and
 * noise_remote go on answering.  N and X speak one way only: the cipher of
 * the other direction refuses to work. */
void noise_split(struct noise *n, struct cipher *send, struct cipher *receive);
/* out gets len + NOISE_TAG bytes; may be p itself.  -1 at the last nonce. */
int cipher_seal(struct cipher *c, const void *ad, size_t ad_len,
    const void *p, size_t len, uint8_t *out);
/* out gets len - NOISE_TAG bytes; may be p itself; -1: forged, n unmoved,
 * out all zero. */
int cipher_open(struct cipher *c, const void *ad, size_t ad_len,
    const void *p, size_t len, uint8_t *out);
void cipher_rekey(struct cipher *c);
void cipher_wipe(struct cipher *c);

#endif
