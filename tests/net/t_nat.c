#include "nat.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fakenet.h"
#include "rand.h"

/* One machine, three places that answer, and nobody else. */
struct place {
	struct loop *loop;
	struct fakenet *net;
	struct box *box;
	struct host *host, *servers[2];
	struct udp *udp;
	struct nat *nat;
	int n_changes, n_sent;
};

static void
on_change(void *arg)
{
	((struct place *)arg)->n_changes++;
}

static void
on_packet(void *arg, const struct host *by, const struct addr *to,
    const uint8_t *p, size_t len)
{
	struct place *s = arg;

	(void)to, (void)p, (void)len;
	if (by == s->host)
		s->n_sent++;
}

static bool
is_mine(void *ctx, const struct addr *a)
{
	const struct place *s = ctx;

	return addr_same_ip(a, host_addr(s->host)) ||
	    addr_same_ip(a, host_addr_v6(s->host));
}

static struct addr
server(const char *text)
{
	struct addr a;

	memset(&a, 0, sizeof(a));
	assert_int_equal(addr_parse(&a, text), 0);
	return a;
}

/* Both ports of the relay's, and another server. */
static void
tell_servers(struct place *s)
{
	const struct addr list[] = { server("203.0.113.10:3478"),
		server("203.0.113.10:3479"), server("203.0.113.11:3478") };

	nat_servers(s->nat, list, 3);
}

static void
place_new(struct place *s, bool behind, enum box_type type)
{
	memset(s, 0, sizeof(*s));
	assert_int_equal(crypto_start(NULL), 0);
	s->loop = loop_new_virtual(1000);
	s->net = fakenet_new(s->loop);
	for (int i = 0; i < 2; i++) {
		s->servers[i] = fakenet_host(s->net, i ? "203.0.113.11" :
		    "203.0.113.10", NULL, 10);
		host_v6(s->servers[i], i ? "2001:db8::11" : "2001:db8::10");
		host_stun(s->servers[i], 3478);
		host_stun(s->servers[i], 3479);
	}
	s->box = behind ? fakenet_box(s->net, type, "198.51.100.10", NULL) :
	    NULL;
	s->host = fakenet_host(s->net, behind ? "192.168.1.11" :
	    "198.51.100.77", s->box, 20);
	s->udp = host_udp(s->host, 54545);
	s->nat = nat_new(s->loop, s->udp, on_change, s);
	nat_locals(s->nat, is_mine, s);
	udp_handle(s->udp, UDP_STUN_CLASS, nat_heard, s->nat);
	fakenet_watch(s->net, on_packet, s);
}

static void
place_free(struct place *s)
{
	nat_free(s->nat);
	udp_free(s->udp);
	fakenet_free(s->net);
	loop_free(s->loop);
}

static void
check_class(bool behind, enum box_type type, enum nat_class want)
{
	struct place s;
	struct addr mapped;

	place_new(&s, behind, type);
	assert_int_equal(nat_class(s.nat), NAT_UNKNOWN);
	tell_servers(&s);
	nat_ask(s.nat, false);
	assert_true(nat_is_asking(s.nat));
	loop_virtual_run(s.loop, want == NAT_BLOCKED ? 3600 : 100);
	assert_false(nat_is_asking(s.nat));
	assert_string_equal(nat_class_name(nat_class(s.nat)),
	    nat_class_name(want));
	assert_int_equal(nat_mapped(s.nat, ADDR_V4, &mapped),
	    want != NAT_BLOCKED);
	assert_false(nat_mapped(s.nat, ADDR_V6, &mapped));
	assert_int_equal(nat_step(s.nat), want == NAT_SEQ ? 1 : 0);
	assert_true(s.n_changes > 0);
	place_free(&s);
}

