/*
 * relay-options - the rows of p2prelay's options and of its command line,
 * and the limits they come to.
 */
#ifndef RELAY_OPTIONS_H
#define RELAY_OPTIONS_H

#include <stdbool.h>

#include "err.h"
#include "opt.h"
#include "queue.h"
#include "relay.h"

struct relay_start {
	struct opts *opts;
	const char *config;		/* borrowed from argv; NULL: default */
	bool help, version;
};

struct opts *relay_options_new(void);
int relay_options_parse(struct relay_start *s, int argc, char **argv,
    struct err *e);
void relay_options_help(void);		/* --help, to stdout */
/* What is in --token's file, too: STATUS_CONFIG. */
int relay_options_limits(const struct opts *o, struct relay_limits *relay,
    struct queue_limits *queues, struct err *e);

#endif
