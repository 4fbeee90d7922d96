/*
 * ring - the receive keys I made for one contact:
 * p2ptui-protocol(7), Receive keys.
 *
 * The newest is said in every frame, so what they leave for me is sealed
 * to it.  Old ones are kept only for letters already on their way: at most
 * RING_MAX, and none below the floor they tell me they still use.
 *
 * Deleting a secret is what makes a recorded letter unreadable, so both
 * ways out of the ring wipe.
 */
#ifndef RING_H
#define RING_H

#include "buf.h"
#include "cur.h"
#include "envelope.h"
#include "key.h"

enum { RING_MAX = 8 };

struct receive_key {
	uint64_t gen;			/* creation ms, strictly increasing */
	uint8_t secret[KEY_LEN];
	uint8_t public[KEY_LEN];
	uint8_t id[ENVELOPE_ID];	/* what letters call it */
};

struct ring {
	uint64_t last_gen;		/* highest ever made */
	size_t n;
	struct receive_key at[RING_MAX];	/* oldest first */
};

void ring_init(struct ring *r);
void ring_clear(struct ring *r);		/* wipes */
/* A new newest key.  A full ring drops its oldest when `force`, else stays
 * as it is and answers false. */
bool ring_renew(struct ring *r, int64_t wall_ms, bool force);
const struct receive_key *ring_newest(const struct ring *r);	/* or NULL */
const struct receive_key *ring_by_gen(const struct ring *r, uint64_t gen);
const struct receive_key *ring_by_id(const struct ring *r,
    const uint8_t id[ENVELOPE_ID]);
/* Deletes everything below floor but the newest; true when some went. */
bool ring_drop_below(struct ring *r, uint64_t floor);

void ring_write(struct buf *out, const struct ring *r);
int ring_read(struct ring *r, struct cur *c);

#endif
