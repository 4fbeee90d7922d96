#include "buf.h"

#include "cur.h"
#include "tmp.h"

static void
t_integers_are_little_endian(void **state)
{
	static const uint8_t want[] = {
		1, 3, 2, 7, 6, 5, 4, 15, 14, 13, 12, 11, 10, 9, 8
	};
	struct buf b;

	(void)state;
	buf_init(&b);
	buf_u8(&b, 1);
	buf_u16(&b, 0x0203);
	buf_u32(&b, 0x04050607);
	buf_u64(&b, 0x08090a0b0c0d0e0f);
	assert_int_equal(b.len, sizeof(want));
	assert_memory_equal(b.at, want, sizeof(want));
	assert_int_equal(get_u16(b.at + 1), 0x0203);
	assert_int_equal(get_u32(b.at + 3), 0x04050607);
	assert_true(get_u64(b.at + 7) == 0x08090a0b0c0d0e0f);
	buf_clear(&b);
	assert_null(b.at);
}

/* A million random appends and drops against a counter of bytes. */
static void
t_bytes_come_out_as_they_went_in(void **state)
{
	struct buf b;
	uint8_t in = 0, out = 0;
	uint32_t seed = 1;

	(void)state;
	buf_init(&b);
	for (int i = 0; i < 100000; i++) {
		size_t n;

		seed = seed * 1664525 + 1013904223;
		n = seed >> 16 & 63;
		for (size_t j = 0; j < n; j++)
			buf_u8(&b, in++);
		n = seed >> 24 & 63;
		if (n > b.len)
			n = b.len;
		for (size_t j = 0; j < n; j++)
			assert_int_equal(b.at[j], out++);
		buf_drop(&b, n);
	}
	buf_clear(&b);
}

static void
t_a_steady_stream_does_not_grow(void **state)
{
	struct buf b;
	uint8_t block[1000] = { 0 };
	const uint8_t *place = NULL;
	int n_moves = 0;

	(void)state;
	buf_init(&b);
	buf_put(&b, block, 10);
	for (int i = 0; i < 10000; i++) {
		buf_put(&b, block, sizeof(block));
		n_moves += b.at - b.gap != place;
		place = b.at - b.gap;
		buf_drop(&b, sizeof(block));
	}
	assert_true(n_moves < 5);
	assert_int_equal(b.len, 10);
	assert_true(b.room <= 4096);
	buf_clear(&b);
}

static void
t_space_counts_only_when_added(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	memcpy(buf_space(&b, 5), "hello", 5);
	assert_int_equal(b.len, 0);
	buf_added(&b, 4);
	assert_string_equal(buf_str(&b), "hell");
	assert_int_equal(b.len, 4);
	buf_empty(&b);
	assert_string_equal(buf_str(&b), "");
	buf_put(&b, NULL, 0);
	assert_int_equal(b.len, 0);
	buf_wipe(&b);
	assert_null(b.at);
}

static void
t_printf_appends_any_length(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	buf_printf(&b, "%d-", 7);
	buf_printf(&b, "%0500d", 1);
	assert_int_equal(b.len, 502);
	assert_memory_equal(b.at, "7-0", 3);
	assert_int_equal(b.at[501], '1');
	buf_clear(&b);
}

static void
grow_past_memory(void)
{
	struct buf b;

	buf_init(&b);
	buf_u8(&b, 1);
	buf_space(&b, SIZE_MAX);
}

static void
t_a_length_that_wraps_dies(void **state)
{
	char said[200];
	int status = tmp_child(grow_past_memory, said, sizeof(said));

	(void)state;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_string_equal(said, "p2ptui: out of memory\n");
}

