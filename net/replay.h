/*
 * replay - which packet counters were seen: RFC 6479, 2048 wide.
 *
 * Asked only after a packet was authenticated; a counter is accepted once.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include <stdbool.h>
#include <stdint.h>

enum { REPLAY_WINDOW = 2048 };

struct replay {
	uint64_t top;			/* highest accepted + 1 */
	uint64_t bits[REPLAY_WINDOW / 64 + 1];
};

void replay_init(struct replay *r);
/* True, and remembered, when it is new. */
bool replay_accept(struct replay *r, uint64_t counter);

#endif
