#include "box.h"

#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "log.h"
#include "mem.h"
#include "queuekey.h"

enum {
	SOURCE_CONNS = 4		/* of one source: as many as these
					 * may open */
};

/* A letter that is on its way to its reader. */
struct flying {
	uint64_t number;
	uint32_t len;
};

/* NULL while nothing is on its way and nothing waits for room: what the
 * mailbox has then was not sent yet. */
struct flight {
	uint32_t first, end, room;	/* of at[] */
	uint32_t bytes;
	uint64_t after;			/* the last letter that was sent */
	bool more;			/* letters wait for room */
	struct flying at[];
};

static struct box *
box_of(struct seat *s)
{
	return (struct box *)(void *)s;		/* it is the first member */
}

/* The one this connection reads; NULL for all others. */
static struct box *
own_box(const struct conn *c, const uint8_t id[QUEUE_ID])
{
	struct seat *s = seats_get(&c->relay->boxes, id);

	return s && s->conn == c ? box_of(s) : NULL;
}

static void
free_box(struct box *b)
{
	struct conn *c = b->seat.conn;

	free(b->flight);
	c->n_boxes--;
	c->source->n_boxes--;
	c->relay->stats.queues_open--;
	if (b == &c->box)
		memset(b, 0, sizeof(*b));
	else
		free(b);
}

static void
close_box(struct box *b)
{
	struct conn *c = b->seat.conn;

	seats_remove(&c->relay->boxes, &b->seat, &c->boxes);
	free_box(b);
}

void
box_close_all(struct conn *c)
{
	struct seat *s;

	while ((s = seats_pop(&c->relay->boxes, &c->boxes)) != NULL)
		free_box(box_of(s));
}

/* ---- letters to their reader --------------------------------------------- */

/* With room for one more. */
static struct flight *
flight_of(struct box *b)
{
	struct flight *f = b->flight;
	uint32_t room;

	if (f && f->end < f->room)
		return f;
	if (f && f->first > f->room / 2) {
		f->end -= f->first;
		memmove(f->at, f->at + f->first, f->end * sizeof(*f->at));
		f->first = 0;
		return f;
	}
	room = f ? f->room * 4 : 4;
	b->flight = mem_resize(f, 1, sizeof(*f) + room * sizeof(*f->at));
	if (!f)
		memset(b->flight, 0, sizeof(*f));
	b->flight->room = room;
	return b->flight;
}

static uint32_t
n_flying(const struct flight *f)
{
	return f ? f->end - f->first : 0;
}

/* When there is nothing to be known any more. */
static void
land_all(struct box *b)
{
	if (!b->flight || n_flying(b->flight) > 0 || b->flight->more)
		return;
	free(b->flight);
	b->flight = NULL;
}

static bool
has_room(const struct box *b, size_t len)
{
	const struct flight *f = b->flight;
	struct conn *c = b->seat.conn;

	if (c->out && c->out->buf.len >= BOX_BYTES) {
		c->wants_letters = true;
		return false;
	}
	return n_flying(f) == 0 || (n_flying(f) < BOX_LETTERS &&
	    f->bytes + len <= BOX_BYTES);
}

static bool
send_letter(void *arg, uint64_t number, const void *p, size_t len)
{
	struct box *b = arg;
	struct flight *f;

	if (!has_room(b, len)) {
		flight_of(b)->more = true;
		return false;
	}
	f = flight_of(b);
	f->at[f->end++] = (struct flying){ number, (uint32_t)len };
	f->bytes += (uint32_t)len;
	f->after = number;
	b->seat.conn->relay->stats.letters_out++;
	conn_say(b->seat.conn, &(struct relay_msg){ .op = OP_LETTER,
	    .queue = b->seat.id, .number = number, .p = p, .len = len });
	return true;
}

static void
push(struct relay *r, const uint8_t id[QUEUE_ID])
{
	struct seat *s = seats_get(&r->boxes, id);
	struct box *b;

	if (!s)
		return;
	b = box_of(s);
	if (!has_room(b, 0)) {
		flight_of(b)->more = true;
		return;
	}
	if (b->flight)
		b->flight->more = false;
	queues_each(r->queues, id, b->flight ? b->flight->after : 0,
	    send_letter, b);
	land_all(b);
}

