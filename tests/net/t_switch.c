/* A session's ways: which one, since when, and what becomes of the words. */
#include "switch-kit.h"

static void
t_better_way_is_used_at_once(void **state)
{
	struct test *t = *state;
	struct wire *relay = join(t, PATH_RELAY), *punched;
	size_t n;

	run(t, 5000);
	assert_int_equal(path_of(&t->a), PATH_RELAY);
	punched = join(t, PATH_PUNCHED);
	assert_int_equal(path_of(&t->a), PATH_PUNCHED);
	assert_int_equal(path_of(&t->b), PATH_PUNCHED);
	run(t, 2000);
	n = relay->n_sent;
	say(&t->a);
	run(t, 100);
	assert_int_equal(t->b.shown, 1);
	assert_int_equal(relay->n_sent, n);
	join(t, PATH_LAN);
	assert_int_equal(path_of(&t->a), PATH_LAN);
	run(t, SESSION_MOVE_MS * 2 + 100);
	assert_false(is_standing(punched));
	assert_int_equal(t->a.n_downs + t->b.n_downs, 0);
}

static void
t_relay_stands_by_for_30_s(void **state)
{
	struct test *t = *state;
	struct wire *relay = join(t, PATH_RELAY);

	run(t, 1000);
	join(t, PATH_PUNCHED);
	run(t, SESSION_STANDBY_MS - 1000);
	assert_true(is_standing(relay));
	run(t, 2000);
	assert_false(is_standing(relay));
	assert_int_equal(path_of(&t->a), PATH_PUNCHED);
}

static void
t_silent_way_is_left_within_7_s(void **state)
{
	struct test *t = *state;
	struct wire *punched;

	join(t, PATH_RELAY);
	punched = join(t, PATH_PUNCHED);
	run(t, 3000);
	say(&t->a);
	say(&t->b);
	run(t, 4000);
	silence(punched, true);
	say(&t->a);
	say(&t->b);
	assert_in_range(heard_after(&t->a, 20000), 1, 7000);
	assert_in_range(heard_after(&t->b, 20000), 0, 7000);
	assert_int_equal(path_of(&t->a), PATH_RELAY);
	run(t, LEG_DEAD_MS + 1000);
	assert_false(is_standing(punched));
	assert_int_equal(t->a.n_downs + t->b.n_downs, 0);
	assert_false(t->a.is_wrong || t->b.is_wrong);
}

/* Nothing is said, but somebody looks: the status is right soon. */
static void
t_silence_is_noticed_between_words(void **state)
{
	struct test *t = *state;
	struct wire *punched;

	join(t, PATH_RELAY);
	punched = join(t, PATH_PUNCHED);
	run(t, 1000);
	say(&t->a);
	run(t, 5000);
	silence(punched, true);
	run(t, LEG_BEAT_MS + LEG_SUSPECT_MS + 100);
	assert_int_equal(path_of(&t->a), PATH_RELAY);
	assert_int_equal(path_of(&t->b), PATH_RELAY);
}

static void
t_first_words_after_a_pause_do_not_wait_long(void **state)
{
	struct test *t = *state;
	struct wire *punched;

	join(t, PATH_RELAY);
	punched = join(t, PATH_PUNCHED);
	run(t, LEG_QUIET_MS + 5000);
	silence(punched, true);
	say(&t->a);
	assert_in_range(heard_after(&t->a, 20000), 1, LEG_FIRST_MS + 100);
}

static void
t_doubt_asks_for_a_stand_by(void **state)
{
	struct test *t = *state;
	struct wire *punched = join(t, PATH_PUNCHED);

	run(t, 2000);
	say(&t->a);
	run(t, 2000);
	silence(punched, true);
	say(&t->a);
	run(t, LEG_SUSPECT_MS / 2 - 100);
	assert_int_equal(t->a.n_doubts, 0);
	run(t, 200);
	assert_int_equal(t->a.n_doubts, 1);
	run(t, 500);
	join(t, PATH_RELAY);
	assert_int_equal(path_of(&t->a), PATH_PUNCHED);
	assert_in_range(heard_after(&t->a, 20000), 1, 3250);
	assert_int_equal(path_of(&t->a), PATH_RELAY);
	assert_int_equal(t->a.n_doubts, 1);
}

static void
t_what_answers_again_is_best_again(void **state)
{
	struct test *t = *state;
	struct session_change c;
	struct wire *punched;

	join(t, PATH_RELAY);
	punched = join(t, PATH_PUNCHED);
	run(t, 1000);
	say(&t->a);
	run(t, 1000);
	silence(punched, true);
	say(&t->a);
	run(t, LEG_SUSPECT_MS + 1000);
	assert_int_equal(path_of(&t->a), PATH_RELAY);
	silence(punched, false);
	run(t, 100);
	assert_int_equal(path_of(&t->a), PATH_PUNCHED);
	say(&t->a);
	assert_in_range(heard_after(&t->a, 5000), 1, 100);
	assert_int_equal(t->b.shown, 3);
	assert_false(t->b.is_wrong);
	assert_true(session_history(t->a.session, 0, &c));
	assert_int_equal(c.path, PATH_PUNCHED);
	assert_string_equal(c.why, "it answers again");
	assert_true(session_history(t->a.session, 1, &c));
	assert_int_equal(c.path, PATH_RELAY);
	assert_true(session_history(t->a.session, 3, &c));
	assert_string_equal(c.why, "it was reached");
	assert_false(session_history(t->a.session, 4, &c));
}

