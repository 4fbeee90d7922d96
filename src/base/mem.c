#include "mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Part of the terminal's global: whoever owns the screen registers here. */
static void (*death_hook)(void);

void *
mem_new(size_t len)
{
	return mem_array(1, len);
}

void *
mem_array(size_t n, size_t size)
{
	void *p;

	if (size != 0 && n > SIZE_MAX / size)
		die("out of memory");
	/* One byte at least: NULL would look like a failure. */
	p = n == 0 || size == 0 ? calloc(1, 1) : calloc(n, size);
	if (!p)
		die("out of memory");
	return p;
}

void *
mem_resize(void *p, size_t n, size_t size)
{
	void *q;

	if (size != 0 && n > SIZE_MAX / size)
		die("out of memory");
	n *= size;
	q = realloc(p, n ? n : 1);
	if (!q)
		die("out of memory");
	return q;
}

void *
mem_copy(const void *p, size_t len)
{
	void *q = mem_new(len);

	if (len > 0)
		memcpy(q, p, len);
	return q;
}

char *
mem_str(const char *s)
{
	return mem_strn(s, strlen(s));
}

char *
mem_strn(const char *s, size_t len)
{
	char *q;

	if (len == SIZE_MAX)
		die("out of memory");
	q = mem_new(len + 1);
	if (len > 0)
		memcpy(q, s, len);
	return q;
}

char *
mem_printf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		die("cannot format a text");
	s = mem_new((size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

void
mem_zero(void *p, size_t len)
{
#ifdef HAVE_EXPLICIT_BZERO
	explicit_bzero(p, len);
#else
	volatile unsigned char *at = p;

	while (len-- > 0)
		*at++ = 0;
#endif
}

void
mem_on_death(void (*fn)(void))
{
	death_hook = fn;
}

void
die(const char *fmt, ...)
{
	void (*hook)(void) = death_hook;
	char text[512];
	va_list ap;

	/* Cleared first: a hook that dies itself must not come back here. */
	death_hook = NULL;
	if (hook)
		hook();
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "p2ptui: %s\n", text);
	exit(EXIT_FAILURE);
}
