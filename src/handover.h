/*
 * handover - a contact link for the p2ptui that runs already.
 *
 * A desktop that opens a p2ptui: link starts a second p2ptui, which cannot
 * have the profile.  It gives the link to the first one, through a socket
 * beside the profile (Unix domain, datagrams, one link each) that only its
 * owner can reach, and the first one puts it before the person.
 */
#ifndef HANDOVER_H
#define HANDOVER_H

#include <stdbool.h>

#include "loop.h"
#include "profile.h"

struct handover;

enum { HANDOVER_MAX = 4096 };		/* bytes of a link */

/* For the holder of the profile: `taken` gets each link, unchecked, without
 * control characters.  NULL where there can be no such socket: links are
 * typed then. */
struct handover *handover_open(struct loop *l, const struct profile *p,
    void (*taken)(void *arg, const char *link), void *arg);
void handover_close(struct handover *h);	/* NULL is fine */

/* For the second one.  False: nobody takes links there, or not this one. */
bool handover_give(const struct profile *p, const char *link);

#endif
