/*
 * How two become contacts by a code: the known answers, the order of what
 * is counted and kept, versions, and whoever knows the code and lies.
 */
#include "pairing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pairing-pair.h"
#include "rand.h"
#include "vectors.h"

static struct people who;

/* The card of p2ptui_identity.txt: body and signature. */
static void
vector_card(struct buf *out, const struct vectors *v, const char *section)
{
	const struct section *s = vectors_get(v, section);
	size_t len;
	const uint8_t *body = section_bytes(s, "body", &len);

	buf_init(out);
	buf_put(out, body, len);
	buf_put(out, section_exact(s, "signature", SIG_LEN), SIG_LEN);
}

static void
t_every_message_known_answer(void **state)
{
	struct vectors *v = vectors_open("p2ptui_pair.txt");
	struct vectors *ids = vectors_open("p2ptui_identity.txt");
	const struct section *s = vectors_get(v, "pair");
	/* B creates, A joins; sid is nonce A, nonce B. */
	const uint8_t *sid = section_exact(s, "sid", 32);
	struct identity *a, *b;
	struct buf card_a, card_b;
	struct pair p = { .side = { NULL } };
	struct code code;

	(void)state;
	a = identity_from_seed(section_exact(vectors_get(ids, "alice"),
	    "seed", 32));
	b = identity_from_seed(section_exact(vectors_get(ids, "bob"), "seed",
	    32));
	vector_card(&card_a, ids, "card-alice");
	vector_card(&card_b, ids, "card-bob");
	assert_int_equal(code_parse(&code, section_text(s, "code")),
	    CODE_GOOD);
	p.side[CREATOR] = pairing_new(&(struct pairing_setup){
	    .creator = true, .code = &code, .id = b, .card = card_b.at,
	    .card_len = card_b.len, .nonce = sid + 16,
	    .scalar = section_exact(s, "yb", 32),
	    .e = section_exact(s, "b_ephemeral", 32) });
	p.side[JOINER] = pairing_new(&(struct pairing_setup){
	    .code = &code, .id = a, .card = card_a.at,
	    .card_len = card_a.len, .nonce = sid,
	    .scalar = section_exact(s, "ya", 32),
	    .e = section_exact(s, "a_ephemeral", 32) });
	for (int i = 0; i < MESSAGES; i++) {
		const char name[] = { 'm', (char)('0' + i), '\0' };
		const uint8_t *want;
		size_t len;

		pair_write(&p, i);
		want = section_bytes(s, name, &len);
		assert_int_equal(p.last[i].len, len);
		assert_memory_equal(p.last[i].at, want, len);
		assert_false(is_bad(pair_read(&p, i)));
	}
	assert_string_equal(pairing_card(p.side[CREATOR])->name, "alice");
	assert_string_equal(pairing_card(p.side[JOINER])->name, "bob");
	pair_clear(&p);
	buf_clear(&card_a);
	buf_clear(&card_b);
	identity_free(a);
	identity_free(b);
	vectors_free(v);
	vectors_free(ids);
}

static void
check_card(struct pairing *p, int whose)
{
	const void *bytes;
	size_t len;

	assert_non_null(pairing_card(p));
	assert_true(keys_equal(&pairing_card(p)->keys,
	    identity_keys(who.id[whose])));
	bytes = pairing_card_bytes(p, &len);
	assert_int_equal(len, who.card[whose].len);
	assert_memory_equal(bytes, who.card[whose].at, len);
}

static void
t_each_step_is_told_in_its_order(void **state)
{
	static const enum pairing_verdict order[MESSAGES] = {
		PAIRING_GO_ON, PAIRING_GUESSED, PAIRING_GO_ON, PAIRING_GO_ON,
		PAIRING_KNOWN, PAIRING_KNOWN, PAIRING_DONE
	};
	struct pair p;

	(void)state;
	pair_init(&p, &who, false);
	for (int i = 0; i < MESSAGES; i++) {
		struct pairing *from = p.side[pair_writer(i)];
		struct pairing *to = p.side[!pair_writer(i)];

		assert_false(pairing_write(to, &p.last[i]));
		assert_int_equal(p.last[i].len, 0);
		pair_write(&p, i);
		assert_false(pairing_write(from, &p.last[i]));
		assert_int_equal(pairing_is_done(from), i == 6);
		assert_int_equal(pair_read(&p, i), order[i]);
		/* From m1 until m3 the creator's attempt is at stake. */
		assert_int_equal(pairing_is_a_guess(p.side[CREATOR]),
		    i == 1 || i == 2);
		assert_false(pairing_is_a_guess(p.side[JOINER]));
		if (i < 4)
			assert_null(pairing_card(p.side[JOINER]));
		if (i < 5)
			assert_null(pairing_card(p.side[CREATOR]));
	}
	check_card(p.side[CREATOR], JOINER);
	check_card(p.side[JOINER], CREATOR);
	assert_true(pairing_is_done(p.side[JOINER]));
	/* What comes after the end changes nothing. */
	assert_int_equal(pair_read(&p, 6), PAIRING_DONE);
	assert_int_equal(pair_read(&p, 5), PAIRING_DONE);
	check_card(p.side[CREATOR], JOINER);
	check_card(p.side[JOINER], CREATOR);
	pair_clear(&p);
}

