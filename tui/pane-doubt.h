/*
 * pane-doubt - somebody bears a name that I know, and another key.  It
 * stands in front of everything until it was answered, and no single letter
 * answers it: whoever is just typing chooses nothing by accident.  The same
 * for somebody whose numbers were compared and differ.
 */
#ifndef PANE_DOUBT_H
#define PANE_DOUBT_H

#include "scene.h"

enum doubt_choice {
	DOUBT_LATER,
	DOUBT_COMPARE,
	DOUBT_ACCEPT,
	DOUBT_BLOCK,
	DOUBT_CHOICES
};

struct doubt_pane {
	struct user_id who;
	bool differs;			/* numbers, not a known one's key */
	char what[400];
	enum doubt_choice choice;
};

/* what: of the news, or NULL: for whom the roster knows nobody alike. */
void doubt_pane_open(struct doubt_pane *d, const struct scene *s,
    const struct person *p, const char *what);
void doubt_pane_move(struct doubt_pane *d, int by);
void doubt_pane_draw(const struct doubt_pane *d, const struct scene *s,
    const struct rect *r);

#endif
