#include "reach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "reach-own.h"

enum {
	COARSE_MS = 5000,		/* long waits end together */
	LATE_MS = 10000,		/* a timer this late: we were stopped */
	DIALS_MAX = 32,
	SIGHTINGS_MAX = 8,		/* of one person are followed */
	SIGHTINGS_MS = 10000		/* .. in so long */
};

static const struct dial_events person_dial;

/* ---- people ------------------------------------------------------------ */

void
reach_wake(struct reach *r, int64_t ms)
{
	if (r->closing)
		return;
	if (timer_is_set(&r->timer) &&
	    r->timer.due_ms <= loop_now_ms(r->loop) + ms)
		return;
	timer_set(&r->timer, ms);
}

void
reach_plan(struct person *p, int64_t ms)
{
	int64_t due = loop_now_ms(p->reach->loop) + ms;

	if (p->next_ms == 0 || due < p->next_ms)
		p->next_ms = due;
	reach_wake(p->reach, ms);
}

struct person *
reach_find(const struct reach *r, const struct user_id *id)
{
	return map_get(r->by_id, id->b);
}

/* Smaller than the other one: begins first, and closes what is spare. */
bool
reach_is_smaller(const struct person *p)
{
	return user_id_cmp(identity_id(p->reach->setup.room->id), &p->id) < 0;
}

struct person *
reach_need(struct reach *r, const struct pubkeys *keys)
{
	struct user_id id;
	struct person *p;

	user_id_of(&id, keys);
	p = reach_find(r, &id);
	if (p)
		return p;
	p = mem_new(sizeof(*p));
	p->reach = r;
	p->id = id;
	p->keys = *keys;
	map_put(r->by_id, p->id.b, p);
	map_put(r->by_x, p->keys.x, p);
	return p;
}

void
reach_stop_dial(struct person *p)
{
	if (!p->dial)
		return;
	dial_free(p->dial);
	p->dial = NULL;
	p->reach->n_dials--;
}

static void
forget(struct person *p)
{
	reach_stop_dial(p);
	person_down(p);
	session_free(p->session);
	free(p->card);
	map_remove(p->reach->by_id, p->id.b);
	if (map_get(p->reach->by_x, p->keys.x) == p)
		map_remove(p->reach->by_x, p->keys.x);
	buf_clear(&p->card_bytes);
	free(p);
}

/* ---- dialling ---------------------------------------------------------- */

static bool
is_near(const struct reach *r, const char *where)
{
	struct addr a;

	return addr_parse(&a, where) == 0 &&
	    r->setup.is_near(r->setup.ctx, &a);
}

/* A call needs somebody else's relay or mine. */
static bool
can_call(const struct person *p)
{
	const struct reach_setup *setup = &p->reach->setup;

	return p->has_places || setup->has_relay(setup->ctx);
}

static bool
should_call(const struct person *p)
{
	if (!can_call(p))
		return false;
	return !person_is_up(p) || (p->needs_standby &&
	    !session_has(p->session, PATH_RELAY));
}

static struct stream *
call(void *ctx, const struct stream_events *events, void *owner)
{
	const struct person *p = ctx;
	const struct reach_setup *setup = &p->reach->setup;

	return setup->call(setup->ctx, &p->id, events, owner);
}

/* Where they were met, or what they offer, is worth nothing beside a way as
 * good; and with `never` nobody is to see where a connection comes from. */
static void
fill_far(struct person *p, struct dial_target *t)
{
	const struct reach *r = p->reach;
	enum path path = person_is_up(p) ? session_path(p->session) :
	    PATH_RELAY;

	if (path >= PATH_PUNCHED && (r->setup.direct != DIRECT_NEVER ||
	    is_near(r, p->where)))
		snprintf(t->remembered, sizeof(t->remembered), "%s", p->where);
	if (path <= PATH_DIRECT || r->setup.direct == DIRECT_NEVER)
		return;
	t->n_offered = p->n_offers;
	memcpy(t->offered, p->offers, sizeof(t->offered));
}

static void
fill_target(struct person *p, struct dial_target *t)
{
	const struct reach_setup *setup = &p->reach->setup;

	memset(t, 0, sizeof(*t));
	t->has_key = true;
	memcpy(t->x, p->keys.x, KEY_LEN);
	t->n_near = setup->near(setup->ctx, &p->id, t->near);
	fill_far(p, t);
	if (should_call(p)) {
		t->call = call;
		t->ctx = p;
	}
}

