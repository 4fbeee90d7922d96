#include "text.h"

#include "text-cp.h"

#include <stdlib.h>
#include <string.h>

struct lookalike {
	int32_t cp;
	char ascii[3];
};

static int
by_code_point(const void *key, const void *row)
{
	int32_t cp = *(const int32_t *)key;
	int32_t other = ((const struct lookalike *)row)->cp;

	return (cp > other) - (cp < other);
}

static const char *
look_up(const struct lookalike *table, size_t n, int32_t cp)
{
	const struct lookalike *row;

	row = bsearch(&cp, table, n, sizeof *table, by_code_point);
	return row ? row->ascii : NULL;
}

/* What has an ASCII twin of one cell without decomposing into it. */
static const char *
ascii_twin(int32_t cp)
{
	static const struct lookalike table[] = {
		{ 0x00A0, " " }, { 0x00AB, "<" }, { 0x00B7, "." },
		{ 0x00BB, ">" }, { 0x00D7, "x" }, { 0x00D8, "O" },
		{ 0x00DF, "s" }, { 0x00F8, "o" }, { 0x0110, "D" },
		{ 0x0111, "d" }, { 0x0131, "i" }, { 0x0141, "L" },
		{ 0x0142, "l" }, { 0x2010, "-" },
		{ 0x2011, "-" }, { 0x2012, "-" }, { 0x2013, "-" },
		{ 0x2014, "-" }, { 0x2015, "-" }, { 0x2018, "'" },
		{ 0x2019, "'" }, { 0x201A, "," }, { 0x201C, "\"" },
		{ 0x201D, "\"" }, { 0x201E, "\"" }, { 0x2022, "*" },
		{ 0x2026, "." }, { 0x2039, "<" }, { 0x203A, ">" },
		{ 0x2190, "<" }, { 0x2191, "^" }, { 0x2192, ">" },
		{ 0x2193, "v" }, { 0x2212, "-" }, { 0x2500, "-" },
		{ 0x2502, "|" },
	};

	return look_up(table, sizeof table / sizeof table[0], cp);
}

/* The ASCII form of a cluster, at most `cells` letters; NULL: none. */
static const char *
ascii_form(const char *s, size_t len, int cells, char form[3])
{
	int32_t cp, parts[CP_PARTS];
	const char *twin;
	size_t n, i;
	int used = 0;

	text_decode(s, len, &cp);
	twin = ascii_twin(cp);
	if (twin)
		return twin;
	n = cp_decompose(cp, false, parts);
	for (i = 0; i < n; i++) {
		if (cp_is_mark(parts[i]))
			continue;
		if (parts[i] < 0x20 || parts[i] > 0x7E || used == cells)
			return NULL;
		form[used++] = (char)parts[i];
	}
	form[used] = '\0';
	return used ? form : NULL;
}

void
text_ascii(struct buf *out, const char *s, size_t len)
{
	size_t at, n;

	for (at = 0; at < len; at += n) {
		const char *form;
		char room[3];
		int cells, i;

		if (s[at] == '\n') {
			buf_u8(out, '\n');
			n = 1;
			continue;
		}
		n = text_cluster(s + at, len - at, &cells);
		form = ascii_form(s + at, n, cells, room);
		for (i = 0; i < cells; i++) {
			buf_u8(out, (uint8_t)(!form ? '?' : *form ? *form :
			    ' '));
			form += form && *form != '\0';
		}
	}
}

/* Accents: marks that change a letter's look, not the letter.  Vowel signs
 * of other scripts are letters and stay. */
static bool
is_accent(int32_t cp)
{
	return (cp >= 0x0300 && cp <= 0x036F) ||
	    (cp >= 0x1AB0 && cp <= 0x1AFF) || (cp >= 0x1DC0 && cp <= 0x1DFF) ||
	    (cp >= 0x20D0 && cp <= 0x20FF) || (cp >= 0xFE20 && cp <= 0xFE2F);
}

static void
fold_cp(struct buf *out, int32_t cp)
{
	int32_t parts[CP_PARTS];
	size_t n, i;
	char bytes[4];

	n = cp_decompose(cp, true, parts);
	for (i = 0; i < n; i++)
		if (!is_accent(parts[i]))
			buf_put(out, bytes, text_encode(bytes, parts[i]));
}

static const char *
fold(struct buf *out, const char *s)
{
	size_t len = strlen(s), at = 0;
	int32_t cp;

	buf_init(out);
	while (at < len) {
		at += text_decode(s + at, len - at, &cp);
		if (cp >= 'A' && cp <= 'Z')
			buf_u8(out, (uint8_t)(cp + 'a' - 'A'));
		else if (cp < 0x80)
			buf_u8(out, (uint8_t)cp);
		else
			fold_cp(out, cp);
	}
	return buf_str(out);
}

/* Letters and digits that look like an ASCII letter, before case is folded:
 * a capital eta looks like H, a small one like n. */
