/* How sure it is who somebody is: comparing, doubting, adding by a short
 * link. */
#include "pair-kit.h"

#include "cmd.h"
#include "cmd-chat.h"
#include "own.h"

/* ---- comparing ---------------------------------------------------------- */

static void
t_both_see_the_same_numbers_and_words(void **state)
{
	struct safety a, b, c;
	struct node *carol = sim_node(s, "Carol");

	(void)state;
	sim_meet(s, alice, bob);
	sim_meet(s, alice, carol);
	chat_safety(alice->chat, sim_person(alice, bob), &a);
	chat_safety(bob->chat, sim_person(bob, alice), &b);
	chat_safety(alice->chat, sim_person(alice, carol), &c);
	assert_string_equal(a.number, b.number);
	assert_string_equal(a.words, b.words);
	assert_string_equal(a.mine, b.theirs);
	assert_string_equal(a.theirs, b.mine);
	ok(strlen(a.number) == 71, "twelve groups of five");
	ok(strcmp(a.number, c.number) != 0, "another pair");
	ok(strncmp(a.mine, "P2PTUI:1/", 9) == 0, "for a QR code");
}

static void
t_verified_is_marked_kept_and_taken_back(void **state)
{
	(void)state;
	ok(join(bob, host()) == 0, e.what);
	ok(chat_verify(bob->chat, sim_person(bob, alice), true, &e) == 0,
	    e.what);
	ok(trust(bob, alice) == TRUST_VERIFIED, "marked");
	ok(trust(alice, bob) == TRUST_PAIRED, "her own business");
	ok(chat_verify(bob->chat, sim_person(bob, alice), true, &e) < 0,
	    "already");
	sim_kill(s, bob);
	ok(trust(bob, alice) == TRUST_VERIFIED, "kept");
	ok(chat_verify(bob->chat, sim_person(bob, alice), false, &e) == 0,
	    e.what);
	ok(trust(bob, alice) == TRUST_ACCEPTED, "nor is paired any comfort");
	sim_kill(s, bob);
	ok(trust(bob, alice) == TRUST_ACCEPTED, "kept");
	ok(chat_verify(bob->chat, sim_person(bob, alice), true, &e) == 0,
	    e.what);
	ok(trust(bob, alice) == TRUST_VERIFIED, "it was misread");
}

static void
t_numbers_that_differ_are_loud_and_hold_words(void **state)
{
	const struct person *p;

	(void)state;
	ok(join(bob, host()) == 0, e.what);
	ok(chat_verify(bob->chat, sim_person(bob, alice), false, &e) == 0,
	    e.what);
	sim_run_ms(s, 20);
	ok(sim_told(bob, NEWS_KEY, "sits between you") == 1, "said aloud");
	p = sim_person(bob, alice);
	ok(p->doubted && p->differs, "held");
	ok(trust(bob, alice) == TRUST_ACCEPTED, "no mark");
	ok(sim_say(bob, alice, "hello") < 0, "not a word");
	sim_kill(s, bob);
	p = sim_person(bob, alice);
	ok(p->doubted && p->differs, "kept");
	ok(sim_say(bob, alice, "hello") < 0, "nor later");
	ok(!sim_person(alice, bob)->doubted, "his own business");
	ok(sim_say(alice, bob, "what is it?") == 0, "she may");
	ok(chat_verify(bob->chat, sim_person(bob, alice), true, &e) == 0,
	    e.what);
	p = sim_person(bob, alice);
	ok(!p->doubted && !p->differs, "compared again");
	ok(sim_say(bob, alice, "hello") == 0, "said");
}

static void
t_a_new_code_ends_what_differed(void **state)
{
	(void)state;
	ok(join(bob, host()) == 0, e.what);
	ok(chat_verify(bob->chat, sim_person(bob, alice), false, &e) == 0,
	    e.what);
	ok(join(bob, host()) == 0, e.what);
	ok(!sim_person(bob, alice)->doubted, "nobody is between");
	ok(trust(bob, alice) == TRUST_PAIRED, "paired");
	ok(sim_say(bob, alice, "hello") == 0, "said");
}

