#include "relay/client.h"

#include <string.h>
#include <unistd.h>

#include "card.h"
#include "sock.h"
#include "stun.h"
#include "udp.h"

static struct rig rig;

static int
make(void **state)
{
	(void)state;
	rig_open(&rig);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

/* ---- reach and STUN ------------------------------------------------------ */

static void
ask_reach(struct client *c, uint16_t tcp, uint16_t udp)
{
	client_say(c, &(struct relay_msg){ .op = OP_REACH, .tag = 4,
	    .port = { tcp, udp }, .p = (const uint8_t *)"12345678",
	    .len = 8 });
}

static void
reached(struct client *c, enum relay_reached tcp, bool udp)
{
	const struct relay_msg *m = client_expect(c, OP_REACHED);

	assert_int_equal(m->tag, 4);
	assert_int_equal(m->value, tcp);
	assert_int_equal(m->port[1], udp);
}

static void
t_near_addresses_are_not_dialled(void **state)
{
	struct client *c = client_up(&rig);

	(void)state;
	ask_reach(c, 50000, 50000);
	reached(c, REACHED_NOT_TRIED, false);
	client_free(c);
}

static void
t_my_ports_are_tried_from_outside(void **state)
{
	struct addr any = { .family = ADDR_V4 }, at, from;
	int tcp = sock_listen(&any, NULL), udp = sock_udp(&any, false, NULL);
	uint16_t ports[2];
	struct client *c;
	uint8_t got[32];

	(void)state;
	rig.limits.reach_any = true;
	rig_limit(&rig);
	sock_local(tcp, &at);
	ports[0] = at.port;
	sock_local(udp, &at);
	ports[1] = at.port;
	c = client_up(&rig);
	ask_reach(c, ports[0], ports[1]);
	reached(c, REACHED_YES, true);
	assert_int_equal(sock_receive(udp, got, sizeof(got), &from), 9);
	assert_int_equal(got[0], UDP_REACH);
	assert_memory_equal(got + 1, "12345678", 8);
	/* Not again so soon, by no connection of that source. */
	client_free(c);
	c = client_up(&rig);
	ask_reach(c, ports[0], ports[1]);
	reached(c, REACHED_NOT_TRIED, false);
	client_free(c);
	close(tcp);
	close(udp);
}

static void
t_a_closed_port_is_said_to_be_closed(void **state)
{
	struct addr any = { .family = ADDR_V4 }, at;
	int tcp = sock_listen(&any, NULL);
	struct client *c;

	(void)state;
	sock_local(tcp, &at);
	close(tcp);
	rig.limits.reach_any = true;
	rig_limit(&rig);
	c = client_up(&rig);
	ask_reach(c, at.port, 0);
	reached(c, REACHED_NO, false);
	client_free(c);
}

static void
t_ports_of_the_system_are_not_dialled(void **state)
{
	struct client *c;

	(void)state;
	rig.limits.reach_any = true;
	rig_limit(&rig);
	c = client_up(&rig);
	ask_reach(c, 22, 53);
	reached(c, REACHED_NOT_TRIED, false);
	client_free(c);
}

static void
t_stun_is_answered_on_both_ports(void **state)
{
	struct addr to, from, me, any = { .family = ADDR_V4 };
	int fd = sock_udp(&any, false, NULL);
	const uint8_t id[STUN_ID] = { 3, 1, 4 };
	struct buf b = { 0 };

	(void)state;
	sock_local(fd, &me);
	for (size_t i = 0; i < 2; i++) {
		uint8_t got[200];
		struct stun_msg m;
		ssize_t n;

		assert_int_equal(addr_parse(&to, "127.0.0.1:1"), 0);
		to.port = relay_stun_port(rig.relay, i);
		buf_empty(&b);
		assert_true(sock_send_to(fd, &to, "not stun", 8));
		stun_write_request(&b, id);
		assert_true(sock_send_to(fd, &to, b.at, b.len));
		while (relay_stats(rig.relay)->stun < i + 1)
			loop_turn(rig.loop, -1);
		n = sock_receive(fd, got, sizeof(got), &from);
		assert_true(n > 0);
		assert_int_equal(stun_read(&m, got, (size_t)n), 0);
		assert_int_equal(m.class, STUN_RESPONSE);
		assert_memory_equal(m.id, id, STUN_ID);
		assert_int_equal(m.addr.port, me.port);
	}
	buf_clear(&b);
	close(fd);
}

/* ---- the list ------------------------------------------------------------ */

static void
write_card(struct buf *out, uint8_t seed, uint64_t serial, const char *name)
{
	const uint8_t bytes[32] = { seed };
	struct identity *id = identity_from_seed(bytes);
	struct card card = { .vmin = 1, .vmax = 1, .serial = serial };

	memcpy(card.name, name, strlen(name));
	buf_empty(out);
	card_write(out, &card, id);
	identity_free(id);
}

static void
listed(struct client *c, const char *names)
{
	const struct relay_msg *m;
	struct buf got = { 0 };

	client_say(c, &(struct relay_msg){ .op = OP_LIST, .tag = 8 });
	while ((m = client_next(c))->op == OP_CARD) {
		struct card card;

		assert_int_equal(card_read(&card, m->p, m->len), 0);
		buf_printf(&got, "%s ", card.name);
	}
	assert_int_equal(m->op, OP_DONE);
	assert_int_equal(m->value, RELAY_OK);
	assert_string_equal(buf_str(&got), names);
	buf_clear(&got);
}

static void
publish(struct client *c, const struct buf *card)
{
	client_say(c, &(struct relay_msg){ .op = OP_PUBLISH, .p = card->at,
	    .len = card->len });
}

static void
t_the_list_has_who_asked_to_be_in_it(void **state)
{
	struct client *a = client_up(&rig), *b = client_up(&rig);
	struct buf card = { 0 };

	(void)state;
	listed(a, "");
	write_card(&card, 1, 5, "alice");
	publish(a, &card);
	write_card(&card, 2, 5, "bob");
	publish(b, &card);
	client_silence(a);
	client_silence(b);
	listed(a, "alice bob ");
	/* Forged ones and older ones change nothing. */
	write_card(&card, 2, 4, "old");
	publish(b, &card);
	write_card(&card, 2, 6, "forged");
	card.at[20] ^= 1;
	publish(b, &card);
	client_silence(b);
	listed(a, "alice bob ");
	write_card(&card, 2, 6, "robert");
	publish(b, &card);
	client_silence(b);
	listed(a, "alice robert ");
	/* Gone is gone in 90 s; taken back is gone at once. */
	client_say(b, &(struct relay_msg){ .op = OP_PUBLISH });
	client_silence(b);
	client_free(b);
	listed(a, "alice ");
	b = client_up(&rig);
	client_free(a);
	while (relay_stats(rig.relay)->clients > 1)
		loop_turn(rig.loop, -1);
	listed(b, "alice ");
	client_free(b);
	buf_clear(&card);
}

static void
t_the_list_is_bounded(void **state)
{
	struct client *c[4];
	struct buf card = { 0 };

	(void)state;
	rig.limits.cards = 2;
	rig_limit(&rig);
	for (int i = 0; i < 4; i++) {
		c[i] = client_up(&rig);
		write_card(&card, (uint8_t)i, 1, "x");
		publish(c[i], &card);
		client_silence(c[i]);
	}
	listed(c[3], "x x ");
	for (int i = 0; i < 4; i++)
		client_free(c[i]);
	buf_clear(&card);
}

#define RELAY(t) cmocka_unit_test_setup_teardown(t, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RELAY(t_near_addresses_are_not_dialled),
		RELAY(t_my_ports_are_tried_from_outside),
		RELAY(t_a_closed_port_is_said_to_be_closed),
		RELAY(t_ports_of_the_system_are_not_dialled),
		RELAY(t_stun_is_answered_on_both_ports),
		RELAY(t_the_list_has_who_asked_to_be_in_it),
		RELAY(t_the_list_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
