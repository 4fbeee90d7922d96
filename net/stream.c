#include "stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include "sock.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0		/* sock sets SO_NOSIGPIPE there */
#endif

enum {
	READ_STEP = 65536,
	READ_TURN = 262144,		/* then the others get their turn */
	KEEP_MAX = 131072,		/* an empty buffer above it is freed */
	LINGER_MS = 300
};

struct stream {
	struct streams *all;
	const struct stream_events *events;
	void *owner;
	int fd;				/* -1 of a pipe */
	struct watch *watch;		/* NULL of a pipe */
	const struct stream_ops *ops;	/* of a pipe */
	void *impl;			/* until ops->close */
	char *where;			/* said by a pipe's carrier, or NULL */
	struct addr peer;
	bool connecting, ended, dead, in_call, finishing, was_shut;
	size_t max;
	struct buf in, out;
	struct list in_dirty, in_lingering;
	struct timer linger;
};

void
streams_init(struct streams *all, struct loop *l)
{
	all->loop = l;
	list_init(&all->dirty);
	list_init(&all->dirty_pipes);
	list_init(&all->lingering);
}

bool
streams_are_lingering(const struct streams *all)
{
	return !list_is_empty(&all->lingering);
}

static void
close_pipe(struct stream *s, bool cut)
{
	void *impl = s->impl;

	s->impl = NULL;
	if (impl)
		s->ops->close(impl, cut);
}

static void
release(void *arg)
{
	struct stream *s = arg;

	buf_clear(&s->in);
	buf_clear(&s->out);
	free(s->where);
	free(s);
}

void
stream_free(struct stream *s)
{
	if (!s || s->dead)
		return;
	s->dead = true;
	list_remove(&s->in_dirty);
	list_remove(&s->in_lingering);
	timer_stop(&s->linger);
	close_pipe(s, true);
	watch_free(s->watch);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	/* Only its own callback still looks at it. */
	if (s->in_call)
		loop_defer(s->all->loop, release, s);
	else
		release(s);
}

void
streams_clear(struct streams *all)
{
	LIST_EACH(s, &all->lingering, struct stream, in_lingering)
		stream_free(s);
}

static void
end(struct stream *s, const char *why)
{
	if (s->dead || s->ended)
		return;
	s->ended = true;
	list_remove(&s->in_dirty);
	if (s->watch)
		watch_want(s->watch, 0);
	if (s->finishing)
		stream_free(s);
	else
		s->events->on_end(s->owner, why);
}

/* ---- writing ----------------------------------------------------------- */

static void
keep_waiting(struct stream *s)
{
	unsigned want = 0;

	if (!s->watch)
		return;
	if (s->connecting)
		want = LOOP_WRITE;
	else {
		if (s->in.len < s->max)
			want |= LOOP_READ;
		if (s->out.len > 0)
			want |= LOOP_WRITE;
	}
	watch_want(s->watch, want);
}

/* All of ours has left: say so, and wait for the other's end. */
static void
shut_if_done(struct stream *s)
{
	if (!s->finishing || s->was_shut || s->out.len > 0)
		return;
	s->was_shut = true;
	shutdown(s->fd, SHUT_WR);
}

static void read_in(struct stream *s);

/* What the other said before it closed is still worth reading. */
static void
write_failed(struct stream *s, int error)
{
	buf_empty(&s->out);
	read_in(s);
	end(s, sock_why(error));
}

static void
write_out(struct stream *s)
{
	size_t before = s->out.len;

	while (s->out.len > 0) {
		size_t len = s->out.len;
		ssize_t n = send(s->fd, s->out.at, len, MSG_NOSIGNAL);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			if (errno == EAGAIN || errno == EWOULDBLOCK)
				break;
			write_failed(s, errno);
			return;
		}
		buf_drop(&s->out, (size_t)n);
		if ((size_t)n < len)
			break;		/* the kernel's buffer is full */
	}
	if (s->out.len == 0 && s->out.room > KEEP_MAX * 4)
		buf_clear(&s->out);
	shut_if_done(s);
	keep_waiting(s);
	if (s->out.len < before && !s->finishing)
		s->events->on_drained(s->owner, s->out.len);
}

