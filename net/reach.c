#include "reach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "connect.h"
#include "greet.h"
#include "log.h"
#include "map.h"
#include "rand.h"

enum {
	POLITE_MS = 300,		/* the larger id waits */
	COARSE_MS = 5000,		/* long waits end together */
	LATE_MS = 10000,		/* a timer this late: we were stopped */
	LIVED_MS = 5000,		/* a link this old was a success */
	DIALS_MAX = 32,
	/* Linked people nobody wants: descriptors are few (FD_SETSIZE). */
	STRANGERS_MAX = 64,
	STRANGERS_SOURCE_MAX = 16,	/* .. of one address */
	SIGHTINGS_MAX = 8,		/* of one person are followed */
	SIGHTINGS_MS = 10000		/* .. in so long */
};

struct person {
	struct reach *reach;
	struct user_id id;
	struct pubkeys keys;
	/* Most people of a long list are never there: both NULL until met. */
	struct session *session;
	struct card *card;		/* the last verified one */
	struct buf card_bytes;
	bool wanted, urgent;
	char where[DIAL_WHERE];		/* met there last; or "" */
	struct dial *dial;
	unsigned fails;
	int64_t up_ms;			/* when the last link was greeted */
	int64_t next_ms;		/* when to dial; 0: not planned */
	struct addr source;		/* of the last link */
	unsigned n_sightings;		/* since sighted_ms */
	int64_t sighted_ms;
	bool stale;			/* `dial` may lack an address */
};

struct reach {
	struct reach_setup setup;
	struct loop *loop;
	struct greets *greets;
	struct map *by_id, *by_x;
	struct connects *connects;
	size_t n_dials;
	struct timer timer;
	bool closing;
};

static const struct dial_events person_dial;
static void consider(struct person *p);
static void plan_retry(struct person *p);

/* ---- people ------------------------------------------------------------ */

static void
wake(struct reach *r, int64_t ms)
{
	if (r->closing)
		return;
	if (timer_is_set(&r->timer) &&
	    r->timer.due_ms <= loop_now_ms(r->loop) + ms)
		return;
	timer_set(&r->timer, ms);
}

static void
on_wake(void *owner, int64_t ms)
{
	struct person *p = owner;

	wake(p->reach, ms);
}

static void
plan(struct person *p, int64_t ms)
{
	int64_t due = loop_now_ms(p->reach->loop) + ms;

	if (p->next_ms == 0 || due < p->next_ms)
		p->next_ms = due;
	wake(p->reach, ms);
}

static void
on_down(void *owner, bool clean)
{
	struct person *p = owner;

	wake(p->reach, DIAL_AGAIN_MS);
	if (!p->wanted || p->reach->closing)
		return;
	/* A link that ends as soon as it stands is no success. */
	if (loop_now_ms(p->reach->loop) - p->up_ms < LIVED_MS) {
		plan_retry(p);
		return;
	}
	/* Who said goodbye is leaving; who was cut off may be back at once,
	 * and the other side tries as well. */
	p->fails = 0;
	plan(p, clean ? 2 * DIAL_AGAIN_MS : (int64_t)rand_below(POLITE_MS));
}

/* Another way to them may have come up meanwhile. */
static void
on_doubt(void *owner)
{
	plan(owner, 0);
}

/* Ways other than connections are not taken yet. */
static void
on_paths(void *owner, const uint8_t *body, size_t len)
{
	(void)owner;
	(void)body;
	(void)len;
}

static void
on_moved(void *owner)
{
	struct person *p = owner;

	log_debug("reach: the way to %s changed", session_where(p->session));
}

static struct person *
find(const struct reach *r, const struct user_id *id)
{
	return map_get(r->by_id, id->b);
}

static bool
is_up(const struct person *p)
{
	return p->session && session_is_up(p->session);
}

