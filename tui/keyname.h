/*
 * keyname - keys, and their names in p2ptui.conf and in the help.
 *
 * A key is a code point or one of enum key_code, with modifiers.  There is
 * one spelling inside for what terminals cannot tell apart: Ctrl with a
 * letter is the small letter and KEY_CTRL; C-m is K_ENTER, C-i is K_TAB,
 * C-[ is K_ESC, C-@ is C-Space, C-/ is C-_, C-? is K_BACKSPACE.  Shift
 * belongs to special keys only: a capital letter is its own code point.
 *
 *   C-a  M-a  M-A  C-M-b  M-Enter  S-Tab  C-Left  F1..F20  Up Down Left Right
 *   Home End PgUp PgDn Insert Delete Backspace Enter Tab Esc Space  M-1  a  ä
 *
 * Also read: Ctrl-, Alt-, Meta-, Shift- for C-, M-, M-, S-; PageUp,
 * PageDown, Return, Escape, Del, Ins, BSpace; any case for what is not a
 * single letter.
 */
#ifndef KEYNAME_H
#define KEYNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* Not KEY_*: that prefix is the terminal library's. */
enum key_code {
	K_FIRST = 0x110000,		/* past the last code point */
	K_ENTER = K_FIRST,
	K_TAB,
	K_ESC,
	K_BACKSPACE,
	K_INSERT,
	K_DELETE,
	K_UP,
	K_DOWN,
	K_LEFT,
	K_RIGHT,
	K_HOME,
	K_END,
	K_PGUP,
	K_PGDN,
	K_F1,				/* K_F1 + 1 is F2, to F20 */
	K_F20 = K_F1 + 19,
	K_PAST
};

enum {
	MOD_CTRL = 1,
	MOD_ALT = 2,
	MOD_SHIFT = 4			/* special keys only */
};

struct key {
	int32_t code;			/* code point or enum key_code */
	unsigned mods;
};

enum { KEYNAME_LEN = 32 };

bool key_is(struct key a, struct key b);
/* A byte below 0x20, or 0x7F, as terminals send it (0x08 is C-h). */
struct key key_of_byte(uint8_t c);
/* The one spelling of a key, see above. */
struct key key_normal(int32_t code, unsigned mods);
/* A key without modifiers that writes itself: a code point >= 0x20. */
bool key_is_text(struct key k);

/* STATUS_CONFIG, naming the nearest name, for what is no key. */
int keyname_parse(const char *name, struct key *k, struct err *e);
/* As in p2ptui.conf ("M-a", "C-Left"); what parse reads back. */
void keyname_print(struct key k, char dst[KEYNAME_LEN]);
/* As people say it ("Alt-a", "Ctrl-K", "Shift-Tab"); parse reads it too. */
void keyname_show(struct key k, char dst[KEYNAME_LEN]);

#endif
