/* PCP and NAT-PMP byte by byte, as RFC 6887 (7, 11) and RFC 6886 (3) draw
 * them. */
#include "pcp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t nonce[PCP_NONCE] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
	12 };

#define V4(a, b, c, d) 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d
#define NONCE 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12

static struct addr
at(const char *text)
{
	struct addr a;

	/* "A.B.C.D": port 0. */
	memset(&a, 0, sizeof(a));
	if (addr_parse(&a, text) != 0)
		assert_int_equal(addr_parse_ip(&a, text), 0);
	return a;
}

/* The same answer in memory of just its size: a byte read past it shows. */
static int
read_exact(struct pcp_answer *a, const void *p, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	int r;

	memcpy(copy, p, len);
	r = pcp_read(a, copy, len);
	free(copy);
	return r;
}

static void
t_pcp_map_request(void **state)
{
	static const uint8_t want[PCP_MAP_LEN] = {
		/* version 2, R 0 opcode 1, reserved, lifetime 3600 */
		2, 1, 0, 0, 0, 0, 0x0e, 0x10,
		V4(192, 168, 1, 11),
		NONCE,
		6, 0, 0, 0,			/* TCP */
		0xd5, 0x11, 0xd5, 0x11,		/* 54545 inside, outside */
		V4(0, 0, 0, 0)
	};
	struct addr me = at("192.168.1.11");
	struct pcp_map m = { .proto = PCP_TCP, .port = 54545,
		.lifetime_s = 3600 };
	uint8_t out[PCP_MAP_LEN];

	(void)state;
	m.ext = at("0.0.0.0:54545");
	memcpy(m.nonce, nonce, sizeof(nonce));
	assert_int_equal(pcp_write_map(out, &m, &me), sizeof(want));
	assert_memory_equal(out, want, sizeof(want));
	/* A renewal wishes for the address too; UDP is 17. */
	m.proto = PCP_UDP;
	m.ext = at("44.128.1.10:1000");
	pcp_write_map(out, &m, &me);
	assert_int_equal(out[36], 17);
	assert_memory_equal(out + 42, "\x03\xe8\0\0\0\0\0\0\0\0\0\0\xff\xff"
	    "\x2c\x80\x01\x0a", 18);
	/* A removal is a lifetime of nothing. */
	m.lifetime_s = 0;
	pcp_write_map(out, &m, &me);
	assert_memory_equal(out + 4, "\0\0\0\0", 4);
}

static void
t_natpmp_requests(void **state)
{
	struct pcp_map m = { .proto = PCP_UDP, .port = 54545,
		.lifetime_s = 7200 };
	uint8_t out[NATPMP_MAP_LEN];

	(void)state;
	m.ext = at("0.0.0.0:1000");
	assert_int_equal(natpmp_write_addr(out), 2);
	assert_memory_equal(out, "\0\0", 2);
	assert_int_equal(natpmp_write_map(out, &m), 12);
	assert_memory_equal(out, "\0\1\0\0\xd5\x11\x03\xe8\0\0\x1c\x20", 12);
	m.proto = PCP_TCP;
	m.lifetime_s = 0;
	natpmp_write_map(out, &m);
	/* RFC 6886 3.4: the port outside MUST be zero too. */
	assert_memory_equal(out, "\0\2\0\0\xd5\x11\0\0\0\0\0\0", 12);
}

static const uint8_t pcp_ok[PCP_MAP_LEN] = {
	2, 0x81, 0, 0, 0, 0, 0, 120, 0, 1, 0, 2,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	NONCE,
	17, 0, 0, 0, 0xd5, 0x11, 0x9c, 0x40, V4(203, 0, 113, 7)
};

