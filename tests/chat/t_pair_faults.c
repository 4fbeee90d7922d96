/* Every message of a pairing cut, lost, doubled, overtaken, reflected,
 * changed or replayed, and both sides killed at every step: never is there
 * half a contact for good. */
#include "pair-kit.h"

#include "code.h"
#include "own.h"

enum { MESSAGES = 7, SENT_MAX = 2048 };

static void
anew(void)
{
	pair_teardown(NULL);
	pair_setup(NULL);
}

/* Whatever came of it: both, or neither, or Bob waits to be confirmed, for
 * ten minutes at most; and the next try is a good one. */
static void
ok_no_half(const char *what)
{
	sim_meddle(s, NULL, NULL);
	sim_leap(s, 31000);
	ok(!chat_is_joining(bob->chat), what);
	meet_and_wait();
	ok(is_contact(bob, alice) || !is_contact(alice, bob), what);
	if (is_contact(bob, alice) && !is_contact(alice, bob)) {
		ok(sim_person(bob, alice)->unconfirmed, what);
		ok(trust(bob, alice) == TRUST_ACCEPTED, what);
		sim_leap(s, 601000);
		ok(!is_contact(bob, alice), what);
		ok(sim_told(bob, NEWS_NOTICE, "never confirmed") == 1, what);
	} else if (is_contact(bob, alice)) {
		ok(!sim_person(bob, alice)->unconfirmed, what);
		ok(trust(bob, alice) == TRUST_PAIRED, what);
		ok(trust(alice, bob) == TRUST_PAIRED, what);
		ok(sim_told(bob, NEWS_PAIRED, NULL) > 0, what);
	}
	ok(join(bob, host()) == 0, e.what);
	ok_paired();
}

struct fault {
	int at;
	enum sim_fate fate;
	int flip;			/* a bit of it; -1: none */
	int cut;			/* bytes off its end */
	int grow;
};

static enum sim_fate
strike(void *arg, struct sim_msg *m)
{
	const struct fault *f = arg;

	if (m->number != f->at)
		return SIM_PASS;
	if (f->flip >= 0)
		m->p[(size_t)f->flip / 8 % m->len] ^=
		    (uint8_t)(1 << f->flip % 8);
	m->len -= (size_t)f->cut < m->len ? (size_t)f->cut : m->len;
	return f->fate;
}

static void
try(struct fault *f)
{
	char what[80];

	snprintf(what, sizeof(what), "m%d fate %d flip %d cut %d", f->at,
	    (int)f->fate, f->flip, f->cut);
	sim_meddle(s, strike, f);
	ok(join(bob, host()) == 0, e.what);
	ok_no_half(what);
	anew();
}

static void
row_48_every_message_lost_doubled_overtaken_reflected_cut(void **state)
{
	(void)state;
	for (int at = 0; at < MESSAGES; at++)
		for (int fate = SIM_LOSE; fate <= SIM_CUT_AFTER; fate++) {
			struct fault f = { .at = at, .flip = -1,
				.fate = (enum sim_fate)fate };

			try(&f);
		}
}

static void
row_48_every_message_changed_or_short(void **state)
{
	(void)state;
	for (int at = 0; at < MESSAGES; at++) {
		for (int i = 0; i < 8; i++) {
			struct fault f = { .at = at, .flip = i * 137 + at };

			try(&f);
		}
		for (int cut = 1; cut < 3000; cut = cut * 5 + 1) {
			struct fault f = { .at = at, .flip = -1,
				.cut = cut };

			try(&f);
		}
	}
}

/* ---- replay ------------------------------------------------------------- */

struct record {
	bool plays;
	int at;
	size_t len[MESSAGES];
	uint8_t p[MESSAGES][SENT_MAX];
};

