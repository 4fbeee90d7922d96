/*
 * pane-link - my contact link: the short one as a code for phones, the full
 * one as rows of text without any frame, to be taken with the mouse.
 */
#ifndef PANE_LINK_H
#define PANE_LINK_H

#include "qr.h"
#include "scene.h"

struct link_pane {
	char *full, *shorter;		/* owned */
	struct qr *code;		/* owned; NULL: cannot be */
	bool shows_text;		/* where both have no room */
	bool copied;			/* given to the clipboard */
};

void link_pane_open(struct link_pane *l, const struct scene *s);
void link_pane_clear(struct link_pane *l);
/* Does it need the first rows of the screen as well? */
bool link_pane_is_tall(const struct link_pane *l, const struct rect *r);
bool link_pane_has_turns(const struct link_pane *l, const struct rect *r);
void link_pane_draw(const struct link_pane *l, const struct scene *s,
    const struct rect *r);

#endif
