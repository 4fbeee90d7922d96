#include "beckon.h"

#include <stdio.h>
#include <string.h>

enum {
	SAY_MS = 5000,
	ASK_MS = 2000,
	REPEAT_GAP_MS = 1000
};

static const int64_t say_burst_ms[] = { 500, 1000 };
static const int64_t ask_burst_ms[] = { 250, 750 };

#define N_OF(list) (sizeof(list) / sizeof(*(list)))

/* to NULL: everybody. */
static void
send_beacon(struct beckon *b, const char *plate, uint8_t flags,
    const struct addr *to)
{
	uint8_t hint[BEACON_HINT], out[BEACON_VISIT_LEN];
	struct beacon m = {
		.port = flags == BEACON_QUERY ? 0 : b->tcp_port,
		.udp_port = shout_port(b->shout), .flags = flags,
		.n_hints = 1, .hints = hint
	};

	memcpy(m.nonce, b->nonce, BEACON_NONCE);
	beacon_plate_hint(hint, plate, b->nonce);
	beacon_write_visit(out, &m);
	if (to)
		shout_to(b->shout, to, out, sizeof(out));
	else
		shout_all(b->shout, out, sizeof(out));
}

static void
on_say(void *arg)
{
	struct beckon *b = arg;

	send_beacon(b, b->waits, 0, NULL);
	timer_set(&b->say, b->n_said < N_OF(say_burst_ms) ?
	    say_burst_ms[b->n_said++] : SAY_MS);
}

static void
on_ask(void *arg)
{
	struct beckon *b = arg;

	send_beacon(b, b->seeks, BEACON_QUERY, NULL);
	timer_set(&b->ask, b->n_asked < N_OF(ask_burst_ms) ?
	    ask_burst_ms[b->n_asked++] : ASK_MS);
}

static void
set_plate(char to[CODE_PLATE + 1], const char *plate)
{
	snprintf(to, CODE_PLATE + 1, "%s", plate ? plate : "");
}

void
beckon_wait(struct beckon *b, const char *plate)
{
	set_plate(b->waits, plate);
	timer_stop(&b->say);
	b->n_said = 0;
	if (plate && b->shout)
		on_say(b);
}

void
beckon_seek(struct beckon *b, const char *plate)
{
	set_plate(b->seeks, plate);
	timer_stop(&b->ask);
	b->n_asked = 0;
	if (plate && b->shout)
		on_ask(b);
}

void
beckon_moved(struct beckon *b)
{
	b->n_said = b->n_asked = 0;
	if (timer_is_set(&b->say))
		on_say(b);
	if (timer_is_set(&b->ask))
		on_ask(b);
}

static void
take_query(struct beckon *b, const struct addr *from)
{
	int64_t now = loop_now_ms(b->say.loop);

	send_beacon(b, b->waits, BEACON_ANSWER, from);
	if (b->repeated_ms && now - b->repeated_ms < REPEAT_GAP_MS)
		return;
	b->repeated_ms = now;
	send_beacon(b, b->waits, 0, NULL);
}

/* The hint is under the nonce of whoever sent it. */
static bool
fits(const struct beacon *m, const char *plate)
{
	uint8_t hint[BEACON_HINT];

	if (!*plate)
		return false;
	beacon_plate_hint(hint, plate, m->nonce);
	return beacon_has_hint(m, hint);
}

void
beckon_heard(struct beckon *b, const struct beacon *m,
    const struct addr *from)
{
	struct addr at = *from;

	if (m->flags == BEACON_QUERY) {
		if (fits(m, b->waits))
			take_query(b, from);
		return;
	}
	if (!fits(m, b->seeks))
		return;
	at.port = m->port;
	b->found(b->ctx, &at, m->nonce);
}

void
beckon_init(struct beckon *b, struct loop *l, void (*found)(void *ctx,
    const struct addr *at, const uint8_t instance[BEACON_NONCE]), void *ctx)
{
	memset(b, 0, sizeof(*b));
	b->found = found;
	b->ctx = ctx;
	timer_init(&b->say, l, on_say, b);
	timer_init(&b->ask, l, on_ask, b);
}

void
beckon_clear(struct beckon *b)
{
	timer_stop(&b->say);
	timer_stop(&b->ask);
	b->shout = NULL;
}
