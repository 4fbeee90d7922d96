/*
 * session - one person: the links to them, the best one, the change from
 * one to another.
 *
 *	DOWN --first link--> UP --better link--> UP --last link ends--> DOWN
 *
 * A session outlives its links.  A better link is used at once for what we
 * send; the other one is still read, until both sides have had time to
 * move, and then closed.  Whenever another link takes over, for better or
 * because the best one is silent (leg.h), chat hears of it before anything
 * is sent there and says again, in order, what nobody acknowledged.  So on
 * each link everything stands behind what came before it, nothing is lost,
 * and duplicates are chat's to drop.
 *
 * Both sides dialling at once make two links: both prefer the one that the
 * smaller user id began, then the newer, so both keep the same.
 */
#ifndef SESSION_H
#define SESSION_H

#include "card.h"
#include "leg.h"
#include "link.h"
#include "loop.h"

enum {
	SESSION_MOVE_MS = 3000,		/* a replaced link is still read */
	SESSION_STANDBY_MS = 30000,	/* .. one by a relay: whoever found a
					 * better way may lose it again */
	SESSION_HISTORY = 8
};

/* Why a link was closed: body of RECORD_CLOSE. */
enum close_reason {
	CLOSE_BYE,			/* the program ends */
	CLOSE_REPLACED,
	CLOSE_UNWANTED			/* blocked, malformed, our store */
};

/* A change of the way, for people. */
struct session_change {
	int64_t wall_ms;
	enum path path;			/* from then on; PATH_NONE: down */
	const char *why;		/* constant text */
};

struct session;

struct session_setup {
	struct loop *loop;
	bool i_am_smaller;		/* my user id is */
	struct user_id id;		/* theirs */
	const struct carrier_events *chat;
	void *owner;
	/* The last link is gone; `clean`: they said so. */
	void (*on_down)(void *owner, bool clean);
	/* The best link does not answer: another one would be welcome. */
	void (*on_doubt)(void *owner);
	/* A body of RECORD_PATHS came. */
	void (*on_paths)(void *owner, const uint8_t *body, size_t len);
	/* Another link is the best one now, or its round trip is known. */
	void (*on_moved)(void *owner);
	/* Something is due in ms from now: see session_sweep. */
	void (*wake)(void *owner, int64_t ms);
};

struct session *session_new(const struct session_setup *setup);
/* Ends the links without a word to chat. */
void session_free(struct session *s);

/* Takes a greeted link.  `where` can be dialled, or is "". */
void session_adopt(struct session *s, struct link *l, const struct card *card,
    const char *where, bool typed);
int session_send(struct session *s, enum record kind, const void *body,
    size_t len);
size_t session_room(const struct session *s);
bool session_is_up(const struct session *s);
enum path session_path(const struct session *s);
int64_t session_rtt_us(const struct session *s);	/* -1: unknown */
/* The other's address on the best link; "" when down. */
const char *session_where(const struct session *s);
/* Some leg goes this way and is not in disgrace. */
bool session_has(const struct session *s, enum path path);
/* The i-th last change, from 0; false past the oldest that is kept. */
bool session_history(const struct session *s, size_t i,
    struct session_change *out);
/* Asks every link whether it still lives, and does not wait long. */
void session_probe(struct session *s);
/* Ends all links; on_down follows in a later turn when there was one. */
void session_drop(struct session *s, enum close_reason reason);
/* Does what is due; returns the ms until the next, -1 for never. */
int64_t session_sweep(struct session *s);

#endif