/* Smaller than the other one: begins first, and closes what is spare. */
static bool
i_am_smaller(const struct person *p)
{
	return user_id_cmp(identity_id(p->reach->setup.room->id), &p->id) < 0;
}

static void
meet(struct person *p, const struct card *card, const void *bytes, size_t len)
{
	const struct session_setup setup = {
		.loop = p->reach->loop, .chat = p->reach->setup.chat,
		.id = p->id, .i_am_smaller = i_am_smaller(p),
		.on_down = on_down, .on_doubt = on_doubt,
		.on_paths = on_paths, .on_moved = on_moved, .wake = on_wake,
		.owner = p
	};

	if (!p->session)
		p->session = session_new(&setup);
	if (card == p->card)
		return;
	if (!p->card)
		p->card = mem_new(sizeof(*p->card));
	*p->card = *card;
	buf_empty(&p->card_bytes);
	buf_put(&p->card_bytes, bytes, len);
}

static struct person *
need(struct reach *r, const struct pubkeys *keys)
{
	struct user_id id;
	struct person *p;

	user_id_of(&id, keys);
	p = find(r, &id);
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

static void
stop_dial(struct person *p)
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
	stop_dial(p);
	session_free(p->session);
	free(p->card);
	map_remove(p->reach->by_id, p->id.b);
	if (map_get(p->reach->by_x, p->keys.x) == p)
		map_remove(p->reach->by_x, p->keys.x);
	buf_clear(&p->card_bytes);
	free(p);
}

/* ---- dialling ---------------------------------------------------------- */

static void
fill_target(const struct person *p, struct dial_target *t)
{
	const struct reach_setup *setup = &p->reach->setup;

	memset(t, 0, sizeof(*t));
	t->has_key = true;
	memcpy(t->x, p->keys.x, KEY_LEN);
	t->n_near = setup->near(setup->ctx, &p->id, t->near);
	/* Over a way that is not the LAN's, only the LAN is an improvement. */
	if (!is_up(p))
		snprintf(t->remembered, sizeof(t->remembered), "%s", p->where);
}

static bool
needs_dial(const struct person *p)
{
	return p->wanted && !p->dial && (!is_up(p) ||
	    session_path(p->session) > PATH_LAN);
}

static void
start_dial(struct person *p)
{
	struct reach *r = p->reach;
	struct dial_target t;

	p->next_ms = 0;
	p->urgent = false;
	if (p->stale && !is_up(p))
		stop_dial(p);
	p->stale = false;
	if (!needs_dial(p))
		return;
	if (r->n_dials >= DIALS_MAX) {
		plan(p, DIAL_AGAIN_MS);
		return;
	}
	fill_target(p, &t);
	/* No place to try: a sighting or a wish with one comes back here. */
	p->dial = dial_start(r->setup.room, r->setup.resolver, &t,
	    &person_dial, p, NULL);
	if (p->dial)
		r->n_dials++;
}

static void
plan_retry(struct person *p)
{
	struct reach *r = p->reach;
	int64_t ms = dial_again_ms(++p->fails), now = loop_now_ms(r->loop);

	if (ms > 2 * COARSE_MS)
		ms += COARSE_MS - 1 - (now + ms - 1) % COARSE_MS;
	plan(p, ms);
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
	plan(p, GREET_MS + DIAL_AGAIN_MS);
}

static void
on_dial_failed(void *owner, const struct err *e)
{
	struct person *p = owner;

	log_debug("reach: %s", e->what);
	stop_dial(p);
	if (p->wanted && !is_up(p))
		plan_retry(p);
}

static const struct dial_events person_dial = {
	.on_link = on_dialled,
	.on_failed = on_dial_failed
};

/* Something speaks for a success now. */
static void
consider(struct person *p)
{
	bool first = p->urgent || i_am_smaller(p);

	p->fails = 0;
	if (!needs_dial(p))
		return;
	if (first)
		start_dial(p);
	else
		plan(p, POLITE_MS);
}

