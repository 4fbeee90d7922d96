/*
 * Mail: what waits at a relay for somebody who is away.  Said once, shown
 * once, in order, by whichever way it came.
 */
#include "mail-kit.h"

/* ---- away and back ------------------------------------------------------ */

static void
t_words_wait_at_the_relay(void **state)
{
	(void)state;
	meet_and_part();
	sim_cut_off(bob, true);
	say(alice, bob, "one");
	sim_run_ms(s, 20);
	ok(last_state(alice, bob) == MSG_STORED, "one tick");
	ok(owed(alice, bob) == 1, "still owed");
	ok(sim_letters(bob) == 1, "one letter");
	ok(sim_lines(bob, alice) == 0, "not there yet");
	sim_cut_off(bob, false);
	sim_run_ms(s, 20);
	assert_string_equal(sim_heard(bob, alice), "one");
	ok(sim_letters(bob) == 0, "taken off the relay");
	ok(last_state(alice, bob) == MSG_STORED, "acks gather first");
	sim_run_ms(s, 300);
	ok(last_state(alice, bob) == MSG_DELIVERED, "two ticks");
	ok(owed(alice, bob) == 0, "nothing owed");
	ok(sim_letters(alice) == 0, "the acknowledgement was taken");
}

static void
t_away_then_back_gets_all_once_in_order(void **state)
{
	char text[8], expected[600] = "";

	(void)state;
	meet_and_part();
	sim_cut_off(bob, true);
	for (int i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "%d", i);
		say(alice, bob, text);
		snprintf(expected + strlen(expected), 8, "%s%d",
		    i ? "|" : "", i);
	}
	sim_run_ms(s, 100);
	ok(sim_letters(bob) == 100, "one letter a row");
	sim_cut_off(bob, false);
	sim_run_ms(s, 400);
	assert_string_equal(sim_heard(bob, alice), expected);
	ok(owed(alice, bob) == 0, "all acknowledged");
	ok(bob->n_left == 1, "a batch is one letter");
	for (size_t i = 0; i < 100; i++)
		ok(sim_line(bob, alice, i)->gap == 0, "nothing is missing");
}

static void
t_link_and_mailbox_at_once(void **state)
{
	(void)state;
	meet_and_part();
	sim_cut_off(bob, true);
	say(alice, bob, "one");
	say(alice, bob, "two");
	sim_run_ms(s, 20);
	ok(sim_letters(bob) == 2, "at the relay");
	sim_join(s, alice, bob);
	sim_run_ms(s, 20);
	sim_cut_off(bob, false);
	sim_run_ms(s, 500);
	assert_string_equal(sim_heard(bob, alice), "one|two");
	ok(sim_letters(bob) == 0, "copies are taken, too");
	ok(owed(alice, bob) == 0, "acknowledged");
}

static void
t_both_away_alternately(void **state)
{
	(void)state;
	meet_and_part();
	for (int i = 0; i < 5; i++) {
		sim_cut_off(alice, false);
		sim_cut_off(bob, true);
		say(alice, bob, "a");
		sim_run_ms(s, 400);
		sim_cut_off(alice, true);
		sim_cut_off(bob, false);
		say(bob, alice, "b");
		sim_run_ms(s, 400);
		if (i == 2) {
			sim_kill(s, alice);
			sim_kill(s, bob);
			sim_relay(alice, true);
			sim_relay(bob, true);
		}
	}
	sim_cut_off(alice, false);
	sim_run_ms(s, 1000);
	ok(owed(alice, bob) + owed(bob, alice) == 0, "all acknowledged");
	ok(strstr(sim_heard(bob, alice), "a|a") != NULL, "those unread");
	ok(strstr(sim_heard(alice, bob), "b|b") != NULL, "those unread");
}

