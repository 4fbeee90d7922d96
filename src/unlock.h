/*
 * unlock - from a profile to an identity in memory: makes one at the first
 * start, asks for the passphrase before the screen opens.
 */
#ifndef UNLOCK_H
#define UNLOCK_H

#include <stdbool.h>

#include "opt.h"
#include "profile.h"
#include "vault.h"

/* NULL with STATUS_DENIED: wrong passphrase; *fresh: it was made now.  The
 * passphrase comes from option passphrase-fd or the terminal (ask.h); that of
 * a new identity may have been chosen already: "" is none, NULL is not. */
struct vault *unlock(const struct profile *p, const struct opts *opts,
    const char *chosen, bool *fresh, struct err *e);

#endif
