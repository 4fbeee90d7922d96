#include "fakenet.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FLOWS = 32768, POISONS = 1024, HOSTS = 16, BOXES = 8, UDPS = 2048,
	CORE_HOPS = 3, TTL = 64 };

struct udp {
	struct host *host;
	uint16_t port;
	udp_heard *handlers[UDP_CLASSES];
	void *args[UDP_CLASSES];
	int ttl;
	bool dead, is_stun;
};

struct host {
	struct fakenet *net;
	struct addr addr, addr_v6;
	bool has_v6;
	struct box *box;
	int delay_ms;
	uint16_t next_port;
	size_t most;			/* sockets; 0: as many as you like */
};

struct flow {
	struct addr in, dst;
	uint16_t port;
	bool is_map;			/* no dst: everybody */
};

struct box {
	struct fakenet *net;
	enum box_type type;
	struct addr wan;
	struct box *outer;
	bool hairpin;
	int delay_ms;			/* to the core, as those behind it */
	struct flow flows[FLOWS];
	size_t n_flows;
	struct flow poison[POISONS];	/* dst and port: taken by a packet
					 * that came too early */
	size_t n_poison;
	uint16_t next;
};

struct fakenet {
	struct loop *loop;
	struct host *hosts[HOSTS];
	struct box *boxes[BOXES];
	struct udp *udps[UDPS];
	size_t n_hosts, n_boxes, n_udps;
	unsigned loss;
	uint64_t dice;
	void (*watch)(void *arg, const struct host *by, const struct addr *to,
	    const uint8_t *p, size_t len);
	void *watch_arg;
	struct packet *flying;		/* list */
};

/* On its way to the network behind a box, or to the core's. */
struct packet {
	struct timer timer;
	struct fakenet *net;
	struct packet *next;
	struct addr from, to;
	const struct box *at;		/* NULL: the core */
	int ttl;
	size_t len;
	uint8_t bytes[UDP_PAYLOAD];
};

/* The same in every run. */
static unsigned
dice(struct fakenet *n, unsigned bound)
{
	n->dice ^= n->dice << 13;
	n->dice ^= n->dice >> 7;
	n->dice ^= n->dice << 17;
	return (unsigned)(n->dice >> 20) % bound;
}

static struct addr
parse(const char *ip)
{
	struct addr a;

	memset(&a, 0, sizeof(a));
	if (addr_parse_ip(&a, ip) != 0)
		die("no address: %s", ip);
	return a;
}

/* ---- building ---------------------------------------------------------- */

struct fakenet *
fakenet_new(struct loop *l)
{
	struct fakenet *n = mem_new(sizeof(*n));

	n->loop = l;
	n->dice = 0x9e3779b97f4a7c15;
	return n;
}

void
fakenet_free(struct fakenet *n)
{
	struct packet *p;

	while ((p = n->flying) != NULL) {
		n->flying = p->next;
		timer_stop(&p->timer);
		free(p);
	}
	for (size_t i = 0; i < n->n_udps; i++)
		free(n->udps[i]);
	for (size_t i = 0; i < n->n_hosts; i++)
		free(n->hosts[i]);
	for (size_t i = 0; i < n->n_boxes; i++)
		free(n->boxes[i]);
	free(n);
}

void
fakenet_loss(struct fakenet *n, unsigned percent)
{
	n->loss = percent;
}

void
fakenet_shake(struct fakenet *n, unsigned run)
{
	n->dice += run * 0x2545f4914f6cdd1dULL;
}

void
fakenet_watch(struct fakenet *n, void (*fn)(void *arg,
    const struct host *by, const struct addr *to, const uint8_t *p,
    size_t len), void *arg)
{
	n->watch = fn;
	n->watch_arg = arg;
}

struct box *
fakenet_box(struct fakenet *n, enum box_type type, const char *wan,
    struct box *outer)
{
	struct box *b = mem_new(sizeof(*b));

	assert(n->n_boxes < BOXES);
	b->net = n;
	b->type = type;
	b->wan = parse(wan);
	b->outer = outer;
	b->next = 40000;
	n->boxes[n->n_boxes++] = b;
	return b;
}

void
box_hairpin(struct box *b)
{
	b->hairpin = true;
}

void
box_map(struct box *b, uint16_t port, const struct addr *in)
{
	struct flow *f = &b->flows[b->n_flows++];

	f->in = *in;
	f->port = port;
	f->is_map = true;
}

