/* Port mapping against a gateway in this very process, under a clock that
 * runs hours in milliseconds. */
#include "portmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "rand.h"

enum { QUEUE = 64, SENT = 4096, MINUTE = 60 * 1000, HOUR = 60 * MINUTE };

enum mood { ANSWERS, SILENT, CLOSED, GARBAGE };

/* The gateway: one table, whoever asks. */
struct router {
	enum mood mood;
	bool has_pcp, has_natpmp;
	uint8_t ip[4];
	uint8_t result[2];		/* of TCP, UDP */
	uint32_t grant_s;		/* at most */
	int64_t born_ms;		/* its epoch */
	bool is_dizzy;			/* each epoch before the last */
	bool forges_nonce;
	bool is_mapped[2];
	int64_t until_ms[2];
};

struct test {
	struct loop *loop;
	struct portmap *map;
	struct portmap_setup setup;
	struct addr gateway;
	struct router r;
	/* What was sent, and when. */
	int n_sent;
	int64_t sent_ms[SENT];
	uint8_t nonce[2][PCP_NONCE];
	uint8_t last[PCP_REQUEST_MAX];
	/* Answers on their way. */
	struct {
		uint8_t p[PCP_MAP_LEN];
		size_t len;
	} queue[QUEUE];
	size_t n_queue;
	struct timer deliver;
	int n_changes;
};

/* ---- the gateway ------------------------------------------------------- */

static void
put_be(uint8_t *p, uint32_t v)
{
	for (int i = 3; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

static uint32_t
get_be(const uint8_t *p, int n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

static uint32_t
epoch(struct test *t)
{
	static uint32_t down = 1000000;

	if (t->r.is_dizzy)
		return down -= 1000;
	return (uint32_t)((loop_now_ms(t->loop) - t->r.born_ms) / 1000);
}

static void
reply(struct test *t, const uint8_t *p, size_t len)
{
	assert_true(t->n_queue < QUEUE);
	memcpy(t->queue[t->n_queue].p, p, len);
	t->queue[t->n_queue++].len = len;
	timer_set(&t->deliver, 1);
}

static uint32_t
map(struct test *t, int proto, uint32_t lifetime_s)
{
	if (t->r.result[proto])
		return 0;
	if (lifetime_s > t->r.grant_s)
		lifetime_s = t->r.grant_s;
	t->r.is_mapped[proto] = lifetime_s > 0;
	t->r.until_ms[proto] = loop_now_ms(t->loop) + lifetime_s * 1000;
	return lifetime_s;
}

static void
on_pcp(struct test *t, const uint8_t *q)
{
	uint8_t a[PCP_MAP_LEN] = { 2, 0x81 };
	int proto = q[36] == 17;

	memcpy(t->nonce[proto], q + 24, PCP_NONCE);
	a[3] = t->r.result[proto];
	put_be(a + 4, map(t, proto, get_be(q + 4, 4)));
	put_be(a + 8, epoch(t));
	memcpy(a + 24, q + 24, 36);
	a[24] ^= t->r.forges_nonce;
	memset(a + 44, 0, 10);
	a[54] = a[55] = 0xff;
	memcpy(a + 56, t->r.ip, 4);
	reply(t, a, sizeof(a));
}

static void
on_natpmp(struct test *t, const uint8_t *q)
{
	uint8_t a[16] = { 0, 128 };
	int proto = q[1] == 1;

	a[1] = q[1] | 128;
	put_be(a + 4, epoch(t));
	if (q[1] == 0) {
		memcpy(a + 8, t->r.ip, 4);
		reply(t, a, 12);
		return;
	}
	a[3] = t->r.result[proto];
	memcpy(a + 8, q + 4, 4);
	put_be(a + 12, map(t, proto, get_be(q + 8, 4)));
	reply(t, a, 16);
}

static enum pmp_sent
on_send(void *ctx, const void *data, size_t len)
{
	static const uint8_t noise[12] = { 0, 0x80, 0, 0, 1, 2, 3, 4, 5, 6 };
	struct test *t = ctx;
	const uint8_t *q = data;
	uint8_t no[8] = { 0, 0, 0, 1 };

	assert_true(t->n_sent < SENT);
	t->sent_ms[t->n_sent++] = loop_now_ms(t->loop);
	memcpy(t->last, data, len);
	switch (t->r.mood) {
	case SILENT:
		return PMP_SENT;
	case CLOSED:
		return PMP_REFUSED;
	case GARBAGE:
		for (size_t n = 0; n <= sizeof(noise); n++)
			reply(t, noise, n);
		return PMP_SENT;
	case ANSWERS:
		break;
	}
	if (q[0] == 2 && t->r.has_pcp) {
		assert_int_equal(len, PCP_MAP_LEN);
		on_pcp(t, q);
	} else if (q[0] == 0 && t->r.has_natpmp) {
		assert_int_equal(len, q[1] ? 12 : 2);
		on_natpmp(t, q);
	} else if (t->r.has_natpmp) {
		reply(t, no, sizeof(no));
	}
	return PMP_SENT;
}

static void
on_deliver(void *arg)
{
	struct test *t = arg;
	size_t n = t->n_queue;

	t->n_queue = 0;
	for (size_t i = 0; i < n; i++)
		portmap_hear(t->map, t->queue[i].p, t->queue[i].len);
}

static void
on_change(void *ctx)
{
	struct test *t = ctx;

	t->n_changes++;
}

/* ---- a test ------------------------------------------------------------ */

static int
setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));

	t->loop = loop_new_virtual(0);
	timer_init(&t->deliver, t->loop, on_deliver, t);
	t->r = (struct router){ .has_pcp = true, .ip = { 44, 128, 1, 10 },
		.grant_s = UINT32_MAX };
	addr_parse(&t->gateway, "192.168.1.1:5351");
	t->setup = (struct portmap_setup){ .loop = t->loop, .port = 54545,
		.pcp = true, .nonce = { 9, 8, 7 }, .ctx = t,
		.on_change = on_change, .gateway = &t->gateway,
		.send = on_send };
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct test *t = *state;

	portmap_free(t->map);
	timer_stop(&t->deliver);
	loop_free(t->loop);
	free(t);
	return 0;
}

