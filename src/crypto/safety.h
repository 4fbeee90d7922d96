/*
 * safety - numbers and words that two people compare: PROTOCOL section 3.
 *
 * Sixty digits, thirty a person, in the shape Signal made known: 5200 times
 * SHA-512 over the id; or twelve words of a list of 2048 (BIP-39), whose
 * first four letters tell them apart.  Both sides see the same.
 */
#ifndef SAFETY_H
#define SAFETY_H

#include "key.h"

enum {
	SAFETY_DIGITS = 60,
	SAFETY_TEXT = 72,		/* twelve groups of five, NUL */
	SAFETY_WORDS = 12,
	SAFETY_WORDS_TEXT = 120
};

/* "15173 21691 .." */
void safety_number(const struct user_id *a, const struct user_id *b,
    char text[SAFETY_TEXT]);
/* "pledge this alter .." */
void safety_words(const struct user_id *a, const struct user_id *b,
    char text[SAFETY_WORDS_TEXT]);

#endif
