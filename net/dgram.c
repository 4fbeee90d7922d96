#include "dgram-own.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "rand.h"

int64_t
dgrams_now(const struct dgrams *d)
{
	return loop_now_ms(d->setup.loop);
}

bool
dgrams_put(struct dgrams *d, struct udp *via, const struct addr *to,
    const void *p, size_t len)
{
	if (d->setup.send)
		return d->setup.send(d->setup.ctx, via, to, p, len);
	return via && udp_send(via, to, p, len);
}

/* ---- key pairs --------------------------------------------------------- */

struct keys *
keys_new(struct dgrams *d, enum use use)
{
	struct keys *k = mem_new(sizeof(*k));

	do {
		rand_nonce(&k->mine, sizeof(k->mine));
	} while (k->mine == 0 || map_get(d->by_index, &k->mine));
	k->use = use;
	k->born_ms = dgrams_now(d);
	replay_init(&k->replay);
	map_put(d->by_index, &k->mine, k);
	return k;
}

void
keys_free(struct dgrams *d, struct keys *k)
{
	if (!k)
		return;
	map_remove(d->by_index, &k->mine);
	cipher_wipe(&k->tx);
	cipher_wipe(&k->rx);
	free(k);
}

/* ---- out --------------------------------------------------------------- */

void
dgrams_flush(struct dgrams *d)
{
	struct run *r = &d->run;
	size_t len = r->len;

	r->len = 0;
	if (len > 0 && r->via)
		udp_send_run(r->via, &r->to, r->at, len, r->size);
}

/* Where a packet of so many bytes is to be made. */
static uint8_t *
run_place(struct dgrams *d, const struct dgram *l, size_t len)
{
	struct run *r = &d->run;

	if (r->len > 0 && (r->via != l->via || len > r->size ||
	    r->len + len > sizeof(r->at) || !addr_equal(&r->to, &l->to)))
		dgrams_flush(d);
	if (r->len == 0) {
		r->via = l->via;
		r->to = l->to;
		r->size = len;
	}
	return r->at + r->len;
}

static void
run_add(struct dgrams *d, const struct dgram *l, const uint8_t *p, size_t len)
{
	struct run *r = &d->run;

	if (d->setup.send) {
		d->setup.send(d->setup.ctx, l->via, &l->to, p, len);
		return;
	}
	r->len += len;
	if (len < r->size)
		dgrams_flush(d);
}

void
dgram_put(struct dgram *l, const uint8_t *p, size_t len)
{
	struct keys *k = l->current;
	uint8_t *packet;

	if (!k || l->state == DOWN || len > UDP_PAYLOAD - DATA_OVERHEAD)
		return;
	packet = run_place(l->room, l, len + DATA_OVERHEAD);
	memset(packet, 0, 4);
	packet[0] = UDP_DATA;
	put_u32(packet + 4, k->theirs);
	put_u64(packet + 8, k->tx.n);
	if (cipher_seal(&k->tx, packet, DATA_HEAD, p, len,
	    packet + DATA_HEAD) != 0)
		return;
	l->sent_ms = dgrams_now(l->room);
	dgram_hurry(l);
	/* What does not leave is lost: SCTP sends it again. */
	run_add(l->room, l, packet, len + DATA_OVERHEAD);
}

/* ---- in ---------------------------------------------------------------- */

/* Opens in place; counts, and changes nothing, when it is not authentic or
 * was here before. */
static bool
open_data(struct dgrams *d, struct keys *k, uint8_t *p, size_t len)
{
	uint64_t counter = get_u64(p + 8);

	if (get_u32(p) != UDP_DATA) {
		d->counts.alien++;
		return false;
	}
	k->rx.n = counter;
	if (cipher_open(&k->rx, p, DATA_HEAD, p + DATA_HEAD, len - DATA_HEAD,
	    p + DATA_HEAD) != 0) {
		d->counts.forged++;
		return false;
	}
	if (!replay_accept(&k->replay, counter)) {
		d->counts.replayed++;
		return false;
	}
	return true;
}

