/*
 * relaywire - what a client and a relay say to each other, as bytes.
 *
 *	preface    "p2pr", version 1, kind 1 NK | 2 NX, 0, 0
 *	handshake  u16 len || Noise message (prologue LP(LABEL_RELAY) ||
 *	           preface); payload of message 1: u8 vmin, u8 vmax,
 *	           u32 features; of message 2: the same, then struct
 *	           relay_welcome
 *	record     u16 len || ciphertext of messages, back to back:
 *	           u8 op | u16 len | body
 *
 * Integers are little-endian.  NK when the relay's key is known, NX on the
 * first meeting, when it is pinned.  Each direction calls Rekey() before its
 * record 4096, 8192, .. and does not reset the nonce, as chan does.
 *
 * The relay joins, keeps and forwards; it cannot read: letters and pipes
 * carry sealed bytes.  A queue is opened by a signature over this very
 * handshake, so a recorded one opens nothing; a letter is taken from whoever
 * shows the queue's token.  Whatever concerns a queue that is not there,
 * or is somebody else's, gets the same answer.
 *
 * Letters of an opened queue come in their order, RELAY_FLIGHT of them, and
 * each OP_DELETE makes room for the next.  One that was not deleted comes
 * again when the queue is opened again.
 *
 * Pipes: the caller numbers his end below RELAY_RING, the relay the called
 * one's from there.  Bytes go only against credit, which the receiving end
 * gives as it consumes: RELAY_WINDOW to begin with.  So the relay holds a
 * bounded number of bytes for a slow reader and never stops the others.
 *
 * A pure codec; both ends use it.
 */
#ifndef RELAYWIRE_H
#define RELAYWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "buf.h"

enum {
	RELAY_PREFACE = 8,
	RELAY_VERSION = 1,
	RELAY_PORT = 54546,
	RELAY_HELLO = 6,
	RELAY_WELCOME = 30,		/* hello and struct relay_welcome */
	RELAY_HANDSHAKE_MAX = 256,	/* bytes of one handshake message */
	RELAY_HANDSHAKE_MS = 10000,
	RELAY_UNAUTH_MAX = 1024,
	RELAY_REKEY = 4096,		/* records */
	RELAY_KEEPALIVE_S = 25,		/* of silence, then OP_PING; dead
					 * after two without an answer */
	RELAY_HEAD = 3,			/* op and length of a message */
	RELAY_BODY_MAX = 65535 - 16 - RELAY_HEAD,
	RELAY_LETTER_MAX = 63488,	/* a sealed letter */
	RELAY_FLIGHT = 256,		/* letters of a queue that are sent to
					 * its reader and not deleted yet */
	RELAY_PIECE_MAX = 16384,	/* bytes of one OP_DATA */
	RELAY_WINDOW = 131072,		/* of a pipe, each way */
	RELAY_RING = 0x40000000,	/* pipe numbers of calls that came */
	RELAY_IDS_MAX = 512,		/* in one OP_MEET, OP_PART, OP_HERE */
	RELAY_TOKEN_MAX = 64,		/* access token */
	QUEUE_ID = 16,
	UPLOAD_ID = 16,
	MEET_ID = 16,
	RELAY_NONCE = 8			/* of OP_REACH.  What comes to the UDP
					 * port is UDP_REACH (7) and these */
};

enum relay_kind { RELAY_NK = 1, RELAY_NX = 2 };

