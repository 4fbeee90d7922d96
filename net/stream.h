/*
 * stream - ordered bytes over TCP, buffered both ways, never blocking.
 *
 *	dial --connected--> open --end of the other--> ended
 *	of a descriptor --^        --stream_finish----> lingering --> gone
 *
 * Writers append to stream_out() and mark the stream dirty; all that one
 * turn wrote leaves by one write() in streams_flush(), which net calls in
 * LOOP_SEND.  Readers get the buffer and eat what they can use; what stays
 * is bounded by stream_set_max(), so bytes of strangers cannot pile up.
 *
 * stream_finish() lets go: what is queued leaves, then the stream waits for
 * the other's end, at most 300 ms, and releases itself.  Closing with
 * unread bytes would reset the connection and destroy what is under way.
 */
#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "addr.h"
#include "buf.h"
#include "list.h"
#include "loop.h"

/* All streams of one net; embedded. */
struct streams {
	struct loop *loop;
	struct list dirty, dirty_pipes;
	struct list lingering;
};

struct stream;

/* Never from inside a call on the stream.  In each of them the stream may
 * be freed or finished. */
struct stream_events {
	void (*on_open)(void *owner);
	/* Bytes came; eat with buf_drop. */
	void (*on_data)(void *owner, struct buf *in);
	/* In streams_flush: add what should be in this turn's write. */
	void (*on_flush)(void *owner);
	/* Queued bytes left; said after each write that moved any. */
	void (*on_drained)(void *owner, size_t left);
	/* Once; the owner calls stream_free. */
	void (*on_end)(void *owner, const char *why);
};

void streams_init(struct streams *all, struct loop *l);
void streams_flush(struct streams *all);
/* Some finished ones still wait for their last bytes to leave. */
bool streams_are_lingering(const struct streams *all);
/* Cuts those that linger. */
void streams_clear(struct streams *all);

/*
 * A stream over something else than a descriptor: a pipe through a relay.
 * The carrier of its bytes pushes what came by stream_feed, is given what is
 * to leave in streams_flush, before the TCP streams of the same turn, and
 * says by stream_may_write that it could take more.
 */
struct stream_ops {
	/* Takes at most len bytes; the number taken (0: no room now). */
	size_t (*write)(void *impl, const void *p, size_t len);
	/* The reader ate n bytes: that much may come again. */
	void (*eaten)(void *impl, size_t n);
	/* No more from us; `cut`: at once, without the last bytes.  Called
	 * once, also behind stream_ended; impl is not used after it. */
	void (*close)(void *impl, bool cut);
};

/* Open from the start; `peer` is what stream_peer answers (the relay). */
struct stream *stream_of_pipe(struct streams *all,
    const struct stream_ops *ops, void *impl, const struct addr *peer,
    const struct stream_events *events, void *owner);
/* Bytes that came, in order; how many is bounded by who feeds them. */
void stream_feed(struct stream *s, const void *p, size_t len);
void stream_may_write(struct stream *s);
/* The other end is gone: on_end. */
void stream_ended(struct stream *s, const char *why);
bool stream_is_pipe(const struct stream *s);
/* What stream_where is to say: "relay HOST:PORT". */
void stream_set_where(struct stream *s, const char *where);

/* Connects; on_open or on_end follows.  NULL: errno tells too. */
struct stream *stream_dial(struct streams *all, const struct addr *to,
    const struct stream_events *events, void *owner, struct err *e);
/* Takes the connected descriptor, also when it fails. */
struct stream *stream_of(struct streams *all, int fd, const struct addr *from,
    const struct stream_events *events, void *owner, struct err *e);
/* The connection goes on for somebody else; inside on_data, what is unread
 * is told to them before it returns. */
void stream_give(struct stream *s, const struct stream_events *events,
    void *owner);
void stream_free(struct stream *s);
void stream_finish(struct stream *s);

bool stream_is_open(const struct stream *s);
const struct addr *stream_peer(const struct stream *s);
/* The other end for people: "ADDR:PORT", or what the pipe's carrier said. */
void stream_where(const struct stream *s, char text[ADDR_TEXT]);
/* My address of the connection; false for a pipe. */
bool stream_local(const struct stream *s, struct addr *a);
/* Unread bytes beyond this are left in the kernel. */
void stream_set_max(struct stream *s, size_t max);
struct buf *stream_out(struct stream *s);
/* on_flush comes, then the write, at the end of this turn. */
void stream_touch(struct stream *s);

#endif
