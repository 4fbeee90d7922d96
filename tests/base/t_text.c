#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text-cp.h"
#include "text.h"

#define FFFD "\xEF\xBF\xBD"

static void
check_filter(enum text_shape shape, const char *in, size_t len,
    const char *want)
{
	struct buf out, again;

	buf_init(&out);
	buf_init(&again);
	text_filter(&out, in, len, shape);
	assert_string_equal(buf_str(&out), want);
	assert_true(text_is_clean(want, strlen(want), shape));
	assert_int_equal(text_is_clean(in, len, shape),
	    len == out.len && !memcmp(in, want, len));
	text_filter(&again, out.at, out.len, shape);
	assert_string_equal(buf_str(&again), want);
	buf_clear(&out);
	buf_clear(&again);
}

#define body(in, want) check_filter(TEXT_BODY, in, sizeof(in) - 1, want)
#define line(in, want) check_filter(TEXT_LINE, in, sizeof(in) - 1, want)
#define name(in, want) check_filter(TEXT_NAME, in, sizeof(in) - 1, want)

/* The clusters of s, each with its cells: "ab" is "a1 b1 ". */
static void
check_clusters(const char *s, const char *want)
{
	size_t len = strlen(s), at, n;
	struct buf got;
	int cells, sum = 0;

	buf_init(&got);
	for (at = 0; at < len; at += n) {
		n = text_cluster(s + at, len - at, &cells);
		buf_printf(&got, "%.*s%d ", (int)n, s + at, cells);
		sum += cells;
		assert_int_equal(text_cluster_before(s, at + n), at);
	}
	assert_string_equal(buf_str(&got), want);
	assert_int_equal(text_cells(s, len), sum);
	buf_clear(&got);
}

static void
t_decode_and_encode_are_inverse(void **state)
{
	int32_t cp, back;
	char bytes[4];
	size_t n;

	(void)state;
	for (cp = 0; cp <= 0x10FFFF; cp++) {
		if (cp >= 0xD800 && cp <= 0xDFFF)
			continue;
		n = text_encode(bytes, cp);
		assert_int_equal(text_decode(bytes, n, &back), n);
		assert_int_equal(back, cp);
		if (n == 1)
			continue;
		/* cut short, it is one invalid sequence of what is there */
		assert_int_equal(text_decode(bytes, n - 1, &back), n - 1);
		assert_int_equal(back, 0xFFFD);
	}
	assert_int_equal(text_encode(bytes, 0xD800), 3);
	assert_memory_equal(bytes, FFFD, 3);
	assert_int_equal(text_encode(bytes, 0x110000), 3);
}

static void
t_ascii_run_ends_at_the_first_odd_byte(void **state)
{
	char s[40];
	size_t i;
	int c;

	(void)state;
	for (i = 0; i < sizeof s; i++) {
		for (c = -128; c < 128; c++) {
			memset(s, 'x', sizeof s);
			s[i] = (char)c;
			assert_int_equal(text_ascii_run(s, sizeof s),
			    c >= 0x20 && c < 0x7F ? sizeof s : i);
		}
	}
	assert_int_equal(text_ascii_run(s, 0), 0);
}

static void
t_plain_letters_pass_unchanged(void **state)
{
	int32_t cp;
	int cells;

	(void)state;
	for (cp = 0; cp <= 0x10FFFF; cp++) {
		char s[8];
		size_t n;

		if (!cp_plain(cp))
			continue;
		n = text_encode(s, cp);
		s[n] = 'x';
		assert_true(text_is_clean(s, n, TEXT_BODY));
		/* the way around the short cut, a name, says the same */
		assert_true(cp == ' ' || text_is_clean(s, n, TEXT_NAME));
		assert_int_equal(text_cluster(s, n + 1, &cells), n);
		assert_int_equal(cells, cp_plain(cp));
		assert_int_not_equal(cp_kind(cp), CP_NOTHING);
		assert_false(cp_is_mark(cp) || cp_is_pictograph(cp));
	}
}

