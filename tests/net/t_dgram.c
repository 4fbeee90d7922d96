#include "dgram-hand.h"
#include "dgram-kit.h"
#include "dgram-own.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "label.h"
#include "rand.h"
#include "vectors.h"

static const struct addr stranger = {
	.family = ADDR_V4, .ip = { 198, 51, 100, 7 }, .port = 7
};

static void
start_hand(struct hand *h, const struct person *me, const struct person *who,
    bool initiator)
{
	hand_start(h, initiator, identity_x_secret(me->id), x_of(who->id),
	    NULL, 0x01020304);
}

/* The last packet that anybody sent. */
static const struct seen *
last(const struct test *t)
{
	assert_true(t->n_log > 0);
	return &t->log[t->n_log - 1];
}

static void
no_state(const struct person *p)
{
	assert_int_equal(p->dgrams->n_links, 0);
	assert_int_equal(p->dgrams->n_pendings, 0);
	assert_int_equal(map_count(p->dgrams->by_index), 0);
	assert_int_equal(p->n_answered, 0);
}

/* ---- known answers ----------------------------------------------------- */

static void
check(const struct section *s, const char *key, const void *p, size_t len)
{
	assert_memory_equal(p, section_exact(s, key, len), len);
}

/* That the peer made by hand speaks the protocol; the other tests join it
 * to ours. */
static void
t_known_answers_of_packets(void **state)
{
	struct vectors *v = vectors_open("p2ptui_live.txt");
	const struct section *tcp = vectors_get(v, "tcp");
	const struct section *s = vectors_get(v, "udp");
	const uint8_t *si = section_exact(tcp, "init_static", 32);
	const uint8_t *sr = section_exact(tcp, "resp_static", 32);
	uint8_t xi[32], xr[32], p[200];
	struct hand i, r;
	size_t len;

	(void)state;
	x_public(xi, si);
	x_public(xr, sr);
	hand_start(&i, true, si, xr,
	    section_exact(tcp, "init_ephemeral", 32), 0x11223344);
	hand_start(&r, false, sr, xi,
	    section_exact(tcp, "resp_ephemeral", 32), 0x55667788);
	len = hand_init(&i, p);
	assert_int_equal(len, HAND_INIT);
	check(s, "init_packet_no_cookie", p, HAND_INIT);
	hand_take_init(&r, p, HAND_INIT);
	hand_resp(&r, p);
	check(s, "resp_packet", p, HAND_RESP);
	hand_take_resp(&i, p, HAND_RESP);
	len = hand_seal(&i, 0, "\1ping", 5, p);
	check(s, "data_packet_i2r_ctr0", p, len);
	len = hand_seal(&i, 9, "\1ping", 5, p);
	check(s, "data_packet_i2r_ctr9", p, len);
	len = hand_seal(&r, 0, "\1ping", 5, p);
	check(s, "data_packet_r2i_ctr0", p, len);
	hand_end(&i);
	hand_end(&r);
	vectors_free(v);
}

static void
t_known_answers_of_cookies(void **state)
{
	struct vectors *v = vectors_open("p2ptui_live.txt");
	const struct section *s = vectors_get(v, "udp");
	const struct addr from = {
		.family = ADDR_V4, .ip = { 192, 0, 2, 7 }, .port = 40000
	};
	uint8_t p[HAND_INIT], reply[COOKIE_REPLY], cookie[COOKIE_LEN], xr[32];
	struct gate g;

	(void)state;
	x_public(xr, section_exact(vectors_get(v, "tcp"), "resp_static", 32));
	memcpy(p, section_exact(s, "init_packet_no_cookie", sizeof(p)),
	    sizeof(p));
	cookie_macs(p, sizeof(p), xr, NULL);
	check(s, "init_packet_no_cookie", p, sizeof(p));
	gate_init(&g, xr);
	memcpy(g.secret, section_exact(s, "cookie_secret", 32), 32);
	g.secret_until_ms = 1000;
	gate_cookie(&g, 0, reply, 0x11223344, &from, p, sizeof(p),
	    section_exact(s, "cookie_nonce", SEAL_NONCE));
	check(s, "cookie_reply_packet", reply, sizeof(reply));
	assert_int_equal(cookie_open(cookie, xr, reply, p, sizeof(p)), 0);
	check(s, "cookie", cookie, sizeof(cookie));
	cookie_macs(p, sizeof(p), xr, cookie);
	check(s, "init_packet_with_cookie", p, sizeof(p));
	assert_true(gate_knows(&g, p, sizeof(p)));
	assert_int_equal(gate_ask(&g, 0, &from, p, sizeof(p), true),
	    GATE_PASS);
	p[sizeof(p) - 1] ^= 1;
	assert_int_equal(gate_ask(&g, 0, &from, p, sizeof(p), true),
	    GATE_COOKIE);
	gate_clear(&g);
	vectors_free(v);
}

