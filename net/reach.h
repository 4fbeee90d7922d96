/*
 * reach - the people: who is wanted, when they are dialled, what became of
 * it.
 *
 *	       want, sighting, a call would reach them, link lost
 *	IDLE ----------------------------------------> DIALLING --link, card-->
 *	  ^  ^------------ 1, 2, 4 .. 60 s ----------------'                  |
 *	  '-------------------- the last link ends ------- UP <---------------'
 *
 * Of two who see each other the smaller user id dials at once, the other
 * one gives it 300 ms, unless something is owed.  Without a single place to
 * try nobody is dialled and nothing wakes the program.  A sighting, a new
 * address of ours or an urgent wish forget the back-off.
 *
 * A link by relay is used at once, and behind it a better one is looked
 * for: the LAN, where they were met before, what they offer, a hole through
 * the NATs (paths.h).  When the best link falls silent, a relay is called as
 * a stand-by before it is given up.
 *
 * One timer serves all: keepalives and retries of everybody.
 */
#ifndef REACH_H
#define REACH_H

#include "dial.h"
#include "paths.h"
#include "session.h"

/* Option `direct`: who may know my addresses. */
enum reach_direct { DIRECT_ALWAYS, DIRECT_CONTACTS, DIRECT_NEVER };

struct reach;

struct reach_setup {
	struct chan_room *room;
	struct resolver *resolver;
	struct paths_room *paths;	/* NULL: no UDP */
	enum reach_direct direct;
	const struct carrier_events *chat;
	void *ctx;
	/* The addresses a person was seen at on the LAN. */
	size_t (*near)(void *ctx, const struct user_id *id,
	    struct addr list[DIAL_NEAR]);
	/* Is this address one of the LAN's? */
	bool (*is_near)(void *ctx, const struct addr *a);
	/* Nobody reaches my listening port from outside but by a mapping. */
	bool (*is_behind_nat)(void *ctx);
	/* One of my relays is up. */
	bool (*has_relay)(void *ctx);
	/* A stream to them by a relay; NULL: none to try. */
	struct stream *(*call)(void *ctx, const struct user_id *who,
	    const struct stream_events *events, void *owner);
	/* They are to find me at a relay, or no more. */
	void (*want)(void *ctx, const struct pubkeys *who, bool want);
};

/* One person, for people. */
struct reach_info {
	enum path path;			/* PATH_NONE: no link */
	char where[ADDR_TEXT];
	int64_t rtt_us;			/* -1: unknown */
	size_t n_changes;
	struct session_change changes[SESSION_HISTORY];	/* newest first */
	char punch[120];		/* or "" */
};

struct reach *reach_new(const struct reach_setup *setup);
void reach_free(struct reach *r);

/* Takes what came: a connection or a relay's call, a proven link over UDP. */
void reach_accepted(struct reach *r, struct stream *s);
void reach_linked(struct reach *r, struct link *l);
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
bool reach_info(const struct reach *r, const struct user_id *who,
    struct reach_info *out);

/* A LAN beacon told an address of theirs for the first time. */
void reach_seen(struct reach *r, const struct pubkeys *who);
/* Relays where they can be met became known, or went. */
void reach_places(struct reach *r, const struct pubkeys *who, bool has_any);
/* They wait at a relay now. */
void reach_here(struct reach *r, const struct user_id *who);
/* A relay of mine came up: everybody may be called by it. */
void reach_relays(struct reach *r);
/* Our addresses changed: ask all links, dial all who are wanted. */
void reach_moved(struct reach *r);
/* How we look from outside changed: offer that. */
void reach_outside(struct reach *r);
/* After a long sleep: the same. */
void reach_woke(struct reach *r);
/* Option `birthday` changed: holes are tried anew. */
void reach_birthday(struct reach *r);

#endif
