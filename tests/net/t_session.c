/* Two or three people in one process, on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake.h"
#include "listen.h"
#include "rand.h"
#include "session.h"
#include "sock.h"

enum { SOON = 30000 };

struct pair {
	struct loop *loop;
	uint16_t port;
	struct node *alice, *bob;
};

static int
setup(void **state)
{
	struct pair *p = mem_new(sizeof(*p));

	p->loop = loop_new(NULL);
	p->port = free_port();
	p->alice = node_new(p->loop, "alice", p->port, "everyone");
	p->bob = node_new(p->loop, "bob", p->port, "everyone");
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct pair *p = *state;

	node_free(p->alice);
	node_free(p->bob);
	loop_free(p->loop);
	free(p);
	return 0;
}

static void
meet(struct pair *p)
{
	node_open(p->alice);
	node_open(p->bob);
	node_befriend(p->alice, p->bob);
	assert_true(until(p->loop, &p->alice->n_up, 1, SOON));
	assert_true(until(p->loop, &p->bob->n_up, 1, SOON));
}

static void
t_two_contacts_find_each_other_and_talk(void **state)
{
	struct pair *p = *state;

	meet(p);
	assert_true(keys_equal(&p->alice->up.keys, &p->bob->keys));
	assert_string_equal(p->alice->up.name, "bob");
	assert_int_equal(p->alice->path, PATH_LAN);
	assert_int_equal(say(p->alice, p->bob, "hello"), 0);
	assert_true(until(p->loop, &p->bob->n_heard, 1, SOON));
	assert_true(has_heard(p->bob, "hello"));
	assert_true(user_id_equal(&p->bob->heard_from, p->alice->user));
	assert_int_equal(say(p->bob, p->alice, "hello yourself"), 0);
	assert_true(until(p->loop, &p->alice->n_heard, 1, SOON));
	assert_true(has_heard(p->alice, "hello yourself"));
}

static void
t_round_trip_is_measured(void **state)
{
	struct pair *p = *state;

	meet(p);
	assert_true(until(p->loop, &p->alice->n_moved, 1, SOON));
	assert_true(p->alice->rtt_us >= 0 && p->alice->rtt_us < 60000000);
}

static void
t_new_name_comes_over_the_standing_link(void **state)
{
	struct pair *p = *state;

	meet(p);
	p->bob->name = "robert";
	p->bob->carrier->announce(p->bob->carrier->net);
	assert_true(until(p->loop, &p->alice->n_cards, 1, SOON));
	assert_string_equal(p->alice->up.name, "robert");
	assert_int_equal(p->alice->n_up, 1);
}

/* Both dialled; in the end there is one link, and no frame was lost. */
static void
t_simultaneous_links_become_one(void **state)
{
	struct pair *p = *state;
	char where[32];

	node_open(p->alice);
	node_open(p->bob);
	p->alice->contacts[p->alice->n_contacts++] = p->bob->keys;
	p->bob->contacts[p->bob->n_contacts++] = p->alice->keys;
	snprintf(where, sizeof(where), "%s", node_where(p->alice));
	p->bob->carrier->want(p->bob->carrier->net, &p->alice->keys, where,
	    true, true);
	p->alice->carrier->want(p->alice->carrier->net, &p->bob->keys,
	    node_where(p->bob), true, true);
	assert_true(until(p->loop, &p->alice->n_up, 1, SOON));
	assert_true(until(p->loop, &p->bob->n_up, 1, SOON));
	for (int i = 0; i < 50; i++) {
		char text[32];

		snprintf(text, sizeof(text), "line %d", i);
		assert_int_equal(say(p->alice, p->bob, text), 0);
		assert_int_equal(say(p->bob, p->alice, text), 0);
		pass(p->loop, 80);
	}
	assert_true(until(p->loop, &p->bob->n_heard, 50, SOON));
	assert_true(until(p->loop, &p->alice->n_heard, 50, SOON));
	pass(p->loop, SESSION_MOVE_MS * 2);
	assert_int_equal(p->alice->n_up, 1);
	assert_int_equal(p->alice->n_down, 0);
	assert_int_equal(p->bob->n_down, 0);
	assert_int_equal(say(p->bob, p->alice, "still here"), 0);
	assert_true(until(p->loop, &p->alice->n_heard, 51, SOON));
}

