#include "envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rand.h"
#include "vectors.h"

static struct vectors *answers;
static struct identity *alice, *bob, *carol;
static struct buf out, plain;

static int
begin(void **state)
{
	const struct section *s;

	(void)state;
	answers = vectors_open("p2ptui_envelope.txt");
	s = vectors_get(answers, "letter");
	alice = identity_from_seed(section_exact(s, "sender", 32));
	bob = identity_from_seed(section_exact(s, "recipient", 32));
	carol = identity_new();
	buf_init(&out);
	buf_init(&plain);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	vectors_free(answers);
	identity_free(alice);
	identity_free(bob);
	identity_free(carol);
	buf_clear(&out);
	buf_clear(&plain);
	return 0;
}

static struct envelope_way
way(const uint8_t *key, const uint8_t *e)
{
	return (struct envelope_way){ alice, identity_id(bob), key, e };
}

static void
same(const struct buf *b, const struct section *s, const char *key)
{
	const uint8_t *p;
	size_t len;

	p = section_bytes(s, key, &len);
	assert_int_equal(b->len, len);
	assert_memory_equal(b->at, p, len);
}

/* ---- known answers ------------------------------------------------------ */

static void
check_letter(const char *name)
{
	const struct section *s = vectors_get(answers, name);
	struct envelope_way w = way(section_exact(s, "public", KEY_LEN),
	    section_exact(s, "ephemeral", KEY_LEN));
	uint8_t id[ENVELOPE_ID];
	const uint8_t *frame;
	size_t len;

	frame = section_bytes(s, "frame", &len);
	assert_int_equal(envelope_letter(&out, &w, frame, len), 0);
	same(&out, s, "envelope");
	assert_int_equal(envelope_look(out.at, out.len, id), ENVELOPE_LETTER);
	assert_memory_equal(id, section_exact(s, "key_id", ENVELOPE_ID),
	    ENVELOPE_ID);
	assert_int_equal(envelope_open_letter(&plain, bob, section_exact(s,
	    "secret", KEY_LEN), identity_keys(alice), out.at, out.len), 0);
	same(&plain, s, "frame");
}

static void
t_letter_known_answer(void **state)
{
	(void)state;
	check_letter("letter");
}

static void
t_long_letter_known_answer(void **state)
{
	(void)state;
	check_letter("letter-long");
}

static void
t_reseal_known_answer(void **state)
{
	const struct section *s = vectors_get(answers, "reseal");
	struct envelope_way w = way(identity_keys(bob)->x,
	    section_exact(s, "ephemeral", KEY_LEN));
	struct reseal r = { .gen = section_u64(s, "gen") }, got;
	uint8_t id[ENVELOPE_ID], sender[KEY_LEN], sig[SIG_LEN];

	(void)state;
	memcpy(r.pub, section_exact(s, "key", KEY_LEN), KEY_LEN);
	assert_int_equal(envelope_reseal(&out, &w, &r), 0);
	same(&out, s, "envelope");
	assert_int_equal(envelope_look(out.at, out.len, id), ENVELOPE_RESEAL);
	assert_memory_equal(id, section_exact(s, "key_id", ENVELOPE_ID),
	    ENVELOPE_ID);
	assert_int_equal(envelope_open_reseal(&got, sig, bob, sender, out.at,
	    out.len), 0);
	assert_memory_equal(sender, identity_keys(alice)->x, KEY_LEN);
	assert_true(got.gen == r.gen);
	assert_memory_equal(got.pub, r.pub, KEY_LEN);
	assert_true(reseal_verify(&got, sig, identity_keys(alice),
	    identity_id(bob)));
	/* Not for another one, not from another one, not of another key. */
	assert_false(reseal_verify(&got, sig, identity_keys(alice),
	    identity_id(carol)));
	assert_false(reseal_verify(&got, sig, identity_keys(carol),
	    identity_id(bob)));
	got.gen++;
	assert_false(reseal_verify(&got, sig, identity_keys(alice),
	    identity_id(bob)));
}

