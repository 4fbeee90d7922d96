/* Bytes of strangers, cut, turned, said again, or never sent. */
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
	while (streams_are_lingering(&t->streams))
		loop_turn(t->loop, 2);
	turns(t, 2);
	after = dup(0);
	close(after);
	assert_int_equal(before, after);
}

/* It asks and asks, and reads no answer: what waits for it stays bounded. */
static void
row_45_a_deaf_asker_costs_no_memory(void **state)
{
	enum { ASKS = 80000 };
	static const uint8_t ask[8] = { 1 };
	struct test *t = *state;
	int refused = 0;

	join(t, x_of(t->bob));
	turns(t, 8);
	prove(t);
	for (int i = 0; i < ASKS; i++)
		refused += link_send(t->b.link, RECORD_PONG, ask,
		    sizeof(ask)) != 0;
	assert_in_range(refused, ASKS / 2, ASKS - 1);
	/* It still can be told to go.  What waits has left by then: a slow
	 * machine would need longer for it than a goodbye may linger. */
	turns(t, 2000);
	link_close(t->b.link, 0);
	turns(t, 40);
	assert_true(t->a.clean);
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
		T(row_45_a_deaf_asker_costs_no_memory),
		T(t_frame_lengths_are_checked)
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return 1;
	return cmocka_run_group_tests_name("chan hostile", tests, NULL, NULL);
}