void
box_resume(struct conn *c)
{
	loop_again(c->relay->loop);
	for (struct seat *s = c->boxes; s; s = s->next) {
		if (box_of(s)->flight && box_of(s)->flight->more)
			engine_job(c->relay, JOB_PUSH, NULL, 0, s->id);
	}
}

static void
landed(struct box *b, uint64_t number)
{
	struct flight *f = b->flight;

	if (!f)
		return;
	/* They mostly land as they left. */
	for (uint32_t i = f->first; i < f->end; i++) {
		if (f->at[i].number != number)
			continue;
		f->bytes -= f->at[i].len;
		memmove(f->at + f->first + 1, f->at + f->first,
		    (i - f->first) * sizeof(*f->at));
		f->first++;
		break;
	}
	land_all(b);
}

void
box_delete(struct conn *c, const struct relay_msg *m)
{
	struct box *b = own_box(c, m->queue);

	if (!b)
		return;
	for (size_t i = 0; i < m->len; i += 8) {
		uint64_t number = get_u64(m->p + i);

		queues_delete(c->relay->queues, m->queue, number);
		c->relay->stats.letters_deleted++;
		landed(b, number);
	}
	if (b->flight && b->flight->more)
		engine_job(c->relay, JOB_PUSH, NULL, 0, b->seat.id);
}

/* ---- opening ------------------------------------------------------------- */

static bool
may_open(struct conn *c)
{
	const struct relay_limits *l = &c->relay->limits;

	return c->n_boxes < l->queues && c->n_boxes < UINT16_MAX &&
	    c->source->n_boxes < (uint64_t)l->queues * SOURCE_CONNS;
}

/* Looking at signatures takes time: some in each turn, so that nobody waits
 * for a person with a thousand contacts. */
void
box_open(struct conn *c, const struct relay_msg *m)
{
	struct relay *r = c->relay;
	struct opening *o;

	if (r->n_openings - r->opened >= BOX_OPENINGS_MAX ||
	    c->n_held >= r->limits.queues || c->n_held == UINT16_MAX - 1 ||
	    !bucket_take(&c->source->opens, QUOTA_OPENS_S,
	    r->limits.queues * 2, engine_ms(r))) {
		conn_done(c, m->tag, RELAY_LIMIT);
		return;
	}
	if (r->n_openings == r->openings_room) {
		/* First close the gap of those that were looked at. */
		if (r->opened > r->openings_room / 2) {
			r->n_openings -= r->opened;
			memmove(r->openings, r->openings + r->opened,
			    r->n_openings * sizeof(*r->openings));
			r->opened = 0;
		} else {
			r->openings_room = r->openings_room * 2 + 16;
			r->openings = mem_resize(r->openings,
			    r->openings_room, sizeof(*r->openings));
		}
	}
	o = &r->openings[r->n_openings++];
	o->conn = c;
	o->tag = m->tag;
	memcpy(o->key, m->key, sizeof(o->key));
	memcpy(o->token, m->token, sizeof(o->token));
	memcpy(o->sig, m->sig, sizeof(o->sig));
	c->n_held++;
}

static void
take_seat(struct conn *c, const uint8_t id[QUEUE_ID])
{
	struct relay *r = c->relay;
	struct seat *s = seats_get(&r->boxes, id);
	struct box *b;

	/* Opened again, by the same or another connection of its owner: the
	 * letters come once more. */
	if (s)
		close_box(box_of(s));
	b = c->box.seat.conn ? mem_new(sizeof(*b)) : &c->box;
	b->seat.conn = c;
	memcpy(b->seat.id, id, QUEUE_ID);
	seats_put(&r->boxes, &b->seat, &c->boxes);
	c->n_boxes++;
	c->source->n_boxes++;
	r->stats.queues_open++;
}

static void
open_box(struct conn *c, const struct opening *o)
{
	struct relay *r = c->relay;
	uint8_t id[QUEUE_ID];
	enum relay_status status;

	queue_id_of(id, o->key);
	if (!queue_auth_verify(o->key, c->hash, id, o->sig)) {
		r->stats.denied++;
		conn_done(c, o->tag, RELAY_DENIED);
		return;
	}
	if (!own_box(c, id) && !may_open(c)) {
		conn_done(c, o->tag, RELAY_LIMIT);
		return;
	}
	status = queues_make(r->queues, id, o->token,
	    loop_wall_ms(r->loop) / 1000);
	if (status != RELAY_OK) {
		conn_done(c, o->tag, status);
		return;
	}
	take_seat(c, id);
	engine_job(r, JOB_OPENED, c, o->tag, id);
}

