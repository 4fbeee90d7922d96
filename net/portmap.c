#include "portmap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "igd.h"
#include "log.h"
#include "pmp.h"
#include "rand.h"
#include "sock.h"

enum {
	UPNP_AFTER_MS = 500,
	RENEW_MIN_MS = 4000,		/* RFC 6887 11.2.1 */
	RETRY_MS = 15 * 60 * 1000,
	/* A helper that died is tried again sooner: 30 s, 60 s .. */
	CRASH_RETRY_MS = 30 * 1000,
	DATAGRAMS_A_TURN = 16,
	TEXT = 200
};

/* What others see of us, to tell when it moves. */
struct view {
	enum portmap_state state;
	enum portmap_how holder;
	bool is_double;
	bool has[PORTMAP_PROTOS];
	struct addr ext[PORTMAP_PROTOS];
};

struct portmap {
	struct portmap_setup setup;
	struct addr gateway, local;
	bool has_gateway, is_ending;
	int fd;
	struct watch *watch;
	struct pmp *pmp;
	struct igd *igd;
	struct igd *old_igd;		/* removes what another port had */
	struct timer upnp;		/* its start in the race */
	struct timer next;		/* renewal or retry */
	struct timer tell;		/* on_change */
	enum portmap_how next_for;	/* whose renewal; HOWS: a retry */
	bool was_upnp_asked;		/* in this race */
	struct addr seen;		/* by STUN */
	bool has_seen;
	struct view view;
	char text[PORTMAP_HOWS][TEXT];
};

static void look(struct portmap *p);

/* ---- who holds --------------------------------------------------------- */

static const struct lease *
lease_of(const struct portmap *p, enum portmap_how how, enum lease_proto proto)
{
	switch (how) {
	case PORTMAP_PCP:
	case PORTMAP_NATPMP:
		return p->pmp ? pmp_lease(p->pmp, proto) : NULL;
	case PORTMAP_UPNP:
		return p->igd ? igd_lease(p->igd, proto) : NULL;
	case PORTMAP_HOWS:
		break;
	}
	return NULL;
}

static bool
holds(const struct portmap *p, enum portmap_how how)
{
	for (int i = 0; i < LEASE_PROTOS; i++) {
		const struct lease *l = lease_of(p, how, (enum lease_proto)i);

		if (l && l->is_held)
			return true;
	}
	return false;
}

static enum portmap_how
pmp_how(const struct portmap *p)
{
	return p->pmp && pmp_is_natpmp(p->pmp) ? PORTMAP_NATPMP : PORTMAP_PCP;
}

/* The better of those that hold. */
static enum portmap_how
find_holder(const struct portmap *p)
{
	if (holds(p, PORTMAP_PCP))
		return pmp_how(p);
	return holds(p, PORTMAP_UPNP) ? PORTMAP_UPNP : PORTMAP_HOWS;
}

static bool
is_asking(const struct portmap *p)
{
	return (p->pmp && pmp_is_asking(p->pmp)) ||
	    (p->igd && igd_is_busy(p->igd)) || timer_is_set(&p->upnp);
}

/* A router may keep one table for all protocols: what has the port of the
 * winner is the winner's. */
static void
drop_loser(struct portmap *p)
{
	for (int i = 0; i < LEASE_PROTOS; i++) {
		const struct lease *won = lease_of(p, PORTMAP_PCP,
		    (enum lease_proto)i);
		const struct lease *lost = lease_of(p, PORTMAP_UPNP,
		    (enum lease_proto)i);

		if (won->is_held && lost->is_held &&
		    won->ext.port == lost->ext.port)
			igd_forget(p->igd, (enum lease_proto)i);
	}
	if (holds(p, PORTMAP_UPNP))
		igd_drop(p->igd);
}

/* ---- asking ------------------------------------------------------------ */

