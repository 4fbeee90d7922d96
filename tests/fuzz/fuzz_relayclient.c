/*
 * What a relay says to us, behind a true handshake.
 *
 * The first byte says what the client is about when it comes: 1 a letter to
 * leave, 2 a call, 4 letters are taken as they come, 8 the bytes are no
 * records but come as they are.  The rest are records: u16 length, then
 * their plaintext.  Sixteen 'Q' stand for the id of a mailbox of ours, 'R'
 * for the one of requests, 'M' for a meeting id, which no fuzzer guesses.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "enc.h"
#include "label.h"
#include "noise.h"
#include "rand.h"
#include "relay-own.h"
#include "sock.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { LEAVES = 1, CALLS = 2, TAKES = 4, RAW = 8, MOUTHS = 80 };

static struct loop *loop;
static struct streams streams;
static struct resolver *resolver;
static struct identity *mine, *theirs;
static struct relays *all;
static int listen_fd;
static uint8_t secret[32], public[32];
static struct queue_key queue, requests;
static uint8_t meet[MEET_ID];
static struct stream *mouths[MOUTHS];
static bool takes;
static uint64_t taken[RELAY_UNTAKEN_MAX * 2];
static size_t n_taken;

/* ---- pipes ------------------------------------------------------------- */

static void
on_nothing(void *owner)
{
	(void)owner;
}

static void
on_data(void *owner, struct buf *in)
{
	(void)owner;
	buf_drop(in, in->len / 2);
}

static void
on_drained(void *owner, size_t left)
{
	(void)owner;
	(void)left;
}

static void
on_end(void *owner, const char *why)
{
	struct stream **at = owner;

	(void)why;
	stream_free(*at);
	*at = NULL;
}

static const struct stream_events events = {
	.on_open = on_nothing, .on_data = on_data, .on_flush = on_nothing,
	.on_drained = on_drained, .on_end = on_end
};

static struct stream **
free_mouth(void)
{
	for (size_t i = 0; i < MOUTHS; i++)
		if (!mouths[i])
			return &mouths[i];
	abort();			/* more calls than may be */
}

static void
on_call(void *ctx, struct stream *s, const struct user_id *who)
{
	struct stream **at = free_mouth();

	(void)ctx;
	if (!user_id_equal(who, identity_id(theirs)))
		abort();
	*at = s;
	stream_give(s, &events, at);
	buf_put(stream_out(s), "hello", 5);
	stream_touch(s);
}

/* ---- chat -------------------------------------------------------------- */

static void
on_here(void *ctx, const struct user_id *who)
{
	(void)ctx;
	if (!user_id_equal(who, identity_id(theirs)))
		abort();
}

static void
on_letter(void *chat, uint64_t letter, const struct user_id *from,
    const void *p, size_t len)
{
	(void)chat;
	(void)p;
	if (len == 0 || len > LETTER_MAX ||
	    (from && !user_id_equal(from, identity_id(theirs))))
		abort();
	if (takes && n_taken < sizeof(taken) / sizeof(*taken))
		taken[n_taken++] = letter;
}

static void
on_left(void *chat, const struct user_id *to, const uint8_t upload[UPLOAD_LEN],
    enum left what)
{
	(void)chat;
	(void)to;
	(void)upload;
	(void)what;
}

static bool
relay_key_of(void *chat, const char *where, uint8_t key[KEY_LEN])
{
	(void)chat;
	(void)where;
	(void)key;
	return false;
}

static void
pin_relay(void *chat, const char *where, const uint8_t key[KEY_LEN])
{
	(void)chat;
	(void)where;
	(void)key;
}

static void
notice(void *chat, const char *text)
{
	(void)chat;
	(void)text;
}

static const struct carrier_events chat = {
	.on_letter = on_letter, .on_left = on_left, .on_relays = on_nothing,
	.relay_key = relay_key_of, .pin_relay = pin_relay, .notice = notice
};

/* ---- the relay --------------------------------------------------------- */

static void
on_turn(void *arg)
{
	for (size_t i = 0; i < n_taken; i++)
		relays_took(all, taken[i]);
	n_taken = 0;
	streams_flush(arg);
}

static void
start(void)
{
	static const uint8_t seeds[2][32] = { { 1 }, { 2 } };
	struct addr any = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 } };

	if (loop)
		return;
	if (crypto_start(NULL) != 0)
		abort();
	loop = loop_new(NULL);
	streams_init(&streams, loop);
	loop_hook(loop, LOOP_SEND, on_turn, &streams);
	resolver = resolver_new(loop, "");
	mine = identity_from_seed(seeds[0]);
	theirs = identity_from_seed(seeds[1]);
	memset(secret, 3, sizeof(secret));
	x_public(public, secret);
	queue_key_of(&queue, mine, public, identity_id(theirs));
	queue_key_of(&requests, mine, public, NULL);
	listen_fd = sock_listen(&any, NULL);
	if (listen_fd < 0)
		abort();
}