static void
t_request_known_answer(void **state)
{
	const struct section *s = vectors_get(answers, "request");
	struct envelope_way w = way(section_exact(s, "public", KEY_LEN),
	    section_exact(s, "ephemeral", KEY_LEN));
	uint8_t id[ENVELOPE_ID], sender[KEY_LEN];
	const uint8_t *frame, *card;
	size_t len, card_len;

	(void)state;
	frame = section_bytes(s, "frame", &len);
	card = section_bytes(s, "card", &card_len);
	assert_int_equal(envelope_request(&out, &w, card, card_len, frame,
	    len), 0);
	same(&out, s, "envelope");
	assert_int_equal(envelope_look(out.at, out.len, id),
	    ENVELOPE_REQUEST);
	assert_int_equal(envelope_open_request(&plain, bob, section_exact(s,
	    "secret", KEY_LEN), sender, out.at, out.len), 0);
	assert_memory_equal(sender, identity_keys(alice)->x, KEY_LEN);
	assert_true(get_u32(plain.at) == card_len);
	assert_memory_equal(plain.at + 4, card, card_len);
	assert_int_equal(plain.len, 4 + card_len + len);
	assert_memory_equal(plain.at + 4 + card_len, frame, len);
}

/* Somebody known by a short link has said no prekey; what is sealed to his
 * identity key as a request is no reseal, which is sealed to it too. */
static void
t_a_request_may_be_sealed_to_the_identity_key(void **state)
{
	struct envelope_way w = way(identity_keys(bob)->x, NULL);
	uint8_t id[ENVELOPE_ID], want[ENVELOPE_ID], sender[KEY_LEN];
	uint8_t sig[SIG_LEN];
	struct reseal r = { .gen = 1 };

	(void)state;
	assert_int_equal(envelope_request(&out, &w, "card", 4, "frame", 5),
	    0);
	assert_int_equal(envelope_look(out.at, out.len, id),
	    ENVELOPE_REQUEST);
	envelope_key_id(want, identity_keys(bob)->x);
	assert_memory_equal(id, want, ENVELOPE_ID);
	assert_int_equal(envelope_open_request(&plain, bob,
	    identity_x_secret(bob), sender, out.at, out.len), 0);
	assert_memory_equal(sender, identity_keys(alice)->x, KEY_LEN);
	assert_int_equal(plain.len, 4 + 4 + 5);
	assert_memory_equal(plain.at + 8, "frame", 5);
	assert_int_equal(envelope_open_request(&plain, carol,
	    identity_x_secret(carol), sender, out.at, out.len), -1);
	assert_int_equal(envelope_open_letter(&plain, bob,
	    identity_x_secret(bob), identity_keys(alice), out.at, out.len),
	    -1);
	out.at[0] = ENVELOPE_RESEAL;
	assert_int_equal(envelope_open_reseal(&r, sig, bob, sender, out.at,
	    out.len), -1);
	buf_empty(&out);
	memcpy(r.pub, identity_keys(carol)->x, KEY_LEN);
	assert_int_equal(envelope_reseal(&out, &w, &r), 0);
	out.at[0] = ENVELOPE_REQUEST;
	assert_int_equal(envelope_open_request(&plain, bob,
	    identity_x_secret(bob), sender, out.at, out.len), -1);
}

/* ---- shape -------------------------------------------------------------- */

static void
t_only_size_classes_are_seen(void **state)
{
	static const size_t lens[][2] = { { 0, 256 }, { 255, 256 },
		{ 256, 512 }, { 32767, 32768 }, { 32768, 61440 },
		{ ENVELOPE_CONTENT, 61440 } };
	uint8_t secret[KEY_LEN], public[KEY_LEN];
	uint8_t *content = mem_new(ENVELOPE_CONTENT + 1);
	struct envelope_way w = way(public, NULL);

	(void)state;
	x_pair_new(secret, public);
	memset(content, 0x80, ENVELOPE_CONTENT + 1);
	for (size_t i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		buf_empty(&out);
		buf_empty(&plain);
		assert_int_equal(envelope_letter(&out, &w, content,
		    lens[i][0]), 0);
		assert_int_equal(out.len, ENVELOPE_OVERHEAD + lens[i][1]);
		assert_int_equal(envelope_open_letter(&plain, bob, secret,
		    identity_keys(alice), out.at, out.len), 0);
		assert_int_equal(plain.len, lens[i][0]);
	}
	buf_empty(&out);
	assert_int_equal(envelope_letter(&out, &w, content,
	    ENVELOPE_CONTENT + 1), -1);
	assert_int_equal(envelope_request(&out, &w, content, SIZE_MAX,
	    content, 1), -1);
	assert_int_equal(out.len, 0);
	free(content);
}

