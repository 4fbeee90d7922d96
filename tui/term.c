/* The wide half of curses. */
#define NCURSES_WIDECHAR 1

#include "term.h"

#include "enc.h"
#include "patch.h"
#include "term-info.h"
#include "text.h"
#include "tty.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>

/* <term.h> defines short names for its capabilities as macros. */
#undef lines
#undef columns

enum {
	BELL_MS = 3000,
	ROWS_MAX = 1000,
	COLS_MAX = 2000,
	/* Bytes of the sheet: read at once, and before it starts anew. */
	SHEET_STEP = 4096,
	SHEET_MAX = 65536
};

static struct {
	bool is_open, utf8, has_paper;
	struct loop *loop;
	struct term_events ev;
	SCREEN *screen;
	FILE *sheet;			/* where curses writes: memory */
	int sheet_fd;			/* -1: straight to the terminal */
	off_t sheet_at;			/* what of it was taken */
	struct keyin_row rows[TERM_KEYS];
	size_t n_rows;
	int64_t last_bell_ms;
	bool unfocused, cursor_hidden, resized;
	int cursor_row, cursor_col;
	struct patches *patches;	/* clusters that curses may not draw */
	attr_t attrs[STYLES];
	short pairs[STYLES];
} term;

/* ---- bytes --------------------------------------------------------------- */

/* What curses wrote since the last time, behind what is waiting.  It is read
 * where it stands: the sheet is turned back only when it has grown long. */
static void
collect(void)
{
	ssize_t n;

	if (term.sheet_fd < 0)
		return;
	do {
		uint8_t *p = buf_space(tty_out(), SHEET_STEP);

		n = pread(term.sheet_fd, p, SHEET_STEP, term.sheet_at);
		if (n <= 0)
			break;
		buf_added(tty_out(), (size_t)n);
		term.sheet_at += n;
	} while (n == SHEET_STEP);
	if (term.sheet_at > SHEET_MAX && ftruncate(term.sheet_fd, 0) == 0) {
		lseek(term.sheet_fd, 0, SEEK_SET);
		term.sheet_at = 0;
	}
}

static int
put_byte(int c)
{
	buf_u8(tty_out(), (uint8_t)c);
	return c;
}

/* ---- size ---------------------------------------------------------------- */

static void
take_size(void)
{
	int r = LINES, c = COLS;

	tty_size(&r, &c);
	if (r > ROWS_MAX)
		r = ROWS_MAX;
	if (c > COLS_MAX)
		c = COLS_MAX;
	if (r != LINES || c != COLS || !term.patches) {
		resizeterm(r, c);
		patches_free(term.patches);
		term.patches = patches_new(LINES);
		clearok(curscr, TRUE);
		term.resized = true;
	}
}

static void
on_winch(void *arg, int signo)
{
	(void)arg;
	(void)signo;
	take_size();
	if (term.resized) {
		term.resized = false;
		term.ev.on_resize(term.ev.arg);
	}
}

int
term_rows(void)
{
	return LINES;
}

int
term_cols(void)
{
	return COLS;
}

bool
term_is_utf8(void)
{
	return term.utf8;
}

bool
term_has_paper(void)
{
	return term.has_paper;
}

bool
term_is_focused(void)
{
	return !term.unfocused;
}

/* ---- open and close ------------------------------------------------------ */

/* Memory for curses to write into, so that no write of it can block. */
static int
open_sheet(void)
{
#ifdef MFD_CLOEXEC
	return memfd_create("p2ptui", MFD_CLOEXEC);
#else
	return -1;
#endif
}

/* 0: the terminal cannot. */
static short
pair(int i, int color, int ground)
{
	if (i >= COLOR_PAIRS || color >= COLORS || ground >= COLORS)
		return 0;
	return init_pair((short)i, (short)color, (short)ground) == OK ?
	    (short)i : 0;
}

/* Black and white both said, so that no theme turns them: the white of eight
 * colours is grey, the bright one of sixteen is not. */
static short
paper_pair(int color)
{
	const int white = COLORS >= 16 ? 15 : COLOR_WHITE;

	return color == COLOR_BLACK ? pair(9, COLOR_BLACK, white) :
	    pair(10, white, COLOR_BLACK);
}

