#include "dial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rand.h"

enum {
	LAN_HEAD_START_MS = 300,
	STAGGER_MS = 250,
	ATTEMPTS_MAX = DIAL_NEAR + 2,
	AGAIN_MAX_MS = 60000
};

struct attempt {
	struct dial *dial;
	char where[DIAL_WHERE];
	struct timer start;
	struct direct *direct;
	struct link *link;
	bool over;
};

struct dial {
	struct chan_room *room;
	struct resolver *resolver;
	const struct dial_events *events;
	void *owner;
	bool has_key, dead;
	uint8_t x[KEY_LEN];
	struct attempt attempts[ATTEMPTS_MAX];
	size_t n, n_over;
	struct err err;
	bool has_err;
};

/* ---- the ways ---------------------------------------------------------- */

/* The i-th place this way knows; false past its last. */
typedef bool find_place(const struct dial_target *t, size_t i,
    char where[DIAL_WHERE]);

static bool
find_near(const struct dial_target *t, size_t i, char where[DIAL_WHERE])
{
	char text[ADDR_TEXT];

	if (i >= t->n_near)
		return false;
	addr_format(&t->near[i], text);
	snprintf(where, DIAL_WHERE, "%s", text);
	return true;
}

static bool
find_typed(const struct dial_target *t, size_t i, char where[DIAL_WHERE])
{
	snprintf(where, DIAL_WHERE, "%s", t->typed);
	return i == 0 && *where;
}

static bool
find_remembered(const struct dial_target *t, size_t i, char where[DIAL_WHERE])
{
	snprintf(where, DIAL_WHERE, "%s", t->remembered);
	return i == 0 && *where;
}

static const struct way {
	find_place *find;
	int64_t behind_lan_ms;		/* waits as long if LAN has a place */
} ways[] = {
	{ find_near, 0 },
	{ find_typed, 0 },
	{ find_remembered, LAN_HEAD_START_MS }
};

/* ---- attempts ---------------------------------------------------------- */

static void
drop(struct attempt *t)
{
	timer_stop(&t->start);
	direct_free(t->direct);
	t->direct = NULL;
	link_free(t->link);
	t->link = NULL;
}

static void
start_next(struct dial *d)
{
	for (size_t i = 0; i < d->n; i++) {
		struct attempt *t = &d->attempts[i];

		if (!t->over && timer_is_set(&t->start)) {
			timer_set(&t->start, 0);
			return;
		}
	}
}

static void
lost(struct attempt *t, const struct err *e)
{
	struct dial *d = t->dial;

	drop(t);
	t->over = true;
	d->n_over++;
	if (!d->has_err)
		d->err = *e;
	d->has_err = true;
	if (d->n_over < d->n)
		start_next(d);
	else
		d->events->on_failed(d->owner, &d->err);
}

static void
on_proven(void *owner, struct link *l)
{
	struct attempt *t = owner;

	t->link = NULL;
	t->dial->events->on_link(t->dial->owner, l, t->where);
}

/* Nothing is read before the owner has the link. */
static void
on_record(void *owner, struct link *l, enum record kind, const uint8_t *body,
    size_t len)
{
	(void)owner;
	(void)l;
	(void)kind;
	(void)body;
	(void)len;
}

static void
on_room(void *owner, struct link *l)
{
	(void)owner;
	(void)l;
}

static void
on_closed(void *owner, struct link *l, bool clean, const char *why)
{
	struct attempt *t = owner;
	struct err e = { 0 };

	(void)l;
	(void)clean;
	err_set(&e, STATUS_UNAVAILABLE, "%s answered, but no link came of it: "
	    "%s", t->where, why);
	err_next(&e, "is it p2ptui that listens there?");
	lost(t, &e);
}

static const struct link_events link_events = {
	.on_proven = on_proven,
	.on_record = on_record,
	.on_room = on_room,
	.on_closed = on_closed
};

static void
on_stream(void *owner, struct stream *s)
{
	struct attempt *t = owner;
	struct dial *d = t->dial;

	direct_free(t->direct);
	t->direct = NULL;
	t->link = chan_dial(d->room, s, d->has_key ? d->x : NULL);
	if (t->link) {
		t->link->events = &link_events;
		t->link->owner = t;
	} else {
		struct err e = { 0 };

		err_set(&e, STATUS_FAILURE, "the key of %s is not usable",
		    t->where);
		lost(t, &e);
	}
}

static void
on_unreachable(void *owner, const struct err *e)
{
	lost(owner, e);
}

static const struct direct_events direct_events = {
	.on_stream = on_stream,
	.on_failed = on_unreachable
};

static void
on_start(void *arg)
{
	struct attempt *t = arg;
	struct err e = { 0 };

	t->direct = direct_start(t->dial->room->streams, t->dial->resolver,
	    t->where, &direct_events, t, &e);
	if (!t->direct)
		lost(t, &e);
}

/* ---- the dial ---------------------------------------------------------- */

static void
add(struct dial *d, const char *where, int64_t delay_ms)
{
	struct attempt *t = &d->attempts[d->n];

	for (size_t i = 0; i < d->n; i++) {
		if (strcmp(d->attempts[i].where, where) == 0)
			return;
	}
	t->dial = d;
	snprintf(t->where, sizeof(t->where), "%s", where);
	timer_init(&t->start, d->room->streams->loop, on_start, t);
	timer_set(&t->start, delay_ms);
	d->n++;
}

struct dial *
dial_start(struct chan_room *room, struct resolver *r,
    const struct dial_target *t, const struct dial_events *events,
    void *owner, struct err *e)
{
	struct dial *d = mem_new(sizeof(*d));
	char where[DIAL_WHERE], host[ADDR_HOST];
	uint16_t port;
	int64_t step_ms = 0;

	d->room = room;
	d->resolver = r;
	d->events = events;
	d->owner = owner;
	d->has_key = t->has_key;
	memcpy(d->x, t->x, KEY_LEN);
	for (size_t w = 0; w < sizeof(ways) / sizeof(*ways); w++) {
		int64_t behind = t->n_near > 0 ? ways[w].behind_lan_ms : 0;

		for (size_t i = 0; d->n < ATTEMPTS_MAX &&
		    ways[w].find(t, i, where); i++) {
			if (addr_split(where, PORT_DEFAULT, host, &port,
			    e) != 0)
				continue;
			add(d, where, step_ms > behind ? step_ms : behind);
			step_ms += STAGGER_MS;
		}
	}
	if (d->n > 0)
		return d;
	free(d);
	return NULL;
}

static void
release(void *arg)
{
	free(arg);
}

void
dial_free(struct dial *d)
{
	if (!d || d->dead)
		return;
	d->dead = true;
	for (size_t i = 0; i < d->n; i++)
		drop(&d->attempts[i]);
	loop_defer(d->room->streams->loop, release, d);
}

int64_t
dial_again_ms(unsigned fails)
{
	int64_t ms = DIAL_AGAIN_MS;

	while (fails-- > 1 && ms < AGAIN_MAX_MS)
		ms *= 2;
	if (ms > AGAIN_MAX_MS)
		ms = AGAIN_MAX_MS;
	return ms + ms * ((int64_t)rand_below(401) - 200) / 1000;
}