static enum sim_fate
replay(void *arg, struct sim_msg *m)
{
	struct record *r = arg;

	if (m->number >= MESSAGES)
		return SIM_PASS;
	if (!r->plays) {
		r->len[m->number] = m->len;
		memcpy(r->p[m->number], m->p, m->len);
	} else if (m->number == r->at && r->len[r->at] <= m->len) {
		m->len = r->len[r->at];
		memcpy(m->p, r->p[r->at], m->len);
	}
	return SIM_PASS;
}

static void
row_49_a_message_of_another_run_leads_nowhere(void **state)
{
	static struct record r;

	(void)state;
	for (int at = 0; at < MESSAGES; at++) {
		char what[40];

		snprintf(what, sizeof(what), "m%d again", at);
		memset(&r, 0, sizeof(r));
		sim_meddle(s, replay, &r);
		ok(join(bob, host()) == 0, e.what);
		r.plays = true;
		r.at = at;
		chat_remove(alice->chat, sim_person(alice, bob), &e);
		chat_remove(bob->chat, sim_person(bob, alice), &e);
		sim_forget_told(bob);
		ok(join(bob, host()) == 0, e.what);
		ok(at == 6 || !is_contact(alice, bob), what);
		ok_no_half(what);
		anew();
	}
}

static enum sim_fate
zero_point(void *arg, struct sim_msg *m)
{
	/* m1: nonce 16 | vmin | vmax | share; m2: share | tag */
	if (m->number == *(const int *)arg)
		memset(m->p + (m->number == 1 ? 18 : 0), 0, 32);
	return SIM_PASS;
}

static void
row_50_a_zero_point_is_refused(void **state)
{
	(void)state;
	for (int at = 1; at <= 2; at++) {
		sim_meddle(s, zero_point, &at);
		ok(join(bob, host()) == 0, e.what);
		ok(!is_contact(alice, bob) && !is_contact(bob, alice), "no");
		ok_no_half("zero point");
		anew();
	}
}

/* ---- crashes ------------------------------------------------------------ */

/* SIGKILL between any two turns of either side. */
static void
t_killed_at_every_step(void **state)
{
	(void)state;
	for (int ms = 0; ms < 14; ms++)
		for (int who = 1; who <= 3; who++) {
			char what[60];

			snprintf(what, sizeof(what), "after %d ms, kill %d",
			    ms, who);
			ok(chat_join(bob->chat, host(), "", &e) == 0, e.what);
			sim_run_ms(s, ms);
			if (who & 1)
				sim_kill(s, alice);
			if (who & 2)
				sim_kill(s, bob);
			sim_run_ms(s, 10);
			ok_no_half(what);
			anew();
		}
}

/* .. and with the last message lost on the way. */
static void
t_killed_with_its_message(void **state)
{
	(void)state;
	for (int at = 0; at < MESSAGES; at++)
		for (int who = 0; who < 4; who++) {
			struct node *n = who & 1 ? alice : bob;
			struct fault f = { .at = at, .flip = -1, .fate =
				who & 2 ? SIM_CUT_BEFORE : SIM_CUT_AFTER };
			char what[60];

			n = who & 1 ? alice : bob;
			snprintf(what, sizeof(what), "m%d, case %d", at, who);
			sim_meddle(s, strike, &f);
			ok(join(bob, host()) == 0, e.what);
			sim_kill(s, n);
			ok_no_half(what);
			anew();
		}
}

/* ---- the one who waits to be confirmed ---------------------------------- */

static void
lose(int at)
{
	struct fault f = { .at = at, .flip = -1, .fate = SIM_CUT_BEFORE };

	sim_meddle(s, strike, &f);
	ok(join(bob, host()) == 0, e.what);
	sim_meddle(s, NULL, NULL);
}

static void
t_a_frame_confirms_what_m6_could_not(void **state)
{
	(void)state;
	lose(6);
	ok(failed(bob)->reason == CODE_CUT, failed(bob)->text);
	ok(strstr(failed(bob)->text, "confirm"), failed(bob)->text);
	ok(trust(alice, bob) == TRUST_PAIRED, "she is sure");
	ok(sim_person(bob, alice)->unconfirmed, "he is not");
	ok(sim_told(bob, NEWS_PAIRED, NULL) == 0, "not yet");
	sim_kill(s, bob);
	sim_run_ms(s, 5);
	ok(sim_person(bob, alice)->unconfirmed, "nor after a crash");
	sim_join(s, alice, bob);
	sim_run_ms(s, 50);
	ok(sim_told(bob, NEWS_PAIRED, NULL) == 1, "now he is");
	ok_paired();
}