static void
row_61_invalid_utf8(void **state)
{
	(void)state;
	/* Unicode 3.9: one U+FFFD for each maximal subpart */
	body("a\xFFz", "a" FFFD "z");
	body("\xC0\xAF", FFFD FFFD);
	body("\xE0\x9F\xBF", FFFD FFFD FFFD);
	body("\xED\xA0\x80", FFFD FFFD FFFD);
	body("\xF4\x90\x80\x80", FFFD FFFD FFFD FFFD);
	body("\xE2\x82", FFFD);
	body("\xF0\x9F\x98", FFFD);
	body("\xE2\x82zz", FFFD "zz");
	body("a\0b", "a" FFFD "b");
	/* unassigned, private, noncharacter */
	body("\xCD\xB8\xEE\x80\x80\xEF\xBF\xBF", FFFD FFFD FFFD);
	/* and every one of them is one cell */
	assert_int_equal(text_cells(FFFD FFFD, 6), 2);
}

static void
row_62_escape_sequences(void **state)
{
	char c0[33], want[3 * 33 + 1] = "";
	int i, n = 0;

	(void)state;
	body("\x1B]52;c;aGk=\x07", FFFD "]52;c;aGk=" FFFD);
	body("\x1BP1$r\x1B\\", FFFD "P1$r" FFFD "\\");
	body("\xC2\x9B" "31m\xC2\x90", FFFD "31m" FFFD);
	body("\x7F\x07\x07\x07", FFFD FFFD FFFD FFFD);
	for (i = 0; i < 0x20; i++)
		if (i != '\n' && i != '\r' && i != '\t') {
			c0[n++] = (char)i;
			strcat(want, FFFD);
		}
	check_filter(TEXT_BODY, c0, (size_t)n, want);
	check_filter(TEXT_LINE, c0, (size_t)n, want);
	check_filter(TEXT_NAME, c0, (size_t)n, want);
}

static void
row_63_bidi_tags_and_zero_width(void **state)
{
	(void)state;
	body("a\u202Egpj.exe", "a" FFFD "gpj.exe");
	body("\u2066x\u2069\u200E\u200F\u061C",
	    FFFD "x" FFFD FFFD FFFD FFFD);
	body("\U000E0041\U000E007F", FFFD FFFD);
	body("a\u200Bb\uFEFFc\u2060d\u00ADe",
	    "a" FFFD "b" FFFD "c" FFFD "d" FFFD "e");
	/* Hangul fillers, grapheme joiner, Mongolian selectors */
	body("\u115F\u3164\uFFA0a\u034F\u180B",
	    FFFD FFFD FFFD "a" FFFD FFFD);
	/* a joiner between letters hides a difference */
	name("Bo\u200Db", "Bo" FFFD "b");
	name("Bo\u200Cb", "Bo" FFFD "b");
	name("\u2800\u2800", FFFD FFFD);
	body("a\uFE0F", "a" FFFD);
}

static void
row_63_joiners_stay_where_they_belong(void **state)
{
	static const char family[] =
	    "\U0001F468\u200D\U0001F469\u200D\U0001F467";

	(void)state;
	check_filter(TEXT_BODY, family, sizeof family - 1, family);
	/* Persian needs ZWNJ, Sinhala ZWJ, Japanese names selectors */
	body("می\u200Cخواهم", "می\u200Cخواهم");
	body("ශ්\u200Dරී", "ශ්\u200Dරී");
	body("\u845B\U000E0100", "\u845B\U000E0100");
	body("1\uFE0F\u20E3 \u2764\uFE0F", "1\uFE0F\u20E3 \u2764\uFE0F");
	/* dangling, doubled, or before a letter */
	body("\U0001F468\u200D", "\U0001F468" FFFD);
	body("\U0001F468\u200D\u200D\U0001F469",
	    "\U0001F468" FFFD FFFD "\U0001F469");
	body("\U0001F468\u200Dx", "\U0001F468" FFFD "x");
}

