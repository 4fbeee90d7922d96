#include "relay-own.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

enum {
	TRIES_MAX = RELAYS_MAX + ROUTES_MAX,
	/* Kept until somebody answered, to be said again at the next relay:
	 * the first message of a handshake is not 200 bytes. */
	FIRST_MAX = 4096,
	/* Credit is given when so much was eaten. */
	CREDIT_STEP = RELAY_WINDOW / 4
};

/*
 *	     .-- next relay --.
 *	     v                |
 *	WAITING --up--> CALLING --a byte or credit--> JOINED
 *	     '---------------'--- none left ---------> over
 *
 * A pipe that somebody else called is JOINED from the start.
 */
enum pipe_state { PIPE_WAITING, PIPE_CALLING, PIPE_JOINED, PIPE_OVER };

struct pipe {
	struct relays *all;
	struct list in_all;
	enum pipe_state state;
	struct stream *stream;
	bool is_visit;			/* to or from `plate` .. */
	uint8_t plate[MEET_ID];
	struct user_id who;		/* .. else this person */
	struct relay *relay;		/* NULL: over */
	uint32_t number;		/* while CALLING or JOINED */
	size_t out_credit, in_credit, eaten;
	bool is_silent;			/* called, and said nothing yet */
	struct route tries[TRIES_MAX];
	size_t n_tries, next_try;
	struct buf first;
	struct timer patience;
};

static const char *const hang_why[RELAY_HANGS] = {
	[HANG_DONE] = "the other side ended it",
	[HANG_NOBODY] = "they are not at the relay",
	[HANG_GONE] = "they left the relay",
	[HANG_LIMIT] = "the relay carries no more for us"
};

/* ---- the end ----------------------------------------------------------- */

/* It is at no relay any more. */
static void
leave(struct pipe *p)
{
	if (!p->relay)
		return;
	if (p->state == PIPE_CALLING || p->state == PIPE_JOINED)
		map_remove(p->relay->pipes, &p->number);
	relay_used(p->relay);
	p->relay = NULL;
}

static void
hang(struct relay *r, uint32_t number, enum relay_hang why)
{
	relay_say(r, &(struct relay_msg){
	    .op = OP_HANG, .tag = number, .value = (uint32_t)why });
}

/* The stream's owner closes it from there. */
static void
finish(struct pipe *p, const char *why)
{
	if (p->state == PIPE_OVER)
		return;
	timer_stop(&p->patience);
	leave(p);
	p->state = PIPE_OVER;
	stream_ended(p->stream, why);
}

static void
close_pipe(void *impl, bool cut)
{
	struct pipe *p = impl;

	(void)cut;
	timer_stop(&p->patience);
	if (p->relay && (p->state == PIPE_CALLING ||
	    p->state == PIPE_JOINED))
		hang(p->relay, p->number, HANG_DONE);
	leave(p);
	list_remove(&p->in_all);
	buf_clear(&p->first);
	free(p);
}

/* ---- bytes ------------------------------------------------------------- */

static void
send_bytes(struct pipe *p, const uint8_t *at, size_t len)
{
	p->out_credit -= len;
	p->is_silent = false;
	while (len > 0) {
		size_t n = len < RELAY_PIECE_MAX ? len : RELAY_PIECE_MAX;

		relay_say(p->relay, &(struct relay_msg){
		    .op = OP_DATA, .tag = p->number, .p = at, .len = n });
		at += n;
		len -= n;
	}
}

static size_t
write_pipe(void *impl, const void *at, size_t len)
{
	struct pipe *p = impl;
	size_t room;

	if (p->state != PIPE_CALLING && p->state != PIPE_JOINED)
		return 0;
	room = relay_link_room(p->relay->link);
	if (len > room)
		len = room;
	if (len > p->out_credit)
		len = p->out_credit;
	if (p->state == PIPE_CALLING) {
		if (len > FIRST_MAX - p->first.len)
			len = FIRST_MAX - p->first.len;
		buf_put(&p->first, at, len);
	}
	send_bytes(p, at, len);
	return len;
}

static void
give_credit(void *impl, size_t n)
{
	struct pipe *p = impl;

	p->eaten += n;
	if (p->state != PIPE_JOINED ||
	    (p->eaten < CREDIT_STEP && !p->is_silent))
		return;
	/* The caller keeps his first bytes until he hears of us. */
	p->is_silent = false;
	relay_say(p->relay, &(struct relay_msg){
	    .op = OP_CREDIT, .tag = p->number, .value = (uint32_t)p->eaten });
	p->in_credit += p->eaten;
	p->eaten = 0;
}

static const struct stream_ops pipe_ops = {
	.write = write_pipe,
	.eaten = give_credit,
	.close = close_pipe
};

/* ---- calling ----------------------------------------------------------- */

static void
join(struct pipe *p)
{
	if (p->state != PIPE_CALLING)
		return;
	p->state = PIPE_JOINED;
	timer_stop(&p->patience);
	buf_clear(&p->first);
	stream_may_write(p->stream);
}

