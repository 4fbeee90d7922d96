#include "text.h"

#include "text-cp.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include <utf8proc.h>

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

enum cp_kind
cp_kind(int32_t cp)
{
	switch (utf8proc_category(cp)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
		return CP_LETTER;
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_ME:
		return CP_MARK;
	case UTF8PROC_CATEGORY_MC:
		return CP_SPACING_MARK;
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return CP_DIGIT;
	case UTF8PROC_CATEGORY_SM:
		return CP_MATH;
	case UTF8PROC_CATEGORY_ZS:
		return CP_BLANK;
	case UTF8PROC_CATEGORY_PC:
	case UTF8PROC_CATEGORY_PD:
	case UTF8PROC_CATEGORY_PS:
	case UTF8PROC_CATEGORY_PE:
	case UTF8PROC_CATEGORY_PI:
	case UTF8PROC_CATEGORY_PF:
	case UTF8PROC_CATEGORY_PO:
	case UTF8PROC_CATEGORY_SC:
	case UTF8PROC_CATEGORY_SK:
	case UTF8PROC_CATEGORY_SO:
		return CP_VISIBLE;
	case UTF8PROC_CATEGORY_CN:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CO:
		return CP_NOTHING;
	}
	return CP_NOTHING;	/* a category of a later Unicode */
}

bool
cp_is_mark(int32_t cp)
{
	enum cp_kind kind = cp_kind(cp);

	return kind == CP_MARK || kind == CP_SPACING_MARK;
}

static int
bound(int32_t cp)
{
	return utf8proc_get_property(cp)->boundclass;
}

bool
cp_is_pictograph(int32_t cp)
{
	return cp >= 0xA9 && bound(cp) ==
	    UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC &&
	    cp_kind(cp) != CP_NOTHING;
}

bool
cp_is_skin_tone(int32_t cp)
{
	return cp >= 0x1F3FB && cp <= 0x1F3FF;
}

bool
cp_is_keycap_base(int32_t cp)
{
	return (cp >= '0' && cp <= '9') || cp == '#' || cp == '*';
}

size_t
cp_decompose(int32_t cp, bool fold_case, int32_t parts[CP_PARTS])
{
	utf8proc_option_t how = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
	    UTF8PROC_IGNORE;
	utf8proc_ssize_t n;
	int last = 0;

	if (fold_case)
		how |= UTF8PROC_CASEFOLD;
	n = utf8proc_decompose_char(cp, parts, CP_PARTS, how, &last);
	return n < 0 || n > CP_PARTS ? 0 : (size_t)n;
}

bool
cp_is_joined_jamo(int32_t cp)
{
	return (cp >= 0x1160 && cp <= 0x11FF) || (cp >= 0xD7B0 && cp <= 0xD7FF);
}

/* What most of the world writes, all of it assigned: Latin, Cyrillic, kana,
 * Han and Hangul syllables.  Only speed: the tables say the same. */
int
cp_plain(int32_t cp)
{
	if (cp < 0x7F)
		return cp >= 0x20;
	if (cp <= 0x0482)
		return (cp >= 0x00C0 && cp <= 0x02AF) || cp >= 0x0400;
	if (cp <= 0x052F)
		return cp >= 0x048A;
	if (cp < 0x3041)
		return 0;
	if ((cp >= 0x4E00 && cp <= 0x9FFC) || (cp >= 0xAC00 && cp <= 0xD7A3) ||
	    cp <= 0x3096 || (cp >= 0x30A1 && cp <= 0x30FA))
		return 2;
	return 0;
}

int
cp_cells(int32_t cp)
{
	enum cp_kind kind;
	int plain = cp_plain(cp);

	if (plain)
		return plain;
	if (cp < 0x300)
		return cp >= 0xA0;
	kind = cp_kind(cp);
	if (kind == CP_SPACING_MARK)
		return 1;
	if (kind == CP_MARK)
		return 0;
	/* utf8proc 2.8 gives these a cell, which nobody else does. */
	if (cp_is_joined_jamo(cp))
		return 0;
	return utf8proc_charwidth(cp);
}

bool
text_is_word(int32_t cp)
{
	enum cp_kind kind;

	if (cp < 0x80)
		return (cp >= '0' && cp <= '9') || (cp >= 'A' && cp <= 'Z') ||
		    (cp >= 'a' && cp <= 'z') || cp == '_';
	kind = cp_kind(cp);
	return kind <= CP_DIGIT;
}

/* ---- clusters ------------------------------------------------------------ */