static void
t_goodbye_is_heard_at_once(void **state)
{
	struct pair *p = *state;

	meet(p);
	node_close(p->bob);
	assert_true(until(p->loop, &p->alice->n_down, 1, SOON));
	assert_true(until(p->loop, &p->alice->n_lost, 1, SOON));
	assert_int_equal(say(p->alice, p->bob, "gone"), -1);
}

static void
t_restart_links_again(void **state)
{
	struct pair *p = *state;

	meet(p);
	node_close(p->bob);
	assert_true(until(p->loop, &p->alice->n_down, 1, SOON));
	node_open(p->bob);
	node_want(p->bob, p->alice, "");
	assert_true(until(p->loop, &p->alice->n_up, 2, SOON));
	assert_true(until(p->loop, &p->bob->n_up, 2, SOON));
	assert_int_equal(say(p->alice, p->bob, "again"), 0);
	assert_true(until(p->loop, &p->bob->n_heard, 1, SOON));
}

static void
t_last_words_leave_before_the_end(void **state)
{
	struct pair *p = *state;

	meet(p);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(say(p->bob, p->alice, "last words"), 0);
	node_close(p->bob);
	assert_true(until(p->loop, &p->alice->n_heard, 1000, SOON));
}

static void
t_connect_greets_whoever_answers(void **state)
{
	struct pair *p = *state;
	struct err e = { 0 };

	opts_set(p->alice->opts, "lan", "off", NULL);
	opts_set(p->bob->opts, "lan", "off", NULL);
	node_open(p->alice);
	node_open(p->bob);
	assert_int_equal(p->alice->carrier->connect(p->alice->carrier->net,
	    node_where(p->bob), &e), 0);
	assert_true(until(p->loop, &p->alice->n_up, 1, SOON));
	assert_true(p->alice->dialled);
	assert_true(keys_equal(&p->alice->up.keys, &p->bob->keys));
	assert_string_equal(p->alice->up_where, node_where(p->bob));
	assert_true(until(p->loop, &p->bob->n_up, 1, SOON));
	assert_false(p->bob->dialled);
	assert_true(keys_equal(&p->bob->up.keys, &p->alice->keys));
	assert_int_equal(say(p->alice, p->bob, "who are you"), 0);
	assert_true(until(p->loop, &p->bob->n_heard, 1, SOON));
}

static void
t_connect_by_name_and_by_ipv6(void **state)
{
	struct pair *p = *state;
	char where[64];
	struct err e = { 0 };

	opts_set(p->alice->opts, "lan", "off", NULL);
	opts_set(p->bob->opts, "lan", "off", NULL);
	node_open(p->alice);
	node_open(p->bob);
	snprintf(where, sizeof(where), "localhost:%u",
	    (unsigned)net_port(p->bob->net));
	assert_int_equal(p->alice->carrier->connect(p->alice->carrier->net,
	    where, &e), 0);
	assert_true(until(p->loop, &p->alice->n_up, 1, SOON));
	snprintf(where, sizeof(where), "[::ffff:127.0.0.1]:%u",
	    (unsigned)net_port(p->bob->net));
	assert_int_equal(p->alice->carrier->connect(p->alice->carrier->net,
	    where, &e), 0);
	assert_true(until(p->loop, &p->alice->n_up, 2, SOON));
}

static void
expect_failure(struct pair *p, const char *where, const char *cause)
{
	struct node *n = p->alice;
	int before = n->n_failed;
	struct err e = { 0 };

	assert_int_equal(n->carrier->connect(n->carrier->net, where, &e), 0);
	if (!until(p->loop, &n->n_failed, before + 1, 60000))
		fail_msg("%s did not fail", where);
	if (!strstr(n->failed.what, cause))
		fail_msg("'%s' does not say '%s'", n->failed.what, cause);
	assert_true(n->failed.next[0] != '\0');
}

