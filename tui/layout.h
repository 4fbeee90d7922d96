/*
 * layout - which part of the screen belongs to whom.
 *
 * Pure arithmetic: a size and a few wishes in, rectangles out, for every
 * size from 1x1 up.  No rectangle leaves the screen, none overlaps another,
 * and the input keeps a row whatever happens.
 *
 *   framed (60x12 and more)           in turns (smaller)
 *     title                             title
 *     banner, when wished               banner, when wished
 *     +- top --+-----------+            head
 *     | people | talk      |            people or talk
 *     +-middle-+-----------+            rule
 *     | input              |            input
 *     +-bottom-------------+            status
 *     status
 *
 * When rows run out, what is least needed goes first: the rules, the
 * banner, the title, the status, at last the talk.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdbool.h>

enum {
	LAYOUT_COLS_MIN = 60,		/* list and chat side by side */
	LAYOUT_ROWS_MIN = 12,
	LAYOUT_INPUT_MAX = 5		/* rows of the input line */
};

/* Absent when rows or cols is 0. */
struct rect {
	int row, col, rows, cols;
};

struct layout_wish {
	int rows, cols;			/* of the terminal; >= 1 */
	int people_width;
	int input_rows;			/* 1..LAYOUT_INPUT_MAX */
	bool banner;			/* something loud to say */
	bool list_in_front;		/* when they take turns */
};

struct layout {
	int rows, cols;
	bool framed;
	struct rect title, banner, people, head, talk, input, status;
	/* Rows of the rules and the column between list and chat; -1: none. */
	int top, middle, bottom, divider;
};

void layout_make(struct layout *l, const struct layout_wish *w);
bool rect_is_empty(const struct rect *r);
/* Do they share a cell? */
bool rect_meets(const struct rect *a, const struct rect *b);

#endif
