/*
 * session - one person: the links to them, the best one, the change from
 * one to another.
 *
 *	DOWN --first link--> UP --better link--> UP --last link ends--> DOWN
 *
 * A session outlives its links.  A better link is used at once for what we
 * send; the other one is still read, until both sides have had time to
 * move, and then closed.  Nothing is lost or shown twice by that, because
 * chat numbers and acknowledges above.
 *
 * Both sides dialling at once make two links: both prefer the one that the
 * smaller user id began, then the newer, so both keep the same.
 *
 * A link is probed by its owner's silence: RECORD_PING after 25 s without
 * a byte from the other side, or 10 s after something was sent and nothing
 * came back; dead 20 s after the first unanswered byte.
 */
#ifndef SESSION_H
#define SESSION_H

#include "card.h"
#include "link.h"
#include "loop.h"

enum {
	SESSION_IDLE_MS = 25000,	/* silence before a ping */
	SESSION_DOUBT_MS = 10000,	/* unanswered: ask */
	SESSION_DEAD_MS = 20000,	/* unanswered: gone */
	SESSION_HURRY_MS = 6000,	/* .. after a sleep or a new address */
	SESSION_MOVE_MS = 3000		/* a replaced link is still read */
};

/* Why a link was closed: body of RECORD_CLOSE. */
enum close_reason {
	CLOSE_BYE,			/* the program ends */
	CLOSE_REPLACED,
	CLOSE_UNWANTED			/* blocked, malformed, our store */
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
	/* Something is due in ms from now: see session_sweep. */
	void (*wake)(void *owner, int64_t ms);
};

struct session *session_new(const struct session_setup *setup);
/* Ends the links without a word to chat. */
void session_free(struct session *s);

/* Takes a greeted link. */
void session_adopt(struct session *s, struct link *l, const struct card *card,
    const char *where, bool typed);
int session_send(struct session *s, enum record kind, const void *body,
    size_t len);
size_t session_room(const struct session *s);
bool session_is_up(const struct session *s);
enum path session_path(const struct session *s);
/* Asks every link whether it still lives, and does not wait long. */
void session_probe(struct session *s);
/* Ends all links; on_down follows in a later turn when there was one. */
void session_drop(struct session *s, enum close_reason reason);
/* Does what is due; returns the ms until the next, -1 for never. */
int64_t session_sweep(struct session *s);

#endif
