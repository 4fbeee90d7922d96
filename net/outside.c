#include "outside.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

enum {
	STUN_PORT = 3478,		/* RFC 8489, section 18.6 */
	STUN_MAX = 4,			/* of the option */
	HOSTS_MAX = 4			/* of one family and protocol */
};

/* A row of option `stun`. */
struct named {
	struct outside *outside;
	char host[ADDR_HOST];
	uint16_t port;
	struct lookup *lookup;
	unsigned n_answers;
	struct addr at[2];		/* one of each family */
	size_t n;
};

struct outside {
	struct outside_setup setup;
	bool has_only;
	struct addr only;
	struct nat *nat;
	struct portmap *portmap;
	struct named named[STUN_MAX];
	size_t n_named;
	struct addr relays[NAT_SERVERS_MAX];
	size_t n_relays;
};

/* ---- whom to ask ------------------------------------------------------- */

size_t
outside_servers(const struct outside *o, struct addr list[NAT_SERVERS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_named; i++) {
		for (size_t k = 0; k < o->named[i].n; k++)
			if (n < NAT_SERVERS_MAX)
				list[n++] = o->named[i].at[k];
	}
	for (size_t i = 0; i < o->n_relays && n < NAT_SERVERS_MAX; i++)
		list[n++] = o->relays[i];
	return n;
}

static void
set_servers(struct outside *o)
{
	struct addr list[NAT_SERVERS_MAX] = { 0 };
	size_t n = outside_servers(o, list);

	nat_servers(o->nat, list, n);
	if (n > 0)
		nat_ask(o->nat, false);
}

static void
on_answer(void *arg, enum addr_family family, const struct addr *list,
    size_t n, const char *why)
{
	struct named *s = arg;

	(void)family;
	if (++s->n_answers == 2)
		s->lookup = NULL;
	if (n == 0) {
		log_debug("outside: %s: %s", s->host, why ? why : "no answer");
		return;
	}
	if (s->n >= sizeof(s->at) / sizeof(*s->at))
		return;
	s->at[s->n] = list[0];
	s->at[s->n++].port = s->port;
	set_servers(s->outside);
}

static void
resolve(struct outside *o)
{
	for (size_t i = 0; i < o->n_named; i++) {
		struct named *s = &o->named[i];

		lookup_cancel(s->lookup);
		s->n = 0;
		s->n_answers = 0;
		s->lookup = resolver_ask(o->setup.resolver, s->host, on_answer,
		    s);
	}
}

static void
take_names(struct outside *o)
{
	for (size_t i = 0; i < o->setup.n_stun && o->n_named < STUN_MAX; i++) {
		struct named *s = &o->named[o->n_named];
		struct err e = { 0 };

		if (addr_split(o->setup.stun[i], STUN_PORT, s->host, &s->port,
		    &e) != 0) {
			log_info("outside: %s", e.what);
			continue;
		}
		s->outside = o;
		o->n_named++;
	}
	o->setup.stun = NULL;
}

void
outside_relays(struct outside *o, const struct addr *list, size_t n)
{
	if (n > NAT_SERVERS_MAX)
		n = NAT_SERVERS_MAX;
	if (n == o->n_relays) {
		size_t i = 0;

		while (i < n && addr_equal(&list[i], &o->relays[i]))
			i++;
		if (i == n)
			return;
	}
	memcpy(o->relays, list, n * sizeof(*list));
	o->n_relays = n;
	set_servers(o);
}

/* ---- what came of it --------------------------------------------------- */

static void
on_nat(void *arg)
{
	struct outside *o = arg;
	struct addr seen;

	if (o->portmap && nat_mapped(o->nat, ADDR_V4, &seen))
		portmap_stun(o->portmap, &seen);
	o->setup.on_change(o->setup.ctx);
}

static void
on_portmap(void *ctx)
{
	struct outside *o = ctx;

	o->setup.on_change(o->setup.ctx);
}

enum nat_class
outside_class(const struct outside *o)
{
	return nat_class(o->nat);
}

int
outside_step(const struct outside *o)
{
	return nat_step(o->nat);
}

bool
outside_is_double(const struct outside *o)
{
	return o->portmap && portmap_is_double(o->portmap);
}

bool
outside_public(const struct outside *o, struct addr *a)
{
	return nat_mapped(o->nat, ADDR_V4, a) ||
	    nat_mapped(o->nat, ADDR_V6, a);
}

bool
outside_mapped(const struct outside *o, struct addr *a)
{
	return o->portmap && (portmap_get(o->portmap, PORTMAP_TCP, a) ||
	    portmap_get(o->portmap, PORTMAP_UDP, a));
}

const struct portmap *
outside_portmap(const struct outside *o)
{
	return o->portmap;
}

const struct nat *
outside_nat(const struct outside *o)
{
	return o->nat;
}

/* ---- candidates -------------------------------------------------------- */

struct list {
	struct cand *at;
	size_t n;
};

static void
add(struct list *l, enum cand_kind kind, enum cand_proto proto,
    const struct addr *a)
{
	if (l->n >= CANDS_MAX || a->port == 0)
		return;
	for (size_t i = 0; i < l->n; i++) {
		if (l->at[i].proto == proto && addr_equal(&l->at[i].addr, a))
			return;
	}
	l->at[l->n++] = (struct cand){ kind, proto, *a };
}

