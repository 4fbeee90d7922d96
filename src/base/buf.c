#include "buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 64 };

static uint8_t *
base(const struct buf *b)
{
	return b->at ? b->at - b->gap : NULL;
}

void
buf_init(struct buf *b)
{
	memset(b, 0, sizeof(*b));
}

void
buf_clear(struct buf *b)
{
	free(base(b));
	buf_init(b);
}

void
buf_wipe(struct buf *b)
{
	if (b->at)
		mem_zero(base(b), b->room);
	buf_clear(b);
}

void
buf_drop(struct buf *b, size_t n)
{
	assert(n <= b->len);
	if (n == b->len) {
		buf_empty(b);
		return;
	}
	b->at += n;
	b->gap += n;
	b->len -= n;
}

void
buf_empty(struct buf *b)
{
	b->at = base(b);
	b->gap = 0;
	b->len = 0;
}

/* Into a bigger place.  The old one is zeroed: buf_wipe() could not reach
 * what growing left behind. */
static void
grow(struct buf *b, size_t need)
{
	size_t room = b->room < ROOM_MIN ? ROOM_MIN : b->room;
	uint8_t *old = base(b), *p;

	while (room < need)
		room = room > SIZE_MAX / 2 ? need : room * 2;
	p = mem_resize(NULL, room, 1);
	if (old) {
		memcpy(p, b->at, b->len);
		mem_zero(old, b->room);
		free(old);
	}
	b->at = p;
	b->gap = 0;
	b->room = room;
}

uint8_t *
buf_space(struct buf *b, size_t n)
{
	if (n > SIZE_MAX - b->len)
		die("out of memory");
	if (!b->at || n > b->room - b->gap - b->len) {
		/* Moving len bytes is paid for by the gap bytes eaten. */
		if (b->at && b->len + n <= b->room && b->gap >= b->len) {
			memmove(base(b), b->at, b->len);
			b->at -= b->gap;
			b->gap = 0;
		} else {
			grow(b, b->len + n);
		}
	}
	return b->at + b->len;
}

void
buf_added(struct buf *b, size_t n)
{
	assert(n <= b->room - b->gap - b->len);
	b->len += n;
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	memcpy(buf_space(b, n), p, n);
	b->len += n;
}

void
buf_u8(struct buf *b, uint8_t v)
{
	*buf_space(b, 1) = v;
	b->len += 1;
}

void
buf_u16(struct buf *b, uint16_t v)
{
	put_u16(buf_space(b, 2), v);
	b->len += 2;
}

void
buf_u32(struct buf *b, uint32_t v)
{
	put_u32(buf_space(b, 4), v);
	b->len += 4;
}

void
buf_u64(struct buf *b, uint64_t v)
{
	put_u64(buf_space(b, 8), v);
	b->len += 8;
}

void
buf_lp(struct buf *b, const void *p, size_t n)
{
	assert(n <= UINT32_MAX);
	buf_u32(b, (uint32_t)n);
	buf_put(b, p, n);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		die("cannot format a text");
	buf_space(b, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf((char *)b->at + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

char *
buf_str(struct buf *b)
{
	*buf_space(b, 1) = '\0';
	return (char *)b->at;
}

void
put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

void
put_u32(uint8_t *p, uint32_t v)
{
	put_u16(p, (uint16_t)v);
	put_u16(p + 2, (uint16_t)(v >> 16));
}

void
put_u64(uint8_t *p, uint64_t v)
{
	put_u32(p, (uint32_t)v);
	put_u32(p + 4, (uint32_t)(v >> 32));
}

uint16_t
get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t
get_u32(const uint8_t *p)
{
	return (uint32_t)get_u16(p) | (uint32_t)get_u16(p + 2) << 16;
}

uint64_t
get_u64(const uint8_t *p)
{
	return (uint64_t)get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}
