#include "queue-kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"

/* ---- what it is for ----------------------------------------------------- */

static void
t_letters_wait_until_they_are_deleted(void **state)
{
	struct kit *k = *state;

	open_with(k, &wide);
	assert_int_equal(box(k, 1), RELAY_OK);
	for (uint32_t i = 10; i < 15; i++)
		assert_int_equal(put(k, 1, i), RELAY_OK);
	commit(k);
	again(k);
	assert_int_equal(look(k, 1), 5);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(k->words[i], 10 + i);
	assert_int_equal(queues_stats(k->q)->letters, 5);
	assert_int_equal(queues_stats(k->q)->bytes, 500);
	assert_int_equal(queues_stats(k->q)->queues, 1);

	queues_delete(k->q, id_of(1), k->numbers[2]);
	queues_delete(k->q, id_of(1), k->numbers[2]);
	queues_delete(k->q, id_of(1), 4711);
	assert_int_equal(look(k, 1), 4);
	commit(k);
	assert_int_equal(queues_stats(k->q)->taken, 1);
	again(k);
	assert_int_equal(look(k, 1), 4);
	assert_int_equal(k->words[2], 13);
	assert_int_equal(queues_stats(k->q)->bytes, 400);
}

static bool
see_two(void *arg, uint64_t number, const void *p, size_t len)
{
	struct kit *k = arg;

	see(arg, number, p, len);
	return k->n < 2;
}

static void
t_a_reader_goes_on_where_it_stopped(void **state)
{
	struct kit *k = *state;
	uint64_t after = 0;
	uint32_t word = 0;

	open_with(k, &wide);
	box(k, 1);
	box(k, 2);
	for (uint32_t i = 0; i < 7; i++) {
		put(k, 1, i);
		put(k, 2, 100 + i);
	}
	commit(k);
	for (;;) {
		k->n = 0;
		queues_each(k->q, id_of(1), after, see_two, k);
		if (k->n == 0)
			break;
		assert_true(k->n <= 2);
		for (size_t i = 0; i < k->n; i++)
			assert_int_equal(k->words[i], word++);
		after = k->numbers[k->n - 1];
		/* where it stopped may be gone by then */
		if (word == 4) {
			queues_delete(k->q, id_of(1), after);
			commit(k);
		}
	}
	assert_int_equal(word, 7);
}

static void
t_an_upload_that_comes_twice_is_stored_once(void **state)
{
	struct kit *k = *state;

	open_with(k, &wide);
	box(k, 1);
	box(k, 2);
	assert_int_equal(put(k, 1, 7), RELAY_OK);
	assert_true(k->number != 0);
	assert_int_equal(put(k, 1, 7), RELAY_OK);
	assert_int_equal(k->number, 0);
	commit(k);
	assert_int_equal(put(k, 1, 7), RELAY_OK);
	assert_int_equal(k->number, 0);
	/* into another mailbox it is another one */
	assert_int_equal(put(k, 2, 7), RELAY_OK);
	assert_true(k->number != 0);
	commit(k);
	again(k);
	assert_int_equal(put(k, 1, 7), RELAY_OK);
	assert_int_equal(k->number, 0);
	commit(k);
	assert_int_equal(look(k, 1), 1);
	assert_int_equal(look(k, 2), 1);
	assert_int_equal(queues_stats(k->q)->repeated, 1);
	/* once it was fetched there is nothing to compare with */
	queues_delete(k->q, id_of(1), k->numbers[0] - 1);
	look(k, 1);
	queues_delete(k->q, id_of(1), k->numbers[0]);
	assert_int_equal(put(k, 1, 7), RELAY_OK);
	assert_true(k->number != 0);
	commit(k);
	assert_int_equal(look(k, 1), 1);
}

static void
t_a_number_never_comes_back(void **state)
{
	struct kit *k = *state;
	uint64_t last = 0;

	open_with(k, &wide);
	box(k, 1);
	for (uint32_t i = 0; i < 5; i++) {
		put(k, 1, i);
		assert_true(k->number > last);
		last = k->number;
		queues_delete(k->q, id_of(1), last);
		commit(k);
		again(k);
	}
}

static void
t_a_mailbox_is_dropped_with_its_letters(void **state)
{
	struct kit *k = *state;

	open_with(k, &wide);
	box(k, 1);
	box(k, 2);
	put(k, 1, 1);
	put(k, 2, 2);
	commit(k);
	put(k, 1, 3);
	queues_drop(k->q, id_of(1));
	assert_int_equal(put(k, 1, 4), RELAY_NO_QUEUE);
	/* and made anew in the same turn */
	assert_int_equal(box(k, 1), RELAY_OK);
	assert_int_equal(put(k, 1, 5), RELAY_OK);
	commit(k);
	assert_int_equal(look(k, 1), 1);
	assert_int_equal(k->words[0], 5);
	again(k);
	assert_int_equal(look(k, 1), 1);
	assert_int_equal(look(k, 2), 1);
	queues_drop(k->q, id_of(1));
	queues_drop(k->q, id_of(3));
	commit(k);
	assert_int_equal(queues_stats(k->q)->queues, 1);
	again(k);
	assert_int_equal(queues_stats(k->q)->letters, 1);
	assert_int_equal(put(k, 1, 6), RELAY_NO_QUEUE);
}

