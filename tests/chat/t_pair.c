/* Session codes: who gets whom by them, what a wrong one costs, and what a
 * person is told. */
#include "pair-kit.h"

#include "code.h"
#include "own.h"
#include "pairing.h"

static void
t_a_code_makes_two_contacts(void **state)
{
	(void)state;
	ok(join(bob, host()) == 0, e.what);
	ok(sim_told(alice, NEWS_PAIRED, NULL) == 1, "told");
	ok(sim_told(bob, NEWS_PAIRED, NULL) == 1, "told");
	ok(sim_told(alice, NEWS_CODE_FAILED, NULL) == 0, "all went well");
	ok(sim_told(bob, NEWS_CODE_FAILED, NULL) == 0, "all went well");
	ok(alice->wanted[1] && bob->wanted[0], "a link is wanted");
	assert_string_equal(sim_person(alice, bob)->title, "Bob");
	assert_string_equal(sim_person(bob, alice)->title, "Alice");
	ok_paired();
	ok(!chat_is_joining(bob->chat), "it is over");
}

static void
t_paired_survives_a_crash(void **state)
{
	(void)state;
	ok(join(bob, host()) == 0, e.what);
	sim_kill(s, alice);
	sim_kill(s, bob);
	sim_run_ms(s, 5);
	ok_paired();
}

static void
t_a_code_waits_ten_minutes_with_three_tries(void **state)
{
	struct hosting h;
	const struct told *t;

	(void)state;
	host();
	ok(chat_hosting(alice->chat, &h), "it waits");
	ok(h.left == 3 && h.life_ms <= 600000 && h.life_ms > 599000, "all");
	ok(h.expires_ms == loop_wall_ms(alice->loop) + h.life_ms, "of it");
	t = sim_last(alice, NEWS_CODE);
	ok(t && strcmp(t->text, h.code) == 0, "told");
	sim_leap(s, 60000);
	ok(chat_hosting(alice->chat, &h), "it waits");
	ok(h.life_ms <= 540000, "it runs down");
}

static void
t_a_code_is_said_in_any_spelling(void **state)
{
	char text[40];
	const char *code = host();

	(void)state;
	snprintf(text, sizeof(text), " %.4s-%.4s  %.4s%.4s ", code, code + 5,
	    code + 10, code + 15);
	ok(join(bob, text) == 0, e.what);
	ok_paired();
}

static void
t_a_typing_error_costs_nothing(void **state)
{
	char text[CODE_TEXT];
	struct hosting h;

	(void)state;
	snprintf(text, sizeof(text), "%s", host());
	text[6] = text[6] == '9' ? '0' : (char)(text[6] + 1);
	ok(join(bob, text) < 0 && e.status == STATUS_USAGE, "refused");
	ok(strstr(e.what, "mistyped"), e.what);
	text[16] = '\0';
	ok(join(bob, text) < 0 && strstr(e.what, "16 digits"), e.what);
	ok(join(bob, "hello") < 0 && strstr(e.what, "no code"), e.what);
	ok(chat_hosting(alice->chat, &h) && h.left == 3, "nothing tried");
	ok(alice->n_visits == 0, "nobody came");
}

static void
t_my_own_code_is_no_use_to_me(void **state)
{
	(void)state;
	ok(join(alice, host()) < 0 && strstr(e.what, "own code"), e.what);
	ok(alice->n_visits == 0, "nobody came");
}

static void
t_a_wrong_code_is_told_on_both_sides(void **state)
{
	struct hosting h;
	char code[CODE_TEXT];

	(void)state;
	snprintf(code, sizeof(code), "%s", host());
	ok(join(bob, wrong_code()) == 0, e.what);
	ok(failed(bob)->reason == CODE_IS_WRONG, failed(bob)->text);
	ok(!failed(bob)->on && failed(bob)->left == 2, "he tried");
	ok(failed(alice)->reason == CODE_IS_WRONG, failed(alice)->text);
	ok(failed(alice)->on && failed(alice)->left == 2, "at hers");
	ok(chat_hosting(alice->chat, &h) && h.left == 2, "it counts");
	ok(!is_contact(alice, bob) && !is_contact(bob, alice), "no contact");
	ok(!sim_person(alice, bob) && !sim_person(bob, alice), "no trace");
	ok(join(bob, code) == 0, e.what);
	ok_paired();
}

