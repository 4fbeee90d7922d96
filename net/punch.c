#include "punch.h"

#include <stdlib.h>
#include <string.h>

#include "punch-own.h"
#include "rand.h"

/* ---- limits ------------------------------------------------------------ */

bool
punch_bucket(struct bucket *b, int64_t now_ms, int n, int burst,
    int64_t each_ms)
{
	int64_t full = b->full_ms > now_ms ? b->full_ms : now_ms;

	full += n * each_ms;
	if (full - now_ms > burst * each_ms)
		return false;
	b->full_ms = full;
	return true;
}

static int64_t
now_ms(const struct punch *p)
{
	return loop_now_ms(p->setup.loop);
}

static bool
may_start(struct punch *p, int n_rounds)
{
	return punch_bucket(&p->starts, now_ms(p), n_rounds,
	    PUNCH_ROUNDS_BURST, PUNCH_ROUNDS_MS);
}

static void
round_over(struct punch *p)
{
	punch_step(p, punch_next_round(p) ? EV_ROUND_OVER : EV_ALL_OVER);
}

/* ---- the actions ------------------------------------------------------- */

static void
do_rest(struct punch *p)
{
	round_end(p);
	p->has_met = false;
}

static void
do_greet(struct punch *p)
{
	round_end(p);
	/* Room above for the epochs of all rounds. */
	rand_bytes(&p->greeting, sizeof(p->greeting));
	p->greeting >>= 1;
	if (p->role == CONTROLLER)
		p->epoch = p->greeting;
	say_caps(p);
	if (p->has_met)
		punch_step(p, EV_MET);
}

static void
do_first_round(struct punch *p)
{
	p->is_silent = false;
	round_open(p, 1, p->epoch + 1);
}

static void
do_next_round(struct punch *p)
{
	round_open(p, punch_next_round(p), p->epoch + 1);
}

static void
do_offer(struct punch *p)
{
	round_gather(p);
	p->offered_us = loop_clock(p->setup.loop)->mono_us;
	timer_set(&p->timer, PUNCH_REPLY_MS);
	if (!say_cands(p))
		punch_step(p, EV_NO_LINK);
}

static void
do_sync(struct punch *p)
{
	int64_t rtt = loop_clock(p->setup.loop)->mono_us - p->offered_us;

	/* The other side may have asked STUN before it answered. */
	if (p->rtt_us <= 0 || rtt < p->rtt_us)
		p->rtt_us = rtt;
	timer_set(&p->timer, p->rtt_us / 2000);
	if (!say_sync(p))
		punch_step(p, EV_NO_LINK);
}

/* The controller's clock ends a round; the follower waits for its word. */
static void
do_probe(struct punch *p)
{
	p->probing_ms = now_ms(p);
	timer_set(&p->timer, punch_rounds[p->round].length_ms +
	    (p->role == FOLLOWER ? PUNCH_REPLY_MS : 0));
	timer_set(&p->pace, 0);
	if (p->round == ROUND_MAX)
		birthday_start(p);
}

static void
do_settle(struct punch *p)
{
	int64_t two = 2 * ways_rtt_us(p->ways, ways_best(p->ways)) / 1000;

	if (two < PUNCH_SETTLE_MS)
		two = PUNCH_SETTLE_MS;
	timer_set(&p->timer, two < PUNCH_SETTLE_MAX_MS ? two :
	    PUNCH_SETTLE_MAX_MS);
}

static void
do_choose(struct punch *p)
{
	p->chosen = ways_best(p->ways);
	timer_set(&p->timer, PUNCH_REPLY_MS);
	if (!say_use(p, p->chosen))
		punch_step(p, EV_NO_LINK);
}

static void
do_deliver(struct punch *p)
{
	struct way_end end;
	bool is_there = p->role == CONTROLLER ?
	    ways_chosen(p->ways, p->chosen, &end) :
	    ways_was_used(p->ways, p->chosen, &end);

	timer_stop(&p->pace);
	timer_set(&p->timer, PUNCH_TAKEN_MS);
	if (!is_there)
		return;
	if (p->role == FOLLOWER)
		say_use(p, p->chosen);
	if (p->fresh && end.via == fresh_udp(p->fresh)) {
		fresh_release(p->fresh);
		p->fresh = NULL;
	}
	birthday_release(p, end.via);
	p->setup.on_way(p->setup.ctx, end.via, &end.to, end.path);
}

static void
do_wait(struct punch *p)
{
	int64_t delay = p->again_ms;

	round_end(p);
	p->again_ms = delay * 2 < PUNCH_AGAIN_MAX_MS ? delay * 2 :
	    PUNCH_AGAIN_MAX_MS;
	p->due_ms = now_ms(p) + delay;
	timer_set(&p->timer, delay);
	p->setup.on_failed(p->setup.ctx, delay);
}

