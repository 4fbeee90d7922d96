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

struct waiter *waiter_new(struct err *e);
void waiter_free(struct waiter *w);
int waiter_max_fds(void);
/* Waits for LOOP_READ.  -1: this descriptor cannot be waited for. */
int waiter_add(struct waiter *w, struct watched *at, struct err *e);
/* From at->want to these; sets it. */
void waiter_want(struct waiter *w, struct watched *at, unsigned events);
void waiter_remove(struct waiter *w, struct watched *at);
/* Until something is ready or so long (-1: for ever); how much is. */
int waiter_wait(struct waiter *w, int64_t wait_us);
/* Calls watched_ready for each of the n. */
void waiter_run(struct waiter *w, struct loop *l, int n);

/* Of loop.c: calls back, unless it was stopped, or started in this turn. */
void watched_ready(struct watched *at, struct loop *l, unsigned events);

#endif
