/*
 * Mail and relays that refuse, that are not there, that say things again.
 */
#include "mail-kit.h"

/* ---- trouble with mailboxes --------------------------------------------- */

static void
t_full_mailbox_tells(void **state)
{
	(void)state;
	meet_and_part();
	bob->box_full = true;
	say(alice, bob, "one");
	say(alice, bob, "two");
	sim_run_ms(s, 100);
	ok(last_state(alice, bob) == MSG_QUEUED, "it waits here");
	ok(sim_told(alice, NEWS_NOTICE, "mailbox is full") == 1, "told once");
	say(alice, bob, "three");
	sim_run_ms(s, MAIL_FULL_MS + 1000);
	ok(sim_told(alice, NEWS_NOTICE, "mailbox is full") == 1, "only once");
	bob->box_full = false;
	sim_run_ms(s, MAIL_FULL_MS + 1000);
	assert_string_equal(sim_heard(bob, alice), "one|two|three");
	ok(owed(alice, bob) == 0, "delivered");
	bob->box_full = true;
	say(alice, bob, "four");
	sim_run_ms(s, 100);
	ok(sim_told(alice, NEWS_NOTICE, "mailbox is full") == 2, "anew");
}

/* Rows 10 and 12 of their relay, and one that lets only its own in. */
static void
t_why_a_relay_takes_nothing_is_told(void **state)
{
	static const struct {
		enum left what;
		const char *words;
	} rows[] = {
		{ LEFT_TROUBLE, "cannot keep letters" },
		{ LEFT_DENIED, "access token" },
		{ LEFT_LIMIT, "takes no more letters" }
	};
	static const char *const words[] = { "1", "2", "3", "4", "5", "6" };

	(void)state;
	meet_and_part();
	for (size_t i = 0; i < 3; i++) {
		bob->refusal = rows[i].what;
		say(alice, bob, words[2 * i]);
		say(alice, bob, words[2 * i + 1]);
		sim_run_ms(s, 100);
		ok(last_state(alice, bob) == MSG_QUEUED, "it waits here");
		sim_run_ms(s, 2 * MAIL_AGAIN_MAX_MS);
		ok(sim_told(alice, NEWS_NOTICE, rows[i].words) == 1,
		    "told once");
		bob->refusal = LEFT_STORED;
		sim_run_ms(s, 2 * MAIL_AGAIN_MAX_MS);
	}
	assert_string_equal(sim_heard(bob, alice), "1|2|3|4|5|6");
	ok(owed(alice, bob) == 0, "delivered");
}

/* So many in one moment that the relay takes the rest a little later. */
static void
t_a_limit_that_passes_is_not_told(void **state)
{
	(void)state;
	meet_and_part();
	bob->refusal = LEFT_LIMIT;
	say(alice, bob, "one");
	say(alice, bob, "two");
	sim_run_ms(s, 100);
	bob->refusal = LEFT_STORED;
	sim_run_ms(s, MAIL_AGAIN_MS + 1000);
	assert_string_equal(sim_heard(bob, alice), "one|two");
	ok(sim_told(alice, NEWS_NOTICE, "relay") == 0, "nothing to tell");
}

static void
t_an_unreachable_relay_is_asked_ever_more_rarely(void **state)
{
	(void)state;
	meet_and_part();
	alice->cut_off = true;
	say(alice, bob, "one");
	sim_run_ms(s, 100);
	ok(last_state(alice, bob) == MSG_QUEUED, "it waits here");
	alice->cut_off = false;
	sim_run_ms(s, MAIL_AGAIN_MS - 1000);
	ok(sim_lines(bob, alice) == 0, "not before its time");
	sim_run_ms(s, 2000);
	assert_string_equal(sim_heard(bob, alice), "one");
}

static void
t_a_relay_that_comes_back_is_used_at_once(void **state)
{
	(void)state;
	meet_and_part();
	sim_cut_off(alice, true);
	say(alice, bob, "one");
	sim_run_ms(s, 100);
	sim_cut_off(alice, false);
	sim_run_ms(s, 20);
	assert_string_equal(sim_heard(bob, alice), "one");
}

static void
t_a_lost_letter_is_left_again_after_a_day(void **state)
{
	(void)state;
	meet_and_part();
	sim_cut_off(bob, true);
	say(alice, bob, "one");
	sim_run_ms(s, 100);
	sim_lose_letter(bob, 0);
	sim_cut_off(bob, false);
	sim_run_ms(s, 1000);
	ok(sim_lines(bob, alice) == 0, "lost");
	/* A day of two sleeping programs. */
	for (int i = 0; i < 26; i++) {
		loop_virtual_run(alice->loop, MAIL_LOOK_MS);
		loop_virtual_run(bob->loop, MAIL_LOOK_MS);
		sim_run_ms(s, 5);
	}
	sim_run_ms(s, 500);
	assert_string_equal(sim_heard(bob, alice), "one");
	ok(owed(alice, bob) == 0, "and acknowledged");
}

/* ---- relays that repeat ------------------------------------------------- */

static void
row_60_letters_handed_out_again_are_answered_seldom(void **state)
{
	struct buf letter = { 0 };

	(void)state;
	meet_and_part();
	sim_cut_off(bob, true);
	say(alice, bob, "one");
	sim_run_ms(s, 20);
	sim_copy_letter(bob, 0, &letter);
	sim_cut_off(bob, false);
	sim_run_ms(s, 400);
	ok(bob->n_left == 1, "acknowledged");
	for (int i = 0; i < 20; i++) {
		sim_post(bob, alice, letter.at, letter.len);
		sim_run_ms(s, 400);
	}
	ok(bob->n_left == 2, "once more, and then not for a while");
	/* What is new is acknowledged at once all the same. */
	say(alice, bob, "two");
	sim_run_ms(s, 400);
	ok(owed(alice, bob) == 0, "delivered");
	ok(bob->n_left == 3, "one more");
	sim_post(bob, alice, letter.at, letter.len);
	sim_run_ms(s, MAIL_ECHO_MS + 1000);
	ok(bob->n_left == 4, "late, but answered");
	buf_clear(&letter);
}

static void
t_a_lost_acknowledgement_is_said_again(void **state)
{
	struct buf letter = { 0 };

	(void)state;
	meet_and_part();
	sim_cut_off(bob, true);
	say(alice, bob, "one");
	sim_run_ms(s, 20);
	sim_copy_letter(bob, 0, &letter);
	sim_cut_off(alice, true);
	sim_cut_off(bob, false);
	sim_run_ms(s, 400);
	sim_lose_letter(alice, 0);
	sim_post(bob, alice, letter.at, letter.len);
	sim_run_ms(s, 400);
	sim_lose_letter(alice, 0);
	sim_cut_off(alice, false);
	ok(owed(alice, bob) == 1, "two were lost");
	sim_post(bob, alice, letter.at, letter.len);
	sim_run_ms(s, 10000);
	ok(owed(alice, bob) == 1, "not yet");
	sim_run_ms(s, MAIL_ECHO_MS);
	ok(owed(alice, bob) == 0, "heard at last");
	buf_clear(&letter);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(t_full_mailbox_tells),
		CASE(t_why_a_relay_takes_nothing_is_told),
		CASE(t_a_limit_that_passes_is_not_told),
		CASE(t_an_unreachable_relay_is_asked_ever_more_rarely),
		CASE(t_a_relay_that_comes_back_is_used_at_once),
		CASE(t_a_lost_letter_is_left_again_after_a_day),
		CASE(row_60_letters_handed_out_again_are_answered_seldom),
		CASE(t_a_lost_acknowledgement_is_said_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
