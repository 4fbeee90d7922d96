/* Strangers who sit at a nameplate and answer before whoever made the code. */
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

static const char plate[] = "118204";

enum { CODE = 7, OTHER = 8 };

/* Alice made the code, Bob has it, Mallory does not. */
struct test {
	struct loop *loop;
	struct server *relay;
	struct guest *alice, *bob, *mallory;
};

#define UNTIL(cond) do { \
	int64_t end_ = loop_now_ms(t->loop) + 10000; \
	while (!(cond)) { \
		assert_true(loop_now_ms(t->loop) < end_); \
		loop_turn(t->loop, 20); \
	} \
} while (0)

static int
setup(void **state)
{
	struct test *t = mem_new(sizeof(*t));
	uint16_t port = free_port();

	t->loop = loop_new(NULL);
	t->relay = server_new(t->loop, "");
	t->alice = guest_new(t->loop, "alice", port, "off");
	t->bob = guest_new(t->loop, "bob", port, "off");
	t->mallory = guest_new(t->loop, "mallory", port, "off");
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct test *t = *state;

	guest_free(t->alice);
	guest_free(t->bob);
	guest_free(t->mallory);
	server_free(t->relay);
	loop_turn(t->loop, 0);
	loop_free(t->loop);
	free(t);
	return 0;
}

static void
open_on(struct test *t, struct guest *g, bool lan, bool relay)
{
	if (lan)
		opts_set(g->node->opts, "lan", "everyone", NULL);
	if (relay)
		guest_relay(g, server_address(t->relay, true));
	guest_open(g);
	UNTIL(!relay || guest_has_relay(g));
}

/* Waits there, and whoever is to know of it does. */
static void
sit(struct test *t, struct guest *g)
{
	guest_wait(g, plate);
	for (int i = 0; i < 10; i++)
		loop_turn(t->loop, 5);
}

/* He comes with his code, and somebody speaks; after so many ms. */
static int64_t
come(struct test *t, uint32_t code)
{
	int64_t from = loop_now_ms(t->loop);
	int n = t->bob->n_msgs;

	guest_go_with(t->bob, plate, code, "");
	assert_true(until(t->loop, &t->bob->n_msgs, n + 1, 3 * SOON));
	return loop_now_ms(t->loop) - from;
}

/* .. and it was not she. */
static void
give_up(struct test *t, uint32_t code)
{
	guest_failed(t->bob, code);
	for (int i = 0; i < 10; i++)
		loop_turn(t->loop, 5);
}

/* Is it Alice to whom he speaks now? */
static bool
is_alice(struct test *t)
{
	guest_say(t->bob, "you?", 4);
	UNTIL(t->alice->n_msgs + t->mallory->n_msgs == 1);
	return t->alice->n_msgs == 1;
}

/* ---- who is first ------------------------------------------------------ */

static void
t_a_stranger_on_the_lan_keeps_nobody_from_a_relay(void **state)
{
	struct test *t = *state;

	server_start(t->relay, false);
	open_on(t, t->alice, false, true);
	open_on(t, t->bob, true, true);
	open_on(t, t->mallory, true, false);
	sit(t, t->mallory);
	come(t, 0);
	give_up(t, CODE);
	assert_int_equal(t->mallory->n_visits, 1);
	sit(t, t->alice);
	assert_true(come(t, CODE) < PLATE_LAN_MS);
	assert_true(is_alice(t));
	assert_int_equal(t->mallory->n_visits, 1);
	/* With another code he is as good as anybody. */
	give_up(t, OTHER);
	guest_wait(t->alice, NULL);
	assert_true(come(t, OTHER + 1) < PLATE_LAN_MS);
	assert_int_equal(t->mallory->n_visits, 2);
}

static void
t_a_stranger_at_a_relay_keeps_nobody_from_the_lan(void **state)
{
	struct test *t = *state;

	server_start(t->relay, false);
	open_on(t, t->alice, true, false);
	open_on(t, t->bob, true, true);
	open_on(t, t->mallory, false, true);
	sit(t, t->mallory);
	come(t, 0);
	give_up(t, CODE);
	assert_int_equal(t->mallory->n_visits, 1);
	sit(t, t->alice);
	assert_true(come(t, CODE) < PLATE_LAN_MS);
	assert_true(is_alice(t));
	assert_int_equal(t->mallory->n_visits, 1);
}

/* Both answer the beacons of all rounds. */
static void
t_a_stranger_on_the_lan_keeps_nobody_from_it(void **state)
{
	struct test *t = *state;

	open_on(t, t->alice, true, false);
	open_on(t, t->bob, true, false);
	open_on(t, t->mallory, true, false);
	sit(t, t->mallory);
	come(t, 0);
	give_up(t, CODE);
	sit(t, t->alice);
	come(t, CODE);
	assert_true(is_alice(t));
	assert_int_equal(t->mallory->n_visits, 1);
}

/* ---- when nobody else is there ----------------------------------------- */

static void
t_the_place_that_failed_is_asked_at_last(void **state)
{
	struct test *t = *state;

	server_start(t->relay, false);
	open_on(t, t->alice, true, false);
	open_on(t, t->bob, true, true);
	sit(t, t->alice);
	come(t, 0);
	give_up(t, CODE);
	assert_true(come(t, CODE) >= PLATE_LAN_MS);
	assert_true(is_alice(t));
	assert_int_equal(t->alice->n_visits, 2);
	assert_int_equal(t->bob->n_ends, 0);
}

