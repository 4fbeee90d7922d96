#include "reach.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "rand.h"
#include "reach-own.h"

enum {
	/* Linked people nobody wants: descriptors are few (FD_SETSIZE). */
	STRANGERS_MAX = 64,
	STRANGERS_SOURCE_MAX = 16	/* .. of one address */
};

bool
person_is_up(const struct person *p)
{
	return p->session && session_is_up(p->session);
}

/* ---- better ways ------------------------------------------------------- */

bool
person_may_know(const struct person *p)
{
	const struct carrier_events *chat = p->reach->setup.chat;
	struct pubkeys keys;

	switch (p->reach->setup.direct) {
	case DIRECT_ALWAYS:
		return true;
	case DIRECT_CONTACTS:
		return chat->welcome(chat->chat, p->keys.x, &keys) ==
		    WELCOME_CONTACT;
	case DIRECT_NEVER:
		break;
	}
	return false;
}

static int
say_paths(void *owner, const void *body, size_t len)
{
	struct person *p = owner;

	return session_send(p->session, RECORD_PATHS, body, len);
}

static void
on_udp_link(void *owner, struct link *l)
{
	struct person *p = owner;
	struct pubkeys expect = p->keys;

	greet_dialled(p->reach->greets, l, &expect, "", false);
}

static void
on_offers(void *owner, const struct dial_offer *list, size_t n)
{
	struct person *p = owner;

	memcpy(p->offers, list, n * sizeof(*list));
	p->n_offers = n;
	if (!p->wanted)
		return;
	/* What is under way does not know these. */
	if (p->dial && !p->dial_calls)
		reach_stop_dial(p);
	reach_plan(p, reach_is_smaller(p) ? 0 : POLITE_MS);
}

static void
need_paths(struct person *p)
{
	struct paths_setup setup = {
		.room = p->reach->setup.paths,
		.i_am_smaller = reach_is_smaller(p), .owner = p,
		.say = say_paths, .on_link = on_udp_link,
		.on_offers = on_offers
	};

	if (p->paths)
		return;
	memcpy(setup.x, p->keys.x, KEY_LEN);
	p->paths = paths_new(&setup);
}

/* A relay is what works everywhere, not what one stays with. */
void
person_improve(struct person *p)
{
	enum path path = person_is_up(p) ? session_path(p->session) :
	    PATH_NONE;

	if (path == PATH_NONE)
		return;
	if (path != PATH_RELAY) {
		if (p->paths)
			paths_rest(p->paths);
		return;
	}
	if (!p->reach->setup.paths || !person_may_know(p))
		return;
	need_paths(p);
	paths_look(p->paths, session_rtt_us(p->session));
}

void
person_down(struct person *p)
{
	paths_free(p->paths);
	p->paths = NULL;
	p->n_offers = 0;
	p->needs_standby = false;
}

void
reach_outside(struct reach *r)
{
	const void *key;
	void *value;

	for (size_t at = 0; map_next(r->by_id, &at, &key, &value);) {
		struct person *p = value;

		if (p->paths)
			paths_more(p->paths);
	}
}

void
reach_birthday(struct reach *r)
{
	const void *key;
	void *value;

	for (size_t at = 0; map_next(r->by_id, &at, &key, &value);) {
		const struct person *p = value;

		if (p->paths)
			paths_again(p->paths);
	}
}

/* ---- what a session tells ---------------------------------------------- */

static void
on_wake(void *owner, int64_t ms)
{
	struct person *p = owner;

	reach_wake(p->reach, ms);
}

static void
on_down(void *owner, bool clean)
{
	struct person *p = owner;

	person_down(p);
	reach_wake(p->reach, DIAL_AGAIN_MS);
	if (!p->wanted || p->reach->closing)
		return;
	/* A link that ends as soon as it stands is no success. */
	if (loop_now_ms(p->reach->loop) - p->up_ms < LIVED_MS) {
		reach_plan_retry(p);
		return;
	}
	/* Who said goodbye is leaving; who was cut off may be back at once,
	 * and the other side tries as well. */
	p->fails = 0;
	reach_plan(p, clean ? 2 * DIAL_AGAIN_MS :
	    (int64_t)rand_below(POLITE_MS));
}

static void
on_doubt(void *owner)
{
	struct person *p = owner;

	if (!p->wanted || session_has(p->session, PATH_RELAY))
		return;
	p->needs_standby = true;
	if (!p->dial_calls)
		reach_stop_dial(p);
	reach_plan(p, 0);
}

static void
on_paths(void *owner, const uint8_t *body, size_t len)
{
	struct person *p = owner;

	if (!p->reach->setup.paths || !person_may_know(p))
		return;
	need_paths(p);
	paths_heard(p->paths, body, len);
}

static void
on_moved(void *owner)
{
	struct person *p = owner;

	p->needs_standby = false;
	person_improve(p);
}

