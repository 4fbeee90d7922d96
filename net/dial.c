#include "dial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rand.h"

enum {
	LAN_HEAD_START_MS = 300,
	STAGGER_MS = 250,
	/* .. and typed, remembered, relay. */
	ATTEMPTS_MAX = DIAL_NEAR + DIAL_OFFERED + 3,
	AGAIN_MAX_MS = 60000
};

struct attempt {
	struct dial *dial;
	const struct way *way;
	char where[DIAL_WHERE];		/* "": a pipe */
	enum path path;			/* PATH_NONE: to be seen */
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
	struct stream *(*call)(void *ctx, const struct stream_events *events,
	    void *owner);
	void *ctx;
	struct attempt attempts[ATTEMPTS_MAX];
	size_t n, n_over;
	struct err err;
	bool has_err;
};

/* ---- the ways ---------------------------------------------------------- */

/* The i-th place this way knows; false past its last. */
typedef bool find_place(const struct dial_target *t, size_t i,
    struct attempt *a);

static void
set_where(struct attempt *a, const struct addr *at)
{
	char text[ADDR_TEXT];

	addr_format(at, text);
	snprintf(a->where, sizeof(a->where), "%s", text);
}

static bool
find_near(const struct dial_target *t, size_t i, struct attempt *a)
{
	if (i >= t->n_near)
		return false;
	set_where(a, &t->near[i]);
	return true;
}

static bool
find_typed(const struct dial_target *t, size_t i, struct attempt *a)
{
	snprintf(a->where, sizeof(a->where), "%s", t->typed);
	return i == 0 && *a->where;
}

static bool
find_remembered(const struct dial_target *t, size_t i, struct attempt *a)
{
	snprintf(a->where, sizeof(a->where), "%s", t->remembered);
	return i == 0 && *a->where;
}

static bool
find_offered(const struct dial_target *t, size_t i, struct attempt *a)
{
	if (i >= t->n_offered)
		return false;
	set_where(a, &t->offered[i].at);
	a->path = t->offered[i].path;
	return true;
}

static bool
find_relay(const struct dial_target *t, size_t i, struct attempt *a)
{
	a->path = PATH_RELAY;
	return i == 0 && t->call;
}

static void start_direct(struct attempt *t);
static void start_pipe(struct attempt *t);

static const struct way {
	find_place *find;
	void (*start)(struct attempt *t);
	int64_t behind_lan_ms;		/* waits as long if LAN has a place */
	bool is_apart;			/* waits for no other attempt */
} ways[] = {
	{ find_near, start_direct, 0, false },
	{ find_typed, start_direct, 0, false },
	{ find_remembered, start_direct, LAN_HEAD_START_MS, false },
	{ find_offered, start_direct, LAN_HEAD_START_MS, false },
	{ find_relay, start_pipe, LAN_HEAD_START_MS, true }
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

		if (!t->over && !t->way->is_apart &&
		    timer_is_set(&t->start)) {
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
	if (t->path != PATH_NONE)
		l->path = t->path;
	t->dial->events->on_link(t->dial->owner, l, t->where);
}

static void
on_closed(void *owner, struct link *l, bool clean, const char *why)
{
	struct attempt *t = owner;
	struct err e = { 0 };

	(void)l;
	(void)clean;
	if (*t->where) {
		err_set(&e, STATUS_UNAVAILABLE, "%s answered, but no link came "
		    "of it: %s", t->where, why);
		err_next(&e, "is it p2ptui that listens there?");
	} else {
		err_set(&e, STATUS_UNAVAILABLE, "no link came by way of the "
		    "relay: %s", why);
	}
	lost(t, &e);
}

static const struct link_events link_events = {
	.on_proven = on_proven,
	.on_record = link_ignore_record,
	.on_room = link_ignore,
	.on_closed = on_closed
};

static void
shake_hands(struct attempt *t, struct stream *s)
{
	struct dial *d = t->dial;

	t->link = chan_dial(d->room, s, d->has_key ? d->x : NULL);
	if (t->link) {
		t->link->events = &link_events;
		t->link->owner = t;
	} else {
		struct err e = { 0 };

		err_set(&e, STATUS_FAILURE, "the key of %s is not usable",
		    *t->where ? t->where : "that person");
		lost(t, &e);
	}
}

static void
on_stream(void *owner, struct stream *s)
{
	struct attempt *t = owner;

	direct_free(t->direct);
	t->direct = NULL;
	shake_hands(t, s);
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
start_direct(struct attempt *t)
{
	struct err e = { 0 };

	t->direct = direct_start(t->dial->room->streams, t->dial->resolver,
	    t->where, &direct_events, t, &e);
	if (!t->direct)
		lost(t, &e);
}

/* The handshake takes the stream before it can say anything. */
static const struct stream_events no_events;

static void
start_pipe(struct attempt *t)
{
	struct stream *s = t->dial->call(t->dial->ctx, &no_events, NULL);
	struct err e = { 0 };

	if (s) {
		shake_hands(t, s);
		return;
	}
	err_set(&e, STATUS_UNAVAILABLE, "no relay is there to call by");
	lost(t, &e);
}

static void
on_start(void *arg)
{
	struct attempt *t = arg;

	t->way->start(t);
}

/* ---- the dial ---------------------------------------------------------- */

static bool
is_usable(const struct dial *d, const struct attempt *t, struct err *e)
{
	char host[ADDR_HOST];
	uint16_t port;

	if (!*t->where)
		return true;
	for (size_t i = 0; i < d->n; i++) {
		if (strcmp(d->attempts[i].where, t->where) == 0)
			return false;
	}
	return addr_split(t->where, PORT_DEFAULT, host, &port, e) == 0;
}

static void
add(struct dial *d, const struct attempt *what, int64_t delay_ms)
{
	struct attempt *t = &d->attempts[d->n++];

	*t = *what;
	timer_init(&t->start, d->room->streams->loop, on_start, t);
	timer_set(&t->start, delay_ms);
}

/* Adds the places of one way; step_ms is when the next of TCP may go. */
static void
add_way(struct dial *d, const struct dial_target *t, const struct way *way,
    int64_t *step_ms, struct err *e)
{
	int64_t behind = t->n_near > 0 ? way->behind_lan_ms : 0;

	for (size_t i = 0; d->n < ATTEMPTS_MAX; i++) {
		struct attempt a = { .dial = d, .way = way };
		int64_t delay = way->is_apart || *step_ms < behind ? behind :
		    *step_ms;

		if (!way->find(t, i, &a))
			break;
		if (!is_usable(d, &a, e))
			continue;
		add(d, &a, delay);
		if (!way->is_apart)
			*step_ms = delay + STAGGER_MS;
	}
}

struct dial *
dial_start(struct chan_room *room, struct resolver *r,
    const struct dial_target *t, const struct dial_events *events,
    void *owner, struct err *e)
{
	struct dial *d = mem_new(sizeof(*d));
	int64_t step_ms = 0;

	d->room = room;
	d->resolver = r;
	d->events = events;
	d->owner = owner;
	d->has_key = t->has_key;
	memcpy(d->x, t->x, KEY_LEN);
	d->call = t->call;
	d->ctx = t->ctx;
	for (size_t w = 0; w < sizeof(ways) / sizeof(*ways); w++)
		add_way(d, t, &ways[w], &step_ms, e);
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
