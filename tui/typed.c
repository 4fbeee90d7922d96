#include "typed.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

void
typed_clear(struct typed *t)
{
	while (t->n)
		free(t->lines[--t->n]);
	typed_rest(t);
}

void
typed_rest(struct typed *t)
{
	free(t->unfinished);
	t->unfinished = NULL;
	t->back = 0;
}

void
typed_add(struct typed *t, const char *line, size_t len)
{
	char *s = mem_strn(line, len);

	typed_rest(t);
	if (s[strspn(s, " \n")] == '\0' ||
	    (t->n && !strcmp(t->lines[t->n - 1], s))) {
		free(s);
		return;
	}
	if (t->n == TYPED_MAX) {
		free(t->lines[0]);
		memmove(t->lines, t->lines + 1, --t->n * sizeof t->lines[0]);
	}
	t->lines[t->n++] = s;
}

const char *
typed_older(struct typed *t, const char *now)
{
	if (t->back == t->n)
		return NULL;
	if (!t->back) {
		free(t->unfinished);
		t->unfinished = mem_str(now);
	}
	t->back++;
	return t->lines[t->n - t->back];
}

const char *
typed_newer(struct typed *t)
{
	if (!t->back)
		return NULL;
	t->back--;
	return t->back ? t->lines[t->n - t->back] : t->unfinished;
}
