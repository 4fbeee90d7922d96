#include "listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"
#include "sock.h"

enum { SPARE = 64, AT_LEAST = 8 };

struct test {
	struct loop *loop;
	struct listener *listener;
	char log[40];
	int fds[SPARE];			/* that came */
	int n_came;
	int spare[SPARE];		/* what eats all descriptors */
	int n_spare;
	struct rlimit old;
};

static void
on_accept(void *arg, int fd, const struct addr *from)
{
	struct test *t = arg;

	(void)from;
	assert_true(t->n_came < SPARE);
	t->fds[t->n_came++] = fd;
}

static int
setup(void **state)
{
	struct test *t = calloc(1, sizeof(*t));
	char spec[60];
	int fd;

	t->loop = loop_new(NULL);
	snprintf(t->log, sizeof(t->log), "/tmp/t_listen-XXXXXX");
	fd = mkstemp(t->log);
	assert_true(fd >= 0);
	close(fd);
	snprintf(spec, sizeof(spec), "warn:%s", t->log);
	assert_int_equal(log_open(spec, NULL, NULL), 0);
	t->listener = listener_open(t->loop, "127.0.0.1:0", false, on_accept,
	    t, NULL);
	assert_non_null(t->listener);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &t->old), 0);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct test *t = *state;

	setrlimit(RLIMIT_NOFILE, &t->old);
	listener_free(t->listener);
	for (int i = 0; i < t->n_came; i++)
		close(t->fds[i]);
	for (int i = 0; i < t->n_spare; i++)
		close(t->spare[i]);
	loop_free(t->loop);
	log_close();
	unlink(t->log);
	free(t);
	return 0;
}

static int
knock(struct test *t)
{
	struct addr to;
	int fd;

	assert_int_equal(addr_parse(&to, "127.0.0.1:1"), 0);
	to.port = listener_port(t->listener);
	fd = sock_connect(&to, NULL);
	assert_true(fd >= 0);
	return fd;
}

/* From now on no descriptor is free. */
static void
eat_descriptors(struct test *t)
{
	struct rlimit low = t->old;
	int fd = dup(0);

	assert_true(fd >= 0);
	t->spare[t->n_spare++] = fd;
	low.rlim_cur = (rlim_t)fd + SPARE / 2;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	while (t->n_spare < SPARE && (fd = dup(0)) >= 0)
		t->spare[t->n_spare++] = fd;
	assert_true(fd < 0 && t->n_spare >= AT_LEAST);
}

static int
warnings(const struct test *t)
{
	FILE *f = fopen(t->log, "r");
	char line[400];
	int n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "has to wait") != NULL;
	fclose(f);
	return n;
}

static int64_t
cpu_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Somebody waits at the door for two seconds and a half. */
static void
row_13_without_descriptors_the_loop_sleeps(void **state)
{
	struct test *t = *state;
	int64_t end, before;
	int fd = knock(t), n_turns = 0;

	eat_descriptors(t);
	before = cpu_ms();
	end = loop_now_ms(t->loop) + 2500;
	while (loop_now_ms(t->loop) < end) {
		loop_turn(t->loop, end - loop_now_ms(t->loop));
		n_turns++;
	}
	assert_int_equal(t->n_came, 0);
	assert_in_range(n_turns, 1, 12);
	assert_in_range(cpu_ms() - before, 0, 100);
	/* And comes in when there is room. */
	setrlimit(RLIMIT_NOFILE, &t->old);
	while (t->n_came == 0)
		loop_turn(t->loop, -1);
	assert_int_equal(warnings(t), 1);
	close(fd);
}

/* One hangs up, the next comes in, and so on: a crowd at a full house. */
static void
row_13_a_shortage_that_comes_and_goes_is_told_once(void **state)
{
	struct test *t = *state;
	int fds[3];

	for (int i = 0; i < 3; i++)
		fds[i] = knock(t);
	eat_descriptors(t);
	loop_turn(t->loop, 1000);
	for (int i = 0; i < 3; i++) {
		close(t->spare[--t->n_spare]);
		while (t->n_came == i)
			loop_turn(t->loop, -1);
		loop_turn(t->loop, 100);
	}
	setrlimit(RLIMIT_NOFILE, &t->old);
	assert_int_equal(warnings(t), 1);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(row_13_without_descriptors_the_loop_sleeps),
		T(row_13_a_shortage_that_comes_and_goes_is_told_once),
	};

	return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
