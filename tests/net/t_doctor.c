/* What the doctor says of the facts: each finding with its next step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "doctor.h"

static struct finding list[FINDINGS_MAX];
static size_t n;

/* Behind an easy router, with a relay: nothing to be done. */
static struct doctor_facts
healthy(void)
{
	struct doctor_facts f = {
		.tcp_port = 54545, .udp_port = 54545, .lan_port = 54545,
		.n_addrs = 1, .n_nearby = 2, .nat = NAT_EASY,
		.has_public = true, .has_gateway = true,
		.mapping = PORTMAP_HELD, .holder = PORTMAP_PCP,
		.n_relays = 1, .tcp_reached = 1, .udp_reached = 1
	};

	addr_parse_ip(&f.addrs[0], "192.168.1.11");
	addr_parse_ip(&f.public, "198.51.100.10");
	addr_parse_ip(&f.gateway, "192.168.1.1");
	addr_parse_ip(&f.local, "192.168.1.11");
	addr_parse(&f.mapped, "198.51.100.10:54545");
	f.relays[0] = (struct relay_state){ .where = "relay.example:54546",
		.how = RELAY_IS_UP, .is_mine = true, .rtt_us = 12300 };
	return f;
}

static const struct finding *
has(const char *part)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(list[i].what, part))
			return &list[i];
	return NULL;
}

static size_t
bad(void)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += list[i].level == FINDING_BAD;
	return count;
}

static void
examine(const struct doctor_facts *f)
{
	n = doctor_examine(f, list);
}

static void
t_doctor_has_nothing_to_do_for_the_healthy(void **state)
{
	struct doctor_facts f = healthy();

	(void)state;
	examine(&f);
	assert_int_equal(bad(), 0);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(list[i].level, FINDING_GOOD);
		assert_string_equal(list[i].next, "");
	}
	assert_non_null(has("192.168.1.11"));
	assert_non_null(has("relay.example:54546 answers in 12.3 ms"));
	assert_non_null(has("in short: others reach you directly"));
}

static void
t_doctor_gives_the_exact_router_rule(void **state)
{
	struct doctor_facts f = healthy();
	const struct finding *x;

	(void)state;
	f.mapping = PORTMAP_NONE;
	f.tcp_reached = f.udp_reached = 0;
	f.map_text[PORTMAP_PCP] = "no answer";
	f.map_text[PORTMAP_UPNP] = "not asked";
	examine(&f);
	x = has("the router gives no port");
	assert_non_null(x);
	assert_non_null(strstr(x->what, "no answer"));
	assert_non_null(strstr(x->next, "192.168.1.1 "));
	assert_non_null(strstr(x->next, "TCP and UDP 54545 to 192.168.1.11 "
	    "port 54545"));
	/* Discovery has the number, so UDP listens at the next one. */
	f.udp_port = 54546;
	examine(&f);
	assert_non_null(strstr(has("the router gives no port")->next,
	    "TCP 54545 to 192.168.1.11 port 54545 and UDP 54546 to "
	    "192.168.1.11 port 54546"));
}

static void
t_doctor_tells_how_to_see_a_second_router(void **state)
{
	struct doctor_facts f = healthy();
	const struct finding *x;

	(void)state;
	f.mapping = PORTMAP_NONE;
	f.tcp_reached = f.udp_reached = 0;
	f.map_text[PORTMAP_PCP] = "refused: the router has no room";
	examine(&f);
	x = has("the router gives no port");
	assert_non_null(x);
	assert_non_null(strstr(x->next, "192.168.1.1: "));
	assert_non_null(strstr(x->next, "not 198.51.100.10,"));
}

static void
t_doctor_gives_the_command_of_this_firewall(void **state)
{
	struct doctor_facts f = healthy();
	const struct finding *x;

	(void)state;
	f.lan_trouble = "port 54545 is taken by another program";
	f.firewall = FIREWALL_UFW;
	examine(&f);
	x = has("nobody on this network can be found");
	assert_non_null(x);
	assert_non_null(strstr(x->next, "ufw allow 54545/udp"));
	f.firewall = FIREWALL_FIREWALLD;
	examine(&f);
	assert_non_null(strstr(has("nobody on this")->next,
	    "firewall-cmd --add-port=54545/tcp"));
	f.firewall = FIREWALL_UNKNOWN;
	examine(&f);
	assert_non_null(strstr(has("nobody on this")->next, "nft insert"));
}

