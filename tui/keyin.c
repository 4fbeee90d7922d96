#include "keyin.h"

#include "text.h"

#include <stdlib.h>
#include <string.h>

enum state {
	PLAIN,
	PASTE,			/* the end marker has not come */
	PASTE_TAIL		/* it came; a pause ends the paste */
};

struct keyin {
	struct keyin_events ev;
	const struct keyin_row *rows;
	size_t n_rows;
	enum state state;
	/* A sequence or character that is not whole yet. */
	uint8_t held[KEYIN_SEQ_MAX];
	size_t n_held;
	bool skipping;		/* a sequence too long to be known */
	struct buf paste;
	size_t paste_len;	/* also what was not kept */
	size_t marker_at;	/* bytes of the end marker matched so far */
};

enum verdict {
	MORE,			/* may become something */
	TAKEN,			/* used whole */
	NOTHING			/* no sequence: its first byte stands alone */
};

static const char paste_end[] = "\033[201~";

struct keyin *
keyin_new(const struct keyin_events *ev, const struct keyin_row *rows,
    size_t n)
{
	struct keyin *k = mem_new(sizeof(*k));

	k->ev = *ev;
	k->rows = rows;
	k->n_rows = n;
	buf_init(&k->paste);
	return k;
}

void
keyin_free(struct keyin *k)
{
	if (!k)
		return;
	buf_wipe(&k->paste);
	buf_clear(&k->paste);
	free(k);
}

bool
keyin_is_waiting(const struct keyin *k)
{
	return k->state == PASTE_TAIL ||
	    (k->state == PLAIN && (k->n_held > 0 || k->skipping));
}

bool
keyin_is_pasting(const struct keyin *k)
{
	return k->state != PLAIN;
}

/* ---- sequences --------------------------------------------------------- */

static void
send(struct keyin *k, int32_t code, unsigned mods)
{
	k->ev.on_key(k->ev.arg, key_normal(code, mods));
}

static int32_t
code_of_letter(uint8_t c)
{
	static const struct {
		char letter;
		int32_t code;
	} rows[] = {
		{ 'A', K_UP }, { 'B', K_DOWN }, { 'C', K_RIGHT },
		{ 'D', K_LEFT }, { 'F', K_END }, { 'H', K_HOME },
		{ 'P', K_F1 }, { 'Q', K_F1 + 1 }, { 'R', K_F1 + 2 },
		{ 'S', K_F1 + 3 }, { 'M', K_ENTER }, { 'Z', K_TAB },
		/* rxvt: Shift and Ctrl with arrows. */
		{ 'a', K_UP }, { 'b', K_DOWN }, { 'c', K_RIGHT },
		{ 'd', K_LEFT },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].letter == (char)c)
			return rows[i].code;
	}
	return 0;
}

static int32_t
code_of_number(unsigned n)
{
	/* DEC's editing keys, with the gaps of the VT220. */
	static const int32_t codes[] = {
		[1] = K_HOME, [2] = K_INSERT, [3] = K_DELETE, [4] = K_END,
		[5] = K_PGUP, [6] = K_PGDN, [7] = K_HOME, [8] = K_END,
		[11] = K_F1, [12] = K_F1 + 1, [13] = K_F1 + 2,
		[14] = K_F1 + 3, [15] = K_F1 + 4, [17] = K_F1 + 5,
		[18] = K_F1 + 6, [19] = K_F1 + 7, [20] = K_F1 + 8,
		[21] = K_F1 + 9, [23] = K_F1 + 10, [24] = K_F1 + 11,
		[25] = K_F1 + 12, [26] = K_F1 + 13, [28] = K_F1 + 14,
		[29] = K_F1 + 15, [31] = K_F1 + 16, [32] = K_F1 + 17,
		[33] = K_F1 + 18, [34] = K_F1 + 19,
	};

	return n < sizeof(codes) / sizeof(codes[0]) ? codes[n] : 0;
}

/* xterm: 1 + a sum of 1 Shift, 2 Alt, 4 Ctrl, 8 Meta. */
static unsigned
mods_of(unsigned n)
{
	unsigned bits = n > 0 ? n - 1 : 0, mods = 0;

	if (bits & 1)
		mods |= MOD_SHIFT;
	if (bits & (2 | 8))
		mods |= MOD_ALT;
	if (bits & 4)
		mods |= MOD_CTRL;
	return mods;
}

