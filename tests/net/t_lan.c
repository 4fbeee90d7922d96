/* Discovery: nodes on loopback, and datagrams made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "beacon.h"
#include "fake.h"
#include "iface.h"
#include "lan.h"
#include "nearby.h"
#include "rand.h"
#include "sock.h"

/* Never, or late: machines are busy. */
enum { SOON = 30000 };

struct test {
	struct loop *loop;
	uint16_t port;
	struct node *alice, *bob;
	/* A finder alone, without the rest of net. */
	struct ifaces *ifaces;
	struct lan *lan;
	int n_told;
	/* A mouth of our own. */
	int fd;
	struct addr at;
};

static void
on_change(void *arg)
{
	(void)arg;
}

static void
on_told(void *ctx, const struct pubkeys *who)
{
	struct test *t = ctx;

	(void)who;
	t->n_told++;
}

static int
setup(void **state)
{
	struct test *t = mem_new(sizeof(*t));
	struct addr a = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 } };

	t->loop = loop_new(NULL);
	t->port = free_port();
	t->alice = node_new(t->loop, "alice", t->port, "everyone");
	t->bob = node_new(t->loop, "bob", t->port, "everyone");
	t->fd = sock_udp(&a, false, NULL);
	sock_local(t->fd, &t->at);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct test *t = *state;

	lan_close(t->lan);
	ifaces_free(t->ifaces);
	node_free(t->alice);
	node_free(t->bob);
	close(t->fd);
	loop_free(t->loop);
	free(t);
	return 0;
}

/* Alice's finder, with her policy but without her net. */
static void
open_lan(struct test *t, enum lan_mode mode)
{
	struct lan_setup lan = {
		.loop = t->loop, .id = t->alice->id,
		.chat = &t->alice->events, .mode = mode,
		.udp_port = t->port, .tcp_port = 4242, .ctx = t,
		.seen = on_told
	};

	t->ifaces = ifaces_new(t->loop, on_change, NULL);
	lan.ifaces = t->ifaces;
	t->lan = lan_open(&lan);
	assert_null(lan_trouble(t->lan));
}

static void
fill(const struct test *t, struct beacon *b, const char *name)
{
	memset(b, 0, sizeof(*b));
	b->port = 7777;
	b->udp_port = t->at.port;
	b->when = 1790000000;
	rand_bytes(b->nonce, sizeof(b->nonce));
	snprintf(b->name, sizeof(b->name), "%s", name);
}

static void
send_bytes_from(const struct test *t, int fd, const void *p, size_t len)
{
	struct addr to = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 },
	    .port = t->port };

	assert_true(sock_send_to(fd, &to, p, len));
}

static void
send_beacon(const struct test *t, const struct beacon *b,
    const struct identity *id)
{
	uint8_t out[BEACON_LEN];

	send_bytes_from(t, t->fd, out, beacon_write(out, b, id));
}

static void
turns(struct test *t, int n)
{
	while (n-- > 0)
		loop_turn(t->loop, 5);
}

/* ---- two nodes --------------------------------------------------------- */

static void
t_newcomer_and_old_hand_see_each_other_at_once(void **state)
{
	struct test *t = *state;
	struct clock from, to;

	node_open(t->alice);
	turns(t, 3);
	clock_read(&from);
	node_open(t->bob);
	assert_true(until(t->loop, &t->bob->n_seen, 1, SOON));
	assert_true(until(t->loop, &t->alice->n_seen, 1, SOON));
	clock_read(&to);
	print_message("# seen after %d us\n", (int)(to.mono_us - from.mono_us));
	assert_true(to.mono_us - from.mono_us < 5000000);
	assert_string_equal(t->alice->seen.name, "bob");
	assert_true(keys_equal(&t->alice->seen.keys, &t->bob->keys));
	assert_string_equal(t->bob->seen.name, "alice");
	assert_int_equal(t->alice->n_up + t->bob->n_up, 0);
}

