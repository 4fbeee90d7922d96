#include "numbers.h"

#include <string.h>

enum { NUMBERS_VERSION = 1 };

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
	numbers_init(n);
}

void
numbers_copy(struct numbers *dst, const struct numbers *src)
{
	*dst = *src;
	windows_copy(&dst->seen, &src->seen);
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
	if (version == NUMBERS_VERSION && ring_read(&n->ring, &c) == 0 &&
	    windows_read(&n->seen, &c) == 0 && cur_done(&c))
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