static void
begin_paste(struct keyin *k)
{
	k->state = PASTE;
	k->paste_len = 0;
	k->marker_at = 0;
	buf_empty(&k->paste);
}

/* A whole CSI: the parameters p[0..n) and its final byte. */
static void
send_csi(struct keyin *k, const uint8_t *p, size_t n, uint8_t final,
    unsigned mods)
{
	unsigned args[2] = { 0, 0 };
	size_t n_args = 0;
	int32_t code;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == ';') {
			n_args++;
		} else if (p[i] < '0' || p[i] > '9') {
			return;		/* a private reply: not a key */
		} else if (n_args < 2 && args[n_args] < 10000) {
			args[n_args] = args[n_args] * 10 + (p[i] - '0');
		}
	}
	if (final == '~' && args[0] == 200 && n_args == 0) {
		begin_paste(k);
		return;
	}
	if ((final == 'I' || final == 'O') && n == 0) {
		k->ev.on_focus(k->ev.arg, final == 'I');
		return;
	}
	if (n_args > 0)
		mods |= mods_of(args[1]);
	if (final == '~' || final == '^' || final == '$' || final == '@') {
		code = code_of_number(args[0]);
		if (final == '^' || final == '@')
			mods |= MOD_CTRL;
		if (final == '$' || final == '@')
			mods |= MOD_SHIFT;
	} else {
		/* "CSI 1 ; mods letter"; other numbers are reports. */
		code = args[0] <= 1 && n_args <= 1 ? code_of_letter(final) :
		    0;
		if (final == 'Z' || (final >= 'a' && final <= 'd'))
			mods |= MOD_SHIFT;
		if (final == 'M')
			code = 0;	/* the old mouse, not a key */
	}
	if (code != 0)
		send(k, code, mods);
}

/* held[at..n) behind one or two ESC. */
static enum verdict
take_sequence(struct keyin *k, size_t at, unsigned mods)
{
	const uint8_t *p = k->held + at;
	size_t n = k->n_held - at;
	int32_t code;

	if (n == 0)
		return MORE;
	if (p[0] == 'O') {
		if (n == 1)
			return MORE;
		/* SS3 with a modifier between, as some send it. */
		if (p[1] >= '0' && p[1] <= '9') {
			if (n == 2)
				return MORE;
			mods |= mods_of((unsigned)(p[1] - '0'));
			code = code_of_letter(p[2]);
		} else {
			code = code_of_letter(p[1]);
			if (p[1] >= 'a' && p[1] <= 'd')
				mods |= MOD_CTRL;
		}
		if (code != 0)
			send(k, code, mods);
		return TAKEN;
	}
	if (p[0] != '[')
		return NOTHING;
	if (n == 1)
		return MORE;
	if (p[1] == '[') {		/* the Linux console's F1..F5 */
		if (n == 2)
			return MORE;
		if (p[2] >= 'A' && p[2] <= 'E')
			send(k, K_F1 + (p[2] - 'A'), mods);
		return TAKEN;
	}
	for (size_t i = 1; i < n; i++) {
		/* ECMA-48, 5.4: parameters and intermediates 0x20..0x3F, then
		 * one final byte; rxvt ends with '$', an intermediate. */
		if (p[i] >= 0x20 && p[i] <= 0x3f && !(p[i] == '$' &&
		    i + 1 == n && i > 1))
			continue;
		if (p[i] < 0x20 || p[i] > 0x7e)
			return TAKEN;	/* broken off */
		send_csi(k, p + 1, i - 1, p[i], mods);
		return TAKEN;
	}
	return MORE;
}

/* The rows of the terminal's description. */
static enum verdict
take_row(struct keyin *k)
{
	enum verdict v = NOTHING;

	for (size_t i = 0; i < k->n_rows; i++) {
		const struct keyin_row *row = &k->rows[i];
		size_t len = strlen(row->seq);

		if (len < k->n_held ||
		    memcmp(row->seq, k->held, k->n_held) != 0)
			continue;
		if (len == k->n_held) {
			send(k, row->key.code, row->key.mods);
			return TAKEN;
		}
		v = MORE;
	}
	return v;
}

