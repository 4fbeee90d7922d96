#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "clock.h"
#include "text.h"

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warn",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug"
};

enum { N_LEVELS = sizeof(level_names) / sizeof(level_names[0]) };

/* One of the two globals.  fd is -1 until log_open(): nothing is said. */
static struct {
	int fd;
	enum log_level level;
	char *path;			/* NULL: stderr */
	bool torn;			/* a full disk cut the last line */
} the_log = { .fd = -1 };

static int
open_file(const char *path)
{
	/* Non-blocking: a FIFO that nobody reads must not stop the program;
	 * for files it means nothing. */
	return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOCTTY | O_NONBLOCK, 0600);
}

static int
parse_level(const char *s, size_t len)
{
	for (int i = 0; i < N_LEVELS; i++) {
		if (strlen(level_names[i]) == len &&
		    memcmp(level_names[i], s, len) == 0)
			return i;
	}
	return -1;
}

int
log_check(const char *spec, struct err *e)
{
	if (*spec == '\0' || parse_level(spec, strcspn(spec, ":")) >= 0)
		return 0;
	return err_set(e, STATUS_CONFIG,
	    "\"%s\" is no log level; allowed is LEVEL[:FILE] with error, "
	    "warn, info or debug", spec);
}

int
log_open(const char *spec, const char *file, struct err *e)
{
	const char *colon = strchr(spec, ':');
	size_t len = colon ? (size_t)(colon - spec) : strlen(spec);
	int level = parse_level(spec, len), fd = STDERR_FILENO;

	if (level < 0)
		return err_set(e, STATUS_USAGE, "log level %.*s is unknown; "
		    "allowed are error, warn, info, debug",
		    (int)(len < 32 ? len : 32), spec);
	if (colon && colon[1])
		file = colon + 1;
	if (file) {
		fd = open_file(file);
		if (fd < 0) {
			err_set(e, STATUS_CANNOT_CREATE,
			    "cannot open the log %s: %s", file,
			    strerror(errno));
			return err_next(e, "name another file: --log %s:FILE",
			    level_names[level]);
		}
	}
	log_close();
	the_log.fd = fd;
	the_log.level = (enum log_level)level;
	the_log.path = file ? mem_str(file) : NULL;
	return 0;
}

void
log_close(void)
{
	if (the_log.path && the_log.fd >= 0)
		close(the_log.fd);
	free(the_log.path);
	the_log.path = NULL;
	the_log.fd = -1;
	the_log.torn = false;
}

void
log_reopen(void)
{
	int fd;

	if (!the_log.path)
		return;
	fd = open_file(the_log.path);
	if (fd < 0)
		return;
	close(the_log.fd);
	the_log.fd = fd;
	the_log.torn = false;
}

static bool
is_printable(int32_t cp)
{
	if (cp < 0x20 || cp == '\\' || (cp >= 0x7f && cp < 0xa0))
		return false;
	/* Line separators, and what turns the order of a line around. */
	return !(cp == 0x200e || cp == 0x200f ||
	    (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069));
}

/* Whoever reads the log does so on a terminal: nothing in it may act. */
static void
put_escaped(struct buf *out, const char *s, size_t len)
{
	while (len > 0) {
		int32_t cp;
		size_t n = text_decode(s, len, &cp);
		bool invalid = cp == 0xfffd &&
		    (n != 3 || memcmp(s, "\xef\xbf\xbd", 3) != 0);

		if (!invalid && is_printable(cp)) {
			buf_put(out, s, n);
		} else if (cp == '\\') {
			buf_put(out, "\\\\", 2);
		} else {
			for (size_t i = 0; i < n; i++)
				buf_printf(out, "\\x%02x", (uint8_t)s[i]);
		}
		s += n;
		len -= n;
	}
}

static void
put_prefix(struct buf *out, enum log_level level)
{
	struct clock now;
	struct tm tm;
	time_t t;

	clock_read(&now);
	t = (time_t)(now.wall_ms / 1000);
	if (!gmtime_r(&t, &tm))
		memset(&tm, 0, sizeof(tm));
	/* RFC 3339, UTC. */
	buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ %-5s ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, (int)(now.wall_ms % 1000),
	    level_names[level]);
}

/* In one write(): lines of two processes do not mix.  What fails is lost;
 * a log is not worth a program. */
static void
write_line(const struct buf *line)
{
	struct stat st;
	ssize_t n;

	/* Somebody removed it: without this we would write into nothing. */
	if (the_log.path && fstat(the_log.fd, &st) == 0 && st.st_nlink == 0)
		log_reopen();
	n = write(the_log.fd, line->at, line->len);
	if (n > 0)
		the_log.torn = (size_t)n < line->len;
}

void
log_at(enum log_level level, const char *fmt, ...)
{
	int saved = errno;
	struct buf line;
	va_list ap;
	char *text;
	int n;

	if (the_log.fd < 0 || level > the_log.level)
		return;
	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	text = mem_new((size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	va_end(ap);

	buf_init(&line);
	if (the_log.torn)
		buf_u8(&line, '\n');
	put_prefix(&line, level);
	put_escaped(&line, text, (size_t)n);
	buf_u8(&line, '\n');
	write_line(&line);
	buf_wipe(&line);
	free(text);
	errno = saved;
}
