/* The side of UPnP that stays in the program, against children of a page of
 * shell: they answer, refuse, lie, talk too much, hang and die. */
#include "igd.h"

#include "base/tmp.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "rand.h"
#include "sandbox.h"
#include "upnpline.h"

enum {
	/* Of a child that answers, however busy the machine is, and of one
	 * that is known never to. */
	DEADLINE_MS = 60000,
	HANGING_MS = 400,
	PATIENCE_MS = 100000
};

struct test {
	struct loop *loop;
	struct igd *igd;
	char *exec, *heard;
	bool is_wanted;
	int n_done;
};

static bool
is_wanted(void *ctx)
{
	const struct test *t = ctx;

	return t->is_wanted;
}

static void
on_done(void *ctx)
{
	struct test *t = ctx;

	t->n_done++;
}

/* A child that writes down what it hears and runs `body` for each line. */
static void
play(struct test *t, const char *body)
{
	FILE *f = fopen(t->exec, "w");

	assert_non_null(f);
	fprintf(f, "#!/bin/sh\ntrap '' PIPE\nwhile read -r word a b c d; do\n"
	    "echo $word $a $b $c $d >>%s\n%s\ndone\n", t->heard, body);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(t->exec, 0700), 0);
}

static const char obedient[] =
    "case $word in\n"
    "find) echo igd http://192.0.2.1:5000/x.xml >&0;;\n"
    "map) echo ok $a 44.128.1.10 $c $d >&0;;\n"
    "unmap) echo gone $a >&0;;\n"
    "esac";

static int
setup_for(void **state, int deadline_ms)
{
	struct test *t = calloc(1, sizeof(*t));
	struct igd_setup s = { .port = 54545, .lifetime_s = 3600,
		.deadline_ms = deadline_ms, .ctx = t,
		.is_wanted = is_wanted, .on_done = on_done };

	if (tmp_make(NULL) != 0)
		return -1;
	t->exec = mem_str(tmp_path("child"));
	t->heard = mem_str(tmp_path("heard"));
	t->loop = loop_new(NULL);
	t->is_wanted = true;
	addr_parse_ip(&s.local, "192.0.2.11");
	addr_parse_ip(&s.gateway, "192.0.2.1");
	s.loop = t->loop;
	s.exec = t->exec;
	t->igd = igd_new(&s);
	*state = t;
	return 0;
}

static int
setup(void **state)
{
	return setup_for(state, DEADLINE_MS);
}

static int
setup_hanging(void **state)
{
	return setup_for(state, HANGING_MS);
}

