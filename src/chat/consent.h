/*
 * consent - who may write to whom: requests, answers, blocking, leaving.
 *
 *	NEARBY     --I write, I accept--> ACCEPTED
 *	NEARBY     --their words--------> REQUESTED
 *	REQUESTED  --I write, I accept--> ACCEPTED
 *	REQUESTED  --I decline----------> NEARBY
 *	any        --I block------------> BLOCKED --unblock--> as before
 *	any        --I remove-----------> NEARBY, or gone
 *	any        --paired by code-----> PAIRED; not BLOCKED
 */
#ifndef CONSENT_H
#define CONSENT_H

#include "own.h"

/* I let them in, in this turn's transaction.  -1: the turn must fail. */
int consent_give(struct chat *c, struct person *p, struct err *e);
/* A code led us to each other, which is consent of both.  -1: as above. */
int consent_pair(struct chat *c, struct person *p, bool i_came,
    struct err *e);

#endif
