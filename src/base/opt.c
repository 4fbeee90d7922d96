#include "opt.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "file.h"
#include "mem.h"
#include "text.h"

enum {
	READ_STEP = 4096,
	NEAR = 3,			/* typing errors in a name */
	SHOWN_MAX = 40			/* bytes of a wrong value in an error */
};

enum origin { FROM_DEFAULT, FROM_FILE, FROM_PERSON };

struct slot {
	enum origin origin;
	char **values;			/* one, or a list's; canonical */
	size_t n;
	int64_t number;			/* OPT_INT; OPT_BOOL: 0 or 1 */
};

struct opts {
	const struct opt *table;
	size_t n;
	struct slot *slots;
	uint64_t version;
};

/* ---- values ------------------------------------------------------------ */

static void
slot_clear(struct slot *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->values[i]);
	free(s->values);
	s->values = NULL;
	s->n = 0;
}

static void
slot_add(struct slot *s, const char *value)
{
	s->values = mem_resize(s->values, s->n + 1, sizeof(*s->values));
	s->values[s->n++] = mem_str(value);
}

/* `value` for an error: clean already, and not all of a long one. */
static int
refuse(const struct opt *row, const char *value, const char *allowed,
    struct err *e)
{
	int used;
	size_t len = text_fit(value, strlen(value), SHOWN_MAX, &used);

	return err_set(e, STATUS_USAGE, "%s cannot be \"%.*s%s\"; allowed: %s",
	    row->name, (int)len, value, value[len] ? "..." : "", allowed);
}

static int
parse_bool(const struct opt *row, const char *value, int64_t *number,
    struct err *e)
{
	static const char *const words[] = {
		"off", "on", "no", "yes", "false", "true"
	};

	for (int i = 0; i < 6; i++) {
		if (strcmp(value, words[i]) == 0) {
			*number = i % 2;
			return 0;
		}
	}
	return refuse(row, value, "on, off", e);
}

static int
parse_int(const struct opt *row, const char *value, int64_t *number,
    struct err *e)
{
	const char *unit = row->unit ? row->unit : "";
	char allowed[96];
	char *end;

	errno = 0;
	*number = strtoll(value, &end, 10);
	/* strtoll is more lenient than we are. */
	if (end != value && errno == 0 && *value != '+' && *value != ' ') {
		const char *rest = end + strspn(end, " ");

		if ((*end == '\0' || (*unit && strcmp(rest, unit) == 0)) &&
		    *number >= row->min && *number <= row->max)
			return 0;
	}
	snprintf(allowed, sizeof(allowed), "%" PRId64 " to %" PRId64 "%s%s",
	    row->min, row->max, *unit ? " " : "", unit);
	return refuse(row, value, allowed, e);
}

static int
check_word(const struct opt *row, const char *value, struct err *e)
{
	struct buf allowed;

	for (size_t i = 0; row->words[i]; i++) {
		if (strcmp(value, row->words[i]) == 0)
			return 0;
	}
	buf_init(&allowed);
	for (size_t i = 0; row->words[i]; i++)
		buf_printf(&allowed, "%s%s", i ? ", " : "", row->words[i]);
	refuse(row, value, buf_str(&allowed), e);
	buf_clear(&allowed);
	return -1;
}

static int
check_text(const struct opt *row, const char *value, struct err *e)
{
	size_t len = strlen(value);
	int64_t max = row->max > 0 ? row->max : OPT_LINE_MAX / 2;
	char allowed[96];

	if ((int64_t)len >= row->min && (int64_t)len <= max)
		return 0;
	snprintf(allowed, sizeof(allowed), "%" PRId64 " to %" PRId64 " bytes",
	    row->min, max);
	return refuse(row, value, allowed, e);
}

/* Checks value by every rule of its row. */
static int
check(const struct opt *row, const char *value, int64_t *number,
    struct err *e)
{
	int status = -1;

