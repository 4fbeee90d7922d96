/*
 * Windows: what was seen, per epoch of the sender.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "window.h"

static struct windows w;

static int
begin(void **state)
{
	(void)state;
	windows_init(&w);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	windows_clear(&w);
	return 0;
}

static enum seen
see(uint64_t epoch, uint64_t seq)
{
	return windows_see(&w, epoch, seq, false);
}

static void
t_in_order_needs_no_bitmap(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 10000; i++)
		assert_int_equal(see(7, i), SEEN_NEW);
	assert_int_equal(windows_find(&w, 7)->cum, 10000);
	assert_null(windows_find(&w, 7)->bits);
	assert_int_equal(see(7, 1), SEEN_BEFORE);
	assert_int_equal(see(7, 10000), SEEN_BEFORE);
}

/* A row that outlived its window must not be searched for to the end of
 * all numbers. */
static void
t_nothing_is_missing_above_the_top(void **state)
{
	(void)state;
	assert_int_equal(see(7, 1), SEEN_NEW);
	assert_int_equal(see(7, 4), SEEN_NEW);
	assert_int_equal(windows_missing(&w, 7, 4), 2);
	assert_int_equal(windows_missing(&w, 7, UINT64_C(1) << 61), 0);
}

static void
t_any_order_is_seen_once(void **state)
{
	static const uint64_t order[] = { 5, 2, 5, 1, 2, 3, 4, 3 };
	static const enum seen expected[] = { SEEN_NEW, SEEN_NEW,
		SEEN_BEFORE, SEEN_NEW, SEEN_BEFORE, SEEN_NEW, SEEN_NEW,
		SEEN_BEFORE };

	(void)state;
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(see(7, order[i]), expected[i]);
	assert_int_equal(windows_find(&w, 7)->cum, 5);
	assert_null(windows_find(&w, 7)->bits);
}

/* Against a plain set, with numbers running through the bitmap twice. */
static void
t_agrees_with_a_plain_set(void **state)
{
	static uint8_t seen[12000];
	uint64_t cum = 0, missing, low;
	unsigned random = 1;

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < 200000; i++) {
		uint64_t seq;

		random = random * 1103515245 + 12345;
		seq = cum + 1 + (random >> 8) % (i % 7 == 0 ? 5000 : 50);
		if (i % 3 == 0)
			seq = cum + 1;
		if (seq >= sizeof(seen))
			break;
		if (seq > cum + WINDOW_AHEAD)
			assert_int_equal(see(7, seq), SEEN_REFUSED);
		else
			assert_int_equal(see(7, seq), seen[seq] ?
			    SEEN_BEFORE : SEEN_NEW);
		if (seq <= cum + WINDOW_AHEAD)
			seen[seq] = 1;
		while (seen[cum + 1])
			cum++;
		assert_int_equal(windows_find(&w, 7)->cum, cum);
		for (missing = 0, low = seq; low > 1 && !seen[low - 1]; low--)
			missing++;
		if (seq <= cum + WINDOW_AHEAD)
			assert_int_equal(windows_missing(&w, 7, seq),
			    missing);
	}
	assert_true(cum > 3000);
}

static void
t_bounds_are_refused_not_forgotten(void **state)
{
	(void)state;
	assert_int_equal(see(7, 1 + WINDOW_AHEAD), SEEN_REFUSED);
	assert_null(windows_find(&w, 7));
	assert_int_equal(see(7, WINDOW_AHEAD), SEEN_NEW);
	assert_int_equal(see(7, 1 + WINDOW_AHEAD), SEEN_REFUSED);
	assert_int_equal(see(7, 1), SEEN_NEW);
	assert_int_equal(see(7, 1 + WINDOW_AHEAD), SEEN_NEW);
	for (uint64_t e = 8; e < 8 + WINDOWS_MAX - 1; e++)
		assert_int_equal(see(e, 1), SEEN_NEW);
	assert_int_equal(see(1000, 1), SEEN_REFUSED);
	assert_int_equal(see(8, 2), SEEN_NEW);
	/* The base makes room. */
	assert_true(windows_set_base(&w, 9));
	assert_int_equal(see(1000, 1), SEEN_NEW);
}

