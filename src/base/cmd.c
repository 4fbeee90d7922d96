#include "cmd.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "mem.h"
#include "text.h"

enum {
	NAME_MAX_LEN = 32,		/* longer ones are not compared */
	SHOWN_MAX = 32			/* bytes of a wrong name in an error */
};

struct row {
	const struct cmd *cmd;
	void *room;
	int (*before)(void *room, struct cmd_call *call, struct err *e);
	void *before_room;
};

struct cmds {
	struct row *rows;		/* by name */
	size_t n;
};

struct cmds *
cmds_new(void)
{
	return mem_new(sizeof(struct cmds));
}

void
cmds_free(struct cmds *c)
{
	if (!c)
		return;
	free(c->rows);
	free(c);
}

static int
by_name(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return strcmp(x->cmd->name, y->cmd->name);
}

void
cmds_add(struct cmds *c, const struct cmd *table, size_t n, void *room)
{
	c->rows = mem_resize(c->rows, c->n + n, sizeof(*c->rows));
	for (size_t i = 0; i < n; i++) {
		assert(!cmds_find(c, table[i].name));
		c->rows[c->n++] = (struct row){ .cmd = &table[i],
			.room = room };
	}
	qsort(c->rows, c->n, sizeof(*c->rows), by_name);
}

size_t
cmds_count(const struct cmds *c)
{
	return c->n;
}

const struct cmd *
cmds_at(const struct cmds *c, size_t i)
{
	assert(i < c->n);
	return c->rows[i].cmd;
}

/* The next word of a list in one string; false at its end. */
static bool
next_word(const char **list, const char **word, size_t *len)
{
	const char *s = *list;

	s += strspn(s, " ");
	*word = s;
	*len = strcspn(s, " ");
	*list = s + *len;
	return *len > 0;
}

static bool
is_called(const struct cmd *cmd, const char *name, size_t len)
{
	const char *list = cmd->alias ? cmd->alias : "", *word;
	size_t n;

	if (strlen(cmd->name) == len && memcmp(cmd->name, name, len) == 0)
		return true;
	while (next_word(&list, &word, &n)) {
		if (n == len && memcmp(word, name, len) == 0)
			return true;
	}
	return false;
}

static const struct row *
find(const struct cmds *c, const char *name, size_t len)
{
	for (size_t i = 0; i < c->n; i++) {
		if (is_called(c->rows[i].cmd, name, len))
			return &c->rows[i];
	}
	return NULL;
}

const struct cmd *
cmds_find(const struct cmds *c, const char *name)
{
	const struct row *row = find(c, name, strlen(name));

	return row ? row->cmd : NULL;
}

void
cmds_before(struct cmds *c, const char *name,
    int (*run)(void *room, struct cmd_call *call, struct err *e), void *room)
{
	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(c->rows[i].cmd->name, name) == 0) {
			c->rows[i].before = run;
			c->rows[i].before_room = room;
		}
	}
}

static int
least(int a, int b, int c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/* Optimal string alignment: neighbours that changed places count once. */
int
cmd_distance(const char *a, const char *b, int max)
{
	int rows[3][NAME_MAX_LEN + 1];
	int *before = rows[0], *last = rows[1], *row = rows[2];
	size_t a_len = strlen(a), b_len = strlen(b);
	int d;

	if (strcmp(a, b) == 0)
		return 0;
	if (a_len > NAME_MAX_LEN || b_len > NAME_MAX_LEN)
		return max + 1;
	memset(rows, 0, sizeof(rows));
	for (size_t j = 0; j <= b_len; j++)
		last[j] = (int)j;
	for (size_t i = 1; i <= a_len; i++) {
		int *old = before;

		row[0] = (int)i;
		for (size_t j = 1; j <= b_len; j++) {
			int differs = a[i - 1] != b[j - 1];

			d = least(last[j] + 1, row[j - 1] + 1,
			    last[j - 1] + differs);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < d)
				d = before[j - 2] + 1;
			row[j] = d;
		}
		before = last;
		last = row;
		row = old;
	}
	d = last[b_len];
	return d > max ? max + 1 : d;
}

static const struct cmd *
nearest(const struct cmds *c, const char *name)
{
	int best = strlen(name) < 3 ? 2 : 3;	/* one past what is near */
	const struct cmd *found = NULL;

	for (size_t i = 0; i < c->n; i++) {
		const struct cmd *cmd = c->rows[i].cmd;
		const char *list = cmd->alias ? cmd->alias : "", *word;
		size_t len;
		int d = cmd_distance(name, cmd->name, best);

		if (d < best) {
			best = d;
			found = cmd;
		}
		while (next_word(&list, &word, &len)) {
			char *alias = mem_strn(word, len);

			d = cmd_distance(name, alias, best);
			free(alias);
			if (d < best) {
				best = d;
				found = cmd;
			}
		}
	}
	return found;
}

