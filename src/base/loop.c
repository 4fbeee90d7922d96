#include "loop-own.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heap.h"
#include "list.h"
#include "mem.h"

enum {
	SIGNALS_MAX = 65,
	/* A wait longer than this is cut in two: some systems refuse long
	 * ones, and nothing is lost by one more turn a day. */
	WAIT_MAX_MS = 24 * 3600 * 1000,
	/* Turns of a virtual loop without its clock moving: a bug. */
	STUCK_TURNS = 1000000,
	/* Turns are told apart by this many bits where room is dear. */
	BORN_MASK = (1 << 26) - 1
};

/* Later than anything; far from overflow when multiplied by 1000. */
static const int64_t never_ms = INT64_MAX / 2000;

struct call {
	void (*fn)(void *arg);
	void *arg;
};

struct calls {
	struct call *at;
	size_t n, room;
};

struct signal_row {
	void (*fn)(void *arg, int signo);
	void *arg;
	bool is_set;
	struct sigaction old;
};

struct watch {
	struct watched watched;
	struct loop *loop;
	void (*ready)(void *arg, unsigned events);
	void *arg;
	struct list link;		/* watches or dead */
};

struct loop {
	struct clock clock;
	bool is_virtual, in_turn, again, stopped;
	int status;
	uint64_t n_turns;

	struct heap timers;
	uint64_t n_set;			/* gives timers their order */

	struct waiter *waiter;		/* NULL when virtual */
	void (*kinds[LOOP_KINDS])(struct watched *w, unsigned events);
	struct list watches;
	struct list dead;		/* released at the end of the turn */

	struct calls deferred;
	struct calls hooks[LOOP_PHASES];

	int pipe[2];			/* -1 until the first loop_signal */
	struct watch *pipe_watch;
	struct signal_row *signals;	/* SIGNALS_MAX rows */
};

/*
 * The only way from a signal handler to a loop.  Flags say which signals
 * came, the pipe only wakes: a full pipe loses nothing.  One loop of a
 * process has signals.
 */
static volatile sig_atomic_t signal_came[SIGNALS_MAX];
static volatile sig_atomic_t signal_pipe = -1;

/* ---- the loop ---------------------------------------------------------- */

static struct loop *
new_loop(void)
{
	struct loop *l = mem_new(sizeof(*l));

	l->pipe[0] = l->pipe[1] = -1;
	list_init(&l->watches);
	list_init(&l->dead);
	return l;
}

struct loop *
loop_new(struct err *e)
{
	struct waiter *w = waiter_new(e);
	struct loop *l;

	if (!w)
		return NULL;
	l = new_loop();
	l->waiter = w;
	clock_read(&l->clock);
	return l;
}

void
loop_look(struct loop *l)
{
	assert(!l->in_turn);
	if (!l->is_virtual)
		clock_read(&l->clock);
}

struct loop *
loop_new_virtual(int64_t wall_ms)
{
	struct loop *l = new_loop();

	l->is_virtual = true;
	/* Not 0, which would hide a forgotten initialisation. */
	l->clock.mono_us = 1000000;
	l->clock.wall_ms = wall_ms;
	return l;
}

static void
release(struct list *watches)
{
	LIST_EACH(w, watches, struct watch, link) {
		list_remove(&w->link);
		free(w);
	}
}

static void
drop_signals(struct loop *l)
{
	if (!l->signals)
		return;
	for (int i = 0; i < SIGNALS_MAX; i++) {
		if (!l->signals[i].is_set)
			continue;
		sigaction(i, &l->signals[i].old, NULL);
		signal_came[i] = 0;
	}
	free(l->signals);
	if (l->pipe[0] >= 0) {
		signal_pipe = -1;
		watch_free(l->pipe_watch);
		close(l->pipe[0]);
		close(l->pipe[1]);
	}
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	assert(!l->in_turn);
	drop_signals(l);
	if (l->waiter)
		waiter_free(l->waiter);
	release(&l->watches);
	release(&l->dead);
	heap_clear(&l->timers);
	free(l->deferred.at);
	for (int i = 0; i < LOOP_PHASES; i++)
		free(l->hooks[i].at);
	free(l);
}

const struct clock *
loop_clock(const struct loop *l)
{
	return &l->clock;
}

