#include "dgram-own.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "rand.h"

enum {
	ENTRY = 4,			/* length before a queued record */
	/* A record of frames is closed above this, so that the other side
	 * can begin to work while the rest is under way. */
	BATCH = 16384,
	LINGER_LOOK_MS = 50,
	/* The other end of a pair renews it when its beginner does not. */
	REKEY_LATE_MS = 60000
};

static const struct link_ops dgram_ops;

static int64_t
now_of(const struct dgram *l)
{
	return dgrams_now(l->room);
}

/* ---- the end ----------------------------------------------------------- */

static void
release(void *arg)
{
	struct dgram *l = arg;

	list_remove(&l->in_room);
	for (size_t i = 0; i < SCTP_STREAMS; i++)
		buf_clear(&l->queue[i]);
	free(l);
}

void
dgram_shut(struct dgram *l)
{
	struct dgrams *d = l->room;

	if (l->state == DOWN)
		return;
	/* Its last word is still sealed. */
	sctp_free(l->sctp);
	l->sctp = NULL;
	dgrams_flush(d);
	l->state = DOWN;
	timer_stop(&l->timer);
	shake_stop(l);
	keys_free(d, l->current);
	keys_free(d, l->previous);
	l->current = l->previous = NULL;
	LIST_EACH(p, &d->pendings, struct pending, in_room) {
		if (p->renews == l)
			pending_free(d, p);
	}
	d->n_links--;
	if (l->dead)
		loop_defer(d->setup.loop, release, l);
}

void
dgram_fail(struct dgram *l, const char *why)
{
	bool tell = l->state != CLOSING && l->state != DOWN && !l->dead;

	log_debug("dgram: %s: %s", l->link.where, why);
	dgram_shut(l);
	if (tell && l->link.events)
		l->link.events->on_closed(l->link.owner, &l->link, false,
		    why);
}

static void
free_dgram(void *impl)
{
	struct dgram *l = impl;

	if (l->dead)
		return;
	l->dead = true;
	if (l->state == DOWN)
		loop_defer(l->room->setup.loop, release, l);
	else if (l->state != CLOSING)
		dgram_shut(l);
}

/* ---- records out ------------------------------------------------------- */

static size_t
queued(const struct dgram *l)
{
	return l->queue[0].len + l->queue[1].len;
}

static int
send_record(void *impl, enum record kind, const void *body, size_t len)
{
	struct dgram *l = impl;
	struct buf *q = &l->queue[kind == RECORD_CHUNK ? 1 : 0];

	assert(len <= RECORD_MAX);
	if (l->dead || l->state != UP)
		return -1;
	if (q->len >= DGRAM_QUEUE && kind != RECORD_CLOSE) {
		if (kind == RECORD_FRAME || kind == RECORD_CHUNK)
			l->wants_room = true;
		return -1;
	}
	if (kind == RECORD_FRAME && l->open_len > 0 &&
	    l->open_len + len <= BATCH) {
		uint8_t *head;

		buf_put(q, body, len);
		l->open_len += len;
		head = q->at + q->len - ENTRY - l->open_len;
		put_u32(head, (uint32_t)l->open_len);
		return 0;
	}
	buf_u32(q, (uint32_t)(1 + len));
	buf_u8(q, (uint8_t)kind);
	buf_put(q, body, len);
	if (kind != RECORD_CHUNK)
		l->open_len = kind == RECORD_FRAME ? 1 + len : 0;
	return 0;
}

/* True when it is empty. */
static bool
flush_queue(struct dgram *l, unsigned stream)
{
	struct buf *q = &l->queue[stream];

	while (q->len > 0) {
		size_t len = get_u32(q->at);

		if (!sctp_send(l->sctp, stream, q->at + ENTRY, len))
			return false;
		buf_drop(q, ENTRY + len);
	}
	return true;
}

void
dgram_flush(struct dgram *l)
{
	if ((l->state != UP && l->state != CLOSING) || !l->sctp)
		return;
	l->open_len = 0;
	if (queued(l) > 0 && flush_queue(l, 0))
		flush_queue(l, 1);
	if (l->state != UP || l->dead || !l->wants_room ||
	    queued(l) >= DGRAM_QUEUE / 2)
		return;
	l->wants_room = false;
	l->link.events->on_room(l->link.owner, &l->link);
	/* What was put in just now leaves in the next turn. */
	if (queued(l) > 0)
		loop_again(l->room->setup.loop);
}

