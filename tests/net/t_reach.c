/* Two people, a relay made of two buffers, and loopback for all the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "listen.h"
#include "rand.h"
#include "reach.h"

enum { SOON = 30000, PIPES_MAX = 32 };

/* One end of a pipe through the relay; `wire` is on its way to it. */
struct end {
	struct place *place;
	struct end *other;
	struct stream *stream;
	struct buf wire;
	struct timer timer;
	bool is_shut;			/* nothing more to it */
};

struct place {
	struct test *test;
	struct node *node;
	struct streams streams;
	struct chan_room room;
	struct resolver *resolver;
	struct listener *listener;
	struct reach *reach;
	struct place *other;
	bool has_relay, is_seen;	/* the other one, on my LAN */
	bool is_lan;			/* loopback is one */
	int n_calls, n_wants;
};

struct test {
	struct loop *loop;
	struct place a, b;
	struct end pipes[PIPES_MAX][2];
	size_t n;
};

/* ---- the relay --------------------------------------------------------- */

static size_t
write_end(void *impl, const void *p, size_t len)
{
	struct end *e = impl;

	buf_put(&e->other->wire, p, len);
	if (!timer_is_set(&e->other->timer))
		timer_set(&e->other->timer, 1);
	return len;
}

static void
eaten(void *impl, size_t n)
{
	(void)impl;
	(void)n;
}

static void
close_end(void *impl, bool is_cut)
{
	struct end *e = impl;

	(void)is_cut;
	e->stream = NULL;
	e->other->is_shut = true;
	timer_set(&e->other->timer, 1);
}

static const struct stream_ops pipe_ops = {
	.write = write_end, .eaten = eaten, .close = close_end
};

static const struct stream_events no_events;

static void
on_due(void *arg)
{
	const struct addr relay = { .family = ADDR_V4,
		.ip = { 192, 0, 2, 1 }, .port = 54546 };
	struct end *e = arg;
	struct buf now = e->wire;

	if (!e->stream && !e->is_shut) {
		e->stream = stream_of_pipe(&e->place->streams, &pipe_ops, e,
		    &relay, &no_events, NULL);
		reach_accepted(e->place->reach, e->stream);
	}
	buf_init(&e->wire);
	if (e->stream && now.len > 0)
		stream_feed(e->stream, now.at, now.len);
	buf_clear(&now);
	if (e->stream && e->is_shut)
		stream_ended(e->stream, "the other end is gone");
}

static struct stream *
call(void *ctx, const struct user_id *who, const struct stream_events *events,
    void *owner)
{
	const struct addr relay = { .family = ADDR_V4,
		.ip = { 192, 0, 2, 1 }, .port = 54546 };
	struct place *p = ctx;
	struct end *e = p->test->pipes[p->test->n];

	assert_true(user_id_equal(who, p->other->node->user));
	p->n_calls++;
	if (!p->has_relay || p->test->n == PIPES_MAX - 1)
		return NULL;
	p->test->n++;
	for (int i = 0; i < 2; i++) {
		e[i].place = i ? p->other : p;
		e[i].other = &e[1 - i];
		timer_init(&e[i].timer, p->test->loop, on_due, &e[i]);
	}
	e->stream = stream_of_pipe(&p->streams, &pipe_ops, e, &relay, events,
	    owner);
	return e->stream;
}

/* ---- a place ----------------------------------------------------------- */

static size_t
near(void *ctx, const struct user_id *id, struct addr list[DIAL_NEAR])
{
	struct place *p = ctx;

	(void)id;
	if (!p->is_seen)
		return 0;
	list[0] = *listener_only(p->other->listener);
	list[0].port = listener_port(p->other->listener);
	return 1;
}

static bool
is_near(void *ctx, const struct addr *a)
{
	(void)a;
	return ((struct place *)ctx)->is_lan;
}

static bool
is_behind_nat(void *ctx)
{
	(void)ctx;
	return false;
}

static bool
has_relay(void *ctx)
{
	return ((struct place *)ctx)->has_relay;
}

static void
want(void *ctx, const struct pubkeys *who, bool is_wanted)
{
	struct place *p = ctx;

	(void)who;
	p->n_wants += is_wanted;
}

static bool
is_welcome(void *ctx, const uint8_t x[KEY_LEN])
{
	(void)ctx;
	(void)x;
	return true;
}

static void
on_version(void *ctx, const struct addr *who, unsigned version, bool proven)
{
	(void)ctx;
	(void)who;
	(void)version;
	(void)proven;
}

static void
on_accept(void *arg, int fd, const struct addr *from)
{
	struct place *p = arg;

	reach_accepted(p->reach, stream_of(&p->streams, fd, from, &no_events,
	    NULL, NULL));
}

static void
on_turn(void *arg)
{
	streams_flush(arg);
}

