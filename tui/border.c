#include "border.h"

#include "term.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

static void
rule(const struct scene *s, int row, int from, int to)
{
	const struct rect all = { 0, 0, s->at->rows, s->at->cols };

	term_rule(&all, row, from, to - from, STYLE_RULE,
	    theme_mark(s->theme, MARK_H));
}

static void
corner(const struct scene *s, int row, int col, enum mark m)
{
	const struct rect all = { 0, 0, s->at->rows, s->at->cols };

	term_puts(&all, row, col, STYLE_RULE, theme_mark(s->theme, m));
}

static void
draw_lines(const struct scene *s)
{
	const struct layout *at = s->at;
	const int right = at->cols - 1;

	rule(s, at->top, 1, right);
	rule(s, at->middle, 1, right);
	rule(s, at->bottom, 1, right);
	for (int row = at->top + 1; row < at->bottom; row++) {
		corner(s, row, 0, MARK_V);
		corner(s, row, right, MARK_V);
		if (row < at->middle)
			corner(s, row, at->divider, MARK_V);
	}
	corner(s, at->top, 0, MARK_TOP_LEFT);
	corner(s, at->top, right, MARK_TOP_RIGHT);
	corner(s, at->top, at->divider, MARK_TEE_DOWN);
	corner(s, at->middle, 0, MARK_TEE_RIGHT);
	corner(s, at->middle, right, MARK_TEE_LEFT);
	corner(s, at->middle, at->divider, MARK_TEE_UP);
	corner(s, at->bottom, 0, MARK_BOTTOM_LEFT);
	corner(s, at->bottom, right, MARK_BOTTOM_RIGHT);
}

/* Joined to what stands before by a dash, as long as all of it fits. */
static int
add(const struct scene *s, const struct rect *r, int col, enum style style,
    const char *text)
{
	const int need = text_cells(text, strlen(text));

	if (!text[0] || col + need + 4 > r->cols)
		return col;
	col = term_puts(r, 0, col, STYLE_RULE,
	    theme_mark(s->theme, MARK_DASH));
	col = term_puts(r, 0, col, STYLE_TEXT, " ");
	col = term_puts(r, 0, col, style, text);
	return term_puts(r, 0, col, STYLE_TEXT, " ");
}

static void
add_trust(const struct scene *s, const struct rect *r, int *col)
{
	char text[64];

	/* Before everything else, which may not fit. */
	if (s->open->flagged)
		*col = add(s, r, *col, STYLE_WARN, "look-alike name");
	if (s->open->doubted)
		*col = add(s, r, *col, STYLE_BAD, s->open->differs ?
		    "numbers differ" : "another key");
	switch (s->open->who.trust) {
	case TRUST_VERIFIED:
		snprintf(text, sizeof(text), "%s verified",
		    theme_mark(s->theme, MARK_YES));
		*col = add(s, r, *col, STYLE_GOOD, text);
		break;
	case TRUST_PAIRED:
		*col = add(s, r, *col, STYLE_GOOD, "paired");
		break;
	case TRUST_ACCEPTED:
		*col = add(s, r, *col, STYLE_DIM, "not verified");
		break;
	case TRUST_NEARBY:
		*col = add(s, r, *col, STYLE_DIM, "nearby");
		break;
	case TRUST_REQUESTED:
		*col = add(s, r, *col, STYLE_WARN, "wants to talk");
		break;
	case TRUST_BLOCKED:
		*col = add(s, r, *col, STYLE_BAD, "blocked");
		break;
	}
	if (s->open->unconfirmed)
		*col = add(s, r, *col, STYLE_WARN, "unconfirmed");
}

static void
add_way(const struct scene *s, const struct rect *r, int *col)
{
	const struct person *p = s->open;
	char rtt[16], text[sizeof(p->away) + 32];

	if (p->linked && p->path != PATH_NONE) {
		scene_rtt(p->rtt_us, rtt);
		snprintf(text, sizeof(text), "%s%s%s", scene_path(p->path),
		    rtt[0] ? " " : "", rtt);
		*col = add(s, r, *col, STYLE_TEXT, text);
	} else {
		*col = add(s, r, *col, STYLE_DIM, presence_name(p->presence));
	}
	if (p->presence == AWAY) {
		snprintf(text, sizeof(text), "away%s%s",
		    p->away[0] ? ": " : "", p->away);
		*col = add(s, r, *col, STYLE_WARN, text);
	}
}

void
border_head(const struct scene *s, const char *over)
{
	const struct rect *r = &s->at->head;
	bool list = !s->at->framed && !rect_is_empty(&s->at->people);
	int col;

	if (rect_is_empty(r))
		return;
	rule(s, r->row, r->col, r->col + r->cols);
	col = term_puts(r, 0, 0, STYLE_TEXT, " ");
	if (over) {
		term_puts(r, 0, term_puts(r, 0, col, STYLE_TITLE, over),
		    STYLE_TEXT, " ");
		return;
	}
	if (list) {
		term_puts(r, 0, term_puts(r, 0, col, STYLE_TITLE, "People"),
		    STYLE_TEXT, " ");
		return;
	}
	col = term_puts(r, 0, col, STYLE_TITLE, s->open ? s->open->title :
	    "Welcome");
	col = term_puts(r, 0, col, STYLE_TEXT, " ");
	if (!s->open)
		return;
	add_trust(s, r, &col);
	add_way(s, r, &col);
}

void
border_draw(const struct scene *s, const char *over)
{
	const struct layout *at = s->at;

	if (at->framed) {
		const struct rect top = { at->top, 1, 1, at->divider - 1 };
		enum style style = s->list_focused ? STYLE_KEY : STYLE_TITLE;

		draw_lines(s);
		term_puts(&top, 0, 0, style, " People ");
	} else if (at->middle >= 0) {
		rule(s, at->middle, 0, at->cols);
	}
	border_head(s, over);
}
