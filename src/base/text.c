#include "text.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <utf8proc.h>

enum {
	REPLACEMENT = 0xFFFD,
	ZWNJ = 0x200C,
	ZWJ = 0x200D,
	VS15 = 0xFE0E,
	VS16 = 0xFE0F
};

/* ---- code points --------------------------------------------------------- */

/* The bounds of the second byte, Unicode 3.9 table 3-7: they keep out
 * overlong forms, surrogates and what lies past U+10FFFF. */
static size_t
sequence(uint8_t lead, uint8_t *low, uint8_t *high)
{
	*low = 0x80;
	*high = 0xBF;
	if (lead >= 0xC2 && lead <= 0xDF)
		return 2;
	if (lead >= 0xE0 && lead <= 0xEF) {
		if (lead == 0xE0)
			*low = 0xA0;
		else if (lead == 0xED)
			*high = 0x9F;
		return 3;
	}
	if (lead >= 0xF0 && lead <= 0xF4) {
		if (lead == 0xF0)
			*low = 0x90;
		else if (lead == 0xF4)
			*high = 0x8F;
		return 4;
	}
	return 0;
}

size_t
text_decode(const char *s, size_t len, int32_t *cp)
{
	const uint8_t *p = (const uint8_t *)s;
	uint8_t low, high;
	size_t need, n;
	int32_t v;

	if (p[0] < 0x80) {
		*cp = p[0];
		return 1;
	}
	*cp = REPLACEMENT;
	need = sequence(p[0], &low, &high);
	if (!need)
		return 1;
	v = p[0] & (0x7F >> need);
	for (n = 1; n < need; n++) {
		if (n == len || p[n] < low || p[n] > high)
			return n;
		v = v << 6 | (p[n] & 0x3F);
		low = 0x80;
		high = 0xBF;
	}
	*cp = v;
	return need;
}

