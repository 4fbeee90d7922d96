#include "udp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

struct test {
	struct loop *loop;
	struct udp *a, *b;
	struct addr to_b;
	int n_heard[UDP_CLASSES];
	struct addr from;
	uint8_t last[2048];
	size_t last_len;
	int free_at;			/* b goes when so many were heard */
};

static void
take(struct test *t, enum udp_class class, struct udp *via,
    const struct addr *from, const uint8_t *p, size_t len)
{
	assert_ptr_equal(via, t->b);
	t->n_heard[class]++;
	t->from = *from;
	t->last_len = len;
	memcpy(t->last, p, len);
	if (t->n_heard[class] == t->free_at) {
		udp_free(t->b);
		assert_false(udp_send(via, from, "x", 1));
		t->b = NULL;
	}
}

#define HEARD(name, class) \
static void \
name(void *arg, struct udp *via, const struct addr *from, uint8_t *p, \
    size_t len) \
{ \
	take(arg, class, via, from, p, len); \
}
HEARD(on_stun, UDP_STUN_CLASS)
HEARD(on_packet, UDP_LINK_CLASS)
HEARD(on_probe, UDP_PROBE_CLASS)
HEARD(on_reach, UDP_REACH_CLASS)

static int
setup(void **state)
{
	struct test *t = mem_new(sizeof(*t));
	struct addr only = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 } };

	t->loop = loop_new(NULL);
	t->a = udp_open(t->loop, &only, 0, NULL);
	t->b = udp_open(t->loop, NULL, 0, NULL);
	assert_non_null(t->a);
	assert_non_null(t->b);
	udp_handle(t->b, UDP_STUN_CLASS, on_stun, t);
	udp_handle(t->b, UDP_LINK_CLASS, on_packet, t);
	udp_handle(t->b, UDP_PROBE_CLASS, on_probe, t);
	udp_handle(t->b, UDP_REACH_CLASS, on_reach, t);
	t->to_b = only;
	t->to_b.port = udp_port(t->b, ADDR_V4);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct test *t = *state;

	udp_free(t->a);
	udp_free(t->b);
	loop_turn(t->loop, 0);
	loop_free(t->loop);
	free(t);
	return 0;
}

static void
say(struct test *t, const void *p, size_t len)
{
	assert_true(udp_send(t->a, &t->to_b, p, len));
}

static int
heard(const struct test *t)
{
	int n = 0;

	for (int i = 0; i < UDP_CLASSES; i++)
		n += t->n_heard[i];
	return n;
}

static void
wait_for(struct test *t, int n)
{
	for (int i = 0; i < 1000 && heard(t) < n; i++)
		loop_turn(t->loop, 1000);
	assert_int_equal(heard(t), n);
}

static void
t_first_bytes_say_whose_it_is(void **state)
{
	struct test *t = *state;
	static const uint8_t cookie[4] = { 0x21, 0x12, 0xa4, 0x42 };
	uint8_t p[UDP_PAYLOAD] = { 0, 1, 0, 8 };

	memcpy(p + 4, cookie, 4);
	say(t, p, 28);			/* a Binding request */
	p[0] = p[1] = 1;
	say(t, p, 28);			/* its answer */
	wait_for(t, 2);
	assert_int_equal(t->n_heard[UDP_STUN_CLASS], 2);
	say(t, p, 27);			/* a length that is not its */
	memset(p, 0, sizeof(p));
	p[0] = p[1] = 1;
	memcpy(p + 4, cookie, 4);	/* an init may hold anything there */
	say(t, p, 142);
	wait_for(t, 4);
	assert_int_equal(t->n_heard[UDP_LINK_CLASS], 2);
	for (unsigned i = 2; i < 256; i++) {
		p[0] = (uint8_t)i;
		say(t, p, 60);
	}
	wait_for(t, 10);
	assert_int_equal(t->n_heard[UDP_LINK_CLASS], 5);
	assert_int_equal(t->n_heard[UDP_PROBE_CLASS], 2);
	assert_int_equal(t->n_heard[UDP_REACH_CLASS], 1);
	say(t, "", 0);
	p[0] = UDP_DATA;
	say(t, p, sizeof(p));
	wait_for(t, 11);
	assert_int_equal(t->last_len, sizeof(p));
	assert_int_equal(t->from.port, udp_port(t->a, ADDR_V4));
}

static void
t_a_packet_that_does_not_fit_is_dropped(void **state)
{
	struct test *t = *state;
	uint8_t p[4000] = { UDP_DATA };

	say(t, p, 4000);
	say(t, p, 2048);
	say(t, p, 2047);
	wait_for(t, 1);
	assert_int_equal(t->last_len, 2047);
}

