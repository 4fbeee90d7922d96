#include "reach.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"
#include "mem.h"
#include "sock.h"
#include "udp.h"

enum { PORT_LOWEST = 1024 };

struct try {
	struct list link;
	struct reacher *reacher;
	struct conn *conn;
	struct watch *watch;
	struct timer wait;
	uint32_t tag;
	int fd;
	bool udp_sent;
};

struct reacher {
	struct relay *relay;
	struct list tries;
	size_t n;
	int udp[2];			/* IPv4, IPv6; -1: not open */
};

struct reacher *
reacher_new(struct relay *r)
{
	struct reacher *x = mem_new(sizeof(*x));

	x->relay = r;
	list_init(&x->tries);
	x->udp[0] = x->udp[1] = -1;
	return x;
}

static void
answer(struct conn *c, uint32_t tag, enum relay_reached tcp, bool udp_sent)
{
	conn_say(c, &(struct relay_msg){ .op = OP_REACHED, .tag = tag,
	    .value = tcp, .port = { 0, udp_sent } });
}

static void
end_try(struct try *t)
{
	t->reacher->n--;
	t->conn->has_reach = false;
	timer_stop(&t->wait);
	watch_free(t->watch);
	close(t->fd);
	list_remove(&t->link);
	free(t);
}

void
reacher_free(struct reacher *x)
{
	if (!x)
		return;
	LIST_EACH(t, &x->tries, struct try, link)
		end_try(t);
	for (int i = 0; i < 2; i++) {
		if (x->udp[i] >= 0)
			close(x->udp[i]);
	}
	free(x);
}

void
reach_gone(struct reacher *x, struct conn *c)
{
	LIST_EACH(t, &x->tries, struct try, link) {
		if (t->conn == c)
			end_try(t);
	}
}

static void
on_over(void *arg, unsigned events)
{
	struct try *t = arg;

	(void)events;
	answer(t->conn, t->tag, sock_connect_result(t->fd) == 0 ?
	    REACHED_YES : REACHED_NO, t->udp_sent);
	end_try(t);
}

static void
on_wait_over(void *arg)
{
	struct try *t = arg;

	answer(t->conn, t->tag, REACHED_NO, t->udp_sent);
	end_try(t);
}

/* Is it a place this relay knocks at? */
static bool
is_allowed(const struct relay *r, const struct addr *a)
{
	if (a->port < PORT_LOWEST)
		return false;
	return addr_kind(a) == ADDR_PUBLIC ||
	    (r->limits.reach_any && addr_is_host(a));
}

static bool
send_nonce(struct reacher *x, const struct addr *to, const uint8_t *nonce)
{
	uint8_t packet[1 + RELAY_NONCE] = { UDP_REACH };
	int *fd = &x->udp[to->family == ADDR_V6];

	if (!is_allowed(x->relay, to))
		return false;
	if (*fd < 0)
		*fd = sock_udp(&(struct addr){ .family = to->family }, false,
		    NULL);
	if (*fd < 0)
		return false;
	memcpy(packet + 1, nonce, RELAY_NONCE);
	return sock_send_to(*fd, to, packet, sizeof(packet));
}

/* NULL: could not even begin. */
static struct try *
begin_try(struct reacher *x, struct conn *c, const struct addr *to)
{
	struct relay *r = x->relay;
	int fd = sock_connect(to, NULL);
	struct try *t;

	if (fd < 0)
		return NULL;
	t = mem_new(sizeof(*t));
	t->watch = loop_watch(r->loop, fd, on_over, t, NULL);
	if (!t->watch) {
		close(fd);
		free(t);
		return NULL;
	}
	watch_want(t->watch, LOOP_WRITE);
	t->reacher = x;
	t->conn = c;
	t->fd = fd;
	timer_init(&t->wait, r->loop, on_wait_over, t);
	timer_set(&t->wait, REACH_WAIT_MS);
	list_append(&x->tries, &t->link);
	x->n++;
	c->has_reach = true;
	return t;
}

void
reach_ask(struct reacher *x, struct conn *c, const struct relay_msg *m)
{
	struct relay *r = x->relay;
	const uint32_t now = engine_s(r);
	struct addr to;
	struct try *t;
	bool udp_sent;

	if (c->has_reach || x->n >= REACH_TRIES_MAX ||
	    (c->source->reach_s != 0 &&
	    now - c->source->reach_s < QUOTA_REACH_S)) {
		answer(c, m->tag, REACHED_NOT_TRIED, false);
		return;
	}
	c->source->reach_s = now;
	r->stats.reached++;
	conn_peer(c, &to);
	to.port = m->port[1];
	udp_sent = send_nonce(x, &to, m->p);
	to.port = m->port[0];
	if (!is_allowed(r, &to)) {
		answer(c, m->tag, REACHED_NOT_TRIED, udp_sent);
		return;
	}
	t = begin_try(x, c, &to);
	if (!t) {
		answer(c, m->tag, REACHED_NO, udp_sent);
		return;
	}
	t->tag = m->tag;
	t->udp_sent = udp_sent;
}
