#include "chan-kit.h"

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

#include "rand.h"

/* ---- our ends ---------------------------------------------------------- */

static void
on_proven(void *owner, struct link *l)
{
	struct side *s = owner;

	(void)l;
	s->n_proven++;
}

static void
on_record(void *owner, struct link *l, enum record kind, const uint8_t *body,
    size_t len)
{
	struct side *s = owner;

	s->n_records++;
	if (s->got.len < 1000000) {
		buf_u8(&s->got, (uint8_t)kind);
		buf_lp(&s->got, body, len);
	}
	if (s->answer_to > 0) {
		s->answer_to--;
		assert_int_equal(link_send(l, RECORD_PONG, body, len), 0);
	}
}

static void
on_closed(void *owner, struct link *l, bool clean, const char *why)
{
	struct side *s = owner;

	s->n_closed++;
	s->clean = clean;
	snprintf(s->why, sizeof(s->why), "%s", why);
	link_free(l);
	s->link = NULL;
}

static const struct link_events events = {
	.on_proven = on_proven, .on_record = on_record, .on_room = link_ignore,
	.on_closed = on_closed
};

static bool
welcome(void *ctx, const uint8_t x[KEY_LEN])
{
	struct side *s = ctx;

	(void)x;
	return !s->refuse;
}

static void
other_version(void *ctx, const struct addr *who, unsigned version, bool proven)
{
	struct side *s = ctx;

	(void)who;
	s->n_version++;
	s->version = version;
	s->version_proven = proven;
}

void
own(struct side *s, struct link *l)
{
	assert_non_null(l);
	s->link = l;
	l->events = &events;
	l->owner = s;
}

static void
on_turn(void *arg)
{
	streams_flush(arg);
}

static void
init_side(struct test *t, struct side *s, struct identity *id)
{
	s->room = (struct chan_room){
		.streams = &t->streams, .id = id, .ctx = s,
		.welcome = welcome, .other_version = other_version
	};
	buf_init(&s->got);
}

int
setup(void **state)
{
	struct test *t = mem_new(sizeof(*t));

	t->loop = loop_new(NULL);
	streams_init(&t->streams, t->loop);
	loop_hook(t->loop, LOOP_SEND, on_turn, &t->streams);
	t->alice = identity_new();
	t->bob = identity_new();
	init_side(t, &t->a, t->alice);
	init_side(t, &t->b, t->bob);
	t->fd = -1;
	*state = t;
	return 0;
}

int
teardown(void **state)
{
	struct test *t = *state;

	link_free(t->a.link);
	link_free(t->b.link);
	streams_clear(&t->streams);
	loop_turn(t->loop, 0);
	if (t->fd >= 0)
		close(t->fd);
	buf_clear(&t->a.got);
	buf_clear(&t->b.got);
	identity_free(t->alice);
	identity_free(t->bob);
	loop_free(t->loop);
	free(t);
	return 0;
}

void
turns(struct test *t, int n)
{
	while (n-- > 0)
		loop_turn(t->loop, 0);
}

void
make_pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (int i = 0; i < 2; i++)
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
}

struct stream *
end_of(struct test *t, int fd)
{
	static const struct stream_events none;
	struct addr a = { .family = ADDR_V4, .ip = { 192, 0, 2, 1 } };

	return stream_of(&t->streams, fd, &a, &none, NULL, NULL);
}

/* Alice dials Bob; x NULL: she does not know his key. */
void
join(struct test *t, const uint8_t *x)
{
	int fds[2];

	make_pair(fds);
	own(&t->b, chan_accept(&t->b.room, end_of(t, fds[1])));
	own(&t->a, chan_dial(&t->a.room, end_of(t, fds[0]), x));
}

const uint8_t *
x_of(const struct identity *id)
{
	return identity_keys(id)->x;
}

void
prove(struct test *t)
{
	assert_int_equal(link_send(t->a.link, RECORD_CARD, "card", 4), 0);
	turns(t, 3);
	assert_int_equal(t->b.n_proven, 1);
}

/* ---- the peer made by hand --------------------------------------------- */


const uint8_t preface[8] = { 'p', '2', 'p', 't', 1, 1, 1, 0 };
const uint8_t hello[6] = { 1, 1, 0, 0, 0, 0 };

