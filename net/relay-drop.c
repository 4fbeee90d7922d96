#include "relay-own.h"

#include <stdlib.h>
#include <string.h>

#include "cur.h"
#include "log.h"

enum {
	DROPS_VERSION = 1,
	DROPS_MAX = 64,			/* the oldest is forgotten */
	DROP_DAYS = 60,			/* a relay forgets it itself then */
	KEEP_MS = 2000			/* most are done by then */
};

/*
 * A mailbox of somebody whom I want no letters of any more, at a relay of
 * mine that has not said that it is gone.  It can be dropped only by whoever
 * opened it on the same connection.
 *
 *	OWED --up--> OPENING --OK--> DROPPING --OK, NO_QUEUE--> gone
 *	  ^--- link lost, refused ------'---------'
 */
struct drop {
	struct relay_ask ask;		/* first: see on_answer */
	struct relays *all;
	struct list in_all;
	struct relay *relay;		/* that is asked; NULL: owed */
	bool is_open;
	char where[ROUTE_TEXT];
	struct user_id who;
	uint64_t day;
};

/* ---- what outlives us -------------------------------------------------- */

static void
on_keep(void *arg)
{
	struct relays *all = arg;
	const struct carrier_events *chat = all->setup.chat;
	struct buf b;

	buf_init(&b);
	buf_u8(&b, DROPS_VERSION);
	LIST_EACH(d, &all->drops, struct drop, in_all) {
		buf_lp(&b, d->where, strlen(d->where));
		buf_put(&b, d->who.b, ID_LEN);
		buf_u64(&b, d->day);
	}
	if (chat->keep_drops)
		chat->keep_drops(chat->chat, b.at, b.len);
	buf_clear(&b);
}

static void
keep_soon(struct relays *all, int64_t ms)
{
	int64_t due_ms = loop_now_ms(all->loop) + ms;

	if (!timer_is_set(&all->keep_drops) ||
	    all->keep_drops.due_ms > due_ms)
		timer_set(&all->keep_drops, ms);
}

static void
forget(struct drop *d)
{
	if (d->relay)
		relay_forget(d->relay, &d->ask);
	list_remove(&d->in_all);
	d->all->n_drops--;
	free(d);
}

static void on_answer(struct relay_ask *a, const struct relay_msg *m);

static struct drop *
add(struct relays *all, const char *where, size_t len,
    const struct user_id *who, uint64_t day)
{
	struct drop *d = mem_new(sizeof(*d));
	struct drop *oldest = LIST_FIRST(&all->drops, struct drop, in_all);

	if (oldest && all->n_drops == DROPS_MAX)
		forget(oldest);
	d->ask.answered = on_answer;
	d->all = all;
	memcpy(d->where, where, len);
	d->who = *who;
	d->day = day;
	list_append(&all->drops, &d->in_all);
	all->n_drops++;
	return d;
}

static void
load(struct relays *all, const struct buf *b)
{
	struct cur c;

	cur_init(&c, b->at, b->len);
	if (cur_u8(&c) != DROPS_VERSION)
		return;
	while (c.left > 0) {
		struct user_id who;
		const uint8_t *where, *id;
		uint64_t day;
		size_t len;

		where = cur_lp(&c, ROUTE_TEXT - 1, &len);
		id = cur_take(&c, ID_LEN);
		day = cur_u64(&c);
		if (!where || !id || c.bad)
			return;
		memcpy(who.b, id, ID_LEN);
		if (day + DROP_DAYS > all->day)
			add(all, (const char *)where, len, &who, day);
	}
}

void
relay_drops_load(struct relays *all)
{
	const struct carrier_events *chat = all->setup.chat;
	struct buf b;

	list_init(&all->drops);
	timer_init(&all->keep_drops, all->loop, on_keep, all);
	if (!chat->owed_drops)
		return;
	buf_init(&b);
	chat->owed_drops(chat->chat, &b);
	load(all, &b);
	buf_clear(&b);
}

void
relay_drops_clear(struct relays *all)
{
	if (timer_is_set(&all->keep_drops)) {
		timer_stop(&all->keep_drops);
		on_keep(all);
	}
	LIST_EACH(d, &all->drops, struct drop, in_all)
		forget(d);
}

/* ---- asking ------------------------------------------------------------ */

static void
ask_drop(struct drop *d, const uint8_t id[QUEUE_ID])
{
	d->is_open = true;
	if (relay_ask(d->relay, &d->ask, &(struct relay_msg){
	    .op = OP_DROP, .queue = id }) != 0)
		d->relay = NULL;
}

static void
ask_open(struct drop *d)
{
	struct relays *all = d->all;
	uint8_t hash[32], sig[SIG_LEN];
	struct queue_key k;

	queue_key_of(&k, all->setup.id, d->relay->route.key, &d->who);
	queue_token_hash(hash, k.token);
	queue_auth_sign(&k, relay_link_hash(d->relay->link), sig);
	d->is_open = false;
	if (relay_ask(d->relay, &d->ask, &(struct relay_msg){ .op = OP_OPEN,
	    .key = k.public, .token = hash, .sig = sig }) != 0)
		d->relay = NULL;
	queue_key_clear(&k);
}

static void
on_answer(struct relay_ask *a, const struct relay_msg *m)
{
	struct drop *d = (struct drop *)(void *)a;
	struct relays *all = d->all;
	struct queue_key k;

	if (!m || m->op != OP_DONE) {
		d->relay = NULL;
		return;
	}
	if (d->is_open && (m->value == RELAY_OK ||
	    m->value == RELAY_NO_QUEUE)) {
		forget(d);
		keep_soon(all, KEEP_MS);
	} else if (!d->is_open && m->value == RELAY_OK) {
		queue_key_of(&k, all->setup.id, d->relay->route.key, &d->who);
		ask_drop(d, k.id);
		queue_key_clear(&k);
	} else {
		log_info("relay: a mailbox could not be dropped (%u)",
		    (unsigned)m->value);
		d->relay = NULL;
	}
}

void
relay_drops_up(struct relay *r)
{
	if (!r->is_mine)
		return;
	LIST_EACH(d, &r->all->drops, struct drop, in_all) {
		if (d->relay || strcmp(d->where, r->where) != 0)
			continue;
		d->relay = r;
		ask_open(d);
	}
}

/* ---- who --------------------------------------------------------------- */

void
relay_drops_owe(struct relay *r, const struct user_id *who,
    const uint8_t *open_id)
{
	struct drop *d = add(r->all, r->where, strlen(r->where), who,
	    r->all->day);

	if (!relay_is_up(r)) {
		keep_soon(r->all, 0);
		return;
	}
	keep_soon(r->all, KEEP_MS);
	d->relay = r;
	if (open_id)
		ask_drop(d, open_id);
	else
		ask_open(d);
}

void
relay_drops_forgive(struct relays *all, const struct user_id *who)
{
	LIST_EACH(d, &all->drops, struct drop, in_all) {
		if (!user_id_equal(&d->who, who))
			continue;
		forget(d);
		keep_soon(all, 0);
	}
}
