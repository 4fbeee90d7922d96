/*
 * turn - what a turn of the loop changes, as one transaction.
 *
 * Commit, then show and send; or nothing of it happened.  own.h draws the
 * flow.
 */
#ifndef TURN_H
#define TURN_H

#include "own.h"

/* Before the first change of a person's numbers, consent or counting. */
void turn_touch(struct chat *c, struct person *p);
/* Their `who` or numbers are to be written, with the next transaction. */
void turn_dirty_who(struct chat *c, struct person *p);
void turn_dirty_numbers(struct chat *c, struct person *p);
/* There is one in this turn, even if only numbers changed. */
void turn_urgent(struct chat *c);
/* After the commit they are told (a set of enum tell). */
void turn_post(struct chat *c, struct person *p, unsigned tell);
/* Takes the line; it appears when it is committed. */
void turn_say(struct chat *c, const struct pending *what);
/* A row of mine: kept in the store and owed by the next number.  `what` has
 * p, kind and told; words get their line in the talk. */
int turn_owe(struct chat *c, struct pending *what, const void *text,
    size_t len, bool is_words, struct err *e);
/* Clean-up of rows: state 0 removes them.  `joins`: no row of this contact
 * and direction lies between the last one given and this. */
void turn_clean(struct chat *c, struct person *p, uint64_t row, bool mine,
    uint8_t state, bool joins);
/* A row of theirs was read and may leave or become MSG_SEEN. */
void turn_clean_read(struct chat *c, struct person *p, uint64_t row);
/* For the viewers, once a turn. */
void turn_tell_peer(struct chat *c, struct person *p);

/* -1: the turn is undone, what waited is forgotten, the peers will say it
 * again.  Sends what is due on success. */
int turn_commit(struct chat *c, struct err *e);
/* A change was refused in the middle of the turn: undoes all of it.
 * `told`: the caller shows why. */
void turn_fail(struct chat *c, const struct err *why, bool told);
/* The same for a caller that hands the reason on; -1. */
int turn_refuse(struct chat *c, const struct err *why, struct err *e);
/* Ends a change that began in this turn: committed when `done` is 0, else
 * undone. */
int turn_finish(struct chat *c, int done, const struct err *why,
    struct err *e);

/* Freed when no news can name them any more. */
void turn_bury_line(struct chat *c, struct line *l);
void turn_bury_person(struct chat *c, struct person *p);

void turn_init(struct chat *c);		/* hooks and timers */
void turn_clear(struct chat *c);

#endif
