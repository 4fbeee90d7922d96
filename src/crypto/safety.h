/*
 * safety - numbers and words that two people compare:
 * p2ptui-protocol(7), VERIFICATION.
 *
 * Sixty digits, thirty a person, in the shape Signal made known: 5200 times
 * SHA-512 over the id; or twelve words of a list of 2048 (BIP-39), whose
 * first four letters tell them apart.  Both sides see the same.
 *
 *	d = SHA512(LP(LABEL_SAFETY) || id), then 5200 times d = SHA512(d || id)
 *	digits = six groups of 5 bytes of d, big-endian, mod 100000
 *	words = the first 132 bits of H(LABEL_WORDS, lower id, higher id)
 *
 * The 5200 rounds make a look-alike dearer to search for; they take some
 * milliseconds, so a number is made once for a screen, not for each frame.
 */
#ifndef SAFETY_H
#define SAFETY_H

#include "key.h"

enum {
	SAFETY_DIGITS = 60,
	SAFETY_TEXT = 72,		/* twelve groups of five, NUL */
	SAFETY_WORDS = 12,
	SAFETY_WORDS_TEXT = 120,
	SAFETY_ONE = 31			/* thirty digits of one person, NUL */
};

/* "15173 21691 .." */
void safety_number(const struct user_id *a, const struct user_id *b,
    char text[SAFETY_TEXT]);
/* "pledge this alter .." */
void safety_words(const struct user_id *a, const struct user_id *b,
    char text[SAFETY_WORDS_TEXT]);
/* One person's half of the number, without blanks. */
void safety_digits(const struct user_id *id, char digits[SAFETY_ONE]);

/* The bare construction, for the known answers: from d = first, rounds times
 * d = SHA512(d || again). */
void safety_fingerprint(char digits[SAFETY_ONE], const void *first,
    size_t first_len, const void *again, size_t again_len, int rounds);

#endif