size_t
text_encode(char dst[4], int32_t cp)
{
	if (cp < 0 || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
		cp = REPLACEMENT;
	if (cp < 0x80) {
		dst[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		dst[0] = (char)(0xC0 | cp >> 6);
		dst[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		dst[0] = (char)(0xE0 | cp >> 12);
		dst[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		dst[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	dst[0] = (char)(0xF0 | cp >> 18);
	dst[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	dst[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	dst[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

/* Start of the code point that ends at `at`; a stray byte stands alone. */
static size_t
decode_before(const char *s, size_t at, int32_t *cp)
{
	size_t n;

	for (n = 2; n <= 4 && n <= at; n++) {
		if (((uint8_t)s[at - n + 1] & 0xC0) != 0x80)
			break;
		if (text_decode(s + at - n, n, cp) == n)
			return at - n;
	}
	text_decode(s + at - 1, 1, cp);
	return at - 1;
}

static bool
is_printable_ascii(char c)
{
	return c >= 0x20 && c < 0x7F;
}

/* Most of what people write is ASCII: eight bytes at a time. */
size_t
text_ascii_run(const char *s, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	size_t n = 0;
	uint64_t x;

	for (; len - n >= sizeof x; n += sizeof x) {
		memcpy(&x, s + n, sizeof x);
		/* a high bit: below 0x20, or 0x7F, or not ASCII at all */
		if (((x - 0x20 * ones) | (x + ones) | x) & 0x80 * ones)
			break;
	}
	while (n < len && is_printable_ascii(s[n]))
		n++;
	return n;
}

static utf8proc_category_t
category(int32_t cp)
{
	return utf8proc_category(cp);
}

static bool
is_mark(int32_t cp)
{
	utf8proc_category_t c = category(cp);

	return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC ||
	    c == UTF8PROC_CATEGORY_ME;
}

static int
bound(int32_t cp)
{
	return utf8proc_get_property(cp)->boundclass;
}

static bool
is_pictograph(int32_t cp)
{
	return cp >= 0xA9 && bound(cp) ==
	    UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC &&
	    category(cp) != UTF8PROC_CATEGORY_CN;
}

static bool
is_skin_tone(int32_t cp)
{
	return cp >= 0x1F3FB && cp <= 0x1F3FF;
}

static bool
is_keycap_base(int32_t cp)
{
	return (cp >= '0' && cp <= '9') || cp == '#' || cp == '*';
}

static int
cells_of(int32_t cp)
{
	utf8proc_category_t c;

	if (cp < 0x300)
		return cp >= 0xA0 ? 1 : cp >= 0x20 && cp < 0x7F;
	c = category(cp);
	if (c == UTF8PROC_CATEGORY_MC)
		return 1;
	if (c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_ME)
		return 0;
	/* Jamo that join the one before: utf8proc 2.8 gives them a cell. */
	if ((cp >= 0x1160 && cp <= 0x11FF) || (cp >= 0xD7B0 && cp <= 0xD7FF))
		return 0;
	return utf8proc_charwidth(cp);
}

/* ---- clusters ------------------------------------------------------------ */

size_t
text_cluster(const char *s, size_t len, int *cells)
{
	int32_t first, last, cp;
	utf8proc_int32_t state = 0;
	size_t at, n;
	bool emoji;
	int sum;

	*cells = 0;
	if (!len)
		return 0;
	/* Printable ASCII before ASCII is a cluster; only CR LF joins. */
	if (is_printable_ascii(s[0]) && (len == 1 || !(s[1] & 0x80))) {
		*cells = 1;
		return 1;
	}
	at = text_decode(s, len, &first);
	sum = cells_of(first);
	emoji = is_pictograph(first);
	for (last = first; at < len; last = cp, at += n) {
		n = text_decode(s + at, len - at, &cp);
		if (utf8proc_grapheme_break_stateful(last, cp, &state))
			break;
		if (emoji && ((last == ZWJ && is_pictograph(cp)) ||
		    (is_skin_tone(cp) &&
		    (last == VS16 || is_pictograph(last))))) {
			sum = 2;
			continue;
		}
		if (cp == VS16 && (emoji || is_keycap_base(first))) {
			sum = 2;
			continue;
		}
		if (sum + cells_of(cp) > 2)
			break;
		sum += cells_of(cp);
	}
	*cells = sum;
	return at;
}

/* Is there a break before `cp` whatever stands further left?  A letter or
 * an emoji starts a cluster, unless what is before it pulls it in. */
static bool
breaks_surely(int32_t before, int32_t cp)
{
	int b = bound(before), c = bound(cp);

	if (c != UTF8PROC_BOUNDCLASS_OTHER &&
	    c != UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC &&
	    c != UTF8PROC_BOUNDCLASS_CONTROL && c != UTF8PROC_BOUNDCLASS_CR)
		return false;
	return b != UTF8PROC_BOUNDCLASS_PREPEND && b != UTF8PROC_BOUNDCLASS_ZWJ;
}

size_t
text_cluster_before(const char *s, size_t at)
{
	size_t from, n;
	int32_t before, cp;
	int cells;

	assert(at > 0);
	if (is_printable_ascii(s[at - 1]) &&
	    (at == 1 || is_printable_ascii(s[at - 2])))
		return at - 1;
	for (from = decode_before(s, at, &cp); from > 0; cp = before) {
		size_t left = decode_before(s, from, &before);

		if (breaks_surely(before, cp))
			break;
		from = left;
	}
	for (; (n = text_cluster(s + from, at - from, &cells)) < at - from; )
		from += n;
	return from;
}

size_t
text_plain(const char *s, size_t len)
{
	size_t at = 0, end = 0, n;
	int cells, sum = 0;
	int32_t cp;

	text_cluster(s, len, &cells);
	for (; at < len; at += n) {
		n = text_decode(s + at, len - at, &cp);
		sum += cells_of(cp);
		if (sum > cells)
			break;
		if (cp != ZWJ)		/* joins nothing now */
			end = at + n;
	}
	return end;
}

size_t
text_fit(const char *s, size_t len, int cells, int *used)
{
	size_t at = 0, n;
	int w;

	*used = 0;
	while (at < len) {
		size_t room = (size_t)(cells > *used ? cells - *used : 0);

		n = text_ascii_run(s + at, len - at < room ? len - at : room);
		/* the last letter may own the marks behind it */
		if (n > 1) {
			at += n - 1;
			*used += (int)(n - 1);
		}
		n = text_cluster(s + at, len - at, &w);
		if (w > cells - *used)
			break;
		at += n;
		*used += w;
	}
	return at;
}

int
text_cells(const char *s, size_t len)
{
	int used;

	text_fit(s, len, INT_MAX, &used);
	return used;
}

/* ---- the gate ------------------------------------------------------------ */

struct gate {
	struct buf *out;
	enum text_shape shape;
	int32_t last;		/* what was written last; 0: a line begins */
	int marks, joins;	/* in this cluster */
	bool emoji;		/* the cluster may be joined to an emoji */
	bool blank;		/* TEXT_NAME: a blank is owed */
};

static bool
is_ideograph(int32_t cp)
{
	return (cp >= 0x3400 && cp <= 0x9FFF) ||
	    (cp >= 0xF900 && cp <= 0xFAFF) || (cp >= 0x20000 && cp <= 0x3FFFF);
}

/* Scripts whose spelling needs joiners: Arabic to N'Ko, the Indic ones,
 * Mongolian (UAX #31, 2.3). */
static bool
is_joining(int32_t cp)
{
	return (cp >= 0x0620 && cp <= 0x08FF) ||
	    (cp >= 0x0900 && cp <= 0x0DFF) || (cp >= 0x1820 && cp <= 0x18AA);
}

static bool
is_letter(int32_t cp)
{
	utf8proc_category_t c = category(cp);

	return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

static bool
is_variation_selector(int32_t cp)
{
	return (cp >= 0xFE00 && cp <= VS16) || (cp >= 0xE0100 && cp <= 0xE01EF);
}

/* Does the variation selector belong behind `base`? */
static bool
is_variation(int32_t base, int32_t vs)
{
	if (vs == VS15 || vs == VS16)
		return is_pictograph(base) || is_keycap_base(base);
	if (is_ideograph(base))
		return true;
	return vs < 0xFE0E && category(base) == UTF8PROC_CATEGORY_SM;
}

/* What would show nothing, or something else on each machine. */
static bool
is_invisible(int32_t cp, enum text_shape shape)
{
	/* Combining grapheme joiner, fillers, vowels without a shape, free
	 * variation selectors, the null notehead. */
	static const int32_t odd[] = { 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5,
		0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0, 0x1D159 };
	utf8proc_category_t c = category(cp);
	size_t i;

	if (c == UTF8PROC_CATEGORY_CN || c >= UTF8PROC_CATEGORY_CC)
		return true;
	for (i = 0; i < sizeof odd / sizeof odd[0]; i++)
		if (cp == odd[i])
			return true;
	return cp == 0x2800 && shape == TEXT_NAME;
}

static void
write_cp(struct gate *g, int32_t cp)
{
	char bytes[4];

	if (g->blank) {
		buf_u8(g->out, ' ');
		g->blank = false;
	}
	buf_put(g->out, bytes, text_encode(bytes, cp));
	g->last = cp;
}

static void
write_base(struct gate *g, int32_t cp)
{
	if (is_invisible(cp, g->shape))
		cp = REPLACEMENT;
	if (is_skin_tone(cp) && g->emoji && !g->blank &&
	    (g->last == VS16 || is_pictograph(g->last))) {
		write_cp(g, cp);
		return;
	}
	if (g->last != ZWJ || !g->emoji || !is_pictograph(cp)) {
		g->marks = g->joins = 0;
		g->emoji = is_pictograph(cp);
	}
	write_cp(g, cp);
}

static void
write_blank(struct gate *g)
{
	if (g->shape == TEXT_NAME) {
		g->blank = g->last != 0;
		return;
	}
	write_base(g, ' ');
}

static void
write_newline(struct gate *g)
{
	if (g->shape != TEXT_BODY) {
		write_blank(g);
		return;
	}
	write_cp(g, '\n');
	g->marks = g->joins = 0;
	g->emoji = false;
	g->last = 0;
}

static void
write_tab(struct gate *g)
{
	int i;

	write_blank(g);
	for (i = 1; i < TEXT_TAB && g->shape == TEXT_BODY; i++)
		write_blank(g);
}

static void
write_mark(struct gate *g, int32_t cp)
{
	int32_t base = g->blank ? ' ' : g->last;

	if (!base || is_invisible(cp, g->shape) ||
	    (is_variation_selector(cp) && !is_variation(base, cp))) {
		write_base(g, REPLACEMENT);
		return;
	}
	if (g->blank) {		/* the mark stands on that blank */
		g->marks = g->joins = 0;
		g->emoji = false;
	}
	if (g->marks == TEXT_MARKS_MAX)
		return;
	g->marks++;
	if (category(cp) == UTF8PROC_CATEGORY_MC)
		g->emoji = false;
	write_cp(g, cp);
}

static void
write_joiner(struct gate *g, int32_t cp, int32_t next)
{
	if (g->blank) {
		write_base(g, REPLACEMENT);
	} else if (cp == ZWJ && g->emoji && g->last != ZWJ &&
	    g->joins < TEXT_JOINS_MAX && is_pictograph(next)) {
		g->joins++;
		write_cp(g, cp);
	} else if (is_joining(g->last) &&
	    (is_letter(g->last) || is_mark(g->last)) &&
	    is_joining(next) && is_letter(next)) {
		g->emoji = false;
		write_cp(g, cp);
	} else {
		write_base(g, REPLACEMENT);
	}
}

/* One code point from s; returns the bytes it took. */
static size_t
take(struct gate *g, const char *s, size_t len)
{
	int32_t cp, next = 0;
	size_t n = text_decode(s, len, &cp);

	if (cp == '\n' || cp == 0x2028 || cp == 0x2029) {
		write_newline(g);
	} else if (cp == '\r') {
		if (n < len && s[n] == '\n')
			n++;
		write_newline(g);
	} else if (cp == '\t') {
		write_tab(g);
	} else if (g->shape == TEXT_NAME &&
	    category(cp) == UTF8PROC_CATEGORY_ZS) {
		write_blank(g);
	} else if (cp == ZWJ || cp == ZWNJ) {
		if (n < len)
			text_decode(s + n, len - n, &next);
		write_joiner(g, cp, next);
	} else if (is_mark(cp)) {
		write_mark(g, cp);
	} else {
		write_base(g, cp);
	}
	return n;
}

void
text_filter(struct buf *out, const void *src, size_t len,
    enum text_shape shape)
{
	struct gate g = { .out = out, .shape = shape };
	const char *s = src;
	size_t at = 0, n;

	while (at < len) {
		if (shape != TEXT_NAME &&
		    (n = text_ascii_run(s + at, len - at)) > 0) {
			buf_put(out, s + at, n);
			at += n;
			g.last = s[at - 1];
			g.marks = g.joins = 0;
			g.emoji = false;
			continue;
		}
		at += take(&g, s + at, len - at);
	}
}

static bool
is_clean_ascii(const char *s, size_t len, enum text_shape shape)
{
	size_t at, i;

	for (at = 0; at < len; at++) {
		at += text_ascii_run(s + at, len - at);
		if (at == len)
			break;
		if (s[at] != '\n' || shape != TEXT_BODY)
			return false;
	}
	if (shape != TEXT_NAME || !len)
		return true;
	for (i = 0; i < len; i++)
		if (s[i] == ' ' && (i == 0 || i + 1 == len || s[i + 1] == ' '))
			return false;
	return true;
}

bool
text_is_clean(const char *s, size_t len, enum text_shape shape)
{
	struct buf filtered;
	bool same;

	if (is_clean_ascii(s, len, shape))
		return true;
	buf_init(&filtered);
	text_filter(&filtered, s, len, shape);
	same = filtered.len == len && !memcmp(filtered.at, s, len);
	buf_clear(&filtered);
	return same;
}

/* ---- folding ------------------------------------------------------------- */

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

/* Punctuation that has an ASCII twin of one cell. */
static const char *
ascii_twin(int32_t cp)
{
	static const struct lookalike table[] = {
		{ 0x00A0, " " }, { 0x00AB, "<" }, { 0x00B7, "." },
		{ 0x00BB, ">" }, { 0x00D7, "x" }, { 0x2010, "-" },
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
	utf8proc_int32_t parts[8];
	utf8proc_ssize_t n, i;
	const char *twin;
	int32_t cp;
	int last = 0, used = 0;

	text_decode(s, len, &cp);
	twin = ascii_twin(cp);
	if (twin)
		return twin;
	n = utf8proc_decompose_char(cp, parts, 8,
	    UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &last);
	if (n < 1 || n > 8)
		return NULL;
	for (i = 0; i < n; i++) {
		if (is_mark(parts[i]))
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
		if (!form)
			form = "??";
		for (i = 0; i < cells; i++) {
			buf_u8(out, (uint8_t)(*form ? *form : ' '));
			form += *form != '\0';
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
	/* the longest decomposition (U+FDFA) has 18 code points */
	utf8proc_int32_t parts[32];
	utf8proc_ssize_t n, i;
	char bytes[4];
	int last = 0;

	n = utf8proc_decompose_char(cp, parts, 32, UTF8PROC_DECOMPOSE |
	    UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE, &last);
	for (i = 0; i < n && n <= 32; i++)
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
	size_t len = strlen(s), at = 0, i;
	utf8proc_int32_t parts[32];
	utf8proc_ssize_t n;
	int32_t cp;

	buf_init(out);
	while (at < len) {
		int last = 0;

		at += text_decode(s + at, len - at, &cp);
		/* e with diaeresis is e before it is anything else */
		n = utf8proc_decompose_char(cp, parts, 32, UTF8PROC_DECOMPOSE |
		    UTF8PROC_COMPAT | UTF8PROC_IGNORE, &last);
		for (i = 0; n <= 32 && (utf8proc_ssize_t)i < n; i++) {
			const char *look = ascii_look(parts[i]);

			if (look)
				buf_put(out, look, strlen(look));
			else if (category(parts[i]) != UTF8PROC_CATEGORY_ZS &&
			    parts[i] != '_')
				fold_cp(out, parts[i]);
		}
	}
	join_pairs(out);
	return buf_str(out);
}

bool
text_looks_like(const char *a, const char *b)
{
	struct buf left, right;
	bool alike;

	alike = !strcmp(fold(&left, a), fold(&right, b));
	buf_clear(&left);
	buf_clear(&right);
	if (alike)
		return true;
	alike = !strcmp(skeleton(&left, a), skeleton(&right, b));
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