static const char *
ascii_look(int32_t cp)
{
	static const struct lookalike table[] = {
		{ '0', "o" }, { '1', "l" }, { 'I', "l" }, { '|', "l" },
		{ 0x00D8, "o" }, { 0x00DF, "b" }, { 0x00F8, "o" },
		{ 0x0110, "d" }, { 0x0111, "d" }, { 0x0131, "i" },
		{ 0x0141, "l" }, { 0x0142, "l" }, { 0x0251, "a" },
		{ 0x0261, "g" }, { 0x0269, "i" }, { 0x026A, "i" },
		{ 0x028F, "y" }, { 0x0391, "a" }, { 0x0392, "b" },
		{ 0x0395, "e" }, { 0x0396, "z" }, { 0x0397, "h" },
		{ 0x0399, "l" }, { 0x039A, "k" }, { 0x039C, "m" },
		{ 0x039D, "n" }, { 0x039F, "o" }, { 0x03A1, "p" },
		{ 0x03A4, "t" }, { 0x03A5, "y" }, { 0x03A7, "x" },
		{ 0x03B1, "a" }, { 0x03B2, "b" }, { 0x03B3, "y" },
		{ 0x03B5, "e" }, { 0x03B7, "n" }, { 0x03B9, "i" },
		{ 0x03BA, "k" }, { 0x03BD, "v" }, { 0x03BF, "o" },
		{ 0x03C1, "p" }, { 0x03C3, "o" }, { 0x03C4, "t" },
		{ 0x03C5, "u" }, { 0x03C7, "x" }, { 0x03C9, "w" },
		{ 0x03F2, "c" }, { 0x03F3, "j" }, { 0x03F9, "c" },
		{ 0x0405, "s" }, { 0x0406, "l" }, { 0x0408, "j" },
		{ 0x0410, "a" }, { 0x0412, "b" }, { 0x0413, "r" },
		{ 0x0415, "e" }, { 0x0417, "3" }, { 0x041A, "k" },
		{ 0x041C, "m" }, { 0x041D, "h" }, { 0x041E, "o" },
		{ 0x0420, "p" }, { 0x0421, "c" }, { 0x0422, "t" },
		{ 0x0423, "y" }, { 0x0425, "x" }, { 0x042C, "b" },
		{ 0x0430, "a" }, { 0x0432, "b" }, { 0x0433, "r" },
		{ 0x0435, "e" }, { 0x0437, "3" }, { 0x0438, "u" },
		{ 0x043A, "k" }, { 0x043C, "m" }, { 0x043D, "h" },
		{ 0x043E, "o" }, { 0x043F, "n" }, { 0x0440, "p" },
		{ 0x0441, "c" }, { 0x0442, "t" }, { 0x0443, "y" },
		{ 0x0445, "x" }, { 0x044C, "b" }, { 0x0455, "s" },
		{ 0x0456, "i" }, { 0x0458, "j" }, { 0x0474, "v" },
		{ 0x0475, "v" }, { 0x04AE, "y" }, { 0x04AF, "y" },
		{ 0x04BA, "h" }, { 0x04BB, "h" }, { 0x04C0, "l" },
		{ 0x04CF, "l" }, { 0x0500, "d" }, { 0x0501, "d" },
		{ 0x051A, "q" }, { 0x051B, "q" }, { 0x051C, "w" },
		{ 0x051D, "w" }, { 0x2223, "l" },
	};

	return look_up(table, sizeof table / sizeof table[0], cp);
}

/* Pairs that read as one letter in most fonts. */
static void
join_pairs(struct buf *b)
{
	size_t from, to = 0;

	for (from = 0; from < b->len; from++) {
		bool more = from + 1 < b->len;
		uint8_t c = b->at[from], d = more ? b->at[from + 1] : 0;

		if (c == 'r' && d == 'n') {
			c = 'm';
			from++;
		} else if (c == 'v' && d == 'v') {
			c = 'w';
			from++;
		}
		b->at[to++] = c;
	}
	b->len = to;
}

static const char *
skeleton(struct buf *out, const char *s)
{
	size_t len = strlen(s), at = 0, n, i;
	int32_t cp, parts[CP_PARTS];

	buf_init(out);
	while (at < len) {
		at += text_decode(s + at, len - at, &cp);
		/* e with diaeresis is e before it is anything else */
		n = cp_decompose(cp, false, parts);
		for (i = 0; i < n; i++) {
			const char *look = ascii_look(parts[i]);

			if (look)
				buf_put(out, look, strlen(look));
			else if (cp_kind(parts[i]) != CP_BLANK &&
			    parts[i] != '_')
				fold_cp(out, parts[i]);
		}
	}
	join_pairs(out);
	return buf_str(out);
}

void
text_look(struct buf *out, const char *s)
{
	struct buf part;

	fold(&part, s);
	buf_put(out, part.at, part.len);
	buf_u8(out, 0);
	buf_clear(&part);
	skeleton(&part, s);
	buf_put(out, part.at, part.len);
	buf_u8(out, 0);
	buf_clear(&part);
}

bool
text_same_look(const char *a, const char *b)
{
	return !strcmp(a, b) ||
	    !strcmp(a + strlen(a) + 1, b + strlen(b) + 1);
}

bool
text_looks_like(const char *a, const char *b)
{
	struct buf left, right;
	bool alike;

	buf_init(&left);
	buf_init(&right);
	text_look(&left, a);
	text_look(&right, b);
	alike = text_same_look((const char *)left.at,
	    (const char *)right.at);
	buf_clear(&left);
	buf_clear(&right);
	return alike;
}

bool
text_has_prefix(const char *s, const char *prefix)
{
	struct buf whole, start;
	bool is;

	fold(&whole, s);
	fold(&start, prefix);
	is = whole.len >= start.len && !memcmp(buf_str(&whole),
	    buf_str(&start), start.len);
	buf_clear(&whole);
	buf_clear(&start);
	return is;
}

bool
text_contains(const char *s, const char *needle)
{
	struct buf whole, part;
	bool is;

	is = strstr(fold(&whole, s), fold(&part, needle)) != NULL;
	buf_clear(&whole);
	buf_clear(&part);
	return is;
}
