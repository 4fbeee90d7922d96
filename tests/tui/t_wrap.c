#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "clock.h"
#include "text.h"
#include "wrap.h"

/* The rows of s between bars: "ab|c|". */
static void
check(const char *s, int width, const char *want)
{
	struct wrap w;
	struct wrap_row row, same;
	size_t len = strlen(s), n = 0;
	struct buf got;

	buf_init(&got);
	wrap_init(&w, s, len, width);
	while (wrap_next(&w, &row)) {
		buf_printf(&got, "%.*s|", (int)row.len, s + row.at);
		assert_int_equal(text_cells(s + row.at, row.len), row.cells);
		assert_true(wrap_get(s, len, width, n++, &same));
		assert_int_equal(same.at, row.at);
		assert_int_equal(same.len, row.len);
	}
	assert_string_equal(buf_str(&got), want);
	assert_int_equal(wrap_count(s, len, width, 0), n);
	assert_int_equal(wrap_count(s, len, width, 1), 1);
	assert_false(wrap_get(s, len, width, n, &same));
	buf_clear(&got);
}

static void
t_words_fold_at_blanks(void **state)
{
	(void)state;
	check("", 10, "|");
	check("hello", 10, "hello|");
	check("hello world", 11, "hello world|");
	check("hello world", 10, "hello|world|");
	check("hello world", 5, "hello|world|");
	check("one two three four", 9, "one two|three|four|");
	check("a b c d e", 3, "a b|c d|e|");
	check("aaa bbb ccc", 7, "aaa bbb|ccc|");
}

static void
t_blanks_at_a_fold_are_swallowed(void **state)
{
	(void)state;
	check("hello     world", 5, "hello|world|");
	check("hello     world", 8, "hello|world|");
	check("hello     world", 10, "hello|world|");
	check("ab  éééé", 5, "ab|éééé|");
	check("ab    ", 3, "ab |");
	check("ab    \nx", 3, "ab |x|");
	check("ab    x", 3, "ab|x|");
	check("abc    \n\nx", 3, "abc||x|");
	/* those that begin a line are there on purpose */
	check("  - item one", 8, "  - item|one|");
	check("      x", 3, "   |x|");
	check("          ", 4, "    |");
}

static void
t_newlines_end_rows(void **state)
{
	(void)state;
	check("a\nb", 5, "a|b|");
	check("a\n", 5, "a||");
	check("\n", 5, "||");
	check("\n\na", 5, "||a|");
	check("abc\ndef", 3, "abc|def|");
	check("abcdef\nx", 3, "abc|def|x|");
}

static void
t_long_words_are_broken(void **state)
{
	(void)state;
	check("abcdefghij", 4, "abcd|efgh|ij|");
	check("see https://example.org/a/b/c x", 10,
	    "see|https://ex|ample.org/|a/b/c x|");
	check("  abcdefgh", 5, "  abc|defgh|");
	check("e\u0301e\u0301e\u0301", 2, "e\u0301e\u0301|e\u0301|");
}

static void
t_ideographs_fold_anywhere(void **state)
{
	(void)state;
	check("世界世界", 4, "世界|世界|");
	check("世界世界", 5, "世界|世界|");
	check("ab世界cd", 5, "ab世|界cd|");
	check("hi 世界", 4, "hi|世界|");
	/* what closes does not begin a row */
	check("世界。", 4, "世|界。|");
}

static void
row_66_wide_cluster_at_the_edge(void **state)
{
	(void)state;
	check("abc世", 4, "abc|世|");
	check("世", 1, "|");
	check("世a", 1, "|a|");
	check("a世b", 1, "a||b|");
	check("\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7", 3,
	    "\U0001F1E9\U0001F1EA|\U0001F1EB\U0001F1F7|");
	check("x", 0, "x|");
	check("xy", -5, "x|y|");
}

static double
milliseconds(void)
{
	struct clock c;

	clock_read(&c);
	return (double)c.mono_us / 1000.0;
}

/* Generous, for slow machines and sanitizers; quadratic time would take
 * minutes. */
enum { ENOUGH_MS = 2000 };

static void
row_67_a_megabyte_in_one_line(void **state)
{
	enum { LEN = 1 << 20 };
	char *s = malloc(LEN);
	struct wrap_row row;
	double from;
	size_t i;

	(void)state;
	assert_non_null(s);
	memset(s, 'x', LEN);
	from = milliseconds();
	assert_int_equal(wrap_count(s, LEN, 80, 0), (LEN + 79) / 80);
	assert_int_equal(wrap_count(s, LEN, 1, 0), LEN);
	assert_int_equal(wrap_count(s, LEN, 80, 50), 50);
	assert_true(wrap_get(s, LEN, 80, LEN / 80, &row));
	assert_int_equal(row.len, LEN % 80);

	memset(s, ' ', LEN);
	assert_int_equal(wrap_count(s, LEN, 80, 0), 1);
	memset(s, '\n', LEN);
	assert_int_equal(wrap_count(s, LEN, 80, 0), LEN + 1);
	/* marks without end, as only a caller's mistake lets them in */
	for (i = 0; i < LEN; i += 2)
		memcpy(s + i, "\u0301", 2);
	assert_int_equal(wrap_count(s, LEN, 80, 0), 1);
	for (i = 0; i + 3 <= LEN; i += 3)
		memcpy(s + i, "世", 3);
	assert_int_equal(wrap_count(s, i, 80, 0), (i / 3 + 39) / 40);
	assert_true(milliseconds() - from < ENOUGH_MS);
	free(s);
}

