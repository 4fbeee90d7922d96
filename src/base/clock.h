/*
 * clock - the two times there are, read once a turn.
 *
 * `mono_us` only ever moves forward and knows nothing of dates: timers,
 * round trips and limits use it.  `wall_ms` is what the person's clock
 * says (Unix time, ms): shown, stored and sent, never waited for, because
 * it may jump.  The loop fills one of these each turn and everybody reads
 * that; in tests a virtual loop moves both by hand.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

struct clock {
	int64_t mono_us;
	int64_t wall_ms;
};

void clock_read(struct clock *c);

#endif
