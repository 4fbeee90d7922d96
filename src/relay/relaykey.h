/*
 * relaykey - the relay's own key: a file of three lines, mode 0600.
 *
 *	p2prelay key 1
 *	<secret, base32>
 *	<public, base32>
 *
 * Clients pin the public half, so a key is never replaced in silence: one
 * that is damaged, open to others, or gone while its mailboxes are still
 * there, is an error.
 */
#ifndef RELAYKEY_H
#define RELAYKEY_H

#include <stdint.h>

#include "err.h"
#include "key.h"

/* Reads it, or makes it at the first start (`mailboxes` is not there).
 * The X25519 secret in locked memory: secret_free. */
uint8_t *relaykey_open(const char *path, const char *mailboxes,
    struct err *e);

#endif
