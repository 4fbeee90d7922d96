#include "quota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "map.h"

static struct quota quota;

static int
make(void **state)
{
	(void)state;
	quota_init(&quota);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	quota_clear(&quota);
	return 0;
}

static struct source *
source(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(&a, text), 0);
	return quota_source(&quota, &a);
}

static void
t_a_burst_then_as_fast_as_it_refills(void **state)
{
	struct bucket b = { 0 };
	/* About to wrap: only differences count. */
	uint32_t now = UINT32_MAX - 500;

	(void)state;
	b.at_ms = now;
	for (int i = 0; i < 20; i++)
		assert_true(bucket_take(&b, 2, 20, now));
	assert_false(bucket_take(&b, 2, 20, now));
	assert_false(bucket_take(&b, 2, 20, now + 499));
	assert_true(bucket_take(&b, 2, 20, now + 500));
	assert_false(bucket_take(&b, 2, 20, now + 501));
	now += 100000;
	for (int i = 0; i < 20; i++)
		assert_true(bucket_take(&b, 2, 20, now));
	assert_false(bucket_take(&b, 2, 20, now));
	/* No rate, no limit. */
	for (int i = 0; i < 1000; i++)
		assert_true(bucket_take(&b, 0, 0, now));
}

static void
t_a_source_is_an_address_or_a_64(void **state)
{
	(void)state;
	assert_ptr_equal(source("192.0.2.1:1"), source("192.0.2.1:2"));
	assert_ptr_not_equal(source("192.0.2.1:1"), source("192.0.2.2:1"));
	assert_ptr_equal(source("[2001:db8::1]:1"),
	    source("[2001:db8::ffff:1]:1"));
	assert_ptr_not_equal(source("[2001:db8::1]:1"),
	    source("[2001:db8:0:1::1]:1"));
	assert_int_equal(map_count(quota.sources), 4);
}

static void
t_the_idle_are_forgotten_when_they_are_whole_again(void **state)
{
	struct source *here = source("192.0.2.1:1");
	struct source *used = source("192.0.2.2:1");

	(void)state;
	source("192.0.2.3:1");
	here->n_conns = 1;
	bucket_take(&used->handshakes, 5, 50, 1000);
	quota_sweep(&quota, 2000, 2);
	assert_int_equal(map_count(quota.sources), 2);
	quota_sweep(&quota, 10900, 10);
	assert_int_equal(map_count(quota.sources), 2);
	quota_sweep(&quota, 11100, 11);
	assert_int_equal(map_count(quota.sources), 1);
	assert_ptr_equal(source("192.0.2.1:9"), here);
	/* Who was just tried from outside is remembered, too. */
	here->n_conns = 0;
	here->reach_s = 11;
	quota_sweep(&quota, 12000, 12);
	assert_int_equal(map_count(quota.sources), 1);
	quota_sweep(&quota, 23000, 23);
	assert_int_equal(map_count(quota.sources), 0);
}

static void
row_51_sources_are_bounded(void **state)
{
	struct addr a = { .family = ADDR_V4 };
	struct source *s;

	(void)state;
	for (uint32_t i = 0; i < QUOTA_SOURCES_MAX + 10; i++) {
		memcpy(a.ip, &i, sizeof(i));
		s = quota_source(&quota, &a);
		assert_int_equal(s != NULL, i < QUOTA_SOURCES_MAX);
		if (s)
			bucket_take(&s->handshakes, 1, 10, 1000);
	}
	/* Ten seconds later there is room again. */
	quota_sweep(&quota, 12000, 12);
	assert_non_null(quota_source(&quota, &a));
}

/* Whoever has a /48 has 65,536 sources: not all of the table. */
static void
row_51_an_area_has_so_many_sources(void **state)
{
	struct addr a = { .family = ADDR_V6, .ip = { 0x20, 1, 0xd, 0xb8 } };
	struct source *s = NULL;

	(void)state;
	for (uint32_t i = 0; i < QUOTA_AREA_MAX + 10; i++) {
		a.ip[6] = (uint8_t)(i >> 8);
		a.ip[7] = (uint8_t)i;
		s = quota_source(&quota, &a);
		assert_int_equal(s != NULL, i < QUOTA_AREA_MAX);
	}
	assert_non_null(source("[2001:db8:1::1]:1"));
	assert_ptr_not_equal(source("[2001:db8:1::1]:1")->area,
	    source("[2001:db8::1]:1")->area);
	assert_int_equal(map_count(quota.areas), 2);
	quota_sweep(&quota, 12000, 12);
	assert_int_equal(map_count(quota.areas), 0);
	assert_non_null(quota_source(&quota, &a));
}

static void
row_52_a_mailbox_has_a_rate(void **state)
{
	const uint8_t token[32] = { 1 }, other[32] = { 2 };

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_true(quota_token_has(&quota, token, 1, 0));
		quota_token_note(&quota, token, 1, 0);
	}
	assert_false(quota_token_has(&quota, token, 1, 0));
	assert_true(quota_token_has(&quota, other, 1, 0));
	assert_true(quota_token_has(&quota, token, 1, 1000));
	/* Asking alone makes no row: strangers cannot fill the table. */
	assert_int_equal(map_count(quota.tokens), 1);
	quota_sweep(&quota, 12000, 12);
	assert_int_equal(map_count(quota.tokens), 0);
}

#define T(t) cmocka_unit_test_setup_teardown(t, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(t_a_burst_then_as_fast_as_it_refills),
		T(t_a_source_is_an_address_or_a_64),
		T(t_the_idle_are_forgotten_when_they_are_whole_again),
		T(row_51_sources_are_bounded),
		T(row_51_an_area_has_so_many_sources),
		T(row_52_a_mailbox_has_a_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