struct host *
fakenet_host(struct fakenet *n, const char *ip, struct box *box, int delay_ms)
{
	struct host *h = mem_new(sizeof(*h));

	assert(n->n_hosts < HOSTS);
	h->net = n;
	h->addr = parse(ip);
	h->box = box;
	h->delay_ms = delay_ms;
	h->next_port = 50000;
	for (; box; box = box->outer)
		box->delay_ms = delay_ms;
	n->hosts[n->n_hosts++] = h;
	return h;
}

void
host_v6(struct host *h, const char *ip)
{
	h->addr_v6 = parse(ip);
	h->has_v6 = true;
}

const struct addr *
host_addr(const struct host *h)
{
	return &h->addr;
}

const struct addr *
host_addr_v6(const struct host *h)
{
	return &h->addr_v6;
}

struct udp *
host_udp(struct host *h, uint16_t port)
{
	struct udp *u = mem_new(sizeof(*u));

	u->host = h;
	u->port = port ? port : h->next_port++;
	assert(h->net->n_udps < UDPS);
	h->net->udps[h->net->n_udps++] = u;
	return u;
}

size_t
host_n_udps(const struct host *h)
{
	size_t n = 0;

	for (size_t i = 0; i < h->net->n_udps; i++)
		n += h->net->udps[i]->host == h && !h->net->udps[i]->dead;
	return n;
}

void
host_few(struct host *h, size_t most)
{
	h->most = most;
}

void
host_stun(struct host *h, uint16_t port)
{
	host_udp(h, port)->is_stun = true;
}

/* ---- arriving ---------------------------------------------------------- */

static void
answer_stun(struct udp *u, const struct packet *p)
{
	struct stun_msg m;
	struct buf out;

	if (stun_read(&m, p->bytes, p->len) != 0 || m.class != STUN_REQUEST)
		return;
	buf_init(&out);
	stun_write_response(&out, m.id, &p->from);
	udp_send(u, &p->from, out.at, out.len);
	buf_clear(&out);
}

static enum udp_class
class_of(const uint8_t *p, size_t len)
{
	if (stun_is(p, len))
		return UDP_STUN_CLASS;
	if (p[0] == UDP_PROBE || p[0] == UDP_PONG)
		return UDP_PROBE_CLASS;
	return p[0] == UDP_REACH ? UDP_REACH_CLASS : UDP_LINK_CLASS;
}

static void
deliver(struct host *h, struct packet *p)
{
	enum udp_class class = class_of(p->bytes, p->len);

	for (size_t i = 0; i < p->net->n_udps; i++) {
		struct udp *u = p->net->udps[i];

		if (u->host != h || u->port != p->to.port || u->dead)
			continue;
		if (u->is_stun)
			answer_stun(u, p);
		else if (u->handlers[class])
			u->handlers[class](u->args[class], u, &p->from,
			    p->bytes, p->len);
		return;
	}
}

/* ---- boxes ------------------------------------------------------------- */

static bool
port_is_free(const struct box *b, uint16_t port, const struct addr *in)
{
	for (size_t i = 0; i < b->n_flows; i++) {
		const struct flow *f = &b->flows[i];

		if (f->port == port &&
		    (!in || f->is_map || !addr_equal(&f->in, in)))
			return false;
	}
	return true;
}

static bool
is_poisoned(const struct box *b, const struct addr *dst, uint16_t port)
{
	for (size_t i = 0; i < b->n_poison; i++) {
		if (b->poison[i].port == port &&
		    addr_equal(&b->poison[i].dst, dst))
			return true;
	}
	return false;
}

static uint16_t
random_port(struct box *b)
{
	uint16_t port;

	do
		port = (uint16_t)(1024 + dice(b->net, 64000));
	while (!port_is_free(b, port, NULL));
	return port;
}

static uint16_t
choose_port(struct box *b, const struct addr *in, const struct addr *dst)
{
	uint16_t port;

	if (b->type == BOX_SEQ)
		return b->next++;
	if (b->type == BOX_SYM)
		return random_port(b);
	for (size_t i = 0; i < b->n_flows; i++) {
		if (addr_equal(&b->flows[i].in, in) && !b->flows[i].is_map &&
		    !is_poisoned(b, dst, b->flows[i].port))
			return b->flows[i].port;
	}
	port = in->port;
	return port_is_free(b, port, in) && !is_poisoned(b, dst, port) ?
	    port : random_port(b);
}

