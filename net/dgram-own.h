/*
 * dgram-own - what the files of dgram share; nobody else includes it.
 *
 *	dgram.c        the room: packets in and out, who they are for
 *	dgram-shake.c  handshakes of both sides, renewals, pending ones
 *	dgram-link.c   link.h over sctp.h, and everything that waits for time
 *
 * A key pair is known by the index it was given here.  Its use says what a
 * packet for it may do; only dgram-shake.c moves one to another use:
 *
 *	SHAKING --resp--> CURRENT --renewed--> PREVIOUS --30 s--> gone
 *	PENDING --first data--> CURRENT
 */
#ifndef DGRAM_OWN_H
#define DGRAM_OWN_H

#include "buf.h"
#include "cookie.h"
#include "dgram.h"
#include "list.h"
#include "map.h"
#include "noise.h"
#include "replay.h"
#include "sctp.h"

enum {
	DGRAM_VERSION = 1,
	HELLO = 6,			/* vmin, vmax, u32 features */
	HELLO_RENEW = HELLO + 4,	/* u32 index: the pair it replaces */
	MSG1 = 32 + 48 + NOISE_TAG, MSG2 = 32 + NOISE_TAG,	/* no payload */
	INIT_HEAD = 8, RESP_HEAD = 12, DATA_HEAD = 16,
	INIT_LEN = INIT_HEAD + MSG1 + HELLO + MACS_LEN,
	RENEW_LEN = INIT_HEAD + MSG1 + HELLO_RENEW + MACS_LEN,
	RESP_LEN = RESP_HEAD + MSG2 + HELLO + MACS_LEN,
	DATA_OVERHEAD = DATA_HEAD + NOISE_TAG,
	PENDING_TABLE = 256,		/* with cookies */
	PENDING_A_PEER = 4,
	COOKIES_MAX = 8			/* taken in one handshake */
};

_Static_assert(SCTP_PACKET + DATA_OVERHEAD <= UDP_PAYLOAD,
    "a packet of SCTP fits into one of ours");

enum use { USE_SHAKING, USE_PENDING, USE_CURRENT, USE_PREVIOUS };

struct keys {
	enum use use;
	uint32_t mine, theirs;		/* indices */
	bool i_began;
	int64_t born_ms;
	struct cipher tx, rx;
	struct replay replay;
	struct dgram *link;		/* all but PENDING */
	struct pending *pending;	/* PENDING */
};

/* A handshake of mine.  One init, repeated as it is: whoever answers twice
 * does it with the same keys. */
struct shake {
	struct noise *noise;		/* NULL: none is under way */
	struct keys *keys;
	uint8_t packet[RENEW_LEN];
	size_t len;
	int64_t until_ms, again_ms;
	unsigned n_sent, n_cookies;
};

/* A handshake of somebody else's that was answered. */
struct pending {
	struct list in_room;		/* oldest first */
	struct keys *keys;
	uint8_t x[KEY_LEN];
	uint8_t mac1[MAC_LEN];		/* of the init: the same again? */
	uint8_t resp[RESP_LEN];
	struct dgram *renews;		/* NULL: a new link */
	int64_t until_ms;
};

enum state { DIALLING, UP, CLOSING, DOWN };

struct dgram {
	struct link link;
	struct dgrams *room;
	struct list in_room;
	enum state state;
	bool dead;			/* the owner let go */
	uint8_t x[KEY_LEN];
	struct udp *via;
	struct addr to;
	struct keys *current, *previous;
	struct shake shake;
	bool is_heard;			/* under the current keys */
	bool is_due;			/* the timer is on its way */
	int64_t previous_until_ms, closing_until_ms, confirm_ms;
	int64_t sent_ms, heard_ms, keepalive_ms;
	struct timer timer;
	struct sctp *sctp;
	/* Records that SCTP has no room for yet: u32 length, kind, body; one
	 * queue a stream.  open_len: bytes of the last one, when frames may
	 * still join it. */
	struct buf queue[SCTP_STREAMS];
	size_t open_len;
	bool wants_room;
};

/* Packets of one turn to one place leave together; all but the last one are
 * as long as the first. */
struct run {
	struct udp *via;
	struct addr to;
	size_t size, len;
	uint8_t at[UDP_RUN * UDP_PAYLOAD];
};

struct dgrams {
	struct dgrams_setup setup;
	struct map *by_index;		/* u32 to struct keys */
	struct list links, pendings;
	size_t n_links, n_pendings;
	struct gate gate;
	struct timer sweep;		/* of what is pending */
	struct run run;
	struct dgram_counts counts;
	bool dead;
};

/* dgram.c */
int64_t dgrams_now(const struct dgrams *d);
bool dgrams_put(struct dgrams *d, struct udp *via, const struct addr *to,
    const void *p, size_t len);
/* What waits for the end of the turn leaves now. */
void dgrams_flush(struct dgrams *d);
struct keys *keys_new(struct dgrams *d, enum use use);
void keys_free(struct dgrams *d, struct keys *k);
/* Seals p, or nothing at all, and sends it.  Legal inside sctp's output. */
void dgram_put(struct dgram *l, const uint8_t *p, size_t len);

/* dgram-shake.c */
bool shake_start(struct dgram *l);
void shake_stop(struct dgram *l);
void shake_send(struct dgram *l);
void shake_init(struct dgrams *d, struct udp *via, const struct addr *from,
    const uint8_t *p, size_t len);
void shake_resp(struct dgrams *d, struct udp *via, const struct addr *from,
    const uint8_t *p, size_t len);
void shake_cookie(struct dgrams *d, const uint8_t *p, size_t len);
/* The first packet under pending keys opened: the link it is for, or NULL
 * when nobody wants it any more. */
struct dgram *shake_confirm(struct dgrams *d, struct keys *k,
    struct udp *via, const struct addr *from);
void pending_free(struct dgrams *d, struct pending *p);
void pendings_sweep(void *arg);

/* dgram-link.c */
struct dgram *dgram_new(struct dgrams *d, struct udp *via,
    const struct addr *to, const uint8_t x[KEY_LEN], bool initiator);
void dgram_be_at(struct dgram *l, struct udp *via, const struct addr *to);
/* Keys are there: association, timers, and the owner hears of it. */
void dgram_up(struct dgram *l);
/* Takes k as current; the pair before lives on for a while. */
void dgram_take(struct dgram *l, struct keys *k);
void dgram_fail(struct dgram *l, const char *why);
void dgram_shut(struct dgram *l);
void dgram_flush(struct dgram *l);
/* Renews the keys in the next turn when they have carried enough. */
void dgram_hurry(struct dgram *l);

#endif
