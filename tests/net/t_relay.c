/* The client's side of relays, against the engine that we serve with. */
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

/* ---- connections ------------------------------------------------------- */

static void
t_a_relay_is_linked_and_says_how_i_look(void **state)
{
	struct relay_test *t = *state;
	struct relay_state s;

	user_relay(t->alice, server_address(t->one, true), NULL);
	s = state_of(t->alice, 0);
	assert_int_equal(s.how, RELAY_IS_TRYING);
	UNTIL(t->loop, is_up(t->alice, 0) &&
	    state_of(t->alice, 0).rtt_us >= 0);
	s = state_of(t->alice, 0);
	assert_true(s.is_mine);
	assert_int_equal(addr_kind(&s.seen), ADDR_LOOPBACK);
	assert_int_not_equal(s.seen.port, 0);
	assert_int_equal(s.at.port, server_port(t->one));
	assert_string_equal(s.address, server_address(t->one, true));
	assert_int_equal(s.again_ms, -1);
	assert_string_equal(s.why, "");
	assert_int_equal(t->alice->n_notice, 0);
	assert_true(t->alice->n_relays > 0 && t->alice->n_state > 0);
}

static void
t_bad_addresses_are_refused_and_change_nothing(void **state)
{
	struct relay_test *t = *state;
	static const char *const bad[] = { "a.example", "b.example", "no" };
	static const char *const many[] = { "a", "b", "c", "d", "e" };
	static const char *const same[] = { "a", "a:54546", "A", "a", "a",
		"b" };
	struct err e = { 0 };

	user_relay(t->alice, server_address(t->one, true), NULL);
	assert_int_equal(relays_set(t->alice->relays, bad, 3, "", &e), 0);
	assert_int_equal(relays_count(t->alice->relays), 3);
	assert_int_equal(relays_set(t->alice->relays, many, 5, "", &e), -1);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_int_equal(relays_set(t->alice->relays, (const char *const[]){
	    "a#x" }, 1, "", &e), -1);
	assert_int_equal(relays_count(t->alice->relays), 3);
	assert_int_equal(relays_set(t->alice->relays, same, 6, "", &e), 0);
	assert_int_equal(relays_count(t->alice->relays), 2);
	assert_int_equal(relays_set(t->alice->relays, NULL, 0, "", &e), 0);
	assert_int_equal(relays_count(t->alice->relays), 0);
}

/* A configuration that is read again cuts nothing that stays. */
static void
t_what_stays_the_same_stays_up(void **state)
{
	struct relay_test *t = *state;
	int n;

	user_relay(t->alice, server_address(t->one, true), NULL);
	UNTIL(t->loop, is_up(t->alice, 0));
	n = (int)server_clients(t->one);
	user_relay(t->alice, server_address(t->one, true), "other.example");
	assert_true(is_up(t->alice, 0));
	assert_int_equal(relays_count(t->alice->relays), 2);
	turns(t->loop, 5);
	assert_int_equal(server_clients(t->one), n);
}

static void
t_tries_come_later_and_later(void **state)
{
	struct relay_test *t = *state;
	struct relay_state s;
	char where[40];

	server_stop(t->one);
	snprintf(where, sizeof(where), "127.0.0.1:%u",
	    (unsigned)server_port(t->one));
	user_relay(t->alice, where, NULL);
	UNTIL(t->loop, state_of(t->alice, 0).how == RELAY_IS_DOWN);
	s = state_of(t->alice, 0);
	assert_true(s.again_ms > 700 && s.again_ms <= 1200);
	assert_non_null(strstr(s.why, "refused"));
	UNTIL(t->loop, state_of(t->alice, 0).again_ms > 1500);
	assert_true(state_of(t->alice, 0).again_ms <= 2400);
	/* The network is back: nobody waits. */
	server_start(t->one, false);
	relays_moved(t->alice->relays);
	UNTIL(t->loop, is_up(t->alice, 0));
	assert_int_equal(state_of(t->alice, 0).again_ms, -1);
}

