/*
 * bench-relay - many clients of a relay in one process, from the source
 * addresses 127.0.1.1 .. 127.0.1.8.  Command line and output are those of
 * c/conns.c, so that one script drives both.
 *
 *	idle p2ptui PORT N [KEY]	handshakes, then each opens a mailbox;
 *					prints "ready", holds until stdin ends
 *	fwd PROTO PORT PAIRS WINDOW S [KEY]
 *					each pair keeps WINDOW messages of 100
 *					bytes in flight through its pipe
 *	deposit p2ptui PORT COUNT WINDOW [KEY]
 *	collect p2ptui PORT COUNT [KEY]	letters of 100 bytes to one mailbox,
 *					and out of it, deleted
 *	mailbox p2ptui PORT COUNT WINDOW [KEY]	both
 *
 * KEY is the relay's, base32; without it the pattern is NX.  PROTO p2ptui
 * writes each message by itself, as conns.c does; p2ptui-batch answers what
 * one read brought in one record, as the messenger does.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "enc.h"
#include "key.h"
#include "label.h"
#include "noise.h"
#include "queuekey.h"
#include "rand.h"
#include "relaywire.h"

enum {
	PAYLOAD = 100,
	AHEAD = 64,			/* handshakes under way */
	LAG_MAX = 1000000,
	LIMIT_S = 120,
	CREDIT = RELAY_WINDOW / 4
};

enum step { SHAKING, UP, OPENING, READY };

struct conn {
	int fd;
	unsigned int id;
	enum step step;
	struct conn *peer;
	struct noise *noise;
	struct cipher tx, rx;
	uint8_t hash[NOISE_HASH];
	struct buf in, out;		/* sealed; messages to be sealed */
	struct buf wire;		/* sealed, not written yet */
	uint32_t pipe;			/* 0: none yet */
	uint32_t to_credit;
};

static struct conn *conns;
static int ep, port;
static unsigned int n_shaken, n_ready;
static uint8_t relay_public[KEY_LEN];
static bool has_key;
static void (*on_message)(struct conn *c, const struct relay_msg *m);
/* fwd */
static bool forwarding, batching = true;
static double *lag;
static size_t n_lag;
static uint64_t n_delivered;
/* mailbox */
static struct queue_key box;
static uint64_t n_acked, n_sent, n_wanted, n_refused;
static bool is_drained;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
give_up(const char *what)
{
	fprintf(stderr, "bench-relay: %s: %s\n", what, strerror(errno));
	exit(3);
}

/* ---- records ------------------------------------------------------------ */

static void
write_out(struct conn *c)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	ssize_t n;

	n = c->wire.len > 0 ? write(c->fd, c->wire.at, c->wire.len) : 0;
	if (n < 0 && errno != EAGAIN)
		give_up("write");
	if (n > 0)
		buf_drop(&c->wire, (size_t)n);
	if (c->wire.len > 0)
		ev.events |= EPOLLOUT;
	else if (c->wire.room > 0)
		buf_clear(&c->wire);
	if (c->wire.len > 0 || n < 0)
		epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &ev);
}

static void
seal_piece(struct conn *c, size_t len)
{
	uint8_t *p = buf_space(&c->wire, 2 + len + NOISE_TAG);

	if (c->tx.n > 0 && c->tx.n % RELAY_REKEY == 0)
		cipher_rekey(&c->tx);
	put_u16(p, (uint16_t)(len + NOISE_TAG));
	if (cipher_seal(&c->tx, NULL, 0, c->out.at, len, p + 2) != 0)
		give_up("seal");
	buf_added(&c->wire, 2 + len + NOISE_TAG);
	buf_drop(&c->out, len);
}

/* As few records as hold whole messages, and one write. */
static void
flush(struct conn *c)
{
	enum { RECORD = 65535 - NOISE_TAG };
	struct relay_msg m;

	while (c->out.len > 0) {
		size_t len = 0, n;

		while (len < c->out.len &&
		    (n = relay_msg_read(&m, c->out.at + len,
		    c->out.len - len)) > 0 && len + n <= RECORD)
			len += n;
		seal_piece(c, len);
	}
	if (c->out.room > 0)
		buf_clear(&c->out);
	write_out(c);
}

