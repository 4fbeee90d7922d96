/*
 * relay - this client's relays: letters, meetings, and pipes.
 *
 *	IDLE --dial--> HANDSHAKE --welcome--> UP --2 keepalives lost--> LATER
 *	  ^                 |  refused, other key, timeout --------------^ |
 *	  '------------------- 1, 2, 4 .. 60 s, +-20 % ------------------'
 *
 * Mine (option relay) are held up always: my queues are opened there, and
 * whoever shares a pair key with me finds me there.  Those of other people
 * are visited when somebody is wanted or owed a letter, and left 60 s after
 * the last use.  One connection a relay.
 *
 * With several of mine, every one has my queues, and a letter goes to the
 * first of its addressee's that answers: one that is dead costs nobody
 * anything but its own letters' delay.
 *
 * Between two people: each registers the meeting ids of yesterday, today and
 * tomorrow at his own relays; the relay tells when another one waits at the
 * same id, or somebody visits and calls.  What comes of it is a stream, and
 * the handshake upon it proves who it is.
 *
 * Two with a code (plate.h) meet in the same way, at an id that anybody may
 * know.
 */
#ifndef RELAY_H
#define RELAY_H

#include "carrier.h"
#include "iface.h"
#include "opt.h"
#include "relaywire.h"
#include "resolve.h"
#include "route.h"
#include "stream.h"

enum {
	RELAYS_MAX = 8,			/* connections: mine and visited */
	RELAY_VISIT_MS = 60000,
	RELAY_AGAIN_MS = 1000,		/* doubles to .. */
	RELAY_AGAIN_MAX_MS = 60000,
	RELAY_LETTERS_MAX = 64,		/* under way, in all */
	RELAY_TRIES_MS = 5000		/* for one to answer, then the next */
};

struct relays;

struct relays_setup {
	struct streams *streams;
	struct resolver *resolver;
	const struct ifaces *ifaces;	/* NULL: changes are not judged */
	const struct identity *id;
	const struct carrier_events *chat;	/* letters, pins, notices */
	void *ctx;
	/* They wait at a relay now: a call would reach them. */
	void (*on_here)(void *ctx, const struct user_id *who);
	/* Somebody who knows our meeting id called; takes the stream. */
	void (*on_call)(void *ctx, struct stream *s,
	    const struct user_id *who);
	/* Somebody called at the id of relays_wait_at; takes the stream. */
	void (*on_visit)(void *ctx, struct stream *s);
	/* A relay came up or went, the address it sees changed. */
	void (*on_state)(void *ctx);
};

/* How one of them is, for people. */
enum relay_how { RELAY_IS_DOWN, RELAY_IS_TRYING, RELAY_IS_UP };

struct relay_state {
	char where[ROUTE_TEXT];		/* "HOST:PORT" */
	char address[ROUTE_TEXT];	/* with the key, once known */
	enum relay_how how;
	bool is_mine;
	int64_t rtt_us;			/* -1: not measured */
	struct addr at;			/* where it is, if up */
	struct addr seen;		/* my address as it sees it */
	uint16_t stun[2];
	char why[120];			/* of the last failure, or "" */
	int64_t again_ms;		/* until the next try; -1: none */
};

struct relays *relays_new(const struct relays_setup *setup);
/* Says goodbye to each: queued bytes leave as streams linger. */
void relays_free(struct relays *r);
/* Mine, from now on (addresses as of route.h).  STATUS_USAGE. */
int relays_set(struct relays *r, const char *const *list, size_t n,
    const char *token, struct err *e);

/* This person is to find me at mine, and their letters come. */
void relays_want(struct relays *r, const struct pubkeys *who, bool want);
void relays_places(struct relays *r, const struct pubkeys *who,
    const struct routes *places);
void relays_my_routes(const struct relays *r, const struct user_id *who,
    struct routes *out);
/* A stream to them by way of a relay, mine or theirs; bytes may be written
 * at once, on_end tells when nobody is there.  NULL: no relay to try. */
struct stream *relays_call(struct relays *r, const struct user_id *who,
    const struct stream_events *events, void *owner);
/* Whoever knows this id may call me at each of mine, from now on, also at
 * those that come up later; NULL: nobody. */
void relays_wait_at(struct relays *r, const uint8_t id[MEET_ID]);
/* A stream by way of the i-th of mine to whoever waits there at that id, as
 * by relays_call; it waits RELAY_TRIES_MS for a relay that is not up.  NULL
 * past the last. */
struct stream *relays_visit(struct relays *r, size_t i,
    const uint8_t id[MEET_ID], const struct stream_events *events,
    void *owner);
int relays_leave(struct relays *r, const struct user_id *to,
    const uint8_t upload[UPLOAD_LEN], const void *letter, size_t len);
void relays_took(struct relays *r, uint64_t letter);
/* What was not taken is to come again: the relays are linked anew. */
void relays_again(struct relays *r);

size_t relays_count(const struct relays *r);
bool relays_at(const struct relays *r, size_t i, struct relay_state *out);
/* Asks the first that is up to try my own ports from outside; the answer
 * comes once, in a later turn: -1 not tried (why), 0 no, 1 yes. */
struct reach_result {
	int tcp, udp_sent;
	uint8_t nonce[8];		/* that came to the UDP port, if so */
	char why[120];
};
int relays_try_me(struct relays *r, uint16_t tcp, uint16_t udp,
    void (*done)(void *arg, const struct reach_result *res), void *arg,
    struct err *e);
/* Before the answer: none follows. */
void relays_try_stop(struct relays *r);
/* My addresses changed: connections whose local address went are dialled
 * anew, all others asked whether they live. */
void relays_moved(struct relays *r);

#endif