static size_t
room_left(void *impl)
{
	struct dgram *l = impl;
	size_t used = queued(l);

	if (l->dead || l->state != UP)
		return 0;
	if (used >= DGRAM_QUEUE / 2)
		l->wants_room = true;
	return used >= DGRAM_QUEUE ? 0 : DGRAM_QUEUE - used;
}

/* The record has to arrive behind all others, and be sent again if it is
 * lost: the link goes on until it has. */
static void
close_dgram(void *impl, uint8_t reason)
{
	struct dgram *l = impl;

	if (l->dead || l->state == CLOSING || l->state == DOWN)
		return;
	if (l->state != UP ||
	    send_record(l, RECORD_CLOSE, &reason, 1) != 0) {
		dgram_shut(l);
		return;
	}
	l->state = CLOSING;
	l->closing_until_ms = now_of(l) + DGRAM_LINGER_MS;
	shake_stop(l);
	dgram_flush(l);
	dgrams_flush(l->room);
	timer_set(&l->timer, LINGER_LOOK_MS);
}

static const uint8_t *
remote_key(void *impl)
{
	struct dgram *l = impl;

	return l->x;
}

/* ---- sctp -------------------------------------------------------------- */

static void
on_output(void *owner, const uint8_t *p, size_t len)
{
	dgram_put(owner, p, len);
}

static void
on_record(void *owner, const uint8_t *p, size_t len)
{
	struct dgram *l = owner;
	bool tell = l->state == UP && !l->dead;

	if (len == 0 || len > 1 + RECORD_MAX) {
		dgram_fail(l, "a record was malformed");
		return;
	}
	if (p[0] == RECORD_CLOSE) {
		dgram_shut(l);
		if (tell)
			l->link.events->on_closed(l->link.owner, &l->link,
			    true, "the other side ended the link");
		return;
	}
	/* Kinds of later versions are skipped. */
	if (tell && p[0] >= RECORD_FRAME && p[0] <= RECORD_CARD)
		l->link.events->on_record(l->link.owner, &l->link,
		    (enum record)p[0], p + 1, len - 1);
}

static void
on_lost(void *owner)
{
	dgram_fail(owner, "the other side cut the link");
}

static const struct sctp_events sctp_events = {
	.output = on_output, .record = on_record, .lost = on_lost
};

/* ---- time -------------------------------------------------------------- */

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t
renew_at(const struct dgram *l)
{
	return l->current->born_ms + DGRAM_REKEY_MS +
	    (l->current->i_began ? 0 : REKEY_LATE_MS);
}

static bool
is_spent(const struct dgram *l)
{
	uint64_t max = l->room->setup.rekey_packets;

	if (max == 0)
		max = DGRAM_REKEY_PACKETS;
	/* Not both at once, if it can be. */
	return l->current->tx.n >= (l->current->i_began ? max :
	    max + max / 16);
}

/* When there is something to look at again. */
static void
plan(struct dgram *l)
{
	int64_t due = INT64_MAX;

	if (l->shake.noise)
		due = sooner(l->shake.until_ms, l->shake.again_ms);
	if (l->state == CLOSING)
		due = now_of(l) + LINGER_LOOK_MS;
	if (l->state == UP) {
		if (!l->shake.noise)
			due = sooner(due, renew_at(l));
		if (!l->is_heard)
			due = sooner(due, l->confirm_ms);
		if (l->previous)
			due = sooner(due, l->previous_until_ms);
		due = sooner(due, l->sent_ms + l->keepalive_ms);
		due = sooner(due, l->heard_ms + DGRAM_SILENT_MS);
		due = sooner(due, l->current->born_ms + DGRAM_STOP_MS);
	}
	timer_set(&l->timer, due - now_of(l));
}

static void
choose_keepalive(struct dgram *l)
{
	/* 80 to 120 %: or all links of a program speak at once. */
	l->keepalive_ms = DGRAM_KEEPALIVE_MS * 4 / 5 +
	    (int64_t)rand_below(DGRAM_KEEPALIVE_MS * 2 / 5);
}

/* Why it ends now; NULL: it does not. */
static const char *
why_over(const struct dgram *l, int64_t now)
{
	if (l->shake.noise && now >= l->shake.until_ms)
		return l->state == DIALLING ? "it does not answer" :
		    "the keys could not be renewed";
	if (l->state != UP)
		return NULL;
	if (now >= l->current->born_ms + DGRAM_STOP_MS)
		return "the keys are too old";
	if (now >= l->heard_ms + DGRAM_SILENT_MS)
		return "nothing was heard for a minute";
	return NULL;
}

