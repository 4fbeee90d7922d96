/* Strangers at a nameplate: bytes by hand, floods, silence. */
#include "plate-kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net-own.h"
#include "plate-own.h"
#include "rand.h"
#include "sock.h"
#include "visit.h"

static const char plate[] = "118204", wrong[] = "118205";

enum { HIS = 7 };			/* a stranger's 127.0.0.7 */

struct test {
	struct loop *loop;
	uint16_t port;
	struct guest *alice, *bob;
	int fds[16];
	size_t n_fds;
};

static int
setup(void **state)
{
	struct test *t = mem_new(sizeof(*t));

	t->loop = loop_new(NULL);
	t->port = free_port();
	t->alice = guest_new(t->loop, "alice", t->port, "off");
	t->bob = guest_new(t->loop, "bob", t->port, "off");
	guest_open(t->alice);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct test *t = *state;

	for (size_t i = 0; i < t->n_fds; i++)
		close(t->fds[i]);
	guest_free(t->alice);
	guest_free(t->bob);
	loop_turn(t->loop, 0);
	loop_free(t->loop);
	free(t);
	return 0;
}

static int
come_from(struct test *t, uint8_t host)
{
	assert_true(t->n_fds < sizeof(t->fds) / sizeof(*t->fds));
	t->fds[t->n_fds] = stranger(t->alice, host);
	return t->fds[t->n_fds++];
}

static const struct plate_counts *
counts(const struct test *t)
{
	return plates_counts(t->alice->node->net->plates);
}

static void
turns(struct test *t, int n)
{
	while (n-- > 0)
		loop_turn(t->loop, 5);
}

/* He stands at the nameplate, or is refused there. */
static void
come(struct test *t, int fd)
{
	uint64_t came = counts(t)->came;
	int64_t end = loop_now_ms(t->loop) + SOON;

	stranger_comes(fd, plate);
	while (counts(t)->came == came) {
		assert_true(loop_now_ms(t->loop) < end);
		loop_turn(t->loop, 5);
	}
}

/* .. and is heard. */
static int
be_heard(struct test *t)
{
	int fd = come_from(t, HIS), n = t->alice->n_visits;
	uint8_t bytes[4];

	stranger_comes(fd, plate);
	assert_int_equal(stranger_hears(t->loop, fd, bytes, 4), 4);
	assert_memory_equal(bytes, "\2\0m0", 4);
	assert_int_equal(t->alice->n_visits, n + 1);
	return fd;
}

/* ---- the hello --------------------------------------------------------- */

static void
t_without_a_code_everybody_is_closed_at_once(void **state)
{
	struct test *t = *state;
	int fd = come_from(t, HIS);

	stranger_comes(fd, plate);
	assert_true(is_closed(t->loop, fd));
	assert_int_equal(counts(t)->refused, 1);
	assert_int_equal(t->alice->n_visits, 0);
}

static void
t_another_nameplate_is_closed_without_a_word(void **state)
{
	struct test *t = *state;
	int fd = come_from(t, HIS);

	guest_wait(t->alice, plate);
	stranger_comes(fd, wrong);
	assert_true(is_closed(t->loop, fd));
	assert_int_equal(counts(t)->wrong_plate, 1);
	assert_int_equal(t->alice->n_visits, 0);
}

static void
row_47_other_bytes_are_closed_without_a_word(void **state)
{
	static const struct {
		const char *p;
		size_t len;
	} rows[] = {
		{ "GET / HTTP/1.1\r\n\r\n", 18 },
		{ "\x16\x03\x01\x02\0\x01", 6 },
		{ "p2pc\1\0\0\1", 8 },
		{ "p2pc\2\0\0\0" "118204", 14 },
		{ "p2pc\1\0\0\0" "11820x", 14 },
		{ "p2pc\1\0\0\0" "\0\0\0\0\0\0", 14 },
		{ "p2px\1\0\0\0", 8 },
	};
	struct test *t = *state;

	guest_wait(t->alice, plate);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int fd = come_from(t, HIS);

		stranger_says(fd, rows[i].p, rows[i].len);
		assert_true(is_closed(t->loop, fd));
	}
	assert_int_equal(counts(t)->alien, 4);
	assert_int_equal(t->alice->node->net->room.counts.alien, 3);
	assert_int_equal(t->alice->n_visits, 0);
	be_heard(t);
}

