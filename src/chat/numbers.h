/*
 * numbers - what one contact and I count by, as one row of the store.
 *
 * Seen windows, receive keys both ways, how far each has read.  Written
 * once a turn for each contact whose numbers moved, in the transaction of
 * what moved them (PROTOCOL section 12: T2, T3).
 */
#ifndef NUMBERS_H
#define NUMBERS_H

#include "ring.h"
#include "window.h"

/* A place in one sender's order. */
struct mark {
	uint64_t epoch, seq;
};

struct numbers {
	struct windows seen;
	struct ring ring;
	uint64_t peer_gen;		/* 0: they said no receive key yet */
	uint8_t peer_pub[KEY_LEN];
	struct mark read_theirs;	/* I have read theirs up to here */
	struct mark read_mine;		/* they have read mine up to here */
	uint8_t trust_before;		/* what blocking took away */
};

void numbers_init(struct numbers *n);
void numbers_clear(struct numbers *n);
/* dst is overwritten without being cleared. */
void numbers_copy(struct numbers *dst, const struct numbers *src);
void numbers_write(struct buf *out, const struct numbers *n);
/* Cleared and -1 when these are not the bytes of numbers_write. */
int numbers_read(struct numbers *n, const void *p, size_t len);
/* Adopts a receive key said by the peer when it is newer. */
bool numbers_adopt(struct numbers *n, uint64_t gen,
    const uint8_t pub[KEY_LEN]);
/* The place epoch, seq is not behind the mark. */
bool mark_reaches(const struct mark *m, uint64_t epoch, uint64_t seq);

#endif
