/*
 * First words to somebody who is away: contact links, cards, prekeys, and
 * who may write to whom by letter.
 */
#include "mail-kit.h"

#include "routes.h"

static void
add(struct node *who, struct node *whom)
{
	char *link = chat_link(whom->chat);

	ok(chat_add(who->chat, link, &e) != NULL, e.what);
	free(link);
	sim_run_ms(s, 10);
}

/* ---- requests ----------------------------------------------------------- */

static void
t_first_words_by_link_wait_in_the_request_queue(void **state)
{
	(void)state;
	sim_run_ms(s, 300);
	add(alice, bob);
	ok(sim_person(alice, bob)->who.trust == TRUST_ACCEPTED, "I added him");
	say(alice, bob, "it is me");
	sim_run_ms(s, 50);
	ok(last_state(alice, bob) == MSG_STORED, "left");
	ok(sim_person(bob, alice)->who.trust == TRUST_REQUESTED, "he is asked");
	ok(sim_told(bob, NEWS_REQUEST, "it is me") == 1, "with her words");
	assert_string_equal(sim_person(bob, alice)->who.name, "Alice");
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 1000);
	ok(last_state(alice, bob) == MSG_DELIVERED, "let in, by mail");
	ok(sim_person(alice, bob)->who.admitted, "and she knows");
	say(bob, alice, "so it is");
	sim_run_ms(s, 1000);
	assert_string_equal(sim_heard(alice, bob), "so it is");
	ok(owed(bob, alice) == 0, "no link was needed");
	ok(sim_person(bob, alice)->own->n.places->told.n == 1, "places told");
	ok(sim_person(alice, bob)->own->n.places->told.n == 1, "both ways");
}

static void
t_both_added_no_request(void **state)
{
	(void)state;
	sim_run_ms(s, 300);
	add(alice, bob);
	add(bob, alice);
	say(alice, bob, "one");
	sim_run_ms(s, 500);
	ok(sim_told(bob, NEWS_REQUEST, NULL) == 0, "nobody asks");
	ok(sim_told(bob, NEWS_MESSAGE, "one") == 1, "a message");
	ok(last_state(alice, bob) == MSG_DELIVERED, "delivered");
}

static void
t_whom_i_added_may_write_to_me(void **state)
{
	(void)state;
	sim_run_ms(s, 300);
	add(alice, bob);
	/* Bob has not added her: her link is in his hands. */
	add(bob, alice);
	say(bob, alice, "one");
	sim_run_ms(s, 500);
	ok(sim_told(alice, NEWS_REQUEST, NULL) == 0, "she added him");
	assert_string_equal(sim_heard(alice, bob), "one");
}

static void
t_a_request_by_mail_is_bounded(void **state)
{
	(void)state;
	sim_run_ms(s, 300);
	add(alice, bob);
	for (int i = 0; i < 20; i++)
		say(alice, bob, "me");
	sim_run_ms(s, 500);
	ok(sim_lines(bob, alice) == REQUEST_LINES_MAX, "a few lines");
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 2000);
	ok(sim_lines(bob, alice) == 20, "all, once let in");
	ok(owed(alice, bob) == 0, "and acknowledged");
}

static void
t_strangers_by_mail_leave_room_for_others(void **state)
{
	char name[16];

	(void)state;
	sim_run_ms(s, 300);
	for (int i = 0; i < REQUESTS_MAIL_MAX + 5; i++) {
		struct node *n;

		snprintf(name, sizeof(name), "n%d", i);
		n = sim_node(s, name);
		add(n, bob);
		say(n, bob, "me");
	}
	sim_run_ms(s, 200);
	ok(sim_told(bob, NEWS_REQUEST, "me") == REQUESTS_MAIL_MAX, "bounded");
	ok(roster_count(chat_roster(bob->chat)) == REQUESTS_MAIL_MAX,
	    "nobody else is kept");
}

static void
t_requests_can_be_off(void **state)
{
	(void)state;
	sim_run_ms(s, 300);
	ok(opts_set(bob->opts, "requests", "off", &e) == 0, e.what);
	add(alice, bob);
	say(alice, bob, "me");
	sim_run_ms(s, 500);
	ok(!sim_person(bob, alice), "nobody is there");
	ok(sim_letters(bob) == 0, "and the letter is gone");
}