static int
teardown(void **state)
{
	struct test *t = *state;

	igd_free(t->igd);
	loop_free(t->loop);
	/* Nobody is left behind. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	free(t->exec);
	free(t->heard);
	free(t);
	return tmp_drop(NULL);
}

/* Until the round is over. */
static void
wait_done(struct test *t)
{
	int from = t->n_done;
	int64_t end = loop_now_ms(t->loop) + PATIENCE_MS;

	while (t->n_done == from && loop_now_ms(t->loop) < end)
		loop_turn(t->loop, 100);
	assert_int_equal(t->n_done, from + 1);
	assert_false(igd_is_busy(t->igd));
}

static void
ask(struct test *t)
{
	igd_ask(t->igd);
	assert_true(igd_is_busy(t->igd));
	wait_done(t);
}

/* Times a line beginning so was heard by the children. */
static int
count_heard(const struct test *t, const char *start)
{
	FILE *f = fopen(t->heard, "r");
	char line[512];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strncmp(line, start, strlen(start)) == 0;
	if (f)
		fclose(f);
	return n;
}

static bool
is_held(const struct test *t)
{
	return igd_lease(t->igd, LEASE_TCP)->is_held &&
	    igd_lease(t->igd, LEASE_UDP)->is_held;
}

/* ---- cases ------------------------------------------------------------- */

static void
t_both_ports_are_mapped_and_removed(void **state)
{
	struct test *t = *state;
	struct addr want;

	play(t, obedient);
	ask(t);
	assert_true(is_held(t));
	addr_parse(&want, "44.128.1.10:54545");
	assert_true(addr_equal(&igd_lease(t->igd, LEASE_UDP)->ext, &want));
	assert_string_equal(igd_why(t->igd), "");
	assert_int_equal(count_heard(t, "map tcp 54545 54545 3600"), 1);
	assert_int_equal(count_heard(t, "map udp 54545 54545 3600"), 1);
	igd_drop(t->igd);
	wait_done(t);
	assert_false(is_held(t));
	assert_int_equal(count_heard(t, "unmap tcp 54545"), 1);
	assert_int_equal(count_heard(t, "unmap udp 54545"), 1);
	/* The second child was told where the router is. */
	assert_int_equal(count_heard(t,
	    "find 192.0.2.11 192.0.2.1 http://192.0.2.1:5000/x.xml"), 1);
}

static void
t_nothing_is_mapped_that_nobody_wants(void **state)
{
	struct test *t = *state;

	play(t, obedient);
	t->is_wanted = false;
	ask(t);
	assert_false(is_held(t));
	assert_int_equal(count_heard(t, "map"), 0);
	assert_int_equal(igd_crashes(t->igd), 0);
}

static void
t_no_router_says_why(void **state)
{
	struct test *t = *state;

	play(t, "echo none offline >&0");
	ask(t);
	assert_string_equal(igd_why(t->igd),
	    "the router says it is not connected");
	assert_int_equal(igd_crashes(t->igd), 0);
}

static void
row_41_a_refusal_is_named(void **state)
{
	struct test *t = *state;

	play(t, "case $word in\n"
	    "find) echo igd http://192.0.2.1:5000/x.xml >&0;;\n"
	    "map) echo failed $a 606 >&0;;\nesac");
	ask(t);
	assert_string_equal(igd_why(t->igd), "refused: not authorized");
	assert_int_equal(count_heard(t, "map"), 2);
}

static void
t_a_taken_port_is_left_for_another(void **state)
{
	struct test *t = *state;

	play(t, "case $word,$c in\n"
	    "find,*) echo igd http://192.0.2.1:5000/x.xml >&0;;\n"
	    "map,54545) echo failed $a 718 >&0;;\n"
	    "map,*) echo ok $a 44.128.1.10 $c $d >&0;;\nesac");
	ask(t);
	assert_true(is_held(t));
	assert_int_not_equal(igd_lease(t->igd, LEASE_TCP)->ext.port, 54545);
	assert_in_range(igd_lease(t->igd, LEASE_TCP)->ext.port, 1024, 65535);
	/* A renewal keeps it. */
	ask(t);
	assert_int_equal(count_heard(t, "map tcp 54545 54545"), 1);
	assert_int_equal(count_heard(t, "map tcp"), 3);
}

static void
t_ports_are_not_tried_for_ever(void **state)
{
	struct test *t = *state;

	play(t, "case $word in\n"
	    "find) echo igd http://192.0.2.1:5000/x.xml >&0;;\n"
	    "map) echo failed $a 718 >&0;;\nesac");
	ask(t);
	assert_false(is_held(t));
	assert_int_equal(count_heard(t, "map tcp"), 1 + IGD_PORTS_MAX);
	assert_int_equal(count_heard(t, "map udp"), 1 + IGD_PORTS_MAX);
}

static void
t_a_lease_without_end_is_taken_if_need_be(void **state)
{
	struct test *t = *state;

	play(t, "case $word,$d in\n"
	    "find,*) echo igd http://192.0.2.1:5000/x.xml >&0;;\n"
	    "map,0) echo ok $a 44.128.1.10 $c 0 >&0;;\n"
	    "map,*) echo failed $a 725 >&0;;\nesac");
	ask(t);
	assert_true(is_held(t));
	assert_int_equal(count_heard(t, "map tcp 54545 54545 0"), 1);
}

static void
row_92_a_crash_is_said(void **state)
{
	struct test *t = *state;

	play(t, "kill -SEGV $$");
	ask(t);
	assert_string_equal(igd_why(t->igd), "the helper crashed (signal 11)");
	assert_int_equal(igd_crashes(t->igd), 1);
	ask(t);
	assert_int_equal(igd_crashes(t->igd), 2);
	play(t, "exit 3");
	ask(t);
	assert_string_equal(igd_why(t->igd), "the helper crashed (status 3)");
	/* And forgotten when it works again. */
	play(t, obedient);
	ask(t);
	assert_true(is_held(t));
	assert_int_equal(igd_crashes(t->igd), 0);
}

static void
row_92_a_hanging_child_is_killed(void **state)
{
	struct test *t = *state;
	int64_t from;

	play(t, "trap '' TERM INT HUP ALRM; while :; do :; done");
	loop_turn(t->loop, 0);
	from = loop_now_ms(t->loop);
	ask(t);
	assert_in_range(loop_now_ms(t->loop) - from, HANGING_MS - 1,
	    HANGING_MS + 50000);
	assert_int_equal(strncmp(igd_why(t->igd), "no answer in", 12), 0);
	assert_int_equal(igd_crashes(t->igd), 1);
}

/* Also in words that are each in place. */
static void
row_41_a_child_that_repeats_itself_is_killed(void **state)
{
	struct test *t = *state;

	play(t, obedient);
	ask(t);
	play(t, "trap 'exit 0' PIPE\n"
	    "while echo igd http://192.0.2.1:5000/x.xml >&0; do :; done");
	igd_drop(t->igd);
	wait_done(t);
	assert_string_equal(igd_why(t->igd),
	    "the helper went mad and was ended");
}

/* Also one that says it is done and goes on. */
static void
row_92_a_closed_child_is_killed(void **state)
{
	struct test *t = *state;

	play(t, "exec <&- >&- 2>&-; while :; do :; done");
	ask(t);
	assert_int_equal(igd_crashes(t->igd), 1);
}

static void
row_41_a_child_that_talks_too_much_is_killed(void **state)
{
	struct test *t = *state;

	play(t, "while :; do echo igd http://192.0.2.1:5000/x.xml >&0; done");
	t->is_wanted = true;
	ask(t);
	assert_string_equal(igd_why(t->igd),
	    "the helper went mad and was ended");
	play(t, "while :; do printf 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' >&0; "
	    "done");
	ask(t);
	assert_string_equal(igd_why(t->igd),
	    "the helper went mad and was ended");
	assert_int_equal(igd_crashes(t->igd), 2);
}

static void
row_41_words_out_of_place_end_it(void **state)
{
	static const char *const lines[] = {
		"ok tcp 1.2.3.4 1 1",		/* nothing was asked */
		"gone tcp", "failed tcp 1", "find 1.2.3.4 1.2.3.4",
		"map tcp 1 1 1", "", "igd", "igd ftp://192.0.2.1/",
		"igd http://a b", "none whatever", "none", "hello",
		"none offline now", "failed sctp 1",
		"igd \\033]0;x\\007"
	};
	struct test *t = *state;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		char *body = mem_printf("printf '%s\\n' >&0", lines[i]);

		play(t, body);
		ask(t);
		assert_string_equal(igd_why(t->igd),
		    "the helper went mad and was ended");
		free(body);
	}
}

