/*
 * foot - what stands under the talk: a question that waits for an answer, who
 * is typing, what is below.
 */
#ifndef FOOT_H
#define FOOT_H

#include "scene.h"

/* Its style; "" for nothing. */
enum style foot_text(const struct scene *s, char *dst, size_t size);

#endif
