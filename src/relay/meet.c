#include "meet.h"

#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "mem.h"

/* A source has as many as four connections may: three days' ids of a
 * thousand people each. */
enum { SOURCE_CONNS = 4 };

static void
leave(struct relay *r, struct seat *s)
{
	struct conn *c = s->conn;

	seats_remove(&r->meets, s, &c->more->meets);
	c->more->n_meets--;
	c->source->n_meets--;
	r->stats.meets--;
	free(s);
}

struct conn *
meet_other(struct relay *r, const uint8_t id[MEET_ID], const struct conn *c)
{
	struct seat *s = seats_get(&r->meets, id);

	while (s && s->conn == c)
		s = seat_older(s);
	return s ? s->conn : NULL;
}

/* True: another one waits there. */
static bool
tell_others(struct relay *r, const struct conn *c, const uint8_t id[MEET_ID])
{
	bool any = false;

	for (struct seat *s = seats_get(&r->meets, id); s;
	    s = seat_older(s)) {
		if (s->conn == c)
			continue;
		any = true;
		/* It is only a hint: whoever calls is answered anyway. */
		if (!conn_is_full(s->conn))
			conn_say(s->conn, &(struct relay_msg){
			    .op = OP_HERE, .p = id, .len = MEET_ID });
	}
	return any;
}

/* Makes room at the id, and finds out whether c is there already. */
static bool
is_there(struct relay *r, const struct conn *c, const uint8_t id[MEET_ID])
{
	struct seat *oldest = NULL;
	size_t n = 0;

	for (struct seat *s = seats_get(&r->meets, id); s;
	    s = seat_older(s)) {
		if (s->conn == c)
			return true;
		oldest = s;
		n++;
	}
	if (n >= MEET_WAITING)
		leave(r, oldest);
	return false;
}

static bool
has_room(const struct conn *c)
{
	const struct relay_limits *l = &c->relay->limits;
	const unsigned n = c->more ? c->more->n_meets : 0;

	return n < l->meets && n < UINT16_MAX &&
	    c->source->n_meets < (uint64_t)l->meets * SOURCE_CONNS;
}

/* True: another one waits at the id, where c waits now or did before. */
static bool
sit_down(struct conn *c, const uint8_t id[MEET_ID])
{
	struct relay *r = c->relay;
	struct seat *s;
	bool any;

	if (is_there(r, c, id))
		return meet_other(r, id, c) != NULL;
	if (!has_room(c))
		return false;
	any = tell_others(r, c, id);
	s = mem_new(sizeof(*s));
	s->conn = c;
	memcpy(s->id, id, MEET_ID);
	seats_put(&r->meets, s, &conn_more(c)->meets);
	c->more->n_meets++;
	c->source->n_meets++;
	r->stats.meets++;
	return any;
}

void
meet_ids(struct conn *c, const uint8_t *ids, size_t n)
{
	uint8_t here[MEET_ID * RELAY_IDS_MAX];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *id = ids + i * MEET_ID;

		if (sit_down(c, id)) {
			memcpy(here + len, id, MEET_ID);
			len += MEET_ID;
		}
	}
	if (len > 0)
		conn_say(c, &(struct relay_msg){ .op = OP_HERE, .p = here,
		    .len = len });
}

void
meet_part(struct conn *c, const uint8_t *ids, size_t n)
{
	struct relay *r = c->relay;

	for (size_t i = 0; i < n; i++) {
		struct seat *s = seats_get(&r->meets, ids + i * MEET_ID);

		while (s && s->conn != c)
			s = seat_older(s);
		if (s)
			leave(r, s);
	}
}

void
meet_leave_all(struct conn *c)
{
	struct seat *s;

	if (!c->more)
		return;
	while ((s = seats_pop(&c->relay->meets, &c->more->meets)) != NULL) {
		c->more->n_meets--;
		c->source->n_meets--;
		c->relay->stats.meets--;
		free(s);
	}
}
