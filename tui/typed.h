/*
 * typed - the history of an input line, oldest forgotten first.
 *
 * Going up from the unfinished line keeps it; coming down returns to it.
 */
#ifndef TYPED_H
#define TYPED_H

#include <stddef.h>

enum { TYPED_MAX = 100 };

struct typed {
	char *lines[TYPED_MAX];		/* oldest first */
	size_t n;
	size_t back;			/* 0: at the unfinished line */
	char *unfinished;
};

void typed_clear(struct typed *t);
/* Blank lines and the same line twice in a row are not kept. */
void typed_add(struct typed *t, const char *line, size_t len);
/* Back to the unfinished end, which is forgotten. */
void typed_rest(struct typed *t);
/* The line before or after the one shown, which is `now` (kept when it is
 * the unfinished one); NULL: there is none.  Borrowed until the next call. */
const char *typed_older(struct typed *t, const char *now);
const char *typed_newer(struct typed *t);

#endif
