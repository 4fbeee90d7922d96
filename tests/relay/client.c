#include "relay/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "key.h"
#include "label.h"
#include "rand.h"
#include "sock.h"

enum { PATIENCE_MS = 60000 };

/* ---- the relay ----------------------------------------------------------- */

void
rig_open(struct rig *r)
{
	rig_open_at(r, NULL);
}

void
rig_open_at(struct rig *r, const char *path)
{
	const struct queue_limits queue_limits = {
		.bytes = 64 << 20, .letters = 10000, .queues = 10000,
		.total_bytes = 256 << 20, .days = 30, .queue_days = 60
	};
	struct relay_setup setup = { .n_listen = 1, .listen = { "127.0.0.1:0" },
		.stun = { "127.0.0.1:0", "127.0.0.1:0" } };
	struct err e;

	memset(r, 0, sizeof(*r));
	assert_int_equal(crypto_start(NULL), 0);
	r->loop = loop_new(NULL);
	assert_non_null(r->loop);
	r->queues = queues_open(path, &queue_limits, &e);
	assert_non_null(r->queues);
	rand_bytes(r->key, sizeof(r->key));
	r->limits = relay_limits_default;
	r->limits.handshakes_s = 0;
	r->limits.sends_source_s = 0;
	r->limits.sends_queue_s = 0;
	setup.loop = r->loop;
	setup.queues = r->queues;
	setup.key = r->key;
	setup.limits = &r->limits;
	r->relay = relay_open(&setup, &e);
	if (!r->relay)
		fail_msg("%s", e.what);
}

void
rig_close(struct rig *r)
{
	relay_close(r->relay);
	queues_close(r->queues);
	loop_free(r->loop);
}

void
rig_limit(struct rig *r)
{
	relay_limit(r->relay, &r->limits);
}

static void
on_late(void *arg)
{
	*(bool *)arg = true;
}

/* Failing leaps out of everything: not from within a turn. */
static void
turn_until(struct rig *r, bool (*fn)(void *arg), void *arg)
{
	struct timer timer;
	bool late = false;

	timer_init(&timer, r->loop, on_late, &late);
	timer_set(&timer, PATIENCE_MS);
	while (!fn(arg) && !late)
		loop_turn(r->loop, -1);
	timer_stop(&timer);
	if (late)
		fail_msg("nothing came");
}

struct condition {
	bool (*fn)(struct rig *r);
	struct rig *rig;
};

static bool
holds(void *arg)
{
	struct condition *c = arg;

	return c->fn(c->rig);
}

void
rig_until(struct rig *r, bool (*fn)(struct rig *r))
{
	turn_until(r, holds, &(struct condition){ fn, r });
}

void
rig_settle(struct rig *r)
{
	for (int i = 0; i < 20; i++)
		loop_turn(r->loop, 0);
}

/* ---- a client ------------------------------------------------------------ */

static void
on_ready(void *arg, unsigned events)
{
	struct client *c = arg;

	if ((events & LOOP_WRITE) && c->out.len > 0) {
		ssize_t n = send(c->fd, c->out.at, c->out.len, MSG_NOSIGNAL);

		if (n > 0)
			buf_drop(&c->out, (size_t)n);
		else if (errno != EAGAIN)
			buf_empty(&c->out);
	}
	if ((events & LOOP_READ) && !c->deaf) {
		ssize_t n = recv(c->fd, buf_space(&c->in, 65536), 65536, 0);

		if (n > 0)
			buf_added(&c->in, (size_t)n);
		else if (n == 0 || errno != EAGAIN)
			c->is_over = true;
	}
	watch_want(c->watch, (c->deaf || c->is_over ? 0u : LOOP_READ) |
	    (c->out.len > 0 ? LOOP_WRITE : 0u));
}

struct client *
client_of(struct rig *r, int fd)
{
	struct client *c = mem_new(sizeof(*c));

	c->rig = r;
	c->fd = fd;
	assert_true(c->fd >= 0);
	c->watch = loop_watch(r->loop, c->fd, on_ready, c, NULL);
	assert_non_null(c->watch);
	return c;
}

struct client *
client_new(struct rig *r)
{
	struct addr to;

	assert_int_equal(addr_parse(&to, "127.0.0.1:1"), 0);
	to.port = relay_port(r->relay, 0);
	return client_of(r, sock_connect(&to, NULL));
}

