#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>

#include "tmp.h"

/* What happened, a letter each, in order. */
static char story[256];
static struct loop *loop;

static void
note(char c)
{
	size_t n = strlen(story);

	assert_true(n < sizeof(story) - 1);
	story[n] = c;
	story[n + 1] = '\0';
}

static void
on_letter(void *arg)
{
	note(*(const char *)arg);
}

/* The argument that makes on_letter() note c. */
static char *
letter(char c)
{
	static char letters[128];

	letters[(int)c] = c;
	return &letters[(int)c];
}

static int
make_real(void **state)
{
	(void)state;
	story[0] = '\0';
	loop = loop_new(NULL);
	return loop ? 0 : -1;
}

static int
make_virtual(void **state)
{
	(void)state;
	story[0] = '\0';
	loop = loop_new_virtual(1700000000000);
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static int64_t
real_us(void)
{
	struct clock c;

	clock_read(&c);
	return c.mono_us;
}

/* ---- timers ------------------------------------------------------------ */

static void
t_timers_fire_in_order_of_time_then_of_setting(void **state)
{
	struct timer t[5];
	static const int64_t delays[] = { 30, 10, 20, 10, 0 };

	(void)state;
	for (int i = 0; i < 5; i++) {
		timer_init(&t[i], loop, on_letter, letter("abcde"[i]));
		timer_set(&t[i], delays[i]);
	}
	loop_virtual_run(loop, 29);
	assert_string_equal(story, "ebdc");
	assert_true(timer_is_set(&t[0]));
	assert_false(timer_is_set(&t[1]));
	loop_virtual_run(loop, 1);
	assert_string_equal(story, "ebdca");
}

static void
t_a_timer_moves_and_stops(void **state)
{
	struct timer a, b;

	(void)state;
	timer_init(&a, loop, on_letter, letter('a'));
	timer_init(&b, loop, on_letter, letter('b'));
	timer_stop(&a);
	timer_set(&a, 10);
	timer_set(&b, 20);
	timer_set(&a, 30);
	loop_virtual_run(loop, 25);
	assert_string_equal(story, "b");
	timer_stop(&a);
	timer_stop(&a);
	loop_virtual_run(loop, 100);
	assert_string_equal(story, "b");
	timer_set(&a, INT64_MAX);
	timer_set(&b, -5);
	loop_virtual_run(loop, 0);
	assert_string_equal(story, "bb");
	assert_true(timer_is_set(&a));
}

static void
on_stop_other(void *arg)
{
	note('s');
	timer_stop(arg);
}

static void
t_a_timer_may_stop_one_due_with_it(void **state)
{
	struct timer a, b;

	(void)state;
	timer_init(&a, loop, on_stop_other, &b);
	timer_init(&b, loop, on_letter, letter('b'));
	timer_set(&a, 5);
	timer_set(&b, 5);
	loop_virtual_run(loop, 10);
	assert_string_equal(story, "s");
}

enum { MANY = 500 };

static struct timer many[MANY];
static int64_t last_due;
static int n_fired;

static void
on_many(void *arg)
{
	const struct timer *t = arg;

	assert_true(t->due_ms >= last_due);
	assert_true(t->due_ms == loop_now_ms(loop));
	last_due = t->due_ms;
	n_fired++;
}

/* Set, move and stop at random: all that are left fire, in order. */
static void
t_the_heap_keeps_its_order(void **state)
{
	uint32_t seed = 3;
	int n_set = 0;

	(void)state;
	last_due = n_fired = 0;
	for (int i = 0; i < MANY; i++)
		timer_init(&many[i], loop, on_many, &many[i]);
	for (int i = 0; i < 20000; i++) {
		struct timer *t;

		seed = seed * 1664525 + 1013904223;
		t = &many[(seed >> 8) % MANY];
		if (seed >> 30)
			timer_set(t, 1 + (seed >> 16) % 5000);
		else
			timer_stop(t);
	}
	for (int i = 0; i < MANY; i++)
		n_set += timer_is_set(&many[i]);
	assert_true(n_set > 100);
	loop_virtual_run(loop, 6000);
	assert_int_equal(n_fired, n_set);
}

static int n_hooked;

static void
on_count(void *arg)
{
	(void)arg;
	n_hooked++;
}

static void
on_stop(void *arg)
{
	(void)arg;
	loop_stop(loop, 0);
}

static void
t_a_timer_is_never_early_and_never_spins(void **state)
{
	struct timer t;

	(void)state;
	timer_init(&t, loop, on_stop, NULL);
	loop_hook(loop, LOOP_SETTLE, on_count, NULL);
	for (int ms = 1; ms < 8; ms++) {
		int64_t start;

		loop_turn(loop, 0);
		start = loop_clock(loop)->mono_us;
		n_hooked = 0;
		timer_set(&t, ms);
		loop_run(loop);
		assert_true(real_us() - start >= ms * 1000);
		/* One turn waits, that one fires. */
		assert_int_equal(n_hooked, 1);
	}
}

static struct timer eager;

static void
on_eager(void *arg)
{
	(void)arg;
	timer_set(&eager, 0);
}

static void
on_ready_stop(void *arg, unsigned events)
{
	(void)arg;
	assert_int_equal(events, LOOP_READ);
	loop_stop(loop, 3);
}

static void
t_a_timer_of_0_ms_does_not_starve_sockets(void **state)
{
	struct watch *w;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	w = loop_watch(loop, ends[0], on_ready_stop, NULL, NULL);
	assert_int_equal(write(ends[1], "x", 1), 1);
	timer_init(&eager, loop, on_eager, NULL);
	timer_set(&eager, 0);
	assert_int_equal(loop_run(loop), 3);
	watch_free(w);
	timer_stop(&eager);
	close(ends[0]);
	close(ends[1]);
}

/* ---- clocks ------------------------------------------------------------ */

static int64_t seen[2];

static void
on_slow(void *arg)
{
	int64_t start = real_us();

	(void)arg;
	seen[0] = loop_clock(loop)->mono_us;
	while (real_us() - start < 3000)
		;
	seen[1] = loop_clock(loop)->mono_us;
}

static void
t_the_clock_stands_still_within_a_turn(void **state)
{
	struct timer t;

	(void)state;
	timer_init(&t, loop, on_slow, NULL);
	timer_set(&t, 0);
	loop_turn(loop, 0);
	assert_true(seen[0] > 0 && seen[0] == seen[1]);
	loop_turn(loop, 0);
	assert_true(loop_clock(loop)->mono_us >= seen[0] + 3000);
}

static void
t_the_clock_moves_between_turns_when_looked_at(void **state)
{
	int64_t before = loop_now_ms(loop), start = real_us();

	(void)state;
	while (real_us() - start < 3000)
		;
	assert_true(loop_now_ms(loop) == before);
	loop_look(loop);
	assert_true(loop_now_ms(loop) >= before + 2);
}

static void
t_virtual_hours_pass_at_once(void **state)
{
	int64_t start = real_us(), mono = loop_now_ms(loop);
	struct timer t;

	(void)state;
	timer_init(&t, loop, on_letter, letter('t'));
	timer_set(&t, 8 * 3600 * 1000);
	loop_virtual_run(loop, 9 * 3600 * 1000);
	assert_string_equal(story, "t");
	assert_true(loop_now_ms(loop) == mono + 9 * 3600 * 1000);
	assert_true(loop_wall_ms(loop) == 1700000000000 + 9 * 3600 * 1000);
	assert_true(real_us() - start < 60000000);
	assert_null(loop_watch(loop, 0, on_ready_stop, NULL, NULL));
}

/* ---- the order of a turn ----------------------------------------------- */

static void
on_defer(void *arg)
{
	note('d');
	loop_defer(loop, on_letter, arg);
}

static void
t_a_turn_ends_with_the_deferred_then_the_phases(void **state)
{
	struct timer t, u;

	(void)state;
	loop_hook(loop, LOOP_SETTLE, on_letter, letter('4'));
	loop_hook(loop, LOOP_SHOW, on_letter, letter('3'));
	loop_hook(loop, LOOP_COMMIT, on_letter, letter('1'));
	loop_hook(loop, LOOP_SEND, on_letter, letter('2'));
	loop_hook(loop, LOOP_COMMIT, on_letter, letter('!'));
	timer_init(&t, loop, on_defer, letter('x'));
	timer_init(&u, loop, on_letter, letter('u'));
	timer_set(&t, 0);
	timer_set(&u, 0);
	loop_turn(loop, 0);
	assert_string_equal(story, "dux1!234");
}

static void
t_what_a_hook_defers_is_of_its_turn_and_wants_another(void **state)
{
	(void)state;
	loop_defer(loop, on_defer, letter('y'));
	loop_hook(loop, LOOP_COMMIT, on_letter, letter('1'));
	/* 'd' runs and defers y: not before the hooks, but in this turn. */
	loop_turn(loop, -1);
	assert_string_equal(story, "d1y");
	/* Would wait for ever, were there not more to commit. */
	loop_turn(loop, -1);
	assert_string_equal(story, "d1y1");
}

static void
t_again_means_no_wait(void **state)
{
	(void)state;
	loop_hook(loop, LOOP_COMMIT, on_letter, letter('1'));
	loop_again(loop);
	loop_turn(loop, -1);
	assert_string_equal(story, "1");
}

static void
t_stop_ends_the_turn_and_gives_the_status(void **state)
{
	struct timer t;

	(void)state;
	timer_init(&t, loop, on_stop, NULL);
	loop_hook(loop, LOOP_SHOW, on_letter, letter('3'));
	timer_set(&t, 0);
	assert_int_equal(loop_run(loop), 0);
	assert_string_equal(story, "3");
	loop_stop(loop, 75);
	assert_int_equal(loop_run(loop), 75);
	assert_string_equal(story, "3");
}

/* ---- signals ----------------------------------------------------------- */

static void
on_signal(void *arg, int signo)
{
	assert_ptr_equal(arg, loop);
	note(signo == SIGUSR1 ? '1' : '2');
}

static void
row_78_a_signal_just_before_blocking_is_not_lost(void **state)
{
	(void)state;
	assert_int_equal(loop_signal(loop, SIGUSR1, on_signal, loop, NULL), 0);
	assert_int_equal(loop_signal(loop, SIGUSR2, on_signal, loop, NULL), 0);
	raise(SIGUSR2);
	raise(SIGUSR1);
	assert_string_equal(story, "");
	/* Hangs when it is lost. */
	loop_turn(loop, -1);
	assert_string_equal(story, "12");
	loop_turn(loop, 0);
	assert_string_equal(story, "12");
}

/* More than a pipe holds: none blocks the handler, none is forgotten. */
static void
t_a_storm_of_signals_becomes_one_call(void **state)
{
	(void)state;
	assert_int_equal(loop_signal(loop, SIGUSR1, on_signal, loop, NULL), 0);
	assert_int_equal(loop_signal(loop, SIGUSR2, on_signal, loop, NULL), 0);
	for (int i = 0; i < 70000; i++)
		raise(SIGUSR1);
	raise(SIGUSR2);
	loop_turn(loop, -1);
	assert_string_equal(story, "12");
	loop_turn(loop, 0);
	assert_string_equal(story, "12");
}

static void
on_signal_stop(void *arg, int signo)
{
	(void)arg;
	(void)signo;
	loop_stop(loop, 9);
}

/* EINTR in the wait: the alarm comes while select() sleeps. */
static void
t_a_signal_wakes_a_sleeping_loop(void **state)
{
	struct itimerspec soon = { .it_value = { .tv_nsec = 5000000 } };
	struct sigevent how = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM
	};
	timer_t id;

	(void)state;
	assert_int_equal(loop_signal(loop, SIGALRM, on_signal_stop, loop,
	    NULL), 0);
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &how, &id), 0);
	assert_int_equal(timer_settime(id, 0, &soon, NULL), 0);
	assert_int_equal(loop_run(loop), 9);
	timer_delete(id);
}

