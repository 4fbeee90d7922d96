#include "relay-own.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "secret.h"

static const struct relay_link_events link_events;

/* ---- questions --------------------------------------------------------- */

int
relay_say(struct relay *r, const struct relay_msg *m)
{
	return r->link ? relay_link_send(r->link, m) : -1;
}

int
relay_ask(struct relay *r, struct relay_ask *a, struct relay_msg *m)
{
	assert(a->tag == 0);
	do {
		r->last_tag++;
	} while (r->last_tag == 0 || map_get(r->asks, &r->last_tag));
	m->tag = r->last_tag;
	if (relay_say(r, m) != 0)
		return -1;
	a->tag = m->tag;
	map_put(r->asks, &a->tag, a);
	return 0;
}

void
relay_forget(struct relay *r, struct relay_ask *a)
{
	if (a->tag != 0)
		map_remove(r->asks, &a->tag);
	a->tag = 0;
}

static void
answer(struct relay *r, const struct relay_msg *m)
{
	struct relay_ask *a = map_get(r->asks, &m->tag);

	if (!a)
		return;			/* nobody asked that */
	relay_forget(r, a);
	a->answered(a, m);
}

/* Nobody will answer any more. */
static void
drop_asks(struct relay *r)
{
	const void *key;
	void *value;

	for (size_t at = 0; map_next(r->asks, &at, &key, &value); at = 0) {
		struct relay_ask *a = value;

		relay_forget(r, a);
		a->answered(a, NULL);
	}
}

void
relay_denied(struct relay *r)
{
	const struct carrier_events *chat = r->all->setup.chat;
	char text[ROUTE_TEXT + 160];

	/* Of others' relays only their owners have the token. */
	if (r->told_denied || !r->is_mine)
		return;
	r->told_denied = true;
	snprintf(text, sizeof(text), "relay %s serves only whoever shows its "
	    "access token; set relay-token to the one its owner gave you",
	    r->where);
	chat->notice(chat->chat, text);
}

/* ---- one relay --------------------------------------------------------- */

bool
relay_is_up(const struct relay *r)
{
	return r->link && relay_link_is_up(r->link);
}

void
relay_used(struct relay *r)
{
	r->used_ms = loop_now_ms(r->all->loop);
}

static void
release(void *arg)
{
	free(arg);
}

static void
free_relay(struct relay *r)
{
	struct relays *all = r->all;

	if (r->dead)
		return;
	r->dead = true;
	list_remove(&r->in_all);
	all->n--;
	timer_stop(&r->leave);
	relay_pipes_lost(r, "the relay was left");
	people_lost(all, r);
	relay_sends_lost(r);
	relay_mail_clear(r);
	drop_asks(r);
	relay_link_free(r->link);
	r->link = NULL;
	map_free(r->asks);
	map_free(r->pipes);
	map_free(r->queues);
	/* Its link may be telling it something just now. */
	loop_defer(all->loop, release, r);
}

static bool
is_in_use(const struct relay *r)
{
	return relay_pipes_use(r) || relay_sends_use(r);
}

static void
on_leave(void *arg)
{
	struct relay *r = arg;
	int64_t left = r->used_ms + RELAY_VISIT_MS -
	    loop_now_ms(r->all->loop);

	if (is_in_use(r))
		left = RELAY_VISIT_MS;
	if (left > 0)
		timer_set(&r->leave, left);
	else
		free_relay(r);
}

/* One of mine is at that host. */
static bool
is_my_host(const struct relays *all, const char *host)
{
	LIST_EACH(r, &all->list, struct relay, in_all) {
		if (r->is_mine && strcmp(r->route.host, host) == 0)
			return true;
	}
	return false;
}

static struct relay *
new_relay(struct relays *all, const struct route *route, bool is_mine)
{
	struct relay *r = mem_new(sizeof(*r));
	struct relay_link_setup link = {
		.streams = all->setup.streams,
		.resolver = all->setup.resolver,
		.chat = all->setup.chat, .route = *route,
		.is_abroad = !is_mine && !is_my_host(all, route->host),
		.events = &link_events, .owner = r
	};

	r->all = all;
	r->route = *route;
	r->route.has_place = false;
	route_where(route, r->where);
	r->is_mine = is_mine;
	r->is_keyed = route->has_key;
	r->asks = map_new(sizeof(uint32_t));
	r->pipes = map_new(sizeof(uint32_t));
	r->queues = map_new(QUEUE_ID);
	list_append(&all->list, &r->in_all);
	all->n++;
	relay_mail_init(r);
	timer_init(&r->leave, all->loop, on_leave, r);
	relay_used(r);
	if (!is_mine)
		timer_set(&r->leave, RELAY_VISIT_MS);
	r->link = relay_link_new(&link);
	return r;
}