static void
t_what_a_lost_link_carried_is_left(void **state)
{
	(void)state;
	meet();
	sim_cut_after(s, alice, bob, 0);
	say(alice, bob, "into the void");
	sim_run_ms(s, 20);
	ok(sim_letters(bob) == 0, "a link stands");
	sim_part(s, alice, bob);
	sim_run_ms(s, 20);
	assert_string_equal(sim_heard(bob, alice), "into the void");
}

static void
t_a_silent_link_is_not_waited_for(void **state)
{
	(void)state;
	meet();
	sim_cut_after(s, alice, bob, 0);
	say(alice, bob, "anybody there?");
	sim_run_ms(s, MAIL_SLOW_MS - 100);
	ok(sim_lines(bob, alice) == 0, "not yet");
	sim_run_ms(s, 200);
	assert_string_equal(sim_heard(bob, alice), "anybody there?");
	ok(sim_person(alice, bob)->linked, "though the link stands");
}

static void
t_words_queued_before_a_start_are_left(void **state)
{
	(void)state;
	meet_and_part();
	sim_cut_off(alice, true);
	say(alice, bob, "later");
	sim_run_ms(s, 20);
	ok(last_state(alice, bob) == MSG_QUEUED, "no relay answers");
	sim_kill(s, alice);
	sim_cut_off(alice, false);
	sim_run_ms(s, MAIL_START_MS + 100);
	assert_string_equal(sim_heard(bob, alice), "later");
}

static void
t_stored_stays_stored_over_a_restart(void **state)
{
	size_t left;

	(void)state;
	meet_and_part();
	sim_cut_off(bob, true);
	say(alice, bob, "one");
	sim_run_ms(s, 50);
	left = alice->n_left;
	sim_kill(s, alice);
	ok(last_state(alice, bob) == MSG_STORED, "known");
	sim_relay(alice, true);
	sim_run_ms(s, 2 * MAIL_START_MS);
	ok(alice->n_left == left, "not tried again");
	ok(sim_letters(bob) == 1, "not left twice");
	sim_cut_off(bob, false);
	sim_run_ms(s, 400);
	ok(last_state(alice, bob) == MSG_DELIVERED, "and delivered");
}

static void
t_a_repeated_upload_is_the_same_one(void **state)
{
	(void)state;
	meet_and_part();
	sim_cut_off(bob, true);
	say(alice, bob, "one");
	sim_run_ms(s, 1);
	/* The relay has it, Alice dies before she knows. */
	ok(sim_letters(bob) == 1, "stored");
	sim_kill(s, alice);
	ok(last_state(alice, bob) == MSG_QUEUED, "and she does not know");
	sim_relay(alice, true);
	sim_run_ms(s, 2 * MAIL_START_MS);
	ok(last_state(alice, bob) == MSG_STORED, "now she does");
	ok(sim_letters(bob) == 1, "stored once");
}

static void
t_read_marks_come_by_mail(void **state)
{
	(void)state;
	meet_and_part();
	say(alice, bob, "one");
	sim_run_ms(s, 10);
	chat_look(bob->chat, sim_person(bob, alice));
	sim_run_ms(s, 400);
	ok(last_state(alice, bob) == MSG_READ, "he has seen it");
	ok(bob->n_left <= 2, "few letters");
}

static void
t_nobody_without_a_place_is_left_letters(void **state)
{
	struct node *carol = sim_node(s, "Carol");

	(void)state;
	sim_run_ms(s, 300);
	sim_meet(s, alice, carol);
	say(alice, carol, "hi");
	sim_run_ms(s, 50);
	sim_part(s, alice, carol);
	say(alice, carol, "later");
	sim_run_ms(s, 1000);
	ok(alice->n_left == 0 && alice->n_busy == 0, "nothing was tried");
	ok(last_state(alice, carol) == MSG_QUEUED, "it waits here");
	sim_join(s, alice, carol);
	sim_run_ms(s, 20);
	assert_string_equal(sim_heard(carol, alice), "hi|later");
}