static void
t_three_wrong_ones_and_the_code_is_dead(void **state)
{
	struct hosting h;
	char code[CODE_TEXT];

	(void)state;
	snprintf(code, sizeof(code), "%s", host());
	for (unsigned i = 0; i < 3; i++) {
		ok(chat_hosting(alice->chat, &h) && h.left == 3 - i, "left");
		ok(join(bob, wrong_code()) == 0, e.what);
		ok(failed(alice)->left == 2 - i, "so many left");
		ok(failed(bob)->left == 2 - i, "and he knows as much");
	}
	ok(failed(alice)->reason == CODE_IS_DEAD, failed(alice)->text);
	ok(!chat_hosting(alice->chat, &h), "it does not wait any more");
	/* Even the right one. */
	ok(join(bob, code) == 0, e.what);
	ok(failed(bob)->reason == CODE_IS_DEAD, failed(bob)->text);
	ok(!is_contact(alice, bob) && !is_contact(bob, alice), "no contact");
	sim_leap(s, 130000);
	ok(join(bob, code) == 0, e.what);
	ok(failed(bob)->reason == CODE_NOBODY, failed(bob)->text);
	/* Another one is good. */
	ok(join(bob, host()) == 0, e.what);
	ok_paired();
}

static void
t_who_types_one_code_three_times_wrong_is_stopped(void **state)
{
	char code[CODE_TEXT];

	(void)state;
	host();
	snprintf(code, sizeof(code), "%s", wrong_code());
	for (unsigned i = 0; i < 3; i++) {
		ok(join(bob, code) == 0, e.what);
		ok(failed(bob)->left == 2 - i, "so many left");
		/* Whoever waits there may be somebody else each time. */
		if (i == 1)
			chat_host_off(alice->chat, NULL);
		if (i == 1)
			break;
	}
	sim_run_ms(s, 5);
	ok(join(bob, code) == 0, "nobody is there: no try");
	ok(failed(bob)->reason == CODE_NOBODY, failed(bob)->text);
	ok(failed(bob)->left == 1, "still");
}

/* Somebody takes the place, and never knows the secret. */
static void
t_a_guesser_at_the_joiner_has_three_tries(void **state)
{
	char code[CODE_TEXT];
	struct node *mallory = sim_node(s, "Mallory");

	(void)state;
	snprintf(code, sizeof(code), "%s", host());
	chat_host_off(alice->chat, NULL);
	for (unsigned i = 0; i < 3; i++) {
		ok(chat_host(mallory->chat, &e) == 0, e.what);
		snprintf(mallory->plate, sizeof(mallory->plate), "%.4s%.2s",
		    code, code + 5);
		ok(join(bob, code) == 0, e.what);
		ok(failed(bob)->reason == CODE_IS_WRONG, failed(bob)->text);
	}
	ok(join(bob, code) < 0 && strstr(e.what, "3 times"), e.what);
	ok(!is_contact(bob, mallory), "no contact");
}

static enum sim_fate
cut_at(void *arg, struct sim_msg *m)
{
	return m->number == *(const int *)arg ? SIM_CUT_AFTER : SIM_PASS;
}

/* p2ptui-protocol(7), MEETING BY A CODE: silence is no free guess. */
static void
t_a_guess_without_an_answer_counts(void **state)
{
	struct hosting h;
	int at = 2;

	(void)state;
	host();
	sim_meddle(s, cut_at, &at);
	ok(join(bob, host()) == 0, e.what);
	ok(chat_hosting(alice->chat, &h) && h.left == 2, "it counts");
	ok(failed(alice)->reason == CODE_IS_WRONG, failed(alice)->text);
	ok(strstr(failed(alice)->text, "broke off"), failed(alice)->text);
	ok(failed(bob)->reason == CODE_CUT, failed(bob)->text);
	ok(failed(bob)->left == 3, "not for him");
}

static void
t_who_knows_the_code_may_be_cut_off_for_free(void **state)
{
	struct hosting h;
	char code[CODE_TEXT];
	int at = 3;

	(void)state;
	snprintf(code, sizeof(code), "%s", host());
	sim_meddle(s, cut_at, &at);
	for (int i = 0; i < 5; i++) {
		ok(join(bob, code) == 0, e.what);
		ok(failed(bob)->reason == CODE_CUT, failed(bob)->text);
		ok(chat_hosting(alice->chat, &h) && h.left == 3, "all left");
	}
	sim_meddle(s, NULL, NULL);
	ok(join(bob, code) == 0, e.what);
	ok_paired();
}

