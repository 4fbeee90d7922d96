/* A contact, or whoever sees the packets, tries what he may not. */
#include "punch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "punch-kit.h"
#include "rand.h"

/* Packets of one person, by where they go. */
struct tally {
	const struct pair *pair;
	const struct host *of;		/* whose packets count */
	struct addr to[128];
	int n_sent[128];
	size_t n;
	/* The other one's first probe that arrives, as the wire had it. */
	bool has_probe;
	int64_t probe_ms;
	uint8_t probe[PROBE_LEN];
};

static void
on_packet(void *arg, const struct host *by, const struct addr *to,
    const uint8_t *p, size_t len)
{
	struct tally *t = arg;
	size_t i = 0;

	if (by != t->of) {
		if (len == PROBE_LEN && p[0] == UDP_PROBE && !t->has_probe &&
		    addr_kind(to) == ADDR_PUBLIC) {
			memcpy(t->probe, p, len);
			t->has_probe = true;
			t->probe_ms = loop_now_ms(t->pair->loop);
		}
		return;
	}
	while (i < t->n && !addr_equal(&t->to[i], to))
		i++;
	if (i == t->n) {
		assert_true(t->n < 128);
		t->to[t->n++] = *to;
	}
	t->n_sent[i]++;
}

static int
sent_to(const struct tally *t, const char *text)
{
	const struct addr a = at(text);

	for (size_t i = 0; i < t->n; i++) {
		if (addr_equal(&t->to[i], &a))
			return t->n_sent[i];
	}
	return 0;
}

static void
watch(struct tally *t, struct pair *p, const struct host *of)
{
	memset(t, 0, sizeof(*t));
	t->pair = p;
	t->of = of;
	fakenet_watch(p->net, on_packet, t);
}

static void
homes(struct pair *p, enum box_type a, enum box_type b)
{
	pair_init(p);
	pair_home(&p->a, a, "192.168.1.11");
	pair_home(&p->b, b, "192.168.2.21");
}

/* ---- addresses --------------------------------------------------------- */

static void
row_40_addresses_of_nobody_are_not_probed(void **state)
{
	static const char *const never[] = {
		"0.0.0.0:5000", "127.0.0.1:5000", "127.255.255.255:54545",
		"224.0.0.1:5000", "255.255.255.255:5000", "169.254.1.1:5000",
		"240.0.0.1:5000", "203.0.113.77:53", "203.0.113.77:1023",
		"192.168.1.11:54545", "[::1]:5000", "[ff02::1]:5000",
		"[fe80::1]:5000", "[::]:5000"
	};
	enum { N = sizeof(never) / sizeof(*never) };
	struct tally t;
	struct pair p;

	(void)state;
	for (int who = 0; who < 2; who++) {
		struct person *liar;

		homes(&p, BOX_PORT, BOX_SYM);
		host_v6(p.a.host, "2001:db8:1::11");
		liar = who ? &p.a : &p.b;
		liar->hides = true;
		for (size_t i = 0; i < N; i++)
			tell(liar, CAND_HOST, CAND_UDP, never[i]);
		tell(liar, CAND_HOST, CAND_UDP, "203.0.113.77:1024");
		watch(&t, &p, liar->other->host);
		pair_start(&p);
		pair_run(&p, 20000);
		for (size_t i = 0; i < N; i++) {
			/* What is Alice's own is not Bob's own. */
			if (who == 1 && i == 9)
				continue;
			assert_int_equal(sent_to(&t, never[i]), 0);
		}
		assert_true(sent_to(&t, "203.0.113.77:1024") > 0);
		pair_clear(&p);
	}
}

static void
t_an_address_gets_thirty_probes_a_round(void **state)
{
	struct tally t;
	struct pair p;

	(void)state;
	homes(&p, BOX_PORT, BOX_SYM);
	p.b.hides = true;
	tell(&p.b, CAND_HOST, CAND_UDP, "203.0.113.77:5000");
	tell(&p.b, CAND_MAPPED, CAND_UDP, "203.0.113.77:5000");	/* twice */
	watch(&t, &p, p.a.host);
	pair_start(&p);
	pair_run(&p, 60000);
	/* Two rounds of one try: the host's address in both. */
	assert_in_range(sent_to(&t, "203.0.113.77:5000"), 31,
	    2 * PUNCH_UNANSWERED_MAX);
	pair_clear(&p);
}

