#include "nat.h"

#include <stdlib.h>
#include <string.h>

#include "rand.h"
#include "stun.h"

enum {
	/* Two addresses and a third port tell all classes apart. */
	TARGETS_V4 = 3,
	TARGETS_V6 = 1,
	TARGETS = TARGETS_V4 + TARGETS_V6,
	FAMILIES = 2
};

/* When requests leave that have no answer yet; the last is the end. */
static const int64_t schedule_ms[] = {
	NAT_FIRST_MS, NAT_SECOND_MS, NAT_THIRD_MS, NAT_GIVE_UP_MS
};
enum { ENDS = sizeof(schedule_ms) / sizeof(*schedule_ms) - 1 };

/* One server in one asking. */
struct target {
	struct addr server;
	uint8_t id[STUN_ID];
	bool is_done;			/* answered, or refused to */
	bool has_mapped;
	struct addr mapped;
};

struct view {
	enum nat_class class;
	int step;
	bool has_mapped[FAMILIES];
	struct addr mapped[FAMILIES];
};

struct nat {
	struct loop *loop;
	struct udp *udp;
	void (*on_change)(void *arg);
	void *arg;
	bool (*is_mine)(void *ctx, const struct addr *a);
	void *ctx;
	struct addr servers[NAT_SERVERS_MAX];
	size_t n_servers;

	struct target targets[TARGETS];	/* IPv4 first */
	size_t n_targets;
	size_t n_sent;			/* rows of the schedule */
	bool is_asking;
	struct timer timer;

	struct view view;
	bool has_view;
	int64_t seen_ms;		/* when the view was complete */
};

static size_t
slot_of(enum addr_family f)
{
	return f == ADDR_V4 ? 0 : 1;
}

const char *
nat_class_name(enum nat_class c)
{
	switch (c) {
	case NAT_UNKNOWN:
		return "unknown";
	case NAT_OPEN:
		return "open";
	case NAT_EASY:
		return "easy";
	case NAT_SEQ:
		return "seq";
	case NAT_HARD:
		return "hard";
	case NAT_BLOCKED:
		return "blocked";
	}
	return "unknown";
}

/* ---- what the answers say ---------------------------------------------- */

/* All steps small, of one direction; the smallest is the NAT's own, the
 * others had company.  0: random, or none. */
static int
step_of(const struct target *const *t, size_t n)
{
	int step = 0;

	for (size_t i = 1; i < n; i++) {
		int d = t[i]->mapped.port - t[i - 1]->mapped.port;

		if (d == 0 || abs(d) > NAT_STEP_MAX ||
		    (step != 0 && (d > 0) != (step > 0)))
			return 0;
		if (step == 0 || abs(d) < abs(step))
			step = d;
	}
	return step;
}

static bool
is_mine(const struct nat *n, const struct addr *a)
{
	return n->is_mine && n->is_mine(n->ctx, a);
}

/* From the IPv4 answers, in the order they were asked for. */
static enum nat_class
classify(const struct nat *n, int *step)
{
	const struct target *t[TARGETS];
	size_t count = 0;
	bool same = true;

	*step = 0;
	for (size_t i = 0; i < n->n_targets; i++) {
		if (n->targets[i].has_mapped &&
		    n->targets[i].mapped.family == ADDR_V4)
			t[count++] = &n->targets[i];
	}
	if (count == 0)
		return NAT_BLOCKED;
	if (is_mine(n, &t[0]->mapped))
		return NAT_OPEN;
	if (count == 1)
		return NAT_UNKNOWN;
	for (size_t i = 1; i < count; i++) {
		if (!addr_same_ip(&t[i]->mapped, &t[0]->mapped))
			return NAT_HARD;
		same = same && t[i]->mapped.port == t[0]->mapped.port;
	}
	if (same)
		return NAT_EASY;
	*step = step_of(t, count);
	return *step != 0 ? NAT_SEQ : NAT_HARD;
}

