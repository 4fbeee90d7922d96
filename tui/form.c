#include "form.h"

#include "term.h"
#include "text.h"
#include "wrap.h"

#include <string.h>

enum {
	WIDTH = 66,			/* a line that is read with ease */
	ROOMY_ROWS = 18,
	TIGHT_ROWS = 8,
	NAME_CELLS = 11			/* of a choice, before its meaning */
};

void
form_begin(struct form *f, const struct theme *theme, const char *head,
    const char *right)
{
	const struct rect screen = { 0, 0, term_rows(), term_cols() };
	const int margin = screen.cols > WIDTH + 2 ?
	    (screen.cols - WIDTH) / 2 : screen.cols > 20 ? 1 : 0;
	const int need = text_cells(right, strlen(right)) + 1;

	*f = (struct form){ .theme = theme };
	f->at = screen;
	f->at.col = margin;
	f->at.cols -= 2 * margin;
	f->row = screen.rows >= ROOMY_ROWS ? screen.rows / 5 :
	    screen.rows >= TIGHT_ROWS ? 2 : 1;
	f->end = screen.rows - 1;
	term_fill(&screen, STYLE_TEXT);
	term_cursor_hide();
	if (screen.rows < 4) {
		/* No room for anything but the line. */
		f->row = 0;
		f->end = screen.rows;
		return;
	}
	term_puts(&screen, 0, 1, STYLE_TITLE, head);
	if (screen.cols - need > text_cells(head, strlen(head)) + 2)
		term_puts(&screen, 0, screen.cols - need, STYLE_DIM, right);
}

void
form_gap(struct form *f)
{
	f->row++;
}

void
form_say(struct form *f, enum style style, int indent, const char *text)
{
	const int width = f->at.cols - indent;
	struct wrap_row row;
	struct wrap w;

	if (width < 1 || !text[0])
		return;
	wrap_init(&w, text, strlen(text), width);
	/* One row is kept for the line that is filled in. */
	while (f->row < f->end - 1 && wrap_next(&w, &row))
		term_put(&f->at, f->row++, indent, style, text + row.at,
		    row.len);
}

void
form_choice(struct form *f, bool chosen, const char *name, const char *means)
{
	int col;

	if (f->row >= f->end)
		return;
	col = term_puts(&f->at, f->row, 0, STYLE_KEY, chosen ?
	    theme_mark(f->theme, MARK_HERE) : " ");
	col = term_puts(&f->at, f->row, col + 1, chosen ? STYLE_OPEN :
	    STYLE_TEXT, name);
	if (col < 2 + NAME_CELLS)
		col = 2 + NAME_CELLS;
	form_say(f, STYLE_DIM, col + 1, means);
}

void
form_field(struct form *f, const char *label, const struct field *field)
{
	int col = 0, row = f->row < f->end ? f->row : f->end - 1;

	if (label[0] && f->at.cols > text_cells(label, strlen(label)) + 12)
		col = term_puts(&f->at, row, 0, STYLE_KEY, label) + 1;
	else if (f->at.cols > 3)
		col = term_puts(&f->at, row, 0, STYLE_KEY, ">") + 1;
	field_draw(field, f->theme, &f->at, row, col);
	f->row = row + 1;
}

void
form_hints(struct form *f, const char *const *pairs)
{
	const struct rect screen = { 0, 0, term_rows(), term_cols() };
	int col = 1;

	(void)f;
	if (screen.rows < 4)
		return;
	for (; *pairs; pairs += 2) {
		int need = text_cells(pairs[0], strlen(pairs[0])) + 1 +
		    text_cells(pairs[1], strlen(pairs[1]));

		if (col + need > screen.cols)
			break;
		col = term_puts(&screen, screen.rows - 1, col, STYLE_KEY,
		    pairs[0]);
		col = term_puts(&screen, screen.rows - 1, col + 1, STYLE_DIM,
		    pairs[1]) + 2;
	}
}
