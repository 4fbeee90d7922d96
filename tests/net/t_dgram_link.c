#include "dgram-kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "rand.h"

enum { MINUTE = 60000, LARGE = RECORD_MAX };

/* Both ways, in order, all of it: until it arrived or the time is over. */
static void
talk(struct test *t, size_t len, int n, int64_t limit_ms)
{
	struct person *both[2] = { &t->alice, &t->bob };
	uint32_t until = t->alice.next_out + (uint32_t)n;

	t->alice.counts_in = t->bob.counts_in = true;
	assert_int_equal(t->alice.next_out, t->bob.next_out);
	for (; limit_ms > 0; limit_ms -= 10) {
		for (size_t i = 0; i < 2; i++)
			say(both[i], RECORD_FRAME, len,
			    (int)(until - both[i]->next_out));
		run_ms(t, 10);
		if (t->alice.next_in == until && t->bob.next_in == until)
			return;
	}
	fail_msg("%u and %u of %u came", t->alice.next_in, t->bob.next_in,
	    until);
}

static void
t_a_dial_makes_one_link_each(void **state)
{
	struct test *t = *state;
	struct link *a = join(t);

	assert_int_equal(link_send(a, RECORD_CARD, "card", 4), 0);
	assert_int_equal(link_send(link_of(&t->bob), RECORD_PING, "12345678",
	    8), 0);
	run_ms(t, 1000);
	assert_int_equal(t->bob.n_records, 2);
	assert_memory_equal(t->bob.got.at, "\7\4\0\0\0card", 9);
	assert_int_equal(t->alice.n_records, 1);
	assert_int_equal(t->bob.n_answered, 1);
	assert_string_equal(a->where, "192.0.2.2:1000");
}

static void
t_the_longest_record_passes(void **state)
{
	struct test *t = *state;

	join(t);
	talk(t, LARGE, 5, 20000);
	talk(t, 8, 5, 20000);
}

static void
row_34_a_third_is_lost(void **state)
{
	struct test *t = *state;

	t->loss = 30;
	join(t);
	talk(t, 1, 0, 10);
	talk(t, 300, 300, 30 * MINUTE);
	talk(t, 20000, 10, 30 * MINUTE);
	assert_int_equal(t->alice.n_closed + t->bob.n_closed, 0);
}

static void
row_35_doubled_and_out_of_order(void **state)
{
	struct test *t = *state;

	t->twice = 30;
	t->jitter_ms = 60;
	join(t);
	talk(t, 300, 1000, 10 * MINUTE);
	talk(t, 30000, 30, 10 * MINUTE);
	assert_int_equal(t->bob.n_answered, 1);
}

/* ---- the same init at the same time ------------------------------------ */

static void
dial_both(struct test *t, int first_ms)
{
	dial(&t->alice, &t->bob);
	run_ms(t, first_ms);
	dial(&t->bob, &t->alice);
	run_ms(t, 5000);
	assert_int_equal(n_links(&t->alice), 1);
	assert_int_equal(n_links(&t->bob), 1);
	assert_int_equal(t->alice.n_closed + t->bob.n_closed, 0);
	assert_true(link_of(&t->alice)->initiator !=
	    link_of(&t->bob)->initiator);
	talk(t, 100, 3, 10000);
}

static void
t_dials_that_cross_become_one_link(void **state)
{
	dial_both(*state, 0);
}

static void
t_dials_that_nearly_cross_become_one_link(void **state)
{
	dial_both(*state, 15);
}

static void
t_dials_that_cross_in_a_storm_become_one_link(void **state)
{
	struct test *t = *state;

	t->loss = 30;
	t->jitter_ms = 50;
	dial(&t->alice, &t->bob);
	dial(&t->bob, &t->alice);
	run_ms(t, 2 * DGRAM_DIAL_MS);
	assert_int_equal(n_links(&t->alice), 1);
	assert_int_equal(n_links(&t->bob), 1);
	t->loss = 0;
	talk(t, 100, 3, 60000);
}

/* ---- keys -------------------------------------------------------------- */

static bool
count_inits(struct test *t, struct seen *s)
{
	t->tapped += s->p[0] == UDP_INIT;
	return true;
}

static bool
lose_handshakes(struct test *t, struct seen *s)
{
	t->tapped += s->p[0] == UDP_INIT;
	return s->p[0] != UDP_INIT && s->p[0] != UDP_RESP;
}

