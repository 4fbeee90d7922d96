/* Row 60: a relay that drops, reorders, repeats and invents. */
#include "relay-kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rand.h"

struct test {
	struct loop *loop;
	struct liar *liar;
	struct user *alice, *bob;	/* bob has no connection of his own */
	uint8_t ids[RELAY_DAYS][MEET_ID];
};

static int
setup(void **state)
{
	struct test *t = mem_new(sizeof(*t));
	uint8_t pair[32];

	t->loop = loop_new(NULL);
	t->liar = liar_new(t->loop);
	t->alice = user_new(t->loop);
	t->bob = user_new(t->loop);
	identity_pair_key(t->bob->id, user_keys(t->alice), pair);
	for (size_t i = 0; i < RELAY_DAYS; i++)
		meet_id_of(t->ids[i], pair,
		    relays_day(t->alice->relays) - 1 + i);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct test *t = *state;

	user_free(t->alice);
	user_free(t->bob);
	liar_free(t->liar);
	loop_turn(t->loop, 0);
	loop_free(t->loop);
	free(t);
	return 0;
}

/* Alice is linked, waits for Bob, and has both mailboxes open. */
static void
link_up(struct test *t)
{
	struct routes places = { .n = 1 };
	struct route r;

	user_relay(t->alice, liar_address(t->liar), NULL);
	relays_want(t->alice->relays, user_keys(t->bob), true);
	route_parse(&r, liar_address(t->liar), NULL);
	r.has_place = true;
	route_format(&r, places.at[0]);
	relays_places(t->alice->relays, user_keys(t->bob), &places);
	UNTIL(t->loop, is_up(t->alice, 0) && t->liar->n_opened == 2);
	for (size_t i = 0; i < 2; i++)
		liar_say(t->liar, &(struct relay_msg){ .op = OP_DONE,
		    .tag = t->liar->opened[i].tag, .value = RELAY_OK });
	turns(t->loop, 5);
	t->alice->takes = false;
}

static void
letter(struct test *t, const uint8_t *queue, uint64_t number)
{
	liar_say(t->liar, &(struct relay_msg){ .op = OP_LETTER,
	    .queue = queue, .number = number,
	    .p = (const uint8_t *)"sealed", .len = 6 });
}

/* The queue that is not the one of requests comes second. */
static const uint8_t *
queue_of_bob(struct test *t)
{
	return t->liar->opened[1].id;
}

static void
t_what_is_asked_of_a_relay(void **state)
{
	struct test *t = *state;
	struct relay_state s;
	char text[ADDR_TEXT];
	struct routes mine;
	struct route r;

	link_up(t);
	assert_int_equal(t->liar->kind, RELAY_NK);
	assert_int_equal(t->liar->met.len, sizeof(t->ids));
	assert_memory_equal(t->liar->met.at, t->ids, sizeof(t->ids));
	relays_my_routes(t->alice->relays, user_id(t->bob), &mine);
	assert_int_equal(route_parse(&r, mine.at[0], NULL), 0);
	assert_memory_equal(r.queue, queue_of_bob(t), QUEUE_ID);
	relays_my_routes(t->alice->relays, NULL, &mine);
	assert_int_equal(route_parse(&r, mine.at[0], NULL), 0);
	assert_memory_equal(r.queue, t->liar->opened[0].id, QUEUE_ID);
	s = state_of(t->alice, 0);
	addr_format(&s.seen, text);
	assert_string_equal(text, "203.0.113.9:4242");
	assert_int_equal(s.stun[1], 3479);
	assert_int_equal(t->liar->n_ops[OP_HELLO], 0);
}

