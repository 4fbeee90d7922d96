#include "relay/client.h"

#include <stdlib.h>
#include <string.h>

#include "meet.h"

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

static const uint8_t place[MEET_ID] = { 1, 2, 3 };
static const uint8_t elsewhere[MEET_ID] = { 4, 5, 6 };

static void
meet(struct client *c, const uint8_t *ids, size_t n)
{
	client_say(c, &(struct relay_msg){ .op = OP_MEET, .p = ids,
	    .len = n * MEET_ID });
}

static void
part(struct client *c, const uint8_t *id)
{
	client_say(c, &(struct relay_msg){ .op = OP_PART, .p = id,
	    .len = MEET_ID });
}

static void
here(struct client *c, const uint8_t *ids, size_t n)
{
	const struct relay_msg *m = client_expect(c, OP_HERE);

	assert_int_equal(m->len, n * MEET_ID);
	assert_memory_equal(m->p, ids, m->len);
}

static void
call(struct client *c, uint32_t pipe, const uint8_t *id)
{
	client_say(c, &(struct relay_msg){ .op = OP_CALL, .tag = pipe,
	    .queue = id });
}

static uint32_t
ring(struct client *c, const uint8_t *id)
{
	const struct relay_msg *m = client_expect(c, OP_RING);

	assert_memory_equal(m->queue, id, MEET_ID);
	assert_true(m->tag >= RELAY_RING);
	return m->tag;
}

static void
hung(struct client *c, uint32_t pipe, enum relay_hang why)
{
	const struct relay_msg *m = client_expect(c, OP_HANG);

	assert_int_equal(m->tag, pipe);
	assert_int_equal(m->value, why);
}

static void
hang(struct client *c, uint32_t pipe)
{
	client_say(c, &(struct relay_msg){ .op = OP_HANG, .tag = pipe,
	    .value = HANG_DONE });
}

static void
data(struct client *c, uint32_t pipe, const void *p, size_t len)
{
	client_say(c, &(struct relay_msg){ .op = OP_DATA, .tag = pipe,
	    .p = p, .len = len });
}

static void
got(struct client *c, uint32_t pipe, const char *text)
{
	const struct relay_msg *m = client_expect(c, OP_DATA);

	assert_int_equal(m->tag, pipe);
	assert_int_equal(m->len, strlen(text));
	assert_memory_equal(m->p, text, m->len);
}

static void
credit(struct client *c, uint32_t pipe, uint32_t value)
{
	client_say(c, &(struct relay_msg){ .op = OP_CREDIT, .tag = pipe,
	    .value = value });
}

/* ---- presence ------------------------------------------------------------ */

static void
t_two_at_one_place_hear_of_each_other(void **state)
{
	struct client *a = client_up(&rig), *b = client_up(&rig);
	uint8_t both[2 * MEET_ID];

	(void)state;
	memcpy(both, elsewhere, MEET_ID);
	memcpy(both + MEET_ID, place, MEET_ID);
	meet(a, both, 2);
	client_silence(a);
	meet(b, place, 1);
	here(b, place, 1);
	here(a, place, 1);
	/* Said again: answered again, and nobody else is bothered. */
	meet(b, place, 1);
	here(b, place, 1);
	client_silence(a);
	part(b, place);
	client_silence(b);
	meet(a, place, 1);
	client_silence(a);
	client_free(a);
	client_free(b);
}

static void
t_who_is_gone_waits_nowhere(void **state)
{
	struct client *a = client_up(&rig), *b = client_up(&rig);

	(void)state;
	meet(a, place, 1);
	client_silence(a);
	client_free(a);
	while (relay_stats(rig.relay)->clients > 1)
		loop_turn(rig.loop, -1);
	assert_int_equal(relay_stats(rig.relay)->meets, 0);
	meet(b, place, 1);
	client_silence(b);
	client_free(b);
}

static void
t_the_oldest_of_many_gives_way(void **state)
{
	struct client *c[MEET_WAITING + 1], *caller = client_up(&rig);

	(void)state;
	for (int i = 0; i <= MEET_WAITING; i++) {
		c[i] = client_up(&rig);
		meet(c[i], place, 1);
		if (i > 0)
			here(c[i], place, 1);
	}
	assert_int_equal(relay_stats(rig.relay)->meets, MEET_WAITING);
	/* Newest first, and the first one nevermore. */
	for (int i = MEET_WAITING; i > 0; i--) {
		call(caller, 1, place);
		while (client_next(c[i])->op == OP_HERE)
			;
		client_free(c[i]);
		hung(caller, 1, HANG_GONE);
	}
	call(caller, 1, place);
	hung(caller, 1, HANG_NOBODY);
	client_free(c[0]);
	client_free(caller);
}

