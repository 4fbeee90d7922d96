#include "work.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct work {
	void (*fn)(void *arg);
	void (*done)(void *arg);
	void *arg;
	pthread_t thread;
	int pipe[2];
	struct watch *watch;
};

static void *
run(void *arg)
{
	struct work *w = arg;

	w->fn(w->arg);
	/* That it can be read is the word; what is read means nothing. */
	while (write(w->pipe[1], "", 1) < 0 && errno == EINTR)
		;
	return NULL;
}

static void
release(void *arg)
{
	struct work *w = arg;

	watch_free(w->watch);
	close(w->pipe[0]);
	close(w->pipe[1]);
	free(w);
}

static void
on_done(void *arg, unsigned events)
{
	struct work *w = arg;
	void (*done)(void *arg) = w->done;
	void *for_whom = w->arg;

	(void)events;
	pthread_join(w->thread, NULL);
	release(w);
	done(for_whom);
}

/* Signals are the loop's: a worker that took one would interrupt nothing. */
static int
start_thread(struct work *w)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

struct work *
work_start(struct loop *l, void (*fn)(void *arg), void (*done)(void *arg),
    void *arg, struct err *e)
{
	struct work *w = mem_new(sizeof(*w));
	int error;

	*w = (struct work){ .fn = fn, .done = done, .arg = arg };
	if (pipe(w->pipe) != 0) {
		err_set(e, STATUS_FAILURE, "cannot open a pipe: %s",
		    strerror(errno));
		free(w);
		return NULL;
	}
	for (int i = 0; i < 2; i++)
		fcntl(w->pipe[i], F_SETFD, FD_CLOEXEC);
	w->watch = loop_watch(l, w->pipe[0], on_done, w, e);
	error = w->watch ? start_thread(w) : 0;
	if (w->watch && error == 0)
		return w;
	if (error != 0)
		err_set(e, STATUS_FAILURE, "cannot start a thread: %s",
		    strerror(error));
	release(w);
	return NULL;
}

void
work_end(struct work *w)
{
	if (!w)
		return;
	pthread_join(w->thread, NULL);
	release(w);
}
