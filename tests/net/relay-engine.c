#include "relay-engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* net has a relay.h too, the client's. */
#include "../../src/relay/relay.h"

#include "enc.h"
#include "key.h"
#include "relay-kit.h"

struct server {
	struct loop *loop;
	struct relay *relay;
	struct queues *queues;
	struct relay_limits limits;
	uint8_t secret[KEY_LEN], public[KEY_LEN];
	uint16_t port;
	char address[120];
};

struct server *
server_new(struct loop *l, const char *token)
{
	const struct queue_limits limits = {
		.bytes = 10000000, .letters = 1000, .queues = 1000,
		.total_bytes = 100000000, .days = 30, .queue_days = 90
	};
	struct server *e = mem_new(sizeof(*e));

	e->loop = l;
	e->queues = queues_open(NULL, &limits, NULL);
	assert_non_null(e->queues);
	e->limits = relay_limits_default;
	e->limits.reach_any = true;
	e->limits.handshakes_s = 10000;
	e->limits.sends_source_s = e->limits.sends_queue_s = 10000;
	snprintf(e->limits.token, sizeof(e->limits.token), "%s", token);
	x_pair_new(e->secret, e->public);
	return e;
}

void
server_free(struct server *e)
{
	if (!e)
		return;
	server_stop(e);
	queues_close(e->queues);
	free(e);
}

void
server_start(struct server *e, bool new_key)
{
	char listen[40];
	struct err err = { 0 };
	struct relay_setup setup = {
		.loop = e->loop, .queues = e->queues, .key = e->secret,
		.listen = { listen }, .n_listen = 1, .limits = &e->limits
	};

	assert_null(e->relay);
	if (new_key)
		x_pair_new(e->secret, e->public);
	snprintf(listen, sizeof(listen), "127.0.0.1:%u", (unsigned)e->port);
	e->relay = relay_open(&setup, &err);
	assert_non_null(e->relay);
	e->port = relay_port(e->relay, 0);
}

void
server_stop(struct server *e)
{
	relay_close(e->relay);
	e->relay = NULL;
}

uint16_t
server_port(const struct server *e)
{
	return e->port;
}

const char *
server_address(struct server *e, bool with_key)
{
	char key[BASE32_LEN(KEY_LEN)];

	enc_base32(key, e->public, KEY_LEN);
	snprintf(e->address, sizeof(e->address), "127.0.0.1:%u%s%s",
	    (unsigned)e->port, with_key ? "#" : "", with_key ? key : "");
	return e->address;
}

uint64_t
server_deleted(const struct server *e)
{
	return relay_stats(e->relay)->letters_deleted;
}

uint64_t
server_letters(const struct server *e)
{
	return queues_stats(e->queues)->letters;
}

uint64_t
server_clients(const struct server *e)
{
	return e->relay ? relay_stats(e->relay)->clients : 0;
}

uint64_t
server_pipes(const struct server *e)
{
	return relay_stats(e->relay)->pipes;
}

uint64_t
server_meets(const struct server *e)
{
	return relay_stats(e->relay)->meets;
}

/* ---- two people --------------------------------------------------------- */

int
relay_test_setup(void **state)
{
	struct relay_test *t = mem_new(sizeof(*t));

	t->loop = loop_new(NULL);
	t->one = server_new(t->loop, "");
	t->two = server_new(t->loop, "");
	server_start(t->one, false);
	t->alice = user_new(t->loop);
	t->bob = user_new(t->loop);
	*state = t;
	return 0;
}

int
relay_test_teardown(void **state)
{
	struct relay_test *t = *state;

	user_free(t->alice);
	user_free(t->bob);
	server_free(t->one);
	server_free(t->two);
	loop_turn(t->loop, 0);
	loop_free(t->loop);
	free(t);
	return 0;
}

void
relay_test_meet(struct relay_test *t)
{
	user_relay(t->alice, server_address(t->one, true), NULL);
	user_relay(t->bob, server_address(t->one, true), NULL);
	befriend(t->alice, t->bob);
	UNTIL(t->loop, t->alice->n_here > 0 && t->bob->n_here > 0);
}
