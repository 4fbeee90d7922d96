#include "porch.h"

#include <stdlib.h>

#include "chan.h"
#include "visit.h"

/* As much as a handshake may have.  They are told apart by fewer bytes, but
 * what is left in the kernel turns the end of a connection into a reset. */
enum { UNREAD_MAX = CHAN_UNAUTH_MAX };

struct porch {
	struct porch_setup setup;
	struct list list;		/* the oldest first */
	size_t n;
};

struct comer {
	struct porch *porch;
	struct list in_porch;
	struct stream *stream;
	struct addr source;
	struct timer deadline;
};

/* Without the stream. */
static void
forget(struct comer *c)
{
	timer_stop(&c->deadline);
	list_remove(&c->in_porch);
	c->porch->n--;
	free(c);
}

static void
drop(struct comer *c)
{
	stream_free(c->stream);
	forget(c);
}

static void
on_deadline(void *arg)
{
	drop(arg);
}

static void
on_data(void *owner, struct buf *in)
{
	struct comer *c = owner;
	struct porch_setup setup = c->porch->setup;
	struct stream *s = c->stream;

	switch (visit_begins(in->at, in->len)) {
	case VISIT_PART_MORE:
		return;
	case VISIT_PART_WHOLE:
		forget(c);
		setup.on_visit(setup.ctx, s);
		return;
	case VISIT_PART_ALIEN:
		forget(c);
		setup.on_link(setup.ctx, s);
		return;
	}
}

static void
on_end(void *owner, const char *why)
{
	(void)why;
	drop(owner);
}

static void
on_nothing(void *owner)
{
	(void)owner;
}

static void
on_drained(void *owner, size_t left)
{
	(void)owner;
	(void)left;
}

static const struct stream_events comer_events = {
	.on_open = on_nothing,
	.on_data = on_data,
	.on_flush = on_nothing,
	.on_drained = on_drained,
	.on_end = on_end
};

/* Of the same source if that has too many, or the oldest. */
static void
make_place(struct porch *p, const struct addr *source)
{
	struct comer *oldest = NULL, *same = NULL;
	size_t n_same = 0;

	LIST_EACH(c, &p->list, struct comer, in_porch) {
		if (!oldest)
			oldest = c;
		if (!addr_same_ip(&c->source, source))
			continue;
		if (!same)
			same = c;
		n_same++;
	}
	if (same && n_same >= PORCH_SOURCE_MAX)
		drop(same);
	else if (oldest && p->n >= PORCH_MAX)
		drop(oldest);
}

void
porch_accepted(struct porch *p, int fd, const struct addr *from)
{
	struct addr source = addr_source(from);
	struct comer *c = mem_new(sizeof(*c));

	c->stream = stream_of(p->setup.streams, fd, from, &comer_events, c,
	    NULL);
	if (!c->stream) {
		free(c);
		return;
	}
	make_place(p, &source);
	stream_set_max(c->stream, UNREAD_MAX);
	c->porch = p;
	c->source = source;
	list_append(&p->list, &c->in_porch);
	p->n++;
	timer_init(&c->deadline, p->setup.streams->loop, on_deadline, c);
	timer_set(&c->deadline, PORCH_MS);
}

struct porch *
porch_new(const struct porch_setup *setup)
{
	struct porch *p = mem_new(sizeof(*p));

	p->setup = *setup;
	list_init(&p->list);
	return p;
}

void
porch_free(struct porch *p)
{
	if (!p)
		return;
	LIST_EACH(c, &p->list, struct comer, in_porch)
		drop(c);
	free(p);
}