size_t
text_cluster(const char *s, size_t len, int *cells)
{
	int32_t first, last, cp;
	utf8proc_int32_t state = 0;
	int done = 0, sum, joins = 0;	/* cells of parts, of this one */
	size_t at, n;
	bool emoji;

	*cells = 0;
	if (!len)
		return 0;
	/* Printable ASCII before ASCII is a cluster; only CR LF joins. */
	if (is_printable_ascii(s[0]) && (len == 1 || !(s[1] & 0x80))) {
		*cells = 1;
		return 1;
	}
	at = text_decode(s, len, &first);
	sum = cp_cells(first);
	emoji = !cp_plain(first) && cp_is_pictograph(first);
	for (last = first; at < len; last = cp, at += n) {
		n = text_decode(s + at, len - at, &cp);
		if (cp_plain(last) && cp_plain(cp))
			break;
		if (utf8proc_grapheme_break_stateful(last, cp, &state))
			break;
		if (emoji && last == ZWJ && cp_is_pictograph(cp)) {
			if (++joins > TEXT_JOINS_MAX)
				break;
			done += sum;
			sum = cp_cells(cp);
			continue;
		}
		if (emoji && cp_is_skin_tone(cp) &&
		    (last == VS16 || cp_is_pictograph(last))) {
			sum = 2;
			continue;
		}
		if (cp == VS16 && (emoji || cp_is_keycap_base(first))) {
			sum = 2;
			continue;
		}
		if (sum + cp_cells(cp) > 2)
			break;
		sum += cp_cells(cp);
	}
	*cells = done + sum;
	return at;
}

size_t
text_part(const char *s, size_t len, int *cells)
{
	int32_t last, cp;
	size_t at, n;

	at = text_decode(s, len, &last);
	if (cp_plain(last) || !cp_is_pictograph(last))
		at = len;
	for (; at < len; last = cp, at += n) {
		n = text_decode(s + at, len - at, &cp);
		if (last == ZWJ && cp_is_pictograph(cp))
			break;
	}
	text_cluster(s, at, cells);
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
		sum += cp_cells(cp);
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

/* ---- what is compared, never shown --------------------------------------- */

/* The code point that stands in its place; -1: none may. */
static int32_t
opaque(int32_t cp)
{
	const utf8proc_category_t kind = utf8proc_category(cp);

	if (kind == UTF8PROC_CATEGORY_ZS)
		return ' ';
	return kind == UTF8PROC_CATEGORY_CC || kind == UTF8PROC_CATEGORY_ZL ||
	    kind == UTF8PROC_CATEGORY_ZP ? -1 : cp;
}

/* The blanks; none of them takes fewer bytes than a space. */
static enum text_opaque
map_blanks(char *out, size_t *n, const char *s, size_t len)
{
	size_t at = 0;
	int32_t cp;

	*n = 0;
	while (at < len) {
		at += text_decode(s + at, len - at, &cp);
		if (cp == REPLACEMENT)
			return TEXT_NOT_UTF8;
		cp = opaque(cp);
		if (cp < 0)
			return TEXT_CONTROL;
		*n += text_encode(out + *n, cp);
	}
	return TEXT_OPAQUE;
}

enum text_opaque
text_opaque(char *out, size_t size, int32_t *room, size_t n_room,
    const char *s, size_t len)
{
	const utf8proc_option_t nfc = UTF8PROC_STABLE | UTF8PROC_COMPOSE;
	enum text_opaque verdict;
	utf8proc_ssize_t n, i;
	char bytes[4];
	size_t at = 0, used;

	if (len >= size || len > INT32_MAX || n_room > INT32_MAX)
		return TEXT_TOO_LONG;
	verdict = map_blanks(out, &used, s, len);
	if (verdict != TEXT_OPAQUE)
		return verdict;
	/* More than there is room for is counted, not written. */
	n = utf8proc_decompose((const utf8proc_uint8_t *)out,
	    (utf8proc_ssize_t)used, room, (utf8proc_ssize_t)n_room, nfc);
	if (n < 0 || (size_t)n > n_room)
		return TEXT_TOO_LONG;
	n = utf8proc_normalize_utf32(room, n, nfc);
	for (i = 0; i < n; i++) {
		used = text_encode(bytes, room[i]);
		if (used >= size - at)
			break;
		memcpy(out + at, bytes, used);
		at += used;
	}
	out[at] = '\0';
	mem_zero(bytes, sizeof(bytes));
	return i == n ? TEXT_OPAQUE : TEXT_TOO_LONG;
}
