/*
 * wrap - a text folded into rows of at most `width` cells.
 *
 * Rows end at newlines and at blanks; a word longer than a row (a URL, a
 * line of Chinese) is broken between clusters, so that a row's cells never
 * exceed the width and no cluster is split: a wide one that does not fit at
 * the edge starts the next row.  The blanks at which a row was folded are
 * swallowed; those that begin or end a line stay, as far as they fit.  Joined
 * emoji that are wider than a row are parted.  At a width of 1 a wide cluster
 * cannot be shown: its row is empty and takes its bytes.
 *
 * Nothing is stored: the iterator is four words, a row is found again by
 * walking, and the walk is linear in what it passes (ASCII eight bytes at a
 * time).  Whoever shows long talks caches wrap_count(), which can stop
 * early, and not rows.
 *
 *	struct wrap w;
 *	struct wrap_row row;
 *
 *	wrap_init(&w, text, len, width);
 *	while (wrap_next(&w, &row))
 *		draw(text + row.at, row.len, row.cells);
 *
 * The text is borrowed, UTF-8, and may hold newlines; len may be 0: that is
 * one empty row.  Widths below 1 count as 1.
 */
#ifndef WRAP_H
#define WRAP_H

#include <stdbool.h>
#include <stddef.h>

struct wrap_row {
	size_t at, len;		/* bytes to show */
	size_t next;		/* where the next row begins */
	int cells;		/* 0..width */
};

struct wrap {
	const char *s;
	size_t len, at;
	int width;
	bool over;
};

void wrap_init(struct wrap *w, const char *s, size_t len, int width);
/* The next row; false when there was none. */
bool wrap_next(struct wrap *w, struct wrap_row *row);

/* Rows of the text, >= 1; counting stops at max (0: no limit). */
size_t wrap_count(const char *s, size_t len, int width, size_t max);
/* Row i; false past the end. */
bool wrap_get(const char *s, size_t len, int width, size_t i,
    struct wrap_row *row);

/* For the cursor of an input line: the row and column (0..width) where the
 * byte `at` (0..len) shows.  The column is `width` only behind a full row
 * that ends the text or was folded at a blank: fold the input one cell
 * narrower than its window and the cursor always has a place. */
void wrap_locate(const char *s, size_t len, int width, size_t at,
    size_t *row, int *col);
/* The other way: the byte of the cluster at `col` of row `row`, or the end
 * of that row (of the text, past its last row). */
size_t wrap_byte(const char *s, size_t len, int width, size_t row, int col);

#endif
