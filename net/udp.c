#include "udp.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "sock.h"

enum {
	/* The longest of ours is UDP_PAYLOAD, of STUN below 1300. */
	PACKET_MAX = 2047,
	RUN_ROOM = 65536,
	/* Packets a turn and socket: the rest of the program gets its turn. */
	PACKETS_A_TURN = 64,
	FAMILIES = 2,
	STUN_HEADER = 20
};

struct sock {
	struct udp *udp;
	int fd;				/* -1: the system lacks the family */
	int ttl;			/* the system's */
	uint16_t port;
	bool has_no_runs;		/* the system refused one */
	struct watch *watch;
};

struct udp {
	struct loop *loop;
	struct sock socks[FAMILIES];
	udp_heard *handlers[UDP_CLASSES];
	void *args[UDP_CLASSES];
	bool has_only;
	struct addr only;		/* where it was to be opened */
	bool dead;
};

static size_t
slot_of(enum addr_family family)
{
	return family == ADDR_V4 ? 0 : 1;
}

static enum addr_family
family_of(size_t slot)
{
	return slot == 0 ? ADDR_V4 : ADDR_V6;
}

/* ---- in ---------------------------------------------------------------- */

/* RFC 8489, sections 5 and 6.3: two zero bits, the method Binding in one of
 * four classes, the magic cookie, a length that is the packet's.  The first
 * packet of a link may start with 01 01, but is never that short. */
static bool
is_stun(const uint8_t *p, size_t len)
{
	return len >= STUN_HEADER && (p[0] & 0xfe) == 0 &&
	    (p[1] & 0xef) == 0x01 &&
	    len == STUN_HEADER + ((size_t)p[2] << 8 | p[3]) &&
	    p[4] == 0x21 && p[5] == 0x12 && p[6] == 0xa4 && p[7] == 0x42;
}

static enum udp_class
class_of(const uint8_t *p, size_t len)
{
	if (len == 0)
		return UDP_CLASSES;
	if (is_stun(p, len))
		return UDP_STUN_CLASS;
	if (p[0] >= UDP_INIT && p[0] <= UDP_DATA)
		return UDP_LINK_CLASS;
	if (p[0] == UDP_PROBE || p[0] == UDP_PONG)
		return UDP_PROBE_CLASS;
	if (p[0] == UDP_REACH)
		return UDP_REACH_CLASS;
	return UDP_CLASSES;
}

static void
hear(struct udp *u, const struct addr *from, uint8_t *p, size_t len)
{
	enum udp_class class = class_of(p, len);

	if (len <= PACKET_MAX && class != UDP_CLASSES && u->handlers[class])
		u->handlers[class](u->args[class], u, from, p, len);
}

static void
on_readable(void *arg, unsigned events)
{
	struct sock *s = arg;
	struct udp *u = s->udp;
	uint8_t run[RUN_ROOM];
	struct addr from;
	size_t size, n_heard = 0;

	(void)events;
	while (!u->dead && n_heard < PACKETS_A_TURN) {
		ssize_t got = sock_receive_run(s->fd, run, sizeof(run), &from,
		    &size);

		if (got < 0)
			return;
		for (size_t at = 0, len = (size_t)got; at < len && !u->dead;
		    at += size) {
			hear(u, &from, run + at,
			    size < len - at ? size : len - at);
			n_heard++;
		}
		n_heard += got == 0;
	}
}

/* ---- open and close ---------------------------------------------------- */

static int
open_one(struct udp *u, const struct addr *at, struct err *e)
{
	struct sock *s = &u->socks[slot_of(at->family)];
	struct addr bound;
	int error;

	s->fd = sock_packets(at, e);
	if (s->fd < 0)
		return -1;
	s->watch = loop_watch(u->loop, s->fd, on_readable, s, e);
	if (!s->watch) {
		error = errno;
		close(s->fd);
		s->fd = -1;
		errno = error;
		return -1;
	}
	sock_local(s->fd, &bound);
	s->port = bound.port;
	s->ttl = sock_ttl(s->fd, at->family);
	return 0;
}

static void
shut(struct udp *u)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		struct sock *s = &u->socks[i];

		watch_free(s->watch);
		s->watch = NULL;
		if (s->fd >= 0)
			close(s->fd);
		s->fd = -1;
	}
}

