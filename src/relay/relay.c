#include "relay.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "box.h"
#include "directory.h"
#include "engine.h"
#include "key.h"
#include "listen.h"
#include "mem.h"
#include "rand.h"
#include "reach.h"

enum {
	TICK_MS = 1000,
	IDLE_TICK_MS = 60000,		/* nobody is here */
	SWEEP_S = 10,
	EXPIRE_S = 600,			/* between looks for old letters */
	SILENT_MAX_S = 32 * 1024,	/* nine hours */
	TOUCH_SLICE = 32		/* places of a table in each second */
};

const struct relay_limits relay_limits_default = {
	.clients = 20000,
	.clients_source = 512,
	.pending = 1024,
	.pending_source = 64,
	.handshakes_s = 20,
	.handshakes_turn = 32,
	.sends_source_s = 50,
	.sends_queue_s = 20,
	.out_bytes = 2 * 1024 * 1024,
	.out_total = 512 * 1024 * 1024,
	.pipes = 256,
	.queues = 4096,
	.meets = 3 * 1024,
	.cards = 1024,
	.handshake_s = RELAY_HANDSHAKE_MS / 1000,
	.silent_s = 3 * RELAY_KEEPALIVE_S,
	.stalled_s = 30
};

/* ---- what the other files ask for ---------------------------------------- */

void
engine_dirty(struct relay *r, struct conn *c)
{
	if (c->is_dirty)
		return;
	if (r->n_dirty == r->dirty_room) {
		r->dirty_room = r->dirty_room * 2 + 64;
		r->dirty = mem_resize(r->dirty, r->dirty_room,
		    sizeof(struct conn *));
	}
	c->is_dirty = true;
	r->dirty[r->n_dirty++] = c;
}

void
engine_look(struct relay *r, struct conn *c, uint32_t in_s)
{
	if (in_s < 1)
		in_s = 1;
	if (in_s > WHEEL - 1)
		in_s = WHEEL - 1;
	list_remove(&c->link);
	list_append(&r->wheel[(engine_s(r) + in_s) % WHEEL], &c->link);
}

void
engine_job(struct relay *r, enum job_kind kind, struct conn *c, uint32_t tag,
    const uint8_t id[QUEUE_ID])
{
	struct job *j;

	if (r->n_jobs == r->jobs_room) {
		r->jobs_room = r->jobs_room * 2 + 64;
		r->jobs = mem_resize(r->jobs, r->jobs_room,
		    sizeof(*r->jobs));
	}
	j = &r->jobs[r->n_jobs++];
	*j = (struct job){ .kind = kind, .conn = c, .tag = tag };
	memcpy(j->id, id, QUEUE_ID);
}

/* ---- time ---------------------------------------------------------------- */

static void
look_at_fresh(struct relay *r)
{
	struct conn *c;

	while ((c = LIST_FIRST(&r->fresh, struct conn, link)) != NULL &&
	    conn_silence_s(c) >= r->limits.handshake_s)
		conn_cut(c);
}

/* Those of one slot.  Set aside first: who is to be looked at again may come
 * back to this very slot, and is not to be looked at for ever. */
static void
look_at_slot(struct list *slot)
{
	struct list due;
	struct conn *c;

	list_append(slot, &due);
	list_remove(slot);
	while ((c = LIST_FIRST(&due, struct conn, link)) != NULL)
		conn_look(c);
}

static void
turn_wheel(struct relay *r)
{
	const uint32_t now = engine_s(r);

	/* A machine that slept has missed more than there are slots. */
	if (now - r->looked_s > WHEEL)
		r->looked_s = now - WHEEL;
	while (r->looked_s != now) {
		r->looked_s++;
		look_at_slot(&r->wheel[r->looked_s % WHEEL]);
	}
}

