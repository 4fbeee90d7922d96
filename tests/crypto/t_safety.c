#include "safety.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "rand.h"
#include "vectors.h"
#include "words.h"

static void
get_id(struct user_id *id, const struct vectors *v, const char *who)
{
	memcpy(id->b, section_exact(vectors_get(v, who), "user_id", ID_LEN),
	    ID_LEN);
}

/* Without the blanks between the groups. */
static void
squeeze(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++)
		if (*from != ' ')
			*to++ = *from;
	*to = '\0';
}

static void
t_safety_known_answers(void **state)
{
	struct vectors *v = vectors_open("p2ptui_identity.txt");
	const struct section *pair = vectors_get(v, "pair");
	char digits[SAFETY_ONE], text[SAFETY_TEXT], words[SAFETY_WORDS_TEXT];
	struct user_id alice, bob;

	(void)state;
	get_id(&alice, v, "alice");
	get_id(&bob, v, "bob");
	safety_digits(&alice, digits);
	assert_string_equal(digits, section_text(vectors_get(v, "alice"),
	    "safety_digits"));
	safety_digits(&bob, digits);
	assert_string_equal(digits, section_text(vectors_get(v, "bob"),
	    "safety_digits"));
	safety_number(&alice, &bob, text);
	assert_memory_equal(text, "15173 21691 85771 ", 18);
	assert_int_equal(strlen(text), SAFETY_TEXT - 1);
	squeeze(text);
	assert_string_equal(text, section_text(pair, "safety_number"));
	safety_words(&alice, &bob, words);
	assert_string_equal(words, section_text(pair, "words"));
	vectors_free(v);
}

/* The construction is the one that others compare by, too. */
static void
t_signal_known_answer(void **state)
{
	struct vectors *v = vectors_open("signal_numeric_fingerprint.txt");
	const struct section *s = vectors_get(v, "libsignal-test");
	char all[2 * SAFETY_ONE] = "", digits[SAFETY_ONE];
	static const char *const who[][2] = {
		{ "a_public", "a_stable_id" }, { "b_public", "b_stable_id" }
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const char *name = section_text(s, who[i][1]);
		const uint8_t *key;
		struct buf first;
		size_t len;

		key = section_bytes(s, who[i][0], &len);
		buf_init(&first);
		buf_u16(&first, 0);
		buf_put(&first, key, len);
		buf_put(&first, name, strlen(name));
		safety_fingerprint(digits, first.at, first.len, key, len,
		    (int)section_u64(s, "iterations"));
		memcpy(all + i * 30, digits, sizeof(digits));
		buf_clear(&first);
	}
	assert_string_equal(all, section_text(s, "digits"));
	vectors_free(v);
}

static void
t_both_see_the_same_and_nobody_else_does(void **state)
{
	char a[SAFETY_TEXT], b[SAFETY_TEXT];
	char wa[SAFETY_WORDS_TEXT], wb[SAFETY_WORDS_TEXT];
	struct user_id one, other, third;

	(void)state;
	for (int i = 0; i < 8; i++) {
		rand_bytes(&one, sizeof(one));
		rand_bytes(&other, sizeof(other));
		third = other;
		third.b[i] ^= 1;
		safety_number(&one, &other, a);
		safety_number(&other, &one, b);
		assert_string_equal(a, b);
		safety_words(&one, &other, wa);
		safety_words(&other, &one, wb);
		assert_string_equal(wa, wb);
		safety_number(&one, &third, b);
		safety_words(&one, &third, wb);
		assert_string_not_equal(a, b);
		assert_string_not_equal(wa, wb);
	}
}

/* Four letters tell them apart, which is what makes them easy to say. */
static void
t_the_words_are_a_list_of_their_kind(void **state)
{
	(void)state;
	assert_string_equal(words_english[0], "abandon");
	assert_string_equal(words_english[WORDS - 1], "zoo");
	for (size_t i = 0; i < WORDS; i++) {
		const char *w = words_english[i];

		assert_in_range(strlen(w), 3, WORD_MAX);
		assert_int_equal(strspn(w, "abcdefghijklmnopqrstuvwxyz"),
		    strlen(w));
		if (i > 0)
			assert_true(strncmp(words_english[i - 1], w, 4) < 0);
	}
}

/* A long row of long words has its room. */
static void
t_twelve_words_always_fit(void **state)
{
	char words[SAFETY_WORDS_TEXT];
	struct user_id a = { { 0 } }, b = { { 0 } };

	(void)state;
	assert_true(SAFETY_WORDS * (WORD_MAX + 1) <= SAFETY_WORDS_TEXT);
	for (int i = 0; i < 500; i++) {
		int n = 1;

		rand_bytes(&a, sizeof(a));
		safety_words(&a, &b, words);
		for (const char *p = words; *p; p++)
			n += *p == ' ';
		assert_int_equal(n, SAFETY_WORDS);
	}
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
		cmocka_unit_test(t_safety_known_answers),
		cmocka_unit_test(t_signal_known_answer),
		cmocka_unit_test(t_both_see_the_same_and_nobody_else_does),
		cmocka_unit_test(t_the_words_are_a_list_of_their_kind),
		cmocka_unit_test(t_twelve_words_always_fit),
	};

	return cmocka_run_group_tests_name("safety", tests, start, NULL);
}
