/*
 * greet - from a fresh link to a known person.
 *
 *	dialled  --proven--> card sent --their card--> greeted
 *	accepted --proven--> card sent --their card--> greeted
 *	                 10 s, a wrong card, the end --> dropped
 *
 * A handshake proves an X25519 key; the card, which its owner signed with
 * the other key, says who that is.  The card must name the proven key, and
 * for somebody who is known already it must name the pinned ones.
 *
 * Connections that are not greeted yet are few: 64 accepted ones in all and
 * 8 of one source; the oldest gives way.
 */
#ifndef GREET_H
#define GREET_H

#include "card.h"
#include "chan.h"

enum {
	GREET_MAX = 64,
	GREET_SOURCE_MAX = 8,
	GREET_MS = 10000
};

struct greets;

struct greet_setup {
	struct chan_room *room;
	const struct carrier_events *chat;
	void *ctx;
	/* The verified card of whoever has this key, if those are its bytes:
	 * then the signature need not be checked again. */
	const struct card *(*known)(void *ctx, const uint8_t x[KEY_LEN],
	    const void *bytes, size_t len);
	/* Takes the link: set events and owner before returning.  `where` is
	 * the dialled address, or the link's. */
	void (*greeted)(void *ctx, struct link *l, const struct card *card,
	    const void *bytes, size_t len, const char *where, bool typed);
	/* Only for those with `typed`, for the person. */
	void (*failed)(void *ctx, const struct err *e);
};

struct greets *greets_new(const struct greet_setup *setup);
void greets_free(struct greets *g);

/* Takes the accepted connection. */
void greet_accepted(struct greets *g, struct stream *s);
/* Takes a link that was accepted and is proven already (UDP). */
void greet_accepted_link(struct greets *g, struct link *l);
/* Takes a proven link that was dialled; expect: whose it must be, or NULL;
 * typed: the person asked for this address. */
void greet_dialled(struct greets *g, struct link *l,
    const struct pubkeys *expect, const char *where, bool typed);

#endif