/* Mailboxes that somebody reads are not forgotten, however long. */
static void
touch_open(struct relay *r)
{
	const int64_t now = loop_wall_ms(r->loop) / 1000;

	for (int i = 0; i < TOUCH_SLICE; i++) {
		const struct seat *s = r->boxes.at[r->touched++ &
		    (r->boxes.room - 1)];

		for (; s; s = s->chain)
			queues_touch(r->queues, s->id, now);
	}
}

static void
on_tick(void *arg)
{
	struct relay *r = arg;
	const uint32_t now = engine_s(r);

	look_at_fresh(r);
	turn_wheel(r);
	directory_tick(r->directory);
	touch_open(r);
	if (now - r->swept_s >= SWEEP_S) {
		r->swept_s = now;
		quota_sweep(&r->quota, engine_ms(r), now);
	}
	if (now - r->expired_s >= EXPIRE_S) {
		r->expired_s = now;
		r->is_expiring = true;
	}
	timer_set(&r->tick, r->n_conns > 0 || r->stats.cards > 0 ? TICK_MS :
	    IDLE_TICK_MS);
}

/* ---- the phases of a turn ------------------------------------------------ */

static void
on_commit(void *arg)
{
	struct relay *r = arg;

	if (r->is_expiring) {
		r->is_expiring = queues_expire(r->queues,
		    loop_wall_ms(r->loop) / 1000);
		if (r->is_expiring)
			loop_again(r->loop);
	}
	box_commit(r);
}

static void
on_send(void *arg)
{
	struct relay *r = arg;

	/* Who is cut here tells others: they come behind. */
	for (size_t i = 0; i < r->n_dirty; i++)
		conn_flush(r->dirty[i]);
	r->n_dirty = 0;
}

static void
free_dead(struct relay *r, bool all)
{
	LIST_EACH(c, &r->dead, struct conn, link) {
		if (c->n_held > 0 && !all)
			continue;
		list_remove(&c->link);
		free(c);
	}
}

static void
on_settle(void *arg)
{
	struct relay *r = arg;

	free_dead(r, false);
	r->handshakes_left = r->limits.handshakes_turn;
	if (r->is_draining && r->n_conns == 0 && r->drained) {
		void (*done)(void *) = r->drained;

		r->drained = NULL;
		timer_stop(&r->drain);
		done(r->drained_arg);
	}
}

/* ---- the face ------------------------------------------------------------ */

static void
on_accept(void *arg, int fd, const struct addr *from)
{
	conn_accept(arg, fd, from);
}

static void
cut_all(struct relay *r)
{
	LIST_EACH(c, &r->fresh, struct conn, link)
		conn_cut(c);
	for (int i = 0; i < WHEEL; i++) {
		LIST_EACH(c, &r->wheel[i], struct conn, link)
			conn_cut(c);
	}
}

static void
on_drain_over(void *arg)
{
	cut_all(arg);
}

static struct relay *
new_relay(const struct relay_setup *setup)
{
	struct relay *r = mem_new(sizeof(*r));

	r->loop = setup->loop;
	r->queues = setup->queues;
	r->key = setup->key;
	x_public(r->public, setup->key);
	relay_limit(r, setup->limits);
	r->handshakes_left = r->limits.handshakes_turn;
	quota_init(&r->quota);
	seats_init(&r->meets);
	seats_init(&r->boxes);
	list_init(&r->fresh);
	list_init(&r->dead);
	for (int i = 0; i < WHEEL; i++)
		list_init(&r->wheel[i]);
	r->looked_s = r->swept_s = r->expired_s = engine_s(r);
	r->is_expiring = true;
	r->scratch = mem_new(READ_MAX);
	r->directory = directory_new(r);
	r->reacher = reacher_new(r);
	timer_init(&r->tick, r->loop, on_tick, r);
	timer_init(&r->drain, r->loop, on_drain_over, r);
	timer_set(&r->tick, IDLE_TICK_MS);
	loop_hook(r->loop, LOOP_COMMIT, on_commit, r);
	loop_hook(r->loop, LOOP_SEND, on_send, r);
	loop_hook(r->loop, LOOP_SETTLE, on_settle, r);
	return r;
}

