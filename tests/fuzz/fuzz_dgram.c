/*
 * Packets of strangers, of whoever stands between, and of a contact.
 *
 * Alice and Bob are joined in memory, with a link that stands and a dial of
 * Alice under way.  The first byte of each entry says what follows it:
 *	0  u8 length, bytes: a packet to Bob from a stranger
 *	1  the same to Alice, from where Bob is
 *	2  u8 which, u8 at, u8 xor: a packet that passed, damaged, to Bob
 *	3  the same to Alice
 *	4  u8 length, bytes: plaintext to Bob, sealed under the link's keys:
 *	   what his SCTP is fed by a contact
 *	5  u8: a quarter as many ms pass
 *	6  u8 length, bytes: an init body, with a mac1 that is right
 * By 0 to 3, 5 and 6 no link may come up besides the one, and none may end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dgram-own.h"
#include "rand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { WIRE = 256, SEEN = 64 };

struct end {
	struct dgrams *dgrams;
	struct addr at;
	struct link *links[4];
	int n_up, n_closed;
};

struct packet {
	struct end *to;
	uint8_t p[UDP_PAYLOAD];
	size_t len;
};

static struct loop *loop;
static struct identity *ids[2];
static struct end ends[2];
static struct packet wire[WIRE], seen[SEEN];
static size_t n_wire, n_seen;
static bool joined;			/* only what made the link is seen */
static bool sealed;			/* a contact may end its link */

static const struct addr stranger = {
	.family = ADDR_V6, .ip = { 0x20, 1, 0xd, 0xb8 }, .port = 9
};

static bool
on_send(void *ctx, struct udp *via, const struct addr *to, const void *p,
    size_t len)
{
	struct end *other = &ends[ctx == &ends[0]];
	struct packet *s;

	(void)via;
	if (len > UDP_PAYLOAD)
		abort();
	if (n_wire == WIRE || !addr_equal(to, &other->at))
		return false;
	s = &wire[n_wire++];
	s->to = other;
	s->len = len;
	memcpy(s->p, p, len);
	if (n_seen < SEEN && !joined)
		seen[n_seen++] = *s;
	return true;
}

static void
on_proven(void *owner, struct link *l)
{
	struct end *e = owner;

	(void)l;
	e->n_up++;
}

static void
on_record(void *owner, struct link *l, enum record kind, const uint8_t *body,
    size_t len)
{
	(void)owner;
	if (len > RECORD_MAX)
		abort();
	if (kind == RECORD_PING)
		link_send(l, RECORD_PONG, body, len);
}

static void
on_closed(void *owner, struct link *l, bool clean, const char *why)
{
	struct end *e = owner;

	(void)clean;
	(void)why;
	e->n_closed++;
	for (size_t i = 0; i < 4; i++) {
		if (e->links[i] == l)
			e->links[i] = NULL;
	}
	link_free(l);
}

static const struct link_events events = {
	.on_proven = on_proven, .on_record = on_record, .on_room = link_ignore,
	.on_closed = on_closed
};

static void
on_link(void *ctx, struct link *l)
{
	struct end *e = ctx;

	e->n_up++;
	l->events = &events;
	l->owner = e;
	for (size_t i = 0; i < 4; i++) {
		if (!e->links[i]) {
			e->links[i] = l;
			return;
		}
	}
	abort();
}

static bool
welcome(void *ctx, const uint8_t x[KEY_LEN])
{
	(void)ctx;
	(void)x;
	return true;
}

static void
hear(struct end *to, const struct addr *from, const void *p, size_t len)
{
	uint8_t *exact = mem_copy(p, len);

	dgrams_heard(to->dgrams, NULL, from, exact, len);
	free(exact);
}

static void
run_wire(void)
{
	for (int i = 0; i < 20 && n_wire > 0; i++) {
		static struct packet now[WIRE];
		size_t n = n_wire;

		memcpy(now, wire, n * sizeof(*now));
		n_wire = 0;
		for (size_t k = 0; k < n; k++)
			hear(now[k].to, &ends[now[k].to == &ends[0]].at,
			    now[k].p, now[k].len);
		loop_virtual_run(loop, 0);
	}
}