/* The race from its start. */
static void
begin(struct portmap *p)
{
	timer_stop(&p->next);
	p->was_upnp_asked = false;
	if (p->pmp)
		pmp_ask(p->pmp);
	if (p->igd)
		timer_set(&p->upnp, p->pmp ? UPNP_AFTER_MS : 0);
}

static void
on_next(void *arg)
{
	struct portmap *p = arg;

	switch (find_holder(p)) {
	case PORTMAP_PCP:
	case PORTMAP_NATPMP:
		/* UPnP comes in when the answer is no. */
		p->was_upnp_asked = false;
		pmp_ask(p->pmp);
		break;
	case PORTMAP_UPNP:
		igd_ask(p->igd);
		break;
	case PORTMAP_HOWS:
		begin(p);
		break;
	}
	look(p);
}

static void
on_upnp(void *arg)
{
	struct portmap *p = arg;

	p->was_upnp_asked = true;
	if (!holds(p, PORTMAP_PCP))
		igd_ask(p->igd);
	look(p);
}

static void
on_pmp_done(void *ctx)
{
	struct portmap *p = ctx;

	if (p->is_ending)
		return;
	if (holds(p, PORTMAP_PCP))
		timer_stop(&p->upnp);
	else if (p->igd && !p->was_upnp_asked)
		timer_set(&p->upnp, 0);
	look(p);
}

static bool
is_upnp_wanted(void *ctx)
{
	struct portmap *p = ctx;

	return !p->is_ending && !holds(p, PORTMAP_PCP);
}

static void
free_old_igd(void *arg)
{
	struct portmap *p = arg;

	if (p->old_igd && !igd_is_busy(p->old_igd)) {
		igd_free(p->old_igd);
		p->old_igd = NULL;
	}
}

static void
on_igd_done(void *ctx)
{
	struct portmap *p = ctx;

	if (p->old_igd)
		timer_set(&p->tell, 0);		/* which frees it */
	if (!p->is_ending)
		look(p);
}

static int64_t
renew_in_ms(const struct portmap *p, enum portmap_how how)
{
	int64_t first = INT64_MAX, left;

	for (int i = 0; i < LEASE_PROTOS; i++) {
		const struct lease *l = lease_of(p, how, (enum lease_proto)i);

		if (l->is_held && l->until_ms < first)
			first = l->until_ms;
	}
	left = first - loop_now_ms(p->setup.loop);
	/* RFC 6887 11.2.1: at 1/2 to 5/8 of what is left, and so again when
	 * that renewal was lost. */
	first = left / 2 + rand_below((uint32_t)(left / 8) + 1);
	return first > RENEW_MIN_MS ? first : RENEW_MIN_MS;
}

static int64_t
retry_in_ms(const struct portmap *p)
{
	int64_t ms = CRASH_RETRY_MS;
	int n = p->igd ? igd_crashes(p->igd) : 0;

	if (n == 0)
		return RETRY_MS;
	while (--n > 0 && ms < RETRY_MS)
		ms *= 2;
	return ms < RETRY_MS ? ms : RETRY_MS;
}

/* The one timer of an idle program: when to ask next. */
static void
plan(struct portmap *p)
{
	enum portmap_how holder = p->view.holder;

	/* What is asked now decides it anew when it is answered. */
	if (p->view.state == PORTMAP_OFF || is_asking(p)) {
		timer_stop(&p->next);
		return;
	}
	if (timer_is_set(&p->next) && p->next_for == holder)
		return;
	p->next_for = holder;
	timer_set(&p->next, holder == PORTMAP_HOWS ? retry_in_ms(p) :
	    renew_in_ms(p, holder));
}

/* ---- what it came to --------------------------------------------------- */

static bool
is_outside(const struct portmap *p, const struct addr *ext)
{
	return addr_kind(ext) == ADDR_PUBLIC &&
	    (!p->has_seen || addr_same_ip(ext, &p->seen));
}

