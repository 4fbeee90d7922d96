/*
 * words - a list of 2048 words that are told apart by their first four
 * letters: BIP-39, English.
 */
#ifndef WORDS_H
#define WORDS_H

enum { WORDS = 2048, WORD_MAX = 8 };

extern const char words_english[WORDS][WORD_MAX + 1];

#endif
