/*
 * link - the waist: sealed records to a proven key, both ways.
 *
 * Above this file nobody knows the way the bytes take, below it nobody
 * knows what is said.  A kind of link (chan: Noise records over a stream;
 * later: Noise packets over UDP) fills in the operations; a test joins two
 * in memory.  session.c holds the links of one person and picks the best.
 *
 *	dialling or accepted --handshake--> proven --card--> up --> closed
 *
 * Records of one link arrive once, in order, unread and unforged, or the
 * link closes.  A link that ends without a close record was interrupted.
 */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "carrier.h"

/* First byte of a record's plaintext: p2ptui-protocol(7), Records. */
enum record {
	RECORD_FRAME = 1,	/* one or more frames, back to back */
	RECORD_CHUNK = 2,	/* of a file */
	RECORD_PATHS = 3,	/* path candidates */
	RECORD_PING = 4,	/* 8 bytes that come back */
	RECORD_PONG = 5,
	RECORD_CLOSE = 6,	/* u8 reason: the link ends on purpose */
	RECORD_CARD = 7		/* signed card: the first record each way */
};

enum { RECORD_MAX = 65535 - 16 - 1 };	/* body of one record */

struct link;

/* What a link tells its owner; never from inside a call on the link. */
struct link_events {
	/* The handshake is over and the other side has proven its key
	 * (responders: with its first record). */
	void (*on_proven)(void *owner, struct link *l);
	void (*on_record)(void *owner, struct link *l, enum record kind,
	    const uint8_t *body, size_t len);
	/* link_room() is worth asking again. */
	void (*on_room)(void *owner, struct link *l);
	/* The end, once; the owner calls link_free.  `why` is for the person
	 * ("connection refused"), clean: a close record came first. */
	void (*on_closed)(void *owner, struct link *l, bool clean,
	    const char *why);
};

struct link_ops {
	int (*send)(void *impl, enum record kind, const void *body, size_t len);
	size_t (*room)(void *impl);
	void (*close)(void *impl, uint8_t reason);
	void (*free)(void *impl);
	const uint8_t *(*remote)(void *impl);
};

struct link {
	const struct link_ops *ops;
	void *impl;
	const struct link_events *events;	/* set by the owner */
	void *owner;
	enum path path;
	bool initiator;
	bool is_datagram;	/* over UDP: it keeps NAT mappings itself */
	char where[80];				/* the other's address */
};

/* Queued now, written in LOOP_SEND; -1 when the link is closing. */
static inline int
link_send(struct link *l, enum record kind, const void *body, size_t len)
{
	return l->ops->send(l->impl, kind, body, len);
}

/* Bytes that may be queued before the link counts as full. */
static inline size_t
link_room(const struct link *l)
{
	return l->ops->room(l->impl);
}

/* Sends a close record and ends; on_closed does not follow. */
static inline void
link_close(struct link *l, uint8_t reason)
{
	l->ops->close(l->impl, reason);
}

static inline void
link_free(struct link *l)
{
	if (l)
		l->ops->free(l->impl);
}

/* The static key at the other end; NULL before it is known. */
static inline const uint8_t *
link_remote(const struct link *l)
{
	return l->ops->remote(l->impl);
}

/* Events for an owner whom they do not concern: who hands the link on when it
 * is proven reads no record of it. */
static inline void
link_ignore_record(void *owner, struct link *l, enum record kind,
    const uint8_t *body, size_t len)
{
	(void)owner, (void)l, (void)kind, (void)body, (void)len;
}

static inline void
link_ignore(void *owner, struct link *l)
{
	(void)owner, (void)l;
}

#endif