static int
refuse_unknown(const struct cmds *c, const char *s, size_t len, struct err *e)
{
	char *name = mem_strn(s, len);
	const struct cmd *near = nearest(c, name);

	if (len == 0)
		err_set(e, STATUS_USAGE, "a command's name is missing");
	else if (len > SHOWN_MAX || !text_is_clean(s, len, TEXT_LINE))
		err_set(e, STATUS_USAGE, "unknown command");
	else if (near)
		err_set(e, STATUS_USAGE, "unknown command /%s; did you mean "
		    "/%s?", name, near->name);
	else
		err_set(e, STATUS_USAGE, "unknown command /%s", name);
	free(name);
	return err_next(e, "/help lists all commands");
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static const char *
skip_blanks(const char *s)
{
	while (is_blank(*s))
		s++;
	return s;
}

/* One word, its quotes undone, to *out, which has room; returns what is
 * behind it, NULL when the quotes are wrong. */
static const char *
take_word(const char *s, char **out)
{
	char *to = *out;

	if (*s != '"') {
		while (*s && !is_blank(*s))
			*to++ = *s++;
	} else {
		for (s++; *s != '"'; s++) {
			if (*s == '\\' && (s[1] == '"' || s[1] == '\\'))
				s++;
			if (!*s)
				return NULL;
			*to++ = *s;
		}
		s++;
		if (*s && !is_blank(*s))
			return NULL;
	}
	*to++ = '\0';
	*out = to;
	return s;
}

static int
usage(const struct cmd *cmd, struct err *e, const char *what)
{
	err_set(e, STATUS_USAGE, "/%s: %s", cmd->name, what);
	return err_next(e, "usage: /%s%s%s", cmd->name,
	    cmd->usage[0] ? " " : "", cmd->usage);
}

/* Fills the call's words from s; `store` has room for all of s. */
static int
split(struct cmd_call *call, const char *s, char *store, struct err *e)
{
	const struct cmd *cmd = call->cmd;

	for (;;) {
		const char *word = store;

		s = skip_blanks(s);
		if (!*s)
			break;
		if (call->argc == CMD_ARGS || cmd->args[call->argc] == CMD_NONE)
			return usage(cmd, e, cmd->args[0] == CMD_NONE ?
			    "takes no arguments" : "too many words");
		if (cmd->args[call->argc] == CMD_REST) {
			call->argv[call->argc++] = s;
			break;
		}
		s = take_word(s, &store);
		if (!s)
			return usage(cmd, e, "a closing \" is missing, or a "
			    "blank behind it");
		call->argv[call->argc++] = word;
	}
	if (call->argc < cmd->min)
		return usage(cmd, e, call->argc == 0 ?
		    "needs an argument" : "too few words");
	return 0;
}

static int
run(const struct row *row, struct cmd_call *call, struct err *e)
{
	int status = row->before ? row->before(row->before_room, call, e) : 1;

	return status == 1 ? row->cmd->run(row->room, call, e) : status;
}

int
cmds_run(struct cmds *c, const char *line, void *here,
    void (*say)(void *arg, const char *line), void *say_arg, struct err *e)
{
	struct cmd_call call = {
		.here = here, .say = say, .say_arg = say_arg
	};
	const struct row *row;
	size_t len = 0;
	char *store;
	int status;

	assert(*line == '/');
	line++;
	while (line[len] && !is_blank(line[len]))
		len++;
	row = find(c, line, len);
	if (!row || len == 0)
		return refuse_unknown(c, line, len, e);
	call.cmd = row->cmd;
	store = mem_new(strlen(line) + 1);
	status = split(&call, line + len, store, e);
	if (status == 0)
		status = run(row, &call, e);
	free(store);
	return status;
}

void
cmd_say(const struct cmd_call *call, const char *fmt, ...)
{
	va_list ap;
	struct buf b;
	char text[256];
	int n;

	if (!call->say)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < (int)sizeof(text)) {
		call->say(call->say_arg, text);
		return;
	}
	buf_init(&b);
	va_start(ap, fmt);
	vsnprintf((char *)buf_space(&b, (size_t)n + 1), (size_t)n + 1, fmt, ap);
	va_end(ap);
	call->say(call->say_arg, (char *)b.at);
	buf_clear(&b);
}