static uint32_t
new_number(struct relay *r)
{
	do {
		if (++r->last_pipe >= RELAY_RING)
			r->last_pipe = 1;
	} while (map_get(r->pipes, &r->last_pipe));
	return r->last_pipe;
}

/* Where they are called, NULL: nowhere any more.  Whoever calls at a visited
 * relay waits there, too. */
static const uint8_t *
place_of(struct pipe *p)
{
	struct person *who;

	if (p->is_visit)
		return p->plate;
	who = person_find(p->all, &p->who);
	if (!who || !person_has_ids(who))
		return NULL;
	relay_meet_visit(p->relay, who);
	return who->ids[1];
}

static void
call(struct pipe *p)
{
	const uint8_t *id = place_of(p);
	struct relay *r = p->relay;

	if (!id) {
		finish(p, "they are not wanted any more");
		return;
	}
	p->state = PIPE_CALLING;
	p->number = new_number(r);
	map_put(r->pipes, &p->number, p);
	p->out_credit = p->in_credit = RELAY_WINDOW;
	p->eaten = 0;
	relay_say(r, &(struct relay_msg){
	    .op = OP_CALL, .tag = p->number, .queue = id });
	send_bytes(p, p->first.at, p->first.len);
	stream_may_write(p->stream);
}

/* A relay that did not answer lately is no place to wait at, while there is
 * another one. */
static bool
is_hopeless(const struct relay *r)
{
	return relay_link_state(r->link) == RELAY_LINK_LATER &&
	    *relay_link_why(r->link);
}

static bool
try_next(struct pipe *p)
{
	char where[ROUTE_TEXT + 6];

	leave(p);
	p->state = PIPE_WAITING;
	while (p->next_try < p->n_tries &&
	    (p->is_visit || person_find(p->all, &p->who))) {
		struct relay *r = relay_at(p->all,
		    &p->tries[p->next_try++]);

		if (!r || map_count(r->pipes) >= RELAY_PIPES_MAX)
			continue;
		relay_link_hurry(r->link);
		if (is_hopeless(r) && p->next_try < p->n_tries)
			continue;
		p->relay = r;
		relay_used(r);
		snprintf(where, sizeof(where), "relay %s", r->where);
		stream_set_where(p->stream, where);
		timer_set(&p->patience, RELAY_TRIES_MS);
		if (relay_is_up(r))
			call(p);
		return true;
	}
	return false;
}

static void
on_patience(void *arg)
{
	struct pipe *p = arg;

	if (p->state == PIPE_CALLING) {
		/* The last one has as long as the handshake upon it. */
		if (p->next_try == p->n_tries)
			return;
		hang(p->relay, p->number, HANG_DONE);
	}
	if (!try_next(p))
		finish(p, "no relay of theirs answers");
}

static void
add_try(struct pipe *p, const struct route *route)
{
	for (size_t i = 0; i < p->n_tries; i++)
		if (route_same_relay(&p->tries[i], route))
			return;
	if (p->n_tries < TRIES_MAX)
		p->tries[p->n_tries++] = *route;
}

/* who NULL: a visit. */
static struct pipe *
new_pipe(struct relays *all, const struct user_id *who, struct relay *r,
    const struct stream_events *events, void *owner)
{
	struct addr peer = { .family = ADDR_V4 };
	struct pipe *p = mem_new(sizeof(*p));

	if (r)
		peer = relay_link_peer(r->link);
	p->all = all;
	p->is_visit = !who;
	if (who)
		p->who = *who;
	p->relay = r;
	buf_init(&p->first);
	timer_init(&p->patience, all->loop, on_patience, p);
	list_append(&all->pipes, &p->in_all);
	p->stream = stream_of_pipe(all->setup.streams, &pipe_ops, p, &peer,
	    events, owner);
	return p;
}

/* At a relay of mine I wait for them, and it tells when they come. */
static bool
would_know(const struct relays *all, const struct route *route)
{
	const struct relay *r = relay_find(all, route);

	return r && r->is_mine && relay_is_up(r);
}

struct stream *
relays_call(struct relays *all, const struct user_id *who,
    const struct stream_events *events, void *owner)
{
	struct person *him = person_find(all, who);
	struct pipe *p;

	relays_note_day(all);
	if (!him || him->n_here + him->n_places == 0 || !person_has_ids(him))
		return NULL;
	p = new_pipe(all, who, NULL, events, owner);
	for (size_t i = 0; i < him->n_here; i++)
		add_try(p, &him->here[i]->route);
	for (size_t i = 0; i < him->n_places; i++)
		if (!would_know(all, &him->places[i]))
			add_try(p, &him->places[i]);
	if (try_next(p))
		return p->stream;
	stream_free(p->stream);
	return NULL;
}

struct stream *
relays_visit(struct relays *all, size_t i, const uint8_t id[MEET_ID],
    const struct stream_events *events, void *owner)
{
	struct pipe *p;

	LIST_EACH(r, &all->list, struct relay, in_all) {
		if (!r->is_mine || i-- > 0)
			continue;
		p = new_pipe(all, NULL, NULL, events, owner);
		memcpy(p->plate, id, MEET_ID);
		add_try(p, &r->route);
		if (try_next(p))
			return p->stream;
		stream_free(p->stream);
		return NULL;
	}
	return NULL;
}