static void
make_styles(void)
{
	const char *no_color = getenv("NO_COLOR");
	bool colors = !(no_color && no_color[0]) && has_colors() &&
	    start_color() == OK && use_default_colors() == OK;

	for (int i = 0; i < STYLES; i++) {
		const struct look *l = theme_look((enum style)i);

		term.attrs[i] = A_NORMAL;
		if (l->bold)
			term.attrs[i] |= A_BOLD;
		if (l->dim)
			term.attrs[i] |= A_DIM;
		if (l->reverse)
			term.attrs[i] |= A_REVERSE;
		if (l->underline)
			term.attrs[i] |= A_UNDERLINE;
		term.pairs[i] = 0;
		if (!colors)
			continue;
		if (l->paper)
			term.pairs[i] = paper_pair(l->color);
		else if (l->color >= 0)
			term.pairs[i] = pair(l->color + 1, l->color, -1);
	}
	/* Both ways of a picture, or none of it. */
	term.has_paper = term.pairs[STYLE_PAPER] && term.pairs[STYLE_INK];
}

static void
enter(void)
{
	buf_put(tty_out(), term_on_bytes, strlen(term_on_bytes));
	if (keypad_xmit)
		tputs(keypad_xmit, 1, put_byte);
	tty_flush();
}

static void
leave(void)
{
	buf_put(tty_out(), term_off_bytes, strlen(term_off_bytes));
	if (keypad_local)
		tputs(keypad_local, 1, put_byte);
}

static int
start_curses(struct err *e)
{
	int fd = open_sheet();

	term.sheet_fd = fd;
	if (fd < 0)
		fd = dup(tty_fd());
	term.sheet = fd < 0 ? NULL : fdopen(fd, "w");
	if (!term.sheet) {
		if (fd >= 0)
			close(fd);
		return err_set(e, STATUS_FAILURE, "cannot draw: %s",
		    strerror(errno));
	}
	/* Padding makes curses sleep, and no terminal needs it. */
	setenv("NCURSES_NO_PADDING", "1", 0);
	term.screen = newterm(NULL, term.sheet, stdin);
	if (!term.screen) {
		fclose(term.sheet);
		return err_set(e, STATUS_USAGE, "the terminal \"%.40s\" "
		    "cannot show a screen", getenv("TERM"));
	}
	return 0;
}

static void
on_focus(void *arg, bool has_it)
{
	(void)arg;
	term.unfocused = !has_it;
	term.ev.on_focus(term.ev.arg);
}

static void
stop_curses(void)
{
	delscreen(term.screen);
	fclose(term.sheet);
	patches_free(term.patches);
	term.patches = NULL;
}

static int
start(struct err *e)
{
	struct buf restore;
	int rc;

	typeahead(-1);
	nonl();
	make_styles();
	term.n_rows = term_info_keys(term.rows);
	buf_init(&restore);
	term_info_restore(&restore);
	rc = tty_start(term.rows, term.n_rows, buf_str(&restore), e);
	buf_clear(&restore);
	if (rc != 0)
		return -1;
	take_size();
	term.resized = false;
	return loop_signal(term.loop, SIGWINCH, on_winch, NULL, e);
}

int
term_open(struct loop *l, const struct term_events *ev, struct err *e)
{
	const struct tty_events events = {
		.arg = ev->arg,
		.on_key = ev->on_key,
		.on_paste = ev->on_paste,
		.on_focus = on_focus,
		/* Frames were skipped meanwhile. */
		.on_drained = ev->on_resize,
		.on_gone = ev->on_gone
	};

	setlocale(LC_CTYPE, "");
	memset(&term, 0, sizeof(term));
	term.loop = l;
	term.ev = *ev;
	term.last_bell_ms = -BELL_MS;
	term.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	if (tty_open(l, &events, e) != 0)
		return -1;
	if (start_curses(e) != 0) {
		tty_close();
		return -1;
	}
	if (start(e) != 0) {
		tty_close();
		stop_curses();
		return -1;
	}
	enter();
	term.is_open = true;
	return 0;
}

/* Gives the screen back; what a stuck terminal does not take is dropped. */
static void
step_out(void)
{
	collect();
	leave();
	endwin();
	collect();
	tty_flush();
}

