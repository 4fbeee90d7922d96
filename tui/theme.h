/*
 * theme - how things look: styles and marks.
 *
 * The terminal's own colours are the ground; eight colours at most carry
 * meaning, and whatever a colour says is said by a sign as well.  Every
 * mark has an ASCII twin for terminals without UTF-8.
 */
#ifndef THEME_H
#define THEME_H

#include <stdbool.h>
#include <stddef.h>

enum style {
	STYLE_TEXT,
	STYLE_DIM,		/* times, hints, what the program says */
	STYLE_RULE,		/* frames and lines */
	STYLE_TITLE,		/* the program, section titles */
	STYLE_ME,
	STYLE_THEM,
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_BAD,
	STYLE_LOUD,		/* a row that must be seen */
	STYLE_SELECTED,
	STYLE_OPEN,		/* the person whose chat is open */
	STYLE_KEY,		/* keys and commands in hints */
	STYLE_PAPER,		/* pictures: black on white, in every theme */
	STYLE_INK,		/* and white on black */
	STYLES
};

struct look {
	int color;		/* 0..7 as ANSI, -1: the terminal's own */
	bool bold, dim, reverse, underline;
	bool paper;		/* black on white, or white on black */
};

enum mark {
	MARK_ONLINE,
	MARK_AWAY,
	MARK_OFFLINE,
	MARK_QUEUED,
	MARK_STORED,
	MARK_DELIVERED,
	MARK_FAILED,
	MARK_YES,		/* verified */
	MARK_PAIRED,		/* by a code */
	MARK_DOUBT,		/* a look-alike, another key */
	MARK_HERE,		/* the open chat, in the list */
	MARK_MORE,		/* cut text */
	MARK_DOT,		/* between the parts of a row */
	MARK_DASH,
	MARK_UP,
	MARK_DOWN,
	MARK_FULL,		/* of a bar, what is left */
	MARK_EMPTY,		/* and what is not */
	MARK_H,			/* frames */
	MARK_V,
	MARK_TOP_LEFT,
	MARK_TOP_RIGHT,
	MARK_BOTTOM_LEFT,
	MARK_BOTTOM_RIGHT,
	MARK_TEE_DOWN,
	MARK_TEE_UP,
	MARK_TEE_LEFT,
	MARK_TEE_RIGHT,
	MARKS
};

struct theme {
	bool ascii;
};

const struct look *theme_look(enum style s);
const char *theme_mark(const struct theme *t, enum mark m);

#endif
