/*
 * Talks as they are looked at: marks, receipts, typing, presence, history,
 * pages.
 */
#include "sim.h"

#include "own.h"

static struct sim *s;
static struct node *alice, *bob;
static struct err e;

static int
begin(void **state)
{
	(void)state;
	s = sim_new(3);
	alice = sim_node(s, "Alice");
	bob = sim_node(s, "Bob");
	memset(&e, 0, sizeof(e));
	sim_meet(s, alice, bob);
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
	sim_run_ms(s, 20);
}

static void
look(struct node *who, struct node *at)
{
	chat_look(who->chat, at ? sim_person(who, at) : NULL);
	sim_run_ms(s, 40);
}

static void
set(struct node *n, const char *name, const char *value)
{
	ok(opts_set(n->opts, name, value, &e) == 0, e.what);
}

static size_t
unread(struct node *who, struct node *of)
{
	size_t n = sim_person(who, of)->n_unread;

	ok(!sim_person(who, of)->talk ||
	    talk_unread(sim_person(who, of)->talk) == n, "both counts agree");
	return n;
}

/* ---- marks -------------------------------------------------------------- */

static void
t_looking_reads_and_tells(void **state)
{
	(void)state;
	say(alice, bob, "one");
	say(alice, bob, "two");
	ok(unread(bob, alice) == 2, "unread");
	ok(sim_line(alice, bob, 1)->state == MSG_DELIVERED, "delivered only");
	look(bob, alice);
	ok(unread(bob, alice) == 0, "read");
	ok(sim_line(alice, bob, 0)->state == MSG_READ, "known to be");
	ok(sim_line(alice, bob, 1)->state == MSG_READ, "both");
	ok(sim_told(alice, NEWS_STATE, "two") == 2, "delivered, then read");
}

static void
t_what_comes_while_looking_is_read(void **state)
{
	(void)state;
	look(bob, alice);
	say(alice, bob, "hello");
	sim_run_ms(s, 40);
	ok(unread(bob, alice) == 0, "at once");
	ok(sim_line(alice, bob, 0)->state == MSG_READ, "and told");
	look(bob, NULL);
	say(alice, bob, "more");
	ok(unread(bob, alice) == 1, "nobody looks any more");
}

static void
t_lines_are_seen_one_by_one(void **state)
{
	(void)state;
	say(alice, bob, "one");
	say(alice, bob, "two");
	say(alice, bob, "three");
	chat_seen(bob->chat, sim_person(bob, alice), sim_line(bob, alice, 0));
	chat_seen(bob->chat, sim_person(bob, alice), sim_line(bob, alice, 1));
	sim_run_ms(s, 40);
	ok(unread(bob, alice) == 1, "the third is not");
	ok(sim_line(alice, bob, 1)->state == MSG_READ, "told so far");
	ok(sim_line(alice, bob, 2)->state == MSG_DELIVERED, "no further");
	sim_kill(s, bob);
	assert_string_equal(sim_heard(bob, alice), "three");
}

static void
t_receipts_off_tells_nothing(void **state)
{
	(void)state;
	set(bob, "receipts", "off");
	say(alice, bob, "one");
	look(bob, alice);
	ok(unread(bob, alice) == 0, "read");
	ok(sim_line(alice, bob, 0)->state == MSG_DELIVERED, "not told");
	sim_join(s, alice, bob);
	sim_run_ms(s, 40);
	ok(sim_line(alice, bob, 0)->state == MSG_DELIVERED, "nor later");
}

static void
t_a_receipt_lost_on_the_way_comes_with_the_next_link(void **state)
{
	(void)state;
	say(alice, bob, "one");
	sim_cut_after(s, bob, alice, 0);
	look(bob, alice);
	ok(sim_line(alice, bob, 0)->state == MSG_DELIVERED, "lost");
	sim_join(s, alice, bob);
	sim_run_ms(s, 40);
	ok(sim_line(alice, bob, 0)->state == MSG_READ, "said again");
}

static void
t_a_receipt_for_what_was_not_said_is_ignored(void **state)
{
	uint8_t body[16];
	struct frame f = { .version = FRAME_VERSION, .type = FRAME_READ,
		.body = body, .len = sizeof(body) };

	(void)state;
	memset(body, 0xff, sizeof(body));
	sim_hear(alice, bob, &f);
	say(alice, bob, "one");
	ok(sim_line(alice, bob, 0)->state == MSG_DELIVERED, "not read ahead");
}