void
term_close(void)
{
	if (!term.is_open)
		return;
	if (!tty_is_gone())
		step_out();
	loop_signal(term.loop, SIGWINCH, NULL, NULL, NULL);
	tty_close();
	stop_curses();
	term.is_open = false;
}

void
term_suspend(void)
{
	step_out();
	tty_cook();
	raise(SIGSTOP);
	/* Continued; SIGCONT calls term_resume. */
}

void
term_resume(void)
{
	if (!term.is_open || tty_is_gone())
		return;
	tty_raw();
	enter();
	term_redraw();
	take_size();
	term.resized = false;
}

/* ---- drawing ------------------------------------------------------------- */

static void
set_style(enum style s)
{
	wattr_set(stdscr, term.attrs[s], term.pairs[s], NULL);
}

/* Blanks count cells of one screen row. */
static void
blank(int row, int col, int n, enum style s)
{
	set_style(s);
	mvwhline(stdscr, row, col, ' ', n);
}

/* Printable ASCII, by far the most: without the detour over multibyte
 * characters that curses' string functions take. */
static void
put_ascii(int row, int col, enum style s, const char *text, int n)
{
	const chtype look = term.attrs[s] | (chtype)COLOR_PAIR(term.pairs[s]);
	chtype cells[128];

	while (n > 0) {
		int k = 0;

		while (k < n && k < (int)(sizeof(cells) / sizeof(*cells))) {
			cells[k] = (chtype)(unsigned char)text[k] | look;
			k++;
		}
		mvwaddchnstr(stdscr, row, col, cells, k);
		text += k;
		col += k;
		n -= k;
	}
}

void
term_fill(const struct rect *r, enum style s)
{
	for (int i = 0; i < r->rows; i++) {
		if (r->row + i < 0 || r->row + i >= LINES || r->col >= COLS)
			continue;
		patches_erase(term.patches, r->row + i, r->col, r->cols);
		blank(r->row + i, r->col, r->col + r->cols <= COLS ? r->cols :
		    COLS - r->col, s);
	}
}

/* Clean text, at a place that is on the screen; room in cells. */
static int
put_clean(int row, int col, int room, enum style s, const char *text,
    size_t len)
{
	size_t at = 0, end;
	int used = 0;

	set_style(s);
	while (at < len && used < room) {
		int w = 0;
		size_t n = patch_plain_run(text + at, len - at, room - used,
		    &w);

		if (n > 0) {
			patches_erase(term.patches, row, col + used, w);
			if ((int)n == w)
				put_ascii(row, col + used, s, text + at, w);
			else
				mvwaddnstr(stdscr, row, col + used, text + at,
				    (int)n);
			used += w;
			at += n;
			continue;
		}
		n = text_cluster(text + at, len - at, &w);
		if (used + w > room)
			break;
		patches_erase(term.patches, row, col + used, w);
		for (end = at + n; at < end; at += n, used += w) {
			n = text_part(text + at, end - at, &w);
			if (w == 0)
				continue;
			blank(row, col + used, w, s);
			patches_add(term.patches, row, col + used, w, s,
			    text + at, text_plain(text + at, n));
		}
	}
	return used;
}

int
term_put(const struct rect *r, int row, int col, enum style s,
    const char *text, size_t len)
{
	struct buf safe;
	int room = r->cols - col, used;

	if (row < 0 || row >= r->rows || col < 0 || room <= 0 || len == 0)
		return col;
	if (r->row + row >= LINES || r->col + col >= COLS)
		return col;
	if (room > COLS - r->col - col)
		room = COLS - r->col - col;
	if (text_ascii_run(text, len) == len)
		return col + put_clean(r->row + row, r->col + col, room, s,
		    text, len);
	buf_init(&safe);
	if (!text_is_clean(text, len, TEXT_LINE)) {
		text_filter(&safe, text, len, TEXT_LINE);
		text = buf_str(&safe);
		len = safe.len;
	}
	if (!term.utf8) {
		struct buf ascii;

		buf_init(&ascii);
		text_ascii(&ascii, text, len);
		used = put_clean(r->row + row, r->col + col, room, s,
		    buf_str(&ascii), ascii.len);
		buf_clear(&ascii);
	} else {
		used = put_clean(r->row + row, r->col + col, room, s, text,
		    len);
	}
	buf_clear(&safe);
	return col + used;
}

