/* The link that comes of punching, and the sockets it runs over. */
#include "paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fakenet.h"
#include "rand.h"

#define T(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

struct side {
	struct test *test;
	struct side *other;
	struct identity *id;
	struct host *host;
	struct udp *udp;
	struct dgrams *dgrams;
	struct paths_room room;
	struct paths *paths;
	struct link *link;		/* greeted */
	int n_closed;
	uint16_t from;			/* port of the last packet */
};

struct test {
	struct loop *loop;
	struct fakenet *net;
	struct side a, b;		/* a is the smaller one */
};

/* A body of RECORD_PATHS on its way through the relay. */
struct said {
	struct timer timer;
	struct side *to;
	size_t len;
	uint8_t body[PATHS_MAX];
};

/* ---- how it looks from outside ------------------------------------------ */

/* Stands in for net/outside.c: everybody is behind a NAT that keeps one
 * port, and knows it. */
static struct side *
side_of(const struct outside *o)
{
	return (struct side *)(void *)(uintptr_t)o;
}

enum nat_class
outside_class(const struct outside *o)
{
	(void)o;
	return NAT_EASY;
}

bool
outside_is_double(const struct outside *o)
{
	(void)o;
	return false;
}

int
outside_step(const struct outside *o)
{
	(void)o;
	return 0;
}

size_t
outside_cands(const struct outside *o, struct cand list[CANDS_MAX])
{
	const struct side *s = side_of(o);

	list[0] = (struct cand){ CAND_SRFLX, CAND_UDP, { 0 } };
	addr_parse(&list[0].addr, s == &s->test->a ? "198.51.100.10:54545" :
	    "198.51.100.138:54545");
	return 1;
}

bool
outside_is_mine(const struct outside *o, const struct addr *a)
{
	return addr_same_ip(host_addr(side_of(o)->host), a);
}

size_t
outside_servers(const struct outside *o, struct addr list[NAT_SERVERS_MAX])
{
	(void)o;
	addr_parse(&list[0], "203.0.113.10:3478");
	return 1;
}

static bool
is_near(void *ctx, const struct addr *a)
{
	(void)ctx, (void)a;
	return false;
}

/* ---- two people --------------------------------------------------------- */

static void
on_said(void *arg)
{
	struct said *s = arg;

	if (s->to->paths)
		paths_heard(s->to->paths, s->body, s->len);
	free(s);
}

static int
say(void *owner, const void *body, size_t len)
{
	struct side *me = owner;
	struct said *s = mem_new(sizeof(*s));

	assert_in_range(len, 1, PATHS_MAX);
	s->to = me->other;
	s->len = len;
	memcpy(s->body, body, len);
	timer_init(&s->timer, me->test->loop, on_said, s);
	/* What the second hears comes so late that the first packet of round
	 * 1 takes the port at the other router: see t_punch. */
	timer_set(&s->timer, me == &me->test->a ? 340 : 40);
	return 0;
}

static void
on_closed(void *owner, struct link *l, bool clean, const char *why)
{
	struct side *s = owner;

	(void)clean, (void)why;
	s->n_closed++;
	s->link = NULL;
	link_free(l);
}

static const struct link_events link_events = {
	.on_proven = link_ignore, .on_record = link_ignore_record,
	.on_room = link_ignore, .on_closed = on_closed
};

static void
take(void *ctx, struct link *l)
{
	struct side *s = ctx;

	assert_null(s->link);
	s->link = l;
	l->events = &link_events;
	l->owner = s;
	paths_rest(s->paths);
}

static bool
is_welcome(void *ctx, const uint8_t x[KEY_LEN])
{
	(void)ctx, (void)x;
	return true;
}

static void
on_offers(void *owner, const struct dial_offer *list, size_t n)
{
	(void)owner, (void)list, (void)n;
}

static bool
send_packet(void *ctx, struct udp *via, const struct addr *to, const void *p,
    size_t len)
{
	struct side *s = ctx;

	s->from = udp_port(via, to->family);
	return udp_send(via, to, p, len);
}