static void
write_pipe(struct stream *s)
{
	size_t n = s->ops->write(s->impl, s->out.at, s->out.len);

	buf_drop(&s->out, n);
	if (s->out.len == 0 && s->out.room > KEEP_MAX * 4)
		buf_clear(&s->out);
	if (s->finishing && s->out.len == 0) {
		/* The carrier keeps the order: the end comes behind it. */
		close_pipe(s, false);
		stream_free(s);
	} else if (n > 0 && !s->finishing)
		s->events->on_drained(s->owner, s->out.len);
}

static void
flush(struct stream *s)
{
	if (s->dead || s->ended || s->connecting)
		return;
	if (!s->finishing)
		s->events->on_flush(s->owner);
	if (s->dead || s->ended || s->out.len == 0)
		return;
	if (s->ops)
		write_pipe(s);
	else
		write_out(s);
}

static void
flush_all(struct list *dirty)
{
	struct list now;
	struct stream *s;

	list_init(&now);
	LIST_EACH(d, dirty, struct stream, in_dirty) {
		list_remove(&d->in_dirty);
		list_append(&now, &d->in_dirty);
	}
	while ((s = LIST_FIRST(&now, struct stream, in_dirty))) {
		list_remove(&s->in_dirty);
		s->in_call = true;
		flush(s);
		if (!s->dead)
			s->in_call = false;
	}
}

void
streams_flush(struct streams *all)
{
	/* What pipes write goes into the streams that carry them. */
	flush_all(&all->dirty_pipes);
	flush_all(&all->dirty);
	/* Room that was made may have been filled at once: others first. */
	if (!list_is_empty(&all->dirty) || !list_is_empty(&all->dirty_pipes))
		loop_again(all->loop);
}

void
stream_touch(struct stream *s)
{
	if (!s->dead && !s->ended && list_is_empty(&s->in_dirty))
		list_append(s->ops ? &s->all->dirty_pipes : &s->all->dirty,
		    &s->in_dirty);
}

struct buf *
stream_out(struct stream *s)
{
	return &s->out;
}

/* ---- reading ----------------------------------------------------------- */

/* Who is given the stream in the middle of this gets what is unread. */
static void
tell_data(struct stream *s)
{
	const struct stream_events *events;
	const void *owner;

	do {
		events = s->events;
		owner = s->owner;
		events->on_data(s->owner, &s->in);
	} while (!s->dead && !s->ended && !s->finishing && s->in.len > 0 &&
	    (s->events != events || s->owner != owner));
}

static void
read_in(struct stream *s)
{
	size_t got = 0;

	while (got < READ_TURN && s->in.len < s->max) {
		size_t step = s->max - s->in.len;
		ssize_t n;

		if (step > READ_STEP)
			step = READ_STEP;
		n = recv(s->fd, buf_space(&s->in, step), step, 0);
		if (n == 0) {
			end(s, "the other side closed the connection");
			return;
		}
		if (n < 0) {
			if (errno == EINTR)
				continue;
			if (errno != EAGAIN && errno != EWOULDBLOCK)
				end(s, sock_why(errno));
			break;
		}
		buf_added(&s->in, (size_t)n);
		got += (size_t)n;
		if (s->finishing)
			buf_empty(&s->in);
		else
			tell_data(s);
		if (s->dead || s->ended)
			return;
		/* A short read emptied the kernel's buffer: no need to be
		 * told so by another call. */
		if ((size_t)n < step)
			break;
	}
	if (s->dead || s->ended)
		return;
	if (s->in.len == 0 && s->in.room > KEEP_MAX)
		buf_clear(&s->in);
	keep_waiting(s);
}

static void
on_connected(struct stream *s)
{
	int error = sock_connect_result(s->fd);

	if (error) {
		end(s, sock_why(error));
		return;
	}
	s->connecting = false;
	keep_waiting(s);
	s->events->on_open(s->owner);
}

static void
on_ready(void *arg, unsigned events)
{
	struct stream *s = arg;

	s->in_call = true;
	if (s->connecting) {
		on_connected(s);
	} else {
		/* Written in LOOP_SEND with what this turn adds, never here:
		 * the end of the buffer may not be sealed yet. */
		if (events & LOOP_WRITE)
			stream_touch(s);
		if (events & LOOP_READ && !s->dead && !s->ended)
			read_in(s);
	}
	if (!s->dead)
		s->in_call = false;
}

/* ---- birth and end ----------------------------------------------------- */

static void
on_linger(void *arg)
{
	stream_free(arg);
}

