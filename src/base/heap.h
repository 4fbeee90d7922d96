/*
 * heap - the timers of a loop, soonest first.
 *
 * A binary min-heap by due time, then by the order they were set.  Timers
 * are embedded in what they time and know their place, so one is moved or
 * taken out in O(log n).
 */
#ifndef HEAP_H
#define HEAP_H

#include <stddef.h>

struct timer;

struct heap {
	struct timer **at;		/* at[0] is the soonest */
	size_t n, room;
};

/* Into its place by t->due_ms and t->order, whether it is in or not. */
void heap_put(struct heap *h, struct timer *t);
void heap_remove(struct heap *h, struct timer *t);	/* it is in */
/* Releases the memory; the timers are no longer set. */
void heap_clear(struct heap *h);

#endif