static void
t_the_first_key_is_pinned_and_another_one_refused(void **state)
{
	struct relay_test *t = *state;
	struct user *u = t->alice;

	user_relay(u, server_address(t->one, false), NULL);
	UNTIL(t->loop, is_up(u, 0));
	assert_int_equal(u->n_pins, 1);
	assert_int_equal(u->n_notice, 1);
	assert_non_null(strstr(u->notice, "pinned"));
	assert_string_equal(state_of(u, 0).address,
	    server_address(t->one, true));
	/* Again, by its pin. */
	user_close(u);
	user_open(u);
	user_relay(u, server_address(t->one, false), NULL);
	UNTIL(t->loop, is_up(u, 0));
	assert_int_equal(u->n_notice, 1);
	/* Another key: said loudly, once, and never used. */
	server_stop(t->one);
	server_start(t->one, true);
	UNTIL(t->loop, u->n_notice == 2);
	assert_non_null(strstr(u->notice, "another key"));
	assert_non_null(strstr(u->notice,
	    strchr(server_address(t->one, true), '#')));
	UNTIL(t->loop, state_of(u, 0).how == RELAY_IS_DOWN);
	relays_moved(u->relays);
	UNTIL(t->loop, state_of(u, 0).how == RELAY_IS_TRYING);
	UNTIL(t->loop, state_of(u, 0).how == RELAY_IS_DOWN);
	assert_int_equal(u->n_notice, 2);
	assert_int_equal(u->n_pins, 1);
	/* With the new key in its address it is another matter. */
	user_relay(u, server_address(t->one, true), NULL);
	UNTIL(t->loop, is_up(u, 0));
}

static void
t_the_key_of_an_address_is_the_only_one(void **state)
{
	struct relay_test *t = *state;
	char address[200];

	snprintf(address, sizeof(address), "%s",
	    server_address(t->one, true));
	server_stop(t->one);
	server_start(t->one, true);
	user_relay(t->alice, address, NULL);
	UNTIL(t->loop, state_of(t->alice, 0).how == RELAY_IS_DOWN);
	assert_non_null(strstr(state_of(t->alice, 0).why, "key"));
	assert_int_equal(t->alice->n_pins, 0);
	assert_int_equal(t->alice->n_notice, 0);
}

static void
t_a_relay_that_wants_a_token_gets_it(void **state)
{
	struct relay_test *t = *state;
	struct server *shy = server_new(t->loop, "sesame");
	struct user *u = t->alice;
	const char *list[1];
	char address[120];

	server_start(shy, false);
	snprintf(address, sizeof(address), "%s", server_address(shy, true));
	list[0] = address;
	assert_int_equal(relays_set(u->relays, list, 1, "", NULL), 0);
	UNTIL(t->loop, u->n_notice > 0 &&
	    state_of(u, 0).how == RELAY_IS_DOWN);
	/* Nor is it up for a moment at the next try. */
	relays_moved(u->relays);
	UNTIL(t->loop, state_of(u, 0).how == RELAY_IS_TRYING);
	UNTIL(t->loop, state_of(u, 0).how == RELAY_IS_DOWN);
	assert_int_equal(u->n_notice, 1);
	assert_int_equal(relays_set(u->relays, list, 1, "simsala", NULL), 0);
	UNTIL(t->loop, state_of(u, 0).how == RELAY_IS_DOWN);
	assert_int_equal(u->n_up, 0);
	assert_non_null(strstr(u->notice, "relay-token"));
	assert_non_null(strstr(state_of(u, 0).why, "token"));
	assert_int_equal(relays_set(u->relays, list, 1, "sesame", NULL), 0);
	UNTIL(t->loop, is_up(u, 0) && state_of(u, 0).rtt_us >= 0);
	assert_true(u->n_up > 0);
	assert_int_equal(u->n_notice, 2);
	user_close(u);
	server_free(shy);
	user_open(u);
}

/* ---- letters ----------------------------------------------------------- */

