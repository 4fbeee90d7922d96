#include "stun.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vectors.h"

static const uint8_t id[STUN_ID] = "transaction";

/* A message put together by hand. */
struct raw {
	uint8_t p[1024];
	size_t len;
};

static void
begin(struct raw *r, unsigned type)
{
	static const uint8_t cookie[] = { 0x21, 0x12, 0xa4, 0x42 };

	memset(r, 0, sizeof(*r));
	r->p[0] = (uint8_t)(type >> 8);
	r->p[1] = (uint8_t)type;
	memcpy(r->p + 4, cookie, 4);
	memcpy(r->p + 8, id, STUN_ID);
	r->len = STUN_HEAD;
}

static void
add(struct raw *r, unsigned type, const void *v, size_t n)
{
	uint8_t *at = r->p + r->len;

	at[0] = (uint8_t)(type >> 8);
	at[1] = (uint8_t)type;
	at[2] = (uint8_t)(n >> 8);
	at[3] = (uint8_t)n;
	if (n > 0)
		memcpy(at + 4, v, n);
	r->len += 4 + (n + 3) / 4 * 4;
	r->p[2] = (uint8_t)((r->len - STUN_HEAD) >> 8);
	r->p[3] = (uint8_t)(r->len - STUN_HEAD);
}

static int
parse(struct stun_msg *m, const struct raw *r)
{
	return stun_read(m, r->p, r->len);
}

/* ---- RFC 5769 ---------------------------------------------------------- */

static void
t_rfc5769_requests_are_read(void **state)
{
	struct vectors *v = vectors_open("stun_rfc5769.txt");
	const char *const names[] = { "request", "request-long-term" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct section *s = vectors_get(v, names[i]);
		const uint8_t *p;
		struct stun_msg m;
		size_t len;

		p = section_bytes(s, "message", &len);
		assert_true(stun_is(p, len));
		assert_int_equal(stun_read(&m, p, len), 0);
		assert_int_equal(m.class, STUN_REQUEST);
		assert_memory_equal(m.id, section_exact(s, "transaction_id",
		    STUN_ID), STUN_ID);
		assert_false(m.has_addr);
	}
	vectors_free(v);
}

static void
check_response(const struct section *s, enum addr_family family, size_t n)
{
	size_t len;
	const uint8_t *p = section_bytes(s, "message", &len);
	struct stun_msg m;
	struct buf out;

	assert_int_equal(stun_read(&m, p, len), 0);
	assert_int_equal(m.class, STUN_RESPONSE);
	assert_true(m.has_addr);
	assert_int_equal(m.addr.family, family);
	assert_memory_equal(m.addr.ip, section_exact(s, "mapped_address", n),
	    n);
	assert_int_equal(m.addr.port, section_u64(s, "mapped_port"));
	/* Ours says the same, in the same bytes: SOFTWARE is 16 of them. */
	buf_init(&out);
	stun_write_response(&out, m.id, &m.addr);
	assert_int_equal(out.len, STUN_HEAD + 8 + n);
	assert_memory_equal(out.at + STUN_HEAD, p + STUN_HEAD + 16, 8 + n);
	assert_int_equal(stun_read(&m, out.at, out.len), 0);
	assert_true(m.has_addr);
	buf_clear(&out);
}

static void
t_rfc5769_responses_give_the_address(void **state)
{
	struct vectors *v = vectors_open("stun_rfc5769.txt");

	(void)state;
	check_response(vectors_get(v, "response-ipv4"), ADDR_V4, 4);
	check_response(vectors_get(v, "response-ipv6"), ADDR_V6, 16);
	vectors_free(v);
}

/* Each of these carries a FINGERPRINT over what stands before it. */
static void
t_one_bit_off_is_refused(void **state)
{
	struct vectors *v = vectors_open("stun_rfc5769.txt");
	const char *const names[] = { "request", "response-ipv4",
		"response-ipv6" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t len;
		const uint8_t *p = section_bytes(vectors_get(v, names[i]),
		    "message", &len);
		uint8_t *copy = mem_copy(p, len);
		struct stun_msg m;

		for (size_t bit = 0; bit < len * 8; bit++) {
			size_t at = bit / 8;

			/* Header, first value, FINGERPRINT: heads of
			 * attributes say where the FINGERPRINT is. */
			if (at >= STUN_HEAD && (at < STUN_HEAD + 4 ||
			    at >= STUN_HEAD + 8) && at < len - 4)
				continue;
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(stun_read(&m, copy, len), -1);
			copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		free(copy);
	}
	vectors_free(v);
}

static void
t_every_cut_is_refused(void **state)
{
	struct vectors *v = vectors_open("stun_rfc5769.txt");
	size_t len;
	const uint8_t *p = section_bytes(vectors_get(v, "response-ipv6"),
	    "message", &len);

	(void)state;
	for (size_t n = 0; n < len; n++) {
		uint8_t *copy = mem_copy(p, n ? n : 1);
		struct stun_msg m;

		assert_int_equal(stun_read(&m, copy, n), -1);
		free(copy);
	}
	vectors_free(v);
}

/* ---- our own ----------------------------------------------------------- */

static void
t_request_is_the_bare_header(void **state)
{
	struct stun_msg m;
	struct buf out;

	(void)state;
	buf_init(&out);
	stun_write_request(&out, id);
	assert_int_equal(out.len, STUN_HEAD);
	assert_true(stun_is(out.at, out.len));
	assert_int_equal(stun_read(&m, out.at, out.len), 0);
	assert_int_equal(m.class, STUN_REQUEST);
	assert_memory_equal(m.id, id, STUN_ID);
	buf_clear(&out);
}

/* IP and UDP headers count: what an attacker sends and what a victim gets. */
static void
t_response_does_not_amplify(void **state)
{
	const size_t head[] = { 20 + 8, 40 + 8 };
	struct buf out;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct addr a;

		memset(&a, 0, sizeof(a));
		assert_int_equal(addr_parse(&a, i ? "[2001:db8::1]:1" :
		    "192.0.2.1:1"), 0);
		buf_init(&out);
		stun_write_response(&out, id, &a);
		assert_true(2 * (out.len + head[i]) <=
		    3 * (STUN_HEAD + head[i]));
		buf_clear(&out);
	}
}

