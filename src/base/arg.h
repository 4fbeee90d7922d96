/*
 * arg - the command line as a table: parsing and --help read the same rows.
 *
 * Long options as --name VALUE or --name=VALUE, short ones bundled, `--`
 * ends them.  STATUS_USAGE for anything not in the table.  A row without a
 * name takes what stands there without an option.
 */
#ifndef ARG_H
#define ARG_H

#include <stddef.h>
#include <stdio.h>

#include "err.h"

struct arg {
	char shorter;			/* 0: none */
	const char *name;		/* without the dashes; "": operands */
	const char *value;		/* "DIR"; NULL: a flag */
	const char *help;		/* NULL: hidden */
	/* value2: one more optional operand ("--join CODE [HOST]"). */
	const char *value2;
	int (*take)(void *ctx, const struct arg *row, const char *value,
	    const char *value2, struct err *e);
};

int arg_parse(const struct arg *table, size_t n, void *ctx, int argc,
    char **argv, struct err *e);
void arg_help(const struct arg *table, size_t n, FILE *out);

#endif