static void
t_ids_of_a_connection_are_bounded(void **state)
{
	struct client *a = client_up(&rig), *b = client_up(&rig);
	uint8_t ids[3][MEET_ID] = { { 1 }, { 2 }, { 3 } };

	(void)state;
	rig.limits.meets = 2;
	rig_limit(&rig);
	meet(a, ids[0], 3);
	client_silence(a);
	assert_int_equal(relay_stats(rig.relay)->meets, 2);
	meet(b, ids[1], 2);
	here(b, ids[1], 1);
	here(a, ids[1], 1);
	client_free(a);
	client_free(b);
}

/* Enough to make the table grow some times. */
static void
t_three_days_of_a_thousand_people(void **state)
{
	static uint8_t ids[3 * 1024][MEET_ID];
	struct client *a = client_up(&rig), *b = client_up(&rig);
	struct client *c = client_up(&rig);
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 3 * 1024; i++)
		put_u32(ids[i], (uint32_t)i);
	for (size_t i = 0; i < 6; i++)
		meet(a, ids[i * 512], 512);
	client_silence(a);
	for (size_t i = 0; i < 6; i++)
		meet(b, ids[i * 512], 512);
	while (n < 3 * 1024)
		n += client_expect(b, OP_HERE)->len / MEET_ID;
	/* The newest of each is called, as ever. */
	for (size_t i = 0; i < 3 * 1024; i += 256) {
		call(c, 1, ids[i]);
		hang(b, ring(b, ids[i]));
		hung(c, 1, HANG_DONE);
	}
	client_free(c);
	for (size_t i = 0; i < 6; i++)
		client_say(b, &(struct relay_msg){ .op = OP_PART,
		    .p = ids[i * 512], .len = 512 * MEET_ID });
	client_silence(b);
	assert_int_equal(relay_stats(rig.relay)->meets, 3 * 1024);
	client_free(a);
	client_free(b);
}

/* ---- pipes --------------------------------------------------------------- */

struct pair {
	struct client *a, *b;
	uint32_t pa, pb;		/* the pipe as each calls it */
};

static void
join(struct pair *p)
{
	p->a = client_up(&rig);
	p->b = client_up(&rig);
	p->pa = 7;
	meet(p->b, place, 1);
	client_silence(p->b);
	call(p->a, p->pa, place);
	p->pb = ring(p->b, place);
}

static void
leave_pair(struct pair *p)
{
	client_free(p->a);
	client_free(p->b);
}

static void
t_a_call_rings_and_bytes_go_both_ways(void **state)
{
	struct pair p;

	(void)state;
	join(&p);
	data(p.a, p.pa, "hello", 5);
	data(p.b, p.pb, "you", 3);
	got(p.b, p.pb, "hello");
	got(p.a, p.pa, "you");
	hang(p.b, p.pb);
	hung(p.a, p.pa, HANG_DONE);
	/* What was still on its way to it is for nobody. */
	data(p.a, p.pa, "late", 4);
	credit(p.a, p.pa, 1);
	hang(p.a, p.pa);
	client_silence(p.a);
	client_silence(p.b);
	assert_int_equal(relay_stats(rig.relay)->pipes, 0);
	leave_pair(&p);
}

static void
t_nobody_there_is_said(void **state)
{
	struct client *a = client_up(&rig);

	(void)state;
	call(a, 1, place);
	hung(a, 1, HANG_NOBODY);
	/* Oneself is not somebody else. */
	meet(a, place, 1);
	call(a, 1, place);
	hung(a, 1, HANG_NOBODY);
	client_free(a);
}

static void
t_a_lost_connection_ends_its_pipes(void **state)
{
	struct pair p;

	(void)state;
	join(&p);
	call(p.a, 8, place);
	ring(p.b, place);
	client_free(p.b);
	hung(p.a, p.pa, HANG_GONE);
	hung(p.a, 8, HANG_GONE);
	assert_int_equal(relay_stats(rig.relay)->pipes, 0);
	client_free(p.a);
}

static void
t_numbers_that_cannot_be_end_the_link(void **state)
{
	struct pair p;
	struct client *c = client_up(&rig);

	(void)state;
	call(c, RELAY_RING, place);
	client_cut(c);
	client_free(c);
	join(&p);
	call(p.a, p.pa, place);		/* in use */
	client_cut(p.a);
	hung(p.b, p.pb, HANG_GONE);
	leave_pair(&p);
}

