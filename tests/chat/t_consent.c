/*
 * Who may write to whom: requests, answers, blocking, removing, names.
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
	s = sim_new(2);
	alice = sim_node(s, "Alice");
	bob = sim_node(s, "Bob");
	memset(&e, 0, sizeof(e));
	return 0;
}

static int
end(void **state)
{
	(void)state;
	sim_free(s);
	return 0;
}

static enum trust
trust(struct node *who, struct node *of)
{
	return sim_person(who, of)->who.trust;
}

/* Alice, a stranger, says something to Bob. */
static void
ask(const char *text)
{
	sim_see(s, alice, bob);
	ok(sim_say(alice, bob, text) == 0, text);
	sim_run_ms(s, 1);
	ok(sim_join(s, alice, bob), "strangers may ask");
	sim_run_ms(s, 20);
}

/* ---- a request and its answers ------------------------------------------ */

static void
t_first_words_are_a_request(void **state)
{
	(void)state;
	ask("hello, it is me");
	ok(trust(alice, bob) == TRUST_ACCEPTED, "writing is consent");
	ok(sim_person(alice, bob)->waiting, "hers waits");
	ok(trust(bob, alice) == TRUST_REQUESTED, "he is asked");
	ok(sim_told(bob, NEWS_REQUEST, "hello, it is me") == 1, "once");
	ok(sim_told(bob, NEWS_MESSAGE, NULL) == 0, "it is no message yet");
	ok(sim_line(alice, bob, 0)->state == MSG_QUEUED, "nor delivered");
}

static void
t_accepting_shows_the_words_and_acknowledges(void **state)
{
	(void)state;
	ask("hello");
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 20);
	ok(trust(bob, alice) == TRUST_ACCEPTED, "let in");
	ok(sim_told(bob, NEWS_MESSAGE, "hello") == 1, "a message now");
	assert_string_equal(sim_heard(bob, alice), "hello");
	ok(sim_line(alice, bob, 0)->state == MSG_DELIVERED, "delivered");
	ok(!sim_person(alice, bob)->waiting, "waits no more");
	ok(sim_person(bob, alice)->own->out.live == 0, "the answer arrived");
}

static void
t_acceptance_arrives_later(void **state)
{
	(void)state;
	ask("hello");
	sim_part(s, alice, bob);
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_kill(s, bob);
	sim_kill(s, alice);
	sim_join(s, alice, bob);
	sim_run_ms(s, 50);
	ok(sim_line(alice, bob, 0)->state == MSG_DELIVERED, "delivered");
	ok(sim_person(alice, bob)->who.admitted, "she is let in");
	ok(chat_owed(bob->chat) == 0, "acceptance is no message owed");
	assert_string_equal(sim_heard(bob, alice), "hello");
}

static void
t_who_lets_me_in_learns_that_i_am_away(void **state)
{
	(void)state;
	ask("hello");
	chat_set_away(alice->chat, true, "lunch");
	sim_run_ms(s, 20);
	ok(sim_person(bob, alice)->presence == ONLINE, "not for strangers");
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 20);
	ok(sim_person(bob, alice)->presence == AWAY, "for him");
	assert_string_equal(sim_person(bob, alice)->away, "lunch");
}

static void
t_answering_accepts(void **state)
{
	(void)state;
	ask("hello");
	ok(sim_say(bob, alice, "hi!") == 0, "said");
	sim_run_ms(s, 20);
	ok(trust(bob, alice) == TRUST_ACCEPTED, "writing is consent");
	ok(sim_told(bob, NEWS_MESSAGE, "hello") == 1, "her words");
	assert_string_equal(sim_heard(alice, bob), "hi!");
	ok(sim_line(bob, alice, 0)->mine == false, "hers stand first");
}

static void
t_a_request_survives_restarts(void **state)
{
	(void)state;
	ask("hello");
	sim_kill(s, bob);
	sim_forget_told(bob);
	sim_run_ms(s, 1);
	ok(trust(bob, alice) == TRUST_REQUESTED, "still waiting");
	ok(sim_told(bob, NEWS_REQUEST, "hello") == 1, "told again");
	sim_join(s, alice, bob);
	sim_run_ms(s, 20);
	ok(sim_told(bob, NEWS_REQUEST, NULL) == 1, "not twice");
	ok(sim_person(alice, bob)->n_owed == 1, "not acknowledged");
}