static void
t_keys_are_renewed_in_time(void **state)
{
	struct test *t = *state;

	t->tap = count_inits;
	join(t);
	run_ms(t, 65 * MINUTE);
	assert_in_range(t->tapped, 1 + 6, 1 + 6);
	assert_int_equal(t->alice.n_closed + t->bob.n_closed, 0);
	talk(t, 100, 10, 10000);
}

static void
t_keys_are_renewed_after_so_many_packets(void **state)
{
	struct test *t = *state;

	t->rekey_packets = 300;
	restart(t, &t->alice);
	restart(t, &t->bob);
	t->tap = count_inits;
	join(t);
	talk(t, 1000, 3000, 5 * MINUTE);
	assert_in_range(t->tapped, 5, 40);
	assert_int_equal(t->alice.n_closed + t->bob.n_closed, 0);
}

static void
t_keys_are_renewed_in_a_storm(void **state)
{
	struct test *t = *state;

	t->rekey_packets = 300;
	restart(t, &t->alice);
	restart(t, &t->bob);
	t->loss = 20;
	t->twice = 10;
	t->jitter_ms = 50;
	join(t);
	talk(t, 1000, 600, 60 * MINUTE);
	assert_int_equal(t->alice.n_closed + t->bob.n_closed, 0);
}

static void
t_a_link_whose_keys_cannot_be_renewed_ends(void **state)
{
	struct test *t = *state;

	join(t);
	t->tap = lose_handshakes;
	run_ms(t, 11 * MINUTE);
	assert_int_equal(t->alice.n_closed, 0);
	run_ms(t, MINUTE);
	assert_int_equal(t->alice.n_closed, 1);
	assert_string_equal(t->alice.why, "the keys could not be renewed");
	assert_in_range(t->tapped, 15, 50);
	run_ms(t, 3 * MINUTE);
	assert_int_equal(t->bob.n_closed, 1);
	assert_false(t->bob.clean);
}

/* ---- addresses --------------------------------------------------------- */

static void
t_a_link_follows_its_peer(void **state)
{
	struct test *t = *state;
	const struct addr old = t->alice.at;
	struct addr where;

	join(t);
	talk(t, 100, 3, 10000);
	t->alice.at.port = 2000;
	t->alice.at.ip[3] = 77;
	talk(t, 100, 3, 10000);
	assert_string_equal(link_of(&t->bob)->where, "192.0.2.77:2000");
	assert_true(dgram_where(link_of(&t->bob), &where));
	assert_true(addr_equal(&where, &t->alice.at));
	assert_false(addr_equal(&where, &old));
	assert_int_equal(n_links(&t->bob), 1);
}

static void
t_a_late_packet_does_not_move_a_link(void **state)
{
	struct test *t = *state;
	struct seen late = { .len = 0 };

	join(t);
	talk(t, 100, 1, 10000);
	/* One that Alice sent and nobody got, from where she was. */
	t->logging = t->cut = true;
	assert_int_equal(link_send(link_of(&t->alice), RECORD_PING, "1", 1),
	    0);
	run_ms(t, 5);
	assert_int_equal(t->n_log, 1);
	late = t->log[0];
	t->logging = t->cut = false;
	t->alice.at.port = 2000;
	run_ms(t, 3000);
	assert_string_equal(link_of(&t->bob)->where, "192.0.2.1:2000");
	deliver(t, &late.from, &late.to, late.p, late.len);
	run_ms(t, 3000);
	assert_string_equal(link_of(&t->bob)->where, "192.0.2.1:2000");
	assert_int_equal(dgrams_counts(t->bob.dgrams)->replayed, 0);
}

/* ---- time -------------------------------------------------------------- */

static void
count_turn(void *arg)
{
	++*(int *)arg;
}

static void
t_an_idle_link_sleeps_and_keeps_its_mapping(void **state)
{
	struct test *t = *state;
	size_t sent;
	int n_turns = 0;

	join(t);
	talk(t, 100, 1, 10000);
	run_ms(t, 1000);
	sent = t->alice.n_sent + t->bob.n_sent;
	loop_hook(t->loop, LOOP_SHOW, count_turn, &n_turns);
	run_ms(t, 9 * MINUTE);
	loop_unhook(t->loop, LOOP_SHOW, count_turn, &n_turns);
	sent = t->alice.n_sent + t->bob.n_sent - sent;
	/* 18 s at most, 12 at least, of each of them; a turn to send and one
	 * to receive, and the looks at the clock that come too early. */
	assert_in_range(sent, 2 * 9 * 60 / 18, 2 * 9 * 60 / 12);
	assert_in_range(n_turns, 60, 4 * 2 * 9 * 60 / 12);
}