static void
start(struct test *t)
{
	t->map = portmap_new(&t->setup);
}

static void
run(struct test *t, int64_t ms)
{
	loop_virtual_run(t->loop, ms);
}

static bool
is_mapped(const struct test *t)
{
	int64_t now = loop_now_ms(t->loop);

	return t->r.is_mapped[0] && t->r.is_mapped[1] &&
	    t->r.until_ms[0] > now && t->r.until_ms[1] > now;
}

static void
assert_held(const struct test *t, enum portmap_how how)
{
	struct addr ext, want;

	addr_parse(&want, "44.128.1.10:54545");
	assert_int_equal(portmap_state(t->map), PORTMAP_HELD);
	assert_int_equal(portmap_holder(t->map), how);
	assert_false(portmap_is_double(t->map));
	assert_true(portmap_get(t->map, PORTMAP_TCP, &ext));
	assert_true(addr_equal(&ext, &want));
	assert_true(portmap_get(t->map, PORTMAP_UDP, &ext));
	assert_true(addr_equal(&ext, &want));
}

static void
t_pcp_holds_both_ports(void **state)
{
	struct test *t = *state;

	start(t);
	assert_int_equal(portmap_state(t->map), PORTMAP_ASKING);
	run(t, 10);
	assert_held(t, PORTMAP_PCP);
	assert_true(is_mapped(t));
	assert_int_equal(t->n_sent, 2);
	assert_true(t->n_changes > 0);
	assert_string_equal(portmap_text(t->map, PORTMAP_PCP),
	    "held: 44.128.1.10:54545");
}

static void
t_nonces_are_kept_and_differ(void **state)
{
	struct test *t = *state;
	uint8_t first[2][PCP_NONCE];

	start(t);
	run(t, 10);
	memcpy(first, t->nonce, sizeof(first));
	assert_memory_not_equal(first[0], first[1], PCP_NONCE);
	assert_memory_equal(first[0], "\x09\x08\x07", 3);
	portmap_free(t->map);
	start(t);
	run(t, 10);
	assert_memory_equal(t->nonce, first, sizeof(first));
}