/* Rounds without end, each with sixteen addresses of the victim. */
static void
t_a_contact_cannot_aim_us_at_somebody(void **state)
{
	struct paths_msg m = { .type = PATHS_CANDS, .round = 1,
		.n_cands = CANDS_MAX };
	struct paths_msg caps = { .type = PATHS_CAPS, .class = NAT_EASY,
		.has_udp = true, .epoch = 1 };
	struct tally t;
	struct pair p;
	int total = 0;

	(void)state;
	homes(&p, BOX_PORT, BOX_PORT);
	pair_learn(&p);
	punch_start(p.b.punch, 80000);
	p.link_is_down = true;		/* Alice is what is typed here */
	for (size_t i = 0; i < CANDS_MAX; i++) {
		m.cands[i].addr = at("203.0.113.77:5000");
		m.cands[i].addr.port = (uint16_t)(5000 + i);
	}
	watch(&t, &p, p.b.host);
	p.link_is_down = false;
	for (int s = 0; s < 200; s++) {
		struct paths_msg sync = { .type = PATHS_SYNC, .round = 1 };
		struct paths_msg *all[] = { &caps, &m, &sync };

		caps.epoch = (uint64_t)s * 1000 + 1;
		sync.epoch = m.epoch = caps.epoch + 1;
		for (int i = 0; i < 3; i++) {
			struct buf out;

			buf_init(&out);
			paths_write(&out, all[i]);
			punch_paths(p.b.punch, out.at, out.len);
			buf_clear(&out);
			pair_run(&p, 1000);
		}
	}
	for (size_t i = 0; i < t.n; i++) {
		if (addr_same_ip(&t.to[i], &m.cands[0].addr))
			total += t.n_sent[i];
	}
	/* Ten minutes: a burst, then a round each 20 s, 80 bytes a packet
	 * with its headers.  Below 2 kB/s. */
	assert_in_range(total, 1, (PUNCH_ROUNDS_BURST + 600 * 1000 /
	    PUNCH_ROUNDS_MS) * CANDS_MAX * PUNCH_UNANSWERED_MAX);
	assert_true(total * 80 / 600 < 2500);
	pair_clear(&p);
}

/* ---- packets ----------------------------------------------------------- */

/* Somebody on the road sends her probe from another place. */
static void
t_a_replayed_probe_changes_nothing(void **state)
{
	const struct addr eve = at("203.0.113.66:6666");
	const struct addr bob = at("198.51.100.138:54545");
	struct tally t;
	struct pair p;

	(void)state;
	homes(&p, BOX_FULL, BOX_FULL);
	watch(&t, &p, p.b.host);
	pair_start(&p);
	for (int i = 0; i < 2000 && !p.b.has_way; i++) {
		pair_run(&p, 1);
		/* The true one takes 25 ms. */
		if (t.has_probe && loop_now_ms(p.loop) > t.probe_ms + 25)
			fakenet_forge(p.net, &eve, &bob, t.probe, PROBE_LEN);
	}
	assert_true(t.has_probe && p.b.has_way);
	pair_run(&p, 100);
	assert_int_equal(sent_to(&t, "203.0.113.66:6666"), 0);
	assert_true(pair_is_through(&p));
	pair_clear(&p);
}

static void
t_a_forged_probe_changes_nothing(void **state)
{
	const struct addr eve = at("203.0.113.66:6666");
	const struct addr bob = at("198.51.100.138:54545");
	struct tally t;
	struct pair p;

	(void)state;
	homes(&p, BOX_FULL, BOX_FULL);
	watch(&t, &p, p.b.host);
	pair_start(&p);
	for (int i = 0; i < 2000 && !p.b.has_way; i++) {
		uint8_t bytes[PROBE_LEN];

		pair_run(&p, 1);
		memcpy(bytes, t.probe, PROBE_LEN);
		bytes[0] = i & 1 ? UDP_PROBE : UDP_PONG;
		bytes[1 + i % (PROBE_LEN - 1)] ^= (uint8_t)(1 << i % 8);
		fakenet_forge(p.net, &eve, &bob, bytes, PROBE_LEN);
	}
	assert_true(t.has_probe && p.b.has_way);
	pair_run(&p, 100);
	assert_int_equal(sent_to(&t, "203.0.113.66:6666"), 0);
	assert_true(pair_is_through(&p));
	pair_clear(&p);
}