/* ---- with a peer made by hand ------------------------------------------ */

static void
t_initiators_speak_the_protocol(void **state)
{
	struct test *t = *state;
	struct hand bob;
	uint8_t p[UDP_PAYLOAD];

	t->cut = t->logging = true;
	start_hand(&bob, &t->bob, &t->alice, false);
	dial(&t->alice, &t->bob);
	hand_take_init(&bob, last(t)->p, last(t)->len);
	hand_resp(&bob, p);
	assert_int_equal(t->alice.n_proven, 0);
	deliver(t, &t->bob.at, &t->alice.at, p, HAND_RESP);
	assert_int_equal(t->alice.n_proven, 1);
	/* The INIT of SCTP: RFC 9260, sections 3.1 and 3.3.2. */
	assert_true(hand_open(&bob, last(t)->p, last(t)->len, p) >= 32);
	assert_int_equal(p[12], 1);
	hand_end(&bob);
}

/* Nothing is known of an initiator before data under the new keys. */
static void
t_responders_wait_for_data(void **state)
{
	struct test *t = *state;
	struct hand alice;
	uint8_t p[UDP_PAYLOAD];
	size_t len, n;

	t->cut = t->logging = true;
	start_hand(&alice, &t->alice, &t->bob, true);
	len = hand_init(&alice, p);
	deliver(t, &t->alice.at, &t->bob.at, p, len);
	hand_take_resp(&alice, last(t)->p, last(t)->len);
	run_ms(t, 10000);
	assert_int_equal(t->bob.n_sent, 1);
	assert_int_equal(t->bob.n_answered, 0);
	/* The same again gets the same answer, wherever it comes from. */
	deliver(t, &stranger, &t->bob.at, p, len);
	assert_int_equal(t->bob.n_sent, 2);
	assert_memory_equal(t->log[0].p, t->log[1].p, HAND_RESP);
	assert_int_equal(t->bob.dgrams->n_pendings, 1);
	n = hand_seal(&alice, 0, "", 0, p);
	deliver(t, &t->alice.at, &t->bob.at, p, n);
	assert_int_equal(t->bob.n_answered, 1);
	assert_int_equal(t->bob.dgrams->n_pendings, 0);
	assert_true(hand_open(&alice, last(t)->p, last(t)->len, p) >= 32);
	hand_end(&alice);
}

static void
t_an_answer_that_is_never_used_is_forgotten(void **state)
{
	struct test *t = *state;
	struct hand alice;
	uint8_t p[UDP_PAYLOAD];

	t->cut = t->logging = true;
	for (uint32_t i = 0; i < 20; i++) {
		start_hand(&alice, &t->alice, &t->bob, true);
		deliver(t, &t->alice.at, &t->bob.at, p, hand_init(&alice, p));
		hand_end(&alice);
		run_ms(t, 100);
	}
	assert_int_equal(t->bob.n_sent, 20);
	assert_int_equal(t->bob.dgrams->n_pendings, PENDING_A_PEER);
	run_ms(t, DGRAM_PENDING_MS);
	no_state(&t->bob);
}

