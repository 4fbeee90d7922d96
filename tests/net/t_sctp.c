/*
 * The clock of SCTP: as fine as what waits for it needs, and no finer.
 *
 * Where data are said again the time is real: for those the library asks the
 * system's clock, too.
 */
#include "sctp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mem.h"

enum { DELAY_MS = 20, MINUTE = 60000 };

struct packet {
	struct packet *next;
	int64_t due_ms;
	size_t len;
	uint8_t bytes[];
};

struct side {
	struct test *test;
	struct side *other;
	struct sctp *sctp;
	struct packet *way;		/* to the other one */
	int n_out, n_records, n_lost;
	bool deaf;			/* what it says is lost */
};

struct test {
	struct loop *loop;
	struct side a, b;
	struct timer deliver;
	int n_turns, n_deliveries;
	bool is_real;
};

static void
output(void *owner, const uint8_t *p, size_t len)
{
	struct side *s = owner;
	struct packet *k, **at = &s->way;

	s->n_out++;
	if (s->deaf)
		return;
	k = mem_new(sizeof(*k) + len);
	k->due_ms = loop_now_ms(s->test->loop) + DELAY_MS;
	k->len = len;
	memcpy(k->bytes, p, len);
	while (*at)
		at = &(*at)->next;
	*at = k;
	if (!timer_is_set(&s->test->deliver))
		timer_set(&s->test->deliver, DELAY_MS);
}

static void
record(void *owner, const uint8_t *p, size_t len)
{
	struct side *s = owner;

	(void)p;
	(void)len;
	s->n_records++;
}

static void
lost(void *owner)
{
	struct side *s = owner;

	s->n_lost++;
}

static const struct sctp_events events = { output, record, lost };

static void
arrive(struct side *from)
{
	struct packet *k;

	while ((k = from->way) != NULL &&
	    k->due_ms <= loop_now_ms(from->test->loop)) {
		from->way = k->next;
		if (from->other->sctp)
			sctp_input(from->other->sctp, k->bytes, k->len);
		free(k);
	}
}

static void
on_deliver(void *arg)
{
	struct test *t = arg;

	t->n_deliveries++;
	arrive(&t->a);
	arrive(&t->b);
	if (t->a.way || t->b.way)
		timer_set(&t->deliver, 1);
}

static void
on_turn(void *arg)
{
	struct test *t = arg;

	t->n_turns++;
}

static int
begin(void **state, bool is_real)
{
	struct test *t = mem_new(sizeof(*t));

	t->is_real = is_real;
	t->loop = is_real ? loop_new(NULL) : loop_new_virtual(1000000);
	t->a.test = t->b.test = t;
	t->a.other = &t->b;
	t->b.other = &t->a;
	timer_init(&t->deliver, t->loop, on_deliver, t);
	loop_hook(t->loop, LOOP_SETTLE, on_turn, t);
	t->a.sctp = sctp_open(t->loop, &events, &t->a);
	assert_non_null(t->a.sctp);
	*state = t;
	return 0;
}

static int
setup(void **state)
{
	return begin(state, false);
}

static int
setup_real(void **state)
{
	return begin(state, true);
}

static void
run_ms(struct test *t, int64_t ms)
{
	int64_t end = loop_now_ms(t->loop) + ms;

	if (!t->is_real) {
		loop_virtual_run(t->loop, ms);
		return;
	}
	while (loop_now_ms(t->loop) < end)
		loop_turn(t->loop, end - loop_now_ms(t->loop));
}

static void
clear_way(struct side *s)
{
	while (s->way) {
		struct packet *k = s->way;

		s->way = k->next;
		free(k);
	}
}

static int
teardown(void **state)
{
	struct test *t = *state;

	timer_stop(&t->deliver);
	sctp_free(t->a.sctp);
	sctp_free(t->b.sctp);
	run_ms(t, 10);
	timer_stop(&t->deliver);
	clear_way(&t->a);
	clear_way(&t->b);
	loop_free(t->loop);
	free(t);
	return 0;
}

/* Turns of our own making; those that bring packets do not count. */
static int
turns_in(struct test *t, int64_t ms)
{
	int before = t->n_turns - t->n_deliveries;

	run_ms(t, ms);
	return t->n_turns - t->n_deliveries - before;
}

static void
say(struct side *s, int n)
{
	for (int i = 0; i < n; i++)
		assert_true(sctp_send(s->sctp, 0, "hello", 5));
}

static void
join(struct test *t)
{
	t->b.sctp = sctp_open(t->loop, &events, &t->b);
	assert_non_null(t->b.sctp);
	run_ms(t, 1500);
	say(&t->a, 1);
	say(&t->b, 1);
	run_ms(t, 200);
	assert_int_equal(t->a.n_records, 1);
	assert_int_equal(t->b.n_records, 1);
}

static void
t_nobody_there_wakes_hardly_anybody(void **state)
{
	struct test *t = *state;
	int n;

	t->a.deaf = true;
	n = turns_in(t, MINUTE);
	assert_in_range(n, 1, 400);
	/* It went on trying, at its own pace. */
	assert_in_range(t->a.n_out, 25, 40);
}

static void
t_idle_wakes_nobody(void **state)
{
	struct test *t = *state;

	join(t);
	assert_in_range(turns_in(t, MINUTE), 0, 1);
}

static void
t_an_outage_wakes_hardly_anybody_and_ends_soon(void **state)
{
	struct test *t = *state;

	join(t);
	t->a.deaf = t->b.deaf = true;
	say(&t->a, 20);
	assert_in_range(turns_in(t, SCTP_SLOW_MS + 1500), 1, 80);
	assert_int_equal(t->b.n_records, 1);
	t->a.deaf = t->b.deaf = false;
	/* RTO_MAX, a tick, some ways; most of it has passed. */
	for (int i = 0; i < 25 && t->b.n_records < 21; i++)
		run_ms(t, 100);
	assert_int_equal(t->b.n_records, 21);
	assert_int_equal(t->a.n_lost + t->b.n_lost, 0);
}

/* After a silence the library's clock stands behind: nothing may be sent
 * again for that. */
static void
t_nothing_is_said_twice_for_a_slow_clock(void **state)
{
	struct test *t = *state;
	int n;

	join(t);
	for (int i = 0; i < 50; i++) {
		run_ms(t, 937);
		n = t->a.n_out;
		say(&t->a, 1);
		run_ms(t, 63);
		assert_int_equal(t->b.n_records, 2 + i);
		assert_int_equal(t->a.n_out - n, 1);
	}
}

static void
t_a_lost_packet_is_said_again_in_time(void **state)
{
	struct test *t = *state;
	int64_t then;

	join(t);
	t->a.deaf = true;
	say(&t->a, 1);
	run_ms(t, 5);
	t->a.deaf = false;
	then = loop_now_ms(t->loop);
	while (t->b.n_records < 2 && loop_now_ms(t->loop) - then < 2000)
		run_ms(t, 5);
	assert_int_equal(t->b.n_records, 2);
	/* RTO_MIN and more by what the round trips varied, a tick, the way. */
	assert_in_range(loop_now_ms(t->loop) - then, 100, 1500);
}

#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
#define REAL(t) cmocka_unit_test_setup_teardown(t, setup_real, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(t_nobody_there_wakes_hardly_anybody),
		T(t_idle_wakes_nobody),
		REAL(t_an_outage_wakes_hardly_anybody_and_ends_soon),
		T(t_nothing_is_said_twice_for_a_slow_clock),
		REAL(t_a_lost_packet_is_said_again_in_time),
	};

	return cmocka_run_group_tests_name("sctp", tests, NULL, NULL);
}
