#include "clock.h"

#include <time.h>

#include "mem.h"

void
clock_read(struct clock *c)
{
	struct timespec mono, wall;

	if (clock_gettime(CLOCK_MONOTONIC, &mono) != 0 ||
	    clock_gettime(CLOCK_REALTIME, &wall) != 0)
		die("the system has no clock");
	c->mono_us = (int64_t)mono.tv_sec * 1000000 + mono.tv_nsec / 1000;
	c->wall_ms = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000;
}