/* ---- what the relay says ----------------------------------------------- */

static bool
take_data(struct relay *r, const struct relay_msg *m)
{
	struct pipe *p = map_get(r->pipes, &m->tag);

	/* Bytes that crossed our goodbye. */
	if (!p)
		return true;
	if (m->len > p->in_credit) {
		hang(r, p->number, HANG_LIMIT);
		finish(p, "the relay sent more than was asked for");
		return true;
	}
	relay_used(r);
	p->in_credit -= m->len;
	join(p);
	stream_feed(p->stream, m->p, m->len);
	return true;
}

static bool
take_credit(struct relay *r, const struct relay_msg *m)
{
	struct pipe *p = map_get(r->pipes, &m->tag);

	if (!p)
		return true;
	/* More than the window is no gift: who would hold those bytes? */
	if (m->value > RELAY_WINDOW - p->out_credit)
		p->out_credit = RELAY_WINDOW;
	else
		p->out_credit += m->value;
	join(p);
	stream_may_write(p->stream);
	return true;
}

static bool
take_hang(struct relay *r, const struct relay_msg *m)
{
	struct pipe *p = map_get(r->pipes, &m->tag);
	struct person *him;

	if (!p)
		return true;
	him = p->is_visit ? NULL : person_find(r->all, &p->who);
	/* Not when they are gone: they may be back, and were said to be. */
	if (him && m->value == HANG_NOBODY)
		relay_meet_gone(him, r);
	if (p->state != PIPE_CALLING || !try_next(p))
		finish(p, hang_why[m->value]);
	return true;
}

static bool
take_ring(struct relay *r, const struct relay_msg *m)
{
	struct relays *all = r->all;
	struct person *him = map_get(all->by_meet, m->queue);
	bool is_visit = r->is_mine && all->waits &&
	    memcmp(m->queue, all->plate, MEET_ID) == 0;
	char where[ROUTE_TEXT + 6];
	struct pipe *p;

	if (m->tag < RELAY_RING || map_get(r->pipes, &m->tag)) {
		log_debug("relay: a call with a number that cannot be");
		return false;
	}
	if (!is_visit && (!him || !him->wanted)) {
		hang(r, m->tag, HANG_NOBODY);
		return true;
	}
	if (map_count(r->pipes) >= RELAY_PIPES_MAX) {
		hang(r, m->tag, HANG_LIMIT);
		return true;
	}
	p = new_pipe(all, is_visit ? NULL : &him->id, r, NULL, NULL);
	p->state = PIPE_JOINED;
	p->is_silent = true;
	p->number = m->tag;
	p->out_credit = p->in_credit = RELAY_WINDOW;
	map_put(r->pipes, &p->number, p);
	relay_used(r);
	snprintf(where, sizeof(where), "relay %s", r->where);
	stream_set_where(p->stream, where);
	if (is_visit)
		all->setup.on_visit(all->setup.ctx, p->stream);
	else
		all->setup.on_call(all->setup.ctx, p->stream, &p->who);
	return true;
}

bool
relay_pipes_msg(struct relay *r, const struct relay_msg *m)
{
	switch ((unsigned)m->op) {
	case OP_DATA:
		return take_data(r, m);
	case OP_CREDIT:
		return take_credit(r, m);
	case OP_HANG:
		return take_hang(r, m);
	case OP_RING:
		return take_ring(r, m);
	}
	return true;
}

/* ---- the connection ---------------------------------------------------- */

/* What ends a pipe may end its neighbour: the list is walked anew. */
static struct pipe *
one_of(const struct relay *r, bool waiting)
{
	LIST_EACH(p, &r->all->pipes, struct pipe, in_all) {
		if (p->relay == r && waiting == (p->state == PIPE_WAITING))
			return p;
	}
	return NULL;
}

void
relay_pipes_up(struct relay *r)
{
	struct pipe *p;

	while ((p = one_of(r, true)))
		call(p);
}

void
relay_pipes_room(struct relay *r)
{
	LIST_EACH(p, &r->all->pipes, struct pipe, in_all) {
		if (p->relay == r)
			stream_may_write(p->stream);
	}
}

void
relay_pipes_lost(struct relay *r, const char *why)
{
	struct pipe *p;

	while ((p = one_of(r, false)) || (r->dead && (p = one_of(r, true)))) {
		if (p->state == PIPE_JOINED || !try_next(p))
			finish(p, why);
	}
}

bool
relay_pipes_use(const struct relay *r)
{
	LIST_EACH(p, &r->all->pipes, struct pipe, in_all) {
		if (p->relay == r)
			return true;
	}
	return false;
}

void
relay_pipes_clear(struct relays *all)
{
	struct pipe *p;

	/* Whoever owns such a stream still closes it. */
	while ((p = LIST_FIRST(&all->pipes, struct pipe, in_all))) {
		list_remove(&p->in_all);
		finish(p, "p2ptui is closing");
	}
}
