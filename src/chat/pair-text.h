/*
 * pair-text - what is said to a person when a code led to nobody: the
 * cause, and the next step.
 */
#ifndef PAIR_TEXT_H
#define PAIR_TEXT_H

#include "news.h"

struct pair_text {
	char what[320], next[240];
};

/* For who typed the code.  `where`: the address typed, or "".  e: why it
 * does not answer, or NULL. */
void pair_text_of(struct pair_text *t, enum code_reason why, unsigned left,
    const char *where, unsigned version, const struct err *e);
/* Nobody here, and no relay to look further by. */
void pair_text_other_network(struct pair_text *t);
/* The other one may not know that we are paired. */
void pair_text_unconfirmed(struct pair_text *t, const char *title);
void pair_text_version(char text[160], unsigned version);

#endif
