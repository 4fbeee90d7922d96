/*
 * route - relay addresses and places at them, as text.
 *
 *	address  HOST[:PORT][#KEY]          relay.example:54546#k4o7..
 *	place    HOST:PORT#KEY/QUEUE/TOKEN  where letters for somebody go
 *	         HOST[:PORT]/QUEUE/TOKEN    the same, of a short link
 *
 * KEY, QUEUE and TOKEN are base32 (52, 26 and 52 characters).  An address
 * without a key is pinned on first use; chat takes a place without one only
 * from a link that a person added.  Pure.
 */
#ifndef ROUTE_H
#define ROUTE_H

#include "addr.h"
#include "carrier.h"
#include "queuekey.h"

struct route {
	char host[ADDR_HOST];
	uint16_t port;
	bool has_key;
	uint8_t key[KEY_LEN];		/* of the relay */
	bool has_place;
	uint8_t queue[QUEUE_ID_LEN];
	uint8_t token[QUEUE_TOKEN_LEN];
};

/* Either form.  STATUS_USAGE: what is wrong and what is allowed. */
int route_parse(struct route *r, const char *text, struct err *e);
/* The form that has all it holds; IPv6 hosts in brackets. */
void route_format(const struct route *r, char text[ROUTE_TEXT]);
/* "HOST:PORT": what pins and notices name. */
void route_where(const struct route *r, char text[ROUTE_TEXT]);
/* The same relay: equal keys, or, when one has none, equal places. */
bool route_same_relay(const struct route *a, const struct route *b);

#endif
