#include "answer.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine.h"
#include "mem.h"
#include "sock.h"
#include "stun.h"

enum {
	PACKETS = 64,			/* of one socket in a turn */
	PACKET_MAX = 1500
};

struct ear {
	struct answerer *answerer;
	int fd;				/* -1: none */
	struct watch *watch;
};

struct answerer {
	struct relay *relay;
	struct ear ears[RELAY_STUNS][2];	/* IPv4, IPv6 */
	uint16_t ports[RELAY_STUNS];
	struct buf out;
};

static void
on_ready(void *arg, unsigned events)
{
	struct ear *ear = arg;
	struct answerer *a = ear->answerer;

	(void)events;
	for (int i = 0; i < PACKETS; i++) {
		uint8_t packet[PACKET_MAX];
		struct stun_msg m;
		struct addr from;
		ssize_t n = sock_receive(ear->fd, packet, sizeof(packet),
		    &from);

		if (n < 0)
			return;
		if (!stun_is(packet, (size_t)n) ||
		    stun_read(&m, packet, (size_t)n) != 0 ||
		    m.class != STUN_REQUEST)
			continue;
		buf_empty(&a->out);
		stun_write_response(&a->out, m.id, &from);
		sock_send_to(ear->fd, &from, a->out.at, a->out.len);
		a->relay->stats.stun++;
	}
}

static int
open_ear(struct answerer *a, size_t i, const struct addr *at, struct err *e)
{
	struct ear *ear = &a->ears[i][at->family == ADDR_V6];
	struct addr local;
	int error;

	ear->fd = sock_udp(at, false, e);
	if (ear->fd < 0)
		return -1;
	ear->watch = loop_watch(a->relay->loop, ear->fd, on_ready, ear, e);
	if (!ear->watch) {
		error = errno;
		close(ear->fd);
		ear->fd = -1;
		errno = error;
		return -1;
	}
	sock_local(ear->fd, &local);
	a->ports[i] = local.port;
	return 0;
}

/* Both families on one port, or the one there is. */
static int
open_both(struct answerer *a, size_t i, uint16_t port, struct err *e)
{
	struct addr at = { .family = ADDR_V4, .port = port };

	if (open_ear(a, i, &at, e) != 0 && errno != EAFNOSUPPORT)
		return -1;
	at.family = ADDR_V6;
	at.port = a->ports[i] != 0 ? a->ports[i] : port;
	if (open_ear(a, i, &at, e) != 0 && a->ports[i] == 0)
		return -1;
	return 0;
}

static int
open_port(struct answerer *a, size_t i, const char *where, struct err *e)
{
	struct addr at;

	switch (addr_parse_listen(&at, where)) {
	case 0:
		return open_both(a, i, at.port, e);
	case 1:
		return open_ear(a, i, &at, e);
	}
	return err_set(e, STATUS_USAGE, "'%.80s' is not [ADDRESS:]PORT",
	    where);
}

struct answerer *
answerer_open(struct relay *r, const char *const *where, size_t n,
    struct err *e)
{
	struct answerer *a = mem_new(sizeof(*a));

	a->relay = r;
	for (size_t i = 0; i < RELAY_STUNS; i++) {
		for (int j = 0; j < 2; j++)
			a->ears[i][j] = (struct ear){ a, -1, NULL };
	}
	for (size_t i = 0; i < n; i++) {
		if (where[i] && open_port(a, i, where[i], e) != 0) {
			answerer_free(a);
			return NULL;
		}
	}
	return a;
}

void
answerer_free(struct answerer *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < RELAY_STUNS; i++) {
		for (int j = 0; j < 2; j++) {
			watch_free(a->ears[i][j].watch);
			if (a->ears[i][j].fd >= 0)
				close(a->ears[i][j].fd);
		}
	}
	buf_clear(&a->out);
	free(a);
}

uint16_t
answerer_port(const struct answerer *a, size_t i)
{
	return i < RELAY_STUNS ? a->ports[i] : 0;
}