static void
say(struct conn *c, const struct relay_msg *m)
{
	relay_msg_write(&c->out, m);
}

/* ---- the handshake ------------------------------------------------------ */

static void
say_hello(struct conn *c)
{
	const uint8_t preface[RELAY_PREFACE] = { 'p', '2', 'p', 'r',
		RELAY_VERSION, has_key ? RELAY_NK : RELAY_NX, 0, 0 };
	struct noise_setup setup = { .initiator = true,
		.pattern = has_key ? NOISE_NK : NOISE_NX,
		.rs = has_key ? relay_public : NULL };
	uint8_t hello[RELAY_HELLO], msg[RELAY_HANDSHAKE_MAX];
	struct buf prologue = { 0 };
	ssize_t len;

	buf_lp(&prologue, LABEL_RELAY, strlen(LABEL_RELAY));
	buf_put(&prologue, preface, sizeof(preface));
	setup.prologue = prologue.at;
	setup.prologue_len = prologue.len;
	c->noise = noise_new(&setup);
	buf_clear(&prologue);
	relay_hello_write(hello);
	len = c->noise ? noise_write(c->noise, hello, sizeof(hello), msg,
	    sizeof(msg)) : -1;
	if (len < 0)
		give_up("handshake");
	buf_put(&c->wire, preface, sizeof(preface));
	buf_u16(&c->wire, (uint16_t)len);
	buf_put(&c->wire, msg, (size_t)len);
	write_out(c);
}

static bool
take_welcome(struct conn *c)
{
	uint8_t welcome[RELAY_HANDSHAKE_MAX];
	size_t len;

	if (c->in.len < 2 || c->in.len < 2u + get_u16(c->in.at))
		return false;
	len = get_u16(c->in.at);
	if (noise_read(c->noise, c->in.at + 2, len, welcome,
	    sizeof(welcome)) != RELAY_WELCOME)
		give_up("welcome");
	buf_drop(&c->in, 2 + len);
	noise_split(c->noise, &c->tx, &c->rx);
	memcpy(c->hash, noise_hash(c->noise), NOISE_HASH);
	noise_free(c->noise);
	c->noise = NULL;
	c->step = UP;
	n_shaken++;
	return true;
}

/* ---- the loop ----------------------------------------------------------- */

static void
take_record(struct conn *c, const uint8_t *p, size_t len)
{
	static uint8_t plain[65536];
	struct relay_msg m;
	size_t at, n;

	if (c->rx.n > 0 && c->rx.n % RELAY_REKEY == 0)
		cipher_rekey(&c->rx);
	if (cipher_open(&c->rx, NULL, 0, p, len, plain) != 0)
		give_up("a forged record");
	for (at = 0; at < len - NOISE_TAG; at += n) {
		n = relay_msg_read(&m, plain + at, len - NOISE_TAG - at);
		if (n == 0)
			give_up("a message");
		on_message(c, &m);
	}
}

static void
take_in(struct conn *c)
{
	if (c->step == SHAKING && !take_welcome(c))
		return;
	while (c->in.len >= 2 && c->in.len >= 2u + get_u16(c->in.at)) {
		size_t len = get_u16(c->in.at);

		take_record(c, c->in.at + 2, len);
		buf_drop(&c->in, 2 + len);
	}
}

static void
hear(struct conn *c)
{
	static uint8_t room[65536];
	ssize_t n = read(c->fd, room, sizeof(room));

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) {
		fprintf(stderr, "conn %u: ", c->id);
		give_up("closed");
	}
	buf_put(&c->in, room, (size_t)n);
	take_in(c);
	if (c->in.len == 0 && c->in.room > 0)
		buf_clear(&c->in);
}

