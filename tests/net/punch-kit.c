#include "punch-kit.h"

#include <stdlib.h>
#include <string.h>

#include "rand.h"

struct addr
at(const char *text)
{
	struct addr a;

	memset(&a, 0, sizeof(a));
	if (addr_parse(&a, text) != 0)
		die("no address: %s", text);
	return a;
}

/* ---- the link ---------------------------------------------------------- */

static void
on_said(void *arg)
{
	struct said *s = arg;
	struct pair *p = s->to->pair;

	for (int i = 0; i < SAID_MAX; i++) {
		if (p->said[i] == s)
			p->said[i] = NULL;
	}
	punch_paths(s->to->punch, s->body, s->len);
	free(s);
}

static int
say(void *ctx, const void *body, size_t len)
{
	struct person *m = ctx;
	struct pair *p = m->pair;
	struct said *s;
	int i = 0;

	if (p->link_is_down)
		return -1;
	while (i < SAID_MAX && p->said[i])
		i++;
	if (i == SAID_MAX || len > PATHS_MAX)
		die("%s says too much", m->name);
	m->n_said++;
	s = mem_new(sizeof(*s));
	s->to = m->other;
	s->len = len;
	memcpy(s->body, body, len);
	p->said[i] = s;
	timer_init(&s->timer, p->loop, on_said, s);
	timer_set(&s->timer, p->link_ms + (m == &p->a ? p->late_ms : 0));
	return 0;
}

/* ---- what a person knows ----------------------------------------------- */

static enum nat_class
my_class(void *ctx)
{
	return nat_class(((struct person *)ctx)->nat);
}

static int
my_step(void *ctx)
{
	return nat_step(((struct person *)ctx)->nat);
}

static bool
is_double(void *ctx)
{
	return ((struct person *)ctx)->is_double;
}

static void
add(struct cand list[CANDS_MAX], size_t *n, enum cand_kind kind,
    struct addr addr)
{
	list[*n].kind = kind;
	list[*n].proto = CAND_UDP;
	list[*n].addr = addr;
	++*n;
}

static size_t
my_cands(void *ctx, struct cand list[CANDS_MAX])
{
	struct person *m = ctx;
	struct addr a;
	size_t n = 0;

	/* As the program tells them: what STUN saw goes first. */
	if (!m->hides && nat_mapped(m->nat, ADDR_V4, &a))
		add(list, &n, CAND_SRFLX, a);
	if (!m->hides && nat_mapped(m->nat, ADDR_V6, &a))
		add(list, &n, CAND_SRFLX, a);
	a = *host_addr(m->host);
	a.port = udp_port(m->udp, ADDR_V4);
	if (!m->hides)
		add(list, &n, CAND_HOST, a);
	if (udp_has(m->udp, ADDR_V6)) {
		a = *host_addr_v6(m->host);
		a.port = udp_port(m->udp, ADDR_V6);
		add(list, &n, CAND_HOST, a);
	}
	for (size_t i = 0; i < m->n_extra && n < CANDS_MAX; i++)
		list[n++] = m->extra[i];
	return n;
}

static size_t
servers(struct addr list[NAT_SERVERS_MAX])
{
	list[0] = at("203.0.113.10:3478");
	list[1] = at("203.0.113.10:3479");
	list[2] = at("203.0.113.11:3478");
	list[3] = at("[2001:db8::10]:3478");
	return 4;
}

static size_t
my_servers(void *ctx, struct addr list[NAT_SERVERS_MAX])
{
	(void)ctx;
	return servers(list);
}

static bool
is_mine(void *ctx, const struct addr *a)
{
	struct person *m = ctx;

	return addr_same_ip(a, host_addr(m->host)) ||
	    addr_same_ip(a, host_addr_v6(m->host));
}

static bool
is_near(void *ctx, const struct addr *a)
{
	struct person *m = ctx;

	return m->box && addr_same_net(a, host_addr(m->host), 24);
}

static bool
has_birthday(void *ctx)
{
	return ((struct person *)ctx)->birthday;
}

static void
on_tcp(void *ctx, const struct cand *list, size_t n)
{
	struct person *m = ctx;

	m->n_tcp_calls++;
	for (size_t i = 0; i < n && m->n_tcp < CANDS_MAX; i++)
		m->tcp[m->n_tcp++] = list[i];
}

static void
on_link(void *arg, struct udp *via, const struct addr *from, uint8_t *p,
    size_t len)
{
	struct person *m = arg;

	(void)p, (void)len;
	if (m->has_way && via == m->via && addr_equal(from, &m->to))
		m->n_heard++;
}

static void
on_probe(void *arg, struct udp *via, const struct addr *from, uint8_t *p,
    size_t len)
{
	punch_probe(((struct person *)arg)->punch, via, from, p, len);
}

static void
on_way(void *ctx, struct udp *via, const struct addr *to, enum path path)
{
	struct person *m = ctx;

	m->has_way = true;
	m->n_ways++;
	m->via = via;
	m->to = *to;
	m->path = path;
	punch_text(m->punch, m->text);
	udp_handle(via, UDP_LINK_CLASS, on_link, m);
	udp_handle(via, UDP_PROBE_CLASS, on_probe, m);
}