static void
row_60_letters_nobody_asked_for_are_nothing(void **state)
{
	static const uint8_t nobody[QUEUE_ID] = { 1, 2, 3 };
	struct test *t = *state;

	link_up(t);
	letter(t, nobody, 1);
	letter(t, queue_of_bob(t), 7);
	letter(t, queue_of_bob(t), 7);	/* again */
	letter(t, queue_of_bob(t), 3);	/* out of order is a letter, too */
	UNTIL(t->loop, t->alice->n_letters == 2);
	turns(t->loop, 5);
	assert_int_equal(t->alice->n_letters, 2);
	assert_true(user_id_equal(&t->alice->queue, user_id(t->bob)));
	/* Taken, and sent once more all the same: chat knows it by what
	 * stands in it. */
	relays_took(t->alice->relays, t->alice->names[0]);
	relays_took(t->alice->relays, t->alice->names[0]);
	relays_took(t->alice->relays, 12345);
	UNTIL(t->loop, t->liar->n_ops[OP_DELETE] == 1);
	letter(t, queue_of_bob(t), 7);
	UNTIL(t->loop, t->alice->n_letters == 3);
	assert_true(is_up(t->alice, 0));
}

/* What nobody can take would keep out what comes behind it. */
static void
row_60_letters_of_nothing_are_deleted(void **state)
{
	struct test *t = *state;

	link_up(t);
	for (uint64_t i = 0; i < 3; i++)
		liar_say(t->liar, &(struct relay_msg){ .op = OP_LETTER,
		    .queue = queue_of_bob(t), .number = i });
	UNTIL(t->loop, t->liar->n_ops[OP_DELETE] == 3);
	assert_int_equal(t->alice->n_letters, 0);
	assert_true(is_up(t->alice, 0));
}

static void
row_60_more_letters_than_can_be_are_a_lie(void **state)
{
	struct test *t = *state;

	link_up(t);
	for (uint64_t i = 0; i < RELAY_UNTAKEN_MAX; i++)
		letter(t, queue_of_bob(t), i);
	UNTIL(t->loop, t->alice->n_letters == RELAY_UNTAKEN_MAX);
	/* When some are taken, others may come. */
	relays_took(t->alice->relays, t->alice->names[0]);
	letter(t, queue_of_bob(t), 1000);
	UNTIL(t->loop, t->alice->n_letters == RELAY_UNTAKEN_MAX + 1);
	assert_true(is_up(t->alice, 0));
	letter(t, queue_of_bob(t), 1001);
	UNTIL(t->loop, t->liar->n_gone == 1);
	assert_int_equal(t->alice->n_letters, RELAY_UNTAKEN_MAX + 1);
	assert_int_equal(state_of(t->alice, 0).how, RELAY_IS_DOWN);
}

static void
row_60_answers_to_no_question_are_nothing(void **state)
{
	static const uint8_t id[MEET_ID] = { 9 };
	struct test *t = *state;
	struct liar *r = t->liar;

	link_up(t);
	for (uint32_t tag = 0; tag < 200; tag++)
		for (uint32_t v = 0; v < RELAY_STATUSES; v++)
			if (tag != 0 || v != RELAY_DENIED)
				liar_say(r, &(struct relay_msg){
				    .op = OP_DONE, .tag = tag, .value = v });
	liar_say(r, &(struct relay_msg){ .op = OP_REACHED, .tag = 1,
	    .value = 1, .port = { 0, 1 } });
	liar_say(r, &(struct relay_msg){ .op = OP_PONG, .number = 77777 });
	liar_say(r, &(struct relay_msg){ .op = OP_HERE, .p = id,
	    .len = MEET_ID });
	liar_say(r, &(struct relay_msg){ .op = OP_DATA, .tag = 3, .p = id,
	    .len = 5 });
	liar_say(r, &(struct relay_msg){ .op = OP_CREDIT, .tag = 3,
	    .value = UINT32_MAX });
	liar_say(r, &(struct relay_msg){ .op = OP_HANG, .tag = 3 });
	liar_say(r, &(struct relay_msg){ .op = OP_CARD, .p = id, .len = 9 });
	/* What clients say, and what later versions may say. */
	liar_say(r, &(struct relay_msg){ .op = OP_MEET, .p = id,
	    .len = MEET_ID });
	liar_seal(r, "\xc8\3\0abc", 6);
	turns(t->loop, 10);
	assert_true(is_up(t->alice, 0));
	assert_int_equal(t->alice->n_here + t->alice->n_calls +
	    t->alice->n_left + t->alice->n_reached, 0);
}