static void
look_after_keys(struct dgram *l, int64_t now)
{
	if (l->previous && now >= l->previous_until_ms) {
		keys_free(l->room, l->previous);
		l->previous = NULL;
	}
	if (!l->shake.noise && (now >= renew_at(l) || is_spent(l)) &&
	    shake_start(l))
		shake_send(l);
	if (!l->is_heard && now >= l->confirm_ms) {
		l->confirm_ms = now + DGRAM_CONFIRM_MS;
		dgram_put(l, NULL, 0);
	}
	if (now >= l->sent_ms + l->keepalive_ms) {
		choose_keepalive(l);
		dgram_put(l, NULL, 0);
	}
}

static void
on_time(void *arg)
{
	struct dgram *l = arg;
	int64_t now = now_of(l);
	const char *why = why_over(l, now);

	l->is_due = false;
	if (why) {
		dgram_fail(l, why);
		return;
	}
	if (l->state == CLOSING && (now >= l->closing_until_ms ||
	    (queued(l) == 0 && sctp_is_done(l->sctp)))) {
		dgram_shut(l);
		return;
	}
	if (l->shake.noise && now >= l->shake.again_ms)
		shake_send(l);
	if (l->state == UP)
		look_after_keys(l, now);
	plan(l);
}

void
dgram_hurry(struct dgram *l)
{
	if (l->is_due || l->shake.noise || !is_spent(l))
		return;
	l->is_due = true;
	timer_set(&l->timer, 0);
}

/* ---- the beginning ----------------------------------------------------- */

struct dgram *
dgram_new(struct dgrams *d, struct udp *via, const struct addr *to,
    const uint8_t x[KEY_LEN], bool initiator)
{
	struct dgram *l = mem_new(sizeof(*l));

	l->link.ops = &dgram_ops;
	l->link.impl = l;
	l->link.initiator = initiator;
	l->link.is_datagram = true;
	l->room = d;
	memcpy(l->x, x, KEY_LEN);
	dgram_be_at(l, via, to);
	timer_init(&l->timer, d->setup.loop, on_time, l);
	for (size_t i = 0; i < SCTP_STREAMS; i++)
		buf_init(&l->queue[i]);
	list_append(&d->links, &l->in_room);
	d->n_links++;
	return l;
}

void
dgram_be_at(struct dgram *l, struct udp *via, const struct addr *to)
{
	l->via = via;
	if (l->link.where[0] && addr_equal(&l->to, to))
		return;
	l->to = *to;
	addr_format(to, l->link.where);
}

void
dgram_take(struct dgram *l, struct keys *k)
{
	int64_t now = now_of(l);

	if (l->current) {
		keys_free(l->room, l->previous);
		l->previous = l->current;
		l->previous->use = USE_PREVIOUS;
		l->previous_until_ms = now + DGRAM_OLD_KEY_MS;
	}
	l->current = k;
	k->use = USE_CURRENT;
	k->link = l;
	k->pending = NULL;
	k->born_ms = now;
	/* Whoever answered hears his first packet just now. */
	l->is_heard = !k->i_began;
	l->confirm_ms = now + DGRAM_CONFIRM_MS;
	if (l->state == UP)
		plan(l);
}

void
dgram_up(struct dgram *l)
{
	struct dgrams *d = l->room;

	l->state = UP;
	l->sent_ms = l->heard_ms = now_of(l);
	choose_keepalive(l);
	l->sctp = sctp_open(d->setup.loop, &sctp_events, l);
	if (!l->sctp) {
		dgram_fail(l, "the link cannot be set up");
		return;
	}
	plan(l);
	if (l->link.events) {
		l->link.events->on_proven(l->link.owner, &l->link);
		return;
	}
	d->setup.on_link(d->setup.ctx, &l->link);
	if (!l->link.events)
		free_dgram(l);
}

struct link *
dgram_dial(struct dgrams *d, struct udp *via, const struct addr *to,
    const uint8_t x[KEY_LEN])
{
	struct dgram *l;

	if (d->n_links >= DGRAM_LINKS_MAX ||
	    memcmp(x, identity_keys(d->setup.id)->x, KEY_LEN) == 0)
		return NULL;
	l = dgram_new(d, via, to, x, true);
	if (!shake_start(l)) {
		free_dgram(l);
		return NULL;
	}
	shake_send(l);
	plan(l);
	return &l->link;
}

bool
dgram_where(const struct link *l, struct addr *at)
{
	const struct dgram *g;

	if (l->ops != &dgram_ops)
		return false;
	g = l->impl;
	*at = g->to;
	return true;
}

static const struct link_ops dgram_ops = {
	.send = send_record,
	.room = room_left,
	.close = close_dgram,
	.free = free_dgram,
	.remote = remote_key
};
