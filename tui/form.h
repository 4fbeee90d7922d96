/*
 * form - a page that covers the whole screen: a head, some words, a line to
 * fill in, and what the keys do.  For whatever is asked before or instead of
 * the chats: the first start, a passphrase, the lock.
 *
 * Drawn from top to bottom, a call for each part; what no longer fits is
 * left out, the hints at the lower edge stay.
 */
#ifndef FORM_H
#define FORM_H

#include "field.h"
#include "layout.h"
#include "theme.h"

struct form {
	struct rect at;			/* the column that is written in */
	const struct theme *theme;
	int row;			/* the next free one */
	int end;			/* rows below belong to the hints */
};

/* Empties the screen; `right` stands at the end of the first row. */
void form_begin(struct form *f, const struct theme *theme,
    const char *head, const char *right);
void form_gap(struct form *f);
/* Folded at words. */
void form_say(struct form *f, enum style style, int indent,
    const char *text);
/* One of several: marked if it is chosen, with a word of explanation. */
void form_choice(struct form *f, bool chosen, const char *name,
    const char *means);
void form_field(struct form *f, const char *label, const struct field *field);
/* The last row: keys and what they do, in pairs, NULL at the end. */
void form_hints(struct form *f, const char *const *pairs);

#endif