static void
row_60_who_is_here_is_told_now_and_then(void **state)
{
	struct test *t = *state;

	link_up(t);
	for (int i = 0; i < 100; i++)
		liar_say(t->liar, &(struct relay_msg){ .op = OP_HERE,
		    .p = t->ids[1], .len = MEET_ID });
	turns(t->loop, 10);
	assert_int_equal(t->alice->n_here, 1);
	assert_true(user_id_equal(&t->alice->here, user_id(t->bob)));
}

static void
row_60_calls_of_nobody_are_hung_up(void **state)
{
	static const uint8_t id[MEET_ID] = { 9 };
	struct test *t = *state;

	link_up(t);
	liar_say(t->liar, &(struct relay_msg){ .op = OP_RING,
	    .tag = RELAY_RING, .queue = id });
	UNTIL(t->loop, t->liar->n_ops[OP_HANG] == 1);
	assert_int_equal(t->liar->value, HANG_NOBODY);
	for (uint32_t i = 1; i <= RELAY_PIPES_MAX + 1; i++)
		liar_say(t->liar, &(struct relay_msg){ .op = OP_RING,
		    .tag = RELAY_RING + i, .queue = t->ids[0] });
	/* The kit holds one call, and lets the one before it go. */
	UNTIL(t->loop, t->alice->n_calls == RELAY_PIPES_MAX + 1);
	assert_true(is_up(t->alice, 0));
	/* A number that is in use, or not the relay's to give. */
	liar_say(t->liar, &(struct relay_msg){ .op = OP_RING,
	    .tag = RELAY_RING + RELAY_PIPES_MAX + 1, .queue = t->ids[0] });
	UNTIL(t->loop, t->liar->n_gone == 1);
	relays_moved(t->alice->relays);
	UNTIL(t->loop, is_up(t->alice, 0) && t->liar->is_up);
	liar_say(t->liar, &(struct relay_msg){ .op = OP_RING,
	    .tag = 1, .queue = t->ids[0] });
	UNTIL(t->loop, t->liar->n_gone == 2);
}

static void
row_60_bytes_beyond_the_credit_hang_up_the_pipe(void **state)
{
	static const uint8_t piece[RELAY_PIECE_MAX];
	struct test *t = *state;

	link_up(t);
	liar_say(t->liar, &(struct relay_msg){ .op = OP_RING,
	    .tag = RELAY_RING, .queue = t->ids[0] });
	UNTIL(t->loop, t->alice->n_calls == 1);
	t->alice->called.is_deaf = true;
	for (size_t n = 0; n < RELAY_WINDOW; n += sizeof(piece)) {
		liar_say(t->liar, &(struct relay_msg){ .op = OP_DATA,
		    .tag = RELAY_RING, .p = piece, .len = sizeof(piece) });
		turns(t->loop, 2);
	}
	assert_int_equal(t->alice->called.n_end, 0);
	liar_say(t->liar, &(struct relay_msg){ .op = OP_DATA,
	    .tag = RELAY_RING, .p = piece, .len = 1 });
	UNTIL(t->loop, t->alice->called.n_end == 1);
	UNTIL(t->loop, t->liar->n_ops[OP_HANG] == 1);
	assert_int_equal(t->liar->value, HANG_LIMIT);
	assert_true(is_up(t->alice, 0));
}

