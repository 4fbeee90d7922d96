/*
 * rand - random bytes from the kernel, through libsodium.
 *
 * There is no generator of our own.  What becomes a secret is asked of the
 * kernel at that moment and never rests in a pool; what is public anyway
 * (nonces) comes out of a block read ahead, so that sealing a row of the
 * history does not cost a system call.
 */
#ifndef RAND_H
#define RAND_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* Once, first of all crypto: readies libsodium, forbids core dumps and
 * ptrace by other processes.  Without a random source the program must not
 * go on: STATUS_FAILURE. */
int crypto_start(struct err *e);
/* Keys and everything secret.  Dies when the source dies. */
void rand_bytes(void *p, size_t len);
/* Nonces and everything that will be public. */
void rand_nonce(void *p, size_t len);
uint32_t rand_below(uint32_t bound);	/* uniform in 0..bound-1; bound > 0 */

#endif