static const char *
why_useless(const struct portmap *p, const struct addr *ext)
{
	if (is_outside(p, ext))
		return "";
	if (addr_kind(ext) == ADDR_UNSPECIFIED)
		return ", but the router knows no outside address";
	return ", but that is not how we look from outside: there is a second "
	    "NAT behind the router";
}

static void
set_text(struct portmap *p, enum portmap_how how, const char *idle)
{
	const struct lease *l = NULL;
	char ext[ADDR_TEXT];

	for (int i = 0; i < LEASE_PROTOS && !(l && l->is_held); i++)
		l = lease_of(p, how, (enum lease_proto)i);
	if (!l || !l->is_held) {
		snprintf(p->text[how], TEXT, "%s", idle);
		return;
	}
	addr_format(&l->ext, ext);
	snprintf(p->text[how], TEXT, "held: %s%s%s%s", ext,
	    why_useless(p, &l->ext), *idle ? "; in part: " : "", idle);
}

static void
set_texts(struct portmap *p)
{
	enum portmap_how how = pmp_how(p);
	const char *off = p->has_gateway ? "off" : "no router";
	const char *why;

	snprintf(p->text[PORTMAP_PCP], TEXT, "%s", off);
	snprintf(p->text[PORTMAP_NATPMP], TEXT, "%s", off);
	snprintf(p->text[PORTMAP_UPNP], TEXT, "%s", off);
	if (p->pmp) {
		why = pmp_why(p->pmp);
		set_text(p, how, pmp_is_asking(p->pmp) &&
		    !holds(p, how) ? "asking" : why);
		if (how == PORTMAP_PCP)
			snprintf(p->text[PORTMAP_NATPMP], TEXT, "not asked");
		else
			snprintf(p->text[PORTMAP_PCP], TEXT,
			    "the router does not know it");
	}
	if (p->igd) {
		why = igd_why(p->igd);
		if (!*why && !holds(p, PORTMAP_UPNP))
			why = igd_is_busy(p->igd) ? "asking" : "not asked";
		set_text(p, PORTMAP_UPNP, why);
	}
}

static struct view
make_view(const struct portmap *p)
{
	struct view v = { .holder = find_holder(p) };

	if (p->is_ending || (!p->pmp && !p->igd))
		v.state = PORTMAP_OFF;
	else if (v.holder != PORTMAP_HOWS)
		v.state = PORTMAP_HELD;
	else
		v.state = is_asking(p) ? PORTMAP_ASKING : PORTMAP_NONE;
	for (int i = 0; i < PORTMAP_PROTOS; i++) {
		const struct lease *l = lease_of(p, v.holder,
		    (enum lease_proto)i);

		if (v.state != PORTMAP_HELD || !l->is_held)
			continue;
		v.ext[i] = l->ext;
		v.has[i] = is_outside(p, &l->ext);
		if (!v.has[i])
			v.is_double = true;
	}
	return v;
}

static bool
is_same_view(const struct view *a, const struct view *b)
{
	for (int i = 0; i < PORTMAP_PROTOS; i++) {
		if (a->has[i] != b->has[i] ||
		    (a->has[i] && !addr_equal(&a->ext[i], &b->ext[i])))
			return false;
	}
	return a->state == b->state && a->holder == b->holder &&
	    a->is_double == b->is_double;
}

/* Something happened: who holds now, and what is next. */
static void
look(struct portmap *p)
{
	struct view now;

	if (!p->is_ending && holds(p, PORTMAP_PCP) && holds(p, PORTMAP_UPNP))
		drop_loser(p);
	now = make_view(p);
	set_texts(p);
	if (!is_same_view(&now, &p->view)) {
		log_info("port mapping: PCP %s; NAT-PMP %s; UPnP %s",
		    p->text[PORTMAP_PCP], p->text[PORTMAP_NATPMP],
		    p->text[PORTMAP_UPNP]);
		p->view = now;
		timer_set(&p->tell, 0);
	}
	plan(p);
}

