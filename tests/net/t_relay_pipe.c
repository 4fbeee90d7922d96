/* Calls by relay and the pipes they make, against the engine that we serve
 * with. */
#include "relay-kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rand.h"
#include "relay-engine.h"
#include "sock.h"

/* ---- pipes ------------------------------------------------------------- */

static void
t_a_megabyte_goes_both_ways(void **state)
{
	enum { MEG = 1 << 20 };
	struct relay_test *t = *state;
	struct mouth m;

	relay_test_meet(t);
	assert_non_null(call_up(t->alice, t->bob, &m));
	assert_true(stream_is_pipe(m.stream));
	mouth_say(&m, MEG);
	UNTIL(t->loop, t->bob->n_calls == 1);
	assert_true(user_id_equal(&t->bob->caller, user_id(t->alice)));
	mouth_say(&t->bob->called, MEG);
	UNTIL(t->loop, m.got.len == MEG && t->bob->called.got.len == MEG);
	assert_memory_equal(m.got.at, t->bob->called.got.at, MEG);
	for (size_t i = 0; i < MEG; i++)
		assert_int_equal(m.got.at[i], (uint8_t)(i * 31 >> 3));
	/* Last words, then the end. */
	mouth_say(&m, 1000);
	stream_finish(m.stream);
	m.stream = NULL;
	UNTIL(t->loop, t->bob->called.n_end == 1);
	assert_int_equal(t->bob->called.got.len, MEG + 1000);
	assert_string_equal(t->bob->called.why, "the other side ended it");
	UNTIL(t->loop, server_pipes(t->one) == 0);
	mouth_clear(&m);
}

static void
row_45_a_deaf_reader_holds_a_window_and_stops_nobody(void **state)
{
	struct relay_test *t = *state;
	struct mouth m, other;

	relay_test_meet(t);
	call_up(t->alice, t->bob, &m);
	mouth_say(&m, 10);
	UNTIL(t->loop, t->bob->n_calls == 1 && t->bob->called.got.len == 10);
	t->bob->called.is_deaf = true;
	mouth_say(&m, 500000);
	/* A second call, from the deaf one, goes on beside it. */
	call_up(t->bob, t->alice, &other);
	mouth_say(&other, 400000);
	UNTIL(t->loop, t->alice->called.got.len == 400000);
	turns(t->loop, 20);
	assert_int_equal(stream_out(m.stream)->len, 500000 - RELAY_WINDOW);
	assert_int_equal(t->bob->called.got.len, 10);
	mouth_clear(&m);
	mouth_clear(&other);
	UNTIL(t->loop, server_pipes(t->one) == 0);
}

static void
t_nobody_there_is_told(void **state)
{
	struct relay_test *t = *state;
	struct mouth m;

	relay_test_meet(t);
	user_close(t->bob);
	turns(t->loop, 10);
	assert_non_null(call_up(t->alice, t->bob, &m));
	UNTIL(t->loop, m.n_end == 1);
	assert_string_equal(m.why, "they are not at the relay");
	mouth_clear(&m);
	user_open(t->bob);
}

static void
t_nobody_to_call_is_said_at_once(void **state)
{
	struct relay_test *t = *state;
	struct mouth m;

	user_relay(t->alice, server_address(t->one, true), NULL);
	assert_null(call_up(t->alice, t->bob, &m));
	relays_want(t->alice->relays, user_keys(t->bob), true);
	assert_null(call_up(t->alice, t->bob, &m));
}

static void
t_a_peer_that_goes_ends_the_pipe(void **state)
{
	struct relay_test *t = *state;
	struct mouth m;

	relay_test_meet(t);
	call_up(t->alice, t->bob, &m);
	mouth_say(&m, 10);
	UNTIL(t->loop, t->bob->called.got.len == 10);
	mouth_say(&t->bob->called, 10);
	UNTIL(t->loop, m.got.len == 10);
	user_close(t->bob);
	UNTIL(t->loop, m.n_end == 1);
	mouth_clear(&m);
	user_open(t->bob);
	/* And so does a relay. */
	user_relay(t->bob, server_address(t->one, true), NULL);
	relays_want(t->bob->relays, user_keys(t->alice), true);
	UNTIL(t->loop, t->bob->n_here == 2);
	call_up(t->alice, t->bob, &m);
	mouth_say(&m, 10);
	UNTIL(t->loop, t->bob->n_calls == 2 && t->bob->called.got.len == 10);
	server_stop(t->one);
	UNTIL(t->loop, m.n_end == 1 && t->bob->called.n_end == 1);
	mouth_clear(&m);
}

