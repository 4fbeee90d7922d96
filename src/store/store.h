/*
 * store - what must survive: contacts, their numbers, messages.
 *
 * One SQLite file in WAL mode with synchronous=FULL (NORMAL lost
 * acknowledged rows when the power was cut), one connection, one process.
 * Everything a turn of the loop changes is one transaction: the first
 * change opens it, store_commit() ends it with an fsync.  Nobody is told
 * anything that is not committed.
 *
 * Rows are sealed with or without a passphrase, each bound to its place, so
 * a copied database alone says nothing but how many rows there are.
 *
 * A store without a path keeps nothing: every change succeeds and is
 * forgotten, every read finds nothing.  That is --ephemeral, and it is why
 * chat never asks which kind it has.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "vault.h"

struct store;

/* path NULL: keeps nothing, v may be NULL.  STATUS_DAMAGED: not a p2ptui
 * database, damaged, parted from its log (PATH-wal gone, or another one's),
 * or sealed under another identity; STATUS_FAILURE: of a newer version, both
 * are named; the file is untouched in all these cases.  STATUS_CANNOT_CREATE:
 * no room, read-only; STATUS_TRY_AGAIN: in use.  Only what is looked at is
 * checked: damage elsewhere shows when it is read. */
struct store *store_open(const char *path, const struct vault *v,
    struct err *e);
/* Rolls back what is not committed. */
void store_close(struct store *s);
bool store_is_kept(const struct store *s);

/* A change that fails takes its turn with it: what was changed before in the
 * turn is gone, further changes fail alike, until store_commit has said so
 * once more or store_rollback was called.
 *
 * Nothing to do is success.  After -1 nothing of the turn is on disk and
 * the transaction is gone; STATUS_CANNOT_CREATE says disk full, read-only
 * or an I/O error, and the next change tries anew. */
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);
bool store_is_dirty(const struct store *s);

/* Small sealed values by name ("epoch", "name" ..).  Appends to out; 1:
 * found, 0: absent, -1: error. */
int store_value(struct store *s, const char *name, struct buf *out,
    struct err *e);
int store_set_value(struct store *s, const char *name, const void *p,
    size_t len, struct err *e);

/* A damaged database at path, which nobody has open: what can be read goes
 * into a fresh one in its place, the damaged file is kept beside it; *n
 * contacts and messages were saved and `kept` (fresh string) is where the
 * damaged one is now.  Refuses, like store_open, what is not ours, newer, or
 * opens with nobody's but another identity.  A contact whose numbers are
 * lost comes back with none. */
int store_recover(const char *path, const struct vault *v, size_t *n,
    char **kept, struct err *e);

#endif
