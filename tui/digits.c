#include "digits.h"

#include "term.h"

static const char *const blocks[10][DIGITS_ROWS] = {
	{ "█▀█", "█ █", "▀▀▀" }, { "▀█ ", " █ ", "▀▀▀" },
	{ "▀▀█", "█▀▀", "▀▀▀" }, { "▀▀█", " ▀█", "▀▀▀" },
	{ "█ █", "▀▀█", "  ▀" }, { "█▀▀", "▀▀█", "▀▀▀" },
	{ "█▀▀", "█▀█", "▀▀▀" }, { "▀▀█", "  █", "  ▀" },
	{ "█▀█", "█▀█", "▀▀▀" }, { "█▀█", "▀▀█", "▀▀▀" },
};

static const char *const strokes[10][DIGITS_ROWS] = {
	{ " _ ", "| |", "|_|" }, { "   ", "  |", "  |" },
	{ " _ ", " _|", "|_ " }, { " _ ", " _|", " _|" },
	{ "   ", "|_|", "  |" }, { " _ ", "|_ ", " _|" },
	{ " _ ", "|_ ", "|_|" }, { " _ ", "  |", "  |" },
	{ " _ ", "|_|", "|_|" }, { " _ ", "|_|", " _|" },
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int
digits_cells(const char *text, size_t len)
{
	int n = 0;

	for (size_t i = 0; i < len; i++)
		n += is_digit(text[i]) ? DIGITS_CELLS + 1 : DIGITS_BLANK;
	return n > 0 ? n - 1 : 0;
}

void
digits_draw(const struct scene *s, const struct rect *r, int row, int col,
    enum style style, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(text[i])) {
			col += DIGITS_BLANK;
			continue;
		}
		for (int j = 0; j < DIGITS_ROWS; j++)
			term_puts(r, row + j, col, style, s->theme->ascii ?
			    strokes[text[i] - '0'][j] :
			    blocks[text[i] - '0'][j]);
		col += DIGITS_CELLS + 1;
	}
}
