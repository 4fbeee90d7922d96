#include "tty.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

enum {
	READ_MAX = 4096,
	/* A paste without an end is given up by Ctrl-C after this silence. */
	PASTE_SILENCE_MS = 1000,
	CTRL_C = 3
};

static struct {
	struct loop *loop;
	struct tty_events ev;
	int out_fd;
	bool own_out;			/* ours, non-blocking */
	bool started, gone;
	struct buf out;			/* what it did not take yet */
	struct watch *in_watch, *out_watch;
	struct keyin *keyin;
	struct timer rest;
	int64_t last_input_ms;
	struct termios before;
} tty;

/* For the way out in a signal handler: everything prepared. */
static struct {
	volatile sig_atomic_t armed;
	char bytes[TTY_RESTORE_MAX];
	size_t len;
} rescue;

static const int deadly[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL };
enum { N_DEADLY = sizeof(deadly) / sizeof(deadly[0]) };
static struct sigaction deadly_before[N_DEADLY];

/* ---- the way out --------------------------------------------------------- */

/* Async-signal-safe. */
static void
rescue_now(void)
{
	const char *p = rescue.bytes;
	size_t len = rescue.len;

	if (!rescue.armed)
		return;
	rescue.armed = 0;
	while (len > 0) {
		ssize_t n = write(tty.out_fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		p += n;
		len -= (size_t)n;
	}
	tcsetattr(STDIN_FILENO, TCSANOW, &tty.before);
}

static void
on_deadly(int signo)
{
	int saved = errno;

	rescue_now();
	/* Back to whoever was there: the default, or a sanitizer's report. */
	for (int i = 0; i < N_DEADLY; i++)
		sigaction(deadly[i], &deadly_before[i], NULL);
	errno = saved;
	raise(signo);
}

/* Without padding ("$<5>"): that is for terminals of another age. */
static void
keep_restore(const char *s)
{
	rescue.len = 0;
	while (*s && rescue.len < sizeof(rescue.bytes)) {
		const char *end = s[0] == '$' && s[1] == '<' ?
		    strchr(s, '>') : NULL;

		if (end)
			s = end + 1;
		else
			rescue.bytes[rescue.len++] = *s++;
	}
}

static void
arm_rescue(const char *restore)
{
	struct sigaction sa;

	keep_restore(restore);
	rescue.armed = 1;
	mem_on_death(rescue_now);
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_deadly;
	sigemptyset(&sa.sa_mask);
	for (int i = 0; i < N_DEADLY; i++)
		sigaction(deadly[i], &sa, &deadly_before[i]);
}

static void
disarm_rescue(void)
{
	if (!tty.started)
		return;
	rescue.armed = 0;
	mem_on_death(NULL);
	for (int i = 0; i < N_DEADLY; i++)
		sigaction(deadly[i], &deadly_before[i], NULL);
}

/* ---- bytes out ----------------------------------------------------------- */

static void
hang_up(void)
{
	if (tty.gone)
		return;
	tty.gone = true;
	/* A terminal that is gone is always readable: no spin. */
	watch_free(tty.in_watch);
	watch_free(tty.out_watch);
	tty.in_watch = tty.out_watch = NULL;
	buf_empty(&tty.out);
	tty.ev.on_gone(tty.ev.arg);
}

/* Where there is no description of our own, a write may block for what does
 * not fit; at least it is not begun on a terminal that is stopped. */
static bool
may_write(void)
{
	struct pollfd p = { .fd = tty.out_fd, .events = POLLOUT };

	return tty.own_out || poll(&p, 1, 0) == 1;
}

void
tty_flush(void)
{
	while (tty.out.len > 0 && !tty.gone && may_write()) {
		ssize_t n = write(tty.out_fd, tty.out.at, tty.out.len);

		if (n > 0)
			buf_drop(&tty.out, (size_t)n);
		else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		else if (n == 0 || errno != EINTR)
			hang_up();
	}
	if (tty.out_watch)
		watch_want(tty.out_watch, tty.out.len > 0 ? LOOP_WRITE : 0);
}

static void
on_writable(void *arg, unsigned events)
{
	(void)arg;
	(void)events;
	tty_flush();
	if (tty.out.len == 0 && !tty.gone)
		tty.ev.on_drained(tty.ev.arg);
}

struct buf *
tty_out(void)
{
	return &tty.out;
}

int
tty_fd(void)
{
	return tty.out_fd;
}

bool
tty_is_ready(void)
{
	return tty.started && !tty.gone && tty.out.len == 0;
}

bool
tty_is_gone(void)
{
	return tty.gone;
}

bool
tty_size(int *rows, int *cols)
{
	struct winsize ws;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &ws) != 0 || ws.ws_row == 0 ||
	    ws.ws_col == 0)
		return false;
	*rows = ws.ws_row;
	*cols = ws.ws_col;
	return true;
}

