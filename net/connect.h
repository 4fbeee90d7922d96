/*
 * connect - addresses that somebody typed: /connect, --connect.
 *
 * Each is dialled once, and whoever answers there is greeted; the greeting
 * says who it is.  What fails is told to chat, for the person.
 */
#ifndef CONNECT_H
#define CONNECT_H

#include "dial.h"
#include "greet.h"

struct connects;

/* Everything is borrowed. */
struct connects_setup {
	struct chan_room *room;
	struct resolver *resolver;
	struct greets *greets;
	const struct carrier_events *chat;
};

struct connects *connects_new(const struct connects_setup *setup);
void connects_free(struct connects *all);
/* STATUS_TRY_AGAIN: too many at once; STATUS_USAGE: not an address. */
int connects_dial(struct connects *all, const char *host_port,
    struct err *e);

#endif