/* Every byte in a packet of its own: none is lost between those who look at
 * the first ones and those who take the rest. */
static void
t_a_visit_may_come_byte_by_byte(void **state)
{
	struct test *t = *state;
	int fd = come_from(t, HIS);
	uint8_t hello[VISIT_HELLO], bytes[4];

	guest_wait(t->alice, plate);
	visit_hello_write(hello, plate);
	for (size_t i = 0; i < sizeof(hello); i++) {
		assert_int_equal(t->alice->n_visits, 0);
		stranger_says(fd, hello + i, 1);
		turns(t, 2);
	}
	assert_true(until(t->loop, &t->alice->n_visits, 1, SOON));
	assert_int_equal(stranger_hears(t->loop, fd, bytes, 4), 4);
	/* And his words. */
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(t->alice->n_msgs, 0);
		stranger_says(fd, &"\3\0abc"[i], 1);
		turns(t, 2);
	}
	assert_true(until(t->loop, &t->alice->n_msgs, 1, SOON));
	assert_memory_equal(t->alice->msg.at, "abc", 3);
}

/* All in one packet, hello and words. */
static void
t_a_visit_may_come_at_once(void **state)
{
	struct test *t = *state;
	int fd = come_from(t, HIS);
	uint8_t bytes[VISIT_HELLO + 8];

	guest_wait(t->alice, plate);
	visit_hello_write(bytes, plate);
	memcpy(bytes + VISIT_HELLO, "\1\0x\3\0abc", 8);
	stranger_says(fd, bytes, sizeof(bytes));
	assert_true(until(t->loop, &t->alice->n_msgs, 2, SOON));
	assert_memory_equal(t->alice->msg.at, "abc", 3);
}

/* A link's first bytes are looked at, and it gets them all the same. */
static void
t_links_come_to_the_same_port(void **state)
{
	struct test *t = *state;
	struct node *alice = t->alice->node, *bob = t->bob->node;

	guest_open(t->bob);
	guest_wait(t->alice, plate);
	alice->contacts[alice->n_contacts++] = bob->keys;
	bob->contacts[bob->n_contacts++] = alice->keys;
	node_want(t->bob->node, t->alice->node, node_where(t->alice->node));
	assert_true(until(t->loop, &t->bob->node->n_up, 1, SOON));
	assert_true(until(t->loop, &t->alice->node->n_up, 1, SOON));
	assert_int_equal(counts(t)->came, 0);
	guest_go(t->bob, plate, node_where(t->alice->node));
	assert_true(until(t->loop, &t->bob->n_msgs, 1, SOON));
	assert_int_equal(counts(t)->came, 1);
}

/* Whoever says nothing is no way to keep others out. */
static void
row_43_silent_connections_give_way(void **state)
{
	struct test *t = *state;
	int first = come_from(t, HIS);

	guest_wait(t->alice, plate);
	stranger_says(first, "p2p", 3);
	for (int i = 0; i < PORCH_SOURCE_MAX; i++)
		come_from(t, HIS);
	assert_true(is_closed(t->loop, first));
	be_heard(t);
}

/* ---- messages ---------------------------------------------------------- */

static void
row_46_lengths_that_cannot_be_end_the_visit(void **state)
{
	static const char *const rows[] = { "\1\x8", "\xff\xff" };
	struct test *t = *state;

	guest_wait(t->alice, plate);
	for (int i = 0; i < 3; i++) {
		int fd = be_heard(t);

		stranger_says(fd, i < 2 ? rows[i] : "\0\0", 2);
		assert_true(is_closed(t->loop, fd));
		assert_int_equal(t->alice->n_ends, i + 1);
		assert_int_equal(t->alice->why, VISIT_CUT);
		assert_int_equal(t->alice->ended, t->alice->visit);
	}
	assert_int_equal(t->alice->n_msgs, 0);
}

