/*
 * sheet - what covers people, talk and input for a while: a code that waits,
 * numbers to compare, my link, a doubt.  One at a time; its keys are its
 * own, the last row names them.
 */
#ifndef SHEET_H
#define SHEET_H

#include "keymap.h"
#include "pane-code.h"
#include "pane-doubt.h"
#include "pane-link.h"
#include "pane-verify.h"

struct tui;

enum sheet_kind {
	SHEET_NONE,
	SHEET_CODE,
	SHEET_DOUBT,
	SHEET_LINK,
	SHEET_VERIFY
};

struct sheet {
	enum sheet_kind kind;
	struct code_pane code;
	struct doubt_pane doubt;
	struct link_pane link;
	struct verify_pane verify;
	int64_t doubted_ms;		/* when one came by itself last */
};

bool sheet_is_open(const struct tui *t);
/* Nobody may type into what is below before it was answered. */
bool sheet_blocks(const struct tui *t);
void sheet_close(struct tui *t);

void sheet_open_code(struct tui *t);
void sheet_open_link(struct tui *t);
void sheet_open_verify(struct tui *t, struct person *p);
void sheet_open_doubt(struct tui *t, struct person *p, const char *what);

/* News of codes and keys. */
void sheet_take_news(struct tui *t, const struct news *n);
/* True: the key was for the sheet. */
bool sheet_key(struct tui *t, const struct action *a, struct key k);
void sheet_draw(struct tui *t, const struct scene *s);

#endif