static void
t_strangers_and_the_blocked_are_not_verified(void **state)
{
	(void)state;
	sim_see(s, alice, bob);
	ok(chat_verify(alice->chat, sim_person(alice, bob), true, &e) < 0 &&
	    e.status == STATUS_USAGE, "a stranger");
	sim_meet(s, alice, bob);
	ok(chat_verify(alice->chat, sim_person(alice, bob), true, &e) == 0,
	    e.what);
	ok(chat_block(alice->chat, sim_person(alice, bob), true, &e) == 0,
	    e.what);
	ok(chat_verify(alice->chat, sim_person(alice, bob), false, &e) < 0,
	    "blocked");
	ok(chat_block(alice->chat, sim_person(alice, bob), false, &e) == 0,
	    e.what);
	ok(trust(alice, bob) == TRUST_VERIFIED, "as it was");
}

/* ---- the commands ------------------------------------------------------- */

static char answers[8192];

static void
take_answer(void *arg, const char *line)
{
	size_t len = strlen(answers);

	(void)arg;
	snprintf(answers + len, sizeof(answers) - len, "%s\n", line);
}

static int
type(struct node *n, struct person *here, const char *line)
{
	struct cmds *cmds = cmds_new();
	int done;

	answers[0] = '\0';
	memset(&e, 0, sizeof(e));
	cmd_chat_add(cmds, n->chat);
	done = cmds_run(cmds, line, here, take_answer, NULL, &e);
	cmds_free(cmds);
	sim_run_ms(s, 20);
	return done;
}

static void
t_host_join_and_verify_are_typed(void **state)
{
	struct safety safety;
	char line[80];
	const char *code;

	(void)state;
	ok(type(alice, NULL, "/host") == 0, e.what);
	code = strstr(answers, "code ");
	ok(code && strstr(answers, "10 minutes"), answers);
	snprintf(line, sizeof(line), "/join %.19s", code + 5);
	ok(type(bob, NULL, line) == 0, e.what);
	ok(is_contact(alice, bob), "in fours");
	ok(type(alice, NULL, "/host off") < 0, "it was used");
	ok(type(alice, NULL, "/host on") < 0 && e.status == STATUS_USAGE,
	    "no");
	chat_safety(bob->chat, sim_person(bob, alice), &safety);
	ok(type(bob, NULL, "/verify Alice") == 0, e.what);
	ok(strstr(answers, safety.words), answers);
	safety.number[23] = '\0';
	ok(strstr(answers, safety.number), answers);
	ok(type(bob, NULL, "/verify Alice perhaps") < 0, "yes or no");
	ok(type(bob, NULL, "/verify Alice yes") == 0, e.what);
	ok(trust(bob, alice) == TRUST_VERIFIED, "marked");
	ok(type(bob, sim_person(bob, alice), "/verify no") == 0, e.what);
	ok(trust(bob, alice) == TRUST_ACCEPTED, "taken back");
	ok(type(bob, NULL, "/peers") == 0 &&
	    strstr(answers, "numbers differ"), answers);
	ok(type(bob, NULL, "/verify") < 0, "whom?");
}

static void
t_join_takes_an_address_behind_the_code(void **state)
{
	char line[120];

	(void)state;
	snprintf(line, sizeof(line), "/join %s 10.0.0.7:54545", host());
	ok(type(bob, NULL, line) == 0, e.what);
	ok(strstr(answers, "10.0.0.7"), answers);
	ok(is_contact(bob, alice), "found");
	assert_string_equal(sim_person(bob, alice)->who.where,
	    "10.0.0.7:54545");
	ok(type(bob, NULL, "/join 1234 5678") < 0 &&
	    strstr(e.what, "16 digits"), e.what);
	ok(type(bob, NULL, "/join hello") < 0, "no code");
}

/* ---- doubts ------------------------------------------------------------- */

/* Alice is Bob's contact; Mallory calls herself Alice. */
static struct node *
impostor(void)
{
	struct node *mallory = sim_impostor(s, "Alice");

	sim_meet(s, alice, bob);
	sim_run_ms(s, 20);
	return mallory;
}

