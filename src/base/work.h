/*
 * work - what takes long and waits for nobody: a thread of its own.
 *
 * For hashing passwords and files.  The loop goes on; when the work is done
 * it is told in a turn, through a pipe.  The worker touches nothing but its
 * argument, which nobody else touches until then: no lock is needed.
 */
#ifndef WORK_H
#define WORK_H

#include "loop.h"

struct work;

/* Runs fn(arg) beside the loop, then done(arg) in a turn of it, where the
 * work is over: it is freed, and the next may be started.  NULL: no thread
 * to be had. */
struct work *work_start(struct loop *l, void (*fn)(void *arg),
    void (*done)(void *arg), void *arg, struct err *e);
/* Nobody wants to know any more: waits for fn; done is not called.  NULL is
 * fine, one that is done is not. */
void work_end(struct work *w);

#endif
