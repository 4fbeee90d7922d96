/*
 * pake - CPace over ristretto255 with SHA-512, initiator and responder:
 * draft-irtf-cfrg-cpace, CPACE-RISTR255-SHA512.
 *
 * Two who share a password of few bits get a key of many; who does not know
 * it learns by one run that one guess was wrong, and from a recording
 * nothing.  Scalars are of one run: any restart draws new ones.
 *
 *	generator	map(SHA512(lv_cat("CPaceRistretto255", PRS, zeros,
 *			CI, sid)))
 *	share Y		scalar * generator
 *	K		scalar * their share
 *	ISK		SHA512(lv_cat("CPaceRistretto255_ISK", sid, K) ||
 *			lv_cat(Ya, ADa) || lv_cat(Yb, ADb))
 *	tag		HMAC-SHA512(SHA512("CPaceMac" || sid || ISK),
 *			lv_cat(Y, AD))[0..31]
 *
 * lv_cat puts the length of each item before it, in LEB128; the zeros fill
 * the first block of SHA-512 up.  K never leaves this file.
 */
#ifndef PAKE_H
#define PAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

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

/* All is copied; the password only as the generator it makes. */
struct pake *pake_new(const struct pake_setup *setup);
void pake_free(struct pake *p);			/* wipes */
const uint8_t *pake_share(const struct pake *p);	/* PAKE_SHARE */
/* -1: no valid point, the identity, my own share come back, or the second
 * call: the scalar is wiped by the first, whatever it answers. */
int pake_finish(struct pake *p, const uint8_t their_share[PAKE_SHARE],
    uint8_t isk[PAKE_ISK]);
/* After pake_finish: my confirmation tag, and is theirs right? */
void pake_tag(const struct pake *p, uint8_t tag[PAKE_TAG]);
bool pake_confirms(const struct pake *p, const uint8_t tag[PAKE_TAG]);

/* One item of lv_cat, appended. */
void pake_lv(struct buf *out, const void *p, size_t len);

/* Steps of the draft on their own: for the known answers. */
void pake_generator_string(struct buf *out, const struct pake_setup *setup);
void pake_generator(uint8_t g[PAKE_SHARE], const struct pake_setup *setup);
/* scalar_mult_vfy; -1: no valid point, or the identity. */
int pake_multiply(uint8_t k[PAKE_SHARE], const uint8_t scalar[PAKE_SHARE],
    const uint8_t point[PAKE_SHARE]);

#endif