static void
row_88_a_request_in_a_contacts_name_is_loud_and_blocks(void **state)
{
	struct node *mallory = impostor();

	(void)state;
	sim_see(s, mallory, bob);
	ok(sim_say(mallory, bob, "my phone is new") == 0, "said");
	sim_run_ms(s, 1);
	sim_join(s, mallory, bob);
	sim_run_ms(s, 20);
	ok(trust(bob, mallory) == TRUST_REQUESTED, "it waits");
	ok(sim_told(bob, NEWS_KEY, "another key") == 1, "said aloud");
	ok(sim_person(bob, mallory)->doubted, "doubted");
	ok(!sim_person(bob, alice)->doubted, "she is not");
	/* Writing is consent, but not to who may be somebody else. */
	ok(sim_say(bob, mallory, "oh, hello") < 0, "held");
	ok(trust(bob, mallory) == TRUST_REQUESTED, "still waits");
	sim_kill(s, bob);
	ok(sim_person(bob, mallory)->doubted, "kept");
	ok(sim_say(bob, mallory, "hello") < 0, "held");
	ok(chat_accept(bob->chat, sim_person(bob, mallory), &e) == 0, e.what);
	ok(!sim_person(bob, mallory)->doubted, "I know what I do");
	ok(sim_say(bob, mallory, "hello") == 0, "said");
	sim_kill(s, bob);
	ok(!sim_person(bob, mallory)->doubted, "kept");
}

static void
row_88_somebody_near_with_a_contacts_name(void **state)
{
	struct node *mallory = impostor();

	(void)state;
	sim_see(s, mallory, bob);
	ok(sim_told(bob, NEWS_KEY, NULL) == 0, "a beacon is not worth it");
	ok(sim_say(bob, mallory, "hello") < 0, "but no words go there");
	ok(trust(bob, mallory) == TRUST_NEARBY, "nothing is agreed");
	ok(chat_accept(bob->chat, sim_person(bob, mallory), &e) == 0, e.what);
	ok(sim_say(bob, mallory, "hello") == 0, "unless I say so");
}

static void
row_88_a_link_of_a_contacts_name(void **state)
{
	struct node *mallory = impostor();
	char *link = chat_link(mallory->chat);
	struct person *p = chat_add(bob->chat, link, &e);

	(void)state;
	free(link);
	ok(p && person_is_contact(p) && p->doubted, "added, doubted");
	sim_run_ms(s, 2);
	ok(sim_told(bob, NEWS_KEY, "another key") == 1, "said aloud");
	ok(sim_say(bob, mallory, "hello") < 0, "held");
	ok(chat_verify(bob->chat, p, true, &e) == 0, e.what);
	ok(!p->doubted && p->who.trust == TRUST_VERIFIED, "compared");
	ok(sim_say(bob, mallory, "hello") == 0, "said");
}

static void
row_88_a_code_of_a_contacts_name(void **state)
{
	struct node *mallory = impostor();
	struct hosting h;

	(void)state;
	ok(chat_host(mallory->chat, &e) == 0, e.what);
	chat_hosting(mallory->chat, &h);
	ok(join(bob, h.code) == 0, e.what);
	ok(is_contact(bob, mallory), "paired");
	ok(sim_person(bob, mallory)->doubted, "and doubted");
	ok(sim_told(bob, NEWS_KEY, NULL) == 1, "aloud");
	ok(sim_say(bob, mallory, "hello") < 0, "held");
	ok(chat_accept(bob->chat, sim_person(bob, mallory), &e) == 0, e.what);
	ok(sim_say(bob, mallory, "hello") == 0, "said");
	ok(trust(bob, mallory) == TRUST_PAIRED, "still paired");
}

static void
row_88_where_a_contact_was_somebody_else_answers(void **state)
{
	struct node *carol = sim_node(s, "Carol");
	struct person *p;
	struct card card;
	struct buf b;

	(void)state;
	sim_meet(s, alice, bob);
	buf_init(&b);
	carol->net->card(carol->net->chat, &b);
	ok(card_read(&card, b.at, b.len) == 0, "a card");
	buf_clear(&b);
	bob->net->on_up(bob->net->chat, &card, PATH_DIRECT, 1,
	    sim_person(bob, alice)->who.where, true);
	sim_run_ms(s, 2);
	p = sim_person(bob, carol);
	ok(p && p->doubted, "doubted");
	ok(sim_told(bob, NEWS_KEY, "answers with another key") == 1, "aloud");
	ok(sim_say(bob, carol, "hello") < 0, "held");
	ok(chat_accept(bob->chat, p, &e) == 0, e.what);
	ok(sim_say(bob, carol, "hello") == 0, "said");
	bob->net->on_down(bob->net->chat, identity_id(carol->id));
}

