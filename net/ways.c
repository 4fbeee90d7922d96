#include "ways.h"

#include <stdlib.h>
#include <string.h>

#include "rand.h"
#include "replay.h"
#include "secret.h"

enum {
	/* Probes under way at once on one way: 1.6 s of the fast pace. */
	FLIGHT = 32,
	PORT_LEAST = 1024,		/* below are services, not people */
	NO_WAY = 0xff
};

struct way {
	bool is_set;
	enum cand_kind kind;
	struct udp *via;
	struct addr to;
	unsigned unanswered;
	bool has_answered;
	int64_t rtt_us;
	struct {
		uint64_t txid;		/* 0: answered, or none */
		int64_t at_us;
	} flight[FLIGHT];
	unsigned n_sent;
};

/* Where a probe that names one of their ways came to and from. */
struct trace {
	bool is_set;
	struct udp *via;
	struct addr from;
};

struct ways {
	const struct punch_setup *setup;
	struct udp *via;
	uint64_t epoch;
	uint8_t my_key[PROBE_KEY], their_key[PROBE_KEY];
	bool has_their_key;
	bool is_trying;			/* probes have begun to leave */
	struct cand mine[CANDS_MAX];
	size_t n_mine;
	struct way list[WAYS_MAX];	/* theirs by their place, then prflx */
	size_t n_learned;
	struct trace traces[WAYS_MAX];
	uint64_t n_probes;
	struct replay seen;
};

struct ways *
ways_new(const struct punch_setup *setup, struct udp *via, uint64_t epoch)
{
	struct ways *w = mem_new(sizeof(*w));

	w->setup = setup;
	w->via = via;
	w->epoch = epoch;
	rand_bytes(w->my_key, sizeof(w->my_key));
	replay_init(&w->seen);
	return w;
}

void
ways_free(struct ways *w)
{
	if (!w)
		return;
	wipe(w->my_key, sizeof(w->my_key));
	wipe(w->their_key, sizeof(w->their_key));
	free(w);
}

const uint8_t *
ways_key(const struct ways *w)
{
	return w->my_key;
}

/* ---- candidates -------------------------------------------------------- */

static bool
same_cand(const struct cand *a, const struct cand *b)
{
	return a->proto == b->proto && addr_equal(&a->addr, &b->addr);
}

bool
ways_add_mine(struct ways *w, const struct cand *c)
{
	if (c->kind == CAND_PRFLX)
		return false;
	for (size_t i = 0; i < w->n_mine; i++) {
		if (!same_cand(&w->mine[i], c))
			continue;
		/* What STUN sees may be my own: then nothing is between. */
		if (c->kind < w->mine[i].kind)
			w->mine[i].kind = c->kind;
		return false;
	}
	if (w->n_mine == CANDS_MAX)
		return false;
	w->mine[w->n_mine++] = *c;
	return true;
}

size_t
ways_mine(const struct ways *w, struct cand list[CANDS_MAX])
{
	memcpy(list, w->mine, w->n_mine * sizeof(*list));
	return w->n_mine;
}

/* Two programs of one machine have one address and two ports. */
static bool
is_neighbour(const struct ways *w, const struct cand *c)
{
	bool shares = false;

	for (size_t i = 0; i < w->n_mine; i++) {
		if (w->mine[i].kind != CAND_HOST ||
		    !addr_same_ip(&w->mine[i].addr, &c->addr))
			continue;
		shares = true;
		if (w->mine[i].addr.port == c->addr.port)
			return false;
	}
	return shares && c->kind == CAND_HOST;
}

bool
ways_may_try(const struct ways *w, const struct cand *c)
{
	enum addr_kind kind = addr_kind(&c->addr);

	if (c->addr.port < PORT_LEAST ||
	    (kind != ADDR_PRIVATE && kind != ADDR_PUBLIC))
		return false;
	return !w->setup->is_mine(w->setup->ctx, &c->addr) ||
	    is_neighbour(w, c);
}

bool
ways_is_proven(const struct ways *w, const struct addr *a)
{
	for (size_t i = 0; i < WAYS_MAX; i++) {
		const struct way *v = &w->list[i];

		if (v->is_set && v->has_answered && addr_same_ip(&v->to, a))
			return true;
	}
	return false;
}

