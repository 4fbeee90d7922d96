/*
 * hash - SipHash-1-3 (Aumasson and Bernstein 2012, the variant of hash
 * tables): where something lies in a table that strangers fill.
 *
 * Under a key they do not know they cannot choose what collides.
 */
#ifndef HASH_H
#define HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k[2];			/* random, for the life of the table */
};

uint64_t hash_bytes(const struct hash_key *key, const void *p, size_t len);

#endif
