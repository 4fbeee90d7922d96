/* A stranger sits where a code waits, and is found before whoever made it. */
#include "pair-kit.h"

#include "code.h"
#include "own.h"

/* Mallory sits where Alice's code waits, and is found before her. */
static struct node *
sit_before_alice(char code[CODE_TEXT])
{
	struct node *mallory = sim_node(s, "Mallory");

	snprintf(code, CODE_TEXT, "%s", host());
	ok(chat_host(mallory->chat, &e) == 0, e.what);
	snprintf(mallory->plate, sizeof(mallory->plate), "%s", alice->plate);
	return mallory;
}

static void
t_the_carrier_is_told_where_a_code_failed(void **state)
{
	char code[CODE_TEXT];
	struct node *mallory = sit_before_alice(code);
	uint32_t number;

	(void)state;
	ok(join(bob, code) == 0, e.what);
	ok(failed(bob)->reason == CODE_IS_WRONG, failed(bob)->text);
	ok(bob->visit_code == 0, "it had not failed before");
	ok(bob->n_failed == 1 && bob->failed_code != 0, "now it has");
	number = bob->failed_code;
	ok(join(bob, code) == 0, e.what);
	ok(bob->visit_code == number, "which is said with the same code");
	ok(bob->n_failed == 2 && bob->failed_code == number, "again");
	/* As a carrier does that knows. */
	mallory->plate[0] = '\0';
	ok(join(bob, code) == 0, e.what);
	ok(bob->visit_code == number, "the third try");
	ok(bob->n_failed == 2, "is good");
	ok_paired();
	ok(sim_told(alice, NEWS_CODE_FAILED, NULL) == 0, "and her first");
}

/* A typing error does not speak against whoever waits there. */
static void
t_other_digits_are_another_code(void **state)
{
	char typed[CODE_TEXT], code[CODE_TEXT];
	uint32_t number;

	(void)state;
	snprintf(code, sizeof(code), "%s", host());
	snprintf(typed, sizeof(typed), "%s", wrong_code());
	ok(join(bob, typed) == 0, e.what);
	number = bob->failed_code;
	ok(join(bob, wrong_code()) == 0, e.what);
	ok(bob->visit_code == 0, "not seen before");
	ok(bob->n_failed == 2 && bob->failed_code != number, "another one");
	ok(join(bob, code) == 0, e.what);
	ok(bob->visit_code == 0, "nor this");
	ok_paired();
}

/* ---- what counts as a failure ------------------------------------------ */

/* What becomes of message `at`. */
struct fault {
	int at;
	enum sim_fate fate;
	bool flips, is_gone;
};

static enum sim_fate
strike(void *arg, struct sim_msg *m)
{
	const struct fault *f = arg;

	if (m->number != f->at)
		return SIM_PASS;
	if (f->flips)
		m->p[0] ^= 0x10;
	if (f->is_gone) {
		/* "It was used", from whoever says so. */
		m->len = 1;
		m->p[0] = 2;
	}
	return f->fate;
}

/* A stranger has more ways to be in the way than a wrong proof. */
static void
t_whatever_is_said_instead_of_a_proof_is_a_failure(void **state)
{
	static struct fault rows[] = {
		{ .fate = SIM_CUT_BEFORE },
		{ .fate = SIM_CUT_AFTER },
		{ .fate = SIM_LOSE },
		{ .fate = SIM_CUT_AFTER, .is_gone = true },
		{ .flips = true },
		{ .at = 2, .flips = true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char code[CODE_TEXT];

		snprintf(code, sizeof(code), "%s", host());
		sim_meddle(s, strike, &rows[i]);
		ok(join(bob, code) == 0, e.what);
		sim_leap(s, 31000);
		ok(!chat_is_joining(bob->chat), "over");
		ok(bob->n_failed == 1, failed(bob)->text);
		sim_meddle(s, NULL, NULL);
		ok(join(bob, code) == 0, e.what);
		ok(bob->visit_code == bob->failed_code, "said again");
		ok_paired();
		pair_teardown(NULL);
		pair_setup(NULL);
	}
}

static void
t_who_proved_the_code_has_not_failed(void **state)
{
	struct fault f = { .at = 6, .fate = SIM_CUT_BEFORE };

	(void)state;
	sim_meddle(s, strike, &f);
	ok(join(bob, host()) == 0, e.what);
	sim_meddle(s, NULL, NULL);
	ok(failed(bob)->reason == CODE_CUT, failed(bob)->text);
	ok(bob->n_failed == 0, "she had");
	ok(chat_block(bob->chat, sim_person(bob, alice), true, &e) == 0,
	    e.what);
	ok(join(bob, host()) == 0, e.what);
	ok(failed(bob)->reason == CODE_REFUSED, failed(bob)->text);
	ok(bob->n_failed == 0, "nor has whom I block");
}

static void
t_where_nobody_was_nothing_failed(void **state)
{
	char code[CODE_TEXT];

	(void)state;
	snprintf(code, sizeof(code), "%s", host());
	chat_host_off(alice->chat, NULL);
	ok(join(bob, code) == 0, e.what);
	ok(failed(bob)->reason == CODE_NOBODY, failed(bob)->text);
	ok(bob->n_failed == 0, "nobody");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, pair_setup, \
	pair_teardown)
	const struct CMUnitTest tests[] = {
		T(t_the_carrier_is_told_where_a_code_failed),
		T(t_other_digits_are_another_code),
		T(t_whatever_is_said_instead_of_a_proof_is_a_failure),
		T(t_who_proved_the_code_has_not_failed),
		T(t_where_nobody_was_nothing_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