static void
t_letters_wait_until_they_are_taken(void **state)
{
	struct relay_test *t = *state;

	relay_test_meet(t);
	user_close(t->bob);
	t->bob->takes = false;
	assert_int_equal(leave_letter(t->alice, t->bob, 41), 0);
	assert_int_equal(t->alice->n_left, 0);
	UNTIL(t->loop, t->alice->n_left == 1);
	assert_int_equal(t->alice->left, LEFT_STORED);
	/* The same upload again is the same letter. */
	assert_int_equal(leave_letter(t->alice, t->bob, 41), 0);
	UNTIL(t->loop, t->alice->n_stored == 2);
	assert_int_equal(server_letters(t->one), 1);

	user_open(t->bob);
	user_relay(t->bob, server_address(t->one, true), NULL);
	relays_want(t->bob->relays, user_keys(t->alice), true);
	UNTIL(t->loop, t->bob->n_letters == 1);
	assert_int_equal(t->bob->seqs[0], 41);
	assert_false(t->bob->from_requests);
	assert_true(user_id_equal(&t->bob->queue, user_id(t->alice)));
	/* Not taken: it comes again over the next connection. */
	relays_again(t->bob->relays);
	UNTIL(t->loop, t->bob->n_letters == 2);
	assert_int_equal(t->bob->seqs[1], 41);
	relays_took(t->bob->relays, t->bob->names[0]);	/* of the old one */
	turns(t->loop, 5);
	assert_int_equal(server_letters(t->one), 1);
	relays_took(t->bob->relays, t->bob->names[1]);
	UNTIL(t->loop, server_letters(t->one) == 0);
}

/* Alice leaves Bob so many. */
static void
leave_letters(struct relay_test *t, int n)
{
	for (int i = 0; i < n;) {
		if (leave_letter(t->alice, t->bob, (uint32_t)i) == 0)
			i++;
		else
			loop_turn(t->loop, 20);
	}
	UNTIL(t->loop, t->alice->n_stored == n);
}

/* Bob was away.  All that a relay sends at once comes in one turn, and none
 * of it is taken before the turn ends. */
static void
t_more_letters_than_come_at_once_all_come(void **state)
{
	struct relay_test *t = *state;
	const int n = RELAY_FLIGHT * 2 + 10;

	relay_test_meet(t);
	user_close(t->bob);
	leave_letters(t, n);
	user_open(t->bob);
	user_relay(t->bob, server_address(t->one, true), NULL);
	relays_want(t->bob->relays, user_keys(t->alice), true);
	UNTIL(t->loop, t->bob->n_letters == n);
	for (int i = 0; i < n; i++)
		assert_int_equal(t->bob->seqs[i], i);
	UNTIL(t->loop, server_letters(t->one) == 0);
	assert_int_equal(t->bob->n_letters, n);
	assert_true(is_up(t->bob, 0));
}

/* The relay tells all again that it did not see deleted, and others for
 * those that it sees deleted then. */
static void
t_a_full_mailbox_is_opened_again_while_letters_are_taken(void **state)
{
	struct relay_test *t = *state;
	struct user *bob = t->bob;
	int taken = 0, n_state;

	relay_test_meet(t);
	bob->takes = false;
	leave_letters(t, RELAY_FLIGHT + 100);
	UNTIL(t->loop, bob->n_letters == RELAY_FLIGHT);
	turns(t->loop, 5);
	assert_int_equal(bob->n_letters, RELAY_FLIGHT);
	n_state = bob->n_state;
	relay_mail_day(bob->relays);
	for (int i = 0; i < 10; i++) {
		loop_turn(t->loop, 0);
		for (int k = 0; k < 5; k++)
			relays_took(bob->relays, bob->names[taken++]);
	}
	UNTIL(t->loop, bob->seqs[bob->n_letters - 1] >= RELAY_FLIGHT + 49);
	for (; taken < bob->n_letters; taken++) {
		relays_took(bob->relays, bob->names[taken]);
		if (taken + 1 == bob->n_letters)
			turns(t->loop, 10);
	}
	UNTIL(t->loop, server_letters(t->one) == 0);
	assert_int_equal(bob->seqs[bob->n_letters - 1], RELAY_FLIGHT + 99);
	assert_int_equal(bob->n_state, n_state);
}