static void
t_refreshes_are_not_told_again(void **state)
{
	struct test *t = *state;
	int n;

	node_open(t->alice);
	node_open(t->bob);
	assert_true(until(t->loop, &t->bob->n_seen, 1, SOON));
	pass(t->loop, 2500);		/* the whole burst */
	n = t->bob->n_seen;
	for (int i = 0; i < 5; i++) {
		t->alice->carrier->announce(t->alice->carrier->net);
		turns(t, 3);
	}
	assert_int_equal(t->bob->n_seen, n);
	t->alice->name = "alice the second";
	t->alice->carrier->announce(t->alice->carrier->net);
	assert_true(until(t->loop, &t->bob->n_seen, n + 1, SOON));
	assert_string_equal(t->bob->seen.name, "alice the second");
}

static void
t_goodbye_is_heard_at_once(void **state)
{
	struct test *t = *state;

	node_open(t->alice);
	node_open(t->bob);
	assert_true(until(t->loop, &t->bob->n_seen, 1, SOON));
	node_close(t->alice);
	assert_true(until(t->loop, &t->bob->n_lost, 1, SOON));
}

static void
t_contacts_mode_is_seen_by_contacts_only(void **state)
{
	struct test *t = *state;
	struct node *carol = node_new(t->loop, "carol", t->port, "everyone");

	opts_set(t->alice->opts, "lan", "contacts", NULL);
	t->alice->contacts[t->alice->n_contacts++] = t->bob->keys;
	t->bob->contacts[t->bob->n_contacts++] = t->alice->keys;
	carol->look_for = t->bob->look_for = t->alice;
	t->alice->look_for = t->bob;
	node_open(carol);
	node_open(t->bob);
	assert_true(until(t->loop, &carol->n_seen, 1, SOON));
	node_open(t->alice);
	assert_true(until(t->loop, &t->bob->n_found, 1, SOON));
	assert_true(until(t->loop, &t->alice->n_found, 1, SOON));
	pass(t->loop, 1800);
	assert_int_equal(carol->n_found, 0);
	node_close(t->alice);
	assert_true(until(t->loop, &t->bob->n_lost, 1, SOON));
	assert_int_equal(carol->n_lost, 0);
	node_free(carol);
}

static void
t_off_says_and_hears_nothing(void **state)
{
	struct test *t = *state;

	opts_set(t->alice->opts, "lan", "off", NULL);
	node_open(t->alice);
	node_open(t->bob);
	pass(t->loop, 800);
	assert_int_equal(t->alice->n_seen + t->bob->n_seen, 0);
}

/* Another program has the port for itself: said, and no error. */
static void
t_a_taken_discovery_port_is_trouble_and_no_error(void **state)
{
	struct test *t = *state;
	struct addr a = { .family = ADDR_V4, .port = t->port };
	int fd = sock_udp(&a, false, NULL);

	assert_true(fd >= 0);
	node_open(t->alice);
	assert_non_null(net_lan_trouble(t->alice->net));
	assert_int_equal(t->alice->n_notice, 1);
	assert_int_not_equal(net_port(t->alice->net), 0);
	close(fd);
}

/* ---- hand-made datagrams ----------------------------------------------- */

static void
t_a_beacon_is_a_sighting_and_its_goodbye_the_end(void **state)
{
	struct test *t = *state;
	struct identity *mallory = identity_new();
	struct beacon b;
	char where[32];

	open_lan(t, LAN_EVERYONE);
	fill(t, &b, "m");
	send_beacon(t, &b, mallory);
	assert_true(until(t->loop, &t->alice->n_seen, 1, SOON));
	snprintf(where, sizeof(where), "127.0.0.1:%d", 7777);
	assert_string_equal(t->alice->seen.where, where);
	assert_int_equal(t->n_told, 1);
	b.flags = BEACON_GOODBYE;
	send_beacon(t, &b, mallory);
	assert_true(until(t->loop, &t->alice->n_lost, 1, SOON));
	/* The old one again does not bring it back; a new instance does. */
	b.flags = 0;
	send_beacon(t, &b, mallory);
	turns(t, 3);
	assert_int_equal(t->alice->n_seen, 1);
	rand_bytes(b.nonce, sizeof(b.nonce));
	send_beacon(t, &b, mallory);
	assert_true(until(t->loop, &t->alice->n_seen, 2, SOON));
	identity_free(mallory);
}

