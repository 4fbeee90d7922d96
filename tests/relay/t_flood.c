#include "relay/client.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine.h"
#include "sock.h"

#ifdef __SANITIZE_ADDRESS__
#define WITH_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WITH_SANITIZER 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define WITH_SANITIZER 1
#endif

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

static bool
bind_source(int fd, uint32_t source)
{
	struct addr me = { .family = ADDR_V4, .ip = { 127,
	    (uint8_t)(1 + (source >> 16)), (uint8_t)(source >> 8),
	    (uint8_t)source } };
	struct sockaddr_storage ss;
	socklen_t len = sock_addr_to(&ss, &me);

	return bind(fd, (struct sockaddr *)&ss, len) == 0;
}

/* Not every system has all of 127.0.0.0/8. */
static void
skip_without_sources(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool can = fd >= 0 && bind_source(fd, 1);

	close(fd);
	if (!can)
		skip();
}

/* A raw connection from one of many sources; 0: the usual one. */
static int
knock_from(uint32_t source)
{
	struct sockaddr_storage ss;
	struct addr to;
	socklen_t len;
	int fd;

	assert_int_equal(addr_parse(&to, "127.0.0.1:1"), 0);
	to.port = relay_port(rig.relay, 0);
	if (source == 0)
		return sock_connect(&to, NULL);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (fd >= 0 && bind_source(fd, source)) {
		len = sock_addr_to(&ss, &to);
		connect(fd, (struct sockaddr *)&ss, len);
	}
	return fd;
}

static struct client *
up_from(uint32_t source)
{
	struct client *c = client_of(&rig, knock_from(source));

	client_shake(c, RELAY_NK, NULL);
	return c;
}

static int
n_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	if (!d)
		return 0;
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* ---- rows 43 and 51: crowds of the silent -------------------------------- */

enum { CROWD = 300 };

static void
row_43_a_crowd_of_one_source_is_capped(void **state)
{
	struct client *a, *b;
	int fds[CROWD];

	(void)state;
	skip_without_sources();
	a = client_up(&rig);
	for (int i = 0; i < CROWD; i++) {
		fds[i] = knock_from(1);
		assert_true(fds[i] >= 0);
		rig_settle(&rig);
	}
	assert_int_equal(relay_stats(rig.relay)->pending,
	    rig.limits.pending_source);
	client_silence(a);
	/* Others come in all the same. */
	b = client_up(&rig);
	client_silence(b);
	for (int i = 0; i < CROWD; i++)
		close(fds[i]);
	client_free(a);
	client_free(b);
}

/* 10,000 connections, as far as descriptors go: each is closed at once by the
 * one or the other side, so the numbers are of those that came. */
static void
row_43_ten_thousand_that_say_nothing(void **state)
{
	struct client *a;
	int files;

	(void)state;
	skip_without_sources();
	a = client_up(&rig);
	client_silence(a);
	files = n_files();
	for (uint32_t i = 1; i <= 10000; i++) {
		int fd = knock_from(i % 4096 + 1);

		assert_true(fd >= 0);
		if (i % 16 == 0)
			loop_turn(rig.loop, 0);
		close(fd);
	}
	client_silence(a);
	while (relay_stats(rig.relay)->pending > 0)
		loop_turn(rig.loop, -1);
	assert_true(relay_stats(rig.relay)->accepted >= 9000);
	client_silence(a);
	assert_int_equal(n_files(), files);
	client_free(a);
}

/* More sources than there is room: the oldest gives way, so a newcomer who
 * shakes hands at once always gets through. */
static void
row_51_a_flood_from_many_sources_is_bounded(void **state)
{
	struct client *a;
	struct buf out = { 0 };
	int fds[CROWD];

	(void)state;
	skip_without_sources();
	a = client_up(&rig);
	rig.limits.pending = 100;
	rig_limit(&rig);
	noise_free(client_message1(&rig, RELAY_NK, &out));
	for (uint32_t i = 0; i < CROWD; i++) {
		fds[i] = knock_from(i + 1);
		rig_settle(&rig);
		assert_true(relay_stats(rig.relay)->pending <= 100);
		if (i % 50 == 0) {
			struct client *b = client_up(&rig);

			client_silence(b);
			client_silence(a);
			client_free(b);
		}
	}
	/* And when all of them begin a handshake in one moment, a turn takes
	 * some of them only. */
	rig.limits.handshakes_turn = 4;
	rig_limit(&rig);
	rig_settle(&rig);
	for (int i = 0; i < CROWD; i++) {
		if (write(fds[i], out.at, out.len) < 0)
			continue;	/* gave way */
	}
	for (int i = 0; i < 10; i++) {
		uint64_t before = relay_stats(rig.relay)->handshakes;

		loop_turn(rig.loop, 0);
		assert_true(relay_stats(rig.relay)->handshakes - before <= 4);
	}
	client_silence(a);
	while (relay_stats(rig.relay)->pending > 0)
		loop_turn(rig.loop, -1);
	for (int i = 0; i < CROWD; i++)
		close(fds[i]);
	buf_clear(&out);
	client_free(a);
}

