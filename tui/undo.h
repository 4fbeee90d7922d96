/*
 * undo - the changes of a text, newest first, to take them back.
 *
 * Typing grows one change until a new word begins, erasing grows one
 * backward: taking back goes word by word.  At most UNDO_CHANGES of them
 * and UNDO_BYTES in all; the oldest are forgotten.
 */
#ifndef UNDO_H
#define UNDO_H

#include <stddef.h>

enum { UNDO_CHANGES = 256, UNDO_BYTES = 1024 * 1024 };

/* At byte `at`, `gone` was replaced by `come_len` bytes. */
struct undo_change {
	size_t at, gone_len, come_len;
	size_t cursor;			/* before the change */
	char *gone;
};

struct undo;

struct undo *undo_new(void);
void undo_free(struct undo *u);
void undo_clear(struct undo *u);
/* gone is copied. */
void undo_note(struct undo *u, size_t at, const char *gone, size_t gone_len,
    const char *come, size_t come_len, size_t cursor);
/* The next change stands alone (the cursor moved). */
void undo_part(struct undo *u);
/* The newest change, taken off; NULL: none.  Borrowed until the next call. */
const struct undo_change *undo_pop(struct undo *u);

#endif
