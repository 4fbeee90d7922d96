#include "code-typed.h"

#include "chat.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	LONE_DIGITS = 8,		/* so many are meant as a code */
	LINK_LEAST = 100		/* the shortest has 137 */
};

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

static bool
is_code(const char *line, bool alone)
{
	char digits[CODE_DIGITS + 1];
	const char *rest;
	struct code code;
	size_t n = take_digits(line, digits, &rest);
	bool good;

	if (rest[strspn(rest, " \n")] || n < LONE_DIGITS)
		return false;
	good = code_parse(&code, digits) == CODE_GOOD;
	code_clear(&code);
	return good || alone;
}

/* Rows of a terminal may have come with it, and the relay of a short one. */
static bool
is_link(const char *line)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_/.:% \n";

	line += strspn(line, " \n");
	return strncasecmp(line, "p2ptui:", 7) == 0 &&
	    strlen(line) >= LINK_LEAST && !line[strspn(line, chars)];
}

const char *
code_typed_lacks(const char *line, bool alone)
{
	return is_code(line, alone) ? "/join " : is_link(line) ? "/add " :
	    NULL;
}

/* A line that lacks its command. */
static bool
bare_typed(const char *line, bool alone, enum style *style,
    char text[CODE_TYPED_TEXT])
{
	const char *lacks = code_typed_lacks(line, alone);

	if (!lacks)
		return false;
	*style = STYLE_KEY;
	snprintf(text, CODE_TYPED_TEXT, "%s: Enter puts %sin front of it",
	    lacks[1] == 'j' ? "a code" : "a contact link", lacks);
	return true;
}

bool
code_typed(const char *line, bool alone, enum style *style,
    char text[CODE_TYPED_TEXT])
{
	char digits[CODE_DIGITS + 1];
	const char *rest;
	struct code code;
	size_t n;

	if (strncmp(line, "/join ", 6) != 0)
		return bare_typed(line, alone, style, text);
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