/* Somebody else cannot say goodbye for them. */
static void
t_forged_goodbye_is_ignored(void **state)
{
	struct test *t = *state;
	struct identity *bob = identity_new();
	uint8_t out[BEACON_LEN];
	struct beacon b;

	open_lan(t, LAN_EVERYONE);
	fill(t, &b, "b");
	send_beacon(t, &b, bob);
	assert_true(until(t->loop, &t->alice->n_seen, 1, SOON));
	beacon_write(out, &b, bob);
	out[28] = BEACON_GOODBYE;
	send_bytes_from(t, t->fd, out, sizeof(out));
	turns(t, 5);
	assert_int_equal(lan_counts(t->lan)->forged, 1);
	assert_int_equal(t->alice->n_lost, 0);
	identity_free(bob);
}

static void
row_86_replayed_own_short_and_oversize_are_ignored(void **state)
{
	struct test *t = *state;
	struct identity *bob = identity_new();
	uint8_t out[2000] = { 0 };
	struct beacon old, b;

	open_lan(t, LAN_EVERYONE);
	turns(t, 3);
	/* Its own broadcasts came back. */
	assert_true(lan_counts(t->lan)->mine > 0);
	assert_int_equal(t->alice->n_seen, 0);
	fill(t, &old, "bob");
	b = old;
	b.when += 100;
	rand_bytes(b.nonce, sizeof(b.nonce));
	b.port = 8888;
	send_beacon(t, &b, bob);
	assert_true(until(t->loop, &t->alice->n_seen, 1, SOON));
	/* An older one of the same key says another address: stale. */
	send_beacon(t, &old, bob);
	turns(t, 5);
	assert_int_equal(lan_counts(t->lan)->stale, 1);
	assert_int_equal(t->alice->n_seen, 1);
	assert_string_equal(t->alice->seen.where, "127.0.0.1:8888");
	/* Mine, from another instance of me: nobody. */
	b = old;
	send_beacon(t, &b, t->alice->id);
	/* Lengths. */
	beacon_write(out, &b, bob);
	send_bytes_from(t, t->fd, out, BEACON_LEN - 1);
	send_bytes_from(t, t->fd, out, BEACON_LEN + 1);
	send_bytes_from(t, t->fd, out, sizeof(out));
	send_bytes_from(t, t->fd, out, 1);
	send_bytes_from(t, t->fd, out, 0);
	turns(t, 5);
	assert_int_equal(t->alice->n_seen, 1);
	assert_int_equal(lan_counts(t->lan)->alien, 5);
	identity_free(bob);
}

/* Answers go to the port that asked, signed in the packet, and to no other. */
static void
row_87_nobody_is_aimed_at_by_a_query(void **state)
{
	struct test *t = *state;
	struct identity *bob = identity_new();
	uint8_t bytes[1024];
	struct addr from;
	struct beacon b, got;
	ssize_t n;
	int answers = 0;

	open_lan(t, LAN_EVERYONE);
	fill(t, &b, "bob");
	b.flags = BEACON_QUERY;
	b.udp_port = (uint16_t)(t->at.port + 1);
	send_beacon(t, &b, bob);
	turns(t, 5);
	assert_int_equal(t->alice->n_seen, 0);
	assert_int_equal(lan_counts(t->lan)->far, 1);
	b.udp_port = t->at.port;
	/* A flood of queries: one answer a second, never larger. */
	for (int i = 0; i < 50; i++) {
		b.when++;
		send_beacon(t, &b, bob);
		turns(t, 1);
	}
	turns(t, 10);
	while ((n = sock_receive(t->fd, bytes, sizeof(bytes), &from)) >= 0) {
		assert_true(n <= BEACON_LEN);
		assert_int_equal(beacon_read(&got, bytes, (size_t)n), 0);
		assert_int_equal(got.flags, BEACON_ANSWER);
		assert_int_not_equal(from.port, t->port);
		assert_true(beacon_verify(&got, bytes, (size_t)n));
		answers++;
	}
	assert_int_equal(answers, 1);
	identity_free(bob);
}

