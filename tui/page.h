/*
 * page - how the sheets (sheet.h) are written: from the top down, folded at
 * their width, and where rows are few without blank ones.
 */
#ifndef PAGE_H
#define PAGE_H

#include "err.h"
#include "qr.h"
#include "scene.h"

enum {
	PAGE_ROOMY = 14,	/* rows from which on there are blank ones */
	PAGE_ROWS = 22		/* what a page has to say fits into these */
};

struct page {
	const struct scene *s;
	struct rect r;
	int row;			/* the next one */
	bool tight;			/* no blank rows */
};

/* In the middle of r, at most `width` cells wide. */
void page_begin(struct page *p, const struct scene *s, const struct rect *r,
    int width);
void page_skip(struct page *p);		/* a blank row */
/* A text folded into rows. */
void page_text(struct page *p, int indent, enum style style,
    const char *text);
void page_printf(struct page *p, int indent, enum style style,
    const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The text cut into full rows, to be taken with the mouse: no folding at
 * words, no frame. */
void page_plain(struct page *p, enum style style, const char *text);

/* May codes be drawn here?  NULL, or why not, for people. */
const char *page_why_no_code(const struct scene *s);
void page_code(const struct rect *r, int row, int col, const struct qr *q);

#endif