static void
t_doctor_tells_a_second_nat(void **state)
{
	struct doctor_facts f = healthy();

	(void)state;
	f.is_double = true;
	f.mapping = PORTMAP_NONE;
	f.tcp_reached = f.udp_reached = 0;
	examine(&f);
	assert_non_null(has("double NAT"));
	assert_true(has("double NAT")->next[0] != '\0');
	/* a rule at the first router alone would be no use */
	assert_int_not_equal(has("gives no port")->level, FINDING_BAD);
}

static void
t_doctor_knows_what_helps_a_hard_nat(void **state)
{
	struct doctor_facts f = healthy();

	(void)state;
	f.nat = NAT_HARD;
	examine(&f);
	assert_non_null(strstr(has("NAT class hard")->next, "birthday=yes"));
	f.has_birthday = true;
	examine(&f);
	assert_null(strstr(has("NAT class hard")->next, "birthday=yes"));
	assert_non_null(has("who have birthday on"));
}

static void
t_doctor_tells_what_a_blocked_network_can_do(void **state)
{
	struct doctor_facts f = healthy();

	(void)state;
	f.nat = NAT_BLOCKED;
	f.mapping = PORTMAP_NONE;
	examine(&f);
	assert_non_null(strstr(has("UDP does not leave")->next, "443"));
}

static void
t_doctor_asks_for_a_relay(void **state)
{
	struct doctor_facts f = healthy();

	(void)state;
	f.n_relays = 0;
	examine(&f);
	assert_non_null(strstr(has("no relay is set")->next, "--relay"));
	f = healthy();
	f.relays[0].how = RELAY_IS_DOWN;
	snprintf(f.relays[0].why, sizeof(f.relays[0].why),
	    "connection refused");
	examine(&f);
	assert_non_null(has("relay.example:54546: connection refused"));
}

static void
t_doctor_knows_when_there_is_no_network(void **state)
{
	struct doctor_facts f = healthy();

	(void)state;
	f.n_addrs = 0;
	f.n_nearby = 0;
	examine(&f);
	assert_non_null(has("on no network"));
	assert_null(has("in short"));
}

/* Everything at its longest stays inside its places. */
static void
t_doctor_findings_are_bounded(void **state)
{
	struct doctor_facts f = healthy();
	char longest[600];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	f.n_addrs = DOCTOR_ADDRS_MAX;
	for (size_t i = 0; i < f.n_addrs; i++)
		addr_parse_ip(&f.addrs[i],
		    "2001:db8:1111:2222:3333:4444:5555:6666");
	f.n_relays = RELAYS_MAX;
	for (size_t i = 0; i < f.n_relays; i++) {
		f.relays[i] = f.relays[0];
		f.relays[i].how = RELAY_IS_DOWN;
		memset(f.relays[i].where, 'h', ROUTE_TEXT - 1);
		f.relays[i].where[ROUTE_TEXT - 1] = '\0';
	}
	f.mapping = PORTMAP_NONE;
	for (int i = 0; i < PORTMAP_HOWS; i++)
		f.map_text[i] = longest;
	f.lan_trouble = longest;
	f.reach_why = longest;
	f.tcp_reached = f.udp_reached = -1;
	f.is_double = f.never_direct = true;
	f.firewall = FIREWALL_UFW;
	examine(&f);
	assert_true(n > RELAYS_MAX && n <= FINDINGS_MAX);
	for (size_t i = 0; i < n; i++) {
		assert_non_null(memchr(list[i].what, '\0',
		    sizeof(list[i].what)));
		assert_non_null(memchr(list[i].next, '\0',
		    sizeof(list[i].next)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_doctor_has_nothing_to_do_for_the_healthy),
		cmocka_unit_test(t_doctor_gives_the_exact_router_rule),
		cmocka_unit_test(t_doctor_tells_how_to_see_a_second_router),
		cmocka_unit_test(t_doctor_gives_the_command_of_this_firewall),
		cmocka_unit_test(t_doctor_tells_a_second_nat),
		cmocka_unit_test(t_doctor_knows_what_helps_a_hard_nat),
		cmocka_unit_test(t_doctor_tells_what_a_blocked_network_can_do),
		cmocka_unit_test(t_doctor_asks_for_a_relay),
		cmocka_unit_test(t_doctor_knows_when_there_is_no_network),
		cmocka_unit_test(t_doctor_findings_are_bounded)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