/* 10,000 beacons of random keys and sources, as fast as they can be sent. */
static void
row_84_flood_is_bounded_and_contacts_are_kept(void **state)
{
	struct test *t = *state;
	struct identity *bob = identity_new(), *late = identity_new();
	struct lan_counts c;
	uint8_t out[BEACON_LEN];
	struct beacon b;
	int64_t began = loop_now_ms(t->loop), seconds;
	int lost;

	t->alice->contacts[t->alice->n_contacts++] = *identity_keys(bob);
	t->alice->contacts[t->alice->n_contacts++] = *identity_keys(late);
	open_lan(t, LAN_EVERYONE);
	fill(t, &b, "bob");
	send_beacon(t, &b, bob);
	assert_true(until(t->loop, &t->alice->n_seen, 1, SOON));
	for (int i = 0; i < 10000; i++) {
		struct addr a = { .family = ADDR_V4, .ip = { 127,
		    (uint8_t)(1 + i % 3), (uint8_t)(i >> 8), (uint8_t)i } };
		struct identity *m = NULL;
		int fd = sock_udp(&a, false, NULL);

		if (fd < 0)
			continue;
		sock_local(fd, &a);
		fill(t, &b, "m");
		b.udp_port = a.port;
		/* A tenth is really signed, the rest is noise. */
		if (i % 10 == 0) {
			m = identity_new();
			beacon_write(out, &b, m);
			identity_free(m);
		} else {
			rand_bytes(out + 31, 64);
		}
		put_u16(out + 29, a.port);
		send_bytes_from(t, fd, out, sizeof(out));
		close(fd);
		if (i % 50 == 0)
			loop_turn(t->loop, 0);
	}
	turns(t, 5);
	c = *lan_counts(t->lan);
	print_message("# heard %d, verified %d, forged %d, limited %d\n",
	    (int)c.heard, (int)c.verified, (int)c.forged, (int)c.limited);
	/* 300 a second are looked at, and two seconds' worth at first; a
	 * machine that needs so long for the flood has little to refuse. */
	seconds = (loop_now_ms(t->loop) - began) / 1000 + 1;
	assert_in_range(c.verified + c.forged, 1, 300 * (seconds + 2) + 50);
	assert_true(c.limited > 3000 || seconds > 10);
	assert_true(lan_count(t->lan) <= NEARBY_STRANGERS + 2);
	/* A contact that comes now is still heard, and bob is still here. */
	lost = t->alice->n_seen;
	fill(t, &b, "late");
	send_beacon(t, &b, late);
	assert_true(until(t->loop, &t->alice->n_seen, lost + 1, SOON));
	{
		struct user_id id;
		struct addr list[NEARBY_ADDRS];

		user_id_of(&id, identity_keys(bob));
		assert_int_equal(lan_addrs(t->lan, &id, list, NEARBY_ADDRS),
		    1);
	}
	identity_free(bob);
	identity_free(late);
}

/* A beacon of a contact's, sent again from another host, adds an address and
 * takes none away. */
