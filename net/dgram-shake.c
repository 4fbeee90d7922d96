#include "dgram-own.h"

#include <stdlib.h>
#include <string.h>

#include "label.h"
#include "log.h"
#include "rand.h"
#include "secret.h"

/* Of other bearers than a stream the preface is not sent, but meant. */
static const uint8_t preface[8] = { 'p', '2', 'p', 't', DGRAM_VERSION, 1, 2 };

static struct noise *
new_noise(struct dgrams *d, const uint8_t *rs)
{
	struct noise_setup setup = {
		.pattern = NOISE_IK, .initiator = rs != NULL,
		.s = identity_x_secret(d->setup.id),
		.s_public = identity_keys(d->setup.id)->x,
		.rs = rs
	};
	struct buf prologue;
	struct noise *n;

	buf_init(&prologue);
	buf_lp(&prologue, LABEL_LIVE, strlen(LABEL_LIVE));
	buf_put(&prologue, preface, sizeof(preface));
	setup.prologue = prologue.at;
	setup.prologue_len = prologue.len;
	n = noise_new(&setup);
	buf_clear(&prologue);
	return n;
}

static void
put_hello(uint8_t hello[HELLO])
{
	memset(hello, 0, HELLO);
	hello[0] = hello[1] = DGRAM_VERSION;
}

static bool
is_hello(const uint8_t *p, size_t len)
{
	return len >= HELLO && p[0] <= DGRAM_VERSION && p[1] >= DGRAM_VERSION;
}

static const uint8_t *
my_x(const struct dgrams *d)
{
	return identity_keys(d->setup.id)->x;
}

/* A dial of mine to the same person at the same place: one that nobody
 * answered or, `unheard`, that the other side may not know to be answered. */
static struct dgram *
find_dial(struct dgrams *d, const uint8_t x[KEY_LEN], const struct addr *at,
    bool unheard)
{
	LIST_EACH(l, &d->links, struct dgram, in_room) {
		if ((l->state == DIALLING || (unheard && l->state == UP &&
		    l->link.initiator && !l->is_heard)) &&
		    addr_equal(&l->to, at) && memcmp(l->x, x, KEY_LEN) == 0)
			return l;
	}
	return NULL;
}

/* ---- mine -------------------------------------------------------------- */

/* The pair that the other side is sure to know. */
static const struct keys *
renewed(const struct dgram *l)
{
	return l->is_heard || !l->previous ? l->current : l->previous;
}

bool
shake_start(struct dgram *l)
{
	struct shake *s = &l->shake;
	uint8_t hello[HELLO_RENEW];
	size_t hello_len = HELLO;
	ssize_t n;

	s->noise = new_noise(l->room, l->x);
	if (!s->noise)
		return false;
	put_hello(hello);
	if (l->current) {
		put_u32(hello + HELLO, renewed(l)->theirs);
		hello_len = HELLO_RENEW;
	}
	s->keys = keys_new(l->room, USE_SHAKING);
	s->keys->link = l;
	s->keys->i_began = true;
	memset(s->packet, 0, sizeof(s->packet));
	s->packet[0] = UDP_INIT;
	s->packet[1] = DGRAM_VERSION;
	put_u32(s->packet + 4, s->keys->mine);
	n = noise_write(s->noise, hello, hello_len, s->packet + INIT_HEAD,
	    sizeof(s->packet) - INIT_HEAD - MACS_LEN);
	if (n < 0) {
		shake_stop(l);
		return false;
	}
	s->len = INIT_HEAD + (size_t)n + MACS_LEN;
	cookie_macs(s->packet, s->len, l->x, NULL);
	s->n_sent = s->n_cookies = 0;
	s->until_ms = dgrams_now(l->room) +
	    (l->current ? DGRAM_GIVE_UP_MS : DGRAM_DIAL_MS);
	return true;
}

void
shake_stop(struct dgram *l)
{
	struct shake *s = &l->shake;

	noise_free(s->noise);
	s->noise = NULL;
	keys_free(l->room, s->keys);
	s->keys = NULL;
}

void
shake_send(struct dgram *l)
{
	struct shake *s = &l->shake;
	int64_t gap, most = l->state == DIALLING ? DGRAM_DIAL_RETRY_MS :
	    DGRAM_RETRY_MS + (int64_t)rand_below(DGRAM_RETRY_MS / 5);

	if (!s->noise)
		return;
	dgrams_put(l->room, l->via, &l->to, s->packet, s->len);
	gap = DGRAM_FIRST_RETRY_MS << (s->n_sent < 8 ? s->n_sent : 8);
	s->n_sent++;
	s->again_ms = dgrams_now(l->room) + (gap < most ? gap : most);
}

/* The handshake of mine that a packet answers; NULL: none. */
static struct dgram *
find_shake(struct dgrams *d, const uint8_t *p)
{
	uint32_t index = get_u32(p);
	struct keys *k = map_get(d->by_index, &index);

	return k && k->use == USE_SHAKING ? k->link : NULL;
}

