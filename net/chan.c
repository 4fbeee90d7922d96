#include "chan.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cur.h"
#include "kdf.h"
#include "label.h"
#include "log.h"
#include "noise.h"

enum kind { KIND_IK = 1, KIND_XX = 2 };

enum {
	BEARER_TCP = 1,
	BEARER_PIPE = 3,		/* 2 is UDP, which is no chan */
	LEN = 2,			/* of the length before a message */
	HANDSHAKE_MAX = 512,		/* the longest of ours has 150 */
	RECORD_MIN = 1 + NOISE_TAG,
	/* Where a frame's body length stands: see frame.h. */
	FRAME_LEN_AT = 108,
	/* A record of frames is closed above this, so that the other side
	 * can begin to work while the rest is under way. */
	BATCH = 16384
};

enum state { START, WAIT, UNPROVEN, UP, DOWN };

struct chan {
	struct link link;
	struct chan_room *room;
	struct stream *stream;
	enum state state;
	enum kind kind;
	struct noise *noise;
	uint8_t preface[CHAN_PREFACE];
	uint8_t x[KEY_LEN];
	bool has_x;			/* x is known */
	bool has_preface, said_something;
	bool dead, wants_room;
	struct cipher tx, rx;
	/* Frames wait unsealed in the stream's buffer: bytes of the open
	 * record, with its length and kind; 0: none is open. */
	size_t open_len;
	struct timer deadline;
};

static const struct link_ops chan_ops;
static const struct stream_events chan_stream;

size_t
chan_frame_len(const uint8_t *p, size_t len)
{
	uint64_t n;

	if (len < FRAME_LEN_AT + 4)
		return 0;
	n = (uint64_t)get_u32(p + FRAME_LEN_AT) + FRAME_LEN_AT + 4;
	return n > len || n > FRAME_MAX ? 0 : (size_t)n;
}

/* ---- the end ----------------------------------------------------------- */

static void
release(void *arg)
{
	struct chan *c = arg;

	cipher_wipe(&c->tx);
	cipher_wipe(&c->rx);
	free(c);
}

static void
shut(struct chan *c)
{
	c->state = DOWN;
	timer_stop(&c->deadline);
	noise_free(c->noise);
	c->noise = NULL;
	stream_free(c->stream);
	c->stream = NULL;
}

/* The one failure path.  The other side is told nothing. */
static void
fail(struct chan *c, uint64_t *count, const char *why)
{
	if (c->state == DOWN)
		return;
	if (count)
		++*count;
	log_debug("chan: %s: %s", c->link.where, why);
	shut(c);
	if (!c->dead && c->link.events)
		c->link.events->on_closed(c->link.owner, &c->link, false, why);
}

static void
free_chan(void *impl)
{
	struct chan *c = impl;

	if (c->dead)
		return;
	c->dead = true;
	shut(c);
	/* It may be asked for from inside our own callbacks. */
	loop_defer(c->room->streams->loop, release, c);
}

static void
on_deadline(void *arg)
{
	struct chan *c = arg;

	fail(c, &c->room->counts.late, c->link.initiator ?
	    "it does not answer the handshake" : "handshake took too long");
}

/* ---- records out ------------------------------------------------------- */

/* Before each record: its number is the nonce it will have. */
static void
rekey_if_due(struct cipher *c)
{
	if (c->n > 0 && c->n % CHAN_REKEY == 0)
		cipher_rekey(c);
}

/* Seals the last `len` bytes of the buffer, length field included, where
 * they stand; the tag's room is appended. */
static void
seal_tail(struct chan *c, size_t len)
{
	struct buf *out = stream_out(c->stream);
	uint8_t *p;

	buf_space(out, NOISE_TAG);
	buf_added(out, NOISE_TAG);
	p = out->at + out->len - NOISE_TAG - len;
	put_u16(p, (uint16_t)(len - LEN + NOISE_TAG));
	rekey_if_due(&c->tx);
	if (cipher_seal(&c->tx, NULL, 0, p + LEN, len - LEN, p + LEN) != 0)
		fail(c, NULL, "this link has carried all it may");
}

static void
close_record(struct chan *c)
{
	size_t len = c->open_len;

	c->open_len = 0;
	if (len > 0)
		seal_tail(c, len);
}

static void
begin_record(struct chan *c, enum record kind)
{
	struct buf *out = stream_out(c->stream);
	uint8_t *p = buf_space(out, LEN + 1);

	put_u16(p, 0);
	p[LEN] = (uint8_t)kind;
	buf_added(out, LEN + 1);
}