static void
t_connect_says_why_not(void **state)
{
	struct pair *p = *state;
	struct addr any = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 } }, at;
	char text[ADDR_TEXT];
	struct err e = { 0 };
	int fd;

	node_open(p->alice);
	/* A port that was free a moment ago. */
	fd = sock_listen(&any, NULL);
	sock_local(fd, &at);
	close(fd);
	addr_format(&at, text);
	expect_failure(p, text, "connection refused");
	assert_non_null(strstr(p->alice->failed.what, "127.0.0.1"));
	expect_failure(p, "0.0.0.0:54545", "nobody can be");
	expect_failure(p, "224.0.0.1:54545", "nobody can be");
	expect_failure(p, "[::]:54545", "nobody can be");
	expect_failure(p, "255.255.255.255:54545", "nobody can be");
	assert_int_equal(p->alice->carrier->connect(p->alice->carrier->net,
	    "host:0", &e), -1);
	assert_int_equal(e.status, STATUS_USAGE);
	/* Myself. */
	expect_failure(p, node_where(p->alice), "my own");
}

/* Something listens there, but it is no p2ptui. */
static void
on_alien(void *arg, unsigned events)
{
	int *fds = arg;
	struct addr from;
	int fd = sock_accept(fds[0], &from);

	(void)events;
	if (fd < 0)
		return;
	if (send(fd, "SSH-2.0-OpenSSH_9.2\r\n", 21, MSG_NOSIGNAL) < 0)
		fail_msg("send");
	fds[1] = fd;
}

static void
t_connect_names_what_does_not_speak_p2ptui(void **state)
{
	struct pair *p = *state;
	struct addr any = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 } }, at;
	int fds[2] = { sock_listen(&any, NULL), -1 };
	struct watch *w = loop_watch(p->loop, fds[0], on_alien, fds, NULL);
	char text[ADDR_TEXT];

	sock_local(fds[0], &at);
	addr_format(&at, text);
	node_open(p->alice);
	expect_failure(p, text, "does not speak p2ptui");
	watch_free(w);
	close(fds[0]);
	close(fds[1]);
}

static void
t_unwelcome_get_no_answer(void **state)
{
	struct pair *p = *state;
	struct err e = { 0 };

	p->bob->stranger = WELCOME_NOT;
	node_open(p->alice);
	node_open(p->bob);
	assert_int_equal(p->alice->carrier->connect(p->alice->carrier->net,
	    node_where(p->bob), &e), 0);
	assert_true(until(p->loop, &p->alice->n_failed, 1, SOON));
	assert_int_equal(p->alice->n_up, 0);
	assert_int_equal(p->bob->n_up, 0);
}

static void
t_drop_ends_the_link_and_tells_later(void **state)
{
	struct pair *p = *state;

	meet(p);
	p->alice->carrier->drop(p->alice->carrier->net, p->bob->user);
	assert_int_equal(p->alice->n_down, 0);
	assert_int_equal(say(p->alice, p->bob, "x"), -1);
	assert_true(until(p->loop, &p->alice->n_down, 1, SOON));
	assert_true(until(p->loop, &p->bob->n_down, 1, SOON));
}

static void
t_malformed_frames_end_the_link(void **state)
{
	struct pair *p = *state;
	uint8_t frame[FRAME_HEADER + 4] = { 1, 1 };

	meet(p);
	/* A body longer than the record. */
	put_u32(frame + FRAME_HEADER - 4, 5000);
	assert_int_equal(p->alice->carrier->send(p->alice->carrier->net,
	    p->bob->user, frame, sizeof(frame)), 0);
	assert_true(until(p->loop, &p->bob->n_down, 1, SOON));
	assert_int_equal(p->bob->n_heard, 0);
	assert_true(until(p->loop, &p->alice->n_up, 2, SOON));
}

