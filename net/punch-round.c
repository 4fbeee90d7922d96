#include "punch-own.h"

#include <string.h>

const struct round punch_rounds[ROUND_MAX + 1] = {
	[1] = { PUNCH_ROUND1_MS, PUNCH_PACE_MS, PUNCH_PACE_SLOW_MS,
	    false, false, false },
	[2] = { PUNCH_ROUND2_MS, PUNCH_PACE_MS, PUNCH_PACE_SLOW_MS,
	    true, true, false },
	[3] = { PUNCH_ROUND3_MS, PUNCH_PACE3_MS, PUNCH_PACE3_SLOW_MS,
	    true, true, true }
};

/* ---- what is said ------------------------------------------------------ */

static bool
say(struct punch *p, const struct paths_msg *m)
{
	struct buf out;
	int rc;

	buf_init(&out);
	paths_write(&out, m);
	rc = p->setup.say(p->setup.ctx, out.at, out.len);
	buf_wipe(&out);
	return rc == 0;
}

bool
say_caps(struct punch *p)
{
	struct paths_msg m = { .type = PATHS_CAPS, .epoch = p->greeting };
	struct cand list[CANDS_MAX];
	size_t n = p->setup.my_cands(p->setup.ctx, list);

	m.class = punch_my_class(p);
	m.has_udp = p->setup.udp;
	m.is_double = p->setup.is_double(p->setup.ctx);
	m.has_birthday = birthday_is_allowed(p);
	for (size_t i = 0; i < n; i++)
		m.has_v6 = m.has_v6 || list[i].addr.family == ADDR_V6;
	return say(p, &m);
}

bool
say_cands(struct punch *p)
{
	struct paths_msg m = { .type = PATHS_CANDS, .epoch = p->epoch,
		.round = p->round };

	memcpy(m.key, ways_key(p->ways), PROBE_KEY);
	m.n_cands = ways_mine(p->ways, m.cands);
	p->has_more = false;
	p->told_ms = loop_now_ms(p->setup.loop);
	return say(p, &m);
}

bool
say_sync(struct punch *p)
{
	const struct paths_msg m = { .type = PATHS_SYNC, .epoch = p->epoch,
		.round = p->round };

	return say(p, &m);
}

bool
say_use(struct punch *p, int id)
{
	const struct paths_msg m = { .type = PATHS_USE, .epoch = p->epoch,
		.use = (uint8_t)id };

	return say(p, &m);
}

/* ---- my addresses ------------------------------------------------------ */

/* As they are from the new socket; false: it has no such address. */
static bool
refresh(const struct punch *p, struct cand *c)
{
	struct udp *u = fresh_udp(p->fresh);

	if (c->proto != CAND_UDP || c->kind == CAND_SRFLX)
		return false;
	if (c->kind == CAND_HOST) {
		if (!udp_has(u, c->addr.family))
			return false;
		c->addr.port = udp_port(u, c->addr.family);
	}
	return true;			/* a mapping is of the old socket */
}

/* The ports my NAT gives next. */
static void
add_predicted(struct punch *p, const struct addr *mapped)
{
	int by = p->setup.my_step(p->setup.ctx);

	if (!punch_rounds[p->round].has_pred || by == 0 ||
	    punch_my_class(p) != NAT_SEQ)
		return;
	for (int i = 1; i <= PUNCH_PRED; i++) {
		struct cand c = { CAND_PRED, CAND_UDP, *mapped };
		int port = mapped->port + i * by;

		if (port < 1024 || port > UINT16_MAX)
			continue;
		c.addr.port = (uint16_t)port;
		ways_add_mine(p->ways, &c);
	}
}

/* False: nothing was added. */
bool
round_gather(struct punch *p)
{
	struct cand list[CANDS_MAX];
	size_t n = p->setup.my_cands(p->setup.ctx, list);
	struct cand seen = { .kind = CAND_SRFLX, .proto = CAND_UDP };
	bool added = false;

	/* First what a round with a new socket is made for. */
	if (p->fresh && fresh_mapped(p->fresh, &seen.addr)) {
		added = ways_add_mine(p->ways, &seen);
		add_predicted(p, &seen.addr);
	}
	for (size_t i = 0; i < n; i++) {
		struct cand c = list[i];

		if (!p->fresh || refresh(p, &c))
			added = ways_add_mine(p->ways, &c) || added;
	}
	return added;
}