static void
take_mapped(struct view *v, const struct nat *n)
{
	for (size_t i = n->n_targets; i-- > 0; ) {
		const struct target *t = &n->targets[i];

		if (!t->has_mapped)
			continue;
		v->mapped[slot_of(t->mapped.family)] = t->mapped;
		v->has_mapped[slot_of(t->mapped.family)] = true;
	}
}

static bool
same_view(const struct view *a, const struct view *b)
{
	for (size_t f = 0; f < FAMILIES; f++) {
		if (a->has_mapped[f] != b->has_mapped[f] ||
		    (a->has_mapped[f] &&
		    !addr_equal(&a->mapped[f], &b->mapped[f])))
			return false;
	}
	return a->class == b->class && a->step == b->step;
}

static void
set_view(struct nat *n, const struct view *v)
{
	bool moved = !same_view(&n->view, v);

	n->view = *v;
	if (moved)
		n->on_change(n->arg);
}

/* The class needs all answers, the address only the first. */
static void
learn_early(struct nat *n)
{
	struct view v = n->view;

	take_mapped(&v, n);
	set_view(n, &v);
}

static void
conclude(struct nat *n)
{
	struct view v;

	timer_stop(&n->timer);
	n->is_asking = false;
	n->has_view = true;
	n->seen_ms = loop_now_ms(n->loop);
	memset(&v, 0, sizeof(v));
	take_mapped(&v, n);
	v.class = classify(n, &v.step);
	/* A network of IPv6 alone blocks nothing. */
	if (v.class == NAT_BLOCKED && v.has_mapped[slot_of(ADDR_V6)])
		v.class = is_mine(n, &v.mapped[slot_of(ADDR_V6)]) ?
		    NAT_OPEN : NAT_UNKNOWN;
	set_view(n, &v);
}

/* ---- asking ------------------------------------------------------------ */

static bool
is_target(const struct nat *n, const struct addr *server)
{
	for (size_t i = 0; i < n->n_targets; i++) {
		if (addr_equal(&n->targets[i].server, server))
			return true;
	}
	return false;
}

static void
add_target(struct nat *n, const struct addr *server)
{
	struct target *t = &n->targets[n->n_targets++];

	memset(t, 0, sizeof(*t));
	t->server = *server;
	/* What only the one who saw the request can name in an answer. */
	rand_bytes(t->id, sizeof(t->id));
}

static bool
has_ip(const struct nat *n, const struct addr *a)
{
	for (size_t i = 0; i < n->n_targets; i++) {
		if (addr_same_ip(&n->targets[i].server, a))
			return true;
	}
	return false;
}

enum place { NEW_PLACE, OLD_PLACE, ANY_PLACE };

/* Adds the first server of that kind that is not asked yet. */
static bool
pick(struct nat *n, enum addr_family f, enum place place)
{
	for (size_t i = 0; i < n->n_servers; i++) {
		const struct addr *s = &n->servers[i];

		if (s->family != f || is_target(n, s) ||
		    (place == NEW_PLACE && has_ip(n, s)) ||
		    (place == OLD_PLACE && !has_ip(n, s)))
			continue;
		add_target(n, s);
		return true;
	}
	return false;
}

static void
choose_targets(struct nat *n)
{
	if (udp_has(n->udp, ADDR_V4)) {
		pick(n, ADDR_V4, NEW_PLACE);
		pick(n, ADDR_V4, NEW_PLACE);
		pick(n, ADDR_V4, OLD_PLACE);
		while (n->n_targets < TARGETS_V4 &&
		    pick(n, ADDR_V4, ANY_PLACE))
			;
	}
	if (udp_has(n->udp, ADDR_V6))
		pick(n, ADDR_V6, NEW_PLACE);
}

static void
send_all(struct nat *n)
{
	struct buf out;

	buf_init(&out);
	for (size_t i = 0; i < n->n_targets; i++) {
		const struct target *t = &n->targets[i];

		if (t->is_done)
			continue;
		buf_empty(&out);
		stun_write_request(&out, t->id);
		udp_send(n->udp, &t->server, out.at, out.len);
	}
	buf_clear(&out);
}