static void
heard_data(struct dgrams *d, struct udp *via, const struct addr *from,
    uint8_t *p, size_t len)
{
	struct keys *k = NULL;
	struct dgram *l;
	uint32_t index;

	if (len >= DATA_OVERHEAD) {
		index = get_u32(p + 4);
		k = map_get(d->by_index, &index);
	}
	if (!k || k->use == USE_SHAKING) {
		d->counts.alien++;
		return;
	}
	if (!open_data(d, k, p, len))
		return;
	l = k->use == USE_PENDING ? shake_confirm(d, k, via, from) : k->link;
	if (!l || l->state == DOWN)
		return;
	l->heard_ms = dgrams_now(d);
	/* Late packets of the old place do not move it back. */
	if (k->use == USE_CURRENT) {
		l->is_heard = true;
		if (get_u64(p + 8) + 1 == k->replay.top)
			dgram_be_at(l, via, from);
	}
	if (len > DATA_OVERHEAD && l->sctp)
		sctp_input(l->sctp, p + DATA_HEAD, len - DATA_OVERHEAD);
}

void
dgrams_heard(void *arg, struct udp *via, const struct addr *from, uint8_t *p,
    size_t len)
{
	struct dgrams *d = arg;

	if (d->dead || len < DATA_OVERHEAD) {
		d->counts.alien++;
		return;
	}
	if (p[0] == UDP_DATA) {
		heard_data(d, via, from, p, len);
		return;
	}
	if (p[1] != DGRAM_VERSION || p[2] || p[3])
		d->counts.alien++;
	else if (p[0] == UDP_INIT)
		shake_init(d, via, from, p, len);
	else if (p[0] == UDP_RESP)
		shake_resp(d, via, from, p, len);
	else if (p[0] == UDP_COOKIE)
		shake_cookie(d, p, len);
	else
		d->counts.alien++;
}

/* ---- the room ---------------------------------------------------------- */

static void
on_send(void *arg)
{
	struct dgrams *d = arg;

	LIST_EACH(l, &d->links, struct dgram, in_room)
		dgram_flush(l);
	dgrams_flush(d);
}

struct dgrams *
dgrams_new(const struct dgrams_setup *setup)
{
	struct dgrams *d = mem_new(sizeof(*d));

	d->setup = *setup;
	d->by_index = map_new(sizeof(uint32_t));
	list_init(&d->links);
	list_init(&d->pendings);
	gate_init(&d->gate, identity_keys(setup->id)->x);
	timer_init(&d->sweep, setup->loop, pendings_sweep, d);
	loop_hook(setup->loop, LOOP_SEND, on_send, d);
	return d;
}

static void
release(void *arg)
{
	struct dgrams *d = arg;

	gate_clear(&d->gate);
	map_free(d->by_index);
	free(d);
}

void
dgrams_free(struct dgrams *d)
{
	if (!d || d->dead)
		return;
	d->dead = true;
	loop_unhook(d->setup.loop, LOOP_SEND, on_send, d);
	timer_stop(&d->sweep);
	LIST_EACH(p, &d->pendings, struct pending, in_room)
		pending_free(d, p);
	/* Owners of links free them before; what is left says goodbye. */
	LIST_EACH(l, &d->links, struct dgram, in_room)
		dgram_shut(l);
	dgrams_flush(d);
	loop_defer(d->setup.loop, release, d);
}

void
dgrams_move(struct dgrams *d, struct udp *from, struct udp *instead)
{
	dgrams_flush(d);
	LIST_EACH(l, &d->links, struct dgram, in_room) {
		if (l->via != from)
			continue;
		l->via = instead;
		if (l->state == DIALLING)
			shake_send(l);
		else	/* they learn where we are by any packet */
			dgram_put(l, NULL, 0);
	}
}

const struct dgram_counts *
dgrams_counts(const struct dgrams *d)
{
	return &d->counts;
}