static void
row_42_a_null_handler_ignores_the_signal(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(loop_signal(loop, SIGPIPE, NULL, NULL, NULL), 0);
	assert_int_equal(pipe(ends), 0);
	close(ends[0]);
	assert_int_equal(write(ends[1], "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	close(ends[1]);
}

static void
t_a_freed_loop_gives_the_signals_back(void **state)
{
	struct sigaction before, after;

	(void)state;
	sigaction(SIGUSR1, NULL, &before);
	assert_int_equal(loop_signal(loop, SIGUSR1, on_signal, loop, NULL), 0);
	sigaction(SIGUSR1, NULL, &after);
	assert_true(before.sa_handler != after.sa_handler);
	loop_free(loop);
	sigaction(SIGUSR1, NULL, &after);
	assert_true(before.sa_handler == after.sa_handler);
	loop = loop_new(NULL);
}

static void
t_the_pipe_does_not_leak_into_children(void **state)
{
	(void)state;
	assert_int_equal(loop_signal(loop, SIGUSR1, on_signal, loop, NULL), 0);
	for (int fd = 3; fd < 64; fd++) {
		int flags = fcntl(fd, F_GETFD);
		int modes = fcntl(fd, F_GETFL);

		if (flags < 0 || (modes & O_NONBLOCK) == 0)
			continue;
		assert_true(flags & FD_CLOEXEC);
		note('p');
	}
	assert_non_null(strstr(story, "pp"));
}

#define REAL(t) cmocka_unit_test_setup_teardown(t, make_real, drop)
#define VIRTUAL(t) cmocka_unit_test_setup_teardown(t, make_virtual, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		VIRTUAL(t_timers_fire_in_order_of_time_then_of_setting),
		VIRTUAL(t_a_timer_moves_and_stops),
		VIRTUAL(t_a_timer_may_stop_one_due_with_it),
		VIRTUAL(t_the_heap_keeps_its_order),
		REAL(t_a_timer_is_never_early_and_never_spins),
		REAL(t_a_timer_of_0_ms_does_not_starve_sockets),
		REAL(t_the_clock_stands_still_within_a_turn),
		REAL(t_the_clock_moves_between_turns_when_looked_at),
		VIRTUAL(t_virtual_hours_pass_at_once),
		VIRTUAL(t_a_turn_ends_with_the_deferred_then_the_phases),
		REAL(t_what_a_hook_defers_is_of_its_turn_and_wants_another),
		REAL(t_again_means_no_wait),
		REAL(t_stop_ends_the_turn_and_gives_the_status),
		REAL(row_78_a_signal_just_before_blocking_is_not_lost),
		REAL(t_a_storm_of_signals_becomes_one_call),
		REAL(t_a_signal_wakes_a_sleeping_loop),
		REAL(row_42_a_null_handler_ignores_the_signal),
		REAL(t_a_freed_loop_gives_the_signals_back),
		REAL(t_the_pipe_does_not_leak_into_children),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
