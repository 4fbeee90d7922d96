#include "layout.h"

#include <string.h>

static int
least(int a, int b)
{
	return a < b ? a : b;
}

static int
most(int a, int b)
{
	return a > b ? a : b;
}

bool
rect_is_empty(const struct rect *r)
{
	return r->rows <= 0 || r->cols <= 0;
}

bool
rect_meets(const struct rect *a, const struct rect *b)
{
	return !rect_is_empty(a) && !rect_is_empty(b) &&
	    a->row < b->row + b->rows && b->row < a->row + a->rows &&
	    a->col < b->col + b->cols && b->col < a->col + a->cols;
}

static struct rect
rows_of(const struct layout *l, int row, int n)
{
	return (struct rect){ .row = row, .rows = n, .cols = l->cols };
}

static void
make_framed(struct layout *l, const struct layout_wish *w)
{
	int row = 0, left, body, input;
	const int inner = l->cols - 2;

	l->framed = true;
	l->title = rows_of(l, row++, 1);
	if (w->banner)
		l->banner = rows_of(l, row++, 1);
	l->top = row++;
	/* Three rules and the status are still to come; the talk keeps at
	 * least half of what is left. */
	left = l->rows - row - 3;
	input = most(1, least(w->input_rows, left / 2));
	body = left - input;
	l->middle = row + body;
	l->bottom = l->middle + 1 + input;

	/* The list never takes more than a third. */
	l->people = (struct rect){ .row = row, .col = 1, .rows = body,
		.cols = most(8, least(w->people_width, inner / 3)) };
	l->divider = l->people.col + l->people.cols;
	l->talk = (struct rect){ .row = row, .col = l->divider + 2,
		.rows = body, .cols = l->cols - 2 - (l->divider + 2) };
	l->head = (struct rect){ .row = l->top, .col = l->divider + 1,
		.rows = 1, .cols = l->cols - 2 - l->divider };
	l->input = (struct rect){ .row = l->middle + 1, .col = 2,
		.rows = input, .cols = l->cols - 4 };
	l->status = rows_of(l, l->rows - 1, 1);
}

static void
make_in_turns(struct layout *l, const struct layout_wish *w)
{
	const int rows = l->rows;
	int row = 0, end = rows, input;
	struct rect body;

	input = most(1, least(w->input_rows, rows / 3));
	if (rows >= 3)
		l->status = rows_of(l, --end, 1);
	end -= input;
	l->input = rows_of(l, end, input);
	if (rows >= 8)
		l->middle = --end;
	if (rows >= 5)
		l->title = rows_of(l, row++, 1);
	if (rows >= 6 && w->banner)
		l->banner = rows_of(l, row++, 1);
	if (rows >= 4 && row < end)
		l->head = rows_of(l, row++, 1);
	body = rows_of(l, row, most(0, end - row));
	if (w->list_in_front)
		l->people = body;
	else
		l->talk = body;
}

void
layout_make(struct layout *l, const struct layout_wish *w)
{
	memset(l, 0, sizeof(*l));
	l->rows = most(1, w->rows);
	l->cols = most(1, w->cols);
	l->top = l->middle = l->bottom = l->divider = -1;
	if (l->cols >= LAYOUT_COLS_MIN && l->rows >= LAYOUT_ROWS_MIN)
		make_framed(l, w);
	else
		make_in_turns(l, w);
}
