/*
 * post - what leaves: rows that are owed, acknowledgements, presence.
 *
 * Only what is committed is sent, and everything is sent from here, after
 * the commit of the turn, no more than the carrier has room for.
 */
#ifndef POST_H
#define POST_H

#include "own.h"

/* Before the commit: whoever will be sent a frame has a receive key made in
 * this start, so that the frame can say it. */
void post_prepare(struct chat *c);
/* After the commit: everybody in c->posts. */
void post_all(struct chat *c);
/* An acknowledgement of this epoch, which the windows may have forgotten,
 * is due. */
void post_ack(struct chat *c, struct person *p, uint64_t epoch);
/* Everything seen so far is to be acknowledged: they were let in. */
void post_ack_all(struct chat *c, struct person *p);
/* For letters too: what every frame to them says; the acknowledgement that
 * is due, if any, and that it was said; a row. */
void post_fill(const struct chat *c, const struct person *p, struct frame *f);
bool post_next_ack(const struct person *p, struct frame *f);
void post_ack_said(struct person *p, uint64_t epoch);
void post_row(struct chat *c, struct person *p, struct owed *row, bool first,
    struct frame *f);
/* Before they let me in they keep no more than a few of my lines. */
bool post_may_go(const struct person *p, const struct owed *row);
/* Everything owed goes again over the present link. */
void post_again(struct chat *c, struct person *p);
void post_on_resend(void *person);	/* the timer's */

#endif
