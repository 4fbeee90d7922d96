/*
 * pane-verify - what two people compare to know that nobody sits between
 * them: sixty digits, twelve words, and a code for phones.  Both see the same
 * in the same order: three rows of four, whatever the screen.
 */
#ifndef PANE_VERIFY_H
#define PANE_VERIFY_H

#include "qr.h"
#include "scene.h"

enum verify_answer {
	VERIFY_UNSAID,
	VERIFY_DIFFERS,
	VERIFY_REFUSED			/* `why` it cannot be marked */
};

struct verify_pane {
	struct user_id who;
	struct safety safety;
	struct qr *code;		/* of mine; owned; NULL: cannot be */
	bool shows_code;		/* where both have no room */
	enum verify_answer answer;
	char why[240];
};

void verify_pane_open(struct verify_pane *v, const struct scene *s,
    const struct person *p);
void verify_pane_clear(struct verify_pane *v);
/* Do numbers and code take turns here? */
bool verify_pane_has_turns(const struct verify_pane *v,
    const struct rect *r);
void verify_pane_draw(const struct verify_pane *v, const struct scene *s,
    const struct rect *r);

#endif
