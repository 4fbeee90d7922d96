#include "frame.h"

#include <string.h>

#include "cur.h"

void
frame_write(struct buf *out, const struct frame *f)
{
	uint8_t *p = buf_space(out, FRAME_HEAD + f->len);

	p[0] = f->version;
	p[1] = f->type;
	put_u16(p + 2, f->flags);
	put_u64(p + 4, f->epoch);
	put_u64(p + 12, f->base);
	put_u64(p + 20, f->seq);
	put_u64(p + 28, f->ack_epoch);
	put_u64(p + 36, f->ack_cum);
	put_u64(p + 44, f->ack_bits);
	put_u64(p + 52, f->rk_gen);
	memcpy(p + 60, f->rk_pub, KEY_LEN);
	put_u64(p + 92, f->floor_gen);
	put_u64(p + 100, f->time_ms);
	put_u32(p + 108, (uint32_t)f->len);
	if (f->len > 0)
		memcpy(p + FRAME_HEAD, f->body, f->len);
	buf_added(out, FRAME_HEAD + f->len);
}

bool
frame_is_counted(const struct frame *f)
{
	return f->seq != 0;
}

/* Which types have a number is part of what they are; an unknown type may
 * do as it likes. */
static bool
is_consistent(const struct frame *f)
{
	bool counted = f->seq != 0;

	if (f->seq > SEQ_MAX)
		return false;
	if (counted && (f->epoch == 0 || f->base > f->epoch))
		return false;
	if (f->type == FRAME_TEXT || f->type == FRAME_ACTION ||
	    f->type == FRAME_ACCEPT || f->type == FRAME_ROUTE)
		return counted;
	if (f->type <= FRAME_READ)
		return !counted;
	return true;
}

enum frame_verdict
frame_read(struct frame *f, const void *p, size_t len)
{
	struct cur c;

	memset(f, 0, sizeof(*f));
	if (len > FRAME_MAX)
		return FRAME_BROKEN;
	cur_init(&c, p, len);
	f->version = cur_u8(&c);
	f->type = cur_u8(&c);
	f->flags = cur_u16(&c);
	if (!cur_ok(&c) || f->version == 0)
		return FRAME_BROKEN;
	if (f->version != FRAME_VERSION || (f->flags & FRAME_CRITICAL))
		return FRAME_NEWER;
	f->epoch = cur_u64(&c);
	f->base = cur_u64(&c);
	f->seq = cur_u64(&c);
	f->ack_epoch = cur_u64(&c);
	f->ack_cum = cur_u64(&c);
	f->ack_bits = cur_u64(&c);
	f->rk_gen = cur_u64(&c);
	cur_copy(&c, f->rk_pub, KEY_LEN);
	f->floor_gen = cur_u64(&c);
	f->time_ms = cur_u64(&c);
	f->body = cur_lp(&c, FRAME_BODY_MAX, &f->len);
	if (!cur_done(&c) || !is_consistent(f))
		return FRAME_BROKEN;
	return FRAME_GOOD;
}
