/*
 * buf - bytes that grow at the end and are eaten at the front.
 *
 * Appending is amortised O(1); consuming moves an offset and the hole is
 * closed when it is worth it.  All integers are little-endian, the order of
 * every p2ptui format.  Embedded: buf_init / buf_clear.
 */
#ifndef BUF_H
#define BUF_H

#include <stddef.h>
#include <stdint.h>

#include "mem.h"

struct buf {
	uint8_t *at;		/* first unread byte; NULL when never used */
	size_t len;		/* unread bytes */
	size_t gap;		/* eaten bytes before `at` */
	size_t room;		/* bytes allocated in all */
};

void buf_init(struct buf *b);
void buf_clear(struct buf *b);			/* releases the memory */
void buf_wipe(struct buf *b);			/* zeroes it first */
void buf_drop(struct buf *b, size_t n);		/* eats n <= len bytes */
void buf_empty(struct buf *b);			/* len = 0, memory kept */
/* Room for n more bytes behind the end; returns where they go.  They count
 * only after buf_added(). */
uint8_t *buf_space(struct buf *b, size_t n);
void buf_added(struct buf *b, size_t n);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
void buf_lp(struct buf *b, const void *p, size_t n);	/* u32 n, then p */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The content as a C string: puts a NUL behind it that does not count. */
char *buf_str(struct buf *b);

/* Fixed places, for headers laid out by hand. */
void put_u16(uint8_t *p, uint16_t v);
void put_u32(uint8_t *p, uint32_t v);
void put_u64(uint8_t *p, uint64_t v);
uint16_t get_u16(const uint8_t *p);
uint32_t get_u32(const uint8_t *p);
uint64_t get_u64(const uint8_t *p);

#endif
