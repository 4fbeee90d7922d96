/*
 * frame - the lines between the panes, and what is written on them.
 */
#ifndef FRAME_H
#define FRAME_H

#include "scene.h"

/* All of it; `over` is the head of what covers the talk (help), or NULL. */
void frame_draw(const struct scene *s, const char *over);

#endif
