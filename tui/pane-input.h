/*
 * pane-input - where one writes: prompt, text, cursor.
 */
#ifndef PANE_INPUT_H
#define PANE_INPUT_H

#include "edit.h"
#include "scene.h"

enum { PROMPT_CELLS = 2 };

/* Rows the text wants at this width, 1..LAYOUT_INPUT_MAX. */
int input_rows(const struct edit *e, int cols);
/* Puts the cursor there unless the list has the focus. */
void input_draw(const struct edit *e, const struct scene *s,
    const struct rect *r);

#endif
