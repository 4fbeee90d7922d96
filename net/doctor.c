#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct report {
	const struct doctor_facts *f;
	struct finding *list;
	size_t n;
};

const char *
finding_name(enum finding_level l)
{
	switch (l) {
	case FINDING_GOOD:
		return "good";
	case FINDING_NOTE:
		return "note";
	case FINDING_BAD:
		break;
	}
	return "bad";
}

static struct finding *find(struct report *r, enum finding_level level,
    const char *fmt, ...) PRINTF_LIKE(3, 4);
static void next(struct finding *x, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Past the last place the last one is overwritten: there are fewer. */
static struct finding *
find(struct report *r, enum finding_level level, const char *fmt, ...)
{
	struct finding *x;
	va_list ap;

	if (r->n < FINDINGS_MAX)
		r->n++;
	x = &r->list[r->n - 1];
	x->level = level;
	x->next[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(x->what, sizeof(x->what), fmt, ap);
	va_end(ap);
	return x;
}

static void
next(struct finding *x, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(x->next, sizeof(x->next), fmt, ap);
	va_end(ap);
}

/* ---- this machine -------------------------------------------------------- */

static void
addresses(struct report *r)
{
	const struct doctor_facts *f = r->f;
	char text[ADDR_TEXT], all[200] = "";
	struct finding *x;

	for (size_t i = 0; i < f->n_addrs; i++) {
		size_t used = strlen(all);

		addr_format_ip(&f->addrs[i], text);
		snprintf(all + used, sizeof(all) - used, "%s%s%s",
		    i ? ", " : "", text, addr_kind(&f->addrs[i]) ==
		    ADDR_PUBLIC ? " (public)" : "");
	}
	if (f->n_addrs > 0) {
		find(r, FINDING_GOOD, "addresses of this machine: %s", all);
		return;
	}
	x = find(r, FINDING_BAD, "this machine is on no network");
	next(x, "plug in a cable or join a wireless network; p2ptui notices "
	    "by itself");
}

/* The rule that lets a port through this machine's own firewall. */
static void
firewall_rule(const struct doctor_facts *f, char *text, size_t room,
    uint16_t tcp, uint16_t udp)
{
	switch (f->firewall) {
	case FIREWALL_UFW:
		snprintf(text, room, "sudo ufw allow %u/tcp && sudo ufw allow "
		    "%u/udp", (unsigned)tcp, (unsigned)udp);
		break;
	case FIREWALL_FIREWALLD:
		snprintf(text, room, "sudo firewall-cmd --add-port=%u/tcp "
		    "--add-port=%u/udp", (unsigned)tcp, (unsigned)udp);
		break;
	case FIREWALL_UNKNOWN:
		snprintf(text, room, "sudo nft insert rule inet filter input "
		    "tcp dport %u accept && sudo nft insert rule inet filter "
		    "input udp dport %u accept", (unsigned)tcp,
		    (unsigned)udp);
		break;
	}
}

static void
firewall(struct report *r)
{
	const struct doctor_facts *f = r->f;
	char rule[240];
	struct finding *x;

	if (f->firewall == FIREWALL_UNKNOWN)
		return;
	firewall_rule(f, rule, sizeof(rule), f->tcp_port, f->udp_port ?
	    f->udp_port : f->tcp_port);
	x = find(r, FINDING_NOTE, "a firewall (%s) is on; whether it lets "
	    "port %u in, only its own rules tell", f->firewall ==
	    FIREWALL_UFW ? "ufw" : "firewalld", (unsigned)f->tcp_port);
	next(x, "if people cannot reach you: %s", rule);
}

static void
lan(struct report *r)
{
	const struct doctor_facts *f = r->f;
	struct finding *x;
	char rule[240];

	if (f->lan_off) {
		x = find(r, FINDING_NOTE, "this network is not searched");
		next(x, "to be seen by people near you: p2ptui --lan "
		    "everyone");
	} else if (f->lan_trouble) {
		x = find(r, FINDING_BAD, "nobody on this network can be "
		    "found: %s", f->lan_trouble);
		firewall_rule(f, rule, sizeof(rule), f->tcp_port,
		    f->lan_port);
		next(x, "let discovery through: %s", rule);
	} else if (f->n_nearby > 0) {
		find(r, FINDING_GOOD, "%zu %s seen on this network (UDP %u)",
		    f->n_nearby, f->n_nearby == 1 ? "person is" :
		    "people are", (unsigned)f->lan_port);
	} else if (f->n_addrs > 0) {
		x = find(r, FINDING_NOTE, "nobody else is seen on this network "
		    "(UDP %u)", (unsigned)f->lan_port);
		firewall_rule(f, rule, sizeof(rule), f->tcp_port,
		    f->lan_port);
		next(x, "if somebody should be: %s", rule);
	}
}

/* ---- the way out --------------------------------------------------------- */

static void
nat(struct report *r)
{
	const struct doctor_facts *f = r->f;
	char pub[ADDR_TEXT] = "unknown";
	struct finding *x;

	if (f->has_public)
		addr_format_ip(&f->public, pub);
	switch (f->nat) {
	case NAT_OPEN:
		find(r, FINDING_GOOD, "no address translation: seen from "
		    "outside as %s", pub);
		break;
	case NAT_EASY:
		find(r, FINDING_GOOD, "the router keeps one port for all (NAT "
		    "class easy): direct ways can be punched; seen from "
		    "outside as %s", pub);
		break;
	case NAT_SEQ:
		x = find(r, FINDING_NOTE, "the router counts ports up for each "
		    "destination (NAT class hard, predictable): some direct "
		    "ways can be punched; seen from outside as %s", pub);
		next(x, "a forwarded port helps: see the port mapping below");
		break;
	case NAT_HARD:
		x = find(r, FINDING_NOTE, "the router uses another port for "
		    "each destination (NAT class hard): direct only to people "
		    "whose router lets answers in from any port%s; seen from "
		    "outside as %s", f->has_birthday ?
		    ", or who have birthday on, too" : "", pub);
		next(x, "a forwarded port helps: see the port mapping "
		    "below%s", f->has_birthday ? "" : "; or at both sides "
		    "p2ptui --set birthday=yes, see p2ptui.conf(5)");
		break;
	case NAT_BLOCKED:
		x = find(r, FINDING_BAD, "UDP does not leave this network: no "
		    "direct way can be punched");
		next(x, "a relay on TCP port 443 usually still works: p2ptui "
		    "--relay HOST:443; or let UDP out to any port");
		break;
	case NAT_UNKNOWN:
		x = find(r, FINDING_NOTE, "how this network looks from outside "
		    "is not known");
		next(x, "a relay or a STUN server tells: p2ptui --relay "
		    "HOST[:PORT], or --set stun=HOST[:PORT]");
		break;
	}
	if (f->never_direct) {
		x = find(r, FINDING_NOTE, "direct ways are off (direct = "
		    "never): nobody sees this address but the relay");
		next(x, "p2ptui --set direct=contacts turns them on");
	}
}

/* The router knows what is asked of it, and does not want to. */
static bool
is_refused(const struct doctor_facts *f)
{
	for (int i = 0; i < PORTMAP_HOWS; i++)
		if (f->map_text[i] &&
		    strncmp(f->map_text[i], "refused", 7) == 0)
			return true;
	return false;
}

/* What a person sets up at the router. */
static void
router_rule(struct report *r, struct finding *x)
{
	const struct doctor_facts *f = r->f;
	unsigned tcp = f->tcp_port, udp = f->udp_port ? f->udp_port : tcp;
	char gw[ADDR_TEXT], me[ADDR_TEXT], pub[ADDR_TEXT], rule[240];

	addr_format_ip(&f->gateway, gw);
	addr_format_ip(&f->local, me);
	if (tcp == udp)
		snprintf(rule, sizeof(rule), "TCP and UDP %u to %s port %u",
		    tcp, me, tcp);
	else
		snprintf(rule, sizeof(rule), "TCP %u to %s port %u and UDP %u "
		    "to %s port %u", tcp, me, tcp, udp, me, udp);
	if (!is_refused(f) || !f->has_public || f->is_double) {
		next(x, "at the router %s turn on UPnP, NAT-PMP or PCP, or "
		    "add the rule: %s", gw, rule);
		return;
	}
	addr_format_ip(&f->public, pub);
	next(x, "look at the router %s: if its own outside address is not %s, "
	    "it stands behind another router (double NAT), and the provider "
	    "has to help; if it is, add the rule: %s", gw, pub, rule);
}

static void
mapping(struct report *r)
{
	const struct doctor_facts *f = r->f;
	char ext[ADDR_TEXT], said[200] = "";
	struct finding *x;

	if (f->mapping == PORTMAP_OFF || f->nat == NAT_OPEN)
		return;
	for (int i = 0; i < PORTMAP_HOWS; i++) {
		size_t used = strlen(said);

		if (f->map_text[i] && f->map_text[i][0])
			snprintf(said + used, sizeof(said) - used, "%s%s: %s",
			    used ? "; " : "",
			    portmap_how_name((enum portmap_how)i),
			    f->map_text[i]);
	}
	if (f->mapping == PORTMAP_HELD) {
		addr_format(&f->mapped, ext);
		find(r, FINDING_GOOD, "the router sends %s to this machine "
		    "(%s)", ext, portmap_how_name(f->holder));
		return;
	}
	if (f->mapping == PORTMAP_ASKING) {
		find(r, FINDING_NOTE, "the router is still being asked for a "
		    "port (%s)", said);
		return;
	}
	x = find(r, f->is_double ? FINDING_NOTE : FINDING_BAD,
	    "the router gives no port (%s)", said[0] ? said : "no answer");
	if (f->has_gateway)
		router_rule(r, x);
}

static void
second_nat(struct report *r)
{
	struct finding *x;

	if (!r->f->is_double)
		return;
	x = find(r, FINDING_NOTE, "the router stands behind another one "
	    "(double NAT): a port it gives does not reach the outside");
	next(x, "ask the provider for a public address, or put one of the two "
	    "routers into bridge mode; until then punching and the relay "
	    "carry you");
}

static void
relays(struct report *r)
{
	const struct doctor_facts *f = r->f;
	struct finding *x;
	size_t n = 0;

	for (size_t i = 0; i < f->n_relays; i++) {
		const struct relay_state *s = &f->relays[i];

		if (!s->is_mine)
			continue;
		n++;
		if (s->how == RELAY_IS_UP && s->rtt_us >= 0) {
			find(r, FINDING_GOOD, "relay %s answers in %.1f ms",
			    s->where, (double)s->rtt_us / 1000);
			continue;
		}
		if (s->how == RELAY_IS_UP) {
			find(r, FINDING_GOOD, "relay %s is connected",
			    s->where);
			continue;
		}
		x = find(r, FINDING_BAD, "relay %s: %s", s->where,
		    s->why[0] ? s->why : "not connected yet");
		next(x, "check the address with whoever runs it, and that TCP "
		    "to %s may leave this network", s->where);
	}
	if (n > 0)
		return;
	x = find(r, FINDING_BAD, "no relay is set: people of other networks "
	    "neither find you nor can leave you words while you are away");
	next(x, "/set relay HOST[:PORT] and /save in the program, or start "
	    "p2ptui --relay HOST[:PORT]; anybody with a public address can "
	    "run one: p2prelay");
}

/* ---- from outside -------------------------------------------------------- */

static void
outside(struct report *r)
{
	const struct doctor_facts *f = r->f;
	struct finding *x;
	char rule[240];

	if (f->tcp_reached < 0 && f->udp_reached < 0) {
		if (f->reach_why)
			find(r, FINDING_NOTE, "not tried from outside: %s",
			    f->reach_why);
		return;
	}
	if (f->tcp_reached == 1 && f->udp_reached == 1) {
		find(r, FINDING_GOOD, "TCP %u and UDP %u are open from "
		    "outside", (unsigned)f->tcp_port, (unsigned)f->udp_port);
		return;
	}
	x = find(r, FINDING_NOTE, "from outside: TCP %u is %s, UDP %u is %s",
	    (unsigned)f->tcp_port, f->tcp_reached == 1 ? "open" : "closed",
	    (unsigned)f->udp_port, f->udp_reached == 1 ? "open" : "closed");
	if (f->nat == NAT_OPEN) {
		firewall_rule(f, rule, sizeof(rule), f->tcp_port,
		    f->udp_port);
		next(x, "let it in: %s", rule);
	} else if (f->mapping == PORTMAP_HELD && !f->is_double) {
		firewall_rule(f, rule, sizeof(rule), f->tcp_port,
		    f->udp_port);
		next(x, "the router's mapping stands, so it is this "
		    "machine's firewall: %s", rule);
	}
}

static bool
has_relay(const struct doctor_facts *f)
{
	for (size_t i = 0; i < f->n_relays; i++)
		if (f->relays[i].is_mine && f->relays[i].how == RELAY_IS_UP)
			return true;
	return false;
}

/* What all of it means, in one sentence. */
static void
in_short(struct report *r)
{
	const struct doctor_facts *f = r->f;
	bool relay = has_relay(f);
	bool open = f->tcp_reached == 1 || f->nat == NAT_OPEN ||
	    (f->mapping == PORTMAP_HELD && !f->is_double);

	if (f->never_direct && relay)
		find(r, FINDING_GOOD, "in short: others reach you through the "
		    "relay only, as you asked");
	else if (open && relay)
		find(r, FINDING_GOOD, "in short: others reach you directly, "
		    "and leave words at the relay while you are away");
	else if (relay && (f->nat == NAT_EASY || f->nat == NAT_SEQ))
		find(r, FINDING_GOOD, "in short: others reach you at once "
		    "through the relay, most of them directly after seconds");
	else if (relay)
		find(r, FINDING_GOOD, "in short: others reach you through the "
		    "relay; directly only those with an open%s network",
		    f->nat == NAT_BLOCKED ? "" : " or easy");
	else if (open)
		find(r, FINDING_NOTE, "in short: others reach you if they "
		    "know your address, while you are here");
	else
		find(r, FINDING_BAD, "in short: only people on this network "
		    "reach you");
}

size_t
doctor_examine(const struct doctor_facts *f, struct finding list[FINDINGS_MAX])
{
	struct report r = { .f = f, .list = list };

	addresses(&r);
	lan(&r);
	firewall(&r);
	if (f->n_addrs > 0) {
		relays(&r);
		nat(&r);
		mapping(&r);
		second_nat(&r);
		outside(&r);
		in_short(&r);
	}
	return r.n;
}