/* Credit without end is no reason to send without end. */
static void
row_60_credit_is_never_more_than_the_window(void **state)
{
	struct test *t = *state;
	struct mouth m;

	link_up(t);
	/* At my own relay nobody is called who was not said to be there. */
	assert_null(call_up(t->alice, t->bob, &m));
	liar_say(t->liar, &(struct relay_msg){ .op = OP_HERE,
	    .p = t->ids[1], .len = MEET_ID });
	UNTIL(t->loop, t->alice->n_here == 1);
	assert_non_null(call_up(t->alice, t->bob, &m));
	mouth_say(&m, 3 * RELAY_WINDOW);
	UNTIL(t->loop, t->liar->n_ops[OP_CALL] == 1);
	for (int i = 0; i < 3; i++)
		liar_say(t->liar, &(struct relay_msg){ .op = OP_CREDIT,
		    .tag = t->liar->call, .value = UINT32_MAX });
	UNTIL(t->loop, t->liar->data.len >= RELAY_WINDOW);
	turns(t->loop, 20);
	assert_true(t->liar->data.len <= RELAY_WINDOW + 4096);
	for (size_t i = 0; i < t->liar->data.len; i++)
		assert_int_equal(t->liar->data.at[i], (uint8_t)(i * 31 >> 3));
	mouth_clear(&m);
}

static void
row_60_forged_records_end_the_link(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool sealed;
	} rows[] = {
		{ "\0\0", 2, false },		/* no length */
		{ "\x12\0" "0123456789012345", 18, false },
		{ "\x20\0" "01234567890123456789012345678901", 34, false },
		{ "\x22", 1, true },		/* no message */
		{ "\x21\xff\xff", 3, true },	/* longer than the record */
		{ "\x21\0\0", 3, true },	/* a letter without a queue */
		{ "\x16\5\0\1\0\0\0\xff", 8, true },	/* no such reason */
		{ "\x20\5\0\1\0\0\0\x63", 8, true },	/* no such status */
		{ "\x22\1\0\0", 4, true }	/* not a whole id */
	};
	struct test *t = *state;

	link_up(t);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].sealed)
			liar_seal(t->liar, rows[i].bytes, rows[i].len);
		else
			liar_raw(t->liar, rows[i].bytes, rows[i].len);
		UNTIL(t->loop, t->liar->n_gone == (int)i + 1);
		assert_int_equal(state_of(t->alice, 0).how, RELAY_IS_DOWN);
		relays_moved(t->alice->relays);
		UNTIL(t->loop, is_up(t->alice, 0) && t->liar->is_up);
	}
	assert_int_equal(t->alice->n_letters, 0);
}

/* The kit's own count of records says when. */
static void
t_both_directions_rekey(void **state)
{
	struct test *t = *state;

	link_up(t);
	for (int i = 1; i <= 2 * RELAY_REKEY + 10; i++) {
		liar_say(t->liar, &(struct relay_msg){ .op = OP_PING,
		    .number = (uint64_t)i });
		UNTIL(t->loop, t->liar->n_ops[OP_PONG] == i);
	}
	assert_true(t->liar->rx.n > 2 * RELAY_REKEY);
	assert_int_equal(t->liar->n_gone, 0);
}

static void
row_60_a_letter_that_is_dropped_is_told_as_not_stored(void **state)
{
	struct test *t = *state;

	link_up(t);
	/* It says nothing for five seconds. */
	assert_int_equal(leave_letter(t->alice, t->bob, 9), 0);
	UNTIL(t->loop, t->alice->n_left == 1);
	assert_int_equal(t->alice->left, LEFT_LATER);
	assert_int_equal(t->liar->n_ops[OP_SEND], 1);
	/* Too late, and for nobody. */
	liar_say(t->liar, &(struct relay_msg){ .op = OP_DONE,
	    .tag = t->liar->tag, .value = RELAY_OK });
	turns(t->loop, 5);
	assert_int_equal(t->alice->n_left, 1);
}

static void
t_what_the_relay_says_of_a_letter_is_told(void **state)
{
	static const enum left said[RELAY_STATUSES] = {
		[RELAY_OK] = LEFT_STORED, [RELAY_FULL] = LEFT_FULL,
		[RELAY_NO_QUEUE] = LEFT_NO_PLACE,
		[RELAY_TOO_LARGE] = LEFT_LATER, [RELAY_LIMIT] = LEFT_LIMIT,
		[RELAY_DENIED] = LEFT_DENIED, [RELAY_TROUBLE] = LEFT_TROUBLE
	};
	struct test *t = *state;

	link_up(t);
	for (uint32_t i = 0; i < RELAY_STATUSES; i++) {
		leave_letter(t->alice, t->bob, i);
		UNTIL(t->loop, t->liar->n_ops[OP_SEND] == (int)i + 1);
		liar_say(t->liar, &(struct relay_msg){ .op = OP_DONE,
		    .tag = t->liar->tag, .value = i });
		UNTIL(t->loop, t->alice->n_left == (int)i + 1);
		assert_int_equal(t->alice->left, said[i]);
		assert_int_equal(get_u32(t->alice->left_id + 4), i);
	}
}

