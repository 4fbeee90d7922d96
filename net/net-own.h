/*
 * net-own - what the files of net's face share, and nobody else sees.
 *
 *	net.c		the rooms below: opened, joined to each other, closed
 *	net-carry.c	the door to chat
 *	net-told.c	how I am reached, for people
 */
#ifndef NET_OWN_H
#define NET_OWN_H

#include "lan.h"
#include "listen.h"
#include "net.h"
#include "outside.h"
#include "paths.h"
#include "plate.h"
#include "porch.h"
#include "reach.h"
#include "relay.h"

enum { NET_TEXTS = 32 };

struct net {
	struct net_setup setup;
	struct streams streams;
	struct chan_room room;
	struct ifaces *ifaces;
	struct resolver *resolver;
	struct listener *listener;
	struct udp *udp;
	struct dgrams *dgrams;		/* NULL without UDP, and so on */
	struct outside *outside;
	struct paths_room paths;
	struct relays *relays;
	struct lan *lan;
	struct porch *porch;
	struct plates *plates;
	struct reach *reach;
	struct carrier carrier;
	uint64_t version;
	bool has_relay;			/* one of mine, in the options */
	bool is_relay_up;
	struct clock last;		/* turn */
	bool told_version;
	bool closing;
	char texts[NET_TEXTS][ADDR_TEXT];	/* net_listen_at's */
	size_t n_texts;
	struct checkup *checkup;	/* running, or NULL */
};

void net_set_carrier(struct net *n);
/* The carrier's `about`. */
void net_about(void *net, const struct user_id *who,
    void (*row)(void *arg, const char *name, const char *text), void *arg);

#endif
