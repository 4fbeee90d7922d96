/*
 * pake - CPace over ristretto255 with SHA-512, initiator and responder:
 * draft-irtf-cfrg-cpace.
 *
 * Two who share a password of few bits get a key of many; who does not know
 * it learns by one run that one guess was wrong, and from a recording
 * nothing.  Scalars are of one run: any restart draws new ones.
 */
#ifndef PAKE_H
#define PAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAKE_SHARE = 32, PAKE_ISK = 64, PAKE_TAG = 32 };

struct pake;

struct pake_setup {
	bool initiator;
	const void *password;		/* PRS */
	size_t password_len;
	const void *channel;		/* CI */
	size_t channel_len;
	const void *sid;
	size_t sid_len;
	const void *ad, *their_ad;	/* of each side */
	size_t ad_len, their_ad_len;
	const uint8_t *scalar;		/* fixed: tests only */
};

struct pake *pake_new(const struct pake_setup *setup);
void pake_free(struct pake *p);			/* wipes */
const uint8_t *pake_share(const struct pake *p);	/* PAKE_SHARE */
/* -1: no valid point, the identity, or my own share come back. */
int pake_finish(struct pake *p, const uint8_t their_share[PAKE_SHARE],
    uint8_t isk[PAKE_ISK]);
/* After pake_finish: my confirmation tag, and is theirs right? */
void pake_tag(const struct pake *p, uint8_t tag[PAKE_TAG]);
bool pake_confirms(const struct pake *p, const uint8_t tag[PAKE_TAG]);

#endif