static void
t_below_the_base_is_past(void **state)
{
	uint64_t cum, bits;

	(void)state;
	see(5, 1);
	see(6, 1);
	assert_true(windows_set_base(&w, 6));
	assert_false(windows_set_base(&w, 5));
	assert_int_equal(w.n, 1);
	assert_int_equal(see(5, 2), SEEN_PAST);
	windows_ack(&w, 5, &cum, &bits);
	assert_true(cum == UINT64_MAX);
	windows_ack(&w, 6, &cum, &bits);
	assert_int_equal(cum, 1);
	windows_ack(&w, 99, &cum, &bits);
	assert_true(cum == 0 && bits == 0);
}

static void
t_ack_bits_begin_behind_the_first_hole(void **state)
{
	uint64_t cum, bits;

	(void)state;
	see(7, 1);
	see(7, 3);
	see(7, 5);
	see(7, 66);
	see(7, 67);
	windows_ack(&w, 7, &cum, &bits);
	assert_int_equal(cum, 1);
	/* 3 is bit 0, 5 bit 2, 66 bit 63; 67 is out of reach. */
	assert_true(bits == (UINT64_C(1) << 63 | 5));
}

static void
t_first_closes_the_hole_before_it(void **state)
{
	(void)state;
	see(7, 1);
	see(7, 10);
	see(7, 20);
	assert_int_equal(windows_see(&w, 7, 15, true), SEEN_NEW);
	assert_int_equal(windows_find(&w, 7)->cum, 15);
	assert_int_equal(see(7, 9), SEEN_BEFORE);
	assert_int_equal(see(7, 20), SEEN_BEFORE);
	assert_int_equal(windows_missing(&w, 7, 20), 4);
	assert_int_equal(windows_see(&w, 7, 20, true), SEEN_BEFORE);
	assert_int_equal(windows_find(&w, 7)->cum, 20);
	assert_null(windows_find(&w, 7)->bits);
	/* As far as you like, and cheaply. */
	assert_int_equal(windows_see(&w, 7, UINT64_C(1) << 60, true),
	    SEEN_NEW);
	assert_int_equal(windows_see(&w, 8, UINT64_C(1) << 61, true),
	    SEEN_NEW);
}

static void
t_kept_bytes_come_back(void **state)
{
	struct windows again;
	struct buf b, b2;
	struct cur c;

	(void)state;
	see(7, 1);
	see(7, 3);
	see(7, 4000);
	see(9, 1);
	windows_set_base(&w, 3);
	buf_init(&b);
	buf_init(&b2);
	windows_write(&b, &w);
	cur_init(&c, b.at, b.len);
	assert_int_equal(windows_read(&again, &c), 0);
	assert_true(cur_done(&c));
	windows_write(&b2, &again);
	assert_int_equal(b.len, b2.len);
	assert_memory_equal(b.at, b2.at, b.len);
	windows_clear(&again);
	/* No prefix of it is taken. */
	for (size_t n = 0; n < b.len; n++) {
		cur_init(&c, b.at, n);
		assert_int_equal(windows_read(&again, &c), -1);
	}
	buf_clear(&b);
	buf_clear(&b2);
}

static void
t_a_copy_is_independent(void **state)
{
	struct windows copy;

	(void)state;
	see(7, 2);
	windows_copy(&copy, &w);
	see(7, 1);
	assert_int_equal(windows_find(&copy, 7)->cum, 0);
	assert_int_equal(windows_see(&copy, 7, 2, false), SEEN_BEFORE);
	windows_clear(&copy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_in_order_needs_no_bitmap),
		TEST(t_any_order_is_seen_once),
		TEST(t_nothing_is_missing_above_the_top),
		TEST(t_agrees_with_a_plain_set),
		TEST(t_bounds_are_refused_not_forgotten),
		TEST(t_below_the_base_is_past),
		TEST(t_ack_bits_begin_behind_the_first_hole),
		TEST(t_first_closes_the_hole_before_it),
		TEST(t_kept_bytes_come_back),
		TEST(t_a_copy_is_independent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