static void
t_the_owner_changes_the_token(void **state)
{
	struct kit *k = *state;

	open_with(k, &wide);
	box(k, 1);
	put(k, 1, 1);
	commit(k);
	assert_int_equal(queues_make(k->q, id_of(1), token_of(9), k->now),
	    RELAY_OK);
	assert_int_equal(put(k, 1, 2), RELAY_NO_QUEUE);
	commit(k);
	again(k);
	assert_int_equal(put(k, 1, 2), RELAY_NO_QUEUE);
	box(k, 1);
	assert_int_equal(put(k, 1, 2), RELAY_OK);
	commit(k);
	assert_int_equal(look(k, 1), 2);
	/* whoever comes and goes writes nothing */
	box(k, 1);
	assert_false(queues_is_dirty(k->q));
}

static void
t_without_a_path_it_is_kept_in_memory(void **state)
{
	struct kit *k = *state;

	k->q = queues_open(NULL, &wide, &k->e);
	assert_non_null(k->q);
	box(k, 1);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(put(k, 1, i), RELAY_OK);
	commit(k);
	assert_int_equal(look(k, 1), 100);
	assert_int_equal(access(k->path, F_OK), -1);
}

static void
t_files_are_private(void **state)
{
	struct kit *k = *state;
	struct stat st;

	umask(0);
	open_with(k, &wide);
	box(k, 1);
	commit(k);
	assert_int_equal(stat(k->wal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	close_it(k);
	assert_int_equal(access(k->wal, F_OK), -1);
	assert_int_equal(stat(k->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* ---- limits ------------------------------------------------------------- */

static void
row_52_a_full_mailbox_says_so_and_others_go_on(void **state)
{
	struct kit *k = *state;
	struct queue_limits l = wide;

	l.letters = 3;
	l.bytes = 1000;
	open_with(k, &l);
	box(k, 1);
	box(k, 2);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(put(k, 1, i), RELAY_OK);
	assert_int_equal(put(k, 1, 3), RELAY_FULL);
	/* one that is there already is no news */
	assert_int_equal(put(k, 1, 2), RELAY_OK);
	assert_int_equal(put_sized(k, 2, 1, 900), RELAY_OK);
	assert_int_equal(put_sized(k, 2, 2, 101), RELAY_FULL);
	assert_int_equal(put_sized(k, 2, 2, 100), RELAY_OK);
	commit(k);
	assert_int_equal(queues_stats(k->q)->refused, 2);
	look(k, 1);
	queues_delete(k->q, id_of(1), k->numbers[0]);
	assert_int_equal(put(k, 1, 3), RELAY_OK);
	commit(k);
	assert_int_equal(look(k, 1), 3);
	/* a limit that was lowered throws nothing away */
	l.letters = 1;
	queues_limit(k->q, &l);
	assert_int_equal(put(k, 1, 9), RELAY_FULL);
	assert_int_equal(look(k, 1), 3);
}

static void
row_52_all_together_have_a_limit_too(void **state)
{
	struct kit *k = *state;
	struct queue_limits l = wide;

	l.queues = 2;
	l.total_bytes = 1000;
	l.total_letters = 4;
	open_with(k, &l);
	assert_int_equal(box(k, 1), RELAY_OK);
	assert_int_equal(box(k, 2), RELAY_OK);
	assert_int_equal(box(k, 3), RELAY_LIMIT);
	assert_int_equal(box(k, 2), RELAY_OK);
	assert_int_equal(put_sized(k, 1, 1, 990), RELAY_OK);
	assert_int_equal(put_sized(k, 2, 2, 11), RELAY_LIMIT);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(put_sized(k, 2, 3 + i, 1 + 2 * (i == 0)),
		    RELAY_OK);
	assert_int_equal(put_sized(k, 2, 9, 1), RELAY_LIMIT);
	commit(k);
	queues_drop(k->q, id_of(1));
	commit(k);
	assert_int_equal(box(k, 3), RELAY_OK);
	assert_int_equal(put_sized(k, 3, 9, 900), RELAY_OK);
	commit(k);
}

static void
row_53_no_such_mailbox_and_somebody_elses_answer_alike(void **state)
{
	struct kit *k = *state;
	uint8_t upload[UPLOAD_ID] = { 1 };
	uint64_t number;

	open_with(k, &wide);
	box(k, 1);
	box(k, 2);
	put(k, 1, 1);
	put(k, 2, 2);
	commit(k);
	assert_int_equal(queues_put(k->q, id_of(9), token_of(9), upload, "x",
	    1, k->now, &number), RELAY_NO_QUEUE);
	assert_int_equal(queues_put(k->q, id_of(1), token_of(9), upload, "x",
	    1, k->now, &number), RELAY_NO_QUEUE);
	/* too large is told to friends only */
	assert_int_equal(queues_put(k->q, id_of(1), token_of(9), upload, "x",
	    RELAY_LETTER_MAX + 1, k->now, &number), RELAY_NO_QUEUE);
	/* another's number */
	look(k, 2);
	queues_delete(k->q, id_of(1), k->numbers[0]);
	assert_int_equal(look(k, 2), 1);
	assert_false(queues_is_dirty(k->q));
}

static void
row_54_a_letter_over_the_limit_is_refused(void **state)
{
	struct kit *k = *state;

	open_with(k, &wide);
	box(k, 1);
	assert_int_equal(put_sized(k, 1, 1, RELAY_LETTER_MAX + 1),
	    RELAY_TOO_LARGE);
	assert_int_equal(put_sized(k, 1, 1, RELAY_LETTER_MAX), RELAY_OK);
	commit(k);
	again(k);
	assert_int_equal(look(k, 1), 1);
	assert_int_equal(queues_stats(k->q)->bytes, RELAY_LETTER_MAX);
}

/* ---- time --------------------------------------------------------------- */

/* Lets time pass as a running relay sees it. */
static void
pass(struct kit *k, int64_t s)
{
	for (int64_t end = k->now + s; k->now < end; ) {
		k->now += end - k->now < 1800 ? end - k->now : 1800;
		while (queues_expire(k->q, k->now))
			commit(k);
		commit(k);
	}
}

static void
row_57_letters_leave_after_their_days(void **state)
{
	struct kit *k = *state;

	open_with(k, &wide);
	box(k, 1);
	pass(k, 3600);
	/* more than one slice */
	for (uint32_t i = 0; i < 300; i++)
		put(k, 1, i);
	commit(k);
	pass(k, 10 * DAY);
	put(k, 1, 1000);
	commit(k);
	pass(k, 20 * DAY - 60);
	assert_int_equal(look(k, 1), 301);
	again(k);
	queues_expire(k->q, k->now);
	pass(k, 3600);
	assert_int_equal(look(k, 1), 1);
	assert_int_equal(k->words[0], 1000);
	assert_int_equal(queues_stats(k->q)->expired, 300);
	again(k);
	assert_int_equal(look(k, 1), 1);
}

static void
t_a_forgotten_mailbox_leaves_when_it_is_empty(void **state)
{
	struct kit *k = *state;
	struct queue_limits l = wide;

	l.queue_days = 20;
	open_with(k, &l);
	box(k, 1);
	box(k, 2);
	box(k, 3);
	box(k, 4);
	put(k, 2, 1);
	commit(k);
	pass(k, 15 * DAY);
	box(k, 3);
	queues_touch(k->q, id_of(4), k->now);	/* somebody reads it */
	queues_touch(k->q, id_of(5), k->now);	/* there is none */
	commit(k);
	pass(k, 6 * DAY);
	assert_int_equal(put(k, 1, 1), RELAY_NO_QUEUE);
	assert_int_equal(put(k, 5, 1), RELAY_NO_QUEUE);
	assert_int_equal(queues_stats(k->q)->queues, 3);
	/* its letter leaves first */
	pass(k, 10 * DAY);
	assert_int_equal(put(k, 2, 2), RELAY_NO_QUEUE);
	assert_int_equal(queues_stats(k->q)->queues, 2);
	assert_int_equal(put(k, 3, 2), RELAY_OK);
	commit(k);
}

static void
row_31_a_clock_that_jumps_expires_nothing(void **state)
{
	struct kit *k = *state;

	open_with(k, &wide);
	box(k, 1);
	for (uint32_t i = 0; i < 3; i++)
		put(k, 1, i);
	commit(k);
	k->now += 3650 * (int64_t)DAY;
	queues_expire(k->q, k->now);
	commit(k);
	assert_int_equal(look(k, 1), 3);
	k->now = 0;
	queues_expire(k->q, k->now);
	put(k, 1, 3);
	commit(k);
	again(k);
	k->now = 1800000000;
	queues_expire(k->q, k->now);
	commit(k);
	assert_int_equal(look(k, 1), 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(k->words[i], i);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(t_letters_wait_until_they_are_deleted),
		T(t_a_reader_goes_on_where_it_stopped),
		T(t_an_upload_that_comes_twice_is_stored_once),
		T(t_a_number_never_comes_back),
		T(t_a_mailbox_is_dropped_with_its_letters),
		T(t_the_owner_changes_the_token),
		T(t_without_a_path_it_is_kept_in_memory),
		T(t_files_are_private),
		T(row_52_a_full_mailbox_says_so_and_others_go_on),
		T(row_52_all_together_have_a_limit_too),
		T(row_53_no_such_mailbox_and_somebody_elses_answer_alike),
		T(row_54_a_letter_over_the_limit_is_refused),
		T(row_57_letters_leave_after_their_days),
		T(t_a_forgotten_mailbox_leaves_when_it_is_empty),
		T(row_31_a_clock_that_jumps_expires_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
