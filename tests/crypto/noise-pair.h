/*
 * noise-pair - an initiator and a responder under one roof.
 */
#ifndef NOISE_PAIR_H
#define NOISE_PAIR_H

#include "key.h"
#include "noise.h"

/* Two sides and what they need; [0] is the initiator. */
struct pair {
	struct noise *side[2];
	struct cipher send[2], receive[2];
	uint8_t s[2][KEY_LEN], s_public[2][KEY_LEN], psk[KEY_LEN];
};

/* Fresh keys, prologue "prologue". */
void pair_init(struct pair *p, enum noise_pattern pattern);
void pair_clear(struct pair *p);
/* Another state for one side, from the same keys. */
struct noise *pair_side(const struct pair *p, enum noise_pattern pattern,
    int side);
/* The next message from one to the other; checks the payload, and that its
 * length was foretold by both. */
void pair_pass(struct pair *p, int from, const void *payload, size_t len);
void pair_finish(struct pair *p);
/* Checks the hashes too. */
void pair_split(struct pair *p);

#endif