static void
on_failed(void *ctx, int64_t again_ms)
{
	struct person *m = ctx;

	m->n_failed++;
	m->again_ms = again_ms;
}

static void
on_nat(void *arg)
{
	(void)arg;
}

/* ---- building ---------------------------------------------------------- */

void
pair_init(struct pair *p)
{
	memset(p, 0, sizeof(*p));
	if (crypto_start(NULL) != 0)
		die("no crypto");
	p->loop = loop_new_virtual(1000);
	p->net = fakenet_new(p->loop);
	p->link_ms = 40;
	p->a.name = "alice";
	p->b.name = "bob";
	p->a.other = &p->b;
	p->b.other = &p->a;
	p->a.pair = p->b.pair = p;
	for (int i = 0; i < 2; i++) {
		p->servers[i] = fakenet_host(p->net, i ? "203.0.113.11" :
		    "203.0.113.10", NULL, 5);
		host_v6(p->servers[i], i ? "2001:db8::11" : "2001:db8::10");
		host_stun(p->servers[i], 3478);
		host_stun(p->servers[i], 3479);
	}
}

void
tell(struct person *m, enum cand_kind kind, enum cand_proto proto,
    const char *text)
{
	struct cand *c = &m->extra[m->n_extra++];

	c->kind = kind;
	c->proto = proto;
	c->addr = at(text);
}

static void
settle_in(struct person *m, uint16_t port)
{
	m->udp = host_udp(m->host, port);
	m->nat = nat_new(m->pair->loop, m->udp, on_nat, m);
	nat_locals(m->nat, is_mine, m);
	udp_handle(m->udp, UDP_STUN_CLASS, nat_heard, m->nat);
}

void
pair_place(struct person *m, struct box *box, const char *ip)
{
	m->box = box;
	m->host = fakenet_host(m->pair->net, ip, box,
	    m == &m->pair->a ? 15 : 10);
	settle_in(m, PORT_HOME);
}

void
pair_beside(struct pair *p)
{
	p->b.box = p->a.box;
	p->b.host = p->a.host;
	settle_in(&p->b, PORT_HOME + 1);
}

void
pair_home(struct person *m, int type, const char *ip)
{
	bool is_a = m == &m->pair->a;

	if (type == BOX_NONE)
		pair_place(m, NULL, is_a ? "198.51.100.1" : "198.51.100.129");
	else
		pair_place(m, fakenet_box(m->pair->net, (enum box_type)type,
		    is_a ? "198.51.100.10" : "198.51.100.138", NULL), ip);
}

static void
start(struct person *m)
{
	const struct punch_setup setup = {
		.loop = m->pair->loop, .udp = m->udp,
		.is_controller = m == &m->pair->a, .ctx = m,
		.my_class = my_class, .is_double = is_double,
		.my_step = my_step, .my_cands = my_cands,
		.my_servers = my_servers, .is_mine = is_mine,
		.is_near = is_near, .has_birthday = has_birthday,
		.say = say, .on_tcp = on_tcp,
		.on_way = on_way, .on_failed = on_failed
	};

	m->punch = punch_new(&setup);
	udp_handle(m->udp, UDP_PROBE_CLASS, on_probe, m);
}

void
pair_learn(struct pair *p)
{
	struct addr list[NAT_SERVERS_MAX];
	size_t n = servers(list);

	nat_servers(p->a.nat, list, n);
	nat_servers(p->b.nat, list, n);
	nat_ask(p->a.nat, false);
	nat_ask(p->b.nat, false);
	loop_virtual_run(p->loop, NAT_GIVE_UP_MS + 100);
	start(&p->a);
	start(&p->b);
}

void
pair_join(struct pair *p)
{
	punch_start(p->b.punch, 2000 * p->link_ms);
	punch_start(p->a.punch, 2000 * p->link_ms);
}

void
pair_start(struct pair *p)
{
	pair_learn(p);
	pair_join(p);
}

void
pair_run(struct pair *p, int64_t ms)
{
	loop_virtual_run(p->loop, ms);
}

void
pair_clear(struct pair *p)
{
	struct person *both[] = { &p->a, &p->b };

	for (int i = 0; i < 2; i++) {
		punch_free(both[i]->punch);
		nat_free(both[i]->nat);
	}
	loop_virtual_run(p->loop, 0);
	for (int i = 0; i < SAID_MAX; i++) {
		if (p->said[i])
			timer_stop(&p->said[i]->timer);
		free(p->said[i]);
	}
	fakenet_free(p->net);
	loop_free(p->loop);
}

bool
pair_is_through(struct pair *p)
{
	struct person *both[] = { &p->a, &p->b };
	const uint8_t hello[] = { UDP_DATA, 0, 0, 0 };

	if (!p->a.has_way || !p->b.has_way)
		return false;
	for (int n = 0; n < 20; n++) {
		for (int i = 0; i < 2; i++)
			udp_send(both[i]->via, &both[i]->to, hello,
			    sizeof(hello));
		pair_run(p, 100);
	}
	return p->a.n_heard > 0 && p->b.n_heard > 0;
}