static void
row_51_a_source_shakes_hands_so_often(void **state)
{
	struct client *c;

	(void)state;
	rig.limits.handshakes_s = 1;
	rig_limit(&rig);
	for (int i = 0; i < 10; i++)
		client_free(client_up(&rig));
	c = client_new(&rig);
	client_cut(c);
	client_free(c);
	assert_int_equal(relay_stats(rig.relay)->refused, 1);
}

static void
t_connections_are_capped(void **state)
{
	struct client *c[4];

	(void)state;
	rig.limits.clients_source = 3;
	rig_limit(&rig);
	for (int i = 0; i < 3; i++)
		c[i] = client_up(&rig);
	c[3] = client_new(&rig);
	client_cut(c[3]);
	client_free(c[3]);
	rig.limits.clients_source = 100;
	rig.limits.clients = 3;
	rig_limit(&rig);
	c[3] = client_new(&rig);
	client_cut(c[3]);
	for (int i = 0; i < 4; i++)
		client_free(c[i]);
}

/* Many sources of one hand hold every place: each of them is within its own
 * share.  Who comes from elsewhere gets in, at that hand's cost, and who was
 * there stays. */
static void
row_43_a_full_relay_takes_a_place_of_the_crowd(void **state)
{
	struct client *here[2], *crowd[12], *late[3], *more;

	(void)state;
	skip_without_sources();
	rig.limits.clients = 14;
	rig.limits.clients_source = 3;
	rig_limit(&rig);
	here[0] = client_up(&rig);
	here[1] = up_from(0x10001);
	for (uint32_t i = 0; i < 12; i++)
		crowd[i] = up_from(1 + i / 3);
	assert_int_equal(relay_stats(rig.relay)->clients, 14);
	for (uint32_t i = 0; i < 3; i++) {
		late[i] = up_from(0x20001 + 256 * i);
		client_silence(late[i]);
	}
	assert_int_equal(relay_stats(rig.relay)->crowded, 3);
	assert_int_equal(relay_stats(rig.relay)->clients, 14);
	for (int i = 0; i < 2; i++)
		client_silence(here[i]);
	/* One more of the crowd: there is nobody who has more. */
	more = client_of(&rig, knock_from(9));
	client_cut(more);
	client_free(more);
	assert_int_equal(relay_stats(rig.relay)->crowded, 3);
	for (int i = 0; i < 2; i++)
		client_free(here[i]);
	for (int i = 0; i < 12; i++)
		client_free(crowd[i]);
	for (int i = 0; i < 3; i++)
		client_free(late[i]);
}

/* ---- row 44 and the silent ----------------------------------------------- */

static void
row_44_a_handshake_has_a_deadline(void **state)
{
	struct client *c[3];
	struct buf out = { 0 };

	(void)state;
	rig.limits.handshake_s = 1;
	rig_limit(&rig);
	noise_free(client_message1(&rig, RELAY_NK, &out));
	for (int i = 0; i < 3; i++)
		c[i] = client_new(&rig);
	/* One says nothing, one begins, one lacks the last byte and goes on
	 * one byte at a time: each is late alike. */
	client_raw(c[1], out.at, 1);
	client_raw(c[2], out.at, out.len - 1);
	for (int i = 0; i < 3; i++) {
		client_cut(c[i]);
		client_free(c[i]);
	}
	assert_int_equal(relay_stats(rig.relay)->failed, 3);
	buf_clear(&out);
}

/* Nobody was here, so the wheel stands a minute behind: the slot in which
 * those who just came are to be looked at is one of those it has missed. */
