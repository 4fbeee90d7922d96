#include "patch.h"

#include "buf.h"
#include "text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* In a row's buffer: one header, then len bytes of text; any order. */
struct head {
	uint16_t col, len;
	uint8_t cells, style;
};

struct row {
	struct buf now, painted;
	bool touched;
};

struct patches {
	int n;
	struct row *rows;
};

struct patches *
patches_new(int rows)
{
	struct patches *p = mem_new(sizeof(*p));

	p->n = rows;
	p->rows = mem_array((size_t)rows, sizeof(*p->rows));
	return p;
}

void
patches_free(struct patches *p)
{
	if (!p)
		return;
	for (int i = 0; i < p->n; i++) {
		buf_clear(&p->rows[i].now);
		buf_clear(&p->rows[i].painted);
	}
	free(p->rows);
	free(p);
}

static struct row *
row_at(struct patches *p, int row)
{
	return row >= 0 && row < p->n ? &p->rows[row] : NULL;
}

void
patches_erase(struct patches *p, int row, int col, int cells)
{
	struct row *r = row_at(p, row);
	size_t at = 0;

	if (!r)
		return;
	while (at < r->now.len) {
		struct head h;
		size_t size;

		memcpy(&h, r->now.at + at, sizeof(h));
		size = sizeof(h) + h.len;
		if (h.col < col + cells && col < h.col + h.cells) {
			memmove(r->now.at + at, r->now.at + at + size,
			    r->now.len - at - size);
			r->now.len -= size;
		} else {
			at += size;
		}
	}
}

void
patches_add(struct patches *p, int row, int col, int cells, unsigned style,
    const char *s, size_t len)
{
	struct row *r = row_at(p, row);
	struct head h;

	if (!r || len > UINT16_MAX)
		return;
	memset(&h, 0, sizeof(h));
	h.col = (uint16_t)col;
	h.len = (uint16_t)len;
	h.cells = (uint8_t)cells;
	h.style = (uint8_t)style;
	buf_put(&r->now, &h, sizeof(h));
	buf_put(&r->now, s, len);
}

void
patches_touch(struct patches *p, int row)
{
	struct row *r = row_at(p, row);

	if (r)
		r->touched = true;
}

bool
patches_moved(const struct patches *p, int row)
{
	const struct row *r = row >= 0 && row < p->n ? &p->rows[row] : NULL;

	return r && (r->now.len != r->painted.len || (r->now.len > 0 &&
	    memcmp(r->now.at, r->painted.at, r->now.len) != 0));
}

static void
paint_row(struct row *r, int row,
    void (*paint)(void *arg, int row, int col, int cells, unsigned style,
	const char *s, size_t len), void *arg)
{
	size_t at = 0;

	while (at < r->now.len) {
		struct head h;

		memcpy(&h, r->now.at + at, sizeof(h));
		paint(arg, row, h.col, h.cells, h.style,
		    (const char *)r->now.at + at + sizeof(h), h.len);
		at += sizeof(h) + h.len;
	}
}

void
patches_paint(struct patches *p,
    void (*paint)(void *arg, int row, int col, int cells, unsigned style,
	const char *s, size_t len), void *arg)
{
	for (int i = 0; i < p->n; i++) {
		struct row *r = &p->rows[i];

		if (!r->touched && !patches_moved(p, i))
			continue;
		paint_row(r, i, paint, arg);
		buf_empty(&r->painted);
		buf_put(&r->painted, r->now.at, r->now.len);
		r->touched = false;
	}
}

/* ---- what needs no patch ------------------------------------------------- */

/* Clusters that every terminal draws one cell wide: letters of alphabets
 * without marks, punctuation, frames, and our own marks. */
static bool
is_plain_cp(int32_t cp)
{
	static const struct {
		int32_t first, last;
	} rows[] = {
		{ 0x20, 0x7e }, { 0xa1, 0xac }, { 0xae, 0x2ff },
		{ 0x370, 0x482 }, { 0x48a, 0x52f }, { 0x1e00, 0x1eff },
		{ 0x2010, 0x2027 }, { 0x2030, 0x203a }, { 0x20ac, 0x20ac },
		{ 0x2190, 0x2193 }, { 0x2500, 0x259f }, { 0x25b8, 0x25b8 },
		{ 0x25cb, 0x25cb }, { 0x25cf, 0x25d0 }, { 0x2713, 0x2713 },
		{ 0x2717, 0x2717 }, { 0xfffd, 0xfffd },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (cp >= rows[i].first && cp <= rows[i].last)
			return wcwidth((wchar_t)cp) == 1;
	}
	return false;
}

size_t
patch_plain_run(const char *s, size_t len, int room, int *cells)
{
	size_t at = 0;

	*cells = 0;
	while (at < len && *cells < room) {
		size_t n = text_ascii_run(s + at, len - at);
		int32_t cp;
		int w;

		/* Its last byte may carry a mark. */
		if (n > 0 && at + n < len)
			n--;
		if (n > 0) {
			if (n > (size_t)(room - *cells))
				n = (size_t)(room - *cells);
			*cells += (int)n;
			at += n;
			continue;
		}
		n = text_cluster(s + at, len - at, &w);
		if (text_decode(s + at, len - at, &cp) != n || w != 1 ||
		    !is_plain_cp(cp))
			break;
		*cells += 1;
		at += n;
	}
	return at;
}
