#include "relay-link-own.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "direct.h"
#include "log.h"
#include "rand.h"
#include "relay.h"

enum {
	LEN = RELAY_LINK_LEN,
	PLAIN_MAX = NOISE_MAX - NOISE_TAG,
	/* A record is closed above this, so that the relay can begin. */
	BATCH = 16384,
	/* Unread bytes of a welcome relay: two of the longest records. */
	READ_MAX = 2 * (LEN + NOISE_MAX),
	LATE_MS = 10000,		/* a timer this late: we were stopped */
	KEEPALIVE_MIN_S = 5
};

static const struct direct_events direct_events;
static const struct stream_events stream_events;

/* ---- the end ----------------------------------------------------------- */

static void
release(void *arg)
{
	struct relay_link *l = arg;

	cipher_wipe(&l->tx);
	cipher_wipe(&l->rx);
	free(l);
}

/* Whatever there is of a connection goes. */
static void
shut(struct relay_link *l, bool linger)
{
	timer_stop(&l->timer);
	direct_free(l->direct);
	l->direct = NULL;
	noise_free(l->noise);
	l->noise = NULL;
	if (linger)
		stream_finish(l->stream);
	else
		stream_free(l->stream);
	l->stream = NULL;
	l->pinged_us = 0;
	l->rtt_us = -1;
	l->wants_room = false;
}

static int64_t
with_jitter(int64_t ms)
{
	int64_t fifth = ms / 5;

	return ms - fifth + (int64_t)rand_below((uint32_t)(2 * fifth + 1));
}

static int64_t
again_ms(unsigned fails)
{
	unsigned doublings = fails < 7 ? fails : 7;
	int64_t ms = (int64_t)RELAY_AGAIN_MS << doublings;

	return with_jitter(ms < RELAY_AGAIN_MAX_MS ? ms : RELAY_AGAIN_MAX_MS);
}

/* The one way down; the next try is at least min_ms away. */
static void
lose(struct relay_link *l, int64_t min_ms, const char *why)
{
	bool was_up = l->state == RELAY_LINK_UP;
	int64_t now = loop_now_ms(l->loop), ms;

	if (l->dead || l->state == RELAY_LINK_LATER)
		return;
	log_debug("relay: %s: %s", l->setup.route.host, why);
	snprintf(l->why, sizeof(l->why), "%s", why);
	/* What ends as soon as it stands is no success. */
	if (was_up && now - l->up_ms >= RELAY_LIVED_MS)
		l->fails = 0;
	ms = again_ms(l->fails++);
	if (ms < min_ms)
		ms = with_jitter(min_ms);
	shut(l, false);
	l->state = RELAY_LINK_LATER;
	timer_set(&l->timer, ms);
	l->setup.events->on_down(l->setup.owner, was_up);
}

void
relay_link_fail(struct relay_link *l, const char *why)
{
	lose(l, 0, why);
}

/* ---- records out ------------------------------------------------------- */

static void
rekey_if_due(struct cipher *c)
{
	if (c->n > 0 && c->n % RELAY_REKEY == 0)
		cipher_rekey(c);
}

static void
close_record(struct relay_link *l)
{
	struct buf *out;
	size_t len = l->open_len;
	uint8_t *p;

	if (len == 0)
		return;
	l->open_len = 0;
	out = stream_out(l->stream);
	buf_space(out, NOISE_TAG);
	buf_added(out, NOISE_TAG);
	p = out->at + out->len - NOISE_TAG - len;
	put_u16(p, (uint16_t)(len - LEN + NOISE_TAG));
	rekey_if_due(&l->tx);
	if (cipher_seal(&l->tx, NULL, 0, p + LEN, len - LEN, p + LEN) == 0)
		return;
	buf_empty(out);
	relay_link_fail(l, "this link has carried all it may");
}

