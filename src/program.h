/*
 * program - what p2ptui and p2prelay do alike before anything else, and at
 * the end.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "err.h"

/* The first call of main(): descriptors, locale and signals. */
void program_begin(void);
/* Whoever starts it names the files that are read and written: with the
 * rights of somebody else that would be a gift.  STATUS_DENIED. */
int program_check_rights(struct err *e);
/* Says what went wrong, to the standard error; the exit status for it. */
int program_complain(const char *name, const struct err *e);

#endif
