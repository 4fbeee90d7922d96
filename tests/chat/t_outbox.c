/*
 * The outbox: what is owed, in order, until acknowledged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"
#include "outbox.h"
#include "window.h"

static struct outbox o;
static char went[256];

static int
begin(void **state)
{
	(void)state;
	outbox_init(&o);
	went[0] = '\0';
	return 0;
}

static int
end(void **state)
{
	(void)state;
	outbox_clear(&o);
	return 0;
}

static void
push(uint64_t epoch, uint64_t from, uint64_t to)
{
	for (uint64_t seq = from; seq <= to; seq++) {
		struct owed row = { .epoch = epoch, .seq = seq,
			.row = epoch * 100 + seq, .kind = FRAME_TEXT };

		outbox_push(&o, &row);
	}
}

/* "+" joins the row before it. */
static void
note(void *arg, struct owed *row, bool joins)
{
	char text[24];

	(void)arg;
	snprintf(text, sizeof(text), "%s%u", joins ? "+" : " ",
	    (unsigned)row->seq);
	strncat(went, text, sizeof(went) - strlen(went) - 1);
}

static size_t
ack(uint64_t epoch, uint64_t cum, uint64_t bits)
{
	went[0] = '\0';
	return outbox_ack(&o, epoch, cum, bits, note, NULL);
}

static void
t_acks_take_what_they_name(void **state)
{
	(void)state;
	push(5, 1, 9);
	push(6, 1, 3);
	assert_int_equal(ack(5, 2, 5), 4);
	assert_string_equal(went, " 1+2 4 6");
	assert_int_equal(outbox_first(&o)->seq, 3);
	assert_int_equal(ack(5, 2, 5), 0);
	assert_int_equal(ack(5, 4, 0), 1);
	assert_string_equal(went, " 3");
	assert_int_equal(outbox_base(&o, 99), 5);
	assert_int_equal(ack(5, ACK_ALL, 0), 4);
	assert_string_equal(went, " 5 7+8+9");
	assert_int_equal(outbox_base(&o, 99), 6);
	assert_int_equal(ack(6, 3, 0), 3);
	assert_null(outbox_first(&o));
	assert_int_equal(outbox_base(&o, 99), 99);
	assert_int_equal(o.live, 0);
}

static void
t_acks_of_a_later_epoch_leave_the_first(void **state)
{
	(void)state;
	push(5, 1, 2);
	push(6, 1, 2);
	push(7, 1, 2);
	assert_int_equal(ack(6, 2, 0), 2);
	assert_int_equal(ack(4, 2, 0), 0);
	assert_int_equal(ack(8, 2, 0), 0);
	assert_int_equal(o.live, 4);
	assert_int_equal(outbox_base(&o, 99), 5);
}

static void
t_a_new_link_starts_from_the_first(void **state)
{
	bool first;

	(void)state;
	push(5, 1, 3);
	push(6, 1, 1);
	assert_int_equal(outbox_next(&o, &first)->seq, 1);
	assert_true(first);
	outbox_carried(&o);
	assert_int_equal(outbox_next(&o, &first)->seq, 2);
	assert_false(first);
	outbox_carried(&o);
	outbox_carried(&o);
	assert_int_equal(outbox_next(&o, &first)->epoch, 6);
	assert_true(first);
	outbox_carried(&o);
	assert_null(outbox_next(&o, &first));
	ack(5, 1, 0);
	outbox_rewind(&o);
	assert_int_equal(outbox_next(&o, &first)->seq, 2);
	assert_true(first);
}

static void
t_no_further_than_the_window_reaches(void **state)
{
	size_t n = 0;
	bool first;

	(void)state;
	push(5, 1, 2 * WINDOW_AHEAD);
	while (outbox_next(&o, &first)) {
		outbox_carried(&o);
		n++;
	}
	assert_int_equal(n, WINDOW_AHEAD);
	ack(5, 10, 0);
	while (outbox_next(&o, &first)) {
		outbox_carried(&o);
		n++;
	}
	assert_int_equal(n, WINDOW_AHEAD + 10);
}

static void
t_the_last_row_can_be_taken_out(void **state)
{
	bool first;

	(void)state;
	push(5, 1, 3);
	outbox_remove(&o, outbox_last(&o));
	assert_int_equal(outbox_last(&o)->seq, 2);
	push(5, 3, 3);
	for (int i = 0; i < 3; i++)
		outbox_carried(&o);
	assert_null(outbox_next(&o, &first));
	outbox_remove(&o, NULL);
	assert_null(outbox_first(&o));
	push(5, 4, 4);
	assert_int_equal(outbox_next(&o, &first)->seq, 4);
	assert_true(first);
}

static void
t_the_floor_is_the_lowest_key_in_use(void **state)
{
	(void)state;
	push(5, 1, 3);
	assert_int_equal(outbox_floor(&o, 50), 50);
	outbox_sealed(&o, &o.at[1], 20);
	outbox_sealed(&o, &o.at[2], 30);
	assert_int_equal(outbox_floor(&o, 50), 20);
	ack(5, 2, 0);
	assert_int_equal(outbox_floor(&o, 50), 30);
	ack(5, 3, 0);
	assert_int_equal(outbox_floor(&o, 50), 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_acks_take_what_they_name),
		TEST(t_acks_of_a_later_epoch_leave_the_first),
		TEST(t_a_new_link_starts_from_the_first),
		TEST(t_no_further_than_the_window_reaches),
		TEST(t_the_last_row_can_be_taken_out),
		TEST(t_the_floor_is_the_lowest_key_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
