#include "own.h"

#include "border.h"
#include "code-typed.h"
#include "pane-input.h"
#include "pane-status.h"
#include "pane-talk.h"
#include "term.h"

#include <string.h>

static void
make_layout(struct tui *t)
{
	const struct scene s = tui_scene(t);
	struct layout_wish w = {
		.rows = term_rows(),
		.cols = term_cols(),
		.people_width = (int)opts_int(t->setup.opts, "people-width"),
		.banner = banner_text(&s) != NULL,
		.list_in_front = t->list_focused && !help_is_open(t->help)
	};
	int cols = w.cols;

	if (w.cols >= LAYOUT_COLS_MIN && w.rows >= LAYOUT_ROWS_MIN)
		cols -= 4;
	w.input_rows = t->input_rows = input_rows(t->edit, cols);
	t->had_banner = w.banner;
	layout_make(&t->at, &w);
}

/* Only what is seen; the rest is drawn when the sheet is gone. */
static void
draw_sheet(struct tui *t, const struct scene *s)
{
	if (t->stale & (STALE_ALL | STALE_STATUS)) {
		title_draw(s);
		banner_draw(s);
	}
	if (t->stale & (STALE_ALL | STALE_STATUS | STALE_SHEET))
		sheet_draw(t, s);
	t->stale = 0;
	term_show();
}

static void
find_hint(struct tui *t, const char *text)
{
	char hint[CODE_TYPED_TEXT] = "";
	enum style style = STYLE_DIM;

	code_typed(text, !tui_open_person(t), &style, hint);
	if (strcmp(hint, t->hint) == 0)
		return;
	memcpy(t->hint, hint, sizeof(hint));
	t->hint_style = style;
	t->stale |= STALE_STATUS;
}

void
tui_draw(struct tui *t)
{
	const char *over = help_is_open(t->help) ? "Help" : NULL;
	const char *text;
	struct scene s;
	size_t len;
	bool all = t->stale & STALE_ALL;

	if (all) {
		const struct rect screen = { 0, 0, term_rows(), term_cols() };

		make_layout(t);
		term_fill(&screen, STYLE_TEXT);
	}
	s = tui_scene(t);
	if (sheet_is_open(t)) {
		draw_sheet(t, &s);
		return;
	}
	text = edit_text(t->edit, &len);
	/* What is typed may have a word in the status row, which also counts
	 * the bytes of a long line. */
	if (t->stale & STALE_INPUT)
		find_hint(t, text);
	if ((t->stale & STALE_INPUT) && len > MESSAGE_MAX / 2)
		t->stale |= STALE_STATUS;
	if (all) {
		border_draw(&s, over);
		banner_draw(&s);
	} else if (t->stale & STALE_HEAD) {
		border_head(&s, over);
	}
	if (all || (t->stale & STALE_STATUS)) {
		title_draw(&s);
		if (t->flash[0])
			status_say(&s, STYLE_WARN, t->flash);
		else if (t->hint[0])
			status_say(&s, t->hint_style, t->hint);
		else
			status_draw(&s, len);
	}
	if (all || (t->stale & STALE_PEOPLE)) {
		if (s.list_focused)
			term_cursor_hide();
		people_draw(t->people, &s, &t->at.people);
	}
	if (all || (t->stale & STALE_INPUT))
		input_draw(t->edit, &s, &t->at.input);
	if (all || (t->stale & STALE_TALK)) {
		if (help_is_open(t->help))
			help_draw(t->help, &s, &t->at.talk);
		else
			talk_draw(&s, &t->at.talk);
	}
	t->stale = 0;
	term_show();
}
