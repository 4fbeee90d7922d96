/*
 * sctp - records in order over packets that get lost: usrsctp (RFC 9260),
 * and the only file that knows it.
 *
 * It gets packets that dgram.h has opened and gives packets for it to seal;
 * it has no sockets, addresses or peers.  Both ends open, neither listens:
 * that INITs cross is what RFC 9260, section 5.2 is for.
 *
 * The library has one state a process, so everything here belongs to one
 * loop at a time.  Its time passes only while something is under way, and
 * no finer than what waits for it needs: an idle link wakes nobody, and one
 * whose other end is silent hardly anybody.
 *
 *	sctp_open -> output.. sctp_input.. -> up -> record.. -> lost | free
 */
#ifndef SCTP_H
#define SCTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"

enum {
	SCTP_PACKET = 1168,		/* the longest output */
	SCTP_RECORD_MAX = 65535,
	SCTP_STREAMS = 2,		/* the first goes before the second */
	SCTP_TICK_MS = 10,		/* while packets come */
	SCTP_OUT_TICK_MS = 50,		/* while answers are waited for .. */
	SCTP_SLOW_TICK_MS = 200,	/* .. and do not come */
	SCTP_SLOW_MS = 2000,
	/* After the last packet, until a delayed SACK has left. */
	SCTP_QUIET_MS = 60
};

struct sctp;

struct sctp_events {
	/* From inside any call below; may not call back.  Best effort. */
	void (*output)(void *owner, const uint8_t *p, size_t len);
	/* A whole record; freeing s is legal.  From sctp_input only. */
	void (*record)(void *owner, const uint8_t *p, size_t len);
	/* The other end gave up or broke the rules.  Once; from sctp_input
	 * or a timer. */
	void (*lost)(void *owner);
};

/* NULL: the library has no memory for another one. */
struct sctp *sctp_open(struct loop *l, const struct sctp_events *events,
    void *owner);
/* The other end, if it is there, hears of it. */
void sctp_free(struct sctp *s);
void sctp_input(struct sctp *s, const uint8_t *p, size_t len);
/* False: not now, ask again after the next packets came in. */
bool sctp_send(struct sctp *s, unsigned stream, const void *p, size_t len);
/* Everything that was sent has arrived. */
bool sctp_is_done(const struct sctp *s);

#endif
