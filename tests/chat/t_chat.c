/*
 * Delivery: said once, shown once, in order, through cuts, restarts, full
 * disks and old backups.
 */
#include "sim.h"

#include "own.h"

static struct sim *s;
static struct node *alice, *bob;

static int
begin(void **state)
{
	(void)state;
	s = sim_new(1);
	alice = sim_node(s, "alice");
	bob = sim_node(s, "bob");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	sim_free(s);
	return 0;
}

static void
say(struct node *from, struct node *to, const char *text)
{
	ok(sim_say(from, to, text) == 0, text);
}

static size_t
owed(struct node *who, struct node *to)
{
	return sim_person(who, to)->n_owed;
}

/* ---- plain delivery ----------------------------------------------------- */

static void
t_line_is_shown_and_marked_delivered(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	say(alice, bob, "hello");
	ok(sim_lines(alice, bob) == 0, "not shown before the commit");
	sim_run_ms(s, 1);
	ok(sim_line(alice, bob, 0)->state == MSG_QUEUED, "owed");
	ok(sim_told(alice, NEWS_SENT, "hello") == 1, "told as sent");
	sim_run_ms(s, 10);
	assert_string_equal(sim_heard(bob, alice), "hello");
	ok(sim_told(bob, NEWS_MESSAGE, "hello") == 1, "told once");
	ok(sim_line(alice, bob, 0)->state == MSG_DELIVERED, "acknowledged");
	ok(owed(alice, bob) == 0, "nothing is owed");
	ok(chat_owed(alice->chat) == 0, "to anybody");
}

static void
t_both_talk_at_once(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	for (int i = 0; i < 50; i++) {
		say(alice, bob, "a");
		say(bob, alice, "b");
	}
	sim_run_ms(s, 20);
	ok(sim_lines(alice, bob) == 100, "all there");
	ok(sim_lines(bob, alice) == 100, "all there");
	ok(owed(alice, bob) + owed(bob, alice) == 0, "and known to be");
}

static void
t_action_keeps_its_kind(void **state)
{
	struct err e = { 0 };

	(void)state;
	sim_meet(s, alice, bob);
	ok(chat_say(alice->chat, sim_person(alice, bob), MSG_ACTION, "waves",
	    5, &e) == 0, "said");
	sim_run_ms(s, 10);
	ok(sim_line(bob, alice, 0)->kind == MSG_ACTION, "an action");
}

static void
t_line_id_is_the_same_at_both_ends(void **state)
{
	char mine[LINE_ID_TEXT], theirs[LINE_ID_TEXT];

	(void)state;
	sim_meet(s, alice, bob);
	say(alice, bob, "one");
	say(alice, bob, "two");
	sim_run_ms(s, 10);
	line_id(sim_person(alice, bob), alice->id, sim_line(alice, bob, 1),
	    mine);
	line_id(sim_person(bob, alice), bob->id, sim_line(bob, alice, 1),
	    theirs);
	assert_string_equal(mine, theirs);
	line_id(sim_person(bob, alice), bob->id, sim_line(bob, alice, 0),
	    theirs);
	assert_string_not_equal(mine, theirs);
}

static void
t_line_waits_for_a_link(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	sim_part(s, alice, bob);
	say(alice, bob, "later");
	sim_run_ms(s, 100);
	ok(alice->wanted[1] && alice->urgent[1], "a link is wanted, soon");
	ok(sim_line(alice, bob, 0)->state == MSG_QUEUED, "owed meanwhile");
	sim_join(s, alice, bob);
	sim_run_ms(s, 10);
	assert_string_equal(sim_heard(bob, alice), "later");
}

static void
t_line_survives_a_cut_before_the_ack(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	sim_cut_after(s, bob, alice, 0);	/* Bob hears; his ack is lost */
	say(alice, bob, "hello");
	sim_run_ms(s, 500);
	ok(sim_line(alice, bob, 0)->state == MSG_QUEUED, "no ack, still owed");
	ok(sim_lines(bob, alice) == 1, "he has it");

	sim_restart(s, alice);
	sim_join(s, alice, bob);
	sim_run_ms(s, 500);
	ok(sim_lines(bob, alice) == 1, "sent twice, shown once");
	ok(sim_line(alice, bob, 0)->state == MSG_DELIVERED, "known to be");
}