int
relay_link_send(struct relay_link *l, const struct relay_msg *m)
{
	size_t len = relay_msg_len(m);
	struct buf *out;

	if (l->dead || l->state != RELAY_LINK_UP)
		return -1;
	assert(len <= PLAIN_MAX);
	out = stream_out(l->stream);
	if (l->open_len > 0 && l->open_len + len > BATCH)
		close_record(l);
	if (l->state != RELAY_LINK_UP)
		return -1;
	if (l->open_len == 0) {
		put_u16(buf_space(out, LEN), 0);
		buf_added(out, LEN);
		l->open_len = LEN;
	}
	relay_msg_write(out, m);
	l->open_len += len;
	stream_touch(l->stream);
	return 0;
}

size_t
relay_link_room(struct relay_link *l)
{
	size_t used;

	if (l->dead || l->state != RELAY_LINK_UP)
		return 0;
	used = stream_out(l->stream)->len;
	l->wants_room = true;
	return used >= RELAY_LINK_QUEUE ? 0 : RELAY_LINK_QUEUE - used;
}

/* ---- is it alive ------------------------------------------------------- */

static int64_t
silence_ms(const struct relay_link *l)
{
	unsigned s = l->welcome.keepalive_s;

	if (s < KEEPALIVE_MIN_S || s > RELAY_KEEPALIVE_S)
		s = RELAY_KEEPALIVE_S;
	return 1000 * (int64_t)s;
}

static void
send_ping(struct relay_link *l)
{
	struct relay_msg m = { .op = OP_PING };

	/* The oldest one unanswered is measured. */
	if (l->pinged_us == 0) {
		l->pinged_us = loop_clock(l->loop)->mono_us;
		l->ping++;
	}
	m.number = l->ping;
	relay_link_send(l, &m);
}

static void
ask(struct relay_link *l)
{
	send_ping(l);
	timer_set(&l->timer, l->hurry ? RELAY_HURRY_MS : RELAY_PATIENCE_MS);
}

static void
keep(struct relay_link *l)
{
	int64_t now = loop_now_ms(l->loop);
	int64_t due = l->heard_ms + silence_ms(l);

	if (l->pinged_us == 0 && now < due) {
		timer_set(&l->timer, due - now);
		return;
	}
	/* What it said meanwhile is still unread: it is not dead for our
	 * sleep. */
	if (now - l->timer.due_ms > LATE_MS) {
		l->missed = 0;
		l->hurry = true;
	} else if (l->pinged_us != 0 && ++l->missed >= 2) {
		relay_link_fail(l, "it does not answer any more");
		return;
	}
	ask(l);
}

void
relay_link_probe(struct relay_link *l)
{
	if (l->state != RELAY_LINK_UP)
		return;
	l->hurry = true;
	l->missed = 0;
	ask(l);
}

static void
take_pong(struct relay_link *l, uint64_t number)
{
	if (l->pinged_us == 0 || number != l->ping)
		return;
	l->rtt_us = loop_clock(l->loop)->mono_us - l->pinged_us;
	l->pinged_us = 0;
	l->setup.events->on_pong(l->setup.owner);
}

/* Any byte that opens is a sign of life; a ping that is measured stays. */
static void
note_heard(struct relay_link *l)
{
	l->heard_ms = loop_now_ms(l->loop);
	l->missed = 0;
	l->hurry = false;
}

/* ---- up ---------------------------------------------------------------- */

void
relay_link_be_up(struct relay_link *l)
{
	l->state = RELAY_LINK_UP;
	l->up_ms = loop_now_ms(l->loop);
	l->last = *stream_peer(l->stream);
	l->has_last = true;
	l->hurry = false;
	l->open_len = 0;
	l->why[0] = '\0';
	note_heard(l);
	stream_set_max(l->stream, READ_MAX);
	timer_set(&l->timer, RELAY_PATIENCE_MS);
	/* The owner's token goes first. */
	l->setup.events->on_up(l->setup.owner);
	if (!l->dead && l->state == RELAY_LINK_UP)
		send_ping(l);
}

/* ---- records in -------------------------------------------------------- */

