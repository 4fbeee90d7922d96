/* Nameplates: relays of our engine, the LAN on loopback, typed addresses. */
#include "plate-kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "net-own.h"
#include "plate-own.h"
#include "rand.h"
#include "relay-engine.h"

static const char plate[] = "118204", other[] = "118205";

struct test {
	struct loop *loop;
	uint16_t port;
	struct server *one, *two;
	struct guest *alice, *bob, *carol;
};

#define UNTIL(cond) do { \
	int64_t end_ = loop_now_ms(t->loop) + 60000; \
	while (!(cond)) { \
		assert_true(loop_now_ms(t->loop) < end_); \
		loop_turn(t->loop, 20); \
	} \
} while (0)

static int
setup(void **state)
{
	struct test *t = mem_new(sizeof(*t));

	t->loop = loop_new(NULL);
	t->port = free_port();
	t->one = server_new(t->loop, "");
	t->two = server_new(t->loop, "");
	t->alice = guest_new(t->loop, "alice", t->port, "off");
	t->bob = guest_new(t->loop, "bob", t->port, "off");
	t->carol = guest_new(t->loop, "carol", t->port, "off");
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct test *t = *state;

	guest_free(t->alice);
	guest_free(t->bob);
	guest_free(t->carol);
	server_free(t->one);
	server_free(t->two);
	loop_turn(t->loop, 0);
	loop_free(t->loop);
	free(t);
	return 0;
}

static void
on_lan(struct guest *g, const char *mode)
{
	opts_set(g->node->opts, "lan", mode, NULL);
}

/* Both at relay one, or whatever is set, and the relay up. */
static void
open_at_relay(struct test *t)
{
	server_start(t->one, false);
	guest_relay(t->alice, server_address(t->one, true));
	guest_relay(t->bob, server_address(t->one, true));
	guest_open(t->alice);
	guest_open(t->bob);
	UNTIL(guest_has_relay(t->alice) && guest_has_relay(t->bob));
}

/* Waits there, and the relay has heard of it. */
static void
sit(struct test *t, struct guest *g, const char *at)
{
	guest_wait(g, at);
	for (int i = 0; i < 10; i++)
		loop_turn(t->loop, 5);
}

/* Alice waits and began; Bob came and heard it: there and back again. */
static void
talk(struct test *t)
{
	static const char word[] = "a word";
	uint8_t longest[PAIRING_MAX];

	assert_true(until(t->loop, &t->bob->n_msgs, 1, SOON));
	assert_int_equal(t->bob->n_visits, 1);
	assert_int_equal(t->bob->n_mine, 1);
	assert_int_equal(t->alice->n_visits, 1);
	assert_int_equal(t->alice->n_mine, 0);
	assert_memory_equal(t->bob->msg.at, "m0", 2);
	t->alice->echoes = true;
	assert_int_equal(guest_say(t->bob, word, sizeof(word)), 0);
	assert_true(until(t->loop, &t->bob->n_msgs, 2, SOON));
	assert_int_equal(t->bob->msg.len, sizeof(word));
	assert_memory_equal(t->bob->msg.at, word, sizeof(word));
	memset(longest, 'x', sizeof(longest));
	assert_int_equal(guest_say(t->bob, longest, PAIRING_MAX + 1), -1);
	assert_int_equal(guest_say(t->bob, longest, 0), -1);
	assert_int_equal(guest_say(t->bob, longest, PAIRING_MAX), 0);
	assert_true(until(t->loop, &t->bob->n_msgs, 3, SOON));
	assert_int_equal(t->bob->msg.len, PAIRING_MAX);
	/* What is said last leaves before the end. */
	guest_say(t->alice, "bye", 3);
	guest_close(t->alice);
	assert_true(until(t->loop, &t->bob->n_ends, 1, SOON));
	assert_int_equal(t->bob->n_msgs, 4);
	assert_memory_equal(t->bob->msg.at, "bye", 3);
	assert_int_equal(t->bob->ended, t->bob->visit);
	assert_int_equal(t->bob->why, VISIT_CUT);
	assert_int_equal(t->alice->n_ends, 0);
	assert_int_equal(guest_say(t->alice, "x", 1), -1);
	assert_int_equal(guest_say(t->bob, "x", 1), -1);
}

static void
took(const struct test *t, int64_t from, int64_t at_most_us)
{
	print_message("# heard after %d us\n", (int)(t->bob->msg_us - from));
	assert_true(t->bob->msg_us - from < at_most_us);
}

/* ---- the three places -------------------------------------------------- */

