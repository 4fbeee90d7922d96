/*
 * pane-talk - the chat: what was said, and what the program has to say.
 *
 * The talk is a row of blocks, one a line: day, "new" rule and gap before
 * it, its folded text, the notes that were made behind it.  Block -1 is the
 * introduction.  Painting and scrolling go from the lower edge up and touch
 * only the blocks that show, whatever the length of the talk; nothing is
 * cached, so nothing can be stale.
 */
#ifndef PANE_TALK_H
#define PANE_TALK_H

#include "scene.h"

void talk_draw(const struct scene *s, const struct rect *r);
/* Rows up (> 0) or down; loads older pages when it meets the top.  False:
 * nothing moved. */
bool talk_scroll(const struct scene *s, const struct rect *r, int rows);
void talk_scroll_to_oldest(const struct scene *s, const struct rect *r);
/* Where a note said now belongs (struct note). */
int64_t talk_note_place(const struct person *p);

#endif