void
shake_cookie(struct dgrams *d, const uint8_t *p, size_t len)
{
	struct dgram *l = len == COOKIE_REPLY ? find_shake(d, p + 4) : NULL;
	uint8_t cookie[COOKIE_LEN];
	struct shake *s;

	if (!l) {
		d->counts.alien++;
		return;
	}
	s = &l->shake;
	if (s->n_cookies >= COOKIES_MAX)
		return;
	if (cookie_open(cookie, l->x, p, s->packet, s->len) != 0) {
		d->counts.forged++;
		return;
	}
	s->n_cookies++;
	cookie_macs(s->packet, s->len, l->x, cookie);
	shake_send(l);
}

void
shake_resp(struct dgrams *d, struct udp *via, const struct addr *from,
    const uint8_t *p, size_t len)
{
	struct dgram *l = len == RESP_LEN ? find_shake(d, p + 8) : NULL;
	uint8_t hello[HELLO];
	struct keys *k;
	ssize_t n;

	if (!l || !gate_knows(&d->gate, p, len)) {
		d->counts.alien++;
		return;
	}
	n = noise_read(l->shake.noise, p + RESP_HEAD,
	    len - RESP_HEAD - MACS_LEN, hello, sizeof(hello));
	if (n < 0) {
		d->counts.forged++;
		return;
	}
	if (!is_hello(hello, (size_t)n)) {
		dgram_fail(l, "speaks another version");
		return;
	}
	k = l->shake.keys;
	l->shake.keys = NULL;
	k->theirs = get_u32(p + 4);
	noise_split(l->shake.noise, &k->tx, &k->rx);
	shake_stop(l);
	dgram_take(l, k);
	if (l->state == DIALLING) {
		dgram_be_at(l, via, from);
		dgram_up(l);
	} else {
		dgram_put(l, NULL, 0);
	}
}

/* ---- theirs ------------------------------------------------------------ */

void
pending_free(struct dgrams *d, struct pending *p)
{
	list_remove(&p->in_room);
	d->n_pendings--;
	keys_free(d, p->keys);
	free(p);
}

void
pendings_sweep(void *arg)
{
	struct dgrams *d = arg;
	struct pending *first;
	int64_t now = dgrams_now(d);

	while ((first = LIST_FIRST(&d->pendings, struct pending, in_room)) &&
	    first->until_ms <= now)
		pending_free(d, first);
	if (first)
		timer_set(&d->sweep, first->until_ms - now);
}

/* Whoever sent an init, seen through. */
struct asked {
	struct noise *noise;
	uint8_t x[KEY_LEN];
	struct dgram *renews;
	bool is_renewal;
};

/* Renewals name a link that stands with the same person. */
static struct dgram *
find_renewed(struct dgrams *d, const uint8_t *hello, const uint8_t *x)
{
	uint32_t index = get_u32(hello + HELLO);
	struct keys *k = map_get(d->by_index, &index);
	struct dgram *l;

	if (!k || (k->use != USE_CURRENT && k->use != USE_PREVIOUS))
		return NULL;
	l = k->link;
	return l->state == UP && memcmp(l->x, x, KEY_LEN) == 0 ? l : NULL;
}

/* Both at once: one handshake of the two is enough. */
static bool
mine_counts(struct dgrams *d, const struct asked *a, const struct addr *from)
{
	if (a->is_renewal)
		return a->renews->shake.noise && a->renews->link.initiator;
	return memcmp(my_x(d), a->x, KEY_LEN) < 0 &&
	    find_dial(d, a->x, from, true) != NULL;
}

static bool
see_through(struct dgrams *d, struct asked *a, const struct addr *from,
    const uint8_t *p, size_t len)
{
	uint8_t hello[HELLO_RENEW];
	ssize_t n;

	a->noise = new_noise(d, NULL);
	n = a->noise ? noise_read(a->noise, p + INIT_HEAD,
	    len - INIT_HEAD - MACS_LEN, hello, sizeof(hello)) : -1;
	if (n < 0) {
		d->counts.forged++;
		return false;
	}
	if (!is_hello(hello, (size_t)n)) {
		d->counts.alien++;
		return false;
	}
	memcpy(a->x, noise_remote(a->noise), KEY_LEN);
	a->is_renewal = n == HELLO_RENEW;
	a->renews = a->is_renewal ? find_renewed(d, hello, a->x) : NULL;
	if (memcmp(a->x, my_x(d), KEY_LEN) == 0 ||
	    (a->is_renewal && !a->renews) ||
	    (!a->is_renewal && d->n_links >= DGRAM_LINKS_MAX) ||
	    !d->setup.welcome(d->setup.ctx, a->x)) {
		d->counts.unwelcome++;
		return false;
	}
	return !mine_counts(d, a, from);
}

