#include "ring.h"

#include <string.h>

#include "secret.h"

void
ring_init(struct ring *r)
{
	memset(r, 0, sizeof(*r));
}

void
ring_clear(struct ring *r)
{
	wipe(r, sizeof(*r));
}

static void
drop_oldest(struct ring *r, size_t n)
{
	memmove(r->at, r->at + n, (r->n - n) * sizeof(*r->at));
	wipe(r->at + r->n - n, n * sizeof(*r->at));
	r->n -= n;
}

bool
ring_renew(struct ring *r, int64_t wall_ms, bool force)
{
	struct receive_key *k;

	if (r->n == RING_MAX) {
		if (!force)
			return false;
		drop_oldest(r, 1);
	}
	k = &r->at[r->n++];
	k->gen = wall_ms > 0 ? (uint64_t)wall_ms : 0;
	/* A clock that went back must not make an old generation. */
	if (k->gen <= r->last_gen)
		k->gen = r->last_gen + 1;
	r->last_gen = k->gen;
	x_pair_new(k->secret, k->public);
	envelope_key_id(k->id, k->public);
	return true;
}

const struct receive_key *
ring_newest(const struct ring *r)
{
	return r->n > 0 ? &r->at[r->n - 1] : NULL;
}

const struct receive_key *
ring_by_gen(const struct ring *r, uint64_t gen)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->at[i].gen == gen)
			return &r->at[i];
	return NULL;
}

const struct receive_key *
ring_by_id(const struct ring *r, const uint8_t id[ENVELOPE_ID])
{
	for (size_t i = 0; i < r->n; i++)
		if (memcmp(r->at[i].id, id, ENVELOPE_ID) == 0)
			return &r->at[i];
	return NULL;
}

bool
ring_drop_below(struct ring *r, uint64_t floor)
{
	size_t n = 0;

	while (n + 1 < r->n && r->at[n].gen < floor)
		n++;
	if (n > 0)
		drop_oldest(r, n);
	return n > 0;
}

void
ring_write(struct buf *out, const struct ring *r)
{
	buf_u64(out, r->last_gen);
	buf_u8(out, (uint8_t)r->n);
	for (size_t i = 0; i < r->n; i++) {
		buf_u64(out, r->at[i].gen);
		buf_put(out, r->at[i].secret, KEY_LEN);
		buf_put(out, r->at[i].public, KEY_LEN);
	}
}

int
ring_read(struct ring *r, struct cur *c)
{
	uint8_t n;

	ring_init(r);
	r->last_gen = cur_u64(c);
	n = cur_u8(c);
	if (!cur_ok(c) || n > RING_MAX)
		return -1;
	for (size_t i = 0; i < n; i++) {
		r->at[i].gen = cur_u64(c);
		cur_copy(c, r->at[i].secret, KEY_LEN);
		cur_copy(c, r->at[i].public, KEY_LEN);
		envelope_key_id(r->at[i].id, r->at[i].public);
		if (i > 0 && r->at[i].gen <= r->at[i - 1].gen)
			return -1;
	}
	if (!cur_ok(c) || (n > 0 && r->at[n - 1].gen > r->last_gen))
		return -1;
	r->n = n;
	return 0;
}
