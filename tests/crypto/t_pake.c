#include "pake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "rand.h"
#include "vectors.h"

static const char vector_file[] = "cpace_ristr255_sha512.txt";

/* Both ends of one section. */
struct ends {
	struct pake_setup a, b;
	struct pake *pa, *pb;
};

static void
setup_ends(struct ends *e, const struct section *s)
{
	size_t prs_len, ci_len, sid_len, ada_len, adb_len;
	const uint8_t *prs = section_bytes(s, "PRS", &prs_len);
	const uint8_t *ci = section_bytes(s, "CI", &ci_len);
	const uint8_t *sid = section_bytes(s, "sid", &sid_len);
	const uint8_t *ada = section_bytes(s, "ADa", &ada_len);
	const uint8_t *adb = section_bytes(s, "ADb", &adb_len);

	e->a = (struct pake_setup){
		.initiator = true, .password = prs, .password_len = prs_len,
		.channel = ci, .channel_len = ci_len,
		.sid = sid, .sid_len = sid_len,
		.ad = ada, .ad_len = ada_len,
		.their_ad = adb, .their_ad_len = adb_len,
		.scalar = section_exact(s, "ya", PAKE_SHARE)
	};
	e->b = e->a;
	e->b.initiator = false;
	e->b.ad = adb;
	e->b.ad_len = adb_len;
	e->b.their_ad = ada;
	e->b.their_ad_len = ada_len;
	e->b.scalar = section_exact(s, "yb", PAKE_SHARE);
	e->pa = pake_new(&e->a);
	e->pb = pake_new(&e->b);
}

static void
clear_ends(struct ends *e)
{
	pake_free(e->pa);
	pake_free(e->pb);
}

static void
check_bytes(const struct section *s, const char *key, const void *got,
    size_t len)
{
	assert_memory_equal(got, section_exact(s, key, len), len);
}

static void
check_answers(const struct section *s)
{
	uint8_t g[PAKE_SHARE], k[PAKE_SHARE], isk[PAKE_ISK], tag[PAKE_TAG];
	struct ends e;
	struct buf text;
	size_t len;
	const uint8_t *ta, *tb;

	setup_ends(&e, s);
	buf_init(&text);
	pake_generator_string(&text, &e.a);
	check_bytes(s, "generator_string", text.at, text.len);
	buf_clear(&text);
	pake_generator(g, &e.a);
	check_bytes(s, "g", g, sizeof(g));
	check_bytes(s, "Ya", pake_share(e.pa), PAKE_SHARE);
	check_bytes(s, "Yb", pake_share(e.pb), PAKE_SHARE);
	assert_int_equal(pake_multiply(k, e.a.scalar, pake_share(e.pb)), 0);
	check_bytes(s, "K", k, sizeof(k));
	assert_int_equal(pake_multiply(k, e.b.scalar, pake_share(e.pa)), 0);
	check_bytes(s, "K", k, sizeof(k));
	assert_int_equal(pake_finish(e.pa, pake_share(e.pb), isk), 0);
	check_bytes(s, "ISK_ir", isk, sizeof(isk));
	assert_int_equal(pake_finish(e.pb, pake_share(e.pa), isk), 0);
	check_bytes(s, "ISK_ir", isk, sizeof(isk));
	/* Ours are the first half. */
	ta = section_bytes(s, "Ta", &len);
	assert_int_equal(len, 64);
	tb = section_bytes(s, "Tb", &len);
	pake_tag(e.pa, tag);
	assert_memory_equal(tag, ta, PAKE_TAG);
	pake_tag(e.pb, tag);
	assert_memory_equal(tag, tb, PAKE_TAG);
	assert_true(pake_confirms(e.pa, tb));
	assert_true(pake_confirms(e.pb, ta));
	assert_false(pake_confirms(e.pa, ta));
	assert_false(pake_confirms(e.pb, tb));
	clear_ends(&e);
}

static void
t_draft_known_answers(void **state)
{
	struct vectors *v = vectors_open(vector_file);
	const struct section *s = NULL;
	int n = 0;

	(void)state;
	check_answers(vectors_get(v, "draft-appendix-ristretto255"));
	while ((s = vectors_next(v, s, "extra-"))) {
		check_answers(s);
		n++;
	}
	assert_int_equal(n, 8);
	vectors_free(v);
}

static void
t_lengths_are_written_as_in_the_draft(void **state)
{
	struct vectors *v = vectors_open(vector_file);
	const struct section *s = NULL;
	struct buf text;
	const uint8_t *in;
	size_t len;

	(void)state;
	buf_init(&text);
	while ((s = vectors_next(v, s, "prepend_len-"))) {
		buf_empty(&text);
		in = section_bytes(s, "in", &len);
		pake_lv(&text, in, len);
		check_bytes(s, "out", text.at, text.len);
	}
	s = vectors_get(v, "lv_cat");
	buf_empty(&text);
	for (char name[] = "in0"; name[2] <= '3'; name[2]++) {
		in = section_bytes(s, name, &len);
		pake_lv(&text, in, len);
	}
	check_bytes(s, "out", text.at, text.len);
	buf_clear(&text);
	vectors_free(v);
}

static void
t_points_are_multiplied_as_in_the_draft(void **state)
{
	struct vectors *v = vectors_open(vector_file);
	const struct section *s = vectors_get(v, "draft-valid-point");
	uint8_t k[PAKE_SHARE];

	(void)state;
	assert_int_equal(pake_multiply(k, section_exact(s, "s", 32),
	    section_exact(s, "X", 32)), 0);
	check_bytes(s, "result", k, sizeof(k));
	vectors_free(v);
}

