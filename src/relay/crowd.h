/*
 * crowd - who gives way when all places are taken.
 *
 * Connections cost whoever has a network little, and a source's share is
 * meant for a household or an office behind one address: some dozens of
 * sources could hold every place.  So in a full relay a newcomer takes a
 * place of the area that holds most, unless that is its own.  Whoever comes
 * alone always gets in, and a crowd fights with itself.
 *
 * The largest area is found by looking at some connections, other ones each
 * time: it is among them in proportion to what it holds.
 */
#ifndef CROWD_H
#define CROWD_H

#include <stdbool.h>

struct relay;
struct source;

/* Cuts somebody in favour of one who comes from there.  False: nobody has
 * more than it has itself. */
bool crowd_give_way(struct relay *r, const struct source *newcomer);

#endif