static void
t_who_is_unwelcome_gets_no_answer(void **state)
{
	struct test *t = *state;

	t->bob.refuse = true;
	dial(&t->alice, &t->bob);
	run_ms(t, 20000);
	assert_int_equal(t->bob.n_sent, 0);
	no_state(&t->bob);
	assert_true(dgrams_counts(t->bob.dgrams)->unwelcome > 0);
	assert_int_equal(t->alice.n_closed, 1);
	assert_string_equal(t->alice.why, "it does not answer");
}

/* ---- rows of the faults ------------------------------------------------ */

static void
row_48_a_damaged_init_leaves_nothing(void **state)
{
	struct test *t = *state;
	struct hand alice;
	uint8_t p[HAND_RENEW], bad[HAND_RENEW + 1];

	t->cut = true;
	start_hand(&alice, &t->alice, &t->bob, true);
	hand_init(&alice, p);
	for (size_t n = 0; n < HAND_INIT; n++)
		deliver(t, &t->alice.at, &t->bob.at, p, n);
	memcpy(bad, p, HAND_INIT);
	bad[HAND_INIT] = 0;
	deliver(t, &t->alice.at, &t->bob.at, bad, HAND_INIT + 1);
	for (size_t bit = 0; bit < 8 * (HAND_INIT - 16); bit++) {
		memcpy(bad, p, HAND_INIT);
		bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
		deliver(t, &t->alice.at, &t->bob.at, bad, HAND_INIT);
		/* And by somebody who knows how mac1 is made; whom the
		 * answer is to, Noise does not protect. */
		hand_macs(bad, HAND_INIT, x_of(t->bob.id));
		if (bit >= 64 && bit < 8 * (HAND_INIT - 32))
			deliver(t, &t->alice.at, &t->bob.at, bad, HAND_INIT);
		run_ms(t, 60);		/* below the rate that asks cookies */
	}
	no_state(&t->bob);
	assert_int_equal(t->bob.n_sent, 0);
	assert_int_equal(dgrams_counts(t->bob.dgrams)->forged,
	    8 * (HAND_INIT - 32 - 8));
	deliver(t, &t->alice.at, &t->bob.at, p, HAND_INIT);
	assert_int_equal(t->bob.n_sent, 1);
	hand_end(&alice);
}

static void
row_48_a_damaged_answer_changes_nothing(void **state)
{
	struct test *t = *state;
	struct hand bob;
	uint8_t p[HAND_RESP], bad[HAND_RESP + 1];

	t->cut = t->logging = true;
	start_hand(&bob, &t->bob, &t->alice, false);
	dial(&t->alice, &t->bob);
	hand_take_init(&bob, last(t)->p, last(t)->len);
	hand_resp(&bob, p);
	for (size_t n = 0; n < HAND_RESP; n++)
		deliver(t, &t->bob.at, &t->alice.at, p, n);
	for (size_t bit = 0; bit < 8 * (HAND_RESP - 16); bit++) {
		memcpy(bad, p, HAND_RESP);
		bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
		deliver(t, &t->bob.at, &t->alice.at, bad, HAND_RESP);
		/* The sender's index is not protected: a lie ends nothing
		 * but this attempt, of whoever stands between. */
		hand_macs(bad, HAND_RESP, x_of(t->alice.id));
		if (bit < 8 * (HAND_RESP - 32) && bit / 32 != 1)
			deliver(t, &t->bob.at, &t->alice.at, bad, HAND_RESP);
	}
	assert_int_equal(t->alice.n_proven, 0);
	assert_int_equal(t->alice.n_sent, 1);
	deliver(t, &t->bob.at, &t->alice.at, p, HAND_RESP);
	assert_int_equal(t->alice.n_proven, 1);
	hand_end(&bob);
}