static void
t_silence_is_noticed_within_a_minute(void **state)
{
	struct test *t = *state;

	join(t);
	run_ms(t, MINUTE);
	t->cut = true;
	run_ms(t, MINUTE + 100);
	assert_int_equal(t->alice.n_closed, 1);
	assert_int_equal(t->bob.n_closed, 1);
	assert_false(t->alice.clean);
}

/* An outage that is shorter loses nothing. */
static void
t_a_link_survives_an_outage(void **state)
{
	struct test *t = *state;

	join(t);
	talk(t, 100, 1, 10000);
	say(&t->alice, RECORD_FRAME, 5000, 50);
	say(&t->bob, RECORD_FRAME, 5000, 50);
	run_ms(t, 5);
	t->cut = true;
	run_ms(t, 40000);
	t->cut = false;
	talk(t, 5000, 0, 10000);
}

/* The library measures by it, whatever a clock is for: set back, it may not
 * send again before that time has come again. */
static void
jump(struct test *t, int64_t by)
{
	join(t);
	talk(t, 100, 1, 10000);
	t->loss = 20;
	say(&t->alice, RECORD_FRAME, 5000, 30);
	say(&t->bob, RECORD_FRAME, 5000, 30);
	run_ms(t, 100);
	wall_jump = by;
	for (int i = 0; i < 10; i++) {
		/* As a heartbeat would. */
		say(&t->alice, RECORD_FRAME, 8, 1);
		say(&t->bob, RECORD_FRAME, 8, 1);
		run_ms(t, 5000);
	}
	t->loss = 0;
	talk(t, 5000, 10, 3 * MINUTE);
	assert_int_equal(t->alice.n_closed + t->bob.n_closed, 0);
}

static void
row_32_the_clock_jumps_forward(void **state)
{
	jump(*state, 3600);
}

static void
row_32_the_clock_jumps_back(void **state)
{
	jump(*state, -60);
}

static void
t_nobody_answers_a_dial(void **state)
{
	struct test *t = *state;

	t->cut = true;
	t->tap = count_inits;
	dial(&t->alice, &t->bob);
	run_ms(t, DGRAM_DIAL_MS - 100);
	assert_int_equal(t->alice.n_closed, 0);
	run_ms(t, 200);
	assert_int_equal(t->alice.n_closed, 1);
	assert_string_equal(t->alice.why, "it does not answer");
	assert_int_equal(t->alice.n_sent, 10);
	run_ms(t, MINUTE);
	assert_int_equal(t->alice.n_sent, 10);
}

/* ---- the end ----------------------------------------------------------- */

static void
t_a_closed_link_says_all_it_had_to_say(void **state)
{
	struct test *t = *state;
	struct link *a = join(t);

	talk(t, 100, 1, 10000);
	t->loss = 10;
	assert_int_equal(say(&t->alice, RECORD_FRAME, 1000, 20), 20);
	link_close(a, 0);
	link_free(a);
	t->alice.links[0] = NULL;
	run_ms(t, DGRAM_LINGER_MS);
	assert_int_equal(t->bob.n_closed, 1);
	assert_true(t->bob.clean);
	assert_int_equal(t->bob.next_in, 21);
	assert_int_equal(t->alice.n_closed, 0);
}

static void
t_a_link_that_was_just_proven_closes_too(void **state)
{
	struct test *t = *state;
	struct link *a = dial(&t->alice, &t->bob);

	while (t->alice.n_proven == 0)
		run_ms(t, 5);
	link_close(a, 0);
	link_free(a);
	t->alice.links[0] = NULL;
	run_ms(t, DGRAM_LINGER_MS);
	assert_int_equal(t->bob.n_answered, 1);
	assert_int_equal(t->bob.n_closed, 1);
	assert_true(t->bob.clean);
}

static void
t_a_dropped_link_is_noticed_at_once(void **state)
{
	struct test *t = *state;

	join(t);
	talk(t, 100, 1, 10000);
	link_free(link_of(&t->alice));
	t->alice.links[0] = NULL;
	run_ms(t, 100);
	assert_int_equal(t->bob.n_closed, 1);
	assert_false(t->bob.clean);
}

static void
t_a_link_may_go_while_it_speaks(void **state)
{
	struct test *t = *state;

	join(t);
	t->bob.free_on_record = true;
	assert_int_equal(say(&t->alice, RECORD_CARD, 50, 5), 5);
	run_ms(t, 1000);
	assert_int_equal(t->bob.n_records, 1);
	assert_int_equal(n_links(&t->bob), 0);
	assert_int_equal(t->alice.n_closed, 1);
}

