#include "relay-own.h"

#include <stdio.h>
#include <stdlib.h>

#include "rand.h"

enum { REACH_MS = 15000 };

/* /listen's question: can I be reached from outside? */
struct reach_ask {
	struct relay_ask ask;		/* first: see on_reached */
	struct relays *all;
	struct relay *relay;
	struct reach_result result;
	void (*done)(void *arg, const struct reach_result *res);
	void *arg;
	struct timer timer;
};

static void
end_reach(struct reach_ask *a)
{
	struct relays *all = a->all;
	void (*done)(void *arg, const struct reach_result *res) = a->done;

	timer_stop(&a->timer);
	relay_forget(a->relay, &a->ask);
	all->reach = NULL;
	done(a->arg, &a->result);
	free(a);
}

static void
on_reached(struct relay_ask *ask, const struct relay_msg *m)
{
	struct reach_ask *a = (struct reach_ask *)(void *)ask;
	struct reach_result *res = &a->result;

	if (!m)
		snprintf(res->why, sizeof(res->why),
		    "the connection to the relay was lost");
	else if (m->op != OP_REACHED || m->value == REACHED_NOT_TRIED)
		snprintf(res->why, sizeof(res->why),
		    "the relay does not dial this address, or not so often");
	else {
		res->tcp = m->value == REACHED_YES;
		res->udp_sent = m->port[1] != 0;
	}
	end_reach(a);
}

static void
on_reach_timer(void *arg)
{
	struct reach_ask *a = arg;

	snprintf(a->result.why, sizeof(a->result.why),
	    "the relay gave no answer");
	end_reach(a);
}

int
relays_try_me(struct relays *all, uint16_t tcp, uint16_t udp,
    void (*done)(void *arg, const struct reach_result *res), void *arg,
    struct err *e)
{
	struct relay *up = NULL;
	struct reach_ask *a;
	struct relay_msg m = { .op = OP_REACH, .port = { tcp, udp } };

	LIST_EACH(r, &all->list, struct relay, in_all) {
		if (!up && relay_is_up(r))
			up = r;
	}
	if (!up) {
		err_set(e, STATUS_UNAVAILABLE, "no relay is up that could try "
		    "my ports from outside");
		return err_next(e, "name one with --relay");
	}
	if (all->reach)
		return err_set(e, STATUS_TRY_AGAIN, "a relay is being asked "
		    "already");
	a = mem_new(sizeof(*a));
	a->ask.answered = on_reached;
	a->all = all;
	a->relay = up;
	a->done = done;
	a->arg = arg;
	a->result.tcp = -1;
	rand_bytes(a->result.nonce, sizeof(a->result.nonce));
	m.p = a->result.nonce;
	m.len = sizeof(a->result.nonce);
	timer_init(&a->timer, all->loop, on_reach_timer, a);
	timer_set(&a->timer, REACH_MS);
	all->reach = a;
	relay_ask(up, &a->ask, &m);
	return 0;
}

void
relays_try_stop(struct relays *all)
{
	struct reach_ask *a = all->reach;

	if (!a)
		return;
	timer_stop(&a->timer);
	relay_forget(a->relay, &a->ask);
	all->reach = NULL;
	free(a);
}
