/*
 * first - a first start at a screen: the assistant's questions, and what
 * their answers become before anything else is opened.
 */
#ifndef FIRST_H
#define FIRST_H

#include "assistant.h"
#include "options.h"
#include "profile.h"

struct first {
	struct assistant *screen;	/* NULL: nothing is shown (any more) */
	bool answered;			/* also about the passphrase */
	char *passphrase, *again;	/* locked memory; NULL: not asked */
	struct assistant_answers answers;
};

/* My login name, which is proposed. */
const char *first_name(void);
/* Asks when there is no identity yet, a screen, and the options left
 * something to ask; answers go into the options.  0: go on, with the screen
 * saying to wait; 1: somebody left, *status is how to end; -1. */
int first_ask(struct first *f, struct start *s, const struct profile *p,
    struct loop *l, int *status, struct err *e);
/* Writes what was answered into the configuration, which the held profile
 * has from now on. */
int first_keep(const struct first *f, const char *config, struct err *e);
/* The passphrase that was chosen: "" for none, NULL when nobody was asked. */
const char *first_passphrase(const struct first *f);
/* Takes the questions off the screen; the answers stay. */
void first_done(struct first *f);
void first_clear(struct first *f);

#endif
