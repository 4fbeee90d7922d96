#include "punch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "punch-kit.h"

enum { ALL_ROUNDS_MS = PUNCH_GATHER_MS + PUNCH_ROUND1_MS + PUNCH_ROUND2_MS +
	PUNCH_ROUND3_MS + 4000 };

/* ---- the matrix of e2e/nat.test ----------------------------------------- */

static const char *const box_names[] = {
	"none", "full", "addr", "port", "loose", "seq", "sym", "udpblock"
};

static bool
meet(int a, int b, enum path *path)
{
	struct pair p;
	bool through;

	pair_init(&p);
	pair_home(&p.a, a, "192.168.1.11");
	pair_home(&p.b, b, "192.168.2.21");
	pair_start(&p);
	pair_run(&p, ALL_ROUNDS_MS);
	through = pair_is_through(&p);
	*path = p.a.path;
	if (through)
		assert_int_equal(p.b.path, p.a.path);
	else
		assert_int_equal(p.a.n_ways + p.b.n_ways, 0);
	pair_clear(&p);
	return through;
}

static void
t_which_pairs_get_a_way(void **state)
{
	/* y yes, n no; row and column as box_names. */
	static const char *const want[] = {
		"yyyyyyyn",
		"yyyyyyyn",
		"yyyyyyyn",
		"yyyyyynn",
		"yyyyyynn",
		"yyyyynnn",
		"yyynnnnn",
		"nnnnnnnn"
	};
	int n_wrong = 0;

	(void)state;
	for (int a = BOX_NONE; a <= BOX_BLOCK; a++) {
		for (int b = BOX_NONE; b <= BOX_BLOCK; b++) {
			bool yes = want[a + 1][b + 1] == 'y';
			enum path path;

			if (meet(a, b, &path) == yes &&
			    (!yes || path == (a < 0 || b < 0 ? PATH_DIRECT :
			    PATH_PUNCHED)))
				continue;
			printf("# %s - %s: wrong, path %d\n", box_names[a + 1],
			    box_names[b + 1], (int)path);
			n_wrong++;
		}
	}
	assert_int_equal(n_wrong, 0);
}

/* ---- other roads ------------------------------------------------------- */

static void
check_round(const struct pair *p, unsigned round)
{
	char want[40];

	snprintf(want, sizeof(want), "round %u: through", round);
	assert_string_equal(p->a.text, want);
	assert_string_equal(p->b.text, want);
}

/* The reason for round 2: an early packet takes the port at the router. */
static void
t_loose_routers_need_a_new_socket_and_a_low_ttl(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	pair_home(&p.a, BOX_LOOSE, "192.168.1.11");
	pair_home(&p.b, BOX_LOOSE, "192.168.2.21");
	p.late_ms = 100;		/* he begins 50 ms after her */
	pair_start(&p);
	pair_run(&p, ALL_ROUNDS_MS);
	check_round(&p, 2);
	assert_ptr_not_equal(p.a.via, p.a.udp);
	assert_ptr_not_equal(p.b.via, p.b.udp);
	assert_true(pair_is_through(&p));
	pair_clear(&p);
}

/* And a router that an early packet confuses needs both. */
static void
t_seq_needs_the_next_ports(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct pair p;

		pair_init(&p);
		pair_home(&p.a, BOX_SEQ, "192.168.1.11");
		pair_home(&p.b, i ? BOX_LOOSE : BOX_PORT, "192.168.2.21");
		p.late_ms = 100;
		pair_start(&p);
		pair_run(&p, ALL_ROUNDS_MS);
		check_round(&p, 3);
		assert_true(pair_is_through(&p));
		pair_clear(&p);
	}
}

static void
t_late_partner(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	pair_home(&p.a, BOX_PORT, "192.168.1.11");
	pair_home(&p.b, BOX_PORT, "192.168.2.21");
	p.late_ms = 1000;
	pair_start(&p);
	pair_run(&p, ALL_ROUNDS_MS + 3000);
	check_round(&p, 1);
	assert_true(pair_is_through(&p));
	pair_clear(&p);
}

/* 36 % of the round trips are lost. */
static void
t_a_fifth_of_all_packets_may_be_lost(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 20; run++) {
		struct pair p;

		pair_init(&p);
		fakenet_shake(p.net, run);
		pair_home(&p.a, run & 1 ? BOX_ADDR : BOX_PORT,
		    "192.168.1.11");
		pair_home(&p.b, run & 1 ? BOX_SYM : BOX_PORT,
		    "192.168.2.21");
		fakenet_loss(p.net, 20);
		pair_start(&p);
		pair_run(&p, ALL_ROUNDS_MS);
		assert_true(pair_is_through(&p));
		pair_clear(&p);
	}
}