static void
check_refused(const struct section *s, const struct pake_setup *setup)
{
	static const uint8_t zeros[PAKE_ISK];
	struct pake *p = pake_new(setup);
	uint8_t k[PAKE_SHARE], isk[PAKE_ISK];

	assert_int_equal(pake_multiply(k, section_exact(s, "s", 32),
	    section_exact(s, "X", 32)), -1);
	assert_int_equal(pake_finish(p, section_exact(s, "X", 32), isk), -1);
	assert_memory_equal(isk, zeros, sizeof(isk));
	pake_free(p);
}

static void
row_50_no_point_and_no_identity_passes(void **state)
{
	struct vectors *v = vectors_open(vector_file);
	const struct section *s = NULL;
	struct ends e;
	int n = 0;

	(void)state;
	setup_ends(&e, vectors_get(v, "draft-appendix-ristretto255"));
	while ((s = vectors_next(v, s, "draft-invalid-point"))) {
		check_refused(s, &e.a);
		n++;
	}
	while ((s = vectors_next(v, s, "invalid-encoding"))) {
		check_refused(s, &e.b);
		n++;
	}
	assert_int_equal(n, 10);
	clear_ends(&e);
	vectors_free(v);
}

static void
t_a_share_that_comes_back_is_refused(void **state)
{
	struct vectors *v = vectors_open(vector_file);
	uint8_t isk[PAKE_ISK];
	struct ends e;

	(void)state;
	setup_ends(&e, vectors_get(v, "draft-appendix-ristretto255"));
	assert_int_equal(pake_finish(e.pa, pake_share(e.pa), isk), -1);
	assert_int_equal(pake_finish(e.pb, pake_share(e.pb), isk), -1);
	clear_ends(&e);
	vectors_free(v);
}

/* One scalar, one answer, right or wrong. */
static void
t_a_scalar_is_used_once(void **state)
{
	struct vectors *v = vectors_open(vector_file);
	static const uint8_t zeros[PAKE_SHARE];
	uint8_t isk[PAKE_ISK];
	struct ends e;
	struct pake *fresh, *again;

	(void)state;
	setup_ends(&e, vectors_get(v, "draft-appendix-ristretto255"));
	assert_int_equal(pake_finish(e.pa, pake_share(e.pb), isk), 0);
	assert_int_equal(pake_finish(e.pa, pake_share(e.pb), isk), -1);
	assert_int_equal(pake_finish(e.pb, zeros, isk), -1);
	assert_int_equal(pake_finish(e.pb, pake_share(e.pa), isk), -1);
	e.a.scalar = NULL;
	fresh = pake_new(&e.a);
	again = pake_new(&e.a);
	assert_memory_not_equal(pake_share(fresh), pake_share(again),
	    PAKE_SHARE);
	pake_free(fresh);
	pake_free(again);
	clear_ends(&e);
	vectors_free(v);
}

/* Do two who set up like this agree? */
static bool
agree(const struct pake_setup *a, const struct pake_setup *b)
{
	struct pake *pa = pake_new(a), *pb = pake_new(b);
	uint8_t ka[PAKE_ISK], kb[PAKE_ISK], ta[PAKE_TAG], tb[PAKE_TAG];
	bool yes;

	assert_int_equal(pake_finish(pa, pake_share(pb), ka), 0);
	assert_int_equal(pake_finish(pb, pake_share(pa), kb), 0);
	pake_tag(pa, ta);
	pake_tag(pb, tb);
	yes = memcmp(ka, kb, PAKE_ISK) == 0;
	assert_int_equal(pake_confirms(pa, tb), yes);
	assert_int_equal(pake_confirms(pb, ta), yes);
	pake_free(pa);
	pake_free(pb);
	return yes;
}

static void
t_all_that_was_said_must_be_the_same(void **state)
{
	const struct pake_setup a = {
		.initiator = true, .password = "472915036",
		.password_len = 9, .channel = "118204", .channel_len = 6,
		.sid = "0123456789abcdef", .sid_len = 16,
		.ad = "A", .ad_len = 1, .their_ad = "B", .their_ad_len = 1
	};
	struct pake_setup right = a, b;

	(void)state;
	right.initiator = false;
	right.ad = "B";
	right.their_ad = "A";
	assert_true(agree(&a, &right));
	b = right;
	b.password = "472915037";
	assert_false(agree(&a, &b));
	b = right;
	b.channel = "118205";
	assert_false(agree(&a, &b));
	b = right;
	b.sid = "0123456789abcdeg";
	assert_false(agree(&a, &b));
	b = right;
	b.ad = "C";
	assert_false(agree(&a, &b));
	b = right;
	b.their_ad_len = 0;
	assert_false(agree(&a, &b));
	b = right;
	b.initiator = true;
	assert_false(agree(&a, &b));
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
		cmocka_unit_test(t_draft_known_answers),
		cmocka_unit_test(t_lengths_are_written_as_in_the_draft),
		cmocka_unit_test(t_points_are_multiplied_as_in_the_draft),
		cmocka_unit_test(row_50_no_point_and_no_identity_passes),
		cmocka_unit_test(t_a_share_that_comes_back_is_refused),
		cmocka_unit_test(t_a_scalar_is_used_once),
		cmocka_unit_test(t_all_that_was_said_must_be_the_same),
	};

	return cmocka_run_group_tests_name("pake", tests, start, NULL);
}