static void
t_a_letter_confirms_as_well(void **state)
{
	(void)state;
	sim_relay(alice, true);
	sim_relay(bob, true);
	sim_run_ms(s, 500);
	lose(6);
	sim_run_ms(s, 3000);
	ok(!sim_person(bob, alice)->unconfirmed, "by her letter");
	ok_paired();
}

/* m6 is lost, and she is away until he forgot her: her words ask him, and
 * both were told so. */
static void
t_who_was_forgotten_is_asked_again(void **state)
{
	(void)state;
	lose(6);
	ok(sim_told(alice, NEWS_PAIRED, NULL) == 1, "she knows");
	sim_leap(s, 601000);
	ok(!is_contact(bob, alice), "forgotten");
	ok(sim_told(bob, NEWS_NOTICE, "write to you, and /accept") == 1,
	    "and told what to do");
	ok(sim_say(alice, bob, "hello?") == 0, "said");
	ok(sim_join(s, alice, bob), "they link");
	sim_run_ms(s, 50);
	ok(sim_told(bob, NEWS_REQUEST, "hello?") == 1, "asked");
	ok(chat_accept(bob->chat, sim_person(bob, alice), &e) == 0, e.what);
	sim_run_ms(s, 50);
	ok(sim_say(bob, alice, "here") == 0, "said");
	sim_run_ms(s, 50);
	ok(strstr(sim_heard(alice, bob), "here"), "heard");
	ok(chat_owed(alice->chat) + chat_owed(bob->chat) == 0, "and acked");
}

static enum sim_fate
lose_m5s_end(void *arg, struct sim_msg *m)
{
	(void)arg;
	return m->number == 5 ? SIM_CUT_AFTER : SIM_PASS;
}

static void
t_she_is_told_when_her_last_word_cannot_leave(void **state)
{
	(void)state;
	sim_meddle(s, lose_m5s_end, NULL);
	ok(join(bob, host()) == 0, e.what);
	ok(trust(alice, bob) == TRUST_PAIRED, "she is sure");
	ok(sim_told(alice, NEWS_NOTICE, "before Bob could be told") == 1,
	    "and told");
}

static void
t_words_keep_who_was_never_confirmed(void **state)
{
	(void)state;
	lose(5);
	ok(!is_contact(alice, bob), "she never heard");
	ok(sim_person(bob, alice)->unconfirmed, "he waits");
	ok(sim_say(bob, alice, "are you there?") == 0, "said");
	sim_leap(s, 601000);
	ok(is_contact(bob, alice), "kept");
	ok(!sim_person(bob, alice)->unconfirmed, "as somebody added");
	/* And they ask, as a stranger's would. */
	sim_join(s, alice, bob);
	sim_run_ms(s, 50);
	ok(sim_told(alice, NEWS_REQUEST, "are you there?") == 1, "asked");
}

/* What I decide while nobody confirms is not undone by the deadline. */
static void
t_a_block_outlasts_a_pairing_that_failed(void **state)
{
	(void)state;
	lose(5);
	ok(chat_block(bob->chat, sim_person(bob, alice), true, &e) == 0,
	    e.what);
	sim_leap(s, 601000);
	ok(trust(bob, alice) == TRUST_BLOCKED, "still");
	sim_kill(s, bob);
	sim_leap(s, 601000);
	ok(trust(bob, alice) == TRUST_BLOCKED, "after a start, too");
}

