/*
 * text-cp - properties of a code point, for text's own files.
 *
 * text.c alone knows utf8proc; the filter and the folding ask here.
 */
#ifndef TEXT_CP_H
#define TEXT_CP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	REPLACEMENT = 0xFFFD,
	ZWNJ = 0x200C,
	ZWJ = 0x200D,
	VS15 = 0xFE0E,
	VS16 = 0xFE0F
};

enum cp_kind {
	CP_LETTER,			/* L* */
	CP_MARK,			/* Mn, Me: no cell of its own */
	CP_SPACING_MARK,		/* Mc */
	CP_DIGIT,			/* N* */
	CP_MATH,			/* Sm */
	CP_BLANK,			/* Zs */
	CP_VISIBLE,			/* other symbols, punctuation */
	CP_NOTHING			/* controls, separators, unassigned */
};

enum cp_kind cp_kind(int32_t cp);
bool cp_is_mark(int32_t cp);		/* of either kind */
bool cp_is_pictograph(int32_t cp);	/* Extended_Pictographic, assigned */
bool cp_is_skin_tone(int32_t cp);
bool cp_is_keycap_base(int32_t cp);
/* A Hangul vowel or final consonant: it joins the jamo before it. */
bool cp_is_joined_jamo(int32_t cp);
int cp_cells(int32_t cp);
/* The cells 1 or 2 of a common letter that the filter lets pass and that no
 * other one joins; 0: ask the tables. */
int cp_plain(int32_t cp);

/* The longest decomposition, that of U+FDFA, has 18 code points. */
enum { CP_PARTS = 32 };
/* Compatibility decomposition without default ignorables, case folded when
 * asked for; returns how many. */
size_t cp_decompose(int32_t cp, bool fold_case, int32_t parts[CP_PARTS]);

#endif
