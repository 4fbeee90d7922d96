#include "secret.h"

#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

#include "mem.h"

/* Once false, always false: some secret may have gone to the swap.  A worker
 * that hashes a passphrase asks for such memory too. */
static atomic_bool all_locked = true;

void *
secret_new(size_t len)
{
	void *p = sodium_malloc(len);

	if (p == NULL)
		die("out of memory (%zu bytes for a secret)", len);
	/* sodium_malloc locks too, but does not say whether it could. */
	if (sodium_mlock(p, len) != 0)
		all_locked = false;
	memset(p, 0, len);
	return p;
}

void
secret_free(void *p)
{
	sodium_free(p);
}

bool
secret_is_locked(void)
{
	return all_locked;
}

void
wipe(void *p, size_t len)
{
	if (len > 0)
		sodium_memzero(p, len);
}

bool
secret_equal(const void *a, const void *b, size_t len)
{
	return len == 0 || sodium_memcmp(a, b, len) == 0;
}
