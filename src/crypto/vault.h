/*
 * vault - the identity file: p2ptui-protocol(7), ON DISK.
 *
 *	header 60	"P2PV" | u8 1 | u8 kind | u16 0 | u32 ops | u64 mem |
 *			salt 16 | nonce 24
 *	wrapped key	kind 2: XChaCha20(KEK, nonce, AD = header, data key):
 *			48 bytes
 *			kind 1 (no passphrase; all behind the first eight
 *			bytes of the header is zero): the data key itself, 32
 *	record 72	the seed, sealed (seal.h, place table 0, version 1,
 *			row 0) under KDF(data key, LABEL_VAULT, "identity")
 *	check 32	H(LABEL_VAULT_CHECK, all before it): damage is told
 *			apart from a wrong passphrase
 *
 * Header and wrapped key are those of the known answers.  A file has exactly
 * this length: 196 bytes without a passphrase, 212 with one.
 *
 * Argon2id: default 3 operations over 256 MiB; a file that asks for less
 * than 64 MiB (a downgrade) or more than 4 GiB or 64 operations (a bomb) is
 * refused before any memory is taken.
 */
#ifndef VAULT_H
#define VAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "key.h"

enum {
	VAULT_PASSPHRASE_MAX = 1024,
	VAULT_FILE_MAX = 4096,		/* read no more than this */
	VAULT_HEADER = 60,
	VAULT_SALT = 16,
	VAULT_WRAPPED = 48,
	VAULT_OPS_MAX = 64
};

struct vault_cost {
	uint32_t ops;
	uint64_t mem;			/* bytes */
};

extern const struct vault_cost vault_default_cost;
extern const struct vault_cost vault_least_cost;	/* that is read */

/* The unlocked data key and what is derived from it. */
struct vault;

/* A fresh data key around this identity; takes nothing. */
struct vault *vault_new(const struct identity *id);
void vault_free(struct vault *v);
/* Appends the file's bytes.  passphrase NULL: none; cost NULL: the default.
 * Blocks for the Argon2id time; touches nothing but its arguments, so that a
 * worker may run it.  STATUS_USAGE: a passphrase that cannot be set
 * (passphrase.h), a cost out of bounds; STATUS_FAILURE: no memory for this
 * cost. */
int vault_write(const struct vault *v, const char *passphrase,
    const struct vault_cost *cost, struct buf *out, struct err *e);
/* Does this file ask for a passphrase?  -1: not a vault, damaged, newer. */
int vault_asks(const void *p, size_t len, struct err *e);
/* Blocks as vault_write.  STATUS_DENIED: wrong passphrase or none given;
 * STATUS_FAILURE: no memory for this cost; STATUS_DAMAGED: anything else.
 * A passphrase that is not asked for is not looked at; a wrong one that is
 * not in its one form (passphrase.h) takes twice as long. */
struct vault *vault_read(const void *p, size_t len, const char *passphrase,
    struct err *e);
/* A fresh identity from the seed; the caller owns it. */
struct identity *vault_identity(const struct vault *v);
/* KDF(data key, "p2ptui/1/vault", table). */
void vault_subkey(const struct vault *v, const char *table, uint8_t out[32]);

/* The two steps between a passphrase and a data key, without the bounds
 * above: for the known answers.  -1: no memory / a wrong key. */
int vault_kek(uint8_t kek[32], const char *passphrase,
    const uint8_t salt[VAULT_SALT], const struct vault_cost *cost);
int vault_unwrap(uint8_t data_key[32], const uint8_t kek[32],
    const uint8_t header[VAULT_HEADER], const uint8_t wrapped[VAULT_WRAPPED]);

/* Header and wrapped key by themselves, for files of another magic that a
 * passphrase seals too: `out` is VAULT_HEADER + VAULT_WRAPPED bytes.  Block,
 * and fail, as vault_write and vault_read; whoever calls them has checked
 * that nothing is damaged. */
int vault_wrap(uint8_t *out, const char *magic, const char *passphrase,
    const struct vault_cost *cost, const uint8_t key[32], struct err *e);
int vault_unlock(uint8_t key[32], const uint8_t *in, const char *magic,
    const char *passphrase, struct err *e);
/* -1: not such a header, or a cost out of bounds. */
int vault_read_cost(const uint8_t header[VAULT_HEADER], const char *magic,
    struct vault_cost *cost);

#endif