static void
look_at_openings(struct relay *r)
{
	for (int i = 0; i < BOX_OPENINGS && r->opened < r->n_openings; i++) {
		const struct opening *o = &r->openings[r->opened++];

		o->conn->n_held--;
		if (conn_is_up(o->conn))
			open_box(o->conn, o);
	}
	if (r->opened < r->n_openings) {
		loop_again(r->loop);
		return;
	}
	r->opened = r->n_openings = 0;
	/* A rush leaves a large place behind. */
	if (r->openings_room > 1024) {
		free(r->openings);
		r->openings = NULL;
		r->openings_room = 0;
	}
}

void
box_drop(struct conn *c, const struct relay_msg *m)
{
	struct box *b = own_box(c, m->queue);

	if (!b) {
		conn_done(c, m->tag, RELAY_NO_QUEUE);
		return;
	}
	queues_drop(c->relay->queues, m->queue);
	close_box(b);
	engine_job(c->relay, JOB_DONE, c, m->tag, m->queue);
}

/* ---- leaving letters ----------------------------------------------------- */

/* RELAY_OK: it is in the turn's transaction.  *number is 0 when it was there
 * already. */
static enum relay_status
leave_letter(struct conn *c, const struct relay_msg *m, uint64_t *number)
{
	struct relay *r = c->relay;
	const struct relay_limits *l = &r->limits;
	enum relay_status status;
	uint8_t hash[32];

	if (m->len > RELAY_LETTER_MAX)
		return RELAY_TOO_LARGE;
	if (!bucket_take(&c->source->sends, l->sends_source_s,
	    l->sends_source_s * QUOTA_BURST_S, engine_ms(r)))
		return RELAY_LIMIT;
	queue_token_hash(hash, m->token);
	if (!quota_token_has(&r->quota, hash, l->sends_queue_s, engine_ms(r)))
		return RELAY_LIMIT;
	status = queues_put(r->queues, m->queue, hash, m->upload, m->p,
	    m->len, loop_wall_ms(r->loop) / 1000, number);
	if (status != RELAY_OK)
		return status;
	quota_token_note(&r->quota, hash, l->sends_queue_s, engine_ms(r));
	return RELAY_OK;
}

void
box_send(struct conn *c, const struct relay_msg *m)
{
	struct relay *r = c->relay;
	uint64_t number;
	enum relay_status status = leave_letter(c, m, &number);

	if (status != RELAY_OK) {
		r->stats.letters_refused++;
		conn_done(c, m->tag, status);
		return;
	}
	r->stats.letters_in++;
	engine_job(r, JOB_DONE, c, m->tag, m->queue);
	if (number != 0)
		engine_job(r, JOB_PUSH, NULL, 0, m->queue);
}

/* ---- the turn's transaction ---------------------------------------------- */

static void
run_job(struct relay *r, const struct job *j, bool stood)
{
	switch (j->kind) {
	case JOB_DONE:
		conn_done(j->conn, j->tag, stood ? RELAY_OK : RELAY_TROUBLE);
		break;
	case JOB_OPENED:
		conn_done(j->conn, j->tag, stood ? RELAY_OK : RELAY_TROUBLE);
		if (stood) {
			push(r, j->id);
		} else {
			struct box *b = own_box(j->conn, j->id);

			if (b)
				close_box(b);
		}
		break;
	case JOB_PUSH:
		if (stood)
			push(r, j->id);
		break;
	}
}

void
box_commit(struct relay *r)
{
	bool stood = true;
	struct err e;

	look_at_openings(r);
	if (queues_is_dirty(r->queues)) {
		stood = queues_commit(r->queues, &e) == 0;
		r->stats.commits++;
		if (!stood) {
			r->stats.commits_failed++;
			log_error("letters cannot be kept: %s", e.what);
		}
	}
	for (size_t i = 0; i < r->n_jobs; i++)
		run_job(r, &r->jobs[i], stood);
	r->n_jobs = 0;
}
