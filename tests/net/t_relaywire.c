#include "relaywire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t bytes[70000];

/* Every op once, each field with something of its own in it. */
static struct relay_msg
sample(enum relay_op op)
{
	struct relay_msg m = { .op = op };

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + op);
	switch (op) {
	case OP_HELLO:
	case OP_PUBLISH:
	case OP_CARD:
		m.p = bytes + 100;
		m.len = 17;
		break;
	case OP_OPEN:
		m.tag = 0x01020304;
		m.key = bytes + 1;
		m.token = bytes + 33;
		m.sig = bytes + 65;
		break;
	case OP_DROP:
	case OP_CALL:
	case OP_RING:
		m.tag = 7;
		m.queue = bytes + 3;
		break;
	case OP_DELETE:
		m.queue = bytes + 3;
		m.p = bytes + 40;
		m.len = 24;
		break;
	case OP_SEND:
		m.tag = 9;
		m.queue = bytes + 3;
		m.token = bytes + 200;
		m.upload = bytes + 300;
		m.p = bytes;
		m.len = RELAY_LETTER_MAX;
		break;
	case OP_MEET:
	case OP_PART:
	case OP_HERE:
		m.p = bytes;
		m.len = (size_t)MEET_ID * RELAY_IDS_MAX;
		break;
	case OP_REACH:
		m.tag = 0xffffffff;
		m.port[0] = 54545;
		m.port[1] = 1024;
		m.p = bytes;
		m.len = RELAY_NONCE;
		break;
	case OP_LIST:
		m.tag = 5;
		break;
	case OP_DATA:
		m.tag = RELAY_RING + 1;
		m.p = bytes;
		m.len = RELAY_PIECE_MAX;
		break;
	case OP_CREDIT:
		m.tag = 1;
		m.value = 0x00fefdfc;
		break;
	case OP_HANG:
		m.tag = 1;
		m.value = HANG_LIMIT;
		break;
	case OP_PING:
	case OP_PONG:
		m.number = 0x1122334455667788;
		break;
	case OP_DONE:
		m.tag = 1;
		m.value = RELAY_TROUBLE;
		break;
	case OP_LETTER:
		m.queue = bytes + 3;
		m.number = UINT64_MAX;
		m.p = bytes;
		m.len = 256;
		break;
	case OP_REACHED:
		m.tag = 1;
		m.value = REACHED_NOT_TRIED;
		m.port[1] = 1;
		break;
	case OP_BYE:
		m.value = 65535;
		break;
	}
	return m;
}

static const enum relay_op ops[] = {
	OP_HELLO, OP_OPEN, OP_DROP, OP_DELETE, OP_SEND, OP_MEET, OP_PART,
	OP_CALL, OP_REACH, OP_PUBLISH, OP_LIST, OP_DATA, OP_CREDIT, OP_HANG,
	OP_PING, OP_PONG, OP_DONE, OP_LETTER, OP_HERE, OP_RING, OP_REACHED,
	OP_CARD, OP_BYE
};

enum { OPS = sizeof(ops) / sizeof(*ops) };

static void
same(const void *a, const void *b, size_t len)
{
	assert_int_equal(a != NULL, b != NULL);
	if (a && len > 0)
		assert_memory_equal(a, b, len);
}

static void
t_every_message_comes_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPS; i++) {
		struct relay_msg m = sample(ops[i]), n;
		struct buf b;

		buf_init(&b);
		relay_msg_write(&b, &m);
		assert_int_equal(b.len, relay_msg_len(&m));
		/* Another one follows in the record. */
		buf_put(&b, "more", 4);
		assert_int_equal(relay_msg_read(&n, b.at, b.len), b.len - 4);
		assert_int_equal(n.op, m.op);
		assert_int_equal(n.tag, m.tag);
		assert_int_equal(n.value, m.value);
		assert_true(n.number == m.number);
		assert_memory_equal(n.port, m.port, sizeof(n.port));
		same(m.queue, n.queue, QUEUE_ID);
		same(m.key, n.key, 32);
		same(m.token, n.token, 32);
		same(m.sig, n.sig, 64);
		same(m.upload, n.upload, UPLOAD_ID);
		assert_int_equal(n.len, m.len);
		if (m.len > 0)
			assert_memory_equal(n.p, m.p, m.len);
		buf_clear(&b);
	}
}

