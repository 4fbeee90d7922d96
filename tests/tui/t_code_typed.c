#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "code-typed.h"

static void
check(const char *line, enum style style, const char *says)
{
	char text[CODE_TYPED_TEXT];
	enum style got;

	assert_true(code_typed(line, &got, text));
	assert_int_equal(got, style);
	if (!strstr(text, says))
		fail_msg("%s: %s", line, text);
}

static void
t_other_lines_are_left_alone(void **state)
{
	static const char *const lines[] = { "", "/", "/join", "/joint 12",
		"//join 1", "join 1182", " /join 1182", "/host" };
	char text[CODE_TYPED_TEXT];
	enum style style;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		assert_false(code_typed(lines[i], &style, text));
}

static void
t_digits_are_counted(void **state)
{
	(void)state;
	check("/join ", STYLE_DIM, "0 of 16 digits");
	check("/join 1182 0", STYLE_DIM, "5 of 16 digits");
	check("/join  1182-0447-2915-036", STYLE_DIM, "15 of 16 digits");
}

static void
t_the_sixteenth_tells_a_mistake(void **state)
{
	static const char good[] = "/join 1182 0447 2915 0364";
	char line[sizeof(good)];

	(void)state;
	check(good, STYLE_GOOD, "right");
	check("/join 1182044729150364", STYLE_GOOD, "right");
	/* Every single wrong digit. */
	for (size_t i = 6; good[i]; i++) {
		for (char c = '0'; c <= '9'; c++) {
			memcpy(line, good, sizeof(good));
			line[i] = c;
			if (good[i] != ' ' && good[i] != c)
				check(line, STYLE_BAD, "mistyped");
		}
	}
	check("/join 1182 0447 2951 0364", STYLE_BAD, "mistyped");
}

static void
t_what_stands_behind_is_an_address(void **state)
{
	(void)state;
	check("/join 1182 0447 2915 0364 ", STYLE_GOOD, "right");
	check("/join 1182 0447 2915 0364 host:5", STYLE_GOOD, "right");
	check("/join 1182 0447 2915 0364 10.0.0.1", STYLE_GOOD, "right");
	check("/join 1182 0447 2915 03641", STYLE_BAD, "more than sixteen");
	check("/join 1182 host", STYLE_BAD, "digits only");
	check("/join host", STYLE_BAD, "digits only");
	check("/join 1182\n0447", STYLE_BAD, "digits only");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_other_lines_are_left_alone),
		cmocka_unit_test(t_digits_are_counted),
		cmocka_unit_test(t_the_sixteenth_tells_a_mistake),
		cmocka_unit_test(t_what_stands_behind_is_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
