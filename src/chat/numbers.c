#include "numbers.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "routes.h"

enum { NUMBERS_VERSION = 3 };

enum { IS_UNCONFIRMED = 1, IS_DOUBTED = 2 };

void
numbers_init(struct numbers *n)
{
	memset(n, 0, sizeof(*n));
}

void
numbers_clear(struct numbers *n)
{
	windows_clear(&n->seen);
	ring_clear(&n->ring);
	free(n->places);
	numbers_init(n);
}

struct places *
numbers_places(struct numbers *n)
{
	if (!n->places)
		n->places = mem_new(sizeof(*n->places));
	return n->places;
}

void
numbers_copy(struct numbers *dst, const struct numbers *src)
{
	*dst = *src;
	windows_copy(&dst->seen, &src->seen);
	if (src->places)
		dst->places = mem_copy(src->places, sizeof(*src->places));
}

static void
write_places(struct buf *out, const struct places *p)
{
	buf_u8(out, p != NULL);
	if (!p)
		return;
	routes_write(out, &p->told);
	buf_u64(out, p->told_at.epoch);
	buf_u64(out, p->told_at.seq);
	routes_write(out, &p->card);
	buf_put(out, p->prekey, KEY_LEN);
	buf_u64(out, p->prekey_expiry);
	buf_u64(out, p->mine);
	buf_u64(out, (uint64_t)p->left_ms);
	buf_u8(out, p->ack_due);
}

static int
read_places(struct numbers *n, struct cur *c)
{
	struct places *p;

	if (cur_u8(c) == 0)
		return cur_ok(c) ? 0 : -1;
	p = numbers_places(n);
	if (routes_read(&p->told, c) < 0)
		return -1;
	p->told_at.epoch = cur_u64(c);
	p->told_at.seq = cur_u64(c);
	if (routes_read(&p->card, c) < 0)
		return -1;
	cur_copy(c, p->prekey, KEY_LEN);
	p->prekey_expiry = cur_u64(c);
	p->mine = cur_u64(c);
	p->left_ms = (int64_t)cur_u64(c);
	p->ack_due = cur_u8(c) != 0;
	return cur_ok(c) ? 0 : -1;
}

static void
write_doubts(struct buf *out, const struct numbers *n)
{
	buf_u8(out, (uint8_t)((n->unconfirmed ? IS_UNCONFIRMED : 0) |
	    (n->doubted ? IS_DOUBTED : 0)));
	buf_u8(out, n->verified_from);
	if (n->doubted)
		buf_put(out, n->doubt_of.b, ID_LEN);
}

static int
read_doubts(struct numbers *n, struct cur *c)
{
	uint8_t flags = cur_u8(c);

	n->unconfirmed = (flags & IS_UNCONFIRMED) != 0;
	n->doubted = (flags & IS_DOUBTED) != 0;
	n->verified_from = cur_u8(c);
	if (n->doubted)
		cur_copy(c, n->doubt_of.b, ID_LEN);
	return cur_ok(c) ? 0 : -1;
}

void
numbers_write(struct buf *out, const struct numbers *n)
{
	buf_u8(out, NUMBERS_VERSION);
	buf_u8(out, n->trust_before);
	buf_u64(out, n->peer_gen);
	buf_put(out, n->peer_pub, KEY_LEN);
	buf_u64(out, n->read_theirs.epoch);
	buf_u64(out, n->read_theirs.seq);
	buf_u64(out, n->read_mine.epoch);
	buf_u64(out, n->read_mine.seq);
	ring_write(out, &n->ring);
	windows_write(out, &n->seen);
	write_places(out, n->places);
	write_doubts(out, n);
}

int
numbers_read(struct numbers *n, const void *p, size_t len)
{
	struct cur c;
	uint8_t version;

	numbers_init(n);
	if (len == 0)
		return 0;
	cur_init(&c, p, len);
	version = cur_u8(&c);
	n->trust_before = cur_u8(&c);
	n->peer_gen = cur_u64(&c);
	cur_copy(&c, n->peer_pub, KEY_LEN);
	n->read_theirs.epoch = cur_u64(&c);
	n->read_theirs.seq = cur_u64(&c);
	n->read_mine.epoch = cur_u64(&c);
	n->read_mine.seq = cur_u64(&c);
	if (version >= 1 && version <= NUMBERS_VERSION &&
	    ring_read(&n->ring, &c) == 0 &&
	    windows_read(&n->seen, &c) == 0 &&
	    (version < 2 || read_places(n, &c) == 0) &&
	    (version < 3 || read_doubts(n, &c) == 0) && cur_done(&c))
		return 0;
	numbers_clear(n);
	return -1;
}

bool
numbers_adopt(struct numbers *n, uint64_t gen, const uint8_t pub[KEY_LEN])
{
	if (gen <= n->peer_gen)
		return false;
	n->peer_gen = gen;
	memcpy(n->peer_pub, pub, KEY_LEN);
	return true;
}

bool
mark_reaches(const struct mark *m, uint64_t epoch, uint64_t seq)
{
	return epoch < m->epoch || (epoch == m->epoch && seq <= m->seq);
}
