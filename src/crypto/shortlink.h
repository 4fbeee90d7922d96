/*
 * shortlink - a contact link that fits a QR code on a small screen.
 *
 *	"P2PTUI:" base32( u8 2 | Ed25519 32 | X25519 32 | queue 16 )
 *	    [ "/" HOST [ ":" PORT ] ]
 *
 * All of it is written in upper case, within the alphanumeric set of QR
 * codes (ISO/IEC 18004: 0-9 A-Z $%*+-./: and the blank), which takes 5.5
 * bits a character; it is read in either case.  The brackets of an IPv6
 * address are no such characters and stand as %5B and %5D (RFC 3986).
 *
 * It holds who somebody is, and where a request to them may be left: their
 * request queue (zeros: none), whose token follows from the keys
 * (queuekey.h), at the relay HOST.  Unlike a card it is not signed and says
 * neither name nor prekey: a request by it is sealed to the identity key
 * (envelope.h).  Whoever changes the keys in it names another person; whoever
 * changes the place only sends sealed words astray.  Pure.
 */
#ifndef SHORTLINK_H
#define SHORTLINK_H

#include <stdbool.h>

#include "buf.h"
#include "key.h"
#include "queuekey.h"

enum {
	SHORTLINK_HOST_MAX = 261,	/* 253 of a name, ":65535" */
	SHORTLINK_MAX = 7 + 130 + 1 + SHORTLINK_HOST_MAX + 4
};

struct shortlink {
	struct pubkeys keys;
	bool has_queue;
	uint8_t queue[QUEUE_ID_LEN];
	/* "relay.example:54546" or "[2001:db8::1]", lower case; "": none. */
	char host[SHORTLINK_HOST_MAX + 1];
};

/* Appends; -1, and nothing appended, when host is none. */
int shortlink_write(struct buf *out, const struct shortlink *l);
/* -1 for anything else: another length or spelling, keys of low order, a
 * host that is none.  l is written on success only.  An X25519 key from
 * here was never proven: nothing but a request may go to it. */
int shortlink_read(struct shortlink *l, const char *text);

#endif
