#include "relay/client.h"

#include <string.h>

#include "rand.h"
#include "sock.h"

static struct rig rig;

static int
make(void **state)
{
	(void)state;
	rig_open(&rig);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

/* ---- handshakes ---------------------------------------------------------- */

static void
t_nk_for_those_who_know_the_key(void **state)
{
	struct client *c = client_new(&rig);
	struct addr me;

	(void)state;
	client_shake(c, RELAY_NK, NULL);
	sock_local(c->fd, &me);
	assert_true(addr_equal(&c->welcome.seen, &me));
	assert_int_equal(c->welcome.keepalive_s, RELAY_KEEPALIVE_S);
	assert_int_equal(c->welcome.stun[0], relay_stun_port(rig.relay, 0));
	assert_int_equal(c->welcome.stun[1], relay_stun_port(rig.relay, 1));
	assert_int_not_equal(c->welcome.stun[0], c->welcome.stun[1]);
	client_silence(c);
	assert_int_equal(relay_stats(rig.relay)->handshakes, 1);
	assert_int_equal(relay_stats(rig.relay)->clients, 1);
	client_free(c);
	rig_settle(&rig);
	assert_int_equal(relay_stats(rig.relay)->clients, 0);
}

static void
t_nx_tells_the_key(void **state)
{
	struct client *c = client_new(&rig);
	uint8_t key[32];

	(void)state;
	client_shake(c, RELAY_NX, key);
	assert_memory_equal(key, relay_key(rig.relay), 32);
	client_silence(c);
	client_free(c);
}

/* In the smallest pieces there are. */
static void
t_bytes_may_come_one_by_one(void **state)
{
	struct client *c = client_new(&rig);
	struct buf out = { 0 };
	struct noise *n = client_message1(&rig, RELAY_NK, &out);
	struct client *d;
	struct buf whole;

	(void)state;
	for (size_t i = 0; i < out.len; i++) {
		client_raw(c, out.at + i, 1);
		rig_settle(&rig);
	}
	buf_clear(&out);
	client_take_answer(c, n);
	noise_free(n);
	/* A record, too; beside it another client lives. */
	d = client_up(&rig);
	client_say(c, &(struct relay_msg){ .op = OP_PING, .number = 5 });
	whole = c->out;
	buf_init(&c->out);
	for (size_t i = 0; i < whole.len; i++) {
		client_raw(c, whole.at + i, 1);
		rig_settle(&rig);
		client_silence(d);
	}
	buf_clear(&whole);
	assert_true(client_expect(c, OP_PONG)->number == 5);
	client_free(c);
	client_free(d);
}

static void
t_keys_are_renewed(void **state)
{
	struct client *c = client_up(&rig);

	(void)state;
	for (int i = 0; i < 2 * RELAY_REKEY + 10; i++)
		client_silence(c);
	assert_true(c->tx.n > 2 * RELAY_REKEY);
	assert_true(c->rx.n > 2 * RELAY_REKEY);
	client_free(c);
}

static void
refused(const void *p, size_t len)
{
	struct client *c = client_new(&rig);

	client_raw(c, p, len);
	client_cut(c);
	client_free(c);
}

static void
row_47_other_protocols_are_closed_silently(void **state)
{
	uint8_t noise[1000];

	(void)state;
	refused("GET / HTTP/1.1\r\n\r\n", 18);
	refused("\x16\x03\x01\x02\x00\x01", 6);
	/* The first wrong byte is enough. */
	refused("S", 1);
	refused("p2pt\1\1\0\0", 8);
	for (int i = 0; i < 50; i++) {
		rand_bytes(noise, sizeof(noise));
		noise[0] |= 0x80;
		refused(noise, sizeof(noise));
	}
	rig_settle(&rig);
	assert_int_equal(relay_stats(rig.relay)->pending, 0);
	assert_int_equal(relay_stats(rig.relay)->failed, 54);
}

static void
row_55_other_versions_are_closed(void **state)
{
	(void)state;
	refused("p2pr\0", 5);
	refused("p2pr\2", 5);
	refused("p2pr\377", 5);
	refused("p2pr\1\3", 6);
	refused("p2pr\1\1\1", 7);
	refused("p2pr\1\1\0\1", 8);
}

/* Who speaks other versions only is told ours, sealed, before the end. */
static void
row_55_versions_are_told_inside_the_handshake(void **state)
{
	const uint8_t preface[] = { 'p', '2', 'p', 'r', 1, RELAY_NX, 0, 0 };
	uint8_t hello[RELAY_HELLO] = { 7, 9 }, msg[256];
	struct buf prologue = { 0 }, out = { 0 };
	struct client *c = client_new(&rig);
	struct noise_setup setup = { .pattern = NOISE_NX, .initiator = true };
	struct noise *n;
	ssize_t len;

	(void)state;
	buf_lp(&prologue, "p2ptui/1/relay", 14);
	buf_put(&prologue, preface, 8);
	setup.prologue = prologue.at;
	setup.prologue_len = prologue.len;
	n = noise_new(&setup);
	len = noise_write(n, hello, sizeof(hello), msg, sizeof(msg));
	buf_put(&out, preface, 8);
	buf_u16(&out, (uint16_t)len);
	buf_put(&out, msg, (size_t)len);
	client_raw(c, out.at, out.len);
	client_take_answer(c, n);	/* it holds the range 1..1 */
	noise_free(n);
	client_cut(c);
	client_free(c);
	buf_clear(&prologue);
	buf_clear(&out);
	assert_int_equal(relay_stats(rig.relay)->handshakes, 0);
}

static void
row_46_a_length_before_the_handshake_allocates_nothing(void **state)
{
	(void)state;
	refused("p2pr\1\1\0\0\xff\xff", 10);
	refused("p2pr\1\1\0\0\x01\x01", 10);
	refused("p2pr\1\1\0\0\0\0", 10);
}

static void
row_48_every_bit_flip_of_message_1_is_closed(void **state)
{
	struct buf out = { 0 };

	(void)state;
	noise_free(client_message1(&rig, RELAY_NK, &out));
	for (size_t bit = 0; bit < out.len * 8; bit++) {
		/* A shorter or longer length waits for the rest. */
		if (bit / 8 == 8 || bit / 8 == 9)
			continue;
		/* NX asks for no more than a key: see below. */
		if (bit / 8 == 5)
			continue;
		/* RFC 7748: the highest bit of a key does not count, but the
		 * hash sees it. */
		out.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		refused(out.at, out.len);
		out.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	buf_clear(&out);
	rig_settle(&rig);
	assert_int_equal(relay_stats(rig.relay)->pending, 0);
	assert_int_equal(relay_stats(rig.relay)->handshakes, 0);
}

static bool
none_is_left(struct rig *r)
{
	return relay_stats(r->relay)->pending == 0 &&
	    relay_stats(r->relay)->clients == 0;
}

static void
row_48_every_truncation_leaves_nothing(void **state)
{
	struct buf out = { 0 };

	(void)state;
	noise_free(client_message1(&rig, RELAY_NK, &out));
	for (size_t len = 0; len < out.len; len++) {
		struct client *c = client_new(&rig);

		client_raw(c, out.at, len);
		rig_settle(&rig);
		assert_int_equal(relay_stats(rig.relay)->pending, 1);
		client_free(c);
		rig_until(&rig, none_is_left);
	}
	buf_clear(&out);
}

/* A message 1 of yesterday gets an answer that only its maker could read;
 * a record of yesterday ends the link. */
static void
row_49_replayed_bytes_do_nothing(void **state)
{
	struct client *c = client_new(&rig), *d;
	struct buf out = { 0 }, record = { 0 };
	struct noise *n = client_message1(&rig, RELAY_NK, &out);
	const uint8_t id[MEET_ID] = { 1 };

	(void)state;
	client_raw(c, out.at, out.len);
	client_take_answer(c, n);
	noise_free(n);
	client_say(c, &(struct relay_msg){ .op = OP_MEET, .p = id,
	    .len = MEET_ID });
	buf_put(&record, c->out.at, c->out.len);
	client_silence(c);
	assert_int_equal(relay_stats(rig.relay)->meets, 1);
	client_free(c);
	rig_until(&rig, none_is_left);

	d = client_new(&rig);
	client_raw(d, out.at, out.len);
	while (d->in.len == 0)
		loop_turn(rig.loop, -1);
	buf_empty(&d->in);
	client_raw(d, record.at, record.len);
	client_cut(d);
	assert_int_equal(relay_stats(rig.relay)->meets, 0);
	assert_int_equal(relay_stats(rig.relay)->violations, 1);
	client_free(d);
	/* Twice within one link, too. */
	c = client_up(&rig);
	client_say(c, &(struct relay_msg){ .op = OP_PONG });
	buf_put(&c->out, c->out.at, c->out.len);
	client_cut(c);
	client_free(c);
	buf_clear(&out);
	buf_clear(&record);
}

static void
row_50_keys_of_low_order_are_refused(void **state)
{
	static const uint8_t low[][32] = {
		{ 0 }, { 1 },
		{ 0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56,
		  0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb,
		  0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
		  0xb8, 0x00 },
		{ 0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		  0xff, 0x7f }
	};

	(void)state;
	for (size_t kind = RELAY_NK; kind <= RELAY_NX; kind++) {
		for (size_t i = 0; i < sizeof(low) / sizeof(*low); i++) {
			struct buf out = { 0 };

			noise_free(client_message1(&rig,
			    (enum relay_kind)kind, &out));
			memcpy(out.at + 10, low[i], 32);
			refused(out.at, out.len);
			buf_clear(&out);
		}
	}
}

/* ---- records ------------------------------------------------------------- */

static void
row_48_a_forged_record_ends_the_link(void **state)
{
	(void)state;
	for (size_t at = 2; at < 29; at += 3) {
		struct client *c = client_up(&rig);

		client_say(c, &(struct relay_msg){ .op = OP_PING });
		c->out.at[at] ^= 1;
		client_cut(c);
		client_free(c);
	}
}

static void
t_what_no_client_says_ends_the_link(void **state)
{
	static const struct relay_msg said[] = {
		{ .op = OP_DONE }, { .op = OP_BYE }, { .op = OP_CARD },
		{ .op = OP_HERE },
		{ .op = OP_CREDIT, .tag = 1, .value = 1 }
	};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct client *c = client_up(&rig);

		client_say(c, &said[i]);
		if (said[i].op == OP_CREDIT)	/* of a pipe just gone */
			client_silence(c);
		else
			client_cut(c);
		client_free(c);
	}
}

static void
row_55_unknown_ops_are_skipped(void **state)
{
	static const uint8_t plain[] = { 200, 2, 0, 'h', 'i', OP_PING, 8, 0,
		9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct client *c = client_up(&rig);

	(void)state;
	client_seal(c, plain, sizeof(plain));
	assert_true(client_expect(c, OP_PONG)->number == 9);
	client_free(c);
}

/* What a turn has for one client leaves as one record. */
static void
t_answers_of_a_turn_share_a_record(void **state)
{
	struct client *c = client_up(&rig);
	struct buf b = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 100; i++)
		relay_msg_write(&b, &(struct relay_msg){ .op = OP_PING,
		    .number = i });
	client_seal(c, b.at, b.len);
	for (uint64_t i = 0; i < 100; i++)
		assert_true(client_expect(c, OP_PONG)->number == i);
	assert_int_equal(c->n_records, 1);
	buf_clear(&b);
	client_free(c);
}

/* ---- access token -------------------------------------------------------- */

static void
t_without_the_token_nothing_is_done(void **state)
{
	static const struct relay_msg hello = { .op = OP_HELLO,
		.p = (const uint8_t *)"wrong", .len = 5 };
	struct queue_key box;
	struct client *c;

	(void)state;
	client_box(&box, 1);
	strcpy(rig.limits.token, "sesame");
	rig_limit(&rig);

	c = client_up(&rig);
	client_say_open(c, 5, &box);
	client_done(c, 5, RELAY_DENIED);
	client_cut(c);
	client_free(c);

	c = client_up(&rig);
	client_say(c, &hello);
	client_done(c, 0, RELAY_DENIED);
	client_cut(c);
	client_free(c);
	assert_int_equal(relay_stats(rig.relay)->denied, 2);
	assert_int_equal(queues_stats(rig.queues)->queues, 0);

	c = client_up(&rig);
	client_say(c, &(struct relay_msg){ .op = OP_HELLO,
	    .p = (const uint8_t *)"sesame", .len = 6 });
	client_open(c, &box);
	client_free(c);
}

static void
t_a_token_nobody_asks_for_is_fine(void **state)
{
	struct client *c = client_up(&rig);

	(void)state;
	client_say(c, &(struct relay_msg){ .op = OP_HELLO,
	    .p = (const uint8_t *)"sesame", .len = 6 });
	client_silence(c);
	client_free(c);
}

/* ---- draining ------------------------------------------------------------ */

static bool is_drained;

static void
on_drained(void *arg)
{
	assert_ptr_equal(arg, &rig);
	is_drained = true;
}

static bool
drained(struct rig *r)
{
	(void)r;
	return is_drained;
}

static void
row_58_draining_tells_everybody_and_loses_nothing(void **state)
{
	struct client *c[20], *fresh = client_new(&rig);
	struct queue_key box;

	(void)state;
	is_drained = false;
	client_box(&box, 1);
	for (int i = 0; i < 20; i++)
		c[i] = client_up(&rig);
	client_open(c[0], &box);
	/* What came before the order is still answered. */
	client_leave(c[1], 3, &box, 1, "letter", 6);
	while (relay_stats(rig.relay)->letters_in == 0)
		loop_turn(rig.loop, -1);
	relay_drain(rig.relay, 5, on_drained, &rig);
	client_done(c[1], 3, RELAY_OK);
	client_letter(c[0], &box, "letter");
	for (int i = 0; i < 20; i++) {
		const struct relay_msg *m = client_expect(c[i], OP_BYE);

		assert_true(m->value >= 5 && m->value <= 10);
		client_cut(c[i]);
		client_free(c[i]);
	}
	client_cut(fresh);
	client_free(fresh);
	rig_until(&rig, drained);
	assert_int_equal(relay_port(rig.relay, 0), 0);
	assert_int_equal(queues_stats(rig.queues)->letters, 1);
}

static void
row_58_nobody_there_drains_at_once(void **state)
{
	(void)state;
	is_drained = false;
	relay_drain(rig.relay, 5, on_drained, &rig);
	rig_until(&rig, drained);
}

#define RELAY(t) cmocka_unit_test_setup_teardown(t, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RELAY(t_nk_for_those_who_know_the_key),
		RELAY(t_nx_tells_the_key),
		RELAY(t_bytes_may_come_one_by_one),
		RELAY(t_keys_are_renewed),
		RELAY(row_47_other_protocols_are_closed_silently),
		RELAY(row_55_other_versions_are_closed),
		RELAY(row_55_versions_are_told_inside_the_handshake),
		RELAY(row_46_a_length_before_the_handshake_allocates_nothing),
		RELAY(row_48_every_bit_flip_of_message_1_is_closed),
		RELAY(row_48_every_truncation_leaves_nothing),
		RELAY(row_49_replayed_bytes_do_nothing),
		RELAY(row_50_keys_of_low_order_are_refused),
		RELAY(row_48_a_forged_record_ends_the_link),
		RELAY(t_what_no_client_says_ends_the_link),
		RELAY(row_55_unknown_ops_are_skipped),
		RELAY(t_answers_of_a_turn_share_a_record),
		RELAY(t_without_the_token_nothing_is_done),
		RELAY(t_a_token_nobody_asks_for_is_fine),
		RELAY(row_58_draining_tells_everybody_and_loses_nothing),
		RELAY(row_58_nobody_there_drains_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