static void
on_fresh(void *arg)
{
	punch_step(arg, EV_READY);
}

void
round_heard(void *arg, struct udp *via, const struct addr *from,
    uint8_t *bytes, size_t len)
{
	punch_probe(arg, via, from, bytes, len);
}

void
round_end(struct punch *p)
{
	timer_stop(&p->pace);
	birthday_end(p);
	ways_free(p->ways);
	p->ways = NULL;
	fresh_free(p->fresh);
	p->fresh = NULL;
	p->has_more = false;
}

void
round_open(struct punch *p, unsigned round, uint64_t epoch)
{
	struct addr servers[NAT_SERVERS_MAX];
	struct udp *via = p->setup.udp;
	size_t n;

	round_end(p);
	p->round = round;
	p->epoch = epoch;
	p->n_theirs = 0;
	if (round == 1)
		memset(p->told_tcp, 0, sizeof(p->told_tcp));
	if (punch_rounds[round].is_fresh && via) {
		n = p->setup.my_servers(p->setup.ctx, servers);
		p->fresh = fresh_new(p->setup.loop, via, servers, n,
		    on_fresh, round_heard, p);
	}
	if (p->fresh)
		via = fresh_udp(p->fresh);
	else		/* the follower's are there: he is asked for them */
		timer_set(&p->timer, p->role == CONTROLLER && round == 1 ?
		    PUNCH_GATHER_MS : 0);
	p->ways = ways_new(&p->setup, via, epoch);
}

/* ---- their addresses --------------------------------------------------- */

/*
 * Public and mapped ones may be dialled, and on a network of mine the address
 * that answered a probe: a contact could name any machine of my LAN, and have
 * me knock at its doors behind the firewall.
 */
static bool
may_dial(const struct punch *p, const struct cand *c)
{
	if (c->proto != CAND_TCP ||
	    (c->kind != CAND_HOST && c->kind != CAND_MAPPED) ||
	    !ways_may_try(p->ways, c))
		return false;
	return addr_kind(&c->addr) == ADDR_PUBLIC ||
	    (p->setup.is_near(p->setup.ctx, &c->addr) &&
	    ways_is_proven(p->ways, &c->addr));
}

/* All of them, when one is new. */
static void
tell_tcp(struct punch *p)
{
	struct cand list[CANDS_MAX];
	bool is_new = false;
	size_t n = 0;

	for (size_t i = 0; i < p->n_theirs; i++) {
		if (!may_dial(p, &p->theirs[i]))
			continue;
		is_new |= !p->told_tcp[i];
		p->told_tcp[i] = true;
		list[n++] = p->theirs[i];
	}
	if (is_new)
		p->setup.on_tcp(p->setup.ctx, list, n);
}

void
round_take(struct punch *p, const struct paths_msg *m)
{
	ways_take_theirs(p->ways, m, punch_can(p));
	memcpy(p->theirs, m->cands, sizeof(p->theirs));
	p->n_theirs = m->n_cands;
	tell_tcp(p);
}

void
round_answered(struct punch *p)
{
	tell_tcp(p);
}

/* ---- probes ------------------------------------------------------------ */

void
round_try(struct punch *p)
{
	int64_t passed = loop_now_ms(p->setup.loop) - p->probing_ms;
	const struct round *r = &punch_rounds[p->round];
	int ttl = 0;

	if (r->has_low_ttl && passed < PUNCH_LOW_TTL_MS)
		ttl = p->setup.is_double(p->setup.ctx) ?
		    PUNCH_LOW_TTL_DOUBLE : PUNCH_LOW_TTL;
	ways_probe(p->ways, ttl);
	timer_set(&p->pace, passed < PUNCH_PACE_FAST ? r->fast_ms :
	    r->slow_ms);
}
