/*
 * patch - the clusters of the screen that are put beside curses: where they
 * stand, and which rows need them painted again.
 *
 * A row is "touched" when curses may have drawn over it, "moved" when its
 * patches are not the ones that were painted last: then the row's other
 * cells must be repainted as well, for nobody knows what a terminal made of
 * the old ones.
 */
#ifndef PATCH_H
#define PATCH_H

#include <stdbool.h>
#include <stddef.h>

struct patches;

struct patches *patches_new(int rows);
void patches_free(struct patches *p);
/* Removes those that share a cell with [col, col + cells). */
void patches_erase(struct patches *p, int row, int col, int cells);
void patches_add(struct patches *p, int row, int col, int cells,
    unsigned style, const char *s, size_t len);
void patches_touch(struct patches *p, int row);
bool patches_moved(const struct patches *p, int row);
/* Those of the touched rows, row by row; then nothing is touched. */
void patches_paint(struct patches *p,
    void (*paint)(void *arg, int row, int col, int cells, unsigned style,
	const char *s, size_t len), void *arg);

/* Bytes at the start of s, at most `room` cells, that need no patch: every
 * terminal agrees on their width. */
size_t patch_plain_run(const char *s, size_t len, int room, int *cells);

#endif
