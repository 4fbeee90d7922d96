/* Names, asked of a name server in this very process that answers as its
 * first label says. */
#include "resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sock.h"

enum { A = 1, AAAA = 28, SLOW_MS = 60000 };

struct test {
	struct loop *loop;
	int fd;
	struct watch *watch;
	struct resolver *resolver;
	int n_asked;
	/* the answers */
	struct addr list[2][RESOLVE_MAX];
	size_t n[2];
	char why[2][120];
	int n_told;
	enum addr_family first;
	int64_t worst_turn_us;
	struct lookup *cancel;		/* in the first answer */
};

/* ---- the server -------------------------------------------------------- */

struct reply {
	uint8_t p[60000];
	size_t len;
};

static void
add(struct reply *r, const void *p, size_t len)
{
	memcpy(r->p + r->len, p, len);
	r->len += len;
}

static void
add_answer(struct reply *r, int type, const char *ip)
{
	const uint8_t head[] = {
		0xc0, 12, 0, (uint8_t)type, 0, 1, 0, 0, 0, 60, 0,
		type == A ? 4 : 16
	};
	struct addr a = { .port = 0 };

	addr_parse_ip(&a, ip);
	/* Mapped ones were made IPv4 by the parser. */
	if (type == AAAA && a.family == ADDR_V4) {
		memmove(a.ip + 12, a.ip, 4);
		memset(a.ip, 0, 10);
		a.ip[10] = a.ip[11] = 0xff;
	}
	add(r, head, sizeof(head));
	add(r, a.ip, type == A ? 4 : 16);
	r->p[7]++;
}

static bool
is(const uint8_t *label, const char *name)
{
	return label[0] == strlen(name) &&
	    memcmp(label + 1, name, label[0]) == 0;
}

/* False: say nothing. */
static bool
make_reply(struct reply *r, const uint8_t *label, int type)
{
	static const char *const both[2][2] = {
		{ "192.0.2.1", "192.0.2.2" },
		{ "2001:db8::1", "2001:db8::2" }
	};

	if (is(label, "silent"))
		return false;
	if (is(label, "zero")) {
		r->len = 0;
	} else if (is(label, "garbage")) {
		memset(r->p + 2, 0xa5, 500);
		r->len = 502;
	} else if (is(label, "cut")) {
		add_answer(r, type, "192.0.2.1");
		r->len -= 3;
	} else if (is(label, "circle")) {
		add_answer(r, type, "192.0.2.1");
		r->p[r->len - (type == A ? 16 : 28) + 1] =
		    (uint8_t)(r->len - (type == A ? 16 : 28));
	} else if (is(label, "huge")) {
		for (int i = 0; i < 255; i++)
			add_answer(r, type, both[type == AAAA][0]);
		r->len = sizeof(r->p);
	} else if (is(label, "many")) {
		/* As many as fit into the 512 bytes of RFC 1035. */
		for (int i = 0; i < (type == A ? 29 : 17); i++)
			add_answer(r, type, both[type == AAAA][0]);
	} else if (is(label, "nx")) {
		r->p[3] |= 3;
	} else if (is(label, "fails")) {
		r->p[3] |= 2;
	} else if (is(label, "only4") && type == AAAA) {
		/* no answer in it */
	} else if (is(label, "self")) {
		add_answer(r, type, type == A ? "127.0.0.1" : "::1");
	} else if (is(label, "nobody")) {
		add_answer(r, type, type == A ? "0.0.0.0" : "::");
	} else if (is(label, "group")) {
		add_answer(r, type, type == A ? "224.0.0.1" : "ff02::1");
		add_answer(r, type, both[type == AAAA][0]);
	} else if (is(label, "mapped")) {
		add_answer(r, type, type == A ? "192.0.2.9" :
		    "::ffff:127.0.0.1");
	} else {
		add_answer(r, type, both[type == AAAA][0]);
		add_answer(r, type, both[type == AAAA][1]);
	}
	return true;
}

static void
on_question(void *arg, unsigned events)
{
	struct test *t = arg;
	uint8_t q[512];
	struct addr from;
	static struct reply r;
	ssize_t n = sock_receive(t->fd, q, sizeof(q), &from);
	size_t end = 12;

	(void)events;
	if (n < 17)
		return;
	t->n_asked++;
	while (q[end])
		end += q[end] + 1u;
	end += 5;
	memset(&r, 0, sizeof(r));
	add(&r, q, end);
	memset(r.p + 6, 0, 6);
	r.p[2] |= 0x80;			/* a response */
	if (make_reply(&r, q + 12, q[end - 3]))
		assert_true(sock_send_to(t->fd, &from, r.p, r.len));
}

