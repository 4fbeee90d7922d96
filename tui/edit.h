/*
 * edit - the input line: a text, a cursor, and what fingers expect of them.
 *
 * The text is UTF-8 of several lines, at most EDIT_MAX bytes; more is
 * refused, never cut.  The cursor stands between grapheme clusters.  Moving
 * and killing follow readline: a kill goes to a ring, kills in a row make
 * one entry, yank puts it back, undo takes back changes (typing word by
 * word).
 *
 * Whatever comes in by typing or pasting is data: control bytes, escape
 * sequences and invisible code points are replaced (text_filter), newlines
 * stay.  Joiners and marks are taken from the keyboard as they come, since
 * input methods send an emoji in pieces; edit_submit filters the whole.
 *
 * History holds what was submitted, newest last, at most EDIT_HISTORY
 * entries; going up keeps the unfinished line, going down comes back to it.
 *
 * No screen in here: tui draws edit_text() through wrap.h when
 * edit_version() moved.
 */
#ifndef EDIT_H
#define EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum {
	EDIT_MAX = 64 * 1024,
	EDIT_HISTORY = 100,
	EDIT_KILLS = 8
};

/* What one key does.  "Line" is what stands between newlines. */
enum edit_op {
	EDIT_LEFT,
	EDIT_RIGHT,
	EDIT_WORD_LEFT,
	EDIT_WORD_RIGHT,
	EDIT_HOME,			/* of the line; again: of the text */
	EDIT_END,
	EDIT_UP,			/* a line up; from the first: history */
	EDIT_DOWN,
	EDIT_NEWLINE,
	EDIT_ERASE,			/* the cluster before the cursor */
	EDIT_DELETE,			/* the cluster behind it */
	EDIT_KILL_WORD,			/* to the end of the word */
	EDIT_KILL_WORD_BACK,		/* to the start of the word */
	EDIT_KILL_BLANK_BACK,		/* to the blank before (Ctrl-W) */
	EDIT_KILL_START,		/* to the start of the line */
	EDIT_KILL_END,			/* to its end; there: the newline */
	EDIT_YANK,
	EDIT_YANK_POP,			/* after a yank: the kill before it */
	EDIT_TRANSPOSE,			/* the clusters around the cursor */
	EDIT_UNDO,
	EDIT_OPS
};

struct edit;

struct edit *edit_new(void);
void edit_free(struct edit *e);

/* NUL-terminated, borrowed until the next change; len may be NULL. */
const char *edit_text(const struct edit *e, size_t *len);
size_t edit_cursor(const struct edit *e);		/* byte, 0..len */
/* Moves with every change of text or cursor. */
uint64_t edit_version(const struct edit *e);

/* Puts a draft there: filtered, cursor at the byte or the nearest cluster's
 * start (SIZE_MAX: at the end); undo and history position start anew. */
int edit_set(struct edit *e, const char *s, size_t len, size_t cursor,
    struct err *err);
/* Empties it, undoably; what was there goes nowhere. */
void edit_clear(struct edit *e);
void edit_move(struct edit *e, size_t cursor);	/* nearest cluster's start */

/* One code point from the keyboard.  STATUS_FAILURE when full. */
int edit_type(struct edit *e, int32_t cp, struct err *err);
/* Pasted bytes, put at the cursor as data, one undo.  More than fits is
 * refused as a whole, and the error says the limit. */
int edit_paste(struct edit *e, const void *s, size_t len, struct err *err);
/* Replaces the bytes [from, to) (completion); cursor behind the new ones. */
int edit_replace(struct edit *e, size_t from, size_t to, const char *s,
    size_t len, struct err *err);
/* False: there was nothing to do (a bell is due).  EDIT_NEWLINE and
 * EDIT_YANK into a full line do nothing. */
bool edit_do(struct edit *e, enum edit_op op);

/* Enter: appends the filtered text to out, remembers it, empties the line.
 * Blank lines are not remembered, nor is the same line twice in a row. */
void edit_submit(struct edit *e, struct buf *out);
/* Puts a line into the history, as if it had been submitted. */
void edit_remember(struct edit *e, const char *s, size_t len);

#endif