static void
t_pcp_map_answer(void **state)
{
	struct addr ext = at("203.0.113.7:40000");
	struct pcp_answer a;
	uint8_t p[PCP_MAX + 4] = { 0 };

	(void)state;
	assert_int_equal(read_exact(&a, pcp_ok, sizeof(pcp_ok)), 0);
	assert_int_equal(a.version, PCP_VERSION);
	assert_int_equal(a.kind, PCP_MAPPED);
	assert_int_equal(a.result, PCP_SUCCESS);
	assert_int_equal(a.epoch_s, 65538);
	assert_int_equal(a.map.lifetime_s, 120);
	assert_int_equal(a.map.proto, PCP_UDP);
	assert_int_equal(a.map.port, 54545);
	assert_memory_equal(a.map.nonce, nonce, PCP_NONCE);
	assert_true(addr_equal(&a.map.ext, &ext));
	/* Options behind it do no harm. */
	memcpy(p, pcp_ok, sizeof(pcp_ok));
	assert_int_equal(read_exact(&a, p, sizeof(pcp_ok) + 8), 0);
	assert_int_equal(read_exact(&a, p, PCP_MAX), 0);
	assert_int_equal(read_exact(&a, p, PCP_MAX + 4), -1);
	/* RFC 6887 8.3: in steps of four. */
	assert_int_equal(read_exact(&a, p, sizeof(pcp_ok) + 2), -1);
	/* A refusal carries the mapping it refuses. */
	p[3] = PCP_NOT_AUTHORIZED;
	assert_int_equal(read_exact(&a, p, PCP_MAP_LEN), 0);
	assert_int_equal(a.result, PCP_NOT_AUTHORIZED);
	assert_memory_equal(a.map.nonce, nonce, PCP_NONCE);
}

static void
t_pcp_other_answers(void **state)
{
	uint8_t p[PCP_MAP_LEN];
	struct pcp_answer a;

	(void)state;
	memcpy(p, pcp_ok, sizeof(p));
	/* RFC 6887 14.1.2: an announcement is a header alone. */
	p[1] = 0x80;
	assert_int_equal(read_exact(&a, p, 24), 0);
	assert_int_equal(a.kind, PCP_ANNOUNCE);
	assert_int_equal(a.epoch_s, 65538);
	/* Of a version that is not known nothing else is. */
	p[0] = 3;
	assert_int_equal(read_exact(&a, p, 24), -1);
	p[3] = PCP_UNSUPP_VERSION;
	assert_int_equal(read_exact(&a, p, 24), 0);
	assert_int_equal(a.kind, PCP_FAILED_VERSION);
	assert_int_equal(a.version, 3);
	/* RFC 6886 3.5: what a NAT-PMP router says to PCP, in both of the
	 * forms that are met. */
	assert_int_equal(read_exact(&a, "\0\0\0\1\0\0\0\x09", 8), 0);
	assert_int_equal(a.kind, PCP_FAILED_VERSION);
	assert_int_equal(a.version, NATPMP_VERSION);
	assert_int_equal(a.epoch_s, 9);
	assert_int_equal(read_exact(&a, "\0\x81\0\1\0\0\0\x09", 8), 0);
	assert_int_equal(a.kind, PCP_FAILED_VERSION);
}

static void
t_natpmp_answers(void **state)
{
	struct addr ext = at("203.0.113.7");
	struct pcp_answer a;

	(void)state;
	assert_int_equal(read_exact(&a, "\0\x80\0\0\0\0\0\x07\xcb\0\x71\x07",
	    12), 0);
	assert_int_equal(a.kind, PCP_ADDRESS);
	assert_int_equal(a.epoch_s, 7);
	assert_true(addr_equal(&a.map.ext, &ext));
	assert_int_equal(read_exact(&a, "\0\x82\0\0\0\0\0\x07\xd5\x11\x9c\x40"
	    "\0\0\x0e\x10", 16), 0);
	assert_int_equal(a.kind, PCP_MAPPED);
	assert_int_equal(a.map.proto, PCP_TCP);
	assert_int_equal(a.map.port, 54545);
	assert_int_equal(a.map.ext.port, 40000);
	assert_int_equal(a.map.lifetime_s, 3600);
	assert_int_equal(read_exact(&a, "\0\x81\0\2\0\0\0\x07\xd5\x11\0\0"
	    "\0\0\0\0", 16), 0);
	assert_int_equal(a.map.proto, PCP_UDP);
	assert_int_equal(a.result, PCP_NOT_AUTHORIZED);
	/* 16 bits of result: one past 255 is no success. */
	assert_int_equal(read_exact(&a, "\0\x80\1\0\0\0\0\x07", 8), 0);
	assert_int_not_equal(a.result, PCP_SUCCESS);
}

