/*
 * lease - a port of the router that leads to one of mine, for a time.
 */
#ifndef LEASE_H
#define LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

enum {
	LEASE_ASK_S = 3600,		/* what is asked for */
	/* Who grants more is asked again all the same: an address of the
	 * router that moved would not be known for days. */
	LEASE_MAX_S = 24 * 3600
};

enum lease_proto { LEASE_TCP, LEASE_UDP, LEASE_PROTOS };

struct lease {
	bool is_held;
	struct addr ext;		/* external address and port */
	int64_t until_ms;		/* monotonic */
};

#endif
