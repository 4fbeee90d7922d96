#include "relay-own.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

enum { RETRY_MS = 60000 };

/* A mailbox of mine at one relay. */
struct queue {
	struct relay_ask ask;		/* first: see on_opened */
	struct relay *relay;
	struct list in_todo;
	bool is_for_all;		/* the one of requests */
	struct user_id who;
	uint8_t id[QUEUE_ID];
	bool is_open;
	struct list letters;
	size_t n_letters;
};

/* One that chat has and did not take yet.  Only its name is kept. */
struct letter {
	struct list in_queue;
	struct queue *queue;
	uint64_t name;
	uint64_t number;		/* at the relay */
};

/* ---- letters ----------------------------------------------------------- */

static void
forget_letter(struct letter *t)
{
	map_remove(t->queue->relay->all->letters, &t->name);
	list_remove(&t->in_queue);
	t->queue->n_letters--;
	free(t);
}

static void
forget_letters(struct queue *q)
{
	LIST_EACH(t, &q->letters, struct letter, in_queue)
		forget_letter(t);
}

/* Told already, in this connection: a relay that was asked to open a queue
 * once more may say everything again. */
static bool
is_told(const struct queue *q, uint64_t number)
{
	LIST_EACH(t, &q->letters, struct letter, in_queue) {
		if (t->number == number)
			return true;
	}
	return false;
}

static void
delete_letter(const struct queue *q, uint64_t number)
{
	uint8_t p[8];

	put_u64(p, number);
	relay_say(q->relay, &(struct relay_msg){
	    .op = OP_DELETE, .queue = q->id, .p = p, .len = sizeof(p) });
}

bool
relay_mail_letter(struct relay *r, const struct relay_msg *m)
{
	const struct carrier_events *chat = r->all->setup.chat;
	struct queue *q = map_get(r->queues, m->queue);
	struct letter *t;

	if (!q || (q->ask.tag == 0 && !q->is_open))
		return true;		/* nothing I asked for */
	if (is_told(q, m->number))
		return true;
	/* Nothing for chat, and if it stayed, others would not come. */
	if (m->len == 0 || m->len > LETTER_MAX) {
		delete_letter(q, m->number);
		return true;
	}
	/* It was to stop long before, until some are deleted. */
	if (q->n_letters >= RELAY_UNTAKEN_MAX) {
		log_debug("relay: %zu letters of a mailbox, and it does not "
		    "wait", q->n_letters);
		return false;
	}
	t = mem_new(sizeof(*t));
	t->queue = q;
	t->name = ++r->all->last_letter;
	t->number = m->number;
	list_append(&q->letters, &t->in_queue);
	q->n_letters++;
	map_put(r->all->letters, &t->name, t);
	chat->on_letter(chat->chat, t->name, q->is_for_all ? NULL : &q->who,
	    m->p, m->len);
	return true;
}

void
relays_took(struct relays *all, uint64_t letter)
{
	struct letter *t = map_get(all->letters, &letter);

	/* Its connection went: it comes again, and is known then. */
	if (!t)
		return;
	delete_letter(t->queue, t->number);
	forget_letter(t);
}

bool
relay_mail_is_untaken(const struct relay *r)
{
	const void *key;
	void *value;

	for (size_t at = 0; map_next(r->queues, &at, &key, &value);) {
		const struct queue *q = value;

		if (q->n_letters > 0)
			return true;
	}
	return false;
}

/* ---- queues ------------------------------------------------------------ */

static const struct user_id *
owner_of(const struct queue *q)
{
	return q->is_for_all ? NULL : &q->who;
}

static void
work_soon(struct relay *r, int64_t ms)
{
	if (relay_is_up(r) && !timer_is_set(&r->work))
		timer_set(&r->work, ms);
}

static void
add_todo(struct queue *q)
{
	if (list_is_empty(&q->in_todo))
		list_append(&q->relay->todo, &q->in_todo);
}

static void
on_opened(struct relay_ask *a, const struct relay_msg *m)
{
	struct queue *q = (struct queue *)(void *)a;
	struct relay *r = q->relay;

	if (!m)
		return;
	if (m->op == OP_DONE && m->value == RELAY_OK) {
		q->is_open = true;
		return;
	}
	log_info("relay: a mailbox was refused (%u)", (unsigned)m->value);
	if (m->value == RELAY_DENIED)
		relay_denied(r);
	add_todo(q);
	work_soon(r, RETRY_MS);
}

static void
open_queue(struct queue *q)
{
	struct relay *r = q->relay;
	uint8_t hash[32], sig[SIG_LEN];
	struct queue_key k;
	struct relay_msg m = {
		.op = OP_OPEN, .key = k.public, .token = hash, .sig = sig
	};

	queue_key_of(&k, r->all->setup.id, r->route.key, owner_of(q));
	queue_token_hash(hash, k.token);
	queue_auth_sign(&k, relay_link_hash(r->link), sig);
	relay_forget(r, &q->ask);
	relay_ask(r, &q->ask, &m);
	queue_key_clear(&k);
}

