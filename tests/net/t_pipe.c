/* Streams that are no descriptors: pipes, over a carrier made by hand. */
#include "stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chan.h"
#include "rand.h"

enum { WINDOW = 1000 };

/* One end, and the carrier behind it. */
struct end {
	struct test *test;
	struct stream *stream;
	struct end *other;
	size_t credit;			/* what it may write */
	struct buf wire;		/* to the other, in the next step */
	uint64_t eaten;
	int n_close, n_cut;
	bool closed;			/* to be told */
	/* of the reader */
	struct buf got;
	size_t keep;			/* bytes left unread */
	int n_drained, n_end, n_flush;
	char why[80];
	bool free_in_data;
};

struct test {
	struct loop *loop;
	struct streams streams;
	struct end a, b;
	int fd;				/* a descriptor stream's other end */
	struct stream *tcp;
	bool carry;			/* through tcp */
};

static size_t
write_end(void *impl, const void *p, size_t len)
{
	struct end *e = impl;

	if (len > e->credit)
		len = e->credit;
	e->credit -= len;
	if (e->test->carry) {
		buf_put(stream_out(e->test->tcp), p, len);
		stream_touch(e->test->tcp);
	} else
		buf_put(&e->wire, p, len);
	return len;
}

static void
eaten(void *impl, size_t n)
{
	struct end *e = impl;

	e->eaten += n;
	if (e->other->stream) {
		e->other->credit += n;
		stream_may_write(e->other->stream);
	}
}

static void
close_end(void *impl, bool cut)
{
	struct end *e = impl;

	e->n_close++;
	e->n_cut += cut;
	e->closed = true;
}

static const struct stream_ops ops = {
	.write = write_end, .eaten = eaten, .close = close_end
};

static void
on_nothing(void *owner)
{
	(void)owner;
}

static void
on_flush(void *owner)
{
	struct end *e = owner;

	e->n_flush++;
}

static void
on_data(void *owner, struct buf *in)
{
	struct end *e = owner;
	size_t n = in->len > e->keep ? in->len - e->keep : 0;

	if (e->free_in_data) {
		stream_free(e->stream);
		e->stream = NULL;
		return;
	}
	buf_put(&e->got, in->at, n);
	buf_drop(in, n);
}

static void
on_drained(void *owner, size_t left)
{
	struct end *e = owner;

	(void)left;
	e->n_drained++;
}

static void
on_end(void *owner, const char *why)
{
	struct end *e = owner;

	e->n_end++;
	snprintf(e->why, sizeof(e->why), "%s", why);
	stream_free(e->stream);
	e->stream = NULL;
}

static const struct stream_events events = {
	.on_open = on_nothing, .on_data = on_data, .on_flush = on_flush,
	.on_drained = on_drained, .on_end = on_end
};

static void
on_turn(void *arg)
{
	streams_flush(arg);
}

static void
open_end(struct test *t, struct end *e, struct end *other)
{
	struct addr at = { .family = ADDR_V4, .ip = { 192, 0, 2, 1 },
		.port = 9 };

	e->test = t;
	e->other = other;
	e->credit = WINDOW;
	buf_init(&e->wire);
	buf_init(&e->got);
	e->stream = stream_of_pipe(&t->streams, &ops, e, &at, &events, e);
}

static int
setup(void **state)
{
	struct test *t = mem_new(sizeof(*t));

	t->loop = loop_new(NULL);
	t->fd = -1;
	streams_init(&t->streams, t->loop);
	loop_hook(t->loop, LOOP_SEND, on_turn, &t->streams);
	open_end(t, &t->a, &t->b);
	open_end(t, &t->b, &t->a);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct test *t = *state;

	stream_free(t->a.stream);
	stream_free(t->b.stream);
	stream_free(t->tcp);
	streams_clear(&t->streams);
	loop_turn(t->loop, 0);
	if (t->fd >= 0)
		close(t->fd);
	buf_clear(&t->a.wire);
	buf_clear(&t->b.wire);
	buf_clear(&t->a.got);
	buf_clear(&t->b.got);
	loop_free(t->loop);
	free(t);
	return 0;
}

static bool
carry(struct end *e)
{
	struct buf moved = e->wire;

	buf_init(&e->wire);
	if (moved.len > 0 && e->other->stream)
		stream_feed(e->other->stream, moved.at, moved.len);
	if (e->closed && e->other->stream)
		stream_ended(e->other->stream, "hung up");
	e->closed = false;
	if (moved.len == 0)
		return false;
	buf_clear(&moved);
	return true;
}

