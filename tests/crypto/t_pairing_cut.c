/*
 * Every message of a pairing cut, bit-flipped, repeated, reordered,
 * replayed and reflected: whoever it was for ends the run and keeps nothing.
 */
#include "pairing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pairing-pair.h"
#include "rand.h"
#include "vectors.h"

static struct people who;

/*
 * m<step> arrives as these bytes instead.  Either it is refused at once, or
 * both go on by the book: then the tags or the cards' handshake must show
 * it, and neither the receiver nor, if it was not all over for it before,
 * the sender may come to know anybody.
 */
static void
check_refused(struct pair *p, int step, const void *msg, size_t len)
{
	struct pairing *to = p->side[!pair_writer(step)];
	struct pairing *from = p->side[pair_writer(step)];
	enum pairing_verdict v = pairing_read(to, msg, len);

	if (!is_bad(v)) {
		/* Greetings alone say nothing that can be checked. */
		assert_true(step <= 1);
		pair_go_on(p, step + 1);
		v = pairing_read(to, "x", 1);
	}
	assert_over(to, v);
	assert_false(pairing_is_done(to));
	if (step < 5)
		assert_null(pairing_card(from));
}

/* A run up to here, m<step> written; fixed, so that it is always the same. */
static void
stop_at(struct pair *p, int step)
{
	pair_init(p, &who, true);
	pair_run(p, step);
	pair_write(p, step);
}

static void
cut(int step, size_t len)
{
	struct pair p;
	uint8_t *msg;

	stop_at(&p, step);
	/* Of its own size, so that reading past it is seen. */
	msg = malloc(len ? len : 1);
	assert_non_null(msg);
	memcpy(msg, p.last[step].at, len);
	check_refused(&p, step, msg, len);
	free(msg);
	pair_clear(&p);
}

static size_t
length_of(int step)
{
	struct pair p;
	size_t len;

	stop_at(&p, step);
	len = p.last[step].len;
	pair_clear(&p);
	return len;
}

static void
row_48_every_truncation_of_every_message(void **state)
{
	(void)state;
	for (int step = 0; step < MESSAGES; step++)
		for (size_t n = length_of(step); n-- > 0;)
			cut(step, n);
}

static void
row_48_every_bit_of_every_message(void **state)
{
	(void)state;
	for (int step = 0; step < MESSAGES; step++)
		for (size_t n = 8 * length_of(step); n-- > 0;) {
			struct pair p;

			stop_at(&p, step);
			p.last[step].at[n / 8] ^= (uint8_t)(1 << n % 8);
			check_refused(&p, step, p.last[step].at,
			    p.last[step].len);
			pair_clear(&p);
		}
}

static void
row_48_something_behind_every_message(void **state)
{
	static const uint8_t zeros[PAIRING_MAX + 1];
	struct pair p;

	(void)state;
	for (int step = 0; step < MESSAGES; step++) {
		stop_at(&p, step);
		buf_u8(&p.last[step], 0);
		check_refused(&p, step, p.last[step].at, p.last[step].len);
		pair_clear(&p);
		stop_at(&p, step);
		check_refused(&p, step, zeros, sizeof(zeros));
		pair_clear(&p);
	}
}

/* At once, before the answer, or in place of the one that comes next. */
static void
row_49_every_message_twice(void **state)
{
	struct pair p;
	enum pairing_verdict v;

	(void)state;
	for (int step = 0; step + 1 < MESSAGES; step++) {
		struct pairing *to;

		stop_at(&p, step);
		to = p.side[!pair_writer(step)];
		assert_false(is_bad(pair_read(&p, step)));
		v = pair_read(&p, step);
		assert_int_equal(v, PAIRING_BROKEN);
		assert_over(to, v);
		pair_clear(&p);
		if (step + 2 >= MESSAGES)
			continue;
		stop_at(&p, step + 2);
		check_refused(&p, step + 2, p.last[step].at,
		    p.last[step].len);
		pair_clear(&p);
	}
}