/* The address outside; the flow is made if there is none. */
static struct addr
go_out(struct box *b, const struct addr *in, const struct addr *dst)
{
	struct addr out = in->family == ADDR_V4 ? b->wan : *in;
	struct flow *f = NULL;

	for (size_t i = 0; i < b->n_flows; i++) {
		/* Ports first: of one host there may be thousands. */
		if (b->flows[i].dst.port == dst->port &&
		    addr_equal(&b->flows[i].in, in) &&
		    addr_equal(&b->flows[i].dst, dst))
			f = &b->flows[i];
	}
	if (!f) {
		assert(b->n_flows < FLOWS);
		f = &b->flows[b->n_flows];
		f->in = *in;
		f->dst = *dst;
		f->port = in->family == ADDR_V4 ? choose_port(b, in, dst) :
		    in->port;
		b->n_flows++;
	}
	out.port = f->port;
	return out;
}

/* What comes to a mapped port is answered from there. */
static bool
go_in_mapped(struct box *b, const struct addr *from, struct addr *to)
{
	for (size_t i = 0; i < b->n_flows; i++) {
		struct flow f = b->flows[i];

		if (!f.is_map || f.port != to->port)
			continue;
		*to = f.in;
		f.is_map = false;
		f.dst = *from;
		assert(b->n_flows < FLOWS);
		b->flows[b->n_flows++] = f;
		return true;
	}
	return false;
}

/* False: it is not let in. */
static bool
go_in(struct box *b, const struct addr *from, struct addr *to)
{
	bool known = false;

	for (size_t i = 0; i < b->n_flows; i++) {
		const struct flow *f = &b->flows[i];
		bool passes;

		if (f->is_map || f->port != to->port ||
		    f->in.family != to->family ||
		    (to->family == ADDR_V6 && !addr_equal(&f->in, to)))
			continue;
		passes = addr_equal(&f->dst, from);
		known = known || passes;
		if (to->family == ADDR_V4 && b->type == BOX_FULL)
			passes = true;
		if (to->family == ADDR_V4 && b->type == BOX_ADDR)
			passes = addr_same_ip(&f->dst, from);
		if (passes) {
			*to = f->in;
			return true;
		}
	}
	if (to->family == ADDR_V4 && go_in_mapped(b, from, to))
		return true;
	if (b->type == BOX_LOOSE && to->family == ADDR_V4 && !known &&
	    !is_poisoned(b, from, to->port)) {
		assert(b->n_poison < POISONS);
		b->poison[b->n_poison].dst = *from;
		b->poison[b->n_poison++].port = to->port;
	}
	return false;
}

/* ---- the road ---------------------------------------------------------- */

static bool
has_ip(const struct host *h, const struct addr *a)
{
	return addr_same_ip(&h->addr, a) ||
	    (h->has_v6 && addr_same_ip(&h->addr_v6, a));
}

static struct host *
host_in(struct fakenet *n, const struct box *b, const struct addr *a)
{
	for (size_t i = 0; i < n->n_hosts; i++) {
		if (n->hosts[i]->box == b && has_ip(n->hosts[i], a))
			return n->hosts[i];
	}
	return NULL;
}

static struct box *
box_in(struct fakenet *n, const struct box *outer, const struct addr *a)
{
	for (size_t i = 0; i < n->n_boxes; i++) {
		if (n->boxes[i]->outer == outer &&
		    addr_same_ip(&n->boxes[i]->wan, a))
			return n->boxes[i];
	}
	return NULL;
}

/* IPv6 is routed to the box its host is behind. */
static struct box *
box_of_v6(struct fakenet *n, const struct addr *a)
{
	for (size_t i = 0; i < n->n_hosts; i++) {
		if (n->hosts[i]->has_v6 && n->hosts[i]->box &&
		    addr_same_ip(&n->hosts[i]->addr_v6, a))
			return n->hosts[i]->box;
	}
	return NULL;
}

/* From the outside of p->at down to a host. */
static void
go_down(struct packet *p)
{
	struct fakenet *n = p->net;

	for (;;) {
		struct host *h = host_in(n, p->at, &p->to);
		struct box *b;

		if (h) {
			deliver(h, p);
			return;
		}
		b = p->to.family == ADDR_V6 && !p->at ?
		    box_of_v6(n, &p->to) : box_in(n, p->at, &p->to);
		if (!b || --p->ttl <= 0 || !go_in(b, &p->from, &p->to))
			return;
		p->at = b;
	}
}

static void
arrive(void *arg)
{
	struct packet *p = arg;
	struct packet **at = &p->net->flying;

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	go_down(p);
	free(p);
}

