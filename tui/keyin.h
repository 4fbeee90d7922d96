/*
 * keyin - what a terminal sends, told apart: keys, pastes, focus.
 *
 * A pure codec: bytes in, events out, no clock and no screen.  Knows the
 * sequences of xterm and its kin (CSI and SS3 with modifiers, rxvt's and the
 * Linux console's own), and those of the terminal's description, which go
 * first.  A sequence nobody knows is swallowed, never typed.
 *
 * A lone ESC is the key or the beginning of a sequence; only time tells.
 * While keyin_is_waiting(), the caller lets KEYIN_WAIT_MS pass without bytes
 * and calls keyin_rest().
 *
 * A paste is data from "ESC [ 200 ~" on.  The end marker may stand inside
 * the pasted text: what the terminal sends without a pause behind it is
 * still the paste, so it ends with the marker *and* the quiet; no pasted
 * newline can become an Enter.
 */
#ifndef KEYIN_H
#define KEYIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "keyname.h"

enum {
	KEYIN_WAIT_MS = 25,
	KEYIN_SEQ_MAX = 32,		/* bytes of one sequence */
	KEYIN_PASTE_MAX = 64 * 1024
};

struct keyin_events {
	void *arg;
	void (*on_key)(void *arg, struct key k);
	/* len is what came in all; above KEYIN_PASTE_MAX the text is not
	 * there (NULL).  Not filtered. */
	void (*on_paste)(void *arg, const void *text, size_t len);
	void (*on_focus)(void *arg, bool has_it);
};

/* One row of the terminal's description: what a key sends. */
struct keyin_row {
	char seq[KEYIN_SEQ_MAX];
	struct key key;
};

struct keyin;

/* rows are borrowed; of two equal ones the first counts. */
struct keyin *keyin_new(const struct keyin_events *ev,
    const struct keyin_row *rows, size_t n);
void keyin_free(struct keyin *k);
void keyin_feed(struct keyin *k, const void *bytes, size_t len);
/* Something is begun that a pause would decide. */
bool keyin_is_waiting(const struct keyin *k);
/* The pause came. */
void keyin_rest(struct keyin *k);
/* A paste whose end never came is given up: Ctrl-C after a long silence. */
void keyin_give_up(struct keyin *k);
bool keyin_is_pasting(const struct keyin *k);

#endif
