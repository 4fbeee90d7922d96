#include "quota.h"

#include <stdlib.h>
#include <string.h>

#include "map.h"
#include "mem.h"

enum { SOURCE_KEY = 17 };		/* family, address */

void
quota_init(struct quota *q)
{
	memset(q, 0, sizeof(*q));
	q->sources = map_new(SOURCE_KEY);
	q->areas = map_new(SOURCE_KEY);
	q->tokens = map_new(32);
}

static void
clear_map(struct map *m)
{
	const void *key;
	void *value;

	for (size_t at = 0; map_next(m, &at, &key, &value);)
		free(value);
	map_free(m);
}

void
quota_clear(struct quota *q)
{
	clear_map(q->sources);
	clear_map(q->areas);
	clear_map(q->tokens);
}

static void
key_of(uint8_t key[SOURCE_KEY], struct addr a)
{
	key[0] = (uint8_t)a.family;
	memcpy(key + 1, a.ip, 16);
}

/* NULL: it has as many sources as one may. */
static struct area *
join_area(struct quota *q, const struct addr *from)
{
	uint8_t key[SOURCE_KEY];
	struct area *a;

	key_of(key, addr_area(from));
	a = map_get(q->areas, key);
	if (a && a->n_sources >= QUOTA_AREA_MAX)
		return NULL;
	if (!a) {
		a = mem_new(sizeof(*a));
		memcpy(a->key, key, SOURCE_KEY);
		map_put(q->areas, key, a);
	}
	a->n_sources++;
	return a;
}

static void
leave_area(struct quota *q, struct area *a)
{
	if (--a->n_sources > 0)
		return;
	map_remove(q->areas, a->key);
	free(a);
}

struct source *
quota_source(struct quota *q, const struct addr *from)
{
	uint8_t key[SOURCE_KEY];
	struct source *s;
	struct area *a;

	key_of(key, addr_source(from));
	s = map_get(q->sources, key);
	if (s)
		return s;
	if (map_count(q->sources) >= QUOTA_SOURCES_MAX)
		return NULL;
	a = join_area(q, from);
	if (!a)
		return NULL;
	s = mem_new(sizeof(*s));
	s->area = a;
	memcpy(s->key, key, SOURCE_KEY);
	map_put(q->sources, key, s);
	return s;
}

/* What time gave back since. */
static void
refill(struct bucket *b, uint32_t rate, uint32_t now_ms)
{
	/* Tokens a second are thousandths a millisecond. */
	uint64_t back = (uint64_t)(now_ms - b->at_ms) * rate;

	b->used = back >= b->used ? 0 : b->used - (uint32_t)back;
	b->at_ms = now_ms;
}

bool
bucket_take(struct bucket *b, uint32_t rate, uint32_t burst, uint32_t now_ms)
{
	if (rate == 0)
		return true;
	refill(b, rate, now_ms);
	if ((uint64_t)b->used + 1000 > (uint64_t)burst * 1000 ||
	    b->used > UINT32_MAX - 1000)
		return false;
	b->used += 1000;
	return true;
}

bool
quota_token_has(struct quota *q, const uint8_t hash[32], uint32_t rate,
    uint32_t now_ms)
{
	struct bucket *b = map_get(q->tokens, hash);

	if (rate == 0 || !b)
		return true;
	refill(b, rate, now_ms);
	return (uint64_t)b->used + 1000 <=
	    (uint64_t)rate * QUOTA_BURST_S * 1000;
}

void
quota_token_note(struct quota *q, const uint8_t hash[32], uint32_t rate,
    uint32_t now_ms)
{
	struct bucket *b = map_get(q->tokens, hash);

	if (rate == 0)
		return;
	if (!b) {
		/* A flood into so many mailboxes is held by its source. */
		if (map_count(q->tokens) >= QUOTA_TOKENS_MAX)
			return;
		b = mem_new(sizeof(*b));
		b->at_ms = now_ms;
		map_put(q->tokens, hash, b);
	}
	bucket_take(b, rate, rate * QUOTA_BURST_S, now_ms);
}

/* Whole again: as if it had never been used.  A crowd of new sources must
 * not fill the table for longer than that. */
static bool
is_whole(const struct bucket *b, uint32_t burst_s, uint32_t now_ms)
{
	return b->used == 0 || now_ms - b->at_ms > burst_s * 1000;
}

static bool
is_forgettable(const struct source *s, uint32_t now_ms, uint32_t now_s)
{
	return s->n_conns == 0 && s->n_cards == 0 &&
	    is_whole(&s->handshakes, QUOTA_BURST_S, now_ms) &&
	    is_whole(&s->sends, QUOTA_BURST_S, now_ms) &&
	    is_whole(&s->asks, QUOTA_ASKS, now_ms) &&
	    is_whole(&s->opens, s->opens.used / (QUOTA_OPENS_S * 1000) + 1,
	    now_ms) &&
	    (s->reach_s == 0 || now_s - s->reach_s > QUOTA_REACH_S);
}

void
quota_sweep(struct quota *q, uint32_t now_ms, uint32_t now_s)
{
	const void *key;
	void *value;

	for (size_t at = 0; map_next(q->sources, &at, &key, &value);) {
		struct source *s = value;

		if (!is_forgettable(s, now_ms, now_s))
			continue;
		map_remove(q->sources, s->key);
		leave_area(q, s->area);
		free(s);
	}
	for (size_t at = 0; map_next(q->tokens, &at, &key, &value);) {
		uint8_t hash[32];

		if (!is_whole(value, QUOTA_BURST_S, now_ms))
			continue;
		memcpy(hash, key, sizeof(hash));
		map_remove(q->tokens, hash);
		free(value);
	}
}
