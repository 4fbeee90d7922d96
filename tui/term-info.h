/*
 * term-info - what the terminal's description says: may we draw, which keys
 * send what, how it is given back.  The other half of term.c that knows
 * curses; it keeps nothing.  term_check() of term.h is here too.
 */
#ifndef TERM_INFO_H
#define TERM_INFO_H

#include <stdbool.h>

#include "buf.h"
#include "keyin.h"

enum { TERM_KEYS = 40 };	/* keys of the description asked for */

/* What terminals want before and after, beside smcup and rmcup: bracketed
 * paste (2004) and focus reports (1004); those that know neither ignore
 * them. */
extern const char term_on_bytes[], term_off_bytes[];

/* Of the terminal that curses has set up; how many there are. */
size_t term_info_keys(struct keyin_row rows[TERM_KEYS]);
/* Appends the bytes that give it back when nobody can call curses. */
void term_info_restore(struct buf *b);
/* Is OSC 52 worth sending? */
bool term_info_has_clipboard(void);

#endif