static int
send_record(void *impl, enum record kind, const void *body, size_t len)
{
	struct chan *c = impl;
	struct buf *out;

	assert(len <= RECORD_MAX);
	if (c->dead || c->state != UP)
		return -1;
	out = stream_out(c->stream);
	/* Whatever it is: who reads nothing could ask for answers until
	 * memory ends. */
	if (out->len >= CHAN_QUEUE && kind != RECORD_CLOSE) {
		if (kind == RECORD_FRAME || kind == RECORD_CHUNK)
			c->wants_room = true;
		return -1;
	}
	if (kind == RECORD_FRAME) {
		if (c->open_len > 0 && c->open_len + len > BATCH)
			close_record(c);
		if (c->open_len == 0) {
			begin_record(c, kind);
			c->open_len = LEN + 1;
		}
		buf_put(out, body, len);
		c->open_len += len;
	} else {
		close_record(c);
		begin_record(c, kind);
		buf_put(out, body, len);
		seal_tail(c, LEN + 1 + len);
	}
	if (c->state == DOWN)
		return -1;
	stream_touch(c->stream);
	return 0;
}

static size_t
room_left(void *impl)
{
	struct chan *c = impl;
	size_t used;

	if (c->dead || c->state != UP)
		return 0;
	used = stream_out(c->stream)->len;
	if (used >= CHAN_QUEUE / 2)
		c->wants_room = true;
	return used >= CHAN_QUEUE ? 0 : CHAN_QUEUE - used;
}

static void
close_chan(void *impl, uint8_t reason)
{
	struct chan *c = impl;
	struct stream *s = c->stream;

	if (c->dead || c->state == DOWN)
		return;
	if (c->state == UP && send_record(c, RECORD_CLOSE, &reason, 1) == 0) {
		c->stream = NULL;
		stream_finish(s);
	}
	shut(c);
}

static const uint8_t *
remote_key(void *impl)
{
	struct chan *c = impl;

	return c->has_x ? c->x : NULL;
}

/* ---- the handshake ----------------------------------------------------- */

static void
put_hello(uint8_t hello[CHAN_HELLO])
{
	hello[0] = hello[1] = CHAN_VERSION;
	put_u32(hello + 2, 0);
}

/* The ranges are repeated inside the handshake.  Only `alive` makes it more
 * than anyone's word. */
static bool
is_hello(struct chan *c, const uint8_t *p, size_t len, bool alive)
{
	if (len != CHAN_HELLO || p[0] > p[1]) {
		fail(c, &c->room->counts.alien, "it does not speak p2ptui");
		return false;
	}
	if (p[0] > CHAN_VERSION || p[1] < CHAN_VERSION) {
		c->room->other_version(c->room->ctx, stream_peer(c->stream),
		    p[1], alive);
		fail(c, &c->room->counts.alien, "speaks another version");
		return false;
	}
	return true;
}

static bool
start_noise(struct chan *c)
{
	struct buf prologue;
	struct noise_setup setup = {
		.pattern = c->kind == KIND_IK ? NOISE_IK : NOISE_XX,
		.initiator = c->link.initiator,
		.s = identity_x_secret(c->room->id),
		.s_public = identity_keys(c->room->id)->x,
		.rs = c->link.initiator && c->kind == KIND_IK ? c->x : NULL
	};

	buf_init(&prologue);
	buf_lp(&prologue, LABEL_LIVE, strlen(LABEL_LIVE));
	buf_put(&prologue, c->preface, CHAN_PREFACE);
	setup.prologue = prologue.at;
	setup.prologue_len = prologue.len;
	c->noise = noise_new(&setup);
	buf_clear(&prologue);
	return c->noise != NULL;
}

static bool
send_handshake(struct chan *c)
{
	struct buf *out = stream_out(c->stream);
	uint8_t hello[CHAN_HELLO];
	uint8_t *p = buf_space(out, LEN + HANDSHAKE_MAX);
	ssize_t n;

	put_hello(hello);
	n = noise_write(c->noise, hello, sizeof(hello), p + LEN,
	    HANDSHAKE_MAX);
	if (n < 0) {
		fail(c, &c->room->counts.forged, "the handshake failed");
		return false;
	}
	put_u16(p, (uint16_t)n);
	buf_added(out, LEN + (size_t)n);
	stream_touch(c->stream);
	return true;
}

static void
learn_remote(struct chan *c)
{
	const uint8_t *x = noise_remote(c->noise);

	if (x && !c->has_x) {
		memcpy(c->x, x, KEY_LEN);
		c->has_x = true;
	}
}