static void
t_the_bytes_are_these(void **state)
{
	static const uint8_t known[] = {
		OP_CREDIT, 8, 0, 4, 3, 2, 1, 0, 1, 0, 0,
		OP_REACHED, 6, 0, 1, 0, 0, 0, 1, 1,
		OP_LETTER, 25, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
		14, 15, 16, 5, 0, 0, 0, 0, 0, 0, 0, 'x'
	};
	static const uint8_t id[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
		13, 14, 15, 16 };
	const struct relay_msg m[] = {
		{ .op = OP_CREDIT, .tag = 0x01020304, .value = 256 },
		{ .op = OP_REACHED, .tag = 1, .value = REACHED_YES,
		  .port = { 0, 1 } },
		{ .op = OP_LETTER, .queue = id, .number = 5,
		  .p = (const uint8_t *)"x", .len = 1 }
	};
	struct buf b;

	(void)state;
	buf_init(&b);
	for (size_t i = 0; i < 3; i++)
		relay_msg_write(&b, &m[i]);
	assert_int_equal(b.len, sizeof(known));
	assert_memory_equal(b.at, known, sizeof(known));
	buf_clear(&b);
}

/* As the end of a record: nothing behind it may be read (a sanitizer sees
 * it, the bytes are the whole of their allocation). */
static size_t
read_exact(struct relay_msg *m, const uint8_t *p, size_t len)
{
	uint8_t *copy = malloc(len > 0 ? len : 1);
	size_t n;

	assert_non_null(copy);
	memcpy(copy, p, len);
	n = relay_msg_read(m, copy, len);
	if (n > 0) {
		assert_true(n <= len);
		assert_true(m->len <= n);
		if (m->len > 0)
			assert_true(m->p + m->len == copy + n);
	}
	free(copy);
	return n;
}

static void
row_48_every_truncation_is_refused(void **state)
{
	struct relay_msg n;

	(void)state;
	for (size_t i = 0; i < OPS; i++) {
		struct relay_msg m = sample(ops[i]);
		struct buf b;

		buf_init(&b);
		relay_msg_write(&b, &m);
		for (size_t len = 0; len < b.len; len += len < 300 ? 1 : 97)
			assert_int_equal(read_exact(&n, b.at, len), 0);
		buf_clear(&b);
	}
}

/* A body cut short with its length told right: too few bytes for the
 * fields, or a rest that is no whole number of ids. */
static void
t_a_body_of_the_wrong_length_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPS; i++) {
		struct relay_msg m = sample(ops[i]), n;
		size_t fields;
		struct buf b;

		buf_init(&b);
		relay_msg_write(&b, &m);
		fields = b.len - RELAY_HEAD - m.len;
		for (size_t len = 0; len < fields; len++) {
			put_u16(b.at + 1, (uint16_t)len);
			assert_int_equal(read_exact(&n, b.at,
			    RELAY_HEAD + len), 0);
		}
		/* One byte too many where nothing, or only wholes, follow. */
		buf_u8(&b, 0);
		if (m.op != OP_HELLO && m.op != OP_PUBLISH &&
		    m.op != OP_CARD && m.op != OP_LETTER && m.op != OP_SEND) {
			put_u16(b.at + 1, (uint16_t)(b.len - RELAY_HEAD));
			assert_int_equal(read_exact(&n, b.at, b.len), 0);
		}
		buf_clear(&b);
	}
}

static void
row_48_no_bit_flip_reads_past_the_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < OPS; i++) {
		struct relay_msg m = sample(ops[i]), n;
		struct buf b;
		size_t bits;

		buf_init(&b);
		relay_msg_write(&b, &m);
		bits = b.len < 150 ? b.len * 8 : 150 * 8;
		for (size_t bit = 0; bit < bits; bit++) {
			b.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
			read_exact(&n, b.at, b.len);
			b.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		buf_clear(&b);
	}
}