static void
t_sealing_twice_gives_two_that_differ(void **state)
{
	uint8_t secret[KEY_LEN], public[KEY_LEN];
	struct envelope_way w = way(public, NULL);
	size_t len;

	(void)state;
	x_pair_new(secret, public);
	envelope_letter(&out, &w, "x", 1);
	len = out.len;
	envelope_letter(&out, &w, "x", 1);
	assert_int_equal(out.len, 2 * len);
	assert_memory_not_equal(out.at + ENVELOPE_HEAD,
	    out.at + len + ENVELOPE_HEAD, len - ENVELOPE_HEAD);
}

/* ---- what must not open ------------------------------------------------- */

static void
t_only_its_addressee_opens_it(void **state)
{
	uint8_t secret[KEY_LEN], public[KEY_LEN], other[KEY_LEN], pub2[KEY_LEN];
	struct envelope_way w = way(public, NULL);

	(void)state;
	x_pair_new(secret, public);
	x_pair_new(other, pub2);
	envelope_letter(&out, &w, "x", 1);
	assert_int_equal(envelope_open_letter(&plain, bob, other,
	    identity_keys(alice), out.at, out.len), -1);
	assert_int_equal(envelope_open_letter(&plain, carol, secret,
	    identity_keys(alice), out.at, out.len), -1);
	assert_int_equal(envelope_open_letter(&plain, bob, secret,
	    identity_keys(carol), out.at, out.len), -1);
	assert_int_equal(plain.len, 0);
}

/* Who holds bob's receive key cannot pose as alice to him. */
static void
t_a_sender_cannot_be_claimed(void **state)
{
	uint8_t secret[KEY_LEN], public[KEY_LEN];
	struct envelope_way w = { carol, identity_id(bob), public, NULL };

	(void)state;
	x_pair_new(secret, public);
	envelope_letter(&out, &w, "x", 1);
	assert_int_equal(envelope_open_letter(&plain, bob, secret,
	    identity_keys(alice), out.at, out.len), -1);
}

static void
t_one_kind_is_not_another(void **state)
{
	static const uint8_t kinds[] = { 0x10, 0x11, 0x12, 0x13, 0x20 };
	uint8_t secret[KEY_LEN], public[KEY_LEN], sender[KEY_LEN];
	struct envelope_way w = way(public, NULL);
	struct reseal r;
	uint8_t sig[SIG_LEN];

	(void)state;
	x_pair_new(secret, public);
	envelope_request(&out, &w, "card", 4, "frame", 5);
	for (size_t i = 0; i < sizeof(kinds); i++) {
		out.at[0] = kinds[i];
		assert_int_equal(envelope_open_letter(&plain, bob, secret,
		    identity_keys(alice), out.at, out.len), -1);
		assert_int_equal(envelope_open_reseal(&r, sig, bob, sender,
		    out.at, out.len), -1);
		if (kinds[i] != 0x12)
			assert_int_equal(envelope_open_request(&plain, bob,
			    secret, sender, out.at, out.len), -1);
	}
}

static void
row_48_every_bit_and_every_cut(void **state)
{
	uint8_t secret[KEY_LEN], public[KEY_LEN];
	struct envelope_way w = way(public, NULL);

	(void)state;
	x_pair_new(secret, public);
	envelope_letter(&out, &w, "hello", 5);
	for (size_t i = 0; i < out.len; i++) {
		out.at[i] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(envelope_open_letter(&plain, bob, secret,
		    identity_keys(alice), out.at, out.len), -1);
		out.at[i] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(envelope_open_letter(&plain, bob, secret,
		    identity_keys(alice), out.at, i), -1);
	}
	assert_int_equal(envelope_open_letter(&plain, bob, secret,
	    identity_keys(alice), out.at, out.len), 0);
}

static void
row_50_low_order_keys_are_refused(void **state)
{
	static const uint8_t zero[KEY_LEN];
	struct envelope_way w = way(zero, NULL);

	(void)state;
	assert_int_equal(envelope_letter(&out, &w, "x", 1), -1);
	assert_int_equal(out.len, 0);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		CASE(t_letter_known_answer),
		CASE(t_long_letter_known_answer),
		CASE(t_reseal_known_answer),
		CASE(t_request_known_answer),
		CASE(t_a_request_may_be_sealed_to_the_identity_key),
		CASE(t_only_size_classes_are_seen),
		CASE(t_sealing_twice_gives_two_that_differ),
		CASE(t_only_its_addressee_opens_it),
		CASE(t_a_sender_cannot_be_claimed),
		CASE(t_one_kind_is_not_another),
		CASE(row_48_every_bit_and_every_cut),
		CASE(row_50_low_order_keys_are_refused),
	};

	if (crypto_start(NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