static void
settle_in(struct side *s, const char *wan, const char *ip)
{
	struct test *t = s->test;
	struct dgrams_setup dgrams = { .loop = t->loop, .ctx = s,
		.welcome = is_welcome, .on_link = take, .send = send_packet };

	s->id = identity_new();
	dgrams.id = s->id;
	s->host = fakenet_host(t->net, ip, fakenet_box(t->net, BOX_LOOSE, wan,
	    NULL), 15);
	s->udp = host_udp(s->host, PORT_DEFAULT);
	s->dgrams = dgrams_new(&dgrams);
	s->room = (struct paths_room){ .loop = t->loop, .udp = s->udp,
		.dgrams = s->dgrams, .ctx = s, .is_near = is_near,
		.outside = (const struct outside *)(void *)s };
	paths_room_init(&s->room);
	udp_handle(s->udp, UDP_LINK_CLASS, dgrams_heard, s->dgrams);
	udp_handle(s->udp, UDP_PROBE_CLASS, paths_room_heard, &s->room);
}

static void
meet(struct side *s)
{
	struct paths_setup setup = { .room = &s->room, .owner = s,
		.i_am_smaller = s == &s->test->a, .say = say,
		.on_link = take, .on_offers = on_offers };

	memcpy(setup.x, identity_keys(s->other->id)->x, KEY_LEN);
	s->paths = paths_new(&setup);
}

static int
setup(void **state)
{
	struct test *t = mem_new(sizeof(*t));

	crypto_start(NULL);
	t->loop = loop_new_virtual(1000);
	t->net = fakenet_new(t->loop);
	t->a.test = t->b.test = t;
	t->a.other = &t->b;
	t->b.other = &t->a;
	host_stun(fakenet_host(t->net, "203.0.113.10", NULL, 5), 3478);
	settle_in(&t->a, "198.51.100.10", "192.168.1.11");
	settle_in(&t->b, "198.51.100.138", "192.168.2.21");
	meet(&t->a);
	meet(&t->b);
	*state = t;
	return 0;
}

static void
leave(struct side *s)
{
	paths_free(s->paths);
	link_free(s->link);
	dgrams_free(s->dgrams);
	loop_virtual_run(s->test->loop, 10);
	identity_free(s->id);
}

static int
teardown(void **state)
{
	struct test *t = *state;

	leave(&t->a);
	leave(&t->b);
	loop_virtual_run(t->loop, 1000);
	fakenet_free(t->net);
	loop_free(t->loop);
	free(t);
	return 0;
}

/* A link over the sockets of a later round. */
static void
punch(struct test *t)
{
	paths_look(t->b.paths, 80000);
	paths_look(t->a.paths, 80000);
	loop_virtual_run(t->loop, 20000);
	assert_non_null(t->a.link);
	assert_non_null(t->b.link);
	assert_int_not_equal(t->a.from, PORT_DEFAULT);
}

static void
forget(struct side *s)
{
	paths_free(s->paths);
	s->paths = NULL;
}

/* ---- cases -------------------------------------------------------------- */

static void
t_goodbye_outlives_the_sockets_of_its_round(void **state)
{
	struct test *t = *state;

	punch(t);
	/* As when the last link of somebody is closed: the record is still
	 * on its way when everything that served this person goes. */
	link_close(t->a.link, 0);
	link_free(t->a.link);
	t->a.link = NULL;
	forget(&t->a);
	loop_virtual_run(t->loop, DGRAM_LINGER_MS + 1000);
	assert_int_equal(t->b.n_closed, 1);
}

static void
t_link_outlives_the_sockets_of_its_round(void **state)
{
	struct test *t = *state;

	punch(t);
	forget(&t->a);
	forget(&t->b);
	for (int i = 0; i < 3; i++) {
		const uint8_t ping[8] = { 1 };

		if (t->a.link)
			link_send(t->a.link, RECORD_PING, ping, sizeof(ping));
		loop_virtual_run(t->loop, 30000);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(t_goodbye_outlives_the_sockets_of_its_round),
		T(t_link_outlives_the_sockets_of_its_round),
	};

	return cmocka_run_group_tests_name("paths", tests, NULL, NULL);
}
