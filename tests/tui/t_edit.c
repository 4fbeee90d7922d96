#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "edit.h"
#include "text.h"

static int
fresh(void **state)
{
	*state = edit_new();
	return 0;
}

static int
gone(void **state)
{
	edit_free(*state);
	return 0;
}

/* "ab|c": the text with the cursor in it. */
static void
put(struct edit *e, const char *s)
{
	const char *bar = strchr(s, '|');
	size_t at = (size_t)(bar - s);
	struct buf text;

	buf_init(&text);
	buf_put(&text, s, at);
	buf_put(&text, bar + 1, strlen(bar + 1));
	assert_int_equal(edit_set(e, buf_str(&text), text.len, at, NULL), 0);
	buf_clear(&text);
}

static void
check(const struct edit *e, const char *want)
{
	size_t at = edit_cursor(e);
	struct buf got;

	buf_init(&got);
	buf_printf(&got, "%.*s|%s", (int)at, edit_text(e, NULL),
	    edit_text(e, NULL) + at);
	assert_string_equal(buf_str(&got), want);
	buf_clear(&got);
}

static void
op(struct edit *e, const char *before, enum edit_op what, const char *after)
{
	uint64_t version;
	bool did;

	put(e, before);
	version = edit_version(e);
	did = edit_do(e, what);
	check(e, after);
	assert_int_equal(did, strcmp(before, after) != 0);
	assert_int_equal(edit_version(e) != version, did);
}

static void
type(struct edit *e, const char *s)
{
	size_t len = strlen(s), at = 0;
	int32_t cp;

	while (at < len) {
		at += text_decode(s + at, len - at, &cp);
		assert_int_equal(edit_type(e, cp, NULL), 0);
	}
}

static void
submit(struct edit *e, const char *want)
{
	struct buf out;

	buf_init(&out);
	edit_submit(e, &out);
	assert_string_equal(buf_str(&out), want);
	check(e, "|");
	buf_clear(&out);
}

static void
t_moves_by_clusters(void **state)
{
	struct edit *e = *state;

	op(e, "ab|c", EDIT_LEFT, "a|bc");
	op(e, "|abc", EDIT_LEFT, "|abc");
	op(e, "a|bc", EDIT_RIGHT, "ab|c");
	op(e, "abc|", EDIT_RIGHT, "abc|");
	op(e, "ae\u0301|", EDIT_LEFT, "a|e\u0301");
	op(e, "|\U0001F468\u200D\U0001F469x", EDIT_RIGHT,
	    "\U0001F468\u200D\U0001F469|x");
	op(e, "\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7|", EDIT_LEFT,
	    "\U0001F1E9\U0001F1EA|\U0001F1EB\U0001F1F7");
	op(e, "a\nb|", EDIT_LEFT, "a\n|b");
}

static void
t_moves_by_words(void **state)
{
	struct edit *e = *state;

	op(e, "|one two", EDIT_WORD_RIGHT, "one| two");
	op(e, "one| two", EDIT_WORD_RIGHT, "one two|");
	op(e, "one two|", EDIT_WORD_LEFT, "one |two");
	op(e, "one, -- |two", EDIT_WORD_LEFT, "|one, -- two");
	op(e, "|Grüße, Welt", EDIT_WORD_RIGHT, "Grüße|, Welt");
	op(e, "a.b|", EDIT_WORD_LEFT, "a.|b");
	op(e, "  |", EDIT_WORD_RIGHT, "  |");
}

static void
t_home_and_end_know_lines(void **state)
{
	struct edit *e = *state;

	op(e, "one\ntw|o\nthree", EDIT_HOME, "one\n|two\nthree");
	op(e, "one\n|two\nthree", EDIT_HOME, "|one\ntwo\nthree");
	op(e, "one\nt|wo\nthree", EDIT_END, "one\ntwo|\nthree");
	op(e, "one\ntwo|\nthree", EDIT_END, "one\ntwo\nthree|");
}

static void
t_up_and_down_keep_the_column(void **state)
{
	struct edit *e = *state;

	put(e, "long line\nab\nworld|wide");
	assert_true(edit_do(e, EDIT_UP));
	check(e, "long line\nab|\nworldwide");
	assert_true(edit_do(e, EDIT_UP));
	check(e, "long |line\nab\nworldwide");
	assert_false(edit_do(e, EDIT_UP));
	assert_true(edit_do(e, EDIT_DOWN));
	assert_true(edit_do(e, EDIT_DOWN));
	check(e, "long line\nab\nworld|wide");
}