/* A pair whose joiner has mistyped, in a way that the check digit allows. */
static void
init_wrong(struct pair *p)
{
	pair_init(p, &who, false);
	pairing_free(p->side[JOINER]);
	p->side[JOINER] = pairing_new(&(struct pairing_setup){
	    .code = &who.wrong, .id = who.id[JOINER],
	    .card = who.card[JOINER].at,
	    .card_len = who.card[JOINER].len });
}

static void
t_another_secret_is_a_wrong_code_at_m2(void **state)
{
	struct pair p;

	(void)state;
	init_wrong(&p);
	pair_run(&p, 2);
	pair_write(&p, 2);
	assert_int_equal(pair_read(&p, 2), PAIRING_WRONG_CODE);
	assert_over(p.side[JOINER], PAIRING_WRONG_CODE);
	assert_true(pairing_is_a_guess(p.side[JOINER]));
	/* And the creator, who hears nothing more, has counted it. */
	assert_true(pairing_is_a_guess(p.side[CREATOR]));
	pair_clear(&p);
}

static void
t_an_m3_without_the_tag_is_a_guess(void **state)
{
	uint8_t m3[80];
	struct pair p;

	(void)state;
	pair_init(&p, &who, false);
	pair_run(&p, 2);
	pair_write(&p, 2);
	rand_bytes(m3, sizeof(m3));
	assert_int_equal(pairing_read(p.side[CREATOR], m3, sizeof(m3)),
	    PAIRING_WRONG_CODE);
	assert_over(p.side[CREATOR], PAIRING_WRONG_CODE);
	assert_true(pairing_is_a_guess(p.side[CREATOR]));
	pair_clear(&p);
	/* Another nameplate is another exchange, too. */
	pair_init(&p, &who, false);
	pairing_free(p.side[JOINER]);
	who.wrong.digits[0] = '2';
	memcpy(who.wrong.digits + 6, who.code.digits + 6, 9);
	p.side[JOINER] = pairing_new(&(struct pairing_setup){
	    .code = &who.wrong, .id = who.id[JOINER],
	    .card = who.card[JOINER].at,
	    .card_len = who.card[JOINER].len });
	pair_run(&p, 2);
	pair_write(&p, 2);
	assert_int_equal(pair_read(&p, 2), PAIRING_WRONG_CODE);
	pair_clear(&p);
}

static bool
holds(const struct buf *in, const void *p, size_t len)
{
	for (size_t i = 0; i + len <= in->len; i++)
		if (memcmp(in->at + i, p, len) == 0)
			return true;
	return false;
}

/* Who does not know the code, and whoever carries it all, sees nobody. */
static void
row_53_a_wrong_code_learns_nobodys_identity(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, &who, false);
	pair_run(&p, MESSAGES);
	for (int i = 0; i < MESSAGES; i++)
		for (int side = 0; side < 2; side++) {
			const struct pubkeys *k = identity_keys(who.id[side]);

			assert_false(holds(&p.last[i], k->ed, 8));
			assert_false(holds(&p.last[i], k->x, 8));
			assert_false(holds(&p.last[i], who.card[side].at,
			    8));
			assert_false(holds(&p.last[i],
			    identity_id(who.id[side])->b, 8));
		}
	pair_clear(&p);
	init_wrong(&p);
	pair_go_on(&p, 0);
	for (int i = 3; i < MESSAGES; i++)
		assert_int_equal(p.last[i].len, 0);
	pair_clear(&p);
}

static void
t_no_two_runs_share_anything(void **state)
{
	struct pair p, q;

	(void)state;
	pair_init(&p, &who, false);
	pair_init(&q, &who, false);
	pair_run(&p, MESSAGES);
	pair_run(&q, MESSAGES);
	assert_memory_not_equal(p.last[0].at, q.last[0].at, 16);
	assert_memory_not_equal(p.last[1].at, q.last[1].at, 16);
	assert_memory_not_equal(p.last[1].at + 18, q.last[1].at + 18, 32);
	assert_memory_not_equal(p.last[2].at, q.last[2].at, 32);
	assert_memory_not_equal(p.last[3].at + 32, q.last[3].at + 32, 32);
	assert_memory_not_equal(p.last[4].at, q.last[4].at, 32);
	pair_clear(&p);
	pair_clear(&q);
}