static void
t_the_new_rule_stays_on_its_line(void **state)
{
	struct talk *t;

	(void)state;
	say(alice, bob, "old");
	look(bob, alice);
	look(bob, NULL);
	say(alice, bob, "new");
	say(alice, bob, "newer");
	t = chat_open(bob->chat, sim_person(bob, alice), &e);
	ok(talk_new_mark(t) == 1, "before the first unread line");
	look(bob, alice);
	say(bob, alice, "answer");
	ok(talk_new_mark(t) == 1, "reading does not move it");
	t = chat_open(bob->chat, sim_person(bob, alice), &e);
	ok(talk_new_mark(t) == talk_count(t), "opened again: nothing is new");
}

/* ---- typing and presence ------------------------------------------------ */

static void
t_typing_shows_and_ends(void **state)
{
	struct person *p = sim_person(bob, alice);

	(void)state;
	chat_typing(alice->chat, sim_person(alice, bob), true);
	sim_run_ms(s, 5);
	ok(p->typing, "shown");
	sim_run_ms(s, 5900);
	ok(p->typing, "for a while");
	sim_run_ms(s, 200);
	ok(!p->typing, "not for ever");
	ok(sim_told(bob, NEWS_TYPING, NULL) == 2, "on and off");
	chat_typing(alice->chat, sim_person(alice, bob), true);
	sim_run_ms(s, 5);
	ok(p->typing, "again");
	say(alice, bob, "done");
	ok(!p->typing, "words end it");
	chat_typing(alice->chat, sim_person(alice, bob), true);
	sim_run_ms(s, 5);
	chat_typing(alice->chat, sim_person(alice, bob), false);
	sim_run_ms(s, 5);
	ok(!p->typing, "stopped");
}

static void
t_typing_is_told_every_four_seconds_at_most(void **state)
{
	(void)state;
	sim_forget_told(bob);
	/* Each frame renews the six seconds: 10 s of writing, one "on". */
	for (int i = 0; i < 100; i++) {
		chat_typing(alice->chat, sim_person(alice, bob), true);
		sim_run_ms(s, 100);
	}
	ok(sim_told(bob, NEWS_TYPING, NULL) == 1, "steady");
	chat_typing(alice->chat, sim_person(alice, bob), false);
	sim_run_ms(s, 10);
	/* Two frames pass: of the next 3.5 s that is one, and the words. */
	sim_cut_after(s, alice, bob, 2);
	for (int i = 0; i < 35; i++) {
		chat_typing(alice->chat, sim_person(alice, bob), true);
		sim_run_ms(s, 100);
	}
	say(alice, bob, "words");
	ok(sim_told(bob, NEWS_MESSAGE, "words") == 1, "one frame was enough");
}

static void
t_typing_off_tells_nothing(void **state)
{
	(void)state;
	set(alice, "typing", "off");
	chat_typing(alice->chat, sim_person(alice, bob), true);
	sim_run_ms(s, 20);
	ok(!sim_person(bob, alice)->typing, "nothing");
}

static void
t_away_is_shown(void **state)
{
	struct person *p = sim_person(bob, alice);

	(void)state;
	ok(p->presence == ONLINE, "here");
	chat_set_away(alice->chat, true, "lunch\n\x1b[31m");
	sim_run_ms(s, 5);
	ok(p->presence == AWAY, "away");
	ok(strncmp(p->away, "lunch", 5) == 0 && !strchr(p->away, 0x1b),
	    p->away);
	sim_join(s, alice, bob);
	sim_run_ms(s, 5);
	ok(p->presence == AWAY, "on a new link too");
	chat_set_away(alice->chat, false, NULL);
	sim_run_ms(s, 5);
	ok(p->presence == ONLINE && !*p->away, "back");
	sim_part(s, alice, bob);
	sim_run_ms(s, 1);
	ok(p->presence == ONLINE, "still seen on the wire");
	bob->net->on_lost(bob->net->chat, identity_id(alice->id));
	sim_run_ms(s, 1);
	ok(p->presence == OFFLINE, "gone");
}

/* ---- history ------------------------------------------------------------ */

static void
t_history_off_keeps_nothing_that_is_done(void **state)
{
	(void)state;
	say(alice, bob, "one");
	look(bob, alice);
	ok(sim_lines(bob, alice) == 1, "on the screen it stays");
	sim_kill(s, alice);
	sim_kill(s, bob);
	ok(sim_lines(alice, bob) == 0 && sim_lines(bob, alice) == 0,
	    "on the disk not");
	ok(chat_open(alice->chat, sim_person(alice, bob), &e) != NULL,
	    "an empty talk");
	ok(sim_lines(alice, bob) == 0, "with nothing in it");
}