static void
t_wheel_that_stood_still_ends_its_round(void **state)
{
	struct relay *r = rig.relay;
	struct client *c[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		c[i] = client_up(&rig);
	rig_settle(&rig);
	r->looked_s = engine_s(r) - 100;
	timer_set(&r->tick, 0);
	alarm(100);
	rig_settle(&rig);
	alarm(0);
	assert_in_range(engine_s(r) - r->looked_s, 0, 2);
	for (int i = 0; i < 3; i++) {
		client_silence(c[i]);
		client_free(c[i]);
	}
}

static void
row_36_the_silent_are_cut(void **state)
{
	struct client *quiet, *talks;

	(void)state;
	rig.limits.silent_s = 2;
	rig_limit(&rig);
	quiet = client_up(&rig);
	talks = client_up(&rig);
	/* A record that never ends is no sign of life. */
	client_raw(quiet, "\xff\xff", 2);
	while (!quiet->is_over) {
		const int64_t then_ms = loop_now_ms(rig.loop) + 50;

		client_raw(quiet, "x", 1);
		while (loop_now_ms(rig.loop) < then_ms && !quiet->is_over)
			loop_turn(rig.loop, 10);
		client_silence(talks);
	}
	assert_int_equal(relay_stats(rig.relay)->silent, 1);
	client_silence(talks);
	client_free(quiet);
	client_free(talks);
}

/* ---- row 13: no descriptors left ----------------------------------------- */

static void
row_13_without_descriptors_those_who_are_there_live_on(void **state)
{
	struct client *a = client_up(&rig);
	struct rlimit old, low;
	int knocks[4], spare[64], n = 0;

	(void)state;
	for (int i = 0; i < 4; i++)
		knocks[i] = -1;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = (rlim_t)n_files() + 2;
	knocks[0] = knock_from(0);
	setrlimit(RLIMIT_NOFILE, &low);
	while (n < 64 && (spare[n] = dup(0)) >= 0)
		n++;
	for (int i = 0; i < 5; i++)
		client_silence(a);
	assert_int_equal(relay_stats(rig.relay)->accepted, 1);
	setrlimit(RLIMIT_NOFILE, &old);
	while (n > 0)
		close(spare[--n]);
	/* The listener tries again by itself. */
	while (relay_stats(rig.relay)->accepted < 2)
		loop_turn(rig.loop, -1);
	close(knocks[0]);
	client_free(a);
}

/* ---- row 56: ends in every state ----------------------------------------- */

static long
resident_kb(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size, resident = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void
end_in_state(int state, const struct buf *message1)
{
	static const uint8_t id[MEET_ID] = { 5 };
	struct client *c = client_new(&rig), *other = NULL;
	struct queue_key box;

	if (state >= 1 && state < 4)
		client_raw(c, message1->at, state == 1 ? 3 : state == 2 ?
		    20 : message1->len);
	if (state >= 4)
		client_shake(c, RELAY_NK, NULL);
	if (state == 5)
		client_raw(c, "\x40\x00half", 6);
	if (state == 6) {
		client_box(&box, 1);
		client_open(c, &box);
		client_leave(c, 1, &box, 1, "x", 1);
	}
	if (state >= 7)
		client_say(c, &(struct relay_msg){ .op = OP_MEET, .p = id,
		    .len = MEET_ID });
	if (state >= 8) {
		other = client_up(&rig);
		client_silence(c);
		client_say(other, &(struct relay_msg){ .op = OP_CALL,
		    .tag = 1, .queue = id });
		client_say(other, &(struct relay_msg){ .op = OP_DATA,
		    .tag = 1, .p = id, .len = MEET_ID });
		if (state == 9)
			client_expect(c, OP_RING);
	}
	if (state % 2)
		loop_turn(rig.loop, 0);
	client_free(c);
	client_free(other);
}

static bool
none_is_left(struct rig *r)
{
	return relay_stats(r->relay)->pending == 0 &&
	    relay_stats(r->relay)->clients == 0;
}

static void
row_56_ends_in_every_state_leave_nothing(void **state)
{
	const char *rounds = getenv("ROUNDS");
	const int n = rounds ? atoi(rounds) : 60;
	struct buf out = { 0 };
	int files = 0;
	long before = 0;

	(void)state;
	/* One source opens more mailboxes than a source should. */
	rig.limits.queues = 100000;
	rig_limit(&rig);
	noise_free(client_message1(&rig, RELAY_NK, &out));
	for (int i = 0; i < n; i++) {
		if (i == n / 3) {
			rig_until(&rig, none_is_left);
			files = n_files();
			before = resident_kb();
		}
		for (int s = 0; s < 10; s++)
			end_in_state(s, &out);
	}
	rig_until(&rig, none_is_left);
	rig_settle(&rig);
	assert_int_equal(n_files(), files);
	assert_true(before > 0);
#ifndef WITH_SANITIZER		/* they keep what was freed */
	assert_true(resident_kb() - before < 512);
#endif
	assert_int_equal(relay_stats(rig.relay)->pipes, 0);
	assert_int_equal(relay_stats(rig.relay)->meets, 0);
	assert_int_equal(relay_stats(rig.relay)->queues_open, 0);
	buf_clear(&out);
}

#define RELAY(t) cmocka_unit_test_setup_teardown(t, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RELAY(row_43_a_crowd_of_one_source_is_capped),
		RELAY(row_43_ten_thousand_that_say_nothing),
		RELAY(row_51_a_flood_from_many_sources_is_bounded),
		RELAY(row_51_a_source_shakes_hands_so_often),
		RELAY(t_connections_are_capped),
		RELAY(row_43_a_full_relay_takes_a_place_of_the_crowd),
		RELAY(row_44_a_handshake_has_a_deadline),
		RELAY(row_36_the_silent_are_cut),
		RELAY(t_wheel_that_stood_still_ends_its_round),
		RELAY(row_13_without_descriptors_those_who_are_there_live_on),
		RELAY(row_56_ends_in_every_state_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