static void
t_chat_may_refuse_a_frame(void **state)
{
	struct pair *p = *state;

	meet(p);
	p->bob->verdict = FRAME_UNWELCOME;
	assert_int_equal(say(p->alice, p->bob, "spam"), 0);
	assert_true(until(p->loop, &p->alice->n_down, 1, SOON));
	assert_int_equal(p->bob->n_heard, 1);
}

static void
t_many_frames_arrive_whole_and_in_order(void **state)
{
	struct pair *p = *state;
	uint32_t n = 200000;
	struct clock from, to;
	int want = (int)n;

	meet(p);
	p->alice->pump = true;
	p->alice->pump_to = *p->bob->user;
	p->alice->pump_max = n;
	clock_read(&from);
	p->alice->events.on_room(p->alice, p->bob->user);
	assert_true(until(p->loop, &p->bob->n_heard, want, 120000));
	clock_read(&to);
	print_message("# %u frames in %d ms\n", (unsigned)n,
	    (int)((to.mono_us - from.mono_us) / 1000));
	assert_int_equal(p->bob->n_heard, want);
	assert_int_equal(p->bob->heard_bytes, (uint64_t)n *
	    (FRAME_HEADER + 10));
	assert_true(p->alice->n_room > 1);
}

static void
t_echoes_go_round(void **state)
{
	struct pair *p = *state;
	struct clock from, to;
	int n = 2000;

	meet(p);
	p->bob->echo = true;
	clock_read(&from);
	for (int i = 0; i < n; i++) {
		assert_int_equal(say(p->alice, p->bob, "ping"), 0);
		assert_true(until(p->loop, &p->alice->n_heard, i + 1, SOON));
	}
	clock_read(&to);
	print_message("# round trip %d us\n",
	    (int)((to.mono_us - from.mono_us) / n));
}

/* Bob's process stops reading: alice's queue is bounded, others live. */
static void
row_45_stalled_reader_fills_a_bounded_queue(void **state)
{
	struct pair *p = *state;
	struct node *carol = node_new(p->loop, "carol", p->port, "everyone");
	struct loop *other = loop_new(NULL);
	struct node *dave = node_new(other, "dave", p->port, "off");
	struct buf frame;
	uint8_t *body = mem_new(20000);
	size_t sent = 0;

	meet(p);
	node_open(carol);
	node_befriend(p->alice, carol);
	assert_true(until(p->loop, &carol->n_up, 1, SOON));
	assert_true(until(p->loop, &p->alice->n_up, 2, SOON));
	/* Dave lives on another loop, which will stand still. */
	node_open(dave);
	p->alice->contacts[p->alice->n_contacts++] = dave->keys;
	node_want(p->alice, dave, node_where(dave));
	for (int i = 0; i < 5000 && p->alice->n_up < 3; i++) {
		loop_turn(other, 5);
		loop_turn(p->loop, 5);
	}
	assert_int_equal(p->alice->n_up, 3);
	buf_init(&frame);
	frame_make(&frame, body, 20000);
	for (int i = 0; i < 5000; i++) {
		if (p->alice->carrier->send(p->alice->carrier->net, dave->user,
		    frame.at, frame.len) == 0)
			sent++;
		if (i % 10 == 0)
			loop_turn(p->loop, 0);
	}
	assert_true(sent < 4000);
	assert_int_equal(p->alice->carrier->room(p->alice->carrier->net,
	    dave->user), 0);
	assert_int_equal(say(p->alice, carol, "past the stalled one"), 0);
	assert_true(until(p->loop, &carol->n_heard, 1, SOON));
	/* Dave wakes: room is told. */
	for (int i = 0; i < 2000 && p->alice->n_room == 0; i++) {
		loop_turn(other, 1);
		loop_turn(p->loop, 1);
	}
	assert_true(p->alice->n_room > 0);
	buf_clear(&frame);
	free(body);
	node_free(carol);
	node_free(dave);
	loop_free(other);
}

