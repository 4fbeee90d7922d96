/*
 * gateway - the routers of the default routes, as the system knows them.
 *
 * Linux is asked by rtnetlink; elsewhere none is known, and nobody is
 * asked for a mapping.  Only IPv4: what a mapping is for is NAT.
 */
#ifndef GATEWAY_H
#define GATEWAY_H

#include <stddef.h>

#include "addr.h"

enum { GATEWAYS_MAX = 8 };

/* The preferred first (lowest metric), each once, port 0.  How many. */
size_t gateways_read(struct addr *list, size_t room);

#endif