static void
on_timer(void *arg)
{
	struct nat *n = arg;

	if (n->n_sent == ENDS) {
		conclude(n);
		return;
	}
	send_all(n);
	n->n_sent++;
	timer_set(&n->timer, schedule_ms[n->n_sent] -
	    schedule_ms[n->n_sent - 1]);
}

static void
ask(struct nat *n)
{
	n->n_targets = 0;
	n->n_sent = 0;
	n->is_asking = false;
	timer_stop(&n->timer);
	choose_targets(n);
	if (n->n_targets == 0)
		return;
	n->is_asking = true;
	timer_set(&n->timer, NAT_FIRST_MS);
}

void
nat_ask(struct nat *n, bool again)
{
	bool fresh = n->has_view &&
	    loop_now_ms(n->loop) - n->seen_ms < NAT_FRESH_MS;

	if (again || (!fresh && !n->is_asking))
		ask(n);
}

static struct target *
whose(struct nat *n, const struct stun_msg *m, const struct addr *from)
{
	for (size_t i = 0; i < n->n_targets; i++) {
		struct target *t = &n->targets[i];

		if (memcmp(t->id, m->id, STUN_ID) == 0 &&
		    addr_equal(&t->server, from))
			return t;
	}
	return NULL;
}

void
nat_heard(void *arg, struct udp *via, const struct addr *from, uint8_t *p,
    size_t len)
{
	struct nat *n = arg;
	struct stun_msg m;
	struct target *t;

	if (!n->is_asking || via != n->udp || stun_read(&m, p, len) != 0 ||
	    m.class == STUN_REQUEST)
		return;
	t = whose(n, &m, from);
	if (!t || t->is_done)
		return;
	t->is_done = true;
	if (m.class == STUN_RESPONSE && m.has_addr &&
	    m.addr.family == from->family) {
		t->mapped = m.addr;
		t->has_mapped = true;
	}
	for (size_t i = 0; i < n->n_targets; i++) {
		if (!n->targets[i].is_done) {
			learn_early(n);
			return;
		}
	}
	conclude(n);
}

/* ---- life -------------------------------------------------------------- */

struct nat *
nat_new(struct loop *l, struct udp *u, void (*on_change)(void *arg),
    void *arg)
{
	struct nat *n = mem_new(sizeof(*n));

	n->loop = l;
	n->udp = u;
	n->on_change = on_change;
	n->arg = arg;
	timer_init(&n->timer, l, on_timer, n);
	return n;
}

void
nat_free(struct nat *n)
{
	if (!n)
		return;
	timer_stop(&n->timer);
	free(n);
}

void
nat_locals(struct nat *n, bool (*is_mine_fn)(void *ctx, const struct addr *a),
    void *ctx)
{
	n->is_mine = is_mine_fn;
	n->ctx = ctx;
}

static bool
same_servers(const struct nat *n, const struct addr *list, size_t count)
{
	if (n->n_servers != count)
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!addr_equal(&n->servers[i], &list[i]))
			return false;
	}
	return true;
}

void
nat_servers(struct nat *n, const struct addr *list, size_t count)
{
	if (count > NAT_SERVERS_MAX)
		count = NAT_SERVERS_MAX;
	if (same_servers(n, list, count))
		return;
	if (count > 0)
		memcpy(n->servers, list, count * sizeof(*list));
	n->n_servers = count;
	n->has_view = false;
	if (n->is_asking)
		ask(n);
}

/* ---- what is known ----------------------------------------------------- */

enum nat_class
nat_class(const struct nat *n)
{
	return n->view.class;
}

bool
nat_is_asking(const struct nat *n)
{
	return n->is_asking;
}

bool
nat_mapped(const struct nat *n, enum addr_family f, struct addr *out)
{
	size_t slot = slot_of(f);

	if (n->view.has_mapped[slot])
		*out = n->view.mapped[slot];
	return n->view.has_mapped[slot];
}

int
nat_step(const struct nat *n)
{
	return n->view.step;
}
