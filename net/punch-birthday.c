/*
 * punch-birthday - round 3 between a NAT that takes a random port for
 * everybody (hard) and one that keeps its port (easy).
 *
 * Neither knows the other's next port, but with many of them on one side and
 * many guesses on the other some guess is right, as among few people two have
 * one birthday.  The hard side opens 256 sockets to the easy one's address;
 * the easy side sends 500 probes a second to random ports of the hard one's.
 * Of 64512 ports 256 are right, no port is tried twice, so 3800 probes all
 * miss once in three million rounds.  One that hits is answered, and the
 * socket it came to is a way like any other; the rest is closed in that turn.
 *
 * It costs a router hundreds of mappings and looks like a port scan: option
 * `birthday` is off, and nothing of this happens unless both sides have it
 * on.  Whoever has it on lets a contact, who names the address, send
 * PUNCH_BIRTHDAY_PROBES packets of PROBE_LEN there, PUNCH_BIRTHDAY_BURST
 * times and then once in PUNCH_BIRTHDAY_MS.
 */
#include "punch-own.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "rand.h"

enum {
	TICK_MS = 20,
	TICK_MAX = 25,			/* probes; a late tick is no burst */
	PORT_LEAST = 1024,
	PORTS = 65536 - PORT_LEAST
};

struct birthday {
	struct punch *punch;
	bool is_hard, is_over;
	struct addr to;			/* port 0: any of them */
	struct timer timer;
	int64_t begun_ms, last_ms;
	unsigned n_probes;
	/* The hard side's: opened one by one, each says so twice. */
	struct udp *socks[PUNCH_BIRTHDAY_SOCKETS];
	size_t n_socks, n_twice;
	bool has_all;
	/* The easy side's: ports that had their probe. */
	uint8_t tried[PORTS / 8];
};

/* ---- whether ----------------------------------------------------------- */

bool
birthday_is_allowed(const struct punch *p)
{
	return p->setup.has_birthday && p->setup.has_birthday(p->setup.ctx);
}

/* One of them hard, the other one easy; open needs none of this. */
static bool
is_pair(enum nat_class a, enum nat_class b)
{
	return (a == NAT_HARD && b == NAT_EASY) ||
	    (a == NAT_EASY && b == NAT_HARD);
}

bool
birthday_is_due(const struct punch *p)
{
	struct bucket b = p->birthdays;

	return birthday_is_allowed(p) && p->them.has_birthday && p->setup.udp &&
	    is_pair(punch_my_class(p), p->them.class) &&
	    punch_bucket(&b, loop_now_ms(p->setup.loop), 1,
	    PUNCH_BIRTHDAY_BURST, PUNCH_BIRTHDAY_MS);
}

/* Their address as a STUN server saw it: nothing else is behind their NAT,
 * and no network of mine is searched for a contact. */
static bool
find_place(const struct punch *p, struct addr *to)
{
	for (size_t i = 0; i < p->n_theirs; i++) {
		const struct cand *c = &p->theirs[i];

		if (c->kind != CAND_SRFLX || c->proto != CAND_UDP ||
		    c->addr.family != ADDR_V4 ||
		    addr_kind(&c->addr) != ADDR_PUBLIC ||
		    p->setup.is_near(p->setup.ctx, &c->addr) ||
		    !ways_may_try(p->ways, c))
			continue;
		*to = c->addr;
		return true;
	}
	return false;
}

/* ---- the hard side ----------------------------------------------------- */

static bool
send_from(struct birthday *b, struct udp *u, int ttl)
{
	uint8_t packet[PROBE_LEN];

	if (!ways_stray(b->punch->ways, packet))
		return false;
	/* What comes to it is answered in full. */
	if (ttl > 0)
		udp_set_ttl(u, ttl);
	udp_send(u, &b->to, packet, sizeof(packet));
	if (ttl > 0)
		udp_set_ttl(u, 0);
	b->n_probes++;
	return true;
}

/* First so that it opens my NAT and dies before theirs, which may take a port
 * away from what comes too early: fresh.h. */
static bool
open_next(struct birthday *b)
{
	const struct punch_setup *setup = &b->punch->setup;
	struct udp *u = udp_open_many(setup->udp);

	if (!u) {
		log_debug("punch: %zu sockets, descriptors are short",
		    b->n_socks);
		b->has_all = true;
		return false;
	}
	udp_handle(u, UDP_PROBE_CLASS, round_heard, b->punch);
	b->socks[b->n_socks++] = u;
	b->has_all = b->n_socks == PUNCH_BIRTHDAY_SOCKETS;
	return send_from(b, u, setup->is_double(setup->ctx) ?
	    PUNCH_LOW_TTL_DOUBLE : PUNCH_LOW_TTL);
}