static void
t_what_was_left_cannot_be_taken_back(void **state)
{
	(void)state;
	meet_and_part();
	sim_cut_off(bob, true);
	say(alice, bob, "oops");
	sim_run_ms(s, 20);
	ok(chat_unsend(alice->chat, sim_person(alice, bob), &e) < 0,
	    "a relay has it");
}

static void
t_what_no_relay_was_given_can_be_taken_back(void **state)
{
	struct person *p;

	(void)state;
	meet_and_part();
	p = sim_person(alice, bob);
	sim_cut_off(alice, true);
	say(alice, bob, "oops");
	sim_run_ms(s, 2 * MAIL_AGAIN_MS);
	ok(chat_unsend(alice->chat, p, &e) == 0, e.what);
	say(alice, bob, "better");
	/* Under way: nobody knows. */
	sim_cut_off(alice, false);
	loop_virtual_run(alice->loop, 1);
	ok(chat_unsend(alice->chat, p, &e) < 0, "on its way");
	sim_run_ms(s, 400);
	assert_string_equal(sim_heard(bob, alice), "better");
	ok(sim_line(bob, alice, 0)->gap == 0, "no number is missing");
	/* A relay that took none of it has read all of it. */
	bob->box_full = true;
	say(alice, bob, "late");
	sim_run_ms(s, 100);
	ok(chat_unsend(alice->chat, p, &e) < 0, "a relay was given it");
}

/* ---- the order of disk and relay ---------------------------------------- */

static void
t_a_failed_commit_leaves_the_letter(void **state)
{
	size_t took;

	(void)state;
	meet_and_part();
	took = bob->n_took;
	bob->full = true;
	say(alice, bob, "one");
	sim_run_ms(s, 50);
	ok(bob->n_took == took, "not taken");
	ok(sim_letters(bob) == 1, "the relay has it");
	ok(sim_lines(bob, alice) == 0, "and it is not shown");
	bob->full = false;
	sim_run_ms(s, 6000);
	assert_string_equal(sim_heard(bob, alice), "one");
	sim_run_ms(s, 500);
	ok(sim_letters(bob) == 0, "taken now");
	ok(owed(alice, bob) == 0, "and acknowledged");
}

static void
t_killed_before_taking_shows_once(void **state)
{
	(void)state;
	meet_and_part();
	sim_cut_off(bob, true);
	say(alice, bob, "one");
	sim_run_ms(s, 20);
	sim_repeat_letter(bob, 0);
	sim_cut_off(bob, false);
	sim_run_ms(s, 1);
	sim_kill(s, bob);
	sim_relay(bob, true);
	sim_run_ms(s, 2000);
	assert_string_equal(sim_heard(bob, alice), "one");
	ok(owed(alice, bob) == 0, "and acknowledged");
}

static void
t_acked_stays_acked_over_a_kill(void **state)
{
	size_t took;

	(void)state;
	meet_and_part();
	took = alice->n_took;
	say(alice, bob, "one");
	while (alice->n_took == took)
		sim_run_ms(s, 1);
	/* The relay has deleted it: nobody would say it again. */
	sim_kill(s, alice);
	ok(chat_owed(alice->chat) == 0, "still acknowledged");
}

/* ---- keys --------------------------------------------------------------- */

static uint64_t
newest_key(struct node *who, struct node *of)
{
	return ring_newest(&sim_person(who, of)->own->n.ring)->gen;
}

static void
t_what_opened_a_letter_opens_no_later_one(void **state)
{
	uint64_t before;

	(void)state;
	meet_and_part();
	sim_cut_off(alice, true);
	before = newest_key(bob, alice);
	sim_cut_off(alice, false);
	say(alice, bob, "one");
	sim_run_ms(s, 20);
	ok(newest_key(bob, alice) > before, "a new key");
	sim_run_ms(s, 500);
	ok(sim_person(alice, bob)->own->n.peer_gen == newest_key(bob, alice),
	    "and she knows it");
}