static void
row_64_lookalike_names(void **state)
{
	(void)state;
	assert_true(text_looks_like("Bob", "bob"));
	assert_true(text_looks_like("ВОВ", "bob"));	/* Cyrillic Ve, O, Ve */
	assert_true(text_looks_like("Воb", "Bob"));
	assert_true(text_looks_like("Αlice", "Alice"));	/* Greek Alpha */
	assert_true(text_looks_like("АІісе", "Alice"));
	assert_true(text_looks_like("BiII", "Bill"));	/* capital i */
	assert_true(text_looks_like("Bi11", "Bill"));
	assert_true(text_looks_like("J0e", "Joe"));
	assert_true(text_looks_like("José", "Jose"));
	assert_true(text_looks_like("Jose\u0301", "José"));
	assert_true(text_looks_like("Ｂｏｂ", "Bob"));	/* fullwidth */
	assert_true(text_looks_like("Bob Miller", "BobMiller"));
	assert_true(text_looks_like("Bo\u200Bb", "Bob"));
	assert_true(text_looks_like("Bar\u0669", "Bar\u0669"));
	assert_true(text_looks_like("Arne", "Ame"));
	assert_true(text_looks_like("ΝΙΚΟΣ", "νικος"));
	assert_true(text_looks_like("IVAN", "ivan"));
	assert_false(text_looks_like("Bob", "Rob"));
	assert_false(text_looks_like("Anna", "Hanna"));
	assert_false(text_looks_like("Bob", "Bo"));
	assert_false(text_looks_like("", "Bob"));
	assert_false(text_looks_like("Ольга", "Елена"));
	assert_true(text_looks_like("", ""));
}

static void
row_65_ten_thousand_marks(void **state)
{
	struct buf in, out;
	int i, cells;

	(void)state;
	buf_init(&in);
	buf_init(&out);
	buf_put(&in, "Z", 1);
	for (i = 0; i < 10000; i++)
		buf_put(&in, "\u0301", 2);
	buf_put(&in, "x", 1);
	text_filter(&out, in.at, in.len, TEXT_BODY);
	assert_int_equal(out.len, 1 + TEXT_MARKS_MAX * 2 + 1);
	assert_int_equal(text_cells((char *)out.at, out.len), 2);
	assert_int_equal(text_cluster((char *)out.at, out.len, &cells),
	    out.len - 1);

	/* and nothing to stand on: the first becomes what the rest sit on */
	buf_empty(&out);
	text_filter(&out, in.at + 1, in.len - 2, TEXT_BODY);
	assert_int_equal(out.len, 3 + TEXT_MARKS_MAX * 2);

	/* vowels without a consonant have no cell either */
	body("x\u1161", "x" FFFD);
	body("\u1100\u1161\u1161\u11A8\u1161",
	    "\u1100\u1161\u1161\u11A8" FFFD);
	body("\uAC00\u11A8 \uAC01\u1161", "\uAC00\u11A8 \uAC01" FFFD);
	buf_clear(&in);
	buf_clear(&out);
}

static void
row_65_endless_emoji_and_jamo(void **state)
{
	struct buf in, out;
	size_t at, n;
	int i, cells, sum = 0;

	(void)state;
	buf_init(&in);
	buf_init(&out);
	for (i = 0; i < 1000; i++)
		buf_put(&in, "\U0001F468\u200D", 7);
	for (i = 0; i < 1000; i++)
		buf_put(&in, "\u1100", 3);
	for (i = 0; i < 1000; i++)
		buf_put(&in, "\U0001F3FB", 4);
	text_filter(&out, in.at, in.len, TEXT_BODY);
	for (at = 0; at < out.len; at += n) {
		n = text_cluster((char *)out.at + at, out.len - at, &cells);
		assert_in_range(cells, 1, TEXT_CELLS_MAX);
		assert_in_range(n, 1, 64);
		sum += cells;
	}
	/* 200 groups of five joined by four, jamo and tones two cells each,
	 * a U+FFFD for each joiner too many */
	assert_int_equal(sum, 200 * 10 + 200 + 1000 * 2 + 1000 * 2);
	buf_clear(&in);
	buf_clear(&out);
}