static bool
needs_dial(const struct person *p)
{
	return p->wanted && !p->dial && (!person_is_up(p) ||
	    session_path(p->session) > PATH_LAN || p->needs_standby);
}

static void
start_dial(struct person *p)
{
	struct reach *r = p->reach;
	struct dial_target t;

	p->next_ms = 0;
	p->urgent = false;
	if (p->stale && !person_is_up(p))
		reach_stop_dial(p);
	p->stale = false;
	if (!needs_dial(p))
		return;
	if (r->n_dials >= DIALS_MAX) {
		reach_plan(p, DIAL_AGAIN_MS);
		return;
	}
	fill_target(p, &t);
	/* No place to try: a sighting or a wish with one comes back here. */
	p->dial = dial_start(r->setup.room, r->setup.resolver, &t,
	    &person_dial, p, NULL);
	p->dial_calls = t.call;
	p->only_calls = t.call && t.n_near + t.n_offered == 0 &&
	    !*t.remembered;
	if (p->dial)
		r->n_dials++;
}

void
reach_plan_retry(struct person *p)
{
	struct reach *r = p->reach;
	int64_t ms = dial_again_ms(++p->fails), now = loop_now_ms(r->loop);

	for (unsigned i = 7; p->only_calls && i < p->fails; i++)
		if (ms < CALL_AGAIN_MAX_MS / 2)
			ms *= 2;
	if (ms > 2 * COARSE_MS)
		ms += COARSE_MS - 1 - (now + ms - 1) % COARSE_MS;
	reach_plan(p, ms);
}

static void
on_dialled(void *owner, struct link *l, const char *where)
{
	struct person *p = owner;
	struct dial *d = p->dial;
	struct pubkeys expect = p->keys;

	p->dial = NULL;
	p->reach->n_dials--;
	greet_dialled(p->reach->greets, l, &expect, where, false);
	dial_free(d);
	/* Should the greeting fail, somebody must try again. */
	reach_plan(p, GREET_MS + DIAL_AGAIN_MS);
}

static void
on_dial_failed(void *owner, const struct err *e)
{
	struct person *p = owner;

	log_debug("reach: %s", e->what);
	reach_stop_dial(p);
	if (p->wanted && (!person_is_up(p) || p->needs_standby))
		reach_plan_retry(p);
}

static const struct dial_events person_dial = {
	.on_link = on_dialled,
	.on_failed = on_dial_failed
};

/* Something speaks for a success now. */
static void
consider(struct person *p)
{
	bool first = p->urgent || reach_is_smaller(p);

	p->fails = 0;
	if (!needs_dial(p))
		return;
	if (first)
		start_dial(p);
	else
		reach_plan(p, POLITE_MS);
}

void
reach_want(struct reach *r, const struct pubkeys *to, const char *where,
    bool want, bool urgent)
{
	struct user_id id;
	struct person *p;

	user_id_of(&id, to);
	p = reach_find(r, &id);
	if (!want) {
		r->setup.want(r->setup.ctx, to, false);
		if (p) {
			p->wanted = false;
			reach_stop_dial(p);
			reach_wake(r, DIAL_AGAIN_MS);
		}
		return;
	}
	if (!p && !keys_are_usable(to))
		return;
	if (!p)
		p = reach_need(r, to);
	if (where && *where)
		snprintf(p->where, sizeof(p->where), "%s", where);
	p->urgent = urgent;
	if (!p->wanted)
		r->setup.want(r->setup.ctx, to, true);
	if (!p->wanted || urgent) {
		p->wanted = true;
		consider(p);
	}
	/* Who was a stranger may be a contact now. */
	person_improve(p);
}

void
reach_seen(struct reach *r, const struct pubkeys *who)
{
	int64_t now = loop_now_ms(r->loop);
	struct user_id id;
	struct person *p;

	user_id_of(&id, who);
	p = reach_find(r, &id);
	if (!p)
		return;
	if (p->n_sightings == 0 || now - p->sighted_ms >= SIGHTINGS_MS) {
		p->n_sightings = 0;
		p->sighted_ms = now;
	}
	p->stale = true;
	/* Anybody can send a beacon again, from anywhere. */
	if (p->n_sightings >= SIGHTINGS_MAX) {
		reach_plan(p, p->sighted_ms + SIGHTINGS_MS - now);
		return;
	}
	p->n_sightings++;
	/* What is under way does not know the new address. */
	if (p->dial && !person_is_up(p))
		reach_stop_dial(p);
	consider(p);
}

