/*
 * Mail in bad weather: relays that lose, repeat, reorder and lie, links that
 * come and go, kills and old backups.
 *
 * STORMS sets the number of runs of each kind (8).
 */
#include "mail-kit.h"

/* ---- bad weather -------------------------------------------------------- */

static void
row_35_duplicated_and_reordered_letters(void **state)
{
	char text[8], expected[400] = "";

	(void)state;
	meet_and_part();
	sim_mail_weather(s, 0, 50, 50);
	sim_cut_off(bob, true);
	for (int i = 0; i < 60; i++) {
		snprintf(text, sizeof(text), "%d", i);
		say(alice, bob, text);
		snprintf(expected + strlen(expected), 8, "%s%d",
		    i ? "|" : "", i);
		sim_run_ms(s, 2);
	}
	sim_run_ms(s, 100);
	sim_cut_off(bob, false);
	sim_run_ms(s, 1000);
	assert_string_equal(sim_heard(bob, alice), expected);
	ok(owed(alice, bob) == 0, "all acknowledged");
}

static void
row_60_relay_invents_replays_and_spoils(void **state)
{
	uint8_t junk[700] = { 0 };

	(void)state;
	meet_and_part();
	sim_cut_off(bob, true);
	say(alice, bob, "one");
	say(alice, bob, "two");
	say(alice, bob, "three");
	sim_run_ms(s, 50);
	for (int i = 0; i < 5; i++)
		sim_repeat_letter(bob, 0);
	sim_spoil_letter(bob, 1);
	for (unsigned i = 0; i < 60; i++) {
		junk[0] = (uint8_t)(0x10 + i % 4);
		junk[1] = 1;
		junk[20] = (uint8_t)i;
		sim_post(bob, i % 4 ? alice : NULL, junk, 10 + i * 10);
	}
	sim_cut_off(bob, false);
	sim_run_ms(s, 500);
	assert_string_equal(sim_heard(bob, alice), "one|three");
	ok(sim_line(bob, alice, 1)->gap == 1, "what is missing is said");
	ok(sim_letters(bob) == 0, "nothing of it stays");
	ok(owed(alice, bob) == 1, "and it is still owed");
	sim_join(s, alice, bob);
	sim_run_ms(s, 50);
	assert_string_equal(sim_heard(bob, alice), "one|two|three");
}

static unsigned
n_seeds(void)
{
	const char *text = getenv("STORMS");
	long n = text ? strtol(text, NULL, 10) : 0;

	return n > 0 ? (unsigned)n : 8;
}

/* Everything at once, from the seed. */
struct storm {
	struct node *n[2];
	size_t said[2];
};

static void
begin_storm(struct storm *w, unsigned seed)
{
	memset(w, 0, sizeof(*w));
	sim_free(s);
	s = sim_new(seed);
	w->n[0] = alice = sim_node(s, "Alice");
	w->n[1] = bob = sim_node(s, "Bob");
	for (int i = 0; i < 2; i++) {
		ok(chat_history(w->n[i]->chat, true, &e) == 0, e.what);
		sim_relay(w->n[i], true);
	}
	meet();
	sim_mail_weather(s, 15, 15, 30);
}

static void
happen(struct storm *w, bool rollback)
{
	unsigned who = sim_random(s, 2), dice = sim_random(s, 12);
	struct node *n = w->n[who];
	char text[32];

	if (dice < 4) {
		snprintf(text, sizeof(text), "%u-%zu.", who, w->said[who]++);
		say(n, w->n[!who], text);
	} else if (dice == 4) {
		sim_cut_off(n, !n->cut_off);
	} else if (dice == 5) {
		sim_join(s, alice, bob);
	} else if (dice == 6) {
		sim_part(s, alice, bob);
	} else if (dice == 7) {
		sim_kill(s, n);
		sim_relay(n, true);
	} else if (dice == 8 && rollback) {
		sim_restore(s, n);
		sim_relay(n, true);
	}
	/* What was said is committed, at least. */
	sim_run_ms(s, 1 + sim_random(s, 300));
}

/* By relay alone, some days. */
static void
calm_down(struct storm *w)
{
	sim_mail_weather(s, 0, 0, 0);
	sim_part(s, alice, bob);
	for (int i = 0; i < 2; i++)
		sim_cut_off(w->n[i], false);
	for (int i = 0; i < 60; i++) {
		loop_virtual_run(alice->loop, MAIL_LOOK_MS);
		loop_virtual_run(bob->loop, MAIL_LOOK_MS);
		sim_run_ms(s, 400);
	}
}

static void
judge(struct storm *w, unsigned seed, bool all)
{
	char text[32];

	for (int i = 0; i < 2; i++) {
		struct node *me = w->n[i], *other = w->n[!i];
		const char *heard, *at;

		while (chat_older(me->chat, sim_person(me, other), &e) > 0)
			;
		heard = sim_heard(me, other);
		for (size_t k = 0; k < w->said[!i]; k++) {
			snprintf(text, sizeof(text), "%d-%zu.", !i, k);
			at = strstr(heard, text);
			if (at ? strstr(at + 1, text) != NULL : all)
				fail_msg("seed %u: %s: %s", seed, text,
				    heard);
		}
		if (owed(me, other) > 0)
			fail_msg("seed %u: %zu owed", seed, owed(me, other));
	}
}

static void
t_storm_of_everything(void **state)
{
	struct storm w;

	(void)state;
	for (unsigned seed = 1; seed <= n_seeds(); seed++) {
		begin_storm(&w, seed);
		for (int step = 0; step < 60; step++)
			happen(&w, false);
		calm_down(&w);
		judge(&w, seed, true);
	}
}

/* What only the lost copy knew is lost with it; nothing is shown twice, and
 * nothing stays owed. */
static void
row_29_storm_with_old_backups(void **state)
{
	struct storm w;

	(void)state;
	for (unsigned seed = 1; seed <= n_seeds(); seed++) {
		begin_storm(&w, seed);
		for (int step = 0; step < 80; step++) {
			if (step % 20 == 0)
				sim_backup(w.n[sim_random(s, 2)]);
			if (step == 0)
				for (int i = 0; i < 2; i++)
					sim_backup(w.n[i]);
			happen(&w, true);
		}
		calm_down(&w);
		judge(&w, seed, false);
	}
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(row_35_duplicated_and_reordered_letters),
		CASE(row_60_relay_invents_replays_and_spoils),
		CASE(t_storm_of_everything),
		CASE(row_29_storm_with_old_backups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
