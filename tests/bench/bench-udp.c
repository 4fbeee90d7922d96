/*
 * bench-udp - two ends of a link over UDP, on loopback.
 *
 *	bench-udp TRIPS MEGABYTES
 *
 * Prints `NAME VALUE UNIT` lines: session (from the dial to the first answer
 * over it), ping_p50, ping_p99 (100 bytes and back), rate, rate_cpu (chunks
 * of 16 KiB, both ends).  c/sctp.c is the same without sealing.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dgram.h"
#include "rand.h"

enum { CHUNK = 16384, PING = 100 };

struct side {
	struct loop *loop;
	struct udp *udp;
	struct dgrams *dgrams;
	struct identity *id;
	struct link *link;
	size_t total, said, got;
	long trips, n_lat;
	double *lat, t0, session, pipe_s, pipe_cpu;
	pid_t kid;
};

static const struct addr here = {
	.family = ADDR_V4, .ip = { 127, 0, 0, 1 }
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
cpu(pid_t kid)
{
	struct timespec me, other = { 0 };
	clockid_t clock;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &me);
	if (clock_getcpuclockid(kid, &clock) == 0)
		clock_gettime(clock, &other);
	return (double)(me.tv_sec + other.tv_sec) +
	    (double)(me.tv_nsec + other.tv_nsec) / 1e9;
}

static void
need(int ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench-udp: %s\n", what);
		exit(2);
	}
}

static void
pour(struct side *s)
{
	static const uint8_t chunk[CHUNK];

	while (s->said < s->total && link_room(s->link) >= CHUNK &&
	    link_send(s->link, RECORD_CHUNK, chunk, CHUNK) == 0)
		s->said += CHUNK;
}

static void
ping(struct side *s)
{
	static const uint8_t body[PING];

	s->t0 = now();
	need(link_send(s->link, RECORD_PING, body, PING) == 0, "ping");
}

static void
on_proven(void *owner, struct link *l)
{
	struct side *s = owner;

	s->link = l;
	link_send(l, RECORD_PING, "hello", 5);
}

static void
on_record(void *owner, struct link *l, enum record kind, const uint8_t *body,
    size_t len)
{
	struct side *s = owner;

	if (kind == RECORD_PING)
		link_send(l, RECORD_PONG, body, len);
	if (kind == RECORD_CHUNK) {
		s->got += len;
		if (s->got >= s->total)
			link_send(l, RECORD_FRAME, "done", 4);
	}
	if (kind == RECORD_FRAME) {
		s->pipe_s = now() - s->t0;
		s->pipe_cpu += cpu(s->kid);
		loop_stop(s->loop, 0);
	}
	if (kind != RECORD_PONG)
		return;
	if (s->session == 0)
		s->session = now() - s->t0;
	else
		s->lat[s->n_lat++] = now() - s->t0;
	if (s->n_lat < s->trips) {
		ping(s);
		return;
	}
	s->t0 = now();
	s->pipe_cpu = -cpu(s->kid);
	pour(s);
}

static void
on_room(void *owner, struct link *l)
{
	(void)l;
	pour(owner);
}

static void
on_closed(void *owner, struct link *l, bool clean, const char *why)
{
	(void)owner;
	(void)clean;
	link_free(l);
	need(0, why);
}

static const struct link_events events = {
	.on_proven = on_proven, .on_record = on_record, .on_room = on_room,
	.on_closed = on_closed
};

static void
own(void *ctx, struct link *l)
{
	l->events = &events;
	l->owner = ctx;
}

static bool
welcome(void *ctx, const uint8_t x[KEY_LEN])
{
	(void)ctx;
	(void)x;
	return true;
}

static void
open_side(struct side *s, uint8_t seed)
{
	uint8_t bytes[32] = { seed };
	struct err e = { 0 };

	s->loop = loop_new(&e);
	need(s->loop != NULL, e.what);
	s->id = identity_from_seed(bytes);
	s->udp = udp_open(s->loop, &here, 0, &e);
	need(s->udp != NULL, e.what);
	s->dgrams = dgrams_new(&(struct dgrams_setup){
		.loop = s->loop, .id = s->id, .ctx = s, .welcome = welcome,
		.on_link = own
	});
	udp_handle(s->udp, UDP_LINK_CLASS, dgrams_heard, s->dgrams);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	struct side s = { 0 };
	struct addr to = here;
	struct identity *bob;
	uint8_t seed[32] = { 2 };
	int ready[2];

	if (argc != 3) {
		fprintf(stderr, "usage: bench-udp TRIPS MEGABYTES\n");
		return 2;
	}
	need(crypto_start(NULL) == 0, "crypto");
	need(pipe(ready) == 0, "pipe");
	s.trips = atol(argv[1]);
	s.total = (size_t)atol(argv[2]) * 1000000;
	s.kid = fork();
	if (s.kid == 0) {
		open_side(&s, 2);
		to.port = udp_port(s.udp, ADDR_V4);
		need(write(ready[1], &to.port, 2) == 2, "write");
		loop_run(s.loop);
		_exit(0);
	}
	need(read(ready[0], &to.port, 2) == 2, "read");
	s.lat = mem_array((size_t)s.trips + 1, sizeof(*s.lat));
	open_side(&s, 1);
	bob = identity_from_seed(seed);
	s.t0 = now();
	own(&s, dgram_dial(s.dgrams, s.udp, &to, identity_keys(bob)->x));
	loop_run(s.loop);
	kill(s.kid, SIGKILL);
	waitpid(s.kid, NULL, 0);
	qsort(s.lat, (size_t)s.n_lat, sizeof(*s.lat), by_value);
	printf("session %.2f us\n", s.session * 1e6);
	printf("ping_p50 %.2f us\nping_p99 %.2f us\n",
	    s.lat[s.n_lat / 2] * 1e6, s.lat[s.n_lat * 99 / 100] * 1e6);
	printf("rate %.1f MB/s\nrate_cpu %.2f ns/B\n",
	    (double)s.total / s.pipe_s / 1e6,
	    s.pipe_cpu / (double)s.total * 1e9);
	link_free(s.link);
	dgrams_free(s.dgrams);
	udp_free(s.udp);
	loop_turn(s.loop, 0);
	loop_free(s.loop);
	identity_free(bob);
	identity_free(s.id);
	free(s.lat);
	return 0;
}
