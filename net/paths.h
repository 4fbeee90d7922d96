/*
 * paths - the ways one person and I offer each other: candidates, punching,
 * and the link over UDP that comes of it.
 *
 *	IDLE --a link by relay--> LOOKING --way--> DIALLING --proven--> the
 *	  ^------ a better link stands, or none ------'          caller's
 *
 * punch.c says which address answered; this file gives it what it needs of
 * this machine, makes the link there, and knows for accepted links what kind
 * of way their address is.
 *
 * An address shows where somebody is: option `direct` says to whom mine are
 * told.  Who may not know them is not punched either.
 */
#ifndef PATHS_H
#define PATHS_H

#include "dgram.h"
#include "dial.h"
#include "list.h"
#include "outside.h"
#include "punch.h"

/* What the paths of all people share; embedded, everything borrowed. */
struct paths_room {
	struct loop *loop;
	struct udp *udp;
	struct dgrams *dgrams;
	const struct outside *outside;
	void *ctx;
	bool (*is_near)(void *ctx, const struct addr *a);
	/* Option `birthday`; NULL: off. */
	bool (*has_birthday)(void *ctx);
	struct list all;
};

struct paths_setup {
	struct paths_room *room;
	bool i_am_smaller;		/* my user id is */
	uint8_t x[KEY_LEN];		/* theirs */
	void *owner;
	/* A body of RECORD_PATHS for them; -1: no link stands. */
	int (*say)(void *owner, const void *body, size_t len);
	/* A link over UDP is proven: set events and owner. */
	void (*on_link)(void *owner, struct link *l);
	/* They told of TCP places. */
	void (*on_offers)(void *owner, const struct dial_offer *list,
	    size_t n);
};

struct paths;

void paths_room_init(struct paths_room *room);
/* udp's handler for UDP_PROBE_CLASS; arg is the struct paths_room. */
udp_heard paths_room_heard;
/* The sockets are others now. */
void paths_room_move(struct paths_room *room, struct udp *to);

struct paths *paths_new(const struct paths_setup *setup);
void paths_free(struct paths *p);
/* A link by relay stands, look for a better one / no more. */
void paths_look(struct paths *p, int64_t rtt_us);
void paths_rest(struct paths *p);
/* Addresses changed, or a way died. */
void paths_again(struct paths *p);
/* There is more to offer, or my class is known now. */
void paths_more(struct paths *p);
/* A body of RECORD_PATHS came. */
void paths_heard(struct paths *p, const uint8_t *body, size_t len);
/* What a link from that address is. */
enum path paths_kind(const struct paths *p, const struct addr *from);
/* For /info. */
void paths_text(const struct paths *p, char text[120]);

#endif
