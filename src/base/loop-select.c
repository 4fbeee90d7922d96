#include "loop-own.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

#include "mem.h"

struct waiter {
	/* Kept as they change, so that a turn only copies them. */
	fd_set reads, writes;
	fd_set reads_ready, writes_ready;
	int n_writes;
	int max_fd;			/* -1: none */
	struct watched *watches[FD_SETSIZE];
};

struct waiter *
waiter_new(struct err *e)
{
	struct waiter *w = mem_new(sizeof(*w));

	(void)e;
	w->max_fd = -1;
	FD_ZERO(&w->reads);
	FD_ZERO(&w->writes);
	return w;
}

void
waiter_free(struct waiter *w)
{
	free(w);
}

int
waiter_max_fds(void)
{
	return FD_SETSIZE;
}

int
waiter_add(struct waiter *w, struct watched *at, struct err *e)
{
	if (at->fd < 0 || at->fd >= FD_SETSIZE) {
		err_set(e, STATUS_UNAVAILABLE, "descriptor %d cannot be waited "
		    "for: only %d can be open at once", at->fd,
		    (int)FD_SETSIZE);
		return err_next(e, "close some connections");
	}
	assert(!w->watches[at->fd]);
	w->watches[at->fd] = at;
	if (at->fd > w->max_fd)
		w->max_fd = at->fd;
	waiter_want(w, at, LOOP_READ);
	return 0;
}

void
waiter_want(struct waiter *w, struct watched *at, unsigned events)
{
	unsigned moved = at->want ^ events;

	if (moved & LOOP_READ) {
		if (events & LOOP_READ)
			FD_SET(at->fd, &w->reads);
		else
			FD_CLR(at->fd, &w->reads);
	}
	if (moved & LOOP_WRITE) {
		if (events & LOOP_WRITE) {
			FD_SET(at->fd, &w->writes);
			w->n_writes++;
		} else {
			FD_CLR(at->fd, &w->writes);
			w->n_writes--;
		}
	}
	at->want = events & 3;
}

void
waiter_remove(struct waiter *w, struct watched *at)
{
	waiter_want(w, at, 0);
	w->watches[at->fd] = NULL;
	while (w->max_fd >= 0 && !w->watches[w->max_fd])
		w->max_fd--;
}

/* A descriptor that was closed under its watch: our bug, and one that would
 * spin for ever. */
static void
name_closed(const struct waiter *w)
{
	for (int fd = 0; fd <= w->max_fd; fd++) {
		if (w->watches[fd] && fcntl(fd, F_GETFD) < 0)
			die("descriptor %d was closed while watched", fd);
	}
}

int
waiter_wait(struct waiter *w, int64_t wait_us)
{
	struct timeval tv = {
		.tv_sec = (time_t)(wait_us / 1000000),
		.tv_usec = (suseconds_t)(wait_us % 1000000)
	};
	bool writing = w->n_writes > 0;
	int n;

	w->reads_ready = w->reads;
	if (writing)
		w->writes_ready = w->writes;
	n = select(w->max_fd + 1, &w->reads_ready,
	    writing ? &w->writes_ready : NULL, NULL,
	    wait_us < 0 ? NULL : &tv);
	if (n < 0) {
		if (errno == EBADF)
			name_closed(w);
		else if (errno != EINTR)
			die("cannot wait for sockets: %s", strerror(errno));
		return 0;
	}
	if (!writing)
		FD_ZERO(&w->writes_ready);
	return n;
}

void
waiter_run(struct waiter *w, struct loop *l, int n)
{
	/* max_fd may shrink and grow under us; new watches are skipped. */
	for (int fd = 0; n > 0 && fd <= w->max_fd; fd++) {
		unsigned events = 0;

		if (FD_ISSET(fd, &w->reads_ready)) {
			events |= LOOP_READ;
			n--;
		}
		if (FD_ISSET(fd, &w->writes_ready)) {
			events |= LOOP_WRITE;
			n--;
		}
		/* Another callback freed it, perhaps closed it, and the same
		 * number may stand for something new already. */
		if (events && w->watches[fd])
			watched_ready(w->watches[fd], l, events);
	}
}