/* Cut after every byte of a message: nothing of it is told. */
static void
t_a_message_that_is_not_all_there_is_none(void **state)
{
	struct test *t = *state;

	guest_wait(t->alice, plate);
	for (size_t n = 0; n < 5; n++) {
		int fd = be_heard(t);

		stranger_says(fd, "\3\0abc", n);
		turns(t, 1);
		close(fd);
		t->n_fds--;
		assert_true(until(t->loop, &t->alice->n_ends, (int)n + 1,
		    SOON));
	}
	assert_int_equal(t->alice->n_msgs, 0);
	assert_int_equal(t->alice->why, VISIT_CUT);
}

/* Before his turn nobody's words are kept without bound. */
static void
t_who_waits_may_not_pile_up_words(void **state)
{
	struct test *t = *state;
	uint8_t many[2 * PLATE_UNREAD_MAX] = { 0 };
	int fd;

	guest_wait(t->alice, plate);
	be_heard(t);
	fd = come_from(t, HIS);
	come(t, fd);
	stranger_says(fd, many, sizeof(many));
	assert_true(is_closed(t->loop, fd));
	assert_int_equal(t->alice->n_visits, 1);
	assert_int_equal(t->alice->n_ends, 0);
}

/* ---- many -------------------------------------------------------------- */

static void
t_few_wait_and_of_one_source_fewer(void **state)
{
	struct test *t = *state;
	int same, last, fds[PLATE_WAITING_MAX];
	uint8_t bytes[4];

	guest_wait(t->alice, plate);
	be_heard(t);
	for (int i = 0; i < PLATE_WAITING_MAX; i++) {
		fds[i] = come_from(t, (uint8_t)(20 + i / PLATE_SOURCE_MAX));
		come(t, fds[i]);
		if (i + 1 != PLATE_SOURCE_MAX)
			continue;
		/* There is room, but not for him. */
		same = come_from(t, 20);
		stranger_comes(same, plate);
		assert_true(is_closed(t->loop, same));
	}
	last = come_from(t, 30);
	stranger_comes(last, plate);
	assert_true(is_closed(t->loop, last));
	assert_int_equal(counts(t)->refused, 2);
	assert_int_equal(t->alice->n_visits, 1);
	/* In the order in which they came, the sources in turn. */
	for (int i = 0; i < PLATE_WAITING_MAX; i++) {
		guest_close(t->alice);
		assert_int_equal(stranger_hears(t->loop,
		    fds[i % 2 * PLATE_SOURCE_MAX + i / 2], bytes, 4), 4);
		assert_int_equal(t->alice->n_visits, 2 + i);
	}
}

/* Somebody who holds the place and every seat before it, without a word, and
 * comes back whenever he is closed: the one who has the code is heard. */
static void
row_43_the_silent_keep_nobody_out(void **state)
{
	enum { SILENT = 1 + PLATE_SOURCE_MAX };
	struct test *t = *state;
	int64_t from = loop_now_ms(t->loop);
	int fds[SILENT];
	uint8_t bytes[16];

	guest_open(t->bob);
	guest_wait(t->alice, plate);
	be_heard(t);
	for (int i = 0; i < SILENT; i++) {
		fds[i] = stranger(t->alice, HIS);
		stranger_comes(fds[i], plate);
	}
	turns(t, 5);
	guest_go(t->bob, plate, node_where(t->alice->node));
	while (t->bob->n_msgs == 0 && t->bob->n_ends == 0) {
		loop_turn(t->loop, 5);
		for (int i = 0; i < SILENT; i++) {
			ssize_t n = recv(fds[i], bytes, sizeof(bytes),
			    MSG_DONTWAIT);

			if (n > 0 || (n < 0 && errno == EAGAIN))
				continue;
			close(fds[i]);
			fds[i] = stranger(t->alice, HIS);
			stranger_comes(fds[i], plate);
		}
		assert_true(loop_now_ms(t->loop) - from < PLATE_TRY_MS);
	}
	assert_int_equal(t->bob->n_msgs, 1);
	for (int i = 0; i < SILENT; i++)
		close(fds[i]);
}

/* As many as a guesser could make: nothing but a counter. */
static void
t_2000_wrong_nameplates_change_a_counter(void **state)
{
	enum { TRIES = 2000 };
	struct test *t = *state;

	guest_wait(t->alice, plate);
	for (int i = 0; i < TRIES; i++) {
		int fd = stranger(t->alice, HIS);

		stranger_comes(fd, wrong);
		assert_true(is_closed(t->loop, fd));
		close(fd);
	}
	assert_int_equal(counts(t)->wrong_plate, TRIES);
	assert_int_equal(t->alice->n_visits, 0);
	assert_true(list_is_empty(&t->alice->node->net->plates->visits));
	be_heard(t);
}

