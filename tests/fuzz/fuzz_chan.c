/*
 * Bytes of a stranger on a fresh connection, and records of a contact.
 *
 * The first byte says to whom the rest is sent, the second in what pieces:
 *	0  an accepting end, from the first byte
 *	1  an accepting end behind a true handshake, unsealed
 *	2  the same, sealed: u8 length, then as many bytes, again and again
 *	3  a dialling end that waits for message 2
 * In 0, 1 and 3 nothing may ever be proven.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "chan.h"
#include "kdf.h"
#include "label.h"
#include "noise.h"
#include "rand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum to { TO_ACCEPTED, TO_UNPROVEN, TO_PROVEN, TO_DIALLED, TOS };

static struct loop *loop;
static struct streams streams;
static struct identity *mine, *theirs;
static struct chan_room room;
static struct link *up;
static int n_proven;

static void
on_proven(void *owner, struct link *l)
{
	(void)owner;
	(void)l;
	n_proven++;
}

static void
on_record(void *owner, struct link *l, enum record kind, const uint8_t *body,
    size_t len)
{
	(void)owner;
	if (len > RECORD_MAX)
		abort();
	if (kind != RECORD_FRAME) {
		link_send(l, RECORD_PONG, body, len);
		return;
	}
	while (len > 0) {
		size_t n = chan_frame_len(body, len);

		if (n == 0)
			break;
		body += n;
		len -= n;
	}
}

static void
on_closed(void *owner, struct link *l, bool clean, const char *why)
{
	(void)owner;
	(void)clean;
	(void)why;
	link_free(l);
	up = NULL;
}

static const struct link_events events = {
	.on_proven = on_proven, .on_record = on_record, .on_room = link_ignore,
	.on_closed = on_closed
};

static bool
welcome(void *ctx, const uint8_t x[KEY_LEN])
{
	(void)ctx;
	(void)x;
	return true;
}

static void
other_version(void *ctx, const struct addr *who, unsigned version, bool proven)
{
	(void)ctx;
	(void)who;
	(void)version;
	(void)proven;
}

static void
on_turn(void *arg)
{
	streams_flush(arg);
}

static void
start(void)
{
	static const uint8_t seeds[2][32] = { { 1 }, { 2 } };

	if (loop)
		return;
	if (crypto_start(NULL) != 0)
		abort();
	loop = loop_new(NULL);
	streams_init(&streams, loop);
	loop_hook(loop, LOOP_SEND, on_turn, &streams);
	mine = identity_from_seed(seeds[0]);
	theirs = identity_from_seed(seeds[1]);
	room = (struct chan_room){
		.streams = &streams, .id = mine, .welcome = welcome,
		.other_version = other_version
	};
}

static void
put(int fd, const void *p, size_t len)
{
	/* A full or closed socket only means less input. */
	if (send(fd, p, len, MSG_NOSIGNAL) < 0)
		return;
	loop_turn(loop, 0);
}

static struct noise *
shake(int fd, struct cipher *tx)
{
	static const uint8_t hello[6] = { 1, 1 };
	uint8_t wire[200] = { 'p', '2', 'p', 't', 1, 1, 1, 0 }, out[200];
	struct cipher rx;
	struct buf prologue;
	struct noise *n;
	ssize_t len;

	buf_init(&prologue);
	buf_lp(&prologue, LABEL_LIVE, strlen(LABEL_LIVE));
	buf_put(&prologue, wire, 8);
	n = noise_new(&(struct noise_setup){
		.pattern = NOISE_IK, .initiator = true,
		.prologue = prologue.at, .prologue_len = prologue.len,
		.s = identity_x_secret(theirs), .rs = identity_keys(mine)->x
	});
	buf_clear(&prologue);
	len = noise_write(n, hello, sizeof(hello), wire + 10, 190);
	put_u16(wire + 8, (uint16_t)len);
	put(fd, wire, 10 + (size_t)len);
	len = recv(fd, wire, sizeof(wire), 0);
	if (len < 2 || noise_read(n, wire + 2, (size_t)len - 2, out,
	    sizeof(out)) < 0)
		abort();
	noise_split(n, tx, &rx);
	return n;
}

static void
send_sealed(int fd, struct cipher *tx, const uint8_t *p, size_t len)
{
	uint8_t wire[2 + 255 + NOISE_TAG];

	while (len > 1) {
		size_t n = p[0] < len - 1 ? p[0] : len - 1;

		put_u16(wire, (uint16_t)(n + NOISE_TAG));
		cipher_seal(tx, NULL, 0, p + 1, n, wire + 2);
		put(fd, wire, 2 + n + NOISE_TAG);
		p += 1 + n;
		len -= 1 + n;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct stream_events none;
	struct addr at = { .family = ADDR_V4, .ip = { 192, 0, 2, 1 } };
	struct noise *noise = NULL;
	struct cipher tx;
	struct stream *s;
	int fds[2];
	enum to to;
	size_t piece;

	start();
	if (len < 2)
		return 0;
	to = (enum to)(data[0] % TOS);
	piece = data[1] ? data[1] * 4u : len;
	data += 2;
	len -= 2;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
		abort();
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	n_proven = 0;
	s = stream_of(&streams, fds[0], &at, &none, NULL, NULL);
	up = to == TO_DIALLED ?
	    chan_dial(&room, s, identity_keys(theirs)->x) :
	    chan_accept(&room, s);
	up->events = &events;
	loop_turn(loop, 0);
	if (to == TO_UNPROVEN || to == TO_PROVEN)
		noise = shake(fds[1], &tx);
	if (to == TO_PROVEN)
		send_sealed(fds[1], &tx, data, len);
	while (to != TO_PROVEN && len > 0) {
		size_t n = len < piece ? len : piece;

		put(fds[1], data, n);
		data += n;
		len -= n;
	}
	if (to != TO_PROVEN && n_proven)
		abort();
	noise_free(noise);
	link_free(up);
	up = NULL;
	close(fds[1]);
	loop_turn(loop, 0);
	return 0;
}
