#include "loop-own.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "mem.h"

enum { READY_MAX = 512 };		/* of one turn: the others next time */

struct waiter {
	int fd;
	struct epoll_event ready[READY_MAX];
};

struct waiter *
waiter_new(struct err *e)
{
	struct waiter *w = mem_new(sizeof(*w));

	w->fd = epoll_create1(EPOLL_CLOEXEC);
	if (w->fd >= 0)
		return w;
	err_set(e, STATUS_UNAVAILABLE, "cannot wait for sockets: %s",
	    strerror(errno));
	free(w);
	return NULL;
}

void
waiter_free(struct waiter *w)
{
	close(w->fd);
	free(w);
}

static int
control(struct waiter *w, int what, struct watched *at, unsigned events)
{
	struct epoll_event ev = { .data.ptr = at };

	if (events & LOOP_READ)
		ev.events |= EPOLLIN;
	if (events & LOOP_WRITE)
		ev.events |= EPOLLOUT;
	return epoll_ctl(w->fd, what, at->fd, &ev);
}

int
waiter_max_fds(void)
{
	return INT_MAX;
}

int
waiter_add(struct waiter *w, struct watched *at, struct err *e)
{
	if (at->fd < 0 || control(w, EPOLL_CTL_ADD, at, LOOP_READ) != 0) {
		err_set(e, STATUS_UNAVAILABLE, "descriptor %d cannot be waited "
		    "for: %s", at->fd, strerror(at->fd < 0 ? EBADF : errno));
		return err_next(e, "close some connections");
	}
	at->want = LOOP_READ;
	return 0;
}

void
waiter_want(struct waiter *w, struct watched *at, unsigned events)
{
	/* Who wants nothing is taken out: epoll tells of a lost connection
	 * whether one asks or not, and would do so in every turn. */
	int what = events == 0 ? EPOLL_CTL_DEL :
	    at->want == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

	if (at->want == events)
		return;
	/* The kernel forgets what is closed and says nothing: whoever closed
	 * it too early would wait for ever. */
	if (control(w, what, at, events) != 0)
		die("descriptor %d was closed while watched", at->fd);
	at->want = events & 3;
}

void
waiter_remove(struct waiter *w, struct watched *at)
{
	waiter_want(w, at, 0);
}

int
waiter_wait(struct waiter *w, int64_t wait_us)
{
	/* Rounded up: a timer is never early. */
	int ms = wait_us < 0 ? -1 : (int)((wait_us + 999) / 1000);
	int n = epoll_wait(w->fd, w->ready, READY_MAX, ms);

	if (n >= 0)
		return n;
	if (errno != EINTR)
		die("cannot wait for sockets: %s", strerror(errno));
	return 0;
}

void
waiter_run(struct waiter *w, struct loop *l, int n)
{
	for (int i = 0; i < n; i++) {
		/* Stopped in this turn, it is still there. */
		struct watched *at = w->ready[i].data.ptr;
		const uint32_t got = w->ready[i].events;
		unsigned events = 0;

		if (got & (EPOLLIN | EPOLLHUP | EPOLLERR))
			events |= LOOP_READ;
		if (got & (EPOLLOUT | EPOLLHUP | EPOLLERR))
			events |= LOOP_WRITE;
		watched_ready(at, l, events);
	}
}
