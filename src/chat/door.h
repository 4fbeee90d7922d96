/*
 * door - what net calls: the table of carrier_events.
 */
#ifndef DOOR_H
#define DOOR_H

#include "own.h"

void door_init(struct chat *c);
/* My card as it is now, signed, appended. */
void door_card(struct chat *c, struct buf *out);

#endif