static void
t_erases_and_deletes_clusters(void **state)
{
	struct edit *e = *state;

	op(e, "ab|c", EDIT_ERASE, "a|c");
	op(e, "|abc", EDIT_ERASE, "|abc");
	op(e, "xe\u0301|y", EDIT_ERASE, "x|y");
	op(e, "a|bc", EDIT_DELETE, "a|c");
	op(e, "abc|", EDIT_DELETE, "abc|");
	op(e, "a|\U0001F44D\U0001F3FDb", EDIT_DELETE, "a|b");
}

static void
t_kills_as_readline(void **state)
{
	struct edit *e = *state;

	op(e, "one |two three", EDIT_KILL_WORD, "one | three");
	op(e, "one two-x|", EDIT_KILL_WORD_BACK, "one two-|");
	op(e, "one two-x|", EDIT_KILL_BLANK_BACK, "one |");
	op(e, "one  |", EDIT_KILL_BLANK_BACK, "|");
	op(e, "a\none t|wo", EDIT_KILL_START, "a\n|wo");
	op(e, "on|e\ntwo", EDIT_KILL_END, "on|\ntwo");
	op(e, "on|\ntwo", EDIT_KILL_END, "on|two");
	op(e, "on|", EDIT_KILL_END, "on|");
}

static void
t_yank_brings_back_and_pop_goes_further(void **state)
{
	struct edit *e = *state;

	put(e, "|");
	assert_false(edit_do(e, EDIT_YANK));
	put(e, "one two|");
	edit_do(e, EDIT_KILL_WORD_BACK);
	edit_do(e, EDIT_LEFT);
	edit_do(e, EDIT_KILL_START);		/* "two", "one" */
	check(e, "| ");
	edit_do(e, EDIT_YANK);
	check(e, "one| ");
	assert_true(edit_do(e, EDIT_YANK_POP));
	check(e, "two| ");
	assert_true(edit_do(e, EDIT_YANK_POP));
	check(e, "one| ");
	edit_do(e, EDIT_RIGHT);
	assert_false(edit_do(e, EDIT_YANK_POP));
}

static void
t_kills_in_a_row_are_one(void **state)
{
	struct edit *e = *state;

	put(e, "one two three|");
	edit_do(e, EDIT_KILL_WORD_BACK);
	edit_do(e, EDIT_KILL_WORD_BACK);
	check(e, "one |");
	edit_do(e, EDIT_YANK);
	check(e, "one two three|");

	put(e, "|one two three");
	edit_do(e, EDIT_KILL_WORD);
	edit_do(e, EDIT_KILL_WORD);
	edit_do(e, EDIT_YANK);
	check(e, "one two| three");
}

static void
t_transpose_as_readline(void **state)
{
	struct edit *e = *state;

	op(e, "ab|", EDIT_TRANSPOSE, "ba|");
	op(e, "a|bc", EDIT_TRANSPOSE, "ba|c");
	op(e, "|ab", EDIT_TRANSPOSE, "|ab");
	op(e, "a|", EDIT_TRANSPOSE, "a|");
	op(e, "|", EDIT_TRANSPOSE, "|");
	op(e, "世e\u0301|", EDIT_TRANSPOSE, "e\u0301世|");
}

static void
t_undo_goes_word_by_word(void **state)
{
	struct edit *e = *state;

	type(e, "one two");
	assert_true(edit_do(e, EDIT_UNDO));
	check(e, "one |");
	assert_true(edit_do(e, EDIT_UNDO));
	check(e, "|");
	assert_false(edit_do(e, EDIT_UNDO));

	type(e, "hello");
	edit_do(e, EDIT_ERASE);
	edit_do(e, EDIT_ERASE);
	check(e, "hel|");
	edit_do(e, EDIT_UNDO);
	check(e, "hello|");
	edit_do(e, EDIT_KILL_START);
	edit_do(e, EDIT_YANK);
	edit_clear(e);
	edit_do(e, EDIT_UNDO);
	check(e, "hello|");
	edit_do(e, EDIT_UNDO);
	check(e, "|");
	edit_do(e, EDIT_UNDO);
	check(e, "hello|");

	/* moving parts what was typed */
	put(e, "|");
	type(e, "ad");
	edit_do(e, EDIT_LEFT);
	type(e, "bc");
	edit_do(e, EDIT_UNDO);
	check(e, "a|d");
	edit_do(e, EDIT_RIGHT);
	type(e, "e");
	edit_do(e, EDIT_LEFT);
	edit_do(e, EDIT_RIGHT);
	type(e, "f");
	edit_do(e, EDIT_UNDO);
	check(e, "ade|");

	/* a cut is a step of its own */
	put(e, "one two|");
	edit_do(e, EDIT_KILL_WORD_BACK);
	edit_do(e, EDIT_ERASE);
	edit_do(e, EDIT_UNDO);
	check(e, "one |");
}

