#include "code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rand.h"
#include "vectors.h"

static void
t_code_known_answers(void **state)
{
	struct vectors *v = vectors_open("p2ptui_pair.txt");
	const struct section *s = vectors_get(v, "pair");
	char plate[CODE_PLATE + 1], secret[CODE_SECRET + 1], text[CODE_TEXT];
	struct code c;

	(void)state;
	assert_int_equal(code_check_digit(section_text(vectors_get(v, "damm"),
	    "in")), *section_text(vectors_get(v, "damm"), "check_digit"));
	assert_int_equal(code_parse(&c, section_text(s, "code")), CODE_GOOD);
	assert_int_equal(code_check_digit(c.digits),
	    *section_text(s, "check_digit"));
	code_plate(&c, plate);
	code_secret(&c, secret);
	code_format(&c, text);
	assert_string_equal(plate, section_text(s, "nameplate"));
	assert_string_equal(secret, section_text(s, "secret"));
	assert_string_equal(text, "1182 0447 2915 0364");
	code_clear(&c);
	assert_int_equal(c.digits[0], 0);
	vectors_free(v);
}

static void
t_a_code_is_followed_while_it_is_typed(void **state)
{
	static const char typed[] = "1182 0447-2915  0364 ";
	char part[sizeof(typed)], text[CODE_TEXT];
	struct code c;

	(void)state;
	for (size_t n = 0; n < strlen(typed); n++) {
		memcpy(part, typed, n);
		part[n] = '\0';
		assert_int_equal(code_parse(&c, part), n < 20 ? CODE_SHORT :
		    CODE_GOOD);
		code_format(&c, text);
	}
	assert_int_equal(code_parse(&c, typed), CODE_GOOD);
	assert_int_equal(code_parse(&c, "11820"), CODE_SHORT);
	code_format(&c, text);
	assert_string_equal(text, "1182 0");
	assert_int_equal(code_parse(&c, ""), CODE_SHORT);
	code_format(&c, text);
	assert_string_equal(text, "");
}

static void
t_what_is_no_code_is_told_apart(void **state)
{
	static const char *const wrong[] = {
		"a", "1182x", "1182 0447 2915 0364 1", "11820447291503644",
		"+182044729150364", "118204472915036\x01", "1182.0447",
		"\xd9\xa1\xd9\xa2",		/* digits of another script */
	};
	struct code c;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(code_parse(&c, wrong[i]), CODE_NOT_ONE);
		assert_int_equal(c.digits[0], 0);
	}
}

/* Every single error and every swap of neighbours, in many codes. */
static void
t_a_mistyped_digit_costs_no_attempt(void **state)
{
	struct code c, typed, got;

	(void)state;
	for (int round = 0; round < 200; round++) {
		code_new(&c);
		assert_int_equal(code_parse(&got, c.digits), CODE_GOOD);
		for (size_t i = 0; i < CODE_DIGITS; i++)
			for (int d = '0'; d <= '9'; d++) {
				typed = c;
				typed.digits[i] = (char)d;
				assert_int_equal(code_parse(&got,
				    typed.digits), d == c.digits[i] ?
				    CODE_GOOD : CODE_WRONG_DIGIT);
			}
		for (size_t i = 0; i + 1 < CODE_DIGITS; i++) {
			typed = c;
			typed.digits[i] = c.digits[i + 1];
			typed.digits[i + 1] = c.digits[i];
			assert_int_equal(code_parse(&got, typed.digits),
			    c.digits[i] == c.digits[i + 1] ? CODE_GOOD :
			    CODE_WRONG_DIGIT);
		}
	}
}

/* Each digit at each place turns up: none is stuck, the first ones least. */
static void
t_codes_are_drawn_from_all_there_are(void **state)
{
	bool seen[CODE_DIGITS][10] = { { false } };
	struct code c;

	(void)state;
	for (int i = 0; i < 2000; i++) {
		code_new(&c);
		assert_int_equal(strlen(c.digits), CODE_DIGITS);
		for (size_t j = 0; j < CODE_DIGITS; j++)
			seen[j][c.digits[j] - '0'] = true;
	}
	for (size_t j = 0; j < CODE_DIGITS; j++)
		for (size_t d = 0; d < 10; d++)
			assert_true(seen[j][d]);
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
		cmocka_unit_test(t_code_known_answers),
		cmocka_unit_test(t_a_code_is_followed_while_it_is_typed),
		cmocka_unit_test(t_what_is_no_code_is_told_apart),
		cmocka_unit_test(t_a_mistyped_digit_costs_no_attempt),
		cmocka_unit_test(t_codes_are_drawn_from_all_there_are),
	};

	return cmocka_run_group_tests_name("code", tests, start, NULL);
}
