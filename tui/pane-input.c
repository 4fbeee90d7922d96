#include "pane-input.h"

#include "term.h"
#include "text.h"
#include "wrap.h"

/* One cell narrower than its window: the cursor always has a place. */
static int
fold_width(int cols)
{
	int width = cols - PROMPT_CELLS - 1;

	return width > 0 ? width : 1;
}

int
input_rows(const struct edit *e, int cols)
{
	size_t len;
	const char *text = edit_text(e, &len);

	return (int)wrap_count(text, len, fold_width(cols), LAYOUT_INPUT_MAX);
}

void
input_draw(const struct edit *e, const struct scene *s, const struct rect *r)
{
	const int width = fold_width(r->cols);
	const int prompt = r->cols > PROMPT_CELLS ? PROMPT_CELLS : 0;
	size_t len, cursor_row, top = 0, i = 0;
	const char *text = edit_text(e, &len);
	struct wrap_row row;
	struct wrap w;
	int cursor_col;

	if (rect_is_empty(r))
		return;
	term_fill(r, STYLE_TEXT);
	if (prompt)
		term_puts(r, 0, 0, s->list_focused ? STYLE_DIM : STYLE_KEY,
		    ">");
	wrap_locate(text, len, width, edit_cursor(e), &cursor_row,
	    &cursor_col);
	if (cursor_row >= (size_t)r->rows)
		top = cursor_row - (size_t)r->rows + 1;
	wrap_init(&w, text, len, width);
	while (i < top + (size_t)r->rows && wrap_next(&w, &row)) {
		if (i >= top)
			term_put(r, (int)(i - top), prompt, STYLE_TEXT,
			    text + row.at, row.len);
		i++;
	}
	if (!s->list_focused)
		term_cursor(r, (int)(cursor_row - top), prompt + cursor_col);
}