/* There is no LAN to wait for. */
static void
t_a_relay_that_failed_is_asked_again_at_once(void **state)
{
	struct test *t = *state;

	server_start(t->relay, false);
	open_on(t, t->alice, false, true);
	open_on(t, t->bob, false, true);
	sit(t, t->alice);
	come(t, 0);
	give_up(t, CODE);
	assert_true(come(t, CODE) < PLATE_LAN_MS);
	assert_int_equal(t->alice->n_visits, 2);
}

/* .. and is then told as ever. */
static void
t_nobody_is_left_in_the_last_round(void **state)
{
	struct test *t = *state;

	server_start(t->relay, false);
	open_on(t, t->alice, false, true);
	open_on(t, t->bob, false, true);
	sit(t, t->alice);
	come(t, 0);
	give_up(t, CODE);
	sit(t, t->alice);
	guest_wait(t->alice, NULL);
	for (int i = 0; i < 10; i++)
		loop_turn(t->loop, 5);
	guest_go_with(t->bob, plate, CODE, "");
	assert_true(until(t->loop, &t->bob->n_ends, 1, SOON));
	assert_int_equal(t->bob->why, VISIT_NOBODY);
	assert_int_equal(t->bob->ended, 0);
	assert_int_equal(t->alice->n_visits, 1);
}

/* Whoever types an address means it. */
static void
t_a_typed_address_is_asked_whatever_failed_there(void **state)
{
	struct test *t = *state;

	open_on(t, t->alice, false, false);
	open_on(t, t->bob, false, false);
	sit(t, t->alice);
	for (int i = 1; i <= 3; i++) {
		guest_go_with(t->bob, plate, CODE,
		    node_where(t->alice->node));
		assert_true(until(t->loop, &t->bob->n_msgs, i, SOON));
		give_up(t, CODE);
	}
	assert_int_equal(t->alice->n_visits, 3);
}

/* ---- what is remembered ------------------------------------------------ */

static void
t_the_nearer_to_where_it_failed_the_later(void **state)
{
	struct test *t = *state;
	struct place place = { .kind = PLACE_RELAY };
	struct plates *p;

	open_on(t, t->bob, true, false);
	open_on(t, t->mallory, true, false);
	sit(t, t->mallory);
	come(t, 0);
	p = t->bob->node->net->plates;
	assert_int_equal(plate_round_of_lan(p, CODE), ROUND_NEW);
	give_up(t, CODE);
	assert_int_equal(plate_round_of(p, CODE, &place), ROUND_NEW);
	place = p->came_to;
	assert_int_equal(plate_round_of(p, CODE, &place), ROUND_FAILED);
	assert_int_equal(plate_round_of(p, OTHER, &place), ROUND_NEW);
	assert_int_equal(plate_round_of(p, 0, &place), ROUND_NEW);
	place.at.port++;
	assert_int_equal(plate_round_of(p, CODE, &place), ROUND_HOST);
	place.at.ip[3]++;
	assert_int_equal(plate_round_of(p, CODE, &place), ROUND_WAY);
	place.instance[0]++;
	assert_int_equal(plate_round_of(p, CODE, &place), ROUND_LAN);
	assert_int_equal(plate_round_of_lan(p, CODE), ROUND_LAN);
	assert_int_equal(plate_round_of_lan(p, OTHER), ROUND_NEW);
	/* As long as the code could be good. */
	assert_true(p->failed[0].until_ms > loop_now_ms(t->loop) +
	    PLATE_FAILED_MS - 10000);
	p->failed[0].until_ms = loop_now_ms(t->loop);
	assert_int_equal(plate_round_of_lan(p, CODE), ROUND_NEW);
}

static void
t_of_many_places_the_last_are_remembered(void **state)
{
	enum { MANY = 1000 };
	struct test *t = *state;
	struct plates *p;

	open_on(t, t->bob, true, false);
	open_on(t, t->mallory, true, false);
	sit(t, t->mallory);
	come(t, 0);
	p = t->bob->node->net->plates;
	/* A visit that never was says nothing of any place. */
	plates_failed(p, t->bob->visit + 1, CODE);
	plates_failed(p, 0, CODE);
	assert_int_equal(plate_round_of_lan(p, CODE), ROUND_NEW);
	for (uint32_t i = 1; i <= MANY; i++)
		plates_failed(p, t->bob->visit, i);
	for (uint32_t i = 1; i <= MANY; i++)
		assert_int_equal(plate_round_of_lan(p, i),
		    i > MANY - PLATE_FAILED_MAX ? ROUND_LAN : ROUND_NEW);
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
		ROW(t_a_stranger_on_the_lan_keeps_nobody_from_a_relay),
		ROW(t_a_stranger_at_a_relay_keeps_nobody_from_the_lan),
		ROW(t_a_stranger_on_the_lan_keeps_nobody_from_it),
		ROW(t_the_place_that_failed_is_asked_at_last),
		ROW(t_a_relay_that_failed_is_asked_again_at_once),
		ROW(t_nobody_is_left_in_the_last_round),
		ROW(t_a_typed_address_is_asked_whatever_failed_there),
		ROW(t_the_nearer_to_where_it_failed_the_later),
		ROW(t_of_many_places_the_last_are_remembered),
	};

	return cmocka_run_group_tests_name("plate_failed", tests, start,
	    NULL);
}
