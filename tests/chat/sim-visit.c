#include "sim-own.h"

#include "own.h"

enum { CAME, WAITS, DEADLINE_MS = 30000 };

static struct node *
end_of(const struct sim_visit *v, int side)
{
	return side == CAME ? v->came : v->waits;
}

static struct sim_visit *
find(struct sim *s, uint32_t id)
{
	for (size_t i = 0; i < SIM_VISITS; i++)
		if (s->visits[i].id == id && id != 0)
			return &s->visits[i];
	return NULL;
}

static void
drop_all(struct parcel **way)
{
	while (*way) {
		struct parcel *p = *way;

		*way = p->next;
		free(p);
	}
}

static void
release(struct sim_visit *v)
{
	drop_all(&v->way[CAME]);
	drop_all(&v->way[WAITS]);
	drop_all(&v->held);
	memset(v, 0, sizeof(*v));
}

/* It is over for who did not end it himself. */
static void
end(struct sim_visit *v, enum visit_end why)
{
	struct sim_visit copy = *v;

	drop_all(&v->held);
	for (int side = CAME; side <= WAITS; side++) {
		struct node *n = end_of(&copy, side);

		if (!n || !n->chat || copy.shut[side] || !copy.begun)
			continue;
		n->net->on_visit_end(n->net->chat, copy.id, why, NULL);
	}
	release(v);
}

static struct sim_visit *
new_visit(struct sim *s)
{
	for (size_t i = 0; i < SIM_VISITS; i++) {
		struct sim_visit *v = &s->visits[i];

		if (v->id != 0)
			continue;
		memset(v, 0, sizeof(*v));
		v->id = ++s->last_visit;
		v->due_ms = s->now_ms + 1;
		v->until_ms = s->now_ms + DEADLINE_MS;
		return v;
	}
	fail_msg("too many visits");
	return NULL;
}

/* ---- the carrier's half ------------------------------------------------- */

static int
net_wait_at(void *net, const char *plate, struct err *e)
{
	struct node *n = net;

	snprintf(n->plate, sizeof(n->plate), "%s", plate ? plate : "");
	return plate && n->no_place ? err_set(e, STATUS_UNAVAILABLE,
	    "no place") : 0;
}

static int
net_visit(void *net, const char *plate, uint32_t code, const char *where,
    struct err *e)
{
	struct node *n = net;
	struct sim *s = n->sim;
	struct sim_visit *v;

	(void)where;
	(void)e;
	for (size_t i = 0; i < SIM_VISITS; i++)
		if (s->visits[i].id != 0 && s->visits[i].came == n) {
			s->visits[i].shut[CAME] = true;
			s->visits[i].cut = true;
		}
	if (!plate)
		return 0;
	n->visit_code = code;
	v = new_visit(s);
	v->came = n;
	for (size_t i = 0; i < s->n; i++)
		if (!n->no_place && strcmp(s->nodes[i]->plate, plate) == 0)
			v->waits = s->nodes[i];
	return 0;
}

static void
net_visit_failed(void *net, uint32_t visit, uint32_t code)
{
	struct node *n = net;

	ok(visit != 0 && visit <= n->sim->last_visit, "a visit that was");
	n->failed_code = code;
	n->n_failed++;
}

static void
put(struct sim_visit *v, int64_t now_ms, int to, const uint8_t *p,
    size_t len)
{
	struct parcel *new = mem_new(sizeof(*new) + len);
	struct parcel **at = &v->way[to];

	new->len = len;
	new->due_ms = now_ms + 1;
	memcpy(new->bytes, p, len);
	while (*at)
		at = &(*at)->next;
	*at = new;
}

static void
put_held(struct sim_visit *v, int64_t now_ms)
{
	struct parcel *p = v->held;

	if (!p)
		return;
	v->held = NULL;
	put(v, now_ms, v->held_to, p->bytes, p->len);
	free(p);
}

static void
send_on(struct sim *s, struct sim_visit *v, int to, struct sim_msg *m)
{
	enum sim_fate fate = s->meddle ? s->meddle(s->meddle_arg, m) :
	    SIM_PASS;

	switch (fate) {
	case SIM_PASS:
		put(v, s->now_ms, to, m->p, m->len);
		break;
	case SIM_LOSE:
		break;
	case SIM_TWICE:
		put(v, s->now_ms, to, m->p, m->len);
		put(v, s->now_ms, to, m->p, m->len);
		break;
	case SIM_SWAP:
		v->held = mem_new(sizeof(*v->held) + m->len);
		v->held->len = m->len;
		memcpy(v->held->bytes, m->p, m->len);
		v->held_to = to;
		return;
	case SIM_REFLECT:
		put(v, s->now_ms, !to, m->p, m->len);
		break;
	case SIM_CUT_AFTER:
		put(v, s->now_ms, to, m->p, m->len);
		v->cut = true;
		break;
	case SIM_CUT_BEFORE:
		v->cut = true;
		break;
	}
	put_held(v, s->now_ms);
}

