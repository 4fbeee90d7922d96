/*
 * border - the lines between the panes, and what is written on them.
 */
#ifndef BORDER_H
#define BORDER_H

#include "scene.h"

/* All of it; `over` is the head of what covers the talk (help), or NULL. */
void border_draw(const struct scene *s, const char *over);
/* Only who is open, above the talk. */
void border_head(const struct scene *s, const char *over);

#endif
