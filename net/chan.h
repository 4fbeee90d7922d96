/*
 * chan - a sealed channel: one Noise handshake over one stream.
 *
 * Above this file, a record is known to come from the key it names, once,
 * in order and unread.  Below it, bytes may stall, be cut or forged;
 * forgery ends the channel, it never passes.  Implements link.h.
 *
 *   initiator  START --preface, msg1--> WAIT --msg2 (msg3)--> UP
 *   responder  START --msg1, msg2 (msg3)--> UNPROVEN --record--> UP
 *   any state  bad tag, wrong length, 10 s, stream end --------> DOWN
 *
 * With the other's key known the pattern is IK; for a bare address it is
 * XX, which has the third message.  On the wire (integers little-endian):
 *
 *   preface    "p2pt", version 1, kind 1 IK | 2 XX, bearer 1 TCP |
 *              3 pipe of a relay, 0
 *   handshake  u16 len || Noise message, payload vmin, vmax, u32 features
 *   record     u16 len || ciphertext of (u8 kind || body)
 *
 * The prologue is LP("p2ptui/1/live") || preface.  Each direction calls
 * Rekey() before its record 4096, 8192, .. and does not reset the nonce.
 *
 * Message 1 of IK can be replayed and says nothing of who is there, so a
 * responder sends nothing but message 2 and tells nobody before the first
 * record opened: that record alone proves the initiator lives.  Whatever
 * fails before that is closed without a word and counted.
 *
 * Frames handed to link_send wait in the stream's buffer, one behind the
 * other, and are sealed there as one record when the turn's write comes.
 *
 * A channel shakes hands once.  To move to a better way, session.c raises
 * a second channel and retires this one: no state here runs backward.
 */
#ifndef CHAN_H
#define CHAN_H

#include "link.h"
#include "stream.h"

enum {
	CHAN_PREFACE = 8,
	CHAN_HELLO = 6,			/* payload of handshake messages */
	CHAN_VERSION = 1,
	CHAN_DEADLINE_MS = 10000,
	CHAN_UNAUTH_MAX = 1024,		/* unread bytes before the handshake */
	CHAN_FIRST_MAX = 4096,		/* and before the first record */
	CHAN_REKEY = 4096,		/* records */
	/* Above this the queue counts as full; said again below half. */
	CHAN_QUEUE = 262144
};

/* What never ended well, for the log and the tests. */
struct chan_counts {
	uint64_t alien;			/* other bytes than ours */
	uint64_t forged;		/* a message or record did not open */
	uint64_t unwelcome;
	uint64_t late;			/* deadline */
	uint64_t cut;			/* the stream ended early */
};

/* Shared by the channels of one net. */
struct chan_room {
	struct streams *streams;
	const struct identity *id;
	struct chan_counts counts;
	void *ctx;
	/* May the key hold a channel?  Responders ask before they answer. */
	bool (*welcome)(void *ctx, const uint8_t x[KEY_LEN]);
	/* Somebody spoke another version.  `proven`: by a finished handshake,
	 * else anyone could have said so. */
	void (*other_version)(void *ctx, const struct addr *who,
	    unsigned version, bool proven);
};

/* Both take the stream, open or still connecting.  x: the key expected at
 * the other end, NULL for whoever answers.  Set events and owner before the
 * turn ends.  NULL when x is no usable key. */
struct link *chan_dial(struct chan_room *room, struct stream *s,
    const uint8_t *x);
struct link *chan_accept(struct chan_room *room, struct stream *s);

/* Length of the frame at p, or 0 when fewer than it needs are there or it
 * claims more than FRAME_MAX: the only thing net knows of frames. */
size_t chan_frame_len(const uint8_t *p, size_t len);

#endif
