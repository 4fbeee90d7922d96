#include "checkup.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net-own.h"

enum state { SETTLING, TRYING, ANSWERED };

struct checkup {
	struct net *net;
	void (*done)(void *arg, const struct finding *list, size_t n);
	void *arg;
	enum state state;
	struct timer timer;
	int64_t since_ms;		/* of this state */
	int tcp, udp;			/* as struct doctor_facts has them */
	uint8_t nonce[8];		/* that came to the UDP port */
	bool has_nonce;
	struct reach_result result;
	char why[120];
	struct finding found[FINDINGS_MAX];
};

/* ---- the facts ----------------------------------------------------------- */

/* Whoever is in charge of the packets that come in, as far as anybody but
 * root can see. */
static enum firewall
guess_firewall(void)
{
	if (access("/run/firewalld", F_OK) == 0)
		return FIREWALL_FIREWALLD;
	if (access("/var/lib/ufw", F_OK) == 0 &&
	    access("/run/ufw.lock", F_OK) == 0)
		return FIREWALL_UFW;
	return FIREWALL_UNKNOWN;
}

static void
list_addrs(const struct net *n, struct doctor_facts *f)
{
	for (size_t i = 0; i < ifaces_count(n->ifaces) &&
	    f->n_addrs < DOCTOR_ADDRS_MAX; i++) {
		const struct iface *a = ifaces_at(n->ifaces, i);

		if (!a->is_loopback && addr_kind(&a->addr) != ADDR_LINK_LOCAL)
			f->addrs[f->n_addrs++] = a->addr;
	}
}

/* The address of mine that the router knows: on its subnet. */
static void
find_gateway(const struct net *n, struct doctor_facts *f)
{
	f->has_gateway = ifaces_gateways(n->ifaces, &f->gateway, 1) > 0;
	for (size_t i = 0; f->has_gateway && i < ifaces_count(n->ifaces);
	    i++) {
		const struct iface *a = ifaces_at(n->ifaces, i);

		if (a->addr.family == f->gateway.family &&
		    addr_same_net(&a->addr, &f->gateway, a->bits)) {
			f->local = a->addr;
			return;
		}
	}
	f->has_gateway = false;
}

static void
gather(const struct checkup *c, struct doctor_facts *f)
{
	const struct net *n = c->net;
	const struct opts *o = n->setup.opts;
	struct net_reach r;

	memset(f, 0, sizeof(*f));
	net_reach(n, &r);
	f->tcp_port = r.tcp_port;
	f->udp_port = r.udp_port;
	list_addrs(n, f);
	f->lan_trouble = net_lan_trouble(n);
	f->lan_off = strcmp(opts_word(o, "lan"), "off") == 0;
	f->lan_port = (uint16_t)opts_int(o, "lan-port");
	f->n_nearby = lan_count(n->lan);
	f->never_direct = strcmp(opts_word(o, "direct"), "never") == 0;
	f->has_birthday = opts_bool(o, "birthday");
	f->nat = r.nat;
	f->has_public = r.has_public;
	f->public = r.public;
	f->is_double = r.is_double;
	find_gateway(n, f);
	f->mapping = r.mapping;
	f->holder = r.holder;
	f->mapped = r.mapped;
	memcpy(f->map_text, r.map_text, sizeof(f->map_text));
	f->n_relays = r.n_relays;
	memcpy(f->relays, r.relays, sizeof(f->relays));
	f->tcp_reached = c->tcp;
	f->udp_reached = c->udp;
	f->reach_why = c->why[0] ? c->why : NULL;
	f->firewall = guess_firewall();
}

static void
finish(struct checkup *c)
{
	struct doctor_facts f;
	size_t n;

	gather(c, &f);
	n = doctor_examine(&f, c->found);
	c->done(c->arg, c->found, n);
	checkup_free(c);
}

/* ---- the steps ----------------------------------------------------------- */

static void
enter(struct checkup *c, enum state state)
{
	c->state = state;
	c->since_ms = loop_now_ms(c->net->setup.loop);
}