static struct way *
find_way(struct ways *w, struct udp *via, const struct addr *to)
{
	for (size_t i = 0; i < WAYS_MAX; i++) {
		struct way *v = &w->list[i];

		if (v->is_set && v->via == via && addr_equal(&v->to, to))
			return v;
	}
	return NULL;
}

static void
set_way(struct way *v, enum cand_kind kind, struct udp *via,
    const struct addr *to)
{
	v->is_set = true;
	v->kind = kind;
	v->via = via;
	v->to = *to;
}

void
ways_take_theirs(struct ways *w, const struct paths_msg *m, bool srflx)
{
	memcpy(w->their_key, m->key, PROBE_KEY);
	w->has_their_key = true;
	for (size_t i = 0; i < m->n_cands; i++) {
		const struct cand *c = &m->cands[i];

		/* A place once taken stays: those told later follow it. */
		if (c->proto != CAND_UDP || w->list[i].is_set || !w->via ||
		    (!srflx && c->kind >= CAND_SRFLX) ||
		    find_way(w, w->via, &c->addr) || !ways_may_try(w, c) ||
		    !udp_has(w->via, c->addr.family))
			continue;
		set_way(&w->list[i], c->kind, w->via, &c->addr);
	}
}

/* ---- probes ------------------------------------------------------------ */

static void
send_probe(struct ways *w, size_t id, int low_ttl)
{
	struct way *v = &w->list[id];
	bool low = low_ttl > 0 && v->kind >= CAND_SRFLX &&
	    v->via != w->setup->udp && v->to.family == ADDR_V4;
	uint64_t txid = ++w->n_probes << 8 | id;
	const struct probe p = { .txid = txid, .epoch = w->epoch,
		.cand = (uint8_t)id };
	uint8_t packet[PROBE_LEN];

	if (v->unanswered == PUNCH_UNANSWERED_MAX)
		return;
	v->unanswered++;
	v->flight[v->n_sent % FLIGHT].txid = txid;
	v->flight[v->n_sent % FLIGHT].at_us =
	    loop_clock(w->setup->loop)->mono_us;
	v->n_sent++;
	probe_write(packet, &p, w->their_key);
	if (low)
		udp_set_ttl(v->via, low_ttl);
	udp_send(v->via, &v->to, packet, sizeof(packet));
	if (low)
		udp_set_ttl(v->via, 0);
}

void
ways_probe(struct ways *w, int low_ttl)
{
	if (!w->has_their_key)
		return;
	w->is_trying = true;
	for (size_t i = 0; i < WAYS_MAX; i++) {
		if (w->list[i].is_set)
			send_probe(w, i, low_ttl);
	}
}

bool
ways_stray(struct ways *w, uint8_t packet[PROBE_LEN])
{
	const struct probe p = { .txid = ++w->n_probes << 8 | NO_WAY,
		.epoch = w->epoch, .cand = NO_WAY };

	if (w->has_their_key)
		probe_write(packet, &p, w->their_key);
	return w->has_their_key;
}

/* The place a probe came from: nobody told of it, but it is let in here. */
static void
learn(struct ways *w, struct udp *via, const struct addr *from)
{
	const struct cand c = { CAND_PRFLX, CAND_UDP, *from };
	size_t id = CANDS_MAX + w->n_learned;

	if (find_way(w, via, from) || w->n_learned == WAYS_LEARNED_MAX)
		return;
	/* Whoever sends from an address of mine is a program of mine. */
	if (!ways_may_try(w, &c) && !w->setup->is_mine(w->setup->ctx, from))
		return;
	w->n_learned++;
	set_way(&w->list[id], CAND_PRFLX, via, from);
	if (w->is_trying)
		send_probe(w, id, 0);
}

static enum ways_heard
hear_probe(struct ways *w, struct udp *via, const struct addr *from,
    const struct probe *p)
{
	struct probe pong = { .is_pong = true, .txid = p->txid };
	uint8_t packet[PROBE_LEN];

	if (p->epoch != w->epoch || !w->has_their_key ||
	    !replay_accept(&w->seen, p->txid >> 8))
		return WAYS_TAKEN;
	pong.seen = *from;
	probe_write(packet, &pong, w->their_key);
	udp_send(via, from, packet, sizeof(packet));
	if (p->cand < WAYS_MAX)
		w->traces[p->cand] = (struct trace){ true, via, *from };
	learn(w, via, from);
	return WAYS_CAME;
}