static void
t_undo_takes_everything_back(void **state)
{
	struct edit *e = *state;
	unsigned seed = 7;
	int i, n;

	put(e, "start|");
	for (i = 0; i < 100; i++) {
		seed = seed * 1103515245 + 12345;
		switch (seed >> 16 & 7) {
		case 0:
			edit_do(e, EDIT_LEFT);
			break;
		case 1:
			edit_do(e, EDIT_ERASE);
			break;
		case 2:
			edit_do(e, EDIT_TRANSPOSE);
			break;
		case 3:
			edit_do(e, EDIT_KILL_WORD_BACK);
			break;
		case 4:
			edit_do(e, EDIT_YANK);
			break;
		case 5:
			edit_paste(e, "pas te\n", 7, NULL);
			break;
		default:
			type(e, "x \u0301");
			break;
		}
	}
	for (n = 0; edit_do(e, EDIT_UNDO); n++)
		;
	assert_in_range(n, 10, 300);
	assert_string_equal(edit_text(e, NULL), "start");
}

static void
t_history_keeps_the_unfinished_line(void **state)
{
	struct edit *e = *state;

	type(e, "first");
	submit(e, "first");
	type(e, "second");
	submit(e, "second");
	type(e, "second");
	submit(e, "second");		/* the same again: kept once */
	type(e, "  ");
	submit(e, "  ");		/* blank: not kept */
	type(e, "unfin");
	edit_do(e, EDIT_UP);
	check(e, "second|");
	edit_do(e, EDIT_UP);
	check(e, "first|");
	assert_false(edit_do(e, EDIT_UP));
	edit_do(e, EDIT_DOWN);
	check(e, "second|");
	edit_do(e, EDIT_DOWN);
	check(e, "unfin|");
	assert_false(edit_do(e, EDIT_DOWN));
}

static void
t_history_is_bounded(void **state)
{
	struct edit *e = *state;
	char line[32];
	int i;

	for (i = 0; i < EDIT_HISTORY + 20; i++) {
		snprintf(line, sizeof line, "line %d", i);
		edit_remember(e, line, strlen(line));
	}
	for (i = 0; edit_do(e, EDIT_UP); i++)
		;
	assert_int_equal(i, EDIT_HISTORY);
	check(e, "line 20|");
}

static void
row_62_pasted_escapes_are_data(void **state)
{
	static const char s[] = "\x1B[31mred\x1B[201~\r\n/quit\r\n\x07";
	struct edit *e = *state;

	assert_int_equal(edit_paste(e, s, sizeof s - 1, NULL), 0);
	check(e, "\uFFFD[31mred\uFFFD[201~\n/quit\n\uFFFD|");
}

static void
row_54_and_70_too_much_is_refused(void **state)
{
	struct edit *e = *state;
	struct err err;
	size_t huge = 10 * 1024 * 1024, len;
	char *s = malloc(huge);

	assert_non_null(s);
	memset(s, 'x', huge);
	type(e, "ab");
	assert_int_equal(edit_paste(e, s, huge, &err), -1);
	assert_non_null(strstr(err.what, "65536"));
	check(e, "ab|");
	assert_int_equal(edit_paste(e, s, EDIT_MAX - 1, &err), -1);
	assert_int_equal(edit_paste(e, s, EDIT_MAX - 2, &err), 0);
	edit_text(e, &len);
	assert_int_equal(len, EDIT_MAX);
	assert_int_equal(edit_type(e, 'y', &err), -1);
	assert_false(edit_do(e, EDIT_NEWLINE));
	assert_int_equal(edit_replace(e, 0, 1, "xy", 2, &err), -1);
	assert_int_equal(edit_set(e, s, EDIT_MAX + 1, 0, &err), -1);
	edit_do(e, EDIT_KILL_START);
	edit_do(e, EDIT_YANK);
	assert_false(edit_do(e, EDIT_YANK));
	edit_text(e, &len);
	assert_int_equal(len, EDIT_MAX);
	free(s);
}