/* ---- which one --------------------------------------------------------- */

/* Anybody can write the key of another one's relay behind an address of his
 * own, where nobody answers or too slowly: whose it is counts for mine only,
 * of others' the address has to be the same too. */
static bool
is_it(const struct relay *r, const struct route *route)
{
	return route_same_relay(&r->route, route) && (r->is_mine ||
	    (r->route.port == route->port &&
	    strcmp(r->route.host, route->host) == 0));
}

struct relay *
relay_find(const struct relays *all, const struct route *route)
{
	LIST_EACH(r, &all->list, struct relay, in_all) {
		if (is_it(r, route))
			return r;
	}
	return NULL;
}

/* Others may not send me to my own machine, unless I have a relay there.
 * What their names lead to is seen when they are dialled. */
static bool
may_visit(const struct relays *all, const struct route *route)
{
	struct addr ip;

	if (!route->has_key && !route->has_place)
		return false;
	if (addr_parse_ip(&ip, route->host) != 0 ?
	    strcmp(route->host, "localhost") != 0 :
	    addr_kind(&ip) != ADDR_LOOPBACK)
		return true;
	return is_my_host(all, route->host);
}

/* The visited one that nobody has used for the longest time goes. */
static bool
make_place(struct relays *all)
{
	struct relay *idle = NULL;

	if (all->n < RELAYS_MAX)
		return true;
	LIST_EACH(r, &all->list, struct relay, in_all) {
		if (!r->is_mine && !is_in_use(r) &&
		    (!idle || r->used_ms < idle->used_ms))
			idle = r;
	}
	if (!idle)
		return false;
	free_relay(idle);
	return true;
}

struct relay *
relay_at(struct relays *all, const struct route *route)
{
	struct relay *r = relay_find(all, route);

	if (r)
		return r;
	if (!may_visit(all, route) || !make_place(all))
		return NULL;
	log_debug("relay: visiting %s", route->host);
	return new_relay(all, route, false);
}

/* Those there are now: what ends one may end or bring another. */
struct snapshot {
	struct relay *at[RELAYS_MAX + ROUTES_MAX];
	size_t n;
};

static struct snapshot
snapshot(const struct relays *all)
{
	struct snapshot s = { .n = 0 };

	LIST_EACH(r, &all->list, struct relay, in_all) {
		if (s.n < sizeof(s.at) / sizeof(*s.at))
			s.at[s.n++] = r;
	}
	return s;
}

/* ---- the link tells ---------------------------------------------------- */

static void
tell_state(struct relays *all)
{
	all->setup.on_state(all->setup.ctx);
	all->setup.chat->on_relays(all->setup.chat->chat);
}

static void
on_up(void *owner)
{
	struct relay *r = owner;
	struct relays *all = r->all;

	r->route.has_key = true;
	memcpy(r->route.key, relay_link_key(r->link), KEY_LEN);
	/* The token is for my relay, and for no other. */
	if (r->is_mine && *all->token)
		relay_say(r, &(struct relay_msg){ .op = OP_HELLO,
		    .p = (const uint8_t *)all->token,
		    .len = strlen(all->token) });
	relay_meet_up(r);
	relay_mail_up(r);
	relay_drops_up(r);
	relay_sends_pump(r);
	relay_pipes_up(r);
}

/* One that wants another token ends the link instead: it is never told as
 * up. */
static void
on_pong(void *owner)
{
	struct relay *r = owner;

	if (r->is_let_in)
		return;
	r->is_let_in = true;
	log_info("relay: %s is up", r->where);
	tell_state(r->all);
}