static bool
is_me(const struct chan *c)
{
	return memcmp(c->x, identity_keys(c->room->id)->x, KEY_LEN) == 0;
}

static void
split(struct chan *c)
{
	noise_split(c->noise, &c->tx, &c->rx);
	noise_free(c->noise);
	c->noise = NULL;
}

static void
begin_dial(struct chan *c)
{
	if (!start_noise(c)) {
		fail(c, NULL, "the key is not usable");
		return;
	}
	buf_put(stream_out(c->stream), c->preface, CHAN_PREFACE);
	if (send_handshake(c))
		c->state = WAIT;
}

static void
be_up(struct chan *c)
{
	c->state = UP;
	timer_stop(&c->deadline);
	stream_set_max(c->stream, CHAN_QUEUE);
	/* A pipe may have tried another relay meanwhile. */
	stream_where(c->stream, c->link.where);
	c->link.events->on_proven(c->link.owner, &c->link);
}

/* A dialled end: message 2 proves the responder. */
static void
answered(struct chan *c)
{
	learn_remote(c);
	if (is_me(c)) {
		fail(c, NULL, "this address is my own");
		return;
	}
	if (c->kind == KIND_XX && !send_handshake(c))
		return;
	split(c);
	be_up(c);
}

/* An accepted end: the key is known, whether it lives is not. */
static void
asked(struct chan *c)
{
	learn_remote(c);
	if (is_me(c)) {
		fail(c, &c->room->counts.unwelcome, "it is myself");
		return;
	}
	if (!c->room->welcome(c->room->ctx, c->x)) {
		fail(c, &c->room->counts.unwelcome, "not welcome");
		return;
	}
	if (!noise_is_done(c->noise) && !send_handshake(c))
		return;
	split(c);
	c->state = UNPROVEN;
	stream_set_max(c->stream, CHAN_FIRST_MAX);
}

static void
take_handshake(struct chan *c, const uint8_t *msg, size_t len)
{
	uint8_t hello[HANDSHAKE_MAX];
	ssize_t n = noise_read(c->noise, msg, len, hello, sizeof(hello));

	if (n < 0) {
		fail(c, &c->room->counts.forged, c->link.initiator ?
		    "its key is not the expected one" :
		    "the handshake failed");
		return;
	}
	if (!is_hello(c, hello, (size_t)n, c->link.initiator))
		return;
	if (c->link.initiator)
		answered(c);
	else if (c->kind == KIND_IK || noise_is_done(c->noise))
		asked(c);
	else
		send_handshake(c);	/* XX: message 3 follows */
}

/* The responder's first bytes.  False: not all there, or not ours. */
static bool
take_preface(struct chan *c, struct buf *in)
{
	const uint8_t *p = in->at;
	size_t n = in->len < 4 ? in->len : 4;

	/* The first wrong byte is enough: others may wait for ours before
	 * they send eight. */
	if (memcmp(p, c->preface, n) != 0) {
		fail(c, &c->room->counts.alien, "it does not speak p2ptui");
		return false;
	}
	if (in->len < CHAN_PREFACE)
		return false;
	if (p[4] != CHAN_VERSION) {
		c->room->other_version(c->room->ctx, stream_peer(c->stream),
		    p[4], false);
		fail(c, &c->room->counts.alien, "speaks another version");
		return false;
	}
	if ((p[5] != KIND_IK && p[5] != KIND_XX) || p[6] != c->preface[6] ||
	    p[7] != 0) {
		fail(c, &c->room->counts.alien, "it does not speak p2ptui");
		return false;
	}
	memcpy(c->preface, p, CHAN_PREFACE);
	c->kind = p[5] == KIND_IK ? KIND_IK : KIND_XX;
	buf_drop(in, CHAN_PREFACE);
	c->has_preface = true;
	if (!start_noise(c)) {
		fail(c, NULL, "the handshake cannot be started");
		return false;
	}
	return true;
}

/* ---- records in -------------------------------------------------------- */

static void
take_record(struct chan *c, uint8_t *p, size_t len)
{
	unsigned kind;

	rekey_if_due(&c->rx);
	if (cipher_open(&c->rx, NULL, 0, p, len, p) != 0) {
		fail(c, &c->room->counts.forged, "a record was forged");
		return;
	}
	if (c->state == UNPROVEN)
		be_up(c);
	if (c->state == DOWN || c->dead)
		return;
	kind = p[0];
	if (kind == RECORD_CLOSE) {
		shut(c);
		c->link.events->on_closed(c->link.owner, &c->link, true,
		    "the other side ended the link");
		return;
	}
	/* Kinds of later versions are skipped. */
	if (kind >= RECORD_FRAME && kind <= RECORD_CARD)
		c->link.events->on_record(c->link.owner, &c->link,
		    (enum record)kind, p + 1, len - RECORD_MIN);
}