static void
t_two_meet_on_the_lan(void **state)
{
	struct test *t = *state;
	int64_t from;

	on_lan(t->alice, "everyone");
	on_lan(t->bob, "everyone");
	guest_open(t->alice);
	guest_open(t->bob);
	sit(t, t->alice, plate);
	from = loop_clock(t->loop)->mono_us;
	guest_go(t->bob, plate, "");
	talk(t);
	took(t, from, 5000000);
}

/* Whoever hides from strangers is found by a code, and still by nobody
 * else. */
static void
t_contacts_mode_is_found_by_a_code(void **state)
{
	struct test *t = *state;

	on_lan(t->alice, "contacts");
	on_lan(t->bob, "contacts");
	on_lan(t->carol, "everyone");
	guest_open(t->alice);
	guest_open(t->bob);
	guest_open(t->carol);
	sit(t, t->alice, plate);
	guest_go(t->bob, plate, "");
	talk(t);
	assert_int_equal(t->carol->node->n_seen, 0);
}

/* Who comes first asks, and hears the burst of who comes later. */
static void
t_the_visitor_may_be_first_on_the_lan(void **state)
{
	struct test *t = *state;

	on_lan(t->alice, "everyone");
	on_lan(t->bob, "everyone");
	guest_open(t->alice);
	guest_open(t->bob);
	guest_go(t->bob, plate, "");
	pass(t->loop, 50);
	sit(t, t->alice, plate);
	talk(t);
}

static void
t_two_meet_by_a_relay(void **state)
{
	struct test *t = *state;
	int64_t from;

	open_at_relay(t);
	sit(t, t->alice, plate);
	from = loop_clock(t->loop)->mono_us;
	guest_go(t->bob, plate, "");
	talk(t);
	took(t, from, 10000000);
}

/* As --host and --join at the start of both. */
static void
t_the_relay_may_come_later(void **state)
{
	struct test *t = *state;

	server_start(t->one, false);
	guest_relay(t->alice, server_address(t->one, true));
	guest_relay(t->bob, server_address(t->one, true));
	guest_open(t->alice);
	guest_wait(t->alice, plate);
	UNTIL(guest_has_relay(t->alice));
	guest_open(t->bob);
	guest_go(t->bob, plate, "");
	talk(t);
}

/* Of two relays one is dead, and the other one of the visitor's second. */
static void
t_all_relays_are_asked(void **state)
{
	struct test *t = *state;

	server_start(t->one, false);
	server_start(t->two, false);
	guest_relay(t->bob, server_address(t->one, true));
	guest_relay(t->bob, server_address(t->two, true));
	guest_relay(t->alice, server_address(t->two, true));
	guest_open(t->alice);
	guest_open(t->bob);
	UNTIL(server_clients(t->two) == 2 && server_clients(t->one) == 1);
	UNTIL(guest_has_relay(t->alice));
	server_stop(t->one);
	sit(t, t->alice, plate);
	guest_go(t->bob, plate, "");
	talk(t);
}

static void
t_two_meet_at_a_typed_address(void **state)
{
	struct test *t = *state;

	guest_open(t->alice);
	guest_open(t->bob);
	sit(t, t->alice, plate);
	guest_go(t->bob, plate, node_where(t->alice->node));
	talk(t);
}

/* A typed address is asked, and nothing else. */
static void
t_a_typed_address_is_the_only_place(void **state)
{
	struct test *t = *state;

	on_lan(t->alice, "everyone");
	on_lan(t->bob, "everyone");
	guest_open(t->alice);
	guest_open(t->bob);
	guest_open(t->carol);
	sit(t, t->alice, plate);
	guest_go(t->bob, plate, node_where(t->carol->node));
	assert_true(until(t->loop, &t->bob->n_ends, 1, SOON));
	assert_int_equal(t->bob->why, VISIT_NOBODY);
	assert_int_equal(t->bob->ended, 0);
	assert_int_equal(t->alice->n_visits, 0);
}

/* LAN and relay lead to one person: one visit comes of it. */
static void
t_all_ways_lead_to_one_visit(void **state)
{
	struct test *t = *state;

	on_lan(t->alice, "everyone");
	on_lan(t->bob, "everyone");
	open_at_relay(t);
	sit(t, t->alice, plate);
	guest_go(t->bob, plate, "");
	assert_true(until(t->loop, &t->bob->n_visits, 1, SOON));
	t->alice->echoes = true;
	for (int i = 0; i < 20; i++) {
		guest_say(t->bob, &i, sizeof(i));
		assert_true(until(t->loop, &t->bob->n_msgs, i + 2, SOON));
	}
	assert_int_equal(t->bob->n_visits, 1);
	assert_int_equal(t->alice->n_visits, 1);
	/* She is through with it, as chat is. */
	guest_wait(t->alice, NULL);
	guest_close(t->alice);
	assert_true(until(t->loop, &t->bob->n_ends, 1, SOON));
	pass(t->loop, 100);
	assert_int_equal(t->alice->n_visits, 1);
	assert_int_equal(t->bob->n_visits, 1);
	assert_int_equal(server_pipes(t->one), 0);
}