static void
t_keys_change_daily(void **state)
{
	uint64_t before;

	(void)state;
	meet_and_part();
	before = newest_key(alice, bob);
	for (int i = 0; i < 25; i++)
		loop_virtual_run(alice->loop, MAIL_LOOK_MS);
	say(alice, bob, "one");
	sim_run_ms(s, 20);
	ok(newest_key(alice, bob) >= before + MAIL_DAY_MS, "a day, a key");
}

/* ---- backups ------------------------------------------------------------ */

static void
row_29_restored_backup_heals_by_reseal(void **state)
{
	(void)state;
	meet();
	sim_backup(bob);
	sim_restart(s, bob);
	sim_relay(bob, true);
	sim_join(s, alice, bob);
	say(bob, alice, "with a key that the backup does not have");
	sim_run_ms(s, 500);
	sim_part(s, alice, bob);
	sim_cut_off(bob, true);
	say(alice, bob, "one");
	say(alice, bob, "two");
	sim_run_ms(s, 100);
	ok(sim_letters(bob) == 2, "sealed to that key");
	sim_restore(s, bob);
	sim_relay(bob, true);
	sim_cut_off(bob, false);
	sim_run_ms(s, 3000);
	assert_string_equal(sim_heard(bob, alice), "one|two");
	ok(owed(alice, bob) == 0, "healed without anybody");
	ok(sim_letters(bob) == 0, "what does not open is not kept");
}

/* What was acknowledged is not said again to the older copy. */
static void
row_29_restored_sender_loses_nothing(void **state)
{
	(void)state;
	meet_and_part();
	sim_cut_off(alice, true);
	say(alice, bob, "one");
	sim_run_ms(s, 20);
	sim_backup(alice);
	sim_cut_off(alice, false);
	say(alice, bob, "two");
	sim_run_ms(s, 1000);
	assert_string_equal(sim_heard(bob, alice), "one|two");
	sim_restore(s, alice);
	sim_relay(alice, true);
	say(alice, bob, "three");
	sim_run_ms(s, 3000);
	assert_string_equal(sim_heard(bob, alice), "one|two|three");
	ok(owed(alice, bob) == 0, "all acknowledged");
}

static void
t_reseals_are_rare(void **state)
{
	uint8_t junk[400] = { 0x10, 1 };

	(void)state;
	meet_and_part();
	for (int i = 0; i < 20; i++) {
		junk[5] = (uint8_t)i;
		sim_post(bob, alice, junk, sizeof(junk));
		sim_run_ms(s, 50);
	}
	ok(bob->n_left == 1, "one in ten minutes");
	ok(sim_letters(bob) == 0, "junk is taken off");
	sim_run_ms(s, MAIL_RESEAL_MS);
	sim_post(bob, alice, junk, sizeof(junk));
	sim_run_ms(s, 50);
	ok(bob->n_left == 2, "and one more");
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(t_words_wait_at_the_relay),
		CASE(t_away_then_back_gets_all_once_in_order),
		CASE(t_link_and_mailbox_at_once),
		CASE(t_both_away_alternately),
		CASE(t_what_a_lost_link_carried_is_left),
		CASE(t_a_silent_link_is_not_waited_for),
		CASE(t_words_queued_before_a_start_are_left),
		CASE(t_stored_stays_stored_over_a_restart),
		CASE(t_a_repeated_upload_is_the_same_one),
		CASE(t_read_marks_come_by_mail),
		CASE(t_nobody_without_a_place_is_left_letters),
		CASE(t_what_was_left_cannot_be_taken_back),
		CASE(t_what_no_relay_was_given_can_be_taken_back),
		CASE(t_a_failed_commit_leaves_the_letter),
		CASE(t_killed_before_taking_shows_once),
		CASE(t_acked_stays_acked_over_a_kill),
		CASE(t_what_opened_a_letter_opens_no_later_one),
		CASE(t_keys_change_daily),
		CASE(row_29_restored_backup_heals_by_reseal),
		CASE(row_29_restored_sender_loses_nothing),
		CASE(t_reseals_are_rare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
