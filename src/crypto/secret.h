/*
 * secret - memory that is never swapped, dumped or left behind.
 *
 * Guarded, mlocked pages (sodium_malloc).  Where the limit on locked memory
 * is too small the memory still works and is still wiped; secret_is_locked()
 * then answers false and the program says so once.
 */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>

void *secret_new(size_t len);		/* zeroed; dies without memory */
void secret_free(void *p);		/* wipes; NULL is fine */
bool secret_is_locked(void);
void wipe(void *p, size_t len);		/* not optimised away */
/* Compares in constant time. */
bool secret_equal(const void *a, const void *b, size_t len);

#endif
