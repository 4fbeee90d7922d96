/*
 * passphrase - from what somebody types to the bytes that are hashed.
 *
 * The same letters are other bytes on another machine: one keyboard sends a
 * composed letter, the next a letter and its accent, an input method sends
 * U+3000 for the space bar.  So the vault hashes their one form, that of
 * RFC 8265 (text_opaque), whichever way they came in: vault_wrap is the only
 * one who sets a passphrase and vault_unlock the only one who tries one,
 * for the identity file and for what --export writes.
 *
 * What has no such form could not be typed again, and is refused when it is
 * set.  It still opens what was sealed when bytes were hashed as they came.
 */
#ifndef PASSPHRASE_H
#define PASSPHRASE_H

#include "err.h"

/* The bytes to be hashed, 1 to VAULT_PASSPHRASE_MAX and a NUL, in locked
 * memory for secret_free.  NULL with STATUS_USAGE: it cannot be set. */
char *passphrase_prepare(const char *typed, struct err *e);
/* The same answer for who still has the person there to ask again. */
int passphrase_check(const char *typed, struct err *e);

#endif
