/*
 * talk - one conversation as it can be shown: lines, oldest first.
 *
 * Keeps at most TALK_LINES_MAX lines and TALK_BYTES_MAX bytes in memory;
 * with history on, older ones come back page by page.  Viewers compare
 * talk_version and draw again when it moved.  Lines of the peer stand in the
 * sender's order (epoch, seq), whatever order they arrived in; what is
 * missing in between is said by `gap`.
 */
#ifndef TALK_H
#define TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"

enum {
	TALK_LINES_MAX = 20000,
	TALK_BYTES_MAX = 8 << 20,	/* long lines count for more */
	TALK_PAGE = 50,
	LINE_ID_TEXT = 27		/* base32 of 16 bytes, with its NUL */
};

/* Read by everybody, written by chat only. */
struct line {
	uint64_t row;			/* in the store; 0: not kept */
	uint64_t epoch, seq;
	int64_t sent_ms, kept_ms;
	uint8_t state;			/* enum msg_state */
	uint8_t kind;			/* enum msg_kind */
	bool mine;
	uint32_t gap;			/* messages missing before this one */
	uint32_t len;
	char text[];			/* clean UTF-8, NUL-terminated */
};

struct talk;

size_t talk_count(const struct talk *t);
const struct line *talk_line(const struct talk *t, size_t i);
/* Moves with every change of a line or of their number. */
uint64_t talk_version(const struct talk *t);
/* Lines dropped at the front so far: i + talk_dropped stays the same line
 * until older ones are loaded (then it becomes smaller by their number). */
int64_t talk_dropped(const struct talk *t);
size_t talk_unread(const struct talk *t);
/* Index of the first unread line when the talk was last opened, for the
 * "new" rule; talk_count() when there is none. */
size_t talk_new_mark(const struct talk *t);
/* Older pages may exist in the store. */
bool talk_has_older(const struct talk *t);

#endif
