/*
 * pane-status - the first and the last row, and the banner.
 */
#ifndef PANE_STATUS_H
#define PANE_STATUS_H

#include "scene.h"

void title_draw(const struct scene *s);
/* What must be seen at once, or NULL: then there is no banner. */
const char *banner_text(const struct scene *s);
void banner_draw(const struct scene *s);
void status_draw(const struct scene *s, size_t input_len);
/* In its place. */
void status_say(const struct scene *s, enum style style, const char *text);

#endif