static size_t
shortest(const struct chan *c)
{
	return c->noise ? 1 : RECORD_MIN;
}

static size_t
longest(const struct chan *c)
{
	if (c->noise)
		return HANDSHAKE_MAX;
	return c->state == UNPROVEN ? CHAN_FIRST_MAX - LEN : NOISE_MAX;
}

static void
on_data(void *owner, struct buf *in)
{
	struct chan *c = owner;

	c->said_something = true;
	if (!c->link.initiator && !c->has_preface && !take_preface(c, in))
		return;
	while (c->state != DOWN && !c->dead && in->len >= LEN) {
		size_t len = get_u16(in->at);
		uint8_t *p = in->at + LEN;

		if (len < shortest(c) || len > longest(c)) {
			fail(c, &c->room->counts.alien, c->noise ?
			    "it does not speak p2ptui" :
			    "a record has an impossible length");
			return;
		}
		if (in->len < LEN + len)
			return;
		if (c->noise)
			take_handshake(c, p, len);
		else
			take_record(c, p, len);
		/* The stream is gone, and its buffer goes with it. */
		if (c->state == DOWN || c->dead)
			return;
		buf_drop(in, LEN + len);
	}
}

static void
on_open(void *owner)
{
	struct chan *c = owner;

	if (c->link.initiator && c->state == START)
		begin_dial(c);
}

static void
on_flush(void *owner)
{
	struct chan *c = owner;

	close_record(c);
}

static void
on_drained(void *owner, size_t left)
{
	struct chan *c = owner;

	if (!c->wants_room || left > CHAN_QUEUE / 2 || c->state != UP)
		return;
	c->wants_room = false;
	c->link.events->on_room(c->link.owner, &c->link);
}

static void
on_end(void *owner, const char *why)
{
	struct chan *c = owner;

	if (c->state == WAIT || c->state == UNPROVEN ||
	    (c->state == START && !c->link.initiator))
		c->room->counts.cut++;
	if (c->state == WAIT && !c->said_something)
		why = "it closed the connection without an answer";
	fail(c, NULL, why);
}

/* ---- birth ------------------------------------------------------------- */

static struct link *
new_chan(struct chan_room *room, struct stream *s, const uint8_t *x,
    bool initiator)
{
	struct chan *c = mem_new(sizeof(*c));
	const uint8_t preface[CHAN_PREFACE] = {
		'p', '2', 'p', 't', CHAN_VERSION, x ? KIND_IK : KIND_XX,
		stream_is_pipe(s) ? BEARER_PIPE : BEARER_TCP, 0
	};

	c->room = room;
	c->stream = s;
	c->link.ops = &chan_ops;
	c->link.impl = c;
	c->link.initiator = initiator;
	stream_where(s, c->link.where);
	memcpy(c->preface, preface, CHAN_PREFACE);
	c->kind = x ? KIND_IK : KIND_XX;
	if (x) {
		memcpy(c->x, x, KEY_LEN);
		c->has_x = true;
	}
	stream_give(s, &chan_stream, c);
	stream_set_max(s, CHAN_UNAUTH_MAX);
	timer_init(&c->deadline, room->streams->loop, on_deadline, c);
	timer_set(&c->deadline, CHAN_DEADLINE_MS);
	return &c->link;
}

struct link *
chan_dial(struct chan_room *room, struct stream *s, const uint8_t *x)
{
	struct link *l = new_chan(room, s, x, true);
	struct chan *c = l->impl;

	if (stream_is_open(s))
		begin_dial(c);
	if (c->state != DOWN)
		return l;
	link_free(l);
	return NULL;
}

struct link *
chan_accept(struct chan_room *room, struct stream *s)
{
	return new_chan(room, s, NULL, false);
}

static const struct link_ops chan_ops = {
	.send = send_record,
	.room = room_left,
	.close = close_chan,
	.free = free_chan,
	.remote = remote_key
};

static const struct stream_events chan_stream = {
	.on_open = on_open,
	.on_data = on_data,
	.on_flush = on_flush,
	.on_drained = on_drained,
	.on_end = on_end
};