static void
row_55_an_unknown_op_is_skipped(void **state)
{
	static const uint8_t from_later[] = { 99, 3, 0, 'a', 'b', 'c',
		OP_LIST, 4, 0, 1, 0, 0, 0 };
	static const uint8_t nothing[] = { 0, 0, 0 };
	struct relay_msg m;

	(void)state;
	assert_int_equal(read_exact(&m, from_later, sizeof(from_later)), 6);
	assert_int_equal(m.op, 0);
	assert_int_equal(read_exact(&m, from_later + 6, 7), 7);
	assert_int_equal(m.op, OP_LIST);
	assert_int_equal(read_exact(&m, nothing, 3), 3);
	assert_int_equal(m.op, 0);
	/* But not past the end. */
	assert_int_equal(read_exact(&m, from_later, 5), 0);
}

static void
t_values_out_of_range_are_refused(void **state)
{
	uint8_t hang[] = { OP_HANG, 5, 0, 1, 0, 0, 0, RELAY_HANGS };
	uint8_t done[] = { OP_DONE, 5, 0, 1, 0, 0, 0, RELAY_STATUSES };
	uint8_t reached[] = { OP_REACHED, 6, 0, 1, 0, 0, 0, 0, 2 };
	struct relay_msg m;

	(void)state;
	assert_int_equal(read_exact(&m, hang, sizeof(hang)), 0);
	hang[7]--;
	assert_int_equal(read_exact(&m, hang, sizeof(hang)), 8);
	assert_int_equal(read_exact(&m, done, sizeof(done)), 0);
	done[7]--;
	assert_int_equal(read_exact(&m, done, sizeof(done)), 8);
	assert_int_equal(read_exact(&m, reached, sizeof(reached)), 0);
	reached[8] = 1;
	assert_int_equal(read_exact(&m, reached, sizeof(reached)), 9);
}

static void
row_55_versions_are_told_apart(void **state)
{
	uint8_t hello[RELAY_HELLO];
	unsigned version;

	(void)state;
	relay_hello_write(hello);
	assert_int_equal(relay_hello_read(hello, RELAY_HELLO, &version), 0);
	assert_int_equal(relay_hello_read(hello, RELAY_HELLO - 1, &version),
	    -1);
	hello[1] = 255;		/* speaks more than we do: ours is in it */
	assert_int_equal(relay_hello_read(hello, RELAY_HELLO, &version), 0);
	hello[0] = 2;
	assert_int_equal(relay_hello_read(hello, RELAY_HELLO, &version), -2);
	assert_int_equal(version, 255);
	hello[0] = hello[1] = 0;
	assert_int_equal(relay_hello_read(hello, RELAY_HELLO, &version), -2);
	assert_int_equal(version, 0);
	hello[0] = 2;
	hello[1] = 1;
	assert_int_equal(relay_hello_read(hello, RELAY_HELLO, &version), -1);
}

static void
t_the_welcome_comes_back(void **state)
{
	static const char *const addrs[] = { "192.0.2.7:40000",
		"[2001:db8::1:2]:65535" };
	uint8_t out[RELAY_WELCOME];
	unsigned version;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct relay_welcome w = { .stun = { 54546, 54547 },
			.keepalive_s = 25 }, r;

		assert_int_equal(addr_parse(&w.seen, addrs[i]), 0);
		relay_welcome_write(out, &w);
		assert_int_equal(relay_welcome_read(&r, out, RELAY_WELCOME,
		    &version), 0);
		assert_true(addr_equal(&w.seen, &r.seen));
		assert_int_equal(r.stun[0], 54546);
		assert_int_equal(r.stun[1], 54547);
		assert_int_equal(r.keepalive_s, 25);
		for (size_t len = 0; len < RELAY_WELCOME; len++)
			assert_int_equal(relay_welcome_read(&r, out, len,
			    &version), -1);
		/* Another version's may be longer. */
		out[0] = out[1] = 3;
		assert_int_equal(relay_welcome_read(&r, out, RELAY_WELCOME,
		    &version), -2);
		assert_int_equal(version, 3);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_every_message_comes_back),
		cmocka_unit_test(t_the_bytes_are_these),
		cmocka_unit_test(row_48_every_truncation_is_refused),
		cmocka_unit_test(t_a_body_of_the_wrong_length_is_refused),
		cmocka_unit_test(row_48_no_bit_flip_reads_past_the_end),
		cmocka_unit_test(row_55_an_unknown_op_is_skipped),
		cmocka_unit_test(t_values_out_of_range_are_refused),
		cmocka_unit_test(row_55_versions_are_told_apart),
		cmocka_unit_test(t_the_welcome_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