static int
net_visit_send(void *net, uint32_t visit, const void *msg, size_t len)
{
	struct node *n = net;
	struct sim_visit *v = find(n->sim, visit);
	int to = v && v->came == n ? WAITS : CAME;
	struct sim_msg m = { .from = n, .len = len };

	if (!v || v->cut)
		return -1;
	if (!end_of(v, to)) {
		n->sim->raw_len = len;
		memcpy(n->sim->raw, msg, len);
		return 0;
	}
	m.p = mem_copy(msg, len);
	m.to = end_of(v, to);
	m.number = v->n_msgs++;
	send_on(n->sim, v, to, &m);
	free(m.p);
	return 0;
}

/* What was sent before leaves. */
static void
net_visit_close(void *net, uint32_t visit)
{
	struct node *n = net;
	struct sim_visit *v = find(n->sim, visit);

	if (!v)
		return;
	v->shut[v->came == n ? CAME : WAITS] = true;
	v->cut = true;
}

void
sim_visit_carry(struct carrier *carrier)
{
	carrier->wait_at = net_wait_at;
	carrier->visit = net_visit;
	carrier->visit_failed = net_visit_failed;
	carrier->visit_send = net_visit_send;
	carrier->visit_close = net_visit_close;
}

/* ---- time --------------------------------------------------------------- */

static void
begin(struct sim_visit *v)
{
	uint32_t id = v->id;
	struct node *came = v->came, *waits = v->waits;

	if (!waits) {
		release(v);
		came->net->on_visit_end(came->net->chat, 0, came->no_place ?
		    VISIT_NO_PLACE : VISIT_NOBODY, NULL);
		return;
	}
	v->begun = true;
	waits->n_visits++;
	waits->net->on_visit(waits->net->chat, id, false);
	if (came)
		came->net->on_visit(came->net->chat, id, true);
}

static void
deliver(struct sim *s, struct sim_visit *v, int to)
{
	while (v->way[to] && v->way[to]->due_ms <= s->now_ms) {
		struct parcel *p = v->way[to];
		struct node *n = end_of(v, to);

		v->way[to] = p->next;
		if (!v->shut[to])
			n->net->on_visit_msg(n->net->chat, v->id, p->bytes,
			    p->len);
		free(p);
	}
}

void
sim_visit_deliver(struct sim *s)
{
	for (size_t i = 0; i < SIM_VISITS; i++) {
		struct sim_visit *v = &s->visits[i];

		if (v->id != 0 && !v->begun && v->due_ms <= s->now_ms)
			begin(v);
		if (v->id == 0 || !v->begun)
			continue;
		deliver(s, v, CAME);
		deliver(s, v, WAITS);
		if (v->cut && !v->way[CAME] && !v->way[WAITS])
			end(v, VISIT_CUT);
		else if (s->now_ms >= v->until_ms)
			end(v, VISIT_LATE);
	}
}

void
sim_visit_gone(struct node *n)
{
	struct sim *s = n->sim;

	n->plate[0] = '\0';
	for (size_t i = 0; i < SIM_VISITS; i++) {
		struct sim_visit *v = &s->visits[i];

		if (v->id == 0 || (v->came != n && v->waits != n))
			continue;
		if (!v->begun) {
			v->waits = NULL;	/* nobody is there */
			if (v->came == n)
				release(v);
			continue;
		}
		v->shut[v->came == n ? CAME : WAITS] = true;
		drop_all(&v->way[v->came == n ? CAME : WAITS]);
		/* What it said before is on its way. */
		v->cut = true;
	}
}

void
sim_meddle(struct sim *s, enum sim_fate (*fn)(void *arg, struct sim_msg *m),
    void *arg)
{
	s->meddle = fn;
	s->meddle_arg = arg;
}

void
sim_leap(struct sim *s, int64_t ms)
{
	sim_run_ms(s, 5);
	s->now_ms += ms;
	for (size_t i = 0; i < s->n; i++)
		if (s->nodes[i]->chat)
			loop_virtual_run(s->nodes[i]->loop, ms);
	sim_run_ms(s, 5);
}

/* ---- somebody who is no node -------------------------------------------- */

uint32_t
sim_come(struct node *n)
{
	struct sim_visit *v = new_visit(n->sim);

	v->waits = n;
	n->sim->raw_len = 0;
	begin(v);
	return v->id;
}

void
sim_say_raw(struct node *n, uint32_t visit, const void *p, size_t len)
{
	n->sim->raw_len = 0;
	n->net->on_visit_msg(n->net->chat, visit, p, len);
}

size_t
sim_said_raw(const struct node *n, uint8_t *p, size_t room)
{
	size_t len = n->sim->raw_len;

	if (len > room)
		fail_msg("said %zu bytes", len);
	memcpy(p, n->sim->raw, len);
	return len;
}

void
sim_go_raw(struct node *n, uint32_t visit)
{
	struct sim_visit *v = find(n->sim, visit);

	if (v)
		end(v, VISIT_CUT);
}