static void
row_66_widths_have_one_rule(void **state)
{
	(void)state;
	check_clusters("ab", "a1 b1 ");
	check_clusters("a\nb", "a1 \n0 b1 ");
	check_clusters("e\u0301x", "e\u03011 x1 ");
	check_clusters("世界", "世2 界2 ");
	check_clusters("\u1112\u1161\u11ABx", "\u1112\u1161\u11AB2 x1 ");
	check_clusters("\uD55C", "\uD55C2 ");
	check_clusters("\u1100\u1100", "\u11002 \u11002 ");
	/* joined emoji are as wide as their parts */
	check_clusters("\U0001F468\u200D\U0001F469\u200D\U0001F467!",
	    "\U0001F468\u200D\U0001F469\u200D\U0001F4676 !1 ");
	check_clusters("\U0001F44D\U0001F3FD\U0001F3FD",
	    "\U0001F44D\U0001F3FD2 \U0001F3FD2 ");
	check_clusters("\u2764\uFE0F\u2764", "\u2764\uFE0F2 \u27641 ");
	check_clusters("\u2764\uFE0F\u200D\U0001F525",
	    "\u2764\uFE0F\u200D\U0001F5254 ");
	check_clusters("1\uFE0F\u20E32", "1\uFE0F\u20E32 21 ");
	/* flags come in pairs, whatever stands before them */
	check_clusters("\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7\U0001F1E9",
	    "\U0001F1E9\U0001F1EA2 \U0001F1EB\U0001F1F72 \U0001F1E91 ");
	/* spacing vowels take a cell; a third cell is a cluster of its own */
	check_clusters("\u0915\u093F\u0915", "\u0915\u093F2 \u09151 ");
	check_clusters("\u0B95\u0BC6\u0BBE", "\u0B95\u0BC62 \u0BBE1 ");
	check_clusters("\r\n", "\r\n0 ");
	check_clusters("\u0301", "\u03010 ");
}