static void
t_a_code_expires_and_says_so(void **state)
{
	struct hosting h;
	char code[CODE_TEXT];

	(void)state;
	snprintf(code, sizeof(code), "%s", host());
	sim_leap(s, 600000);
	ok(!chat_hosting(alice->chat, &h), "over");
	ok(failed(alice)->reason == CODE_IS_EXPIRED, failed(alice)->text);
	ok(failed(alice)->on && failed(alice)->left == 0, "hers");
	ok(join(bob, code) == 0, e.what);
	ok(failed(bob)->reason == CODE_IS_EXPIRED, failed(bob)->text);
	ok(!is_contact(alice, bob) && !is_contact(bob, alice), "no contact");
	sim_leap(s, 120000);
	ok(!*alice->plate, "nobody waits there any more");
}

static enum sim_fate
dawdle(void *arg, struct sim_msg *m)
{
	(void)m;
	return *(const bool *)arg ? SIM_SWAP : SIM_PASS;
}

static void
t_who_came_in_time_may_finish(void **state)
{
	int64_t left;
	bool slow = false;

	(void)state;
	ok(join(alice, "0") < 0, "nothing");
	host();
	sim_leap(s, 599900);
	{
		struct hosting h;

		ok(chat_hosting(alice->chat, &h), "just about");
		left = h.life_ms;
		ok(chat_join(bob->chat, h.code, "", &e) == 0, e.what);
	}
	sim_meddle(s, dawdle, &slow);
	sim_run_ms(s, 3);
	/* m1 is under way for longer than the code lives. */
	slow = true;
	sim_run_ms(s, left + 10);
	sim_meddle(s, NULL, NULL);
	ok(!is_contact(alice, bob), "not yet");
	sim_run_ms(s, 31000);
	ok(failed(alice)->reason == CODE_IS_EXPIRED, failed(alice)->text);
	ok(failed(bob)->reason == CODE_LATE, failed(bob)->text);
}

static void
t_a_code_is_for_one_person(void **state)
{
	struct node *carol = sim_node(s, "Carol");
	char code[CODE_TEXT];

	(void)state;
	snprintf(code, sizeof(code), "%s", host());
	ok(join(bob, code) == 0, e.what);
	ok(join(carol, code) == 0, e.what);
	ok(failed(carol)->reason == CODE_IS_USED, failed(carol)->text);
	ok(!is_contact(alice, carol) && !is_contact(carol, alice), "no");
	ok_paired();
}

static void
t_a_second_code_replaces_the_first(void **state)
{
	char code[CODE_TEXT];
	struct hosting h;

	(void)state;
	snprintf(code, sizeof(code), "%s", host());
	ok(join(bob, wrong_code()) == 0, e.what);
	ok(chat_host(alice->chat, &e) == 0, e.what);
	ok(chat_hosting(alice->chat, &h) && h.left == 3, "all new");
	ok(strcmp(h.code, code) != 0, "another one");
	ok(join(bob, code) == 0, e.what);
	ok(failed(bob)->reason == CODE_NOBODY, failed(bob)->text);
	ok(chat_host_off(alice->chat, &e) == 0, e.what);
	ok(chat_host_off(alice->chat, &e) < 0, "none is there");
	ok(join(bob, h.code) == 0, e.what);
	ok(failed(bob)->reason == CODE_NOBODY, failed(bob)->text);
}

static void
t_a_code_that_ended_in_its_turn_is_not_told(void **state)
{
	size_t told = sim_told(alice, NEWS_CODE, NULL);
	struct hosting h;

	(void)state;
	ok(chat_host(alice->chat, &e) == 0, e.what);
	ok(chat_host_off(alice->chat, &e) == 0, e.what);
	sim_run_ms(s, 5);
	ok(sim_told(alice, NEWS_CODE, NULL) == told, "it was over before");
	/* The commit of the second one is in the same turn. */
	ok(chat_host(alice->chat, &e) == 0, e.what);
	ok(chat_host(alice->chat, &e) == 0, e.what);
	ok(chat_hosting(alice->chat, &h), "it waits");
	sim_run_ms(s, 5);
	ok(sim_told(alice, NEWS_CODE, NULL) == told + 1, "one is there");
	ok(sim_told(alice, NEWS_CODE, h.code) == 1, "the last one");
}

