/*
 * assistant - the few questions of a first start, on the screen before there
 * is anybody: name, passphrase, who may see me, a relay, a code I was given.
 *
 * Enter takes what is proposed, so five of it are as good as no question.
 * Nothing is written here: whoever leaves was never there.
 */
#ifndef ASSISTANT_H
#define ASSISTANT_H

#include "err.h"
#include "loop.h"
#include "opt.h"

enum assistant_asks {
	ASSISTANT_NAME,
	ASSISTANT_PASSPHRASE,
	ASSISTANT_LAN,
	ASSISTANT_RELAY,
	ASSISTANT_CODE,
	ASSISTANT_QUESTIONS
};

enum { ASSISTANT_TEXT = 300 };	/* bytes of an answer, with its NUL */

struct assistant_setup {
	struct loop *loop;		/* whose signals are not taken yet */
	const struct opts *opts;	/* marks */
	const char *name;		/* proposed */
	unsigned skip;			/* 1 << question: known already */
	/* Locked memory for the passphrase and its repetition. */
	char *passphrase, *again;
	size_t passphrase_size;
	void *arg;
	/* Is this an answer?  Never asked about an empty one. */
	int (*check)(void *arg, enum assistant_asks which, const char *text,
	    struct err *e);
};

/* "": skipped. */
struct assistant_answers {
	char name[ASSISTANT_TEXT];
	char lan[16];			/* a word of option lan */
	char relay[ASSISTANT_TEXT];
	char code[ASSISTANT_TEXT];
};

struct assistant;

/* Asks; the passphrase is in setup->passphrase.  When all is answered the
 * screen says to wait, until assistant_close.  NULL: somebody left, and
 * *status is how to end; or *status is -1 with e. */
struct assistant *assistant_run(const struct assistant_setup *setup,
    struct assistant_answers *out, int *status, struct err *e);
/* The terminal as it was found; NULL is fine. */
void assistant_close(struct assistant *a);

#endif