static void
t_input_methods_send_emoji_in_pieces(void **state)
{
	struct edit *e = *state;

	type(e, "\U0001F468\u200D\U0001F469\u2764\uFE0Fe\u0301");
	check(e, "\U0001F468\u200D\U0001F469\u2764\uFE0Fe\u0301|");
	edit_do(e, EDIT_ERASE);
	edit_do(e, EDIT_ERASE);
	check(e, "\U0001F468\u200D\U0001F469|");
	/* what never came is not said */
	type(e, "\u200D\u200D");
	submit(e, "\U0001F468\u200D\U0001F469\uFFFD\uFFFD");
	type(e, "\u0301a\u202E\x1B");
	check(e, "\uFFFDa\uFFFD\uFFFD|");
}

static void
t_cursor_never_stands_in_a_cluster(void **state)
{
	struct edit *e = *state;
	static const char s[] = "e\u0301\U0001F468\u200D\U0001F469";

	edit_set(e, s, sizeof s - 1, 1, NULL);
	assert_int_equal(edit_cursor(e), 0);
	edit_set(e, s, sizeof s - 1, 7, NULL);
	assert_int_equal(edit_cursor(e), 3);
	edit_set(e, s, sizeof s - 1, SIZE_MAX, NULL);
	assert_int_equal(edit_cursor(e), sizeof s - 1);
	edit_move(e, 4);
	assert_int_equal(edit_cursor(e), 3);
	edit_move(e, 999);
	assert_int_equal(edit_cursor(e), sizeof s - 1);
	/* erasing what parted two halves of a flag joins them */
	put(e, "\U0001F1E9x|\U0001F1EA");
	edit_do(e, EDIT_ERASE);
	check(e, "\U0001F1E9\U0001F1EA|");
}

static void
t_replace_completes(void **state)
{
	struct edit *e = *state;

	put(e, "/msg Bo| hi");
	assert_int_equal(edit_replace(e, 5, 7, "\"Bob M\"", 7, NULL), 0);
	check(e, "/msg \"Bob M\"| hi");
	edit_do(e, EDIT_UNDO);
	check(e, "/msg Bo| hi");
	assert_int_equal(edit_replace(e, 0, 10, "", 0, NULL), 0);
	check(e, "|");
}

static void
t_newline_makes_lines(void **state)
{
	struct edit *e = *state;

	op(e, "a|b", EDIT_NEWLINE, "a\n|b");
	submit(e, "a\nb");
}

/* Any keys in any order: the text stays clean, the cursor on a boundary. */
static void
t_no_keys_break_it(void **state)
{
	static const int32_t typed[] = { 'a', ' ', '\n', 0x301, 0x200D,
		0x1F468, 0x1F469, 0x1F3FD, 0xFE0F, 0x1F1E9, 0x4E16, 0x1100,
		0x1161, 0x11A8, 0x915, 0x93F, 0x202E, 0x1B, 0xD4E, 0x110000 };
	struct edit *e = *state;
	unsigned long seed = 42;
	int i;

	for (i = 0; i < 20000; i++) {
		size_t len, cursor, at = 0, n;
		const char *s;
		int cells;

		seed = seed * 6364136223846793005 + 1442695040888963407;
		if (seed >> 60 < 9)
			edit_type(e, typed[(seed >> 33) % 20], NULL);
		else
			edit_do(e, (enum edit_op)((seed >> 33) % EDIT_OPS));
		s = edit_text(e, &len);
		cursor = edit_cursor(e);
		assert_int_equal(strlen(s), len);
		if (len > 400) {
			edit_clear(e);
			continue;
		}
		while (at < len && at < cursor) {
			n = text_cluster(s + at, len - at, &cells);
			at += n;
		}
		assert_int_equal(at, cursor);
	}
}

#define test(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test(t_moves_by_clusters),
		test(t_moves_by_words),
		test(t_home_and_end_know_lines),
		test(t_up_and_down_keep_the_column),
		test(t_erases_and_deletes_clusters),
		test(t_kills_as_readline),
		test(t_yank_brings_back_and_pop_goes_further),
		test(t_kills_in_a_row_are_one),
		test(t_transpose_as_readline),
		test(t_undo_goes_word_by_word),
		test(t_undo_takes_everything_back),
		test(t_history_keeps_the_unfinished_line),
		test(t_history_is_bounded),
		test(row_62_pasted_escapes_are_data),
		test(row_54_and_70_too_much_is_refused),
		test(t_input_methods_send_emoji_in_pieces),
		test(t_cursor_never_stands_in_a_cluster),
		test(t_replace_completes),
		test(t_newline_makes_lines),
		test(t_no_keys_break_it),
	};

	return cmocka_run_group_tests_name("edit", tests, NULL, NULL);
}
