#include "loop.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>

#include "list.h"
#include "tmp.h"

/* What happened, a letter each, in order. */
static char story[256];
static struct loop *loop;
static int n_hooked;

static void
note(char c)
{
	size_t n = strlen(story);

	assert_true(n < sizeof(story) - 1);
	story[n] = c;
	story[n + 1] = '\0';
}

static int
make(void **state)
{
	(void)state;
	story[0] = '\0';
	loop = loop_new(NULL);
	return loop ? 0 : -1;
}

static int
drop(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

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

static struct watch *watches[2];
static int fds[2][2];

static void
open_pairs(void)
{
	for (int i = 0; i < 2; i++)
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds[i]),
		    0);
}

static void
close_pairs(void)
{
	for (int i = 0; i < 2; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
}

static void
on_free_self(void *arg, unsigned events)
{
	struct watch *w = watches[0];

	(void)arg;
	(void)events;
	note('f');
	watch_free(w);
	/* Legal until the turn is over, and without effect. */
	watch_want(w, LOOP_READ | LOOP_WRITE);
	watch_free(w);
}

static void
t_a_watch_may_free_itself(void **state)
{
	(void)state;
	open_pairs();
	watches[0] = loop_watch(loop, fds[0][0], on_free_self, NULL, NULL);
	assert_int_equal(write(fds[0][1], "x", 1), 1);
	loop_turn(loop, -1);
	loop_turn(loop, 0);
	assert_string_equal(story, "f");
	close_pairs();
}

static void
on_new(void *arg, unsigned events)
{
	(void)arg;
	(void)events;
	note('n');
}

/* Frees the other, closes it, and opens something under its number. */
static void
on_replace_other(void *arg, unsigned events)
{
	int me = *(const int *)arg, other = !me;
	int fd = fds[other][0];

	(void)events;
	note('r');
	watch_free(watches[me]);
	watch_free(watches[other]);
	assert_int_equal(dup2(fds[me][1], fd), fd);
	watches[other] = loop_watch(loop, fd, on_new, NULL, NULL);
}

static void
t_a_reused_descriptor_is_not_mistaken(void **state)
{
	static int me[2] = { 0, 1 };

	(void)state;
	open_pairs();
	for (int i = 0; i < 2; i++) {
		watches[i] = loop_watch(loop, fds[i][0], on_replace_other,
		    &me[i], NULL);
		assert_int_equal(write(fds[i][1], "x", 1), 1);
	}
	loop_turn(loop, -1);
	/* Both were ready; the second belongs to somebody else now. */
	assert_string_equal(story, "r");
	loop_turn(loop, 0);
	assert_string_equal(story, "r");
	close_pairs();
}

static void
on_write(void *arg, unsigned events)
{
	(void)arg;
	note((char)('0' + events));
	watch_want(watches[0], LOOP_READ);
}

static void
t_writable_is_told_while_it_is_wanted(void **state)
{
	(void)state;
	open_pairs();
	watches[0] = loop_watch(loop, fds[0][0], on_write, NULL, NULL);
	loop_turn(loop, 0);
	assert_string_equal(story, "");
	watch_want(watches[0], LOOP_READ | LOOP_WRITE);
	loop_turn(loop, -1);
	assert_string_equal(story, "2");
	loop_turn(loop, 0);
	assert_string_equal(story, "2");
	watch_want(watches[0], LOOP_READ | LOOP_WRITE);
	assert_int_equal(write(fds[0][1], "x", 1), 1);
	loop_turn(loop, -1);
	assert_string_equal(story, "23");
	watch_want(watches[0], 0);
	loop_turn(loop, 0);
	assert_string_equal(story, "23");
	watch_free(watches[0]);
	watch_free(NULL);
	close_pairs();
}

#ifdef WITH_EPOLL
static void
on_ready_stop(void *arg, unsigned events)
{
	(void)arg;
	assert_int_equal(events, LOOP_READ);
	loop_stop(loop, 3);
}

static void
row_13_epoll_carries_what_select_cannot(void **state)
{
	struct rlimit limit;
	struct watch *w;
	int ends[2], high;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(pipe(ends), 0);
	high = fcntl(ends[0], F_DUPFD, FD_SETSIZE + 100);
	if (high < 0)
		skip();
	assert_true(loop_max_fds() > high);
	w = loop_watch(loop, high, on_ready_stop, NULL, NULL);
	assert_non_null(w);
	assert_int_equal(write(ends[1], "x", 1), 1);
	assert_int_equal(loop_run(loop), 3);
	watch_free(w);
	close(high);
	close(ends[0]);
	close(ends[1]);
}
#endif

/* epoll tells of it whether asked or not. */
static void
t_a_lost_connection_that_nobody_asks_for_does_not_spin(void **state)
{
	struct timer t;

	(void)state;
	open_pairs();
	watches[0] = loop_watch(loop, fds[0][0], on_new, NULL, NULL);
	watch_want(watches[0], 0);
	close(fds[0][1]);
	loop_hook(loop, LOOP_SETTLE, on_count, NULL);
	timer_init(&t, loop, on_stop, NULL);
	timer_set(&t, 20);
	n_hooked = 0;
	loop_run(loop);
	assert_int_equal(n_hooked, 1);
	watch_want(watches[0], LOOP_READ);
	loop_turn(loop, -1);
	assert_string_equal(story, "n");
	watch_free(watches[0]);
	fds[0][1] = dup(fds[0][0]);
	close_pairs();
}

static void
row_13_what_cannot_be_waited_for_is_refused(void **state)
{
	struct err e;

	(void)state;
#ifndef WITH_EPOLL
	assert_in_range(loop_max_fds(), 1, FD_SETSIZE);
#endif
	assert_null(loop_watch(loop, FD_SETSIZE, on_new, NULL, &e));
	assert_int_equal(e.status, STATUS_UNAVAILABLE);
	assert_true(e.next[0] != '\0');
	assert_null(loop_watch(loop, -1, on_new, NULL, &e));
}

static void
close_under_watch(void)
{
	int ends[2];
	struct loop *l = loop_new(NULL);
	struct watch *w;

	if (pipe(ends) != 0)
		_exit(9);
	w = loop_watch(l, ends[0], on_new, NULL, NULL);
	close(ends[0]);
	loop_turn(l, 0);
	watch_free(w);
	loop_free(l);
}

static void
t_a_descriptor_closed_under_its_watch_does_not_spin(void **state)
{
	char said[200];
	int status = tmp_child(close_under_watch, said, sizeof(said));

	(void)state;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_non_null(strstr(said, "was closed while watched"));
}

/* What has a descriptor of its own. */
struct thing {
	char name;
	struct watched watched;
};

static struct thing things[2];

static void
on_first_kind(struct watched *w, unsigned events)
{
	const struct thing *t = LIST_OF(w, struct thing, watched);

	assert_int_equal(events, LOOP_READ);
	note(t->name);
}

static void
on_other_kind(struct watched *w, unsigned events)
{
	(void)events;
	note('o');
	watched_stop(&things[0].watched, loop);
	watched_stop(w, loop);
	watched_stop(w, loop);
	watched_want(w, loop, LOOP_READ | LOOP_WRITE);
}

static void
t_an_embedded_watch_stops_without_a_trace(void **state)
{
	(void)state;
	open_pairs();
	things[0].name = 'a';
	assert_int_equal(watched_start(&things[0].watched, loop, fds[0][0],
	    on_first_kind, NULL), 0);
	assert_int_equal(watched_start(&things[1].watched, loop, fds[1][0],
	    on_other_kind, NULL), 0);
	assert_int_equal(write(fds[0][1], "x", 1), 1);
	loop_turn(loop, -1);
	assert_string_equal(story, "a");
	assert_int_equal(write(fds[1][1], "x", 1), 1);
	loop_turn(loop, -1);
	loop_turn(loop, 0);
	loop_turn(loop, 0);
	/* In one turn either may come first, but both only then. */
	assert_true(strcmp(story, "aao") == 0 || strcmp(story, "ao") == 0);
	close_pairs();
}

static void
t_an_embedded_watch_that_cannot_start_is_stopped(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(watched_start(&things[0].watched, loop, -1,
	    on_first_kind, &e), -1);
	assert_int_equal(e.status, STATUS_UNAVAILABLE);
	watched_want(&things[0].watched, loop, LOOP_READ);
	watched_stop(&things[0].watched, loop);
}

#define REAL(t) cmocka_unit_test_setup_teardown(t, make, drop)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		REAL(t_a_watch_may_free_itself),
		REAL(t_a_reused_descriptor_is_not_mistaken),
		REAL(t_writable_is_told_while_it_is_wanted),
		REAL(t_a_lost_connection_that_nobody_asks_for_does_not_spin),
		REAL(t_an_embedded_watch_stops_without_a_trace),
		REAL(t_an_embedded_watch_that_cannot_start_is_stopped),
		REAL(row_13_what_cannot_be_waited_for_is_refused),
		REAL(t_a_descriptor_closed_under_its_watch_does_not_spin),
#ifdef WITH_EPOLL
		REAL(row_13_epoll_carries_what_select_cannot),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
