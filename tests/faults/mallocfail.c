/*
 * mallocfail - LD_PRELOAD: allocations fail, as told by the environment.
 *
 *	MALLOC_FAIL_AT=N	the Nth, once
 *	MALLOC_FAIL_FROM=N	the Nth and all after it
 *	MALLOC_COUNT=FILE	how many a run makes
 *
 * glibc only, and not together with a sanitizer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t len);
extern void *__libc_calloc(size_t n, size_t len);
extern void *__libc_realloc(void *p, size_t len);

static long count, fail_at = -1, fail_from = -1;
static int is_on;

__attribute__((constructor)) static void
start(void)
{
	const char *at = getenv("MALLOC_FAIL_AT");
	const char *from = getenv("MALLOC_FAIL_FROM");

	if (at != NULL)
		fail_at = atol(at);
	if (from != NULL)
		fail_from = atol(from);
	is_on = 1;
}

__attribute__((destructor)) static void
stop(void)
{
	const char *path = getenv("MALLOC_COUNT");
	FILE *f;

	is_on = 0;
	f = path != NULL ? fopen(path, "w") : NULL;
	if (f != NULL) {
		fprintf(f, "%ld\n", count);
		fclose(f);
	}
}

static int
fails(void)
{
	if (!is_on)
		return 0;
	count++;
	if (count != fail_at && (fail_from < 0 || count < fail_from))
		return 0;
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t len)
{
	return fails() ? NULL : __libc_malloc(len);
}

void *
calloc(size_t n, size_t len)
{
	return fails() ? NULL : __libc_calloc(n, len);
}

void *
realloc(void *p, size_t len)
{
	return fails() ? NULL : __libc_realloc(p, len);
}
