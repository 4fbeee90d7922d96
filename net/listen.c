#include "listen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "sock.h"

enum {
	NEXT_PORTS = 20,		/* tried beside the default */
	PAUSE_MS = 1000,
	/* A shortage comes and goes as others hang up: it is one until it
	 * was over for so long. */
	SHORT_MS = 300000,
	ACCEPTS = 16			/* a turn: others want theirs too */
};

struct door {
	struct listener *listener;
	int fd;				/* -1: none */
	struct watch *watch;
};

struct listener {
	struct loop *loop;
	listen_accept *on_accept;
	void *arg;
	struct door doors[2];		/* IPv4, IPv6 */
	struct timer pause;
	uint16_t port;
	struct addr only;
	bool has_only;
	bool was_short;			/* at short_ms, the last time */
	int64_t short_ms;
};

static void
on_pause_over(void *arg)
{
	struct listener *n = arg;

	for (int i = 0; i < 2; i++) {
		if (n->doors[i].watch)
			watch_want(n->doors[i].watch, LOOP_READ);
	}
}

/* No descriptor or no memory for who comes: told once, and not asked again
 * at once, since who waits would wake us without end. */
static void
pause_door(struct door *d, int error)
{
	struct listener *n = d->listener;
	const int64_t now = loop_now_ms(n->loop);

	if (!n->was_short || now - n->short_ms > SHORT_MS)
		log_warn("listen: who comes now has to wait: %s",
		    strerror(error));
	n->was_short = true;
	n->short_ms = now;
	watch_want(d->watch, 0);
	timer_set(&n->pause, PAUSE_MS);
}

static void
on_ready(void *arg, unsigned events)
{
	struct door *d = arg;
	struct listener *n = d->listener;

	(void)events;
	for (int i = 0; i < ACCEPTS && d->fd >= 0; i++) {
		struct addr from;
		int fd = sock_accept(d->fd, &from);

		if (fd >= 0) {
			n->on_accept(n->arg, fd, &from);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			pause_door(d, errno);
			return;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
		/* A connection that was gone before we took it. */
	}
}

static void
shut_door(struct door *d)
{
	watch_free(d->watch);
	d->watch = NULL;
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

static int
open_door(struct listener *n, const struct addr *a, struct err *e)
{
	struct door *d = &n->doors[a->family == ADDR_V6];
	int error;

	d->fd = sock_listen(a, e);
	if (d->fd < 0)
		return -1;
	d->watch = loop_watch(n->loop, d->fd, on_ready, d, e);
	if (d->watch)
		return 0;
	error = errno;
	shut_door(d);
	errno = error;
	return -1;
}

/* Both families on one port, or IPv4 alone where there is no IPv6. */
static int
open_both(struct listener *n, uint16_t port, struct err *e)
{
	struct addr v4 = { .family = ADDR_V4, .port = port };
	struct addr v6 = { .family = ADDR_V6, .port = port };
	struct addr local;

	if (open_door(n, &v4, e) != 0) {
		if (errno != EAFNOSUPPORT)
			return -1;
		if (open_door(n, &v6, e) != 0)
			return -1;
		sock_local(n->doors[1].fd, &local);
		n->port = local.port;
		return 0;
	}
	sock_local(n->doors[0].fd, &local);
	n->port = v6.port = local.port;
	if (open_door(n, &v6, e) != 0 && errno == EADDRINUSE) {
		shut_door(&n->doors[0]);
		errno = EADDRINUSE;
		return -1;
	}
	return 0;
}

static int
open_any(struct listener *n, uint16_t port, bool or_next, struct err *e)
{
	/* A free port of IPv4 may be taken in IPv6: some tries. */
	int tries = port == 0 ? 8 : or_next ? NEXT_PORTS : 1;

	for (int i = 0; i < tries; i++) {
		if (open_both(n, port, e) == 0)
			return 0;
		if (errno != EADDRINUSE)
			return -1;
		if (port != 0 && port < UINT16_MAX)
			port++;
	}
	return or_next ? open_both(n, 0, e) : -1;
}

static int
open_only(struct listener *n, struct err *e)
{
	struct addr local;

	if (open_door(n, &n->only, e) != 0)
		return -1;
	sock_local(n->doors[n->only.family == ADDR_V6].fd, &local);
	n->port = n->only.port = local.port;
	return 0;
}

static int
read_where(struct listener *n, const char *where, struct err *e)
{
	int only = addr_parse_listen(&n->only, where);

	n->has_only = only == 1;
	if (only >= 0)
		return 0;
	err_set(e, STATUS_USAGE, "'%.80s' is not [ADDRESS:]PORT", where);
	return err_next(e, "for example %d or 192.168.1.5:%d", PORT_DEFAULT,
	    PORT_DEFAULT);
}

struct listener *
listener_open(struct loop *l, const char *where, bool or_next,
    listen_accept *on_accept, void *arg, struct err *e)
{
	struct listener *n = mem_new(sizeof(*n));

	n->loop = l;
	n->on_accept = on_accept;
	n->arg = arg;
	timer_init(&n->pause, l, on_pause_over, n);
	for (int i = 0; i < 2; i++) {
		n->doors[i].listener = n;
		n->doors[i].fd = -1;
	}
	if (read_where(n, where, e) != 0) {
		free(n);
		return NULL;
	}
	if ((n->has_only ? open_only(n, e) :
	    open_any(n, n->only.port, or_next, e)) != 0) {
		err_next(e, "choose another port with --listen, "
		    "0 takes any free one");
		listener_free(n);
		return NULL;
	}
	return n;
}

void
listener_free(struct listener *n)
{
	if (!n)
		return;
	timer_stop(&n->pause);
	shut_door(&n->doors[0]);
	shut_door(&n->doors[1]);
	free(n);
}

uint16_t
listener_port(const struct listener *n)
{
	return n->port;
}

const struct addr *
listener_only(const struct listener *n)
{
	return n->has_only ? &n->only : NULL;
}