static void
t_a_flood_leaves_others_their_turn(void **state)
{
	struct test *t = *state;
	uint8_t p[20] = { UDP_DATA };

	for (int i = 0; i < 200; i++)
		say(t, p, sizeof(p));
	loop_turn(t->loop, 1000);
	assert_in_range(heard(t), 1, 100);
	wait_for(t, 200);
}

/* By one call or by many: the other side hears the same packets. */
static void
t_a_run_arrives_as_its_packets(void **state)
{
	struct test *t = *state;
	uint8_t p[UDP_RUN * UDP_PAYLOAD];
	size_t at[2] = { 10 * UDP_PAYLOAD + 50, sizeof(p) };

	memset(p, UDP_DATA, sizeof(p));
	assert_true(udp_send_run(t->a, &t->to_b, p, at[0], UDP_PAYLOAD));
	wait_for(t, 11);
	assert_int_equal(t->last_len, 50);
	assert_int_equal(t->from.port, udp_port(t->a, ADDR_V4));
	assert_true(udp_send_run(t->a, &t->to_b, p, at[1], UDP_PAYLOAD));
	wait_for(t, 11 + UDP_RUN);
	assert_int_equal(t->last_len, UDP_PAYLOAD);
	/* More pieces than any system takes in one call. */
	assert_true(udp_send_run(t->a, &t->to_b, p, 300, 1));
	wait_for(t, 11 + UDP_RUN + 300);
	assert_true(udp_send_run(t->a, &t->to_b, p, 40, 20));
	wait_for(t, 11 + UDP_RUN + 302);
	assert_int_equal(t->last_len, 20);
}

static void
t_a_handler_may_free_its_sockets(void **state)
{
	struct test *t = *state;
	uint8_t p[20] = { UDP_DATA };

	t->free_at = 3;
	for (int i = 0; i < 6; i++)
		say(t, p, sizeof(p));
	wait_for(t, 3);
	loop_turn(t->loop, 0);
	assert_int_equal(heard(t), 3);
}

static void
t_families_share_the_port(void **state)
{
	struct test *t = *state;
	struct addr to = { .family = ADDR_V6 };
	uint8_t p[20] = { UDP_DATA };
	struct udp *other;

	if (!udp_has(t->b, ADDR_V6))
		skip();
	assert_int_equal(udp_port(t->b, ADDR_V6), udp_port(t->b, ADDR_V4));
	assert_false(udp_has(t->a, ADDR_V6));
	to.ip[15] = 1;
	to.port = udp_port(t->b, ADDR_V6);
	assert_false(udp_send(t->a, &to, p, sizeof(p)));
	if (udp_send(t->b, &to, p, sizeof(p))) {
		wait_for(t, 1);
		assert_int_equal(t->from.family, ADDR_V6);
	}
	/* Both taken: nothing to listen with. */
	other = udp_open(t->loop, NULL, to.port, NULL);
	assert_null(other);
}

static void
t_a_short_life_comes_back_to_the_default(void **state)
{
	struct test *t = *state;
	uint8_t p[20] = { UDP_DATA };

	udp_set_ttl(t->a, 1);
	say(t, p, sizeof(p));		/* loopback passes no router */
	udp_set_ttl(t->a, 0);
	say(t, p, sizeof(p));
	wait_for(t, 2);
}

/* Who takes many leaves the last ones to the others. */
static void
t_many_sockets_leave_some_to_others(void **state)
{
	struct test *t = *state;
	struct udp *many[128];
	struct rlimit old, low;
	int spare[2 * UDP_SPARE];
	size_t n = 0, n_spare = 0;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = UDP_SPARE + 64;
	if (setrlimit(RLIMIT_NOFILE, &low) != 0)
		skip();
	while (n < 128 && (many[n] = udp_open_many(t->b)) != NULL) {
		assert_true(udp_has(many[n], ADDR_V4));
		assert_false(udp_has(many[n], ADDR_V6));
		n++;
	}
	assert_in_range(n, 1, 64);
	while (n_spare < 2 * UDP_SPARE &&
	    (spare[n_spare] = dup(STDERR_FILENO)) >= 0)
		n_spare++;
	setrlimit(RLIMIT_NOFILE, &old);
	assert_int_equal(n_spare, UDP_SPARE);
	while (n_spare > 0)
		close(spare[--n_spare]);
	while (n > 0)
		udp_free(many[--n]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    t_first_bytes_say_whose_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    t_a_packet_that_does_not_fit_is_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    t_a_flood_leaves_others_their_turn, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    t_a_run_arrives_as_its_packets, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    t_a_handler_may_free_its_sockets, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    t_families_share_the_port, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    t_a_short_life_comes_back_to_the_default, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    t_many_sockets_leave_some_to_others, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