static void
t_nobody_and_no_place_are_told_apart(void **state)
{
	(void)state;
	host();
	chat_host_off(alice->chat, NULL);
	ok(join(bob, "0000000000000000") == 0, e.what);
	ok(failed(bob)->reason == CODE_NOBODY, failed(bob)->text);
	ok(strstr(failed(bob)->text, "no relay") != NULL, "nor a relay");
	bob->no_place = true;
	ok(join(bob, "0000000000000000") == 0, e.what);
	ok(failed(bob)->reason == CODE_NO_PLACE, failed(bob)->text);
	ok(failed(bob)->left == 3, "neither is a try");
	ok(chat_host(bob->chat, &e) < 0, "nowhere to wait");
}

static void
t_a_restart_kills_the_code_and_says_so(void **state)
{
	struct hosting h;
	char code[CODE_TEXT];

	(void)state;
	snprintf(code, sizeof(code), "%s", host());
	sim_forget_told(alice);
	sim_kill(s, alice);
	sim_run_ms(s, 5);
	ok(sim_told(alice, NEWS_NOTICE, "is gone") == 1, "said");
	ok(!chat_hosting(alice->chat, &h), "none waits");
	ok(join(bob, code) == 0, e.what);
	ok(failed(bob)->reason == CODE_NOBODY, failed(bob)->text);
	sim_forget_told(alice);
	sim_restart(s, alice);
	sim_run_ms(s, 5);
	ok(sim_told(alice, NEWS_NOTICE, "is gone") == 0, "once");
}

static void
t_a_used_or_ended_code_is_not_missed(void **state)
{
	(void)state;
	ok(join(bob, host()) == 0, e.what);
	sim_forget_told(alice);
	sim_kill(s, alice);
	sim_run_ms(s, 5);
	ok(sim_told(alice, NEWS_NOTICE, "is gone") == 0, "it was used");
	host();
	ok(chat_host_off(alice->chat, &e) == 0, e.what);
	sim_run_ms(s, 5);
	sim_forget_told(alice);
	sim_kill(s, alice);
	sim_run_ms(s, 5);
	ok(sim_told(alice, NEWS_NOTICE, "is gone") == 0, "she ended it");
}

/* ---- the disk ----------------------------------------------------------- */

/* T5: without the count on disk a guess gets no answer. */
static void
row_09_a_guess_that_cannot_be_counted_gets_no_answer(void **state)
{
	(void)state;
	host();
	alice->full = true;
	ok(join(bob, wrong_code()) == 0, e.what);
	ok(failed(bob)->reason == CODE_CUT, failed(bob)->text);
	ok(failed(bob)->left == 3, "he learned nothing");
	alice->full = false;
}

static void
row_09_no_contact_on_a_full_disk(void **state)
{
	(void)state;
	/* Bob's is full: he does not say who he is. */
	bob->full = true;
	ok(join(bob, host()) == 0, e.what);
	ok(failed(bob)->reason == CODE_REFUSED, failed(bob)->text);
	ok(!is_contact(bob, alice) && !is_contact(alice, bob), "nobody");
	ok(!sim_person(bob, alice), "no trace");
	bob->full = false;
	sim_leap(s, 6000);
	ok(join(bob, host()) == 0, e.what);
	ok_paired();
}

/* ---- who they are ------------------------------------------------------- */

static void
t_a_blocked_person_stays_blocked(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	ok(chat_block(alice->chat, sim_person(alice, bob), true, &e) == 0,
	    e.what);
	ok(join(bob, host()) == 0, e.what);
	ok(trust(alice, bob) == TRUST_BLOCKED, "still");
	ok(failed(alice)->reason == CODE_REFUSED, failed(alice)->text);
	ok(chat_block(alice->chat, sim_person(alice, bob), false, &e) == 0,
	    e.what);
	/* Bob typed it. */
	ok(chat_block(bob->chat, sim_person(bob, alice), true, &e) == 0,
	    e.what);
	ok(join(bob, host()) == 0, e.what);
	ok(trust(bob, alice) == TRUST_BLOCKED, "still");
	ok(failed(bob)->reason == CODE_REFUSED, failed(bob)->text);
}

