/*
 * pair - session codes: how two people who can only talk become contacts.
 * p2ptui-protocol(7), MEETING BY A CODE; what is said is pairing.h, who
 * carries it carrier.h.
 *
 *	my code	NONE --/host--> OUT --somebody came--> BUSY
 *		BUSY --wrong, or cut as a guess--> OUT, after three DEAD
 *		BUSY --cut otherwise--> OUT	BUSY --their card--> USED
 *		OUT --ten minutes--> EXPIRED	any --/host off--> NONE
 *		DEAD, USED, EXPIRED --two minutes--> NONE
 *
 * Who comes to a code that is over is told why by one byte in place of the
 * first message, for two minutes; then nobody is there any more.
 *
 * Nothing leaves inside a callback of the carrier: a message is read, what
 * it changes goes into the turn's transaction, and pair_post answers after
 * the commit.  So a guess is on disk before its answer leaves, and a
 * contact before the message that tells of it.
 * When the turn fails, the run ends and nothing of it is left.
 *
 * A code lives in memory only: a start after a crash says that it is gone,
 * which the count of its tries in the store tells.
 */
#ifndef PAIR_H
#define PAIR_H

#include "own.h"

void pair_init(struct chat *c);
void pair_free(struct chat *c);
/* Is there a code of a run that ended without a word?  -1: as store. */
int pair_load(struct chat *c, struct err *e);
/* After the commit: what is due is sent. */
void pair_post(struct chat *c);
/* The turn failed: so did the run that took part in it. */
void pair_undo(struct chat *c);

/* For the door. */
void pair_on_visit(void *chat, uint32_t visit, bool i_came);
void pair_on_msg(void *chat, uint32_t visit, const void *msg, size_t len);
void pair_on_end(void *chat, uint32_t visit, enum visit_end why,
    const struct err *e);

#endif