int
term_puts(const struct rect *r, int row, int col, enum style s,
    const char *text)
{
	return term_put(r, row, col, s, text, strlen(text));
}

/* Long lines of one character are most of what is not ASCII on the screen:
 * decoded once, and laid by curses in one go. */
int
term_rule(const struct rect *r, int row, int col, int n, enum style s,
    const char *mark)
{
	wchar_t wide[2] = { 0 };
	int32_t cp;
	cchar_t cell;

	if (n > r->cols - col)
		n = r->cols - col;
	if (n > COLS - r->col - col)
		n = COLS - r->col - col;
	if (row < 0 || row >= r->rows || r->row + row >= LINES || col < 0 ||
	    n <= 0 || text_decode(mark, strlen(mark), &cp) == 0)
		return col;
	wide[0] = (wchar_t)cp;
	if (setcchar(&cell, wide, term.attrs[s], term.pairs[s], NULL) != OK)
		return col;
	patches_erase(term.patches, r->row + row, r->col + col, n);
	set_style(s);		/* curses adds what the last one left */
	mvwhline_set(stdscr, r->row + row, r->col + col, &cell, n);
	return col + n;
}

void
term_cursor(const struct rect *r, int row, int col)
{
	term.cursor_hidden = false;
	term.cursor_row = r->row + row;
	term.cursor_col = r->col + col;
	if (term.cursor_row >= LINES)
		term.cursor_row = LINES - 1;
	if (term.cursor_col >= COLS)
		term.cursor_col = COLS - 1;
}

void
term_cursor_hide(void)
{
	term.cursor_hidden = true;
}

/* ---- showing ------------------------------------------------------------- */

bool
term_is_ready(void)
{
	return term.is_open && tty_is_ready();
}

static void
goto_cell(int row, int col)
{
	tputs(tparm(cursor_address, (long)row, (long)col, 0L, 0L, 0L, 0L, 0L,
	    0L, 0L), 1, put_byte);
}

static void
paint_patch(void *arg, int row, int col, int cells, unsigned style,
    const char *s, size_t len)
{
	bool *any = arg;

	(void)cells;
	goto_cell(row, col);
	vid_puts(term.attrs[style], term.pairs[style], NULL, put_byte);
	buf_put(tty_out(), s, len);
	*any = true;
}

void
term_show(void)
{
	bool any = false, all = is_cleared(curscr);

	if (!term_is_ready())
		return;
	/* The last thing before drawing: a signal may still be on its way. */
	take_size();
	if (term.resized) {
		term.resized = false;
		term.ev.on_resize(term.ev.arg);
		return;
	}
	for (int row = 0; row < LINES; row++) {
		if (all || is_linetouched(stdscr, row))
			patches_touch(term.patches, row);
		if (patches_moved(term.patches, row))
			wredrawln(stdscr, row, 1);
	}
	curs_set(term.cursor_hidden ? 0 : 1);
	wmove(stdscr, term.cursor_row, term.cursor_col);
	wnoutrefresh(stdscr);
	doupdate();
	collect();
	patches_paint(term.patches, paint_patch, &any);
	if (any) {
		vid_puts(A_NORMAL, 0, NULL, put_byte);
		goto_cell(term.cursor_row, term.cursor_col);
	}
	tty_flush();
}

void
term_redraw(void)
{
	clearok(curscr, TRUE);
}

void
term_bell(void)
{
	const int64_t now = loop_now_ms(term.loop);

	if (!term_is_ready() || now - term.last_bell_ms < BELL_MS)
		return;
	term.last_bell_ms = now;
	buf_u8(tty_out(), 7);
	tty_flush();
}

/* OSC 52 of xterm: c is the clipboard.  Whether a terminal obeys cannot be
 * asked; those that do not know it ignore it. */
bool
term_copy(const char *text)
{
	const size_t len = strlen(text);
	char *bytes;

	if (!term_is_ready() || !term_info_has_clipboard())
		return false;
	bytes = mem_array(BASE64_PADDED_LEN(len), 1);
	enc_base64(bytes, text, len);
	buf_printf(tty_out(), "\033]52;c;%s\007", bytes);
	free(bytes);
	tty_flush();
	return true;
}
