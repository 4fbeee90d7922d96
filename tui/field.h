/*
 * field - one line that is asked for: a name, a passphrase.
 *
 * Much less than edit.c: no history, no undo, nothing that would keep what
 * was typed anywhere but in the memory that the caller lends.
 */
#ifndef FIELD_H
#define FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include "keyname.h"
#include "layout.h"
#include "theme.h"

struct field {
	char *at;			/* borrowed; ends with a NUL */
	size_t size;			/* with the NUL */
	size_t len;
	bool masked;			/* shown as marks */
};

enum field_did {
	FIELD_NOTHING,			/* not for a field */
	FIELD_CHANGED,
	FIELD_FULL,			/* no room for it */
	FIELD_ENTER,
	FIELD_LEAVE			/* Esc, or Ctrl-C */
};

/* What stands in `at` is what it begins with. */
void field_init(struct field *f, char *at, size_t size, bool masked);
void field_clear(struct field *f);		/* wiped */
enum field_did field_key(struct field *f, struct key k);
/* The first line of it; false: no room for it, nothing was taken. */
bool field_paste(struct field *f, const void *text, size_t len);
/* From row, col to the rectangle's edge, the end of the text if it is long;
 * the cursor stands behind it. */
void field_draw(const struct field *f, const struct theme *theme,
    const struct rect *r, int row, int col);

#endif
