/*
 * porch - connections that have not said yet what they are.
 *
 * Links and visits come to one port.  The first four bytes tell them apart,
 * and stay unread for whoever takes the stream.  What is no visit is a
 * link's, which knows how to close what is nothing at all.
 *
 * Whoever says nothing is gone after 10 s; at most 64 stand here, 8 of one
 * source: the oldest gives way, as in greet.h.
 */
#ifndef PORCH_H
#define PORCH_H

#include "stream.h"

enum {
	PORCH_MAX = 64,
	PORCH_SOURCE_MAX = 8,
	PORCH_MS = 10000
};

struct porch;

struct porch_setup {
	struct streams *streams;
	void *ctx;
	/* Each takes the stream. */
	void (*on_link)(void *ctx, struct stream *s);
	void (*on_visit)(void *ctx, struct stream *s);
};

struct porch *porch_new(const struct porch_setup *setup);
void porch_free(struct porch *p);
/* Takes the connected descriptor. */
void porch_accepted(struct porch *p, int fd, const struct addr *from);

#endif
