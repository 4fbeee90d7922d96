/*
 * plate - where two people with a code meet: waiting at its nameplate, and
 * going there.
 *
 * The nameplate is public and only a place; what is said there proves
 * itself (pairing.h).  Three places at once:
 *
 *	relay	the meeting id H(LABEL_PLATE, six digits)[0..15] at each of
 *		my relays: whoever waits registers it, whoever comes calls
 *	LAN	the beacon's flag 8, "asks for visits", and a hint of 8
 *		bytes H(LABEL_PLATE, digits, instance nonce); whoever comes
 *		dials the addresses of those whose hint fits
 *	typed	HOST:PORT, without any third party
 *
 * A visit is a stream: preface "p2pc", version 1, 0, 0, 0; then the
 * nameplate's six digits; then messages, each u16 len || bytes, at most
 * PAIRING_MAX.  Any number of visitors may come while waiting; one at a
 * time is heard, up to 4 wait their turn for 10 s.
 */
#ifndef PLATE_H
#define PLATE_H

#include "carrier.h"
#include "lan.h"
#include "relay.h"
#include "resolve.h"
#include "stream.h"

enum {
	PLATE_PREFACE = 8,
	PLATE_WAITING_MAX = 4,
	PLATE_DEADLINE_MS = 30000,	/* a whole visit */
	PLATE_TRY_MS = 8000		/* for one place to answer */
};

struct plates;

struct plates_setup {
	struct streams *streams;
	struct resolver *resolver;
	struct relays *relays;
	struct lan *lan;
	const struct carrier_events *chat;
};

struct plates *plates_new(const struct plates_setup *setup);
void plates_free(struct plates *p);
/* plate NULL: wait no more. */
int plates_wait(struct plates *p, const char *plate, struct err *e);
int plates_visit(struct plates *p, const char *plate, const char *where,
    struct err *e);
void plates_leave(struct plates *p);		/* ends a visit of mine */
int plates_send(struct plates *p, uint32_t visit, const void *msg,
    size_t len);
void plates_close(struct plates *p, uint32_t visit);
/* A TCP connection or a relay's call that begins with the preface; takes
 * the stream, whose first bytes are still unread. */
void plates_accepted(struct plates *p, struct stream *s);
bool plates_is_preface(const void *bytes, size_t len);

#endif