static void
t_same_lan_is_a_lan_way(void **state)
{
	struct box *box;
	struct pair p;

	(void)state;
	pair_init(&p);
	box = fakenet_box(p.net, BOX_SYM, "198.51.100.10", NULL);
	pair_place(&p.a, box, "192.168.1.11");
	pair_place(&p.b, box, "192.168.1.12");
	pair_start(&p);
	pair_run(&p, ALL_ROUNDS_MS);
	assert_int_equal(p.a.path, PATH_LAN);
	assert_int_equal(p.b.path, PATH_LAN);
	assert_true(addr_same_ip(&p.a.to, host_addr(p.b.host)));
	assert_true(pair_is_through(&p));
	pair_clear(&p);
}

static void
t_two_programs_of_one_machine(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	pair_home(&p.a, BOX_PORT, "192.168.1.11");
	pair_beside(&p);
	pair_start(&p);
	pair_run(&p, ALL_ROUNDS_MS);
	assert_int_equal(p.a.path, PATH_LAN);
	assert_int_equal(p.b.path, PATH_LAN);
	assert_true(pair_is_through(&p));
	pair_clear(&p);
}

/* Somebody else has his address on my LAN, or I have it myself. */
static void
row_38_same_subnet_on_both_sides(void **state)
{
	const char *const ips[] = { "192.168.1.21", "192.168.1.11" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct host *stranger;
		struct pair p;

		pair_init(&p);
		pair_home(&p.a, BOX_PORT, "192.168.1.11");
		pair_home(&p.b, BOX_PORT, ips[i]);
		if (i == 0) {
			stranger = fakenet_host(p.net, ips[i], p.a.box, 15);
			host_udp(stranger, PORT_HOME);
		}
		pair_start(&p);
		pair_run(&p, ALL_ROUNDS_MS);
		assert_int_equal(p.a.path, PATH_PUNCHED);
		assert_int_equal(p.b.path, PATH_PUNCHED);
		assert_true(pair_is_through(&p));
		pair_clear(&p);
	}
}

static void
t_two_nats_in_a_row(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		static const enum box_type home[] = { BOX_PORT, BOX_LOOSE,
			BOX_PORT };
		struct box *carrier[2];
		struct pair p;

		pair_init(&p);
		carrier[0] = fakenet_box(p.net, i == 2 ? BOX_SYM : home[i],
		    "198.51.100.2", NULL);
		carrier[1] = fakenet_box(p.net, home[i], "198.51.100.130",
		    NULL);
		pair_place(&p.a, fakenet_box(p.net, home[i], "100.64.1.2",
		    carrier[0]), "192.168.1.11");
		pair_place(&p.b, fakenet_box(p.net, home[i], "100.64.2.2",
		    carrier[1]), "192.168.2.21");
		p.a.is_double = p.b.is_double = true;
		p.late_ms = 100;
		pair_start(&p);
		pair_run(&p, ALL_ROUNDS_MS);
		/* A carrier that takes another port for everybody: no. */
		assert_int_equal(pair_is_through(&p), i != 2);
		pair_clear(&p);
	}
}

static void
t_behind_one_carrier_only_a_hairpin_helps(void **state)
{
	(void)state;
	for (int hairpin = 0; hairpin < 2; hairpin++) {
		struct box *carrier;
		struct pair p;

		pair_init(&p);
		carrier = fakenet_box(p.net, BOX_PORT, "198.51.100.2", NULL);
		if (hairpin)
			box_hairpin(carrier);
		pair_place(&p.a, fakenet_box(p.net, BOX_PORT, "100.64.1.2",
		    carrier), "192.168.1.11");
		pair_place(&p.b, fakenet_box(p.net, BOX_PORT, "100.64.2.2",
		    carrier), "192.168.2.21");
		pair_start(&p);
		pair_run(&p, ALL_ROUNDS_MS);
		assert_int_equal(pair_is_through(&p), hairpin);
		pair_clear(&p);
	}
}