static void
pump(int timeout)
{
	struct epoll_event ev[256];
	int n = epoll_wait(ep, ev, 256, timeout);

	for (int i = 0; i < n; i++) {
		struct conn *c = ev[i].data.ptr;

		if (ev[i].events & ~(unsigned int)EPOLLOUT)
			hear(c);
		if (c->step == SHAKING) {
			write_out(c);
			continue;
		}
		flush(c);
		if (forwarding)
			flush(c->peer);
	}
}

static void
open_one(struct conn *c)
{
	struct sockaddr_in src = { .sin_family = AF_INET };
	struct sockaddr_in dst = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port) };
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	const int one = 1;

	src.sin_addr.s_addr = htonl(0x7f000101u + c->id % 8);
	dst.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0)
		give_up("socket");
	setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
	    sizeof(one));
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (bind(c->fd, (struct sockaddr *)&src, sizeof(src)) != 0 ||
	    connect(c->fd, (struct sockaddr *)&dst, sizeof(dst)) != 0)
		give_up("connect");
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev);
	say_hello(c);
}

/* Until *count is at least n. */
static void
wait_for(const unsigned int *count, unsigned int n)
{
	double end = now() + LIMIT_S;

	while (*count < n) {
		pump(1000);
		if (now() > end) {
			fprintf(stderr, "only %u of %u\n", *count, n);
			exit(3);
		}
	}
}

static void
open_all(unsigned int n)
{
	double t0 = now();

	for (unsigned int i = 0; i < n; i++) {
		open_one(&conns[i]);
		pump(0);
		if (i >= AHEAD)
			wait_for(&n_shaken, i - AHEAD + 1);
	}
	wait_for(&n_shaken, n);
	if (n > 500)
		printf("accept %.0f conns/s\n", n / (now() - t0));
	fflush(stdout);
}

static struct conn *
make_conns(unsigned int n)
{
	conns = mem_array(n, sizeof(*conns));
	for (unsigned int i = 0; i < n; i++)
		conns[i].id = i + 1;
	return conns;
}

/* ---- idle --------------------------------------------------------------- */

static void
open_box(struct conn *c, const struct queue_key *k)
{
	uint8_t hash[32], sig[SIG_LEN];

	queue_token_hash(hash, k->token);
	queue_auth_sign(k, c->hash, sig);
	say(c, &(struct relay_msg){ .op = OP_OPEN, .tag = 1,
		.key = k->public, .token = hash, .sig = sig });
	c->step = OPENING;
}

static void
on_opened(struct conn *c, const struct relay_msg *m)
{
	if (m->op == OP_PING)
		say(c, &(struct relay_msg){ .op = OP_PONG,
			.number = m->number });
	if (m->op != OP_DONE || c->step != OPENING)
		return;
	if (m->value != RELAY_OK) {
		fprintf(stderr, "mailbox: status %u\n", m->value);
		exit(3);
	}
	c->step = READY;
	n_ready++;
}

static int
idle(unsigned int n)
{
	struct identity *id = identity_new();
	double t0;
	char byte;

	make_conns(n);
	on_message = on_opened;
	open_all(n);
	t0 = now();
	for (unsigned int i = 0; i < n; i++) {
		struct user_id who = { { 0 } };
		struct queue_key k;

		memcpy(who.b, &i, sizeof(i));
		queue_key_of(&k, id, relay_public, &who);
		open_box(&conns[i], &k);
		queue_key_clear(&k);
		flush(&conns[i]);
		pump(0);
		if (i >= AHEAD)
			wait_for(&n_ready, i - AHEAD + 1);
	}
	wait_for(&n_ready, n);
	fprintf(stderr, "open %.0f mailboxes/s\n", n / (now() - t0));
	printf("ready\n");
	fflush(stdout);
	identity_free(id);
	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	for (t0 = now(); now() - t0 < 300; pump(100))
		if (read(STDIN_FILENO, &byte, 1) == 0)
			break;
	return 0;
}

/* ---- fwd ---------------------------------------------------------------- */

static void
send_message(struct conn *c)
{
	uint8_t bytes[PAYLOAD] = { 0 };
	double t = now();

	memcpy(bytes, &t, sizeof(t));
	say(c, &(struct relay_msg){ .op = OP_DATA, .tag = c->pipe,
		.p = bytes, .len = sizeof(bytes) });
}

