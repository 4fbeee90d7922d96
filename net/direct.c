#include "direct.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sock.h"

enum {
	STAGGER_MS = 250,		/* RFC 8305, section 5 */
	AAAA_WAIT_MS = 50,		/* section 3 */
	ATTEMPT_MS = 5000
};

struct attempt {
	struct direct *direct;
	struct stream *stream;		/* NULL: over */
	struct timer deadline;
};

struct direct {
	struct streams *all;
	const struct direct_events *events;
	void *owner;
	struct lookup *lookup;
	char host[ADDR_HOST];
	uint16_t port;
	struct addr list[2][RESOLVE_MAX];	/* IPv4, IPv6 */
	size_t n[2], next[2];
	struct addr last;		/* of direct_remember */
	bool has_last;
	int n_answers;
	bool v6_turn, running, abroad, dead;
	const char *why;		/* of the last failure */
	bool is_name_trouble;
	struct timer step;
	struct attempt attempts[2 * RESOLVE_MAX];
	size_t n_attempts, n_open;
};

static const struct stream_events attempt_events;

static void
release(void *arg)
{
	free(arg);
}

void
direct_free(struct direct *d)
{
	if (!d || d->dead)
		return;
	d->dead = true;
	timer_stop(&d->step);
	lookup_cancel(d->lookup);
	for (size_t i = 0; i < d->n_attempts; i++) {
		timer_stop(&d->attempts[i].deadline);
		stream_free(d->attempts[i].stream);
		d->attempts[i].stream = NULL;
	}
	loop_defer(d->all->loop, release, d);
}

static void
fail(struct direct *d)
{
	struct err e = { 0 };

	err_set(&e, STATUS_UNAVAILABLE, "cannot reach %s, port %u: %s",
	    d->host, (unsigned)d->port, d->why);
	if (d->is_name_trouble)
		err_next(&e, "check the name, or give the address in numbers");
	else
		err_next(&e, "is p2ptui running there, and does the firewall "
		    "let port %u in?", (unsigned)d->port);
	d->running = false;
	d->events->on_failed(d->owner, &e);
}

static bool
pick_any(struct direct *d, struct addr *a)
{
	for (int i = 0; i < 2; i++) {
		int f = (d->v6_turn ? 1 : 0) ^ i;

		if (d->next[f] < d->n[f]) {
			*a = d->list[f][d->next[f]++];
			a->port = d->port;
			d->v6_turn = f == 0;
			return true;
		}
	}
	return false;
}

static bool
pick(struct direct *d, struct addr *a)
{
	while (pick_any(d, a)) {
		if (!d->abroad || addr_kind(a) != ADDR_LOOPBACK)
			return true;
		d->why = "that name means this very machine";
		d->is_name_trouble = true;
	}
	return false;
}

/* Starts attempts until one is under way; then the next has to wait. */
static void
run(struct direct *d)
{
	struct addr a;

	if (d->dead || !d->running)
		return;
	while (pick(d, &a)) {
		struct attempt *t = &d->attempts[d->n_attempts];

		t->stream = stream_dial(d->all, &a, &attempt_events, t, NULL);
		if (!t->stream) {
			d->why = sock_why(errno);
			d->is_name_trouble = false;
			continue;
		}
		d->n_attempts++;
		d->n_open++;
		timer_set(&t->deadline, ATTEMPT_MS);
		timer_set(&d->step, STAGGER_MS);
		return;
	}
	if (d->n_open == 0 && d->n_answers == 2)
		fail(d);
}

static void
on_step(void *arg)
{
	struct direct *d = arg;

	d->running = true;
	run(d);
}

static void
lost(struct attempt *t, const char *why)
{
	struct direct *d = t->direct;

	timer_stop(&t->deadline);
	stream_free(t->stream);
	t->stream = NULL;
	d->n_open--;
	d->why = why;
	d->is_name_trouble = false;
	run(d);
}

static void
on_deadline(void *arg)
{
	lost(arg, "no answer");
}

static void
on_open(void *owner)
{
	struct attempt *t = owner;
	struct direct *d = t->direct;
	struct stream *s = t->stream;

	t->stream = NULL;
	d->n_open--;
	d->running = false;
	d->events->on_stream(d->owner, s);
}

static void
on_end(void *owner, const char *why)
{
	lost(owner, why);
}

/* Nothing of these can come before on_open; bytes of a talkative server
 * come to whoever took the stream. */
static void
on_nothing(void *owner)
{
	(void)owner;
}

static void
on_data(void *owner, struct buf *in)
{
	(void)owner;
	(void)in;
}

static void
on_drained(void *owner, size_t left)
{
	(void)owner;
	(void)left;
}

static const struct stream_events attempt_events = {
	.on_open = on_open,
	.on_data = on_data,
	.on_flush = on_nothing,
	.on_drained = on_drained,
	.on_end = on_end
};

static void
on_answer(void *arg, enum addr_family family, const struct addr *list,
    size_t n, const char *why)
{
	struct direct *d = arg;
	int f = family == ADDR_V6;

	d->n_answers++;
	if (d->n_answers == 2)
		d->lookup = NULL;	/* over */
	memcpy(d->list[f], list, n * sizeof(*list));
	d->n[f] = n;
	if (n == 0 && d->n_open == 0 && d->n[!f] == 0) {
		d->why = why;
		d->is_name_trouble = true;
		if (d->n_answers == 2 && d->has_last) {
			f = d->last.family == ADDR_V6;
			d->list[f][0] = d->last;
			d->n[f] = 1;
		}
	}
	if (d->running)
		run(d);
	else if (family == ADDR_V6 || d->n_answers == 2)
		on_step(d);
	else
		timer_set(&d->step, AAAA_WAIT_MS);
}

void
direct_go_abroad(struct direct *d)
{
	d->abroad = true;
}

void
direct_remember(struct direct *d, const struct addr *last)
{
	d->last = *last;
	d->has_last = true;
}

struct direct *
direct_start(struct streams *all, struct resolver *r, const char *host_port,
    const struct direct_events *events, void *owner, struct err *e)
{
	struct direct *d = mem_new(sizeof(*d));

	d->all = all;
	d->events = events;
	d->owner = owner;
	d->v6_turn = true;
	d->why = "no answer";
	timer_init(&d->step, all->loop, on_step, d);
	for (size_t i = 0; i < 2 * RESOLVE_MAX; i++) {
		d->attempts[i].direct = d;
		timer_init(&d->attempts[i].deadline, all->loop, on_deadline,
		    &d->attempts[i]);
	}
	if (addr_split(host_port, PORT_DEFAULT, d->host, &d->port, e) != 0) {
		free(d);
		return NULL;
	}
	d->lookup = resolver_ask(r, d->host, on_answer, d);
	return d;
}
