#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "relay-options.h"

static int
limits_of(struct opts *o, struct relay_limits *r, struct queue_limits *q,
    struct err *e)
{
	int rc = relay_options_limits(o, r, q, e);

	opts_free(o);
	return rc;
}

static void
t_the_defaults_are_the_engines(void **state)
{
	struct relay_limits r, engine = relay_limits_default;
	struct queue_limits q;
	struct err e;

	(void)state;
	assert_int_equal(limits_of(relay_options_new(), &r, &q, &e), 0);
	assert_memory_equal(&r, &engine, sizeof(r));
	assert_int_equal(q.days, 30);
	assert_int_equal(q.bytes, 16 << 20);
}

static void
t_every_number_arrives_in_its_place(void **state)
{
	struct opts *o = relay_options_new();
	struct relay_limits was = relay_limits_default, r;
	struct queue_limits q, q_was;
	struct err e;
	size_t n;
	const struct opt *row = opts_table(o, &n);

	(void)state;
	assert_int_equal(relay_options_limits(o, &was, &q_was, &e), 0);
	for (; n > 0; n--, row++) {
		char value[32];

		if (row->type != OPT_INT)
			continue;
		snprintf(value, sizeof(value), "%lld",
		    (long long)row->max);
		assert_int_equal(opts_set(o, row->name, value, &e), 0);
		assert_int_equal(relay_options_limits(o, &r, &q, &e), 0);
		if (memcmp(&r, &was, sizeof(r)) == 0 &&
		    memcmp(&q, &q_was, sizeof(q)) == 0)
			fail_msg("%s changes nothing", row->name);
		was = r;
		q_was = q;
	}
	opts_free(o);
}

/* Parses words up to NULL; s->config is good until the next call. */
static int
parse(struct relay_start *s, struct err *e, const char *const *words)
{
	static char *argv[20];
	static int argc;

	while (argc > 0)
		free(argv[--argc]);
	argv[argc++] = mem_str("p2prelay");
	while (*words != NULL)
		argv[argc++] = mem_str(*words++);
	return relay_options_parse(s, argc, argv, e);
}

static void
t_the_command_line_sets_what_the_table_says(void **state)
{
	static const char *const words[] = { "-l", "7000", "--listen",
		"[::1]:7001", "--name=relay.example:443", "--set",
		"clients=7", "--token", "abc", "-c", "/some/file", NULL };
	struct relay_start s = { .opts = relay_options_new() };
	struct relay_limits r;
	struct queue_limits q;
	const char *const *listen;
	struct err e;

	(void)state;
	assert_int_equal(parse(&s, &e, words), 0);
	assert_int_equal(opts_list(s.opts, "listen", &listen), 2);
	assert_string_equal(listen[1], "[::1]:7001");
	assert_string_equal(s.config, "/some/file");
	assert_int_equal(limits_of(s.opts, &r, &q, &e), 0);
	assert_int_equal(r.clients, 7);
	assert_string_equal(r.token, "abc");
}

static void
t_wrong_values_are_usage_and_say_what_is_allowed(void **state)
{
	static const char *const wrong[][2] = {
		{ "--listen", "70000" }, { "--listen", "here" },
		{ "--http", "80" }, { "--http", "localhost:80" },
		{ "--name", "a#b" }, { "--name", "-a" },
		{ "--name", "0.0.0.0" }, { "--listen", "foo:0" },
		{ "--store", "postgres" },
		{ "--store", "nats://127.0.0.1:4222" }, { "--set", "x=1" },
		{ "--set", "clients=0" }, { "--set", "reach=all" },
		{ "--log", "loud" }, { "--config", "" }
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct relay_start s = { .opts = relay_options_new() };
		const char *const words[] = { wrong[i][0], wrong[i][1],
			NULL };
		struct err e = { 0 };

		assert_int_equal(parse(&s, &e, words), -1);
		assert_int_equal(e.status, STATUS_USAGE);
		assert_true(e.what[0] != '\0');
		assert_null(strstr(e.next, "p2ptui"));
		opts_free(s.opts);
	}
}

static int
token_from(const char *text, struct relay_limits *r, struct err *e)
{
	char path[] = "/tmp/t-token-XXXXXX", *value;
	struct opts *o = relay_options_new();
	struct queue_limits q;
	int fd = mkstemp(path), rc;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	value = mem_printf("@%s", path);
	assert_int_equal(opts_set(o, "token", value, e), 0);
	rc = limits_of(o, r, &q, e);
	unlink(path);
	free(value);
	return rc;
}

static void
t_a_token_is_read_from_its_file(void **state)
{
	struct relay_limits r;
	struct err e = { 0 };
	char longer[RELAY_TOKEN_MAX + 2];

	(void)state;
	assert_int_equal(token_from("swordfish\n", &r, &e), 0);
	assert_string_equal(r.token, "swordfish");
	/* An empty one would let everybody in. */
	assert_int_equal(token_from("\n", &r, &e), -1);
	assert_int_equal(e.status, STATUS_CONFIG);
	memset(longer, 'x', sizeof(longer));
	longer[RELAY_TOKEN_MAX + 1] = '\0';
	assert_int_equal(token_from(longer, &r, &e), -1);
	longer[RELAY_TOKEN_MAX] = '\0';
	assert_int_equal(token_from(longer, &r, &e), 0);
	assert_string_equal(r.token, longer);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_the_defaults_are_the_engines),
		cmocka_unit_test(t_every_number_arrives_in_its_place),
		cmocka_unit_test(t_the_command_line_sets_what_the_table_says),
		cmocka_unit_test(
		    t_wrong_values_are_usage_and_say_what_is_allowed),
		cmocka_unit_test(t_a_token_is_read_from_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
