/*
 * load - at the start: contacts, what is owed, what is unread.
 *
 * Reads no history: the number of stored messages costs nothing here.
 */
#ifndef LOAD_H
#define LOAD_H

#include "own.h"

/* Also takes the new epoch of this start and commits it. */
int load_all(struct chat *c, struct err *e);

#endif
