#include "pmp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SENDS = 4,
	/* A gateway, or who claims to be it, cannot make us ask more often
	 * by telling of restarts. */
	NEWS_MS = 5000
};

/* Until the next send; the last: until we give up. */
static const int waits_ms[SENDS] = { 250, 500, 1000, 2000 };

/* What one round asks: the mappings, and by NAT-PMP the address. */
enum item { ITEM_TCP = LEASE_TCP, ITEM_UDP = LEASE_UDP, ITEM_ADDR, ITEMS };

struct pmp {
	struct pmp_setup setup;
	struct timer timer;
	bool is_asking, is_ending, is_natpmp;
	bool is_refused;		/* told by the send itself */
	bool is_open[ITEMS];		/* asked and not answered */
	int n_sent;
	struct lease leases[LEASE_PROTOS];
	struct addr natpmp_ip;		/* of the router, port 0 */
	bool has_natpmp_ip;
	/* The gateway's own clock, which starts at 0 with it. */
	bool has_epoch;
	uint32_t epoch_s;
	int64_t epoch_at_ms;
	int64_t news_at_ms;
	char why[96];
};

static void on_timer(void *arg);

struct pmp *
pmp_new(const struct pmp_setup *setup)
{
	struct pmp *p = mem_new(sizeof(*p));

	p->setup = *setup;
	p->is_natpmp = setup->is_natpmp;
	p->news_at_ms = -NEWS_MS;
	timer_init(&p->timer, setup->loop, on_timer, p);
	return p;
}

void
pmp_free(struct pmp *p)
{
	if (!p)
		return;
	timer_stop(&p->timer);
	free(p);
}

static int64_t
now_ms(const struct pmp *p)
{
	return loop_now_ms(p->setup.loop);
}

/* ---- asking ------------------------------------------------------------ */

static uint16_t
port_of(const struct pmp *p, enum lease_proto proto)
{
	return proto == LEASE_UDP && p->setup.udp_port ? p->setup.udp_port :
	    p->setup.port;
}

static struct pcp_map
make_map(const struct pmp *p, enum lease_proto proto)
{
	const struct lease *l = &p->leases[proto];
	struct pcp_map m = {
		.proto = proto == LEASE_TCP ? PCP_TCP : PCP_UDP,
		.port = port_of(p, proto),
		.ext = { .family = ADDR_V4, .port = port_of(p, proto) },
		.lifetime_s = p->is_ending ? 0 : p->setup.lifetime_s
	};

	memcpy(m.nonce, p->setup.nonce, PCP_NONCE);
	/* One nonce a mapping (RFC 6887 11.2), the same at every start: a
	 * new one could not renew or remove what the last run left. */
	m.nonce[PCP_NONCE - 1] ^= (uint8_t)m.proto;
	/* What is held is wished for again, the address with it. */
	if (l->is_held && !p->is_ending)
		m.ext = l->ext;
	return m;
}

static void
send_item(struct pmp *p, enum item item)
{
	uint8_t out[PCP_REQUEST_MAX];
	size_t len = 0;
	struct pcp_map m;

	switch (item) {
	case ITEM_ADDR:
		len = natpmp_write_addr(out);
		break;
	case ITEM_TCP:
	case ITEM_UDP:
		m = make_map(p, (enum lease_proto)item);
		len = p->is_natpmp ? natpmp_write_map(out, &m) :
		    pcp_write_map(out, &m, &p->setup.client);
		break;
	case ITEMS:
		return;
	}
	if (p->setup.send(p->setup.ctx, out, len) == PMP_REFUSED)
		p->is_refused = true;
}

/* Sends what is open and waits for it. */
static void
send_round(struct pmp *p)
{
	for (int i = 0; i < ITEMS; i++) {
		if (p->is_open[i])
			send_item(p, (enum item)i);
	}
	timer_set(&p->timer, p->is_refused ? 0 : waits_ms[p->n_sent]);
	p->n_sent++;
}

static void
start_round(struct pmp *p)
{
	p->is_asking = true;
	p->is_refused = false;
	p->n_sent = 0;
	p->why[0] = '\0';
	p->is_open[ITEM_TCP] = p->is_open[ITEM_UDP] = true;
	p->is_open[ITEM_ADDR] = p->is_natpmp && !p->is_ending;
	send_round(p);
}

static void
end_round(struct pmp *p)
{
	p->is_asking = false;
	timer_stop(&p->timer);
	memset(p->is_open, 0, sizeof(p->is_open));
	p->setup.on_done(p->setup.ctx);
}

static void
on_timer(void *arg)
{
	struct pmp *p = arg;

	if (p->is_refused) {
		pmp_refused(p);
	} else if (p->n_sent < SENDS) {
		send_round(p);
	} else {
		if (!p->why[0])
			snprintf(p->why, sizeof(p->why), "no answer");
		end_round(p);
	}
}

void
pmp_ask(struct pmp *p)
{
	if (!p->is_asking && !p->is_ending)
		start_round(p);
}

void
pmp_end(struct pmp *p)
{
	/* A request under way may have been heard though its answer was
	 * not: it is removed as well. */
	bool was_asking = p->is_asking;

	if (p->is_ending)
		return;
	p->is_ending = true;
	if (was_asking || p->leases[LEASE_TCP].is_held ||
	    p->leases[LEASE_UDP].is_held)
		start_round(p);
}

void
pmp_refused(struct pmp *p)
{
	if (!p->is_asking)
		return;
	snprintf(p->why, sizeof(p->why), "nobody answers at port %d",
	    PCP_PORT);
	end_round(p);
}

/* ---- answers ----------------------------------------------------------- */