static void
t_history_on_comes_back(void **state)
{
	struct talk *t;

	(void)state;
	set(alice, "history", "on");
	set(bob, "history", "on");
	say(alice, bob, "one");
	say(bob, alice, "two");
	look(bob, alice);
	look(alice, bob);
	sim_kill(s, alice);
	ok(sim_lines(alice, bob) == 0, "read when it is opened, not before");
	t = chat_open(alice->chat, sim_person(alice, bob), &e);
	ok(talk_count(t) == 2, "both");
	assert_string_equal(talk_line(t, 0)->text, "one");
	ok(talk_line(t, 0)->state == MSG_READ, "with its mark");
	ok(talk_line(t, 1)->state == MSG_SEEN, "seen");
	ok(chat_open(alice->chat, sim_person(alice, bob), &e) == t &&
	    talk_count(t) == 2, "once");
}

static void
t_history_stays_as_it_was_told(void **state)
{
	(void)state;
	ok(chat_history(alice->chat, true, &e) == 0, e.what);
	/* What was only said at the keys, the next start does not know. */
	ok(opts_unset(alice->opts, "history", &e) == 0, e.what);
	sim_kill(s, alice);
	ok(opts_bool(alice->opts, "history"), "kept with the messages");
	set(alice, "history", "off");
	sim_kill(s, alice);
	ok(!opts_bool(alice->opts, "history"), "the options of a start win");
}

static void
t_pages_go_back_to_the_first_line(void **state)
{
	char word[16];
	struct talk *t;
	size_t n;

	(void)state;
	set(bob, "history", "on");
	for (int i = 0; i < 175; i++) {
		snprintf(word, sizeof(word), "%d", i);
		ok(sim_say(alice, bob, word) == 0, word);
	}
	sim_run_ms(s, 50);
	look(bob, alice);
	sim_kill(s, bob);
	say(alice, bob, "x");
	t = chat_open(bob->chat, sim_person(bob, alice), &e);
	n = talk_count(t);
	ok(n >= TALK_PAGE && n <= TALK_PAGE + 1, "one page");
	ok(talk_has_older(t), "there is more");
	ok(chat_older(bob->chat, sim_person(bob, alice), &e) == TALK_PAGE,
	    "a page");
	ok(talk_count(t) == n + TALK_PAGE, "in front");
	ok(talk_dropped(t) < 0, "counted from the newest");
	while (talk_has_older(t))
		chat_older(bob->chat, sim_person(bob, alice), &e);
	assert_string_equal(talk_line(t, 0)->text, "0");
	for (size_t i = 0; i < 175; i++)
		ok(atoi(talk_line(t, i)->text) == (int)i, "in order, once");
}

static void
t_a_page_merges_with_what_is_owed(void **state)
{
	struct talk *t;

	(void)state;
	set(alice, "history", "on");
	say(alice, bob, "one");
	say(alice, bob, "two");
	sim_part(s, alice, bob);
	say(alice, bob, "three");
	sim_kill(s, alice);
	ok(sim_lines(alice, bob) == 1, "what is owed is there at once");
	t = chat_open(alice->chat, sim_person(alice, bob), &e);
	ok(talk_count(t) == 3, "the rest before it");
	assert_string_equal(talk_line(t, 0)->text, "one");
	assert_string_equal(talk_line(t, 2)->text, "three");
	sim_join(s, alice, bob);
	sim_run_ms(s, 20);
	ok(talk_line(t, 2)->state == MSG_DELIVERED, "and it lives on");
}

static void
t_history_forget(void **state)
{
	struct talk *t;

	(void)state;
	set(alice, "history", "on");
	say(alice, bob, "one");
	sim_part(s, alice, bob);
	say(alice, bob, "owed");
	ok(chat_forget(alice->chat, &e) == 0, e.what);
	sim_kill(s, alice);
	t = chat_open(alice->chat, sim_person(alice, bob), &e);
	ok(talk_count(t) == 1, "only what is owed");
	assert_string_equal(talk_line(t, 0)->text, "owed");
}

static void
t_clear_leaves_what_is_owed_and_unread(void **state)
{
	(void)state;
	say(alice, bob, "one");
	say(bob, alice, "unread");
	sim_part(s, alice, bob);
	say(alice, bob, "owed");
	chat_clear(alice->chat, sim_person(alice, bob));
	sim_run_ms(s, 5);
	ok(sim_lines(alice, bob) == 2, "the rest is gone");
	sim_join(s, alice, bob);
	sim_run_ms(s, 20);
	ok(sim_line(alice, bob, 1)->state == MSG_DELIVERED, "still tracked");
}

