/*
 * opt-own - what opt.c, the set, and opt-file.c, its file, share.
 */
#ifndef OPT_OWN_H
#define OPT_OWN_H

#include "opt.h"

enum opt_origin { OPT_FROM_DEFAULT, OPT_FROM_FILE, OPT_FROM_PERSON };

struct opt_slot {
	enum opt_origin origin;
	char **values;			/* one, or a list's; canonical */
	size_t n;
	int64_t number;			/* OPT_INT; OPT_BOOL: 0 or 1 */
	int (*check)(const char *value, struct err *e);	/* opts_check; NULL */
};

struct opts {
	const struct opt *table;
	size_t n;
	struct opt_slot *slots;		/* one for each row */
	uint64_t version;
	const char *manual;		/* borrowed */
};

void opt_slot_clear(struct opt_slot *s);
void opt_slot_default(struct opt_slot *s, const struct opt *row);
/* As opts_set; `weak` gives way to what a person set. */
int opts_put(struct opts *o, const char *name, const char *value,
    enum opt_origin origin, bool weak, struct err *e);

#endif
