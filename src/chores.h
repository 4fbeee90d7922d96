/*
 * chores - what is done with a profile while nobody uses it, without a
 * screen: --passphrase, --export, --import.  Each ends the program.
 */
#ifndef CHORES_H
#define CHORES_H

#include "options.h"
#include "profile.h"

/* Does the command line ask for one? */
bool chores_are_asked(const struct start *s);
/* Holds the profile and does it; exit status, or -1 with e. */
int chores_run(const struct start *s, struct profile *p, struct err *e);

#endif
