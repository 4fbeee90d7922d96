/*
 * pane-help - keys, commands and marks: made of the tables that the program
 * obeys, so it cannot lie.  Typing filters, the arrows scroll.
 */
#ifndef PANE_HELP_H
#define PANE_HELP_H

#include "scene.h"

struct help;

struct help *help_new(void);
void help_free(struct help *h);
bool help_is_open(const struct help *h);
/* With a filter to begin with, or "". */
void help_open(struct help *h, const struct scene *s, const char *filter);
void help_close(struct help *h);
/* Rows down (> 0) or up. */
void help_scroll(struct help *h, int rows);
void help_filter_add(struct help *h, int32_t cp);
/* False: there was none. */
bool help_filter_erase(struct help *h);
void help_draw(struct help *h, const struct scene *s, const struct rect *r);

#endif
