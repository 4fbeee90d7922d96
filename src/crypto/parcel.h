/*
 * parcel - one file sealed by a passphrase: what --export writes.
 *
 *	header 60	"P2PX" | u8 1 | u8 2 | u16 0 | u32 ops | u64 mem |
 *			salt 16 | nonce 24, as of a vault (vault.h)
 *	wrapped key 48	XChaCha20(KEK, nonce, AD = header, file key)
 *	check 32	H(LABEL_PARCEL_CHECK, all before it): damage is told
 *			apart from a wrong passphrase
 *	chunks		each XChaCha20(KDF(file key, LABEL_PARCEL),
 *			nonce = 16 zero bytes || u64 number,
 *			AD = u8 last?) of PARCEL_CHUNK bytes, the last one of
 *			as many as are left, with its tag of 16
 *
 * Of the cost that it asks for: no more than PARCEL_OPS_MAX over
 * PARCEL_MEM_MAX, since it comes from elsewhere and nothing of it can be
 * trusted before that is paid.
 *
 * The file key is fresh, so counted nonces never meet.  A chunk cannot be
 * taken away, added, moved or cut off at the end unnoticed: each one's
 * number is its nonce, and the last one says that it is (STREAM, Hoang et
 * al., "Online Authenticated-Encryption and its Nonce-Reuse Misuse-
 * Resistance", 2015).
 */
#ifndef PARCEL_H
#define PARCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "vault.h"

enum {
	PARCEL_HEAD = VAULT_HEADER + VAULT_WRAPPED + 32,
	PARCEL_OPS_MAX = 16,
	PARCEL_MEM_MAX = 1 << 30,	/* bytes */
	PARCEL_CHUNK = 65536,		/* plain bytes; sealed 16 more */
	PARCEL_SEALED = PARCEL_CHUNK + 16
};

/* The key of one file and the number of its next chunk. */
struct parcel;

/* A fresh key, its head into `head`.  Blocks for the Argon2id time.  cost
 * NULL: the default.  Errors as of vault_write. */
struct parcel *parcel_new(const char *passphrase,
    const struct vault_cost *cost, uint8_t head[PARCEL_HEAD],
    struct err *e);
/* Is it one of ours that can be read, before any passphrase is asked for?
 * STATUS_DAMAGED: not a parcel, damaged, of a newer version. */
int parcel_check(const uint8_t *head, size_t len, struct err *e);
/* The key of a head.  Blocks.  As parcel_check, and STATUS_DENIED: wrong
 * passphrase; STATUS_FAILURE: no memory for its cost. */
struct parcel *parcel_open(const uint8_t *head, size_t len,
    const char *passphrase, struct err *e);
void parcel_free(struct parcel *p);
/* From the first chunk on again. */
void parcel_rewind(struct parcel *p);

/* Appends the next chunk, sealed.  All but the last have PARCEL_CHUNK
 * bytes. */
void parcel_seal(struct parcel *p, const void *plain, size_t len, bool last,
    struct buf *out);
/* Appends what the next chunk holds; -1: it is not that chunk, or not the
 * last if `last`, or the other way round. */
int parcel_unseal(struct parcel *p, const void *sealed, size_t len, bool last,
    struct buf *out);

#endif