static void
t_strangers_leave_requests(void **state)
{
	struct relay_test *t = *state;
	struct routes places;
	uint8_t upload[UPLOAD_LEN] = { 1 };

	user_relay(t->bob, server_address(t->one, true), NULL);
	UNTIL(t->loop, is_up(t->bob, 0));
	relays_my_routes(t->bob->relays, NULL, &places);
	assert_int_equal(places.n, 1);
	/* Alice has no relay of her own: she visits Bob's. */
	user_relay(t->alice, "127.0.0.1:1", NULL);
	relays_places(t->alice->relays, user_keys(t->bob), &places);
	assert_int_equal(relays_leave(t->alice->relays, user_id(t->bob),
	    upload, "hello", 5), 0);
	UNTIL(t->loop, t->bob->n_letters == 1);
	assert_true(t->bob->from_requests);
	UNTIL(t->loop, t->alice->n_stored == 1);
	assert_memory_equal(t->alice->left_id, upload, UPLOAD_LEN);
	assert_int_equal(relays_count(t->alice->relays), 2);
	assert_false(state_of(t->alice, 1).is_mine);
}

/* Somebody says of the relay of another one that it is where nobody is. */
static void
t_a_wrong_address_with_the_key_of_a_relay_stops_nobody(void **state)
{
	struct relay_test *t = *state;
	struct user *mallory = user_new(t->loop);
	struct routes places = { .n = 1 };
	const char *key;

	user_relay(t->bob, server_address(t->one, true), NULL);
	UNTIL(t->loop, is_up(t->bob, 0));
	relays_want(t->bob->relays, user_keys(t->alice), true);
	turns(t->loop, 5);
	relays_my_routes(t->bob->relays, user_id(t->alice), &places);
	key = strchr(places.at[0], '#');
	assert_non_null(key);
	memmove(places.at[0] + strlen("127.0.0.1:1"), key, strlen(key) + 1);
	memcpy(places.at[0], "127.0.0.1:1", strlen("127.0.0.1:1"));
	/* She may visit relays at her own machine, as she has one there. */
	user_relay(t->alice, "127.0.0.1:2", NULL);
	relays_places(t->alice->relays, user_keys(mallory), &places);
	know(t->alice, t->bob);
	leave_letter(t->alice, mallory, 1);
	turns(t->loop, 5);
	leave_letter(t->alice, t->bob, 2);
	UNTIL(t->loop, t->alice->n_stored == 1);
	UNTIL(t->loop, t->bob->n_letters == 1);
	assert_int_equal(t->bob->seqs[0], 2);
	user_free(mallory);
}

static void
t_who_is_unwanted_has_no_mailbox_any_more(void **state)
{
	struct relay_test *t = *state;

	relay_test_meet(t);
	relays_want(t->bob->relays, user_keys(t->alice), false);
	turns(t->loop, 10);
	assert_int_equal(leave_letter(t->alice, t->bob, 1), 0);
	UNTIL(t->loop, t->alice->n_left == 1);
	assert_int_equal(t->alice->left, LEFT_NO_PLACE);
	/* Wanted again, the same places are good again. */
	relays_want(t->bob->relays, user_keys(t->alice), true);
	turns(t->loop, 10);
	assert_int_equal(leave_letter(t->alice, t->bob, 2), 0);
	UNTIL(t->loop, t->bob->n_letters == 1);
}

/* Whoever is blocked while the relay is away has no mailbox either, when it
 * is back; nor when I was away meanwhile. */
static void
mailbox_is_dropped_later(struct relay_test *t, bool and_restart)
{
	char address[ROUTE_TEXT];
	struct relay_state state;

	relay_test_meet(t);
	assert_int_equal(leave_letter(t->alice, t->bob, 1), 0);
	UNTIL(t->loop, t->bob->n_letters == 1);
	t->bob->takes = false;
	assert_int_equal(leave_letter(t->alice, t->bob, 2), 0);
	UNTIL(t->loop, t->alice->n_left == 2);
	relays_at(t->bob->relays, 0, &state);
	snprintf(address, sizeof(address), "%s", state.address);
	server_stop(t->one);
	UNTIL(t->loop, !is_up(t->bob, 0));
	relays_want(t->bob->relays, user_keys(t->alice), false);
	turns(t->loop, 10);
	if (and_restart) {
		user_close(t->bob);
		user_open(t->bob);
	}
	server_start(t->one, false);
	if (and_restart)
		user_relay(t->bob, address, NULL);
	relays_moved(t->bob->relays);
	relays_moved(t->alice->relays);
	UNTIL(t->loop, server_letters(t->one) == 0);
	assert_int_equal(leave_letter(t->alice, t->bob, 3), 0);
	UNTIL(t->loop, t->alice->n_left == 3);
	assert_int_equal(t->alice->left, LEFT_NO_PLACE);
	/* And it is done once. */
	UNTIL(t->loop, t->bob->drops.len == 1);
}