void
reach_places(struct reach *r, const struct pubkeys *who, bool has_any)
{
	struct user_id id;
	struct person *p;

	user_id_of(&id, who);
	p = reach_find(r, &id);
	if (!p && has_any && keys_are_usable(who))
		p = reach_need(r, who);
	if (!p || p->has_places == has_any)
		return;
	p->has_places = has_any;
	if (has_any && !person_is_up(p))
		consider(p);
}

void
reach_here(struct reach *r, const struct user_id *who)
{
	struct person *p = reach_find(r, who);

	if (!p || person_is_up(p))
		return;
	/* What is under way may have called too early. */
	reach_stop_dial(p);
	consider(p);
}

static void
dial_all(struct reach *r, bool and_probe)
{
	const void *key;
	void *value;

	for (size_t at = 0; map_next(r->by_id, &at, &key, &value);) {
		struct person *p = value;

		if (and_probe && p->session)
			session_probe(p->session);
		if (and_probe && p->paths)
			paths_again(p->paths);
		if (and_probe || !person_is_up(p))
			consider(p);
	}
}

void
reach_relays(struct reach *r)
{
	dial_all(r, false);
}

void
reach_moved(struct reach *r)
{
	dial_all(r, true);
}

void
reach_woke(struct reach *r)
{
	dial_all(r, true);
}

/* ---- /connect ---------------------------------------------------------- */

int
reach_connect(struct reach *r, const char *host_port, struct err *e)
{
	return connects_dial(r->connects, host_port, e);
}

/* ---- the timer --------------------------------------------------------- */

static int64_t
sweep_person(struct person *p, int64_t now)
{
	int64_t next = p->session ? session_sweep(p->session) : -1;

	if (p->next_ms && p->next_ms <= now)
		start_dial(p);
	if (p->next_ms && (next < 0 || p->next_ms - now < next))
		next = p->next_ms > now ? p->next_ms - now : 0;
	return next;
}

static void
on_timer(void *arg)
{
	struct reach *r = arg;
	int64_t now = loop_now_ms(r->loop), next = -1;
	const void *key;
	void *value;

	/* What the others said meanwhile is still unread: nobody is dead for
	 * our sleep. */
	if (now - r->timer.due_ms > LATE_MS) {
		reach_woke(r);
		reach_wake(r, DIAL_AGAIN_MS);
		return;
	}
	for (size_t at = 0; map_next(r->by_id, &at, &key, &value);) {
		struct person *p = value;
		int64_t due = sweep_person(p, now);

		/* Strangers leave no trace. */
		if (!p->wanted && !p->has_places && !p->dial &&
		    !person_is_up(p)) {
			forget(p);
			continue;
		}
		if (due >= 0 && (next < 0 || due < next))
			next = due;
	}
	/* Keepalives need no precision; what is near in time goes together. */
	if (next > COARSE_MS)
		next += 1000 - (now + next) % 1000;
	if (next >= 0)
		reach_wake(r, next);
}

struct reach *
reach_new(const struct reach_setup *setup)
{
	struct reach *r = mem_new(sizeof(*r));

	r->setup = *setup;
	r->loop = setup->room->streams->loop;
	r->by_id = map_new(ID_LEN);
	r->by_x = map_new(KEY_LEN);
	reach_greets(r);
	r->connects = connects_new(&(struct connects_setup){ setup->room,
	    setup->resolver, r->greets, setup->chat });
	timer_init(&r->timer, r->loop, on_timer, r);
	return r;
}

void
reach_free(struct reach *r)
{
	const void *key;
	void *value;

	if (!r)
		return;
	r->closing = true;
	timer_stop(&r->timer);
	connects_free(r->connects);
	greets_free(r->greets);
	for (size_t at = 0; map_next(r->by_id, &at, &key, &value);)
		forget(value);
	map_free(r->by_id);
	map_free(r->by_x);
	free(r);
}
