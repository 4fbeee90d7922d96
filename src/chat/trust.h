/*
 * trust - how sure I am of who somebody is: compared numbers, doubts, and
 * pairings of which the other side may not know.
 *
 * A changed key is another person here: identity is the keys.  So nobody
 * can take a contact's place; what can be done is to look like one.  Who
 * wants to talk, is added, or pairs, and bears the name of a contact with
 * other keys, or answers where a contact was dialled before, is *doubted*:
 * that is said aloud once, and no words go to them before I confirmed by
 * /accept or /verify PEER yes.  So is a person whose numbers I compared and
 * found to differ: the doubt is of the person itself then.
 *
 * The joiner of a code stores its maker before he says who he is, so a
 * crash may leave him with a contact who never heard of him.  Such a one is
 * *unconfirmed* until anything is heard from them as from a contact; else it
 * is forgotten when the code's time is over, unless words were said.
 */
#ifndef TRUST_H
#define TRUST_H

#include "own.h"

/* A contact who looks like p; NULL: none. */
struct person *trust_like(const struct chat *c, const struct person *p);
/* Doubts p when it looks like a contact; said aloud once. */
void trust_look(struct chat *c, struct person *p);
/* p answered at an address; is it where a contact was reached? */
void trust_look_at(struct chat *c, struct person *p, const char *where);
/* I know what I do: no doubt any more. */
void trust_settle(struct chat *c, struct person *p);
/* Doubted for numbers that differ, not for another's name or place. */
bool trust_differs(const struct person *p);
/* -1 with the reason when words to p are held. */
int trust_may_say(struct chat *c, struct person *p, struct err *e);

/* p was paired, and may not know of me. */
void trust_unconfirmed(struct chat *c, struct person *p);
/* They know me: what was heard says so. */
void trust_confirm(struct chat *c, struct person *p);
/* After all contacts were loaded. */
void trust_load(struct chat *c);
void trust_init(struct chat *c);
void trust_stop(struct chat *c);

#endif
