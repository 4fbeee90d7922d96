/*
 * beckon - who waits at a nameplate on this network, and who looks for them:
 * the part of lan that speaks for codes.
 *
 *	waits	visit beacons at 0, 0.5 and 1.5 s, then each 5 s; a query
 *		whose hint fits is answered at once, by unicast
 *	seeks	queries at 0, 0.25 and 1 s, then each 2 s
 *
 * A firewall that eats the answer often lets a broadcast in: so a query makes
 * whoever waits say it to all as well, at most once a second.  An answer is as
 * long as its question.
 *
 * Embedded in lan, which has judged the datagram's source before.
 */
#ifndef BECKON_H
#define BECKON_H

#include "beacon.h"
#include "code.h"
#include "loop.h"
#include "shout.h"

struct beckon {
	struct shout *shout;		/* NULL: off */
	const uint8_t *nonce;		/* BEACON_NONCE: this instance's */
	uint16_t tcp_port;
	void (*found)(void *ctx, const struct addr *at,
	    const uint8_t instance[BEACON_NONCE]);
	void *ctx;
	char waits[CODE_PLATE + 1], seeks[CODE_PLATE + 1];	/* or "" */
	struct timer say, ask;
	size_t n_said, n_asked;
	int64_t repeated_ms;
};

/* The caller sets shout, nonce and port. */
void beckon_init(struct beckon *b, struct loop *l, void (*found)(void *ctx,
    const struct addr *at, const uint8_t instance[BEACON_NONCE]), void *ctx);
void beckon_clear(struct beckon *b);
/* NULL: no more. */
void beckon_wait(struct beckon *b, const char *plate);
void beckon_seek(struct beckon *b, const char *plate);
/* Other interfaces: says it again there. */
void beckon_moved(struct beckon *b);
/* A visit beacon of another instance. */
void beckon_heard(struct beckon *b, const struct beacon *m,
    const struct addr *from);

#endif
