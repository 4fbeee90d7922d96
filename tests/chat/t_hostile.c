/*
 * Who means harm: a stranger on the network, a contact gone bad.
 */
#include "sim.h"

#include <time.h>

#include "own.h"
#include "rand.h"

static struct sim *s;
static struct node *alice, *bob;
static struct err e;

static int
begin(void **state)
{
	(void)state;
	s = sim_new(1);
	alice = sim_node(s, "Alice");
	bob = sim_node(s, "Bob");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	sim_free(s);
	return 0;
}

static struct person *
called(struct node *who, const char *peer)
{
	return roster_match(chat_roster(who->chat), peer, &e);
}

/* ---- names -------------------------------------------------------------- */

/* "/msg ali .." meant Alice yesterday; a stranger who calls itself so
 * today must not get what was meant for her. */
static void
row_64_a_short_name_catches_no_words(void **state)
{
	struct node *mallory;
	char id[5];

	(void)state;
	sim_meet(s, alice, bob);
	ok(called(bob, "ali") == sim_person(bob, alice), "until now");
	mallory = sim_impostor(s, "ali");
	sim_see(s, bob, mallory);
	ok(called(bob, "ali") == NULL, "it could be either");
	ok(strstr(e.what, "Alice") != NULL, "and both are named");
	ok(called(bob, "alice") == sim_person(bob, alice), "all of her name");
	snprintf(id, sizeof(id), "%.4s", sim_person(bob, alice)->id_text);
	ok(called(bob, id) == sim_person(bob, alice), "the id");
	mallory = sim_impostor(s, id);
	sim_see(s, bob, mallory);
	ok(called(bob, id) == NULL, "a name that is her id's beginning");
}

static void
row_64_a_name_that_ends_like_a_tag_gets_one(void **state)
{
	/* The second's brackets are wide ones. */
	static const char *const open[] = { "(", "\xef\xbc\x88" };
	static const char *const shut[] = { ")", "\xef\xbc\x89" };
	const struct person *p;
	char name[64];

	(void)state;
	sim_meet(s, alice, bob);
	for (size_t i = 0; i < 2; i++) {
		struct node *mallory;

		snprintf(name, sizeof(name), "Alice %s%.8s%s", open[i],
		    sim_person(bob, alice)->id_text, shut[i]);
		mallory = sim_impostor(s, name);
		sim_see(s, bob, mallory);
		p = sim_person(bob, mallory);
		ok(strlen(p->title) > strlen(name), p->title);
		snprintf(name, sizeof(name), "(%.8s)", p->id_text);
		ok(strstr(p->title, name) != NULL, p->title);
	}
}

/* ---- keys --------------------------------------------------------------- */

/* A beacon is signed, but by whom it likes: it may name the X25519 key of
 * somebody else, who must not pay for it. */
static void
t_a_borrowed_key_that_is_blocked_shuts_nobody_out(void **state)
{
	struct node *mallory = sim_impostor(s, "Mallory");
	struct sighting seen = { .name = "pest", .where = "10.0.0.6:1" };
	struct user_id id;
	struct person *p;

	(void)state;
	memcpy(seen.keys.ed, identity_keys(mallory->id)->ed, KEY_LEN);
	memcpy(seen.keys.x, identity_keys(alice->id)->x, KEY_LEN);
	bob->net->on_seen(bob->net->chat, &seen);
	user_id_of(&id, &seen.keys);
	p = roster_find(chat_roster(bob->chat), &id);
	ok(chat_block(bob->chat, p, true, &e) == 0, e.what);
	sim_run_ms(s, 1);
	ok(sim_join(s, alice, bob), "she may come and ask");
	sim_restart(s, bob);
	ok(sim_join(s, alice, bob), "after a restart, too");
}

/* Once its key is proven a blocked one is refused before any answer. */
static void
t_a_blocked_key_that_is_proven_gets_no_answer(void **state)
{
	(void)state;
	sim_see(s, alice, bob);
	ok(chat_block(bob->chat, sim_person(bob, alice), true, &e) == 0,
	    e.what);
	sim_run_ms(s, 1);
	if (sim_join(s, alice, bob)) {
		sim_run_ms(s, 5);
		ok(bob->n_drops > 0, "dropped at the first link");
	}
	ok(!sim_join(s, alice, bob), "and not welcome from then on");
}

/* ---- floods ------------------------------------------------------------- */