static void
on_down(void *owner, bool was_up)
{
	struct relay *r = owner;
	struct relays *all = r->all;

	if (r->is_let_in)
		log_info("relay: %s is down", r->where);
	r->is_let_in = false;
	if (was_up) {
		people_lost(all, r);
		relay_mail_lost(r);
		drop_asks(r);
		relay_pipes_lost(r, "the connection to the relay was lost");
	}
	tell_state(all);
}

static void
on_room(void *owner)
{
	struct relay *r = owner;

	relay_sends_pump(r);
	relay_pipes_room(r);
}

static bool
on_msg(void *owner, const struct relay_msg *m)
{
	struct relay *r = owner;

	switch ((unsigned)m->op) {
	case OP_DONE:
		/* The token, or the lack of it: no question of mine. */
		if (m->tag == 0 && m->value == RELAY_DENIED) {
			relay_denied(r);
			relay_link_fail(r->link, "it wants its access token");
			return true;
		}
		answer(r, m);
		return true;
	case OP_REACHED:
		answer(r, m);
		return true;
	case OP_LETTER:
		return relay_mail_letter(r, m);
	case OP_HERE:
		relay_meet_here(r, m);
		return true;
	case OP_RING:
	case OP_DATA:
	case OP_CREDIT:
	case OP_HANG:
		return relay_pipes_msg(r, m);
	}
	/* Of a later version, or nothing a relay says. */
	return true;
}

static const struct relay_link_events link_events = {
	.on_up = on_up,
	.on_pong = on_pong,
	.on_msg = on_msg,
	.on_room = on_room,
	.on_down = on_down
};

/* ---- mine -------------------------------------------------------------- */

static int
parse_mine(struct route *mine, size_t *n_mine, const char *const *list,
    size_t n, struct err *e)
{
	*n_mine = 0;
	for (size_t i = 0; i < n; i++) {
		struct route route;
		bool is_new = true;

		if (route_parse(&route, list[i], e) != 0)
			return -1;
		for (size_t k = 0; k < *n_mine; k++)
			if (route_same_relay(&mine[k], &route))
				is_new = false;
		if (!is_new)
			continue;
		if (*n_mine == ROUTES_MAX)
			return err_set(e, STATUS_USAGE, "more than %d relays "
			    "of my own", ROUTES_MAX);
		route.has_place = false;
		mine[(*n_mine)++] = route;
	}
	return 0;
}

/* It stays as it is: the same place, and no key that contradicts. */
static bool
is_same(const struct relay *r, const struct route *route)
{
	return r->is_mine && r->route.port == route->port &&
	    strcmp(r->route.host, route->host) == 0 &&
	    r->is_keyed == route->has_key &&
	    (!route->has_key ||
	    memcmp(r->route.key, route->key, KEY_LEN) == 0);
}

static bool
has_relay(const struct route *list, size_t n, const struct route *route)
{
	for (size_t i = 0; i < n; i++)
		if (route_same_relay(&list[i], route))
			return true;
	return false;
}

int
relays_set(struct relays *all, const char *const *list, size_t n,
    const char *token, struct err *e)
{
	struct route mine[ROUTES_MAX];
	struct relay *keep[ROUTES_MAX] = { NULL };
	struct snapshot now;
	size_t n_mine;

	if (!token)
		token = "";
	if (strlen(token) > RELAY_TOKEN_MAX)
		return err_set(e, STATUS_USAGE, "the access token is longer "
		    "than %d characters", RELAY_TOKEN_MAX);
	if (parse_mine(mine, &n_mine, list, n, e) != 0)
		return -1;
	now = snapshot(all);
	for (size_t k = 0; k < now.n; k++) {
		struct relay *r = now.at[k];
		size_t i = 0;

		while (i < n_mine && (keep[i] || !is_same(r, &mine[i]) ||
		    strcmp(token, all->token) != 0))
			i++;
		if (i < n_mine)
			keep[i] = r;
		else if (r->is_mine || has_relay(mine, n_mine, &r->route))
			free_relay(r);
	}
	snprintf(all->token, sizeof(all->token), "%s", token);
	for (size_t i = 0; i < n_mine; i++) {
		if (!keep[i]) {
			make_place(all);
			keep[i] = new_relay(all, &mine[i], true);
		}
		list_remove(&keep[i]->in_all);
		list_append(&all->list, &keep[i]->in_all);
	}
	if (n_mine > 0 && !timer_is_set(&all->daily))
		on_relays_day(all);
	tell_state(all);
	return 0;
}

