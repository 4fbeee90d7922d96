#include "leg.h"

#include <string.h>

#include "buf.h"

static int64_t
now_ms(const struct leg *l)
{
	return loop_now_ms(l->loop);
}

void
leg_init(struct leg *l, struct loop *loop, struct link *link)
{
	memset(l, 0, sizeof(*l));
	l->loop = loop;
	l->link = link;
	l->heard_ms = loop_now_ms(loop);
	l->rtt_us = -1;
}

bool
leg_sent(struct leg *l, bool words)
{
	bool is_first = words && now_ms(l) - l->heard_ms > LEG_QUIET_MS;

	if (l->unanswered_ms)
		return false;
	l->unanswered_ms = now_ms(l);
	l->patience_ms = is_first ? LEG_FIRST_MS : LEG_SUSPECT_MS;
	l->hurried = l->pinged = false;
	if (is_first)
		leg_ping(l);
	return true;
}

void
leg_ping(struct leg *l)
{
	uint8_t body[LEG_PING_LEN];

	leg_sent(l, false);
	l->pinged = true;
	if (l->ping_us == 0)
		l->ping_us = loop_clock(l->loop)->mono_us;
	put_u64(body, (uint64_t)l->ping_us);
	link_send(l->link, RECORD_PING, body, sizeof(body));
}

bool
leg_heard(struct leg *l)
{
	bool was = l->is_suspect || l->is_rival;

	l->heard_ms = now_ms(l);
	l->unanswered_ms = 0;
	l->is_doubted = l->is_suspect = l->is_rival = false;
	return was;
}

bool
leg_pong(struct leg *l, const uint8_t *body, size_t len)
{
	int64_t rtt;

	if (len != LEG_PING_LEN || l->ping_us == 0 ||
	    get_u64(body) != (uint64_t)l->ping_us)
		return false;
	rtt = loop_clock(l->loop)->mono_us - l->ping_us;
	l->ping_us = 0;
	/* The first answers come from somebody who is busy writing us down;
	 * the quickest of a few is what the wire takes. */
	if (l->n_pongs == LEG_FIRST_PONGS)
		l->rtt_us = (l->rtt_us * 7 + rtt) / 8;
	else if (l->rtt_us < 0 || rtt < l->rtt_us)
		l->rtt_us = rtt;
	if (l->n_pongs < LEG_FIRST_PONGS)
		l->n_pongs++;
	return true;
}

void
leg_hurry(struct leg *l)
{
	l->unanswered_ms = 0;
	leg_ping(l);
	l->patience_ms = LEG_FIRST_MS;
	l->hurried = true;
}

static int64_t
silence_before_ping(const struct leg *l, bool is_used)
{
	if (l->n_pongs < LEG_FIRST_PONGS)
		return LEG_FIRST_PING_MS;
	if (l->link->path == PATH_RELAY)
		return LEG_IDLE_RELAY_MS;
	if (is_used)
		return LEG_BEAT_MS;
	return l->link->is_datagram ? LEG_IDLE_UDP_MS : LEG_IDLE_TCP_MS;
}

static int64_t
life_left(const struct leg *l, bool has_other)
{
	int64_t whole = has_other ? l->patience_ms + LEG_DEAD_MS :
	    LEG_ALONE_MS;

	if (l->hurried)
		whole = LEG_HURRY_MS;
	return l->unanswered_ms + whole - now_ms(l);
}

/* The nearest of the steps that are still to come. */
static int64_t
next_step(const struct leg *l, bool has_other)
{
	const struct {
		bool is_over;
		int64_t after_ms;
	} steps[] = {
		{ l->pinged, LEG_BEAT_MS },
		{ l->is_doubted, l->patience_ms / 2 },
		{ l->is_suspect, l->patience_ms }
	};
	int64_t ms = life_left(l, has_other);

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		int64_t left = l->unanswered_ms + steps[i].after_ms -
		    now_ms(l);

		if (!steps[i].is_over && left < ms)
			ms = left;
	}
	return ms > 0 ? ms : 0;
}

enum leg_due
leg_sweep(struct leg *l, bool is_used, bool has_other, int64_t *ms)
{
	enum leg_due due = LEG_FINE;
	int64_t since;

	if (!l->unanswered_ms) {
		*ms = l->heard_ms + silence_before_ping(l, is_used) -
		    now_ms(l);
		if (*ms > 0)
			return LEG_FINE;
		leg_ping(l);
	}
	since = now_ms(l) - l->unanswered_ms;
	if (life_left(l, has_other) <= 0)
		return LEG_DEAD;
	/* What was sent may want no answer: ask for one in time. */
	if (!l->pinged && since >= LEG_BEAT_MS)
		leg_ping(l);
	if (!l->is_suspect && since >= l->patience_ms) {
		l->is_doubted = l->is_suspect = true;
		due = LEG_SUSPECT;
	} else if (!l->is_doubted && since >= l->patience_ms / 2) {
		l->is_doubted = true;
		due = LEG_DOUBT;
	}
	*ms = next_step(l, has_other);
	return due;
}
