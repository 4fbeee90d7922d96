#include "cur.h"

#include <string.h>

#include "buf.h"

void
cur_init(struct cur *c, const void *p, size_t len)
{
	c->at = p;
	c->left = len;
	c->bad = false;
}

const uint8_t *
cur_take(struct cur *c, size_t n)
{
	/* For n == 0 of nothing: a place that is not NULL. */
	static const uint8_t nothing;
	const uint8_t *p;

	if (c->bad || n > c->left) {
		c->bad = true;
		c->left = 0;
		return NULL;
	}
	if (!c->at)
		return &nothing;
	p = c->at;
	c->at += n;
	c->left -= n;
	return p;
}

uint8_t
cur_u8(struct cur *c)
{
	const uint8_t *p = cur_take(c, 1);

	return p ? p[0] : 0;
}

uint16_t
cur_u16(struct cur *c)
{
	const uint8_t *p = cur_take(c, 2);

	return p ? get_u16(p) : 0;
}

uint32_t
cur_u32(struct cur *c)
{
	const uint8_t *p = cur_take(c, 4);

	return p ? get_u32(p) : 0;
}

uint64_t
cur_u64(struct cur *c)
{
	const uint8_t *p = cur_take(c, 8);

	return p ? get_u64(p) : 0;
}

void
cur_copy(struct cur *c, void *dst, size_t n)
{
	const uint8_t *p = cur_take(c, n);

	if (n == 0)
		return;
	if (p)
		memcpy(dst, p, n);
	else
		memset(dst, 0, n);
}

const uint8_t *
cur_lp(struct cur *c, size_t max, size_t *len)
{
	size_t n = cur_u32(c);

	*len = 0;
	if (n > max)
		c->bad = true;
	if (c->bad) {
		c->left = 0;
		return NULL;
	}
	const uint8_t *p = cur_take(c, n);

	if (p)
		*len = n;
	return p;
}

bool
cur_ok(const struct cur *c)
{
	return !c->bad;
}

bool
cur_done(const struct cur *c)
{
	return !c->bad && c->left == 0;
}