static enum ways_heard
hear_pong(struct ways *w, struct udp *via, const struct addr *from,
    const struct probe *p)
{
	size_t id = p->txid & 0xff;
	struct way *v = id < WAYS_MAX ? &w->list[id] : NULL;

	if (!v || !v->is_set || v->via != via || !addr_equal(&v->to, from) ||
	    p->txid == 0)
		return WAYS_TAKEN;
	for (size_t i = 0; i < FLIGHT; i++) {
		if (v->flight[i].txid != p->txid)
			continue;
		v->flight[i].txid = 0;
		v->rtt_us = loop_clock(w->setup->loop)->mono_us -
		    v->flight[i].at_us;
		v->unanswered = 0;
		v->has_answered = true;
		return WAYS_ANSWERED;
	}
	return WAYS_TAKEN;
}

enum ways_heard
ways_hear(struct ways *w, struct udp *via, const struct addr *from,
    const uint8_t *bytes, size_t len)
{
	struct probe p;

	if (probe_read(&p, bytes, len, w->my_key) != 0)
		return WAYS_ALIEN;
	return p.is_pong ? hear_pong(w, via, from, &p) :
	    hear_probe(w, via, from, &p);
}

/* ---- the choice -------------------------------------------------------- */

/* A way has two ends, and the better known one says what it is: an address
 * that needs no NAT at either end, one that a router was asked for. */
static enum path
path_of(const struct ways *w, const struct addr *to, enum cand_kind theirs,
    enum cand_kind mine)
{
	if (w->setup->is_near(w->setup->ctx, to) ||
	    w->setup->is_mine(w->setup->ctx, to))
		return PATH_LAN;
	if (theirs == CAND_HOST || mine == CAND_HOST)
		return PATH_DIRECT;
	if (theirs == CAND_MAPPED || mine == CAND_MAPPED)
		return PATH_MAPPED;
	return PATH_PUNCHED;
}

/* Which of mine they reach on that way. */
static enum cand_kind
reached(const struct ways *w, const struct udp *via, const struct addr *from)
{
	enum cand_kind best = CAND_PRFLX;

	for (size_t i = 0; i < w->n_mine; i++) {
		const struct trace *t = &w->traces[i];

		if (t->is_set && t->via == via && addr_equal(&t->from, from) &&
		    w->mine[i].kind < best)
			best = w->mine[i].kind;
	}
	return best;
}

bool
ways_chosen(const struct ways *w, int id, struct way_end *end)
{
	const struct way *v;

	if (id < 0 || id >= WAYS_MAX || !w->list[id].has_answered)
		return false;
	v = &w->list[id];
	end->via = v->via;
	end->to = v->to;
	end->path = path_of(w, &v->to, v->kind, reached(w, v->via, &v->to));
	return true;
}

bool
ways_was_used(const struct ways *w, int id, struct way_end *end)
{
	enum cand_kind theirs = CAND_PRFLX, mine = CAND_PRFLX;
	const struct trace *t;

	if (id < 0 || id >= WAYS_MAX || !w->traces[id].is_set)
		return false;
	t = &w->traces[id];
	for (size_t i = 0; i < WAYS_MAX; i++) {
		const struct way *v = &w->list[i];

		if (v->is_set && v->via == t->via &&
		    addr_equal(&v->to, &t->from))
			theirs = v->kind;
	}
	if ((size_t)id < w->n_mine)
		mine = w->mine[id].kind;
	end->via = t->via;
	end->to = t->from;
	end->path = path_of(w, &t->from, theirs, mine);
	return true;
}

int64_t
ways_rtt_us(const struct ways *w, int id)
{
	return w->list[id].rtt_us;
}

int
ways_best(const struct ways *w)
{
	enum path best_path = PATH_NONE;
	int best = -1;

	for (int i = 0; i < WAYS_MAX; i++) {
		struct way_end end;

		if (!ways_chosen(w, i, &end))
			continue;
		/* enum path is in the order of preference. */
		if (best < 0 || end.path < best_path ||
		    (end.path == best_path &&
		    w->list[i].rtt_us < w->list[best].rtt_us)) {
			best = i;
			best_path = end.path;
		}
	}
	return best;
}
