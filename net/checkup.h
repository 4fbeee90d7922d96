/*
 * checkup - measures what the doctor judges.
 *
 *	SETTLING --all is known, or 6 s--> TRYING --answer, or 8 s--> done
 *
 * Asks the network anew how it looks from outside, waits until relays and
 * router have answered, has the relay try this machine's own ports, and
 * hands the findings over.  The only time the program looks at a clock ten
 * times a second is while a person waits for this.
 */
#ifndef CHECKUP_H
#define CHECKUP_H

#include "doctor.h"
#include "net.h"

enum {
	CHECKUP_STEP_MS = 100,
	CHECKUP_SETTLE_MS = 6000,	/* mapping: UPnP takes seconds */
	CHECKUP_LEAST_MS = 700,		/* beacons of the LAN */
	CHECKUP_TRY_MS = 8000,
	CHECKUP_UDP_MS = 1000		/* after the answer */
};

struct checkup;

/* done comes once, in a later turn, and the checkup is freed after it. */
struct checkup *checkup_start(struct net *n,
    void (*done)(void *arg, const struct finding *list, size_t n), void *arg);
/* Before done: nothing follows.  NULL is fine. */
void checkup_free(struct checkup *c);

#endif
