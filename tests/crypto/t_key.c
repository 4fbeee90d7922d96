#include "key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "label.h"
#include "mem.h"
#include "rand.h"
#include "vectors.h"

static struct identity *
vector_identity(const struct vectors *v, const char *name)
{
	return identity_from_seed(section_exact(vectors_get(v, name), "seed",
	    32));
}

static void
t_identity_known_answers(void **state)
{
	static const char *const names[] = { "alice", "bob" };
	struct vectors *v = vectors_open("p2ptui_identity.txt");
	const struct section *s;
	struct identity *id;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		s = vectors_get(v, names[i]);
		id = vector_identity(v, names[i]);
		assert_memory_equal(identity_seed(id),
		    section_exact(s, "seed", 32), 32);
		assert_memory_equal(identity_keys(id)->ed,
		    section_exact(s, "ed25519_public", 32), 32);
		assert_memory_equal(identity_x_secret(id),
		    section_exact(s, "x25519_secret", 32), 32);
		assert_memory_equal(identity_keys(id)->x,
		    section_exact(s, "x25519_public", 32), 32);
		assert_memory_equal(identity_id(id)->b,
		    section_exact(s, "user_id", 32), 32);
		assert_true(keys_are_usable(identity_keys(id)));
		identity_free(id);
	}
	vectors_free(v);
}

static void
t_pair_key_known_answer_is_the_same_on_both_sides(void **state)
{
	struct vectors *v = vectors_open("p2ptui_identity.txt");
	struct identity *alice = vector_identity(v, "alice");
	struct identity *bob = vector_identity(v, "bob");
	uint8_t a[32], b[32];

	(void)state;
	assert_int_equal(identity_pair_key(alice, identity_keys(bob), a), 0);
	assert_int_equal(identity_pair_key(bob, identity_keys(alice), b), 0);
	assert_memory_equal(a, section_exact(vectors_get(v, "pair"),
	    "pair_key", 32), 32);
	assert_memory_equal(a, b, 32);
	identity_free(alice);
	identity_free(bob);
	vectors_free(v);
}

static void
t_x25519_known_answers(void **state)
{
	struct vectors *v = vectors_open("x25519.txt");
	const struct section *s = NULL;
	uint8_t out[32];

	(void)state;
	while ((s = vectors_next(v, s, "rfc7748-")) != NULL) {
		assert_int_equal(x_agree(out, section_exact(s, "scalar", 32),
		    section_exact(s, "u", 32)), 0);
		assert_memory_equal(out, section_exact(s, "result", 32), 32);
	}
	s = vectors_get(v, "dh");
	x_public(out, section_exact(s, "a_secret", 32));
	assert_memory_equal(out, section_exact(s, "a_public", 32), 32);
	x_public(out, section_exact(s, "b_secret", 32));
	assert_memory_equal(out, section_exact(s, "b_public", 32), 32);
	assert_int_equal(x_agree(out, section_exact(s, "a_secret", 32),
	    section_exact(s, "b_public", 32)), 0);
	assert_memory_equal(out, section_exact(s, "shared", 32), 32);
	assert_int_equal(x_agree(out, section_exact(s, "b_secret", 32),
	    section_exact(s, "a_public", 32)), 0);
	assert_memory_equal(out, section_exact(s, "shared", 32), 32);
	vectors_free(v);
}

/* With the top bit set too: RFC 7748 masks it. */
static void
refuse_low_order(const uint8_t u[32])
{
	static const uint8_t zeros[32];
	struct identity *me = identity_new();
	struct pubkeys k = *identity_keys(me);
	uint8_t key[32], out[32];
	int top;

	for (top = 0; top < 2; top++) {
		memcpy(k.x, u, 32);
		k.x[31] |= (uint8_t)(top << 7);
		assert_true(x_is_low_order(k.x));
		assert_false(keys_are_usable(&k));
		memset(out, 1, 32);
		assert_int_equal(x_agree(out, identity_x_secret(me), k.x), -1);
		assert_memory_equal(out, zeros, 32);
		assert_int_equal(identity_pair_key(me, &k, key), -1);
	}
	identity_free(me);
}

/* Little-endian p-1, p, p+1: 2^255 - 19 and its neighbours. */
static void
near_p(uint8_t u[32], int distance)
{
	memset(u, 0xff, 32);
	u[0] = (uint8_t)(0xed + distance);
	u[31] = 0x7f;
}

static void
row_50_low_order_keys(void **state)
{
	/* The two x-coordinates of order 8: RFC 7748's curve, computed. */
	static const uint8_t eight[2][32] = {
		{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56,
		  0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb,
		  0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
		  0xb8, 0x00 },
		{ 0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0,
		  0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4,
		  0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
		  0x11, 0x57 },
	};
	uint8_t u[32] = { 0 };
	int i;

	(void)state;
	refuse_low_order(u);
	u[0] = 1;
	refuse_low_order(u);
	for (i = -1; i <= 1; i++) {
		near_p(u, i);
		refuse_low_order(u);
	}
	refuse_low_order(eight[0]);
	refuse_low_order(eight[1]);
}

static void
row_50_low_order_known_answers(void **state)
{
	struct vectors *v = vectors_open_foreign("x25519.txt");
	const struct section *s = NULL;
	uint8_t out[32];
	int n = 0;

	(void)state;
	if (v == NULL)
		skip();
	while ((s = vectors_next(v, s, "low-order-")) != NULL) {
		refuse_low_order(section_exact(s, "u", 32));
		n++;
	}
	assert_int_equal(n, 7);
	while ((s = vectors_next(v, s, "noncanonical-")) != NULL) {
		assert_false(x_is_low_order(section_exact(s, "u", 32)));
		assert_int_equal(x_agree(out, section_exact(s, "scalar", 32),
		    section_exact(s, "u", 32)), 0);
		assert_memory_equal(out, section_exact(s, "result", 32), 32);
	}
	vectors_free(v);
}