static void
t_every_truncation_is_refused(void **state)
{
	static const uint8_t pmp[16] = { 0, 0x82, 0, 0, 0, 0, 0, 7, 0xd5,
		0x11, 0x9c, 0x40, 0, 0, 0x0e, 0x10 };
	struct pcp_answer a;

	(void)state;
	for (size_t n = 0; n < sizeof(pcp_ok); n++)
		assert_int_equal(read_exact(&a, pcp_ok, n), -1);
	for (size_t n = 0; n < sizeof(pmp); n++)
		assert_int_equal(read_exact(&a, pmp, n), -1);
}

static void
t_requests_and_strangers_are_no_answers(void **state)
{
	uint8_t p[PCP_MAP_LEN];
	struct pcp_answer a;

	(void)state;
	memcpy(p, pcp_ok, sizeof(p));
	p[1] = 1;			/* R is not set */
	assert_int_equal(read_exact(&a, p, sizeof(p)), -1);
	p[1] = 0x82;			/* PEER: never asked */
	assert_int_equal(read_exact(&a, p, sizeof(p)), -1);
	p[1] = 0x81;
	p[36] = 132;			/* SCTP: neither */
	assert_int_equal(read_exact(&a, p, sizeof(p)), -1);
	assert_int_equal(read_exact(&a, "\0\0", 2), -1);
	assert_int_equal(read_exact(&a, "\0\0\0\0\0\0\0\x07", 8), -1);
	assert_int_equal(read_exact(&a, "\0\x83\0\0\0\0\0\x07\0\0\0\0", 12),
	    -1);
}

static void
t_epoch_tells_a_restart(void **state)
{
	(void)state;
	/* RFC 6887 8.5: a 16th and two seconds, one second back. */
	assert_true(pcp_epoch_goes_on(2, 1000, 2800, 1800));
	assert_true(pcp_epoch_goes_on(2, 1000, 999, 0));
	assert_false(pcp_epoch_goes_on(2, 1000, 998, 0));
	assert_false(pcp_epoch_goes_on(2, 100000, 5, 1800));
	assert_true(pcp_epoch_goes_on(2, 1000, 1000 + 1686, 1800));
	assert_false(pcp_epoch_goes_on(2, 1000, 1000 + 1685, 1800));
	assert_false(pcp_epoch_goes_on(2, 1000, 1000 + 1923, 1800));
	/* RFC 6886 3.6: an eighth and two seconds, forward does not count. */
	assert_true(pcp_epoch_goes_on(0, 1000, 1000 + 698, 800));
	assert_false(pcp_epoch_goes_on(0, 1000, 1000 + 697, 800));
	assert_true(pcp_epoch_goes_on(0, 1000, 9000, 800));
	/* The whole range. */
	assert_false(pcp_epoch_goes_on(2, UINT32_MAX, 0, UINT32_MAX));
	assert_true(pcp_epoch_goes_on(2, 0, UINT32_MAX, UINT32_MAX));
}

static void
t_every_result_has_a_text(void **state)
{
	(void)state;
	for (int v = 0; v <= 2; v += 2) {
		for (int i = 0; i < 256; i++)
			assert_true(*pcp_result_text((uint8_t)v, (uint8_t)i));
	}
	assert_string_equal(pcp_result_text(2, 2), "not authorized");
	assert_string_equal(pcp_result_text(0, 4), "the router has no room");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_pcp_map_request),
		cmocka_unit_test(t_natpmp_requests),
		cmocka_unit_test(t_pcp_map_answer),
		cmocka_unit_test(t_pcp_other_answers),
		cmocka_unit_test(t_natpmp_answers),
		cmocka_unit_test(t_every_truncation_is_refused),
		cmocka_unit_test(t_requests_and_strangers_are_no_answers),
		cmocka_unit_test(t_epoch_tells_a_restart),
		cmocka_unit_test(t_every_result_has_a_text)
	};

	return cmocka_run_group_tests_name("pcp", tests, NULL, NULL);
}