static void
t_a_silent_link_is_spoken_to_again(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	sim_cut_after(s, alice, bob, 0);
	say(alice, bob, "hello");
	sim_run_ms(s, 100);
	ok(sim_lines(bob, alice) == 0, "lost on the way");
	/* It stands, and says nothing. */
	sim_cut_after(s, alice, bob, -1);
	sim_run_ms(s, 29000);
	ok(sim_lines(bob, alice) == 0, "not yet");
	sim_run_ms(s, 2000);
	assert_string_equal(sim_heard(bob, alice), "hello");
	ok(owed(alice, bob) == 0, "acknowledged");
}

static void
t_what_a_lost_link_acknowledged_is_said_again(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	sim_cut_after(s, bob, alice, 0);
	say(alice, bob, "hello");
	sim_run_ms(s, 100);
	ok(sim_lines(bob, alice) == 1, "he has it");
	ok(sim_line(alice, bob, 0)->state == MSG_QUEUED, "his ack is lost");
	/* He has another link; she never used the first one. */
	sim_cut_after(s, bob, alice, -1);
	bob->net->on_again(bob->net->chat, identity_id(alice->id));
	sim_run_ms(s, 100);
	ok(sim_line(alice, bob, 0)->state == MSG_DELIVERED,
	    "known at once, not when she asks");
}

static void
t_no_more_is_sent_than_the_carrier_has_room_for(void **state)
{
	char big[5000];

	(void)state;
	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	sim_meet(s, alice, bob);
	alice->room = 100;
	for (int i = 0; i < 10; i++)
		say(alice, bob, big);
	sim_run_ms(s, 5);
	ok(sim_lines(bob, alice) == 0, "no room, nothing sent");
	alice->room = 1 << 20;
	alice->net->on_room(alice->net->chat, identity_id(bob->id));
	sim_run_ms(s, 10);
	ok(sim_lines(bob, alice) == 10, "room again, all sent");
}

static void
row_35_frames_twice_and_out_of_order(void **state)
{
	char expected[4000] = "", word[16];

	(void)state;
	sim_meet(s, alice, bob);
	sim_weather(s, 20, 30, 30);
	for (int i = 0; i < 200; i++) {
		snprintf(word, sizeof(word), "%d", i);
		say(alice, bob, word);
		snprintf(expected + strlen(expected), 16, "%s%d",
		    i > 0 ? "|" : "", i);
		if (i % 10 == 0)
			sim_run_ms(s, 2);
	}
	for (int i = 0; i < 60 && owed(alice, bob) > 0; i++) {
		sim_join(s, alice, bob);
		sim_run_ms(s, 20);
	}
	ok(owed(alice, bob) == 0, "everything arrived in the end");
	assert_string_equal(sim_heard(bob, alice), expected);
	for (size_t i = 0; i < sim_lines(bob, alice); i++)
		ok(sim_line(bob, alice, i)->gap == 0, "nothing is missing");
}

static void
row_34_thirty_percent_loss_both_ways(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	sim_weather(s, 30, 0, 0);
	for (int i = 0; i < 100; i++) {
		say(alice, bob, "a");
		say(bob, alice, "b");
	}
	/* On one standing link: only the repetition helps. */
	sim_run_ms(s, 1500000);
	ok(owed(alice, bob) == 0 && owed(bob, alice) == 0, "all delivered");
	ok(sim_lines(alice, bob) == 200, "once");
}