void
client_free(struct client *c)
{
	if (!c)
		return;
	watch_free(c->watch);
	close(c->fd);
	buf_clear(&c->in);
	buf_clear(&c->out);
	buf_clear(&c->plain);
	buf_clear(&c->last);
	free(c);
}

void
client_deaf(struct client *c, bool deaf)
{
	c->deaf = deaf;
	watch_want(c->watch, (deaf ? 0u : LOOP_READ) |
	    (c->out.len > 0 ? LOOP_WRITE : 0u));
}

void
client_raw(struct client *c, const void *p, size_t len)
{
	buf_put(&c->out, p, len);
	watch_want(c->watch, (c->deaf ? 0u : LOOP_READ) | LOOP_WRITE);
}

struct noise *
client_message1(struct rig *r, enum relay_kind kind, struct buf *out)
{
	const uint8_t preface[RELAY_PREFACE] = { 'p', '2', 'p', 'r',
		RELAY_VERSION, (uint8_t)kind, 0, 0 };
	struct noise_setup setup = { .initiator = true,
		.pattern = kind == RELAY_NK ? NOISE_NK : NOISE_NX,
		.rs = kind == RELAY_NK ? relay_key(r->relay) : NULL };
	uint8_t hello[RELAY_HELLO], msg[RELAY_HANDSHAKE_MAX];
	struct buf prologue = { 0 };
	struct noise *n;
	ssize_t len;

	buf_lp(&prologue, LABEL_RELAY, strlen(LABEL_RELAY));
	buf_put(&prologue, preface, sizeof(preface));
	setup.prologue = prologue.at;
	setup.prologue_len = prologue.len;
	n = noise_new(&setup);
	assert_non_null(n);
	buf_clear(&prologue);
	relay_hello_write(hello);
	len = noise_write(n, hello, sizeof(hello), msg, sizeof(msg));
	assert_true(len > 0);
	buf_put(out, preface, sizeof(preface));
	buf_u16(out, (uint16_t)len);
	buf_put(out, msg, (size_t)len);
	return n;
}

struct bytes {
	struct client *c;
	size_t len;
};

static bool
have_come(void *arg)
{
	struct bytes *b = arg;

	return b->c->is_over || b->c->in.len >= b->len;
}

static void
wait_for(struct client *c, size_t len)
{
	turn_until(c->rig, have_come, &(struct bytes){ c, len });
}

void
client_take_answer(struct client *c, struct noise *n)
{
	uint8_t welcome[RELAY_HANDSHAKE_MAX];
	unsigned version;
	size_t len;

	wait_for(c, 2);
	assert_true(c->in.len >= 2);
	len = get_u16(c->in.at);
	wait_for(c, 2 + len);
	assert_true(c->in.len >= 2 + len);
	assert_int_equal(noise_read(n, c->in.at + 2, len, welcome,
	    sizeof(welcome)), RELAY_WELCOME);
	buf_drop(&c->in, 2 + len);
	assert_int_equal(relay_welcome_read(&c->welcome, welcome,
	    RELAY_WELCOME, &version), 0);
	assert_true(noise_is_done(n));
	noise_split(n, &c->tx, &c->rx);
	memcpy(c->hash, noise_hash(n), NOISE_HASH);
}

void
client_shake(struct client *c, enum relay_kind kind, uint8_t key[32])
{
	struct buf out = { 0 };
	struct noise *n = client_message1(c->rig, kind, &out);

	client_raw(c, out.at, out.len);
	buf_clear(&out);
	client_take_answer(c, n);
	if (key)
		memcpy(key, noise_remote(n), 32);
	noise_free(n);
}

struct client *
client_up(struct rig *r)
{
	struct client *c = client_new(r);

	client_shake(c, RELAY_NK, NULL);
	return c;
}

void
client_seal(struct client *c, const void *plain, size_t len)
{
	struct buf b = { 0 };
	uint8_t *p = buf_space(&b, 2 + len + NOISE_TAG);

	if (c->tx.n > 0 && c->tx.n % RELAY_REKEY == 0)
		cipher_rekey(&c->tx);
	put_u16(p, (uint16_t)(len + NOISE_TAG));
	assert_int_equal(cipher_seal(&c->tx, NULL, 0, plain, len, p + 2), 0);
	client_raw(c, p, 2 + len + NOISE_TAG);
	buf_clear(&b);
}

void
client_say(struct client *c, const struct relay_msg *m)
{
	struct buf b = { 0 };

	relay_msg_write(&b, m);
	client_seal(c, b.at, b.len);
	buf_clear(&b);
}

