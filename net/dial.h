/*
 * dial - races the ways to one person or one address, until a link is
 * proven.
 *
 * A way is a row of a table: where its addresses come from and how long it
 * lets better ones go first.  Each attempt is a connection and a handshake,
 * because only the handshake tells whether an address told the truth; the
 * first to be proven wins and the others are closed unheard.
 *
 *	lan         addresses of LAN beacons          at once
 *	typed       what the person typed             at once
 *	remembered  where they were met last time     after 300 ms, if there
 *	offered     what they say of themselves       .. are LAN addresses
 *	relay       a pipe through a relay            ..
 *
 * Places of TCP are tried 250 ms after each other, 5 s each (RFC 8305); the
 * relay waits for none of those, because it is what always works and better
 * ways are looked for behind it.
 */
#ifndef DIAL_H
#define DIAL_H

#include "chan.h"
#include "direct.h"

enum {
	DIAL_NEAR = 4,
	DIAL_OFFERED = 8,
	DIAL_WHERE = ADDR_HOST + 16,	/* "HOST:PORT" and its NUL */
	DIAL_AGAIN_MS = 1000		/* after the first failure, about */
};

/* A TCP place they told of. */
struct dial_offer {
	struct addr at;
	enum path path;			/* what a link to it will be */
};

struct dial_target {
	bool has_key;
	uint8_t x[KEY_LEN];		/* IK to this key; else XX */
	struct addr near[DIAL_NEAR];
	size_t n_near;
	char typed[DIAL_WHERE];		/* or "" */
	char remembered[DIAL_WHERE];	/* or "" */
	struct dial_offer offered[DIAL_OFFERED];
	size_t n_offered;
	/* A pipe to them, NULL if no relay can be asked; NULL: not by relay.
	 * The context lives as long as the dial. */
	struct stream *(*call)(void *ctx, const struct stream_events *events,
	    void *owner);
	void *ctx;
};

struct dial;

/* One of them, once, in a later turn; then the owner calls dial_free. */
struct dial_events {
	/* Proven: set events and owner before returning.  `where` was
	 * dialled; "" for a pipe.  The link's path is set where the way
	 * says it. */
	void (*on_link)(void *owner, struct link *l, const char *where);
	/* The failure of the best way that was tried. */
	void (*on_failed)(void *owner, const struct err *e);
};

/* NULL with e set when the target names no place at all, or a bad one. */
struct dial *dial_start(struct chan_room *room, struct resolver *r,
    const struct dial_target *t, const struct dial_events *events,
    void *owner, struct err *e);
void dial_free(struct dial *d);
/* When to try again after so many failures: 1, 2, 4 .. 60 s, +-20 %. */
int64_t dial_again_ms(unsigned fails);

#endif
