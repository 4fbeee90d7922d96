#include "plate.h"

#include <stdio.h>
#include <string.h>

#include "log.h"
#include "plate-own.h"

enum { TRIES_MAX = 8 + RELAYS_MAX };

static void begin_round(struct plates *p, enum round round);

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

/* Is that place for a later round? */
static bool
put_off(struct plates *p, enum round round)
{
	struct seek *k = &p->seek;

	if (round > k->round && round < k->next)
		k->next = round;
	return round > k->round;
}

/* ---- nobody answered --------------------------------------------------- */

/* Somebody took the connection and kept silent, or a relay joined us to such
 * a one. */
static bool
is_kept_waiting(const struct plates *p)
{
	LIST_EACH(v, &p->visits, struct visit, in_all) {
		if (v->is_mine && (v->place.kind == PLACE_RELAY ?
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
	else if (k->next != ROUNDS)
		begin_round(p, k->next);
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

	if (v->place.kind == PLACE_RELAY && is_relay_up(p))
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

	if (!k->on || k->has_won)
		return false;
	k->has_won = true;
	/* The others are left in a turn of its own: their streams may be in
	 * the hands of whoever called. */
	timer_set(&k->timer, 0);
	return true;
}

/* ---- the LAN ----------------------------------------------------------- */

static bool
is_known(const struct plates *p, const uint8_t instance[BEACON_NONCE])
{
	LIST_EACH(v, &p->visits, struct visit, in_all) {
		if (v->is_mine && v->place.kind == PLACE_LAN &&
		    memcmp(v->place.instance, instance, BEACON_NONCE) == 0)
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
	struct place place = { .kind = PLACE_LAN, .at = *at };
	struct seek *k = &p->seek;
	struct stream *s;
	struct visit *v;

	memcpy(place.instance, instance, BEACON_NONCE);
	if (!k->on || k->has_won || put_off(p, plate_round_of(p, k->code,
	    &place)) || is_known(p, instance) || n_tries(p) >= TRIES_MAX ||
	    !may_knock(k, at))
		return;
	v = plate_visit_new(p, true);
	s = stream_dial(p->setup.streams, at, &plate_stream_events, v, NULL);
	if (!s) {
		plate_visit_end(v, true);
		return;
	}
	v->place = place;
	v->stream = s;
	stream_set_max(s, PLATE_UNREAD_MAX);
}

/* ---- relays ------------------------------------------------------------ */

static void
ask_relay(struct plates *p, size_t i, const struct place *place)
{
	struct visit *v = plate_visit_new(p, true);
	uint8_t id[MEET_ID];
	struct stream *s;

	visit_meet_id(id, p->seek.plate);
	s = relays_visit(p->setup.relays, i, id, &plate_stream_events, v);
	if (!s) {
		plate_visit_end(v, true);
		return;
	}
	v->place = *place;
	v->stream = s;
	stream_set_max(s, PLATE_UNREAD_MAX);
	plate_say_hello(v, p->seek.plate);
}

/* Those of this round: they do not come later, as hosts of the LAN do. */
static void
ask_relays(struct plates *p)
{
	const struct seek *k = &p->seek;
	struct place place = { .kind = PLACE_RELAY };
	struct relay_state s;
	enum round round;

	/* Mine are the first. */
	for (size_t i = 0; relays_at(p->setup.relays, i, &s) && s.is_mine;
	    i++) {
		snprintf(place.relay, sizeof(place.relay), "%s", s.where);
		round = plate_round_of(p, k->code, &place);
		if (!put_off(p, round) && round == k->round)
			ask_relay(p, i, &place);
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

	v->place.kind = PLACE_TYPED;
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
	struct seek *k = &p->seek;

	if (!lan_is_open(p->setup.lan) ||
	    put_off(p, plate_round_of_lan(p, k->code)))
		return;
	/* From its burst again, for those whom an earlier round put off. */
	lan_seek(p->setup.lan, k->plate);
	k->asked_lan = true;
}

static void
begin_round(struct plates *p, enum round round)
{
	struct seek *k = &p->seek;

	k->round = round;
	k->next = ROUNDS;
	k->start_ms = loop_now_ms(p->loop);
	ask_lan(p);
	ask_relays(p);
	look_again(p);
}

int
plates_visit(struct plates *p, const char *plate, uint32_t code,
    const char *where, struct err *e)
{
	struct seek *k = &p->seek;

	if (!visit_is_plate(plate))
		return err_set(e, STATUS_USAGE, "a nameplate is %d digits",
		    CODE_PLATE);
	if (strlen(where) >= sizeof(k->where))
		return err_set(e, STATUS_USAGE, "the address is too long");
	plates_leave(p);
	snprintf(k->plate, sizeof(k->plate), "%s", plate);
	snprintf(k->where, sizeof(k->where), "%s", where);
	k->code = code;
	k->is_typed = *where != '\0';
	k->asked_lan = k->asked_relay = false;
	k->n_doors = 0;
	k->why = VISIT_NO_ANSWER;
	k->trouble.what[0] = '\0';
	k->on = true;
	if (!k->is_typed) {
		begin_round(p, ROUND_NEW);
		return 0;
	}
	k->next = ROUNDS;
	k->start_ms = loop_now_ms(p->loop);
	if (ask_typed(p, e) != 0) {
		k->on = false;
		return -1;
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