static void
on_tell(void *arg)
{
	struct portmap *p = arg;

	free_old_igd(p);
	p->setup.on_change(p->setup.ctx);
}

/* ---- the gateway ------------------------------------------------------- */

static enum pmp_sent
send_packet(void *ctx, const void *data, size_t len)
{
	struct portmap *p = ctx;

	if (p->setup.send)
		return p->setup.send(p->setup.ctx, data, len);
	if (write(p->fd, data, len) == (ssize_t)len)
		return PMP_SENT;
	return errno == ECONNREFUSED ? PMP_REFUSED : PMP_LOST;
}

static void
on_packet(void *arg, unsigned events)
{
	struct portmap *p = arg;
	uint8_t data[PCP_MAX + 1];

	(void)events;
	for (int i = 0; i < DATAGRAMS_A_TURN; i++) {
		ssize_t n = read(p->fd, data, sizeof(data));

		if (n >= 0)
			pmp_hear(p->pmp, data, (size_t)n);
		else if (errno == ECONNREFUSED)
			pmp_refused(p->pmp);
		else
			break;
	}
}

static bool
find_gateway(const struct portmap *p, struct addr *gateway)
{
	if (p->setup.gateway) {
		*gateway = *p->setup.gateway;
		return true;
	}
	if (!p->setup.ifaces ||
	    ifaces_gateways(p->setup.ifaces, gateway, 1) == 0)
		return false;
	gateway->port = PCP_PORT;
	return true;
}

/* Also finds out which address of mine the gateway sees. */
static int
open_socket(const struct portmap *p, const struct addr *gateway,
    struct addr *local)
{
	int fd;

	*local = *gateway;
	local->port = 0;
	if (p->setup.send)
		return -1;
	fd = sock_udp_to(gateway, NULL);
	if (fd >= 0)
		sock_local(fd, local);
	local->port = 0;
	return fd;
}

static void
close_gateway(struct portmap *p)
{
	timer_stop(&p->upnp);
	timer_stop(&p->next);
	pmp_free(p->pmp);
	igd_free(p->igd);
	p->pmp = NULL;
	p->igd = NULL;
	watch_free(p->watch);
	p->watch = NULL;
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->has_gateway = false;
}

static void
open_gateway(struct portmap *p, const struct addr *gateway)
{
	const struct portmap_setup *s = &p->setup;
	uint32_t lifetime_s = s->lifetime_s ? s->lifetime_s : LEASE_ASK_S;
	struct pmp_setup pmp = { .loop = s->loop, .port = s->port,
		.udp_port = s->udp_port, .lifetime_s = lifetime_s,
		.is_natpmp = s->only_natpmp,
		.ctx = p, .send = send_packet,
		.on_done = on_pmp_done };
	struct igd_setup igd = { .loop = s->loop, .exec = s->upnp_exec,
		.gateway = *gateway, .port = s->port,
		.udp_port = s->udp_port,
		.lifetime_s = lifetime_s, .deadline_ms = s->upnp_deadline_ms,
		.ctx = p, .is_wanted = is_upnp_wanted,
		.on_done = on_igd_done };

	p->fd = open_socket(p, gateway, &p->local);
	if (p->fd < 0 && !s->send)
		return;
	if (p->fd >= 0)
		p->watch = loop_watch(s->loop, p->fd, on_packet, p, NULL);
	p->gateway = *gateway;
	p->has_gateway = true;
	pmp.client = igd.local = p->local;
	igd.gateway.port = 0;
	memcpy(pmp.nonce, s->nonce, PCP_NONCE);
	if (s->pcp && (p->watch || s->send))
		p->pmp = pmp_new(&pmp);
	if (s->upnp)
		p->igd = igd_new(&igd);
	begin(p);
}

/* The same router, but another port of mine: what the old one has is
 * removed.  One packet each must do; UPnP takes its time. */