static void
take_bye(struct relay_link *l, uint32_t s)
{
	if (s > RELAY_BYE_MAX_S)
		s = RELAY_BYE_MAX_S;
	l->fails = 0;
	lose(l, 1000 * (int64_t)s, "it is going down");
}

static void
take_msg(struct relay_link *l, const struct relay_msg *m)
{
	struct relay_msg pong = { .op = OP_PONG, .number = m->number };

	if (m->op == OP_PONG)
		take_pong(l, m->number);
	else if (m->op == OP_BYE)
		take_bye(l, m->value);
	else if (m->op == OP_PING) {
		/* Who reads nothing could ask until memory ends. */
		if (relay_link_room(l) > 0)
			relay_link_send(l, &pong);
	} else if (m->op != 0 && !l->setup.events->on_msg(l->setup.owner, m))
		relay_link_fail(l, "it does not keep to the protocol");
}

/* The stream may be gone behind each message; its bytes stay until the turn
 * ends. */
static void
take_record(struct relay_link *l, uint8_t *p, size_t len)
{
	const struct stream *s = l->stream;
	struct relay_msg m;

	rekey_if_due(&l->rx);
	if (cipher_open(&l->rx, NULL, 0, p, len, p) != 0) {
		relay_link_fail(l, "a record was forged");
		return;
	}
	note_heard(l);
	len -= NOISE_TAG;
	while (len > 0 && !l->dead && l->stream == s) {
		size_t n = relay_msg_read(&m, p, len);

		if (n == 0) {
			relay_link_fail(l, "it does not keep to the protocol");
			return;
		}
		take_msg(l, &m);
		p += n;
		len -= n;
	}
}

static void
on_data(void *owner, struct buf *in)
{
	struct relay_link *l = owner;
	const struct stream *s = l->stream;

	l->said_something = true;
	while (!l->dead && l->stream == s && in->len >= LEN) {
		size_t len = get_u16(in->at);
		size_t least = l->noise ? 1 : NOISE_TAG + RELAY_HEAD;
		size_t most = l->noise ? RELAY_HANDSHAKE_MAX : NOISE_MAX;

		if (len < least || len > most) {
			relay_link_fail(l, "it does not speak p2ptui");
			return;
		}
		if (in->len < LEN + len)
			return;
		if (l->noise)
			relay_hand_take(l, in->at + LEN, len);
		else
			take_record(l, in->at + LEN, len);
		if (!l->dead && l->stream == s)
			buf_drop(in, LEN + len);
	}
}

static void
on_flush(void *owner)
{
	close_record(owner);
}

static void
on_drained(void *owner, size_t left)
{
	struct relay_link *l = owner;

	if (!l->wants_room || left > RELAY_LINK_QUEUE / 2)
		return;
	l->wants_room = false;
	l->setup.events->on_room(l->setup.owner);
}

static void
on_end(void *owner, const char *why)
{
	struct relay_link *l = owner;

	if (l->state != RELAY_LINK_HANDSHAKE)
		relay_link_fail(l, why);
	else
		relay_hand_failed(l, l->said_something ? why :
		    "it closed the connection without an answer");
}

static void
on_open(void *owner)
{
	(void)owner;
}

static const struct stream_events stream_events = {
	.on_open = on_open,
	.on_data = on_data,
	.on_flush = on_flush,
	.on_drained = on_drained,
	.on_end = on_end
};

/* ---- dialling ---------------------------------------------------------- */

static void
on_stream(void *owner, struct stream *s)
{
	struct relay_link *l = owner;

	direct_free(l->direct);
	l->direct = NULL;
	l->stream = s;
	l->said_something = false;
	l->open_len = 0;
	stream_give(s, &stream_events, l);
	stream_set_max(s, RELAY_UNAUTH_MAX);
	l->state = RELAY_LINK_HANDSHAKE;
	timer_set(&l->timer, RELAY_HANDSHAKE_MS);
	relay_hand_begin(l);
}

