#include "term-info.h"

#include "term.h"

#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

/* <term.h> defines short names for its capabilities as macros. */
#undef lines
#undef columns

const char term_on_bytes[] = "\033[?2004h\033[?1004h";
const char term_off_bytes[] = "\033[?2004l\033[?1004l";

/* ---- may we -------------------------------------------------------------- */

int
term_check(struct err *e)
{
	const char *name = getenv("TERM");
	int status = 0;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		err_set(e, STATUS_USAGE, "%s is not a terminal",
		    isatty(STDIN_FILENO) ? "standard output" :
		    "standard input");
	} else if (!name || !name[0] || strcmp(name, "dumb") == 0) {
		err_set(e, STATUS_USAGE, "the terminal \"%s\" cannot show a "
		    "screen", name && name[0] ? name : "(TERM is not set)");
	} else if (setupterm(name, STDOUT_FILENO, &status) != OK) {
		err_set(e, STATUS_USAGE, "the terminal \"%.40s\" is not known "
		    "here", name);
	} else if (!cursor_address || !clear_screen) {
		err_set(e, STATUS_USAGE, "the terminal \"%.40s\" cannot move "
		    "its cursor", name);
	} else {
		del_curterm(cur_term);
		return 0;
	}
	return err_next(e, "run it in a terminal with TERM set, or use "
	    "p2ptui --headless");
}

/* ---- keys ---------------------------------------------------------------- */

static void
add_key(struct keyin_row *rows, size_t *n, const char *name, int32_t code,
    unsigned mods)
{
	const char *seq = tigetstr(name);
	struct keyin_row *row = &rows[*n];

	/* A sequence of one byte is decoded anyway. */
	if (!seq || seq == (char *)-1 || seq[0] != 033 || !seq[1] ||
	    strlen(seq) >= sizeof(row->seq) || *n == TERM_KEYS)
		return;
	memcpy(row->seq, seq, strlen(seq) + 1);
	row->key = (struct key){ code, mods };
	(*n)++;
}

size_t
term_info_keys(struct keyin_row rows[TERM_KEYS])
{
	static const struct {
		const char *name;
		int32_t code;
		unsigned mods;
	} known[] = {
		{ "kcuu1", K_UP, 0 }, { "kcud1", K_DOWN, 0 },
		{ "kcub1", K_LEFT, 0 }, { "kcuf1", K_RIGHT, 0 },
		{ "khome", K_HOME, 0 }, { "kend", K_END, 0 },
		{ "kpp", K_PGUP, 0 }, { "knp", K_PGDN, 0 },
		{ "kich1", K_INSERT, 0 }, { "kdch1", K_DELETE, 0 },
		{ "kcbt", K_TAB, MOD_SHIFT }, { "kent", K_ENTER, 0 },
	};

	size_t n = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		add_key(rows, &n, known[i].name, known[i].code,
		    known[i].mods);
	for (int i = 1; i <= 20; i++) {
		char name[8];

		snprintf(name, sizeof(name), "kf%d", i);
		add_key(rows, &n, name, K_F1 + i - 1, 0);
	}
	return n;
}

/* ---- more ---------------------------------------------------------------- */

void
term_info_restore(struct buf *b)
{
	const char *const parts[] = { term_off_bytes, exit_attribute_mode,
		cursor_normal, keypad_local, exit_ca_mode, "\r" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (parts[i])
			buf_put(b, parts[i], strlen(parts[i]));
	}
}

/* The consoles of kernels have none, and some print what they do not know. */
bool
term_info_has_clipboard(void)
{
	static const char *const without[] = { "linux", "vt", "cons25",
		"wsvt" };
	const char *name = getenv("TERM");

	for (size_t i = 0; i < sizeof(without) / sizeof(*without); i++) {
		if (!name || strncmp(name, without[i],
		    strlen(without[i])) == 0)
			return false;
	}
	return true;
}