/* ---- bytes in ------------------------------------------------------------ */

static void
on_rest(void *arg)
{
	(void)arg;
	keyin_rest(tty.keyin);
}

static void
on_readable(void *arg, unsigned events)
{
	char bytes[READ_MAX];
	const int64_t now = loop_now_ms(tty.loop);
	ssize_t n;

	(void)arg;
	(void)events;
	/* One read a turn: it cannot block, and the others get their share. */
	n = read(STDIN_FILENO, bytes, sizeof(bytes));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		hang_up();
		return;
	}
	if (n == 1 && bytes[0] == CTRL_C && keyin_is_pasting(tty.keyin) &&
	    now - tty.last_input_ms > PASTE_SILENCE_MS)
		keyin_give_up(tty.keyin);
	else
		keyin_feed(tty.keyin, bytes, (size_t)n);
	/* A passphrase may have been typed. */
	mem_zero(bytes, (size_t)n);
	tty.last_input_ms = now;
	if (keyin_is_waiting(tty.keyin))
		timer_set(&tty.rest, KEYIN_WAIT_MS);
	else
		timer_stop(&tty.rest);
}

/* ---- modes --------------------------------------------------------------- */

void
tty_raw(void)
{
	/* Not what they are now: when we were stopped from outside, the shell
	 * may have given our own raw ones back. */
	struct termios t = tty.before;

	t.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | ISTRIP |
	    IXON | IXOFF | PARMRK);
	t.c_oflag &= ~(tcflag_t)OPOST;
	t.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	t.c_cflag = (t.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &t);
}

void
tty_cook(void)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &tty.before);
}

static void
open_out(void)
{
	const char *name = ttyname(STDOUT_FILENO);

	tty.out_fd = name ? open(name, O_WRONLY | O_NOCTTY | O_NONBLOCK |
	    O_CLOEXEC) : -1;
	tty.own_out = tty.out_fd >= 0;
	if (!tty.own_out)
		tty.out_fd = STDOUT_FILENO;
}

int
tty_open(struct loop *l, const struct tty_events *ev, struct err *e)
{
	memset(&tty, 0, sizeof(tty));
	tty.loop = l;
	tty.ev = *ev;
	buf_init(&tty.out);
	timer_init(&tty.rest, l, on_rest, NULL);
	if (tcgetattr(STDIN_FILENO, &tty.before) != 0)
		return err_set(e, STATUS_USAGE, "the terminal does not "
		    "answer: %s", strerror(errno));
	open_out();
	return 0;
}

int
tty_start(const struct keyin_row *rows, size_t n, const char *restore,
    struct err *e)
{
	const struct keyin_events ev = {
		.arg = tty.ev.arg,
		.on_key = tty.ev.on_key,
		.on_paste = tty.ev.on_paste,
		.on_focus = tty.ev.on_focus
	};

	tty.keyin = keyin_new(&ev, rows, n);
	tty.in_watch = loop_watch(tty.loop, STDIN_FILENO, on_readable, NULL,
	    e);
	if (!tty.in_watch)
		return -1;
	tty.out_watch = loop_watch(tty.loop, tty.out_fd, on_writable, NULL,
	    e);
	if (!tty.out_watch)
		return -1;
	watch_want(tty.out_watch, 0);
	arm_rescue(restore);
	tty_raw();
	tty.started = true;
	return 0;
}

void
tty_close(void)
{
	timer_stop(&tty.rest);
	if (tty.started) {
		tty_flush();
		tty_cook();
		disarm_rescue();
	}
	watch_free(tty.in_watch);
	watch_free(tty.out_watch);
	keyin_free(tty.keyin);
	if (tty.own_out)
		close(tty.out_fd);
	buf_wipe(&tty.out);
	memset(&tty, 0, sizeof(tty));
}