static void
make(struct test *t, struct place *p, struct place *other, const char *name)
{
	struct err e = { 0 };

	p->test = t;
	p->other = other;
	p->is_lan = true;
	p->node = node_new(t->loop, name, 1, "off");
	streams_init(&p->streams, t->loop);
	p->room = (struct chan_room){
		.streams = &p->streams, .id = p->node->id, .ctx = p,
		.welcome = is_welcome, .other_version = on_version
	};
	p->resolver = resolver_new(t->loop, "");
	p->listener = listener_open(t->loop, "127.0.0.1:0", false, on_accept,
	    p, &e);
	assert_non_null(p->listener);
	loop_hook(t->loop, LOOP_SEND, on_turn, &p->streams);
}

static void
open_reach(struct place *p, enum reach_direct direct)
{
	const struct reach_setup setup = {
		.room = &p->room, .resolver = p->resolver, .direct = direct,
		.chat = &p->node->events, .ctx = p, .near = near,
		.is_near = is_near, .is_behind_nat = is_behind_nat,
		.has_relay = has_relay, .call = call, .want = want
	};

	p->reach = reach_new(&setup);
}

static int
setup(void **state)
{
	struct test *t = mem_new(sizeof(*t));

	t->loop = loop_new(NULL);
	make(t, &t->a, &t->b, "alice");
	make(t, &t->b, &t->a, "bob");
	open_reach(&t->a, DIRECT_CONTACTS);
	open_reach(&t->b, DIRECT_CONTACTS);
	*state = t;
	return 0;
}

static void
clear(struct place *p)
{
	listener_free(p->listener);
	reach_free(p->reach);
	resolver_free(p->resolver);
	streams_clear(&p->streams);
	loop_unhook(p->test->loop, LOOP_SEND, on_turn, &p->streams);
}

static int
teardown(void **state)
{
	struct test *t = *state;

	clear(&t->a);
	clear(&t->b);
	loop_turn(t->loop, 0);
	for (size_t i = 0; i < t->n; i++) {
		for (int k = 0; k < 2; k++) {
			timer_stop(&t->pipes[i][k].timer);
			buf_clear(&t->pipes[i][k].wire);
		}
	}
	node_free(t->a.node);
	node_free(t->b.node);
	loop_free(t->loop);
	free(t);
	return 0;
}

/* ---- what they do ------------------------------------------------------ */

static void
befriend(struct test *t)
{
	node_befriend(t->a.node, t->b.node);
}

static void
seek(struct place *p, const char *where)
{
	reach_want(p->reach, &p->other->node->keys, where, true, false);
}

static void
see(struct place *p)
{
	p->is_seen = true;
	reach_seen(p->reach, &p->other->node->keys);
}

static void
tell(struct place *from, const char *text)
{
	struct buf frame;

	buf_init(&frame);
	frame_make(&frame, text, strlen(text));
	assert_int_equal(reach_send(from->reach, from->other->node->user,
	    frame.at, frame.len), 0);
	buf_clear(&frame);
	loop_again(from->test->loop);
}

static enum path
path_of(const struct place *p)
{
	struct reach_info info;

	reach_info(p->reach, p->other->node->user, &info);
	return info.path;
}

/* Until both see the other by such a way. */
static bool
until_path(struct test *t, enum path path, int ms)
{
	for (; ms > 0; ms -= 5) {
		if (path_of(&t->a) == path && path_of(&t->b) == path)
			return true;
		pass(t->loop, 5);
	}
	return false;
}

static void
where_is(const struct place *p, char text[DIAL_WHERE])
{
	snprintf(text, DIAL_WHERE, "127.0.0.1:%u",
	    (unsigned)listener_port(p->listener));
}

/* ---- tests ------------------------------------------------------------- */

static void
t_relay_is_called_when_there_is_nothing_else(void **state)
{
	struct test *t = *state;

	befriend(t);
	t->a.has_relay = t->b.has_relay = true;
	seek(&t->a, "");
	seek(&t->b, "");
	assert_int_equal(t->a.n_wants, 1);
	assert_true(until_path(t, PATH_RELAY, SOON));
	tell(&t->a, "by relay");
	assert_true(until(t->loop, &t->b.node->n_heard, 1, SOON));
	tell(&t->b, "and back");
	assert_true(until(t->loop, &t->a.node->n_heard, 1, SOON));
	/* Where the relay is, they are not. */
	assert_string_equal(t->a.node->up_where, "");
	assert_string_equal(t->b.node->up_where, "");
}

static void
t_nobody_is_called_without_a_relay(void **state)
{
	struct test *t = *state;

	befriend(t);
	seek(&t->a, "");
	pass(t->loop, 1500);
	assert_int_equal(t->a.n_calls, 0);
	/* One of theirs is as good as one of mine. */
	reach_places(t->a.reach, &t->b.node->keys, true);
	t->a.has_relay = true;
	pass(t->loop, 500);
	assert_int_equal(t->a.n_calls, 1);
	assert_true(until_path(t, PATH_RELAY, SOON));
}

static void
t_lan_has_a_head_start(void **state)
{
	struct test *t = *state;

	befriend(t);
	t->a.has_relay = t->b.has_relay = true;
	t->a.is_seen = t->b.is_seen = true;
	seek(&t->a, "");
	seek(&t->b, "");
	assert_true(until_path(t, PATH_LAN, SOON));
	pass(t->loop, 500);
	assert_int_equal(t->a.n_calls + t->b.n_calls, 0);
}