/* No NAT, two firewalls; IPv4 has no chance here. */
static void
t_v6_through_two_firewalls(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	pair_home(&p.a, BOX_SYM, "192.168.1.11");
	pair_home(&p.b, BOX_SYM, "192.168.2.21");
	host_v6(p.a.host, "2001:db8:1::11");
	host_v6(p.b.host, "2001:db8:2::21");
	pair_start(&p);
	pair_run(&p, ALL_ROUNDS_MS);
	assert_int_equal(p.a.path, PATH_DIRECT);
	assert_int_equal(p.b.path, PATH_DIRECT);
	assert_int_equal(p.a.to.family, ADDR_V6);
	assert_true(pair_is_through(&p));
	pair_clear(&p);
}

static void
t_a_mapped_port_beats_a_hard_nat(void **state)
{
	(void)state;
	for (int who = 0; who < 2; who++) {
		struct person *m;
		struct addr home;
		struct pair p;

		pair_init(&p);
		pair_home(&p.a, BOX_SYM, "192.168.1.11");
		pair_home(&p.b, BOX_SYM, "192.168.2.21");
		m = who ? &p.b : &p.a;
		home = *host_addr(m->host);
		home.port = PORT_HOME;
		box_map(m->box, 61000, &home);
		tell(m, CAND_MAPPED, CAND_UDP, who ? "198.51.100.138:61000" :
		    "198.51.100.10:61000");
		pair_start(&p);
		pair_run(&p, ALL_ROUNDS_MS);
		assert_int_equal(p.a.path, PATH_MAPPED);
		assert_int_equal(p.b.path, PATH_MAPPED);
		assert_true(pair_is_through(&p));
		pair_clear(&p);
	}
}

/* UPnP takes seconds: what comes later is told later. */
static void
t_later_candidates_trickle(void **state)
{
	struct addr home;
	struct pair p;

	(void)state;
	pair_init(&p);
	pair_home(&p.a, BOX_SYM, "192.168.1.11");
	pair_home(&p.b, BOX_SYM, "192.168.2.21");
	pair_start(&p);
	pair_run(&p, 800);
	home = *host_addr(p.b.host);
	home.port = PORT_HOME;
	box_map(p.b.box, 61000, &home);
	tell(&p.b, CAND_MAPPED, CAND_UDP, "198.51.100.138:61000");
	punch_more(p.b.punch);
	pair_run(&p, ALL_ROUNDS_MS);
	check_round(&p, 1);
	assert_int_equal(p.a.path, PATH_MAPPED);
	assert_true(pair_is_through(&p));
	pair_clear(&p);
}

/* ---- the machine ------------------------------------------------------- */

static void
count_packets(void *arg, const struct host *by, const struct addr *to,
    const uint8_t *p, size_t len)
{
	(void)by, (void)to, (void)p, (void)len;
	++*(int *)arg;
}

static void
t_back_off_and_its_reason(void **state)
{
	static const int minutes[] = { 1, 2, 4, 8, 15, 15 };
	char text[120], want[120];
	struct pair p;

	(void)state;
	pair_init(&p);
	pair_home(&p.a, BOX_SYM, "192.168.1.11");
	pair_home(&p.b, BOX_SYM, "192.168.2.21");
	pair_start(&p);
	for (int i = 0; i < 6; i++) {
		for (int s = 0; s < 20 && p.a.n_failed == i; s++)
			pair_run(&p, 1000);
		assert_int_equal(p.a.n_failed, i + 1);
		assert_int_equal(p.a.again_ms, minutes[i] * 60000);
		punch_text(p.a.punch, text);
		snprintf(want, sizeof(want),
		    "waiting %d min: both NATs are hard", minutes[i]);
		assert_string_equal(text, want);
		pair_run(&p, p.a.again_ms - 1000);
	}
	assert_int_equal(p.b.n_failed, 6);
	pair_clear(&p);
}

/* Changed addresses of either side begin anew, at once. */
static void
t_a_change_forgets_the_back_off(void **state)
{
	(void)state;
	for (int who = 0; who < 2; who++) {
		struct person *m;
		struct addr home;
		struct pair p;

		pair_init(&p);
		pair_home(&p.a, BOX_SYM, "192.168.1.11");
		pair_home(&p.b, BOX_SYM, "192.168.2.21");
		pair_start(&p);
		pair_run(&p, ALL_ROUNDS_MS);
		assert_int_equal(p.a.n_failed, 1);
		m = who ? &p.b : &p.a;
		home = *host_addr(m->host);
		home.port = PORT_HOME;
		box_map(m->box, 61000, &home);
		tell(m, CAND_MAPPED, CAND_UDP, who ? "198.51.100.138:61000" :
		    "198.51.100.10:61000");
		punch_again(m->punch);
		pair_run(&p, 3000);
		assert_true(pair_is_through(&p));
		pair_clear(&p);
	}
}

