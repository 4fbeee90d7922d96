/*
 * pane-code - the code that waits, to be said to somebody: large, with the
 * time and the tries that are left and with what the other one types.  It
 * turns into who came, or into why nobody can any more.
 */
#ifndef PANE_CODE_H
#define PANE_CODE_H

#include "scene.h"

enum code_stage {
	CODE_PANE_WAITS,
	CODE_PANE_OVER,			/* what: why; next: what to do */
	CODE_PANE_PAIRED		/* by `who` */
};

struct code_pane {
	enum code_stage stage;
	char what[320], next[240];	/* while it waits: the last warning */
	struct user_id who;
};

void code_pane_draw(const struct code_pane *c, const struct scene *s,
    const struct rect *r);
/* "9:12" */
void code_pane_time(int64_t life_ms, char dst[16]);

#endif