static void
t_looking_at_a_request_is_not_reading(void **state)
{
	(void)state;
	ask("hello");
	chat_look(bob->chat, sim_person(bob, alice));
	sim_run_ms(s, 50);
	sim_kill(s, bob);
	ok(sim_lines(bob, alice) == 1, "kept until answered");
	ok(sim_line(alice, bob, 0)->state == MSG_QUEUED, "nothing was told");
}

static void
t_declining_forgets_and_tells(void **state)
{
	(void)state;
	ask("hello");
	ok(chat_decline(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 20);
	ok(trust(bob, alice) == TRUST_NEARBY, "a stranger again");
	ok(sim_lines(bob, alice) == 0, "her words are gone");
	ok(sim_line(alice, bob, 0)->state == MSG_FAILED, "she knows");
	ok(sim_told(alice, NEWS_NOTICE, "declined") == 1, "and is told");
	ok(sim_person(alice, bob)->n_owed == 0, "nothing is owed");
	sim_kill(s, bob);
	ok(!sim_person(bob, alice), "nothing of her is on disk");
	sim_kill(s, alice);
	ok(sim_person(alice, bob)->n_owed == 0, "nor does she try again");
}

static void
t_asking_again_after_a_decline(void **state)
{
	(void)state;
	ask("hello");
	ok(chat_decline(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 20);
	ok(sim_say(alice, bob, "please") == 0, "said");
	sim_run_ms(s, 20);
	ok(sim_told(bob, NEWS_REQUEST, "please") == 1, "asked again");
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 20);
	assert_string_equal(sim_heard(bob, alice), "please");
	ok(sim_line(bob, alice, 0)->gap == 0, "nothing is missing");
	ok(sim_person(alice, bob)->n_owed == 0, "acknowledged");
}

static void
t_both_write_first(void **state)
{
	(void)state;
	sim_see(s, alice, bob);
	ok(sim_say(alice, bob, "hi Bob") == 0, "said");
	ok(sim_say(bob, alice, "hi Alice") == 0, "said");
	sim_run_ms(s, 1);
	sim_join(s, alice, bob);
	sim_run_ms(s, 20);
	ok(sim_told(alice, NEWS_REQUEST, NULL) +
	    sim_told(bob, NEWS_REQUEST, NULL) == 0, "no request is shown");
	assert_string_equal(sim_heard(bob, alice), "hi Bob");
	assert_string_equal(sim_heard(alice, bob), "hi Alice");
	ok(!sim_person(alice, bob)->waiting &&
	    !sim_person(bob, alice)->waiting, "nobody waits");
}

static void
t_accepted_beforehand_may_write(void **state)
{
	(void)state;
	sim_see(s, alice, bob);
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	ask("hello");
	ok(sim_told(bob, NEWS_REQUEST, NULL) == 0, "no request");
	ok(sim_told(bob, NEWS_MESSAGE, "hello") == 1, "a message at once");
	ok(sim_line(alice, bob, 0)->state == MSG_DELIVERED, "acknowledged");
}

static void
t_accepting_on_a_full_disk_changes_nothing(void **state)
{
	(void)state;
	ask("hello");
	bob->full = true;
	sim_squeeze(bob, true);
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) < 0, "refused");
	sim_squeeze(bob, false);
	sim_run_ms(s, 20);
	ok(trust(bob, alice) == TRUST_REQUESTED, "still a request");
	ok(sim_told(bob, NEWS_MESSAGE, NULL) == 0, "and no message");
	ok(sim_person(alice, bob)->n_owed == 1, "nor acknowledged");
	bob->full = false;
	sim_run_ms(s, 6000);
	sim_join(s, alice, bob);
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 20);
	ok(sim_told(bob, NEWS_MESSAGE, "hello") == 1, "now it is");
	ok(sim_person(alice, bob)->n_owed == 0, "and acknowledged");
}

/* ---- limits ------------------------------------------------------------- */

static void
t_a_stranger_has_eight_lines(void **state)
{
	char word[8];

	(void)state;
	sim_see(s, alice, bob);
	for (int i = 0; i < 20; i++) {
		snprintf(word, sizeof(word), "%d", i);
		ok(sim_say(alice, bob, word) == 0, word);
	}
	sim_run_ms(s, 1);
	sim_join(s, alice, bob);
	sim_run_ms(s, 50);
	ok(sim_lines(bob, alice) == REQUEST_LINES_MAX, "and no more");
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 50);
	ok(sim_lines(bob, alice) == 20, "the others come when let in");
	ok(sim_line(bob, alice, 19)->gap == 0, "all of them");
	ok(sim_person(alice, bob)->n_owed == 0, "acknowledged");
}

