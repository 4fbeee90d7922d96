/* The wide half of curses. */
#define NCURSES_WIDECHAR 1

#include "term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "buf.h"
#include "keyin.h"
#include "patch.h"
#include "text.h"

/* <term.h> defines short names for its capabilities as macros. */
#undef lines
#undef columns

enum {
	READ_MAX = 4096,
	BELL_MS = 3000,
	/* A paste without an end is given up by Ctrl-C after this silence. */
	PASTE_SILENCE_MS = 1000,
	ROWS_MAX = 1000,
	COLS_MAX = 2000,
	/* Keys of the description that are asked for. */
	KEY_ROWS = 40
};

/* What terminals want before and after, beside smcup and rmcup: bracketed
 * paste (2004) and focus reports (1004); those that know neither ignore
 * them. */
static const char on_bytes[] = "\033[?2004h\033[?1004h";
static const char off_bytes[] = "\033[?2004l\033[?1004l";

static struct {
	bool is_open, utf8, colors;
	struct loop *loop;
	struct term_events ev;
	SCREEN *screen;
	FILE *sheet;			/* where curses writes: memory */
	int sheet_fd;			/* -1: straight to the terminal */
	int out_fd;
	bool own_out;			/* out_fd is ours, non-blocking */
	struct watch *in_watch, *out_watch;
	struct buf out;			/* what the terminal did not take */
	struct keyin *keyin;
	struct keyin_row rows[KEY_ROWS];
	size_t n_rows;
	struct timer rest;
	int64_t last_input_ms, last_bell_ms;
	bool gone, unfocused, cursor_hidden, resized;
	int cursor_row, cursor_col;
	struct patches *patches;	/* clusters that curses may not draw */
	attr_t attrs[STYLES];
	short pairs[STYLES];
} term;

/* For the way out in a signal handler: everything prepared. */
static struct {
	volatile sig_atomic_t armed;
	struct termios before, during;
	char bytes[256];
	size_t len;
} rescue;

static const int deadly[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL };
enum { N_DEADLY = sizeof(deadly) / sizeof(deadly[0]) };
static struct sigaction deadly_before[N_DEADLY];

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

/* ---- the way out --------------------------------------------------------- */

/* Async-signal-safe. */
static void
write_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

static void
rescue_now(void)
{
	if (!rescue.armed)
		return;
	rescue.armed = 0;
	write_all(term.out_fd, rescue.bytes, rescue.len);
	tcsetattr(STDIN_FILENO, TCSANOW, &rescue.before);
}

static void
on_deadly(int signo)
{
	int saved = errno;

	rescue_now();
	for (int i = 0; i < N_DEADLY; i++)
		sigaction(deadly[i], &deadly_before[i], NULL);
	errno = saved;
	raise(signo);
}

static void
add_rescue(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	/* Padding ("$<5>") is for terminals of another age. */
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '$' && s[i + 1] == '<') {
			const char *end = strchr(s + i, '>');

			if (end) {
				i = (size_t)(end - s);
				continue;
			}
		}
		if (rescue.len < sizeof(rescue.bytes))
			rescue.bytes[rescue.len++] = s[i];
	}
}

static void
arm_rescue(void)
{
	struct sigaction sa;

	rescue.len = 0;
	add_rescue(off_bytes);
	add_rescue(exit_attribute_mode);
	add_rescue(cursor_normal);
	add_rescue(keypad_local);
	add_rescue(exit_ca_mode);
	add_rescue("\r");
	rescue.armed = 1;
	mem_on_death(rescue_now);
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_deadly;
	sa.sa_flags = (int)SA_RESETHAND;
	sigemptyset(&sa.sa_mask);
	for (int i = 0; i < N_DEADLY; i++)
		sigaction(deadly[i], &sa, &deadly_before[i]);
}

static void
disarm_rescue(void)
{
	rescue.armed = 0;
	mem_on_death(NULL);
	for (int i = 0; i < N_DEADLY; i++)
		sigaction(deadly[i], &deadly_before[i], NULL);
}

/* ---- bytes out ----------------------------------------------------------- */

static void
gone(void)
{
	if (term.gone)
		return;
	term.gone = true;
	watch_free(term.in_watch);
	watch_free(term.out_watch);
	term.in_watch = term.out_watch = NULL;
	buf_empty(&term.out);
	term.ev.on_gone(term.ev.arg);
}

