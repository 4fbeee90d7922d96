#include "keyname.h"

#include "cmd.h"
#include "text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { N_F_KEYS = 20, FAR = 4 };

/* The first name of a code is the one that is printed. */
static const struct {
	const char *name;
	int32_t code;
} names[] = {
	{ "Enter", K_ENTER }, { "Return", K_ENTER },
	{ "Tab", K_TAB },
	{ "Esc", K_ESC }, { "Escape", K_ESC },
	{ "Backspace", K_BACKSPACE }, { "BSpace", K_BACKSPACE },
	{ "Insert", K_INSERT }, { "Ins", K_INSERT },
	{ "Delete", K_DELETE }, { "Del", K_DELETE },
	{ "Up", K_UP }, { "Down", K_DOWN },
	{ "Left", K_LEFT }, { "Right", K_RIGHT },
	{ "Home", K_HOME }, { "End", K_END },
	{ "PgUp", K_PGUP }, { "PageUp", K_PGUP },
	{ "PgDn", K_PGDN }, { "PageDown", K_PGDN },
	{ "Space", ' ' },
};

enum { N_NAMES = sizeof names / sizeof names[0] };

static const struct {
	const char *prefix;
	unsigned mod;
} prefixes[] = {
	{ "C-", MOD_CTRL }, { "Ctrl-", MOD_CTRL },
	{ "M-", MOD_ALT }, { "Alt-", MOD_ALT }, { "Meta-", MOD_ALT },
	{ "S-", MOD_SHIFT }, { "Shift-", MOD_SHIFT },
};

enum { N_PREFIXES = sizeof prefixes / sizeof prefixes[0] };

bool
key_is(struct key a, struct key b)
{
	return a.code == b.code && a.mods == b.mods;
}

struct key
key_of_byte(uint8_t c)
{
	if (c == 0)
		return key_normal(' ', MOD_CTRL);
	if (c <= 26)
		return key_normal('a' + c - 1, MOD_CTRL);
	if (c < 0x20)			/* 27..31: C-[ to C-_ */
		return key_normal('@' + c, MOD_CTRL);
	if (c == 0x7F)
		return key_normal(K_BACKSPACE, 0);
	return key_normal(c, 0);
}

/* Ctrl and a code point, as far as terminals can send it. */
static struct key
normal_ctrl(int32_t code, unsigned mods)
{
	unsigned rest = mods & ~(unsigned)(MOD_CTRL | MOD_SHIFT);

	if (code >= 'A' && code <= 'Z')
		code += 'a' - 'A';
	if (code == 'm')
		return (struct key){ K_ENTER, rest };
	if (code == 'i')
		return (struct key){ K_TAB, rest };
	if (code == '[')
		return (struct key){ K_ESC, rest };
	if (code == '?')
		return (struct key){ K_BACKSPACE, rest };
	if (code == '@')
		code = ' ';
	else if (code == '/')
		code = '_';
	return (struct key){ code, rest | MOD_CTRL };
}

struct key
key_normal(int32_t code, unsigned mods)
{
	if (code >= K_FIRST)
		return (struct key){ code, mods };
	if (code < 0x20 || code == 0x7F) {
		struct key k = key_of_byte((uint8_t)code);

		return (struct key){ k.code, k.mods | (mods & MOD_ALT) };
	}
	if (mods & MOD_CTRL)
		return normal_ctrl(code, mods);
	if ((mods & MOD_SHIFT) && code >= 'a' && code <= 'z')
		code -= 'a' - 'A';
	return (struct key){ code, mods & ~(unsigned)MOD_SHIFT };
}

bool
key_is_text(struct key k)
{
	return k.mods == 0 && k.code >= 0x20 && k.code != 0x7F &&
	    k.code < K_FIRST;
}

/* F1..F20; 0: something else. */
static int32_t
f_key(const char *s)
{
	int n = 0;

	if ((*s != 'F' && *s != 'f') || s[1] < '1' || s[1] > '9')
		return 0;
	for (s++; *s >= '0' && *s <= '9' && n <= N_F_KEYS; s++)
		n = 10 * n + (*s - '0');
	return *s || n > N_F_KEYS ? 0 : K_F1 + n - 1;
}

static const char *
nearest(const char *s)
{
	const char *best = NULL;
	int least = FAR, i;

	for (i = 0; i < N_NAMES; i++) {
		int d = cmd_distance(s, names[i].name, FAR);

		if (d < least) {
			least = d;
			best = names[i].name;
		}
	}
	return best;
}

static int
parse_bare(const char *s, int32_t *code)
{
	size_t len = strlen(s);
	int i;

	if (len && text_decode(s, len, code) == len && *code >= 0x20 &&
	    *code != 0x7F && (*code != 0xFFFD || len == 3))
		return 0;
	for (i = 0; i < N_NAMES; i++) {
		if (!strcasecmp(s, names[i].name)) {
			*code = names[i].code;
			return 0;
		}
	}
	*code = f_key(s);
	return *code ? 0 : -1;
}

/* Takes one prefix off; "-" and "C" alone are keys, not prefixes. */
static const char *
take_prefix(const char *s, unsigned *mods)
{
	int i;

	for (i = 0; i < N_PREFIXES; i++) {
		size_t n = strlen(prefixes[i].prefix);

		if (!strncasecmp(s, prefixes[i].prefix, n) && s[n]) {
			*mods |= prefixes[i].mod;
			return s + n;
		}
	}
	return NULL;
}

int
keyname_parse(const char *name, struct key *k, struct err *e)
{
	const char *s = name, *rest, *best;
	unsigned mods = 0;
	int32_t code;

	while ((rest = take_prefix(s, &mods)))
		s = rest;
	if (!parse_bare(s, &code)) {
		*k = key_normal(code, mods);
		return 0;
	}
	err_set(e, STATUS_CONFIG, "\"%.40s\" is not a key", name);
	best = nearest(s);
	if (best)
		return err_next(e, "did you mean %.*s%s?", (int)(s - name),
		    name, best);
	return err_next(e, "keys are written like C-a, M-Enter, F2, PgUp");
}

static const char *
name_of(int32_t code)
{
	int i;

	for (i = 0; i < N_NAMES; i++)
		if (names[i].code == code)
			return names[i].name;
	return NULL;
}

static void
print(struct key k, char dst[KEYNAME_LEN], const char *const marks[3],
    bool ctrl_upper)
{
	const char *name = name_of(k.code);
	char bare[8] = "";

	if (k.code >= K_F1 && k.code <= K_F20) {
		snprintf(bare, sizeof bare, "F%d", k.code - K_F1 + 1);
	} else if (!name) {
		if (ctrl_upper && (k.mods & MOD_CTRL) &&
		    k.code >= 'a' && k.code <= 'z')
			k.code -= 'a' - 'A';
		bare[text_encode(bare, k.code)] = '\0';
	}
	snprintf(dst, KEYNAME_LEN, "%s%s%s%s",
	    k.mods & MOD_CTRL ? marks[0] : "", k.mods & MOD_ALT ? marks[1] : "",
	    k.mods & MOD_SHIFT ? marks[2] : "", name ? name : bare);
}

void
keyname_print(struct key k, char dst[KEYNAME_LEN])
{
	static const char *const marks[] = { "C-", "M-", "S-" };

	print(k, dst, marks, false);
}

void
keyname_show(struct key k, char dst[KEYNAME_LEN])
{
	static const char *const marks[] = { "Ctrl-", "Alt-", "Shift-" };

	print(k, dst, marks, true);
}