static void
t_a_long_talk_loses_its_front(void **state)
{
	(void)state;
	look(bob, alice);
	for (int i = 0; i < TALK_LINES_MAX + 500; i++) {
		ok(sim_say(alice, bob, "x") == 0, "said");
		if (i % 2000 == 0)
			sim_run_ms(s, 20);
	}
	sim_run_ms(s, 300);
	ok(sim_lines(bob, alice) == TALK_LINES_MAX, "bounded");
	ok(talk_dropped(sim_person(bob, alice)->talk) == 500, "and counted");
	ok(unread(bob, alice) == 0, "all read");
	ok(sim_person(alice, bob)->n_owed == 0, "all delivered");
	sim_kill(s, bob);
	ok(sim_lines(bob, alice) == 0, "nothing unread is left on disk");
}

static void
t_what_left_memory_unread_leaves_the_disk_when_read(void **state)
{
	(void)state;
	for (int i = 0; i < TALK_LINES_MAX + 500; i++) {
		ok(sim_say(alice, bob, "x") == 0, "said");
		if (i % 2000 == 0)
			sim_run_ms(s, 20);
	}
	sim_run_ms(s, 300);
	ok(unread(bob, alice) == TALK_LINES_MAX, "the rest left memory");
	look(bob, alice);
	sim_kill(s, bob);
	ok(sim_lines(bob, alice) == 0, "and was read with the others");
}

static void
t_news_of_one_turn_are_gone_in_the_next(void **state)
{
	(void)state;
	say(alice, bob, "one");
	ok(news_count(chat_news(bob->chat)) == 0, "forgotten");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

/* A viewer that writes lines down one after the other hears no `gap` of what
 * came in the same turn, so it must hear them in order. */
static void
t_what_comes_in_one_turn_is_told_in_order(void **state)
{
	static const uint64_t seqs[] = { 3, 1, 4, 2 };
	struct node *carol = sim_node(s, "carol");
	struct frame f = { .version = FRAME_VERSION, .type = FRAME_TEXT,
		.epoch = 2000000000000, .base = 2000000000000, .len = 2 };
	char text[3] = "", all[80] = "";

	(void)state;
	sim_meet(s, carol, bob);
	sim_run_ms(s, 1000);
	sim_forget_told(bob);
	f.body = (const uint8_t *)text;
	for (size_t i = 0; i < 4; i++) {
		f.seq = seqs[i];
		snprintf(text, sizeof(text), "a%u", (unsigned)f.seq);
		sim_hear(bob, alice, &f);
		snprintf(text, sizeof(text), "c%u", (unsigned)f.seq);
		sim_hear(bob, carol, &f);
	}
	sim_run_ms(s, 1);
	for (size_t i = 0; i < bob->n_told; i++)
		if (bob->log[i].kind == NEWS_MESSAGE)
			snprintf(all + strlen(all), 16, "%.9s ",
			    bob->log[i].text);
	assert_string_equal(all, "a1 c1 a2 c2 a3 c3 a4 c4 ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_looking_reads_and_tells),
		TEST(t_what_comes_while_looking_is_read),
		TEST(t_lines_are_seen_one_by_one),
		TEST(t_receipts_off_tells_nothing),
		TEST(t_a_receipt_lost_on_the_way_comes_with_the_next_link),
		TEST(t_a_receipt_for_what_was_not_said_is_ignored),
		TEST(t_the_new_rule_stays_on_its_line),
		TEST(t_typing_shows_and_ends),
		TEST(t_typing_is_told_every_four_seconds_at_most),
		TEST(t_typing_off_tells_nothing),
		TEST(t_away_is_shown),
		TEST(t_history_off_keeps_nothing_that_is_done),
		TEST(t_history_on_comes_back),
		TEST(t_pages_go_back_to_the_first_line),
		TEST(t_a_page_merges_with_what_is_owed),
		TEST(t_history_stays_as_it_was_told),
		TEST(t_history_forget),
		TEST(t_clear_leaves_what_is_owed_and_unread),
		TEST(t_a_long_talk_loses_its_front),
		TEST(t_what_left_memory_unread_leaves_the_disk_when_read),
		TEST(t_news_of_one_turn_are_gone_in_the_next),
		TEST(t_what_comes_in_one_turn_is_told_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
