/*
 * The frame's bytes: the known answer, every truncation, every flipped bit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "enc.h"
#include "frame.h"
#include "rand.h"
#include "ring.h"

/* Made by an independent implementation of the layout, together with the
 * envelope of the known answers that holds it. */
static const char known[] =
    "01010000006c50c4a0010000006c50c4a001000029000000000000000088"
    "44709e01000011000000000000000500000000000000096c50c4a0010000"
    "ab071466d8848f5222f851cb0ac638a8ac270d31a2d0fdb974cf6c844a7d"
    "4302056c50c4a0010000404e52c4a00100000d00000068656c6c6f20426f"
    "6220e29c93";

static uint8_t bytes[sizeof(known) / 2];
static size_t len;

static int
begin(void **state)
{
	(void)state;
	len = (size_t)dec_hex(bytes, sizeof(bytes), known);
	assert_int_equal(len, sizeof(known) / 2);
	return 0;
}

static void
t_known_answer(void **state)
{
	struct frame f;
	struct buf b;

	(void)state;
	assert_int_equal(frame_read(&f, bytes, len), FRAME_GOOD);
	assert_int_equal(f.type, FRAME_TEXT);
	assert_int_equal(f.flags, 0);
	assert_true(f.epoch == 1790000000000 && f.base == f.epoch);
	assert_int_equal(f.seq, 41);
	assert_int_equal(f.ack_cum, 17);
	assert_int_equal(f.ack_bits, 5);
	assert_true(f.rk_gen == 1790000000009);
	assert_true(f.floor_gen == 1790000000005);
	assert_int_equal(f.len, 13);
	assert_memory_equal(f.body, "hello Bob \xe2\x9c\x93", 13);
	buf_init(&b);
	frame_write(&b, &f);
	assert_int_equal(b.len, len);
	assert_memory_equal(b.at, bytes, len);
	buf_clear(&b);
}

static void
t_every_truncation_is_broken(void **state)
{
	struct frame f;

	(void)state;
	for (size_t n = 0; n < len; n++) {
		uint8_t *exact = mem_copy(bytes, n);

		assert_int_equal(frame_read(&f, exact, n), FRAME_BROKEN);
		free(exact);
	}
}

static void
t_every_flipped_bit_is_read_or_refused(void **state)
{
	struct frame f;

	(void)state;
	for (size_t i = 0; i < len * 8; i++) {
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		if (frame_read(&f, bytes, len) == FRAME_GOOD) {
			struct buf b;

			buf_init(&b);
			frame_write(&b, &f);
			assert_int_equal(b.len, len);
			assert_memory_equal(b.at, bytes, len);
			buf_clear(&b);
		}
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

static void
t_versions_and_critical_flags(void **state)
{
	struct frame f;

	(void)state;
	bytes[0] = 0;
	assert_int_equal(frame_read(&f, bytes, len), FRAME_BROKEN);
	bytes[0] = 2;
	assert_int_equal(frame_read(&f, bytes, len), FRAME_NEWER);
	assert_int_equal(f.version, 2);
	bytes[0] = 1;
	bytes[2] = 0xff;		/* the low byte may be ignored */
	assert_int_equal(frame_read(&f, bytes, len), FRAME_GOOD);
	bytes[3] = 0x80;
	assert_int_equal(frame_read(&f, bytes, len), FRAME_NEWER);
}

static void
t_numbers_must_fit_the_type(void **state)
{
	struct frame f = { .version = FRAME_VERSION, .type = FRAME_TEXT,
		.epoch = 5, .base = 5, .seq = 1 };
	struct { uint8_t type; uint64_t epoch, base, seq; bool good; }
	    rows[] = {
		{ FRAME_TEXT, 5, 5, 1, true },
		{ FRAME_TEXT, 5, 4, 1, true },
		{ FRAME_TEXT, 5, 6, 1, false },
		{ FRAME_TEXT, 0, 0, 1, false },
		{ FRAME_TEXT, 5, 5, 0, false },
		{ FRAME_TEXT, 5, 5, UINT64_MAX, false },
		{ FRAME_ACCEPT, 5, 5, 0, false },
		{ FRAME_ACK, 0, 5, 0, true },
		{ FRAME_ACK, 5, 5, 1, false },
		{ FRAME_READ, 5, 5, 1, false },
		{ 99, 5, 5, 1, true },
		{ 99, 0, 5, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct frame got;
		struct buf b;

		f.type = rows[i].type;
		f.epoch = rows[i].epoch;
		f.base = rows[i].base;
		f.seq = rows[i].seq;
		buf_init(&b);
		frame_write(&b, &f);
		assert_int_equal(frame_read(&got, b.at, b.len),
		    rows[i].good ? FRAME_GOOD : FRAME_BROKEN);
		buf_clear(&b);
	}
}

static void
row_46_a_length_of_four_gigabytes(void **state)
{
	struct frame f;

	(void)state;
	memset(bytes + FRAME_HEAD - 4, 0xff, 4);
	assert_int_equal(frame_read(&f, bytes, len), FRAME_BROKEN);
}

/* ---- the ring of receive keys ------------------------------------------- */

static void
t_ring_keeps_eight_generations(void **state)
{
	struct ring r;

	(void)state;
	ring_init(&r);
	assert_null(ring_newest(&r));
	for (int i = 0; i < 12; i++)
		assert_true(ring_renew(&r, 1000, true));
	assert_int_equal(r.n, RING_MAX);
	assert_int_equal(ring_newest(&r)->gen, 1011);
	assert_null(ring_by_gen(&r, 1003));
	assert_non_null(ring_by_gen(&r, 1004));
	assert_false(ring_renew(&r, 2000, false));
	assert_true(ring_drop_below(&r, 1008));
	assert_int_equal(r.n, 4);
	assert_true(ring_drop_below(&r, 9999));
	assert_int_equal(r.n, 1);
	assert_int_equal(ring_newest(&r)->gen, 1011);
	assert_false(ring_drop_below(&r, 9999));
	ring_clear(&r);
}

static void
t_ring_comes_back(void **state)
{
	struct ring r, again;
	struct buf b;
	struct cur c;

	(void)state;
	ring_init(&r);
	ring_renew(&r, 1000, true);
	ring_renew(&r, -5, true);
	buf_init(&b);
	ring_write(&b, &r);
	cur_init(&c, b.at, b.len);
	assert_int_equal(ring_read(&again, &c), 0);
	assert_int_equal(again.n, 2);
	assert_memory_equal(&again.at[1], &r.at[1], sizeof(r.at[1]));
	for (size_t n = 0; n < b.len; n++) {
		cur_init(&c, b.at, n);
		assert_int_equal(ring_read(&again, &c), -1);
	}
	buf_wipe(&b);
	buf_clear(&b);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_known_answer),
		TEST(t_every_truncation_is_broken),
		TEST(t_every_flipped_bit_is_read_or_refused),
		TEST(t_versions_and_critical_flags),
		TEST(t_numbers_must_fit_the_type),
		TEST(row_46_a_length_of_four_gigabytes),
		TEST(t_ring_keeps_eight_generations),
		TEST(t_ring_comes_back),
	};

	if (crypto_start(NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
