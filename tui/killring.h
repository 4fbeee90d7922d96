/*
 * killring - what was cut last, newest first, a few of them.
 */
#ifndef KILLRING_H
#define KILLRING_H

#include <stdbool.h>
#include <stddef.h>

enum { KILLRING_MAX = 8 };

struct killring {
	struct kill {
		char *s;
		size_t len;
	} kills[KILLRING_MAX];		/* [0] is the newest */
	size_t n;
};

void killring_clear(struct killring *k);
void killring_add(struct killring *k, const char *s, size_t len);
/* More of the same cut, behind or before what is there. */
void killring_grow(struct killring *k, const char *s, size_t len,
    bool before);
/* Entry i modulo their number; NULL when empty. */
const char *killring_get(const struct killring *k, size_t i, size_t *len);

#endif