static void
t_other_packets_are_not_stun(void **state)
{
	struct stun_msg m;
	struct raw r;

	(void)state;
	begin(&r, 0x0001);
	assert_true(stun_is(r.p, r.len));
	assert_false(stun_is(r.p, STUN_HEAD - 1));
	r.p[0] = 0x40;			/* the two bits of RTP and friends */
	assert_false(stun_is(r.p, r.len));
	begin(&r, 0x0001);
	r.p[4] = 0;			/* RFC 3489 */
	assert_false(stun_is(r.p, r.len));
	begin(&r, 0x0011);		/* an indication */
	assert_int_equal(parse(&m, &r), -1);
	begin(&r, 0x0003);		/* TURN: Allocate */
	assert_int_equal(parse(&m, &r), -1);
}

/* ---- what others may send ---------------------------------------------- */

static const uint8_t plain_v4[8] = { 0, 1, 0x12, 0x34, 192, 0, 2, 7 };

static void
t_plain_address_serves_when_there_is_no_xored_one(void **state)
{
	static const uint8_t xored[8] = {
		0, 1, 0x21 ^ 0x56, 0x12 ^ 0x78,
		0x21 ^ 192, 0x12 ^ 0, 0xa4 ^ 2, 0x42 ^ 9
	};
	struct stun_msg m;
	struct raw r;

	(void)state;
	begin(&r, 0x0101);
	add(&r, 0x0001, plain_v4, 8);
	assert_int_equal(parse(&m, &r), 0);
	assert_true(m.has_addr);
	assert_int_equal(m.addr.port, 0x1234);
	assert_int_equal(m.addr.ip[3], 7);
	/* Routers rewrite plain addresses: the other one is believed, */
	add(&r, 0x0020, xored, 8);
	assert_int_equal(parse(&m, &r), 0);
	assert_int_equal(m.addr.port, 0x5678);
	assert_int_equal(m.addr.ip[3], 9);
	/* in whatever order they come. */
	begin(&r, 0x0101);
	add(&r, 0x0020, xored, 8);
	add(&r, 0x0001, plain_v4, 8);
	assert_int_equal(parse(&m, &r), 0);
	assert_int_equal(m.addr.port, 0x5678);
}

static void
t_an_address_where_no_host_can_be_is_none(void **state)
{
	static const uint8_t nowhere[][8] = {
		{ 0, 1, 0, 80, 0, 0, 0, 0 },
		{ 0, 1, 0, 80, 224, 0, 0, 1 },
		{ 0, 1, 0, 80, 255, 255, 255, 255 },
		{ 0, 1, 0, 0, 192, 0, 2, 1 },
	};
	struct stun_msg m;
	struct raw r;

	(void)state;
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		begin(&r, 0x0101);
		add(&r, 0x0001, nowhere[i], 8);
		assert_int_equal(parse(&m, &r), 0);
		assert_false(m.has_addr);
	}
}

static void
t_v4_inside_v6_has_one_spelling(void **state)
{
	static const uint8_t v[20] = {
		0, 2, 0x12, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
		192, 0, 2, 1
	};
	struct stun_msg m;
	struct addr a;
	struct raw r;

	(void)state;
	begin(&r, 0x0101);
	add(&r, 0x0001, v, sizeof(v));
	assert_int_equal(parse(&m, &r), 0);
	memset(&a, 0, sizeof(a));
	assert_int_equal(addr_parse(&a, "192.0.2.1:4660"), 0);
	assert_true(addr_equal(&m.addr, &a));
}

