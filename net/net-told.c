#include "net-own.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "checkup.h"

static void
add_text(struct net *n, struct addr a)
{
	a.port = listener_port(n->listener);
	if (n->n_texts < NET_TEXTS)
		addr_format(&a, n->texts[n->n_texts++]);
}

static void
list_texts(struct net *n)
{
	const struct addr *only = listener_only(n->listener);

	n->n_texts = 0;
	if (only) {
		add_text(n, *only);
		return;
	}
	/* Link-local ones only where there is nothing better. */
	for (int pass = 0; pass < 2 && n->n_texts == 0; pass++) {
		for (size_t i = 0; i < ifaces_count(n->ifaces); i++) {
			const struct iface *f = ifaces_at(n->ifaces, i);
			bool is_local = addr_kind(&f->addr) == ADDR_LINK_LOCAL;

			if (!f->is_loopback && is_local == (pass == 1))
				add_text(n, f->addr);
		}
	}
}

const char *
net_listen_at(const struct net *n, size_t i)
{
	/* A cache, filled when asked from the start. */
	struct net *cache = n->carrier.net;

	if (i == 0)
		list_texts(cache);
	return i < n->n_texts ? n->texts[i] : NULL;
}

uint16_t
net_port(const struct net *n)
{
	return listener_port(n->listener);
}

uint64_t
net_version(const struct net *n)
{
	return n->version;
}

const char *
net_lan_trouble(const struct net *n)
{
	return lan_trouble(n->lan);
}

bool
net_info(const struct net *n, const struct user_id *who,
    struct reach_info *out)
{
	return reach_info(n->reach, who, out);
}

static const char *
way_name(enum path p)
{
	static const char *const names[] = { "no link", "LAN", "direct",
		"mapped port", "punched", "relay" };

	return names[p];
}

void
net_about(void *net, const struct user_id *who, void (*row)(void *arg,
    const char *name, const char *text), void *arg)
{
	const struct net *n = net;
	struct reach_info r;
	char text[200], when[16];
	const char *why;

	if (n->closing || !reach_info(n->reach, who, &r))
		return;
	if (r.where[0])
		row(arg, "link to", r.where);
	if (r.punch[0])
		row(arg, "punching", r.punch);
	/* "waiting 4 min: both NATs are hard": what comes behind. */
	why = strncmp(r.punch, "waiting", 7) == 0 ? strstr(r.punch, ": ") :
	    NULL;
	if (r.path == PATH_RELAY && why)
		row(arg, CARRIER_WHY, why + 2);
	for (size_t i = 0; i < r.n_changes; i++) {
		const struct session_change *c = &r.changes[i];
		time_t t = (time_t)(c->wall_ms / 1000);
		struct tm tm;

		if (!localtime_r(&t, &tm) ||
		    strftime(when, sizeof(when), "%H:%M:%S", &tm) == 0)
			continue;
		snprintf(text, sizeof(text), "%s  %s, %s", when,
		    way_name(c->path), c->why);
		row(arg, i == 0 ? "ways" : "", text);
	}
}

/* ---- the doctor -------------------------------------------------------- */

static void
on_examined(void *arg, const struct finding *list, size_t count)
{
	struct net *n = arg;
	const struct carrier_events *chat = n->setup.events;
	char text[sizeof(list->what) + sizeof(list->next) + 32];

	n->checkup = NULL;
	for (size_t i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "%s: %s%s%s",
		    finding_name(list[i].level), list[i].what,
		    list[i].next[0] ? " -> " : "", list[i].next);
		chat->notice(chat->chat, text);
	}
}

int
net_doctor(struct net *n, struct err *e)
{
	if (n->checkup)
		return err_set(e, STATUS_TRY_AGAIN,
		    "the doctor is measuring already");
	n->checkup = checkup_start(n, on_examined, n);
	return 0;
}

/* ---- reach ------------------------------------------------------------- */

static void
tell_relays(const struct net *n, struct net_reach *out)
{
	struct relay_state *s;

	out->relay = n->has_relay ? NET_RELAY_DOWN : NET_RELAY_NONE;
	for (size_t i = 0; i < relays_count(n->relays) &&
	    out->n_relays < RELAYS_MAX; i++) {
		s = &out->relays[out->n_relays];
		if (!relays_at(n->relays, i, s))
			continue;
		out->n_relays++;
		if (!s->is_mine || s->how != RELAY_IS_UP)
			continue;
		out->relay = NET_RELAY_UP;
		if (out->relay_rtt_us < 0 || (s->rtt_us >= 0 &&
		    s->rtt_us < out->relay_rtt_us))
			out->relay_rtt_us = s->rtt_us;
		/* Without STUN the relay's word is the best there is; its
		 * port is that of this connection. */
		if (!out->has_public) {
			out->has_public = true;
			out->public = s->seen;
			out->public.port = 0;
		}
	}
}

static void
tell_portmap(const struct net *n, struct net_reach *out)
{
	const struct portmap *p = n->outside ? outside_portmap(n->outside) :
	    NULL;
	struct addr udp;

	out->mapping = PORTMAP_OFF;
	out->holder = PORTMAP_HOWS;
	if (!p)
		return;
	out->mapping = portmap_state(p);
	out->holder = portmap_holder(p);
	out->has_mapped = outside_mapped(n->outside, &out->mapped);
	if (portmap_get(p, PORTMAP_UDP, &udp))
		out->mapped_udp = udp.port;
	out->is_double = portmap_is_double(p);
	for (int h = 0; h < PORTMAP_HOWS; h++)
		out->map_text[h] = portmap_text(p, (enum portmap_how)h);
}

void
net_reach(const struct net *n, struct net_reach *out)
{
	memset(out, 0, sizeof(*out));
	out->relay_rtt_us = -1;
	out->tcp_port = listener_port(n->listener);
	if (n->outside) {
		out->udp_port = udp_port(n->udp, udp_has(n->udp, ADDR_V4) ?
		    ADDR_V4 : ADDR_V6);
		out->nat = outside_class(n->outside);
		out->has_public = outside_public(n->outside, &out->public);
	}
	tell_portmap(n, out);
	tell_relays(n, out);
}

const char *
net_nat_name(enum nat_class c)
{
	/* Ports one can guess help two programs, and say nothing to a
	 * person. */
	return nat_class_name(c == NAT_SEQ ? NAT_HARD : c);
}

const char *
net_relay_name(enum net_relay r)
{
	static const char *const names[] = { "none", "down", "up" };

	return names[r];
}