static void
t_lan_takes_over_from_the_relay(void **state)
{
	struct test *t = *state;

	befriend(t);
	t->a.has_relay = t->b.has_relay = true;
	seek(&t->a, "");
	seek(&t->b, "");
	assert_true(until_path(t, PATH_RELAY, SOON));
	see(&t->a);
	see(&t->b);
	assert_true(until_path(t, PATH_LAN, SOON));
	tell(&t->a, "on the wire");
	assert_true(until(t->loop, &t->b.node->n_heard, 1, SOON));
	assert_int_equal(t->a.node->n_down + t->b.node->n_down, 0);
}

static void
t_place_of_last_time_is_tried_behind_the_relay(void **state)
{
	struct test *t = *state;
	char where[DIAL_WHERE];

	befriend(t);
	t->a.is_lan = t->b.is_lan = false;
	t->a.has_relay = t->b.has_relay = true;
	where_is(&t->b, where);
	seek(&t->a, where);
	assert_true(until_path(t, PATH_DIRECT, SOON));
	tell(&t->a, "directly");
	assert_true(until(t->loop, &t->b.node->n_heard, 1, SOON));
}

static void
t_direct_never_dials_nobody_outside(void **state)
{
	struct test *t = *state;
	char where[DIAL_WHERE];

	reach_free(t->a.reach);
	open_reach(&t->a, DIRECT_NEVER);
	befriend(t);
	t->a.is_lan = t->b.is_lan = false;
	t->a.has_relay = t->b.has_relay = true;
	where_is(&t->b, where);
	seek(&t->a, where);
	assert_true(until_path(t, PATH_RELAY, SOON));
	pass(t->loop, 1000);
	assert_int_equal(path_of(&t->a), PATH_RELAY);
	/* The LAN shows nothing that the beacon did not. */
	t->a.is_lan = t->b.is_lan = true;
	see(&t->a);
	assert_true(until_path(t, PATH_LAN, SOON));
}

static void
t_here_is_a_reason_to_call_at_once(void **state)
{
	struct test *t = *state;

	befriend(t);
	seek(&t->a, "");
	reach_places(t->a.reach, &t->b.node->keys, true);
	/* Nobody answers: ever longer pauses. */
	pass(t->loop, 4000);
	assert_in_range(t->a.n_calls, 1, 4);
	t->a.has_relay = true;
	reach_here(t->a.reach, t->b.node->user);
	assert_true(until_path(t, PATH_RELAY, 1000));
}

static void
t_both_calling_makes_one_link(void **state)
{
	struct test *t = *state;

	befriend(t);
	t->a.has_relay = t->b.has_relay = true;
	reach_want(t->a.reach, &t->b.node->keys, "", true, true);
	reach_want(t->b.reach, &t->a.node->keys, "", true, true);
	assert_true(until_path(t, PATH_RELAY, SOON));
	for (int i = 0; i < 40; i++) {
		tell(&t->a, "x");
		tell(&t->b, "y");
		pass(t->loop, 100);
	}
	assert_true(until(t->loop, &t->a.node->n_heard, 40, SOON));
	assert_true(until(t->loop, &t->b.node->n_heard, 40, SOON));
	assert_int_equal(t->a.node->n_down + t->b.node->n_down, 0);
	pass(t->loop, SESSION_MOVE_MS * 2);
	for (size_t i = 0, n = 0; i < t->n; i++) {
		n += t->pipes[i][0].stream && t->pipes[i][1].stream;
		assert_true(n <= 1);
	}
}

static void
t_history_says_how_it_came(void **state)
{
	struct test *t = *state;
	struct reach_info info;

	befriend(t);
	t->a.has_relay = t->b.has_relay = true;
	seek(&t->a, "");
	assert_true(until_path(t, PATH_RELAY, SOON));
	see(&t->a);
	assert_true(until_path(t, PATH_LAN, SOON));
	reach_info(t->a.reach, t->b.node->user, &info);
	assert_int_equal(info.n_changes, 2);
	assert_int_equal(info.changes[0].path, PATH_LAN);
	assert_int_equal(info.changes[1].path, PATH_RELAY);
	assert_non_null(strstr(info.where, "127.0.0.1"));
	assert_false(reach_info(t->a.reach, t->a.node->user, &info));
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(t_relay_is_called_when_there_is_nothing_else),
		T(t_nobody_is_called_without_a_relay),
		T(t_lan_has_a_head_start),
		T(t_lan_takes_over_from_the_relay),
		T(t_place_of_last_time_is_tried_behind_the_relay),
		T(t_direct_never_dials_nobody_outside),
		T(t_here_is_a_reason_to_call_at_once),
		T(t_both_calling_makes_one_link),
		T(t_history_says_how_it_came),
	};

	if (crypto_start(NULL) < 0)
		return 1;
	return cmocka_run_group_tests_name("reach", tests, NULL, NULL);
}