/* ---- versions ----------------------------------------------------------- */

static enum pairing_verdict
joiner_hears(uint8_t vmin, uint8_t vmax, size_t len, uint8_t *said)
{
	uint8_t m0[64] = { 7 };
	struct pair p;
	enum pairing_verdict v;

	pair_init(&p, &who, false);
	m0[16] = vmin;
	m0[17] = vmax;
	v = pairing_read(p.side[JOINER], m0, len);
	*said = pairing_their_version(p.side[JOINER]);
	if (is_bad(v))
		assert_over(p.side[JOINER], v);
	assert_false(pairing_is_a_guess(p.side[JOINER]));
	pair_clear(&p);
	return v;
}

static enum pairing_verdict
creator_hears(uint8_t vmin, uint8_t vmax, size_t len)
{
	uint8_t m1[64] = { 7 };
	struct pair p;
	enum pairing_verdict v;

	pair_init(&p, &who, false);
	pair_run(&p, 1);
	pair_write(&p, 1);
	assert_int_equal(p.last[1].len, 50);
	memcpy(m1 + 18, p.last[1].at + 18, 32);
	m1[16] = vmin;
	m1[17] = vmax;
	v = pairing_read(p.side[CREATOR], m1, len);
	if (is_bad(v)) {
		assert_false(pairing_is_a_guess(p.side[CREATOR]));
		assert_over(p.side[CREATOR], v);
	}
	pair_clear(&p);
	return v;
}

static void
row_55_versions_without_a_common_one(void **state)
{
	uint8_t said;

	(void)state;
	assert_int_equal(joiner_hears(1, 1, 18, &said), PAIRING_GO_ON);
	assert_int_equal(joiner_hears(1, 255, 18, &said), PAIRING_GO_ON);
	assert_int_equal(joiner_hears(0, 0, 18, &said), PAIRING_BROKEN);
	assert_int_equal(joiner_hears(0, 1, 18, &said), PAIRING_BROKEN);
	assert_int_equal(joiner_hears(2, 1, 18, &said), PAIRING_BROKEN);
	assert_int_equal(joiner_hears(255, 255, 18, &said),
	    PAIRING_OTHER_VERSION);
	assert_int_equal(said, 255);
	/* Whatever a later one looks like. */
	assert_int_equal(joiner_hears(2, 3, 64, &said),
	    PAIRING_OTHER_VERSION);
	assert_int_equal(said, 3);
	assert_int_equal(joiner_hears(1, 1, 19, &said), PAIRING_BROKEN);

	assert_int_equal(creator_hears(1, 1, 50), PAIRING_GUESSED);
	assert_int_equal(creator_hears(1, 2, 50), PAIRING_GUESSED);
	assert_int_equal(creator_hears(0, 1, 50), PAIRING_BROKEN);
	assert_int_equal(creator_hears(3, 2, 50), PAIRING_BROKEN);
	assert_int_equal(creator_hears(2, 255, 50), PAIRING_OTHER_VERSION);
	assert_int_equal(creator_hears(2, 2, 20), PAIRING_OTHER_VERSION);
}

/* Somebody on the way changes what is offered: the tags do not fit. */
static void
row_55_a_downgrade_on_the_way_is_noticed(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, &who, false);
	pair_write(&p, 0);
	p.last[0].at[17] = 2;
	assert_int_equal(pair_read(&p, 0), PAIRING_GO_ON);
	pair_write(&p, 1);
	assert_int_equal(pair_read(&p, 1), PAIRING_GUESSED);
	pair_write(&p, 2);
	assert_int_equal(pair_read(&p, 2), PAIRING_WRONG_CODE);
	pair_clear(&p);

	pair_init(&p, &who, false);
	pair_run(&p, 1);
	pair_write(&p, 1);
	p.last[1].at[17] = 2;
	assert_int_equal(pair_read(&p, 1), PAIRING_GUESSED);
	pair_write(&p, 2);
	assert_int_equal(pair_read(&p, 2), PAIRING_WRONG_CODE);
	pair_clear(&p);
}

/* ---- somebody who knows the code and lies ------------------------------- */