static void
row_66_plain_form_never_exceeds_the_cells(void **state)
{
	static const struct { const char *cluster, *plain; } rows[] = {
		{ "a", "a" },
		{ "e\u0301", "e\u0301" },
		{ "\U0001F468\u200D", "\U0001F468" },
		{ "\U0001F44D\U0001F3FD", "\U0001F44D" },
		{ "\u2764\uFE0F\u200D", "\u2764\uFE0F" },
		{ "\U0001F1E9\U0001F1EA", "\U0001F1E9\U0001F1EA" },
		{ "1\uFE0F\u20E3", "1\uFE0F\u20E3" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(text_plain(rows[i].cluster,
		    strlen(rows[i].cluster)), strlen(rows[i].plain));
}

static void
row_66_joined_emoji_fall_into_their_parts(void **state)
{
	static const char flag[] = "\U0001F3F3\uFE0F\u200D\U0001F308";
	static const char dark[] =
	    "\U0001F469\U0001F3FF\u200D\U0001F680";
	static const char indic[] = "\u0915\u094D\u200D";
	int cells;
	size_t n;

	(void)state;
	n = text_part(flag, sizeof flag - 1, &cells);
	assert_int_equal(n, 4 + 3 + 3);
	assert_int_equal(cells, 2);
	assert_int_equal(text_plain(flag, n), 4 + 3);
	assert_int_equal(text_part(flag + n, sizeof flag - 1 - n, &cells), 4);
	assert_int_equal(cells, 2);
	n = text_part(dark, sizeof dark - 1, &cells);
	assert_int_equal(n, 4 + 4 + 3);
	assert_int_equal(text_plain(dark, n), 4);
	assert_int_equal(text_part(indic, sizeof indic - 1, &cells),
	    sizeof indic - 1);
	assert_int_equal(text_part("x", 1, &cells), 1);
}

static void
row_66_fit_never_splits_or_overflows(void **state)
{
	static const char s[] = "ab世e\u0301界";
	int used;

	(void)state;
	assert_int_equal(text_fit(s, sizeof s - 1, 0, &used), 0);
	assert_int_equal(text_fit(s, sizeof s - 1, 3, &used), 2);
	assert_int_equal(used, 2);
	assert_int_equal(text_fit(s, sizeof s - 1, 4, &used), 5);
	assert_int_equal(used, 4);
	assert_int_equal(text_fit(s, sizeof s - 1, 5, &used), 8);
	assert_int_equal(text_fit(s, sizeof s - 1, 6, &used), 8);
	assert_int_equal(used, 5);
	assert_int_equal(text_fit(s, sizeof s - 1, 7, &used), sizeof s - 1);
	assert_int_equal(text_fit(s, sizeof s - 1, 99, &used), sizeof s - 1);
	assert_int_equal(used, 7);
	/* the mark goes with its letter even where the run ends */
	assert_int_equal(text_fit("abcde\u0301f", 8, 5, &used), 7);
	assert_int_equal(used, 5);
}

static void
row_68_specials_stay_as_typed(void **state)
{
	(void)state;
	body("%n%s $(id) `id` '\"\\ ; rm -rf ~ & | > <",
	    "%n%s $(id) `id` '\"\\ ; rm -rf ~ & | > <");
}

static void
row_69_newline_in_a_name(void **state)
{
	(void)state;
	name("Bob\n[error] all is lost", "Bob [error] all is lost");
	name("Bob\r\nx\u2028y\tz", "Bob x y z");
	line("a\nb\r\nc\rd\te", "a b c d e");
	line("a\u2029b", "a b");
}

static void
t_names_are_trimmed_and_folded(void **state)
{
	(void)state;
	name("", "");
	name("   ", "");
	name("  Bob \u3000\u00A0 Miller  ", "Bob Miller");
	name("Bob", "Bob");
	name(" \u0301x", FFFD "x");
	name("a \u0301x ", "a \u0301x");
}

static void
t_bodies_keep_lines(void **state)
{
	(void)state;
	body("", "");
	body("a\r\nb\rc\n\n", "a\nb\nc\n\n");
	body("a\u2028b", "a\nb");
	body("\tx", "    x");
	body("  x  ", "  x  ");
	body("x\n\u0301", "x\n" FFFD);
	line("  x  ", "  x  ");
}

static void
check_ascii(const char *in, const char *want)
{
	struct buf out;

	buf_init(&out);
	text_ascii(&out, in, strlen(in));
	assert_string_equal(buf_str(&out), want);
	assert_int_equal(text_cells(in, strlen(in)),
	    text_cells(want, strlen(want)));
	buf_clear(&out);
}

static void
t_ascii_keeps_the_cells(void **state)
{
	(void)state;
	check_ascii("plain\ntext", "plain\ntext");
	check_ascii("Grüße, José", "Gruse, Jose");
	check_ascii("e\u0301", "e");
	check_ascii("“hi” – ‘you’…", "\"hi\" - 'you'.");
	check_ascii("世界", "????");
	check_ascii("\U0001F468\u200D\U0001F469x", "????x");
	check_ascii("Ａ", "A ");
	check_ascii("Ж" FFFD, "??");
	check_ascii("\uFB01", "?");		/* two letters in one cell */
}

static void
t_prefix_and_contains_fold_case(void **state)
{
	(void)state;
	assert_true(text_has_prefix("Bob", "bO"));
	assert_true(text_has_prefix("Bob", ""));
	assert_false(text_has_prefix("Bob", "Bobby"));
	assert_true(text_has_prefix("ÄPFEL", "äpf"));
	assert_true(text_has_prefix("José", "jose"));
	assert_true(text_has_prefix("Straße", "STRASSE"));
	assert_true(text_contains("Привет Мир", "мир"));
	assert_true(text_contains("abc", "BC"));
	assert_true(text_contains("abc", ""));
	assert_false(text_contains("abc", "bd"));
	/* vowel signs are letters, not accents */
	assert_false(text_contains("का", "कि"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_decode_and_encode_are_inverse),
		cmocka_unit_test(t_ascii_run_ends_at_the_first_odd_byte),
		cmocka_unit_test(t_plain_letters_pass_unchanged),
		cmocka_unit_test(row_61_invalid_utf8),
		cmocka_unit_test(row_62_escape_sequences),
		cmocka_unit_test(row_63_bidi_tags_and_zero_width),
		cmocka_unit_test(row_63_joiners_stay_where_they_belong),
		cmocka_unit_test(row_64_lookalike_names),
		cmocka_unit_test(row_65_ten_thousand_marks),
		cmocka_unit_test(row_65_endless_emoji_and_jamo),
		cmocka_unit_test(row_66_widths_have_one_rule),
		cmocka_unit_test(row_66_plain_form_never_exceeds_the_cells),
		cmocka_unit_test(row_66_joined_emoji_fall_into_their_parts),
		cmocka_unit_test(row_66_fit_never_splits_or_overflows),
		cmocka_unit_test(row_68_specials_stay_as_typed),
		cmocka_unit_test(row_69_newline_in_a_name),
		cmocka_unit_test(t_names_are_trimmed_and_folded),
		cmocka_unit_test(t_bodies_keep_lines),
		cmocka_unit_test(t_ascii_keeps_the_cells),
		cmocka_unit_test(t_prefix_and_contains_fold_case),
	};

	return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