static void
hear(struct node *to, struct node *from, struct frame *f)
{
	f->version = FRAME_VERSION;
	ok(sim_hear(to, from, f) == FRAME_TAKEN, "a good frame");
}

/* A contact leaves holes wherever it can; what is missing is counted once
 * a turn, not once a frame. */
static void
t_holes_of_a_contact_cost_no_time(void **state)
{
	enum { EPOCHS = 5, N = 1800 };
	struct frame f = { .type = FRAME_TEXT, .body = (const uint8_t *)"x",
		.len = 1 };
	clock_t from;

	(void)state;
	sim_meet(s, alice, bob);
	from = clock();
	for (uint64_t epoch = EPOCHS; epoch > 0; epoch--) {
		for (uint64_t i = N; i > 0; i--) {
			f.epoch = (UINT64_C(1) << 62) + epoch;
			f.seq = 2 * i;
			hear(bob, alice, &f);
		}
		sim_run_ms(s, 1);
	}
	ok(sim_lines(bob, alice) == EPOCHS * N, "all are there");
	ok(sim_line(bob, alice, 0)->gap == 1, "with what is missing");
	memset(&f, 0, sizeof(f));
	for (uint64_t i = 0; i < 20000; i++) {
		f.base = (UINT64_C(1) << 61) + i;
		hear(bob, alice, &f);
	}
	f.base = (UINT64_C(1) << 62) + EPOCHS;
	hear(bob, alice, &f);
	sim_run_ms(s, 50);
	ok(sim_line(bob, alice, 0)->gap == 0, "nobody owes these any more");
	ok(sim_line(bob, alice, EPOCHS * N - 1)->gap == 1, "but these");
	ok((clock() - from) / CLOCKS_PER_SEC < 5, "in a moment");
}

/* Whoever is not let in shows nothing but a name and the words it asked
 * with: least of all a line for each new key. */
static void
t_strangers_of_a_newer_version_are_told_of_once(void **state)
{
	struct frame f = { .version = 9, .type = FRAME_TEXT, .epoch = 5,
		.base = 5, .seq = 1 };

	(void)state;
	for (int i = 0; i < 10; i++) {
		struct node *n = sim_impostor(s, "X");

		ok(sim_join(s, n, bob), "a stranger");
		sim_hear(bob, n, &f);
		sim_run_ms(s, 2);
		sim_part(s, n, bob);
	}
	ok(sim_told(bob, NEWS_NOTICE, "version 9") <= 1, "at most");
}

static void
ask_from(const char *place)
{
	struct frame f = { .type = FRAME_TEXT, .epoch = 5, .base = 5,
		.seq = 1, .body = (const uint8_t *)"hi", .len = 2 };
	struct node *n = sim_impostor(s, "X");
	struct card card = { .vmin = 1, .vmax = 1,
		.keys = *identity_keys(n->id) };

	bob->net->on_up(bob->net->chat, &card, PATH_LAN, 1, place, false);
	hear(bob, n, &f);
	sim_run_ms(s, 1);
}

static size_t
count_requested(struct node *n)
{
	struct roster *r = chat_roster(n->chat);
	size_t n_requested = 0;

	for (size_t i = 0; i < roster_count(r); i++)
		n_requested += roster_at(r, i)->who.trust == TRUST_REQUESTED;
	return n_requested;
}

/* One machine with many keys asks; others still can. */
static void
t_requests_of_one_place_leave_room_for_others(void **state)
{
	static const char *const places[] = { "10.9.9.9:7", "10.9.9.9",
		"[fe80::9%eth0]:7", "fe80::9%eth0", "10.9.9.90:7" };
	static const size_t expected[] = { 8, 8, 16, 16, 24 };

	(void)state;
	for (size_t k = 0; k < 5; k++) {
		for (int i = 0; i < 10; i++)
			ask_from(places[k]);
		ok(count_requested(bob) == expected[k], places[k]);
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		T(row_64_a_short_name_catches_no_words),
		T(row_64_a_name_that_ends_like_a_tag_gets_one),
		T(t_a_borrowed_key_that_is_blocked_shuts_nobody_out),
		T(t_a_blocked_key_that_is_proven_gets_no_answer),
		T(t_holes_of_a_contact_cost_no_time),
		T(t_requests_of_one_place_leave_room_for_others),
		T(t_strangers_of_a_newer_version_are_told_of_once)
	};

	if (crypto_start(&e) < 0)
		return 1;
	return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
