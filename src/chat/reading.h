/*
 * reading - talks as they are looked at: pages, marks, what was read.
 */
#ifndef READING_H
#define READING_H

#include "own.h"

/* Takes a line into their talk; what is too long loses its front. */
void reading_put(struct chat *c, struct person *p, struct line *l);
/* Something arrived out of order, or will never: gaps are counted anew, by
 * reading_count_gaps at the end of the turn.  Every frame may say so. */
void reading_gaps(struct person *p);
void reading_count_gaps(struct person *p);
/* My line has another state, which is news. */
void reading_state(struct chat *c, struct person *p, struct line *l,
    enum msg_state state);
/* They have read mine up to there. */
void reading_their_mark(struct chat *c, struct person *p, uint64_t epoch,
    uint64_t seq);
/* What came into the talk that is looked at is read. */
void reading_look(struct chat *c);
/* All lines leave memory; the talk stays. */
void reading_drop_all(struct chat *c, struct person *p);
/* The unread lines of a person who was let in are messages now. */
void reading_announce(struct chat *c, struct person *p);

#endif
