#include "code-typed.h"

#include "chat.h"

#include <stdio.h>
#include <string.h>

/* The digits that a code may have, with what may stand between them; what
 * comes behind them, or in their place, is at *rest. */
static size_t
take_digits(const char *s, char digits[CODE_DIGITS + 1], const char **rest)
{
	size_t n = 0;

	for (; *s && n < CODE_DIGITS; s++) {
		if (*s >= '0' && *s <= '9')
			digits[n++] = *s;
		else if (*s != ' ' && *s != '-')
			break;
	}
	digits[n] = '\0';
	*rest = s;
	return n;
}

bool
code_typed(const char *line, enum style *style, char text[CODE_TYPED_TEXT])
{
	char digits[CODE_DIGITS + 1];
	const char *rest;
	struct code code;
	size_t n;

	if (strncmp(line, "/join ", 6) != 0)
		return false;
	n = take_digits(line + 6, digits, &rest);
	*style = STYLE_BAD;
	if (n < CODE_DIGITS && *rest) {
		snprintf(text, CODE_TYPED_TEXT, "a code has digits only, "
		    "sixteen of them");
		return true;
	}
	*style = STYLE_DIM;
	if (n < CODE_DIGITS) {
		snprintf(text, CODE_TYPED_TEXT, "%zu of %d digits", n,
		    CODE_DIGITS);
		return true;
	}
	if (code_parse(&code, digits) != CODE_GOOD) {
		*style = STYLE_BAD;
		snprintf(text, CODE_TYPED_TEXT, "one digit is mistyped: "
		    "compare them; nothing was tried yet");
	} else if (*rest && *rest != ' ') {
		*style = STYLE_BAD;
		snprintf(text, CODE_TYPED_TEXT, "that is more than sixteen "
		    "digits");
	} else {
		*style = STYLE_GOOD;
		snprintf(text, CODE_TYPED_TEXT, "the digits are right: Enter "
		    "looks for whoever made the code");
	}
	code_clear(&code);
	return true;
}