static void
t_cur_reads_what_buf_wrote(void **state)
{
	struct buf b;
	struct cur c;
	const uint8_t *p;
	char copy[3];
	size_t len;

	(void)state;
	buf_init(&b);
	buf_u8(&b, 9);
	buf_u16(&b, 0xfffe);
	buf_u32(&b, 0xfffffffe);
	buf_u64(&b, 0xfffffffffffffffe);
	buf_lp(&b, "words", 5);
	buf_put(&b, "abcde", 5);
	cur_init(&c, b.at, b.len);
	assert_int_equal(cur_u8(&c), 9);
	assert_int_equal(cur_u16(&c), 0xfffe);
	assert_int_equal(cur_u32(&c), 0xfffffffe);
	assert_true(cur_u64(&c) == 0xfffffffffffffffe);
	p = cur_lp(&c, 5, &len);
	assert_int_equal(len, 5);
	assert_memory_equal(p, "words", 5);
	cur_copy(&c, copy, 3);
	assert_memory_equal(copy, "abc", 3);
	assert_true(cur_ok(&c));
	assert_false(cur_done(&c));
	assert_memory_equal(cur_take(&c, 2), "de", 2);
	assert_true(cur_done(&c));
	buf_clear(&b);
}

/* Each cut of a message is bad, and stays so. */
static void
t_cur_is_bad_at_every_cut(void **state)
{
	static const uint8_t whole[] = {
		1, 2, 2, 3, 3, 3, 3, 2, 0, 0, 0, 'h', 'i', 5, 5
	};

	(void)state;
	for (size_t n = 0; n <= sizeof(whole); n++) {
		uint8_t *exact = mem_copy(whole, n);
		struct cur c;
		char copy[2];
		size_t len;

		cur_init(&c, exact, n);
		cur_u8(&c);
		cur_u16(&c);
		cur_u32(&c);
		cur_lp(&c, 100, &len);
		cur_copy(&c, copy, 2);
		assert_true(cur_done(&c) == (n == sizeof(whole)));
		if (n < sizeof(whole)) {
			assert_false(cur_ok(&c));
			assert_int_equal(copy[0], 0);
			assert_int_equal(cur_u8(&c), 0);
			assert_null(cur_take(&c, 0));
		}
		free(exact);
	}
}

static void
row_46_a_length_of_4_gib_is_bad(void **state)
{
	static const uint8_t wire[] = { 0xff, 0xff, 0xff, 0xff, 1, 2, 3 };
	struct cur c;
	size_t len = 7;

	(void)state;
	cur_init(&c, wire, sizeof(wire));
	assert_null(cur_lp(&c, SIZE_MAX, &len));
	assert_int_equal(len, 0);
	assert_false(cur_ok(&c));
}

static void
t_cur_lp_holds_its_limit(void **state)
{
	static const uint8_t wire[] = { 3, 0, 0, 0, 1, 2, 3 };
	struct cur c;
	size_t len;

	(void)state;
	cur_init(&c, wire, sizeof(wire));
	assert_null(cur_lp(&c, 2, &len));
	assert_false(cur_ok(&c));
	assert_int_equal(cur_u8(&c), 0);
	cur_init(&c, wire, sizeof(wire));
	assert_non_null(cur_lp(&c, 3, &len));
	assert_true(cur_done(&c));
}

static void
t_cur_of_nothing_is_done(void **state)
{
	struct cur c;

	(void)state;
	cur_init(&c, NULL, 0);
	assert_non_null(cur_take(&c, 0));
	assert_true(cur_done(&c));
	assert_int_equal(cur_u8(&c), 0);
	assert_false(cur_ok(&c));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_integers_are_little_endian),
		cmocka_unit_test(t_bytes_come_out_as_they_went_in),
		cmocka_unit_test(t_a_steady_stream_does_not_grow),
		cmocka_unit_test(t_space_counts_only_when_added),
		cmocka_unit_test(t_printf_appends_any_length),
		cmocka_unit_test(t_a_length_that_wraps_dies),
		cmocka_unit_test(t_cur_reads_what_buf_wrote),
		cmocka_unit_test(t_cur_is_bad_at_every_cut),
		cmocka_unit_test(row_46_a_length_of_4_gib_is_bad),
		cmocka_unit_test(t_cur_lp_holds_its_limit),
		cmocka_unit_test(t_cur_of_nothing_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
