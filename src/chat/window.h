/*
 * window - which numbers of a peer were seen: where duplicates die.
 *
 * For each epoch of the sender one window: `cum`, below which everything
 * is seen, and a bitmap of at most WINDOW_AHEAD numbers above it.  Epochs
 * below the sender's base are forgotten, because nothing of them is owed
 * any more: what still arrives from there is a late copy.
 *
 * Pure: no clock, no store.  Everything is bounded; what would pass a bound
 * is refused, not forgotten, and the sender says it again later.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "cur.h"

enum {
	WINDOW_AHEAD = 4096,
	WINDOWS_MAX = 64
};

struct window {
	uint64_t epoch;
	uint64_t cum;			/* 1..cum are seen */
	uint64_t top;			/* the highest seen */
	uint64_t *bits;			/* seq % WINDOW_AHEAD; NULL: no holes */
	bool due;			/* an acknowledgement is owed */
};

/* All epochs of one sender. */
struct windows {
	uint64_t base;			/* below: nothing is wanted */
	size_t n;
	struct window *at;		/* by epoch, ascending */
};

enum seen {
	SEEN_NEW,
	SEEN_BEFORE,
	SEEN_PAST,			/* its epoch is below the base */
	SEEN_REFUSED			/* too far ahead, or too many epochs */
};

void windows_init(struct windows *w);
void windows_clear(struct windows *w);
/* dst is overwritten without being cleared. */
void windows_copy(struct windows *dst, const struct windows *src);

/* Marks epoch, seq (both > 0) and says what it was.  `first`: everything
 * before seq counts as seen (FRAME_FIRST). */
enum seen windows_see(struct windows *w, uint64_t epoch, uint64_t seq,
    bool first);
/* The sender's base: forgets the epochs below.  True when it moved. */
bool windows_set_base(struct windows *w, uint64_t base);
struct window *windows_find(const struct windows *w, uint64_t epoch);
/* What to tell the sender about an epoch. */
void windows_ack(const struct windows *w, uint64_t epoch, uint64_t *cum,
    uint64_t *bits);
/* How many numbers are missing directly before this one. */
uint32_t windows_missing(const struct windows *w, uint64_t epoch,
    uint64_t seq);

/* As kept in a contact's numbers; -1: not such bytes. */
void windows_write(struct buf *out, const struct windows *w);
int windows_read(struct windows *w, struct cur *c);

#endif
