/*
 * seal - records at rest: XChaCha20-Poly1305 under a random nonce.
 *
 *	record = nonce 24 || ciphertext || tag 16
 *
 * The associated data says where a record belongs (table, row, version), so
 * that rows cannot be swapped: p2ptui-protocol(7), ON DISK.
 *
 *	AD = u32 table || u32 version || u64 row
 *
 * Random nonces of 24 bytes never meet in practice, so a key may outlive the
 * process and a restored backup reuses nothing.
 */
#ifndef SEAL_H
#define SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

enum { SEAL_NONCE = 24, SEAL_TAG = 16, SEAL_OVERHEAD = 40 };

/* Where a record belongs. */
struct place {
	uint32_t table;
	uint32_t version;
	uint64_t row;
};

/* Appends len + SEAL_OVERHEAD bytes to out; p may not lie in out. */
void seal_record(struct buf *out, const uint8_t key[32],
    const struct place *where, const void *p, size_t len);
/* Appends the plain bytes to out; -1: damaged, out unchanged. */
int open_record(struct buf *out, const uint8_t key[32],
    const struct place *where, const void *p, size_t len);

/* The bare cipher (draft-irtf-cfrg-xchacha-03), for formats that lay out
 * nonce and associated data themselves.  sealed has len + SEAL_TAG bytes;
 * xchacha_open takes the length with the tag, -1: forged. */
void xchacha_seal(uint8_t *sealed, const uint8_t key[32],
    const uint8_t nonce[SEAL_NONCE], const void *ad, size_t ad_len,
    const void *p, size_t len);
int xchacha_open(uint8_t *plain, const uint8_t key[32],
    const uint8_t nonce[SEAL_NONCE], const void *ad, size_t ad_len,
    const void *sealed, size_t len);

#endif