/* True: the gateway forgot what it had, since its last answer. */
static bool
take_epoch(struct pmp *p, const struct pcp_answer *a)
{
	int64_t elapsed = (now_ms(p) - p->epoch_at_ms) / 1000;
	bool forgot = p->has_epoch && !pcp_epoch_goes_on(a->version,
	    p->epoch_s, a->epoch_s, elapsed > UINT32_MAX ? UINT32_MAX :
	    (uint32_t)elapsed);

	p->has_epoch = true;
	p->epoch_s = a->epoch_s;
	p->epoch_at_ms = now_ms(p);
	return forgot;
}

/* Mappings the answers of this round named before the restart are gone. */
static void
ask_anew(struct pmp *p)
{
	if (p->is_ending || now_ms(p) - p->news_at_ms < NEWS_MS)
		return;
	p->news_at_ms = now_ms(p);
	if (p->is_asking) {
		p->is_open[ITEM_TCP] = p->is_open[ITEM_UDP] = true;
		p->n_sent = 0;
		send_round(p);
	} else {
		start_round(p);
	}
}

static void
finish_item(struct pmp *p, enum item item)
{
	p->is_open[item] = false;
	for (int i = 0; i < ITEMS; i++) {
		if (p->is_open[i])
			return;
	}
	end_round(p);
}

static void
note_refusal(struct pmp *p, const struct pcp_answer *a)
{
	snprintf(p->why, sizeof(p->why), "refused: %s",
	    pcp_result_text(a->version, a->result));
}

/* The address of NAT-PMP and its mappings come apart. */
static void
set_natpmp_ip(struct pmp *p)
{
	for (int i = 0; i < LEASE_PROTOS; i++) {
		struct lease *l = &p->leases[i];
		uint16_t port = l->ext.port;

		if (!p->has_natpmp_ip)
			continue;
		l->ext = p->natpmp_ip;
		l->ext.port = port;
	}
}

static void
take_map(struct pmp *p, const struct pcp_answer *a)
{
	enum lease_proto proto = a->map.proto == PCP_TCP ? LEASE_TCP :
	    LEASE_UDP;
	struct lease *l = &p->leases[proto];
	const struct pcp_map asked = make_map(p, proto);
	uint32_t granted = a->map.lifetime_s;

	if (!p->is_open[proto] || a->map.port != asked.port)
		return;
	/* RFC 6887 11.4: an answer is to whoever knows its nonce. */
	if (!p->is_natpmp &&
	    memcmp(a->map.nonce, asked.nonce, PCP_NONCE) != 0)
		return;
	if (p->is_ending) {
		l->is_held = false;
	} else if (a->result != PCP_SUCCESS) {
		l->is_held = false;
		note_refusal(p, a);
	} else if (granted == 0) {
		/* The answer to a removal, late. */
		return;
	} else {
		if (granted > LEASE_MAX_S)
			granted = LEASE_MAX_S;
		l->is_held = true;
		l->ext = a->map.ext;
		l->ext.scope = 0;
		l->until_ms = now_ms(p) + (int64_t)granted * 1000;
		if (p->is_natpmp)
			set_natpmp_ip(p);
	}
	finish_item(p, (enum item)proto);
}

static void
take_address(struct pmp *p, const struct pcp_answer *a)
{
	if (a->result == PCP_SUCCESS) {
		p->natpmp_ip = a->map.ext;
		p->natpmp_ip.port = 0;
		p->has_natpmp_ip = true;
		set_natpmp_ip(p);
	} else if (p->is_open[ITEM_ADDR]) {
		note_refusal(p, a);
	}
	if (p->is_open[ITEM_ADDR])
		finish_item(p, ITEM_ADDR);
}

static void
take_version(struct pmp *p, const struct pcp_answer *a)
{
	if (!p->is_asking)
		return;
	if (a->version == NATPMP_VERSION) {
		/* RFC 6887 9: the older form is all it knows.  It says so
		 * once for each of our packets. */
		if (p->is_natpmp)
			return;
		p->is_natpmp = true;
		p->has_epoch = false;
		start_round(p);
		return;
	}
	p->is_natpmp = false;
	p->has_epoch = false;
	note_refusal(p, a);
	end_round(p);
}

void
pmp_hear(struct pmp *p, const void *data, size_t len)
{
	struct pcp_answer a;
	bool forgot;

	if (pcp_read(&a, data, len) != 0)
		return;
	if (a.kind == PCP_FAILED_VERSION) {
		take_version(p, &a);
		return;
	}
	if (p->is_natpmp != (a.version == NATPMP_VERSION))
		return;
	forgot = take_epoch(p, &a);
	switch (a.kind) {
	case PCP_MAPPED:
		if (forgot)
			ask_anew(p);
		take_map(p, &a);
		break;
	case PCP_ADDRESS:
		take_address(p, &a);
		if (forgot)
			ask_anew(p);
		break;
	case PCP_ANNOUNCE:
		if (forgot)
			ask_anew(p);
		break;
	case PCP_FAILED_VERSION:
		break;
	}
}

/* ---- what it came to --------------------------------------------------- */

bool
pmp_is_asking(const struct pmp *p)
{
	return p->is_asking;
}

bool
pmp_is_natpmp(const struct pmp *p)
{
	return p->is_natpmp;
}

const struct lease *
pmp_lease(struct pmp *p, enum lease_proto proto)
{
	struct lease *l = &p->leases[proto];

	if (l->is_held && l->until_ms <= now_ms(p))
		l->is_held = false;
	return l;
}

const char *
pmp_why(const struct pmp *p)
{
	return p->why;
}
