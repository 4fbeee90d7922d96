#include "plate.h"

#include <stdio.h>
#include <string.h>

#include "log.h"
#include "plate-own.h"

enum { TRIES_MAX = 8 + RELAYS_MAX };

static size_t
n_tries(const struct plates *p)
{
	size_t n = 0;

	LIST_EACH(v, &p->visits, struct visit, in_all)
		n += v->is_mine && v != p->mine;
	return n;
}

static bool
is_relay_up(const struct plates *p)
{
	struct relay_state s;

	for (size_t i = 0; i < relays_count(p->setup.relays); i++) {
		if (relays_at(p->setup.relays, i, &s) && s.is_mine &&
		    s.how == RELAY_IS_UP)
			return true;
	}
	return false;
}

/* Without a word to chat. */
static void
stop(struct plates *p)
{
	struct seek *k = &p->seek;

	LIST_EACH(v, &p->visits, struct visit, in_all) {
		if (v->is_mine && v != p->mine)
			plate_visit_end(v, true);
	}
	if (k->on && k->asked_lan)
		lan_seek(p->setup.lan, NULL);
	timer_stop(&k->timer);
	k->on = k->has_won = false;
}

/* ---- nobody answered --------------------------------------------------- */

/* Somebody took the connection and kept silent, or a relay joined us to such
 * a one. */
static bool
is_kept_waiting(const struct plates *p)
{
	LIST_EACH(v, &p->visits, struct visit, in_all) {
		if (v->is_mine && (v->place == PLACE_RELAY ?
		    is_relay_up(p) : v->was_open))
			return true;
	}
	return false;
}

static enum visit_end
reason(const struct plates *p)
{
	const struct seek *k = &p->seek;

	if (is_kept_waiting(p))
		return VISIT_LATE;
	if (k->is_typed)
		return k->why;
	return k->asked_lan || k->asked_relay || is_relay_up(p) ?
	    VISIT_NOBODY : VISIT_NO_PLACE;
}

static void
give_up(struct plates *p)
{
	const struct carrier_events *chat = p->setup.chat;
	enum visit_end why = reason(p);

	stop(p);
	chat->on_visit_end(chat->chat, 0, why, why == VISIT_NO_ANSWER &&
	    p->seek.trouble.what[0] ? &p->seek.trouble : NULL);
}

static void
on_timer(void *arg)
{
	struct plates *p = arg;
	struct seek *k = &p->seek;
	int64_t now = loop_now_ms(p->loop);
	int64_t until = k->start_ms + (n_tries(p) > 0 ? PLATE_TRY_MS :
	    k->asked_lan ? PLATE_LAN_MS : 0);

	if (k->has_won)
		stop(p);
	else if (now < until)
		timer_set(&k->timer, until - now);
	else
		give_up(p);
}

/* Never from inside a call of chat's: in a turn of its own. */
static void
look_again(struct plates *p)
{
	if (p->seek.on && !p->seek.has_won)
		timer_set(&p->seek.timer, 0);
}

void
plate_seek_lost(struct visit *v)
{
	struct plates *p = v->all;

	if (v->place == PLACE_RELAY && is_relay_up(p))
		p->seek.asked_relay = true;
	if (v->was_open)
		p->seek.why = VISIT_NOBODY;
	plate_visit_end(v, true);
	look_again(p);
}

/* ---- somebody did ------------------------------------------------------ */

bool
plate_seek_answered(struct visit *v)
{
	struct plates *p = v->all;
	struct seek *k = &p->seek;

	if (k->has_won || p->mine)
		return false;
	k->has_won = true;
	if (v->place == PLACE_LAN && k->n_met < SEEK_MET)
		memcpy(k->met[k->n_met++], v->instance, BEACON_NONCE);
	if (k->asked_lan)
		lan_seek(p->setup.lan, NULL);
	/* The others are kept until the search could go on with them. */
	timer_set(&k->timer, PLATE_DEADLINE_MS);
	return true;
}

void
plate_seek_over(struct plates *p)
{
	if (p->seek.on && p->seek.has_won)
		timer_set(&p->seek.timer, PLATE_AGAIN_MS);
}

/* ---- the LAN ----------------------------------------------------------- */

static bool
is_known(const struct plates *p, const uint8_t instance[BEACON_NONCE])
{
	const struct seek *k = &p->seek;

	for (size_t i = 0; i < k->n_met; i++) {
		if (memcmp(k->met[i], instance, BEACON_NONCE) == 0)
			return true;
	}
	LIST_EACH(v, &p->visits, struct visit, in_all) {
		if (v->is_mine && v->place == PLACE_LAN &&
		    memcmp(v->instance, instance, BEACON_NONCE) == 0)
			return true;
	}
	return false;
}

/* Each is another place, as the beacon says; most are one host's. */
static bool
may_knock(struct seek *k, const struct addr *at)
{
	size_t n = 0;

	if (k->n_doors == SEEK_DOORS)
		return false;
	for (size_t i = 0; i < k->n_doors; i++)
		n += addr_same_ip(&k->doors[i], at);
	if (n >= SEEK_DOORS_SAME)
		return false;
	k->doors[k->n_doors++] = *at;
	return true;
}

