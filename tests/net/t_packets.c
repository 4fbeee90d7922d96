/* What strangers get by packets to the port of a running program. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "net-own.h"
#include "rand.h"

enum { SOON = 30000 };

/* Mallory has no program, only sockets and handshakes. */
struct test {
	struct loop *loop;
	struct node *bob;
	struct identity *mallory;
	struct udp *udp;
	struct dgrams *dgrams;
	int n_proven;
};

static void
on_proven(void *owner, struct link *l)
{
	(void)l;
	((struct test *)owner)->n_proven++;
}

static void
on_closed(void *owner, struct link *l, bool clean, const char *why)
{
	(void)owner, (void)l, (void)clean, (void)why;
}

static const struct link_events events = {
	.on_proven = on_proven, .on_record = link_ignore_record,
	.on_room = link_ignore, .on_closed = on_closed
};

static bool
is_welcome(void *ctx, const uint8_t x[KEY_LEN])
{
	(void)ctx, (void)x;
	return false;
}

static void
on_link(void *ctx, struct link *l)
{
	(void)ctx, (void)l;
}

static int
setup(void **state)
{
	const struct addr here = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 } };
	struct test *t = mem_new(sizeof(*t));
	struct dgrams_setup dgrams = { .ctx = t, .welcome = is_welcome,
		.on_link = on_link };

	crypto_start(NULL);
	t->loop = dgrams.loop = loop_new(NULL);
	t->bob = node_new(t->loop, "bob", free_port(), "off");
	t->mallory = identity_new();
	dgrams.id = t->mallory;
	t->dgrams = dgrams_new(&dgrams);
	t->udp = udp_open(t->loop, &here, 0, NULL);
	assert_non_null(t->udp);
	udp_handle(t->udp, UDP_LINK_CLASS, dgrams_heard, t->dgrams);
	node_open(t->bob);
	*state = t;
	return 0;
}

static int
teardown(void **state)
{
	struct test *t = *state;

	node_free(t->bob);
	dgrams_free(t->dgrams);
	udp_free(t->udp);
	loop_turn(t->loop, 0);
	identity_free(t->mallory);
	loop_free(t->loop);
	free(t);
	return 0;
}

static struct link *
knock(struct test *t)
{
	struct addr at = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 } };
	struct link *l;

	at.port = udp_port(t->bob->net->udp, ADDR_V4);
	l = dgram_dial(t->dgrams, t->udp, &at, t->bob->keys.x);
	assert_non_null(l);
	l->events = &events;
	l->owner = t;
	return l;
}

/* Strangers may ask by TCP and by a relay; what parses packets in order is
 * for contacts. */
static void
t_only_contacts_get_a_link_over_packets(void **state)
{
	struct test *t = *state;
	const struct dgram_counts *counts =
	    dgrams_counts(t->bob->net->dgrams);
	struct link *l = knock(t);

	t->bob->stranger = WELCOME_STRANGER;
	for (int i = 0; i < SOON && counts->unwelcome == 0; i += 20)
		loop_turn(t->loop, 20);
	assert_int_not_equal(counts->unwelcome, 0);
	pass(t->loop, 50);
	assert_int_equal(t->n_proven, 0);
	link_free(l);
	t->bob->contacts[t->bob->n_contacts++] = *identity_keys(t->mallory);
	l = knock(t);
	assert_true(until(t->loop, &t->n_proven, 1, SOON));
	link_free(l);
}

/* Its first packet is still on its way when Bob leaves. */
static void
t_link_that_comes_while_closing_is_nobodys(void **state)
{
	struct test *t = *state;
	struct link *l;

	t->bob->contacts[t->bob->n_contacts++] = *identity_keys(t->mallory);
	l = knock(t);
	assert_true(until(t->loop, &t->n_proven, 1, SOON));
	node_close(t->bob);
	assert_int_equal(t->bob->n_up, 0);
	link_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    t_only_contacts_get_a_link_over_packets, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    t_link_that_comes_while_closing_is_nobodys, setup,
		    teardown),
	};

	return cmocka_run_group_tests_name("packets", tests, NULL, NULL);
}