static void
t_silence_ends_after_3750_ms(void **state)
{
	static const int64_t at[] = { 0, 0, 250, 250, 750, 750, 1750, 1750 };
	struct test *t = *state;
	int64_t from = loop_now_ms(t->loop);

	t->r.mood = SILENT;
	start(t);
	run(t, 3700);
	assert_int_equal(portmap_state(t->map), PORTMAP_ASKING);
	assert_int_equal(t->n_sent, 8);
	for (int i = 0; i < 8; i++)
		assert_in_range(t->sent_ms[i] - from, at[i], at[i] + 3);
	run(t, 60);
	assert_int_equal(portmap_state(t->map), PORTMAP_NONE);
	assert_string_equal(portmap_text(t->map, PORTMAP_PCP), "no answer");
	/* Asked again after a quarter of an hour, and not before. */
	run(t, 15 * MINUTE - 1000);
	assert_int_equal(t->n_sent, 8);
	t->r.mood = ANSWERS;
	run(t, 2000);
	assert_held(t, PORTMAP_PCP);
}

static void
t_a_closed_port_is_no_wait(void **state)
{
	struct test *t = *state;

	t->r.mood = CLOSED;
	start(t);
	run(t, 5);
	assert_int_equal(portmap_state(t->map), PORTMAP_NONE);
	assert_string_equal(portmap_text(t->map, PORTMAP_PCP),
	    "nobody answers at port 5351");
}

static void
t_an_old_router_is_asked_by_natpmp(void **state)
{
	struct test *t = *state;

	t->r.has_pcp = false;
	t->r.has_natpmp = true;
	start(t);
	run(t, 20);
	assert_held(t, PORTMAP_NATPMP);
	assert_true(is_mapped(t));
	assert_string_equal(portmap_text(t->map, PORTMAP_PCP),
	    "the router does not know it");
	/* It stays with that at renewals. */
	for (int i = 0; i < 24; i++) {
		run(t, HOUR);
		assert_true(is_mapped(t));
	}
	assert_held(t, PORTMAP_NATPMP);
	portmap_end(t->map);
	run(t, 10);
	assert_true(portmap_is_done(t->map));
	assert_false(t->r.is_mapped[0] || t->r.is_mapped[1]);
}

static void
t_garbage_is_silence(void **state)
{
	struct test *t = *state;

	t->r.mood = GARBAGE;
	start(t);
	run(t, 3700);
	assert_int_equal(portmap_state(t->map), PORTMAP_ASKING);
	run(t, 100);
	assert_int_equal(portmap_state(t->map), PORTMAP_NONE);
}

static void
t_another_nonce_is_silence(void **state)
{
	struct test *t = *state;

	t->r.forges_nonce = true;
	start(t);
	run(t, 4000);
	assert_int_equal(portmap_state(t->map), PORTMAP_NONE);
}

static void
t_refusals_are_named(void **state)
{
	struct test *t = *state;

	t->r.result[0] = t->r.result[1] = PCP_NOT_AUTHORIZED;
	start(t);
	run(t, 10);
	assert_int_equal(portmap_state(t->map), PORTMAP_NONE);
	assert_string_equal(portmap_text(t->map, PORTMAP_PCP),
	    "refused: not authorized");
}

static void
t_one_port_is_better_than_none(void **state)
{
	struct test *t = *state;
	struct addr ext;

	t->r.result[1] = 8;
	start(t);
	run(t, 10);
	assert_int_equal(portmap_state(t->map), PORTMAP_HELD);
	assert_true(portmap_get(t->map, PORTMAP_TCP, &ext));
	assert_false(portmap_get(t->map, PORTMAP_UDP, &ext));
	assert_non_null(strstr(portmap_text(t->map, PORTMAP_PCP),
	    "in part: refused: the router has no room"));
}

static void
t_a_mapping_never_lapses(void **state)
{
	struct test *t = *state;

	start(t);
	run(t, 10);
	t->n_sent = 0;
	for (int i = 0; i < 24 * 60; i++) {
		run(t, MINUTE);
		assert_true(is_mapped(t));
	}
	assert_held(t, PORTMAP_PCP);
	/* An hour, renewed between 1/2 and 5/8: nothing else wakes us. */
	assert_in_range(t->n_sent / 2, 24 * 60 / 38, 24 * 60 / 30);
	assert_int_equal(t->n_changes, 2);
}

