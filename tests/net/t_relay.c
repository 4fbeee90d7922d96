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

struct test {
	struct loop *loop;
	struct server *one, *two;
	struct user *alice, *bob;
};

static int
setup(void **state)
{
	struct test *t = mem_new(sizeof(*t));

	t->loop = loop_new(NULL);
	t->one = server_new(t->loop, "");
	t->two = server_new(t->loop, "");
	server_start(t->one, false);
	t->alice = user_new(t->loop);
	t->bob = user_new(t->loop);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct test *t = *state;

	user_free(t->alice);
	user_free(t->bob);
	server_free(t->one);
	server_free(t->two);
	loop_turn(t->loop, 0);
	loop_free(t->loop);
	free(t);
	return 0;
}

/* Both at relay one, as contacts, each aware of the other. */
static void
meet(struct test *t)
{
	user_relay(t->alice, server_address(t->one, true), NULL);
	user_relay(t->bob, server_address(t->one, true), NULL);
	befriend(t->alice, t->bob);
	UNTIL(t->loop, t->alice->n_here > 0 && t->bob->n_here > 0);
}

/* ---- connections ------------------------------------------------------- */

static void
t_a_relay_is_linked_and_says_how_i_look(void **state)
{
	struct test *t = *state;
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
	struct test *t = *state;
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
	struct test *t = *state;
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
	struct test *t = *state;
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
	struct test *t = *state;
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
	struct test *t = *state;
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
	struct test *t = *state;
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
	assert_non_null(strstr(u->notice, "relay-token"));
	assert_non_null(strstr(state_of(u, 0).why, "token"));
	assert_int_equal(relays_set(u->relays, list, 1, "sesame", NULL), 0);
	UNTIL(t->loop, is_up(u, 0) && state_of(u, 0).rtt_us >= 0);
	assert_int_equal(u->n_notice, 1);
	user_close(u);
	server_free(shy);
	user_open(u);
}

/* ---- letters ----------------------------------------------------------- */

static void
t_letters_wait_until_they_are_taken(void **state)
{
	struct test *t = *state;

	meet(t);
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

static void
t_strangers_leave_requests(void **state)
{
	struct test *t = *state;
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
	struct test *t = *state;
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
	struct test *t = *state;

	meet(t);
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

static void
t_nowhere_to_leave_it_is_said_later(void **state)
{
	struct test *t = *state;

	assert_int_equal(leave_letter(t->alice, t->bob, 1), 0);
	assert_int_equal(t->alice->n_left, 0);
	UNTIL(t->loop, t->alice->n_left == 1);
	assert_int_equal(t->alice->left, LEFT_NO_PLACE);
}

static void
t_so_many_letters_and_no_more_at_once(void **state)
{
	struct test *t = *state;
	int n = 0, had;

	meet(t);
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
	struct test *t = *state;
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
	struct test *t = *state;

	meet(t);
	server_stop(t->one);
	UNTIL(t->loop, !is_up(t->alice, 0));
	assert_int_equal(leave_letter(t->alice, t->bob, 5), 0);
	UNTIL(t->loop, t->alice->n_left == 1);
	assert_int_equal(t->alice->left, LEFT_LATER);
}

/* Chat says again what was not stored, and takes what it has: nothing is
 * lost, whatever the relay does in between. */
static void
row_59_a_relay_that_restarts_all_the_time_loses_nothing(void **state)
{
	enum { N = 60 };
	struct test *t = *state;
	bool stored[N] = { false }, got[N] = { false };
	int n_stored = 0, n_got = 0, n_letters = 0, n_left = 0, restarts = 0;
	uint32_t next = 0, under_way = 0;
	int64_t end;

	meet(t);
	end = loop_now_ms(t->loop) + 30000;
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

/* ---- pipes ------------------------------------------------------------- */

static void
t_a_megabyte_goes_both_ways(void **state)
{
	enum { MEG = 1 << 20 };
	struct test *t = *state;
	struct mouth m;

	meet(t);
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
	struct test *t = *state;
	struct mouth m, other;

	meet(t);
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
	struct test *t = *state;
	struct mouth m;

	meet(t);
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
	struct test *t = *state;
	struct mouth m;

	user_relay(t->alice, server_address(t->one, true), NULL);
	assert_null(call_up(t->alice, t->bob, &m));
	relays_want(t->alice->relays, user_keys(t->bob), true);
	assert_null(call_up(t->alice, t->bob, &m));
}

static void
t_a_peer_that_goes_ends_the_pipe(void **state)
{
	struct test *t = *state;
	struct mouth m;

	meet(t);
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
	struct test *t = *state;
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
	struct test *t = *state;
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
	struct test *t = *state;
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

#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		ROW(t_strangers_leave_requests),
		ROW(t_a_wrong_address_with_the_key_of_a_relay_stops_nobody),
		ROW(t_who_is_unwanted_has_no_mailbox_any_more),
		ROW(t_nowhere_to_leave_it_is_said_later),
		ROW(t_so_many_letters_and_no_more_at_once),
		ROW(t_the_second_relay_takes_what_the_first_does_not),
		ROW(t_a_dead_relay_delays_nobody_but_its_own),
		ROW(row_59_a_relay_that_restarts_all_the_time_loses_nothing),
		ROW(t_a_megabyte_goes_both_ways),
		ROW(row_45_a_deaf_reader_holds_a_window_and_stops_nobody),
		ROW(t_nobody_there_is_told),
		ROW(t_nobody_to_call_is_said_at_once),
		ROW(t_a_peer_that_goes_ends_the_pipe),
		ROW(t_people_of_two_relays_meet_at_either),
		ROW(t_first_words_are_said_again_at_the_next_relay),
		ROW(t_my_ports_are_tried_from_outside),
	};

	return cmocka_run_group_tests_name("relay", tests, start, NULL);
}
