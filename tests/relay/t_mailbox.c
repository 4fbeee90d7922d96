#include "relay/client.h"

#include <signal.h>
#include <sys/resource.h>

#include "base/tmp.h"
#include "box.h"

static struct rig rig;
static struct queue_key box;

static int
make(void **state)
{
	(void)state;
	rig_open(&rig);
	client_box(&box, 1);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

static void
leave(struct client *c, uint32_t upload, const char *text)
{
	client_leave(c, 100 + upload, &box, upload, text, strlen(text));
	client_done(c, 100 + upload, RELAY_OK);
}

static void
t_a_letter_waits_until_it_is_deleted(void **state)
{
	struct client *bob = client_up(&rig), *alice = client_up(&rig);
	uint64_t first, second;

	(void)state;
	client_open(bob, &box);
	leave(alice, 1, "one");
	first = client_letter(bob, &box, "one");
	client_free(bob);

	/* It was not deleted: it comes again, and the one that came while he
	 * was away, in their order. */
	leave(alice, 2, "two");
	bob = client_up(&rig);
	client_open(bob, &box);
	assert_true(client_letter(bob, &box, "one") == first);
	second = client_letter(bob, &box, "two");
	assert_true(second > first);
	client_delete(bob, &box, first);
	client_silence(bob);
	client_free(bob);

	bob = client_up(&rig);
	client_open(bob, &box);
	assert_true(client_letter(bob, &box, "two") == second);
	client_delete(bob, &box, second);
	client_silence(bob);
	assert_int_equal(queues_stats(rig.queues)->letters, 0);
	client_free(bob);
	client_free(alice);
}

static void
t_an_upload_said_twice_is_stored_once(void **state)
{
	struct client *bob = client_up(&rig), *alice = client_up(&rig);

	(void)state;
	client_open(bob, &box);
	leave(alice, 1, "one");
	leave(alice, 1, "one");
	client_letter(bob, &box, "one");
	client_silence(bob);
	assert_int_equal(queues_stats(rig.queues)->letters, 1);
	client_free(bob);
	client_free(alice);
}

/* Twice in one turn, before either is on the disk. */
static void
t_an_upload_said_twice_at_once_is_stored_once(void **state)
{
	struct client *bob = client_up(&rig), *alice = client_up(&rig);

	(void)state;
	client_open(bob, &box);
	client_leave(alice, 1, &box, 5, "one", 3);
	client_leave(alice, 2, &box, 5, "one", 3);
	client_done(alice, 1, RELAY_OK);
	client_done(alice, 2, RELAY_OK);
	client_letter(bob, &box, "one");
	client_silence(bob);
	client_free(bob);
	client_free(alice);
}

static void
t_deposits_of_a_turn_share_a_commit(void **state)
{
	struct client *bob = client_up(&rig), *alice = client_up(&rig);
	uint64_t before;

	(void)state;
	client_open(bob, &box);
	before = relay_stats(rig.relay)->commits;
	for (uint32_t i = 0; i < 50; i++)
		client_leave(alice, i, &box, i, "x", 1);
	for (uint32_t i = 0; i < 50; i++) {
		client_done(alice, i, RELAY_OK);
		client_letter(bob, &box, "x");
	}
	assert_true(relay_stats(rig.relay)->commits - before <= 3);
	client_free(bob);
	client_free(alice);
}

/* ---- row 53: somebody else's is as what is not there --------------------- */

static void
row_53_a_wrong_token_is_as_no_queue(void **state)
{
	struct client *bob = client_up(&rig), *eve = client_up(&rig);
	struct queue_key wrong = box, none;

	(void)state;
	client_open(bob, &box);
	wrong.token[0] ^= 1;
	client_box(&none, 9);
	client_leave(eve, 1, &wrong, 1, "spam", 4);
	client_done(eve, 1, RELAY_NO_QUEUE);
	client_leave(eve, 2, &none, 1, "spam", 4);
	client_done(eve, 2, RELAY_NO_QUEUE);
	client_silence(bob);
	client_free(bob);
	client_free(eve);
}

/* The rate of a mailbox is told only to those who may write to it. */
static void
row_53_a_full_rate_says_nothing_to_strangers(void **state)
{
	struct client *bob = client_up(&rig), *eve = client_up(&rig);
	struct queue_key wrong = box;

	(void)state;
	rig.limits.sends_queue_s = 1;
	rig_limit(&rig);
	client_open(bob, &box);
	for (uint32_t i = 0; i < 10; i++) {
		client_leave(eve, i, &box, i, "x", 1);
		client_done(eve, i, RELAY_OK);
	}
	client_leave(eve, 99, &box, 99, "x", 1);
	client_done(eve, 99, RELAY_LIMIT);
	wrong.token[0] ^= 1;
	client_leave(eve, 100, &wrong, 100, "x", 1);
	client_done(eve, 100, RELAY_NO_QUEUE);
	client_free(bob);
	client_free(eve);
}

static void
row_53_only_the_owner_opens(void **state)
{
	struct client *bob = client_up(&rig), *eve = client_up(&rig);
	struct queue_key forged;

	(void)state;
	client_open(bob, &box);
	leave(bob, 1, "secret");
	client_letter(bob, &box, "secret");
	/* His public key, her secret. */
	client_box(&forged, 2);
	memcpy(forged.public, box.public, sizeof(box.public));
	memcpy(forged.id, box.id, sizeof(box.id));
	client_say_open(eve, 1, &forged);
	client_done(eve, 1, RELAY_DENIED);
	/* The same for a queue that is not there. */
	client_box(&forged, 3);
	forged.public[0] ^= 1;
	client_say_open(eve, 2, &forged);
	client_done(eve, 2, RELAY_DENIED);
	client_silence(eve);
	assert_int_equal(queues_stats(rig.queues)->queues, 1);
	client_free(bob);
	client_free(eve);
}

/* An opening that was recorded elsewhere is over another handshake. */
static void
row_49_a_recorded_opening_opens_nothing(void **state)
{
	struct client *bob = client_up(&rig), *eve = client_up(&rig);
	uint8_t mine[NOISE_HASH];

	(void)state;
	client_open(bob, &box);
	memcpy(mine, eve->hash, NOISE_HASH);
	memcpy(eve->hash, bob->hash, NOISE_HASH);
	client_say_open(eve, 1, &box);
	client_done(eve, 1, RELAY_DENIED);
	client_free(bob);
	client_free(eve);
}

static void
row_53_only_who_opened_deletes_and_drops(void **state)
{
	struct client *bob = client_up(&rig), *eve = client_up(&rig);
	struct queue_key none;
	uint64_t number;

	(void)state;
	client_box(&none, 9);
	client_open(bob, &box);
	leave(eve, 1, "stays");
	number = client_letter(bob, &box, "stays");
	client_delete(eve, &box, number);
	client_delete(eve, &none, number);
	client_silence(eve);
	client_say(eve, &(struct relay_msg){ .op = OP_DROP, .tag = 1,
	    .queue = box.id });
	client_done(eve, 1, RELAY_NO_QUEUE);
	client_say(eve, &(struct relay_msg){ .op = OP_DROP, .tag = 2,
	    .queue = none.id });
	client_done(eve, 2, RELAY_NO_QUEUE);
	assert_int_equal(queues_stats(rig.queues)->letters, 1);
	client_say(bob, &(struct relay_msg){ .op = OP_DROP, .tag = 3,
	    .queue = box.id });
	client_done(bob, 3, RELAY_OK);
	assert_int_equal(queues_stats(rig.queues)->letters, 0);
	client_leave(eve, 4, &box, 2, "late", 4);
	client_done(eve, 4, RELAY_NO_QUEUE);
	client_free(bob);
	client_free(eve);
}

static void
t_the_newest_reader_gets_the_letters(void **state)
{
	struct client *old = client_up(&rig), *new = client_up(&rig);

	(void)state;
	client_open(old, &box);
	leave(old, 1, "one");
	client_letter(old, &box, "one");
	client_open(new, &box);
	client_letter(new, &box, "one");
	leave(new, 2, "two");
	client_letter(new, &box, "two");
	client_silence(old);
	/* The old one's end is not the new one's. */
	client_free(old);
	leave(new, 3, "three");
	client_letter(new, &box, "three");
	client_free(new);
}

/* ---- limits -------------------------------------------------------------- */

static void
row_54_a_letter_over_the_limit_is_refused(void **state)
{
	struct client *c = client_up(&rig);
	uint8_t *big = calloc(1, RELAY_LETTER_MAX + 1);

	(void)state;
	client_open(c, &box);
	client_leave(c, 1, &box, 1, big, RELAY_LETTER_MAX + 1);
	client_done(c, 1, RELAY_TOO_LARGE);
	client_leave(c, 2, &box, 1, big, RELAY_LETTER_MAX);
	client_done(c, 2, RELAY_OK);
	assert_int_equal(client_expect(c, OP_LETTER)->len, RELAY_LETTER_MAX);
	free(big);
	client_free(c);
}

static void
row_52_a_source_may_leave_so_many_a_second(void **state)
{
	struct client *c = client_up(&rig);

	(void)state;
	rig.limits.sends_source_s = 1;
	rig_limit(&rig);
	client_open(c, &box);
	for (uint32_t i = 0; i < 10; i++) {
		leave(c, i, "x");
		client_letter(c, &box, "x");
	}
	client_leave(c, 1, &box, 11, "x", 1);
	client_done(c, 1, RELAY_LIMIT);
	client_free(c);
}

static void
t_a_connection_opens_so_many(void **state)
{
	struct client *c = client_up(&rig);
	struct queue_key k;

	(void)state;
	rig.limits.queues = 3;
	rig_limit(&rig);
	for (uint8_t i = 0; i < 3; i++) {
		client_box(&k, i);
		client_open(c, &k);
	}
	client_box(&k, 3);
	client_say_open(c, 1, &k);
	client_done(c, 1, RELAY_LIMIT);
	/* What is open already may be opened again. */
	client_box(&k, 1);
	client_open(c, &k);
	client_free(c);
}

/* More than one turn looks at: all are answered, in their order. */
static void
t_many_openings_are_spread_over_turns(void **state)
{
	struct client *c = client_up(&rig);
	struct queue_key k;

	(void)state;
	for (uint8_t i = 0; i < 100; i++) {
		client_box(&k, i);
		client_say_open(c, i, &k);
	}
	for (uint8_t i = 0; i < 100; i++)
		client_done(c, i, RELAY_OK);
	/* Somebody who goes before his turn comes. */
	for (uint8_t i = 0; i < 100; i++) {
		client_box(&k, i);
		client_say_open(c, i, &k);
	}
	client_done(c, 0, RELAY_OK);
	client_free(c);
	while (relay_stats(rig.relay)->clients > 0)
		loop_turn(rig.loop, -1);
	rig_settle(&rig);
	assert_int_equal(relay_stats(rig.relay)->queues_open, 0);
}

/* So many letters are on their way, the next ones come as these are
 * deleted. */
static void
t_letters_come_as_others_are_deleted(void **state)
{
	struct client *bob = client_up(&rig), *alice = client_up(&rig);
	uint64_t numbers[BOX_LETTERS + 10];

	(void)state;
	client_open(bob, &box);
	for (uint32_t i = 0; i < BOX_LETTERS + 10; i++)
		leave(alice, i, "x");
	for (int i = 0; i < BOX_LETTERS; i++)
		numbers[i] = client_letter(bob, &box, "x");
	client_silence(bob);
	for (int i = 0; i < 10; i++) {
		client_delete(bob, &box, numbers[i]);
		numbers[BOX_LETTERS + i] = client_letter(bob, &box, "x");
	}
	for (int i = 10; i < BOX_LETTERS + 10; i++)
		client_delete(bob, &box, numbers[i]);
	client_silence(bob);
	assert_int_equal(queues_stats(rig.queues)->letters, 0);
	leave(alice, 1000, "still");
	client_letter(bob, &box, "still");
	client_free(bob);
	client_free(alice);
}

static void
t_large_letters_come_by_their_bytes(void **state)
{
	struct client *bob = client_up(&rig), *alice = client_up(&rig);
	uint8_t *big = calloc(1, RELAY_LETTER_MAX);
	uint64_t number = 0;

	(void)state;
	client_open(bob, &box);
	for (uint32_t i = 0; i < 6; i++) {
		client_leave(alice, i, &box, i, big, RELAY_LETTER_MAX);
		client_done(alice, i, RELAY_OK);
	}
	for (int i = 0; i < BOX_BYTES / RELAY_LETTER_MAX; i++)
		number = client_expect(bob, OP_LETTER)->number;
	client_silence(bob);
	client_delete(bob, &box, number);
	client_expect(bob, OP_LETTER);
	client_silence(bob);
	free(big);
	client_free(bob);
	client_free(alice);
}

/* ---- row 45: a reader that does not read --------------------------------- */

static bool
has_cut_the_stalled(struct rig *r)
{
	return relay_stats(r->relay)->stalled > 0;
}

static void
row_45_a_slow_reader_is_cut_and_its_mail_kept(void **state)
{
	struct client *bob = client_up(&rig), *alice = client_up(&rig);
	struct queue_key boxes[40];
	uint8_t *big = calloc(1, RELAY_LETTER_MAX);

	(void)state;
	rig.limits.stalled_s = 1;
	rig_limit(&rig);
	for (uint8_t i = 0; i < 40; i++) {
		client_box(&boxes[i], i);
		client_open(bob, &boxes[i]);
	}
	client_deaf(bob, true);
	/* 10 MB that nobody takes: most of it stays on the disk. */
	for (uint32_t i = 0; i < 160; i++) {
		client_leave(alice, i, &boxes[i % 40], i, big,
		    RELAY_LETTER_MAX);
		client_done(alice, i, RELAY_OK);
	}
	assert_true(relay_stats(rig.relay)->letters_out < 140);
	rig_until(&rig, has_cut_the_stalled);
	client_silence(alice);
	assert_int_equal(relay_stats(rig.relay)->clients, 1);
	assert_int_equal(queues_stats(rig.queues)->letters, 160);
	client_free(bob);

	/* Who reads gets all of them. */
	bob = client_up(&rig);
	for (uint8_t i = 0; i < 40; i++)
		client_say_open(bob, i, &boxes[i]);
	for (int n = 0, done = 0; n < 160 || done < 40;) {
		const struct relay_msg *m = client_next(bob);

		if (m->op == OP_LETTER)
			n++;
		else if (m->op == OP_DONE)
			done++;
	}
	client_silence(bob);
	free(big);
	client_free(bob);
	client_free(alice);
}

/* Asking without reading the answers fills nobody's memory. */
static void
row_45_who_reads_nothing_is_not_read(void **state)
{
	struct client *c = client_up(&rig), *other = client_up(&rig);
	struct buf pings = { 0 };
	uint64_t before;

	(void)state;
	rig.limits.out_bytes = 100000;
	rig_limit(&rig);
	for (uint64_t i = 0; i < 5000; i++)
		relay_msg_write(&pings, &(struct relay_msg){ .op = OP_PING,
		    .number = i });
	client_deaf(c, true);
	for (int i = 0; i < 400; i++)
		client_seal(c, pings.at, pings.len);
	do {
		before = relay_stats(rig.relay)->records_in;
		for (int i = 0; i < 50; i++)
			client_silence(other);
	} while (relay_stats(rig.relay)->records_in > before + 50);
	/* 22 MB were asked for; what the sockets hold was read. */
	assert_true(c->out.len > 0);
	/* And everything goes on when it reads again. */
	client_deaf(c, false);
	for (uint64_t i = 0; i < 400 * 5000; i++)
		assert_true(client_expect(c, OP_PONG)->number == i % 5000);
	buf_clear(&pings);
	client_free(c);
	client_free(other);
}

/* ---- row 10: the disk ---------------------------------------------------- */

static void
limit_files(rlim_t bytes)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void
row_10_a_full_disk_is_told_and_nothing_delivered(void **state)
{
	struct client *bob, *alice;
	struct queue_key other;
	char *path;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	rig_close(&rig);
	assert_int_equal(tmp_make(NULL), 0);
	path = mem_printf("%s/letters", tmp_dir);
	rig_open_at(&rig, path);
	client_box(&other, 2);
	bob = client_up(&rig);
	alice = client_up(&rig);
	client_open(bob, &box);

	limit_files(100);
	client_leave(alice, 1, &box, 1, "lost", 4);
	client_leave(alice, 2, &box, 2, "lost", 4);
	client_done(alice, 1, RELAY_TROUBLE);
	client_done(alice, 2, RELAY_TROUBLE);
	client_say_open(bob, 3, &other);
	client_done(bob, 3, RELAY_TROUBLE);
	assert_int_equal(relay_stats(rig.relay)->queues_open, 1);
	client_silence(bob);
	limit_files(RLIM_INFINITY);

	/* Said again, it is kept, and comes once. */
	leave(alice, 1, "kept");
	client_letter(bob, &box, "kept");
	client_open(bob, &other);
	client_silence(bob);
	client_free(bob);
	client_free(alice);
	rig_close(&rig);
	tmp_drop(NULL);
	free(path);
	rig_open(&rig);
}

#define RELAY(t) cmocka_unit_test_setup_teardown(t, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		RELAY(t_a_letter_waits_until_it_is_deleted),
		RELAY(t_an_upload_said_twice_is_stored_once),
		RELAY(t_an_upload_said_twice_at_once_is_stored_once),
		RELAY(t_deposits_of_a_turn_share_a_commit),
		RELAY(row_53_a_wrong_token_is_as_no_queue),
		RELAY(row_53_a_full_rate_says_nothing_to_strangers),
		RELAY(row_53_only_the_owner_opens),
		RELAY(row_49_a_recorded_opening_opens_nothing),
		RELAY(row_53_only_who_opened_deletes_and_drops),
		RELAY(t_the_newest_reader_gets_the_letters),
		RELAY(row_54_a_letter_over_the_limit_is_refused),
		RELAY(row_52_a_source_may_leave_so_many_a_second),
		RELAY(t_a_connection_opens_so_many),
		RELAY(t_many_openings_are_spread_over_turns),
		RELAY(t_letters_come_as_others_are_deleted),
		RELAY(t_large_letters_come_by_their_bytes),
		RELAY(row_45_a_slow_reader_is_cut_and_its_mail_kept),
		RELAY(row_45_who_reads_nothing_is_not_read),
		RELAY(row_10_a_full_disk_is_told_and_nothing_delivered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
