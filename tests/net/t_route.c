#include "route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define KEY "ae" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER "aq" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define QUEUE "ai" "aaaaaaaaaaaaaaaaaaaaaaaa"
#define TOKEN "am" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void
t_addresses_and_places_go_there_and_back(void **state)
{
	static const char *const same[] = {
		"relay.example:54546",
		"relay.example:443#" KEY,
		"192.0.2.1:1#" KEY "/" QUEUE "/" TOKEN,
		"[2001:db8::1]:65535#" KEY "/" QUEUE "/" TOKEN
	};
	char text[ROUTE_TEXT];
	struct route r;

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		assert_int_equal(route_parse(&r, same[i], NULL), 0);
		assert_int_equal(r.has_key, i >= 1);
		assert_int_equal(r.has_place, i >= 2);
		route_format(&r, text);
		assert_string_equal(text, same[i]);
	}
	assert_string_equal(r.host, "2001:db8::1");
	assert_int_equal(r.key[0], 1);
	assert_int_equal(r.queue[0], 2);
	assert_int_equal(r.token[0], 3);
	route_where(&r, text);
	assert_string_equal(text, "[2001:db8::1]:65535");
}

/* Of a short link: the relay's key is learned when it is met. */
static void
t_a_place_may_have_no_key(void **state)
{
	char text[ROUTE_TEXT];
	struct route r;

	(void)state;
	assert_int_equal(route_parse(&r, "a.example/" QUEUE "/" TOKEN, NULL),
	    0);
	assert_true(r.has_place && !r.has_key);
	assert_int_equal(r.port, 54546);
	assert_int_equal(r.queue[0], 2);
	assert_int_equal(r.token[0], 3);
	route_format(&r, text);
	assert_string_equal(text, "a.example:54546/" QUEUE "/" TOKEN);
	assert_int_equal(route_parse(&r, "[2001:db8::1]:1/" QUEUE "/" TOKEN,
	    NULL), 0);
	assert_string_equal(r.host, "2001:db8::1");
}

static void
t_the_port_may_be_left_out_and_case_says_nothing(void **state)
{
	char text[ROUTE_TEXT];
	struct route r;

	(void)state;
	assert_int_equal(route_parse(&r, "Relay.EXAMPLE#" KEY, NULL), 0);
	route_format(&r, text);
	assert_string_equal(text, "relay.example:54546#" KEY);
	assert_int_equal(route_parse(&r, "2001:db8::1", NULL), 0);
	route_where(&r, text);
	assert_string_equal(text, "[2001:db8::1]:54546");
}

static void
t_one_relay_is_known_by_its_key_or_its_place(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "a.example#" KEY, "b.example:1#" KEY, true },
		{ "a.example#" KEY, "a.example#" OTHER, false },
		{ "a.example", "a.example#" OTHER, true },
		{ "a.example", "a.example:54546", true },
		{ "a.example:1", "a.example:2", false },
		{ "a.example", "b.example", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct route a, b;

		assert_int_equal(route_parse(&a, rows[i].a, NULL), 0);
		assert_int_equal(route_parse(&b, rows[i].b, NULL), 0);
		assert_int_equal(route_same_relay(&a, &b), rows[i].same);
		assert_int_equal(route_same_relay(&b, &a), rows[i].same);
	}
}

static void
t_hostile_text_is_no_route(void **state)
{
	static const char *const rows[] = {
		"", ":", "#", "#" KEY, ":1", "a:0", "a:65536", "a:x", "a:1:",
		"a b", "a\x1b[31m", "a\nb", "a\x7f", "a\xc3\xa9", "$(id)",
		"a/b", "a;b", "a@b", "[::1", "[a.example]:1x", "[]:1",
		"0.0.0.0", "[::]:1", "224.0.0.1", "255.255.255.255",
		"[ff02::1]:1",
		"a#", "a#x", "a#" KEY "a", "a#" KEY "#" KEY,
		"a#1" "eaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"a#" KEY "/", "a#" KEY "/" QUEUE, "a#" KEY "/" QUEUE "/",
		"a#" KEY "/" TOKEN "/" QUEUE, "a#" KEY "/" QUEUE "a/" TOKEN,
		"a#" KEY "/" QUEUE "/" TOKEN "/", "a/", "a/" QUEUE,
		"a/" QUEUE "/" TOKEN "/", "a/" TOKEN "/" QUEUE,
		"a/" QUEUE "/" TOKEN "#" KEY, "/" QUEUE "/" TOKEN
	};
	struct route r = { .port = 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err e = { 0 };

		assert_int_equal(route_parse(&r, rows[i], &e), -1);
		assert_int_equal(e.status, STATUS_USAGE);
		assert_true(e.what[0] && e.next[0]);
		assert_int_equal(r.port, 7);
	}
}

/* Whatever was read can be written with a place behind it. */
static void
t_a_name_is_so_long_that_its_places_fit(void **state)
{
	char host[ADDR_HOST * 2], text[ROUTE_TEXT];
	size_t longest = 0;
	struct route r;

	(void)state;
	for (size_t n = 1; n < sizeof(host) - 1; n++) {
		for (size_t i = 0; i < n; i++)
			host[i] = i % 60 == 59 ? '.' : 'h';
		host[n] = '\0';
		if (route_parse(&r, host, NULL) != 0)
			continue;
		longest = n;
		assert_int_equal(strlen(r.host), n);
		r.has_key = r.has_place = true;
		r.port = 65535;
		route_format(&r, text);
		assert_int_equal(strlen(text), n + 6 + 53 + 27 + 53);
		assert_int_equal(route_parse(&r, text, NULL), 0);
	}
	assert_true(longest >= 100 && longest < 120);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_addresses_and_places_go_there_and_back),
		cmocka_unit_test(t_a_place_may_have_no_key),
		cmocka_unit_test(
		    t_the_port_may_be_left_out_and_case_says_nothing),
		cmocka_unit_test(t_one_relay_is_known_by_its_key_or_its_place),
		cmocka_unit_test(t_hostile_text_is_no_route),
		cmocka_unit_test(t_a_name_is_so_long_that_its_places_fit),
	};

	return cmocka_run_group_tests_name("route", tests, NULL, NULL);
}