static void
t_bytes_beyond_the_credit_end_the_pipe(void **state)
{
	static uint8_t piece[RELAY_PIECE_MAX];
	struct pair p;

	(void)state;
	join(&p);
	for (size_t n = 0; n < RELAY_WINDOW; n += sizeof(piece))
		data(p.a, p.pa, piece, sizeof(piece));
	data(p.a, p.pa, "x", 1);
	for (size_t n = 0; n < RELAY_WINDOW; n += sizeof(piece))
		client_expect(p.b, OP_DATA);
	hung(p.b, p.pb, HANG_LIMIT);
	hung(p.a, p.pa, HANG_LIMIT);
	leave_pair(&p);
}

static void
t_credit_lets_more_bytes_through(void **state)
{
	static uint8_t piece[RELAY_PIECE_MAX];
	struct pair p;

	(void)state;
	join(&p);
	/* Both ways at once, four windows each. */
	for (int i = 0; i < 4 * RELAY_WINDOW / RELAY_PIECE_MAX; i++) {
		data(p.a, p.pa, piece, sizeof(piece));
		data(p.b, p.pb, piece, sizeof(piece));
		for (int end = 0; end < 2; end++) {
			struct client *c = end ? p.b : p.a;
			const struct relay_msg *m;

			while ((m = client_next(c))->op == OP_CREDIT)
				assert_int_equal(m->value, RELAY_PIECE_MAX);
			assert_int_equal(m->op, OP_DATA);
			credit(c, m->tag, RELAY_PIECE_MAX);
		}
	}
	assert_int_equal(relay_stats(rig.relay)->data_bytes,
	    8 * RELAY_WINDOW);
	leave_pair(&p);
}

/* Or a reader could have the relay hold any amount. */
static void
t_credit_beyond_the_window_ends_the_pipe(void **state)
{
	struct pair p;

	(void)state;
	join(&p);
	data(p.a, p.pa, "x", 1);
	got(p.b, p.pb, "x");
	credit(p.b, p.pb, 2);
	hung(p.b, p.pb, HANG_LIMIT);
	hung(p.a, p.pa, HANG_LIMIT);
	leave_pair(&p);
}

static void
t_pipes_of_a_connection_are_bounded(void **state)
{
	struct pair p;
	struct client *c = client_up(&rig);

	(void)state;
	rig.limits.pipes = 2;
	rig_limit(&rig);
	join(&p);
	call(p.a, 8, place);
	ring(p.b, place);
	call(p.a, 9, place);
	hung(p.a, 9, HANG_LIMIT);
	/* The called one's count, too. */
	call(c, 1, place);
	hung(c, 1, HANG_LIMIT);
	client_free(c);
	leave_pair(&p);
}

/* Somebody who does not read his pipe stops neither it nor others. */
static void
row_45_a_pipe_to_a_slow_reader_is_bounded(void **state)
{
	static uint8_t piece[RELAY_PIECE_MAX];
	struct pair p;
	struct client *others[60];
	uint32_t hangs = 0;

	(void)state;
	rig.limits.out_bytes = 500000;
	rig_limit(&rig);
	join(&p);
	for (int i = 0; i < 60; i++) {
		others[i] = client_up(&rig);
		call(others[i], 1, place);
		ring(p.b, place);
	}
	client_deaf(p.b, true);
	for (int i = 0; i < 60; i++) {
		for (size_t n = 0; n < RELAY_WINDOW; n += sizeof(piece))
			data(others[i], 1, piece, sizeof(piece));
		client_say(others[i], &(struct relay_msg){ .op = OP_PING });
		/* Sent in whole, or the pipe was hung up. */
		if (client_next(others[i])->op == OP_HANG) {
			hangs++;
			client_expect(others[i], OP_PONG);
		}
	}
	assert_true(hangs > 0);
	assert_int_equal(relay_stats(rig.relay)->clients, 62);
	for (int i = 0; i < 60; i++)
		client_free(others[i]);
	leave_pair(&p);
}

#define RELAY(t) cmocka_unit_test_setup_teardown(t, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RELAY(t_two_at_one_place_hear_of_each_other),
		RELAY(t_who_is_gone_waits_nowhere),
		RELAY(t_the_oldest_of_many_gives_way),
		RELAY(t_ids_of_a_connection_are_bounded),
		RELAY(t_three_days_of_a_thousand_people),
		RELAY(t_a_call_rings_and_bytes_go_both_ways),
		RELAY(t_nobody_there_is_said),
		RELAY(t_a_lost_connection_ends_its_pipes),
		RELAY(t_numbers_that_cannot_be_end_the_link),
		RELAY(t_bytes_beyond_the_credit_end_the_pipe),
		RELAY(t_credit_lets_more_bytes_through),
		RELAY(t_credit_beyond_the_window_ends_the_pipe),
		RELAY(t_pipes_of_a_connection_are_bounded),
		RELAY(row_45_a_pipe_to_a_slow_reader_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