static enum verdict
take_char(struct keyin *k, size_t at, unsigned mods)
{
	const uint8_t *p = k->held + at;
	size_t n = k->n_held - at, used;
	struct key key;
	int32_t cp;

	if (n == 0)
		return MORE;
	if (p[0] < 0x20 || p[0] == 0x7f) {
		key = key_of_byte(p[0]);
		send(k, key.code, key.mods | mods);
		return TAKEN;
	}
	if (p[0] >= 0xc2 && p[0] <= 0xf4) {
		size_t need = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
		bool good = true;

		for (size_t i = 1; i < n; i++)
			good = good && (p[i] & 0xc0) == 0x80;
		if (good && n < need)
			return MORE;
	}
	used = text_decode((const char *)p, n, &cp);
	send(k, cp, mods);
	/* A broken character: what it held up is read again. */
	if (used < n) {
		uint8_t rest[KEYIN_SEQ_MAX];
		size_t left = n - used;

		memcpy(rest, p + used, left);
		k->n_held = 0;
		keyin_feed(k, rest, left);
		return MORE;
	}
	return TAKEN;
}

static enum verdict
take(struct keyin *k)
{
	enum verdict v;

	if (k->held[0] != 033)
		return take_char(k, 0, 0);
	v = take_row(k);
	if (v != NOTHING)
		return v;
	if (k->n_held == 1)
		return MORE;
	if (k->held[1] == 033) {
		/* ESC ESC [ A is Alt with an arrow; ESC ESC is Alt-Esc. */
		v = take_sequence(k, 2, MOD_ALT);
		if (v != NOTHING)
			return v;
		send(k, K_ESC, 0);
		k->held[1] = k->held[2];
		k->n_held = 2;
		return take(k);
	}
	v = take_sequence(k, 1, 0);
	if (v != NOTHING)
		return v;
	return take_char(k, 1, MOD_ALT);
}

static void
feed_key(struct keyin *k, uint8_t c)
{
	if (k->skipping) {
		k->skipping = c < 0x40;
		return;
	}
	k->held[k->n_held++] = c;
	if (take(k) == TAKEN)
		k->n_held = 0;
	if (k->n_held == KEYIN_SEQ_MAX) {
		k->n_held = 0;
		k->skipping = true;
	}
}

/* ---- pastes ------------------------------------------------------------ */

static void
keep(struct keyin *k, const void *p, size_t n)
{
	k->paste_len += n;
	if (k->paste_len <= KEYIN_PASTE_MAX)
		buf_put(&k->paste, p, n);
	else
		buf_empty(&k->paste);
}

static void
feed_paste(struct keyin *k, uint8_t c)
{
	if (c == (uint8_t)paste_end[k->marker_at]) {
		if (++k->marker_at == sizeof(paste_end) - 1) {
			k->marker_at = 0;
			k->state = PASTE_TAIL;
		}
		return;
	}
	/* ESC stands only at the marker's start: no other way to match. */
	keep(k, paste_end, k->marker_at);
	k->marker_at = c == 033;
	if (k->marker_at == 0)
		keep(k, &c, 1);
}

static void
end_paste(struct keyin *k)
{
	bool fits;

	keep(k, paste_end, k->marker_at);
	fits = k->paste_len <= KEYIN_PASTE_MAX;
	k->state = PLAIN;
	k->marker_at = 0;
	k->n_held = 0;
	k->ev.on_paste(k->ev.arg, fits ? buf_str(&k->paste) : NULL,
	    k->paste_len);
	/* Passwords are pasted too. */
	buf_wipe(&k->paste);
}

void
keyin_give_up(struct keyin *k)
{
	if (k->state != PLAIN)
		end_paste(k);
}

void
keyin_feed(struct keyin *k, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < len; i++) {
		if (k->state == PLAIN)
			feed_key(k, p[i]);
		else
			feed_paste(k, p[i]);
		if (k->state != PLAIN)
			k->n_held = 0;
	}
}

void
keyin_rest(struct keyin *k)
{
	uint8_t held[KEYIN_SEQ_MAX];
	size_t n = k->n_held;

	if (k->state == PASTE_TAIL) {
		end_paste(k);
		return;
	}
	k->skipping = false;
	if (k->state != PLAIN || n == 0)
		return;
	memcpy(held, k->held, n);
	k->n_held = 0;
	if (held[0] != 033) {
		send(k, 0xfffd, 0);	/* a character broken off */
	} else if (n == 1) {
		send(k, K_ESC, 0);
	} else if (n == 2 && held[1] == 033) {
		send(k, K_ESC, MOD_ALT);
	} else if (n == 2) {
		send(k, held[1], MOD_ALT);	/* Alt-[ and Alt-O */
	}
	/* Anything longer was a sequence that never ended. */
}
