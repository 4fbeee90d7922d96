#include "plate-kit.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "visit.h"

static void
on_visit(void *chat, uint32_t visit, bool i_came)
{
	struct guest *g = ((struct node *)chat)->more;

	assert_true(visit != 0 && visit != g->visit);
	g->n_visits++;
	g->n_mine += i_came;
	g->visit = visit;
	g->visit_us = loop_clock(g->node->loop)->mono_us;
	if (!i_came && !g->is_mute)
		assert_int_equal(guest_say(g, "m0", 2), 0);
}

static void
on_visit_msg(void *chat, uint32_t visit, const void *msg, size_t len)
{
	struct guest *g = ((struct node *)chat)->more;
	const struct carrier *net = g->node->carrier;

	g->n_msgs++;
	g->msg_us = loop_clock(g->node->loop)->mono_us;
	buf_empty(&g->msg);
	buf_put(&g->msg, msg, len);
	buf_lp(&g->all, msg, len);
	if (g->echoes)
		assert_int_equal(net->visit_send(net->net, visit, msg, len),
		    0);
}

static void
on_visit_end(void *chat, uint32_t visit, enum visit_end why,
    const struct err *e)
{
	struct guest *g = ((struct node *)chat)->more;

	memset(&g->trouble, 0, sizeof(g->trouble));
	if (e)
		g->trouble = *e;

	g->n_ends++;
	g->ended = visit;
	g->why = why;
}

struct guest *
guest_new(struct loop *l, const char *name, uint16_t lan_port,
    const char *lan)
{
	struct guest *g = mem_new(sizeof(*g));

	g->node = node_new(l, name, lan_port, lan);
	g->node->more = g;
	g->node->events.on_visit = on_visit;
	g->node->events.on_visit_msg = on_visit_msg;
	g->node->events.on_visit_end = on_visit_end;
	buf_init(&g->msg);
	buf_init(&g->all);
	return g;
}

void
guest_relay(struct guest *g, const char *address)
{
	assert_int_equal(opts_set(g->node->opts, "relay", address, NULL), 0);
}

void
guest_open(struct guest *g)
{
	node_open(g->node);
}

void
guest_free(struct guest *g)
{
	node_free(g->node);
	buf_clear(&g->msg);
	buf_clear(&g->all);
	free(g);
}

void
guest_wait(struct guest *g, const char *plate)
{
	const struct carrier *net = g->node->carrier;

	assert_int_equal(net->wait_at(net->net, plate, NULL), 0);
	loop_again(g->node->loop);
}

void
guest_go(struct guest *g, const char *plate, const char *where)
{
	guest_go_with(g, plate, 0, where);
}

void
guest_go_with(struct guest *g, const char *plate, uint32_t code,
    const char *where)
{
	const struct carrier *net = g->node->carrier;

	assert_int_equal(net->visit(net->net, plate, code, where, NULL), 0);
	loop_again(g->node->loop);
}

void
guest_failed(struct guest *g, uint32_t code)
{
	const struct carrier *net = g->node->carrier;

	net->visit_failed(net->net, g->visit, code);
	net->visit_close(net->net, g->visit);
	net->visit(net->net, NULL, 0, "", NULL);
	loop_again(g->node->loop);
}

int
guest_say(struct guest *g, const void *msg, size_t len)
{
	const struct carrier *net = g->node->carrier;

	loop_again(g->node->loop);
	return net->visit_send(net->net, g->visit, msg, len);
}

void
guest_close(struct guest *g)
{
	const struct carrier *net = g->node->carrier;

	loop_again(g->node->loop);
	net->visit_close(net->net, g->visit);
}

bool
guest_has_relay(const struct guest *g)
{
	struct net_reach r;

	net_reach(g->node->net, &r);
	return r.relay == NET_RELAY_UP;
}

/* ---- strangers --------------------------------------------------------- */

int
stranger(const struct guest *g, uint8_t host)
{
	struct sockaddr_in me = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f000000u + host) };
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f000001u),
		.sin_port = htons(net_port(g->node->net)) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&me, sizeof(me)), 0);
	/* The backlog takes it: nobody has to accept yet. */
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

void
stranger_says(int fd, const void *p, size_t len)
{
	send(fd, p, len, MSG_NOSIGNAL);
}

void
stranger_comes(int fd, const char *plate)
{
	uint8_t hello[VISIT_HELLO];

	visit_hello_write(hello, plate);
	stranger_says(fd, hello, sizeof(hello));
}

int
stranger_hears(struct loop *l, int fd, void *p, size_t room)
{
	int64_t end = loop_now_ms(l) + SOON;

	for (;;) {
		ssize_t n = recv(fd, p, room, 0);

		if (n > 0)
			return (int)n;
		if (n == 0 || errno != EAGAIN)
			return -1;
		assert_true(loop_now_ms(l) < end);
		loop_turn(l, 5);
	}
}

bool
is_closed(struct loop *l, int fd)
{
	uint8_t byte;

	return stranger_hears(l, fd, &byte, 1) < 0;
}
