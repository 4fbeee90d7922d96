#include "shout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sock.h"

enum {
	PACKETS = 256			/* read in one turn of one socket */
};

/* "p2pt", transient, link-local: RFC 4291, section 2.7. */
static const uint8_t group[16] = {
	0xff, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x70, 0x32, 0x70, 0x74
};

struct ear {
	struct shout *shout;
	int fd;				/* -1: none */
	struct watch *watch;
};

enum { SHARED4, SHARED6, OWN4, OWN6, EARS };

struct shout {
	struct loop *loop;
	const struct ifaces *ifaces;
	shout_heard *heard;
	void *arg;
	uint16_t port, own_port;
	struct ear ears[EARS];
	int error;
};

static void
send4(struct shout *s, const struct addr *to, const void *p, size_t len)
{
	if (!sock_send_to(s->ears[OWN4].fd, to, p, len))
		s->error = errno;
}

/* Two addresses of an interface may have one broadcast address. */
static bool
was_sent(const struct shout *s, size_t i)
{
	const struct addr *b = &ifaces_at(s->ifaces, i)->broadcast;

	while (i-- > 0) {
		const struct iface *m = ifaces_at(s->ifaces, i);

		if (m->has_broadcast && addr_same_ip(&m->broadcast, b))
			return true;
	}
	return false;
}

void
shout_all(struct shout *s, const void *p, size_t len)
{
	struct addr to = { .family = ADDR_V4, .ip = { 127, 255, 255, 255 },
	    .port = s->port };
	struct addr to6 = { .family = ADDR_V6, .port = s->port };

	s->error = 0;
	memcpy(to6.ip, group, sizeof(group));
	send4(s, &to, p, len);
	for (size_t i = 0; i < ifaces_count(s->ifaces); i++) {
		const struct iface *m = ifaces_at(s->ifaces, i);

		if (m->has_broadcast && !m->is_loopback && !was_sent(s, i)) {
			to = m->broadcast;
			to.port = s->port;
			send4(s, &to, p, len);
		}
		if (s->ears[OWN6].fd >= 0 && m->has_multicast &&
		    addr_kind(&m->addr) == ADDR_LINK_LOCAL &&
		    m->addr.family == ADDR_V6) {
			to6.scope = m->index;
			sock_send_to(s->ears[OWN6].fd, &to6, p, len);
		}
	}
}

void
shout_to(struct shout *s, const struct addr *to, const void *p, size_t len)
{
	int fd = s->ears[to->family == ADDR_V4 ? OWN4 : OWN6].fd;

	if (fd >= 0)
		sock_send_to(fd, to, p, len);
}

int
shout_error(const struct shout *s)
{
	return s->error;
}

uint16_t
shout_port(const struct shout *s)
{
	return s->own_port;
}

/* ---- sockets ----------------------------------------------------------- */

static void
on_readable(void *arg, unsigned events)
{
	struct ear *ear = arg;
	struct shout *s = ear->shout;
	uint8_t bytes[SHOUT_MAX + 1];

	(void)events;
	for (int i = 0; i < PACKETS; i++) {
		struct addr from;
		ssize_t n = sock_receive(ear->fd, bytes, sizeof(bytes), &from);

		if (n >= 0) {
			s->heard(s->arg, bytes, (size_t)n, &from);
			continue;
		}
		/* ICMP of an earlier packet, told late. */
		if (errno != ECONNREFUSED && errno != EINTR)
			return;
	}
}

static int
open_ear(struct shout *s, int which, uint16_t port, struct err *e)
{
	bool is_shared = which == SHARED4 || which == SHARED6;
	struct addr a = {
		.family = which == SHARED4 || which == OWN4 ?
		    ADDR_V4 : ADDR_V6,
		.port = port
	};
	struct ear *ear = &s->ears[which];

	ear->fd = sock_udp(&a, is_shared, e);
	if (ear->fd < 0)
		return -1;
	ear->watch = loop_watch(s->loop, ear->fd, on_readable, ear, e);
	if (ear->watch)
		return 0;
	close(ear->fd);
	ear->fd = -1;
	errno = EMFILE;
	return -1;
}

static void
shut_ear(struct ear *ear)
{
	watch_free(ear->watch);
	ear->watch = NULL;
	if (ear->fd >= 0)
		close(ear->fd);
	ear->fd = -1;
}

/* Both families on one number, because one number is announced. */
static int
open_own(struct shout *s, struct err *e)
{
	for (int tries = 8; ; tries--) {
		struct addr local;

		if (open_ear(s, OWN4, 0, e) != 0)
			return -1;
		sock_local(s->ears[OWN4].fd, &local);
		s->own_port = local.port;
		if (open_ear(s, OWN6, local.port, NULL) == 0 ||
		    errno != EADDRINUSE || tries == 0)
			return 0;
		shut_ear(&s->ears[OWN4]);
	}
}

void
shout_join(struct shout *s)
{
	if (s->ears[SHARED6].fd < 0)
		return;
	for (size_t i = 0; i < ifaces_count(s->ifaces); i++) {
		const struct iface *m = ifaces_at(s->ifaces, i);

		/* Joined before: EADDRINUSE, and no matter. */
		if (m->addr.family == ADDR_V6 && m->has_multicast)
			sock_join(s->ears[SHARED6].fd, group, m->index);
	}
}

struct shout *
shout_open(struct loop *l, const struct ifaces *f, uint16_t port,
    shout_heard *heard, void *arg, struct err *e)
{
	struct shout *s = mem_new(sizeof(*s));

	s->loop = l;
	s->ifaces = f;
	s->port = port;
	s->heard = heard;
	s->arg = arg;
	for (int i = 0; i < EARS; i++) {
		s->ears[i].shout = s;
		s->ears[i].fd = -1;
	}
	if (open_ear(s, SHARED4, port, e) != 0 || open_own(s, e) != 0) {
		shout_free(s);
		return NULL;
	}
	open_ear(s, SHARED6, port, NULL);
	shout_join(s);
	return s;
}

void
shout_free(struct shout *s)
{
	if (!s)
		return;
	for (int i = 0; i < EARS; i++)
		shut_ear(&s->ears[i]);
	free(s);
}
