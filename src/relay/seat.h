/*
 * seat - a connection's place at an id: waiting at a meeting, or reading a
 * mailbox.
 *
 * One table for each of the two.  A seat lies in the chain of its place in
 * the table and in the list of its connection, and what is kept at it begins
 * with it.  The newest of one id come first in the chain.
 */
#ifndef SEAT_H
#define SEAT_H

#include <stddef.h>
#include <stdint.h>

#include "hash.h"

enum { SEAT_ID = 16 };

struct conn;

struct seat {
	struct seat *chain;		/* in the table */
	struct seat *next;		/* of the connection */
	struct conn *conn;
	uint8_t id[SEAT_ID];
};

struct seats {
	struct hash_key key;
	struct seat **at;
	size_t n, room;			/* a power of two */
};

void seats_init(struct seats *t);
/* Frees the table; no seat may be left. */
void seats_clear(struct seats *t);
/* The newest at an id, and the one before it; NULL: none. */
struct seat *seats_get(const struct seats *t, const uint8_t id[SEAT_ID]);
struct seat *seat_older(const struct seat *s);
/* Takes a seat (its id and conn are set) into the table and the list that
 * begins at *of_conn. */
void seats_put(struct seats *t, struct seat *s, struct seat **of_conn);
/* Out of both; the caller frees it.  Costs as much as the connection has. */
void seats_remove(struct seats *t, struct seat *s, struct seat **of_conn);
/* The first of a list, out of both: cheap.  NULL at its end. */
struct seat *seats_pop(struct seats *t, struct seat **of_conn);

#endif
