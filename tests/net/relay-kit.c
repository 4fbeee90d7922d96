#include "relay-kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "enc.h"
#include "label.h"
#include "rand.h"
#include "sock.h"

/* ---- a mouth ----------------------------------------------------------- */

static void
on_nothing(void *owner)
{
	(void)owner;
}

static void
on_data(void *owner, struct buf *in)
{
	struct mouth *m = owner;

	if (m->is_deaf)
		return;
	buf_put(&m->got, in->at, in->len);
	buf_drop(in, in->len);
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
	struct mouth *m = owner;

	m->n_end++;
	snprintf(m->why, sizeof(m->why), "%s", why);
	stream_free(m->stream);
	m->stream = NULL;
}

static const struct stream_events mouth_events = {
	.on_open = on_nothing, .on_data = on_data, .on_flush = on_nothing,
	.on_drained = on_drained, .on_end = on_end
};

struct stream *
call_up(struct user *from, struct user *to, struct mouth *m)
{
	memset(m, 0, sizeof(*m));
	buf_init(&m->got);
	m->stream = relays_call(from->relays, user_id(to), &mouth_events, m);
	return m->stream;
}

void
mouth_say(struct mouth *m, size_t len)
{
	uint8_t *p = buf_space(stream_out(m->stream), len);

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 31 >> 3);
	buf_added(stream_out(m->stream), len);
	stream_touch(m->stream);
}

void
mouth_clear(struct mouth *m)
{
	stream_free(m->stream);
	m->stream = NULL;
	buf_clear(&m->got);
}

/* ---- what chat would be told ------------------------------------------- */

static bool
relay_key_of(void *chat, const char *where, uint8_t key[KEY_LEN])
{
	struct user *u = chat;

	for (size_t i = 0; i < u->n_pins; i++) {
		if (strcmp(u->pins[i].where, where) != 0)
			continue;
		memcpy(key, u->pins[i].key, KEY_LEN);
		return true;
	}
	return false;
}

static void
pin_relay(void *chat, const char *where, const uint8_t key[KEY_LEN])
{
	struct user *u = chat;
	struct pin *p = &u->pins[u->n_pins++];

	assert_true(u->n_pins <= 4);
	snprintf(p->where, sizeof(p->where), "%s", where);
	memcpy(p->key, key, KEY_LEN);
}

static void
owed_drops(void *chat, struct buf *out)
{
	struct user *u = chat;

	buf_put(out, u->drops.at, u->drops.len);
}

static void
keep_drops(void *chat, const void *p, size_t len)
{
	struct user *u = chat;

	buf_empty(&u->drops);
	buf_put(&u->drops, p, len);
}

static void
notice(void *chat, const char *text)
{
	struct user *u = chat;

	u->n_notice++;
	snprintf(u->notice, sizeof(u->notice), "%s", text);
}

static void
on_letter(void *chat, uint64_t letter, const struct user_id *queue,
    const void *p, size_t len)
{
	struct user *u = chat;

	assert_true(u->n_letters < LETTERS);
	u->from_requests = !queue;
	if (queue)
		u->queue = *queue;
	u->names[u->n_letters] = letter;
	u->seqs[u->n_letters++] = len >= 4 ? get_u32(p) : 0;
	if (u->takes)
		u->to_take[u->n_to_take++] = letter;
}

static void
on_left(void *chat, const struct user_id *to, const uint8_t upload[UPLOAD_LEN],
    enum left what)
{
	struct user *u = chat;

	(void)to;
	u->n_left++;
	u->left = what;
	u->n_stored += what == LEFT_STORED;
	memcpy(u->left_id, upload, UPLOAD_LEN);
}

static void
on_relays(void *chat)
{
	struct user *u = chat;

	u->n_relays++;
}

static void
on_here(void *ctx, const struct user_id *who)
{
	struct user *u = ctx;

	u->n_here++;
	u->here = *who;
}

