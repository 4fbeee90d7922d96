#include "probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "udp.h"

static struct addr
at(const char *text)
{
	struct addr a;

	memset(&a, 0, sizeof(a));
	assert_int_equal(addr_parse(&a, text), 0);
	return a;
}

static struct paths_msg
full_cands(void)
{
	struct paths_msg m;

	memset(&m, 0, sizeof(m));
	m.type = PATHS_CANDS;
	m.epoch = 0x1122334455667788;
	m.round = 2;
	memset(m.key, 0xab, PROBE_KEY);
	m.n_cands = CANDS_MAX;
	for (size_t i = 0; i < CANDS_MAX; i++) {
		m.cands[i].kind = (enum cand_kind)(i % CAND_PRFLX);
		m.cands[i].proto = i & 1 ? CAND_TCP : CAND_UDP;
		m.cands[i].addr = at(i & 2 ? "[2001:db8::7]:50000" :
		    "192.0.2.9:50001");
	}
	return m;
}

static void
there_and_back(const struct paths_msg *m, struct paths_msg *back)
{
	struct buf out;

	buf_init(&out);
	paths_write(&out, m);
	assert_in_range(out.len, 1, PATHS_MAX);
	assert_int_equal(paths_read(back, out.at, out.len), 0);
	assert_int_equal(back->type, m->type);
	assert_int_equal(back->epoch, m->epoch);
	/* No byte less, no byte more. */
	for (size_t n = 0; n < out.len; n++) {
		uint8_t *cut = mem_copy(out.at, n ? n : 1);
		struct paths_msg none;

		assert_int_equal(paths_read(&none, cut, n), -1);
		free(cut);
	}
	buf_u8(&out, 0);
	assert_int_equal(paths_read(back, out.at, out.len), -1);
	assert_int_equal(paths_read(back, out.at, out.len - 1), 0);
	buf_clear(&out);
}

static void
t_caps_there_and_back(void **state)
{
	struct paths_msg m = { .type = PATHS_CAPS, .epoch = 7,
		.class = NAT_SEQ, .has_udp = true, .is_double = true }, back;

	(void)state;
	there_and_back(&m, &back);
	assert_int_equal(back.class, NAT_SEQ);
	assert_true(back.has_udp);
	assert_false(back.has_v6);
	assert_true(back.is_double);
}

static void
t_cands_there_and_back(void **state)
{
	struct paths_msg m = full_cands(), back;

	(void)state;
	there_and_back(&m, &back);
	assert_int_equal(back.round, 2);
	assert_memory_equal(back.key, m.key, PROBE_KEY);
	assert_int_equal(back.n_cands, CANDS_MAX);
	for (size_t i = 0; i < CANDS_MAX; i++) {
		assert_int_equal(back.cands[i].kind, m.cands[i].kind);
		assert_int_equal(back.cands[i].proto, m.cands[i].proto);
		assert_true(addr_equal(&back.cands[i].addr,
		    &m.cands[i].addr));
	}
}

static void
t_sync_and_use_there_and_back(void **state)
{
	struct paths_msg m = { .type = PATHS_SYNC, .epoch = 9, .round = 3 };
	struct paths_msg back;

	(void)state;
	there_and_back(&m, &back);
	assert_int_equal(back.round, 3);
	m.type = PATHS_USE;
	m.use = 255;
	there_and_back(&m, &back);
	assert_int_equal(back.use, 255);
}

static void
t_paths_out_of_bounds_are_refused(void **state)
{
	static const uint8_t types[] = { 0, 5, 255 }, rounds[] = { 0, 4 };
	uint8_t body[PATHS_MAX + 1];
	struct paths_msg m = full_cands(), back;
	struct buf out;

	(void)state;
	memset(body, 0, sizeof(body));
	for (size_t i = 0; i < sizeof(types); i++) {
		body[0] = types[i];
		for (size_t n = 0; n <= sizeof(body); n++)
			assert_int_equal(paths_read(&back, body, n), -1);
	}
	buf_init(&out);
	paths_write(&out, &m);
	for (size_t i = 0; i < sizeof(rounds); i++) {
		out.at[9] = rounds[i];
		assert_int_equal(paths_read(&back, out.at, out.len), -1);
	}
	out.at[9] = 1;
	buf_put(&out, body, 20);
	out.at[42] = CANDS_MAX + 1;
	assert_int_equal(paths_read(&back, out.at, out.len), -1);
	buf_clear(&out);
}

/* Those of a later version, and those that nobody may tell. */
static void
t_unknown_candidates_are_skipped(void **state)
{
	struct paths_msg m = full_cands(), back;
	struct buf out;

	(void)state;
	buf_init(&out);
	paths_write(&out, &m);
	out.at[43] = CAND_PRFLX;
	out.at[43 + 20] = 200;
	out.at[43 + 40 + 1] = 2;
	assert_int_equal(paths_read(&back, out.at, out.len), 0);
	assert_int_equal(back.n_cands, CANDS_MAX - 3);
	assert_int_equal(back.cands[0].kind, m.cands[3].kind);
	buf_clear(&out);
}

static void
t_unknown_class_is_unknown(void **state)
{
	const uint8_t caps[] = { PATHS_CAPS, 99, 0xff, 1, 0, 0, 0, 0, 0, 0, 0 };
	struct paths_msg m;

	(void)state;
	assert_int_equal(paths_read(&m, caps, sizeof(caps)), 0);
	assert_int_equal(m.class, NAT_UNKNOWN);
	assert_true(m.has_udp && m.has_v6 && m.is_double && m.has_birthday);
}