/* ---- nobody ------------------------------------------------------------ */

static void
t_nobody_at_the_relay_is_told_at_once(void **state)
{
	struct test *t = *state;
	int64_t from;

	open_at_relay(t);
	sit(t, t->alice, other);
	from = loop_now_ms(t->loop);
	guest_go(t->bob, plate, "");
	assert_true(until(t->loop, &t->bob->n_ends, 1, SOON));
	assert_int_equal(t->bob->why, VISIT_NOBODY);
	assert_int_equal(t->bob->ended, 0);
	assert_true(loop_now_ms(t->loop) - from < PLATE_TRY_MS / 2);
	assert_int_equal(t->alice->n_visits, 0);
}

static void
t_nobody_on_the_lan(void **state)
{
	struct test *t = *state;

	on_lan(t->alice, "everyone");
	on_lan(t->bob, "everyone");
	guest_open(t->alice);
	guest_open(t->bob);
	sit(t, t->alice, other);
	guest_go(t->bob, plate, "");
	assert_true(until(t->loop, &t->bob->n_ends, 1, 2 * SOON));
	assert_int_equal(t->bob->why, VISIT_NOBODY);
	assert_int_equal(t->alice->n_visits, 0);
}

static void
t_no_place_to_go_to(void **state)
{
	struct test *t = *state;

	guest_open(t->bob);
	guest_go(t->bob, plate, "");
	/* Never from inside the call. */
	assert_int_equal(t->bob->n_ends, 0);
	assert_true(until(t->loop, &t->bob->n_ends, 1, SOON));
	assert_int_equal(t->bob->why, VISIT_NO_PLACE);
}

/* A relay that is down is no place either. */
static void
t_a_dead_relay_is_no_place(void **state)
{
	struct test *t = *state;

	server_start(t->one, false);
	server_stop(t->one);
	guest_relay(t->bob, server_address(t->one, true));
	guest_open(t->bob);
	guest_go(t->bob, plate, "");
	assert_true(until(t->loop, &t->bob->n_ends, 1, SOON));
	assert_int_equal(t->bob->why, VISIT_NO_PLACE);
}

static void
t_a_typed_address_does_not_answer(void **state)
{
	struct test *t = *state;
	struct err e = { 0 };

	guest_open(t->bob);
	guest_go(t->bob, plate, "127.0.0.1:1");
	assert_true(until(t->loop, &t->bob->n_ends, 1, SOON));
	assert_int_equal(t->bob->why, VISIT_NO_ANSWER);
	assert_non_null(strstr(t->bob->trouble.what, "refused"));
	assert_non_null(strstr(t->bob->trouble.next, "is p2ptui running"));
	assert_int_equal(t->bob->node->carrier->visit(
	    t->bob->node->carrier->net, plate, 0, "no:such:port", &e), -1);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_int_equal(t->bob->node->carrier->visit(
	    t->bob->node->carrier->net, "11820", 0, "", &e), -1);
	assert_int_equal(t->bob->node->carrier->wait_at(
	    t->bob->node->carrier->net, "11820x", &e), -1);
}

static void
t_nobody_is_met_after_the_wait(void **state)
{
	struct test *t = *state;

	on_lan(t->alice, "everyone");
	on_lan(t->bob, "everyone");
	open_at_relay(t);
	sit(t, t->alice, plate);
	guest_go(t->bob, plate, "");
	assert_true(until(t->loop, &t->bob->n_visits, 1, SOON));
	/* Whoever is heard is heard to the end. */
	assert_int_equal(server_meets(t->one), 1);
	guest_wait(t->alice, NULL);
	UNTIL(server_meets(t->one) == 0);
	t->alice->echoes = true;
	guest_say(t->bob, "still", 5);
	assert_true(until(t->loop, &t->bob->n_msgs, 2, SOON));
	guest_go(t->bob, NULL, "");
	assert_true(until(t->loop, &t->alice->n_ends, 1, SOON));
	assert_int_equal(t->alice->why, VISIT_CUT);
	guest_go(t->bob, plate, "");
	assert_true(until(t->loop, &t->bob->n_ends, 1, 2 * SOON));
	assert_int_equal(t->bob->why, VISIT_NOBODY);
	assert_int_equal(t->alice->n_visits, 1);
}

/* ---- more than two ----------------------------------------------------- */