/* The oldest goes: who is honest needs his place for a round trip only. */
static void
make_place(struct dgrams *d, const uint8_t x[KEY_LEN])
{
	struct pending *oldest = NULL;
	int n = 0;

	LIST_EACH(p, &d->pendings, struct pending, in_room) {
		if (memcmp(p->x, x, KEY_LEN) != 0)
			continue;
		if (!oldest)
			oldest = p;
		n++;
	}
	if (n < PENDING_A_PEER)
		oldest = d->n_pendings < PENDING_TABLE ? NULL :
		    LIST_FIRST(&d->pendings, struct pending, in_room);
	if (oldest)
		pending_free(d, oldest);
}

static struct pending *
answer(struct dgrams *d, struct asked *a, const uint8_t *init, size_t len)
{
	struct pending *p = mem_new(sizeof(*p));
	uint8_t hello[HELLO];
	struct keys *k = keys_new(d, USE_PENDING);

	put_hello(hello);
	p->keys = k;
	p->renews = a->renews;
	p->until_ms = dgrams_now(d) + DGRAM_PENDING_MS;
	memcpy(p->x, a->x, KEY_LEN);
	memcpy(p->mac1, init + len - MACS_LEN, MAC_LEN);
	k->pending = p;
	k->theirs = get_u32(init + 4);
	p->resp[0] = UDP_RESP;
	p->resp[1] = DGRAM_VERSION;
	put_u32(p->resp + 4, k->mine);
	put_u32(p->resp + 8, k->theirs);
	list_append(&d->pendings, &p->in_room);
	d->n_pendings++;
	if (noise_write(a->noise, hello, HELLO, p->resp + RESP_HEAD,
	    RESP_LEN - RESP_HEAD - MACS_LEN) < 0) {
		pending_free(d, p);
		return NULL;
	}
	cookie_macs(p->resp, RESP_LEN, a->x, NULL);
	noise_split(a->noise, &k->tx, &k->rx);
	if (!timer_is_set(&d->sweep))
		timer_set(&d->sweep, DGRAM_PENDING_MS);
	return p;
}

/* The same init again: its answer was lost, or somebody replays it. */
static struct pending *
find_answered(struct dgrams *d, const uint8_t *mac1)
{
	LIST_EACH(p, &d->pendings, struct pending, in_room) {
		if (memcmp(p->mac1, mac1, MAC_LEN) == 0)
			return p;
	}
	return NULL;
}

static bool
may_pass(struct dgrams *d, struct udp *via, const struct addr *from,
    const uint8_t *p, size_t len)
{
	uint8_t reply[COOKIE_REPLY], nonce[SEAL_NONCE];
	int64_t now = dgrams_now(d);

	switch (gate_ask(&d->gate, now, from, p, len,
	    d->n_pendings >= DGRAM_PENDING_MAX)) {
	case GATE_PASS:
		return true;
	case GATE_COOKIE:
		rand_nonce(nonce, sizeof(nonce));
		gate_cookie(&d->gate, now, reply, get_u32(p + 4), from, p,
		    len, nonce);
		d->counts.cookies++;
		dgrams_put(d, via, from, reply, sizeof(reply));
		return false;
	case GATE_FULL:
		return false;
	}
	return false;
}

void
shake_init(struct dgrams *d, struct udp *via, const struct addr *from,
    const uint8_t *p, size_t len)
{
	struct asked a = { 0 };
	struct pending *answered;

	if ((len != INIT_LEN && len != RENEW_LEN) ||
	    !gate_knows(&d->gate, p, len)) {
		d->counts.alien++;
		return;
	}
	answered = find_answered(d, p + len - MACS_LEN);
	if (!answered && !may_pass(d, via, from, p, len))
		return;
	if (!answered && see_through(d, &a, from, p, len)) {
		make_place(d, a.x);
		answered = answer(d, &a, p, len);
	}
	noise_free(a.noise);
	if (answered)
		dgrams_put(d, via, from, answered->resp, RESP_LEN);
}

struct dgram *
shake_confirm(struct dgrams *d, struct keys *k, struct udp *via,
    const struct addr *from)
{
	struct pending *p = k->pending;
	struct dgram *l = p->renews;
	bool is_new = !l;

	if (!l)
		l = find_dial(d, p->x, from, false);
	if (!l && d->n_links < DGRAM_LINKS_MAX)
		l = dgram_new(d, via, from, p->x, false);
	if (!l) {
		pending_free(d, p);
		return NULL;
	}
	p->keys = NULL;
	pending_free(d, p);
	shake_stop(l);
	l->link.initiator = l->link.initiator && !is_new;
	dgram_take(l, k);
	if (is_new) {
		dgram_be_at(l, via, from);
		dgram_up(l);
	} else {
		dgram_put(l, NULL, 0);
	}
	return l;
}