static void
t_a_mailbox_is_dropped_when_the_relay_is_back(void **state)
{
	mailbox_is_dropped_later(*state, false);
}

static void
t_a_mailbox_to_drop_is_remembered_over_a_start(void **state)
{
	mailbox_is_dropped_later(*state, true);
}

/* It was asked for, and nobody answered before we left. */
static void
t_a_mailbox_to_drop_is_kept_when_we_leave_at_once(void **state)
{
	struct relay_test *t = *state;

	relay_test_meet(t);
	relays_want(t->bob->relays, user_keys(t->alice), false);
	user_close(t->bob);
	assert_true(t->bob->drops.len > 1);
	user_open(t->bob);
}

static void
t_who_is_wanted_again_keeps_the_mailbox(void **state)
{
	struct relay_test *t = *state;

	relay_test_meet(t);
	server_stop(t->one);
	UNTIL(t->loop, !is_up(t->bob, 0));
	relays_want(t->bob->relays, user_keys(t->alice), false);
	turns(t->loop, 3);
	assert_true(t->bob->drops.len > 1);
	relays_want(t->bob->relays, user_keys(t->alice), true);
	turns(t->loop, 3);
	assert_int_equal(t->bob->drops.len, 1);
	server_start(t->one, false);
	relays_moved(t->bob->relays);
	relays_moved(t->alice->relays);
	assert_int_equal(leave_letter(t->alice, t->bob, 1), 0);
	UNTIL(t->loop, t->bob->n_letters == 1);
}

static void
t_nowhere_to_leave_it_is_said_later(void **state)
{
	struct relay_test *t = *state;

	assert_int_equal(leave_letter(t->alice, t->bob, 1), 0);
	assert_int_equal(t->alice->n_left, 0);
	UNTIL(t->loop, t->alice->n_left == 1);
	assert_int_equal(t->alice->left, LEFT_NO_PLACE);
}

static void
t_so_many_letters_and_no_more_at_once(void **state)
{
	struct relay_test *t = *state;
	int n = 0, had;

	relay_test_meet(t);
	while (leave_letter(t->alice, t->bob, (uint32_t)n) == 0)
		n++;
	assert_int_equal(n, RELAY_LETTERS_MAX);
	had = t->alice->n_relays;
	UNTIL(t->loop, t->alice->n_stored == n);
	assert_int_equal(t->alice->n_relays, had + 1);
	UNTIL(t->loop, t->bob->n_letters == n);
	assert_int_equal(leave_letter(t->alice, t->bob, 99), 0);
}

static void
t_the_second_relay_takes_what_the_first_does_not(void **state)
{
	struct relay_test *t = *state;
	char one[120], two[120];
	struct mouth m;

	server_start(t->two, false);
	snprintf(one, sizeof(one), "%s", server_address(t->one, true));
	snprintf(two, sizeof(two), "%s", server_address(t->two, true));
	user_relay(t->bob, one, two);
	UNTIL(t->loop, is_up(t->bob, 0) && is_up(t->bob, 1));
	user_relay(t->alice, one, NULL);
	befriend(t->alice, t->bob);
	UNTIL(t->loop, t->bob->n_here > 0);
	server_stop(t->one);
	UNTIL(t->loop, !is_up(t->alice, 0));
	assert_int_equal(leave_letter(t->alice, t->bob, 5), 0);
	UNTIL(t->loop, t->alice->n_left == 1);
	assert_int_equal(t->alice->left, LEFT_STORED);
	assert_int_equal(server_letters(t->two), 1);
	UNTIL(t->loop, t->bob->n_letters == 1);
	/* And calls go there. */
	assert_non_null(call_up(t->alice, t->bob, &m));
	mouth_say(&m, 50);
	UNTIL(t->loop, t->bob->n_calls == 1 && t->bob->called.got.len == 50);
	mouth_clear(&m);
}