static void
t_class_of_every_nat(void **state)
{
	(void)state;
	check_class(false, BOX_FULL, NAT_OPEN);
	check_class(true, BOX_FULL, NAT_EASY);
	check_class(true, BOX_ADDR, NAT_EASY);
	check_class(true, BOX_PORT, NAT_EASY);
	check_class(true, BOX_LOOSE, NAT_EASY);
	check_class(true, BOX_SEQ, NAT_SEQ);
	check_class(true, BOX_SYM, NAT_HARD);
	check_class(true, BOX_BLOCK, NAT_BLOCKED);
}

/* The relay alone: its second port tells enough. */
static void
t_two_ports_of_one_server_do(void **state)
{
	const struct addr list[] = { server("203.0.113.10:3478"),
		server("203.0.113.10:3479") };
	struct place s;

	(void)state;
	place_new(&s, true, BOX_SYM);
	nat_servers(s.nat, list, 2);
	nat_ask(s.nat, false);
	loop_virtual_run(s.loop, 100);
	assert_int_equal(nat_class(s.nat), NAT_HARD);
	place_free(&s);
}

static void
t_one_answer_shows_an_address_and_no_class(void **state)
{
	const struct addr list[] = { server("203.0.113.10:3478"),
		server("203.0.113.99:3478") };
	struct addr mapped;
	struct place s;

	(void)state;
	place_new(&s, true, BOX_PORT);
	nat_servers(s.nat, list, 2);
	nat_ask(s.nat, false);
	loop_virtual_run(s.loop, 100);
	assert_true(nat_mapped(s.nat, ADDR_V4, &mapped));
	assert_true(nat_is_asking(s.nat));
	loop_virtual_run(s.loop, 3500);
	assert_false(nat_is_asking(s.nat));
	assert_int_equal(nat_class(s.nat), NAT_UNKNOWN);
	assert_int_equal(mapped.port, 54545);
	place_free(&s);
}

static void
t_blocked_is_asked_three_times(void **state)
{
	struct place s;

	(void)state;
	place_new(&s, true, BOX_BLOCK);
	tell_servers(&s);
	nat_ask(s.nat, false);
	loop_virtual_run(s.loop, 100);
	assert_int_equal(s.n_sent, 3);
	loop_virtual_run(s.loop, 3300);
	assert_true(nat_is_asking(s.nat));
	assert_int_equal(s.n_sent, 9);
	loop_virtual_run(s.loop, 200);
	assert_false(nat_is_asking(s.nat));
	/* And not a packet more: nothing here polls. */
	loop_virtual_run(s.loop, 3600000);
	assert_int_equal(s.n_sent, 9);
	place_free(&s);
}

static void
t_lost_packets_are_sent_again(void **state)
{
	struct place s;

	(void)state;
	place_new(&s, true, BOX_PORT);
	tell_servers(&s);
	fakenet_loss(s.net, 100);
	nat_ask(s.nat, false);
	loop_virtual_run(s.loop, 600);
	fakenet_loss(s.net, 0);
	loop_virtual_run(s.loop, 1000);
	assert_int_equal(nat_class(s.nat), NAT_EASY);
	place_free(&s);
}

static void
t_an_answer_is_good_for_27_s(void **state)
{
	struct place s;

	(void)state;
	place_new(&s, true, BOX_PORT);
	tell_servers(&s);
	nat_ask(s.nat, false);
	loop_virtual_run(s.loop, 1000);
	assert_int_equal(s.n_sent, 3);
	nat_ask(s.nat, false);
	assert_false(nat_is_asking(s.nat));
	nat_ask(s.nat, true);
	assert_true(nat_is_asking(s.nat));
	loop_virtual_run(s.loop, 1000);
	assert_int_equal(s.n_sent, 6);
	loop_virtual_run(s.loop, NAT_FRESH_MS);
	nat_ask(s.nat, false);
	loop_virtual_run(s.loop, 1000);
	assert_int_equal(s.n_sent, 9);
	assert_int_equal(s.n_changes, 2);	/* address, then class */
	place_free(&s);
}