static void
row_48_damaged_data_is_not_opened(void **state)
{
	struct test *t = *state;
	struct hand alice;
	uint8_t p[UDP_PAYLOAD], bad[64];
	size_t n;

	t->cut = t->logging = true;
	start_hand(&alice, &t->alice, &t->bob, true);
	deliver(t, &t->alice.at, &t->bob.at, p, hand_init(&alice, p));
	hand_take_resp(&alice, last(t)->p, last(t)->len);
	n = hand_seal(&alice, 0, "", 0, p);
	for (size_t bit = 0; bit < 8 * n; bit++) {
		memcpy(bad, p, n);
		bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
		deliver(t, &t->alice.at, &t->bob.at, bad, n);
		deliver(t, &t->alice.at, &t->bob.at, p, bit / 8);
	}
	assert_int_equal(t->bob.n_answered, 0);
	assert_int_equal(t->bob.n_sent, 1);
	deliver(t, &t->alice.at, &t->bob.at, p, n);
	assert_int_equal(t->bob.n_answered, 1);
	hand_end(&alice);
}

static void
row_49_a_replay_changes_nothing(void **state)
{
	struct test *t = *state;
	struct dgrams *bob = t->bob.dgrams;
	size_t n, records;
	uint64_t sent;

	t->logging = true;
	join(t);
	t->bob.counts_in = true;
	assert_int_equal(say(&t->alice, RECORD_FRAME, 100, 30), 30);
	run_ms(t, 2000);
	assert_int_equal(t->bob.next_in, 30);
	n = t->n_log;
	records = (size_t)t->bob.n_records;
	sent = t->bob.n_sent;
	t->logging = false;
	for (size_t i = 0; i < n; i++) {
		const struct seen s = t->log[i];

		deliver(t, &stranger, &s.to, s.p, s.len);
	}
	/* Only the init is answered, and to no avail. */
	assert_int_equal(t->bob.n_sent, sent + 1);
	assert_int_equal(t->bob.last_sent_len, HAND_RESP);
	assert_int_equal(t->bob.n_records, records);
	assert_int_equal(t->bob.n_answered, 1);
	assert_true(dgrams_counts(bob)->replayed > 0);
	assert_string_equal(link_of(&t->bob)->where, "192.0.2.1:1000");
	run_ms(t, DGRAM_PENDING_MS);
	assert_int_equal(bob->n_pendings, 0);
	assert_int_equal(map_count(bob->by_index), 1);
	assert_int_equal(say(&t->alice, RECORD_FRAME, 100, 1), 1);
	run_ms(t, 2000);
	assert_int_equal(t->bob.next_in, 31);
}

/* Old inits of Alice, replayed all the time, do not keep her out. */
static void
row_49_replays_do_not_hinder_a_dial(void **state)
{
	struct test *t = *state;
	struct hand old;
	uint8_t p[HAND_RENEW];

	start_hand(&old, &t->alice, &t->bob, true);
	hand_init(&old, p);
	dial(&t->alice, &t->bob);
	for (int i = 0; i < 100; i++) {
		deliver(t, &stranger, &t->bob.at, p, HAND_INIT);
		run_ms(t, 5);
	}
	assert_int_equal(t->bob.n_answered, 1);
	hand_end(&old);
}

static void
row_50_low_order_keys_are_refused(void **state)
{
	static const uint8_t low[2][KEY_LEN] = { { 0 }, { 1 } };
	struct test *t = *state;
	uint8_t p[HAND_INIT] = { 1, 1 };

	for (size_t i = 0; i < 2; i++) {
		assert_null(dgram_dial(t->alice.dgrams, NULL, &t->bob.at,
		    low[i]));
		memcpy(p + 8, low[i], KEY_LEN);
		hand_macs(p, sizeof(p), x_of(t->bob.id));
		deliver(t, &stranger, &t->bob.at, p, sizeof(p));
	}
	assert_null(dgram_dial(t->alice.dgrams, NULL, &t->bob.at,
	    x_of(t->alice.id)));
	assert_int_equal(dgrams_counts(t->bob.dgrams)->forged, 2);
	no_state(&t->alice);
	no_state(&t->bob);
}