static void
t_compared_numbers_outlast_a_pairing_that_failed(void **state)
{
	(void)state;
	lose(5);
	ok(chat_verify(bob->chat, sim_person(bob, alice), false, &e) == 0,
	    e.what);
	sim_leap(s, 601000);
	ok(is_contact(bob, alice), "kept");
	ok(sim_person(bob, alice)->doubted, "with the doubt");
}

/* Alice never knew of him; then she comes to a code of his. */
static void
t_whoever_comes_to_me_is_sure(void **state)
{
	struct hosting h;

	(void)state;
	lose(5);
	ok(sim_person(bob, alice)->unconfirmed, "he waits");
	ok(chat_host(bob->chat, &e) == 0, e.what);
	ok(chat_hosting(bob->chat, &h), "he made a code");
	sim_run_ms(s, 1);
	ok(join(alice, h.code) == 0, e.what);
	ok(!sim_person(bob, alice)->unconfirmed, "she came");
	sim_leap(s, 601000);
	ok(is_contact(bob, alice), "and stays");
	ok_paired();
}

/* The second try is not sure before it is confirmed, and has its own time. */
static void
t_a_second_try_waits_as_long_as_the_first(void **state)
{
	(void)state;
	lose(5);
	sim_leap(s, 400000);
	lose(5);
	ok(sim_person(bob, alice)->unconfirmed, "he waits");
	ok(trust(bob, alice) == TRUST_ACCEPTED, "and is not sure");
	sim_leap(s, 400000);
	ok(is_contact(bob, alice), "ten minutes from the second");
	sim_leap(s, 301000);
	ok(!is_contact(bob, alice), "and no more");
}

static void
t_the_same_code_again_confirms(void **state)
{
	char code[CODE_TEXT];
	struct fault f = { .at = 5, .flip = -1, .fate = SIM_CUT_BEFORE };

	(void)state;
	snprintf(code, sizeof(code), "%s", host());
	sim_meddle(s, strike, &f);
	ok(join(bob, code) == 0, e.what);
	sim_meddle(s, NULL, NULL);
	ok(sim_person(bob, alice)->unconfirmed, "he waits");
	ok(join(bob, code) == 0, e.what);
	ok_paired();
}

/* ---- at the same moment -------------------------------------------------- */

/* Each makes a code and types the other's, in one instant. */
static void
t_both_host_and_both_join(void **state)
{
	char hers[CODE_TEXT];
	struct hosting h;

	(void)state;
	snprintf(hers, sizeof(hers), "%s", host());
	ok(chat_host(bob->chat, &e) == 0 && chat_hosting(bob->chat, &h),
	    e.what);
	ok(chat_join(bob->chat, hers, "", &e) == 0, e.what);
	ok(chat_join(alice->chat, h.code, "", &e) == 0, e.what);
	sim_run_ms(s, 30);
	ok(!chat_hosting(alice->chat, &h) && !chat_hosting(bob->chat, &h),
	    "both used");
	ok(sim_told(alice, NEWS_CODE_FAILED, NULL) == 0, "no trouble");
	ok(sim_told(bob, NEWS_CODE_FAILED, NULL) == 0, "no trouble");
	ok_paired();
}

static void
t_of_two_with_one_code_one_gets_in(void **state)
{
	struct node *carol = sim_node(s, "Carol");
	char code[CODE_TEXT];

	(void)state;
	snprintf(code, sizeof(code), "%s", host());
	ok(chat_join(bob->chat, code, "", &e) == 0, e.what);
	ok(chat_join(carol->chat, code, "", &e) == 0, e.what);
	sim_run_ms(s, 30);
	ok(is_contact(alice, bob) != is_contact(alice, carol), "one of them");
	ok(is_contact(bob, alice) == is_contact(alice, bob), "no half");
	ok(is_contact(carol, alice) == is_contact(alice, carol), "no half");
	ok(!is_contact(bob, carol) && !is_contact(carol, bob), "nor crossed");
}