static void
row_88_what_i_call_them_does_not_hide_it(void **state)
{
	struct node *mallory = impostor();

	(void)state;
	ok(chat_alias(bob->chat, sim_person(bob, alice), "Sis", &e) == 0,
	    e.what);
	sim_see(s, mallory, bob);
	ok(sim_say(bob, mallory, "hello") < 0, "she still calls herself so");
}

static void
t_the_nameless_are_not_doubted(void **state)
{
	struct sighting seen = { .where = "10.0.0.9:1" };
	struct node *carol = sim_node(s, "Carol");

	(void)state;
	seen.keys = *identity_keys(alice->id);
	bob->net->on_seen(bob->net->chat, &seen);
	sim_run_ms(s, 1);
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	seen.keys = *identity_keys(carol->id);
	bob->net->on_seen(bob->net->chat, &seen);
	sim_run_ms(s, 1);
	ok(sim_say(bob, carol, "hello") == 0, "said");
}

static void
t_a_pest_of_one_name_is_told_of_once_each(void **state)
{
	struct node *mallory = impostor();

	(void)state;
	sim_see(s, mallory, bob);
	for (int i = 0; i < 5; i++) {
		ok(sim_say(mallory, bob, "it is me") == 0, "said");
		sim_run_ms(s, 1);
		sim_join(s, mallory, bob);
		sim_run_ms(s, 20);
	}
	ok(sim_told(bob, NEWS_KEY, NULL) == 1, "once");
}

/* ---- short links -------------------------------------------------------- */

static void
t_a_short_link_brings_a_request_to_who_is_away(void **state)
{
	char *link;
	struct person *p;

	(void)state;
	sim_relay(alice, true);
	sim_relay(bob, true);
	sim_run_ms(s, 500);
	link = chat_short_link(alice->chat);
	ok(strncmp(link, "P2PTUI:", 7) == 0 && strlen(link) < 200, link);
	p = chat_add(bob->chat, link, &e);
	free(link);
	ok(p != NULL, e.what);
	ok(strncmp(p->title, "someone (", 9) == 0, "it says no name");
	ok(sim_say(bob, alice, "by your short link") == 0, "said");
	sim_run_ms(s, 1500);
	ok(sim_told(alice, NEWS_REQUEST, "by your short link") == 1, "there");
	assert_string_equal(sim_person(alice, bob)->title, "Bob");
	ok(chat_accept(alice->chat, sim_person(alice, bob), &e) == 0, e.what);
	ok(sim_say(alice, bob, "welcome") == 0, "said");
	sim_run_ms(s, 3000);
	assert_string_equal(sim_heard(bob, alice), "welcome");
	ok(chat_owed(bob->chat) == 0, "acknowledged");
}

static void
t_a_short_link_survives_a_restart(void **state)
{
	char *link;

	(void)state;
	sim_relay(alice, true);
	sim_run_ms(s, 500);
	link = chat_short_link(alice->chat);
	ok(chat_add(bob->chat, link, &e) != NULL, e.what);
	free(link);
	sim_kill(s, bob);
	ok(is_contact(bob, alice), "kept");
	ok(sim_say(bob, alice, "hello") == 0, "said");
	sim_run_ms(s, 2500);
	ok(sim_told(alice, NEWS_REQUEST, "hello") == 1, "there");
}

static void
t_two_who_added_each_other_by_short_links_just_talk(void **state)
{
	char *a, *b;

	(void)state;
	sim_relay(alice, true);
	sim_relay(bob, true);
	sim_run_ms(s, 500);
	a = chat_short_link(alice->chat);
	b = chat_short_link(bob->chat);
	ok(chat_add(bob->chat, a, &e) && chat_add(alice->chat, b, &e),
	    e.what);
	free(a);
	free(b);
	ok(sim_say(bob, alice, "hello") == 0, "said");
	sim_run_ms(s, 3000);
	assert_string_equal(sim_heard(alice, bob), "hello");
	ok(sim_told(alice, NEWS_REQUEST, NULL) == 0, "no request");
	assert_string_equal(sim_person(alice, bob)->title, "Bob");
}