/* The other's loop stands still, as if the machine were gone. */
static void
row_36_half_open_link_is_noticed(void **state)
{
	struct pair *p = *state;
	struct loop *other = loop_new(NULL);
	struct node *dave = node_new(other, "dave", p->port, "off");
	struct clock from, to;

	node_open(p->alice);
	node_open(dave);
	p->alice->contacts[p->alice->n_contacts++] = dave->keys;
	node_want(p->alice, dave, node_where(dave));
	for (int i = 0; i < 5000 && (p->alice->n_up < 1 || dave->n_up < 1);
	    i++) {
		loop_turn(other, 5);
		loop_turn(p->loop, 5);
	}
	assert_int_equal(p->alice->n_up, 1);
	clock_read(&from);
	assert_int_equal(say(p->alice, dave, "are you there?"), 0);
	assert_true(until(p->loop, &p->alice->n_down, 1,
	    LEG_ALONE_MS + 30000));
	clock_read(&to);
	assert_true(to.mono_us - from.mono_us >
	    LEG_SUSPECT_MS * 1000);
	node_free(dave);
	loop_free(other);
}

static void
row_88_contact_with_another_signing_key_is_refused(void **state)
{
	struct pair *p = *state;
	struct pubkeys wrong;

	node_open(p->alice);
	node_open(p->bob);
	/* Bob pinned alice's agreement key with another signing key. */
	wrong = p->alice->keys;
	memcpy(wrong.ed, p->bob->keys.ed, KEY_LEN);
	p->bob->contacts[p->bob->n_contacts++] = wrong;
	p->alice->contacts[p->alice->n_contacts++] = p->bob->keys;
	node_want(p->alice, p->bob, node_where(p->bob));
	assert_true(until(p->loop, &p->bob->n_notice, 1, SOON));
	assert_int_equal(p->bob->n_up, 0);
}

static void
t_listen_moves_and_a_taken_port_is_said(void **state)
{
	struct pair *p = *state;
	struct err e = { 0 };
	char port[16];
	uint16_t before;

	node_open(p->alice);
	node_open(p->bob);
	before = net_port(p->alice->net);
	snprintf(port, sizeof(port), "%u", (unsigned)net_port(p->bob->net));
	assert_int_equal(net_listen(p->alice->net, port, &e), -1);
	assert_int_equal(e.status, STATUS_UNAVAILABLE);
	assert_int_equal(net_port(p->alice->net), before);
	assert_int_equal(net_listen(p->alice->net, "0", &e), 0);
	assert_int_not_equal(net_port(p->alice->net), before);
	assert_int_equal(net_listen(p->alice->net, "nonsense", &e), -1);
	assert_int_equal(e.status, STATUS_USAGE);
	/* Explicit and taken: an error also at the start. */
	opts_set(p->bob->opts, "listen", port, NULL);
	{
		struct net_setup setup = {
			.loop = p->loop, .id = p->bob->id,
			.opts = p->bob->opts, .events = &p->bob->events
		};

		assert_null(net_open(&setup, &e));
		assert_int_equal(e.status, STATUS_UNAVAILABLE);
	}
}

static void
ignore(void *arg, int fd, const struct addr *from)
{
	(void)arg;
	(void)from;
	close(fd);
}

/* As by default: connections, packets and the discovery want one number. */
static void
t_discovery_shares_its_number(void **state)
{
	struct pair *p = *state;
	struct net_reach r;
	char port[16];

	/* Somebody on this machine may listen there just now. */
	for (struct listener *l = NULL; !l; listener_free(l)) {
		snprintf(port, sizeof(port), "%u", (unsigned)++p->port);
		l = listener_open(p->loop, port, false, ignore, NULL, NULL);
	}
	opts_set(p->alice->opts, "listen", port, NULL);
	opts_set(p->alice->opts, "lan-port", port, NULL);
	opts_set(p->bob->opts, "lan-port", port, NULL);
	meet(p);
	assert_int_equal(net_port(p->alice->net), p->port);
	assert_null(net_lan_trouble(p->alice->net));
	assert_null(net_lan_trouble(p->bob->net));
	net_reach(p->alice->net, &r);
	assert_int_not_equal(r.udp_port, p->port);
	assert_int_not_equal(r.udp_port, 0);
	net_reach(p->bob->net, &r);
	assert_int_equal(r.udp_port, r.tcp_port);
}

