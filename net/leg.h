/*
 * leg - one link of a session: does it still live, how long is its round
 * trip.
 *
 *	FINE --unanswered 3.25 s--> DOUBT --6.5 s--> SUSPECT --10 s--> DEAD
 *	  ^---------------- a record of theirs --------'
 *
 * Links bring every record once and in order, so one ping is enough: its
 * answer, or anything else they say, ends the waiting.  A link that people
 * talk over is pinged each 3 s; a silent one seldom (see LEG_IDLE_..).
 *
 * Doubt asks for another way in good time, suspicion moves to it, and what
 * is dead is closed.  Where there is no other way, a leg gets longer: to
 * give it up would only mean to dial again.
 */
#ifndef LEG_H
#define LEG_H

#include "link.h"
#include "loop.h"

/* The numbers of Tailscale where it has some. */
enum {
	/* Pings while somebody talks, for so long after the last frame. */
	LEG_BEAT_MS = 3000,
	LEG_USED_MS = 45000,
	/* Two beats and half a second without an answer. */
	LEG_SUSPECT_MS = 6500,
	/* .. for the first words after LEG_QUIET_MS: nobody has tried the
	 * way since, and a person waits. */
	LEG_FIRST_MS = 3000,
	LEG_QUIET_MS = 20000,
	LEG_DEAD_MS = 10000,		/* after the suspicion */
	LEG_ALONE_MS = 20000,		/* in all, when there is no other */
	LEG_HURRY_MS = 6000,		/* in all, after a sleep, a new
					 * address, or when a rival came */
	/* Silence before a ping.  A pipe costs the relay, and the relay tells
	 * when its end is gone; packets have keepalives of their own, and
	 * dgram ends a link whose other end sends none. */
	LEG_IDLE_TCP_MS = 25000,
	LEG_IDLE_UDP_MS = 300000,
	LEG_IDLE_RELAY_MS = 50000,
	/* The first pings, until the round trip is believed. */
	LEG_FIRST_PONGS = 3,
	LEG_FIRST_PING_MS = 300,
	LEG_PING_LEN = 8
};

struct leg {
	struct loop *loop;
	struct link *link;		/* NULL: a free place */
	struct session *session;
	uint64_t order;			/* of adoption */
	int64_t heard_ms;
	int64_t unanswered_ms;		/* first byte since then; 0: none */
	int64_t patience_ms;		/* until suspicion */
	bool hurried;			/* dead after LEG_HURRY_MS */
	bool pinged;			/* since unanswered_ms */
	bool is_doubted, is_suspect;
	bool is_rival;			/* not heard since another one came */
	int64_t ping_us;		/* when, and what the ping says; 0 */
	int64_t rtt_us;			/* smoothed; -1: unknown */
	unsigned n_pongs;		/* counts to LEG_FIRST_PONGS */
	int64_t retired_ms;		/* 0: in use */
	char where[80];
};

/* What became due. */
enum leg_due { LEG_FINE, LEG_DOUBT, LEG_SUSPECT, LEG_DEAD };

void leg_init(struct leg *l, struct loop *loop, struct link *link);
/* Sent something: an answer is waited for.  `words`: somebody speaks.  True:
 * the waiting began now, see leg_sweep. */
bool leg_sent(struct leg *l, bool words);
void leg_ping(struct leg *l);
/* They said something.  True: it was in disgrace. */
bool leg_heard(struct leg *l);
/* True: the round trip is known better. */
bool leg_pong(struct leg *l, const uint8_t *body, size_t len);
/* Asks now, and does not wait long. */
void leg_hurry(struct leg *l);
/* Pings if that is due, says what else is, once each; *ms is the time to the
 * next step.  is_used: somebody talked lately; has_other: another leg is
 * fine. */
enum leg_due leg_sweep(struct leg *l, bool is_used, bool has_other,
    int64_t *ms);

#endif
