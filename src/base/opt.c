#include "opt-own.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "mem.h"
#include "text.h"

enum {
	NEAR = 3,			/* typing errors in a name */
	SHOWN_MAX = 40			/* bytes of a wrong value in an error */
};

/* ---- values ------------------------------------------------------------ */

void
opt_slot_clear(struct opt_slot *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->values[i]);
	free(s->values);
	s->values = NULL;
	s->n = 0;
}

static void
slot_add(struct opt_slot *s, const char *value)
{
	s->values = mem_resize(s->values, s->n + 1, sizeof(*s->values));
	s->values[s->n++] = mem_str(value);
}

/* The same value again counts where it was given last. */
static void
slot_drop(struct opt_slot *s, const char *value)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (strcmp(s->values[i], value) == 0)
			free(s->values[i]);
		else
			s->values[n++] = s->values[i];
	}
	s->n = n;
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

/* May it be one of these: how many there are is a rule of the list, not of
 * its values. */
static int
check_count(const struct opt *row, const struct opt_slot *s,
    const char *value, struct err *e)
{
	size_t n = s->origin == OPT_FROM_DEFAULT ? 0 : s->n;
	char allowed[96];

	if (!*value && row->least > 0) {
		snprintf(allowed, sizeof(allowed), "%zu to %zu values",
		    row->least, row->most);
		return refuse(row, value, allowed, e);
	}
	if (!*value || row->most == 0 || n < row->most)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(s->values[i], value) == 0)
			return 0;
	}
	return err_set(e, STATUS_USAGE, "%s: more than %zu values; allowed: "
	    "up to %zu", row->name, row->most, row->most);
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
store(struct opt_slot *s, const struct opt *row, const char *value,
    int64_t number)
{
	char text[32];

	s->number = number;
	if (row->type != OPT_LIST)
		opt_slot_clear(s);
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
		if (*value) {
			slot_drop(s, value);
			slot_add(s, value);
		} else {
			opt_slot_clear(s);
		}
		break;
	}
}

void
opt_slot_default(struct opt_slot *s, const struct opt *row)
{
	const char *def = row->def ? row->def : "";
	int64_t number = 0;
	struct err e;

	opt_slot_clear(s);
	/* An empty text or list needs no rule's consent. */
	if ((*def || (row->type != OPT_TEXT && row->type != OPT_LIST)) &&
	    check(row, def, &number, &e) != 0)
		die("default of an option: %s", e.what);
	store(s, row, def, number);
	s->origin = OPT_FROM_DEFAULT;
}

/* ---- the set ----------------------------------------------------------- */

struct opts *
opts_new(const struct opt *table, size_t n)
{
	struct opts *o = mem_new(sizeof(*o));

	o->table = table;
	o->n = n;
	o->manual = "p2ptui.conf(5)";
	o->slots = mem_array(n, sizeof(*o->slots));
	for (size_t i = 0; i < n; i++)
		opt_slot_default(&o->slots[i], &table[i]);
	return o;
}

void
opts_free(struct opts *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->n; i++)
		opt_slot_clear(&o->slots[i]);
	free(o->slots);
	free(o);
}

void
opts_manual(struct opts *o, const char *page)
{
	o->manual = page;
}

void
opts_check(struct opts *o, const char *name,
    int (*how)(const char *value, struct err *e))
{
	const struct opt *row = opts_find(o, name);

	assert(row);
	o->slots[row - o->table].check = how;
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
	return err_next(e, "%s lists all options", o->manual);
}

int
opts_put(struct opts *o, const char *name, const char *value,
    enum opt_origin origin, bool weak, struct err *e)
{
	const struct opt *row = opts_find(o, name);
	struct opt_slot *s;
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
	if (*value && s->check && s->check(value, e) != 0)
		return err_prefix(e, "%s", row->name);
	if (weak && s->origin == OPT_FROM_PERSON)
		return 0;
	if (row->type == OPT_LIST && check_count(row, s, value, e) != 0)
		return -1;
	/* The first value given replaces a list's default. */
	if (s->origin == OPT_FROM_DEFAULT)
		opt_slot_clear(s);
	store(s, row, value, number);
	s->origin = origin;
	o->version++;
	return 0;
}

int
opts_set(struct opts *o, const char *name, const char *value, struct err *e)
{
	return opts_put(o, name, value, OPT_FROM_PERSON, false, e);
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
		return err_next(e, "%s lists all options", o->manual);
	}
	name = mem_strn(pair, (size_t)(eq - pair));
	status = opts_set(o, name, eq + 1, e);
	free(name);
	return status;
}

static int
finish_flag(int status, const char *flag, struct err *e)
{
	if (status == 0)
		return 0;
	if (e)
		e->status = STATUS_USAGE;
	return err_prefix(e, "--%s", flag);
}

int
opts_set_flag(struct opts *o, const char *flag, const char *value,
    struct err *e)
{
	return finish_flag(opts_set(o, flag, value, e), flag, e);
}

int
opts_set_pair_flag(struct opts *o, const char *flag, const char *pair,
    struct err *e)
{
	return finish_flag(opts_set_pair(o, pair, e), flag, e);
}

int
opts_unset(struct opts *o, const char *name, struct err *e)
{
	const struct opt *row = opts_find(o, name);

	if (!row)
		return refuse_unknown(o, name, e);
	opt_slot_default(&o->slots[row - o->table], row);
	o->version++;
	return 0;
}

/* ---- readers ----------------------------------------------------------- */

static const struct opt_slot *
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
	const struct opt_slot *s = slot_of(o, name, OPT_LIST);

	*values = (const char *const *)s->values;
	return s->n;
}

bool
opts_is_set(const struct opts *o, const char *name)
{
	const struct opt *row = opts_find(o, name);

	assert(row);
	return o->slots[row - o->table].origin != OPT_FROM_DEFAULT;
}

uint64_t
opts_version(const struct opts *o)
{
	return o->version;
}
