/*
 * beacons - the discovery of many people, or of nobody, from one program.
 *
 *	beacons crowd|flood PORT N RATE SECONDS
 *
 * crowd: N people, each at an address of their own (127.1.0.0/16), say who
 * they are, all of them again and again.
 *
 * flood: the same N people, and between them, in equal shares: bytes that
 * are nothing, beacons of keys that nobody has, signatures that are wrong,
 * and goodbyes of others, from 65,536 addresses.
 *
 * RATE is in datagrams a second, to everybody on loopback who listens at
 * UDP port PORT.  Prints "ready" and, at the end or at SIGTERM, how many
 * were sent.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "beacon.h"
#include "clock.h"
#include "mem.h"
#include "rand.h"
#include "sock.h"

enum { NOISE_MIN = 1, NOISE_SPREAD = 600, TCP_PORT = 9 };

struct generator {
	size_t n;
	uint8_t (*bytes)[BEACON_LEN];	/* signed once, as the real ones */
	uint16_t from_port;		/* the answers' port: signed too */
	struct addr to;
	uint64_t sent, lost;
};

/* 127.1.x.y; never .0 or .255, which are no hosts. */
static struct addr
source(size_t i, uint16_t port)
{
	struct addr a = { .family = ADDR_V4, .port = port };

	a.ip[0] = 127;
	a.ip[1] = (uint8_t)(1 + i / (256 * 254) % 200);
	a.ip[2] = (uint8_t)(i / 254);
	a.ip[3] = (uint8_t)(1 + i % 254);
	return a;
}

static void
send_from(struct generator *g, size_t i, const void *p, size_t len)
{
	struct addr a = source(i, g->from_port);
	int fd = sock_udp(&a, true, NULL);

	if (fd >= 0 && sock_send_to(fd, &g->to, p, len))
		g->sent++;
	else
		g->lost++;
	if (fd >= 0)
		close(fd);
}

/* A port that is free now, for all the addresses. */
static uint16_t
free_port(void)
{
	struct addr a = source(0, 0), local = { .port = 0 };
	int fd = sock_udp(&a, true, NULL);

	if (fd < 0)
		die("no socket at 127.1.0.1");
	sock_local(fd, &local);
	close(fd);
	return local.port;
}

static void
sign_one(const struct generator *g, size_t i)
{
	struct identity *id = identity_new();
	struct beacon b = { .kind = BEACON_PUBLIC, .port = TCP_PORT,
		.udp_port = g->from_port, .when = (uint64_t)time(NULL) };

	rand_bytes(b.nonce, sizeof(b.nonce));
	snprintf(b.name, sizeof(b.name), "crowd %zu", i);
	beacon_write(g->bytes[i], &b, id);
	identity_free(id);
}

/* ---- what is sent ------------------------------------------------------ */

static void
send_noise(struct generator *g)
{
	uint8_t junk[NOISE_MIN + NOISE_SPREAD];
	size_t len = NOISE_MIN + rand_below(NOISE_SPREAD);

	rand_nonce(junk, len < 64 ? len : 64);
	if (rand_below(2))
		junk[0] = (uint8_t)(BEACON_PUBLIC + rand_below(2));
	send_from(g, rand_below(65536), junk, len);
}

/* Well-formed; the bytes from `at` on are chance. */
static void
send_forged(struct generator *g, size_t at, size_t len)
{
	uint8_t bytes[BEACON_LEN];

	memcpy(bytes, g->bytes[rand_below((uint32_t)g->n)], sizeof(bytes));
	rand_nonce(bytes + at, len);
	send_from(g, rand_below(65536), bytes, sizeof(bytes));
}

static void
send_goodbye(struct generator *g)
{
	struct beacon b;
	uint8_t bytes[BEACON_LEN];

	memcpy(bytes, g->bytes[rand_below((uint32_t)g->n)], sizeof(bytes));
	if (beacon_read(&b, bytes, sizeof(bytes)) != 0)
		die("an own beacon cannot be read");
	/* Behind kind, version, port, time and nonce: the flags. */
	bytes[1 + 1 + 2 + 8 + BEACON_NONCE] |= BEACON_GOODBYE;
	send_from(g, rand_below(65536), bytes, sizeof(bytes));
}

static void
send_next(struct generator *g, bool flood, uint64_t turn)
{
	enum { KEYS_AT = BEACON_BODY - 1 - BEACON_NAME - 2 * KEY_LEN };
	size_t i;

	switch (flood ? turn % 5 : 0) {
	case 1:
		send_noise(g);
		return;
	case 2:
		send_forged(g, KEYS_AT, 2 * KEY_LEN);
		return;
	case 3:
		send_forged(g, BEACON_BODY, SIG_LEN);
		return;
	case 4:
		send_goodbye(g);
		return;
	default:
		i = flood ? turn / 5 % g->n : turn % g->n;
		send_from(g, i, g->bytes[i], BEACON_LEN);
		return;
	}
}

/* ---- the rate ---------------------------------------------------------- */

static volatile sig_atomic_t is_over;

static void
on_term(int signal_number)
{
	(void)signal_number;
	is_over = 1;
}

static void
run(struct generator *g, bool flood, int64_t rate, int64_t seconds)
{
	const struct timespec nap = { 0, 1000000 };
	struct clock start, now;
	int64_t done = 0, due;

	clock_read(&start);
	for (;;) {
		clock_read(&now);
		due = (now.mono_us - start.mono_us) * rate / 1000000;
		if (is_over || now.mono_us - start.mono_us > seconds * 1000000)
			return;
		while (done < due && !is_over)
			send_next(g, flood, (uint64_t)done++);
		nanosleep(&nap, NULL);
	}
}

int
main(int argc, char **argv)
{
	struct generator g = { .n = 0 };
	struct err e = { 0 };

	if (argc != 6 || (strcmp(argv[1], "crowd") != 0 &&
	    strcmp(argv[1], "flood") != 0)) {
		fputs("usage: beacons crowd|flood PORT N RATE SECONDS\n",
		    stderr);
		return STATUS_USAGE;
	}
	if (crypto_start(&e) < 0)
		die("%s", e.what);
	g.n = (size_t)strtoul(argv[3], NULL, 10);
	if (g.n == 0 || g.n > 100000)
		die("N is from 1 to 100000");
	g.to = (struct addr){ .family = ADDR_V4, .ip = { 127, 255, 255, 255 },
	    .port = (uint16_t)strtoul(argv[2], NULL, 10) };
	g.from_port = free_port();
	g.bytes = mem_array(g.n, sizeof(*g.bytes));
	for (size_t i = 0; i < g.n; i++)
		sign_one(&g, i);
	signal(SIGTERM, on_term);
	puts("ready");
	fflush(stdout);
	run(&g, strcmp(argv[1], "flood") == 0, strtol(argv[4], NULL, 10),
	    strtol(argv[5], NULL, 10));
	printf("%llu sent, %llu not\n", (unsigned long long)g.sent,
	    (unsigned long long)g.lost);
	free(g.bytes);
	return 0;
}
