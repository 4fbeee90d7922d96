#include "sheet.h"

#include "own.h"
#include "term.h"
#include "text.h"

#include <string.h>

enum { HINTS = 4 };

struct hint {
	const char *key, *does;		/* key NULL: none */
};

static void
put_title(const struct tui *t, const struct scene *s, const struct rect *r)
{
	const char *word = "", *name = "";
	const struct person *p;
	int col;

	switch (t->sheet.kind) {
	case SHEET_CODE:
		word = "Your code";
		break;
	case SHEET_LINK:
		word = "Your link";
		break;
	case SHEET_VERIFY:
		p = roster_find(chat_roster(t->setup.chat),
		    &t->sheet.verify.who);
		word = "Compare with ";
		name = p ? p->title : "";
		break;
	case SHEET_NONE:
	case SHEET_DOUBT:
		return;
	}
	term_rule(r, 0, 0, r->cols, STYLE_RULE, theme_mark(s->theme, MARK_H));
	col = term_puts(r, 0, 1, STYLE_TITLE, " ");
	col = term_puts(r, 0, col, STYLE_TITLE, word);
	col = term_puts(r, 0, col, STYLE_THEM, name);
	term_puts(r, 0, col, STYLE_TITLE, " ");
}

/* ---- the last row -------------------------------------------------------- */

static void
code_hints(const struct tui *t, struct hint h[HINTS])
{
	switch (t->sheet.code.stage) {
	case CODE_PANE_WAITS:
		h[0].does = "back; the code stays good";
		h[1] = (struct hint){ "/host off", "ends it" };
		break;
	case CODE_PANE_OVER:
		h[1] = (struct hint){ "n", "another code" };
		break;
	case CODE_PANE_PAIRED:
		h[1] = (struct hint){ "Enter", "open the chat" };
		h[2] = (struct hint){ "v", "compare numbers" };
		break;
	}
}

static void
hints_of(const struct tui *t, const struct scene *s, const struct rect *r,
    struct hint h[HINTS])
{
	const struct verify_pane *v = &t->sheet.verify;

	memset(h, 0, HINTS * sizeof(*h));
	h[0] = (struct hint){ "Esc", "back" };
	switch (t->sheet.kind) {
	case SHEET_CODE:
		code_hints(t, h);
		break;
	case SHEET_LINK:
		if (link_pane_has_turns(&t->sheet.link, r))
			h[1] = (struct hint){ "Tab", t->sheet.link.shows_text ?
			    "the QR code" : "as text" };
		break;
	case SHEET_VERIFY:
		h[1] = (struct hint){ "y", "equal" };
		h[2] = (struct hint){ "n", "one differs" };
		if (verify_pane_has_turns(v, r))
			h[3] = (struct hint){ "Tab", v->shows_code ?
			    "the numbers" : "the QR code" };
		break;
	case SHEET_DOUBT:
		h[0] = (struct hint){ "Enter", "choose" };
		h[1] = (struct hint){ s->theme->ascii ? "Up, Down" : "↑ ↓",
			"move" };
		h[2] = (struct hint){ "Esc", "later" };
		break;
	case SHEET_NONE:
		break;
	}
}

static void
draw_hints(const struct tui *t, const struct scene *s, const struct rect *r)
{
	const struct rect *status = &s->at->status;
	struct hint h[HINTS];
	int col = status->cols > 20;

	if (rect_is_empty(status))
		return;
	term_fill(status, STYLE_TEXT);
	if (t->flash[0]) {
		term_puts(status, 0, col, STYLE_WARN, t->flash);
		return;
	}
	hints_of(t, s, r, h);
	for (size_t i = 0; i < HINTS && h[i].key; i++) {
		const int need = text_cells(h[i].key, strlen(h[i].key)) + 1 +
		    (int)strlen(h[i].does);

		if (i > 0 && col + need > status->cols)
			break;
		col = term_puts(status, 0, col, STYLE_KEY, h[i].key);
		col = term_puts(status, 0, col + 1, STYLE_DIM, h[i].does);
		col += 3;
	}
}

/* What the sheet covers: all between the first and the last rows, or, where
 * its picture needs them, the first ones too. */
static struct rect
body_of(const struct tui *t, const struct scene *s)
{
	const struct layout *at = s->at;
	const int top = at->title.rows + at->banner.rows;
	struct rect r = { top, 0, at->rows - top - at->status.rows, at->cols };

	/* Its head; a doubt brings its own. */
	if (t->sheet.kind != SHEET_DOUBT && r.rows > 2) {
		r.row++;
		r.rows--;
	}
	if (t->sheet.kind == SHEET_LINK &&
	    link_pane_is_tall(&t->sheet.link, &r)) {
		r.rows += r.row;
		r.row = 0;
	}
	return r;
}

void
sheet_draw(struct tui *t, const struct scene *s)
{
	const struct rect r = body_of(t, s);
	const struct rect head = { r.row - 1, 0, 1, r.cols };

	term_cursor_hide();
	draw_hints(t, s, &r);
	if (rect_is_empty(&r))
		return;
	term_fill(&r, STYLE_TEXT);
	if (r.row > 0)
		put_title(t, s, &head);
	switch (t->sheet.kind) {
	case SHEET_CODE:
		code_pane_draw(&t->sheet.code, s, &r);
		break;
	case SHEET_LINK:
		link_pane_draw(&t->sheet.link, s, &r);
		break;
	case SHEET_VERIFY:
		verify_pane_draw(&t->sheet.verify, s, &r);
		break;
	case SHEET_DOUBT:
		doubt_pane_draw(&t->sheet.doubt, s, &r);
		break;
	case SHEET_NONE:
		break;
	}
}