/* Each message that came is answered, as conns.c does it: its peer says
 * the next one. */
static void
on_pipe(struct conn *c, const struct relay_msg *m)
{
	size_t n;

	if (m->op == OP_RING) {
		c->pipe = m->tag;
		c->step = READY;
		n_ready++;
	}
	if (m->op == OP_HANG)
		give_up("a pipe ended");
	if (m->op != OP_DATA)
		return;
	for (n = 0; n + PAYLOAD <= m->len; n += PAYLOAD, n_delivered++) {
		double sent;

		memcpy(&sent, m->p + n, sizeof(sent));
		if (n_lag < LAG_MAX)
			lag[n_lag++] = now() - sent;
		if (forwarding)
			send_message(c->peer);
		if (!batching)
			flush(c->peer);
	}
	assert(n == m->len);
	c->to_credit += (uint32_t)m->len;
	if (c->to_credit >= CREDIT) {
		say(c, &(struct relay_msg){ .op = OP_CREDIT, .tag = c->pipe,
			.value = c->to_credit });
		c->to_credit = 0;
	}
}

static int
cmp_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The called one waits at an id, the other one calls it. */
static void
join(unsigned int pairs)
{
	for (unsigned int i = 0; i < pairs; i++) {
		struct conn *a = &conns[2 * i], *b = &conns[2 * i + 1];
		uint8_t meet[MEET_ID];

		a->peer = b;
		b->peer = a;
		rand_nonce(meet, sizeof(meet));
		say(b, &(struct relay_msg){ .op = OP_MEET, .p = meet,
			.len = sizeof(meet) });
		flush(b);
		/* the relay has seen that before it sees the call */
		pump(20);
		a->pipe = 1;
		say(a, &(struct relay_msg){ .op = OP_CALL, .tag = a->pipe,
			.queue = meet });
		flush(a);
		wait_for(&n_ready, i + 1);
	}
}

static int
forward(unsigned int pairs, int window, double seconds)
{
	struct rusage u;
	double t0, t, cpu;

	make_conns(2 * pairs);
	lag = mem_array(LAG_MAX, sizeof(*lag));
	on_message = on_pipe;
	open_all(2 * pairs);
	join(pairs);
	forwarding = true;
	for (unsigned int i = 0; i < 2 * pairs; i += 2) {
		for (int w = 0; w < window; w++) {
			send_message(&conns[i]);
			if (!batching)
				flush(&conns[i]);
		}
		flush(&conns[i]);
	}
	for (t0 = now(); (t = now() - t0) < seconds; )
		pump(100);
	getrusage(RUSAGE_SELF, &u);
	cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
	printf("rate %.0f msgs/s\nload_cpu %.2f us/msg\n",
	    (double)n_delivered / t, cpu / (double)n_delivered * 1e6);
	qsort(lag, n_lag, sizeof(*lag), cmp_double);
	if (n_lag > 0)
		printf("delivery_p50 %.2f us\ndelivery_p99 %.2f us\n",
		    lag[n_lag / 2] * 1e6, lag[n_lag * 99 / 100] * 1e6);
	return n_lag == 0;
}

/* ---- mailbox ------------------------------------------------------------ */

/* The same one in every life of this program. */
static void
find_box(void)
{
	const uint8_t seed[32] = { 'b', 'e', 'n', 'c', 'h' };
	struct identity *id = identity_from_seed(seed);

	queue_key_of(&box, id, relay_public, NULL);
	identity_free(id);
}

static void
on_ack(struct conn *c, const struct relay_msg *m)
{
	on_opened(c, m);
	if (m->op != OP_DONE || m->tag == 1)
		return;
	if (m->value == RELAY_OK)
		n_acked++;
	else if (n_refused++ == 0)
		fprintf(stderr, "a letter: status %u\n", m->value);
}

