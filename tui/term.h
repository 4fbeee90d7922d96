/*
 * term - the terminal, which with term-info.c alone knows curses.
 *
 * Panes draw into rectangles; term_show composes what moved off screen and
 * hands it out in one write.  Nothing reaches the terminal that is not
 * clean text: this is the last door, and it filters what a pane forgot.
 *
 * Width.  Terminals disagree about many clusters (text.h).  Curses is told
 * that such a cluster's cells are blank and paints them so; then the
 * cluster itself is put there, with the cursor positioned before it and
 * before whatever follows: a terminal that thinks otherwise spoils the
 * cluster, never its neighbours.
 *
 * Never blocking.  Curses writes into memory, and from there the bytes go
 * to an own, non-blocking descriptor of the terminal.  While a terminal
 * does not take them (Ctrl-S, a stalled connection), frames are skipped and
 * the rest of the program goes on; when it does, the newest state is drawn.
 *
 * The terminal is left as it was found on every way out: term_close, die(),
 * and the signals that kill (SIGSEGV and its kin) restore it.
 *
 * One terminal a process: no handle.
 */
#ifndef TERM_H
#define TERM_H

#include "keyname.h"
#include "layout.h"
#include "loop.h"
#include "theme.h"

struct term_events {
	void *arg;
	void (*on_key)(void *arg, struct key k);
	/* Pasted bytes as they came; NULL when there were more than
	 * KEYIN_PASTE_MAX. */
	void (*on_paste)(void *arg, const void *text, size_t len);
	void (*on_focus)(void *arg);
	/* The size changed, or what was drawn is lost: draw all anew. */
	void (*on_resize)(void *arg);
	/* The terminal is gone; nothing will come any more. */
	void (*on_gone)(void *arg);
};

/* STATUS_USAGE: no terminal, or one that cannot hold a screen. */
int term_check(struct err *e);
int term_open(struct loop *l, const struct term_events *ev, struct err *e);
void term_close(void);

int term_rows(void);
int term_cols(void);
bool term_is_utf8(void);
/* STYLE_PAPER and STYLE_INK look as they say: pictures can be drawn. */
bool term_has_paper(void);
bool term_is_focused(void);	/* true where terminals do not tell */

/* Empties it. */
void term_fill(const struct rect *r, enum style s);
/* Puts text at row, col of the rectangle, cut at its right edge in whole
 * clusters; returns the column behind it.  Rows and columns outside are
 * ignored. */
int term_put(const struct rect *r, int row, int col, enum style s,
    const char *text, size_t len);
int term_puts(const struct rect *r, int row, int col, enum style s,
    const char *text);
/* The same mark (theme.h) in n cells of a row, and the column behind. */
int term_rule(const struct rect *r, int row, int col, int n, enum style s,
    const char *mark);
/* Where the cursor stands when the frame is shown. */
void term_cursor(const struct rect *r, int row, int col);
void term_cursor_hide(void);

/* False while the terminal does not take what it has got: draw later;
 * on_resize comes when it does. */
bool term_is_ready(void);
/* Sends what moved. */
void term_show(void);
/* The next term_show repaints everything (Ctrl-L). */
void term_redraw(void);
/* Rings, at most every few seconds. */
void term_bell(void);
/* Our own clean text into the clipboard of the terminal's machine, if the
 * terminal lets us; false: not even asked. */
bool term_copy(const char *text);
/* Stops the process (Ctrl-Z) with the terminal as it was found; comes back
 * with the screen to be drawn anew. */
void term_suspend(void);
/* After a stop that was not ours (SIGCONT). */
void term_resume(void);

#endif