/* ---- the asker --------------------------------------------------------- */

static void
on_answer(void *arg, enum addr_family family, const struct addr *list,
    size_t n, const char *why)
{
	struct test *t = arg;
	int f = family == ADDR_V6;

	if (t->n_told++ == 0)
		t->first = family;
	t->n[f] = n;
	memcpy(t->list[f], list, n * sizeof(*list));
	snprintf(t->why[f], sizeof(t->why[f]), "%s", why);
	if (t->cancel) {
		lookup_cancel(t->cancel);
		t->cancel = NULL;
	}
}

static int
setup(void **state)
{
	struct test *t = mem_new(sizeof(*t));
	struct addr a = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 } };
	char server[ADDR_TEXT];

	t->loop = loop_new(NULL);
	t->fd = sock_udp(&a, false, NULL);
	t->watch = loop_watch(t->loop, t->fd, on_question, t, NULL);
	sock_local(t->fd, &a);
	addr_format(&a, server);
	t->resolver = resolver_new(t->loop, server);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct test *t = *state;

	resolver_free(t->resolver);
	loop_turn(t->loop, 0);
	watch_free(t->watch);
	close(t->fd);
	loop_free(t->loop);
	free(t);
	return 0;
}

static void
wait_for(struct test *t, int n, int64_t ms)
{
	struct clock from, now;

	clock_read(&from);
	do {
		struct clock before;

		loop_turn(t->loop, 50);
		before = *loop_clock(t->loop);
		clock_read(&now);
		/* From the end of the wait to the end of the turn. */
		if (now.mono_us - before.mono_us > t->worst_turn_us)
			t->worst_turn_us = now.mono_us - before.mono_us;
	} while (t->n_told < n &&
	    now.mono_us - from.mono_us < ms * 1000);
	assert_int_equal(t->n_told, n);
}

static void
ask(struct test *t, const char *host, int64_t ms)
{
	t->n_told = 0;
	t->n[0] = t->n[1] = 9999;
	assert_non_null(resolver_ask(t->resolver, host, on_answer, t));
	assert_int_equal(t->n_told, 0);	/* never from inside the call */
	wait_for(t, 2, ms);
}

static void
expect(const struct test *t, int f, size_t i, const char *ip)
{
	char text[ADDR_TEXT];

	assert_true(i < t->n[f]);
	addr_format_ip(&t->list[f][i], text);
	assert_string_equal(text, ip);
}

static void
t_both_families_are_asked(void **state)
{
	struct test *t = *state;

	ask(t, "good.test", SLOW_MS);
	assert_int_equal(t->n[0], 2);
	assert_int_equal(t->n[1], 2);
	expect(t, 0, 0, "192.0.2.1");
	expect(t, 1, 1, "2001:db8::2");
	ask(t, "only4.test", SLOW_MS);
	assert_int_equal(t->n[0], 2);
	assert_int_equal(t->n[1], 0);
	assert_true(t->why[1][0] != '\0');
}

static void
t_numbers_and_localhost_ask_nobody(void **state)
{
	struct test *t = *state;

	ask(t, "192.0.2.7", SLOW_MS);
	assert_int_equal(t->n[0], 1);
	assert_int_equal(t->n[1], 0);
	expect(t, 0, 0, "192.0.2.7");
	ask(t, "2001:db8::7", SLOW_MS);
	assert_int_equal(t->n[0], 0);
	expect(t, 1, 0, "2001:db8::7");
	ask(t, "127.0.0.1", SLOW_MS);
	expect(t, 0, 0, "127.0.0.1");
	ask(t, "localhost", SLOW_MS);
	expect(t, 0, 0, "127.0.0.1");
	expect(t, 1, 0, "::1");
	ask(t, "LocalHost.", SLOW_MS);
	expect(t, 0, 0, "127.0.0.1");
	ask(t, "some.localhost", SLOW_MS);
	expect(t, 0, 0, "127.0.0.1");
	assert_int_equal(t->n_asked, 0);
}

static void
row_40_answers_that_are_nobodys_address_are_dropped(void **state)
{
	struct test *t = *state;

	ask(t, "0.0.0.0", SLOW_MS);
	assert_int_equal(t->n[0] + t->n[1], 0);
	ask(t, "ff02::1", SLOW_MS);
	assert_int_equal(t->n[0] + t->n[1], 0);
	ask(t, "self.test", SLOW_MS);
	assert_int_equal(t->n[0] + t->n[1], 0);
	assert_non_null(strstr(t->why[0], "cannot be a peer's"));
	ask(t, "nobody.test", SLOW_MS);
	assert_int_equal(t->n[0] + t->n[1], 0);
	ask(t, "group.test", SLOW_MS);
	assert_int_equal(t->n[0], 1);
	expect(t, 0, 0, "192.0.2.1");
	expect(t, 1, 0, "2001:db8::1");
	ask(t, "mapped.test", SLOW_MS);
	expect(t, 0, 0, "192.0.2.9");
	assert_int_equal(t->n[1], 0);
}