static void
t_a_way_that_is_not_taken_has_failed(void **state)
{
	struct pair p;
	int n = 0;

	(void)state;
	pair_init(&p);
	pair_home(&p.a, BOX_PORT, "192.168.1.11");
	pair_home(&p.b, BOX_PORT, "192.168.2.21");
	pair_start(&p);
	pair_run(&p, 3000);
	assert_int_equal(p.a.n_ways, 1);
	assert_int_equal(p.a.n_failed, 0);
	pair_run(&p, PUNCH_TAKEN_MS);
	assert_int_equal(p.a.n_failed, 1);
	pair_run(&p, PUNCH_AGAIN_MIN_MS + 3000);
	assert_int_equal(p.a.n_ways, 2);
	assert_int_equal(p.b.n_ways, 2);
	/* One that is taken is not looked for again, nor kept open here. */
	punch_stop(p.a.punch);
	punch_stop(p.b.punch);
	fakenet_watch(p.net, count_packets, &n);
	pair_run(&p, 3600000);
	assert_int_equal(n, 0);
	assert_int_equal(p.a.n_ways, 2);
	assert_int_equal(p.a.n_failed, 1);
	pair_clear(&p);
}

/* The link ends, in whatever state; a new one begins all over. */
static void
t_the_link_may_end_at_any_time(void **state)
{
	(void)state;
	for (int64_t ms = 0; ms < 2000; ms += 37) {
		struct pair p;
		int n = 0;

		pair_init(&p);
		pair_home(&p.a, BOX_PORT, "192.168.1.11");
		pair_home(&p.b, BOX_PORT, "192.168.2.21");
		pair_start(&p);
		pair_run(&p, ms);
		p.link_is_down = true;
		pair_run(&p, 3 * p.link_ms);
		punch_stop(p.a.punch);
		punch_stop(p.b.punch);
		pair_run(&p, 100);
		fakenet_watch(p.net, count_packets, &n);
		pair_run(&p, 60000);
		assert_int_equal(n, 0);
		fakenet_watch(p.net, NULL, NULL);
		p.link_is_down = false;
		p.a.has_way = p.b.has_way = false;
		pair_join(&p);
		pair_run(&p, ALL_ROUNDS_MS);
		assert_true(pair_is_through(&p));
		pair_clear(&p);
	}
}

/* One side is told of the link long before the other. */
static void
t_sides_may_start_far_apart(void **state)
{
	(void)state;
	for (int who = 0; who < 2; who++) {
		struct pair p;

		pair_init(&p);
		pair_home(&p.a, BOX_PORT, "192.168.1.11");
		pair_home(&p.b, BOX_PORT, "192.168.2.21");
		pair_learn(&p);
		punch_start(who ? p.a.punch : p.b.punch, 80000);
		pair_run(&p, 20000);
		punch_start(who ? p.b.punch : p.a.punch, 80000);
		pair_run(&p, 2000);
		assert_true(pair_is_through(&p));
		pair_clear(&p);
	}
}

/* The link comes and goes; one looks for a way before the other does. */
static void
t_sides_may_start_far_apart_again_and_again(void **state)
{
	(void)state;
	for (int who = 0; who < 2; who++) {
		struct pair p;

		pair_init(&p);
		pair_home(&p.a, BOX_PORT, "192.168.1.11");
		pair_home(&p.b, BOX_PORT, "192.168.2.21");
		pair_start(&p);
		for (int i = 0; i < 8; i++) {
			pair_run(&p, 3000);
			assert_true(pair_is_through(&p));
			punch_stop(p.a.punch);
			punch_stop(p.b.punch);
			p.a.has_way = p.b.has_way = false;
			pair_run(&p, 20000);
			punch_start(who ? p.a.punch : p.b.punch, 80000);
			pair_run(&p, 2000);
			punch_start(who ? p.b.punch : p.a.punch, 80000);
		}
		pair_clear(&p);
	}
}