static void
row_85_lying_address_does_not_replace_the_true_one(void **state)
{
	struct test *t = *state;
	struct addr lie = { .family = ADDR_V4, .ip = { 127, 0, 0, 66 } };
	struct addr list[NEARBY_ADDRS];
	struct user_id id;
	int fd = sock_udp(&lie, false, NULL);
	struct identity *bob = identity_new();
	uint8_t out[BEACON_LEN];
	struct beacon b;

	assert_true(fd >= 0);
	open_lan(t, LAN_EVERYONE);
	fill(t, &b, "bob");
	beacon_write(out, &b, bob);
	send_bytes_from(t, t->fd, out, sizeof(out));
	assert_true(until(t->loop, &t->alice->n_seen, 1, SOON));
	/* The very bytes from elsewhere: the port does not fit the source. */
	send_bytes_from(t, fd, out, sizeof(out));
	turns(t, 5);
	assert_int_equal(lan_counts(t->lan)->far, 1);
	close(fd);
	/* From the same port, which anybody may bind on another host, and
	 * from more hosts than are remembered. */
	lie.port = t->at.port;
	for (int i = 0; i < 2 * NEARBY_ADDRS; i++) {
		lie.ip[3]++;
		fd = sock_udp(&lie, false, NULL);
		assert_true(fd >= 0);
		send_bytes_from(t, fd, out, sizeof(out));
		turns(t, 2);
		close(fd);
	}
	user_id_of(&id, identity_keys(bob));
	assert_int_equal(lan_addrs(t->lan, &id, list, NEARBY_ADDRS),
	    NEARBY_ADDRS);
	assert_int_equal(list[0].ip[3], 1);
	/* He says himself that he moved. */
	lie.ip[3] = 200;
	fd = sock_udp(&lie, false, NULL);
	assert_true(fd >= 0);
	b.when++;
	beacon_write(out, &b, bob);
	send_bytes_from(t, fd, out, sizeof(out));
	turns(t, 2);
	lan_addrs(t->lan, &id, list, NEARBY_ADDRS);
	assert_int_equal(list[0].ip[3], 200);
	assert_int_equal(list[1].ip[3], 1);
	close(fd);
	identity_free(bob);
}

/* Whole net: a lying beacon leads alice to carol instead of bob. */
static void
row_85_the_wrong_person_answers(void **state)
{
	struct test *t = *state;
	struct node *carol = node_new(t->loop, "carol", t->port, "off");
	struct beacon b;

	opts_set(t->alice->opts, "lan", "everyone", NULL);
	node_open(t->alice);
	node_open(carol);
	t->alice->contacts[t->alice->n_contacts++] = t->bob->keys;
	t->alice->carrier->want(t->alice->carrier->net, &t->bob->keys, "",
	    true, true);
	fill(t, &b, "bob");
	b.port = net_port(carol->net);
	send_beacon(t, &b, t->bob->id);
	assert_true(until(t->loop, &t->alice->n_seen, 1, SOON));
	pass(t->loop, 500);
	assert_int_equal(t->alice->n_up, 0);
	assert_int_equal(carol->n_up, 0);
	/* The true one comes, and is linked in spite of it. */
	node_open(t->bob);
	t->bob->contacts[t->bob->n_contacts++] = t->alice->keys;
	assert_true(until(t->loop, &t->alice->n_up, 1, SOON));
	assert_true(keys_equal(&t->alice->up.keys, &t->bob->keys));
	node_free(carol);
}

/* ---- the table --------------------------------------------------------- */

static int n_lost;

static bool
is_contact(void *ctx, const struct pubkeys *keys)
{
	(void)ctx;
	return keys->ed[0] == 0xcc;
}

static void
on_lost(void *ctx, struct peer *p)
{
	(void)ctx;
	assert_false(p->is_contact);
	n_lost++;
}

static enum nearby_news
hear(struct nearby *n, uint32_t who, bool contact, uint64_t when)
{
	struct addr a = { .family = ADDR_V4, .ip = { 10, 0, 0, 1 },
	    .port = 1 };
	struct beacon b = { .kind = BEACON_PUBLIC, .port = 1, .when = when };
	struct pubkeys keys = { .ed = { 0 } };
	struct peer *p;

	keys.ed[0] = contact ? 0xcc : 1;
	put_u32(keys.x, who);
	return nearby_hear(n, &keys, &b, &a, &p);
}

