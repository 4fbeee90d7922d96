/*
 * relay-own - what the files of the relay's client side share.
 *
 *	relay.c        the table of relays: mine, visited, which one when
 *	relay-link.c   one connection (its own header)
 *	relay-people.c who is to find me, and where they can be met
 *	relay-meet.c   meeting ids, who waits, who calls
 *	relay-pipe.c   calls and the streams that come of them
 *	relay-mail.c   queues and the letters in them
 *	relay-drop.c   queues that are to be gone, until they are
 *	relay-send.c   letters to others
 *	relay-reach.c  can I be reached from outside?
 *
 * Everything the relay says is checked against what was asked of it: a
 * letter for a queue I did not open, a caller at an id I do not wait at, an
 * answer to no question are nothing.
 */
#ifndef RELAY_OWN_H
#define RELAY_OWN_H

#include "list.h"
#include "map.h"
#include "relay-link.h"
#include "relay.h"

enum {
	RELAY_PIPES_MAX = 64,		/* of one relay */
	/* Letters of one queue, not taken.  Deletions of a queue that is just
	 * opened again cross letters that come again, and others follow. */
	RELAY_UNTAKEN_MAX = 2 * RELAY_FLIGHT,
	RELAY_SLICE = 32,		/* queues opened in a turn: each is
					 * some elliptic curve work */
	RELAY_DAYS = 3
};

/* A question by its tag.  `m` is OP_DONE or OP_REACHED, NULL when the link
 * went before the answer. */
struct relay_ask {
	uint32_t tag;			/* 0: not asked */
	void (*answered)(struct relay_ask *a, const struct relay_msg *m);
};

/* One that I am connected to, or try to be. */
struct relay {
	struct relays *all;
	struct list in_all;
	struct route route;		/* has_key once it is known */
	char where[ROUTE_TEXT];
	bool is_mine, dead, told_denied;
	bool is_let_in;			/* it answers over this connection */
	bool is_keyed;			/* its address names the key */
	struct relay_link *link;
	struct timer leave;		/* of a visited one */
	int64_t used_ms;
	uint32_t last_tag;
	struct map *asks;		/* tag: struct relay_ask */
	struct map *pipes;		/* number: struct pipe */
	uint32_t last_pipe;
	struct map *queues;		/* id: struct queue */
	struct list todo;		/* queues to be opened */
	struct timer work;		/* opens them, a slice at a time */
};

/* Somebody who is to find me, or whose places I know. */
struct person {
	struct relays *all;
	struct list in_all;
	struct user_id id;
	struct pubkeys keys;
	bool wanted;
	bool has_ids, is_bad;		/* is_bad: the pair has no key */
	uint8_t pair_key[32];
	uint8_t ids[RELAY_DAYS][MEET_ID];
	struct route places[ROUTES_MAX];
	size_t n_places;
	/* Relays where they wait, by what these say. */
	struct relay *here[RELAYS_MAX];
	size_t n_here;
	/* Visited relays where I wait for them. */
	struct relay *waits[RELAYS_MAX];
	size_t n_waits;
	int64_t told_ms;		/* that they are here */
};

struct relays {
	struct relays_setup setup;
	struct loop *loop;
	char token[RELAY_TOKEN_MAX + 1];
	struct list list;		/* mine first */
	size_t n;
	struct list people;
	struct map *by_id;		/* user id: struct person */
	struct map *by_meet;		/* meeting id: struct person */
	uint64_t day;			/* of everybody's ids[1] */
	struct timer daily;
	struct list pipes;
	bool waits;			/* .. at `plate` for visits */
	uint8_t plate[MEET_ID];
	struct map *letters;		/* name: struct letter */
	uint64_t last_letter;
	struct list drops;
	size_t n_drops;
	struct timer keep_drops;
	struct list uploads;
	size_t n_uploads;
	bool refused_one;		/* leave said -1 */
	struct reach_ask *reach;
};

/* ---- relay.c ----------------------------------------------------------- */

/* The relay of that route, visited now if it is none of those there are;
 * NULL when that may not be, or no place is left. */