struct relay *
relay_open(const struct relay_setup *setup, struct err *e)
{
	struct relay *r = new_relay(setup);

	for (size_t i = 0; i < setup->n_listen; i++) {
		r->listeners[i] = listener_open(r->loop, setup->listen[i],
		    false, on_accept, r, e);
		if (!r->listeners[i]) {
			relay_close(r);
			return NULL;
		}
	}
	r->answerer = answerer_open(r, setup->stun, RELAY_STUNS, e);
	if (!r->answerer) {
		relay_close(r);
		return NULL;
	}
	return r;
}

static void
shut_listeners(struct relay *r)
{
	for (size_t i = 0; i < RELAY_LISTENS_MAX; i++) {
		listener_free(r->listeners[i]);
		r->listeners[i] = NULL;
	}
}

void
relay_close(struct relay *r)
{
	if (!r)
		return;
	loop_unhook(r->loop, LOOP_COMMIT, on_commit, r);
	loop_unhook(r->loop, LOOP_SEND, on_send, r);
	loop_unhook(r->loop, LOOP_SETTLE, on_settle, r);
	shut_listeners(r);
	cut_all(r);
	free_dead(r, true);
	timer_stop(&r->tick);
	timer_stop(&r->drain);
	answerer_free(r->answerer);
	reacher_free(r->reacher);
	directory_free(r->directory);
	seats_clear(&r->meets);
	seats_clear(&r->boxes);
	quota_clear(&r->quota);
	while (r->n_spare_outs > 0) {
		struct conn_out *out = r->spare_outs[--r->n_spare_outs];

		buf_clear(&out->buf);
		free(out);
	}
	free(r->scratch);
	free(r->dirty);
	free(r->jobs);
	free(r->openings);
	free(r);
}

static uint32_t
at_most(uint32_t n, uint32_t max)
{
	return n < max ? n : max;
}

void
relay_limit(struct relay *r, const struct relay_limits *limits)
{
	r->limits = *limits;
	/* A connection counts its seconds in 16 bits, and is looked at once
	 * in a while. */
	r->limits.handshake_s = at_most(limits->handshake_s, SILENT_MAX_S);
	r->limits.silent_s = at_most(limits->silent_s, SILENT_MAX_S);
}

void
relay_drain(struct relay *r, unsigned back_s, void (*done)(void *arg),
    void *arg)
{
	if (r->is_draining)
		return;
	r->is_draining = true;
	r->drained = done;
	r->drained_arg = arg;
	shut_listeners(r);
	timer_set(&r->drain, RELAY_DRAIN_MS);
	LIST_EACH(c, &r->fresh, struct conn, link)
		conn_cut(c);
	for (int i = 0; i < WHEEL; i++) {
		LIST_EACH(c, &r->wheel[i], struct conn, link) {
			/* Not all of them at the same moment. */
			unsigned s = back_s + rand_below(back_s + 1);

			if (!conn_is_up(c))
				continue;
			conn_say(c, &(struct relay_msg){ .op = OP_BYE,
			    .value = s < UINT16_MAX ? s : UINT16_MAX });
			conn_close(c);
		}
	}
	loop_again(r->loop);
}

const struct relay_stats *
relay_stats(const struct relay *r)
{
	return &r->stats;
}

const uint8_t *
relay_key(const struct relay *r)
{
	return r->public;
}

uint16_t
relay_port(const struct relay *r, size_t i)
{
	return i < RELAY_LISTENS_MAX && r->listeners[i] ?
	    listener_port(r->listeners[i]) : 0;
}

uint16_t
relay_stun_port(const struct relay *r, size_t i)
{
	return r->answerer ? answerer_port(r->answerer, i) : 0;
}