static void
t_blocked_are_not_read(void **state)
{
	(void)state;
	meet_and_part();
	ok(chat_block(bob->chat, sim_person(bob, alice), true, &e) == 0,
	    e.what);
	sim_run_ms(s, 10);
	ok(!bob->wanted[0], "the queue may go");
	say(alice, bob, "one");
	sim_run_ms(s, 100);
	ok(last_state(alice, bob) == MSG_QUEUED, "no place any more");
	ok(sim_lines(bob, alice) == 0, "not shown");
	ok(chat_block(bob->chat, sim_person(bob, alice), false, &e) == 0,
	    e.what);
	sim_join(s, alice, bob);
	sim_run_ms(s, 200);
	assert_string_equal(sim_heard(bob, alice), "one");
}

static void
t_removing_drops_the_queue(void **state)
{
	(void)state;
	meet_and_part();
	ok(chat_remove(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 10);
	ok(!bob->wanted[0], "net is told");
}

/* Who seals a request must be whom its card names. */
static void
t_a_request_in_anothers_name_is_refused(void **state)
{
	struct node *carol = sim_node(s, "Carol");
	struct frame f = { .version = FRAME_VERSION, .type = FRAME_TEXT,
		.epoch = 9, .seq = 1, .body = (const uint8_t *)"it is me",
		.len = 8 };
	struct envelope_way w = { .from = carol->id,
		.to = identity_id(bob->id),
		.key = prekeys_newest(&bob->chat->prekeys)->public };
	struct buf frame, card, letter;

	(void)state;
	sim_run_ms(s, 300);
	buf_init(&frame);
	buf_init(&card);
	buf_init(&letter);
	frame_write(&frame, &f);
	alice->net->card(alice->net->chat, &card);
	ok(envelope_request(&letter, &w, card.at, card.len, frame.at,
	    frame.len) == 0, "sealed");
	sim_post(bob, NULL, letter.at, letter.len);
	sim_run_ms(s, 20);
	ok(sim_letters(bob) == 0, "it is taken off");
	ok(!sim_person(bob, alice) && !sim_person(bob, carol), "nobody asks");
	buf_empty(&letter);
	w.from = alice->id;
	ok(envelope_request(&letter, &w, card.at, card.len, frame.at,
	    frame.len) == 0, "sealed by herself");
	sim_post(bob, NULL, letter.at, letter.len);
	sim_run_ms(s, 20);
	ok(sim_told(bob, NEWS_REQUEST, "it is me") == 1, "that is she");
	buf_clear(&frame);
	buf_clear(&card);
	buf_clear(&letter);
}

/* ---- links of contacts -------------------------------------------------- */

static void
t_my_own_link_is_refused_kindly(void **state)
{
	char *link;

	(void)state;
	link = chat_link(alice->chat);
	ok(!chat_add(alice->chat, link, &e), "not myself");
	ok(strstr(e.what, "your own") != NULL, e.what);
	link[strlen(link) - 2] ^= 1;
	ok(!chat_add(bob->chat, link, &e), "a changed one");
	ok(e.status == STATUS_USAGE, "is no link");
	free(link);
	ok(!chat_add(bob->chat, "p2ptui:", &e), "nor is this");
}

static void
t_an_old_link_does_not_undo_a_new_card(void **state)
{
	char *old;

	(void)state;
	sim_run_ms(s, 300);
	old = chat_link(bob->chat);
	ok(chat_rename(bob->chat, "Robert", &e) == 0, e.what);
	add(alice, bob);
	assert_string_equal(sim_person(alice, bob)->who.name, "Robert");
	ok(chat_add(alice->chat, old, &e) != NULL, e.what);
	assert_string_equal(sim_person(alice, bob)->who.name, "Robert");
	free(old);
}

static void
t_my_card_says_where_and_how(void **state)
{
	struct card card;
	char *link;
	uint64_t serial;

	(void)state;
	sim_run_ms(s, 300);
	link = chat_link(bob->chat);
	ok(card_from_link(&card, link) == 0, "a link");
	free(link);
	ok(card.n_relays == 1, "a place for requests");
	ok(card.spk_expiry > 1700000000, "a key for a month");
	serial = card.serial;
	ok(bob->n_announced > 0, "announced");
	/* A start with the same relay changes nothing. */
	sim_restart(s, bob);
	sim_run_ms(s, 1000);
	link = chat_link(bob->chat);
	ok(card_from_link(&card, link) == 0 && card.serial == serial, "same");
	free(link);
	bob->place = 7;
	sim_relay(bob, true);
	sim_run_ms(s, 1000);
	link = chat_link(bob->chat);
	ok(card_from_link(&card, link) == 0 && card.serial > serial, "newer");
	free(link);
}

static void
t_prekeys_are_changed_weekly_and_kept_a_month(void **state)
{
	struct prekeys k = { 0 }, again;
	struct prekey first;
	struct buf b;

	(void)state;
	ok(prekeys_renew(&k, 1000000), "the first");
	first = *prekeys_newest(&k);
	ok(!prekeys_renew(&k, 1000000 + PREKEY_WEEK_S - 1), "good for a week");
	for (int i = 1; i <= 4; i++)
		ok(prekeys_renew(&k, 1000000 + i * PREKEY_WEEK_S), "weekly");
	ok(prekeys_find(&k, first.id) != NULL, "28 days: still read");
	ok(prekeys_renew(&k, 1000000 + 5 * PREKEY_WEEK_S), "weekly");
	ok(!prekeys_find(&k, first.id), "gone after a month");
	buf_init(&b);
	prekeys_write(&b, &k);
	ok(prekeys_read(&again, b.at, b.len) == 0, "kept");
	ok(memcmp(&k, &again, sizeof(k)) == 0, "all of it");
	ok(prekeys_read(&again, b.at, b.len - 1) < 0, "or not at all");
	buf_clear(&b);
}

static void
t_relay_keys_are_pinned(void **state)
{
	uint8_t key[KEY_LEN] = { 7 }, got[KEY_LEN];

	(void)state;
	ok(!alice->net->relay_key(alice->net->chat, "h:1", got), "unknown");
	alice->net->pin_relay(alice->net->chat, "h:1", key);
	sim_run_ms(s, 5);
	sim_kill(s, alice);
	ok(alice->net->relay_key(alice->net->chat, "h:1", got), "kept");
	assert_memory_equal(key, got, KEY_LEN);
	ok(!alice->net->relay_key(alice->net->chat, "h:2", got), "not another");
}

static void
t_pins_without_a_disk_last_as_long_as_the_program(void **state)
{
	struct node *eve = sim_ephemeral(s, "Eve");
	uint8_t key[KEY_LEN] = { 7 }, got[KEY_LEN];

	(void)state;
	eve->net->pin_relay(eve->net->chat, "h:1", key);
	sim_run_ms(s, 5);
	ok(eve->net->relay_key(eve->net->chat, "h:1", got), "kept");
	assert_memory_equal(key, got, KEY_LEN);
}

/* ---- places ------------------------------------------------------------- */

static void
t_a_new_place_is_told_and_used(void **state)
{
	(void)state;
	meet();
	bob->place = 1;
	sim_relay(bob, true);
	sim_run_ms(s, 500);
	sim_part(s, alice, bob);
	say(alice, bob, "one");
	sim_run_ms(s, 50);
	assert_string_equal(sim_heard(bob, alice), "one");
}

/* He moved while nobody was there: his card's place is of no use, the
 * letter that tells of the new one goes to hers. */
static void
t_a_move_is_told_by_mail(void **state)
{
	(void)state;
	meet_and_part();
	bob->place = 1;
	say(alice, bob, "one");
	sim_run_ms(s, 50);
	ok(last_state(alice, bob) == MSG_QUEUED, "nowhere to go");
	sim_relay(bob, true);
	sim_run_ms(s, 1000);
	assert_string_equal(sim_heard(bob, alice), "one");
	ok(owed(alice, bob) == 0, "and acknowledged");
	ok(sim_person(bob, alice)->own->out.live == 0, "the move, too");
}

/* Letters overtake each other: the newest says it, whenever it comes. */
static void
t_an_older_place_does_not_undo_a_newer_one(void **state)
{
	struct frame f = { .version = FRAME_VERSION, .type = FRAME_ROUTE,
		.epoch = UINT64_C(1) << 60 };
	struct routes r = { .n = 1, .at = { "new#1" } };
	const struct places *places;
	struct buf b;

	(void)state;
	meet();
	buf_init(&b);
	routes_write(&b, &r);
	f.seq = 2;
	f.body = b.at;
	f.len = b.len;
	sim_hear(bob, alice, &f);
	memcpy(b.at + 5, "old", 3);
	f.seq = 1;
	sim_hear(bob, alice, &f);
	places = sim_person(bob, alice)->own->n.places;
	assert_string_equal(places->told.at[0], "new#1");
	/* Nor do bytes that are no places. */
	f.seq = 3;
	b.at[5] = ' ';
	sim_hear(bob, alice, &f);
	f.seq = 4;
	b.at[0] = 5;
	sim_hear(bob, alice, &f);
	f.seq = 5;
	f.len--;
	sim_hear(bob, alice, &f);
	assert_string_equal(places->told.at[0], "new#1");
	buf_clear(&b);
}

/* Numbers of before there were places are read, and written with them. */
static void
t_older_numbers_are_read(void **state)
{
	struct numbers n, again;
	struct buf b;

	(void)state;
	numbers_init(&n);
	n.peer_gen = 7;
	ring_renew(&n.ring, 1000, true);
	buf_init(&b);
	numbers_write(&b, &n);
	/* Version 2 ended before the doubts, two bytes, and version 1 before
	 * "no places" too. */
	b.at[0] = 2;
	ok(numbers_read(&again, b.at, b.len - 2) == 0, "version 2");
	numbers_clear(&again);
	b.at[0] = 1;
	ok(numbers_read(&again, b.at, b.len - 3) == 0, "version 1");
	ok(again.peer_gen == 7 && !again.places, "has none");
	numbers_clear(&again);
	numbers_places(&n)->left_ms = 5;
	n.places->told.n = n.places->card.n = ROUTES_MAX;
	for (size_t i = 0; i < ROUTES_MAX; i++) {
		snprintf(n.places->told.at[i], ROUTE_TEXT, "t%zu", i);
		memset(n.places->card.at[i], 'c', ROUTE_TEXT - 1);
	}
	buf_empty(&b);
	numbers_write(&b, &n);
	ok(numbers_read(&again, b.at, b.len) == 0, "as now");
	ok(memcmp(again.places, n.places, sizeof(*n.places)) == 0, "equal");
	numbers_clear(&again);
	for (size_t len = 1; len < b.len; len++)
		ok(numbers_read(&again, b.at, len) < 0, "cut short");
	b.at[0] = 4;
	ok(numbers_read(&again, b.at, b.len) < 0, "of the future");
	numbers_clear(&n);
	buf_clear(&b);
}

static void
t_going_without_a_relay_is_told_when_it_lasts(void **state)
{
	(void)state;
	meet();
	sim_relay(bob, false);
	sim_run_ms(s, 2000);
	ok(sim_person(alice, bob)->own->n.places->told.n == 1, "not at once");
	sim_run_ms(s, ROUTES_NONE_MS);
	ok(sim_person(alice, bob)->own->n.places->told.n == 0, "but then");
	sim_relay(bob, true);
	sim_run_ms(s, 1000);
	ok(sim_person(alice, bob)->own->n.places->told.n == 1, "and back");
	ok(sim_person(bob, alice)->own->out.live == 0, "all acknowledged");
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(t_first_words_by_link_wait_in_the_request_queue),
		CASE(t_both_added_no_request),
		CASE(t_whom_i_added_may_write_to_me),
		CASE(t_a_request_by_mail_is_bounded),
		CASE(t_strangers_by_mail_leave_room_for_others),
		CASE(t_requests_can_be_off),
		CASE(t_a_request_in_anothers_name_is_refused),
		CASE(t_pins_without_a_disk_last_as_long_as_the_program),
		CASE(t_an_older_place_does_not_undo_a_newer_one),
		CASE(t_older_numbers_are_read),
		CASE(t_blocked_are_not_read),
		CASE(t_removing_drops_the_queue),
		CASE(t_my_own_link_is_refused_kindly),
		CASE(t_an_old_link_does_not_undo_a_new_card),
		CASE(t_my_card_says_where_and_how),
		CASE(t_prekeys_are_changed_weekly_and_kept_a_month),
		CASE(t_relay_keys_are_pinned),
		CASE(t_a_new_place_is_told_and_used),
		CASE(t_a_move_is_told_by_mail),
		CASE(t_going_without_a_relay_is_told_when_it_lasts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