/* What the last part of the road takes. */
static int
delay_to(struct fakenet *n, const struct box *at, const struct addr *to)
{
	const struct host *h = host_in(n, at, to);
	const struct box *b = to->family == ADDR_V6 && !at ?
	    box_of_v6(n, to) : box_in(n, at, to);

	return h ? h->delay_ms : b ? b->delay_ms : 0;
}

static void
fly(struct fakenet *n, const struct box *at, const struct addr *from,
    const struct addr *to, int ttl, int delay_ms, const uint8_t *bytes,
    size_t len)
{
	struct packet *p;

	if (n->loss > 0 && dice(n, 100) < n->loss)
		return;
	p = mem_new(sizeof(*p));
	p->net = n;
	p->at = at;
	p->from = *from;
	p->to = *to;
	p->ttl = ttl;
	p->len = len;
	memcpy(p->bytes, bytes, len);
	p->next = n->flying;
	n->flying = p;
	timer_init(&p->timer, n->loop, arrive, p);
	timer_set(&p->timer, delay_ms + delay_to(n, at, to));
}

static void
go_up(struct host *h, struct addr from, const struct addr *to, int ttl,
    const uint8_t *p, size_t len)
{
	struct fakenet *n = h->net;
	struct box *b = h->box;

	if (b && host_in(n, b, to)) {
		fly(n, b, &from, to, ttl, 1 - delay_to(n, b, to), p, len);
		return;
	}
	for (; b; b = b->outer) {
		if (--ttl <= 0 || b->type == BOX_BLOCK)
			return;
		from = go_out(b, &from, to);
		/* A turn at the carrier, or at the own router. */
		if (b->outer && box_in(n, b->outer, to)) {
			fly(n, b->outer, &from, to, ttl, h->delay_ms, p, len);
			return;
		}
		if (to->family == ADDR_V4 && addr_same_ip(&b->wan, to)) {
			struct addr in = *to;

			if (b->hairpin && go_in(b, &from, &in))
				fly(n, b, &from, &in, ttl, h->delay_ms, p,
				    len);
			return;
		}
	}
	if (addr_kind(to) != ADDR_PUBLIC || (ttl -= CORE_HOPS) <= 0)
		return;
	fly(n, NULL, &from, to, ttl, h->delay_ms, p, len);
}

void
fakenet_forge(struct fakenet *n, const struct addr *from,
    const struct addr *to, const uint8_t *p, size_t len)
{
	fly(n, NULL, from, to, TTL, 0, p, len);
}

/* ---- udp.h ------------------------------------------------------------- */

struct udp *
udp_open(struct loop *l, const struct addr *only, uint16_t port,
    struct err *e)
{
	(void)l, (void)only, (void)port, (void)e;
	die("fakenet: sockets are opened by their host");
}

struct udp *
udp_open_beside(const struct udp *u, struct err *e)
{
	(void)e;
	return host_udp(u->host, 0);
}

struct udp *
udp_open_many(const struct udp *u)
{
	struct host *h = u->host;

	return h->most > 0 && host_n_udps(h) >= h->most ? NULL :
	    host_udp(h, 0);
}

void
udp_free(struct udp *u)
{
	if (u)
		u->dead = true;		/* the net owns it */
}

void
udp_handle(struct udp *u, enum udp_class class, udp_heard *fn, void *arg)
{
	u->handlers[class] = fn;
	u->args[class] = arg;
}

uint16_t
udp_port(const struct udp *u, enum addr_family family)
{
	(void)family;
	return u->port;
}

bool
udp_has(const struct udp *u, enum addr_family family)
{
	return family == ADDR_V4 || u->host->has_v6;
}

bool
udp_send(struct udp *u, const struct addr *to, const void *p, size_t len)
{
	struct fakenet *n = u->host->net;
	struct addr from = to->family == ADDR_V4 ? u->host->addr :
	    u->host->addr_v6;

	assert(!u->dead && len <= UDP_PAYLOAD);
	if (n->watch)
		n->watch(n->watch_arg, u->host, to, p, len);
	if (!udp_has(u, to->family)) {
		errno = EAFNOSUPPORT;
		return false;
	}
	from.port = u->port;
	go_up(u->host, from, to, u->ttl ? u->ttl : TTL, p, len);
	return true;
}

bool
udp_send_run(struct udp *u, const struct addr *to, const void *p, size_t len,
    size_t size)
{
	const uint8_t *at = p;
	bool left = true;

	for (; len > 0; at += size, len -= size) {
		if (size > len)
			size = len;
		left = udp_send(u, to, at, size) && left;
	}
	return left;
}

void
udp_set_ttl(struct udp *u, int ttl)
{
	u->ttl = ttl;
}
