#include "pipe.h"

#include <stdlib.h>

#include "engine.h"
#include "meet.h"
#include "mem.h"

struct pipe {
	struct conn *end[2];
	uint32_t number[2];		/* as each end calls it */
	uint32_t may[2];		/* bytes each end may send */
};

struct row {
	uint32_t number;
	uint32_t side;			/* which end of it */
	struct pipe *pipe;
};

struct pipes {
	uint32_t n, room;
	uint32_t last;			/* where one was found */
	struct row at[];
};

static struct pipes *
pipes_of(const struct conn *c)
{
	return c->more ? c->more->pipes : NULL;
}

static struct row *
find(const struct conn *c, uint32_t number)
{
	struct pipes *p = pipes_of(c);

	if (!p)
		return NULL;
	if (p->last < p->n && p->at[p->last].number == number)
		return &p->at[p->last];
	for (uint32_t i = 0; i < p->n; i++) {
		if (p->at[i].number == number) {
			p->last = i;
			return &p->at[i];
		}
	}
	return NULL;
}

static size_t
count(const struct conn *c)
{
	return pipes_of(c) ? pipes_of(c)->n : 0;
}

static void
add(struct conn *c, uint32_t number, struct pipe *pipe, uint32_t side)
{
	struct pipes *p = pipes_of(c);

	if (!p || p->n == p->room) {
		uint32_t room = p ? p->room * 2 : 2;

		p = mem_resize(p, 1, sizeof(*p) + room * sizeof(*p->at));
		if (!pipes_of(c))
			p->n = p->last = 0;
		p->room = room;
		conn_more(c)->pipes = p;
	}
	p->at[p->n++] = (struct row){ number, side, pipe };
	pipe->end[side] = c;
	pipe->number[side] = number;
}

static void
drop(struct conn *c, uint32_t number)
{
	struct row *row = find(c, number);
	struct pipes *p = c->more->pipes;

	*row = p->at[--p->n];
	if (p->n > 0)
		return;
	free(p);
	c->more->pipes = NULL;
}

static void
say_hang(struct conn *c, uint32_t number, enum relay_hang why)
{
	conn_say(c, &(struct relay_msg){ .op = OP_HANG, .tag = number,
	    .value = why });
}

/* Takes it from both ends; tells those that are asked for. */
static void
end_pipe(struct relay *r, struct pipe *p, bool tell0, bool tell1,
    enum relay_hang why)
{
	if (tell0)
		say_hang(p->end[0], p->number[0], why);
	if (tell1)
		say_hang(p->end[1], p->number[1], why);
	drop(p->end[0], p->number[0]);
	drop(p->end[1], p->number[1]);
	r->stats.pipes--;
	free(p);
}

/* Numbers are not used again soon: what was still on its way for an old pipe
 * must not come out of a new one. */
static uint32_t
new_number(struct conn *c)
{
	uint32_t number, *next = &conn_more(c)->next_ring;

	do
		number = RELAY_RING +
		    ((*next)++ & (RELAY_RING - 1));
	while (find(c, number));
	return number;
}

bool
pipe_call(struct conn *c, uint32_t number, const uint8_t id[MEET_ID])
{
	struct relay *r = c->relay;
	struct conn *to;
	struct pipe *p;

	if (number >= RELAY_RING || find(c, number))
		return false;
	r->stats.calls++;
	to = meet_other(r, id, c);
	if (!to) {
		r->stats.calls_nobody++;
		say_hang(c, number, HANG_NOBODY);
		return true;
	}
	if (count(c) >= r->limits.pipes || count(to) >= r->limits.pipes ||
	    conn_is_full(to)) {
		say_hang(c, number, HANG_LIMIT);
		return true;
	}
	p = mem_new(sizeof(*p));
	p->may[0] = p->may[1] = RELAY_WINDOW;
	add(c, number, p, 0);
	add(to, new_number(to), p, 1);
	r->stats.pipes++;
	conn_say(to, &(struct relay_msg){ .op = OP_RING,
	    .tag = p->number[1], .queue = id });
	return true;
}

void
pipe_data(struct conn *c, const struct relay_msg *m)
{
	struct row *row = find(c, m->tag);
	struct relay_msg on = *m;
	struct pipe *p;
	unsigned side;

	if (!row || m->len == 0)
		return;
	p = row->pipe;
	side = row->side;
	if (m->len > p->may[side] || conn_is_full(p->end[1 - side])) {
		end_pipe(c->relay, p, true, true, HANG_LIMIT);
		return;
	}
	p->may[side] -= (uint32_t)m->len;
	on.tag = p->number[1 - side];
	conn_say(p->end[1 - side], &on);
	c->relay->stats.data++;
	c->relay->stats.data_bytes += m->len;
}

void
pipe_credit(struct conn *c, uint32_t number, uint32_t value)
{
	struct row *row = find(c, number);
	struct pipe *p;
	unsigned other;

	if (!row || value == 0)
		return;
	p = row->pipe;
	other = 1 - row->side;
	if (value > RELAY_WINDOW - p->may[other]) {
		end_pipe(c->relay, p, true, true, HANG_LIMIT);
		return;
	}
	p->may[other] += value;
	conn_say(p->end[other], &(struct relay_msg){ .op = OP_CREDIT,
	    .tag = p->number[other], .value = value });
}

void
pipe_hang(struct conn *c, uint32_t number, enum relay_hang why)
{
	struct row *row = find(c, number);

	if (row)
		end_pipe(c->relay, row->pipe, row->side != 0, row->side != 1,
		    why);
}

void
pipe_gone(struct conn *c)
{
	while (pipes_of(c)) {
		struct row *row = &pipes_of(c)->at[0];

		end_pipe(c->relay, row->pipe, row->side != 0, row->side != 1,
		    HANG_GONE);
	}
}