static void
t_only_way_is_not_given_up_early(void **state)
{
	struct test *t = *state;
	struct wire *lan = join(t, PATH_LAN);

	run(t, 2000);
	silence(lan, true);
	say(&t->a);
	run(t, LEG_ALONE_MS - 1000);
	assert_int_equal(path_of(&t->a), PATH_LAN);
	silence(lan, false);
	assert_in_range(heard_after(&t->a, 5000), 1, 100);
	assert_int_equal(t->a.n_downs, 0);
	silence(lan, true);
	say(&t->a);
	run(t, LEG_ALONE_MS + 1000);
	assert_int_equal(path_of(&t->a), PATH_NONE);
	assert_int_equal(t->a.n_downs, 1);
}

static void
row_36_idle_way_that_died_is_noticed_within_60_s(void **state)
{
	static const enum path paths[] = { PATH_LAN, PATH_DIRECT,
		PATH_MAPPED };
	struct test *t = *state;

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct wire *w = join(t, paths[i]);

		run(t, 100000);
		assert_int_equal(path_of(&t->a), paths[i]);
		silence(w, true);
		run(t, 60000);
		assert_int_equal(path_of(&t->a), PATH_NONE);
		assert_int_equal(path_of(&t->b), PATH_NONE);
	}
}

static void
t_heartbeats_beat_only_while_somebody_talks(void **state)
{
	struct test *t = *state;
	struct wire *w = join(t, PATH_PUNCHED);
	size_t n;

	run(t, 60000);
	n = w->n_sent;
	run(t, 3600000);
	/* An hour of silence: a ping and its answer each 300 s. */
	assert_in_range(w->n_sent - n, 2 * 11, 4 * 13);
	say(&t->a);
	run(t, 1000);
	n = w->n_sent;
	run(t, 30000);
	assert_in_range(w->n_sent - n, 2 * 9, 4 * 11);
	run(t, 30000);
	n = w->n_sent;
	run(t, 30000);
	assert_in_range(w->n_sent - n, 0, 4);
}

static void
t_idle_hour_by_relay_is_cheap(void **state)
{
	struct test *t = *state;
	struct wire *w = join(t, PATH_RELAY);
	size_t bytes;

	run(t, 60000);
	bytes = w->bytes;
	run(t, 3600000);
	/* Records of both ends; each passes the relay, with the heads of its
	 * own record and of TCP. */
	assert_in_range(w->bytes - bytes, 2000, 8000);
}

static void
t_paths_are_handed_on(void **state)
{
	struct test *t = *state;

	join(t, PATH_RELAY);
	run(t, 100);
	assert_int_equal(session_send(t->a.session, RECORD_PATHS, "abc", 3),
	    0);
	run(t, 100);
	assert_int_equal(t->b.n_paths, 3);
}

static struct wire *
any_wire(struct test *t)
{
	for (int i = 0; i < 50; i++) {
		size_t back = any(t, 6) + 1;

		if (back <= t->n && is_standing(t->wires[t->n - back]))
			return t->wires[t->n - back];
	}
	return NULL;
}

/* One thing that happens to the ways between two people. */
static void
disturb(struct test *t)
{
	struct wire *w = any_wire(t);

	switch (w ? any(t, 4) : 0) {
	case 0:
		join(t, (enum path)(PATH_LAN + any(t, 5)));
		break;
	case 1:
		cut(t, w);
		break;
	case 2:
		silence(w, !w->is_silent);
		break;
	case 3:
		session_probe(any(t, 2) ? t->a.session : t->b.session);
		break;
	}
}

static void
talk_and_switch(struct test *t, unsigned switches)
{
	for (unsigned i = 0; i < switches; i++) {
		for (unsigned k = any(t, 30); k > 0; k--) {
			say(any(t, 2) ? &t->a : &t->b);
			run(t, any(t, 200));
		}
		disturb(t);
		run(t, any(t, 10) == 0 ? any(t, 30000) : any(t, 300));
	}
	for (size_t i = 0; i < t->n; i++)
		if (is_standing(t->wires[i]) && t->wires[i]->is_silent)
			silence(t->wires[i], false);
	run(t, 20000);
	join(t, PATH_LAN);
	run(t, 5000);
}

static void
t_200_switches_lose_double_and_reorder_nothing(void **state)
{
	struct test *t = *state;

	join(t, PATH_RELAY);
	talk_and_switch(t, 900);
	print_message("# %u and %u lines over %zu wires, %u moves\n",
	    t->a.said, t->b.said, t->n, t->a.n_moves);
	assert_true(t->a.n_moves >= 200 && t->b.n_moves >= 200);
	assert_int_equal(t->b.shown, t->a.said);
	assert_int_equal(t->a.shown, t->b.said);
	assert_false(t->a.is_wrong);
	assert_false(t->b.is_wrong);
	assert_int_equal(chat_owed(t->a.chat), 0);
	assert_int_equal(chat_owed(t->b.chat), 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup_test, \
	teardown_test)
	const struct CMUnitTest tests[] = {
		T(t_better_way_is_used_at_once),
		T(t_relay_stands_by_for_30_s),
		T(t_silent_way_is_left_within_7_s),
		T(t_silence_is_noticed_between_words),
		T(t_first_words_after_a_pause_do_not_wait_long),
		T(t_doubt_asks_for_a_stand_by),
		T(t_what_answers_again_is_best_again),
		T(t_only_way_is_not_given_up_early),
		T(row_36_idle_way_that_died_is_noticed_within_60_s),
		T(t_heartbeats_beat_only_while_somebody_talks),
		T(t_idle_hour_by_relay_is_cheap),
		T(t_paths_are_handed_on),
		T(t_200_switches_lose_double_and_reorder_nothing),
	};

	return cmocka_run_group_tests_name("switch", tests, NULL, NULL);
}