static struct addr
source(uint32_t i)
{
	struct addr a = { .family = ADDR_V4, .port = 9 };

	a.ip[0] = 203;
	a.ip[1] = (uint8_t)(i >> 16);
	a.ip[2] = (uint8_t)(i >> 8);
	a.ip[3] = (uint8_t)i;
	return a;
}

/* An answer never exceeds what it answers, so nobody can be flooded by us. */
static void
row_51_a_flood_meets_cookies(void **state)
{
	struct test *t = *state;
	const struct dgram_counts *counts = dgrams_counts(t->bob.dgrams);
	uint8_t p[HAND_INIT] = { 1, 1 };

	t->tapped = 0;
	for (uint32_t i = 0; i < 65536; i++) {
		const struct addr from = source(i);
		size_t before = t->bob.sent_bytes;

		put_u32(p + 4, i);
		put_u32(p + 8, i);
		hand_macs(p, sizeof(p), x_of(t->bob.id));
		deliver(t, &from, &t->bob.at, p, sizeof(p));
		assert_true(t->bob.sent_bytes - before <= COOKIE);
	}
	/* Two seconds at most: the clock did not move. */
	assert_true(counts->forged <= 2 * COOKIE_BARE_RATE);
	assert_true(counts->cookies >= 65536 - 2 * COOKIE_BARE_RATE);
	no_state(&t->bob);
	/* Whoever is real comes again with the cookie. */
	dial(&t->alice, &t->bob);
	run_ms(t, 200);
	assert_int_equal(t->alice.n_proven, 1);
	assert_int_equal(t->bob.n_answered, 1);
}

static void
row_51_pending_handshakes_are_bounded(void **state)
{
	struct test *t = *state;
	struct hand h;
	uint8_t p[HAND_RENEW];
	int n_cookies = 0;

	t->cut = true;
	for (uint32_t i = 0; i < 300; i++) {
		const struct addr from = source(i);
		uint8_t s[32], x[32];

		x_pair_new(s, x);
		hand_start(&h, true, s, x_of(t->bob.id), NULL, i);
		deliver(t, &from, &t->bob.at, p, hand_init(&h, p));
		assert_true(t->bob.last_sent_len <= HAND_INIT);
		n_cookies += t->bob.last_sent_len == COOKIE;
		hand_end(&h);
		run_ms(t, 25);
	}
	assert_int_equal(t->bob.dgrams->n_pendings, DGRAM_PENDING_MAX);
	assert_int_equal(n_cookies, 300 - DGRAM_PENDING_MAX);
	run_ms(t, 2 * DGRAM_PENDING_MS);
	no_state(&t->bob);
}

/* With a true address, but too often. */
static void
row_51_one_source_is_held_to_its_rate(void **state)
{
	struct test *t = *state;
	struct hand h;
	uint8_t p[HAND_RENEW], cookie[COOKIE_LEN];
	int n_resp = 0;

	t->cut = t->logging = true;
	for (uint32_t i = 0; i < 100; i++) {
		hand_start(&h, true, identity_x_secret(t->alice.id),
		    x_of(t->bob.id), NULL, i);
		hand_init(&h, p);
		cookie_of(cookie, t->bob.dgrams->gate.secret, &stranger);
		cookie_macs(p, HAND_INIT, x_of(t->bob.id), cookie);
		deliver(t, &stranger, &t->bob.at, p, HAND_INIT);
		n_resp += last(t)->len == HAND_RESP;
		hand_end(&h);
	}
	/* The first one made the secret, and had no cookie of it. */
	assert_in_range(t->bob.n_sent, 1, 1 + COOKIE_SOURCE_RATE);
	assert_in_range(n_resp, 1, 100);
}