static void
t_a_lost_renewal_is_tried_before_the_end(void **state)
{
	struct test *t = *state;

	start(t);
	run(t, 10);
	t->r.mood = SILENT;
	run(t, 45 * MINUTE);
	assert_held(t, PORTMAP_PCP);
	t->r.mood = ANSWERS;
	run(t, 15 * MINUTE);
	assert_true(is_mapped(t));
	/* Gone for good: known to be when the time is over. */
	t->r.mood = SILENT;
	run(t, 70 * MINUTE);
	assert_int_equal(portmap_state(t->map), PORTMAP_NONE);
	t->r.mood = ANSWERS;
	run(t, 16 * MINUTE);
	assert_held(t, PORTMAP_PCP);
}

static void
t_short_leases_do_not_make_a_storm(void **state)
{
	struct test *t = *state;

	t->r.grant_s = 1;
	start(t);
	run(t, 4 * MINUTE);
	assert_in_range(t->n_sent, 2, 2 * 61);
}

static void
t_a_restart_told_by_the_epoch_maps_again(void **state)
{
	uint8_t news[24] = { 2, 0x80 };
	struct test *t = *state;

	start(t);
	run(t, 10 * MINUTE);
	/* The router starts, forgets and says so (RFC 6887 14.1.1). */
	t->r.is_mapped[0] = t->r.is_mapped[1] = false;
	t->r.born_ms = loop_now_ms(t->loop);
	put_be(news + 8, 0);
	portmap_hear(t->map, news, sizeof(news));
	run(t, 10);
	assert_true(is_mapped(t));
	assert_held(t, PORTMAP_PCP);
	/* The same without the news: at the next renewal, both. */
	run(t, 10 * MINUTE);
	t->r.is_mapped[0] = t->r.is_mapped[1] = false;
	t->r.born_ms = loop_now_ms(t->loop);
	run(t, 30 * MINUTE);
	assert_true(is_mapped(t));
}

static void
t_endless_restarts_do_not_make_a_storm(void **state)
{
	uint8_t news[24] = { 2, 0x80 };
	struct test *t = *state;

	t->r.is_dizzy = true;
	start(t);
	for (int i = 0; i < 6000; i++) {
		put_be(news + 8, epoch(t));
		portmap_hear(t->map, news, sizeof(news));
		run(t, 10);
	}
	/* 60 s: a round each 5 s, each with one repetition at most. */
	assert_in_range(t->n_sent, 2, 13 * 4);
}

static void
row_41_a_lying_address_is_a_second_nat(void **state)
{
	static const uint8_t lies[][4] = {
		{ 10, 0, 0, 5 }, { 192, 168, 0, 2 }, { 172, 16, 3, 4 },
		{ 100, 64, 7, 1 }, { 0, 0, 0, 0 }, { 127, 0, 0, 1 },
		{ 169, 254, 1, 1 }, { 224, 0, 0, 1 }, { 255, 255, 255, 255 }
	};
	struct test *t = *state;
	struct addr ext;

	for (size_t i = 0; i < sizeof(lies) / sizeof(*lies); i++) {
		portmap_free(t->map);
		memcpy(t->r.ip, lies[i], 4);
		start(t);
		run(t, 10);
		assert_int_equal(portmap_state(t->map), PORTMAP_HELD);
		assert_true(portmap_is_double(t->map));
		assert_false(portmap_get(t->map, PORTMAP_TCP, &ext));
		assert_false(portmap_get(t->map, PORTMAP_UDP, &ext));
		assert_non_null(strstr(portmap_text(t->map, PORTMAP_PCP),
		    lies[i][0] == 0 ? "no outside address" : "second NAT"));
	}
}

static void
row_41_stun_tells_a_second_nat(void **state)
{
	struct test *t = *state;
	struct addr seen, ext;

	start(t);
	run(t, 10);
	addr_parse(&seen, "44.128.1.10:7");
	portmap_stun(t->map, &seen);
	run(t, 1);
	assert_held(t, PORTMAP_PCP);
	t->n_changes = 0;
	addr_parse(&seen, "44.128.1.99:7");
	portmap_stun(t->map, &seen);
	run(t, 1);
	assert_int_equal(t->n_changes, 1);
	assert_true(portmap_is_double(t->map));
	assert_false(portmap_get(t->map, PORTMAP_TCP, &ext));
	/* IPv6 looks as it looks. */
	addr_parse(&seen, "[2001:db8::1]:7");
	portmap_stun(t->map, &seen);
	addr_parse(&seen, "44.128.1.10:9");
	portmap_stun(t->map, &seen);
	run(t, 1);
	assert_held(t, PORTMAP_PCP);
}

