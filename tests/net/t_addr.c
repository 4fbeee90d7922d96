#include "addr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
expect_kind(const char *text, enum addr_kind kind)
{
	struct addr a = { .port = 0 };

	assert_int_equal(addr_parse_ip(&a, text), 0);
	if (addr_kind(&a) != kind)
		fail_msg("%s is of kind %d, not %d", text, (int)addr_kind(&a),
		    (int)kind);
}

static void
t_kinds_follow_the_registries(void **state)
{
	(void)state;
	expect_kind("0.0.0.0", ADDR_UNSPECIFIED);
	expect_kind("0.1.2.3", ADDR_UNSPECIFIED);
	expect_kind("127.0.0.1", ADDR_LOOPBACK);
	expect_kind("127.255.255.255", ADDR_LOOPBACK);
	expect_kind("10.0.0.1", ADDR_PRIVATE);
	expect_kind("172.15.0.1", ADDR_PUBLIC);
	expect_kind("172.16.0.1", ADDR_PRIVATE);
	expect_kind("172.31.255.255", ADDR_PRIVATE);
	expect_kind("172.32.0.1", ADDR_PUBLIC);
	expect_kind("192.168.0.1", ADDR_PRIVATE);
	expect_kind("100.64.0.1", ADDR_PRIVATE);
	expect_kind("100.128.0.1", ADDR_PUBLIC);
	expect_kind("169.254.1.1", ADDR_LINK_LOCAL);
	expect_kind("224.0.0.1", ADDR_MULTICAST);
	expect_kind("239.255.255.255", ADDR_MULTICAST);
	expect_kind("240.0.0.1", ADDR_RESERVED);
	expect_kind("255.255.255.255", ADDR_RESERVED);
	expect_kind("8.8.8.8", ADDR_PUBLIC);
	expect_kind("::", ADDR_UNSPECIFIED);
	expect_kind("::1", ADDR_LOOPBACK);
	expect_kind("::2", ADDR_RESERVED);
	expect_kind("::127.0.0.1", ADDR_RESERVED);
	expect_kind("fe80::1", ADDR_LINK_LOCAL);
	expect_kind("febf::1", ADDR_LINK_LOCAL);
	expect_kind("fec0::1", ADDR_PUBLIC);
	expect_kind("fd00::1", ADDR_PRIVATE);
	expect_kind("ff02::1", ADDR_MULTICAST);
	expect_kind("2001:db8::1", ADDR_PUBLIC);
}

/* A mapped address is what it maps: no filter is passed by a disguise. */
static void
row_40_mapped_addresses_are_ipv4(void **state)
{
	(void)state;
	expect_kind("::ffff:127.0.0.1", ADDR_LOOPBACK);
	expect_kind("::ffff:0.0.0.0", ADDR_UNSPECIFIED);
	expect_kind("::ffff:10.1.1.1", ADDR_PRIVATE);
	expect_kind("::ffff:224.0.0.1", ADDR_MULTICAST);
}

static void
row_40_nobody_is_at_these(void **state)
{
	static const char *const no[] = {
		"0.0.0.0", "::", "224.0.0.251", "ff02::1", "255.255.255.255",
		"::ffff:0.0.0.0", "::5"
	};
	struct addr a = { .port = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++) {
		assert_int_equal(addr_parse_ip(&a, no[i]), 0);
		if (addr_is_host(&a))
			fail_msg("%s counts as a host", no[i]);
	}
}

static void
expect_split(const char *text, const char *host, uint16_t port)
{
	char got[ADDR_HOST];
	uint16_t got_port;
	struct err e;

	if (addr_split(text, PORT_DEFAULT, got, &got_port, &e) != 0)
		fail_msg("%s: %s", text, e.what);
	assert_string_equal(got, host);
	assert_int_equal(got_port, port);
}

static void
t_host_and_port_are_told_apart(void **state)
{
	(void)state;
	expect_split("bob.example", "bob.example", PORT_DEFAULT);
	expect_split("bob.example:1", "bob.example", 1);
	expect_split("10.0.0.1:65535", "10.0.0.1", 65535);
	expect_split("::1", "::1", PORT_DEFAULT);
	expect_split("2001:db8::5", "2001:db8::5", PORT_DEFAULT);
	expect_split("[2001:db8::5]", "2001:db8::5", PORT_DEFAULT);
	expect_split("[2001:db8::5]:80", "2001:db8::5", 80);
	expect_split("[fe80::1%lo]:80", "fe80::1%lo", 80);
}