/* As much as the terminal takes now. */
static void
flush_out(void)
{
	while (term.out.len > 0 && !term.gone) {
		ssize_t n;

		if (!term.own_out) {
			struct pollfd p = { .fd = term.out_fd,
				.events = POLLOUT };

			if (poll(&p, 1, 0) != 1)
				break;
		}
		n = write(term.out_fd, term.out.at, term.out.len);
		if (n > 0)
			buf_drop(&term.out, (size_t)n);
		else if (n < 0 && errno == EINTR)
			continue;
		else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		else
			gone();
	}
	if (term.out_watch)
		watch_want(term.out_watch, term.out.len > 0 ? LOOP_WRITE : 0);
}

static void
on_writable(void *arg, unsigned events)
{
	(void)arg;
	(void)events;
	flush_out();
	/* Frames were skipped meanwhile. */
	if (!term.gone && term.out.len == 0)
		term.ev.on_resize(term.ev.arg);
}

/* What curses wrote since the last time, behind what is waiting. */
static void
collect(void)
{
	off_t len;

	if (term.sheet_fd < 0)
		return;
	len = lseek(term.sheet_fd, 0, SEEK_CUR);
	if (len > 0) {
		uint8_t *p = buf_space(&term.out, (size_t)len);
		ssize_t n = pread(term.sheet_fd, p, (size_t)len, 0);

		if (n > 0)
			buf_added(&term.out, (size_t)n);
		lseek(term.sheet_fd, 0, SEEK_SET);
	}
}

static int
put_byte(int c)
{
	buf_u8(&term.out, (uint8_t)c);
	return c;
}

/* ---- bytes in ------------------------------------------------------------ */

static void
on_rest(void *arg)
{
	(void)arg;
	keyin_rest(term.keyin);
}

static void
on_readable(void *arg, unsigned events)
{
	char bytes[READ_MAX];
	const int64_t now = loop_now_ms(term.loop);
	ssize_t n;

	(void)arg;
	(void)events;
	n = read(STDIN_FILENO, bytes, sizeof(bytes));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		gone();
		return;
	}
	if (n == 1 && bytes[0] == 3 && keyin_is_pasting(term.keyin) &&
	    now - term.last_input_ms > PASTE_SILENCE_MS)
		keyin_give_up(term.keyin);
	else
		keyin_feed(term.keyin, bytes, (size_t)n);
	term.last_input_ms = now;
	if (keyin_is_waiting(term.keyin))
		timer_set(&term.rest, KEYIN_WAIT_MS);
	else
		timer_stop(&term.rest);
}

static void
on_key(void *arg, struct key k)
{
	(void)arg;
	term.ev.on_key(term.ev.arg, k);
}

static void
on_paste(void *arg, const void *text, size_t len)
{
	(void)arg;
	term.ev.on_paste(term.ev.arg, text, len);
}

static void
on_focus(void *arg, bool has_it)
{
	(void)arg;
	term.unfocused = !has_it;
	term.ev.on_focus(term.ev.arg);
}

static void
add_key(const char *name, int32_t code, unsigned mods)
{
	const char *seq = tigetstr(name);
	struct keyin_row *row = &term.rows[term.n_rows];

	/* A sequence of one byte is decoded anyway. */
	if (!seq || seq == (char *)-1 || seq[0] != 033 || !seq[1] ||
	    strlen(seq) >= sizeof(row->seq) || term.n_rows == KEY_ROWS)
		return;
	strcpy(row->seq, seq);
	row->key = (struct key){ code, mods };
	term.n_rows++;
}

static void
read_keys(void)
{
	static const struct {
		const char *name;
		int32_t code;
		unsigned mods;
	} rows[] = {
		{ "kcuu1", K_UP, 0 }, { "kcud1", K_DOWN, 0 },
		{ "kcub1", K_LEFT, 0 }, { "kcuf1", K_RIGHT, 0 },
		{ "khome", K_HOME, 0 }, { "kend", K_END, 0 },
		{ "kpp", K_PGUP, 0 }, { "knp", K_PGDN, 0 },
		{ "kich1", K_INSERT, 0 }, { "kdch1", K_DELETE, 0 },
		{ "kcbt", K_TAB, MOD_SHIFT }, { "kent", K_ENTER, 0 },
	};

	term.n_rows = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		add_key(rows[i].name, rows[i].code, rows[i].mods);
	for (int i = 1; i <= 20; i++) {
		char name[8];

		snprintf(name, sizeof(name), "kf%d", i);
		add_key(name, K_F1 + i - 1, 0);
	}
}

/* ---- size ---------------------------------------------------------------- */