static void
add_host(const struct outside *o, struct list *l, struct addr a)
{
	if (udp_has(o->setup.udp, a.family)) {
		a.port = udp_port(o->setup.udp, a.family);
		add(l, CAND_HOST, CAND_UDP, &a);
	}
	a.port = o->setup.port;
	add(l, CAND_HOST, CAND_TCP, &a);
}

static void
add_hosts(const struct outside *o, struct list *l, enum addr_family family)
{
	size_t n = 0;

	for (size_t i = 0; i < ifaces_count(o->setup.ifaces); i++) {
		const struct iface *f = ifaces_at(o->setup.ifaces, i);
		enum addr_kind kind = addr_kind(&f->addr);

		if (f->addr.family != family || f->is_loopback ||
		    (kind != ADDR_PRIVATE && kind != ADDR_PUBLIC))
			continue;
		if (o->has_only && !addr_same_ip(&o->only, &f->addr))
			continue;
		if (n++ < HOSTS_MAX)
			add_host(o, l, f->addr);
	}
}

size_t
outside_cands(const struct outside *o, struct cand list[CANDS_MAX])
{
	struct list l = { list, 0 };
	struct addr a;

	for (int p = 0; p < PORTMAP_PROTOS; p++) {
		if (o->portmap && portmap_get(o->portmap,
		    (enum portmap_proto)p, &a))
			add(&l, CAND_MAPPED, p == PORTMAP_TCP ? CAND_TCP :
			    CAND_UDP, &a);
	}
	if (nat_mapped(o->nat, ADDR_V4, &a))
		add(&l, CAND_SRFLX, CAND_UDP, &a);
	if (nat_mapped(o->nat, ADDR_V6, &a))
		add(&l, CAND_SRFLX, CAND_UDP, &a);
	add_hosts(o, &l, ADDR_V6);
	add_hosts(o, &l, ADDR_V4);
	return l.n;
}

static bool
has_ip(const struct outside *o, const struct addr *a)
{
	for (size_t i = 0; i < ifaces_count(o->setup.ifaces); i++) {
		if (addr_same_ip(&ifaces_at(o->setup.ifaces, i)->addr, a))
			return true;
	}
	return false;
}

bool
outside_is_mine(const struct outside *o, const struct addr *a)
{
	if (ifaces_is_broadcast(o->setup.ifaces, a))
		return true;
	/* Another instance may share my address, not my port. */
	if (a->port != o->setup.port &&
	    a->port != udp_port(o->setup.udp, a->family))
		return false;
	return has_ip(o, a);
}

static bool
is_local(void *ctx, const struct addr *a)
{
	return has_ip(ctx, a);
}

/* Of IPv4, which is what routers map. */
static uint16_t
my_udp_port(const struct outside *o)
{
	return udp_has(o->setup.udp, ADDR_V4) ?
	    udp_port(o->setup.udp, ADDR_V4) : 0;
}

/* ---- birth and end ----------------------------------------------------- */

/* Where packets and connections come to. */
static void
take_place(struct outside *o, struct udp *udp, uint16_t port,
    const struct addr *only)
{
	o->setup.udp = udp;
	o->setup.port = port;
	o->setup.only = NULL;
	o->has_only = only;
	if (only)
		o->only = *only;
	o->nat = nat_new(o->setup.loop, o->setup.udp, on_nat, o);
	nat_locals(o->nat, is_local, o);
	udp_handle(o->setup.udp, UDP_STUN_CLASS, nat_heard, o->nat);
}

struct outside *
outside_new(const struct outside_setup *setup)
{
	struct outside *o = mem_new(sizeof(*o));
	struct portmap_setup map = {
		.loop = setup->loop, .ifaces = setup->ifaces,
		.port = setup->port, .pcp = setup->pcp, .upnp = setup->upnp,
		.upnp_exec = setup->upnp_exec, .ctx = o,
		.on_change = on_portmap
	};

	o->setup = *setup;
	take_place(o, setup->udp, setup->port, setup->only);
	take_names(o);
	resolve(o);
	map.udp_port = my_udp_port(o);
	memcpy(map.nonce, setup->nonce, sizeof(map.nonce));
	if (setup->pcp || setup->upnp)
		o->portmap = portmap_new(&map);
	return o;
}

void
outside_end(struct outside *o)
{
	if (o->portmap)
		portmap_end(o->portmap);
}

bool
outside_is_done(const struct outside *o)
{
	return !o->portmap || portmap_is_done(o->portmap);
}

void
outside_free(struct outside *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->n_named; i++)
		lookup_cancel(o->named[i].lookup);
	portmap_free(o->portmap);
	nat_free(o->nat);
	free(o);
}

void
outside_moved(struct outside *o)
{
	resolve(o);
	nat_ask(o->nat, true);
	if (o->portmap)
		portmap_again(o->portmap, o->setup.port, my_udp_port(o));
}

void
outside_rebind(struct outside *o, struct udp *udp, uint16_t port,
    const struct addr *only)
{
	nat_free(o->nat);
	take_place(o, udp, port, only);
	set_servers(o);
	if (o->portmap)
		portmap_again(o->portmap, port, my_udp_port(o));
}
