#include "arg.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "cmd.h"

enum {
	HELP_COLUMN = 30,
	HELP_WIDTH = 79,
	NEAR = 2			/* typing errors in a name */
};

/* Where the parser stands in argv. */
struct walk {
	const struct arg *table;
	size_t n;
	void *ctx;
	int argc, at;
	char **argv;
};

static int
refuse(struct err *e)
{
	return err_next(e, "--help lists all options");
}

static int
refuse_unknown(const struct walk *w, const char *name, size_t len,
    struct err *e)
{
	const char *near = NULL;
	char typed[40];
	int best = NEAR + 1;

	snprintf(typed, sizeof(typed), "%.*s", (int)(len < 39 ? len : 39),
	    name);
	for (size_t i = 0; i < w->n; i++) {
		int d = cmd_distance(typed, w->table[i].name, best);

		if (w->table[i].help && w->table[i].name[0] && d < best) {
			best = d;
			near = w->table[i].name;
		}
	}
	if (near)
		err_set(e, STATUS_USAGE, "unknown option --%s; did you mean "
		    "--%s?", typed, near);
	else
		err_set(e, STATUS_USAGE, "unknown option --%s", typed);
	return refuse(e);
}

/* `value` is what stands in the same word, or NULL. */
static int
take(struct walk *w, const struct arg *row, const char *value, struct err *e)
{
	const char *value2 = NULL;

	if (!row->value && value) {
		err_set(e, STATUS_USAGE, "--%s takes no value", row->name);
		return refuse(e);
	}
	if (row->value && !value) {
		if (w->at == w->argc) {
			err_set(e, STATUS_USAGE, "--%s needs a value: %s",
			    row->name, row->value);
			return refuse(e);
		}
		value = w->argv[w->at++];
	}
	if (row->value2 && w->at < w->argc && w->argv[w->at][0] != '-')
		value2 = w->argv[w->at++];
	return row->take(w->ctx, row, value, value2, e);
}

static int
take_long(struct walk *w, const char *s, struct err *e)
{
	size_t len = strcspn(s, "=");

	for (size_t i = 0; i < w->n; i++) {
		const struct arg *row = &w->table[i];

		if (len > 0 && strlen(row->name) == len &&
		    memcmp(row->name, s, len) == 0)
			return take(w, row, s[len] ? s + len + 1 : NULL, e);
	}
	return refuse_unknown(w, s, len, e);
}

static int
take_bundle(struct walk *w, const char *s, struct err *e)
{
	while (*s) {
		const struct arg *row = NULL;
		char c = *s++;

		for (size_t i = 0; i < w->n && !row; i++) {
			if (w->table[i].shorter == c)
				row = &w->table[i];
		}
		if (!row) {
			err_set(e, STATUS_USAGE, "unknown option -%c",
			    c > ' ' && c < 0x7f ? c : '?');
			return refuse(e);
		}
		if (row->value)
			return take(w, row, *s ? s : NULL, e);
		if (take(w, row, NULL, e) != 0)
			return -1;
	}
	return 0;
}

static int
take_operand(const struct walk *w, const char *s, struct err *e)
{
	for (size_t i = 0; i < w->n; i++)
		if (!w->table[i].name[0])
			return w->table[i].take(w->ctx, &w->table[i], s, NULL,
			    e);
	err_set(e, STATUS_USAGE, "unexpected argument %.40s", s);
	return refuse(e);
}

int
arg_parse(const struct arg *table, size_t n, void *ctx, int argc, char **argv,
    struct err *e)
{
	struct walk w = {
		.table = table, .n = n, .ctx = ctx,
		.argc = argc, .at = 1, .argv = argv
	};
	bool operands = false;

	while (w.at < argc) {
		const char *s = argv[w.at++];
		int status;

		if (operands || s[0] != '-' || !s[1]) {
			if (take_operand(&w, s, e) != 0)
				return -1;
			continue;
		}
		if (strcmp(s, "--") == 0) {
			operands = true;
			continue;
		}
		status = s[1] == '-' ? take_long(&w, s + 2, e) :
		    take_bundle(&w, s + 1, e);
		if (status != 0)
			return -1;
	}
	return 0;
}

/* Words of s from the help column on, from `column` where the line is. */
static void
wrap_help(const char *s, int column, FILE *out)
{
	/* The names are too long: the help begins on its own line. */
	if (column > HELP_COLUMN - 2) {
		fputc('\n', out);
		column = 0;
	}
	fprintf(out, "%*s", HELP_COLUMN - column, "");
	column = HELP_COLUMN;
	while (*s) {
		int len = (int)strcspn(s, " ");

		if (column > HELP_COLUMN && column + 1 + len > HELP_WIDTH) {
			fprintf(out, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		}
		if (column > HELP_COLUMN) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", len, s);
		column += len;
		s += len;
		s += strspn(s, " ");
	}
	fputc('\n', out);
}

void
arg_help(const struct arg *table, size_t n, FILE *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct arg *row = &table[i];
		char names[128];
		int len;

		if (!row->help)
			continue;
		if (!row->name[0])
			continue;
		if (row->shorter)
			snprintf(names, sizeof(names), "  -%c, ", row->shorter);
		else
			snprintf(names, sizeof(names), "      ");
		len = snprintf(names + 6, sizeof(names) - 6, "--%s%s%s%s%s%s",
		    row->name, row->value ? " " : "",
		    row->value ? row->value : "", row->value2 ? " [" : "",
		    row->value2 ? row->value2 : "", row->value2 ? "]" : "");
		assert(len > 0 && len < (int)sizeof(names) - 6);
		fputs(names, out);
		wrap_help(row->help, len + 6, out);
	}
}