/* ---- words ------------------------------------------------------------- */

static void
t_an_older_round_is_not_begun_again(void **state)
{
	struct paths_msg m = { .type = PATHS_CANDS, .round = 1, .epoch = 1,
		.n_cands = 1 };
	struct tally t;
	struct pair p;
	struct buf out;

	(void)state;
	homes(&p, BOX_PORT, BOX_PORT);
	pair_start(&p);
	pair_run(&p, 5000);
	assert_true(p.b.has_way);
	watch(&t, &p, p.b.host);
	m.cands[0].addr = at("203.0.113.77:5000");
	buf_init(&out);
	paths_write(&out, &m);
	punch_paths(p.b.punch, out.at, out.len);
	pair_run(&p, 1000);
	buf_empty(&out);
	m.type = PATHS_SYNC;
	paths_write(&out, &m);
	punch_paths(p.b.punch, out.at, out.len);
	pair_run(&p, 3000);
	assert_int_equal(sent_to(&t, "203.0.113.77:5000"), 0);
	buf_clear(&out);
	pair_clear(&p);
}

/* A way that nobody probed is not one. */
static void
t_use_of_an_untried_way_is_not_believed(void **state)
{
	struct pair p;

	(void)state;
	homes(&p, BOX_PORT, BOX_PORT);
	fakenet_loss(p.net, 100);
	pair_start(&p);
	fakenet_loss(p.net, 100);
	for (int id = 0; id < 256; id++) {
		/* Whatever the epoch is: it is in what Alice says. */
		for (int i = 0; i < SAID_MAX; i++) {
			struct paths_msg m, use = { .type = PATHS_USE };
			struct buf out;

			if (!p.said[i] || p.said[i]->to != &p.b ||
			    paths_read(&m, p.said[i]->body,
			    p.said[i]->len) != 0)
				continue;
			use.epoch = m.epoch;
			use.use = (uint8_t)id;
			buf_init(&out);
			paths_write(&out, &use);
			punch_paths(p.b.punch, out.at, out.len);
			punch_paths(p.a.punch, out.at, out.len);
			buf_clear(&out);
		}
		pair_run(&p, 13);
	}
	assert_int_equal(p.a.n_ways + p.b.n_ways, 0);
	pair_clear(&p);
}

/* Bodies that were damaged or made up, in every state: the two find each
 * other still, or later, and nothing breaks. */
static void
t_garbage_breaks_nothing(void **state)
{
	struct pair p;

	(void)state;
	homes(&p, BOX_PORT, BOX_PORT);
	pair_start(&p);
	for (int n = 0; n < 20000; n++) {
		struct person *to = n & 1 ? &p.a : &p.b;
		uint8_t body[PATHS_MAX];
		size_t len = rand_below(PATHS_MAX + 1);

		rand_nonce(body, sizeof(body));
		body[0] = (uint8_t)(n % 5);
		for (int i = 0; i < SAID_MAX && n % 3 == 0; i++) {
			if (!p.said[i])
				continue;
			len = p.said[i]->len;
			memcpy(body, p.said[i]->body, len);
			body[rand_below((uint32_t)len)] ^=
			    (uint8_t)(1 << n % 8);
		}
		punch_paths(to->punch, body, len);
		if (n % 20 == 0)
			pair_run(&p, rand_below(100));
	}
	punch_stop(p.a.punch);
	punch_stop(p.b.punch);
	pair_run(&p, 300000);
	p.a.has_way = p.b.has_way = false;
	pair_join(&p);
	pair_run(&p, 10000);
	assert_true(pair_is_through(&p));
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_40_addresses_of_nobody_are_not_probed),
		cmocka_unit_test(t_an_address_gets_thirty_probes_a_round),
		cmocka_unit_test(t_a_contact_cannot_aim_us_at_somebody),
		cmocka_unit_test(t_a_replayed_probe_changes_nothing),
		cmocka_unit_test(t_a_forged_probe_changes_nothing),
		cmocka_unit_test(t_an_older_round_is_not_begun_again),
		cmocka_unit_test(t_use_of_an_untried_way_is_not_believed),
		cmocka_unit_test(t_garbage_breaks_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
