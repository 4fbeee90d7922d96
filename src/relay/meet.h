/*
 * meet - ids at which connections wait for each other.
 *
 * Two people know the same secret id and nobody else does; the relay sees
 * only that two connections named it.  At most MEET_WAITING wait at one: the
 * newest, the others are of programs that are gone and did not say so.
 */
#ifndef MEET_H
#define MEET_H

#include "conn.h"

enum { MEET_WAITING = 4 };

/* OP_MEET and OP_PART: n ids of MEET_ID bytes. */
void meet_ids(struct conn *c, const uint8_t *ids, size_t n);
void meet_part(struct conn *c, const uint8_t *ids, size_t n);
void meet_leave_all(struct conn *c);
/* The newest at an id that is not c; NULL: nobody. */
struct conn *meet_other(struct relay *r, const uint8_t id[MEET_ID],
    const struct conn *c);

#endif