/* A slice: each queue is a key pair and a signature. */
static void
on_work(void *arg)
{
	struct relay *r = arg;
	struct person *meet[RELAY_SLICE], *p;
	size_t n = 0;
	struct queue *q;

	for (size_t i = 0; i < RELAY_SLICE &&
	    (q = LIST_FIRST(&r->todo, struct queue, in_todo)); i++) {
		list_remove(&q->in_todo);
		open_queue(q);
		p = q->is_for_all ? NULL : person_find(r->all, &q->who);
		if (p)
			meet[n++] = p;
	}
	relay_meet_at(r, meet, n);
	if (!list_is_empty(&r->todo))
		work_soon(r, 0);
}

static void
add_queue(struct relay *r, const struct user_id *who)
{
	struct queue *q;
	struct queue_key k;

	queue_key_of(&k, r->all->setup.id, r->route.key, who);
	q = map_get(r->queues, k.id);
	if (!q) {
		q = mem_new(sizeof(*q));
		q->relay = r;
		q->ask.answered = on_opened;
		q->is_for_all = !who;
		if (who)
			q->who = *who;
		memcpy(q->id, k.id, QUEUE_ID);
		list_init(&q->in_todo);
		list_init(&q->letters);
		map_put(r->queues, q->id, q);
	}
	queue_key_clear(&k);
	add_todo(q);
}

static void
forget_queue(struct queue *q)
{
	forget_letters(q);
	relay_forget(q->relay, &q->ask);
	list_remove(&q->in_todo);
	map_remove(q->relay->queues, q->id);
	free(q);
}

void
relay_mail_want(struct relays *all, const struct person *p)
{
	LIST_EACH(r, &all->list, struct relay, in_all) {
		if (!r->is_mine || !relay_is_up(r))
			continue;
		add_queue(r, &p->id);
		work_soon(r, 0);
	}
}

void
relay_mail_unwant(struct relays *all, const struct person *p)
{
	struct queue_key k;
	struct queue *q;

	LIST_EACH(r, &all->list, struct relay, in_all) {
		if (!r->is_mine)
			continue;
		q = NULL;
		if (r->route.has_key) {
			queue_key_of(&k, all->setup.id, r->route.key, &p->id);
			q = map_get(r->queues, k.id);
			queue_key_clear(&k);
		}
		relay_drops_owe(r, &p->id, q && q->is_open ? q->id : NULL);
		if (q)
			forget_queue(q);
	}
}

void
relay_mail_day(struct relays *all)
{
	const void *key;
	void *value;

	LIST_EACH(r, &all->list, struct relay, in_all) {
		for (size_t at = 0; map_next(r->queues, &at, &key, &value);)
			add_todo(value);
		if (!list_is_empty(&r->todo))
			work_soon(r, 0);
	}
}

void
relays_my_routes(const struct relays *all, const struct user_id *who,
    struct routes *out)
{
	out->n = 0;
	LIST_EACH(r, &all->list, struct relay, in_all) {
		struct route place = r->route;
		struct queue_key k;

		if (!r->is_mine || !r->route.has_key || out->n == ROUTES_MAX)
			continue;
		queue_key_of(&k, all->setup.id, r->route.key, who);
		memcpy(place.queue, k.id, QUEUE_ID);
		memcpy(place.token, k.token, QUEUE_TOKEN_LEN);
		queue_key_clear(&k);
		place.has_place = true;
		route_format(&place, out->at[out->n++]);
	}
}

/* ---- the connection ---------------------------------------------------- */

void
relay_mail_init(struct relay *r)
{
	list_init(&r->todo);
	timer_init(&r->work, r->all->loop, on_work, r);
}

void
relay_mail_up(struct relay *r)
{
	if (!r->is_mine)
		return;
	add_queue(r, NULL);
	LIST_EACH(p, &r->all->people, struct person, in_all) {
		if (p->wanted)
			add_queue(r, &p->id);
	}
	work_soon(r, 0);
}

/* What was not taken comes again with the next connection. */
void
relay_mail_lost(struct relay *r)
{
	const void *key;
	void *value;

	timer_stop(&r->work);
	for (size_t at = 0; map_next(r->queues, &at, &key, &value);) {
		struct queue *q = value;

		forget_letters(q);
		list_remove(&q->in_todo);
		q->is_open = false;
	}
}

void
relay_mail_clear(struct relay *r)
{
	const void *key;
	void *value;

	timer_stop(&r->work);
	for (size_t at = 0; map_next(r->queues, &at, &key, &value);)
		forget_queue(value);
}
