/*
 * move - a whole profile in one sealed file, and back: --export, --import.
 *
 * The file is a parcel (parcel.h) with a crate (crate.h) in it.  It is
 * written as FILE.part and gets its name when it is whole; what stands there
 * is never overwritten.  Taken in, it is read to its end before anything is
 * written, and the identity gets its name last: whoever is killed before
 * that has no profile yet, is told so, and imports again.
 *
 * Two copies that both run are a fork, as a restored backup is: chat counts
 * anew at every start, says so when it notices, and goes on.
 */
#ifndef MOVE_H
#define MOVE_H

#include <stdint.h>

#include "profile.h"

/* The profile is held and its store closed.  *n: bytes written.
 * STATUS_CANNOT_CREATE: `to` exists, no room ..; blocks. */
int move_out(const struct profile *p, const char *to, const char *passphrase,
    const struct vault_cost *cost, uint64_t *n, struct err *e);
/* Is `from` one that can be read?  STATUS_DAMAGED, before any passphrase. */
int move_look(const char *from, struct err *e);
/* May something be moved in here?  STATUS_CANNOT_CREATE: somebody lives
 * there.  One that was interrupted may be repeated. */
int move_has_room(const struct profile *p, struct err *e);
/* Looks at settings before they count, at a path beside theirs, and may
 * change them there; -1 with e: they are not taken, and so nothing is.  Who
 * sealed the file knew its passphrase, and is no more than that. */
typedef int move_settings_fn(const char *path, struct err *e);
/* Into the held profile.  STATUS_DENIED: wrong passphrase; STATUS_DAMAGED:
 * cut, changed, not ours, newer; nothing was written then.  settings NULL:
 * they are taken as they are.  Blocks. */
int move_in(const struct profile *p, const char *from,
    const char *passphrase, move_settings_fn *settings, struct err *e);

#endif