static void
open_client(unsigned about)
{
	const struct relays_setup setup = {
		.streams = &streams, .resolver = resolver, .id = mine,
		.chat = &chat, .on_here = on_here, .on_call = on_call,
		.on_state = on_nothing
	};
	struct route r = { .host = "127.0.0.1", .has_key = true,
		.has_place = true };
	struct routes places = { .n = 1 };
	const char *list[1] = { places.at[0] };
	uint8_t upload[UPLOAD_LEN] = { 1 }, pair[32];
	struct stream **at;
	struct addr here;

	sock_local(listen_fd, &here);
	r.port = here.port;
	memcpy(r.key, public, KEY_LEN);
	route_format(&r, places.at[0]);
	all = relays_new(&setup);
	if (relays_set(all, list, 1, "token", NULL) != 0)
		abort();
	relays_want(all, identity_keys(theirs), true);
	relays_places(all, identity_keys(theirs), &places);
	identity_pair_key(mine, identity_keys(theirs), pair);
	meet_id_of(meet, pair, all->day);
	if (about & LEAVES)
		relays_leave(all, identity_id(theirs), upload, "letter", 6);
	if (about & CALLS) {
		at = free_mouth();
		*at = relays_call(all, identity_id(theirs), &events, at);
		if (!*at)
			abort();
		buf_put(stream_out(*at), meet, MEET_ID);
		stream_touch(*at);
	}
}

/* Turns until the client said something; its bytes, 0 when it is gone. */
static size_t
wait_for(int fd, uint8_t *p, size_t room)
{
	for (int i = 0; i < 1000; i++) {
		ssize_t n;

		loop_turn(loop, 1);
		n = recv(fd, p, room, MSG_DONTWAIT);
		if (n >= 0)
			return (size_t)n;
	}
	abort();
}

static int
shake(struct cipher *tx)
{
	const struct relay_welcome w = { .seen = { .family = ADDR_V4 } };
	uint8_t wire[4096], out[512], welcome[RELAY_WELCOME];
	struct addr from;
	struct cipher rx;
	struct buf prologue;
	struct noise *n;
	size_t len;
	int fd;

	while ((fd = sock_accept(listen_fd, &from)) < 0)
		loop_turn(loop, 1);
	len = wait_for(fd, wire, sizeof(wire));
	if (len < 10)
		abort();
	buf_init(&prologue);
	buf_lp(&prologue, LABEL_RELAY, strlen(LABEL_RELAY));
	buf_put(&prologue, wire, RELAY_PREFACE);
	n = noise_new(&(struct noise_setup){ .pattern = NOISE_NK,
	    .s = secret, .prologue = prologue.at,
	    .prologue_len = prologue.len });
	buf_clear(&prologue);
	relay_welcome_write(welcome, &w);
	if (noise_read(n, wire + 10, len - 10, out, sizeof(out)) < 0)
		abort();
	len = (size_t)noise_write(n, welcome, sizeof(welcome), out + 2,
	    sizeof(out) - 2);
	put_u16(out, (uint16_t)len);
	if (send(fd, out, 2 + len, MSG_NOSIGNAL) < 0)
		abort();
	noise_split(n, tx, &rx);
	noise_free(n);
	wait_for(fd, wire, sizeof(wire));	/* token and mailboxes */
	loop_turn(loop, 0);
	return fd;
}

static void
fill_in(uint8_t *p, size_t len)
{
	for (size_t i = 0; i + 16 <= len; i++) {
		if (memcmp(p + i, "QQQQQQQQQQQQQQQQ", 16) == 0)
			memcpy(p + i, queue.id, QUEUE_ID);
		else if (memcmp(p + i, "RRRRRRRRRRRRRRRR", 16) == 0)
			memcpy(p + i, requests.id, QUEUE_ID);
		else if (memcmp(p + i, "MMMMMMMMMMMMMMMM", 16) == 0)
			memcpy(p + i, meet, MEET_ID);
	}
}

static void
put(int fd, const void *p, size_t len)
{
	uint8_t away[65536];

	/* A full or closed socket only means less input. */
	if (send(fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
	loop_turn(loop, 0);
	while (recv(fd, away, sizeof(away), MSG_DONTWAIT) > 0)
		;
}

static void
put_records(int fd, struct cipher *tx, const uint8_t *p, size_t len)
{
	static uint8_t wire[2 + 65535];

	while (len > 2) {
		size_t n = get_u16(p);

		p += 2;
		len -= 2;
		if (n > len)
			n = len;
		if (n > 65535 - NOISE_TAG)
			n = 65535 - NOISE_TAG;
		memcpy(wire + 2, p, n);
		fill_in(wire + 2, n);
		put_u16(wire, (uint16_t)(n + NOISE_TAG));
		cipher_seal(tx, NULL, 0, wire + 2, n, wire + 2);
		put(fd, wire, 2 + n + NOISE_TAG);
		p += n;
		len -= n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cipher tx;
	int fd;

	start();
	if (len < 1)
		return 0;
	takes = data[0] & TAKES;
	open_client(data[0]);
	fd = shake(&tx);
	if (data[0] & RAW)
		put(fd, data + 1, len - 1);
	else
		put_records(fd, &tx, data + 1, len - 1);
	loop_turn(loop, 0);
	for (size_t i = 0; i < MOUTHS; i++) {
		stream_free(mouths[i]);
		mouths[i] = NULL;
	}
	relays_free(all);
	n_taken = 0;
	loop_turn(loop, 0);
	streams_clear(&streams);
	close(fd);
	loop_turn(loop, 0);
	return 0;
}
