/*
 * conn - one client: its bytes, its handshake, its records.
 *
 *	PREFACE, message 1 --message 2--> UP --ended by us--> CLOSING
 *	any state: wrong bytes, lost, too late ------------> DEAD
 *
 * Small, for there are many and most are silent: no buffer while there is
 * nothing to keep, no timer.  What a turn has for a client is collected in
 * one record after another and written once, at the turn's end.
 *
 * A client that does not read stops being read itself when its queue is
 * full; nothing but letters waits for its sake, and those stay on the disk.
 */
#ifndef CONN_H
#define CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "buf.h"
#include "list.h"
#include "loop.h"
#include "noise.h"
#include "relaywire.h"
#include "seat.h"

struct relay;
struct source;
struct flight;
struct pipes;

enum conn_state { CONN_FRESH, CONN_UP, CONN_CLOSING, CONN_DEAD };

/* While something is to leave. */
struct conn_out {
	struct buf buf;
	size_t open;			/* bytes at its end: a record that is
					 * not sealed yet; 0: none */
	size_t counted;			/* of relay.blocked_bytes */
	uint32_t stalled_s;		/* since then nothing left; 0: it
					 * does */
};

/* While it waits at a meeting, has pipes, or a part of a record came. */
struct conn_more {
	struct buf in;			/* the part; room 0: none */
	struct seat *meets;
	struct pipes *pipes;		/* NULL: none */
	uint32_t next_ring;
	uint16_t n_meets;
};

/* A mailbox that is read: box.c. */
struct box {
	struct seat seat;
	struct flight *flight;
};

/* 264 bytes, as malloc() likes them. */
struct conn {
	struct relay *relay;
	struct source *source;
	struct list link;		/* fresh, wheel or dead */
	struct watched watched;		/* has the descriptor */
	struct conn_out *out;		/* NULL: nothing */
	struct conn_more *more;		/* NULL: nothing of it */
	struct seat *boxes;
	struct box box;			/* one of them: most have no other.
					 * seat.conn NULL: not in use */
	struct cipher rx, tx;
	uint8_t hash[NOISE_HASH];	/* of the handshake: signatures that
					 * open mailboxes are over it */
	uint16_t heard_s;		/* is looked at before it comes round */
	uint16_t n_boxes;
	uint16_t n_held;		/* by so many who look again later */
	unsigned state : 2;		/* enum conn_state */
	bool is_admitted : 1;		/* showed the access token */
	bool is_dirty : 1;
	bool is_paused : 1;		/* its own queue is full */
	bool is_blocked : 1;		/* the socket took less than all */
	bool is_finished : 1;		/* our end is shut */
	bool is_doomed : 1;		/* its queue overflowed */
	bool wants_letters : 1;		/* when there is room */
	bool has_card : 1;
	bool has_reach : 1;
};

/* Takes fd.  Closes it at once when that is what limits say. */
void conn_accept(struct relay *r, int fd, const struct addr *from);
/* Ends it now; nothing more is called for it.  Idempotent. */
void conn_cut(struct conn *c);
/* Ends it when what was said has left. */
void conn_close(struct conn *c);
/* The handshake is done, the keys and the hash are set. */
void conn_up(struct conn *c);
/* What a record held: does it, message by message. */
void conn_obey(struct conn *c, const uint8_t *p, size_t len);
/* Made if need be. */
struct conn_more *conn_more(struct conn *c);
/* Its queue, made if need be: the handshake writes there. */
struct conn_out *conn_out(struct conn *c);
/* Appends a message to this turn's record.  Nothing when it is ending. */
void conn_say(struct conn *c, const struct relay_msg *m);
void conn_done(struct conn *c, uint32_t tag, enum relay_status status);
/* Takes part in what others do: up, and not ending. */
bool conn_is_up(const struct conn *c);
/* Seconds since something came of it. */
uint32_t conn_silence_s(const struct conn *c);
/* Its queue holds as much as limits allow. */
bool conn_is_full(const struct conn *c);
/* The turn's end: seals and writes. */
void conn_flush(struct conn *c);
/* The second to look at it has come: cuts it, or sets the next. */
void conn_look(struct conn *c);
/* Where it comes from. */
void conn_peer(const struct conn *c, struct addr *from);

#endif
