/*
 * pipe - two connections joined: bytes from one end to the other, against
 * credit.
 *
 * An end may send as much as the other end allowed: RELAY_WINDOW, and what
 * that one gave back since.  Who sends more, or allows more than the window,
 * loses the pipe; so what waits here for a slow reader has a bound.
 */
#ifndef PIPE_H
#define PIPE_H

#include "conn.h"

/* OP_CALL.  False: a number that cannot be. */
bool pipe_call(struct conn *c, uint32_t number, const uint8_t id[MEET_ID]);
/* Of pipes that are not there any more nothing is said: the other end may
 * have hung up in this moment. */
void pipe_data(struct conn *c, const struct relay_msg *m);
void pipe_credit(struct conn *c, uint32_t number, uint32_t value);
void pipe_hang(struct conn *c, uint32_t number, enum relay_hang why);
/* The connection ends: all its pipes do. */
void pipe_gone(struct conn *c);

#endif
