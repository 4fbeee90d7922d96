/* Sealed channels over socket pairs. */
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
#include "vectors.h"

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
		T(t_both_directions_rekey_every_4096_records)
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return 1;
	return cmocka_run_group_tests_name("chan", tests, NULL, NULL);
}