	*number = 0;
	if (!text_is_clean(value, strlen(value), TEXT_LINE))
		return err_set(e, STATUS_USAGE, "%s: the value is not plain "
		    "text; allowed: UTF-8 without control characters",
		    row->name);
	switch (row->type) {
	case OPT_BOOL:
		status = parse_bool(row, value, number, e);
		break;
	case OPT_INT:
		status = parse_int(row, value, number, e);
		break;
	case OPT_WORD:
		status = check_word(row, value, e);
		break;
	case OPT_TEXT:
	case OPT_LIST:
		status = check_text(row, value, e);
		break;
	}
	if (status == 0 && row->check && row->check(value, e) != 0)
		return err_prefix(e, "%s", row->name);
	return status;
}

static void
store(struct slot *s, const struct opt *row, const char *value, int64_t number)
{
	char text[32];

	s->number = number;
	if (row->type != OPT_LIST)
		slot_clear(s);
	switch (row->type) {
	case OPT_BOOL:
		slot_add(s, number ? "on" : "off");
		break;
	case OPT_INT:
		snprintf(text, sizeof(text), "%" PRId64, number);
		slot_add(s, text);
		break;
	case OPT_WORD:
	case OPT_TEXT:
		slot_add(s, value);
		break;
	case OPT_LIST:
		/* An empty value empties the list. */
		if (*value)
			slot_add(s, value);
		else
			slot_clear(s);
		break;
	}
}

static void
store_default(struct slot *s, const struct opt *row)
{
	const char *def = row->def ? row->def : "";
	int64_t number = 0;
	struct err e;

	slot_clear(s);
	/* An empty text or list needs no rule's consent. */
	if ((*def || (row->type != OPT_TEXT && row->type != OPT_LIST)) &&
	    check(row, def, &number, &e) != 0)
		die("default of an option: %s", e.what);
	store(s, row, def, number);
	s->origin = FROM_DEFAULT;
}

/* ---- the set ----------------------------------------------------------- */

struct opts *
opts_new(const struct opt *table, size_t n)
{
	struct opts *o = mem_new(sizeof(*o));

	o->table = table;
	o->n = n;
	o->slots = mem_array(n, sizeof(*o->slots));
	for (size_t i = 0; i < n; i++)
		store_default(&o->slots[i], &table[i]);
	return o;
}

void
opts_free(struct opts *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->n; i++)
		slot_clear(&o->slots[i]);
	free(o->slots);
	free(o);
}

const struct opt *
opts_table(const struct opts *o, size_t *n)
{
	*n = o->n;
	return o->table;
}

const struct opt *
opts_find(const struct opts *o, const char *name)
{
	for (size_t i = 0; i < o->n; i++) {
		if (strcmp(o->table[i].name, name) == 0)
			return &o->table[i];
	}
	return NULL;
}

static int
refuse_unknown(const struct opts *o, const char *name, struct err *e)
{
	const char *near = NULL;
	int best = NEAR;

	for (size_t i = 0; i < o->n; i++) {
		int d = cmd_distance(name, o->table[i].name, best);

		if (d < best) {
			best = d;
			near = o->table[i].name;
		}
	}
	if (strlen(name) > SHOWN_MAX ||
	    !text_is_clean(name, strlen(name), TEXT_LINE))
		err_set(e, STATUS_USAGE, "unknown option");
	else if (near)
		err_set(e, STATUS_USAGE, "unknown option %s; did you mean %s?",
		    name, near);
	else
		err_set(e, STATUS_USAGE, "unknown option %s", name);
	return err_next(e, "p2ptui.conf(5) and /set list all options");
}

static int
set(struct opts *o, const char *name, const char *value, enum origin origin,
    bool weak, struct err *e)
{
	const struct opt *row = opts_find(o, name);
	struct slot *s;
	int64_t number;

	if (!row)
		return refuse_unknown(o, name, e);
	/* An empty list is one, whatever its elements must be. */
	if ((row->type != OPT_LIST || *value) &&
	    check(row, value, &number, e) != 0)
		return -1;
	if (row->type == OPT_LIST)
		number = 0;
	s = &o->slots[row - o->table];
	if (weak && s->origin == FROM_PERSON)
		return 0;
	/* The first value given replaces a list's default. */
	if (s->origin == FROM_DEFAULT)
		slot_clear(s);
	store(s, row, value, number);
	s->origin = origin;
	o->version++;
	return 0;
}

