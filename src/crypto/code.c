#include "code.h"

#include <string.h>

#include "rand.h"
#include "secret.h"

enum { CHECKED = CODE_DIGITS - 1 };

/* A totally anti-symmetric quasigroup of order 10 (H. M. Damm, "Total
 * anti-symmetrische Quasigruppen", Marburg 2004): what makes single errors
 * and swaps show. */
static const unsigned char quasigroup[10][10] = {
	{ 0, 3, 1, 7, 5, 9, 8, 6, 4, 2 },
	{ 7, 0, 9, 2, 1, 5, 4, 8, 6, 3 },
	{ 4, 2, 0, 6, 8, 7, 1, 3, 5, 9 },
	{ 1, 7, 5, 0, 9, 8, 3, 4, 2, 6 },
	{ 6, 1, 2, 3, 0, 4, 5, 9, 7, 8 },
	{ 3, 6, 7, 4, 2, 0, 9, 5, 8, 1 },
	{ 5, 8, 6, 9, 7, 2, 0, 1, 3, 4 },
	{ 8, 9, 4, 5, 3, 6, 2, 0, 1, 7 },
	{ 9, 4, 3, 8, 6, 1, 7, 2, 0, 5 },
	{ 2, 5, 8, 1, 4, 3, 6, 7, 9, 0 },
};

/* isdigit, for bytes of any locale and sign. */
static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

char
code_check_digit(const char *fifteen)
{
	unsigned interim = 0;

	for (size_t i = 0; i < CHECKED && is_digit(fifteen[i]); i++)
		interim = quasigroup[interim][fifteen[i] - '0'];
	return (char)('0' + interim);
}

static void
put_digits(char *at, size_t n, uint32_t value)
{
	while (n-- > 0) {
		at[n] = (char)('0' + value % 10);
		value /= 10;
	}
}

void
code_new(struct code *c)
{
	memset(c, 0, sizeof(*c));
	put_digits(c->digits, CODE_PLATE, rand_below(1000000));
	put_digits(c->digits + CODE_PLATE, CODE_SECRET,
	    rand_below(1000000000));
	c->digits[CHECKED] = code_check_digit(c->digits);
}

enum code_verdict
code_parse(struct code *c, const char *text)
{
	size_t n = 0;

	code_clear(c);
	for (; *text; text++) {
		if (strchr(" -\t\r\n", *text))
			continue;
		if (!is_digit(*text) || n == CODE_DIGITS) {
			code_clear(c);
			return CODE_NOT_ONE;
		}
		c->digits[n++] = *text;
	}
	if (n < CODE_DIGITS)
		return CODE_SHORT;
	return code_check_digit(c->digits) == c->digits[CHECKED] ?
	    CODE_GOOD : CODE_WRONG_DIGIT;
}

void
code_format(const struct code *c, char text[CODE_TEXT])
{
	for (size_t i = 0; i < CODE_DIGITS && c->digits[i]; i++) {
		if (i > 0 && i % 4 == 0)
			*text++ = ' ';
		*text++ = c->digits[i];
	}
	*text = '\0';
}

void
code_plate(const struct code *c, char plate[CODE_PLATE + 1])
{
	memcpy(plate, c->digits, CODE_PLATE);
	plate[CODE_PLATE] = '\0';
}

void
code_secret(const struct code *c, char secret[CODE_SECRET + 1])
{
	memcpy(secret, c->digits + CODE_PLATE, CODE_SECRET);
	secret[CODE_SECRET] = '\0';
}

void
code_clear(struct code *c)
{
	wipe(c, sizeof(*c));
}
