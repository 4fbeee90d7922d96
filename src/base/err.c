#include "err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Through a copy: the arguments may point into e itself. */
static void format(char *dst, size_t len, const char *fmt, va_list ap)
	PRINTF_LIKE(3, 0);

static void
format(char *dst, size_t len, const char *fmt, va_list ap)
{
	char text[sizeof(((struct err *)0)->what)];

	vsnprintf(text, sizeof(text), fmt, ap);
	snprintf(dst, len, "%s", text);
}

int
err_set(struct err *e, enum status status, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	format(e->what, sizeof(e->what), fmt, ap);
	va_end(ap);
	e->next[0] = '\0';
	e->status = status;
	return -1;
}

int
err_next(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -1;
	va_start(ap, fmt);
	format(e->next, sizeof(e->next), fmt, ap);
	va_end(ap);
	return -1;
}

int
err_prefix(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->what)];
	va_list ap;
	size_t n;

	if (!e)
		return -1;
	memcpy(old, e->what, sizeof(old));
	va_start(ap, fmt);
	format(e->what, sizeof(e->what), fmt, ap);
	va_end(ap);
	n = strlen(e->what);
	snprintf(e->what + n, sizeof(e->what) - n, ": %s", old);
	return -1;
}