static void
t_a_short_link_without_a_relay_waits_for_a_link(void **state)
{
	char *link = chat_short_link(alice->chat);

	(void)state;
	ok(chat_add(bob->chat, link, &e) != NULL, e.what);
	free(link);
	ok(sim_say(bob, alice, "hello") == 0, "said");
	sim_run_ms(s, 2000);
	ok(sim_person(bob, alice)->n_owed == 1, "it waits");
	sim_join(s, alice, bob);
	sim_run_ms(s, 50);
	ok(sim_told(alice, NEWS_REQUEST, "hello") == 1, "there");
	assert_string_equal(sim_person(bob, alice)->title, "Alice");
}

static void
t_my_own_short_link_and_half_of_one_are_refused(void **state)
{
	char *link = chat_short_link(alice->chat);

	(void)state;
	ok(!chat_add(alice->chat, link, &e) && strstr(e.what, "own"), e.what);
	link[strlen(link) - 3] = '\0';
	ok(!chat_add(bob->chat, link, &e) && strstr(e.what, "whole"), e.what);
	free(link);
}

static void
row_64_a_letter_in_a_contacts_name_is_flagged(void **state)
{
	struct node *mallory = impostor();
	char *link;

	(void)state;
	sim_relay(bob, true);
	sim_run_ms(s, 500);
	link = chat_short_link(bob->chat);
	ok(chat_add(mallory->chat, link, &e) != NULL, e.what);
	free(link);
	ok(sim_say(mallory, bob, "it is me") == 0, "said");
	sim_run_ms(s, 2500);
	ok(trust(bob, mallory) == TRUST_REQUESTED, "it waits");
	ok(sim_person(bob, mallory)->flagged, "flagged");
	ok(sim_person(bob, mallory)->doubted, "doubted");
	ok(strchr(sim_person(bob, mallory)->title, '('), "with its id");
	ok(!strchr(sim_person(bob, alice)->title, '('), "she is Alice");
	ok(sim_told(bob, NEWS_KEY, NULL) == 1, "aloud");
}

/* A place of a card or a frame must name its relay's key: what is pinned on
 * first use is what a person typed, not what a peer said. */
static void
t_no_keyless_place_is_taken_from_a_peer(void **state)
{
	struct card card = { .vmin = 1, .vmax = 1, .serial = UINT64_MAX / 2,
		.name = "Alice", .n_relays = 1 };

	(void)state;
	sim_meet(s, alice, bob);
	snprintf(card.relays[0], sizeof(card.relays[0]), "evil:1/%s",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaa/aaaa");
	card.keys = *identity_keys(alice->id);
	bob->net->on_card(bob->net->chat, &card);
	sim_run_ms(s, 5);
	ok(!bob->routes || bob->routes[0].n == 0, "nowhere");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, pair_setup, \
	pair_teardown)
	const struct CMUnitTest tests[] = {
		T(t_both_see_the_same_numbers_and_words),
		T(t_verified_is_marked_kept_and_taken_back),
		T(t_numbers_that_differ_are_loud_and_hold_words),
		T(t_a_new_code_ends_what_differed),
		T(t_strangers_and_the_blocked_are_not_verified),
		T(t_host_join_and_verify_are_typed),
		T(t_join_takes_an_address_behind_the_code),
		T(row_88_a_request_in_a_contacts_name_is_loud_and_blocks),
		T(row_88_somebody_near_with_a_contacts_name),
		T(row_88_a_link_of_a_contacts_name),
		T(row_88_a_code_of_a_contacts_name),
		T(row_88_where_a_contact_was_somebody_else_answers),
		T(row_88_what_i_call_them_does_not_hide_it),
		T(t_the_nameless_are_not_doubted),
		T(t_a_pest_of_one_name_is_told_of_once_each),
		T(t_a_short_link_brings_a_request_to_who_is_away),
		T(t_a_short_link_survives_a_restart),
		T(t_two_who_added_each_other_by_short_links_just_talk),
		T(t_a_short_link_without_a_relay_waits_for_a_link),
		T(t_my_own_short_link_and_half_of_one_are_refused),
		T(row_64_a_letter_in_a_contacts_name_is_flagged),
		T(t_no_keyless_place_is_taken_from_a_peer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
