/*
 * frame - one message, receipt or control item as bytes:
 * p2ptui-protocol(7), FRAMES.
 *
 *	u8 version, u8 type, u16 flags |
 *	u64 epoch, base, seq | u64 ack_epoch, ack_cum, ack_bits |
 *	u64 rk_gen, 32 rk_pub, u64 floor_gen | u64 time_ms | LP(body)
 *
 * A pure codec.  The same bytes travel over every way, so whichever copy
 * comes first is the message and the others are duplicates.
 *
 * `seq` 0: the frame is not counted, not acknowledged and never re-sent
 * for its own sake.  `ack_epoch` 0: it acknowledges nothing; else ack_cum
 * says that all numbers up to it are stored, bit i of ack_bits that
 * ack_cum + 2 + i is, and ACK_ALL that nothing of that epoch is wanted any
 * more.
 *
 * The high byte of flags is critical: who does not know one of its bits
 * must not process the frame.  The low byte may be ignored.
 */
#ifndef FRAME_H
#define FRAME_H

#include "carrier.h"

enum {
	FRAME_VERSION = 1,
	FRAME_HEAD = 112,		/* bytes before the body */
	FRAME_BODY_MAX = FRAME_MAX - FRAME_HEAD,
	FRAME_CRITICAL = 0xff00,
	/* Nothing before this number is owed any more in its epoch.  A
	 * receiver that lost its memory (an old backup, a contact removed
	 * and met again) has a hole there that nobody will ever fill, and
	 * 64 bits of acknowledgement would not reach over it. */
	FRAME_FIRST = 0x0001
};

/* Numbers on the wire; TEXT and ACTION equal enum msg_kind. */
enum frame_type {
	FRAME_ACK,		/* no body, no seq */
	FRAME_TEXT,		/* UTF-8 */
	FRAME_ACTION,		/* UTF-8 */
	FRAME_ACCEPT,		/* sequenced: I let you in */
	FRAME_DECLINE,		/* I do not; said once */
	FRAME_STATUS,		/* u8 1: away, 0: here; then UTF-8 */
	FRAME_TYPING,		/* u8 1: began, 0: stopped */
	FRAME_READ,		/* u64 epoch, u64 seq: read up to there */
	FRAME_ROUTE		/* sequenced: where my letters may be left,
				 * u8 n, n x LP(place); empty: a later one
				 * says it */
};

#define ACK_ALL UINT64_MAX
/* Nobody counts that far: what is above is no number. */
#define SEQ_MAX (UINT64_MAX >> 2)

struct frame {
	uint8_t version, type;
	uint16_t flags;
	uint64_t epoch, base, seq;
	uint64_t ack_epoch, ack_cum, ack_bits;
	uint64_t rk_gen;
	uint8_t rk_pub[KEY_LEN];
	uint64_t floor_gen;
	uint64_t time_ms;
	const uint8_t *body;		/* borrowed */
	size_t len;
};

enum frame_verdict {
	FRAME_GOOD,
	FRAME_BROKEN,			/* not our bytes, or not consistent */
	FRAME_NEWER			/* a version or critical flag unknown
					 * to us; only `version` and `flags`
					 * are filled */
};

/* Appends it to out.  Version and types are the caller's to get right. */
void frame_write(struct buf *out, const struct frame *f);
/* Anything it calls GOOD has one spelling: writing it gives the bytes. */
enum frame_verdict frame_read(struct frame *f, const void *p, size_t len);
/* Counted and acknowledged: carries a number. */
bool frame_is_counted(const struct frame *f);

#endif