static void
on_call(void *ctx, struct stream *s, const struct user_id *who)
{
	struct user *u = ctx;

	u->n_calls++;
	u->caller = *who;
	mouth_clear(&u->called);
	memset(&u->called, 0, sizeof(u->called));
	u->called.stream = s;
	stream_give(s, &mouth_events, &u->called);
}

static void
on_state(void *ctx)
{
	struct user *u = ctx;

	u->n_state++;
	u->n_up += is_up(u, 0);
}

/* Chat commits, then takes. */
static void
on_commit(void *arg)
{
	struct user *u = arg;

	for (size_t i = 0; i < u->n_to_take; i++)
		relays_took(u->relays, u->to_take[i]);
	u->n_to_take = 0;
}

static void
on_turn(void *arg)
{
	streams_flush(arg);
}

/* ---- people ------------------------------------------------------------ */

void
user_open(struct user *u)
{
	const struct relays_setup setup = {
		.streams = &u->streams, .resolver = u->resolver,
		.id = u->id, .chat = &u->events, .ctx = u,
		.on_here = on_here, .on_call = on_call, .on_state = on_state
	};

	u->relays = relays_new(&setup);
}

void
user_close(struct user *u)
{
	mouth_clear(&u->called);
	relays_free(u->relays);
	u->relays = NULL;
}

struct user *
user_new(struct loop *l)
{
	struct user *u = mem_new(sizeof(*u));

	u->loop = l;
	u->id = identity_new();
	streams_init(&u->streams, l);
	u->resolver = resolver_new(l, "");
	u->takes = true;
	u->events = (struct carrier_events){
		.chat = u, .on_letter = on_letter, .on_left = on_left,
		.on_relays = on_relays, .relay_key = relay_key_of,
		.pin_relay = pin_relay, .owed_drops = owed_drops,
		.keep_drops = keep_drops, .notice = notice
	};
	loop_hook(l, LOOP_COMMIT, on_commit, u);
	loop_hook(l, LOOP_SEND, on_turn, &u->streams);
	user_open(u);
	return u;
}

void
user_free(struct user *u)
{
	if (!u)
		return;
	user_close(u);
	turns(u->loop, 3);
	streams_clear(&u->streams);
	turns(u->loop, 1);
	resolver_free(u->resolver);
	loop_unhook(u->loop, LOOP_COMMIT, on_commit, u);
	loop_unhook(u->loop, LOOP_SEND, on_turn, &u->streams);
	identity_free(u->id);
	buf_clear(&u->drops);
	free(u);
}

const struct user_id *
user_id(const struct user *u)
{
	return identity_id(u->id);
}

const struct pubkeys *
user_keys(const struct user *u)
{
	return identity_keys(u->id);
}

void
user_relay(struct user *u, const char *a, const char *b)
{
	const char *list[2] = { a, b };
	struct err e = { 0 };

	assert_int_equal(relays_set(u->relays, list, b ? 2 : 1, "", &e), 0);
}

void
know(struct user *a, struct user *b)
{
	struct routes places;

	relays_my_routes(b->relays, user_id(a), &places);
	relays_places(a->relays, user_keys(b), &places);
}

void
befriend(struct user *a, struct user *b)
{
	relays_want(a->relays, user_keys(b), true);
	relays_want(b->relays, user_keys(a), true);
	know(a, b);
	know(b, a);
}

int
leave_letter(struct user *from, struct user *to, uint32_t seq)
{
	uint8_t letter[100] = { 0 }, upload[UPLOAD_LEN] = { 7 };

	put_u32(letter, seq);
	put_u32(upload + 4, seq);
	return relays_leave(from->relays, user_id(to), upload, letter,
	    sizeof(letter));
}

struct relay_state
state_of(const struct user *u, size_t i)
{
	struct relay_state s;

	assert_true(relays_at(u->relays, i, &s));
	return s;
}

