/*
 * routes - places for letters: mine, told to others; theirs, told to net.
 *
 * Everybody I let in learns by a ROUTE frame where I can be met and left
 * letters, and learns it again when that changed; strangers have my card.
 * A place is a text that only net looks into.
 *
 * A ROUTE row is owed like words.  What it says is made when it leaves: what
 * was true when it was owed may not be any more, and then it says nothing
 * and a later row does.  Its text in the store is the hash of what it was
 * made for, so that the number which a copy of it may already have carried
 * never says two things.
 */
#ifndef ROUTES_H
#define ROUTES_H

#include "buf.h"
#include "carrier.h"
#include "cur.h"

struct chat;
struct frame;
struct owed;
struct person;

enum {
	/* The body of a ROUTE frame, at most. */
	ROUTES_BODY = 1 + ROUTES_MAX * (4 + ROUTE_TEXT),
	ROUTES_TEXT = 17,		/* a hash as the text of a row */
	ROUTES_SOON_MS = 200,		/* relays come and go in company */
	ROUTES_SLICE = 32,		/* people a turn: each costs a key */
	/* Having no place is told when it seems to stay so: at a start no
	 * relay may be known yet. */
	ROUTES_NONE_MS = 60000
};

/* u8 n, n x LP(place). */
void routes_write(struct buf *out, const struct routes *r);
/* -1: not so, or a place is empty, too long, or not printable ASCII. */
int routes_read(struct routes *r, struct cur *c);
bool routes_equal(const struct routes *a, const struct routes *b);

/* Where letters for them go: as they told, else as their card says; NULL:
 * nowhere. */
const struct routes *routes_to(const struct person *p);
/* The same, to net. */
void routes_tell(struct chat *c, struct person *p);
/* What their card says of places and prekey. */
void routes_card(struct chat *c, struct person *p, const struct card *card);
/* The same of a short link, unless a card or they said it already. */
void routes_typed(struct chat *c, struct person *p,
    const struct routes *places);
/* A ROUTE frame of theirs. */
void routes_heard(struct chat *c, struct person *p, const struct frame *f);

/* Whether mine changed is looked at soon. */
void routes_soon(struct chat *c);
/* My card is looked at now: what it says of places is to be true. */
void routes_now(struct chat *c);
/* They are to know mine: let in, or what was owed says something else. */
void routes_owe(struct chat *c, struct person *p);
/* The body of a ROUTE row that leaves now. */
void routes_body(struct chat *c, struct person *p, struct owed *row,
    struct buf *out);
void routes_acked(struct chat *c, struct person *p, const struct owed *row);
/* Of a row's text. */
uint64_t routes_told(const char *text, size_t len);

/* What was kept of mine: the card said it. */
int routes_load(struct chat *c, struct err *e);
void routes_start(struct chat *c);
void routes_stop(struct chat *c);

#endif
