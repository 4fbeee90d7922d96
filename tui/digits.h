/*
 * digits - digits that can be read across a table: three cells wide and
 * three rows high, of half blocks, or in ASCII of the strokes of a clock.
 */
#ifndef DIGITS_H
#define DIGITS_H

#include "scene.h"

enum {
	DIGITS_ROWS = 3,
	DIGITS_CELLS = 3,
	DIGITS_BLANK = 3		/* cells of a blank: between groups */
};

/* Cells of a text of digits and blanks, with one cell between digits. */
int digits_cells(const char *text, size_t len);
void digits_draw(const struct scene *s, const struct rect *r, int row,
    int col, enum style style, const char *text, size_t len);

#endif
