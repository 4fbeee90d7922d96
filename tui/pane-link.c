#include "pane-link.h"

#include "page.h"
#include "term.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum {
	BESIDE = 28,			/* cells of text beside a code */
	BETWEEN = 2
};

void
link_pane_open(struct link_pane *l, const struct scene *s)
{
	memset(l, 0, sizeof(*l));
	l->full = chat_link(s->setup->chat);
	l->shorter = chat_short_link(s->setup->chat);
	l->code = page_why_no_code(s) ? NULL : qr_new(l->shorter);
	l->copied = opts_bool(s->setup->opts, "clipboard") &&
	    term_copy(l->full);
}

void
link_pane_clear(struct link_pane *l)
{
	free(l->full);
	free(l->shorter);
	qr_free(l->code);
	memset(l, 0, sizeof(*l));
}

static int
rows_of(const char *link, int cols)
{
	return cols > 0 ? ((int)strlen(link) + cols - 1) / cols : 1;
}

static int
link_rows(const struct link_pane *l, int cols)
{
	return rows_of(l->full, cols);
}

static bool
fits_code(const struct link_pane *l, const struct rect *r)
{
	return l->code && r->rows >= qr_rows(l->code) &&
	    r->cols >= qr_cols(l->code);
}

static bool
fits_both(const struct link_pane *l, const struct rect *r)
{
	return fits_code(l, r) && r->cols >= qr_cols(l->code) + BETWEEN +
	    BESIDE && r->rows >= qr_rows(l->code) + 3 + link_rows(l, r->cols);
}

bool
link_pane_is_tall(const struct link_pane *l, const struct rect *r)
{
	const struct rect all = { 0, 0, r->row + r->rows, r->cols };

	return !l->shows_text && !fits_code(l, r) && fits_code(l, &all);
}

bool
link_pane_has_turns(const struct link_pane *l, const struct rect *r)
{
	const struct rect all = { 0, 0, r->row + r->rows, r->cols };

	return fits_code(l, &all) && !fits_both(l, r);
}

static void
say_copied(struct page *p, const struct link_pane *l)
{
	if (l->copied)
		page_text(p, 0, STYLE_GOOD, "The link is in the clipboard, if "
		    "your terminal lets programs put it there.");
	else
		page_text(p, 0, STYLE_DIM,
		    "It was not put into the clipboard.");
}

static void
draw_beside(const struct link_pane *l, const struct scene *s,
    const struct rect *r, bool is_turn)
{
	struct page p;

	page_begin(&p, s, r, r->cols);
	page_skip(&p);
	/* Else its head says so. */
	if (r->row == 0) {
		page_text(&p, 0, STYLE_TITLE, "Your link");
		page_skip(&p);
	}
	page_text(&p, 0, STYLE_TEXT, "A phone can read it from here and pass "
	    "it on.");
	page_skip(&p);
	page_text(&p, 0, STYLE_TEXT, "Whoever has it types");
	page_text(&p, 2, STYLE_KEY, "/add LINK");
	page_text(&p, 0, STYLE_TEXT, "and may ask to talk to you. It holds no "
	    "secret.");
	page_skip(&p);
	say_copied(&p, l);
	page_skip(&p);
	if (!is_turn)
		return;
	page_text(&p, 0, STYLE_KEY, "Tab");
	p.row--;
	page_text(&p, 4, STYLE_TEXT, "the link as text");
}

static void
draw_code(const struct link_pane *l, const struct scene *s,
    const struct rect *r, bool is_turn)
{
	const int cols = qr_cols(l->code);
	struct rect beside = *r;

	if (r->cols < cols + BETWEEN + BESIDE) {
		page_code(r, (r->rows - qr_rows(l->code)) / 2,
		    (r->cols - cols) / 2, l->code);
		return;
	}
	page_code(r, 0, 0, l->code);
	beside.col += cols + BETWEEN;
	beside.cols -= cols + BETWEEN;
	beside.rows = qr_rows(l->code);
	draw_beside(l, s, &beside, is_turn);
}

/* From the left edge and to the right one: what the mouse takes of it is
 * the link and nothing else. */
static void
draw_link(const char *link, const struct scene *s,
    const struct rect *r, int row)
{
	struct page p = { .s = s, .r = *r, .row = row };

	page_plain(&p, STYLE_KEY, link);
}

/* A link that lacks its end would be taken for a whole one. */
static const char *
whole_link(const struct link_pane *l, const struct rect *r, int row)
{
	if (row + rows_of(l->full, r->cols) <= r->rows)
		return l->full;
	return row + rows_of(l->shorter, r->cols) <= r->rows ? l->shorter :
	    NULL;
}

static void
draw_text(const struct link_pane *l, const struct scene *s,
    const struct rect *r)
{
	struct page p;
	struct rect below = *r;
	const char *why = page_why_no_code(s), *link;
	int row;

	page_begin(&p, s, r, r->cols);
	page_skip(&p);
	page_text(&p, 0, STYLE_TEXT, p.tight ? "Whoever types /add and this "
	    "may ask to talk to you:" : "Whoever types /add and this link, or "
	    "starts p2ptui with it, may ask to talk to you. It holds your "
	    "name, your keys and your relays, and no secret.");
	page_skip(&p);
	row = p.row;
	link = whole_link(l, r, row);
	if (link) {
		draw_link(link, s, r, row);
		row += rows_of(link, r->cols);
	} else {
		page_text(&p, 0, STYLE_WARN, "It needs a larger screen.");
		row = p.row;
	}
	below.row += row;
	below.rows -= row;
	page_begin(&p, s, &below, r->cols);
	p.tight = r->rows < PAGE_ROOMY;
	page_skip(&p);
	say_copied(&p, l);
	if (why)
		page_text(&p, 0, STYLE_DIM, why);
	else if (!link_pane_has_turns(l, r))
		page_text(&p, 0, STYLE_DIM, "A QR code of it needs a larger "
		    "screen.");
}

void
link_pane_draw(const struct link_pane *l, const struct scene *s,
    const struct rect *r)
{
	if (fits_both(l, r)) {
		draw_code(l, s, r, false);
		draw_link(l->full, s, r, qr_rows(l->code) + 2);
	} else if (!l->shows_text && fits_code(l, r)) {
		draw_code(l, s, r, true);
	} else {
		draw_text(l, s, r);
	}
}
