/*
 * bench-talk - two whole messengers but their screens, over loopback.
 *
 *	bench-talk ephemeral TRIPS TOTAL
 *	bench-talk durable TRIPS TOTAL DIR	databases under DIR
 *
 * Prints `NAME VALUE UNIT` lines: rtt_p50, rtt_p99 (a line and its answer,
 * both durable at both ends when asked), rate (one pair, pipelined, until
 * everything is acknowledged), rate_cpu (both ends), session_p50 (from
 * "I want a link" to the first answer over it).
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "chat.h"
#include "net.h"
#include "options.h"
#include "rand.h"
#include "store.h"

enum {
	TEXT_LEN = 100,
	WINDOW = 8192,		/* messages owed at most while pipelining */
	SESSIONS = 200
};

enum phase { MEETING, TRIPS, PIPE, RELINK, DONE };

struct side {
	struct loop *loop;
	struct opts *opts;
	struct identity *id;
	struct vault *vault;
	struct store *store;
	struct chat *chat;
	struct net *net;
	bool echoes;
	enum phase phase;
	long trips, total;
	double *lat, *links;
	long n_lat, n_links, said;
	double t0, pipe_t0, pipe_s, pipe_cpu;
	pid_t kid;			/* the other end */
	struct person *peer;
	bool answer_due;
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds that both ends have worked so far. */
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
need(int ok, const struct err *e, const char *what)
{
	if (!ok) {
		fprintf(stderr, "bench-talk: %s: %s\n", what, e ? e->what :
		    "failed");
		exit(2);
	}
}

static void
say(struct side *s, char first)
{
	char text[TEXT_LEN];
	struct err e = { 0 };

	memset(text, 'x', sizeof text);
	text[0] = first;
	need(chat_say(s->chat, s->peer, MSG_TEXT, text, sizeof text, &e) == 0,
	    &e, "say");
}

/* One question as a person asks it: committed and sent in this turn. */
static void
ask(struct side *s)
{
	struct err e = { 0 };

	s->t0 = now();
	say(s, '?');
	need(chat_commit(s->chat, &e) == 0, &e, "commit");
	loop_again(s->loop);
}

static void
pour(struct side *s)
{
	while (s->said < s->total && s->peer->n_owed < WINDOW) {
		for (int i = 0; i < 64 && s->said < s->total; i++, s->said++)
			say(s, '.');
		loop_again(s->loop);
	}
}

static void
relink(struct side *s)
{
	const struct carrier *c = net_carrier(s->net);

	c->drop(c->net, &s->peer->id);
	s->t0 = now();
	s->answer_due = true;
	say(s, '?');
	c->want(c->net, &s->peer->who.keys, s->peer->who.where, true, true);
	loop_again(s->loop);
}

static void
step(struct side *s, bool answered)
{
	switch (s->phase) {
	case MEETING:
		if (!answered)
			return;
		s->phase = TRIPS;
		ask(s);
		return;
	case TRIPS:
		if (!answered)
			return;
		s->lat[s->n_lat++] = now() - s->t0;
		if (s->n_lat < s->trips) {
			ask(s);
			return;
		}
		s->phase = PIPE;
		s->pipe_t0 = now();
		s->pipe_cpu = -cpu(s->kid);
		pour(s);
		return;
	case PIPE:
		pour(s);
		if (s->said < s->total || s->peer->n_owed > 0)
			return;
		s->pipe_s = now() - s->pipe_t0;
		s->pipe_cpu += cpu(s->kid);
		s->phase = RELINK;
		relink(s);
		return;
	case RELINK:
		if (!answered)
			return;
		s->links[s->n_links++] = now() - s->t0;
		if (s->n_links < SESSIONS)
			relink(s);
		else
			loop_stop(s->loop, 0);
		return;
	case DONE:
		return;
	}
}

static void
on_show(void *arg)
{
	struct side *s = arg;
	const struct news_list *list = chat_news(s->chat);
	struct roster *r = chat_roster(s->chat);
	struct err e = { 0 };
	bool answered = false;

	for (size_t i = 0; i < news_count(list); i++) {
		const struct news *n = news_at(list, i);
		struct person *p = roster_find(r, &n->who);

		if (n->kind == NEWS_REQUEST)
			need(chat_accept(s->chat, p, &e) == 0, &e, "accept");
		if (n->kind == NEWS_ERROR)
			fprintf(stderr, "bench-talk: %s\n", n->text);
		if (n->kind != NEWS_MESSAGE || !n->line)
			continue;
		s->peer = p;
		if (n->line->text[0] == '!')
			answered = true;
		if (s->echoes && n->line->text[0] == '?')
			say(s, '!');
		chat_seen(s->chat, p, n->line);
		loop_again(s->loop);
	}
	if (!s->echoes && s->peer)
		step(s, answered);
	if (!s->echoes && !s->peer && roster_count(r) > 0) {
		s->peer = roster_at(r, 0);
		ask(s);
	}
}

static void
open_side(struct side *s, const char *name, const char *dir)
{
	struct err e = { 0 };
	char path[512];

	s->id = identity_new();
	s->opts = options_new();
	need(opts_set(s->opts, "listen", "127.0.0.1:0", &e) == 0 &&
	    opts_set(s->opts, "lan", "off", &e) == 0 &&
	    opts_set(s->opts, "receipts", "off", &e) == 0, &e, "options");
	if (dir) {
		snprintf(path, sizeof path, "%s/%s.db", dir, name);
		s->vault = vault_new(s->id);
	}
	s->store = store_open(dir ? path : NULL, s->vault, &e);
	need(s->store != NULL, &e, "store");
	s->loop = loop_new(&e);
	need(s->loop != NULL, &e, "loop");
	s->chat = chat_new(&(struct chat_setup){ s->loop, s->store, s->id,
	    s->opts }, &e);
	need(s->chat != NULL, &e, "chat");
	need(chat_rename(s->chat, name, &e) == 0, &e, "name");
	s->net = net_open(&(struct net_setup){ s->loop, s->id, s->opts,
	    chat_events(s->chat), NULL }, &e);
	need(s->net != NULL, &e, "net");
	chat_carry(s->chat, net_carrier(s->net));
	loop_hook(s->loop, LOOP_SHOW, on_show, s);
}

static void
close_side(struct side *s)
{
	net_close(s->net);
	chat_free(s->chat);
	store_close(s->store);
	vault_free(s->vault);
	identity_free(s->id);
	loop_free(s->loop);
	opts_free(s->opts);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
print_quantiles(const char *name, double *v, long n)
{
	qsort(v, (size_t)n, sizeof *v, by_value);
	printf("%s_p50 %.2f us\n%s_p99 %.2f us\n", name, v[n / 2] * 1e6, name,
	    v[n * 99 / 100] * 1e6);
}

int
main(int argc, char **argv)
{
	struct side s = { 0 };
	struct err e = { 0 };
	bool durable = argc == 5 && strcmp(argv[1], "durable") == 0;
	const char *dir = durable ? argv[4] : NULL;
	int ready[2];
	uint16_t port = 0;
	char where[64];
	pid_t kid;

	if (!durable && (argc != 4 || strcmp(argv[1], "ephemeral") != 0)) {
		fprintf(stderr, "usage: bench-talk ephemeral TRIPS TOTAL | "
		    "durable TRIPS TOTAL DIR\n");
		return 2;
	}
	need(crypto_start(&e) == 0, &e, "crypto");
	need(pipe(ready) == 0, NULL, "pipe");
	kid = fork();
	if (kid == 0) {
		s.echoes = true;
		open_side(&s, "bob", dir);
		port = net_port(s.net);
		need(write(ready[1], &port, sizeof port) == sizeof port, NULL,
		    "write");
		loop_run(s.loop);
		_exit(0);
	}
	need(read(ready[0], &port, sizeof port) == sizeof port, NULL, "read");
	s.trips = atol(argv[2]);
	s.total = atol(argv[3]);
	s.lat = mem_array((size_t)s.trips, sizeof *s.lat);
	s.links = mem_array(SESSIONS, sizeof *s.links);
	open_side(&s, "alice", dir);
	snprintf(where, sizeof where, "127.0.0.1:%u", port);
	need(net_carrier(s.net)->connect(net_carrier(s.net)->net, where, &e)
	    == 0, &e, "connect");
	s.kid = kid;
	loop_run(s.loop);
	kill(kid, SIGKILL);
	waitpid(kid, NULL, 0);
	print_quantiles("rtt", s.lat, s.n_lat);
	printf("rate %.0f msgs/s\n", (double)s.total / s.pipe_s);
	printf("rate_cpu %.3f us/msg\n", s.pipe_cpu / (double)s.total * 1e6);
	print_quantiles("session", s.links, s.n_links);
	close_side(&s);
	free(s.lat);
	free(s.links);
	return 0;
}
