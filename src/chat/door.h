/*
 * door - what net calls: the table of carrier_events.
 */
#ifndef DOOR_H
#define DOOR_H

#include "own.h"

void door_init(struct chat *c);
/* What their card says, unless an older one says it; `where` may be "". */
void door_take_card(struct chat *c, struct person *p,
    const struct card *card, const char *where);

#endif