void
hand_start(struct hand *h, bool initiator, const struct identity *me,
    const uint8_t *rs)
{
	static const uint8_t prologue[25] = {
		13, 0, 0, 0, 'p', '2', 'p', 't', 'u', 'i', '/', '1', '/', 'l',
		'i', 'v', 'e', 'p', '2', 'p', 't', 1, 1, 1, 0
	};
	struct noise_setup setup = {
		.pattern = NOISE_IK, .initiator = initiator,
		.prologue = prologue, .prologue_len = sizeof(prologue),
		.s = identity_x_secret(me), .rs = rs
	};

	memset(h, 0, sizeof(*h));
	h->noise = noise_new(&setup);
	assert_non_null(h->noise);
}

size_t
hand_msg1(struct hand *h, uint8_t wire[WIRE1])
{
	memcpy(wire, preface, 8);
	assert_int_equal(noise_write(h->noise, hello, 6, wire + 10, MSG1),
	    MSG1);
	put_u16(wire + 8, MSG1);
	return WIRE1;
}

void
hand_split(struct hand *h)
{
	noise_split(h->noise, &h->tx, &h->rx);
	noise_free(h->noise);
	h->noise = NULL;
}

/* Takes message 2 from fd. */
void
hand_finish(struct hand *h, int fd)
{
	uint8_t wire[2 + MSG2], payload[64];

	assert_int_equal(read(fd, wire, sizeof(wire)), sizeof(wire));
	assert_int_equal(get_u16(wire), MSG2);
	assert_int_equal(noise_read(h->noise, wire + 2, MSG2, payload,
	    sizeof(payload)), 6);
	assert_memory_equal(payload, hello, 6);
	hand_split(h);
}

void
hand_seal(struct hand *h, struct buf *out, uint8_t kind, const void *body,
    size_t len)
{
	uint8_t *p;

	if (h->n_tx > 0 && h->n_tx % 4096 == 0)
		cipher_rekey(&h->tx);
	h->n_tx++;
	p = buf_space(out, 2 + 1 + len + 16);
	put_u16(p, (uint16_t)(1 + len + 16));
	p[2] = kind;
	memcpy(p + 3, body, len);
	cipher_seal(&h->tx, NULL, 0, p + 2, 1 + len, p + 2);
	buf_added(out, 2 + 1 + len + 16);
}

void
hand_send(struct hand *h, int fd, uint8_t kind, const void *body, size_t len)
{
	struct buf out;

	buf_init(&out);
	hand_seal(h, &out, kind, body, len);
	assert_int_equal(write(fd, out.at, out.len), out.len);
	buf_clear(&out);
}

/* A short record from fd; its plaintext's length. */
size_t
hand_receive(struct hand *h, int fd, uint8_t plain[256])
{
	uint8_t wire[300];
	size_t len;

	assert_int_equal(read(fd, wire, 2), 2);
	len = get_u16(wire);
	assert_true(len >= 17 && len <= 256);
	assert_int_equal(read(fd, wire, len), len);
	if (h->n_rx > 0 && h->n_rx % 4096 == 0)
		cipher_rekey(&h->rx);
	h->n_rx++;
	assert_int_equal(cipher_open(&h->rx, NULL, 0, wire, len, plain), 0);
	return len - 16;
}

void
accept_hand(struct test *t)
{
	int fds[2];

	if (t->fd >= 0)
		close(t->fd);
	link_free(t->b.link);
	make_pair(fds);
	t->fd = fds[1];
	t->b.n_proven = t->b.n_closed = t->b.n_records = 0;
	buf_empty(&t->b.got);
	own(&t->b, chan_accept(&t->b.room, end_of(t, fds[0])));
}

/* Up to the first record. */
void
shake_hand(struct test *t, struct hand *h)
{
	uint8_t wire[WIRE1];

	accept_hand(t);
	hand_start(h, true, t->alice, x_of(t->bob));
	hand_msg1(h, wire);
	assert_int_equal(write(t->fd, wire, sizeof(wire)), sizeof(wire));
	turns(t, 2);
	hand_finish(h, t->fd);
}