static void
do_wait_silent(struct punch *p)
{
	p->is_silent = true;
	do_wait(p);
}

/* Probes of the follower end with the round; answers go on. */
static void
do_pause(struct punch *p)
{
	timer_stop(&p->pace);
}

/* The next try is the controller's to begin; his clock is mine. */
static void
do_doubt(struct punch *p)
{
	int64_t delay = p->again_ms;

	timer_stop(&p->pace);
	p->again_ms = delay * 2 < PUNCH_AGAIN_MAX_MS ? delay * 2 :
	    PUNCH_AGAIN_MAX_MS;
	p->due_ms = now_ms(p) + delay;
	p->setup.on_failed(p->setup.ctx, delay);
}

static void
do_answer(struct punch *p)
{
	round_gather(p);
	timer_set(&p->timer, PUNCH_REPLY_MS);
	if (!say_cands(p))
		punch_step(p, EV_NO_LINK);
}

/* ---- the machine ------------------------------------------------------- */

struct cell {
	enum state next;		/* IGNORED: nothing happens */
	void (*action)(struct punch *p);
};

#define STOPS \
	[EV_STOP] = { IDLE, do_rest }, \
	[EV_AGAIN] = { MEETING, do_greet }
/* The follower begins whenever the controller does. */
#define FOLLOWS \
	STOPS, \
	[EV_CANDS] = { GATHERING, NULL }

static const struct cell table[ROLES][STATES][EVENTS] = {
	[CONTROLLER] = {
		[IDLE] = { [EV_START] = { MEETING, do_greet } },
		[MEETING] = { STOPS,
			[EV_MET] = { GATHERING, do_first_round } },
		[GATHERING] = { STOPS,
			[EV_READY] = { OFFERED, do_offer } },
		[OFFERED] = { STOPS,
			[EV_CANDS] = { SYNCING, do_sync },
			[EV_TIME] = { WAITING, do_wait_silent },
			[EV_NO_LINK] = { WAITING, do_wait } },
		[SYNCING] = { STOPS,
			[EV_TIME] = { PROBING, do_probe },
			[EV_NO_LINK] = { WAITING, do_wait } },
		[PROBING] = { STOPS,
			[EV_PONG] = { SETTLING, do_settle },
			[EV_ROUND_OVER] = { GATHERING, do_next_round },
			[EV_ALL_OVER] = { WAITING, do_wait } },
		[SETTLING] = { STOPS,
			[EV_TIME] = { AGREEING, do_choose } },
		[AGREEING] = { STOPS,
			[EV_USE] = { DONE, do_deliver },
			[EV_ROUND_OVER] = { GATHERING, do_next_round },
			[EV_ALL_OVER] = { WAITING, do_wait },
			[EV_NO_LINK] = { WAITING, do_wait } },
		[DONE] = { STOPS,
			[EV_TIME] = { WAITING, do_wait } },
		[WAITING] = { STOPS,
			[EV_TIME] = { GATHERING, do_first_round } },
	},
	[FOLLOWER] = {
		[IDLE] = { [EV_START] = { MEETING, do_greet } },
		[MEETING] = { FOLLOWS,
			[EV_USE] = { DONE, do_deliver } },
		[GATHERING] = { FOLLOWS,
			[EV_READY] = { OFFERED, do_answer } },
		[OFFERED] = { FOLLOWS,
			[EV_SYNC] = { PROBING, do_probe },
			[EV_USE] = { DONE, do_deliver },
			[EV_NO_LINK] = { MEETING, round_end },
			[EV_TIME] = { MEETING, do_doubt } },
		[PROBING] = { FOLLOWS,
			[EV_USE] = { DONE, do_deliver },
			[EV_ROUND_OVER] = { MEETING, do_pause },
			[EV_ALL_OVER] = { MEETING, do_doubt } },
		[DONE] = { FOLLOWS,
			[EV_TIME] = { MEETING, do_doubt } },
	}
};

/* Actions end with what may call us back, so nothing follows them. */
void
punch_step(struct punch *p, enum event ev)
{
	const struct cell *c = &table[p->role][p->state][ev];

	if (c->next == IGNORED)
		return;
	timer_stop(&p->timer);
	p->state = c->next;
	if (c->action)
		c->action(p);
}

static void
on_timer(void *arg)
{
	struct punch *p = arg;

	switch (p->state) {
	case GATHERING:
		punch_step(p, EV_READY);
		break;
	case PROBING:
	case AGREEING:
		round_over(p);
		break;
	case IGNORED:
	case IDLE:
	case MEETING:
	case OFFERED:
	case SYNCING:
	case SETTLING:
	case DONE:
	case WAITING:
	case STATES:
		punch_step(p, EV_TIME);
		break;
	}
}

/* Goes on after the first PONG: the other side may not be let in yet. */
static void
on_pace(void *arg)
{
	struct punch *p = arg;

	round_try(p);
	if (p->has_more && now_ms(p) - p->told_ms >= PUNCH_CANDS_MS)
		say_cands(p);
}

