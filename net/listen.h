/*
 * listen - accepts TCP connections on one port of both families.
 *
 * Running out of descriptors pauses accepting for a second instead of
 * spinning; who is there already stays.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <stdbool.h>

#include "addr.h"
#include "loop.h"

struct listener;

/* fd becomes the callee's. */
typedef void listen_accept(void *arg, int fd, const struct addr *from);

/* where: "[ADDR:]PORT", port 0 is any.  When the port is taken: the next
 * ones are tried if `or_next`, else STATUS_UNAVAILABLE. */
struct listener *listener_open(struct loop *l, const char *where,
    bool or_next, listen_accept *on_accept, void *arg, struct err *e);
void listener_free(struct listener *n);
uint16_t listener_port(const struct listener *n);
/* The address it is bound to, NULL when bound to all. */
const struct addr *listener_only(const struct listener *n);

#endif