static void
t_who_was_forgotten_asks_like_a_stranger(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	ok(chat_remove(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 5);
	sim_join(s, alice, bob);
	for (int i = 0; i < 20; i++)
		ok(sim_say(alice, bob, "x") == 0, "said");
	sim_run_ms(s, 50);
	ok(sim_lines(bob, alice) == REQUEST_LINES_MAX, "a request");
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 50);
	ok(sim_lines(bob, alice) == 20, "the rest comes at once");
}

static void
t_a_rude_stranger_has_eight_lines(void **state)
{
	struct frame f = { .version = FRAME_VERSION, .type = FRAME_TEXT,
		.epoch = 5, .base = 5, .body = (const uint8_t *)"x",
		.len = 1 };

	(void)state;
	sim_see(s, alice, bob);
	sim_join(s, alice, bob);
	for (f.seq = 1; f.seq <= 100; f.seq++)
		sim_hear(bob, alice, &f);
	sim_run_ms(s, 5);
	ok(sim_lines(bob, alice) == REQUEST_LINES_MAX, "and no more");
	f.type = FRAME_TYPING;
	f.seq = 0;
	sim_hear(bob, alice, &f);
	f.type = FRAME_STATUS;
	f.body = (const uint8_t *)"\1look at this";
	f.len = 13;
	sim_hear(bob, alice, &f);
	sim_run_ms(s, 5);
	ok(!sim_person(bob, alice)->typing, "nothing else is shown");
	ok(sim_person(bob, alice)->presence == ONLINE &&
	    !*sim_person(bob, alice)->away, "of a stranger");
}

static void
t_sixty_four_requests_wait(void **state)
{
	size_t n = 0;

	(void)state;
	for (int i = 0; i < REQUESTS_MAX + 5; i++) {
		struct node *n2 = sim_ephemeral(s, "stranger");

		sim_see(s, n2, bob);
		ok(sim_say(n2, bob, "hello") == 0, "said");
		sim_run_ms(s, 1);
		sim_join(s, n2, bob);
		sim_run_ms(s, 3);
	}
	for (size_t i = 0; i < roster_count(chat_roster(bob->chat)); i++)
		n += roster_at(chat_roster(bob->chat), i)->who.trust ==
		    TRUST_REQUESTED;
	ok(n == REQUESTS_MAX, "and no more");
}

static void
t_requests_off_lets_no_stranger_in(void **state)
{
	(void)state;
	ok(opts_set(bob->opts, "requests", "off", &e) == 0, e.what);
	sim_see(s, alice, bob);
	ok(!sim_join(s, alice, bob), "not even a link");
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	ok(sim_join(s, alice, bob), "whom he added is no stranger");
}

/* ---- blocking and removing ---------------------------------------------- */

static void
t_blocking_shuts_out_without_an_answer(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	ok(chat_block(bob->chat, sim_person(bob, alice), true, &e) == 0,
	    e.what);
	sim_run_ms(s, 5);
	ok(!sim_person(alice, bob)->linked, "the link ends");
	ok(!sim_join(s, alice, bob), "and no other is welcome");
	ok(!bob->wanted[0], "nor wanted");
	ok(sim_say(bob, alice, "x") < 0, "he does not write either");
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) < 0,
	    "first unblock");
	sim_kill(s, bob);
	ok(!sim_join(s, alice, bob), "after a restart too");
	ok(chat_block(bob->chat, sim_person(bob, alice), false, &e) == 0,
	    e.what);
	ok(trust(bob, alice) == TRUST_ACCEPTED, "as before");
	ok(sim_join(s, alice, bob), "welcome again");
	ok(sim_say(alice, bob, "back") == 0, "said");
	sim_run_ms(s, 20);
	assert_string_equal(sim_heard(bob, alice), "back");
}