static void
let_pass(int64_t ms)
{
	for (; ms > 0; ms -= 10) {
		loop_virtual_run(loop, 10);
		run_wire();
	}
}

static struct link *
dial(const struct addr *to)
{
	struct link *l = dgram_dial(ends[0].dgrams, NULL, to,
	    identity_keys(ids[1])->x);

	if (!l)
		abort();
	on_link(&ends[0], l);
	ends[0].n_up--;
	return l;
}

static void
start(void)
{
	if (!loop) {
		if (crypto_start(NULL) != 0)
			abort();
		loop = loop_new_virtual(0);
		for (uint8_t i = 0; i < 2; i++) {
			uint8_t seed[32] = { i };

			ids[i] = identity_from_seed(seed);
		}
	}
	memset(ends, 0, sizeof(ends));
	n_wire = n_seen = 0;
	joined = sealed = false;
	for (uint8_t i = 0; i < 2; i++) {
		ends[i].at = (struct addr){
			.family = ADDR_V4, .ip = { 192, 0, 2, i }, .port = 1
		};
		ends[i].dgrams = dgrams_new(&(struct dgrams_setup){
			.loop = loop, .id = ids[i], .ctx = &ends[i],
			.welcome = welcome, .on_link = on_link,
			.send = on_send
		});
	}
	dial(&ends[1].at);
	let_pass(60);
	if (ends[0].n_up != 1 || ends[1].n_up != 1)
		abort();
	joined = true;
	dial(&stranger);
	n_wire = 0;			/* nobody is there */
}

static void
stop(void)
{
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < 4; k++)
			link_free(ends[i].links[k]);
		dgrams_free(ends[i].dgrams);
	}
	loop_virtual_run(loop, 0);
}

static void
seal(const uint8_t *p, size_t len)
{
	if (!ends[0].links[0])
		return;
	sealed = true;
	dgram_put(ends[0].links[0]->impl, p, len);
	run_wire();
}

static void
init(const uint8_t *p, size_t len)
{
	uint8_t packet[INIT_LEN] = { UDP_INIT, DGRAM_VERSION };

	memcpy(packet + 4, p, len < INIT_LEN - 4 - MACS_LEN ? len :
	    INIT_LEN - 4 - MACS_LEN);
	cookie_macs(packet, sizeof(packet), identity_keys(ids[1])->x, NULL);
	hear(&ends[1], &stranger, packet, sizeof(packet));
	n_wire = 0;
}

static void
damage(struct end *to, const uint8_t *p)
{
	struct packet bad = seen[p[0] % n_seen];
	size_t at = p[1] % bad.len;

	bad.p[at] ^= p[2];
	/* Unharmed ones may do what they were for. */
	if (p[2] == 0)
		return;
	hear(to, &stranger, bad.p, bad.len);
	run_wire();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	start();
	for (int n = 0; n < 64 && len >= 2; n++) {
		unsigned kind = data[0] % 7;
		size_t fixed = kind == 2 || kind == 3 ? 4 : 2;
		size_t body = fixed == 4 || kind == 5 ? 0 : data[1];

		if (len < fixed)
			break;
		if (body > len - fixed)
			body = len - fixed;
		if (kind <= 1)
			hear(&ends[1 - kind], kind == 0 ? &stranger :
			    &ends[1].at, data + 2, body);
		if (kind == 2 || kind == 3)
			damage(&ends[kind == 2], data + 1);
		if (kind == 4)
			seal(data + 2, body);
		if (kind == 5)
			let_pass(data[1] / 4);
		if (kind == 6)
			init(data + 2, body);
		data += fixed + body;
		len -= fixed + body;
	}
	if (ends[0].n_up != 1 || ends[1].n_up != 1)
		abort();
	if (!sealed && ends[0].n_closed + ends[1].n_closed != 0)
		abort();
	stop();
	return 0;
}