static void
leave_port(struct portmap *p)
{
	if (p->pmp)
		pmp_end(p->pmp);
	if (!p->igd || p->old_igd)
		return;
	igd_drop(p->igd);
	if (igd_is_busy(p->igd)) {
		p->old_igd = p->igd;
		p->igd = NULL;
	}
}

void
portmap_again(struct portmap *p, uint16_t port, uint16_t udp_port)
{
	struct addr gateway, local;
	bool is_same;
	int fd;

	if (p->is_ending)
		return;
	if (!find_gateway(p, &gateway)) {
		close_gateway(p);
		p->setup.port = port;
		p->setup.udp_port = udp_port;
		look(p);
		return;
	}
	fd = open_socket(p, &gateway, &local);
	if (fd >= 0)
		close(fd);
	is_same = p->has_gateway && addr_equal(&gateway, &p->gateway) &&
	    addr_same_ip(&local, &p->local);
	if (is_same && port == p->setup.port &&
	    udp_port == p->setup.udp_port) {
		if (p->view.holder == PORTMAP_HOWS)
			begin(p);
		else
			timer_set(&p->next, 0);
	} else {
		if (is_same)
			leave_port(p);
		close_gateway(p);
		p->setup.port = port;
		p->setup.udp_port = udp_port;
		/* The old network's view says nothing of this one. */
		if (!is_same)
			p->has_seen = false;
		open_gateway(p, &gateway);
	}
	look(p);
}

/* ---- the face ---------------------------------------------------------- */

struct portmap *
portmap_new(const struct portmap_setup *setup)
{
	struct portmap *p = mem_new(sizeof(*p));

	p->setup = *setup;
	p->fd = -1;
	p->view.holder = PORTMAP_HOWS;
	timer_init(&p->upnp, setup->loop, on_upnp, p);
	timer_init(&p->next, setup->loop, on_next, p);
	timer_init(&p->tell, setup->loop, on_tell, p);
	portmap_again(p, setup->port, setup->udp_port);
	return p;
}

void
portmap_end(struct portmap *p)
{
	if (p->is_ending)
		return;
	p->is_ending = true;
	timer_stop(&p->upnp);
	timer_stop(&p->next);
	if (p->pmp)
		pmp_end(p->pmp);
	if (p->igd)
		igd_drop(p->igd);
	look(p);
}

bool
portmap_is_done(const struct portmap *p)
{
	return !is_asking(p) && (!p->old_igd || !igd_is_busy(p->old_igd));
}

void
portmap_free(struct portmap *p)
{
	if (!p)
		return;
	igd_leave(p->igd);
	igd_leave(p->old_igd);
	p->igd = NULL;
	close_gateway(p);
	timer_stop(&p->tell);
	free(p);
}

void
portmap_stun(struct portmap *p, const struct addr *seen)
{
	/* Mappings are of IPv4: how IPv6 looks says nothing of them. */
	if (seen->family != ADDR_V4)
		return;
	p->seen = *seen;
	p->has_seen = true;
	look(p);
}

void
portmap_hear(struct portmap *p, const void *data, size_t len)
{
	if (p->pmp)
		pmp_hear(p->pmp, data, len);
}

enum portmap_state
portmap_state(const struct portmap *p)
{
	return p->view.state;
}

bool
portmap_get(const struct portmap *p, enum portmap_proto proto,
    struct addr *ext)
{
	if (!p->view.has[proto])
		return false;
	*ext = p->view.ext[proto];
	return true;
}

bool
portmap_is_double(const struct portmap *p)
{
	return p->view.is_double;
}

const char *
portmap_text(const struct portmap *p, enum portmap_how how)
{
	return p->text[how];
}

const char *
portmap_how_name(enum portmap_how how)
{
	static const char *const names[] = { "PCP", "NAT-PMP", "UPnP", "" };

	return names[how];
}

enum portmap_how
portmap_holder(const struct portmap *p)
{
	return p->view.holder;
}