static void
meet(struct person *p, const struct card *card, const void *bytes, size_t len)
{
	const struct session_setup setup = {
		.loop = p->reach->loop, .chat = p->reach->setup.chat,
		.id = p->id, .i_am_smaller = reach_is_smaller(p),
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

/* Of what kind the way of a fresh link is.  Pipes and dialled UDP know. */
static enum path
path_of(const struct person *p, const struct link *l)
{
	const struct reach *r = p->reach;
	struct addr a;

	if (l->path != PATH_NONE && l->path != PATH_MAPPED)
		return l->path;
	if (addr_parse(&a, l->where) != 0)
		return PATH_DIRECT;
	if (l->is_datagram && p->paths)
		return paths_kind(p->paths, &a);
	if (r->setup.is_near(r->setup.ctx, &a))
		return PATH_LAN;
	if (l->is_datagram)
		return PATH_PUNCHED;
	if (!l->initiator && r->setup.is_behind_nat(r->setup.ctx))
		return PATH_MAPPED;
	return l->path == PATH_MAPPED ? PATH_MAPPED : PATH_DIRECT;
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
	if (l->path == PATH_RELAY || l->is_datagram ||
	    addr_parse(&a, l->where) != 0)
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

		if (p->wanted || !person_is_up(p))
			continue;
		n++;
		n_same += addr_same_ip(&p->source, source);
	}
	return n >= STRANGERS_MAX || n_same >= STRANGERS_SOURCE_MAX;
}

/* Where they can be dialled another time. */
static void
learn_where(struct person *p, const struct link *l, const char *dialled,
    char where[DIAL_WHERE])
{
	if (!l->initiator) {
		guess_where(p, l, where);
		return;
	}
	snprintf(where, DIAL_WHERE, "%s", dialled);
	if (*where)
		snprintf(p->where, sizeof(p->where), "%s", where);
}

static void
on_greeted(void *ctx, struct link *l, const struct card *card,
    const void *bytes, size_t len, const char *where, bool typed)
{
	struct reach *r = ctx;
	struct person *p = reach_need(r, &card->keys);
	struct addr at = { 0 }, source = { 0 };
	char place[DIAL_WHERE];

	/* All pipes come from the relay, which is nobody's place. */
	if (l->path != PATH_RELAY && addr_parse(&at, l->where) == 0)
		source = addr_source(&at);
	if (!p->wanted && !typed && is_crowded(r, &source)) {
		log_info("reach: too many strangers");
		link_close(l, CLOSE_UNWANTED);
		link_free(l);
		reach_wake(r, DIAL_AGAIN_MS);
		return;
	}
	meet(p, card, bytes, len);
	p->source = source;
	l->path = path_of(p, l);
	learn_where(p, l, where, place);
	p->up_ms = loop_now_ms(r->loop);
	p->next_ms = 0;
	/* A dial that is under way has lost the race, except to the LAN; one
	 * that calls as well is begun anew without. */
	if (l->path == PATH_LAN || (l->path == PATH_RELAY && p->dial_calls))
		reach_stop_dial(p);
	session_adopt(p->session, l, p->card, place, typed);
	if (session_path(p->session) == PATH_RELAY && p->wanted)
		reach_plan(p, reach_is_smaller(p) ? 0 : POLITE_MS);
}

static void
on_failed(void *ctx, const struct err *e)
{
	struct reach *r = ctx;

	r->setup.chat->failed(r->setup.chat->chat, e);
}

static const struct stream_events no_events;

void
reach_accepted(struct reach *r, struct stream *s)
{
	stream_give(s, &no_events, NULL);
	greet_accepted(r->greets, s);
}

void
reach_linked(struct reach *r, struct link *l)
{
	l->is_datagram = true;
	greet_accepted_link(r->greets, l);
}

void
reach_greets(struct reach *r)
{
	const struct greet_setup greet = {
		.room = r->setup.room, .chat = r->setup.chat, .ctx = r,
		.known = known_card, .greeted = on_greeted,
		.failed = on_failed
	};

	r->greets = greets_new(&greet);
}

/* ---- what is carried --------------------------------------------------- */

int
reach_send(struct reach *r, const struct user_id *to, const void *frame,
    size_t len)
{
	struct person *p = reach_find(r, to);

	return p && p->session ? session_send(p->session, RECORD_FRAME, frame,
	    len) : -1;
}

size_t
reach_room(const struct reach *r, const struct user_id *to)
{
	const struct person *p = reach_find(r, to);

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
		p = reach_find(r, who);
		if (p) {
			reach_stop_dial(p);
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

		if (person_is_up(p))
			session_send(p->session, RECORD_CARD, card, len);
	}
}

bool
reach_info(const struct reach *r, const struct user_id *who,
    struct reach_info *out)
{
	const struct person *p = reach_find(r, who);

	memset(out, 0, sizeof(*out));
	out->rtt_us = -1;
	if (!p || !p->session)
		return false;
	out->path = session_path(p->session);
	out->rtt_us = session_rtt_us(p->session);
	snprintf(out->where, sizeof(out->where), "%s",
	    session_where(p->session));
	while (session_history(p->session, out->n_changes,
	    &out->changes[out->n_changes]))
		if (++out->n_changes == SESSION_HISTORY)
			break;
	if (p->paths)
		paths_text(p->paths, out->punch);
	return true;
}