static void
t_a_gap_is_told_until_it_is_filled(void **state)
{
	struct frame f = { .version = FRAME_VERSION, .type = FRAME_TEXT,
		.epoch = 2000000000000, .base = 2000000000000, .seq = 1,
		.body = (const uint8_t *)"one", .len = 3 };

	(void)state;
	sim_meet(s, alice, bob);
	ok(sim_hear(bob, alice, &f) == FRAME_TAKEN, "one");
	f.seq = 4;
	f.body = (const uint8_t *)"fou";
	sim_hear(bob, alice, &f);
	sim_run_ms(s, 1);
	ok(sim_line(bob, alice, 1)->gap == 2, "two are missing");
	f.seq = 3;
	f.body = (const uint8_t *)"thr";
	sim_hear(bob, alice, &f);
	sim_run_ms(s, 1);
	assert_string_equal(sim_heard(bob, alice), "one|thr|fou");
	ok(sim_line(bob, alice, 1)->gap == 1, "one, before the third");
	ok(sim_line(bob, alice, 2)->gap == 0, "none before the fourth");
	/* They will never come: the sender owes nothing of that epoch. */
	f.epoch = f.base = 2000000000001;
	f.seq = 1;
	sim_hear(bob, alice, &f);
	sim_run_ms(s, 1);
	ok(sim_line(bob, alice, 1)->gap == 0, "nothing to wait for");
}

static void
t_ephemeral_people_talk_too(void **state)
{
	struct node *carol = sim_ephemeral(s, "carol");

	(void)state;
	sim_meet(s, carol, bob);
	say(carol, bob, "nothing is kept");
	say(bob, carol, "indeed");
	sim_run_ms(s, 20);
	assert_string_equal(sim_heard(bob, carol), "nothing is kept");
	assert_string_equal(sim_heard(carol, bob), "indeed");
	ok(owed(carol, bob) + owed(bob, carol) == 0, "acknowledged");
}

/* ---- stops and starts --------------------------------------------------- */

static void
row_02_killed_after_the_store_before_the_send(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	sim_cut_after(s, alice, bob, 0);
	say(alice, bob, "hello");
	sim_run_ms(s, 1);
	sim_kill(s, alice);
	ok(owed(alice, bob) == 1, "owed again");
	ok(sim_line(alice, bob, 0)->state == MSG_QUEUED, "and shown so");
	sim_join(s, alice, bob);
	sim_run_ms(s, 50);
	assert_string_equal(sim_heard(bob, alice), "hello");
	sim_kill(s, alice);
	sim_join(s, alice, bob);
	sim_run_ms(s, 50);
	assert_string_equal(sim_heard(bob, alice), "hello");
}

static void
row_03_recipient_killed_before_the_ack(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	sim_cut_after(s, bob, alice, 0);
	say(alice, bob, "hello");
	sim_run_ms(s, 5);
	sim_kill(s, bob);
	ok(sim_lines(bob, alice) == 1, "unread, from the store");
	sim_run_ms(s, 1);
	sim_join(s, alice, bob);
	sim_run_ms(s, 50);
	ok(sim_lines(bob, alice) == 1, "once");
	ok(owed(alice, bob) == 0, "and acknowledged now");
}

static void
t_both_restart_again_and_again(void **state)
{
	char expected[2000] = "", word[16];

	(void)state;
	sim_meet(s, alice, bob);
	for (int i = 0; i < 40; i++) {
		snprintf(word, sizeof(word), "%d", i);
		snprintf(expected + strlen(expected), 16, "%s%d",
		    i > 0 ? "|" : "", i);
		say(alice, bob, word);
		sim_run_ms(s, sim_random(s, 4));
		if (i % 3 == 0)
			sim_kill(s, alice);
		if (i % 4 == 0)
			sim_kill(s, bob);
		if (i % 2 == 0)
			sim_join(s, alice, bob);
	}
	sim_join(s, alice, bob);
	sim_run_ms(s, 50);
	/* A word that was not committed when Alice was killed was never
	 * said; every other one is there, once, in order. */
	for (size_t i = 0; i < sim_lines(bob, alice); i++)
		ok(strstr(expected, sim_line(bob, alice, i)->text) != NULL,
		    "said by her");
	for (size_t i = 1; i < sim_lines(bob, alice); i++)
		ok(atoi(sim_line(bob, alice, i - 1)->text) <
		    atoi(sim_line(bob, alice, i)->text), "in order, once");
	ok(owed(alice, bob) == 0, "nothing is owed");
}