static void
t_two_visitors_are_heard_in_turn(void **state)
{
	struct test *t = *state;

	guest_open(t->alice);
	guest_open(t->bob);
	guest_open(t->carol);
	sit(t, t->alice, plate);
	guest_go(t->bob, plate, node_where(t->alice->node));
	assert_true(until(t->loop, &t->bob->n_msgs, 1, SOON));
	guest_go(t->carol, plate, node_where(t->alice->node));
	pass(t->loop, 100);
	assert_int_equal(t->alice->n_visits, 1);
	assert_int_equal(t->carol->n_visits, 0);
	guest_close(t->alice);
	assert_true(until(t->loop, &t->carol->n_msgs, 1, SOON));
	assert_int_equal(t->alice->n_visits, 2);
	assert_int_equal(t->bob->n_ends, 1);
}

/* Both wait and both come, each at his own nameplate. */
static void
t_who_waits_may_visit(void **state)
{
	struct test *t = *state;

	open_at_relay(t);
	sit(t, t->alice, plate);
	sit(t, t->bob, other);
	guest_go(t->alice, other, "");
	guest_go(t->bob, plate, "");
	UNTIL(t->alice->n_mine == 1 && t->bob->n_mine == 1);
	UNTIL(t->alice->n_visits == 2 && t->bob->n_visits == 2);
}

/* A guesser at the relay's end: each visit is one, and leaves nothing there
 * or here. */
static void
t_1000_visits_by_a_relay_leave_nothing(void **state)
{
	enum { VISITS = 1000 };
	struct test *t = *state;

	open_at_relay(t);
	sit(t, t->alice, plate);
	for (int i = 1; i <= VISITS; i++) {
		guest_go(t->bob, plate, "");
		UNTIL(t->bob->n_msgs == i);
		guest_close(t->bob);
		UNTIL(t->alice->n_ends == i);
	}
	assert_int_equal(t->alice->n_visits, VISITS);
	for (int i = 0; i < 20; i++)
		loop_turn(t->loop, 5);
	assert_int_equal(server_pipes(t->one), 0);
	assert_int_equal(server_meets(t->one), 1);
	assert_true(list_is_empty(&t->alice->node->net->plates->visits));
	assert_true(list_is_empty(&t->bob->node->net->plates->visits));
}

static void
t_the_other_one_vanishes(void **state)
{
	struct test *t = *state;

	guest_open(t->alice);
	guest_open(t->bob);
	sit(t, t->alice, plate);
	guest_go(t->bob, plate, node_where(t->alice->node));
	assert_true(until(t->loop, &t->bob->n_msgs, 1, SOON));
	node_close(t->bob->node);
	assert_true(until(t->loop, &t->alice->n_ends, 1, SOON));
	assert_int_equal(t->alice->why, VISIT_CUT);
	assert_int_equal(t->alice->ended, t->alice->visit);
}

/* The relay's word of it is still on its way when Alice leaves. */
static void
t_a_visit_that_comes_while_closing_is_nobodys(void **state)
{
	struct test *t = *state;

	open_at_relay(t);
	sit(t, t->alice, plate);
	guest_go(t->bob, plate, "");
	/* Each turn ends with what it wrote: she reads it in the next. */
	UNTIL(server_pipes(t->one) == 1);
	assert_int_equal(t->alice->n_visits, 0);
	node_close(t->alice->node);
	assert_int_equal(t->alice->n_visits, 0);
	assert_true(until(t->loop, &t->bob->n_ends, 1, SOON));
	assert_int_equal(t->bob->n_visits, 0);
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
		ROW(t_two_meet_on_the_lan),
		ROW(t_contacts_mode_is_found_by_a_code),
		ROW(t_the_visitor_may_be_first_on_the_lan),
		ROW(t_two_meet_by_a_relay),
		ROW(t_the_relay_may_come_later),
		ROW(t_all_relays_are_asked),
		ROW(t_two_meet_at_a_typed_address),
		ROW(t_a_typed_address_is_the_only_place),
		ROW(t_all_ways_lead_to_one_visit),
		ROW(t_nobody_at_the_relay_is_told_at_once),
		ROW(t_nobody_on_the_lan),
		ROW(t_no_place_to_go_to),
		ROW(t_a_dead_relay_is_no_place),
		ROW(t_a_typed_address_does_not_answer),
		ROW(t_nobody_is_met_after_the_wait),
		ROW(t_two_visitors_are_heard_in_turn),
		ROW(t_who_waits_may_visit),
		ROW(t_1000_visits_by_a_relay_leave_nothing),
		ROW(t_the_other_one_vanishes),
		ROW(t_a_visit_that_comes_while_closing_is_nobodys),
	};

	return cmocka_run_group_tests_name("plate", tests, start, NULL);
}
