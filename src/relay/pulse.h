/*
 * pulse - does it still work?  A letter of our own goes the way of all
 * letters: into a mailbox, onto the disk with the turn's commit, out again.
 *
 *	beat: make, put --LOOP_COMMIT--> LOOP_SEND: read, delete --> done
 *
 * The commit is the engine's.  A result counts for a second, so that whoever
 * may ask cannot make the disk busy.
 */
#ifndef PULSE_H
#define PULSE_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"
#include "queue.h"

struct pulse;

struct pulse_result {
	bool is_good;
	char why[80];			/* it is not, or "" */
	int64_t took_us;
	int64_t at_ms;			/* monotonic */
};

/* key: the relay's public one; a mailbox of that name has no owner. */
struct pulse *pulse_new(struct loop *l, struct queues *q,
    const uint8_t key[32], void (*on_done)(void *arg), void *arg);
void pulse_free(struct pulse *p);		/* between turns */
/* The result if it is fresh; NULL: one is under way now, and on_done is
 * called when it is there. */
const struct pulse_result *pulse_ask(struct pulse *p);

#endif