static void
t_places_to_listen_at_are_one_address_or_all(void **state)
{
	static const char *const none[] = { "", ":", ":80", "x:80", "[::1]",
		"[::1:80", "[]:80", "::1]:80", "192.0.2.1:", "192.0.2.1",
		"192.0.2.1:65536", "65536", "80 ", "-1" };
	struct addr a;

	(void)state;
	assert_int_equal(addr_parse_listen(&a, "0"), 0);
	assert_int_equal(a.port, 0);
	assert_int_equal(addr_parse_listen(&a, "54545"), 0);
	assert_int_equal(a.port, 54545);
	assert_int_equal(addr_parse_listen(&a, "0.0.0.0:7"), 0);
	assert_int_equal(a.port, 7);
	assert_int_equal(addr_parse_listen(&a, "[::]:8"), 0);
	assert_int_equal(a.port, 8);
	assert_int_equal(addr_parse_listen(&a, "192.0.2.1:0"), 1);
	assert_int_equal(a.family, ADDR_V4);
	assert_int_equal(a.port, 0);
	assert_int_equal(addr_parse_listen(&a, "[::1]:9"), 1);
	assert_int_equal(a.family, ADDR_V6);
	assert_int_equal(a.port, 9);
	assert_int_equal(addr_parse_listen(&a, "::1:9"), 1);
	assert_int_equal(a.port, 9);
	for (size_t i = 0; i < sizeof(none) / sizeof(*none); i++)
		assert_int_equal(addr_parse_listen(&a, none[i]), -1);
}

static void
all_are(int status, int (*check)(const char *, struct err *),
    const char *const *texts)
{
	for (; *texts; texts++) {
		struct err e = { 0 };

		if (check(*texts, &e) != status)
			fail_msg("'%s': not %d", *texts, status);
		assert_int_equal(e.status, status ? STATUS_CONFIG : STATUS_OK);
		assert_true(status == 0 || strstr(e.what, "allowed is"));
		assert_int_equal(check(*texts, NULL), status);
	}
}

static void
row_23_addresses_of_options_are_checked(void **state)
{
	/* Interfaces may come later. */
	static const char *const listen[] = { "7", "0", "192.0.2.1:0",
		"fe80::1%nowhere:7", "[fe80::1%nowhere]:7", "::1:9", NULL };
	static const char *const no_listen[] = { "", "192.0.2.1",
		"192.0.2.1:65536", "foo:7", "fe80::1%:7", "%x:7", "a%b:7",
		NULL };
	static const char *const host[] = { "a", "stun.example", "A-1._b.C.",
		"1.example:1", "192.0.2.1:3478", "2001:db8::1",
		"[2001:db8::1]:5", "[fe80::1%nowhere]:5", "localhost", NULL };
	static const char *const no_host[] = { "", "a/b", "a:0", "a:65536",
		"a..b", ".a", ".", "-a", "a.-b", "3478", "1.2.3", "1.2.3.4.5",
		"192.0.2.256", "0.0.0.0", "[::]:5", "224.0.0.1", "a b", "a#b",
		"a,b", "\xc3\xa4.example", "a%b", "stun:a", "[a]x", NULL };
	static const char *const servers[] = { "", "192.0.2.1", "::1",
		"127.0.0.1:5,[::1]:6,::1", NULL };
	static const char *const no_servers[] = { "foo", "192.0.2.1,",
		",192.0.2.1", "192.0.2.1 ", "192.0.2.1, 192.0.2.2",
		"192.0.2.1:0", "192.0.2.1,dns.example", "0.0.0.0",
		"fe80::1%lo", NULL };
	char name[ADDR_HOST + 20];

	(void)state;
	all_are(0, addr_check_listen, listen);
	all_are(-1, addr_check_listen, no_listen);
	all_are(0, addr_check_host, host);
	all_are(-1, addr_check_host, no_host);
	all_are(0, addr_check_servers, servers);
	all_are(-1, addr_check_servers, no_servers);
	memset(name, 'a', sizeof(name));
	name[63] = '\0';
	assert_true(addr_is_name(name));
	name[63] = 'a';
	name[64] = '\0';
	assert_false(addr_is_name(name));
	name[64] = 'a';
	for (size_t i = 60; i < sizeof(name); i += 60)
		name[i] = '.';
	name[253] = '\0';
	assert_true(addr_is_name(name));
	name[253] = '.';
	name[254] = '\0';
	assert_true(addr_is_name(name));
	name[253] = 'a';
	assert_false(addr_is_name(name));
	name[254] = 'a';
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(addr_check_host(name, NULL), -1);
	assert_int_equal(addr_check_listen(name, NULL), -1);
}

