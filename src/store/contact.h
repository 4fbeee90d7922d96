/*
 * contact - the rows of people: who they are, and the numbers both sides
 * count by.
 *
 * Two sealed parts, because one changes once a year and the other with
 * every turn that hears something: `who`, and `numbers`, whose bytes belong
 * to chat (windows, receive keys).
 */
#ifndef CONTACT_H
#define CONTACT_H

#include "card.h"
#include "store.h"

/* As on the screen: p2ptui(1), The screen. */
enum trust {
	TRUST_NEARBY,		/* seen, nothing agreed; never stored */
	TRUST_REQUESTED,	/* wants to talk; waits for my answer */
	TRUST_ACCEPTED,		/* key pinned at first use */
	TRUST_PAIRED,		/* by code */
	TRUST_VERIFIED,		/* numbers compared */
	TRUST_BLOCKED
};

enum { CONTACT_WHERE_MAX = 300 };

struct contact {
	uint64_t row;			/* 0: not stored yet */
	struct pubkeys keys;
	enum trust trust;
	bool admitted;			/* they let me in: my words arrive */
	uint8_t suite;			/* highest ever authenticated */
	uint64_t serial;		/* of the newest card seen */
	char name[CARD_NAME_MAX + 1];	/* what they call themselves, clean */
	char alias[CARD_NAME_MAX + 1];	/* what I call them, or "" */
	char where[CONTACT_WHERE_MAX];	/* last address that worked, or "" */
	int64_t since_ms, seen_ms;	/* wall clock */
};

/* Inserts (row 0, sets it) or updates. */
int contact_put(struct store *s, struct contact *c, struct err *e);
int contact_put_numbers(struct store *s, uint64_t row, const void *p,
    size_t len, struct err *e);
/* Everybody; numbers may be empty.  A row that does not open stops the walk
 * with STATUS_DAMAGED.  each returns non-zero to stop early. */
int contact_each(struct store *s,
    int (*each)(void *arg, const struct contact *c, const uint8_t *numbers,
	size_t len), void *arg, struct err *e);
/* The contact and all its messages. */
int contact_remove(struct store *s, uint64_t row, struct err *e);

#endif