/* Keys cost nothing: strangers of one machine cannot take all the places of
 * strangers, and none of a contact's. */
static void
row_43_strangers_are_few_and_contacts_unaffected(void **state)
{
	enum { MANY = 90 };
	struct pair *p = *state;
	struct node *pests[MANY], *guest;
	char where[32];
	int n_up;

	node_open(p->alice);
	for (int i = 0; i < MANY; i++) {
		pests[i] = node_new(p->loop, "pest", p->port, "off");
		node_open(pests[i]);
		assert_int_equal(pests[i]->carrier->connect(
		    pests[i]->carrier->net, node_where(p->alice), NULL), 0);
		pass(p->loop, 15);
	}
	assert_true(until(p->loop, &p->alice->n_up, 8, SOON));
	pass(p->loop, 300);
	n_up = p->alice->n_up;
	assert_in_range(n_up, 8, 32);
	/* From another place: somebody else, perhaps. */
	guest = node_new(p->loop, "guest", p->port, "off");
	node_open(guest);
	snprintf(where, sizeof(where), "[::1]:%u",
	    (unsigned)net_port(p->alice->net));
	if (guest->carrier->connect(guest->carrier->net, where, NULL) == 0 &&
	    until(p->loop, &guest->n_up, 1, 1000))
		assert_true(until(p->loop, &p->alice->n_up, ++n_up, SOON));
	node_open(p->bob);
	node_befriend(p->alice, p->bob);
	assert_true(until(p->loop, &p->alice->n_up, n_up + 1, SOON));
	assert_true(until(p->loop, &p->bob->n_up, 1, SOON));
	for (int i = 0; i < MANY; i++)
		node_free(pests[i]);
	node_free(guest);
}

/* A contact with ever new signing keys is told of, not for ever. */
static void
row_88_is_told_once_however_often_it_comes(void **state)
{
	struct pair *p = *state;
	struct pubkeys wrong;

	node_open(p->alice);
	node_open(p->bob);
	wrong = p->alice->keys;
	memcpy(wrong.ed, p->bob->keys.ed, KEY_LEN);
	p->bob->contacts[p->bob->n_contacts++] = wrong;
	for (int i = 0; i < 5; i++) {
		p->alice->carrier->connect(p->alice->carrier->net,
		    node_where(p->bob), NULL);
		pass(p->loop, 60);
	}
	assert_int_equal(p->bob->n_up, 0);
	assert_int_equal(p->bob->n_notice, 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(t_two_contacts_find_each_other_and_talk),
		T(t_round_trip_is_measured),
		T(t_new_name_comes_over_the_standing_link),
		T(t_simultaneous_links_become_one),
		T(t_goodbye_is_heard_at_once),
		T(t_restart_links_again),
		T(t_last_words_leave_before_the_end),
		T(t_connect_greets_whoever_answers),
		T(t_connect_by_name_and_by_ipv6),
		T(t_connect_says_why_not),
		T(t_connect_names_what_does_not_speak_p2ptui),
		T(t_unwelcome_get_no_answer),
		T(t_drop_ends_the_link_and_tells_later),
		T(t_malformed_frames_end_the_link),
		T(t_chat_may_refuse_a_frame),
		T(t_many_frames_arrive_whole_and_in_order),
		T(t_echoes_go_round),
		T(row_45_stalled_reader_fills_a_bounded_queue),
		T(row_36_half_open_link_is_noticed),
		T(row_88_contact_with_another_signing_key_is_refused),
		T(t_discovery_shares_its_number),
		T(row_43_strangers_are_few_and_contacts_unaffected),
		T(row_88_is_told_once_however_often_it_comes),
		T(t_listen_moves_and_a_taken_port_is_said)
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return 1;
	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
