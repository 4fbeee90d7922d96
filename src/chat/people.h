/*
 * people - the persons of the roster: made, titled, told about, freed.
 *
 * A person comes by being seen, by linking, or from the store; a stranger
 * leaves again when neither seen nor linked.
 */
#ifndef PEOPLE_H
#define PEOPLE_H

#include "own.h"

/* The one with these keys, made if need be.  NULL: too many strangers, or
 * it is me. */
struct person *people_get(struct chat *c, const struct pubkeys *keys);
/* From the store; takes n. */
struct person *people_load(struct chat *c, const struct contact *who,
    struct numbers *n);
void person_free(struct person *p);

/* Something a viewer shows has changed: presence and waiting follow from
 * the rest, the version moves; _changed is also news. */
void people_moved(struct chat *c, struct person *p);
void people_changed(struct chat *c, struct person *p);
/* What they call themselves, as sent; true when it is another name now. */
bool people_name(struct chat *c, struct person *p, const char *name);
/* Name or alias changed: titles, theirs and of those who look like them. */
void people_retitle(struct chat *c, struct person *p);
/* After all contacts were loaded. */
void people_title_loaded(struct chat *c);
/* Bytes of s that fit into max, whole clusters: no letter loses half. */
size_t people_cut(const char *s, size_t len, size_t max);
void people_typing(struct chat *c, struct person *p, bool on);
/* A stranger neither seen nor linked is not there any more. */
void people_leave(struct chat *c, struct person *p);
/* They became a contact, a request or blocked: inserts or updates the row.
 * -1: the turn must fail. */
int people_keep(struct chat *c, struct person *p, enum trust trust,
    struct err *e);
/* The row and all that was said are gone from the store already. */
void people_forget(struct chat *c, struct person *p);
/* A new epoch for whoever is met from now on: their numbers of this one
 * may be in use already. */
int people_new_epoch(struct chat *c, struct err *e);

#endif
