#include "theme.h"

#include <assert.h>

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, OWN = -1 };

static const struct look looks[STYLES] = {
	[STYLE_TEXT] = { .color = OWN },
	[STYLE_DIM] = { .color = OWN, .dim = true },
	[STYLE_RULE] = { .color = OWN, .dim = true },
	[STYLE_TITLE] = { .color = OWN, .bold = true },
	[STYLE_ME] = { .color = CYAN },
	[STYLE_THEM] = { .color = OWN, .bold = true },
	[STYLE_GOOD] = { .color = GREEN },
	[STYLE_WARN] = { .color = YELLOW },
	[STYLE_BAD] = { .color = RED, .bold = true },
	[STYLE_LOUD] = { .color = RED, .bold = true, .reverse = true },
	[STYLE_SELECTED] = { .color = OWN, .reverse = true },
	[STYLE_OPEN] = { .color = OWN, .bold = true },
	[STYLE_KEY] = { .color = CYAN },
	[STYLE_PAPER] = { .color = BLACK, .paper = true },
	[STYLE_INK] = { .color = WHITE, .paper = true },
};

static const struct {
	const char *unicode, *ascii;
} marks[MARKS] = {
	[MARK_ONLINE] = { "●", "*" },
	[MARK_AWAY] = { "◐", "+" },
	[MARK_OFFLINE] = { "○", "-" },
	[MARK_QUEUED] = { "·", "." },
	[MARK_STORED] = { "✓", "v" },
	[MARK_DELIVERED] = { "✓✓", "vv" },
	[MARK_FAILED] = { "✗", "x" },
	[MARK_YES] = { "✓", "v" },
	[MARK_PAIRED] = { "+", "+" },
	[MARK_DOUBT] = { "!", "!" },
	[MARK_HERE] = { "▸", ">" },
	[MARK_MORE] = { "…", "~" },
	[MARK_DOT] = { "·", "|" },
	[MARK_DASH] = { "─", "-" },
	[MARK_UP] = { "↑", "^" },
	[MARK_DOWN] = { "↓", "v" },
	[MARK_FULL] = { "━", "=" },
	[MARK_EMPTY] = { "─", "-" },
	[MARK_H] = { "─", "-" },
	[MARK_V] = { "│", "|" },
	[MARK_TOP_LEFT] = { "┌", "+" },
	[MARK_TOP_RIGHT] = { "┐", "+" },
	[MARK_BOTTOM_LEFT] = { "└", "+" },
	[MARK_BOTTOM_RIGHT] = { "┘", "+" },
	[MARK_TEE_DOWN] = { "┬", "+" },
	[MARK_TEE_UP] = { "┴", "+" },
	[MARK_TEE_LEFT] = { "┤", "+" },
	[MARK_TEE_RIGHT] = { "├", "+" },
};

const struct look *
theme_look(enum style s)
{
	assert(s < STYLES);
	return &looks[s];
}

const char *
theme_mark(const struct theme *t, enum mark m)
{
	assert(m < MARKS);
	return t->ascii ? marks[m].ascii : marks[m].unicode;
}