static void
row_36_a_mute_relay_is_noticed(void **state)
{
	struct test *t = *state;
	int64_t start;

	link_up(t);
	t->liar->is_mute = true;
	start = loop_now_ms(t->loop);
	relays_moved(t->alice->relays);
	UNTIL(t->loop, !is_up(t->alice, 0));
	assert_true(loop_now_ms(t->loop) - start >= 2 * RELAY_HURRY_MS - 100);
	assert_non_null(strstr(state_of(t->alice, 0).why, "not answer"));
}

static void
t_a_relay_that_goes_is_believed_for_a_while(void **state)
{
	struct test *t = *state;
	int64_t ms;

	link_up(t);
	liar_say(t->liar, &(struct relay_msg){ .op = OP_BYE, .value = 10 });
	UNTIL(t->loop, !is_up(t->alice, 0));
	ms = state_of(t->alice, 0).again_ms;
	assert_true(ms > 7500 && ms <= 12000);
	relays_moved(t->alice->relays);
	UNTIL(t->loop, is_up(t->alice, 0) && t->liar->is_up);
	liar_say(t->liar, &(struct relay_msg){ .op = OP_BYE,
	    .value = 65535 });
	UNTIL(t->loop, !is_up(t->alice, 0));
	assert_true(state_of(t->alice, 0).again_ms <=
	    1200 * RELAY_BYE_MAX_S);
}

static void
row_55_another_version_is_named(void **state)
{
	struct test *t = *state;

	t->liar->version = 9;
	user_relay(t->alice, liar_address(t->liar), NULL);
	UNTIL(t->loop, state_of(t->alice, 0).how == RELAY_IS_DOWN);
	assert_non_null(strstr(state_of(t->alice, 0).why, "version 9"));
}

static void
t_a_new_day_has_new_places_to_meet(void **state)
{
	struct test *t = *state;
	struct relays *all = t->alice->relays;
	uint8_t pair[32], first[MEET_ID];

	/* It is yesterday; then the clock is looked at. */
	user_relay(t->alice, liar_address(t->liar), NULL);
	all->day--;
	identity_pair_key(t->bob->id, user_keys(t->alice), pair);
	meet_id_of(first, pair, all->day - 1);
	link_up(t);
	t->liar->n_opened = 0;
	assert_memory_equal(t->liar->met.at, first, MEET_ID);
	buf_empty(&t->liar->met);
	on_relays_day(all);
	UNTIL(t->loop, t->liar->parted.len == MEET_ID);
	assert_memory_equal(t->liar->parted.at, first, MEET_ID);
	assert_memory_equal(t->liar->met.at, t->ids[2], MEET_ID);
	/* Mailboxes are opened once more, or they count as forgotten. */
	UNTIL(t->loop, t->liar->n_opened == 2);
	/* Whoever calls at any of the three days is let in. */
	for (uint32_t i = 0; i < RELAY_DAYS; i++)
		liar_say(t->liar, &(struct relay_msg){ .op = OP_RING,
		    .tag = RELAY_RING + i, .queue = t->ids[i] });
	UNTIL(t->loop, t->alice->n_calls == RELAY_DAYS);
	liar_say(t->liar, &(struct relay_msg){ .op = OP_RING,
	    .tag = RELAY_RING + 9, .queue = first });
	UNTIL(t->loop, t->liar->value == HANG_NOBODY);
	assert_int_equal(t->alice->n_calls, RELAY_DAYS);
}