static void
t_no_program_is_no_harm(void **state)
{
	struct test *t = *state;

	igd_ask(t->igd);
	wait_done(t);
	assert_false(is_held(t));
	assert_true(igd_crashes(t->igd) == 1);
}

static void
t_a_drop_while_mapping_removes(void **state)
{
	struct test *t = *state;

	play(t, obedient);
	igd_ask(t->igd);
	while (count_heard(t, "map") == 0)
		loop_turn(t->loop, 10);
	igd_drop(t->igd);
	while (igd_is_busy(t->igd))
		loop_turn(t->loop, 100);
	assert_false(igd_lease(t->igd, LEASE_TCP)->is_held);
	assert_false(igd_lease(t->igd, LEASE_UDP)->is_held);
	assert_int_equal(count_heard(t, "unmap tcp"), 1);
}

/* Routers take their time: the program does not wait, the child does. */
static void
t_a_removal_outlives_the_program(void **state)
{
	struct test *t = *state;

	play(t, obedient);
	ask(t);
	assert_true(is_held(t));
	igd_drop(t->igd);
	igd_leave(t->igd);
	t->igd = NULL;
	assert_true(waitpid(-1, NULL, 0) > 0);
	assert_int_equal(count_heard(t, "unmap tcp 54545"), 1);
	assert_int_equal(count_heard(t, "unmap udp 54545"), 1);
}