static void
take_size(void)
{
	struct winsize ws;
	int r = term.is_open ? LINES : 24, c = term.is_open ? COLS : 80;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_row > 0 &&
	    ws.ws_col > 0) {
		r = ws.ws_row < ROWS_MAX ? ws.ws_row : ROWS_MAX;
		c = ws.ws_col < COLS_MAX ? ws.ws_col : COLS_MAX;
	}
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
term_is_focused(void)
{
	return !term.unfocused;
}

/* ---- open and close ------------------------------------------------------ */

static void
set_raw(void)
{
	struct termios t = rescue.before;

	t.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | ISTRIP |
	    IXON | IXOFF | PARMRK);
	t.c_oflag &= ~(tcflag_t)OPOST;
	t.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	t.c_cflag = (t.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	rescue.during = t;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
}

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

/* An open description of our own: O_NONBLOCK on the one we were given would
 * be seen by the shell. */
static void
open_out(void)
{
	const char *name = ttyname(STDOUT_FILENO);

	term.out_fd = name ? open(name, O_WRONLY | O_NOCTTY | O_NONBLOCK |
	    O_CLOEXEC) : -1;
	term.own_out = term.out_fd >= 0;
	if (!term.own_out)
		term.out_fd = STDOUT_FILENO;
}

static void
make_styles(void)
{
	const char *no_color = getenv("NO_COLOR");

	term.colors = !(no_color && no_color[0]) && has_colors() &&
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
		if (term.colors && l->color >= 0 && l->color < COLORS &&
		    l->color + 1 < COLOR_PAIRS) {
			term.pairs[i] = (short)(l->color + 1);
			init_pair(term.pairs[i], (short)l->color, -1);
		}
	}
}

static void
enter(void)
{
	buf_put(&term.out, on_bytes, sizeof(on_bytes) - 1);
	if (keypad_xmit)
		tputs(keypad_xmit, 1, put_byte);
}

static void
leave(void)
{
	buf_put(&term.out, off_bytes, sizeof(off_bytes) - 1);
	if (keypad_local)
		tputs(keypad_local, 1, put_byte);
}