int
opts_set(struct opts *o, const char *name, const char *value, struct err *e)
{
	return set(o, name, value, FROM_PERSON, false, e);
}

int
opts_set_pair(struct opts *o, const char *pair, struct err *e)
{
	const char *eq = strchr(pair, '=');
	char *name;
	int status;

	if (!eq) {
		err_set(e, STATUS_USAGE, "a value is missing; allowed: "
		    "NAME=VALUE");
		return err_next(e, "p2ptui.conf(5) lists all options");
	}
	name = mem_strn(pair, (size_t)(eq - pair));
	status = opts_set(o, name, eq + 1, e);
	free(name);
	return status;
}

int
opts_unset(struct opts *o, const char *name, struct err *e)
{
	const struct opt *row = opts_find(o, name);

	if (!row)
		return refuse_unknown(o, name, e);
	store_default(&o->slots[row - o->table], row);
	o->version++;
	return 0;
}

/* ---- the file ---------------------------------------------------------- */

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
	return set(o, name, value, FROM_FILE, weak, e);
}

static int
at_place(const struct place *at, struct err *e)
{
	if (e)
		e->status = STATUS_CONFIG;
	err_prefix(e, "%s:%zu", at->file, at->line);
	if (e && !e->next[0])
		err_next(e, "correct the line; p2ptui.conf(5) explains it");
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
			return at_place(at, e);
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
			return at_place(at, e);
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

static bool
is_default(const struct opt *row, const struct slot *s)
{
	struct slot def = { .origin = FROM_DEFAULT };
	bool same;

	if (s->origin == FROM_DEFAULT)
		return true;
	store_default(&def, row);
	same = def.n == s->n;
	for (size_t i = 0; same && i < s->n; i++)
		same = strcmp(def.values[i], s->values[i]) == 0;
	slot_clear(&def);
	return same;
}

int
opts_save(const struct opts *o, const char *path, struct err *e)
{
	struct buf out;
	int status;

	buf_init(&out);
	buf_printf(&out, "# Written by /save; p2ptui.conf(5) explains it.\n");
	for (size_t i = 0; i < o->n; i++) {
		const struct slot *s = &o->slots[i];

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

/* ---- readers ----------------------------------------------------------- */

static const struct slot *
slot_of(const struct opts *o, const char *name, enum opt_type type)
{
	const struct opt *row = opts_find(o, name);

	assert(row && row->type == type);
	return &o->slots[row - o->table];
}

bool
opts_bool(const struct opts *o, const char *name)
{
	return slot_of(o, name, OPT_BOOL)->number != 0;
}

int64_t
opts_int(const struct opts *o, const char *name)
{
	return slot_of(o, name, OPT_INT)->number;
}

const char *
opts_word(const struct opts *o, const char *name)
{
	return slot_of(o, name, OPT_WORD)->values[0];
}

const char *
opts_text(const struct opts *o, const char *name)
{
	return slot_of(o, name, OPT_TEXT)->values[0];
}

size_t
opts_list(const struct opts *o, const char *name, const char *const **values)
{
	const struct slot *s = slot_of(o, name, OPT_LIST);

	*values = (const char *const *)s->values;
	return s->n;
}

bool
opts_is_set(const struct opts *o, const char *name)
{
	const struct opt *row = opts_find(o, name);

	assert(row);
	return o->slots[row - o->table].origin != FROM_DEFAULT;
}

void
opts_show(const struct opts *o, const char *name, struct buf *out)
{
	const struct opt *row = opts_find(o, name);
	const struct slot *s;

	assert(row);
	s = &o->slots[row - o->table];
	for (size_t i = 0; i < s->n; i++) {
		if (i > 0)
			buf_put(out, ", ", 2);
		put_value(out, s->values[i]);
	}
}

uint64_t
opts_version(const struct opts *o)
{
	return o->version;
}