/* Every message of the run in place of every other one. */
static void
row_49_every_message_out_of_order(void **state)
{
	struct pair all, p;

	(void)state;
	pair_init(&all, &who, true);
	pair_run(&all, MESSAGES);
	for (int step = 0; step < MESSAGES; step++)
		for (int other = 0; other < MESSAGES; other++) {
			if (other == step)
				continue;
			stop_at(&p, step);
			check_refused(&p, step, all.last[other].at,
			    all.last[other].len);
			pair_clear(&p);
		}
	pair_clear(&all);
}

/* Every message of an earlier run, of the same two with the same code. */
static void
row_49_every_message_of_an_earlier_run(void **state)
{
	struct pair earlier, p;

	(void)state;
	pair_init(&earlier, &who, false);
	pair_run(&earlier, MESSAGES);
	for (int step = 0; step < MESSAGES; step++) {
		pair_init(&p, &who, false);
		pair_run(&p, step);
		pair_write(&p, step);
		check_refused(&p, step, earlier.last[step].at,
		    earlier.last[step].len);
		pair_clear(&p);
	}
	/* All of them, to a creator and to a joiner who are alone. */
	for (int side = 0; side < 2; side++) {
		struct buf out;

		pair_init(&p, &who, false);
		buf_init(&out);
		for (int step = 0; step < MESSAGES; step++) {
			pairing_write(p.side[side], &out);
			if (pair_writer(step) != side)
				pairing_read(p.side[side],
				    earlier.last[step].at,
				    earlier.last[step].len);
		}
		assert_null(pairing_card(p.side[side]));
		assert_false(pairing_is_done(p.side[side]));
		buf_clear(&out);
		pair_clear(&p);
	}
	pair_clear(&earlier);
}

/* To each what it just said itself. */
static void
row_49_every_message_reflected(void **state)
{
	struct pair p;

	(void)state;
	for (int step = 0; step + 1 < MESSAGES; step++) {
		struct pairing *from;

		stop_at(&p, step);
		from = p.side[pair_writer(step)];
		assert_int_equal(pairing_read(from, p.last[step].at,
		    p.last[step].len), PAIRING_BROKEN);
		assert_over(from, PAIRING_BROKEN);
		assert_false(pairing_is_a_guess(p.side[JOINER]));
		pair_clear(&p);
	}
}

/* Two who both made the code, or both type it. */
static void
t_two_of_a_role_are_no_pair(void **state)
{
	struct pair p, q;

	(void)state;
	for (int wrote = 0; wrote < 2; wrote++) {
		pair_init(&p, &who, false);
		pair_init(&q, &who, false);
		pair_write(&q, 0);
		if (wrote)
			pair_write(&p, 0);
		assert_int_equal(pairing_read(p.side[CREATOR], q.last[0].at,
		    q.last[0].len), PAIRING_BROKEN);
		assert_over(p.side[CREATOR], PAIRING_BROKEN);
		assert_false(pairing_is_a_guess(p.side[CREATOR]));
		pair_clear(&p);
		pair_clear(&q);
	}
	pair_init(&p, &who, false);
	pair_init(&q, &who, false);
	pair_run(&p, 1);
	pair_run(&q, 1);
	pair_write(&p, 1);
	pair_write(&q, 1);
	assert_int_equal(pairing_read(p.side[JOINER], q.last[1].at,
	    q.last[1].len), PAIRING_BROKEN);
	pair_clear(&p);
	pair_clear(&q);
}

static void
t_my_own_nonce_is_refused(void **state)
{
	struct pair p;

	(void)state;
	/* In m1, to the creator. */
	stop_at(&p, 1);
	memcpy(p.last[1].at, p.last[0].at, 16);
	assert_int_equal(pair_read(&p, 1), PAIRING_BROKEN);
	assert_over(p.side[CREATOR], PAIRING_BROKEN);
	assert_false(pairing_is_a_guess(p.side[CREATOR]));
	pair_clear(&p);
	/* In m0, to a joiner whose nonce somebody foresaw. */
	stop_at(&p, 1);
	memcpy(p.last[0].at, p.last[1].at, 16);
	pairing_free(p.side[JOINER]);
	p.side[JOINER] = pairing_new(&(struct pairing_setup){
	    .code = &who.code, .id = who.id[JOINER],
	    .card = who.card[JOINER].at, .card_len = who.card[JOINER].len,
	    .nonce = p.last[1].at });
	assert_int_equal(pair_read(&p, 0), PAIRING_BROKEN);
	pair_clear(&p);
}