static void
t_signing_keys_of_low_order_are_refused(void **state)
{
	/* y of a point of order 8 on edwards25519. */
	static const uint8_t eight[32] = {
		0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3,
		0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05,
		0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
		0xfc, 0x05
	};
	struct identity *me = identity_new();
	struct pubkeys k = *identity_keys(me);

	(void)state;
	memset(k.ed, 0, 32);
	assert_false(keys_are_usable(&k));
	k.ed[0] = 1;			/* the neutral element */
	assert_false(keys_are_usable(&k));
	near_p(k.ed, -1);		/* order 2 */
	assert_false(keys_are_usable(&k));
	memcpy(k.ed, eight, 32);
	assert_false(keys_are_usable(&k));
	near_p(k.ed, 0);		/* 0 in another spelling */
	assert_false(keys_are_usable(&k));
	identity_free(me);
}

static void
t_signature_binds_key_label_and_body(void **state)
{
	struct identity *a = identity_new(), *b = identity_new();
	uint8_t sig[SIG_LEN], body[3] = "abc";
	size_t i;

	(void)state;
	identity_sign(a, LABEL_CARD, body, 3, sig);
	assert_true(keys_verify(identity_keys(a), LABEL_CARD, body, 3, sig));
	assert_false(keys_verify(identity_keys(b), LABEL_CARD, body, 3, sig));
	assert_false(keys_verify(identity_keys(a), LABEL_BEACON, body, 3,
	    sig));
	assert_false(keys_verify(identity_keys(a), LABEL_CARD, body, 2, sig));
	for (i = 0; i < SIG_LEN; i++) {
		sig[i] ^= 1;
		assert_false(keys_verify(identity_keys(a), LABEL_CARD, body,
		    3, sig));
		sig[i] ^= 1;
	}
	identity_sign(a, LABEL_CARD, NULL, 0, sig);
	assert_true(keys_verify(identity_keys(a), LABEL_CARD, NULL, 0, sig));
	identity_free(a);
	identity_free(b);
}

static void
t_user_id_text_goes_there_and_back(void **state)
{
	struct identity *me = identity_new();
	char text[ID_TEXT], brief[ID_SHORT], wrong[ID_TEXT + 1];
	struct user_id id, kept;

	(void)state;
	user_id_text(identity_id(me), text);
	assert_int_equal(strlen(text), ID_TEXT - 1);
	assert_int_equal(user_id_parse(&id, text), 0);
	assert_true(user_id_equal(&id, identity_id(me)));
	user_id_short(identity_id(me), brief);
	assert_int_equal(strlen(brief), ID_SHORT - 1);
	assert_memory_equal(brief, text, ID_SHORT - 1);

	kept = id;
	assert_int_equal(user_id_parse(&id, ""), -1);
	memcpy(wrong, text, ID_TEXT);
	wrong[ID_TEXT - 2] = '\0';	/* one short */
	assert_int_equal(user_id_parse(&id, wrong), -1);
	memcpy(wrong, text, ID_TEXT);
	wrong[10] = '1';		/* not of the alphabet */
	assert_int_equal(user_id_parse(&id, wrong), -1);
	memcpy(wrong, text, ID_TEXT);
	wrong[ID_TEXT - 1] = 'a';	/* one long */
	wrong[ID_TEXT] = '\0';
	assert_int_equal(user_id_parse(&id, wrong), -1);
	assert_true(user_id_equal(&id, &kept));
	identity_free(me);
}

static void
t_another_key_is_another_person(void **state)
{
	struct identity *me = identity_new();
	struct pubkeys k = *identity_keys(me);
	struct user_id id;

	(void)state;
	user_id_of(&id, &k);
	assert_true(user_id_equal(&id, identity_id(me)));
	assert_true(keys_equal(&k, identity_keys(me)));
	k.x[5] ^= 1;
	user_id_of(&id, &k);
	assert_false(user_id_equal(&id, identity_id(me)));
	assert_false(keys_equal(&k, identity_keys(me)));
	k.x[5] ^= 1;
	k.ed[5] ^= 1;
	user_id_of(&id, &k);
	assert_false(user_id_equal(&id, identity_id(me)));
	assert_false(keys_equal(&k, identity_keys(me)));
	identity_free(me);
}

static void
t_fresh_pairs_agree(void **state)
{
	uint8_t sa[32], pa[32], sb[32], pb[32], a[32], b[32];

	(void)state;
	x_pair_new(sa, pa);
	x_pair_new(sb, pb);
	assert_memory_not_equal(sa, sb, 32);
	assert_int_equal(x_agree(a, sa, pb), 0);
	assert_int_equal(x_agree(b, sb, pa), 0);
	assert_memory_equal(a, b, 32);
}

static int
start(void **state)
{
	(void)state;
	return crypto_start(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_identity_known_answers),
		cmocka_unit_test(
		    t_pair_key_known_answer_is_the_same_on_both_sides),
		cmocka_unit_test(t_x25519_known_answers),
		cmocka_unit_test(row_50_low_order_keys),
		cmocka_unit_test(row_50_low_order_known_answers),
		cmocka_unit_test(t_signing_keys_of_low_order_are_refused),
		cmocka_unit_test(t_signature_binds_key_label_and_body),
		cmocka_unit_test(t_user_id_text_goes_there_and_back),
		cmocka_unit_test(t_another_key_is_another_person),
		cmocka_unit_test(t_fresh_pairs_agree),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