static void
t_everything_is_removed_at_the_end(void **state)
{
	struct test *t = *state;

	start(t);
	run(t, 10);
	assert_true(is_mapped(t));
	portmap_end(t->map);
	assert_false(portmap_is_done(t->map));
	assert_int_equal(portmap_state(t->map), PORTMAP_OFF);
	run(t, 5);
	assert_true(portmap_is_done(t->map));
	assert_false(t->r.is_mapped[0] || t->r.is_mapped[1]);
	/* And nothing is ever asked again. */
	t->n_sent = 0;
	run(t, 24 * HOUR);
	assert_int_equal(t->n_sent, 0);
}

static void
t_an_end_in_the_middle_removes_too(void **state)
{
	struct test *t = *state;

	start(t);
	/* The answers are on their way. */
	run(t, 0);
	portmap_end(t->map);
	run(t, 300);
	assert_true(portmap_is_done(t->map));
	assert_false(t->r.is_mapped[0] || t->r.is_mapped[1]);
}

static void
t_the_same_network_keeps_what_is_held(void **state)
{
	struct test *t = *state;

	start(t);
	run(t, 10);
	t->n_changes = t->n_sent = 0;
	portmap_again(t->map, 54545, 0);
	assert_held(t, PORTMAP_PCP);
	run(t, 10);
	assert_int_equal(t->n_sent, 2);
	assert_int_equal(t->n_changes, 0);
	assert_held(t, PORTMAP_PCP);
}

static void
t_another_gateway_is_asked_anew(void **state)
{
	struct test *t = *state;
	struct addr ext;

	start(t);
	run(t, 10);
	addr_parse(&t->gateway, "10.0.0.1:5351");
	t->r.mood = SILENT;
	portmap_again(t->map, 54545, 0);
	assert_int_equal(portmap_state(t->map), PORTMAP_ASKING);
	assert_false(portmap_get(t->map, PORTMAP_TCP, &ext));
	t->r.mood = ANSWERS;
	run(t, 300);
	assert_held(t, PORTMAP_PCP);
}

static void
t_another_port_leaves_the_old_one(void **state)
{
	struct test *t = *state;
	struct addr ext;

	start(t);
	run(t, 10);
	t->n_sent = 0;
	portmap_again(t->map, 54546, 0);
	/* Two removals, two requests. */
	assert_int_equal(t->n_sent, 4);
	run(t, 10);
	assert_true(portmap_get(t->map, PORTMAP_UDP, &ext));
	assert_int_equal(ext.port, 54546);
}

static void
t_off_asks_nobody(void **state)
{
	struct test *t = *state;

	t->setup.pcp = false;
	start(t);
	run(t, HOUR);
	assert_int_equal(portmap_state(t->map), PORTMAP_OFF);
	assert_int_equal(t->n_sent, 0);
	assert_string_equal(portmap_text(t->map, PORTMAP_UPNP), "off");
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(t_pcp_holds_both_ports),
		CASE(t_nonces_are_kept_and_differ),
		CASE(t_silence_ends_after_3750_ms),
		CASE(t_a_closed_port_is_no_wait),
		CASE(t_an_old_router_is_asked_by_natpmp),
		CASE(t_garbage_is_silence),
		CASE(t_another_nonce_is_silence),
		CASE(t_refusals_are_named),
		CASE(t_one_port_is_better_than_none),
		CASE(t_a_mapping_never_lapses),
		CASE(t_a_lost_renewal_is_tried_before_the_end),
		CASE(t_short_leases_do_not_make_a_storm),
		CASE(t_a_restart_told_by_the_epoch_maps_again),
		CASE(t_endless_restarts_do_not_make_a_storm),
		CASE(row_41_a_lying_address_is_a_second_nat),
		CASE(row_41_stun_tells_a_second_nat),
		CASE(t_everything_is_removed_at_the_end),
		CASE(t_an_end_in_the_middle_removes_too),
		CASE(t_the_same_network_keeps_what_is_held),
		CASE(t_another_gateway_is_asked_anew),
		CASE(t_another_port_leaves_the_old_one),
		CASE(t_off_asks_nobody)
	};

	if (crypto_start(NULL) != 0)
		return 1;
	return cmocka_run_group_tests_name("portmap", tests, NULL, NULL);
}
