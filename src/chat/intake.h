/*
 * intake - what comes in: one frame of a proven sender at a time.
 *
 *	not a contact	words become a request, kept but not acknowledged
 *	contact		seen once, stored, acknowledged after the commit
 *	blocked		no answer
 *
 * The sender is the key that proved the link, never a field of the frame.
 */
#ifndef INTAKE_H
#define INTAKE_H

#include "own.h"

enum heard intake_frame(struct chat *c, const struct user_id *who,
    const void *bytes, size_t len);
/* What they are owed will not be sent: declined, blocked. */
void intake_fail_owed(struct chat *c, struct person *p);

#endif
