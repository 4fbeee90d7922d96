#include "page.h"

#include "buf.h"
#include "term.h"
#include "text.h"
#include "wrap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
page_begin(struct page *p, const struct scene *s, const struct rect *r,
    int width)
{
	*p = (struct page){ .s = s, .r = *r, .tight = r->rows < PAGE_ROOMY };
	/* High screens: nearer to the middle than to the upper edge. */
	if (r->rows > PAGE_ROWS) {
		p->r.row += (r->rows - PAGE_ROWS) / 3;
		p->r.rows -= (r->rows - PAGE_ROWS) / 3;
	}
	if (width < r->cols - 2) {
		p->r.col += (r->cols - width) / 2;
		p->r.cols = width;
	} else if (r->cols > 10) {
		p->r.col++;
		p->r.cols -= 2;
	}
}

void
page_skip(struct page *p)
{
	if (!p->tight)
		p->row++;
}

void
page_text(struct page *p, int indent, enum style style, const char *text)
{
	const int width = p->r.cols - indent;
	struct wrap_row row;
	struct wrap w;

	wrap_init(&w, text, strlen(text), width > 0 ? width : 1);
	while (wrap_next(&w, &row))
		term_put(&p->r, p->row++, indent, style, text + row.at,
		    row.len);
}

void
page_printf(struct page *p, int indent, enum style style, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	page_text(p, indent, style, text);
}

void
page_plain(struct page *p, enum style style, const char *text)
{
	size_t len = strlen(text);

	while (len > 0) {
		int used;
		size_t n = text_fit(text, len, p->r.cols, &used);

		if (n == 0)
			return;
		term_put(&p->r, p->row++, 0, style, text, n);
		text += n;
		len -= n;
	}
}

/* ---- codes --------------------------------------------------------------- */

const char *
page_why_no_code(const struct scene *s)
{
	if (!qr_is_built_in())
		return "No QR code: this p2ptui was built without them.";
	if (!term_is_utf8() || s->theme->ascii)
		return "No QR code: this terminal draws no blocks.";
	if (!term_has_paper())
		return "No QR code: it needs black and white, and colours "
		    "are off here.";
	return NULL;
}

/* What is dark is always ground, which fills its cell in every font, and the
 * light halves are glyphs: where a font leaves a seam, it falls into the
 * light, and the dark bars that readers look for stay whole. */
static const char *
glyph_of(enum qr_cell c, enum style *style)
{
	*style = STYLE_PAPER;
	switch (c) {
	case QR_LIGHT:
		return " ";
	case QR_DARK:
		*style = STYLE_INK;
		return " ";
	case QR_TOP:
		*style = STYLE_INK;
		return "▄";
	case QR_BOTTOM:
		*style = STYLE_INK;
		return "▀";
	}
	return " ";
}

void
page_code(const struct rect *r, int row, int col, const struct qr *q)
{
	const int rows = qr_rows(q), cols = qr_cols(q);
	struct buf run;

	buf_init(&run);
	for (int i = 0; i < rows; i++) {
		enum style last = STYLE_PAPER, style = STYLE_PAPER;
		int from = 0;

		/* A run of one style is one call. */
		for (int j = 0; j <= cols; j++) {
			const char *glyph = j < cols ? glyph_of(qr_at(q, i,
			    j), &style) : "";

			if (j == cols || style != last) {
				term_put(r, row + i, col + from, last,
				    buf_str(&run), run.len);
				buf_empty(&run);
				from = j;
				last = style;
			}
			buf_put(&run, glyph, strlen(glyph));
		}
	}
	buf_clear(&run);
}
