/* Sealed channels over socket pairs: two of ours, and ours against a peer
 * made by hand from the words of the protocol. */
#include "chan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "noise.h"
#include "rand.h"
#include "vectors.h"

enum { MSG1 = 102, MSG2 = 54, WIRE1 = CHAN_PREFACE + 2 + MSG1 };

/* One end: a channel and what it told. */
struct side {
	struct chan_room room;
	struct link *link;
	int n_proven, n_closed, n_records;
	bool clean;
	char why[120];
	struct buf got;			/* u8 kind, LP body */
	bool refuse;
	int n_version;
	unsigned version;
	bool version_proven;
	int answer_to;			/* answers so many records */
};

struct test {
	struct loop *loop;
	struct streams streams;
	struct identity *alice, *bob;
	struct side a, b;
	int fd;				/* of the hand-made peer */
};

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
on_room(void *owner, struct link *l)
{
	(void)owner;
	(void)l;
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
	.on_proven = on_proven, .on_record = on_record, .on_room = on_room,
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

static void
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

static int
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

static int
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

static void
turns(struct test *t, int n)
{
	while (n-- > 0)
		loop_turn(t->loop, 0);
}

static void
make_pair(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (int i = 0; i < 2; i++)
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
}

static struct stream *
end_of(struct test *t, int fd)
{
	static const struct stream_events none;
	struct addr a = { .family = ADDR_V4, .ip = { 192, 0, 2, 1 } };

	return stream_of(&t->streams, fd, &a, &none, NULL, NULL);
}

/* Alice dials Bob; x NULL: she does not know his key. */
static void
join(struct test *t, const uint8_t *x)
{
	int fds[2];

	make_pair(fds);
	own(&t->b, chan_accept(&t->b.room, end_of(t, fds[1])));
	own(&t->a, chan_dial(&t->a.room, end_of(t, fds[0]), x));
}

static const uint8_t *
x_of(const struct identity *id)
{
	return identity_keys(id)->x;
}

static void
prove(struct test *t)
{
	assert_int_equal(link_send(t->a.link, RECORD_CARD, "card", 4), 0);
	turns(t, 3);
	assert_int_equal(t->b.n_proven, 1);
}

static void
t_ik_proves_both_and_carries_records(void **state)
{
	struct test *t = *state;

	join(t, x_of(t->bob));
	turns(t, 4);
	assert_int_equal(t->a.n_proven, 1);
	assert_int_equal(t->b.n_proven, 0);
	assert_int_equal(link_send(t->b.link, RECORD_CARD, "x", 1), -1);
	prove(t);
	assert_memory_equal(link_remote(t->a.link), x_of(t->bob), KEY_LEN);
	assert_memory_equal(link_remote(t->b.link), x_of(t->alice), KEY_LEN);
	assert_int_equal(t->b.got.at[0], RECORD_CARD);
	assert_memory_equal(t->b.got.at + 5, "card", 4);
	assert_int_equal(link_send(t->b.link, RECORD_PING, "12345678", 8), 0);
	turns(t, 3);
	assert_int_equal(t->a.n_records, 1);
	assert_int_equal(t->a.got.at[0], RECORD_PING);
}

static void
t_xx_learns_both_keys(void **state)
{
	struct test *t = *state;

	join(t, NULL);
	turns(t, 6);
	assert_int_equal(t->a.n_proven, 1);
	prove(t);
	assert_memory_equal(link_remote(t->a.link), x_of(t->bob), KEY_LEN);
	assert_memory_equal(link_remote(t->b.link), x_of(t->alice), KEY_LEN);
}

static void
t_frames_of_a_turn_share_a_record(void **state)
{
	struct test *t = *state;
	char frame[300] = { 0 };

	join(t, x_of(t->bob));
	turns(t, 4);
	prove(t);
	for (int i = 0; i < 10; i++)
		link_send(t->a.link, RECORD_FRAME, frame, sizeof(frame));
	link_send(t->a.link, RECORD_PING, "12345678", 8);
	link_send(t->a.link, RECORD_FRAME, frame, sizeof(frame));
	turns(t, 3);
	assert_int_equal(t->b.n_records, 1 + 3);
	assert_int_equal(get_u32(t->b.got.at + 9 + 1), 10 * sizeof(frame));
}

static void
t_close_record_is_a_clean_end_and_silence_is_not(void **state)
{
	struct test *t = *state;

	join(t, x_of(t->bob));
	turns(t, 4);
	prove(t);
	link_close(t->a.link, 0);
	assert_int_equal(link_send(t->a.link, RECORD_PING, "x", 1), -1);
	turns(t, 3);
	assert_int_equal(t->b.n_closed, 1);
	assert_true(t->b.clean);
	assert_int_equal(t->a.n_closed, 0);
	link_free(t->a.link);
	t->a.link = NULL;
	t->b.n_proven = 0;
	join(t, x_of(t->bob));
	turns(t, 4);
	prove(t);
	link_free(t->a.link);
	t->a.link = NULL;
	turns(t, 3);
	assert_int_equal(t->b.n_closed, 2);
	assert_false(t->b.clean);
}

static void
t_wrong_key_is_found_out(void **state)
{
	struct test *t = *state;
	struct identity *carol = identity_new();

	join(t, x_of(carol));
	turns(t, 6);
	assert_int_equal(t->a.n_closed, 1);
	assert_int_equal(t->b.n_closed, 1);
	assert_int_equal(t->a.n_proven + t->b.n_proven, 0);
	assert_int_equal(t->b.room.counts.forged, 1);
	identity_free(carol);
}

static void
t_unwelcome_and_myself_are_refused(void **state)
{
	struct test *t = *state;

	t->b.refuse = true;
	join(t, x_of(t->bob));
	turns(t, 6);
	assert_int_equal(t->b.room.counts.unwelcome, 1);
	assert_int_equal(t->a.n_proven, 0);
	assert_int_equal(t->a.n_closed, 1);
	t->b.refuse = false;
	t->b.room.id = t->alice;
	join(t, NULL);
	turns(t, 6);
	assert_int_equal(t->a.n_proven, 0);
	assert_non_null(strstr(t->a.why, "my own"));
}

static void
row_50_zero_and_low_order_keys(void **state)
{
	static const uint8_t zero[KEY_LEN], one[KEY_LEN] = { 1 };
	struct test *t = *state;
	uint8_t wire[WIRE1] = { 'p', '2', 'p', 't', 1, 1, 1, 0, MSG1, 0 };
	int fds[2];

	make_pair(fds);
	assert_null(chan_dial(&t->a.room, end_of(t, fds[0]), zero));
	close(fds[1]);
	make_pair(fds);
	assert_null(chan_dial(&t->a.room, end_of(t, fds[0]), one));
	close(fds[1]);
	for (int i = 0; i < 2; i++) {
		make_pair(fds);
		wire[CHAN_PREFACE + 2] = (uint8_t)i;
		own(&t->b, chan_accept(&t->b.room, end_of(t, fds[0])));
		assert_int_equal(write(fds[1], wire, sizeof(wire)), WIRE1);
		turns(t, 2);
		assert_int_equal(t->b.n_closed, i + 1);
		close(fds[1]);
	}
}

/* ---- the peer made by hand --------------------------------------------- */

/* PROTOCOL section 5, spelled out; not one byte comes from chan.c. */
struct hand {
	struct noise *noise;
	struct cipher tx, rx;
	uint64_t n_tx, n_rx;
};

static const uint8_t preface[8] = { 'p', '2', 'p', 't', 1, 1, 1, 0 };
static const uint8_t hello[6] = { 1, 1, 0, 0, 0, 0 };

static void
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

static size_t
hand_msg1(struct hand *h, uint8_t wire[WIRE1])
{
	memcpy(wire, preface, 8);
	assert_int_equal(noise_write(h->noise, hello, 6, wire + 10, MSG1),
	    MSG1);
	put_u16(wire + 8, MSG1);
	return WIRE1;
}

static void
hand_split(struct hand *h)
{
	noise_split(h->noise, &h->tx, &h->rx);
	noise_free(h->noise);
	h->noise = NULL;
}

/* Takes message 2 from fd. */
static void
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

static void
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

static void
hand_send(struct hand *h, int fd, uint8_t kind, const void *body, size_t len)
{
	struct buf out;

	buf_init(&out);
	hand_seal(h, &out, kind, body, len);
	assert_int_equal(write(fd, out.at, out.len), out.len);
	buf_clear(&out);
}

/* A short record from fd; its plaintext's length. */
static size_t
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

static void
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
static void
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

static void
t_wire_is_the_protocols(void **state)
{
	struct test *t = *state;
	struct hand h;
	uint8_t plain[256];

	shake_hand(t, &h);
	assert_int_equal(t->b.n_proven, 0);
	hand_send(&h, t->fd, RECORD_CARD, "me", 2);
	turns(t, 2);
	assert_int_equal(t->b.n_proven, 1);
	assert_int_equal(t->b.n_records, 1);
	link_send(t->b.link, RECORD_PONG, "87654321", 8);
	turns(t, 2);
	assert_int_equal(hand_receive(&h, t->fd, plain), 9);
	assert_int_equal(plain[0], RECORD_PONG);
	assert_memory_equal(plain + 1, "87654321", 8);
}

/* The same from the other end, and its first bytes as the vector has them. */
static void
t_dialler_sends_preface_and_message_1(void **state)
{
	struct test *t = *state;
	struct vectors *v = vectors_open("p2ptui_live.txt");
	const struct section *s = vectors_get(v, "tcp");
	uint8_t wire[WIRE1], payload[64], out[2 + MSG2];
	struct hand h;
	int fds[2];

	make_pair(fds);
	t->fd = fds[1];
	own(&t->a, chan_dial(&t->a.room, end_of(t, fds[0]), x_of(t->bob)));
	turns(t, 1);
	assert_int_equal(read(t->fd, wire, sizeof(wire)), WIRE1);
	assert_memory_equal(wire, section_exact(s, "preface", 8), 8);
	assert_int_equal(get_u16(wire + 8), MSG1);
	hand_start(&h, false, t->bob, NULL);
	assert_int_equal(noise_read(h.noise, wire + 10, MSG1, payload,
	    sizeof(payload)), 6);
	assert_memory_equal(payload, section_exact(s, "hello_payload", 6), 6);
	assert_memory_equal(noise_remote(h.noise), x_of(t->alice), KEY_LEN);
	assert_int_equal(noise_write(h.noise, hello, 6, out + 2, MSG2), MSG2);
	put_u16(out, MSG2);
	hand_split(&h);
	assert_int_equal(write(t->fd, out, sizeof(out)), sizeof(out));
	turns(t, 2);
	assert_int_equal(t->a.n_proven, 1);
	vectors_free(v);
}

static void
t_both_directions_rekey_every_4096_records(void **state)
{
	struct test *t = *state;
	uint8_t plain[256];
	struct hand h;

	shake_hand(t, &h);
	t->b.answer_to = 9000;
	for (int i = 0; i < 9000; i++) {
		hand_send(&h, t->fd, RECORD_PING, &i, sizeof(i));
		if (i % 10 != 9)
			continue;
		turns(t, 1);
		for (int k = i - 9; k <= i; k++) {
			assert_int_equal(hand_receive(&h, t->fd, plain),
			    1 + sizeof(i));
			assert_memory_equal(plain + 1, &k, sizeof(k));
		}
	}
	assert_int_equal(t->b.n_records, 9000);
	assert_int_equal(t->b.n_closed, 0);
}

/* ---- hostile bytes ----------------------------------------------------- */

/* Nothing but the end comes back. */
static void
expect_silent_close(struct test *t, const char *what, size_t which)
{
	uint8_t byte[64];
	ssize_t n;

	turns(t, 2);
	if (t->b.n_closed != 1 || t->b.n_proven || t->b.n_records)
		fail_msg("%s %zu: closed %d, proven %d, records %d", what,
		    which, t->b.n_closed, t->b.n_proven, t->b.n_records);
	n = read(t->fd, byte, sizeof(byte));
	if (n > 0)
		fail_msg("%s %zu: %zd bytes were answered", what, which, n);
}

static void
send_alien(struct test *t, const void *p, size_t len, const char *what)
{
	accept_hand(t);
	assert_int_equal(write(t->fd, p, len), len);
	expect_silent_close(t, what, 0);
}

static void
row_47_alien_protocols_are_closed_silently(void **state)
{
	static const uint8_t tls[] = {
		0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 1, 2, 3, 4
	};
	struct test *t = *state;
	uint8_t noise[900];

	send_alien(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27, "http");
	send_alien(t, tls, sizeof(tls), "tls");
	send_alien(t, "\0", 1, "a zero");
	for (int i = 0; i < 200; i++) {
		rand_bytes(noise, sizeof(noise));
		noise[0] |= 0x80;	/* surely not 'p' */
		send_alien(t, noise, sizeof(noise), "random");
	}
	assert_int_equal(t->b.room.counts.alien, 203);
	/* Nothing at all, and the end. */
	accept_hand(t);
	shutdown(t->fd, SHUT_WR);
	expect_silent_close(t, "nothing", 0);
}

static void
row_48_every_truncation_of_message_1(void **state)
{
	struct test *t = *state;
	uint8_t wire[WIRE1];
	struct hand h;

	for (size_t n = 0; n < WIRE1; n++) {
		accept_hand(t);
		hand_start(&h, true, t->alice, x_of(t->bob));
		hand_msg1(&h, wire);
		noise_free(h.noise);
		assert_int_equal(write(t->fd, wire, n), n);
		shutdown(t->fd, SHUT_WR);
		expect_silent_close(t, "truncation", n);
	}
	assert_true(t->b.room.counts.cut >= WIRE1 - 1);
}

static void
row_48_every_bit_flip_of_message_1(void **state)
{
	struct test *t = *state;
	uint8_t wire[WIRE1];
	struct hand h;

	hand_start(&h, true, t->alice, x_of(t->bob));
	hand_msg1(&h, wire);
	noise_free(h.noise);
	for (size_t i = 0; i < WIRE1 * 8; i++) {
		accept_hand(t);
		wire[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(write(t->fd, wire, WIRE1), WIRE1);
		shutdown(t->fd, SHUT_WR);
		expect_silent_close(t, "bit", i);
		wire[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	/* And unturned it is taken. */
	accept_hand(t);
	assert_int_equal(write(t->fd, wire, WIRE1), WIRE1);
	turns(t, 2);
	assert_int_equal(read(t->fd, wire, WIRE1), 2 + MSG2);
}

static void
row_48_every_bit_flip_of_message_2(void **state)
{
	struct test *t = *state;

	for (size_t i = 0; i < (2 + MSG2) * 8; i++) {
		uint8_t wire[WIRE1], out[2 + MSG2], payload[64];
		struct hand h;
		int fds[2];

		make_pair(fds);
		t->a.n_closed = 0;
		own(&t->a, chan_dial(&t->a.room, end_of(t, fds[0]),
		    x_of(t->bob)));
		turns(t, 1);
		assert_int_equal(read(fds[1], wire, sizeof(wire)), WIRE1);
		hand_start(&h, false, t->bob, NULL);
		noise_read(h.noise, wire + 10, MSG1, payload, sizeof(payload));
		noise_write(h.noise, hello, 6, out + 2, MSG2);
		put_u16(out, MSG2);
		noise_free(h.noise);
		out[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(write(fds[1], out, sizeof(out)), sizeof(out));
		shutdown(fds[1], SHUT_WR);
		turns(t, 2);
		if (t->a.n_closed != 1 || t->a.n_proven)
			fail_msg("bit %zu passed", i);
		close(fds[1]);
	}
}

static void
row_48_every_bit_flip_of_the_first_record(void **state)
{
	struct test *t = *state;
	struct buf out;
	size_t bits = 8 * (2 + 1 + 4 + 16);

	buf_init(&out);
	for (size_t i = 0; i < bits; i++) {
		struct hand h;

		shake_hand(t, &h);
		buf_empty(&out);
		hand_seal(&h, &out, RECORD_CARD, "card", 4);
		out.at[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(write(t->fd, out.at, out.len), out.len);
		shutdown(t->fd, SHUT_WR);
		expect_silent_close(t, "bit", i);
	}
	buf_clear(&out);
}

static void
row_49_replays_are_refused(void **state)
{
	struct test *t = *state;
	uint8_t wire[WIRE1];
	struct buf out;
	struct hand h;

	/* A record, twice. */
	shake_hand(t, &h);
	buf_init(&out);
	hand_seal(&h, &out, RECORD_CARD, "card", 4);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(write(t->fd, out.at, out.len), out.len);
		turns(t, 2);
		assert_int_equal(t->b.n_records, 1);
		assert_int_equal(t->b.n_closed, i);
	}
	/* A whole recorded handshake: it is answered, nobody is told, and the
	 * recorded record does not fit the new keys. */
	hand_start(&h, true, t->alice, x_of(t->bob));
	hand_msg1(&h, wire);
	noise_free(h.noise);
	for (int i = 0; i < 2; i++) {
		accept_hand(t);
		assert_int_equal(write(t->fd, wire, WIRE1), WIRE1);
		turns(t, 2);
		assert_int_equal(t->b.n_proven, 0);
		assert_int_equal(t->b.n_closed, 0);
		assert_int_equal(write(t->fd, out.at, out.len), out.len);
		turns(t, 2);
		assert_int_equal(t->b.n_proven, 0);
		assert_int_equal(t->b.n_closed, 1);
	}
	buf_clear(&out);
}

static void
row_46_impossible_lengths_before_proof(void **state)
{
	struct test *t = *state;
	uint8_t wire[WIRE1];
	struct hand h;

	hand_start(&h, true, t->alice, x_of(t->bob));
	hand_msg1(&h, wire);
	noise_free(h.noise);
	put_u16(wire + 8, 65535);
	send_alien(t, wire, WIRE1, "65535");
	put_u16(wire + 8, 0);
	send_alien(t, wire, WIRE1, "0");
	/* The first record is a card, and no more. */
	shake_hand(t, &h);
	put_u16(wire, CHAN_FIRST_MAX);
	assert_int_equal(write(t->fd, wire, 2), 2);
	expect_silent_close(t, "first record", 0);
}

static void
send_preface(struct test *t, uint8_t version)
{
	uint8_t wire[WIRE1];
	struct hand h;

	hand_start(&h, true, t->alice, x_of(t->bob));
	hand_msg1(&h, wire);
	noise_free(h.noise);
	wire[4] = version;
	send_alien(t, wire, WIRE1, "version");
	assert_int_equal(t->b.version, version);
	assert_false(t->b.version_proven);
}

static void
row_55_other_versions_are_named_and_refused(void **state)
{
	static const uint8_t newer[6] = { 2, 3, 0, 0, 0, 0 };
	static const uint8_t both[6] = { 1, 9, 0, 0, 0, 0 };
	static const uint8_t wrong[6] = { 3, 1, 0, 0, 0, 0 };
	struct test *t = *state;
	const uint8_t *hellos[3] = { newer, both, wrong };

	send_preface(t, 0);
	send_preface(t, 2);
	send_preface(t, 255);
	assert_int_equal(t->b.n_version, 3);
	/* The range inside the handshake: of the other's word alone. */
	for (int i = 0; i < 3; i++) {
		uint8_t wire[WIRE1];
		struct hand h;

		accept_hand(t);
		hand_start(&h, true, t->alice, x_of(t->bob));
		memcpy(wire, preface, 8);
		put_u16(wire + 8, MSG1);
		noise_write(h.noise, hellos[i], 6, wire + 10, MSG1);
		noise_free(h.noise);
		assert_int_equal(write(t->fd, wire, WIRE1), WIRE1);
		turns(t, 2);
		assert_int_equal(t->b.n_closed, i == 1 ? 0 : 1);
		assert_int_equal(t->b.n_version, 4);
	}
	assert_int_equal(t->b.version, 3);
}

static void
row_44_silence_and_slowloris_end_at_the_deadline(void **state)
{
	struct test *t = *state;
	uint8_t wire[WIRE1];
	struct clock now;
	struct hand h;
	int64_t from;

	hand_start(&h, true, t->alice, x_of(t->bob));
	hand_msg1(&h, wire);
	noise_free(h.noise);
	accept_hand(t);
	clock_read(&now);
	from = now.mono_us;
	for (size_t i = 0; i < WIRE1 && t->b.n_closed == 0; i++) {
		if (write(t->fd, wire + i, 1) != 1)
			break;
		loop_turn(t->loop, 200);
		loop_turn(t->loop, 200);
	}
	clock_read(&now);
	assert_int_equal(t->b.n_closed, 1);
	assert_int_equal(t->b.room.counts.late, 1);
	assert_in_range((now.mono_us - from) / 1000, CHAN_DEADLINE_MS - 500,
	    CHAN_DEADLINE_MS + 2000);
}

/* Descriptors are not kept, whatever the state. */
static void
row_56_closing_in_each_state_leaks_nothing(void **state)
{
	struct test *t = *state;
	int before, after;

	before = dup(0);
	close(before);
	for (int i = 0; i < 400; i++) {
		join(t, i % 2 ? x_of(t->bob) : NULL);
		turns(t, i % 8);
		if (i % 3 == 0 && t->a.link)
			link_send(t->a.link, RECORD_FRAME, "x", 1);
		if (t->a.link && i % 5 == 0)
			link_close(t->a.link, 0);
		link_free(t->a.link);
		t->a.link = NULL;
		turns(t, i % 4);
		link_free(t->b.link);
		t->b.link = NULL;
		t->b.n_proven = t->b.n_closed = 0;
	}
	for (int i = 0; i < 500 && streams_are_lingering(&t->streams); i++)
		loop_turn(t->loop, 2);
	turns(t, 2);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

static void
t_frame_lengths_are_checked(void **state)
{
	uint8_t p[FRAME_MAX + 200] = { 0 };

	(void)state;
	assert_int_equal(chan_frame_len(p, 0), 0);
	assert_int_equal(chan_frame_len(p, 111), 0);
	assert_int_equal(chan_frame_len(p, 112), 112);
	put_u32(p + 108, 10);
	assert_int_equal(chan_frame_len(p, 121), 0);
	assert_int_equal(chan_frame_len(p, 122), 122);
	assert_int_equal(chan_frame_len(p, sizeof(p)), 122);
	put_u32(p + 108, UINT32_MAX);
	assert_int_equal(chan_frame_len(p, sizeof(p)), 0);
	put_u32(p + 108, FRAME_MAX - 112);
	assert_int_equal(chan_frame_len(p, sizeof(p)), FRAME_MAX);
	put_u32(p + 108, FRAME_MAX - 111);
	assert_int_equal(chan_frame_len(p, sizeof(p)), 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(t_ik_proves_both_and_carries_records),
		T(t_xx_learns_both_keys),
		T(t_frames_of_a_turn_share_a_record),
		T(t_close_record_is_a_clean_end_and_silence_is_not),
		T(t_wrong_key_is_found_out),
		T(t_unwelcome_and_myself_are_refused),
		T(row_50_zero_and_low_order_keys),
		T(t_wire_is_the_protocols),
		T(t_dialler_sends_preface_and_message_1),
		T(t_both_directions_rekey_every_4096_records),
		T(row_47_alien_protocols_are_closed_silently),
		T(row_48_every_truncation_of_message_1),
		T(row_48_every_bit_flip_of_message_1),
		T(row_48_every_bit_flip_of_message_2),
		T(row_48_every_bit_flip_of_the_first_record),
		T(row_49_replays_are_refused),
		T(row_46_impossible_lengths_before_proof),
		T(row_55_other_versions_are_named_and_refused),
		T(row_44_silence_and_slowloris_end_at_the_deadline),
		T(row_56_closing_in_each_state_leaks_nothing),
		T(t_frame_lengths_are_checked)
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return 1;
	return cmocka_run_group_tests_name("chan", tests, NULL, NULL);
}