static void
t_unread_comes_back_after_a_restart(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	say(alice, bob, "one");
	say(alice, bob, "two");
	sim_run_ms(s, 10);
	sim_restart(s, bob);
	sim_forget_told(bob);
	sim_run_ms(s, 1);
	ok(sim_told(bob, NEWS_MESSAGE, NULL) == 2, "told in the first turn");
	assert_string_equal(sim_heard(bob, alice), "one|two");
	chat_look(bob->chat, sim_person(bob, alice));
	sim_run_ms(s, 50);
	sim_restart(s, bob);
	sim_forget_told(bob);
	sim_run_ms(s, 1);
	ok(sim_told(bob, NEWS_MESSAGE, NULL) == 0, "read, so not again");
}

static void
t_each_start_has_a_higher_epoch(void **state)
{
	uint64_t before;

	(void)state;
	before = alice->chat->epoch;
	sim_restart(s, alice);
	ok(alice->chat->epoch > before, "no time passed, yet it is new");
	before = alice->chat->epoch;
	alice->wall_ms = 0;
	sim_kill(s, alice);
	ok(alice->chat->epoch > before, "killed: the old one was kept");
}

static void
row_28_two_copies_of_one_identity(void **state)
{
	struct frame f = { .version = FRAME_VERSION, .type = FRAME_ACK };

	(void)state;
	sim_meet(s, alice, bob);
	f.ack_epoch = alice->chat->epoch + 1000;
	f.ack_cum = 3;
	sim_hear(alice, bob, &f);
	sim_hear(alice, bob, &f);
	sim_run_ms(s, 1);
	ok(sim_told(alice, NEWS_NOTICE, "another copy") == 1, "told, once");
}

static void
row_29_old_backup_restored(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	say(alice, bob, "one");
	say(bob, alice, "eins");
	sim_run_ms(s, 20);
	sim_backup(alice);
	for (int i = 0; i < 100; i++) {
		say(alice, bob, "lost");
		say(bob, alice, "verloren");
	}
	sim_run_ms(s, 50);
	ok(sim_lines(bob, alice) == 202, "all there before");

	sim_restore(s, alice);
	sim_run_ms(s, 1);
	ok(sim_join(s, alice, bob), "still contacts");
	say(alice, bob, "again");
	say(bob, alice, "wieder");
	sim_run_ms(s, 100);
	ok(sim_told(bob, NEWS_MESSAGE, "again") == 1,
	    "her new words are not taken for old ones");
	ok(sim_told(alice, NEWS_MESSAGE, "wieder") == 1,
	    "nor are his, whose numbers she forgot");
	ok(owed(alice, bob) == 0, "he acknowledges her new epoch");
	ok(owed(bob, alice) == 0, "she reaches over what she forgot");
	/* And it stays so. */
	for (int i = 0; i < 100; i++)
		say(bob, alice, "weiter");
	sim_run_ms(s, 100);
	ok(owed(bob, alice) == 0, "her window follows again");
}

static void
t_restored_recipient_gets_a_burst(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	sim_backup(bob);
	for (int i = 0; i < 5000; i++)
		say(alice, bob, "x");
	sim_run_ms(s, 200);
	ok(owed(alice, bob) == 0, "more than a window went through");
	ok(sim_lines(bob, alice) == 5000, "all of it");
	sim_restore(s, bob);
	sim_join(s, alice, bob);
	say(alice, bob, "after");
	sim_run_ms(s, 50);
	ok(owed(alice, bob) == 0, "5000 numbers behind, and acknowledged");
	ok(sim_told(bob, NEWS_MESSAGE, "after") == 1, "shown");
}

static void
row_31_clock_nonsense_at_start(void **state)
{
	static const int64_t walls[] = { 0, 1700000000000 - 2592000000,
		1700000000000 + 315360000000, 1700000000001, 0 };
	char word[16];

	(void)state;
	sim_meet(s, alice, bob);
	for (int i = 0; i < 5; i++) {
		sim_restart(s, alice);
		/* stop() notes the clock; the next start has another. */
		alice->wall_ms = walls[i];
		sim_kill(s, alice);
		snprintf(word, sizeof(word), "%d", i);
		say(alice, bob, word);
		sim_join(s, alice, bob);
		sim_run_ms(s, 20);
	}
	assert_string_equal(sim_heard(bob, alice), "0|1|2|3|4");
	ok(owed(alice, bob) == 0, "all acknowledged");
}

