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

	assert_true(code_typed(line, false, &got, text));
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
		assert_false(code_typed(lines[i], false, &style,
		    text));
}

static void
t_a_code_or_a_link_alone_lacks_its_command(void **state)
{
	static const char link[] = "p2ptui:AQEAAN2QAWsAAAAAgLFB55G07l6nPBaHH8"
	    "6jrKTftGPs7QKhr8LtsmtFxA0y2pueRCcksTaJ\n-dqgju7LWDUzvC-_Oe8xeyAm"
	    "o7dLf-AXUDUdnXRV6XDv1nJQMI5nGVXlJty9";
	static const char shorter[] = "P2PTUI:AIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	    "AAAAAAAA/%5B2001:DB8::1%5D:443";
	static const char see[] = "see p2ptui:AQEAAN2QAWsAAAAAgLFB55G07l6nPBa"
	    "HH86jrKTftGPs7QKhr8LtsmtFxA0y2pueRCcksTaJ-dqgju7LWDUzvC-Oe8xeyA"
	    "mo7dLf-AXUDUd";
	static const char *const words[] = { "", "1182", "1182 0447 2915 0365",
		"1182 0447 2915 0364 tell him", "p2ptui:what is that?", see };

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		assert_null(code_typed_lacks(words[i], false));
	assert_null(code_typed_lacks("1182 0", true));
	assert_string_equal(code_typed_lacks("1182 0447 2915 0365", true),
	    "/join ");
	assert_string_equal(code_typed_lacks("1182-0447-2915-0364", false),
	    "/join ");
	assert_string_equal(code_typed_lacks(link, false), "/add ");
	assert_string_equal(code_typed_lacks(shorter, false), "/add ");
	check("1182 0447 2915 0364", STYLE_KEY, "/join");
	check(link, STYLE_KEY, "/add");
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
		cmocka_unit_test(t_a_code_or_a_link_alone_lacks_its_command),
		cmocka_unit_test(t_digits_are_counted),
		cmocka_unit_test(t_the_sixteenth_tells_a_mistake),
		cmocka_unit_test(t_what_stands_behind_is_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