static void
settle(struct test *t)
{
	bool moved;

	do {
		loop_turn(t->loop, 0);
		moved = carry(&t->a);
		moved |= carry(&t->b);
	} while (moved);
}

static void
say(struct end *e, size_t len)
{
	uint8_t *p = buf_space(stream_out(e->stream), len);

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 7);
	buf_added(stream_out(e->stream), len);
	stream_touch(e->stream);
}

static void
t_bytes_pass_in_order_against_credit(void **state)
{
	struct test *t = *state;

	assert_true(stream_is_pipe(t->a.stream));
	assert_true(stream_is_open(t->a.stream));
	assert_int_equal(stream_peer(t->a.stream)->port, 9);
	say(&t->a, 10 * WINDOW);
	loop_turn(t->loop, 0);
	assert_int_equal(t->a.wire.len, WINDOW);
	assert_int_equal(t->a.n_flush, 1);
	assert_int_equal(t->a.n_drained, 1);
	settle(t);
	assert_int_equal(t->b.got.len, 10 * WINDOW);
	for (size_t i = 0; i < t->b.got.len; i++)
		assert_int_equal(t->b.got.at[i], (uint8_t)(i * 7));
	assert_int_equal(t->b.eaten, 10 * WINDOW);
}

static void
t_a_reader_that_eats_nothing_stops_the_writer(void **state)
{
	struct test *t = *state;

	t->b.keep = SIZE_MAX;
	say(&t->a, 3 * WINDOW);
	settle(t);
	assert_int_equal(t->b.eaten, 0);
	assert_int_equal(stream_out(t->a.stream)->len, 2 * WINDOW);
	/* A byte more makes him look again: all but ten are eaten. */
	t->b.keep = 10;
	stream_feed(t->b.stream, "x", 1);
	assert_int_equal(t->b.eaten, WINDOW + 1 - 10);
}

static void
t_last_bytes_leave_before_the_end(void **state)
{
	struct test *t = *state;

	say(&t->a, 100);
	stream_finish(t->a.stream);
	t->a.stream = NULL;
	assert_int_equal(t->a.n_close, 0);
	settle(t);
	assert_int_equal(t->b.got.len, 100);
	assert_int_equal(t->b.n_end, 1);
	assert_string_equal(t->b.why, "hung up");
	assert_int_equal(t->a.n_close, 1);
	assert_int_equal(t->a.n_cut, 0);
	assert_int_equal(t->b.n_close, 1);
	assert_false(streams_are_lingering(&t->streams));
}

static void
t_nothing_to_say_ends_at_once(void **state)
{
	struct test *t = *state;

	stream_finish(t->a.stream);
	t->a.stream = NULL;
	assert_int_equal(t->a.n_close, 1);
	assert_int_equal(t->a.n_cut, 0);
	assert_false(streams_are_lingering(&t->streams));
}

static void
t_without_credit_the_rest_is_cut(void **state)
{
	struct test *t = *state;
	int64_t start = loop_now_ms(t->loop);

	t->b.keep = SIZE_MAX;
	say(&t->a, WINDOW + 1);
	stream_finish(t->a.stream);
	t->a.stream = NULL;
	loop_turn(t->loop, 0);
	assert_true(streams_are_lingering(&t->streams));
	while (t->a.n_close == 0)
		loop_turn(t->loop, -1);
	assert_true(loop_now_ms(t->loop) - start >= 250);
	assert_int_equal(t->a.n_cut, 1);
	assert_int_equal(t->a.wire.len, WINDOW);
}

static void
t_freed_in_its_own_callback(void **state)
{
	struct test *t = *state;

	t->b.free_in_data = true;
	say(&t->a, 10);
	settle(t);
	assert_null(t->b.stream);
	assert_int_equal(t->b.n_close, 1);
	assert_int_equal(t->b.n_cut, 1);
	assert_int_equal(t->b.eaten, 0);
	assert_int_equal(t->a.n_end, 1);
}

/* What is said in a turn leaves in that turn, through both floors. */
static void
t_pipes_leave_before_what_carries_them(void **state)
{
	struct test *t = *state;
	struct addr at = { .family = ADDR_V4 };
	static struct end tcp_end;
	char text[20];
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	t->fd = fds[1];
	t->tcp = stream_of(&t->streams, fds[0], &at, &events, &tcp_end, NULL);
	t->carry = true;
	/* The carrier is touched first. */
	buf_put(stream_out(t->tcp), "head ", 5);
	stream_touch(t->tcp);
	buf_put(stream_out(t->a.stream), "hello", 5);
	stream_touch(t->a.stream);
	loop_turn(t->loop, 0);
	assert_int_equal(recv(t->fd, text, sizeof(text), MSG_DONTWAIT), 10);
	assert_memory_equal(text, "head hello", 10);
}