static void
row_31_a_line_from_the_end_of_time(void **state)
{
	struct frame f = { .version = FRAME_VERSION, .type = FRAME_TEXT,
		.epoch = 5, .base = 5, .seq = 1, .time_ms = UINT64_MAX,
		.body = (const uint8_t *)"hi", .len = 2 };

	(void)state;
	sim_meet(s, alice, bob);
	sim_hear(bob, alice, &f);
	sim_run_ms(s, 1);
	ok(sim_line(bob, alice, 0)->sent_ms == 253402300799999,
	    "no later than a clock can show");
}

/* ---- a store that refuses ----------------------------------------------- */

static void
row_09_disk_full_when_saying(void **state)
{
	struct err e = { 0 };

	(void)state;
	sim_meet(s, alice, bob);
	alice->full = true;
	say(alice, bob, "hello");
	sim_squeeze(alice, true);
	ok(chat_commit(alice->chat, &e) < 0, "not committed");
	sim_squeeze(alice, false);
	ok(e.status == STATUS_CANNOT_CREATE, e.what);
	ok(chat_trouble(alice->chat) != NULL, "for the banner");
	ok(chat_commit(alice->chat, NULL) == 0, "there is nothing to write");
	ok(chat_trouble(alice->chat) != NULL, "which proves nothing");
	sim_run_ms(s, 20);
	ok(sim_lines(alice, bob) == 0, "not said");
	ok(sim_lines(bob, alice) == 0, "and not sent");
	ok(chat_owed(alice->chat) == 0, "nor owed");

	alice->full = false;
	sim_run_ms(s, 6000);
	ok(chat_trouble(alice->chat) == NULL, "asked again, all well");
	sim_join(s, alice, bob);
	say(alice, bob, "hello");
	sim_run_ms(s, 20);
	assert_string_equal(sim_heard(bob, alice), "hello");
	ok(sim_line(bob, alice, 0)->gap == 0, "the number was free");
}

static void
row_09_disk_full_without_a_command(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	alice->full = true;
	say(alice, bob, "hello");
	sim_run_ms(s, 1);
	ok(sim_told(alice, NEWS_ERROR, "message not sent") == 1, "told");
	ok(sim_told(alice, NEWS_SENT, NULL) == 0, "not as sent");
}

static void
t_disk_full_when_hearing(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	bob->full = true;
	say(alice, bob, "hello");
	sim_run_ms(s, 20);
	ok(sim_lines(bob, alice) == 0, "not shown");
	ok(sim_told(bob, NEWS_MESSAGE, NULL) == 0, "not told");
	ok(owed(alice, bob) == 1, "not acknowledged");
	ok(bob->n_drops > 0, "the link is dropped, to hear it again");
	ok(!sim_person(bob, alice)->linked, "and gone");

	bob->full = false;
	sim_run_ms(s, 6000);
	sim_join(s, alice, bob);
	sim_run_ms(s, 20);
	assert_string_equal(sim_heard(bob, alice), "hello");
	ok(owed(alice, bob) == 0, "acknowledged");
}