/* The rude and the slow, at once: it is the one test that waits. */
static void
row_44_silence_ends_a_visit_on_both_sides(void **state)
{
	struct test *t = *state;
	struct addr at = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 } };
	int door = sock_listen(&at, NULL), fd, slow;
	char where[ADDR_TEXT];
	int64_t from = loop_now_ms(t->loop);

	assert_true(door >= 0);
	sock_local(door, &at);
	addr_format(&at, where);
	guest_open(t->bob);
	guest_wait(t->alice, plate);
	fd = be_heard(t);
	slow = come_from(t, HIS);
	stranger_says(slow, "p2pc\1", 5);
	/* He takes the connection and says nothing. */
	guest_go(t->bob, plate, where);
	assert_true(until(t->loop, &t->bob->n_ends, 1, 2 * PLATE_TRY_MS));
	assert_int_equal(t->bob->why, VISIT_LATE);
	assert_int_equal(t->bob->ended, 0);
	assert_true(until(t->loop, &t->alice->n_ends, 1, SOON));
	assert_int_equal(t->alice->why, VISIT_LATE);
	assert_true(is_closed(t->loop, fd));
	assert_true(is_closed(t->loop, slow));
	assert_int_equal(counts(t)->late, 1);
	assert_true(loop_now_ms(t->loop) - from >= PLATE_SILENCE_MS);
	close(door);
}

/* ---- the LAN ----------------------------------------------------------- */

static int
hear_all(struct test *t, int fd, struct beacon *b)
{
	uint8_t bytes[1024];
	struct addr from;
	ssize_t len;
	int n = 0;

	turns(t, 10);
	while ((len = sock_receive(fd, bytes, sizeof(bytes), &from)) >= 0) {
		n++;
		/* No answer is longer than its question, nor comes from
		 * the port of all. */
		assert_int_equal(len, BEACON_VISIT_LEN);
		assert_int_equal(beacon_read(b, bytes, (size_t)len), 0);
		assert_int_not_equal(from.port, t->port);
	}
	return n;
}

static void
ask(struct test *t, int fd, const char *digits, uint16_t udp_port)
{
	struct addr to = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 },
	    .port = t->port };
	uint8_t hint[BEACON_HINT], out[BEACON_VISIT_LEN];
	struct beacon b = { .flags = BEACON_QUERY, .udp_port = udp_port,
		.n_hints = 1, .hints = hint };

	rand_bytes(b.nonce, sizeof(b.nonce));
	beacon_plate_hint(hint, digits, b.nonce);
	beacon_write_visit(out, &b);
	assert_true(sock_send_to(fd, &to, out, sizeof(out)));
}

static void
row_87_only_who_knows_the_nameplate_is_answered(void **state)
{
	struct test *t = *state;
	struct addr me = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 } };
	int fd = sock_udp(&me, false, NULL);
	uint8_t hint[BEACON_HINT];
	struct beacon b;

	assert_true(fd >= 0);
	sock_local(fd, &me);
	node_close(t->alice->node);
	opts_set(t->alice->node->opts, "lan", "contacts", NULL);
	guest_open(t->alice);
	/* Nobody waits; then another nameplate; then a port of others. */
	ask(t, fd, plate, me.port);
	assert_int_equal(hear_all(t, fd, &b), 0);
	guest_wait(t->alice, plate);
	ask(t, fd, wrong, me.port);
	assert_int_equal(hear_all(t, fd, &b), 0);
	ask(t, fd, plate, (uint16_t)(me.port + 1));
	assert_int_equal(hear_all(t, fd, &b), 0);
	ask(t, fd, plate, me.port);
	assert_int_equal(hear_all(t, fd, &b), 1);
	assert_int_equal(b.flags, BEACON_ANSWER);
	assert_int_equal(b.port, net_port(t->alice->node->net));
	/* A flood is answered as often as one source may ask. */
	for (int i = 0; i < 1000; i++)
		ask(t, fd, plate, me.port);
	assert_true(hear_all(t, fd, &b) <= 60);
	guest_wait(t->alice, NULL);
	turns(t, 5);
	beacon_plate_hint(hint, plate, b.nonce);
	ask(t, fd, plate, me.port);
	assert_int_equal(hear_all(t, fd, &b), 0);
	close(fd);
}