/* ---- sealed, over pipes ------------------------------------------------ */

static int n_proven;

static void
on_proven(void *owner, struct link *l)
{
	(void)owner;
	(void)l;
	n_proven++;
}

static void
on_record(void *owner, struct link *l, enum record kind, const uint8_t *body,
    size_t len)
{
	struct buf *got = owner;

	(void)l;
	assert_int_equal(kind, RECORD_CHUNK);
	buf_put(got, body, len);
}

static void
on_closed(void *owner, struct link *l, bool clean, const char *why)
{
	(void)owner;
	(void)clean;
	(void)why;
	link_free(l);
}

static const struct link_events link_events = {
	.on_proven = on_proven, .on_record = on_record, .on_room = link_ignore,
	.on_closed = on_closed
};

static bool
welcome(void *ctx, const uint8_t x[KEY_LEN])
{
	(void)ctx;
	(void)x;
	return true;
}

static void
t_a_channel_names_its_bearer(void **state)
{
	struct test *t = *state;
	struct identity *alice = identity_new(), *bob = identity_new();
	struct chan_room ra = { .streams = &t->streams, .id = alice,
		.welcome = welcome };
	struct chan_room rb = { .streams = &t->streams, .id = bob,
		.welcome = welcome };
	struct link *la, *lb;
	struct buf got;
	uint8_t chunk[60000] = { 1, 2, 3 };

	buf_init(&got);
	n_proven = 0;
	lb = chan_accept(&rb, t->b.stream);
	stream_set_where(t->a.stream, "relay a.example:1");
	la = chan_dial(&ra, t->a.stream, identity_keys(bob)->x);
	la->events = lb->events = &link_events;
	lb->owner = &got;
	assert_string_equal(la->where, "relay a.example:1");
	stream_set_where(t->a.stream, "relay b.example:2");
	assert_int_equal(stream_out(t->a.stream)->at[6], 3);
	settle(t);
	assert_int_equal(n_proven, 1);
	assert_string_equal(la->where, "relay b.example:2");
	assert_int_equal(link_send(la, RECORD_CHUNK, chunk, 3), 0);
	settle(t);
	assert_int_equal(n_proven, 2);
	t->a.credit = CHAN_QUEUE;
	assert_int_equal(link_send(la, RECORD_CHUNK, chunk, sizeof(chunk)), 0);
	settle(t);
	assert_int_equal(got.len, 3 + sizeof(chunk));
	assert_memory_equal(got.at + 3, chunk, sizeof(chunk));
	link_free(la);
	link_free(lb);
	t->a.stream = t->b.stream = NULL;
	loop_turn(t->loop, 0);
	buf_clear(&got);
	identity_free(alice);
	identity_free(bob);
}

/* Bytes recorded on TCP are worth nothing on a pipe. */
static void
t_a_bearer_that_is_not_the_streams_is_refused(void **state)
{
	static const uint8_t tcp[8] = { 'p', '2', 'p', 't', 1, 1, 1, 0 };
	struct test *t = *state;
	struct identity *bob = identity_new();
	struct chan_room room = { .streams = &t->streams, .id = bob,
		.welcome = welcome };
	struct link *l = chan_accept(&room, t->b.stream);

	l->events = &link_events;
	stream_feed(t->b.stream, tcp, sizeof(tcp));
	assert_int_equal(room.counts.alien, 1);
	assert_int_equal(t->b.n_close, 1);
	t->b.stream = NULL;
	loop_turn(t->loop, 0);
	identity_free(bob);
}

static int
start(void **state)
{
	(void)state;
	return crypto_start(NULL);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(t_bytes_pass_in_order_against_credit),
		ROW(t_a_reader_that_eats_nothing_stops_the_writer),
		ROW(t_last_bytes_leave_before_the_end),
		ROW(t_nothing_to_say_ends_at_once),
		ROW(t_without_credit_the_rest_is_cut),
		ROW(t_freed_in_its_own_callback),
		ROW(t_pipes_leave_before_what_carries_them),
		ROW(t_a_channel_names_its_bearer),
		ROW(t_a_bearer_that_is_not_the_streams_is_refused),
	};

	return cmocka_run_group_tests_name("pipe", tests, start, NULL);
}
