#include "text.h"

#include "text-cp.h"

#include <string.h>

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
is_variation_selector(int32_t cp)
{
	return (cp >= 0xFE00 && cp <= VS16) || (cp >= 0xE0100 && cp <= 0xE01EF);
}

/* Does the variation selector belong behind `base`? */
static bool
is_variation(int32_t base, int32_t vs)
{
	if (vs == VS15 || vs == VS16)
		return cp_is_pictograph(base) || cp_is_keycap_base(base);
	if (is_ideograph(base))
		return true;
	return vs < 0xFE0E && cp_kind(base) == CP_MATH;
}

/* What would show nothing, or something else on each machine. */
static bool
is_invisible(int32_t cp, enum text_shape shape)
{
	/* Combining grapheme joiner, fillers, vowels without a shape, free
	 * variation selectors, the null notehead. */
	static const int32_t odd[] = { 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5,
		0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0, 0x1D159 };
	size_t i;

	if (cp_kind(cp) == CP_NOTHING)
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
	if (is_invisible(cp, g->shape) || !cp_cells(cp))
		cp = REPLACEMENT;
	if (cp_is_skin_tone(cp) && g->emoji && !g->blank &&
	    (g->last == VS16 || cp_is_pictograph(g->last))) {
		write_cp(g, cp);
		return;
	}
	if (g->last != ZWJ || !g->emoji || !cp_is_pictograph(cp)) {
		g->marks = g->joins = 0;
		g->emoji = cp_is_pictograph(cp);
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
	if (cp_kind(cp) == CP_SPACING_MARK)
		g->emoji = false;
	write_cp(g, cp);
}

/* GB6 to GB8 of UAX #29: does the jamo join what is before it?  It has no
 * cell of its own, so alone it would be drawn over its neighbour. */
static bool
is_hangul(int32_t before, int32_t jamo)
{
	bool final = (jamo >= 0x11A8 && jamo <= 0x11FF) || jamo >= 0xD7CB;
	bool leads = (before >= 0x1100 && before <= 0x115E) ||
	    (before >= 0xA960 && before <= 0xA97C);
	bool vowel = (before >= 0x1161 && before <= 0x11A7) ||
	    (before >= 0xD7B0 && before <= 0xD7C6);
	bool syllable = before >= 0xAC00 && before <= 0xD7A3;

	if (!final)		/* a vowel: behind L, V or LV */
		return leads || vowel ||
		    (syllable && (before - 0xAC00) % 28 == 0);
	return vowel || syllable || cp_is_joined_jamo(before);
}

/* A syllable has two of these: what is more counts as marks do. */
static void
write_jamo(struct gate *g, int32_t cp)
{
	if (g->blank || is_invisible(cp, g->shape) ||
	    !is_hangul(g->last, cp)) {
		write_base(g, REPLACEMENT);
	} else if (g->marks < TEXT_MARKS_MAX) {
		g->marks++;
		write_cp(g, cp);
	}
}

static void
write_joiner(struct gate *g, int32_t cp, int32_t next)
{
	if (g->blank) {
		write_base(g, REPLACEMENT);
	} else if (cp == ZWJ && g->emoji && g->last != ZWJ &&
	    g->joins < TEXT_JOINS_MAX && cp_is_pictograph(next)) {
		g->joins++;
		write_cp(g, cp);
	} else if (is_joining(g->last) &&
	    cp_kind(g->last) <= CP_SPACING_MARK &&
	    is_joining(next) && cp_kind(next) == CP_LETTER) {
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
	    cp_kind(cp) == CP_BLANK) {
		write_blank(g);
	} else if (cp == ZWJ || cp == ZWNJ) {
		if (n < len)
			text_decode(s + n, len - n, &next);
		write_joiner(g, cp, next);
	} else if (cp_is_joined_jamo(cp)) {
		write_jamo(g, cp);
	} else if (cp_is_mark(cp)) {
		write_mark(g, cp);
	} else {
		write_base(g, cp);
	}
	return n;
}

/* Bytes that pass as they are; *last is their last code point. */
static size_t
plain_run(const char *s, size_t len, int32_t *last)
{
	size_t at = 0, n;
	int32_t cp;

	for (;;) {
		n = text_ascii_run(s + at, len - at);
		at += n;
		if (n)
			*last = s[at - 1];
		if (at == len || !(s[at] & 0x80))
			return at;
		n = text_decode(s + at, len - at, &cp);
		if (!cp_plain(cp))
			return at;
		at += n;
		*last = cp;
	}
}

void
text_filter(struct buf *out, const void *src, size_t len,
    enum text_shape shape)
{
	struct gate g = { .out = out, .shape = shape };
	const char *s = src;
	size_t at = 0, n;

	while (at < len) {
		/* names fold their blanks */
		n = shape == TEXT_NAME ? 0 :
		    plain_run(s + at, len - at, &g.last);
		if (!n) {
			at += take(&g, s + at, len - at);
			continue;
		}
		buf_put(out, s + at, n);
		at += n;
		g.marks = g.joins = 0;
		g.emoji = false;
	}
}

static bool
is_clean_plain(const char *s, size_t len, enum text_shape shape)
{
	size_t at, i;
	int32_t last;

	for (at = 0; at < len; at++) {
		at += plain_run(s + at, len - at, &last);
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

	if (is_clean_plain(s, len, shape))
		return true;
	buf_init(&filtered);
	text_filter(&filtered, s, len, shape);
	same = filtered.len == len && !memcmp(filtered.at, s, len);
	buf_clear(&filtered);
	return same;
}
