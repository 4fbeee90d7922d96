/*
 * ask - passphrases asked for without a screen: at the terminal, masked, or
 * from the descriptor that option passphrase-fd names, a line for each.
 */
#ifndef ASK_H
#define ASK_H

#include <stdbool.h>

#include "err.h"
#include "opt.h"

enum { ASK_TRIES = 3 };		/* at the terminal; a descriptor has one */

/* Before any file is opened: is the descriptor there?  One that came closed
 * would become one of ours, and what stands in that be the passphrase.  It
 * is kept from children.  STATUS_DENIED: it is not. */
int ask_check(const struct opts *opts, struct err *e);
/* Into line, which has VAULT_PASSPHRASE_MAX + 1 bytes of locked memory.
 * STATUS_DENIED: none was given, one too long or with a NUL in it, or there
 * is nobody to ask. */
int ask_passphrase(const struct opts *opts, const char *prompt, char *line,
    struct err *e);
/* A new one: twice at the terminal.  An empty one is STATUS_DENIED unless
 * it may be empty; STATUS_USAGE: it cannot be set (passphrase.h). */
int ask_new_passphrase(const struct opts *opts, const char *prompt,
    bool may_be_empty, char *line, struct err *e);
/* How often a wrong one may be repeated. */
int ask_tries(const struct opts *opts);
/* Nothing more will be asked: who looks at our descriptors should not find
 * the passphrases there. */
void ask_end(const struct opts *opts);

#endif
