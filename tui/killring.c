#include "killring.h"

#include "mem.h"

#include <stdlib.h>
#include <string.h>

void
killring_clear(struct killring *k)
{
	while (k->n)
		free(k->kills[--k->n].s);
}

void
killring_add(struct killring *k, const char *s, size_t len)
{
	if (k->n == KILLRING_MAX)
		free(k->kills[--k->n].s);
	memmove(k->kills + 1, k->kills, k->n * sizeof k->kills[0]);
	k->kills[0] = (struct kill){ mem_copy(s, len), len };
	k->n++;
}

void
killring_grow(struct killring *k, const char *s, size_t len, bool before)
{
	struct kill *top = &k->kills[0];
	char *both;

	if (!k->n) {
		killring_add(k, s, len);
		return;
	}
	both = mem_array(top->len + len, 1);
	memcpy(both + (before ? len : 0), top->s, top->len);
	memcpy(both + (before ? 0 : top->len), s, len);
	free(top->s);
	top->s = both;
	top->len += len;
}

const char *
killring_get(const struct killring *k, size_t i, size_t *len)
{
	const struct kill *kill;

	if (!k->n)
		return NULL;
	kill = &k->kills[i % k->n];
	*len = kill->len;
	return kill->s;
}