static void
t_blocking_a_request_removes_its_words(void **state)
{
	(void)state;
	ask("buy this");
	ok(chat_block(bob->chat, sim_person(bob, alice), true, &e) == 0,
	    e.what);
	sim_run_ms(s, 50);
	ok(sim_lines(bob, alice) == 0, "gone");
	sim_kill(s, bob);
	ok(sim_lines(bob, alice) == 0, "from the disk too");
	ok(trust(bob, alice) == TRUST_BLOCKED, "blocked");
	ok(chat_block(bob->chat, sim_person(bob, alice), false, &e) == 0,
	    e.what);
	ok(!sim_person(bob, alice), "a stranger who is not there");
}

static void
t_what_is_owed_to_the_blocked_has_failed(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	sim_part(s, alice, bob);
	ok(sim_say(alice, bob, "never mind") == 0, "said");
	sim_run_ms(s, 1);
	ok(chat_block(alice->chat, sim_person(alice, bob), true, &e) == 0,
	    e.what);
	sim_run_ms(s, 20);
	ok(chat_owed(alice->chat) == 0, "not owed");
	ok(sim_line(alice, bob, 0)->state == MSG_FAILED, "and shown so");
}

static void
t_removing_forgets_everything(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	ok(sim_say(alice, bob, "one") == 0, "said");
	sim_run_ms(s, 20);
	ok(chat_remove(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 20);
	ok(trust(bob, alice) == TRUST_NEARBY, "still seen, unknown");
	ok(sim_lines(bob, alice) == 0, "nothing said");
	ok(!bob->wanted[0], "no link is wanted");
	sim_kill(s, bob);
	ok(!sim_person(bob, alice), "nor on disk");
}

static void
t_removed_and_met_again(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	for (int i = 0; i < 5; i++) {
		ok(sim_say(alice, bob, "a") == 0, "said");
		ok(sim_say(bob, alice, "b") == 0, "said");
	}
	sim_run_ms(s, 20);
	ok(chat_remove(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 20);
	sim_see(s, alice, bob);
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_join(s, alice, bob);
	sim_run_ms(s, 20);
	ok(sim_say(bob, alice, "new b") == 0, "said");
	ok(sim_say(alice, bob, "new a") == 0, "said");
	sim_run_ms(s, 20);
	/* His numbers began anew: were they the old ones, she would take
	 * them for copies. */
	ok(sim_told(alice, NEWS_MESSAGE, "new b") == 1, "she hears him");
	assert_string_equal(sim_heard(bob, alice), "new a");
	ok(chat_owed(alice->chat) + chat_owed(bob->chat) == 0,
	    "and both know");
}

/* ---- names -------------------------------------------------------------- */

static void
row_64_a_name_like_a_contacts(void **state)
{
	struct node *cyrillic, *other;
	const char *title;

	(void)state;
	sim_meet(s, bob, alice);
	cyrillic = sim_impostor(s, "\xd0\x90lice");	/* U+0410 lice */
	sim_see(s, bob, cyrillic);
	assert_string_equal(sim_person(bob, alice)->title, "Alice");
	ok(!sim_person(bob, alice)->flagged, "she came first");
	ok(sim_person(bob, cyrillic)->flagged, "it looks like hers");
	title = sim_person(bob, cyrillic)->title;
	ok(strstr(title, sim_person(bob, cyrillic)->id_text) == NULL &&
	    strchr(title, '(') != NULL && strncmp(strchr(title, '(') + 1,
	    sim_person(bob, cyrillic)->id_text, 8) == 0,
	    "its id is beside it");
	other = sim_impostor(s, "Dave");
	sim_see(s, bob, other);
	assert_string_equal(sim_person(bob, other)->title, "Dave");
}

static void
t_two_strangers_of_one_name_are_told_apart(void **state)
{
	struct node *one = sim_impostor(s, "guest"),
	    *other = sim_impostor(s, "guest");

	(void)state;
	sim_see(s, bob, one);
	assert_string_equal(sim_person(bob, one)->title, "guest");
	sim_see(s, bob, other);
	assert_string_not_equal(sim_person(bob, one)->title,
	    sim_person(bob, other)->title);
	ok(strchr(sim_person(bob, one)->title, '(') != NULL, "both tagged");
	ok(!sim_person(bob, one)->flagged, "but no contact is imitated");
	ok(!roster_match(chat_roster(bob->chat), "guest", &e), "ambiguous");
	ok(strstr(e.what, sim_person(bob, one)->title) &&
	    strstr(e.what, sim_person(bob, other)->title),
	    "the matches are listed");
}

static void
row_63_invisible_characters_in_a_name(void **state)
{
	struct sighting seen = { .where = "10.0.0.9:1" };

	(void)state;
	seen.keys = *identity_keys(alice->id);
	memcpy(seen.name, "Al\xe2\x80\xae" "ice", 9);
	bob->net->on_seen(bob->net->chat, &seen);
	sim_run_ms(s, 1);
	ok(!strstr(sim_person(bob, alice)->title, "\xe2\x80\xae"), "gone");
	ok(sim_person(bob, alice)->flagged, "and flagged");
}

static void
row_69_newline_in_a_name(void **state)
{
	struct sighting seen = { .where = "10.0.0.9:1" };

	(void)state;
	seen.keys = *identity_keys(alice->id);
	memcpy(seen.name, "Eve\nroot: \x1b[31m", 15);
	bob->net->on_seen(bob->net->chat, &seen);
	sim_run_ms(s, 1);
	ok(!strpbrk(sim_person(bob, alice)->title, "\n\r\x1b"), "one line");
}

static void
t_nameless_people_carry_their_id(void **state)
{
	struct sighting seen = { .where = "10.0.0.9:1" };

	(void)state;
	seen.keys = *identity_keys(alice->id);
	bob->net->on_seen(bob->net->chat, &seen);
	sim_run_ms(s, 1);
	ok(strncmp(sim_person(bob, alice)->title, "someone (", 9) == 0,
	    sim_person(bob, alice)->title);
}

static void
row_88_a_contacts_name_with_other_keys(void **state)
{
	struct node *mallory = sim_impostor(s, "Alice");

	(void)state;
	sim_meet(s, alice, bob);
	ok(sim_say(alice, bob, "real") == 0, "said");
	sim_run_ms(s, 20);
	sim_see(s, mallory, bob);
	ok(sim_say(mallory, bob, "I have a new key") == 0, "said");
	sim_run_ms(s, 1);
	sim_join(s, mallory, bob);
	sim_run_ms(s, 20);
	ok(trust(bob, mallory) == TRUST_REQUESTED, "somebody else");
	ok(sim_person(bob, mallory)->flagged, "who looks like her");
	assert_string_equal(sim_heard(bob, alice), "real");
	ok(sim_told(bob, NEWS_MESSAGE, "new key") == 0, "not her words");
}

static void
row_88_a_beacon_with_a_contacts_key(void **state)
{
	struct sighting seen = { .name = "Alice", .where = "10.6.6.6:1" };
	struct pubkeys keys;

	(void)state;
	sim_meet(s, alice, bob);
	sim_part(s, alice, bob);
	/* Mallory's Ed25519 key beside Alice's X25519 key. */
	seen.keys = *identity_keys(bob->id);
	memcpy(seen.keys.x, identity_keys(alice->id)->x, KEY_LEN);
	seen.keys.ed[0] ^= 1;
	bob->net->on_seen(bob->net->chat, &seen);
	ok(bob->net->welcome(bob->net->chat, seen.keys.x, &keys) ==
	    WELCOME_CONTACT, "her key");
	ok(keys_equal(&keys, identity_keys(alice->id)), "is hers alone");
}

static void
t_an_older_card_changes_no_name(void **state)
{
	struct card card = { .vmin = 1, .vmax = 1, .serial = 1,
		.name = "Old" };

	(void)state;
	sim_meet(s, alice, bob);
	ok(chat_rename(alice->chat, "Alicia", &e) == 0, e.what);
	sim_join(s, alice, bob);
	sim_run_ms(s, 5);
	assert_string_equal(sim_person(bob, alice)->title, "Alicia");
	ok(alice->n_announced > 0, "told to the network");
	card.keys = *identity_keys(alice->id);
	bob->net->on_up(bob->net->chat, &card, PATH_LAN, 1, "", false);
	assert_string_equal(sim_person(bob, alice)->title, "Alicia");
	ok(chat_alias(bob->chat, sim_person(bob, alice), "Sis", &e) == 0,
	    e.what);
	sim_kill(s, bob);
	assert_string_equal(sim_person(bob, alice)->title, "Sis");
	sim_kill(s, alice);
	assert_string_equal(chat_name(alice->chat), "Alicia");
}

static void
t_a_peer_is_found_by_name_prefix_or_id(void **state)
{
	struct roster *r = chat_roster(bob->chat);
	struct node *alina = sim_impostor(s, "Alina");
	char id[16];

	(void)state;
	sim_see(s, bob, alice);
	sim_see(s, bob, alina);
	ok(roster_match(r, "alice", &e) == sim_person(bob, alice), "case");
	ok(roster_match(r, "Alic", &e) == sim_person(bob, alice), "prefix");
	ok(!roster_match(r, "Ali", &e) && e.status == STATUS_USAGE, "two");
	ok(!roster_match(r, "Zoe", &e), "nobody");
	snprintf(id, sizeof(id), "%.6s", sim_person(bob, alina)->id_text);
	ok(roster_match(r, id, &e) == sim_person(bob, alina), "id");
	snprintf(id, sizeof(id), "%.3s", sim_person(bob, alina)->id_text);
	ok(!roster_match(r, id, &e), "three characters are too few");
}

/* ---- the roster --------------------------------------------------------- */

static void
t_strangers_come_and_go(void **state)
{
	(void)state;
	sim_see(s, alice, bob);
	ok(sim_person(alice, bob)->presence == ONLINE, "there");
	alice->net->on_lost(alice->net->chat, identity_id(bob->id));
	sim_run_ms(s, 1);
	ok(!sim_person(alice, bob), "gone");
	ok(sim_told(alice, NEWS_GONE, NULL) == 1, "told");
	sim_run_ms(s, 10);
}

static void
row_84_a_flood_of_strangers_is_bounded(void **state)
{
	struct sighting seen = { .name = "x", .where = "10.0.0.9:1" };

	(void)state;
	sim_meet(s, alice, bob);
	sim_part(s, alice, bob);
	for (int i = 0; i < 3 * ROSTER_STRANGERS_MAX; i++) {
		memset(&seen.keys, 0x5a, sizeof(seen.keys));
		memcpy(seen.keys.ed, &i, sizeof(i));
		bob->net->on_seen(bob->net->chat, &seen);
		if (i % 100 == 0)
			sim_run_ms(s, 1);
	}
	ok(roster_count(chat_roster(bob->chat)) <= ROSTER_STRANGERS_MAX + 1,
	    "bounded");
	ok(sim_person(bob, alice) != NULL, "contacts stay");
}

static void
t_contacts_are_wanted_after_a_restart(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	sim_restart(s, alice);
	memset(alice->wanted, 0, sizeof(alice->wanted));
	sim_run_ms(s, 1);
	ok(alice->wanted[1], "a link to each contact");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(t_first_words_are_a_request),
		TEST(t_accepting_shows_the_words_and_acknowledges),
		TEST(t_acceptance_arrives_later),
		TEST(t_who_lets_me_in_learns_that_i_am_away),
		TEST(t_answering_accepts),
		TEST(t_a_request_survives_restarts),
		TEST(t_looking_at_a_request_is_not_reading),
		TEST(t_declining_forgets_and_tells),
		TEST(t_asking_again_after_a_decline),
		TEST(t_both_write_first),
		TEST(t_accepted_beforehand_may_write),
		TEST(t_accepting_on_a_full_disk_changes_nothing),
		TEST(t_a_stranger_has_eight_lines),
		TEST(t_who_was_forgotten_asks_like_a_stranger),
		TEST(t_a_rude_stranger_has_eight_lines),
		TEST(t_sixty_four_requests_wait),
		TEST(t_requests_off_lets_no_stranger_in),
		TEST(t_blocking_shuts_out_without_an_answer),
		TEST(t_blocking_a_request_removes_its_words),
		TEST(t_what_is_owed_to_the_blocked_has_failed),
		TEST(t_removing_forgets_everything),
		TEST(t_removed_and_met_again),
		TEST(row_64_a_name_like_a_contacts),
		TEST(t_two_strangers_of_one_name_are_told_apart),
		TEST(row_63_invisible_characters_in_a_name),
		TEST(row_69_newline_in_a_name),
		TEST(t_nameless_people_carry_their_id),
		TEST(row_88_a_contacts_name_with_other_keys),
		TEST(row_88_a_beacon_with_a_contacts_key),
		TEST(t_an_older_card_changes_no_name),
		TEST(t_a_peer_is_found_by_name_prefix_or_id),
		TEST(t_strangers_come_and_go),
		TEST(row_84_a_flood_of_strangers_is_bounded),
		TEST(t_contacts_are_wanted_after_a_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