/* What the end of the link left to be written has no row any more. */
static void
t_removed_before_all_is_on_disk(void **state)
{
	struct err e = { 0 };

	(void)state;
	sim_meet(s, alice, bob);
	sim_part(s, alice, bob);
	ok(chat_remove(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 5);
	ok(!chat_trouble(bob->chat), "nothing is wrong with the disk");
	sim_kill(s, bob);
	ok(!sim_person(bob, alice), "nor is anything left there");
}

/* ---- taking back -------------------------------------------------------- */

static void
t_unsend_takes_back_what_no_link_carried(void **state)
{
	struct err e = { 0 };

	(void)state;
	sim_meet(s, alice, bob);
	sim_part(s, alice, bob);
	say(alice, bob, "keep");
	say(alice, bob, "oops");
	sim_run_ms(s, 1);
	ok(chat_unsend(alice->chat, sim_person(alice, bob), &e) == 0,
	    e.what);
	ok(owed(alice, bob) == 1, "the other stays");
	say(alice, bob, "better");
	sim_run_ms(s, 1);
	sim_join(s, alice, bob);
	sim_run_ms(s, 20);
	assert_string_equal(sim_heard(bob, alice), "keep|better");
	ok(sim_line(bob, alice, 1)->gap == 0, "no number is missing");
	ok(chat_unsend(alice->chat, sim_person(alice, bob), &e) < 0 &&
	    e.status == STATUS_USAGE, "nothing is waiting any more");
}

static void
t_unsend_survives_a_kill(void **state)
{
	struct err e = { 0 };

	(void)state;
	sim_meet(s, alice, bob);
	sim_part(s, alice, bob);
	say(alice, bob, "oops");
	sim_run_ms(s, 1);
	ok(chat_unsend(alice->chat, sim_person(alice, bob), &e) == 0,
	    e.what);
	sim_kill(s, alice);
	ok(owed(alice, bob) == 0, "not owed any more");
	sim_join(s, alice, bob);
	sim_run_ms(s, 20);
	ok(sim_lines(bob, alice) == 0, "never said");
}

static void
t_unsend_refuses_what_is_on_its_way(void **state)
{
	struct err e = { 0 };

	(void)state;
	sim_meet(s, alice, bob);
	sim_cut_after(s, alice, bob, 0);
	say(alice, bob, "gone");
	sim_run_ms(s, 5);
	ok(chat_unsend(alice->chat, sim_person(alice, bob), &e) < 0,
	    "a link took it");
	ok(strstr(e.what, "on its way") != NULL, e.what);
}

static void
t_unsend_refuses_what_may_have_been_sent_before_a_kill(void **state)
{
	struct err e = { 0 };

	(void)state;
	sim_meet(s, alice, bob);
	sim_cut_after(s, bob, alice, 0);
	say(alice, bob, "heard");
	sim_run_ms(s, 10);
	sim_kill(s, alice);
	ok(chat_unsend(alice->chat, sim_person(alice, bob), &e) < 0,
	    "nobody remembers whether it left");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_line_is_shown_and_marked_delivered),
		TEST(t_both_talk_at_once),
		TEST(t_action_keeps_its_kind),
		TEST(t_line_id_is_the_same_at_both_ends),
		TEST(t_line_waits_for_a_link),
		TEST(t_line_survives_a_cut_before_the_ack),
		TEST(t_a_silent_link_is_spoken_to_again),
		TEST(t_what_a_lost_link_acknowledged_is_said_again),
		TEST(t_no_more_is_sent_than_the_carrier_has_room_for),
		TEST(row_35_frames_twice_and_out_of_order),
		TEST(row_34_thirty_percent_loss_both_ways),
		TEST(t_a_gap_is_told_until_it_is_filled),
		TEST(t_ephemeral_people_talk_too),
		TEST(row_02_killed_after_the_store_before_the_send),
		TEST(row_03_recipient_killed_before_the_ack),
		TEST(t_both_restart_again_and_again),
		TEST(t_unread_comes_back_after_a_restart),
		TEST(t_each_start_has_a_higher_epoch),
		TEST(row_28_two_copies_of_one_identity),
		TEST(row_29_old_backup_restored),
		TEST(t_restored_recipient_gets_a_burst),
		TEST(row_31_clock_nonsense_at_start),
		TEST(row_31_a_line_from_the_end_of_time),
		TEST(row_09_disk_full_when_saying),
		TEST(row_09_disk_full_without_a_command),
		TEST(t_disk_full_when_hearing),
		TEST(t_removed_before_all_is_on_disk),
		TEST(t_unsend_takes_back_what_no_link_carried),
		TEST(t_unsend_survives_a_kill),
		TEST(t_unsend_refuses_what_is_on_its_way),
		TEST(t_unsend_refuses_what_may_have_been_sent_before_a_kill),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
