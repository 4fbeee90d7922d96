/*
 * intro - what a chat without words says: who I am, who is here, what to
 * press.  The newcomer's first page, and one or two lines in a fresh chat.
 */
#ifndef INTRO_H
#define INTRO_H

#include "scene.h"

enum { INTRO_ROWS = 24 };

struct intro {
	struct {
		enum style style;
		int indent;
		char *text;
	} rows[INTRO_ROWS];
	size_t n;
};

void intro_make(struct intro *in, const struct scene *s);
void intro_clear(struct intro *in);

#endif