static void
t_a_silent_partner_is_said_to_be(void **state)
{
	struct pair p;
	char text[120];

	(void)state;
	pair_init(&p);
	pair_home(&p.a, BOX_PORT, "192.168.1.11");
	pair_home(&p.b, BOX_PORT, "192.168.2.21");
	pair_learn(&p);
	punch_start(p.a.punch, 80000);
	pair_run(&p, 60000);
	punch_text(p.a.punch, text);
	assert_string_equal(text, "waiting for the other side");
	assert_int_equal(p.a.n_failed, 0);
	punch_start(p.b.punch, 80000);
	pair_run(&p, 150);
	punch_stop(p.b.punch);
	pair_run(&p, PUNCH_REPLY_MS + 1000);
	punch_text(p.a.punch, text);
	assert_string_equal(text,
	    "waiting 1 min: the other side does not answer");
	pair_clear(&p);
}

static void
t_tcp_candidates_are_handed_on_once(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	pair_home(&p.a, BOX_LOOSE, "192.168.1.11");
	pair_home(&p.b, BOX_SYM, "192.168.2.21");
	tell(&p.b, CAND_MAPPED, CAND_TCP, "198.51.100.138:54545");
	tell(&p.b, CAND_HOST, CAND_TCP, "[2001:db8:2::21]:54545");
	/* Any machine of my LAN, as far as I know. */
	tell(&p.b, CAND_HOST, CAND_TCP, "192.168.1.12:54545");
	tell(&p.b, CAND_HOST, CAND_TCP, "192.168.2.21:54545");	/* not mine */
	tell(&p.b, CAND_SRFLX, CAND_TCP, "198.51.100.138:40000");
	tell(&p.b, CAND_HOST, CAND_TCP, "198.51.100.138:22");
	tell(&p.b, CAND_HOST, CAND_TCP, "192.168.1.11:54545");	/* myself */
	pair_start(&p);
	pair_run(&p, ALL_ROUNDS_MS);
	assert_int_equal(p.a.n_tcp_calls, 1);
	assert_int_equal(p.a.n_tcp, 2);
	assert_int_equal(p.b.n_tcp_calls, 0);
	for (size_t i = 0; i < p.a.n_tcp; i++)
		assert_true(addr_equal(&p.a.tcp[i].addr, &p.b.extra[i].addr));
	pair_clear(&p);
}

/* Of my LAN only who answered there is dialled, at the port he names. */
static void
row_40_contacts_cannot_send_me_into_my_lan(void **state)
{
	struct box *box;
	struct pair p;

	(void)state;
	pair_init(&p);
	box = fakenet_box(p.net, BOX_PORT, "198.51.100.10", NULL);
	pair_place(&p.a, box, "192.168.1.11");
	pair_place(&p.b, box, "192.168.1.12");
	tell(&p.b, CAND_HOST, CAND_TCP, "192.168.1.1:8080");
	tell(&p.b, CAND_HOST, CAND_TCP, "192.168.1.12:54545");
	tell(&p.b, CAND_HOST, CAND_TCP, "192.168.1.13:54545");
	pair_start(&p);
	pair_run(&p, ALL_ROUNDS_MS);
	assert_int_equal(p.a.n_tcp, 1);
	assert_true(addr_equal(&p.a.tcp[0].addr, &p.b.extra[1].addr));
	pair_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_which_pairs_get_a_way),
		cmocka_unit_test(
		    t_loose_routers_need_a_new_socket_and_a_low_ttl),
		cmocka_unit_test(t_seq_needs_the_next_ports),
		cmocka_unit_test(t_late_partner),
		cmocka_unit_test(t_a_fifth_of_all_packets_may_be_lost),
		cmocka_unit_test(t_same_lan_is_a_lan_way),
		cmocka_unit_test(t_two_programs_of_one_machine),
		cmocka_unit_test(row_38_same_subnet_on_both_sides),
		cmocka_unit_test(t_two_nats_in_a_row),
		cmocka_unit_test(t_behind_one_carrier_only_a_hairpin_helps),
		cmocka_unit_test(t_v6_through_two_firewalls),
		cmocka_unit_test(t_a_mapped_port_beats_a_hard_nat),
		cmocka_unit_test(t_later_candidates_trickle),
		cmocka_unit_test(t_back_off_and_its_reason),
		cmocka_unit_test(t_a_change_forgets_the_back_off),
		cmocka_unit_test(t_a_way_that_is_not_taken_has_failed),
		cmocka_unit_test(t_the_link_may_end_at_any_time),
		cmocka_unit_test(t_sides_may_start_far_apart),
		cmocka_unit_test(
		    t_sides_may_start_far_apart_again_and_again),
		cmocka_unit_test(t_a_silent_partner_is_said_to_be),
		cmocka_unit_test(t_tcp_candidates_are_handed_on_once),
		cmocka_unit_test(row_40_contacts_cannot_send_me_into_my_lan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
