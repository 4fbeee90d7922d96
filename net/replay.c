#include "replay.h"

#include <string.h>

enum { WORD = 64, WORDS = REPLAY_WINDOW / WORD + 1 };

/* Far below the last nonce, so that top never wraps: the bound of
 * WireGuard (RejectAfterMessages). */
static const uint64_t limit = UINT64_MAX - (1u << 13);

void
replay_init(struct replay *r)
{
	memset(r, 0, sizeof(*r));
}

/* The ring has a word more than the window: the word that is being entered
 * may be cleared whole while the window still reads the others (RFC 6479,
 * section 3.1). */
static void
advance(struct replay *r, uint64_t counter)
{
	uint64_t from = r->top > 0 ? (r->top - 1) / WORD : 0;
	uint64_t to = counter / WORD;
	uint64_t n = to - from > WORDS ? WORDS : to - from;

	for (uint64_t i = 1; i <= n; i++)
		r->bits[(from + i) % WORDS] = 0;
	r->top = counter + 1;
}

bool
replay_accept(struct replay *r, uint64_t counter)
{
	uint64_t *word = &r->bits[counter / WORD % WORDS];
	uint64_t bit = (uint64_t)1 << counter % WORD;

	if (counter >= limit)
		return false;
	if (counter >= r->top) {
		advance(r, counter);
	} else {
		if (r->top - 1 - counter >= REPLAY_WINDOW)
			return false;
		if (*word & bit)
			return false;
	}
	*word |= bit;
	return true;
}
