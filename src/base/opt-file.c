#include "opt-own.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "text.h"

enum { READ_STEP = 4096 };

/* Where a reader stands; errors name it. */
struct place {
	const char *file;
	size_t line;
	bool weak;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char *
trim(char *s)
{
	size_t n;

	while (is_blank(*s))
		s++;
	n = strlen(s);
	while (n > 0 && is_blank(s[n - 1]))
		n--;
	s[n] = '\0';
	return s;
}

static bool
is_utf8(const char *s, size_t len)
{
	while (len > 0) {
		int32_t cp;
		size_t n = text_decode(s, len, &cp);

		if (cp == 0xfffd &&
		    (n != 3 || memcmp(s, "\xef\xbf\xbd", 3) != 0))
			return false;
		s += n;
		len -= n;
	}
	return true;
}

/* Undoes the quotes of s in place. */
static int
unquote(char *s, struct err *e)
{
	const char *from = s + 1;

	if (*s != '"')
		return 0;
	for (; *from != '"'; from++) {
		if (*from == '\\' && (from[1] == '"' || from[1] == '\\'))
			from++;
		if (!*from)
			return err_set(e, STATUS_CONFIG,
			    "the closing \" is missing");
		*s++ = *from;
	}
	*s = '\0';
	if (from[1])
		return err_set(e, STATUS_CONFIG, "nothing may follow the "
		    "closing \"; inside, write \\\"");
	return 0;
}

/* One line, ended by a NUL that is not counted. */
static int
parse_line(struct opts *o, char *line, size_t len, bool weak, struct err *e)
{
	char *name, *eq, *value;

	if (memchr(line, '\0', len))
		return err_set(e, STATUS_CONFIG, "a NUL byte; allowed: text");
	if (!is_utf8(line, len))
		return err_set(e, STATUS_CONFIG,
		    "not valid UTF-8; allowed: UTF-8");
	if (len > 0 && line[len - 1] == '\r')
		line[len - 1] = '\0';
	name = trim(line);
	if (*name == '\0' || *name == '#')
		return 0;
	eq = strchr(name, '=');
	if (!eq)
		return err_set(e, STATUS_CONFIG, "no \"=\" in the line; "
		    "allowed: NAME = VALUE, or a comment behind #");
	*eq = '\0';
	name = trim(name);
	value = trim(eq + 1);
	if (unquote(value, e) != 0)
		return -1;
	return opts_put(o, name, value, OPT_FROM_FILE, weak, e);
}

static int
at_place(const struct opts *o, const struct place *at, struct err *e)
{
	if (e)
		e->status = STATUS_CONFIG;
	err_prefix(e, "%s:%zu", at->file, at->line);
	if (e && !e->next[0])
		err_next(e, "correct the line; %s explains it", o->manual);
	return -1;
}

/* Eats the whole lines of b, and at the end what is left. */
static int
parse_lines(struct opts *o, struct place *at, struct buf *b, bool at_end,
    struct err *e)
{
	while (b->len > 0) {
		char *line = (char *)b->at;
		char *end = memchr(line, '\n', b->len);
		size_t len = end ? (size_t)(end - line) : b->len;

		if (!end && !at_end && len <= OPT_LINE_MAX)
			break;
		at->line++;
		if (len > OPT_LINE_MAX) {
			err_set(e, STATUS_CONFIG, "the line is too long; "
			    "allowed: %d bytes", OPT_LINE_MAX);
			return at_place(o, at, e);
		}
		if (end)
			*end = '\0';
		else
			line = buf_str(b);
		/* A byte order mark, as some editors leave one. */
		if (at->line == 1 && len >= 3 &&
		    memcmp(line, "\xef\xbb\xbf", 3) == 0) {
			line += 3;
			buf_drop(b, 3);
			len -= 3;
		}
		if (parse_line(o, line, len, at->weak, e) != 0)
			return at_place(o, at, e);
		buf_drop(b, end ? len + 1 : len);
	}
	return 0;
}

int
opts_parse(struct opts *o, const char *text, size_t len, const char *name,
    bool weak, struct err *e)
{
	struct place at = { .file = name, .weak = weak };
	int status = 0;
	struct buf b;

	buf_init(&b);
	while (len > 0 && status == 0) {
		size_t step = len < READ_STEP ? len : READ_STEP;

		buf_put(&b, text, step);
		text += step;
		len -= step;
		status = parse_lines(o, &at, &b, len == 0, e);
	}
	buf_clear(&b);
	return status;
}

/* A piece at a time: a line without an end is refused at its limit, not
 * when all of it is in memory. */
static int
parse_fd(struct opts *o, int fd, struct place *at, struct buf *b,
    struct err *e)
{
	for (;;) {
		ssize_t n = read(fd, buf_space(b, READ_STEP), READ_STEP);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_set(e, STATUS_CONFIG, "cannot read %s: %s",
			    at->file, strerror(errno));
		buf_added(b, (size_t)n);
		if (parse_lines(o, at, b, n == 0, e) != 0)
			return -1;
		if (n == 0)
			return 0;
	}
}

int
opts_load(struct opts *o, const char *path, bool weak, struct err *e)
{
	struct place at = { .file = path, .weak = weak };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), status;
	struct buf b;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0) {
		err_set(e, STATUS_CONFIG, "cannot open %s: %s", path,
		    strerror(errno));
		return err_next(e, "check its permissions");
	}
	buf_init(&b);
	status = parse_fd(o, fd, &at, &b, e);
	buf_clear(&b);
	close(fd);
	return status;
}

static void
put_value(struct buf *out, const char *value)
{
	size_t len = strlen(value);
	bool quote = len == 0 || *value == '"' || is_blank(*value) ||
	    is_blank(value[len - 1]);

	if (!quote) {
		buf_put(out, value, len);
		return;
	}
	buf_u8(out, '"');
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			buf_u8(out, '\\');
		buf_u8(out, (uint8_t)*value);
	}
	buf_u8(out, '"');
}

void
opts_show(const struct opts *o, const char *name, struct buf *out)
{
	const struct opt *row = opts_find(o, name);
	const struct opt_slot *s;

	assert(row);
	s = &o->slots[row - o->table];
	for (size_t i = 0; i < s->n; i++) {
		if (i > 0)
			buf_put(out, ", ", 2);
		put_value(out, s->values[i]);
	}
}

static bool
is_default(const struct opt *row, const struct opt_slot *s)
{
	struct opt_slot def = { .origin = OPT_FROM_DEFAULT };
	bool same;

	if (s->origin == OPT_FROM_DEFAULT)
		return true;
	opt_slot_default(&def, row);
	same = def.n == s->n;
	for (size_t i = 0; same && i < s->n; i++)
		same = strcmp(def.values[i], s->values[i]) == 0;
	opt_slot_clear(&def);
	return same;
}

int
opts_save(const struct opts *o, const char *path, struct err *e)
{
	struct buf out;
	int status;

	buf_init(&out);
	buf_printf(&out, "# Written by /save; %s explains it.\n",
	    o->manual);
	for (size_t i = 0; i < o->n; i++) {
		const struct opt_slot *s = &o->slots[i];

		if (is_default(&o->table[i], s))
			continue;
		/* A list that was emptied. */
		if (s->n == 0)
			buf_printf(&out, "%s =\n", o->table[i].name);
		for (size_t j = 0; j < s->n; j++) {
			buf_printf(&out, "%s = ", o->table[i].name);
			put_value(&out, s->values[j]);
			buf_u8(&out, '\n');
		}
	}
	status = file_write(path, out.at, out.len, 0600, e);
	buf_clear(&out);
	return status;
}
