/*
 * reach - the people: who is wanted, when they are dialled, what became of
 * it.
 *
 *	       want, sighting, link lost
 *	IDLE ----------------------------> DIALLING --link, card--> UP
 *	  ^------ 1, 2, 4 .. 60 s -----------'                      |
 *	  '------------------- the last link ends ------------------'
 *
 * Of two who see each other the smaller user id dials at once, the other
 * one gives it 300 ms, unless something is owed.  Without a single place to
 * try nobody is dialled and nothing wakes the program.  A sighting, a new
 * address of ours or an urgent wish forget the back-off.
 *
 * One timer serves all: keepalives and retries of everybody.
 */
#ifndef REACH_H
#define REACH_H

#include "dial.h"
#include "session.h"

struct reach;

struct reach_setup {
	struct chan_room *room;
	struct resolver *resolver;
	const struct carrier_events *chat;
	void *ctx;
	/* The addresses a person was seen at on the LAN. */
	size_t (*near)(void *ctx, const struct user_id *id,
	    struct addr list[DIAL_NEAR]);
	/* Is this address one of the LAN's? */
	bool (*is_near)(void *ctx, const struct addr *a);
};

struct reach *reach_new(const struct reach_setup *setup);
void reach_free(struct reach *r);

/* Takes an accepted connection. */
void reach_accepted(struct reach *r, int fd, const struct addr *from);
void reach_want(struct reach *r, const struct pubkeys *to, const char *where,
    bool want, bool urgent);
/* /connect: whoever answers. */
int reach_connect(struct reach *r, const char *host_port, struct err *e);
void reach_drop(struct reach *r, const struct user_id *who,
    enum close_reason reason);
int reach_send(struct reach *r, const struct user_id *to, const void *frame,
    size_t len);
size_t reach_room(const struct reach *r, const struct user_id *to);
/* My card changed: to all who are linked. */
void reach_say_card(struct reach *r, const void *card, size_t len);

/* A LAN beacon told an address of theirs for the first time. */
void reach_seen(struct reach *r, const struct pubkeys *who);
/* Our addresses changed: ask all links, dial all who are wanted. */
void reach_moved(struct reach *r);
/* After a long sleep: the same. */
void reach_woke(struct reach *r);

#endif