static int
start_curses(struct err *e)
{
	int fd = open_sheet();

	term.sheet_fd = fd;
	if (fd < 0)
		fd = dup(term.out_fd);
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

int
term_open(struct loop *l, const struct term_events *ev, struct err *e)
{
	static const struct keyin_events events = {
		.on_key = on_key,
		.on_paste = on_paste,
		.on_focus = on_focus
	};

	setlocale(LC_CTYPE, "");
	memset(&term, 0, sizeof(term));
	term.loop = l;
	term.ev = *ev;
	term.last_bell_ms = -BELL_MS;
	term.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	buf_init(&term.out);
	if (tcgetattr(STDIN_FILENO, &rescue.before) != 0)
		return err_set(e, STATUS_USAGE, "the terminal does not "
		    "answer: %s", strerror(errno));
	open_out();
	if (start_curses(e) != 0) {
		if (term.own_out)
			close(term.out_fd);
		return -1;
	}
	set_raw();
	arm_rescue();
	typeahead(-1);
	nonl();
	leaveok(stdscr, FALSE);
	make_styles();
	read_keys();
	take_size();
	term.resized = false;
	term.is_open = true;
	timer_init(&term.rest, l, on_rest, NULL);
	term.keyin = keyin_new(&events, term.rows, term.n_rows);
	enter();
	term.in_watch = loop_watch(l, STDIN_FILENO, on_readable, NULL, e);
	if (term.in_watch && term.own_out) {
		term.out_watch = loop_watch(l, term.out_fd, on_writable,
		    NULL, e);
		if (term.out_watch)
			watch_want(term.out_watch, 0);
	}
	if (!term.in_watch || (term.own_out && !term.out_watch) ||
	    loop_signal(l, SIGWINCH, on_winch, NULL, e) != 0) {
		term_close();
		return -1;
	}
	return 0;
}

/* Gives the terminal back: what waits is dropped when it is stuck. */
static void
step_out(void)
{
	collect();
	leave();
	endwin();
	collect();
	flush_out();
}

void
term_close(void)
{
	if (!term.is_open)
		return;
	timer_stop(&term.rest);
	if (!term.gone)
		step_out();
	watch_free(term.in_watch);
	watch_free(term.out_watch);
	tcsetattr(STDIN_FILENO, TCSANOW, &rescue.before);
	disarm_rescue();
	loop_signal(term.loop, SIGWINCH, NULL, NULL, NULL);
	delscreen(term.screen);
	fclose(term.sheet);
	if (term.own_out)
		close(term.out_fd);
	keyin_free(term.keyin);
	patches_free(term.patches);
	buf_wipe(&term.out);
	term.is_open = false;
}

void
term_suspend(void)
{
	step_out();
	tcsetattr(STDIN_FILENO, TCSANOW, &rescue.before);
	raise(SIGSTOP);
	/* Continued; SIGCONT calls term_resume. */
}

void
term_resume(void)
{
	if (!term.is_open || term.gone)
		return;
	set_raw();
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
	static const char spaces[] = "                                ";

	set_style(s);
	wmove(stdscr, row, col);
	while (n > 0) {
		int k = n < (int)sizeof(spaces) - 1 ? n :
		    (int)sizeof(spaces) - 1;

		waddnstr(stdscr, spaces, k);
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

/* Clusters that every terminal draws one cell wide: letters of alphabets
 * without marks, punctuation, frames, and our own marks. */
static bool
is_plain_cp(int32_t cp)
{
	static const struct {
		int32_t first, last;
	} rows[] = {
		{ 0x20, 0x7e }, { 0xa1, 0xac }, { 0xae, 0x2ff },
		{ 0x370, 0x482 }, { 0x48a, 0x52f }, { 0x1e00, 0x1eff },
		{ 0x2010, 0x2027 }, { 0x2030, 0x203a }, { 0x20ac, 0x20ac },
		{ 0x2190, 0x2193 }, { 0x2500, 0x259f }, { 0x25b8, 0x25b8 },
		{ 0x25cb, 0x25cb }, { 0x25cf, 0x25d0 }, { 0x2713, 0x2713 },
		{ 0x2717, 0x2717 }, { 0xfffd, 0xfffd },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (cp >= rows[i].first && cp <= rows[i].last)
			return wcwidth((wchar_t)cp) == 1;
	}
	return false;
}

/* Bytes from the start that curses may draw, at most `room` cells. */
static size_t
plain_run(const char *s, size_t len, int room, int *cells)
{
	size_t at = 0;

	*cells = 0;
	while (at < len && *cells < room) {
		size_t n = text_ascii_run(s + at, len - at);
		int32_t cp;
		int w;

		/* Its last byte may carry a mark. */
		if (n > 0 && at + n < len)
			n--;
		if (n > 0) {
			if (n > (size_t)(room - *cells))
				n = (size_t)(room - *cells);
			*cells += (int)n;
			at += n;
			continue;
		}
		n = text_cluster(s + at, len - at, &w);
		if (text_decode(s + at, len - at, &cp) != n || w != 1 ||
		    !is_plain_cp(cp))
			break;
		*cells += 1;
		at += n;
	}
	return at;
}

/* Clean text, at a place that is on the screen; room in cells. */
static int
put_clean(int row, int col, int room, enum style s, const char *text,
    size_t len)
{
	size_t at = 0;
	int used = 0;

	patches_erase(term.patches, row, col, 0);
	set_style(s);
	while (at < len && used < room) {
		int w = 0;
		size_t n = plain_run(text + at, len - at, room - used, &w);

		if (n > 0) {
			patches_erase(term.patches, row, col + used, w);
			mvwaddnstr(stdscr, row, col + used, text + at, (int)n);
			used += w;
			at += n;
			continue;
		}
		n = text_cluster(text + at, len - at, &w);
		if (used + w > room)
			break;
		patches_erase(term.patches, row, col + used, w);
		if (w > 0) {
			blank(row, col + used, w, s);
			patches_add(term.patches, row, col + used, w, s,
			    text + at, text_plain(text + at, n));
			used += w;
		}
		at += n;
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
	return term.is_open && !term.gone && term.out.len == 0;
}

static void
goto_cell(int row, int col)
{
	tputs(tparm(cursor_address, (long)row, (long)col, 0L, 0L, 0L, 0L, 0L,
	    0L, 0L), 1, put_byte);
}

struct painting {
	int row, col;		/* where the cursor surely is; -1: unknown */
	bool any;
};

static void
paint_patch(void *arg, int row, int col, int cells, unsigned style,
    const char *s, size_t len)
{
	struct painting *p = arg;

	(void)cells;
	goto_cell(row, col);
	vid_puts(term.attrs[style], term.pairs[style], NULL, put_byte);
	buf_put(&term.out, s, len);
	p->any = true;
}

void
term_show(void)
{
	struct painting p = { -1, -1, false };
	bool all = is_cleared(curscr);

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
	patches_paint(term.patches, paint_patch, &p);
	if (p.any) {
		vid_puts(A_NORMAL, 0, NULL, put_byte);
		goto_cell(term.cursor_row, term.cursor_col);
	}
	flush_out();
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
	buf_u8(&term.out, 7);
	flush_out();
}
