#include "work.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct job {
	struct loop *loop;
	struct work *work;
	pthread_mutex_t gate;		/* held: the worker waits */
	pthread_t ran_in;
	sigset_t blocked;
	int n_run, n_done, n_turns;
};

static void
run(void *arg)
{
	struct job *j = arg;

	pthread_mutex_lock(&j->gate);
	pthread_mutex_unlock(&j->gate);
	j->ran_in = pthread_self();
	pthread_sigmask(SIG_SETMASK, NULL, &j->blocked);
	j->n_run++;
}

static void
on_done(void *arg)
{
	struct job *j = arg;

	j->n_done++;
	j->work = NULL;
	loop_stop(j->loop, 7);
}

static void
on_turn(void *arg)
{
	struct job *j = arg;

	/* The loop goes round while the work is not even begun. */
	if (++j->n_turns == 100)
		pthread_mutex_unlock(&j->gate);
	if (j->n_turns < 100)
		loop_again(j->loop);
}

static int
make(void **state)
{
	struct job *j = mem_new(sizeof(*j));
	struct err e;

	j->loop = loop_new(&e);
	assert_non_null(j->loop);
	pthread_mutex_init(&j->gate, NULL);
	*state = j;
	return 0;
}

static int
unmake(void **state)
{
	struct job *j = *state;

	loop_free(j->loop);
	free(j);
	return 0;
}

static void
t_the_loop_goes_on_beside_the_work(void **state)
{
	struct job *j = *state;
	struct err e;

	pthread_mutex_lock(&j->gate);
	loop_hook(j->loop, LOOP_SHOW, on_turn, j);
	loop_again(j->loop);
	j->work = work_start(j->loop, run, on_done, j, &e);
	assert_non_null(j->work);
	assert_int_equal(loop_run(j->loop), 7);
	assert_true(j->n_turns >= 100);
	assert_int_equal(j->n_run, 1);
	assert_int_equal(j->n_done, 1);
	assert_false(pthread_equal(j->ran_in, pthread_self()));
}

static void
t_a_worker_takes_no_signal(void **state)
{
	struct job *j = *state;
	sigset_t mine;
	struct err e;

	j->work = work_start(j->loop, run, on_done, j, &e);
	assert_non_null(j->work);
	assert_int_equal(loop_run(j->loop), 7);
	assert_true(sigismember(&j->blocked, SIGTERM));
	assert_true(sigismember(&j->blocked, SIGWINCH));
	pthread_sigmask(SIG_SETMASK, NULL, &mine);
	assert_false(sigismember(&mine, SIGTERM));
}

static void
t_one_that_is_ended_is_waited_for_and_tells_nobody(void **state)
{
	struct job *j = *state;
	struct err e;

	j->work = work_start(j->loop, run, on_done, j, &e);
	assert_non_null(j->work);
	work_end(j->work);
	assert_int_equal(j->n_run, 1);
	loop_turn(j->loop, 0);
	assert_int_equal(j->n_done, 0);
	work_end(NULL);
}

#define WITH_JOB(f) cmocka_unit_test_setup_teardown(f, make, unmake)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_JOB(t_the_loop_goes_on_beside_the_work),
		WITH_JOB(t_a_worker_takes_no_signal),
		WITH_JOB(t_one_that_is_ended_is_waited_for_and_tells_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
