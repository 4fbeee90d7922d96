/*
 * code - the sixteen digits that two people say over the phone:
 * p2ptui-protocol(7), CODES.
 *
 *	digits 1-6	nameplate: where they meet, public
 *	digits 7-15	secret: the password of the exchange
 *	digit 16	Damm check digit over the fifteen
 *
 * The check digit catches every single wrong digit and every swap of
 * neighbours, so a typing error costs no attempt.  Pure.
 */
#ifndef CODE_H
#define CODE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	CODE_DIGITS = 16,
	CODE_PLATE = 6,
	CODE_SECRET = 9,
	CODE_TEXT = 20			/* "1182 0447 2915 0364", NUL */
};

struct code {
	char digits[CODE_DIGITS + 1];
};

enum code_verdict {
	CODE_GOOD,
	CODE_SHORT,			/* so far well formed, not all there */
	CODE_WRONG_DIGIT,		/* 16 digits, one of them mistyped */
	CODE_NOT_ONE			/* another character, too many */
};

/* Fresh, from the system's randomness. */
void code_new(struct code *c);
/* Spaces and hyphens are skipped wherever they stand.  For a line that is
 * being typed: the digits so far are in c, none for CODE_NOT_ONE. */
enum code_verdict code_parse(struct code *c, const char *text);
/* In fours; of a code that is not all there, as much as there is. */
void code_format(const struct code *c, char text[CODE_TEXT]);
void code_plate(const struct code *c, char plate[CODE_PLATE + 1]);
/* The nine digits; wipe them. */
void code_secret(const struct code *c, char secret[CODE_SECRET + 1]);
void code_clear(struct code *c);		/* wipes */
/* Over the digits at the start of the text, fifteen at most. */
char code_check_digit(const char *fifteen);

#endif