static void
on_failed(void *owner, const struct err *e)
{
	relay_link_fail(owner, e->what);
}

static const struct direct_events direct_events = {
	.on_stream = on_stream,
	.on_failed = on_failed
};

static void
dial(struct relay_link *l)
{
	char where[ROUTE_TEXT];
	struct err e = { 0 };

	l->state = RELAY_LINK_DIAL;
	l->tried_ms = loop_now_ms(l->loop);
	route_where(&l->setup.route, where);
	l->direct = direct_start(l->setup.streams, l->setup.resolver, where,
	    &direct_events, l, &e);
	if (!l->direct) {
		relay_link_fail(l, e.what);
		return;
	}
	if (l->setup.is_abroad)
		direct_go_abroad(l->direct);
	if (l->has_last)
		direct_remember(l->direct, &l->last);
}

static void
on_timer(void *arg)
{
	struct relay_link *l = arg;

	switch (l->state) {
	case RELAY_LINK_DIAL:
		break;			/* direct has its own deadlines */
	case RELAY_LINK_HANDSHAKE:
		relay_link_fail(l, "it does not answer the handshake");
		break;
	case RELAY_LINK_UP:
		keep(l);
		break;
	case RELAY_LINK_LATER:
		dial(l);
		break;
	}
}

void
relay_link_redial(struct relay_link *l)
{
	bool was_up = l->state == RELAY_LINK_UP;

	shut(l, false);
	dial(l);
	if (was_up)
		l->setup.events->on_down(l->setup.owner, true);
}

void
relay_link_hurry(struct relay_link *l)
{
	if (l->state == RELAY_LINK_LATER &&
	    loop_now_ms(l->loop) - l->tried_ms >= RELAY_LIVED_MS)
		relay_link_redial(l);
}

struct relay_link *
relay_link_new(const struct relay_link_setup *setup)
{
	struct relay_link *l = mem_new(sizeof(*l));

	l->setup = *setup;
	l->loop = setup->streams->loop;
	l->rtt_us = -1;
	timer_init(&l->timer, l->loop, on_timer, l);
	/* Not before the caller knows what he made. */
	l->state = RELAY_LINK_LATER;
	timer_set(&l->timer, 0);
	return l;
}

void
relay_link_free(struct relay_link *l)
{
	if (!l || l->dead)
		return;
	/* Lingering streams seal nothing any more. */
	if (l->state == RELAY_LINK_UP)
		close_record(l);
	l->dead = true;
	shut(l, l->state == RELAY_LINK_UP);
	loop_defer(l->loop, release, l);
}

/* ---- what is told ------------------------------------------------------ */

enum relay_link_state
relay_link_state(const struct relay_link *l)
{
	return l->state;
}

bool
relay_link_is_up(const struct relay_link *l)
{
	return l->state == RELAY_LINK_UP;
}

const uint8_t *
relay_link_hash(const struct relay_link *l)
{
	return l->hash;
}

const uint8_t *
relay_link_key(const struct relay_link *l)
{
	return l->has_key ? l->key : NULL;
}

const struct relay_welcome *
relay_link_welcome(const struct relay_link *l)
{
	return &l->welcome;
}

struct addr
relay_link_peer(const struct relay_link *l)
{
	return l->stream ? *stream_peer(l->stream) :
	    (struct addr){ .family = ADDR_V4, .port = l->setup.route.port };
}

bool
relay_link_local(const struct relay_link *l, struct addr *a)
{
	return l->stream && stream_local(l->stream, a);
}

int64_t
relay_link_rtt_us(const struct relay_link *l)
{
	return l->rtt_us;
}

int64_t
relay_link_again_ms(const struct relay_link *l)
{
	int64_t ms = l->timer.due_ms - loop_now_ms(l->loop);

	if (l->state != RELAY_LINK_LATER)
		return -1;
	return ms > 0 ? ms : 0;
}

const char *
relay_link_why(const struct relay_link *l)
{
	return l->why;
}