/* One bit more, which programs that do not know it do not look at; without
 * the option what is said is as it was. */
static void
t_birthday_is_a_bit_of_the_flags(void **state)
{
	const uint8_t want[] = { PATHS_CAPS, NAT_HARD, 1, 7, 0, 0, 0, 0, 0, 0,
		0 };
	struct paths_msg m = { .type = PATHS_CAPS, .class = NAT_HARD,
		.has_udp = true, .epoch = 7 }, back;
	struct buf out;

	(void)state;
	buf_init(&out);
	paths_write(&out, &m);
	assert_int_equal(out.len, sizeof(want));
	assert_memory_equal(out.at, want, sizeof(want));
	assert_int_equal(paths_read(&back, out.at, out.len), 0);
	assert_false(back.has_birthday);
	buf_empty(&out);
	m.has_birthday = true;
	paths_write(&out, &m);
	assert_int_equal(out.len, sizeof(want));
	assert_int_equal(out.at[2], 9);
	assert_int_equal(paths_read(&back, out.at, out.len), 0);
	assert_true(back.has_birthday && !back.is_double);
	buf_clear(&out);
}

/* ---- what flies -------------------------------------------------------- */

static const uint8_t key[PROBE_KEY] = "the key that Bob chose for me";
static const uint8_t other[PROBE_KEY] = "the key that Bob chose for Eve";

static void
t_probe_there_and_back(void **state)
{
	const struct probe p = { .txid = 0x0102030405060708, .epoch = 42,
		.cand = 7 };
	uint8_t out[PROBE_LEN];
	struct probe back;

	(void)state;
	probe_write(out, &p, key);
	assert_int_equal(out[0], UDP_PROBE);
	assert_int_equal(probe_read(&back, out, sizeof(out), key), 0);
	assert_false(back.is_pong);
	assert_true(back.txid == p.txid && back.epoch == 42 &&
	    back.cand == 7);
	assert_int_equal(probe_read(&back, out, sizeof(out), other), -1);
}

static void
t_pong_there_and_back(void **state)
{
	const char *const seen[] = { "192.0.2.1:40000", "[2001:db8::5]:1" };
	uint8_t out[PROBE_LEN];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct probe p = { .is_pong = true, .txid = 5 }, back;

		p.seen = at(seen[i]);
		probe_write(out, &p, key);
		assert_int_equal(out[0], UDP_PONG);
		assert_int_equal(probe_read(&back, out, sizeof(out), key), 0);
		assert_true(back.is_pong && back.txid == 5);
		assert_true(addr_equal(&back.seen, &p.seen));
		assert_int_equal(probe_read(&back, out, sizeof(out), other),
		    -1);
	}
}

/* hashlib.blake2b(lp(label) + lp(packet[:36]), key=key, digest_size=32) */
static void
t_probe_known_answer(void **state)
{
	static const uint8_t want[PROBE_TAG] = {
		0xbd, 0x79, 0x83, 0xfa, 0xc3, 0x9b, 0xff, 0xb1, 0x15, 0xaa,
		0xb2, 0x21, 0x1e, 0x38, 0x1a, 0xf7
	};
	const struct probe p = { .txid = 0x0102030405060708, .epoch = 42,
		.cand = 7 };
	uint8_t out[PROBE_LEN];

	(void)state;
	probe_write(out, &p, key);
	assert_memory_equal(out + PROBE_LEN - PROBE_TAG, want, PROBE_TAG);
}

/* No bit may be moved, and no PROBE thrown back as a PONG. */
static void
t_every_bit_is_under_the_tag(void **state)
{
	const struct probe p = { .txid = 1, .epoch = 2, .cand = 3 };
	uint8_t out[PROBE_LEN + 1];
	struct probe back;

	(void)state;
	memset(out, 0, sizeof(out));
	probe_write(out, &p, key);
	for (size_t bit = 0; bit < PROBE_LEN * 8; bit++) {
		out[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(probe_read(&back, out, PROBE_LEN, key), -1);
		out[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	out[0] = UDP_PONG;
	assert_int_equal(probe_read(&back, out, PROBE_LEN, key), -1);
	out[0] = UDP_PROBE;
	assert_int_equal(probe_read(&back, out, PROBE_LEN + 1, key), -1);
	for (size_t n = 0; n < PROBE_LEN; n++) {
		uint8_t *cut = mem_copy(out, n ? n : 1);

		assert_int_equal(probe_read(&back, cut, n, key), -1);
		free(cut);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_caps_there_and_back),
		cmocka_unit_test(t_cands_there_and_back),
		cmocka_unit_test(t_sync_and_use_there_and_back),
		cmocka_unit_test(t_paths_out_of_bounds_are_refused),
		cmocka_unit_test(t_unknown_candidates_are_skipped),
		cmocka_unit_test(t_unknown_class_is_unknown),
		cmocka_unit_test(t_birthday_is_a_bit_of_the_flags),
		cmocka_unit_test(t_probe_there_and_back),
		cmocka_unit_test(t_pong_there_and_back),
		cmocka_unit_test(t_probe_known_answer),
		cmocka_unit_test(t_every_bit_is_under_the_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