static void
t_bad_targets_are_refused(void **state)
{
	static const char *const bad[] = {
		"", ":", ":80", "host:", "host:0", "host:65536", "host:99999",
		"host:-1", "host:8x", "host: 80", "[::1", "[::1]x", "[]:80",
		"a b", "a\tb:80", "host:000000080", "[::1]:"
	};
	char host[ADDR_HOST], longest[ADDR_HOST + 10];
	uint16_t port;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (addr_split(bad[i], 1, host, &port, &e) == 0)
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(e.status, STATUS_USAGE);
		assert_true(e.next[0] != '\0');
	}
	memset(longest, 'a', sizeof(longest));
	longest[ADDR_HOST] = '\0';
	assert_int_equal(addr_split(longest, 1, host, &port, &e), -1);
	longest[ADDR_HOST - 1] = '\0';
	assert_int_equal(addr_split(longest, 1, host, &port, &e), 0);
}

static void
t_what_is_written_reads_back(void **state)
{
	static const char *const good[] = {
		"192.168.1.5:54545", "[2001:db8::1]:1", "[fe80::1%lo]:65535",
		"0.0.0.0:1", "[::]:9"
	};
	struct addr a, b;
	char text[ADDR_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_int_equal(addr_parse(&a, good[i]), 0);
		addr_format(&a, text);
		assert_string_equal(text, good[i]);
		assert_int_equal(addr_parse(&b, text), 0);
		assert_true(addr_equal(&a, &b));
	}
	assert_int_equal(addr_parse(&a, "192.168.1.5"), -1);
	assert_int_equal(addr_parse(&a, "localhost:1"), -1);
	assert_int_equal(addr_parse(&a, "1.2.3:4"), -1);
	assert_int_equal(addr_parse_ip(&a, "fe80::1%no-such-interface"), -1);
	/* An unknown scope is written as its number. */
	a = (struct addr){ .family = ADDR_V6, .ip = { 0xfe, 0x80 },
	    .scope = 4000000000u, .port = 7 };
	addr_format(&a, text);
	assert_string_equal(text, "[fe80::%4000000000]:7");
	assert_int_equal(addr_parse(&b, text), 0);
	assert_true(addr_equal(&a, &b));
}

static void
t_nets_are_compared_by_bits(void **state)
{
	struct addr a = { .port = 0 }, b = { .port = 0 };

	(void)state;
	addr_parse_ip(&a, "192.168.1.5");
	addr_parse_ip(&b, "192.168.1.200");
	assert_true(addr_same_net(&a, &b, 24));
	assert_false(addr_same_net(&a, &b, 25));
	assert_true(addr_same_net(&a, &b, 0));
	assert_false(addr_same_net(&a, &b, 33));
	addr_parse_ip(&b, "2001:db8::1");
	assert_false(addr_same_net(&a, &b, 0));
}

static void
t_limits_count_a_whole_ipv6_net(void **state)
{
	struct addr a, b, x, y;

	(void)state;
	addr_parse(&a, "[2001:db8::1]:1");
	addr_parse(&b, "[2001:db8::2:3]:2");
	x = addr_source(&a);
	y = addr_source(&b);
	assert_true(addr_equal(&x, &y));
	addr_parse(&b, "[2001:db8:0:1::1]:1");
	y = addr_source(&b);
	assert_false(addr_equal(&x, &y));
	/* Or one of a LAN could use up the share of all. */
	addr_parse(&a, "[fe80::1]:1");
	addr_parse(&b, "[fe80::2]:1");
	x = addr_source(&a);
	y = addr_source(&b);
	assert_false(addr_equal(&x, &y));
}

static void
same_area(const char *one, const char *other, bool same)
{
	struct addr a, b, x, y;

	addr_parse(&a, one);
	addr_parse(&b, other);
	x = addr_area(&a);
	y = addr_area(&b);
	assert_int_equal(addr_equal(&x, &y), same);
}

static void
t_area_is_what_one_hand_may_hold(void **state)
{
	(void)state;
	same_area("192.0.2.1:1", "192.0.2.255:2", true);
	same_area("192.0.2.1:1", "192.0.3.1:1", false);
	same_area("[2001:db8:0:1::1]:1", "[2001:db8:0:ff::2]:2", true);
	same_area("[2001:db8:0:1::1]:1", "[2001:db8:1:1::1]:1", false);
	same_area("[fe80::1]:1", "[fe80::2]:1", false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_area_is_what_one_hand_may_hold),
		cmocka_unit_test(t_kinds_follow_the_registries),
		cmocka_unit_test(row_40_mapped_addresses_are_ipv4),
		cmocka_unit_test(row_40_nobody_is_at_these),
		cmocka_unit_test(t_host_and_port_are_told_apart),
		cmocka_unit_test(t_places_to_listen_at_are_one_address_or_all),
		cmocka_unit_test(row_23_addresses_of_options_are_checked),
		cmocka_unit_test(t_bad_targets_are_refused),
		cmocka_unit_test(t_what_is_written_reads_back),
		cmocka_unit_test(t_nets_are_compared_by_bits),
		cmocka_unit_test(t_limits_count_a_whole_ipv6_net)
	};

	return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