/* Whoever cannot know the digits leads nobody astray. */
static void
t_a_hint_that_does_not_fit_is_not_followed(void **state)
{
	struct test *t = *state;
	struct addr to = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 },
	    .port = t->port }, me = to;
	uint8_t hint[BEACON_HINT], out[BEACON_VISIT_LEN];
	struct beacon b = { .n_hints = 1, .hints = hint };
	int fd;

	me.port = 0;
	fd = sock_udp(&me, false, NULL);
	sock_local(fd, &me);
	opts_set(t->bob->node->opts, "lan", "everyone", NULL);
	guest_open(t->bob);
	guest_wait(t->alice, plate);
	guest_go(t->bob, plate, "");
	b.port = net_port(t->alice->node->net);
	b.udp_port = me.port;
	for (int i = 0; i < 2; i++) {
		rand_bytes(b.nonce, sizeof(b.nonce));
		beacon_plate_hint(hint, i == 0 ? wrong : plate, b.nonce);
		beacon_write_visit(out, &b);
		assert_true(sock_send_to(fd, &to, out, sizeof(out)));
		turns(t, 10);
		assert_int_equal(t->bob->n_visits, i);
	}
	close(fd);
}

/* Beacons by hand, each of another instance, that lead to this one's port:
 * who seeks is no tool to knock at doors with. */
static void
row_87_a_flood_of_beacons_knocks_at_few_doors(void **state)
{
	struct test *t = *state;
	struct addr to = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 },
	    .port = t->port }, me = to, at = to;
	uint8_t hint[BEACON_HINT], out[BEACON_VISIT_LEN];
	struct beacon b = { .n_hints = 1, .hints = hint };
	int fd, door, one, n = 0;

	me.port = at.port = 0;
	fd = sock_udp(&me, false, NULL);
	sock_local(fd, &me);
	door = sock_listen(&at, NULL);
	sock_local(door, &at);
	opts_set(t->bob->node->opts, "lan", "everyone", NULL);
	guest_open(t->bob);
	guest_go(t->bob, plate, "");
	b.port = at.port;
	b.udp_port = me.port;
	for (int i = 0; i < 400 && t->bob->n_ends == 0; i++) {
		rand_bytes(b.nonce, sizeof(b.nonce));
		beacon_plate_hint(hint, plate, b.nonce);
		beacon_write_visit(out, &b);
		assert_true(sock_send_to(fd, &to, out, sizeof(out)));
		turns(t, 2);
		while ((one = accept(door, NULL, NULL)) >= 0) {
			close(one);
			n++;
		}
	}
	assert_in_range(n, 1, SEEK_DOORS_SAME);
	close(fd);
	close(door);
}

static int
start(void **state)
{
	(void)state;
	return crypto_start(NULL);
}

#define ROW(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(t_without_a_code_everybody_is_closed_at_once),
		ROW(t_another_nameplate_is_closed_without_a_word),
		ROW(row_47_other_bytes_are_closed_without_a_word),
		ROW(t_a_visit_may_come_byte_by_byte),
		ROW(t_a_visit_may_come_at_once),
		ROW(t_links_come_to_the_same_port),
		ROW(row_43_silent_connections_give_way),
		ROW(row_46_lengths_that_cannot_be_end_the_visit),
		ROW(t_a_message_that_is_not_all_there_is_none),
		ROW(t_who_waits_may_not_pile_up_words),
		ROW(t_few_wait_and_of_one_source_fewer),
		ROW(row_43_the_silent_keep_nobody_out),
		ROW(t_2000_wrong_nameplates_change_a_counter),
		ROW(row_44_silence_ends_a_visit_on_both_sides),
		ROW(row_87_only_who_knows_the_nameplate_is_answered),
		ROW(t_a_hint_that_does_not_fit_is_not_followed),
		ROW(row_87_a_flood_of_beacons_knocks_at_few_doors),
	};

	return cmocka_run_group_tests_name("plate_hostile", tests, start,
	    NULL);
}
