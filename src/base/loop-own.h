/*
 * loop-own - between a loop and how it waits: only for loop.c and the two
 * files that know a system call for it.
 *
 *	loop-select.c	everywhere; what a messenger needs
 *	loop-epoll.c	for a relay: no bound but RLIMIT_NOFILE, and a turn
 *			costs what is ready, not what is watched
 *
 * Which one a program has is decided by the library it links: libbase.a
 * brings select, libepoll.a before it the other.
 */
#ifndef LOOP_OWN_H
#define LOOP_OWN_H

#include "loop.h"

struct waiter;

/* Small: a relay has one for each client.  loop.c owns it; `ready` is NULL
 * once it is dead. */
struct watch {
	struct loop *loop;
	void (*ready)(void *arg, unsigned events);
	union {
		void *arg;
		struct watch *next_dead;
	} u;
	int fd;
	uint32_t born : 30;		/* the turn it was made in */
	uint32_t want : 2;
};

struct waiter *waiter_new(struct err *e);
/* Frees the watches that are left, too. */
void waiter_free(struct waiter *w);
/* Waits for LOOP_READ.  -1: this descriptor cannot be waited for. */
int waiter_add(struct waiter *w, struct watch *at, struct err *e);
/* From at->want to these; sets it. */
void waiter_want(struct waiter *w, struct watch *at, unsigned events);
void waiter_remove(struct waiter *w, struct watch *at);
/* Until something is ready or so long (-1: for ever); how much is. */
int waiter_wait(struct waiter *w, int64_t wait_us);
/* Calls watch_ready for each of the n. */
void waiter_run(struct waiter *w, int n);

/* Of loop.c: calls back, unless the watch is dead or of this turn. */
void watch_ready(struct watch *at, unsigned events);

#endif
