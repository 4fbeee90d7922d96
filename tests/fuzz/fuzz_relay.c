/*
 * What authenticated clients ask of a relay, into its engine: three
 * connections whose handshake is taken as done, on socket pairs.
 *
 *	input  u8 which connection (bit 7: it reads what it was told)
 *	       u8 length of ..
 *	       .. the inside of a record
 *
 * Whatever they do, nothing is left when they are gone.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine.h"
#include "mem.h"
#include "rand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { CLIENTS = 3 };

static struct loop *loop;
static struct relay *relay;

static void
make_relay(void)
{
	static const struct queue_limits queue_limits = {
		.bytes = 1 << 20, .letters = 100, .queues = 100,
		.total_bytes = 1 << 22, .days = 30, .queue_days = 60
	};
	static const uint8_t key[32] = { 1 };
	struct relay_limits limits = relay_limits_default;
	struct relay_setup setup = { .key = key, .limits = &limits };

	if (crypto_start(NULL) != 0)
		abort();
	loop = loop_new(NULL);
	setup.loop = loop;
	setup.queues = queues_open(NULL, &queue_limits, NULL);
	limits.out_bytes = 100000;
	limits.pipes = 8;
	limits.sends_source_s = limits.sends_queue_s = 0;
	limits.handshakes_s = 0;
	relay = setup.queues ? relay_open(&setup, NULL) : NULL;
	if (!relay)
		abort();
}

/* The relay's end; the signature that opens a mailbox is over a hash of all
 * zeroes, so that an input may hold one. */
static struct conn *
make_client(int *end)
{
	const struct addr from = { .family = ADDR_V4, .ip = { 192, 0, 2, 1 } };
	struct conn *c;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0)
		abort();
	conn_accept(relay, fds[0], &from);
	if (list_is_empty(&relay->fresh))
		abort();
	c = LIST_FIRST(&relay->fresh, struct conn, link);
	conn_up(c);
	c->n_held++;			/* it stays, to be looked at */
	*end = fds[1];
	return c;
}

static void
drain(int fd)
{
	static char bytes[65536];

	while (recv(fd, bytes, sizeof(bytes), 0) > 0)
		;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct conn *conns[CLIENTS];
	int ends[CLIENTS];

	if (!relay)
		make_relay();
	for (int i = 0; i < CLIENTS; i++)
		conns[i] = make_client(&ends[i]);
	while (len >= 2) {
		int who = (data[0] & 0x7f) % CLIENTS;
		size_t n = data[1] < len - 2 ? data[1] : len - 2;
		/* A sanitizer sees the first byte read past it. */
		uint8_t *record = n > 0 ? mem_copy(data + 2, n) : NULL;

		if (n > 0)
			conn_obey(conns[who], record, n);
		free(record);
		if (data[0] & 0x80)
			drain(ends[who]);
		loop_turn(loop, 0);
		data += 2 + n;
		len -= 2 + n;
	}
	for (int i = 0; i < CLIENTS; i++) {
		for (struct seat *s = conns[i]->boxes; s; s = s->next)
			queues_drop(relay->queues, s->id);
		conn_cut(conns[i]);
		close(ends[i]);
	}
	/* Openings that still wait to be looked at. */
	while (relay->n_openings > 0)
		loop_turn(loop, 0);
	for (int i = 0; i < CLIENTS; i++)
		conns[i]->n_held--;
	loop_turn(loop, 0);
	loop_turn(loop, 0);
	if (relay->n_conns != 0 || relay->stats.pipes != 0 ||
	    relay->meets.n != 0 || relay->boxes.n != 0 ||
	    relay->stats.meets != 0 || relay->stats.queues_open != 0 ||
	    relay->blocked_bytes != 0 || !list_is_empty(&relay->dead))
		abort();
	return 0;
}