static bool
is_settled(const struct net *n)
{
	struct net_reach r;

	net_reach(n, &r);
	if (r.mapping == PORTMAP_ASKING)
		return false;
	if (n->outside && nat_is_asking(outside_nat(n->outside)))
		return false;
	for (size_t i = 0; i < r.n_relays; i++)
		if (r.relays[i].is_mine &&
		    (r.relays[i].how == RELAY_IS_TRYING ||
		    (r.relays[i].how == RELAY_IS_UP &&
		    r.relays[i].rtt_us < 0)))
			return false;
	return true;
}

static void
on_tried(void *arg, const struct reach_result *res)
{
	struct checkup *c = arg;

	c->result = *res;
	c->tcp = res->tcp;
	if (res->tcp < 0)
		memcpy(c->why, res->why, sizeof(c->why));
	enter(c, ANSWERED);
}

/* Which of my ports can be seen from there: the mapped one, else the one
 * the router shows, else my own. */
static void
begin_try(struct checkup *c)
{
	struct net_reach r;
	struct err e = { 0 };
	uint16_t tcp, udp;

	net_reach(c->net, &r);
	tcp = r.has_mapped ? r.mapped.port : r.tcp_port;
	udp = r.mapped_udp ? r.mapped_udp : r.has_public && r.public.port ?
	    r.public.port : r.udp_port;
	if (relays_try_me(c->net->relays, tcp, udp, on_tried, c, &e) == 0) {
		enter(c, TRYING);
		return;
	}
	memcpy(c->why, e.what, strnlen(e.what, sizeof(c->why) - 1));
	finish(c);
}

static void
on_nonce(void *arg, struct udp *via, const struct addr *from, uint8_t *p,
    size_t len)
{
	struct checkup *c = arg;

	(void)via;
	(void)from;
	if (len != 1 + sizeof(c->nonce))
		return;
	memcpy(c->nonce, p + 1, sizeof(c->nonce));
	c->has_nonce = true;
}

/* The datagram may come after the word that it was sent, or before it. */
static bool
is_udp_known(struct checkup *c)
{
	if (c->result.udp_sent <= 0)
		return true;
	c->udp = c->has_nonce && memcmp(c->nonce, c->result.nonce,
	    sizeof(c->nonce)) == 0;
	return c->udp == 1;
}

static void
on_step(void *arg)
{
	struct checkup *c = arg;
	int64_t ms = loop_now_ms(c->net->setup.loop) - c->since_ms;

	timer_set(&c->timer, CHECKUP_STEP_MS);
	switch (c->state) {
	case SETTLING:
		if (ms >= CHECKUP_SETTLE_MS ||
		    (ms >= CHECKUP_LEAST_MS && is_settled(c->net)))
			begin_try(c);
		return;
	case TRYING:
		if (ms >= CHECKUP_TRY_MS)
			finish(c);
		return;
	case ANSWERED:
		if (is_udp_known(c) || ms >= CHECKUP_UDP_MS)
			finish(c);
		return;
	}
}

struct checkup *
checkup_start(struct net *n, void (*done)(void *arg,
    const struct finding *list, size_t n), void *arg)
{
	struct checkup *c = mem_new(sizeof(*c));

	c->net = n;
	c->done = done;
	c->arg = arg;
	c->tcp = c->udp = -1;
	timer_init(&c->timer, n->setup.loop, on_step, c);
	enter(c, SETTLING);
	if (n->outside)
		outside_moved(n->outside);
	if (n->udp)
		udp_handle(n->udp, UDP_REACH_CLASS, on_nonce, c);
	timer_set(&c->timer, CHECKUP_STEP_MS);
	return c;
}

void
checkup_free(struct checkup *c)
{
	if (!c)
		return;
	timer_stop(&c->timer);
	if (c->net->udp)
		udp_handle(c->net->udp, UDP_REACH_CLASS, NULL, NULL);
	relays_try_stop(c->net->relays);
	free(c);
}
