/*
 * numbers - what one contact and I count by, as one row of the store.
 *
 * Seen windows, receive keys both ways, how far each has read.  Written
 * once a turn for each contact whose numbers moved, in the transaction of
 * what moved them.
 */
#ifndef NUMBERS_H
#define NUMBERS_H

#include "carrier.h"
#include "ring.h"
#include "window.h"

/* A place in one sender's order. */
struct mark {
	uint64_t epoch, seq;
};

/* Where somebody's letters go, and what seals the first of them. */
struct places {
	struct routes told;		/* by their ROUTE frames */
	struct mark told_at;		/* the newest of these */
	struct routes card;		/* by their card: for requests */
	uint8_t prekey[KEY_LEN];	/* by their card; zero: none */
	uint64_t prekey_expiry;		/* unix seconds */
	uint64_t mine;			/* hash of mine, as acknowledged */
	int64_t left_ms;		/* wall clock: all owed was left */
	bool ack_due;			/* a letter of theirs waits for one */
};

struct numbers {
	struct windows seen;
	struct ring ring;
	uint64_t peer_gen;		/* 0: they said no receive key yet */
	uint8_t peer_pub[KEY_LEN];
	struct mark read_theirs;	/* I have read theirs up to here */
	struct mark read_mine;		/* they have read mine up to here */
	uint8_t trust_before;		/* what blocking took away */
	uint8_t verified_from;		/* what verifying took away */
	bool unconfirmed;		/* trust.h */
	bool doubted;
	/* Whom they look like; themselves: compared numbers differ. */
	struct user_id doubt_of;
	struct places *places;		/* NULL: none are known */
};

void numbers_init(struct numbers *n);
void numbers_clear(struct numbers *n);
/* Made if there are none. */
struct places *numbers_places(struct numbers *n);
/* dst is overwritten without being cleared. */
void numbers_copy(struct numbers *dst, const struct numbers *src);
void numbers_write(struct buf *out, const struct numbers *n);
/* Cleared and -1 when these are not the bytes of numbers_write, nor those of
 * version 1, which knew no places, or of version 2, which knew no doubts. */
int numbers_read(struct numbers *n, const void *p, size_t len);
/* Adopts a receive key said by the peer when it is newer. */
bool numbers_adopt(struct numbers *n, uint64_t gen,
    const uint8_t pub[KEY_LEN]);
/* The place epoch, seq is not behind the mark. */
bool mark_reaches(const struct mark *m, uint64_t epoch, uint64_t seq);

#endif