static struct stream *
make(struct streams *all, int fd, const struct addr *peer,
    const struct stream_events *events, void *owner)
{
	struct stream *s = mem_new(sizeof(*s));

	s->all = all;
	s->events = events;
	s->owner = owner;
	s->fd = fd;
	s->peer = *peer;
	s->max = READ_TURN;
	buf_init(&s->in);
	buf_init(&s->out);
	list_init(&s->in_dirty);
	list_init(&s->in_lingering);
	timer_init(&s->linger, all->loop, on_linger, s);
	return s;
}

static struct stream *
new_stream(struct streams *all, int fd, const struct addr *peer,
    const struct stream_events *events, void *owner, struct err *e)
{
	struct stream *s = make(all, fd, peer, events, owner);

	s->watch = loop_watch(all->loop, fd, on_ready, s, e);
	if (!s->watch) {
		close(fd);
		free(s);
		errno = EMFILE;
		return NULL;
	}
	return s;
}

struct stream *
stream_dial(struct streams *all, const struct addr *to,
    const struct stream_events *events, void *owner, struct err *e)
{
	int fd = sock_connect(to, e);
	struct stream *s;

	if (fd < 0)
		return NULL;
	s = new_stream(all, fd, to, events, owner, e);
	if (s) {
		s->connecting = true;
		keep_waiting(s);
	}
	return s;
}

struct stream *
stream_of(struct streams *all, int fd, const struct addr *from,
    const struct stream_events *events, void *owner, struct err *e)
{
	return new_stream(all, fd, from, events, owner, e);
}

void
stream_give(struct stream *s, const struct stream_events *events, void *owner)
{
	s->events = events;
	s->owner = owner;
}

void
stream_finish(struct stream *s)
{
	if (!s || s->dead)
		return;
	if (s->ended || s->connecting) {
		stream_free(s);
		return;
	}
	s->finishing = true;
	s->max = READ_TURN;
	buf_empty(&s->in);
	if (s->ops && s->out.len == 0) {
		close_pipe(s, false);
		stream_free(s);
		return;
	}
	list_append(&s->all->lingering, &s->in_lingering);
	timer_set(&s->linger, LINGER_MS);
	if (!s->ops)
		shut_if_done(s);
	keep_waiting(s);
	stream_touch(s);
}

bool
stream_is_open(const struct stream *s)
{
	return !s->connecting && !s->ended && !s->dead;
}

const struct addr *
stream_peer(const struct stream *s)
{
	return &s->peer;
}

void
stream_where(const struct stream *s, char text[ADDR_TEXT])
{
	if (s->where)
		snprintf(text, ADDR_TEXT, "%s", s->where);
	else
		addr_format(&s->peer, text);
}

bool
stream_local(const struct stream *s, struct addr *a)
{
	if (s->fd < 0)
		return false;
	sock_local(s->fd, a);
	return true;
}

void
stream_set_max(struct stream *s, size_t max)
{
	s->max = max;
	if (!s->ended && !s->dead)
		keep_waiting(s);
}

/* ---- pipes ------------------------------------------------------------- */

struct stream *
stream_of_pipe(struct streams *all, const struct stream_ops *ops, void *impl,
    const struct addr *peer, const struct stream_events *events, void *owner)
{
	struct stream *s = make(all, -1, peer, events, owner);

	s->ops = ops;
	s->impl = impl;
	return s;
}

void
stream_feed(struct stream *s, const void *p, size_t len)
{
	bool was_in_call = s->in_call;
	size_t had, left;

	if (s->dead || s->ended || s->finishing)
		return;
	buf_put(&s->in, p, len);
	had = s->in.len;
	s->in_call = true;
	tell_data(s);
	if (s->dead)
		return;
	s->in_call = was_in_call;
	/* Finished meanwhile: what is unread went, and is no news. */
	if (s->ended || s->finishing)
		return;
	left = s->in.len;
	if (left == 0 && s->in.room > KEEP_MAX)
		buf_clear(&s->in);
	if (left < had)
		s->ops->eaten(s->impl, had - left);
}

void
stream_may_write(struct stream *s)
{
	if (s->out.len > 0)
		stream_touch(s);
}

void
stream_ended(struct stream *s, const char *why)
{
	bool was_in_call = s->in_call;

	s->in_call = true;
	end(s, why);
	if (!s->dead)
		s->in_call = was_in_call;
}

bool
stream_is_pipe(const struct stream *s)
{
	return s->ops != NULL;
}

void
stream_set_where(struct stream *s, const char *where)
{
	free(s->where);
	s->where = mem_str(where);
}
