/*
 * mem - allocation that cannot fail.
 *
 * A messenger that cannot get a few kilobytes cannot keep its promises
 * either, so running out is not an error to hand around: the program
 * restores the terminal (mem_on_death), says so and ends with status 1.
 * What was committed is on disk; nothing else was promised.
 *
 * Everything returned here is zeroed and released with free().
 */
#ifndef MEM_H
#define MEM_H

#include <stddef.h>

#if defined(__GNUC__)
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define PRINTF_LIKE(fmt, args)
#endif

void *mem_new(size_t len);
/* n objects of size bytes; dies, never wraps, when n * size overflows. */
void *mem_array(size_t n, size_t size);
/* As realloc to n * size bytes; the grown part is not zeroed. */
void *mem_resize(void *p, size_t n, size_t size);
void *mem_copy(const void *p, size_t len);
char *mem_str(const char *s);
/* s[0..len) with a NUL behind it. */
char *mem_strn(const char *s, size_t len);
/* printf into a fresh string. */
char *mem_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* Not optimised away: passphrases in memory that is not locked. */
void mem_zero(void *p, size_t len);

/* Called once, before dying: restores the terminal.  May not allocate. */
void mem_on_death(void (*fn)(void));
/* Says "p2ptui: <text>" on stderr and exits with status 1. */
_Noreturn void die(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