static void
row_83_a_thousand_peers_and_more(void **state)
{
	struct loop *l = loop_new_virtual(0);
	struct nearby_setup setup_n = {
		.loop = l, .is_contact = is_contact, .on_lost = on_lost
	};
	struct nearby *n = nearby_new(&setup_n);

	(void)state;
	n_lost = 0;
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(hear(n, i, true, 1), NEARBY_NEW);
	for (uint32_t i = 0; i < NEARBY_STRANGERS; i++) {
		loop_virtual_run(l, 1);
		assert_int_equal(hear(n, i, false, 1), NEARBY_NEW);
	}
	/* Half of them are heard again, and so are well known. */
	for (uint32_t i = 0; i < NEARBY_STRANGERS / 2; i++)
		assert_int_equal(hear(n, i, false, 1), NEARBY_SAME);
	for (uint32_t i = 0; i < 5000; i++) {
		loop_virtual_run(l, 1);
		hear(n, 1000000 + i, false, 1);
	}
	assert_int_equal(nearby_count(n), NEARBY_STRANGERS + 100);
	assert_int_equal(n_lost, 5000);
	for (uint32_t i = 0; i < NEARBY_STRANGERS / 2; i++)
		assert_int_equal(hear(n, i, false, 1), NEARBY_SAME);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(hear(n, i, true, 1), NEARBY_SAME);
	loop_virtual_run(l, NEARBY_EXPIRY_MS - 1);
	/* The contacts go last; on_lost would see one. */
	for (uint32_t i = 0; i < 100; i++)
		hear(n, i, true, 2);
	loop_virtual_run(l, 2);
	nearby_expire(n, NEARBY_EXPIRY_MS);
	assert_int_equal(nearby_count(n), 100);
	nearby_free(n);
	loop_free(l);
}

static void
t_four_addresses_the_newest_first(void **state)
{
	struct loop *l = loop_new_virtual(0);
	struct nearby_setup setup_n = {
		.loop = l, .is_contact = is_contact, .on_lost = on_lost
	};
	struct nearby *n = nearby_new(&setup_n);
	struct beacon b = { .kind = BEACON_PUBLIC, .port = 1, .when = 5 };
	struct pubkeys keys = { .ed = { 1 } };
	struct peer *p;

	(void)state;
	for (uint8_t i = 1; i <= 6; i++) {
		struct addr a = { .family = ADDR_V4, .ip = { 10, 0, 0, i },
		    .port = 1 };

		b.when++;
		nearby_hear(n, &keys, &b, &a, &p);
	}
	assert_int_equal(p->n_addrs, 4);
	for (uint8_t i = 0; i < 4; i++)
		assert_int_equal(p->addrs[i].ip[3], 6 - i);
	{
		struct addr a = { .family = ADDR_V4, .ip = { 10, 0, 0, 4 },
		    .port = 1 };

		assert_int_equal(nearby_hear(n, &keys, &b, &a, &p),
		    NEARBY_SAME);
	}
	/* The same beacon from elsewhere does not displace the first. */
	assert_int_equal(p->addrs[0].ip[3], 6);
	assert_int_equal(p->addrs[1].ip[3], 4);
	assert_int_equal(p->addrs[2].ip[3], 5);
	assert_int_equal(p->addrs[3].ip[3], 3);
	nearby_free(n);
	loop_free(l);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(t_newcomer_and_old_hand_see_each_other_at_once),
		T(t_refreshes_are_not_told_again),
		T(t_goodbye_is_heard_at_once),
		T(t_contacts_mode_is_seen_by_contacts_only),
		T(t_off_says_and_hears_nothing),
		T(t_a_taken_discovery_port_is_trouble_and_no_error),
		T(t_a_beacon_is_a_sighting_and_its_goodbye_the_end),
		T(t_forged_goodbye_is_ignored),
		T(row_86_replayed_own_short_and_oversize_are_ignored),
		T(row_87_nobody_is_aimed_at_by_a_query),
		T(row_84_flood_is_bounded_and_contacts_are_kept),
		T(row_85_lying_address_does_not_replace_the_true_one),
		T(row_85_the_wrong_person_answers),
		cmocka_unit_test(row_83_a_thousand_peers_and_more),
		cmocka_unit_test(t_four_addresses_the_newest_first)
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return 1;
	return cmocka_run_group_tests_name("lan", tests, NULL, NULL);
}
