#include "heap.h"

#include <stdlib.h>

#include "loop.h"
#include "mem.h"

static bool
is_sooner(const struct timer *a, const struct timer *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms :
	    a->order < b->order;
}

static void
place(struct heap *h, size_t i, struct timer *t)
{
	h->at[i] = t;
	t->slot = i + 1;
}

/* Puts t into the hole at i, moving others until the heap is one again. */
static void
settle(struct heap *h, size_t i, struct timer *t)
{
	while (i > 0 && is_sooner(t, h->at[(i - 1) / 2])) {
		place(h, i, h->at[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < h->n && is_sooner(h->at[child + 1],
		    h->at[child]))
			child++;
		if (child >= h->n || !is_sooner(h->at[child], t))
			break;
		place(h, i, h->at[child]);
		i = child;
	}
	place(h, i, t);
}

void
heap_put(struct heap *h, struct timer *t)
{
	if (t->slot == 0) {
		if (h->n == h->room) {
			h->room = h->room * 2 + 16;
			h->at = mem_resize(h->at, h->room, sizeof(*h->at));
		}
		place(h, h->n++, t);
	}
	settle(h, t->slot - 1, t);
}

void
heap_remove(struct heap *h, struct timer *t)
{
	struct timer *last = h->at[--h->n];
	size_t i = t->slot - 1;

	t->slot = 0;
	if (last != t)
		settle(h, i, last);
}

void
heap_clear(struct heap *h)
{
	for (size_t i = 0; i < h->n; i++)
		h->at[i]->slot = 0;
	free(h->at);
	h->at = NULL;
	h->n = h->room = 0;
}