/* Places of others are places of others: not this machine's own ports. */
static void
row_40_others_cannot_send_me_to_my_own_machine(void **state)
{
	static const char *const bad[] = { "127.0.0.1", "localhost",
		"[::1]" };
	struct test *t = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct routes places = { .n = 1 };
		struct route r;

		assert_int_equal(route_parse(&r, liar_address(t->liar), NULL),
		    0);
		snprintf(places.at[0], ROUTE_TEXT, "%s:%u#%s/%s/%s", bad[i],
		    (unsigned)t->liar->port,
		    strchr(liar_address(t->liar), '#') + 1,
		    "aaaaaaaaaaaaaaaaaaaaaaaaaa",
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
		assert_int_equal(route_parse(&r, places.at[0], NULL), 0);
		relays_places(t->alice->relays, user_keys(t->bob), &places);
		leave_letter(t->alice, t->bob, 1);
		UNTIL(t->loop, t->alice->n_left == (int)i + 1);
		assert_int_equal(t->alice->left, LEFT_UNSENT);
		assert_int_equal(relays_count(t->alice->relays), 0);
	}
	assert_int_equal(t->liar->n_accepted, 0);
}

static void
row_40_names_that_lead_to_my_own_machine_are_not_dialled(void **state)
{
	static const char *const names[] = { "x.localhost", "localhost." };
	struct test *t = *state;
	struct routes places = { .n = 2 };

	for (size_t i = 0; i < 2; i++)
		snprintf(places.at[i], ROUTE_TEXT, "%s:%u#%s/%s/%s", names[i],
		    (unsigned)t->liar->port,
		    strchr(liar_address(t->liar), '#') + 1,
		    "aaaaaaaaaaaaaaaaaaaaaaaaaa",
		    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	relays_places(t->alice->relays, user_keys(t->bob), &places);
	leave_letter(t->alice, t->bob, 1);
	for (size_t i = 0; i < 2; i++) {
		UNTIL(t->loop, relays_count(t->alice->relays) == i + 1 &&
		    state_of(t->alice, i).why[0]);
		assert_non_null(strstr(state_of(t->alice, i).why,
		    "this very machine"));
	}
	assert_int_equal(t->liar->n_accepted, 0);
}

/* Addresses without a key are for whoever chose them. */
static void
t_places_without_a_key_are_not_visited(void **state)
{
	struct test *t = *state;
	struct routes places = { .n = 2, .at = { "192.0.2.1:1", "\x1b[2J" } };
	struct mouth m;

	relays_places(t->alice->relays, user_keys(t->bob), &places);
	assert_null(call_up(t->alice, t->bob, &m));
	assert_int_equal(relays_count(t->alice->relays), 0);
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
		ROW(t_what_is_asked_of_a_relay),
		ROW(row_60_letters_nobody_asked_for_are_nothing),
		ROW(row_60_letters_of_nothing_are_deleted),
		ROW(row_60_more_letters_than_can_be_are_a_lie),
		ROW(row_60_answers_to_no_question_are_nothing),
		ROW(row_60_who_is_here_is_told_now_and_then),
		ROW(row_60_calls_of_nobody_are_hung_up),
		ROW(row_60_bytes_beyond_the_credit_hang_up_the_pipe),
		ROW(row_60_credit_is_never_more_than_the_window),
		ROW(row_60_forged_records_end_the_link),
		ROW(t_both_directions_rekey),
		ROW(row_60_a_letter_that_is_dropped_is_told_as_not_stored),
		ROW(t_what_the_relay_says_of_a_letter_is_told),
		ROW(row_36_a_mute_relay_is_noticed),
		ROW(t_a_relay_that_goes_is_believed_for_a_while),
		ROW(row_55_another_version_is_named),
		ROW(t_a_new_day_has_new_places_to_meet),
		ROW(row_40_others_cannot_send_me_to_my_own_machine),
		ROW(row_40_names_that_lead_to_my_own_machine_are_not_dialled),
		ROW(t_places_without_a_key_are_not_visited),
	};

	return cmocka_run_group_tests_name("relay_lies", tests, start, NULL);
}
