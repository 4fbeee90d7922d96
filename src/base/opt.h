/*
 * opt - the table of options: p2ptui.conf(5), --set, /set and their help.
 *
 * A row says everything about an option; the parser, the file, `/set`,
 * completion, the manual's test and --help all read the rows.  Values are
 * checked when they are set, so readers need not.
 *
 * The file: one `name = value` a line, `#` starts a comment line, space
 * around both is ignored, a value may stand in double quotes, where \" and
 * \\ are a quote and a backslash.  A line is at most OPT_LINE_MAX bytes.  A
 * number may be followed by its unit.
 */
#ifndef OPT_H
#define OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

enum { OPT_LINE_MAX = 4096 };

enum opt_type {
	OPT_BOOL,		/* on, off (also yes/no, true/false) */
	OPT_INT,		/* min..max */
	OPT_WORD,		/* one of words */
	OPT_TEXT,		/* UTF-8, min..max bytes */
	/* May be given several times, which replaces the default; an empty
	 * value empties it. */
	OPT_LIST
};

struct opt {
	const char *name;
	enum opt_type type;
	const char *def;		/* as it would be written; NULL: "" */
	const char *help;		/* one line */
	int64_t min, max;
	size_t least, most;		/* OPT_LIST: values; 0: no limit */
	const char *const *words;	/* OPT_WORD: NULL-terminated */
	const char *unit;		/* "s", "MiB", or NULL */
	bool at_start;			/* read once, at the start */
	/* More than the type can say; NULL: anything goes. */
	int (*check)(const char *value, struct err *e);
};

struct opts;

/* The table is borrowed for the life of opts. */
struct opts *opts_new(const struct opt *table, size_t n);
void opts_free(struct opts *o);
/* The page that explains them, in errors: "p2ptui.conf(5)" if nobody says
 * it.  Borrowed. */
void opts_manual(struct opts *o, const char *page);
/* One more check, by whoever knows what the table cannot: it follows the
 * row's own, so that what is wrong is found where it is written. */
void opts_check(struct opts *o, const char *name,
    int (*check)(const char *value, struct err *e));
const struct opt *opts_table(const struct opts *o, size_t *n);
/* NULL: no such option. */
const struct opt *opts_find(const struct opts *o, const char *name);
/* An unknown name is an error that names the nearest one.  STATUS_USAGE. */
int opts_set(struct opts *o, const char *name, const char *value,
    struct err *e);
/* "NAME=VALUE" */
int opts_set_pair(struct opts *o, const char *pair, struct err *e);
/* The same for --FLAG of the command line, which errors name. */
int opts_set_flag(struct opts *o, const char *flag, const char *value,
    struct err *e);
int opts_set_pair_flag(struct opts *o, const char *flag, const char *pair,
    struct err *e);
int opts_unset(struct opts *o, const char *name, struct err *e);
/* Values of the file give way to those already set by opts_set when
 * `weak`.  A missing file is fine.  STATUS_CONFIG with file:line; the lines
 * before it are set, so a reload goes into fresh opts. */
int opts_load(struct opts *o, const char *path, bool weak, struct err *e);
int opts_parse(struct opts *o, const char *text, size_t len,
    const char *name, bool weak, struct err *e);
/* Writes what differs from the defaults, atomically, mode 0600. */
int opts_save(const struct opts *o, const char *path, struct err *e);

/* These assert that the option exists and has the type. */
bool opts_bool(const struct opts *o, const char *name);
int64_t opts_int(const struct opts *o, const char *name);
const char *opts_word(const struct opts *o, const char *name);
const char *opts_text(const struct opts *o, const char *name);
size_t opts_list(const struct opts *o, const char *name,
    const char *const **values);
bool opts_is_set(const struct opts *o, const char *name);
/* The value as it would be written in the file. */
void opts_show(const struct opts *o, const char *name, struct buf *out);
/* Moves with every change. */
uint64_t opts_version(const struct opts *o);

#endif