void
reach_want(struct reach *r, const struct pubkeys *to, const char *where,
    bool want, bool urgent)
{
	struct user_id id;
	struct person *p;

	user_id_of(&id, to);
	p = find(r, &id);
	if (!want) {
		if (p) {
			p->wanted = false;
			stop_dial(p);
			wake(r, DIAL_AGAIN_MS);
		}
		return;
	}
	if (!p && !keys_are_usable(to))
		return;
	if (!p)
		p = need(r, to);
	if (where && *where)
		snprintf(p->where, sizeof(p->where), "%s", where);
	p->urgent = urgent;
	if (!p->wanted || urgent) {
		p->wanted = true;
		consider(p);
	}
}

void
reach_seen(struct reach *r, const struct pubkeys *who)
{
	int64_t now = loop_now_ms(r->loop);
	struct user_id id;
	struct person *p;

	user_id_of(&id, who);
	p = find(r, &id);
	if (!p)
		return;
	if (p->n_sightings == 0 || now - p->sighted_ms >= SIGHTINGS_MS) {
		p->n_sightings = 0;
		p->sighted_ms = now;
	}
	p->stale = true;
	/* Anybody can send a beacon again, from anywhere. */
	if (p->n_sightings >= SIGHTINGS_MAX) {
		plan(p, p->sighted_ms + SIGHTINGS_MS - now);
		return;
	}
	p->n_sightings++;
	/* What is under way does not know the new address. */
	if (p->dial && !is_up(p))
		stop_dial(p);
	consider(p);
}

static void
probe_all(struct reach *r)
{
	const void *key;
	void *value;

	for (size_t at = 0; map_next(r->by_id, &at, &key, &value);) {
		struct person *p = value;

		if (p->session)
			session_probe(p->session);
		consider(p);
	}
}

void
reach_moved(struct reach *r)
{
	probe_all(r);
}

void
reach_woke(struct reach *r)
{
	probe_all(r);
}

/* ---- links ------------------------------------------------------------- */

static const struct card *
known_card(void *ctx, const uint8_t x[KEY_LEN], const void *bytes, size_t len)
{
	struct reach *r = ctx;
	const struct person *p = map_get(r->by_x, x);

	if (!p || len == 0 || p->card_bytes.len != len ||
	    memcmp(p->card_bytes.at, bytes, len) != 0)
		return NULL;
	return p->card;
}

static enum path
path_of(struct reach *r, const char *where)
{
	struct addr a;

	if (addr_parse(&a, where) == 0 &&
	    r->setup.is_near(r->setup.ctx, &a))
		return PATH_LAN;
	return PATH_DIRECT;
}

/* Where an accepted one can be dialled: as seen on the LAN, or its address
 * without the port, which was for this connection only. */
static void
guess_where(struct person *p, const struct link *l, char where[DIAL_WHERE])
{
	struct reach *r = p->reach;
	struct addr list[DIAL_NEAR], a;
	char text[ADDR_TEXT];
	size_t n;

	*where = '\0';
	if (addr_parse(&a, l->where) != 0)
		return;
	n = r->setup.near(r->setup.ctx, &p->id, list);
	for (size_t i = 0; i < n; i++) {
		if (!addr_same_ip(&a, &list[i]))
			continue;
		addr_format(&list[i], text);
		snprintf(where, DIAL_WHERE, "%s", text);
		return;
	}
	addr_format_ip(&a, text);
	snprintf(where, DIAL_WHERE, "%s", text);
}

/* Linked people nobody wants are few, in all and of one place. */
static bool
is_crowded(const struct reach *r, const struct addr *source)
{
	size_t n = 0, n_same = 0;
	const void *key;
	void *value;

	for (size_t at = 0; map_next(r->by_id, &at, &key, &value);) {
		const struct person *p = value;

		if (p->wanted || !is_up(p))
			continue;
		n++;
		n_same += addr_same_ip(&p->source, source);
	}
	return n >= STRANGERS_MAX || n_same >= STRANGERS_SOURCE_MAX;
}