static void
t_my_own_share_is_refused(void **state)
{
	struct pair p;

	(void)state;
	/* In m2, to the joiner, whatever the tag. */
	stop_at(&p, 2);
	memcpy(p.last[2].at, p.last[1].at + 18, PAKE_SHARE);
	assert_int_equal(pair_read(&p, 2), PAIRING_BROKEN);
	assert_false(pairing_is_a_guess(p.side[JOINER]));
	pair_clear(&p);
	/* In m1, to a creator whose scalar somebody foresaw. */
	stop_at(&p, 2);
	memcpy(p.last[1].at + 18, p.last[2].at, PAKE_SHARE);
	pairing_free(p.side[CREATOR]);
	p.side[CREATOR] = NULL;
	{
		struct pair again;

		pair_init(&again, &who, true);
		pair_write(&again, 0);
		assert_int_equal(pairing_read(again.side[CREATOR],
		    p.last[1].at, p.last[1].len), PAIRING_BROKEN);
		assert_false(pairing_is_a_guess(again.side[CREATOR]));
		assert_over(again.side[CREATOR], PAIRING_BROKEN);
		pair_clear(&again);
	}
	pair_clear(&p);
}

static void
try_point(const uint8_t *point)
{
	struct pair p;

	stop_at(&p, 1);
	memcpy(p.last[1].at + 18, point, PAKE_SHARE);
	assert_int_equal(pair_read(&p, 1), PAIRING_BROKEN);
	assert_over(p.side[CREATOR], PAIRING_BROKEN);
	assert_false(pairing_is_a_guess(p.side[CREATOR]));
	pair_clear(&p);
	stop_at(&p, 2);
	memcpy(p.last[2].at, point, PAKE_SHARE);
	assert_int_equal(pair_read(&p, 2), PAIRING_BROKEN);
	assert_over(p.side[JOINER], PAIRING_BROKEN);
	assert_false(pairing_is_a_guess(p.side[JOINER]));
	pair_clear(&p);
}

static void
row_50_shares_that_are_no_points(void **state)
{
	struct vectors *v = vectors_open("cpace_ristr255_sha512.txt");
	const struct section *s = NULL;
	int n = 0;

	(void)state;
	for (; (s = vectors_next(v, s, "invalid-encoding")); n++)
		try_point(section_exact(s, "X", PAKE_SHARE));
	for (; (s = vectors_next(v, s, "draft-invalid-point")); n++)
		try_point(section_exact(s, "X", PAKE_SHARE));
	assert_int_equal(n, 10);
	vectors_free(v);
}

static int
start(void **state)
{
	(void)state;
	if (crypto_start(NULL) != 0)
		return -1;
	people_init(&who);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	people_clear(&who);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_48_every_truncation_of_every_message),
		cmocka_unit_test(row_48_every_bit_of_every_message),
		cmocka_unit_test(row_48_something_behind_every_message),
		cmocka_unit_test(row_49_every_message_twice),
		cmocka_unit_test(row_49_every_message_out_of_order),
		cmocka_unit_test(row_49_every_message_of_an_earlier_run),
		cmocka_unit_test(row_49_every_message_reflected),
		cmocka_unit_test(t_two_of_a_role_are_no_pair),
		cmocka_unit_test(t_my_own_nonce_is_refused),
		cmocka_unit_test(t_my_own_share_is_refused),
		cmocka_unit_test(row_50_shares_that_are_no_points),
	};

	return cmocka_run_group_tests_name("pairing_cut", tests, start, stop);
}