bool
is_up(const struct user *u, size_t i)
{
	return i < relays_count(u->relays) && state_of(u, i).how ==
	    RELAY_IS_UP;
}

void
turns(struct loop *l, int n)
{
	while (n-- > 0)
		loop_turn(l, 0);
}

/* ---- a relay made by hand ---------------------------------------------- */

void
liar_hang_up(struct liar *r)
{
	watch_free(r->reading);
	r->reading = NULL;
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	r->is_up = false;
	noise_free(r->noise);
	r->noise = NULL;
	buf_empty(&r->in);
}

void
liar_raw(struct liar *r, const void *p, size_t len)
{
	assert_int_equal(send(r->fd, p, len, MSG_NOSIGNAL), len);
}

void
liar_seal(struct liar *r, const void *p, size_t len)
{
	uint8_t *wire = mem_new(2 + len + NOISE_TAG);

	if (r->tx.n > 0 && r->tx.n % RELAY_REKEY == 0)
		cipher_rekey(&r->tx);
	put_u16(wire, (uint16_t)(len + NOISE_TAG));
	assert_int_equal(cipher_seal(&r->tx, NULL, 0, p, len, wire + 2), 0);
	liar_raw(r, wire, 2 + len + NOISE_TAG);
	free(wire);
}

void
liar_say(struct liar *r, const struct relay_msg *m)
{
	struct buf b;

	buf_init(&b);
	relay_msg_write(&b, m);
	liar_seal(r, b.at, b.len);
	buf_clear(&b);
}

static void
take_op(struct liar *r, const struct relay_msg *m)
{
	r->n_ops[m->op]++;
	if (m->op == OP_PING && !r->is_mute)
		liar_say(r, &(struct relay_msg){ .op = OP_PONG,
		    .number = m->number });
	if (m->op == OP_OPEN && r->n_opened < 16) {
		uint8_t id[QUEUE_ID];

		queue_id_of(id, m->key);
		assert_true(queue_auth_verify(m->key, r->hash, id, m->sig));
		memcpy(r->opened[r->n_opened].id, id, QUEUE_ID);
		r->opened[r->n_opened++].tag = m->tag;
	}
	if (m->op == OP_MEET)
		buf_put(&r->met, m->p, m->len);
	if (m->op == OP_PART)
		buf_put(&r->parted, m->p, m->len);
	if (m->op == OP_CALL)
		r->call = m->tag;
	else if (m->op != OP_PING)
		r->tag = m->tag;
	if (m->op == OP_CREDIT || m->op == OP_HANG)
		r->value = m->value;
	if (m->op == OP_DATA)
		buf_put(&r->data, m->p, m->len);
	if (m->op == OP_SEND)
		memcpy(r->queue, m->queue, QUEUE_ID);
}

static void
take_record(struct liar *r, uint8_t *p, size_t len)
{
	struct relay_msg m;

	if (r->rx.n > 0 && r->rx.n % RELAY_REKEY == 0)
		cipher_rekey(&r->rx);
	assert_int_equal(cipher_open(&r->rx, NULL, 0, p, len, p), 0);
	for (len -= NOISE_TAG; len > 0;) {
		size_t n = relay_msg_read(&m, p, len);

		assert_true(n > 0);
		take_op(r, &m);
		p += n;
		len -= n;
	}
}