/* ---- changes of the network -------------------------------------------- */

static bool
is_still_mine(const struct ifaces *ifaces, const struct relay *r)
{
	struct addr local;

	if (!ifaces || !relay_link_local(r->link, &local))
		return true;
	for (size_t i = 0; i < ifaces_count(ifaces); i++)
		if (addr_same_ip(&ifaces_at(ifaces, i)->addr, &local))
			return true;
	return false;
}

void
relays_moved(struct relays *all)
{
	struct snapshot now = snapshot(all);

	for (size_t i = 0; i < now.n; i++) {
		struct relay *r = now.at[i];

		if (r->dead)
			continue;
		if (relay_link_state(r->link) == RELAY_LINK_LATER ||
		    !is_still_mine(all->setup.ifaces, r))
			relay_link_redial(r->link);
		else
			relay_link_probe(r->link);
	}
}

void
relays_again(struct relays *all)
{
	struct snapshot now = snapshot(all);

	for (size_t i = 0; i < now.n; i++)
		if (!now.at[i]->dead && relay_mail_is_untaken(now.at[i]))
			relay_link_redial(now.at[i]->link);
}

/* ---- what is told ------------------------------------------------------ */

size_t
relays_count(const struct relays *all)
{
	return all->n;
}

static enum relay_how
how_is(const struct relay *r)
{
	const struct relay_link *l = r->link;

	switch (relay_link_state(l)) {
	case RELAY_LINK_UP:
		return r->is_let_in ? RELAY_IS_UP : RELAY_IS_TRYING;
	case RELAY_LINK_LATER:
		if (*relay_link_why(l))
			return RELAY_IS_DOWN;
		break;
	case RELAY_LINK_DIAL:
	case RELAY_LINK_HANDSHAKE:
		break;
	}
	return RELAY_IS_TRYING;
}

static void
fill_state(const struct relay *r, struct relay_state *out)
{
	const struct relay_welcome *w = relay_link_welcome(r->link);

	memset(out, 0, sizeof(*out));
	snprintf(out->where, sizeof(out->where), "%s", r->where);
	route_format(&r->route, out->address);
	out->how = how_is(r);
	out->is_mine = r->is_mine;
	out->rtt_us = relay_link_rtt_us(r->link);
	out->again_ms = relay_link_again_ms(r->link);
	snprintf(out->why, sizeof(out->why), "%s", relay_link_why(r->link));
	if (out->how != RELAY_IS_UP)
		return;
	out->at = relay_link_peer(r->link);
	out->seen = w->seen;
	out->stun[0] = w->stun[0];
	out->stun[1] = w->stun[1];
}

bool
relays_at(const struct relays *all, size_t i, struct relay_state *out)
{
	for (int mine = 1; mine >= 0; mine--) {
		LIST_EACH(r, &all->list, struct relay, in_all) {
			if (r->is_mine != (mine == 1) || i-- > 0)
				continue;
			fill_state(r, out);
			return true;
		}
	}
	return false;
}

/* ---- birth and end ----------------------------------------------------- */

struct relays *
relays_new(const struct relays_setup *setup)
{
	struct relays *all = mem_new(sizeof(*all));

	all->setup = *setup;
	all->loop = setup->streams->loop;
	list_init(&all->list);
	list_init(&all->people);
	list_init(&all->pipes);
	list_init(&all->uploads);
	all->by_id = map_new(ID_LEN);
	all->by_meet = map_new(MEET_ID);
	all->letters = map_new(sizeof(uint64_t));
	all->day = relays_day(all);
	timer_init(&all->daily, all->loop, on_relays_day, all);
	relay_drops_load(all);
	return all;
}

void
relays_free(struct relays *all)
{
	if (!all)
		return;
	timer_stop(&all->daily);
	relay_sends_clear(all);
	relay_pipes_clear(all);
	relays_try_stop(all);
	LIST_EACH(r, &all->list, struct relay, in_all)
		free_relay(r);
	relay_drops_clear(all);
	people_clear(all);
	map_free(all->by_id);
	map_free(all->by_meet);
	map_free(all->letters);
	wipe(all->token, sizeof(all->token));
	free(all);
}