static void
on_greeted(void *ctx, struct link *l, const struct card *card,
    const void *bytes, size_t len, const char *where, bool typed)
{
	struct reach *r = ctx;
	struct person *p = need(r, &card->keys);
	struct addr at = { 0 }, source;
	char guess[DIAL_WHERE];

	addr_parse(&at, l->where);
	source = addr_source(&at);
	if (!p->wanted && !typed && is_crowded(r, &source)) {
		log_info("reach: too many strangers");
		link_close(l, CLOSE_UNWANTED);
		link_free(l);
		wake(r, DIAL_AGAIN_MS);
		return;
	}
	meet(p, card, bytes, len);
	p->source = source;
	l->path = path_of(r, l->where);
	if (l->initiator)
		snprintf(p->where, sizeof(p->where), "%s", where);
	else
		guess_where(p, l, guess);
	p->up_ms = loop_now_ms(r->loop);
	p->next_ms = 0;
	/* A dial that is under way has lost the race, except to the LAN. */
	if (l->path == PATH_LAN)
		stop_dial(p);
	session_adopt(p->session, l, p->card, l->initiator ? where : guess,
	    typed);
}

static void
on_failed(void *ctx, const struct err *e)
{
	struct reach *r = ctx;

	r->setup.chat->failed(r->setup.chat->chat, e);
}

static const struct stream_events no_events;

void
reach_accepted(struct reach *r, int fd, const struct addr *from)
{
	struct stream *s = stream_of(r->setup.room->streams, fd, from,
	    &no_events, NULL, NULL);

	if (s)
		greet_accepted(r->greets, s);
}

int
reach_send(struct reach *r, const struct user_id *to, const void *frame,
    size_t len)
{
	struct person *p = find(r, to);

	return p && p->session ? session_send(p->session, RECORD_FRAME, frame,
	    len) : -1;
}

size_t
reach_room(const struct reach *r, const struct user_id *to)
{
	const struct person *p = find(r, to);

	return p && p->session ? session_room(p->session) : 0;
}

static void
drop(struct person *p, enum close_reason reason)
{
	if (p->session)
		session_drop(p->session, reason);
}

void
reach_drop(struct reach *r, const struct user_id *who,
    enum close_reason reason)
{
	struct person *p;
	const void *key;
	void *value;

	if (who) {
		p = find(r, who);
		if (p) {
			stop_dial(p);
			drop(p, reason);
		}
		return;
	}
	for (size_t at = 0; map_next(r->by_id, &at, &key, &value);) {
		p = value;
		drop(p, reason);
	}
}

void
reach_say_card(struct reach *r, const void *card, size_t len)
{
	const void *key;
	void *value;

	for (size_t at = 0; map_next(r->by_id, &at, &key, &value);) {
		struct person *p = value;

		if (is_up(p))
			session_send(p->session, RECORD_CARD, card, len);
	}
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
		wake(r, DIAL_AGAIN_MS);
		return;
	}
	for (size_t at = 0; map_next(r->by_id, &at, &key, &value);) {
		struct person *p = value;
		int64_t due = sweep_person(p, now);

		/* Strangers leave no trace. */
		if (!p->wanted && !p->dial && !is_up(p)) {
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
		wake(r, next);
}

struct reach *
reach_new(const struct reach_setup *setup)
{
	struct reach *r = mem_new(sizeof(*r));
	struct greet_setup greet = {
		.room = setup->room, .chat = setup->chat, .ctx = r,
		.known = known_card, .greeted = on_greeted,
		.failed = on_failed
	};

	r->setup = *setup;
	r->loop = setup->room->streams->loop;
	r->by_id = map_new(ID_LEN);
	r->by_x = map_new(KEY_LEN);
	r->greets = greets_new(&greet);
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
