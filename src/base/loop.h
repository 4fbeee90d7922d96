/*
 * loop - one thread, one wait, no busy turn.
 *
 * A turn: wait; read the clock once; signals; timers that are due; ready
 * sockets; what was deferred; then the hooks, in the order of their phase.
 * The phases are the order laws of the program: first everything that was
 * heard and said in this turn is committed, then it is sent, then it is
 * drawn.
 *
 * Nothing here knows what it carries.  Freeing your own watch or timer
 * inside its own callback is legal.
 *
 * It waits by select(), or by epoll in a program that links libepoll.a before
 * libbase.a: a relay.  select() cannot carry a descriptor at or above
 * FD_SETSIZE: loop_watch refuses those instead of writing past the set.
 *
 * A virtual loop has no sockets and a clock that moves only by
 * loop_virtual_run: scenarios of hours run in milliseconds.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "err.h"

struct loop;
struct watch;

enum { LOOP_READ = 1, LOOP_WRITE = 2 };
enum { LOOP_KINDS = 15 };

/* Hooks of one phase run in the order they were added. */
enum loop_phase {
	LOOP_COMMIT,		/* what was heard or said goes to disk */
	LOOP_SEND,		/* what may leave now leaves */
	LOOP_SHOW,		/* the screen, or the JSON writer */
	LOOP_SETTLE,		/* the turn's news are forgotten */
	LOOP_PHASES
};

struct loop *loop_new(struct err *e);
struct loop *loop_new_virtual(int64_t wall_ms);
void loop_free(struct loop *l);

const struct clock *loop_clock(const struct loop *l);	/* lives as l */
int64_t loop_now_ms(const struct loop *l);		/* monotonic */
int64_t loop_wall_ms(const struct loop *l);

/* Between turns, after something that took long: what is timed from now on
 * starts now, and the wall clock is right. */
void loop_look(struct loop *l);

/* Runs until loop_stop; returns its status. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l, int status);
/* One turn, waiting at most max_wait_ms (-1: as long as it takes). */
void loop_turn(struct loop *l, int64_t max_wait_ms);
/* The next turn does not wait: there is more to commit or to show. */
void loop_again(struct loop *l);
/* Virtual loops: lets ms pass, a turn at each timer's due time. */
void loop_virtual_run(struct loop *l, int64_t ms);

/* Descriptors from this number on cannot be had, or not be waited for. */
int loop_max_fds(void);
/* Borrows fd (the caller closes it, after watch_free).  NULL with e set for
 * one that cannot be waited for.  `want` starts as LOOP_READ. */
struct watch *loop_watch(struct loop *l, int fd,
    void (*ready)(void *arg, unsigned events), void *arg, struct err *e);
void watch_want(struct watch *w, unsigned events);
void watch_free(struct watch *w);		/* NULL is fine */

/* The same, embedded in what has the descriptor: for those of whom there are
 * many.  After watched_stop() its memory has to last until LOOP_SETTLE. */
struct watched {
	int fd;
	uint32_t born : 26;	/* the turn it was started in */
	uint32_t kind : 4;	/* whom to call; 0: stopped */
	uint32_t want : 2;
};

/* -1 with e set, and nothing done.  A loop knows LOOP_KINDS functions. */
int watched_start(struct watched *w, struct loop *l, int fd,
    void (*ready)(struct watched *w, unsigned events), struct err *e);
void watched_want(struct watched *w, struct loop *l, unsigned events);
void watched_stop(struct watched *w, struct loop *l);	/* idempotent */

/* A timer is embedded in what it times; it fires once for each timer_set. */
struct timer {
	struct loop *loop;
	void (*fire)(void *arg);
	void *arg;
	int64_t due_ms;		/* monotonic */
	uint64_t order;		/* of setting: the first when due together */
	size_t slot;		/* place in the heap + 1; 0: not set */
};

void timer_init(struct timer *t, struct loop *l, void (*fire)(void *arg),
    void *arg);
void timer_set(struct timer *t, int64_t delay_ms);	/* moves it if set */
void timer_stop(struct timer *t);			/* idempotent */
bool timer_is_set(const struct timer *t);

/* Called at the end of the turn, after every callback of it. */
void loop_defer(struct loop *l, void (*fn)(void *arg), void *arg);
void loop_hook(struct loop *l, enum loop_phase phase, void (*fn)(void *arg),
    void *arg);
/* Takes it back; between turns only. */
void loop_unhook(struct loop *l, enum loop_phase phase, void (*fn)(void *arg),
    void *arg);
/* fn runs inside a turn, not in the signal handler (self-pipe); NULL ignores
 * the signal.  One loop of a process may have signals. */
int loop_signal(struct loop *l, int signo, void (*fn)(void *arg, int signo),
    void *arg, struct err *e);

#endif