static void
t_the_child_inherits_nothing(void **state)
{
	struct test *t = *state;
	/* What we inherited ourselves, from make for one, is not ours. */
	for (int fd = 3; fd < 64; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	/* Of the environment only what the shell itself makes. */
	play(t, "[ \"${HOME-}${USER-}${LC_ALL-}${TERM-}\" ] && exit 9\n"
	    "for i in 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$i ] && exit 8; "
	    "done\necho none nobody >&0");
	setenv("LC_ALL", "C", 1);
	ask(t);
	/* 10 and above are the shell's own. */
	assert_string_equal(igd_why(t->igd), "no answer");
}

/* ---- the lines --------------------------------------------------------- */

static void
t_lines_have_one_spelling(void **state)
{
	static const char *const good[] = {
		"find 192.0.2.11 192.0.2.1",
		"find 192.0.2.11 192.0.2.1 http://192.0.2.1:5000/x.xml",
		"map tcp 54545 54545 3600", "unmap udp 54545",
		"igd http://192.0.2.1:5000/x.xml", "none elsewhere",
		"ok udp 44.128.1.10 54545 0", "gone tcp", "failed tcp -4",
		"failed udp 718"
	};
	static const char *const bad[] = {
		"map tcp 0 54545 3600", "map tcp 54545 65536 3600",
		"map tcp 54545 54545 4294967296", "map tcp 54545 54545",
		"map tcp 054545 54545 1", "map tcp 54545 54545 1 1",
		"map  tcp 54545 54545 1", "map tcp 54545 54545 1 ",
		"ok udp 2001:db8::1 54545 0", "ok udp 1.2.3 54545 0",
		"failed tcp -0", "failed tcp 10000", "failed tcp 7x",
		"igd https://192.0.2.1/", "igd http://\177", " gone tcp"
	};
	char out[UPNP_LINE], *longest;
	struct upnp_line l;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		size_t len = strlen(good[i]);

		assert_int_equal(upnp_line_read(&l, good[i], len), 0);
		assert_int_equal(upnp_line_write(out, &l), len + 1);
		assert_memory_equal(out, good[i], len);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(upnp_line_read(&l, bad[i], strlen(bad[i])),
		    -1);
	assert_int_equal(upnp_line_read(&l, "gone\0tcp", 8), -1);
	longest = mem_printf("igd http://%0*d", UPNP_URL - 8, 0);
	assert_int_equal(upnp_line_read(&l, longest, strlen(longest)), 0);
	free(longest);
	longest = mem_printf("igd http://%0*d", UPNP_URL - 7, 0);
	assert_int_equal(upnp_line_read(&l, longest, strlen(longest)), -1);
	free(longest);
}

/* ---- the sandbox ------------------------------------------------------- */

static int
try_all(void)
{
	struct rlimit r;
	char *p;

	sandbox_enter();
	p = malloc(1 << 20);
	if (!p)
		return 1;
	free(p);
	if (getrlimit(RLIMIT_CORE, &r) == 0 && r.rlim_cur != 0)
		return 2;
#if defined(HAVE_SECCOMP) || defined(HAVE_LINUX_LANDLOCK_H)
	if (fopen("/etc/passwd", "r") || fopen("/tmp/sandbox", "w"))
		return 3;
#endif
#ifdef HAVE_SECCOMP
	if (fork() != -1)
		return 4;
	execl("/bin/true", "true", (char *)NULL);
	if (errno != EPERM)
		return 5;
	/* Ports are opened by net/sock.c alone; this one must not be. */
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){ 0 }) != -1)
		return 6;
	if (kill(getppid(), 0) != -1)
		return 7;
	/* Nor is its end put off. */
	if (alarm(100) != 0 && errno != EPERM)
		return 8;
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	p = malloc(SANDBOX_DATA + 1);
	if (p)
		return 9;
#endif
	return 0;
}

static void
row_41_the_sandbox_holds(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(try_all());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
#define HANGS(fn) cmocka_unit_test_setup_teardown(fn, setup_hanging, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(t_both_ports_are_mapped_and_removed),
		CASE(t_nothing_is_mapped_that_nobody_wants),
		CASE(t_no_router_says_why),
		CASE(row_41_a_refusal_is_named),
		CASE(t_a_taken_port_is_left_for_another),
		CASE(t_ports_are_not_tried_for_ever),
		CASE(t_a_lease_without_end_is_taken_if_need_be),
		CASE(row_92_a_crash_is_said),
		HANGS(row_92_a_hanging_child_is_killed),
		HANGS(row_92_a_closed_child_is_killed),
		CASE(row_41_a_child_that_talks_too_much_is_killed),
		CASE(row_41_a_child_that_repeats_itself_is_killed),
		CASE(row_41_words_out_of_place_end_it),
		CASE(t_no_program_is_no_harm),
		CASE(t_a_drop_while_mapping_removes),
		CASE(t_a_removal_outlives_the_program),
		CASE(t_the_child_inherits_nothing),
		cmocka_unit_test(t_lines_have_one_spelling),
		cmocka_unit_test(row_41_the_sandbox_holds)
	};

	if (crypto_start(NULL) != 0)
		return 1;
	return cmocka_run_group_tests_name("igd", tests, NULL, NULL);
}