int64_t
loop_now_ms(const struct loop *l)
{
	return l->clock.mono_us / 1000;
}

int64_t
loop_wall_ms(const struct loop *l)
{
	return l->clock.wall_ms;
}

/* ---- timers ------------------------------------------------------------ */

void
timer_init(struct timer *t, struct loop *l, void (*fire)(void *arg), void *arg)
{
	memset(t, 0, sizeof(*t));
	t->loop = l;
	t->fire = fire;
	t->arg = arg;
}

void
timer_set(struct timer *t, int64_t delay_ms)
{
	struct loop *l = t->loop;
	int64_t now_us = l->clock.mono_us;

	/* Never early: what is left of this millisecond does not count.
	 * Except for 0, which means the next turn. */
	if (delay_ms <= 0)
		t->due_ms = now_us / 1000;
	else if (delay_ms >= never_ms - now_us / 1000 - 1)
		t->due_ms = never_ms;
	else
		t->due_ms = (now_us + 999) / 1000 + delay_ms;
	t->order = l->n_set++;
	heap_put(&l->timers, t);
}

void
timer_stop(struct timer *t)
{
	if (t->slot != 0)
		heap_remove(&t->loop->timers, t);
}

bool
timer_is_set(const struct timer *t)
{
	return t->slot != 0;
}

static void
run_timers(struct loop *l)
{
	const int64_t now_ms = loop_now_ms(l);
	const uint64_t mark = l->n_set;

	/* What is set from here on waits for the next turn, so that a timer
	 * of 0 ms that sets itself does not keep the sockets waiting.  The
	 * older ones sort before it: it is due now at the earliest. */
	while (l->timers.n > 0 && l->timers.at[0]->due_ms <= now_ms &&
	    l->timers.at[0]->order < mark) {
		struct timer *t = l->timers.at[0];

		timer_stop(t);
		t->fire(t->arg);
	}
}

/* ---- sockets ----------------------------------------------------------- */

/* 1 .. LOOP_KINDS */
static uint32_t
kind_of(struct loop *l, void (*ready)(struct watched *w, unsigned events))
{
	for (uint32_t i = 0; i < LOOP_KINDS; i++) {
		if (!l->kinds[i])
			l->kinds[i] = ready;
		if (l->kinds[i] == ready)
			return i + 1;
	}
	die("a loop with more than %d kinds of sockets", LOOP_KINDS);
}

int
watched_start(struct watched *w, struct loop *l, int fd,
    void (*ready)(struct watched *w, unsigned events), struct err *e)
{
	if (l->is_virtual)
		return err_set(e, STATUS_FAILURE,
		    "a virtual loop has no sockets");
	*w = (struct watched){ .fd = fd, .born = l->n_turns & BORN_MASK };
	if (waiter_add(l->waiter, w, e) != 0)
		return -1;
	w->kind = kind_of(l, ready) & LOOP_KINDS;
	return 0;
}

void
watched_want(struct watched *w, struct loop *l, unsigned events)
{
	/* Stopped in this very callback: nothing is wanted any more. */
	if (w->kind != 0)
		waiter_want(l->waiter, w, events);
}

void
watched_stop(struct watched *w, struct loop *l)
{
	if (w->kind == 0)
		return;
	waiter_remove(l->waiter, w);
	w->kind = 0;
}

void
watched_ready(struct watched *w, struct loop *l, unsigned events)
{
	if (w->kind == 0 || w->born == (l->n_turns & BORN_MASK))
		return;
	events &= w->want;
	if (events)
		l->kinds[w->kind - 1](w, events);
}

static void
on_ready(struct watched *at, unsigned events)
{
	struct watch *w = LIST_OF(at, struct watch, watched);

	w->ready(w->arg, events);
}

int
loop_max_fds(void)
{
	long most = sysconf(_SC_OPEN_MAX);
	int limit = waiter_max_fds();

	return most < 0 || most > limit ? limit : (int)most;
}

struct watch *
loop_watch(struct loop *l, int fd, void (*ready)(void *arg, unsigned events),
    void *arg, struct err *e)
{
	struct watch *w = mem_new(sizeof(*w));

	if (watched_start(&w->watched, l, fd, on_ready, e) != 0) {
		free(w);
		return NULL;
	}
	w->loop = l;
	w->ready = ready;
	w->arg = arg;
	list_append(&l->watches, &w->link);
	return w;
}