static void
t_contacts_may_pair_too(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	ok(chat_verify(bob->chat, sim_person(bob, alice), true, &e) == 0,
	    e.what);
	ok(join(bob, host()) == 0, e.what);
	ok(trust(alice, bob) == TRUST_PAIRED, "better than accepted");
	ok(trust(bob, alice) == TRUST_VERIFIED, "not worse than verified");
}

static void
t_a_request_is_let_in_by_a_code(void **state)
{
	(void)state;
	sim_see(s, alice, bob);
	ok(sim_say(bob, alice, "may I?") == 0, "said");
	sim_run_ms(s, 2);
	sim_join(s, alice, bob);
	sim_run_ms(s, 20);
	ok(trust(alice, bob) == TRUST_REQUESTED, "asked");
	ok(join(alice, "0") < 0, "nothing");
	ok(join(bob, host()) == 0, e.what);
	sim_run_ms(s, 100);
	ok(trust(alice, bob) == TRUST_PAIRED, "in");
	ok(sim_told(alice, NEWS_MESSAGE, "may I?") == 1, "a message now");
	ok(chat_owed(bob->chat) == 0, "acknowledged");
}

/* ---- hammering ---------------------------------------------------------- */

static void
guess(const struct code *code)
{
	struct pairing_setup setup = { .code = code, .id = bob->id };
	uint8_t said[2048];
	struct pairing *p;
	struct buf card, msg;
	uint32_t visit;
	size_t len;

	visit = sim_come(alice);
	sim_run_ms(s, 1);
	len = sim_said_raw(alice, said, sizeof(said));
	if (len > 1) {
		buf_init(&card);
		buf_init(&msg);
		bob->net->card(bob->net->chat, &card);
		setup.card = card.at;
		setup.card_len = card.len;
		p = pairing_new(&setup);
		ok(pairing_read(p, said, len) == PAIRING_GO_ON, "m0");
		ok(pairing_write(p, &msg), "m1");
		sim_say_raw(alice, visit, msg.at, msg.len);
		sim_run_ms(s, 1);
		len = sim_said_raw(alice, said, sizeof(said));
		ok(pairing_read(p, said, len) == PAIRING_WRONG_CODE, "m2");
		pairing_free(p);
		buf_clear(&card);
		buf_clear(&msg);
	}
	sim_go_raw(alice, visit);
}

static void
t_10000_wrong_codes_change_nothing_but_a_counter(void **state)
{
	struct code code;
	struct hosting h;

	(void)state;
	ok(code_parse(&code, host()) == CODE_GOOD, "a code");
	ok(code_parse(&code, wrong_code()) == CODE_GOOD, "a wrong one");
	for (int i = 0; i < 10000; i++)
		guess(&code);
	ok(!chat_hosting(alice->chat, &h), "dead");
	ok(sim_told(alice, NEWS_CODE_FAILED, NULL) == 3, "told three times");
	ok(roster_count(chat_roster(alice->chat)) == 0, "nobody is there");
	ok(join(bob, host()) == 0, e.what);
	ok_paired();
}

/* Those who come and go, or say nonsense, do not even count. */
static void
t_10000_callers_without_a_guess_change_nothing(void **state)
{
	static const uint8_t nonsense[2048] = { 7 };
	struct hosting h;
	const char *code = host();

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint32_t visit = sim_come(alice);

		sim_run_ms(s, 1);
		if (i % 2)
			sim_say_raw(alice, visit, nonsense, (size_t)i % 2000);
		sim_run_ms(s, 1);
		sim_go_raw(alice, visit);
	}
	ok(chat_hosting(alice->chat, &h) && h.left == 3, "all left");
	ok(sim_told(alice, NEWS_CODE_FAILED, NULL) == 0, "not worth a word");
	ok(join(bob, code) == 0, e.what);
	ok_paired();
}

static void
t_who_comes_and_is_silent_is_told_once(void **state)
{
	struct hosting h;
	const char *code = host();

	(void)state;
	for (int i = 0; i < 3; i++) {
		sim_come(alice);
		sim_run_ms(s, 31000);
	}
	ok(chat_hosting(alice->chat, &h) && h.left == 3, "all left");
	ok(sim_told(alice, NEWS_CODE_FAILED, "said nothing") == 1, "once");
	ok(failed(alice)->reason == CODE_LATE, failed(alice)->text);
	ok(failed(alice)->left == 3, "all left");
	ok(join(bob, code) == 0, e.what);
	ok_paired();
}