/* What either may type while the exchange is under way, at every step. */
static void
t_whatever_is_typed_in_the_middle(void **state)
{
	(void)state;
	for (int ms = 0; ms < 12; ms++)
		for (int what = 0; what < 4; what++) {
			char text[60];

			snprintf(text, sizeof(text), "after %d ms, %d", ms,
			    what);
			ok(chat_join(bob->chat, host(), "", &e) == 0, e.what);
			sim_run_ms(s, ms);
			if (what == 0)
				chat_host_off(alice->chat, &e);
			else if (what == 1)
				ok(chat_host(alice->chat, &e) == 0, e.what);
			else if (what == 2)
				chat_join_off(bob->chat);
			else
				ok(chat_host(bob->chat, &e) == 0, e.what);
			sim_run_ms(s, 20);
			ok_no_half(text);
			anew();
		}
}

/* ---- what ends a run while the code's time is over ----------------------- */

/* Bob comes so late that the code expires in the middle of the exchange. */
static void
come_late(void)
{
	struct hosting h;

	host();
	sim_leap(s, 599900);
	ok(chat_hosting(alice->chat, &h), "it waits");
	sim_run_ms(s, h.life_ms - 3);
	ok(chat_hosting(alice->chat, &h), "it waits");
	ok(chat_join(bob->chat, h.code, "", &e) == 0, e.what);
}

static void
ok_expired(void)
{
	struct hosting h;

	sim_run_ms(s, 50);
	ok(!chat_hosting(alice->chat, &h), "over");
	ok(!is_contact(alice, bob), "nobody");
	ok(failed(alice)->reason == CODE_IS_EXPIRED, failed(alice)->text);
}

static void
t_a_code_expires_with_a_refusal(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	ok(chat_block(alice->chat, sim_person(alice, bob), true, &e) == 0,
	    e.what);
	come_late();
	ok_expired();
}

static void
row_09_a_code_expires_with_a_full_disk(void **state)
{
	(void)state;
	come_late();
	sim_run_ms(s, 5);
	alice->full = true;
	sim_run_ms(s, 5);
	alice->full = false;
	sim_leap(s, 6000);
	ok_expired();
}

/* What was not counted on disk had no answer: it does not count. */
static void
row_09_tries_that_got_no_answer_are_left(void **state)
{
	struct hosting h;

	(void)state;
	host();
	for (int i = 0; i < 4; i++) {
		alice->full = true;
		ok(join(bob, wrong_code()) == 0, e.what);
		ok(failed(bob)->reason == CODE_CUT, failed(bob)->text);
		alice->full = false;
		sim_leap(s, 6000);
		ok(chat_hosting(alice->chat, &h) && h.left == 3, "all left");
	}
	ok(join(bob, wrong_code()) == 0, e.what);
	ok(chat_hosting(alice->chat, &h) && h.left == 2, "one less");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, pair_setup, \
	pair_teardown)
	const struct CMUnitTest tests[] = {
		T(row_48_every_message_lost_doubled_overtaken_reflected_cut),
		T(row_48_every_message_changed_or_short),
		T(row_49_a_message_of_another_run_leads_nowhere),
		T(row_50_a_zero_point_is_refused),
		T(t_killed_at_every_step),
		T(t_killed_with_its_message),
		T(t_a_frame_confirms_what_m6_could_not),
		T(t_a_letter_confirms_as_well),
		T(t_who_was_forgotten_is_asked_again),
		T(t_a_block_outlasts_a_pairing_that_failed),
		T(t_compared_numbers_outlast_a_pairing_that_failed),
		T(t_whoever_comes_to_me_is_sure),
		T(t_a_second_try_waits_as_long_as_the_first),
		T(t_she_is_told_when_her_last_word_cannot_leave),
		T(t_words_keep_who_was_never_confirmed),
		T(t_the_same_code_again_confirms),
		T(t_both_host_and_both_join),
		T(t_of_two_with_one_code_one_gets_in),
		T(t_whatever_is_typed_in_the_middle),
		T(t_a_code_expires_with_a_refusal),
		T(row_09_a_code_expires_with_a_full_disk),
		T(row_09_tries_that_got_no_answer_are_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
