/*
 * reach-own - what the files of reach share, and nobody else sees.
 *
 *	reach.c		who is wanted and when they are dialled; the timer
 *	reach-link.c	links that stand: whose, of what kind, better ones
 */
#ifndef REACH_OWN_H
#define REACH_OWN_H

#include "connect.h"
#include "greet.h"
#include "map.h"
#include "reach.h"

enum {
	POLITE_MS = 300,		/* the larger id waits */
	LIVED_MS = 5000,		/* a link this old was a success */
	/* Who is away calls when he is back: to call him is worth little,
	 * and a call each minute would keep a foreign relay busy for ever. */
	CALL_AGAIN_MAX_MS = 600000
};

struct person {
	struct reach *reach;
	struct user_id id;
	struct pubkeys keys;
	/* Most people of a long list are never there: NULL until met. */
	struct session *session;
	struct paths *paths;		/* while a link stands */
	struct card *card;		/* the last verified one */
	struct buf card_bytes;
	bool wanted, urgent;
	bool has_places;		/* relays of theirs are known */
	bool needs_standby;		/* the best link is in doubt */
	char where[DIAL_WHERE];		/* met there last; or "" */
	struct dial_offer offers[DIAL_OFFERED];
	size_t n_offers;
	struct dial *dial;
	bool dial_calls;		/* .. tries the relay as well */
	bool only_calls;		/* .. and nothing else */
	unsigned fails;
	int64_t up_ms;			/* when the last link was greeted */
	int64_t next_ms;		/* when to dial; 0: not planned */
	struct addr source;		/* of the last link */
	unsigned n_sightings;		/* since sighted_ms */
	int64_t sighted_ms;
	bool stale;			/* `dial` may lack an address */
};

struct reach {
	struct reach_setup setup;
	struct loop *loop;
	struct greets *greets;
	struct map *by_id, *by_x;
	struct connects *connects;
	size_t n_dials;
	struct timer timer;
	bool closing;
};

/* Of reach.c */
struct person *reach_find(const struct reach *r, const struct user_id *id);
struct person *reach_need(struct reach *r, const struct pubkeys *keys);
void reach_wake(struct reach *r, int64_t ms);
/* Dials in ms at the latest. */
void reach_plan(struct person *p, int64_t ms);
/* .. after a failure: the back-off. */
void reach_plan_retry(struct person *p);
void reach_stop_dial(struct person *p);
bool reach_is_smaller(const struct person *p);	/* my id than theirs */

/* Of reach-link.c */
bool person_is_up(const struct person *p);
/* My addresses may be told to them. */
bool person_may_know(const struct person *p);
void person_down(struct person *p);		/* ends what a link carried */
/* Looks for a better way than a relay, if that is what carries. */
void person_improve(struct person *p);
void reach_greets(struct reach *r);		/* makes r->greets */

#endif
