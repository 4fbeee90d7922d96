#include "shortlink.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "enc.h"
#include "rand.h"

/* ISO/IEC 18004, table 5, without the blank. */
static const char qr_set[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$%*+-./:";

static void
make(struct shortlink *l, const char *host, bool has_queue)
{
	struct identity *id = identity_new();

	memset(l, 0, sizeof(*l));
	l->keys = *identity_keys(id);
	l->has_queue = has_queue;
	if (has_queue)
		rand_bytes(l->queue, sizeof(l->queue));
	snprintf(l->host, sizeof(l->host), "%s", host);
	identity_free(id);
}

static void
check_round(const char *host)
{
	struct shortlink l, got;
	struct buf text;
	char *s;

	for (int has_queue = 0; has_queue < 2; has_queue++) {
		make(&l, host, has_queue);
		buf_init(&text);
		assert_int_equal(shortlink_write(&text, &l), 0);
		s = buf_str(&text);
		assert_true(strlen(s) <= SHORTLINK_MAX);
		assert_memory_equal(s, "P2PTUI:", 7);
		assert_int_equal(strspn(s, qr_set), strlen(s));
		for (int lower = 0; lower < 2; lower++) {
			memset(&got, 0x55, sizeof(got));
			assert_int_equal(shortlink_read(&got, s), 0);
			assert_true(keys_equal(&got.keys, &l.keys));
			assert_int_equal(got.has_queue, has_queue);
			assert_memory_equal(got.queue, l.queue, QUEUE_ID_LEN);
			assert_string_equal(got.host, host);
			for (char *p = s; *p; p++)
				*p = (char)tolower((unsigned char)*p);
		}
		buf_clear(&text);
	}
}

static void
t_a_short_link_says_who_and_where(void **state)
{
	(void)state;
	check_round("");
	check_round("relay.example");
	check_round("relay.example:54546");
	check_round("192.0.2.7:443");
	check_round("[2001:db8::1]:7777");
	check_round("[::ffff:192.0.2.7]");
	check_round("localhost:1");
	check_round("xn--nxasmq6b:65535");
}

/* Spelled out from the words of the header. */
static void
t_what_the_words_say_is_what_is_written(void **state)
{
	uint8_t body[1 + 32 + 32 + 16] = { 2 };
	char want[BASE32_LEN(sizeof(body)) + 64] = "p2ptui:", *s;
	struct shortlink l;
	struct buf text;
	size_t n;

	(void)state;
	make(&l, "Relay.Example:7777", true);
	memcpy(body + 1, l.keys.ed, 32);
	memcpy(body + 33, l.keys.x, 32);
	memcpy(body + 65, l.queue, 16);
	enc_base32(want + 7, body, sizeof(body));
	n = strlen(want);
	assert_int_equal(n, 137);
	snprintf(want + n, sizeof(want) - n, "/relay.example:7777");
	for (char *p = want; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	buf_init(&text);
	assert_int_equal(shortlink_write(&text, &l), 0);
	s = buf_str(&text);
	assert_string_equal(s, want);
	buf_clear(&text);
}

static void
t_hostile_hosts_are_refused(void **state)
{
	static const char *const hosts[] = {
		"/", "a b", "a/b", "a:", "a:0", "a:01", "a:65536", "a:1x",
		"a:99999999999999999999", "-a", "a-", "a..b", ".a", "a.",
		"a_b", "a@b", "a#b", "a%41", "\x1b[2J", "caf\xc3\xa9", "[::1",
		"::1", "[]", "[:", "[::1]]", "[::1]x", "[::1]:0", "[g::1]",
		"[::1%eth0]", "a:1:2", "$(a)", "a;b", "%5b", "%5b%5d", "%5",
		"%", "a\tb", ":1",
	};
	struct shortlink l, got, kept;
	struct buf text;
	char long_host[300];

	(void)state;
	make(&l, "", true);
	memset(&got, 0x55, sizeof(got));
	kept = got;
	buf_init(&text);
	assert_int_equal(shortlink_write(&text, &l), 0);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		size_t len = text.len;

		snprintf(l.host, sizeof(l.host), "%s", hosts[i]);
		assert_int_equal(shortlink_write(&text, &l), -1);
		assert_int_equal(text.len, len);
		buf_printf(&text, "/%s", hosts[i]);
		assert_int_equal(shortlink_read(&got, buf_str(&text)), -1);
		text.len = len;
	}
	buf_printf(&text, "/");
	assert_int_equal(shortlink_read(&got, buf_str(&text)), -1);
	/* A label of 64, then a name of 299. */
	memset(l.host, 'a', 64);
	l.host[64] = '\0';
	assert_int_equal(shortlink_write(&text, &l), -1);
	l.host[63] = '\0';
	assert_int_equal(shortlink_write(&text, &l), 0);
	buf_empty(&text);
	l.host[0] = '\0';
	assert_int_equal(shortlink_write(&text, &l), 0);
	buf_printf(&text, "/");
	for (size_t i = 0; i < sizeof(long_host) - 1; i++)
		long_host[i] = i % 8 == 7 ? '.' : 'a';
	for (size_t n = 254; n < sizeof(long_host); n += 5) {
		const size_t len = text.len;

		long_host[n] = '\0';
		buf_printf(&text, "%s", long_host);
		assert_int_equal(shortlink_read(&got, buf_str(&text)), -1);
		long_host[n] = 'a';
		text.len = len;
	}
	/* Brackets as they are: no character of a QR code. */
	buf_printf(&text, "[::1]:7777");
	assert_int_equal(shortlink_read(&got, buf_str(&text)), -1);
	assert_memory_equal(&got, &kept, sizeof(got));
	buf_clear(&text);
}

static void
t_every_other_length_is_refused(void **state)
{
	struct shortlink l, got;
	struct buf text;
	char cut[SHORTLINK_MAX + 8], *s;

	(void)state;
	make(&l, "", true);
	buf_init(&text);
	assert_int_equal(shortlink_write(&text, &l), 0);
	s = buf_str(&text);
	for (size_t n = 0; n < strlen(s); n++) {
		memcpy(cut, s, n);
		cut[n] = '\0';
		assert_int_equal(shortlink_read(&got, cut), -1);
	}
	memcpy(cut, s, 138);
	cut[137] = 'A';
	cut[138] = '\0';
	assert_int_equal(shortlink_read(&got, cut), -1);
	/* Two bits of the last character are padding: one spelling. */
	memcpy(cut, s, 138);
	cut[136] = '7';
	assert_int_equal(shortlink_read(&got, cut), -1);
	assert_int_equal(shortlink_read(&got, s + 1), -1);
	assert_int_equal(shortlink_read(&got, s), 0);
	buf_clear(&text);
}

static int
read_body(const uint8_t *body, size_t len)
{
	char text[7 + BASE32_LEN(128)] = "p2ptui:";
	struct shortlink got;

	enc_base32(text + 7, body, len);
	return shortlink_read(&got, text);
}

static void
row_50_keys_of_low_order_are_no_link(void **state)
{
	uint8_t body[81] = { 2 };
	struct shortlink l;

	(void)state;
	make(&l, "", false);
	memcpy(body + 1, l.keys.ed, 32);
	memcpy(body + 33, l.keys.x, 32);
	assert_int_equal(read_body(body, 81), 0);
	memset(body + 33, 0, 32);
	assert_int_equal(read_body(body, 81), -1);
	body[33] = 1;
	assert_int_equal(read_body(body, 81), -1);
	memcpy(body + 33, l.keys.x, 32);
	memset(body + 1, 0, 32);
	assert_int_equal(read_body(body, 81), -1);
	body[1] = 1;
	assert_int_equal(read_body(body, 81), -1);
	memcpy(body + 1, l.keys.ed, 32);
	assert_int_equal(read_body(body, 81), 0);
}

static void
row_55_another_form_is_no_link(void **state)
{
	uint8_t body[81] = { 0 };
	struct shortlink l;

	(void)state;
	make(&l, "", false);
	memcpy(body + 1, l.keys.ed, 32);
	memcpy(body + 33, l.keys.x, 32);
	for (int form = 0; form < 256; form++) {
		body[0] = (uint8_t)form;
		assert_int_equal(read_body(body, 81), form == 2 ? 0 : -1);
	}
}

static int
start(void **state)
{
	(void)state;
	return crypto_start(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_a_short_link_says_who_and_where),
		cmocka_unit_test(t_what_the_words_say_is_what_is_written),
		cmocka_unit_test(t_hostile_hosts_are_refused),
		cmocka_unit_test(t_every_other_length_is_refused),
		cmocka_unit_test(row_50_keys_of_low_order_are_no_link),
		cmocka_unit_test(row_55_another_form_is_no_link),
	};

	return cmocka_run_group_tests_name("shortlink", tests, start, NULL);
}