static void
t_a_blocked_person_at_the_door_is_told_once(void **state)
{
	char code[CODE_TEXT];

	(void)state;
	sim_meet(s, alice, bob);
	ok(chat_block(alice->chat, sim_person(alice, bob), true, &e) == 0,
	    e.what);
	snprintf(code, sizeof(code), "%s", host());
	for (int i = 0; i < 20; i++)
		ok(join(bob, code) == 0, e.what);
	ok(sim_told(alice, NEWS_CODE_FAILED, NULL) == 1, "once");
}

/* ---- versions ----------------------------------------------------------- */

static enum sim_fate
of_tomorrow(void *arg, struct sim_msg *m)
{
	/* nonce 16 | vmin | vmax */
	if (m->number == *(const int *)arg) {
		m->p[16] = 7;
		m->p[17] = 9;
	}
	return SIM_PASS;
}

static void
row_55_another_version_is_told_as_such(void **state)
{
	struct hosting h;
	int at = 0;

	(void)state;
	sim_meddle(s, of_tomorrow, &at);
	ok(join(bob, host()) == 0, e.what);
	ok(failed(bob)->reason == CODE_OTHER_VERSION, failed(bob)->text);
	ok(strstr(failed(bob)->text, "version 9"), failed(bob)->text);
	at = 1;
	ok(join(bob, host()) == 0, e.what);
	ok(failed(alice)->reason == CODE_OTHER_VERSION, failed(alice)->text);
	ok(chat_hosting(alice->chat, &h) && h.left == 3, "no guess");
}

/* A relay that came a moment ago counts, and the way they met by may be gone
 * a moment later. */
static void
t_the_meeting_alone_tells_where_letters_go(void **state)
{
	(void)state;
	sim_relay(alice, true);
	sim_relay(bob, true);
	ok(join(bob, host()) == 0, e.what);
	ok(is_contact(alice, bob) && is_contact(bob, alice), "contacts");
	ok(sim_say(alice, bob, "to be left") == 0, "said");
	ok(sim_say(bob, alice, "as well") == 0, "said");
	sim_run_ms(s, 3000);
	ok(strstr(sim_heard(bob, alice), "to be left"), "Bob took it");
	ok(strstr(sim_heard(alice, bob), "as well"), "Alice took it");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, pair_setup, \
	pair_teardown)
	const struct CMUnitTest tests[] = {
		T(t_a_code_makes_two_contacts),
		T(t_paired_survives_a_crash),
		T(t_a_code_waits_ten_minutes_with_three_tries),
		T(t_a_code_is_said_in_any_spelling),
		T(t_a_typing_error_costs_nothing),
		T(t_my_own_code_is_no_use_to_me),
		T(t_a_wrong_code_is_told_on_both_sides),
		T(t_three_wrong_ones_and_the_code_is_dead),
		T(t_who_types_one_code_three_times_wrong_is_stopped),
		T(t_a_guesser_at_the_joiner_has_three_tries),
		T(t_a_guess_without_an_answer_counts),
		T(t_who_knows_the_code_may_be_cut_off_for_free),
		T(t_a_code_expires_and_says_so),
		T(t_who_came_in_time_may_finish),
		T(t_a_code_is_for_one_person),
		T(t_a_second_code_replaces_the_first),
		T(t_a_code_that_ended_in_its_turn_is_not_told),
		T(t_nobody_and_no_place_are_told_apart),
		T(t_a_restart_kills_the_code_and_says_so),
		T(t_a_used_or_ended_code_is_not_missed),
		T(row_09_a_guess_that_cannot_be_counted_gets_no_answer),
		T(row_09_no_contact_on_a_full_disk),
		T(t_a_blocked_person_stays_blocked),
		T(t_contacts_may_pair_too),
		T(t_a_request_is_let_in_by_a_code),
		T(t_10000_wrong_codes_change_nothing_but_a_counter),
		T(t_10000_callers_without_a_guess_change_nothing),
		T(t_who_comes_and_is_silent_is_told_once),
		T(t_a_blocked_person_at_the_door_is_told_once),
		T(row_55_another_version_is_told_as_such),
		T(t_the_meeting_alone_tells_where_letters_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