/* Both families on one port if it can be: one mapping, one number to tell. */
static int
open_both(struct udp *u, uint16_t port, struct err *e)
{
	struct addr at = { .family = ADDR_V4, .port = port };
	bool has_v4 = open_one(u, &at, e) == 0;

	at.family = ADDR_V6;
	if (has_v4)
		at.port = u->socks[0].port;
	if (open_one(u, &at, has_v4 ? NULL : e) == 0)
		return 0;
	at.port = 0;
	if (has_v4 && port == 0)
		open_one(u, &at, NULL);
	return has_v4 ? 0 : -1;
}

struct udp *
udp_open(struct loop *l, const struct addr *only, uint16_t port,
    struct err *e)
{
	struct udp *u = mem_new(sizeof(*u));
	struct addr at;
	int got;

	u->loop = l;
	for (size_t i = 0; i < FAMILIES; i++) {
		u->socks[i].udp = u;
		u->socks[i].fd = -1;
	}
	if (only) {
		u->has_only = true;
		u->only = *only;
		at = *only;
		at.port = port;
		got = open_one(u, &at, e);
	} else {
		got = open_both(u, port, e);
	}
	if (got == 0)
		return u;
	got = errno;
	free(u);
	errno = got;		/* EADDRINUSE: callers may take another */
	return NULL;
}

struct udp *
udp_open_beside(const struct udp *u, struct err *e)
{
	return udp_open(u->loop, u->has_only ? &u->only : NULL, 0, e);
}

struct udp *
udp_open_many(const struct udp *u)
{
	const struct addr any = { .family = ADDR_V4 };
	const int spare = loop_max_fds() - UDP_SPARE;
	struct udp *one;

	if (u->has_only && u->only.family != ADDR_V4)
		return NULL;
	one = udp_open(u->loop, u->has_only ? &u->only : &any, 0, NULL);
	if (!one || one->socks[slot_of(ADDR_V4)].fd < spare)
		return one;
	udp_free(one);
	return NULL;
}

void
udp_free(struct udp *u)
{
	if (!u || u->dead)
		return;
	u->dead = true;
	shut(u);
	/* It may be asked for from inside a handler. */
	loop_defer(u->loop, free, u);
}

/* ---- use --------------------------------------------------------------- */

void
udp_handle(struct udp *u, enum udp_class class, udp_heard *fn, void *arg)
{
	u->handlers[class] = fn;
	u->args[class] = arg;
}

uint16_t
udp_port(const struct udp *u, enum addr_family family)
{
	return u->socks[slot_of(family)].port;
}

bool
udp_has(const struct udp *u, enum addr_family family)
{
	return u->socks[slot_of(family)].fd >= 0;
}

bool
udp_send(struct udp *u, const struct addr *to, const void *p, size_t len)
{
	const struct sock *s = &u->socks[slot_of(to->family)];

	if (s->fd < 0) {
		errno = u->dead ? EBADF : EAFNOSUPPORT;
		return false;
	}
	return sock_send_to(s->fd, to, p, len);
}

/* Not for want of room, which is for all of them: it cannot be done. */
static bool
send_at_once(struct sock *s, const struct addr *to, const void *p, size_t len,
    size_t size)
{
	if (s->fd < 0 || s->has_no_runs || len <= size)
		return false;
	if (sock_send_run(s->fd, to, p, len, size))
		return true;
	s->has_no_runs = errno == EINVAL || errno == EIO ||
	    errno == EOPNOTSUPP || errno == EMSGSIZE || errno == ENOPROTOOPT;
	return !s->has_no_runs;
}

bool
udp_send_run(struct udp *u, const struct addr *to, const void *p, size_t len,
    size_t size)
{
	const uint8_t *at = p;
	bool left = true;

	if (send_at_once(&u->socks[slot_of(to->family)], to, p, len, size))
		return true;
	for (; len > 0; at += size, len -= size) {
		if (size > len)
			size = len;
		left = udp_send(u, to, at, size) && left;
	}
	return left;
}

void
udp_set_ttl(struct udp *u, int ttl)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		const struct sock *s = &u->socks[i];

		if (s->fd >= 0)
			sock_set_ttl(s->fd, family_of(i), ttl ? ttl : s->ttl);
	}
}
