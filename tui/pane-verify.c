#include "pane-verify.h"

#include "page.h"
#include "term.h"

#include <stdio.h>
#include <string.h>

enum {
	COLUMNS = 4,			/* of numbers, and of words */
	GROUP = 5,			/* digits */
	WORD_CELLS = 10,		/* the longest has eight letters */
	TEXT_CELLS = 40,		/* beside a code */
	WIDE_CELLS = 56,
	BETWEEN = 3
};

void
verify_pane_open(struct verify_pane *v, const struct scene *s,
    const struct person *p)
{
	memset(v, 0, sizeof(*v));
	v->who = p->id;
	chat_safety(s->setup->chat, p, &v->safety);
	v->code = page_why_no_code(s) ? NULL : qr_new(v->safety.mine);
}

void
verify_pane_clear(struct verify_pane *v)
{
	qr_free(v->code);
	v->code = NULL;
}

static bool
fits_beside(const struct verify_pane *v, const struct rect *r)
{
	return v->code && r->rows >= qr_rows(v->code) + 1 &&
	    r->cols >= TEXT_CELLS + BETWEEN + qr_cols(v->code) + 2;
}

bool
verify_pane_has_turns(const struct verify_pane *v, const struct rect *r)
{
	return v->code && !fits_beside(v, r) && r->rows >= qr_rows(v->code) &&
	    r->cols >= qr_cols(v->code);
}

/* Four a row: so many can be read over the phone without losing them. */
static void
draw_numbers(struct page *p, const char *number)
{
	const int step = p->r.cols >= TEXT_CELLS - 2 ? GROUP + 3 : GROUP + 2;

	for (int i = 0; *number; i++) {
		term_put(&p->r, p->row + i / COLUMNS,
		    2 + i % COLUMNS * step, STYLE_TITLE, number, GROUP);
		number += GROUP;
		number += strspn(number, " ");
	}
	p->row += SAFETY_DIGITS / GROUP / COLUMNS;
}

static void
draw_words(struct page *p, const char *words)
{
	int step = (p->r.cols - 2) / COLUMNS;

	if (step > WORD_CELLS)
		step = WORD_CELLS;
	for (int i = 0; *words; i++) {
		const size_t len = strcspn(words, " ");

		term_put(&p->r, p->row + i / COLUMNS,
		    2 + i % COLUMNS * step, STYLE_TEXT, words, len);
		words += len;
		words += strspn(words, " ");
	}
	p->row += SAFETY_WORDS / COLUMNS;
}

static void
draw_answer(struct page *p, const struct verify_pane *v,
    const struct person *who)
{
	switch (v->answer) {
	case VERIFY_DIFFERS:
		page_printf(p, 0, STYLE_BAD, p->tight ? "Misread, or somebody "
		    "may sit between: nothing more is said to %s. Compare "
		    "again, or /block." : "Then one was misread, or somebody "
		    "may sit between you and read along. Every mark is gone, "
		    "and nothing more is said to %s. Compare again: y if all "
		    "is equal. If they really differ: /block or /remove, and "
		    "meet in person by a new code.", who->title);
		return;
	case VERIFY_REFUSED:
		page_text(p, 0, STYLE_BAD, v->why);
		return;
	case VERIFY_UNSAID:
		break;
	}
	if (who->who.trust == TRUST_VERIFIED)
		page_printf(p, 0, STYLE_GOOD, "%s %s is verified.",
		    theme_mark(p->s->theme, MARK_YES), who->title);
	else
		page_text(p, 0, STYLE_KEY, "All equal: press y. "
		    "One differs: n.");
}

static void
draw_text(struct page *p, const struct verify_pane *v,
    const struct person *who)
{
	draw_numbers(p, v->safety.number);
	if (p->r.rows > 7)
		p->row++;
	draw_words(p, v->safety.words);
	p->row++;
	if (p->tight) {
		draw_answer(p, v, who);
		page_printf(p, 0, STYLE_DIM, "Read them to %s by phone; "
		    "/verify shows the same there.", who->title);
		return;
	}
	page_printf(p, 0, STYLE_TEXT, "Read the numbers or the words to %s "
	    "over the phone, or hold both screens side by side: /verify "
	    "shows the same there.", who->title);
	page_skip(p);
	draw_answer(p, v, who);
}

static void
draw_for_phones(struct page *p, const struct verify_pane *v,
    const struct person *who)
{
	page_printf(p, 0, STYLE_DIM, "The QR code is yours. A phone that "
	    "reads the one on %s's screen must find:", who->title);
	page_plain(p, STYLE_DIM, v->safety.theirs);
}

static void
draw_code(const struct verify_pane *v, const struct scene *s,
    const struct rect *r, const struct person *who)
{
	const int rows = qr_rows(v->code);
	struct rect below = *r;
	struct page p;

	page_code(r, 0, (r->cols - qr_cols(v->code)) / 2, v->code);
	below.row += rows;
	below.rows -= rows;
	page_begin(&p, s, &below, r->cols);
	draw_for_phones(&p, v, who);
}

void
verify_pane_draw(const struct verify_pane *v, const struct scene *s,
    const struct rect *r)
{
	const struct person *who = roster_find(chat_roster(s->setup->chat),
	    &v->who);
	struct rect text = *r;
	struct page p;
	int room;

	if (!who)
		return;
	if (v->shows_code && verify_pane_has_turns(v, r)) {
		draw_code(v, s, r, who);
		return;
	}
	if (fits_beside(v, r)) {
		if (r->rows > PAGE_ROWS) {
			text.row += (r->rows - PAGE_ROWS) / 3;
			text.rows -= (r->rows - PAGE_ROWS) / 3;
		}
		room = r->cols - BETWEEN - qr_cols(v->code) - 2;
		text.cols = room < WIDE_CELLS ? room : WIDE_CELLS;
		text.col += (r->cols - text.cols - BETWEEN -
		    qr_cols(v->code)) / 2;
		text.row++;
		text.rows--;
		page_code(r, text.row - r->row, text.col - r->col + text.cols +
		    BETWEEN, v->code);
		if (text.rows > PAGE_ROWS)
			text.rows = PAGE_ROWS;
		page_begin(&p, s, &text, text.cols);
	} else {
		page_begin(&p, s, r, WIDE_CELLS);
		page_skip(&p);
	}
	draw_text(&p, v, who);
	if (!v->code || v->answer == VERIFY_DIFFERS)
		return;
	page_skip(&p);
	if (fits_beside(v, r))
		draw_for_phones(&p, v, who);
}
