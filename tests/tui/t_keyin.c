#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keyin.h"

/* What came, as one text: keys by name, "paste(LEN:TEXT)", "focus+". */
static struct buf seen;

static void
on_key(void *arg, struct key k)
{
	char name[KEYNAME_LEN];

	(void)arg;
	keyname_print(k, name);
	buf_printf(&seen, "%s ", name);
}

static void
on_paste(void *arg, const void *text, size_t len)
{
	(void)arg;
	buf_printf(&seen, "paste(%zu:", len);
	if (text)
		buf_put(&seen, text, len);
	buf_printf(&seen, ") ");
}

static void
on_focus(void *arg, bool has_it)
{
	(void)arg;
	buf_printf(&seen, "focus%c ", has_it ? '+' : '-');
}

static const struct keyin_events events = {
	.on_key = on_key, .on_paste = on_paste, .on_focus = on_focus
};

static const struct keyin_row rows[] = {
	{ "\033[19X", { K_HOME, 0 } },
};

static int
setup(void **state)
{
	buf_init(&seen);
	*state = keyin_new(&events, rows, 1);
	return 0;
}

static int
teardown(void **state)
{
	keyin_free(*state);
	buf_clear(&seen);
	return 0;
}

/* In one piece and byte by byte: the same. */
static void
check_n(struct keyin *k, const char *bytes, size_t len, const char *want)
{
	buf_empty(&seen);
	keyin_feed(k, bytes, len);
	keyin_rest(k);
	assert_string_equal(buf_str(&seen), want);
	assert_false(keyin_is_waiting(k));
	buf_empty(&seen);
	for (size_t i = 0; i < len; i++)
		keyin_feed(k, bytes + i, 1);
	keyin_rest(k);
	assert_string_equal(buf_str(&seen), want);
}

static void
check(struct keyin *k, const char *bytes, const char *want)
{
	check_n(k, bytes, strlen(bytes), want);
}

static void
t_plain_keys(void **state)
{
	check(*state, "aB\xc3\xa9", "a B \xc3\xa9 ");
	check(*state, "\r\t\001\177", "Enter Tab C-a Backspace ");
	check(*state, "\033", "Esc ");
	check(*state, "\033a", "M-a ");
	check(*state, "\033\r", "M-Enter ");
	check(*state, "\033[", "M-[ ");
	check(*state, "\033\033", "M-Esc ");
}

static void
t_sequences_of_many_terminals(void **state)
{
	check(*state, "\033[A\033OB", "Up Down ");
	check(*state, "\033[1;5D\033[1;3C", "C-Left M-Right ");
	check(*state, "\033OP\033[11~\033[[A\033[24~", "F1 F1 F1 F12 ");
	check(*state, "\033[5~\033[6;3~\033[3~", "PgUp M-PgDn Delete ");
	check(*state, "\033[Z\033[7~\033[8^", "S-Tab Home C-End ");
	check(*state, "\033[1;3F\033\033[F", "M-End M-End ");
	check(*state, "\033[19X", "Home ");
	check(*state, "\033[I\033[O", "focus+ focus- ");
}

static void
t_unknown_sequences_are_swallowed(void **state)
{
	check(*state, "\033[?1;2c", "");
	check(*state, "\033[99;99;99R", "");
	check(*state, "\033[12345678901234567890123456789012345678901234x" "a",
	    "a ");
	check(*state, "\033[12", "");
}

static void
row_61_broken_utf8_from_the_keyboard(void **state)
{
	check(*state, "\xff" "a", "\xef\xbf\xbd a ");
	check(*state, "\xc3" "a", "\xef\xbf\xbd a ");
	check(*state, "\xe2\x82", "\xef\xbf\xbd ");
}

static void
t_paste_is_data(void **state)
{
	check(*state, "\033[200~a\r/quit\r\033[Ab\033[201~",
	    "paste(12:a\r/quit\r\033[Ab) ");
	check(*state, "\033[200~\033[201~", "paste(0:) ");
	check(*state, "\033[200~x\033[20y\033\033[201~",
	    "paste(7:x\033[20y\033) ");
}

static void
row_70_end_marker_inside_the_paste(void **state)
{
	check(*state, "\033[200~one\033[201~/quit\r\033[201~",
	    "paste(9:one/quit\r) ");
}

static void
row_70_ten_megabytes(void **state)
{
	struct keyin *k = *state;
	static char bytes[1024 * 1024];

	memset(bytes, 'x', sizeof(bytes));
	keyin_feed(k, "\033[200~", 6);
	for (int i = 0; i < 10; i++)
		keyin_feed(k, bytes, sizeof(bytes));
	keyin_feed(k, "\033[201~", 6);
	keyin_rest(k);
	assert_string_equal(buf_str(&seen), "paste(10485760:) ");
	check(k, "a", "a ");
}

static void
t_limit_of_a_paste_is_exact(void **state)
{
	struct keyin *k = *state;
	struct buf b;

	for (size_t more = 0; more < 2; more++) {
		buf_init(&b);
		buf_put(&b, "\033[200~", 6);
		for (size_t i = 0; i < KEYIN_PASTE_MAX + more; i++)
			buf_u8(&b, 'x');
		buf_put(&b, "\033[201~", 6);
		buf_empty(&seen);
		keyin_feed(k, b.at, b.len);
		keyin_rest(k);
		assert_int_equal(seen.len > KEYIN_PASTE_MAX, more == 0);
		buf_clear(&b);
	}
}

static void
t_paste_without_an_end_can_be_given_up(void **state)
{
	struct keyin *k = *state;

	keyin_feed(k, "\033[200~abc", 9);
	assert_true(keyin_is_pasting(k));
	keyin_rest(k);
	assert_true(keyin_is_pasting(k));
	keyin_give_up(k);
	assert_string_equal(buf_str(&seen), "paste(3:abc) ");
	assert_false(keyin_is_pasting(k));
}

/* Whatever comes, no byte is read past its end and nothing hangs. */
static void
t_noise(void **state)
{
	struct keyin *k = *state;
	static const char alphabet[] = "\033[O~;<?0129AZ\xc3\xe2\xf0\x80\x01 x";
	uint32_t r = 12345;

	for (int i = 0; i < 200000; i++) {
		r = r * 1103515245 + 12345;
		keyin_feed(k, &alphabet[(r >> 16) % (sizeof(alphabet) - 1)],
		    1);
		if (r >> 28 == 0)
			keyin_rest(k);
		buf_empty(&seen);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(t_plain_keys, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(t_sequences_of_many_terminals,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    t_unknown_sequences_are_swallowed, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    row_61_broken_utf8_from_the_keyboard, setup, teardown),
		cmocka_unit_test_setup_teardown(t_paste_is_data, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    row_70_end_marker_inside_the_paste, setup, teardown),
		cmocka_unit_test_setup_teardown(row_70_ten_megabytes, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(t_limit_of_a_paste_is_exact,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    t_paste_without_an_end_can_be_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(t_noise, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