/* True: a record was there. */
static bool
open_record(struct client *c)
{
	size_t len;
	uint8_t *p;

	if (c->in.len < 2 || c->in.len < 2u + get_u16(c->in.at))
		return false;
	len = get_u16(c->in.at);
	if (c->rx.n > 0 && c->rx.n % RELAY_REKEY == 0)
		cipher_rekey(&c->rx);
	p = buf_space(&c->plain, len);
	assert_int_equal(cipher_open(&c->rx, NULL, 0, c->in.at + 2, len, p),
	    0);
	buf_added(&c->plain, len - NOISE_TAG);
	buf_drop(&c->in, 2 + len);
	c->n_records++;
	return true;
}

static bool
has_message(void *arg)
{
	struct client *c = arg;

	return c->plain.len > 0 || open_record(c) || c->is_over;
}

const struct relay_msg *
client_next(struct client *c)
{
	static struct relay_msg m;
	size_t n;

	turn_until(c->rig, has_message, c);
	if (c->plain.len == 0)
		fail_msg("the relay closed the connection");
	n = relay_msg_read(&m, c->plain.at, c->plain.len);
	assert_true(n > 0);
	buf_empty(&c->last);
	buf_put(&c->last, c->plain.at, n);
	buf_drop(&c->plain, n);
	assert_int_equal(relay_msg_read(&m, c->last.at, n), n);
	return &m;
}

const struct relay_msg *
client_expect(struct client *c, enum relay_op op)
{
	const struct relay_msg *m = client_next(c);

	assert_int_equal(m->op, op);
	return m;
}

void
client_done(struct client *c, uint32_t tag, enum relay_status status)
{
	const struct relay_msg *m = client_expect(c, OP_DONE);

	assert_int_equal(m->tag, tag);
	assert_int_equal(m->value, status);
}

void
client_silence(struct client *c)
{
	static uint64_t n;

	client_say(c, &(struct relay_msg){ .op = OP_PING, .number = ++n });
	assert_true(client_expect(c, OP_PONG)->number == n);
}

static bool
is_over(void *arg)
{
	return ((struct client *)arg)->is_over;
}

void
client_cut(struct client *c)
{
	turn_until(c->rig, is_over, c);
	assert_int_equal(c->in.len, 0);
	assert_int_equal(c->plain.len, 0);
}

/* ---- mailboxes ----------------------------------------------------------- */

void
client_box(struct queue_key *k, uint8_t seed)
{
	const uint8_t bytes[32] = { seed, 1, 2, 3 };
	const uint8_t relay[KEY_LEN] = { 9 };
	struct identity *id = identity_from_seed(bytes);

	queue_key_of(k, id, relay, NULL);
	identity_free(id);
}

void
client_say_open(struct client *c, uint32_t tag, const struct queue_key *k)
{
	uint8_t hash[32], sig[SIG_LEN];

	queue_token_hash(hash, k->token);
	queue_auth_sign(k, c->hash, sig);
	client_say(c, &(struct relay_msg){ .op = OP_OPEN, .tag = tag,
	    .key = k->public, .token = hash, .sig = sig });
}

void
client_open(struct client *c, const struct queue_key *k)
{
	client_say_open(c, 77, k);
	client_done(c, 77, RELAY_OK);
}

void
client_leave(struct client *c, uint32_t tag, const struct queue_key *k,
    uint32_t upload, const void *letter, size_t len)
{
	uint8_t id[UPLOAD_ID] = { 0 };

	put_u32(id, upload);
	client_say(c, &(struct relay_msg){ .op = OP_SEND, .tag = tag,
	    .queue = k->id, .token = k->token, .upload = id, .p = letter,
	    .len = len });
}

uint64_t
client_letter(struct client *c, const struct queue_key *k, const char *text)
{
	const struct relay_msg *m = client_expect(c, OP_LETTER);

	assert_memory_equal(m->queue, k->id, QUEUE_ID);
	assert_int_equal(m->len, strlen(text));
	assert_memory_equal(m->p, text, m->len);
	return m->number;
}

void
client_delete(struct client *c, const struct queue_key *k, uint64_t number)
{
	uint8_t bytes[8];

	put_u64(bytes, number);
	client_say(c, &(struct relay_msg){ .op = OP_DELETE, .queue = k->id,
	    .p = bytes, .len = sizeof(bytes) });
}