/* Then for NATs that are farther away than that, and what was lost. */
static bool
open_again(struct birthday *b, int64_t passed)
{
	return passed >= PUNCH_BIRTHDAY_AGAIN_MS && b->n_twice < b->n_socks &&
	    send_from(b, b->socks[b->n_twice++], 0);
}

/* ---- the easy side ----------------------------------------------------- */

static uint16_t
new_port(struct birthday *b)
{
	uint32_t i;

	do
		i = rand_below(PORTS);
	while (b->tried[i / 8] & 1 << i % 8);
	b->tried[i / 8] |= (uint8_t)(1 << i % 8);
	return (uint16_t)(PORT_LEAST + i);
}

/* When theirs are open. */
static bool
guess(struct birthday *b, int64_t passed)
{
	struct punch *p = b->punch;
	uint8_t packet[PROBE_LEN];

	if (passed < PUNCH_LOW_TTL_MS || !ways_stray(p->ways, packet))
		return false;
	b->to.port = new_port(b);
	udp_send(p->fresh ? fresh_udp(p->fresh) : p->setup.udp, &b->to,
	    packet, sizeof(packet));
	b->n_probes++;
	return true;
}

/* ---- both -------------------------------------------------------------- */

static bool
try_one(struct birthday *b, int64_t passed)
{
	if (b->n_probes == PUNCH_BIRTHDAY_PROBES)
		return false;
	if (!b->is_hard)
		return guess(b, passed);
	return b->has_all ? open_again(b, passed) : open_next(b);
}

static void
on_tick(void *arg)
{
	struct birthday *b = arg;
	int64_t now = loop_now_ms(b->punch->setup.loop);
	int64_t n = (now - b->last_ms) * PUNCH_BIRTHDAY_RATE / 1000;

	if (now - b->begun_ms >= PUNCH_ROUND3_MS) {
		birthday_end(b->punch);
		return;
	}
	b->last_ms = now;
	for (n = n < TICK_MAX ? n : TICK_MAX; n > 0; n--) {
		if (!try_one(b, now - b->begun_ms))
			break;
	}
	timer_set(&b->timer, TICK_MS);
}

void
birthday_start(struct punch *p)
{
	int64_t now = loop_now_ms(p->setup.loop);
	struct birthday *b;
	struct addr to;

	birthday_end(p);
	if (!birthday_is_due(p) || !find_place(p, &to))
		return;
	punch_bucket(&p->birthdays, now, 1, PUNCH_BIRTHDAY_BURST,
	    PUNCH_BIRTHDAY_MS);
	b = mem_new(sizeof(*b));
	b->punch = p;
	b->is_hard = punch_my_class(p) == NAT_HARD;
	b->to = to;
	b->begun_ms = now;
	b->last_ms = now;
	p->birthday = b;
	timer_init(&b->timer, p->setup.loop, on_tick, b);
	timer_set(&b->timer, TICK_MS);
}

/* All but the one, which may be NULL, or none of mine. */
static void
close_others(struct birthday *b, const struct udp *but)
{
	size_t n_left = 0;

	timer_stop(&b->timer);
	for (size_t i = 0; i < b->n_socks; i++) {
		if (b->socks[i] == but)
			b->socks[n_left++] = b->socks[i];
		else
			udp_free(b->socks[i]);
	}
	b->n_socks = n_left;
}

void
birthday_came(struct punch *p, const struct udp *via)
{
	struct birthday *b = p->birthday;

	if (!b || b->is_over)
		return;
	b->is_over = true;
	close_others(b, via);
}

void
birthday_release(struct punch *p, struct udp *via)
{
	struct birthday *b = p->birthday;

	/* Of all of them one is left, if any. */
	if (!b || b->n_socks == 0 || b->socks[0] != via)
		return;
	udp_handle(via, UDP_PROBE_CLASS, NULL, NULL);
	b->n_socks = 0;
}

void
birthday_end(struct punch *p)
{
	if (!p->birthday)
		return;
	close_others(p->birthday, NULL);
	free(p->birthday);
	p->birthday = NULL;
}

bool
birthday_is_on(const struct punch *p)
{
	return p->birthday && !p->birthday->is_over;
}