/* p2ptui-protocol(7), THE RELAY, spelled out: preface and both messages. */
static void
shake(struct liar *r)
{
	static const char label[] = "p2ptui/1/relay";
	uint8_t payload[256], out[2 + 256], *p = r->in.at;
	const struct relay_welcome w = {
		.seen = { .family = ADDR_V4, .ip = { 203, 0, 113, 9 },
		    .port = 4242 }, .stun = { 3478, 3479 }, .keepalive_s = 25
	};
	uint8_t welcome[RELAY_WELCOME];
	struct buf prologue;
	size_t len;

	assert_memory_equal(p, "p2pr\1", 5);
	r->kind = p[5] == 1 ? RELAY_NK : RELAY_NX;
	assert_int_equal(p[5], r->kind);
	buf_init(&prologue);
	buf_lp(&prologue, label, strlen(label));
	buf_put(&prologue, p, 8);
	r->noise = noise_new(&(struct noise_setup){
	    .pattern = r->kind == RELAY_NK ? NOISE_NK : NOISE_NX,
	    .s = r->secret, .prologue = prologue.at,
	    .prologue_len = prologue.len });
	buf_clear(&prologue);
	len = get_u16(p + 8);
	if (noise_read(r->noise, p + 10, len, payload, sizeof(payload)) !=
	    RELAY_HELLO) {
		r->n_gone++;
		liar_hang_up(r);
		return;
	}
	buf_drop(&r->in, 10 + len);
	relay_welcome_write(welcome, &w);
	if (r->version != 0)
		welcome[0] = welcome[1] = (uint8_t)r->version;
	len = (size_t)noise_write(r->noise, welcome, sizeof(welcome), out + 2,
	    256);
	put_u16(out, (uint16_t)len);
	liar_raw(r, out, 2 + len);
	memcpy(r->hash, noise_hash(r->noise), NOISE_HASH);
	noise_split(r->noise, &r->tx, &r->rx);
	noise_free(r->noise);
	r->noise = NULL;
	r->is_up = true;
}

static void
on_readable(void *arg, unsigned events)
{
	struct liar *r = arg;
	ssize_t n = recv(r->fd, buf_space(&r->in, 65536), 65536, 0);

	(void)events;
	if (n <= 0) {
		r->n_gone++;
		liar_hang_up(r);
		return;
	}
	buf_added(&r->in, (size_t)n);
	if (!r->is_up && r->in.len >= 10 &&
	    r->in.len >= 10 + (size_t)get_u16(r->in.at + 8))
		shake(r);
	while (r->is_up && r->in.len >= 2 &&
	    r->in.len >= 2 + (size_t)get_u16(r->in.at)) {
		size_t len = get_u16(r->in.at);

		take_record(r, r->in.at + 2, len);
		buf_drop(&r->in, 2 + len);
	}
}

static void
on_accept(void *arg, unsigned events)
{
	struct liar *r = arg;
	struct addr from;

	(void)events;
	liar_hang_up(r);
	r->fd = sock_accept(r->listen_fd, &from);
	if (r->fd < 0)
		return;
	r->n_accepted++;
	r->n_opened = 0;
	r->reading = loop_watch(r->loop, r->fd, on_readable, r, NULL);
}

struct liar *
liar_new(struct loop *l)
{
	struct addr any = { .family = ADDR_V4, .ip = { 127, 0, 0, 1 } }, got;
	struct liar *r = mem_new(sizeof(*r));

	r->loop = l;
	r->fd = -1;
	r->listen_fd = sock_listen(&any, NULL);
	assert_true(r->listen_fd >= 0);
	sock_local(r->listen_fd, &got);
	r->port = got.port;
	r->listening = loop_watch(l, r->listen_fd, on_accept, r, NULL);
	x_pair_new(r->secret, r->public);
	buf_init(&r->in);
	buf_init(&r->met);
	buf_init(&r->parted);
	buf_init(&r->data);
	return r;
}

void
liar_free(struct liar *r)
{
	if (!r)
		return;
	liar_hang_up(r);
	watch_free(r->listening);
	close(r->listen_fd);
	buf_clear(&r->in);
	buf_clear(&r->met);
	buf_clear(&r->parted);
	buf_clear(&r->data);
	free(r);
}

const char *
liar_address(struct liar *r)
{
	char key[BASE32_LEN(KEY_LEN)];

	enc_base32(key, r->public, KEY_LEN);
	snprintf(r->address, sizeof(r->address), "127.0.0.1:%u#%s",
	    (unsigned)r->port, key);
	return r->address;
}