static void
row_39_no_such_name(void **state)
{
	struct test *t = *state;

	ask(t, "nx.test", SLOW_MS);
	assert_int_equal(t->n[0] + t->n[1], 0);
	assert_string_equal(t->why[0], "no such name");
	ask(t, "fails.test", SLOW_MS);
	assert_int_equal(t->n[0] + t->n[1], 0);
	ask(t, "..", SLOW_MS);
	assert_int_equal(t->n[0] + t->n[1], 0);
	ask(t, "a..b", SLOW_MS);
	assert_int_equal(t->n[0] + t->n[1], 0);
}

/* All at once: each may take its 6 s, and no turn may be long. */
static void
row_39_bad_servers_never_block_a_turn(void **state)
{
	static const char *const bad[] = {
		"silent.test", "zero.test", "garbage.test", "cut.test",
		"circle.test"
	};
	struct test *t = *state;
	int n = 2 * (int)(sizeof(bad) / sizeof(*bad));

	for (int i = 0; i < n / 2; i++)
		resolver_ask(t->resolver, bad[i], on_answer, t);
	wait_for(t, n, SLOW_MS);
	assert_int_equal(t->n[0] + t->n[1], 0);
	/* One who waited for a server would wait for two seconds. */
	assert_true(t->worst_turn_us < 1500000);
}

static void
row_39_huge_answers_are_cut(void **state)
{
	struct test *t = *state;

	ask(t, "many.test", SLOW_MS);
	assert_int_equal(t->n[0], RESOLVE_MAX);
	assert_int_equal(t->n[1], RESOLVE_MAX);
	ask(t, "huge.test", SLOW_MS);
	assert_in_range(t->n[0], 0, RESOLVE_MAX);
	ask(t, "good.test", SLOW_MS);
	assert_int_equal(t->n[0], 2);
}

static void
t_cancelled_lookups_say_nothing(void **state)
{
	struct test *t = *state;
	struct lookup *k;

	k = resolver_ask(t->resolver, "good.test", on_answer, t);
	lookup_cancel(k);
	k = resolver_ask(t->resolver, "localhost", on_answer, t);
	lookup_cancel(k);
	lookup_cancel(NULL);
	for (int i = 0; i < 20; i++)
		loop_turn(t->loop, 10);
	assert_int_equal(t->n_told, 0);
	/* From inside its own answer. */
	t->cancel = resolver_ask(t->resolver, "good.test", on_answer, t);
	wait_for(t, 1, SLOW_MS);
	for (int i = 0; i < 20; i++)
		loop_turn(t->loop, 10);
	assert_int_equal(t->n_told, 1);
}

/* Freed with questions open, and with answers on their way. */
static void
t_freeing_a_busy_resolver_is_safe(void **state)
{
	struct test *t = *state;

	resolver_ask(t->resolver, "silent.test", on_answer, t);
	resolver_ask(t->resolver, "good.test", on_answer, t);
	resolver_ask(t->resolver, "localhost", on_answer, t);
	loop_turn(t->loop, 0);
	resolver_ask(t->resolver, "127.0.0.1", on_answer, t);
}

static void
t_renewed_while_idle_and_while_busy(void **state)
{
	struct test *t = *state;

	ask(t, "good.test", SLOW_MS);
	resolver_renew(t->resolver);
	ask(t, "good.test", SLOW_MS);
	assert_int_equal(t->n[0], 2);
	resolver_ask(t->resolver, "good.test", on_answer, t);
	resolver_renew(t->resolver);
	t->n_told = 0;
	resolver_ask(t->resolver, "only4.test", on_answer, t);
	wait_for(t, 4, SLOW_MS);
	ask(t, "good.test", SLOW_MS);
	assert_int_equal(t->n[1], 2);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(t_both_families_are_asked),
		T(t_numbers_and_localhost_ask_nobody),
		T(row_40_answers_that_are_nobodys_address_are_dropped),
		T(row_39_no_such_name),
		T(row_39_bad_servers_never_block_a_turn),
		T(row_39_huge_answers_are_cut),
		T(t_cancelled_lookups_say_nothing),
		T(t_freeing_a_busy_resolver_is_safe),
		T(t_renewed_while_idle_and_while_busy)
	};

	return cmocka_run_group_tests_name("resolve", tests, NULL, NULL);
}