static void
leave_letter(struct conn *c)
{
	uint8_t letter[PAYLOAD] = { 0 }, upload[UPLOAD_ID];

	rand_nonce(upload, sizeof(upload));
	memcpy(letter, &n_sent, sizeof(n_sent));
	say(c, &(struct relay_msg){ .op = OP_SEND,
		.tag = 2 + (uint32_t)n_sent++, .queue = box.id,
		.token = box.token, .upload = upload, .p = letter,
		.len = sizeof(letter) });
}

static int
deposit(uint64_t count, uint64_t window)
{
	struct conn *owner = make_conns(2), *sender = owner + 1;
	double t0;

	on_message = on_ack;
	open_all(2);
	open_box(owner, &box);
	flush(owner);
	wait_for(&n_ready, 1);
	close(owner->fd);
	t0 = now();
	while (n_acked + n_refused < count && now() - t0 < LIMIT_S) {
		while (n_sent < count &&
		    n_sent - n_acked - n_refused < window)
			leave_letter(sender);
		flush(sender);
		pump(1000);
	}
	printf("deposit %.0f msgs/s\ndeposited %" PRIu64 " msgs\n",
	    (double)n_acked / (now() - t0), n_acked);
	close(sender->fd);
	return n_acked < count;
}

static void
on_letter(struct conn *c, const struct relay_msg *m)
{
	uint8_t number[8];

	on_opened(c, m);
	if (m->op == OP_PONG)
		is_drained = true;
	if (m->op != OP_LETTER)
		return;
	n_delivered++;
	put_u64(number, m->number);
	say(c, &(struct relay_msg){ .op = OP_DELETE, .queue = box.id,
		.p = number, .len = sizeof(number) });
}

/* Until all are here, and the relay has dealt with their deletes. */
static int
collect(uint64_t count)
{
	double t0 = now();

	n_wanted = count;
	n_delivered = 0;
	n_shaken = n_ready = 0;
	make_conns(1);
	on_message = on_letter;
	open_all(1);
	open_box(&conns[0], &box);
	flush(&conns[0]);
	while (n_delivered < n_wanted && now() - t0 < LIMIT_S)
		pump(1000);
	say(&conns[0], &(struct relay_msg){ .op = OP_PING, .number = 1 });
	flush(&conns[0]);
	while (!is_drained && now() - t0 < LIMIT_S)
		pump(1000);
	printf("collect %.0f msgs/s\ncollected %" PRIu64 " msgs\n",
	    (double)n_delivered / (now() - t0), n_delivered);
	return n_delivered < count;
}

/* ---- */

static int
run(int argc, char **argv)
{
	const char *what = argc > 4 ? argv[1] : "";
	struct {
		const char *name;
		int args;
	} words[] = { { "idle", 5 }, { "fwd", 7 }, { "deposit", 6 },
		{ "collect", 5 }, { "mailbox", 6 } };
	size_t i;

	for (i = 0; i < 5 && strcmp(what, words[i].name) != 0; i++)
		;
	if (i == 5 || argc < words[i].args || argc > words[i].args + 1) {
		fprintf(stderr, "bench-relay: see its source\n");
		return 2;
	}
	if (argc > words[i].args) {
		has_key = true;
		if (dec_base32(relay_public, KEY_LEN, argv[argc - 1]) !=
		    KEY_LEN)
			give_up("key");
	}
	port = atoi(argv[3]);
	find_box();
	switch (i) {
	case 0:
		return idle((unsigned int)atoi(argv[4]));
	case 1:
		batching = strcmp(argv[2], "p2ptui-batch") == 0;
		return forward((unsigned int)atoi(argv[4]), atoi(argv[5]),
		    atof(argv[6]));
	case 2:
		return deposit(strtoull(argv[4], NULL, 10),
		    strtoull(argv[5], NULL, 10));
	case 3:
		return collect(strtoull(argv[4], NULL, 10));
	default:
		return deposit(strtoull(argv[4], NULL, 10),
		    strtoull(argv[5], NULL, 10)) |
		    collect(strtoull(argv[4], NULL, 10));
	}
}

int
main(int argc, char **argv)
{
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	if (crypto_start(NULL) != 0)
		return 2;
	ep = epoll_create1(0);
	return run(argc, argv);
}