void
watch_want(struct watch *w, unsigned events)
{
	watched_want(&w->watched, w->loop, events);
}

void
watch_free(struct watch *w)
{
	if (!w || w->watched.kind == 0)
		return;
	watched_stop(&w->watched, w->loop);
	/* Callers may still hold it until the turn is over. */
	list_remove(&w->link);
	list_append(&w->loop->dead, &w->link);
}

/* ---- signals ----------------------------------------------------------- */

static void
on_signal(int signo)
{
	int saved = errno;

	signal_came[signo] = 1;
	if (signal_pipe >= 0 && write(signal_pipe, "", 1) < 0) {
		/* Full: it wakes all the same. */
	}
	errno = saved;
}

static void
on_pipe(void *arg, unsigned events)
{
	struct loop *l = arg;
	char bytes[64];

	(void)events;
	while (read(l->pipe[0], bytes, sizeof(bytes)) == sizeof(bytes))
		;
}

static void
run_signals(struct loop *l)
{
	if (!l->signals)
		return;
	for (int i = 1; i < SIGNALS_MAX; i++) {
		if (!signal_came[i] || !l->signals[i].is_set)
			continue;
		signal_came[i] = 0;
		if (l->signals[i].fn)
			l->signals[i].fn(l->signals[i].arg, i);
	}
}

static int
open_pipe(struct loop *l, struct err *e)
{
	if (l->pipe[0] >= 0)
		return 0;
	assert(signal_pipe < 0);
	if (pipe(l->pipe) != 0) {
		l->pipe[0] = l->pipe[1] = -1;
		return err_set(e, STATUS_FAILURE, "cannot open a pipe: %s",
		    strerror(errno));
	}
	for (int i = 0; i < 2; i++) {
		fcntl(l->pipe[i], F_SETFD, FD_CLOEXEC);
		fcntl(l->pipe[i], F_SETFL, O_NONBLOCK);
	}
	l->pipe_watch = loop_watch(l, l->pipe[0], on_pipe, l, e);
	if (!l->pipe_watch) {
		close(l->pipe[0]);
		close(l->pipe[1]);
		l->pipe[0] = l->pipe[1] = -1;
		return -1;
	}
	signal_pipe = l->pipe[1];
	return 0;
}

int
loop_signal(struct loop *l, int signo, void (*fn)(void *arg, int signo),
    void *arg, struct err *e)
{
	struct sigaction sa, old;

	assert(signo > 0 && signo < SIGNALS_MAX);
	if (l->is_virtual)
		return err_set(e, STATUS_FAILURE,
		    "a virtual loop has no signals");
	if (open_pipe(l, e) != 0)
		return -1;
	if (!l->signals)
		l->signals = mem_array(SIGNALS_MAX, sizeof(*l->signals));
	l->signals[signo].fn = fn;
	l->signals[signo].arg = arg;
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = fn ? on_signal : SIG_IGN;
	sa.sa_flags = SA_RESTART;
	sigfillset(&sa.sa_mask);
	if (sigaction(signo, &sa, &old) != 0)
		return err_set(e, STATUS_FAILURE, "cannot catch signal %d: %s",
		    signo, strerror(errno));
	if (!l->signals[signo].is_set)
		l->signals[signo].old = old;
	l->signals[signo].is_set = true;
	return 0;
}

/* ---- the turn ---------------------------------------------------------- */

static void
add_call(struct calls *c, void (*fn)(void *arg), void *arg)
{
	if (c->n == c->room) {
		c->room = c->room * 2 + 8;
		c->at = mem_resize(c->at, c->room, sizeof(*c->at));
	}
	c->at[c->n++] = (struct call){ fn, arg };
}

void
loop_defer(struct loop *l, void (*fn)(void *arg), void *arg)
{
	add_call(&l->deferred, fn, arg);
}

void
loop_hook(struct loop *l, enum loop_phase phase, void (*fn)(void *arg),
    void *arg)
{
	assert(phase < LOOP_PHASES);
	add_call(&l->hooks[phase], fn, arg);
}