static void
check_locate(const char *s, int width, size_t at, size_t row, int col)
{
	size_t r;
	int c;

	wrap_locate(s, strlen(s), width, at, &r, &c);
	assert_int_equal(r, row);
	assert_int_equal(c, col);
}

static void
t_locate_finds_the_cursor(void **state)
{
	(void)state;
	check_locate("", 5, 0, 0, 0);
	check_locate("abc", 5, 3, 0, 3);
	check_locate("abcde", 5, 5, 0, 5);
	check_locate("abcdef", 5, 5, 1, 0);
	check_locate("abc def", 5, 3, 0, 3);	/* on the swallowed blank */
	check_locate("abc def", 5, 4, 1, 0);
	check_locate("a\nb", 5, 1, 0, 1);
	check_locate("a\nb", 5, 2, 1, 0);
	check_locate("a\n", 5, 2, 1, 0);
	check_locate("abcde    ", 5, 9, 0, 5);
	check_locate("世界", 4, 3, 0, 2);
}

static void
t_byte_is_the_inverse_of_locate(void **state)
{
	static const char s[] = "one two\nthree 世界 four\n\nfive";
	size_t at, row, n;
	int width, col, cells;

	(void)state;
	for (width = 2; width < 20; width++) {
		for (at = 0; at < sizeof s - 1; at += n) {
			n = text_cluster(s + at, sizeof s - 1 - at, &cells);
			wrap_locate(s, sizeof s - 1, width, at, &row, &col);
			/* blanks that were swallowed share a place */
			if (s[at] != ' ')
				assert_int_equal(wrap_byte(s, sizeof s - 1,
				    width, row, col), at);
		}
	}
	assert_int_equal(wrap_byte("abc", 3, 5, 0, 99), 3);
	assert_int_equal(wrap_byte("abc", 3, 5, 7, 0), 3);
	assert_int_equal(wrap_byte("世界", 6, 5, 0, 1), 0);
}

/* Nothing but blanks at folds and newlines may get lost, at any width. */
static void
t_rows_cover_the_text(void **state)
{
	static const char *const pieces[] = { "a", "word", " ", "  ", "\n",
		"世", "。", "e\u0301", "\U0001F468\u200D\U0001F469", "1\uFE0F",
		"https://example.org" };
	unsigned long seed = 1;
	int round;

	(void)state;
	for (round = 0; round < 3000; round++) {
		struct wrap w;
		struct wrap_row row;
		struct buf text;
		size_t at = 0, i;
		const char *s;
		int width;

		buf_init(&text);
		for (i = 0; i < 12; i++) {
			seed = seed * 1103515245 + 12345;
			s = pieces[(seed >> 16) % (sizeof pieces /
			    sizeof pieces[0])];
			buf_put(&text, s, strlen(s));
		}
		s = buf_str(&text);
		width = 2 + round % 17;
		wrap_init(&w, s, text.len, width);
		while (wrap_next(&w, &row)) {
			assert_int_equal(row.at, at);
			assert_true(row.next >= row.at + row.len);
			assert_in_range(row.cells, 0, width);
			assert_int_equal(row.cells,
			    text_cells(s + row.at, row.len));
			assert_int_equal(strspn(s + row.at + row.len, " \n") >=
			    row.next - row.at - row.len, true);
			at = row.next;
		}
		assert_int_equal(at, text.len);
		buf_clear(&text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_words_fold_at_blanks),
		cmocka_unit_test(t_blanks_at_a_fold_are_swallowed),
		cmocka_unit_test(t_newlines_end_rows),
		cmocka_unit_test(t_long_words_are_broken),
		cmocka_unit_test(t_ideographs_fold_anywhere),
		cmocka_unit_test(row_66_wide_cluster_at_the_edge),
		cmocka_unit_test(row_67_a_megabyte_in_one_line),
		cmocka_unit_test(t_locate_finds_the_cursor),
		cmocka_unit_test(t_byte_is_the_inverse_of_locate),
		cmocka_unit_test(t_rows_cover_the_text),
	};

	return cmocka_run_group_tests_name("wrap", tests, NULL, NULL);
}
