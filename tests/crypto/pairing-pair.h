/*
 * pairing-pair - two who exchange by a code, and one who knows the code and
 * lies, for the tests of pairing.
 */
#ifndef PAIRING_PAIR_H
#define PAIRING_PAIR_H

#include "noise.h"
#include "pairing.h"
#include "pake.h"

enum { MESSAGES = 7 };

enum { CREATOR, JOINER };

/* Who they are: lives for a whole program. */
struct people {
	struct identity *id[2];		/* by side */
	struct buf card[2];
	struct code code, wrong;
};

/* Fixed: nonces, scalars and ephemerals too, so that every run says the
 * same; the cards are small, so that each bit can be tried. */
void people_init(struct people *p);
void people_clear(struct people *p);

struct pair {
	struct pairing *side[2];
	struct buf last[MESSAGES];	/* what was written */
};

/* fixed: as people_init says. */
void pair_init(struct pair *p, const struct people *who, bool fixed);
void pair_clear(struct pair *p);
int pair_writer(int step);		/* of m<step> */
/* Writes m<step> into last[step]. */
void pair_write(struct pair *p, int step);
/* Hands it over. */
enum pairing_verdict pair_read(struct pair *p, int step);
/* Everything before m<step>, both ways. */
void pair_run(struct pair *p, int step);
/* Goes on by whatever each of them says, from m<step>. */
void pair_go_on(struct pair *p, int step);

bool is_bad(enum pairing_verdict v);
/* No card, nothing more to say, the same verdict to whatever comes. */
void assert_over(struct pairing *p, enum pairing_verdict v);

/* A joiner out of hand-made parts, who knows the code. */
struct liar {
	const struct people *who;
	const struct identity *id;
	uint8_t vmin, vmax;		/* what it claims */
	uint8_t nonce[16];
	struct pake *pake;
	struct noise *noise;
	struct buf prologue, sid;
	struct pairing *creator;
};

/* Up to m0. */
void liar_init(struct liar *l, const struct people *who);
void liar_clear(struct liar *l);
/* m1 to m4; then it may say anything. */
enum pairing_verdict liar_say_m1(struct liar *l);
enum pairing_verdict liar_say_m3(struct liar *l, const uint8_t *e);
void liar_hear_m4(struct liar *l);
enum pairing_verdict liar_say_m5(struct liar *l, const void *card,
    size_t len);

#endif