void
loop_unhook(struct loop *l, enum loop_phase phase, void (*fn)(void *arg),
    void *arg)
{
	struct calls *c = &l->hooks[phase];
	size_t i = 0;

	assert(!l->in_turn);
	while (i < c->n && (c->at[i].fn != fn || c->at[i].arg != arg))
		i++;
	if (i == c->n)
		return;
	c->n--;
	memmove(c->at + i, c->at + i + 1, (c->n - i) * sizeof(*c->at));
}

void
loop_again(struct loop *l)
{
	l->again = true;
}

void
loop_stop(struct loop *l, int status)
{
	l->stopped = true;
	l->status = status;
}

/* What they defer themselves waits for the next turn, which does not. */
static void
run_deferred(struct loop *l)
{
	size_t n = l->deferred.n;

	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		struct call c = l->deferred.at[i];

		c.fn(c.arg);
	}
	l->deferred.n -= n;
	memmove(l->deferred.at, l->deferred.at + n,
	    l->deferred.n * sizeof(*l->deferred.at));
}

static void
run_hooks(struct loop *l)
{
	for (int phase = 0; phase < LOOP_PHASES; phase++) {
		for (size_t i = 0; i < l->hooks[phase].n; i++) {
			struct call c = l->hooks[phase].at[i];

			c.fn(c.arg);
		}
	}
}

static bool
has_more(const struct loop *l)
{
	return l->again || l->deferred.n > 0;
}

/* Everything behind the wait. */
static void
finish_turn(struct loop *l, int n)
{
	l->again = false;
	run_signals(l);
	run_timers(l);
	if (n > 0)
		waiter_run(l->waiter, l, n);
	run_deferred(l);
	run_hooks(l);
	/* What the hooks deferred is still of this turn; what it does wants
	 * the hooks once more. */
	if (l->deferred.n > 0) {
		run_deferred(l);
		l->again = true;
	}
	release(&l->dead);
}

/* In microseconds; -1: until something happens. */
static int64_t
wait_time(const struct loop *l, int64_t max_wait_ms)
{
	int64_t wait = -1;

	if (has_more(l) || max_wait_ms == 0)
		return 0;
	if (max_wait_ms > 0)
		wait = (max_wait_ms < WAIT_MAX_MS ? max_wait_ms :
		    WAIT_MAX_MS) * 1000;
	if (l->timers.n > 0) {
		struct clock now;
		int64_t left;

		/* Not the turn's clock: the turn itself took time. */
		clock_read(&now);
		left = l->timers.at[0]->due_ms * 1000 - now.mono_us;
		if (left < 0)
			left = 0;
		if (left > (int64_t)WAIT_MAX_MS * 1000)
			left = (int64_t)WAIT_MAX_MS * 1000;
		if (wait < 0 || left < wait)
			wait = left;
	}
	return wait;
}

void
loop_turn(struct loop *l, int64_t max_wait_ms)
{
	int n = 0;

	assert(!l->in_turn);
	if (!l->is_virtual) {
		n = waiter_wait(l->waiter, wait_time(l, max_wait_ms));
		clock_read(&l->clock);
	}
	l->in_turn = true;
	l->n_turns++;
	finish_turn(l, n);
	l->in_turn = false;
}

int
loop_run(struct loop *l)
{
	while (!l->stopped)
		loop_turn(l, -1);
	l->stopped = false;
	return l->status;
}

void
loop_virtual_run(struct loop *l, int64_t ms)
{
	const int64_t end_ms = loop_now_ms(l) + ms;
	int64_t stuck = 0;

	assert(l->is_virtual && ms >= 0);
	/* First a turn for what was done before the call. */
	loop_turn(l, 0);
	for (;;) {
		int64_t step = 0;

		if (!has_more(l)) {
			if (l->timers.n == 0)
				break;
			step = l->timers.at[0]->due_ms - loop_now_ms(l);
			if (loop_now_ms(l) + step > end_ms)
				break;
		}
		if (step > 0) {
			l->clock.mono_us += step * 1000;
			l->clock.wall_ms += step;
			stuck = 0;
		} else if (++stuck > STUCK_TURNS) {
			die("the virtual clock does not move on");
		}
		loop_turn(l, 0);
	}
	l->clock.wall_ms += end_ms - loop_now_ms(l);
	l->clock.mono_us = end_ms * 1000;
}