/* ---- what comes -------------------------------------------------------- */

static void
hear_caps(struct punch *p, const struct paths_msg *m)
{
	bool is_new = !p->has_met || m->epoch != p->them.epoch;

	p->them = *m;
	p->has_met = true;
	/* A controller that begins anew counts from there, whether or not I
	 * look for a way yet: it says so once. */
	if (p->role == FOLLOWER && is_new)
		p->epoch = m->epoch;
	if (p->state == IDLE || !is_new)
		return;
	if (p->role == FOLLOWER) {
		say_caps(p);
		return;
	}
	if (p->state == MEETING) {
		say_caps(p);
		punch_step(p, EV_MET);
	} else if (may_start(p, ROUND_MAX)) {
		punch_step(p, EV_AGAIN);
	}
}

/* The same round once more: there are more of them. */
static bool
is_round(const struct punch *p, const struct paths_msg *m)
{
	return p->ways && m->epoch == p->epoch && m->round == p->round;
}

static void
hear_cands(struct punch *p, const struct paths_msg *m)
{
	if (p->state == IDLE || !punch_bucket(&p->cands, now_ms(p), 1,
	    PUNCH_CANDS_BURST, PUNCH_CANDS_MS))
		return;
	if (is_round(p, m)) {
		round_take(p, m);
		if (p->state == OFFERED && p->role == CONTROLLER)
			punch_step(p, EV_CANDS);
		return;
	}
	if (p->role == CONTROLLER || !p->has_met || m->epoch <= p->epoch ||
	    !may_start(p, 1))
		return;
	punch_step(p, EV_CANDS);
	round_open(p, m->round, m->epoch);
	round_take(p, m);
}

static void
hear_use(struct punch *p, const struct paths_msg *m)
{
	struct way_end end;

	if (!p->ways || m->epoch != p->epoch)
		return;
	if (p->role == CONTROLLER) {
		if (m->use == p->chosen)
			punch_step(p, EV_USE);
		return;
	}
	if (!ways_was_used(p->ways, m->use, &end))
		return;
	p->chosen = m->use;
	punch_step(p, EV_USE);
}

void
punch_paths(struct punch *p, const uint8_t *body, size_t len)
{
	struct paths_msg m;

	if (paths_read(&m, body, len) != 0)
		return;
	switch (m.type) {
	case PATHS_CAPS:
		hear_caps(p, &m);
		break;
	case PATHS_CANDS:
		hear_cands(p, &m);
		break;
	case PATHS_SYNC:
		if (p->role == FOLLOWER && is_round(p, &m))
			punch_step(p, EV_SYNC);
		break;
	case PATHS_USE:
		hear_use(p, &m);
		break;
	}
}

bool
punch_probe(struct punch *p, struct udp *via, const struct addr *from,
    const uint8_t *bytes, size_t len)
{
	enum ways_heard what = p->ways ?
	    ways_hear(p->ways, via, from, bytes, len) : WAYS_ALIEN;

	if (what == WAYS_CAME || what == WAYS_ANSWERED)
		birthday_came(p, via);
	if (what == WAYS_ANSWERED) {
		round_answered(p);
		punch_step(p, EV_PONG);
	}
	return what != WAYS_ALIEN;
}

/* ---- the owner --------------------------------------------------------- */

struct punch *
punch_new(const struct punch_setup *setup)
{
	struct punch *p = mem_new(sizeof(*p));

	p->setup = *setup;
	p->role = setup->is_controller ? CONTROLLER : FOLLOWER;
	p->state = IDLE;
	p->again_ms = PUNCH_AGAIN_MIN_MS;
	timer_init(&p->timer, setup->loop, on_timer, p);
	timer_init(&p->pace, setup->loop, on_pace, p);
	return p;
}

void
punch_free(struct punch *p)
{
	if (!p || p->is_dead)
		return;
	p->is_dead = true;
	punch_stop(p);
	loop_defer(p->setup.loop, free, p);
}

void
punch_start(struct punch *p, int64_t rtt_us)
{
	p->rtt_us = rtt_us;
	punch_step(p, EV_START);
}

void
punch_stop(struct punch *p)
{
	punch_step(p, EV_STOP);
}

void
punch_again(struct punch *p)
{
	p->again_ms = PUNCH_AGAIN_MIN_MS;
	punch_step(p, EV_AGAIN);
}

void
punch_more(struct punch *p)
{
	if (p->state == IDLE)
		return;
	say_caps(p);
	if ((p->state != OFFERED && p->state != SYNCING &&
	    p->state != PROBING) || p->round != 1 || !round_gather(p))
		return;
	p->has_more = true;
	if (now_ms(p) - p->told_ms >= PUNCH_CANDS_MS)
		say_cands(p);
}