/* The old link knows nothing of the new one, and dies of silence. */
static void
t_a_program_started_again_is_another_link(void **state)
{
	struct test *t = *state;

	join(t);
	talk(t, 100, 5, 10000);
	t->cut = true;			/* no goodbye */
	restart(t, &t->bob);
	t->cut = false;
	t->alice.counts_in = false;
	dial(&t->bob, &t->alice);
	run_ms(t, 1000);
	assert_int_equal(n_links(&t->alice), 2);
	assert_int_equal(link_send(link_of(&t->bob), RECORD_CARD, "x", 1), 0);
	run_ms(t, 1000);
	assert_int_equal(t->alice.n_closed, 0);
	run_ms(t, MINUTE);
	assert_int_equal(t->alice.n_closed, 1);
	assert_int_equal(n_links(&t->alice), 1);
}

/* ---- queues ------------------------------------------------------------ */

static void
t_a_full_queue_refuses_and_tells_of_room(void **state)
{
	struct test *t = *state;
	size_t most;

	join(t);
	talk(t, 100, 1, 10000);
	t->cut = true;
	for (int i = 0; i < 100; i++) {
		say(&t->alice, RECORD_FRAME, 60000, 1000);
		run_ms(t, 1);
	}
	most = t->alice.next_out;
	assert_in_range(most, 1 + 4000000 / 60000, 1 + 10000000 / 60000);
	assert_int_equal(link_room(link_of(&t->alice)), 0);
	assert_int_equal(link_send(link_of(&t->alice), RECORD_FRAME, "12345678",
	    8), -1);
	t->alice.n_room = 0;
	t->cut = false;
	for (int i = 0; i < 6000 && t->bob.next_in < most; i++)
		run_ms(t, 10);
	assert_int_equal(t->bob.next_in, most);
	assert_true(t->alice.n_room > 0);
	assert_true(link_room(link_of(&t->alice)) > 0);
}

/* What people say does not wait behind files. */
static void
t_frames_overtake_chunks(void **state)
{
	struct test *t = *state;
	size_t n_chunks = 0, n_before = 0;
	struct buf *got = &t->bob.got;

	join(t);
	run_ms(t, 1000);
	for (int i = 0; i < 40; i++) {
		uint8_t chunk[4096] = { 0 };

		assert_int_equal(link_send(link_of(&t->alice), RECORD_CHUNK,
		    chunk, sizeof(chunk)), 0);
	}
	run_ms(t, 5);
	assert_int_equal(link_send(link_of(&t->alice), RECORD_FRAME, "hello",
	    5), 0);
	run_ms(t, 20000);
	while (got->len > 0) {
		if (got->at[0] == RECORD_FRAME)
			n_before = n_chunks;
		n_chunks += got->at[0] == RECORD_CHUNK;
		buf_drop(got, 5 + get_u32(got->at + 1));
	}
	assert_true(t->bob.n_records == 41);
	assert_in_range(n_before, 1, 20);
}

int
main(void)
{
#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		ROW(t_a_dial_makes_one_link_each),
		ROW(t_the_longest_record_passes),
		ROW(row_34_a_third_is_lost),
		ROW(row_35_doubled_and_out_of_order),
		ROW(t_dials_that_cross_become_one_link),
		ROW(t_dials_that_nearly_cross_become_one_link),
		ROW(t_dials_that_cross_in_a_storm_become_one_link),
		ROW(t_keys_are_renewed_in_time),
		ROW(t_keys_are_renewed_after_so_many_packets),
		ROW(t_keys_are_renewed_in_a_storm),
		ROW(t_a_link_whose_keys_cannot_be_renewed_ends),
		ROW(t_a_link_follows_its_peer),
		ROW(t_a_late_packet_does_not_move_a_link),
		ROW(t_an_idle_link_sleeps_and_keeps_its_mapping),
		ROW(t_silence_is_noticed_within_a_minute),
		ROW(t_a_link_survives_an_outage),
		ROW(row_32_the_clock_jumps_forward),
		ROW(row_32_the_clock_jumps_back),
		ROW(t_nobody_answers_a_dial),
		ROW(t_a_closed_link_says_all_it_had_to_say),
		ROW(t_a_link_that_was_just_proven_closes_too),
		ROW(t_a_dropped_link_is_noticed_at_once),
		ROW(t_a_link_may_go_while_it_speaks),
		ROW(t_a_program_started_again_is_another_link),
		ROW(t_a_full_queue_refuses_and_tells_of_room),
		ROW(t_frames_overtake_chunks),
	};

	if (crypto_start(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