/* Each has a relay of his own and visits the other's. */
static void
t_people_of_two_relays_meet_at_either(void **state)
{
	struct relay_test *t = *state;
	struct mouth m;
	struct relay *visited;

	server_start(t->two, false);
	user_relay(t->alice, server_address(t->one, true), NULL);
	user_relay(t->bob, server_address(t->two, true), NULL);
	befriend(t->alice, t->bob);
	UNTIL(t->loop, is_up(t->alice, 0) && is_up(t->bob, 0));
	turns(t->loop, 10);
	assert_non_null(call_up(t->alice, t->bob, &m));
	mouth_say(&m, 10);
	UNTIL(t->loop, t->bob->n_calls == 1 && t->bob->called.got.len == 10);
	assert_int_equal(relays_count(t->alice->relays), 2);
	/* She waits for him there while she visits, and he sees it. */
	UNTIL(t->loop, t->bob->n_here == 1);
	mouth_clear(&m);
	UNTIL(t->loop, t->bob->called.n_end == 1);
	/* Unused for a minute, it is left. */
	visited = LIST_OF(t->alice->relays->list.prev, struct relay, in_all);
	if (visited->is_mine)
		visited = LIST_OF(t->alice->relays->list.next, struct relay,
		    in_all);
	assert_false(visited->is_mine);
	visited->used_ms -= RELAY_VISIT_MS;
	timer_set(&visited->leave, 0);
	UNTIL(t->loop, relays_count(t->alice->relays) == 1);
	UNTIL(t->loop, server_clients(t->two) == 1);
}

static void
t_first_words_are_said_again_at_the_next_relay(void **state)
{
	struct relay_test *t = *state;
	char one[120], two[120];
	struct mouth m;

	server_start(t->two, false);
	snprintf(one, sizeof(one), "%s", server_address(t->one, true));
	snprintf(two, sizeof(two), "%s", server_address(t->two, true));
	/* Bob was at both, and left the first without a word to Alice. */
	user_relay(t->bob, one, two);
	UNTIL(t->loop, is_up(t->bob, 0) && is_up(t->bob, 1));
	user_relay(t->alice, one, NULL);
	befriend(t->alice, t->bob);
	UNTIL(t->loop, t->alice->n_here > 0);
	user_relay(t->bob, two, NULL);
	turns(t->loop, 10);
	call_up(t->alice, t->bob, &m);
	mouth_say(&m, 300);
	UNTIL(t->loop, t->bob->n_calls == 1 && t->bob->called.got.len == 300);
	assert_int_equal(t->bob->called.got.at[299], (uint8_t)(299 * 31 >> 3));
	mouth_say(&t->bob->called, 5);
	UNTIL(t->loop, m.got.len == 5);
	mouth_clear(&m);
}

/* ---- from outside ------------------------------------------------------ */

static void
on_reached(void *arg, const struct reach_result *res)
{
	struct user *u = arg;

	u->n_reached++;
	u->reached = *res;
}

static void
t_my_ports_are_tried_from_outside(void **state)
{
	struct relay_test *t = *state;
	struct addr any = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 } }, at;
	struct err e = { 0 };
	int fd = sock_listen(&any, NULL);

	sock_local(fd, &at);
	assert_int_equal(relays_try_me(t->alice->relays, 1, 1, on_reached,
	    t->alice, &e), -1);
	assert_true(e.what[0] && e.next[0]);
	user_relay(t->alice, server_address(t->one, true), NULL);
	UNTIL(t->loop, is_up(t->alice, 0));
	assert_int_equal(relays_try_me(t->alice->relays, at.port, 0,
	    on_reached, t->alice, NULL), 0);
	assert_int_equal(relays_try_me(t->alice->relays, at.port, 0,
	    on_reached, t->alice, &e), -1);
	UNTIL(t->loop, t->alice->n_reached == 1);
	assert_int_equal(t->alice->reached.tcp, 1);
	close(fd);
	assert_int_equal(relays_try_me(t->alice->relays, at.port, 0,
	    on_reached, t->alice, NULL), 0);
	UNTIL(t->loop, t->alice->n_reached == 2);
	assert_int_not_equal(t->alice->reached.tcp, 1);
	/* The relay goes before it answers. */
	assert_int_equal(relays_try_me(t->alice->relays, at.port, 0,
	    on_reached, t->alice, NULL), 0);
	server_stop(t->one);
	UNTIL(t->loop, t->alice->n_reached == 3);
	assert_int_equal(t->alice->reached.tcp, -1);
	assert_true(t->alice->reached.why[0]);
}

static int
start(void **state)
{
	(void)state;
	return crypto_start(NULL);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, relay_test_setup, \
	relay_test_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(t_a_megabyte_goes_both_ways),
		ROW(row_45_a_deaf_reader_holds_a_window_and_stops_nobody),
		ROW(t_nobody_there_is_told),
		ROW(t_nobody_to_call_is_said_at_once),
		ROW(t_a_peer_that_goes_ends_the_pipe),
		ROW(t_people_of_two_relays_meet_at_either),
		ROW(t_first_words_are_said_again_at_the_next_relay),
		ROW(t_my_ports_are_tried_from_outside),
	};

	return cmocka_run_group_tests_name("relay pipe", tests, start, NULL);
}
