/*
 * plate - where two people with a code meet: waiting at its nameplate, and
 * going there.
 *
 * The nameplate is public and only a place; what is said there proves
 * itself (pairing.h).  Three places at once:
 *
 *	relay	the meeting id H(LABEL_PLATE, six digits)[0..15] at each of
 *		my relays: whoever waits registers it, whoever comes calls
 *	LAN	visit beacons with a hint of 8 bytes H(LABEL_PLATE, digits,
 *		instance nonce); whoever comes asks, and dials the addresses
 *		of those whose hint fits
 *	typed	HOST:PORT, without any third party
 *
 * A visit is a stream (visit.h).  Any number of visitors may come while
 * waiting; one at a time is heard, up to PLATE_WAITING_MAX wait their turn.
 * The next one is of the source that was heard least of late, and who says
 * nothing while others wait has PLATE_FIRST_MS; where all places are taken,
 * somebody of a source heard more often gives way.  So a stranger who holds
 * every place keeps nobody out.
 *
 *	theirs	COMING --hello--> WAITING --its turn--> HEARD --> over
 *	mine	COMING --first message--> WAITING --its turn--> HEARD --> over
 *
 * Going there asks all places together.  Whoever waits speaks first, so a
 * place has answered when it said something; the first to do so is heard, and
 * the others are left: most are the same person by another way.
 *
 * Or a stranger is quicker than whoever made the code.  So a place where a
 * code failed is remembered, and when chat comes with the same code again,
 * the places are asked in rounds, each of which begins when nobody answered
 * in the one before:
 *
 *	NEW	all places; without the LAN if it failed there: a relay is
 *		one place, and on a LAN one stranger can be many hosts
 *	LAN	other hosts of the LAN
 *	WAY	hosts that say they are the one where it failed, by another
 *		address: honest ones do, and whoever else says so deceives
 *		about somebody who is asked before him all the same
 *	HOST	other ports of the address where it failed
 *	FAILED	the very places where it failed
 *
 * Whatever is not a visit, or comes for another nameplate, is closed without
 * a word.  While nobody waits, everybody is.
 */
#ifndef PLATE_H
#define PLATE_H

#include "carrier.h"
#include "lan.h"
#include "relay.h"
#include "resolve.h"
#include "stream.h"

enum {
	/* Unheard: in all, and of one source; each relay is one. */
	PLATE_WAITING_MAX = 4,
	PLATE_SOURCE_MAX = 2,
	PLATE_COMING_MAX = 16,		/* have not said where to */
	PLATE_COMING_MS = 5000,
	PLATE_WAITING_MS = 10000,
	PLATE_DEADLINE_MS = 30000,	/* a whole visit */
	PLATE_SILENCE_MS = 8000,	/* of the other one, within it */
	PLATE_FIRST_MS = 2000,		/* .. before a word, if others wait */
	PLATE_TRY_MS = 8000,		/* for the places to answer */
	PLATE_LAN_MS = 3000,		/* .. for the LAN, which is quick */
	PLATE_FAILED_MAX = 16,		/* places that are remembered .. */
	PLATE_FAILED_MS = 600000,	/* .. as long as a code is good */
	PLATE_UNREAD_MAX = 4096
};

struct plates;

struct plates_setup {
	struct streams *streams;
	struct resolver *resolver;
	struct relays *relays;
	struct lan *lan;
	const struct carrier_events *chat;
};

/* Visitors of mine that never got a turn, for the log and the tests. */
struct plate_counts {
	uint64_t came;			/* all that were accepted */
	uint64_t alien;			/* no hello of ours */
	uint64_t wrong_plate;
	uint64_t refused;		/* nobody waits, too many */
	uint64_t late;
	uint64_t heard;			/* got their turn */
};

struct plates *plates_new(const struct plates_setup *setup);
void plates_free(struct plates *p);
/* plate NULL: wait no more; whoever is heard is heard to the end. */
int plates_wait(struct plates *p, const char *plate, struct err *e);
/* where: "" or HOST[:PORT].  STATUS_USAGE: not an address, no nameplate. */
int plates_visit(struct plates *p, const char *plate, uint32_t code,
    const char *where, struct err *e);
void plates_leave(struct plates *p);		/* ends a visit of mine */
/* My last visit, over or not, came to nothing with this code. */
void plates_failed(struct plates *p, uint32_t visit, uint32_t code);
/* -1: it is over, or the message is too long. */
int plates_send(struct plates *p, uint32_t visit, const void *msg,
    size_t len);
/* What was sent still leaves. */
void plates_close(struct plates *p, uint32_t visit);
/* Takes the stream of somebody who came: a connection that begins as a visit
 * does, or a relay's call. */
void plates_accepted(struct plates *p, struct stream *s);
/* lan's `found`. */
void plates_found(struct plates *p, const struct addr *at,
    const uint8_t instance[BEACON_NONCE]);
const struct plate_counts *plates_counts(const struct plates *p);

#endif