static void
row_55_other_versions_are_dropped(void **state)
{
	struct test *t = *state;
	struct hand h;
	uint8_t p[HAND_RENEW];

	t->cut = t->logging = true;
	for (unsigned version = 0; version < 256; version++) {
		if (version == 1)
			continue;
		start_hand(&h, &t->alice, &t->bob, true);
		hand_init(&h, p);
		p[1] = (uint8_t)version;
		hand_macs(p, HAND_INIT, x_of(t->bob.id));
		deliver(t, &t->alice.at, &t->bob.at, p, HAND_INIT);
		hand_end(&h);
	}
	for (unsigned type = 0; type < 256; type++) {
		if (type == 1)
			continue;
		start_hand(&h, &t->alice, &t->bob, true);
		hand_init(&h, p);
		p[0] = (uint8_t)type;
		hand_macs(p, HAND_INIT, x_of(t->bob.id));
		deliver(t, &t->alice.at, &t->bob.at, p, HAND_INIT);
		hand_end(&h);
	}
	assert_int_equal(dgrams_counts(t->bob.dgrams)->alien, 510);
	/* Versions we do not have, inside: nothing is answered. */
	start_hand(&h, &t->alice, &t->bob, true);
	h.hello[0] = 2;
	h.hello[1] = 3;
	deliver(t, &t->alice.at, &t->bob.at, p, hand_init(&h, p));
	hand_end(&h);
	assert_int_equal(t->bob.n_sent, 0);
	no_state(&t->bob);
}

static void
row_55_an_answer_of_another_version_ends_the_dial(void **state)
{
	struct test *t = *state;
	struct hand bob;
	uint8_t p[HAND_RESP];

	t->cut = t->logging = true;
	start_hand(&bob, &t->bob, &t->alice, false);
	bob.hello[0] = bob.hello[1] = 2;
	dial(&t->alice, &t->bob);
	hand_take_init(&bob, last(t)->p, last(t)->len);
	hand_resp(&bob, p);
	deliver(t, &t->bob.at, &t->alice.at, p, HAND_RESP);
	assert_int_equal(t->alice.n_closed, 1);
	assert_string_equal(t->alice.why, "speaks another version");
	no_state(&t->alice);
	hand_end(&bob);
}

/* A renewal names a link of the same person, or is none. */
static void
t_a_renewal_of_nothing_is_refused(void **state)
{
	struct test *t = *state;
	struct hand h;
	uint8_t p[HAND_RENEW];
	uint32_t index;

	join(t);
	index = ((struct dgram *)link_of(&t->bob)->impl)->current->mine;
	for (uint32_t i = 0; i < 3; i++) {
		uint8_t s[32], x[32];
		size_t before = t->bob.n_sent;

		x_pair_new(s, x);
		hand_start(&h, true, i == 0 ? s :
		    identity_x_secret(t->alice.id), x_of(t->bob.id), NULL, i);
		h.hello_len = 10;
		put_u32(h.hello + 6, i == 1 ? index + 1 : index);
		deliver(t, &stranger, &t->bob.at, p, hand_init(&h, p));
		assert_int_equal(t->bob.n_sent - before, i == 2);
		hand_end(&h);
	}
}

int
main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_known_answers_of_packets),
		cmocka_unit_test(t_known_answers_of_cookies),
		ROW(t_initiators_speak_the_protocol),
		ROW(t_responders_wait_for_data),
		ROW(t_an_answer_that_is_never_used_is_forgotten),
		ROW(t_who_is_unwelcome_gets_no_answer),
		ROW(row_48_a_damaged_init_leaves_nothing),
		ROW(row_48_a_damaged_answer_changes_nothing),
		ROW(row_48_damaged_data_is_not_opened),
		ROW(row_49_a_replay_changes_nothing),
		ROW(row_49_replays_do_not_hinder_a_dial),
		ROW(row_50_low_order_keys_are_refused),
		ROW(row_51_a_flood_meets_cookies),
		ROW(row_51_pending_handshakes_are_bounded),
		ROW(row_51_one_source_is_held_to_its_rate),
		ROW(row_55_other_versions_are_dropped),
		ROW(row_55_an_answer_of_another_version_ends_the_dial),
		ROW(t_a_renewal_of_nothing_is_refused),
	};

	if (crypto_start(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