void
plates_found(struct plates *p, const struct addr *at,
    const uint8_t instance[BEACON_NONCE])
{
	struct seek *k = &p->seek;
	struct stream *s;
	struct visit *v;

	if (!k->on || k->has_won || is_known(p, instance) ||
	    n_tries(p) >= TRIES_MAX || !may_knock(k, at))
		return;
	v = plate_visit_new(p, true);
	s = stream_dial(p->setup.streams, at, &plate_stream_events, v, NULL);
	if (!s) {
		plate_visit_end(v, true);
		return;
	}
	v->place = PLACE_LAN;
	memcpy(v->instance, instance, BEACON_NONCE);
	v->stream = s;
	stream_set_max(s, PLATE_UNREAD_MAX);
}

/* ---- relays ------------------------------------------------------------ */

static void
ask_relays(struct plates *p)
{
	struct seek *k = &p->seek;
	uint8_t id[MEET_ID];
	struct stream *s;
	struct visit *v;

	visit_meet_id(id, k->plate);
	for (size_t i = 0; i < relays_count(p->setup.relays); i++) {
		v = plate_visit_new(p, true);
		s = relays_visit(p->setup.relays, i, id, &plate_stream_events,
		    v);
		if (!s) {
			plate_visit_end(v, true);
			continue;
		}
		v->place = PLACE_RELAY;
		v->stream = s;
		stream_set_max(s, PLATE_UNREAD_MAX);
		plate_say_hello(v, k->plate);
	}
}

/* ---- a typed address --------------------------------------------------- */

static void
on_stream(void *owner, struct stream *s)
{
	struct visit *v = owner;

	direct_free(v->direct);
	v->direct = NULL;
	v->stream = s;
	v->was_open = true;
	stream_give(s, &plate_stream_events, v);
	stream_set_max(s, PLATE_UNREAD_MAX);
	plate_say_hello(v, v->all->seek.plate);
}

static void
on_failed(void *owner, const struct err *e)
{
	struct visit *v = owner;

	log_info("plate: %s", e->what);
	v->all->seek.trouble = *e;
	plate_seek_lost(v);
}

static const struct direct_events direct_events = {
	.on_stream = on_stream,
	.on_failed = on_failed
};

static int
ask_typed(struct plates *p, struct err *e)
{
	struct visit *v = plate_visit_new(p, true);

	v->place = PLACE_TYPED;
	v->direct = direct_start(p->setup.streams, p->setup.resolver,
	    p->seek.where, &direct_events, v, e);
	if (v->direct)
		return 0;
	plate_visit_end(v, true);
	return -1;
}

/* ---- going ------------------------------------------------------------- */

static void
ask_lan(struct plates *p)
{
	p->seek.asked_lan = lan_is_open(p->setup.lan);
	if (p->seek.asked_lan)
		lan_seek(p->setup.lan, p->seek.plate);
}

/* The last search, whose visit ended, with the others that answered or may
 * yet do so. */
static bool
go_on(struct plates *p, const char *plate, const char *where)
{
	struct seek *k = &p->seek;

	if (!k->on || !k->has_won || p->mine ||
	    strcmp(k->plate, plate) != 0 || strcmp(k->where, where) != 0 ||
	    n_tries(p) == 0)
		return false;
	k->has_won = false;
	if (!k->is_typed)
		ask_lan(p);
	timer_set(&p->turn, 0);
	timer_set(&k->timer, PLATE_AGAIN_MS);
	return true;
}

int
plates_visit(struct plates *p, const char *plate, const char *where,
    struct err *e)
{
	struct seek *k = &p->seek;

	if (!visit_is_plate(plate))
		return err_set(e, STATUS_USAGE, "a nameplate is %d digits",
		    CODE_PLATE);
	if (strlen(where) >= sizeof(k->where))
		return err_set(e, STATUS_USAGE, "the address is too long");
	if (go_on(p, plate, where))
		return 0;
	plates_leave(p);
	snprintf(k->plate, sizeof(k->plate), "%s", plate);
	snprintf(k->where, sizeof(k->where), "%s", where);
	k->is_typed = *where != '\0';
	k->asked_lan = k->asked_relay = false;
	k->n_met = k->n_doors = 0;
	k->why = VISIT_NO_ANSWER;
	k->trouble.what[0] = '\0';
	k->start_ms = loop_now_ms(p->loop);
	k->on = true;
	if (k->is_typed && ask_typed(p, e) != 0) {
		k->on = false;
		return -1;
	}
	if (!k->is_typed) {
		ask_lan(p);
		ask_relays(p);
	}
	look_again(p);
	return 0;
}

void
plates_leave(struct plates *p)
{
	struct visit *mine = p->mine;

	if (mine)
		plate_visit_end(mine, false);
	stop(p);
}

void
plate_seek_init(struct plates *p)
{
	timer_init(&p->seek.timer, p->loop, on_timer, p);
}

void
plate_seek_clear(struct plates *p)
{
	plates_leave(p);
}
