/*
 * punch - the way through two NATs to one person: p2ptui-protocol(7),
 * FINDING A WAY.
 *
 *	IDLE --a link stands--> MEETING --both told their class--> GATHERING
 *	GATHERING --my addresses--> OFFERED --theirs--> SYNCING --RTT/2-->
 *	PROBING --a PONG--> SETTLING --300 ms or 2 RTT--> AGREEING --USE-->
 *	DONE
 *	PROBING --round over--> GATHERING of the next --none--> WAITING
 *	WAITING 1, 2, 4, 8, 15 min, or a change --> GATHERING of round 1
 *
 * So for the controller, the smaller user id, who counts the rounds.  The
 * other one follows: MEETING --addresses--> GATHERING --mine--> OFFERED
 * --SYNC--> PROBING --USE--> DONE.
 *
 *	round 1  all addresses, the program's own socket
 *	round 2  a new socket; to NATs for 400 ms with a TTL that opens mine
 *		 and dies before theirs
 *	round 3  only when one NAT counts its ports: as round 2, and the
 *		 next eight; or when one takes any port, both sides have
 *		 option `birthday` on: as round 2, and punch-birthday.c
 *
 * Everything said travels through the person's standing link (RECORD_PATHS),
 * so nobody else can steer a path.  Ends with an address that answered, from
 * which sockets it did, and what kind of way it is; the link on it is
 * dgram's.
 */
#ifndef PUNCH_H
#define PUNCH_H

#include "carrier.h"
#include "nat.h"
#include "probe.h"
#include "udp.h"

enum {
	/* STUN and PCP answer within it; UPnP takes seconds and trickles. */
	PUNCH_GATHER_MS = 300,
	/* RFC 8445's Ta, while both hurry; then gently.  In round 3 the same
	 * number of probes is spread over its length. */
	PUNCH_PACE_FAST = 1000,
	PUNCH_PACE_MS = 50, PUNCH_PACE_SLOW_MS = 200,
	PUNCH_PACE3_MS = 100, PUNCH_PACE3_SLOW_MS = 350,
	/* What can be punched is within two round trips. */
	PUNCH_ROUND1_MS = 2500, PUNCH_ROUND2_MS = 3000, PUNCH_ROUND3_MS = 8000,
	/* Routers at home are one or two away; two NATs in a row need more. */
	PUNCH_LOW_TTL = 3, PUNCH_LOW_TTL_DOUBLE = 5, PUNCH_LOW_TTL_MS = 400,
	/* To choose the best of several, not the first; at least, at most. */
	PUNCH_SETTLE_MS = 300, PUNCH_SETTLE_MAX_MS = 1500,
	PUNCH_AGAIN_MIN_MS = 60000, PUNCH_AGAIN_MAX_MS = 900000,
	PUNCH_UNANSWERED_MAX = 30,	/* probes to one address and round */
	PUNCH_PRED = 8,			/* ports guessed for a seq peer */
	/* Birthdays: at the hard side, at the easy one, of either in all; and
	 * how often one person may have one. */
	PUNCH_BIRTHDAY_SOCKETS = 256,
	PUNCH_BIRTHDAY_RATE = 500,	/* a second */
	PUNCH_BIRTHDAY_PROBES = 4000,	/* in a round */
	PUNCH_BIRTHDAY_AGAIN_MS = PUNCH_ROUND3_MS / 2,
	PUNCH_BIRTHDAY_BURST = 3, PUNCH_BIRTHDAY_MS = 300000,
	/* An answer through the link: it may lie behind a file. */
	PUNCH_REPLY_MS = 5000,
	PUNCH_TAKEN_MS = 10000,		/* a first packet and its retries */
	/* What a contact may make us do: CANDS, and whole rounds, each in a
	 * burst and then one in so many ms. */
	PUNCH_CANDS_BURST = 6, PUNCH_CANDS_MS = 1000,
	PUNCH_ROUNDS_BURST = 9, PUNCH_ROUNDS_MS = 20000
};

struct punch;

struct punch_setup {
	struct loop *loop;
	struct udp *udp;		/* the program's sockets */
	bool is_controller;		/* my user id is the smaller one */
	void *ctx;
	/* My class, and my candidates as they are now. */
	enum nat_class (*my_class)(void *ctx);
	bool (*is_double)(void *ctx);
	int (*my_step)(void *ctx);
	size_t (*my_cands)(void *ctx, struct cand list[CANDS_MAX]);
	/* STUN servers, as told to nat: each fresh socket asks one. */
	size_t (*my_servers)(void *ctx, struct addr list[NAT_SERVERS_MAX]);
	/* Is this an address of mine, or a broadcast: never probed. */
	bool (*is_mine)(void *ctx, const struct addr *a);
	/* On a network of mine, reached without a router. */
	bool (*is_near)(void *ctx, const struct addr *a);
	/* Option `birthday`, as it is now; NULL: off. */
	bool (*has_birthday)(void *ctx);
	/* A RECORD_PATHS body for the other side; -1: no link stands. */
	int (*say)(void *ctx, const void *body, size_t len);
	/* The other side's TCP candidates, to be dialled. */
	void (*on_tcp)(void *ctx, const struct cand *list, size_t n);
	/* A way is open.  Controllers dial it, the others only learn it;
	 * takes `via` when it is not setup.udp (udp_free when done): it has no
	 * handlers any more, its probes go on to punch_probe.  Unless
	 * punch_stop says within PUNCH_TAKEN_MS that the way is in use, it
	 * counts as failed. */
	void (*on_way)(void *ctx, struct udp *via, const struct addr *to,
	    enum path path);
	/* No round came through; the next try is in so many ms. */
	void (*on_failed)(void *ctx, int64_t again_ms);
};

struct punch *punch_new(const struct punch_setup *setup);
void punch_free(struct punch *p);
/* A link stands, with that round trip: begins, unless a way is known. */
void punch_start(struct punch *p, int64_t rtt_us);
/* The way is in use, or no link stands any more: stops. */
void punch_stop(struct punch *p);
/* The addresses of either side changed, a way died: forget the back-off. */
void punch_again(struct punch *p);
/* Candidates were added, or my class became known: tells the other side,
 * and goes on. */
void punch_more(struct punch *p);
/* A body of RECORD_PATHS came, in whatever state; bad ones change nothing. */
void punch_paths(struct punch *p, const uint8_t *body, size_t len);
/* A packet of UDP_PROBE_CLASS: true when it was this person's. */
bool punch_probe(struct punch *p, struct udp *via, const struct addr *from,
    const uint8_t *bytes, size_t len);
/* For /info: "round 2", "waiting 4 min: both NATs are hard". */
void punch_text(const struct punch *p, char text[120]);

#endif