struct relay *relay_at(struct relays *all, const struct route *route);
struct relay *relay_find(const struct relays *all, const struct route *route);
bool relay_is_up(const struct relay *r);
/* A visited one stays a while longer. */
void relay_used(struct relay *r);
/* Sends, -1 when it is not up. */
int relay_say(struct relay *r, const struct relay_msg *m);
/* Gives the question its tag; the message gets it too. */
int relay_ask(struct relay *r, struct relay_ask *a, struct relay_msg *m);
void relay_forget(struct relay *r, struct relay_ask *a);
/* It serves nobody without its access token: told once. */
void relay_denied(struct relay *r);

/* ---- relay-people.c ---------------------------------------------------- */

struct person *person_find(const struct relays *all,
    const struct user_id *id);
void people_clear(struct relays *all);
/* The relay is gone, or has forgotten what it knew. */
void people_lost(struct relays *all, struct relay *r);
/* Makes them at the first use; false: there are none for this key. */
bool person_has_ids(struct person *p);
uint64_t relays_day(const struct relays *all);
/* Moves on to today's ids if need be. */
void relays_note_day(struct relays *all);
void on_relays_day(void *relays);

/* ---- relay-meet.c ------------------------------------------------------ */

/* Waits for these at a relay of mine, from now on; and no more. */
void relay_meet_at(struct relay *r, struct person *const *list, size_t n);
void relay_meet_part(struct relays *all, struct person *p);
/* It came up: whoever has a code finds me there. */
void relay_meet_up(struct relay *r);
/* Day change: what waits there is `old`, and is to be as p->ids. */
void relay_meet_moved(struct relays *all, const struct buf *old,
    const struct buf *new);
/* Waits for somebody at a visited relay, while it is visited. */
void relay_meet_visit(struct relay *r, struct person *p);
void relay_meet_here(struct relay *r, const struct relay_msg *m);
void relay_meet_gone(struct person *p, const struct relay *r);

/* ---- relay-pipe.c ------------------------------------------------------ */

void relay_pipes_up(struct relay *r);
void relay_pipes_room(struct relay *r);
/* Every pipe of it ends, or tries its next relay. */
void relay_pipes_lost(struct relay *r, const char *why);
bool relay_pipes_use(const struct relay *r);
void relay_pipes_clear(struct relays *all);
/* OP_DATA, OP_CREDIT, OP_HANG, OP_RING.  False: a lie. */
bool relay_pipes_msg(struct relay *r, const struct relay_msg *m);

/* ---- relay-mail.c ------------------------------------------------------ */

void relay_mail_init(struct relay *r);
void relay_mail_up(struct relay *r);
void relay_mail_lost(struct relay *r);
void relay_mail_clear(struct relay *r);
/* Opens their queue at each of mine; or drops it, and all its letters. */
void relay_mail_want(struct relays *all, const struct person *p);
void relay_mail_unwant(struct relays *all, const struct person *p);
bool relay_mail_is_untaken(const struct relay *r);
/* All queues are made again, or the relay takes them for forgotten. */
void relay_mail_day(struct relays *all);
bool relay_mail_letter(struct relay *r, const struct relay_msg *m);

/* ---- relay-drop.c ------------------------------------------------------ */

/* What an earlier start left to do. */
void relay_drops_load(struct relays *all);
void relay_drops_clear(struct relays *all);
void relay_drops_up(struct relay *r);
/* At once when it is up, and remembered until the relay has done it.
 * open_id: the queue's, which this connection has opened; NULL: it has not. */
void relay_drops_owe(struct relay *r, const struct user_id *who,
    const uint8_t *open_id);
/* They are wanted again. */
void relay_drops_forgive(struct relays *all, const struct user_id *who);

/* ---- relay-send.c ------------------------------------------------------ */

void relay_sends_pump(struct relay *r);
void relay_sends_lost(struct relay *r);
bool relay_sends_use(const struct relay *r);
void relay_sends_clear(struct relays *all);

#endif