static void
t_a_dead_relay_delays_nobody_but_its_own(void **state)
{
	struct relay_test *t = *state;

	relay_test_meet(t);
	server_stop(t->one);
	UNTIL(t->loop, !is_up(t->alice, 0));
	assert_int_equal(leave_letter(t->alice, t->bob, 5), 0);
	UNTIL(t->loop, t->alice->n_left == 1);
	assert_int_equal(t->alice->left, LEFT_UNSENT);
}

/* Chat says again what was not stored, and takes what it has: nothing is
 * lost, whatever the relay does in between. */
static void
row_59_a_relay_that_restarts_all_the_time_loses_nothing(void **state)
{
	enum { N = 60 };
	struct relay_test *t = *state;
	bool stored[N] = { false }, got[N] = { false };
	int n_stored = 0, n_got = 0, n_letters = 0, n_left = 0, restarts = 0;
	uint32_t next = 0, under_way = 0;
	int64_t end;

	relay_test_meet(t);
	end = loop_now_ms(t->loop) + 120000;
	for (int turn = 1; n_got < N || n_stored < N; turn++) {
		assert_true(loop_now_ms(t->loop) < end);
		if (restarts < 12 && turn % 9 == 0) {
			server_stop(t->one);
			turns(t->loop, 1 + restarts % 3);
			server_start(t->one, false);
			relays_moved(t->alice->relays);
			relays_moved(t->bob->relays);
			restarts++;
		}
		while (under_way < 4 && n_stored < N) {
			while (stored[next % N])
				next++;
			leave_letter(t->alice, t->bob, next++ % N);
			under_way++;
		}
		loop_turn(t->loop, 5);
		if (t->alice->n_left != n_left) {
			/* At most one is told in a turn's callback of ours:
			 * ask the ids one by one. */
			under_way -= (uint32_t)(t->alice->n_left - n_left);
			n_left = t->alice->n_left;
		}
		if (t->alice->left == LEFT_STORED && n_left > 0) {
			uint32_t seq = get_u32(t->alice->left_id + 4);

			n_stored += !stored[seq];
			stored[seq] = true;
		}
		for (; n_letters < t->bob->n_letters; n_letters++) {
			n_got += !got[t->bob->seqs[n_letters]];
			got[t->bob->seqs[n_letters]] = true;
		}
		if (t->bob->n_letters > LETTERS - 80)
			t->bob->n_letters = n_letters = 0;
	}
	assert_true(restarts >= 1);
	UNTIL(t->loop, server_letters(t->one) == 0);
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
		ROW(t_a_relay_is_linked_and_says_how_i_look),
		ROW(t_bad_addresses_are_refused_and_change_nothing),
		ROW(t_what_stays_the_same_stays_up),
		ROW(t_tries_come_later_and_later),
		ROW(t_the_first_key_is_pinned_and_another_one_refused),
		ROW(t_the_key_of_an_address_is_the_only_one),
		ROW(t_a_relay_that_wants_a_token_gets_it),
		ROW(t_letters_wait_until_they_are_taken),
		ROW(t_more_letters_than_come_at_once_all_come),
		ROW(t_a_full_mailbox_is_opened_again_while_letters_are_taken),
		ROW(t_strangers_leave_requests),
		ROW(t_a_wrong_address_with_the_key_of_a_relay_stops_nobody),
		ROW(t_who_is_unwanted_has_no_mailbox_any_more),
		ROW(t_a_mailbox_is_dropped_when_the_relay_is_back),
		ROW(t_a_mailbox_to_drop_is_remembered_over_a_start),
		ROW(t_a_mailbox_to_drop_is_kept_when_we_leave_at_once),
		ROW(t_who_is_wanted_again_keeps_the_mailbox),
		ROW(t_nowhere_to_leave_it_is_said_later),
		ROW(t_so_many_letters_and_no_more_at_once),
		ROW(t_the_second_relay_takes_what_the_first_does_not),
		ROW(t_a_dead_relay_delays_nobody_but_its_own),
		ROW(row_59_a_relay_that_restarts_all_the_time_loses_nothing),
	};

	return cmocka_run_group_tests_name("relay", tests, start, NULL);
}