static void
t_nobody_else_can_answer(void **state)
{
	const struct addr from[] = { server("203.0.113.66:3478"),
		server("203.0.113.10:3478") };
	struct place s;
	struct addr to, lie = server("203.0.113.66:6666");
	uint8_t id[STUN_ID] = { 1 };
	struct buf out;

	(void)state;
	place_new(&s, true, BOX_FULL);
	tell_servers(&s);
	nat_ask(s.nat, false);
	loop_virtual_run(s.loop, 1);
	to = server("198.51.100.10:54545");
	buf_init(&out);
	stun_write_response(&out, id, &lie);
	for (int i = 0; i < 2; i++)
		fakenet_forge(s.net, &from[i], &to, out.at, out.len);
	loop_virtual_run(s.loop, 21);
	assert_false(nat_mapped(s.nat, ADDR_V4, &to));
	buf_clear(&out);
	loop_virtual_run(s.loop, 100);
	assert_int_equal(nat_class(s.nat), NAT_EASY);
	assert_true(nat_mapped(s.nat, ADDR_V4, &to));
	assert_false(addr_same_ip(&to, &lie));
	place_free(&s);
}

static void
t_v6_has_an_address_and_blocks_nothing(void **state)
{
	const struct addr list[] = { server("[2001:db8::10]:3478") };
	struct addr mapped;
	struct place s;

	(void)state;
	place_new(&s, true, BOX_PORT);
	host_v6(s.host, "2001:db8:1::11");
	nat_servers(s.nat, list, 1);
	nat_ask(s.nat, false);
	loop_virtual_run(s.loop, 100);
	assert_int_equal(nat_class(s.nat), NAT_OPEN);
	assert_true(nat_mapped(s.nat, ADDR_V6, &mapped));
	assert_true(addr_same_ip(&mapped, host_addr_v6(s.host)));
	assert_false(nat_mapped(s.nat, ADDR_V4, &mapped));
	place_free(&s);
}

static void
t_without_servers_nothing_is_known(void **state)
{
	struct place s;

	(void)state;
	place_new(&s, true, BOX_PORT);
	nat_ask(s.nat, true);
	assert_false(nat_is_asking(s.nat));
	loop_virtual_run(s.loop, 5000);
	assert_int_equal(nat_class(s.nat), NAT_UNKNOWN);
	assert_int_equal(s.n_sent, 0);
	place_free(&s);
}

/* What was known stays until it is known better. */
static void
t_a_network_that_goes_silent_is_blocked_only_at_the_end(void **state)
{
	struct addr mapped;
	struct place s;

	(void)state;
	place_new(&s, true, BOX_PORT);
	tell_servers(&s);
	nat_ask(s.nat, false);
	loop_virtual_run(s.loop, 1000);
	fakenet_loss(s.net, 100);
	nat_ask(s.nat, true);
	loop_virtual_run(s.loop, 3400);
	assert_int_equal(nat_class(s.nat), NAT_EASY);
	loop_virtual_run(s.loop, 200);
	assert_int_equal(nat_class(s.nat), NAT_BLOCKED);
	assert_false(nat_mapped(s.nat, ADDR_V4, &mapped));
	place_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_class_of_every_nat),
		cmocka_unit_test(t_two_ports_of_one_server_do),
		cmocka_unit_test(t_one_answer_shows_an_address_and_no_class),
		cmocka_unit_test(t_blocked_is_asked_three_times),
		cmocka_unit_test(t_lost_packets_are_sent_again),
		cmocka_unit_test(t_an_answer_is_good_for_27_s),
		cmocka_unit_test(t_nobody_else_can_answer),
		cmocka_unit_test(t_v6_has_an_address_and_blocks_nothing),
		cmocka_unit_test(t_without_servers_nothing_is_known),
		cmocka_unit_test(
		    t_a_network_that_goes_silent_is_blocked_only_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
