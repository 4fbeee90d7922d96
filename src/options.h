/*
 * options - the rows of p2ptui.conf(5) and of the command line.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "opt.h"

/* What the command line asks for beyond the options. */
struct start {
	const char *home, *profile;	/* borrowed from argv; NULL: none */
	const char **connect;		/* addresses to dial, owned array */
	size_t n_connect;
	const char **links;		/* of people to add, owned array */
	size_t n_links;
	const char *join, *join_where;	/* --join; NULL: none */
	char join_code[64];		/* the same, not in argv any more */
	bool host;
	const char *export_to, *import_from;	/* files; NULL: none */
	bool passphrase;
	bool doctor, ephemeral, headless, recover;
	bool help, version;
	struct opts *opts;
};

struct opts *options_new(void);
int options_parse(struct start *s, int argc, char **argv, struct err *e);
void options_help(void);		/* --help, to stdout */

#endif