static void
write_card(struct buf *out, int whose, uint8_t vmax)
{
	const struct card c = { .vmin = 1, .vmax = vmax, .name = "liar" };

	buf_init(out);
	card_write(out, &c, who.id[whose]);
}

/* m5 with this card, from a joiner who offered up to this version. */
static void
check_lie(const void *card, size_t len, uint8_t vmax,
    enum pairing_verdict want)
{
	enum pairing_verdict v;
	struct liar l;

	liar_init(&l, &who);
	l.vmax = vmax;
	assert_int_equal(liar_say_m1(&l), PAIRING_GUESSED);
	assert_int_equal(liar_say_m3(&l, NULL), PAIRING_GO_ON);
	liar_hear_m4(&l);
	v = liar_say_m5(&l, card, len);
	assert_int_equal(v, want);
	if (is_bad(v))
		assert_over(l.creator, v);
	/* It knew the code. */
	assert_false(pairing_is_a_guess(l.creator));
	liar_clear(&l);
}

static void
t_a_card_must_be_of_the_key_that_is_proven(void **state)
{
	struct identity *third = identity_new();
	const struct card c = { .vmin = 1, .vmax = 1, .name = "third" };
	struct buf card;

	(void)state;
	write_card(&card, JOINER, 1);
	check_lie(card.at, card.len, 1, PAIRING_KNOWN);
	check_lie(card.at, card.len - 1, 1, PAIRING_BROKEN);
	card.at[card.len - 1] ^= 1;
	check_lie(card.at, card.len, 1, PAIRING_BROKEN);
	check_lie("", 0, 1, PAIRING_BROKEN);
	buf_clear(&card);
	/* Somebody else's, genuine as it is. */
	buf_init(&card);
	card_write(&card, &c, third);
	check_lie(card.at, card.len, 1, PAIRING_BROKEN);
	buf_clear(&card);
	identity_free(third);
}

static void
row_55_a_card_of_other_versions_than_offered(void **state)
{
	struct buf card;

	(void)state;
	write_card(&card, JOINER, 2);
	check_lie(card.at, card.len, 1, PAIRING_OTHER_VERSION);
	check_lie(card.at, card.len, 2, PAIRING_KNOWN);
	buf_clear(&card);
	write_card(&card, JOINER, 1);
	check_lie(card.at, card.len, 2, PAIRING_OTHER_VERSION);
	buf_clear(&card);
}

static void
t_i_am_no_contact_of_mine(void **state)
{
	struct people me = who;
	struct pair p;

	(void)state;
	me.id[JOINER] = me.id[CREATOR];
	me.card[JOINER] = me.card[CREATOR];
	pair_init(&p, &me, false);
	pair_run(&p, 4);
	pair_write(&p, 4);
	assert_int_equal(pair_read(&p, 4), PAIRING_BROKEN);
	assert_over(p.side[JOINER], PAIRING_BROKEN);
	pair_clear(&p);
}

static void
row_50_an_ephemeral_of_low_order(void **state)
{
	static const uint8_t low[2][32] = { { 0 }, { 1 } };
	struct liar l;

	(void)state;
	for (int i = 0; i < 2; i++) {
		liar_init(&l, &who);
		assert_int_equal(liar_say_m1(&l), PAIRING_GUESSED);
		assert_int_equal(liar_say_m3(&l, low[i]), PAIRING_BROKEN);
		assert_over(l.creator, PAIRING_BROKEN);
		assert_false(pairing_is_a_guess(l.creator));
		liar_clear(&l);
	}
}

static int
start(void **state)
{
	(void)state;
	if (crypto_start(NULL) != 0)
		return -1;
	people_init(&who);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	people_clear(&who);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_every_message_known_answer),
		cmocka_unit_test(t_each_step_is_told_in_its_order),
		cmocka_unit_test(t_another_secret_is_a_wrong_code_at_m2),
		cmocka_unit_test(t_an_m3_without_the_tag_is_a_guess),
		cmocka_unit_test(row_53_a_wrong_code_learns_nobodys_identity),
		cmocka_unit_test(t_no_two_runs_share_anything),
		cmocka_unit_test(row_55_versions_without_a_common_one),
		cmocka_unit_test(row_55_a_downgrade_on_the_way_is_noticed),
		cmocka_unit_test(t_a_card_must_be_of_the_key_that_is_proven),
		cmocka_unit_test(row_55_a_card_of_other_versions_than_offered),
		cmocka_unit_test(t_i_am_no_contact_of_mine),
		cmocka_unit_test(row_50_an_ephemeral_of_low_order),
	};

	return cmocka_run_group_tests_name("pairing", tests, start, stop);
}