static void
t_malformed_addresses_are_refused(void **state)
{
	static const uint8_t v[20] = { 0, 1, 0x12, 0x34, 192, 0, 2, 1 };
	static const uint8_t v6[20] = { 0, 2 }, odd[8] = { 0, 3 };
	const size_t bad[] = { 0, 1, 3, 4, 7, 9, 20 };
	struct stun_msg m;
	struct raw r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin(&r, 0x0101);
		add(&r, 0x0020, v, bad[i]);
		assert_int_equal(parse(&m, &r), -1);
	}
	begin(&r, 0x0101);
	add(&r, 0x0020, v6, 8);
	assert_int_equal(parse(&m, &r), -1);
	begin(&r, 0x0101);
	add(&r, 0x0020, odd, 8);
	assert_int_equal(parse(&m, &r), -1);
}

static void
t_error_has_its_code(void **state)
{
	static const uint8_t v420[4] = { 0, 0, 4, 20 };
	static const uint8_t low[4] = { 0, 0, 2, 20 };
	static const uint8_t high[4] = { 0, 0, 4, 100 };
	struct stun_msg m;
	struct raw r;

	(void)state;
	begin(&r, 0x0111);
	add(&r, 0x0009, v420, 4);
	assert_int_equal(parse(&m, &r), 0);
	assert_int_equal(m.class, STUN_ERROR);
	assert_int_equal(m.error, 420);
	begin(&r, 0x0111);
	add(&r, 0x0009, low, 4);
	assert_int_equal(parse(&m, &r), -1);
	begin(&r, 0x0111);
	add(&r, 0x0009, high, 4);
	assert_int_equal(parse(&m, &r), -1);
	begin(&r, 0x0111);
	add(&r, 0x0009, v420, 3);
	assert_int_equal(parse(&m, &r), -1);
}

static void
t_unknown_attributes(void **state)
{
	static const uint8_t v[4] = { 0, 0, 0, 6 };
	struct stun_msg m;
	struct raw r;

	(void)state;
	begin(&r, 0x0001);
	add(&r, 0x8abc, v, 4);		/* may be skipped */
	assert_int_equal(parse(&m, &r), 0);
	add(&r, 0x0003, v, 4);		/* CHANGE-REQUEST: never */
	assert_int_equal(parse(&m, &r), -1);
	begin(&r, 0x0001);
	add(&r, 0x0027, v, 4);		/* RESPONSE-PORT: never */
	assert_int_equal(parse(&m, &r), -1);
}

static void
t_attributes_are_counted(void **state)
{
	struct stun_msg m;
	struct raw r;

	(void)state;
	begin(&r, 0x0001);
	for (int i = 0; i < STUN_ATTRS_MAX; i++)
		add(&r, 0x8abc, NULL, 0);
	assert_int_equal(parse(&m, &r), 0);
	add(&r, 0x8abc, NULL, 0);
	assert_int_equal(parse(&m, &r), -1);
}

static void
t_lengths_that_lie_are_refused(void **state)
{
	static const uint8_t v[8];
	struct stun_msg m;
	struct raw r;

	(void)state;
	begin(&r, 0x0001);
	add(&r, 0x8abc, v, 8);
	r.p[23] = 9;			/* one past the end */
	assert_int_equal(parse(&m, &r), -1);
	r.p[23] = 5;			/* its padding ends with the message */
	assert_int_equal(parse(&m, &r), 0);
	r.p[22] = 0xff;
	assert_int_equal(parse(&m, &r), -1);
	begin(&r, 0x0001);
	r.p[3] = 4;			/* says more than there is */
	assert_int_equal(parse(&m, &r), -1);
	begin(&r, 0x0001);
	r.len += 4;			/* less than there is */
	assert_int_equal(parse(&m, &r), -1);
	begin(&r, 0x0001);
	r.len += 2;			/* not a multiple of four */
	r.p[3] = 2;
	assert_int_equal(parse(&m, &r), -1);
}

/* RFC 8489, section 14.5: nothing behind the seal is looked at. */
static void
t_nothing_behind_the_seal_counts(void **state)
{
	static const uint8_t seal[20];
	struct stun_msg m;
	struct raw r;

	(void)state;
	begin(&r, 0x0101);
	add(&r, 0x0008, seal, sizeof(seal));
	add(&r, 0x0001, plain_v4, 8);
	assert_int_equal(parse(&m, &r), 0);
	assert_false(m.has_addr);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_rfc5769_requests_are_read),
		cmocka_unit_test(t_rfc5769_responses_give_the_address),
		cmocka_unit_test(t_one_bit_off_is_refused),
		cmocka_unit_test(t_every_cut_is_refused),
		cmocka_unit_test(t_request_is_the_bare_header),
		cmocka_unit_test(t_response_does_not_amplify),
		cmocka_unit_test(t_other_packets_are_not_stun),
		cmocka_unit_test(
		    t_plain_address_serves_when_there_is_no_xored_one),
		cmocka_unit_test(t_an_address_where_no_host_can_be_is_none),
		cmocka_unit_test(t_v4_inside_v6_has_one_spelling),
		cmocka_unit_test(t_malformed_addresses_are_refused),
		cmocka_unit_test(t_error_has_its_code),
		cmocka_unit_test(t_unknown_attributes),
		cmocka_unit_test(t_attributes_are_counted),
		cmocka_unit_test(t_lengths_that_lie_are_refused),
		cmocka_unit_test(t_nothing_behind_the_seal_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