enum relay_op {
	/* client to relay */
	OP_HELLO = 1,		/* access token; first, if it has one */
	OP_OPEN = 2,		/* tag, ed_pk, token hash, signature: makes
				 * or opens a queue; letters follow */
	OP_DROP = 3,		/* tag, queue: and all its letters */
	OP_DELETE = 4,		/* queue, numbers: no answer */
	OP_SEND = 5,		/* tag, queue, token, upload id, letter */
	OP_MEET = 6,		/* ids: tell me who else waits there */
	OP_PART = 7,		/* ids */
	OP_CALL = 8,		/* pipe, id: to the newest other one there */
	OP_REACH = 9,		/* tag, tcp port, udp port, nonce 8: try my
				 * own address from outside */
	OP_PUBLISH = 10,	/* card, or nothing: my entry in the list */
	OP_LIST = 11,		/* tag: OP_CARDs, then OP_DONE */
	/* both ways */
	OP_DATA = 20,		/* pipe, bytes */
	OP_CREDIT = 21,		/* pipe, u32 */
	OP_HANG = 22,		/* pipe, u8 enum relay_hang */
	OP_PING = 23,		/* 8 bytes that come back */
	OP_PONG = 24,
	/* relay to client */
	OP_DONE = 32,		/* tag, u8 enum relay_status */
	OP_LETTER = 33,		/* queue, u64 number, letter */
	OP_HERE = 34,		/* ids at which somebody else waits now */
	OP_RING = 35,		/* pipe, id: somebody calls */
	OP_REACHED = 36,	/* tag, u8 tcp enum relay_reached, u8 1 when
				 * the nonce was sent to the UDP port */
	OP_CARD = 37,		/* card */
	OP_BYE = 38		/* u16 s: going down, come back then */
};

/* OP_DONE */
enum relay_status {
	RELAY_OK,		/* OP_SEND: it is on the relay's disk */
	RELAY_FULL,		/* the queue's quota: later, when it is read */
	RELAY_NO_QUEUE,		/* none such, or the token is wrong */
	RELAY_TOO_LARGE,
	RELAY_LIMIT,		/* too much at once: later */
	RELAY_DENIED,		/* access token, signature */
	RELAY_TROUBLE,		/* the relay's disk: later */
	RELAY_STATUSES
};

enum relay_hang {
	HANG_DONE,		/* the other end is through with it */
	HANG_NOBODY,		/* nobody else waits at that id */
	HANG_GONE,		/* the other end's connection is gone */
	HANG_LIMIT,		/* too many pipes, or more than the credit */
	RELAY_HANGS
};

enum relay_reached {
	REACHED_NO,		/* no answer, or refused */
	REACHED_YES,
	REACHED_NOT_TRIED	/* not a place the relay dials, or too often */
};

/* What the relay says of itself and of the client, in message 2. */
struct relay_welcome {
	struct addr seen;	/* the client's address, 18 bytes: IPv6 or
				 * IPv4-mapped, then the port */
	uint16_t stun[2];	/* UDP ports; 0: none */
	uint16_t keepalive_s;
};

/* One message; which fields count is said at its op.  Pointers are borrowed
 * from the record. */
struct relay_msg {
	enum relay_op op;
	uint32_t tag;			/* or the pipe */
	uint32_t value;			/* credit, status, reason, seconds,
					 * tcp result */
	uint64_t number;		/* OP_LETTER, OP_PING */
	uint16_t port[2];		/* OP_REACH: tcp, udp; OP_REACHED:
					 * [1] is the udp flag */
	const uint8_t *queue;		/* QUEUE_ID; OP_CALL, OP_RING: id */
	const uint8_t *key;		/* OP_OPEN: ed_pk, 32 */
	const uint8_t *token;		/* OP_SEND: 32; OP_OPEN: its hash */
	const uint8_t *sig;		/* OP_OPEN: 64 */
	const uint8_t *upload;		/* OP_SEND: UPLOAD_ID */
	const uint8_t *p;		/* the rest: letter, bytes, ids (16
					 * each), numbers (8 each), card,
					 * nonce */
	size_t len;
};

void relay_hello_write(uint8_t out[RELAY_HELLO]);
void relay_welcome_write(uint8_t out[RELAY_WELCOME],
    const struct relay_welcome *w);
/* -1: not ours.  -2: another version, *version says which. */
int relay_hello_read(const uint8_t *p, size_t len, unsigned *version);
int relay_welcome_read(struct relay_welcome *w, const uint8_t *p, size_t len,
    unsigned *version);

/* Reads the message at the front: its whole length (head and body), 0 when
 * the bytes are not a message of ours (the link ends).  An unknown op is
 * skipped by its length: m->op is 0 then. */
size_t relay_msg_read(struct relay_msg *m, const uint8_t *p, size_t len);
/* Appends it. */
void relay_msg_write(struct buf *out, const struct relay_msg *m);
/* What relay_msg_write would append. */
size_t relay_msg_len(const struct relay_msg *m);

#endif
