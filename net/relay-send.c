#include "relay-own.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

/* A letter on its way to the first of its addressee's relays that takes
 * it. */
struct upload {
	struct relay_ask ask;		/* first: see on_answer */
	struct relays *all;
	struct list in_all;
	struct user_id to;
	uint8_t id[UPLOAD_ID];
	uint8_t *letter;
	size_t len;
	struct route places[ROUTES_MAX];
	size_t n, next;
	struct relay *relay;		/* where it is tried; NULL: nowhere */
	bool was_full, was_trouble, was_denied, was_limit;
	bool was_no_queue, was_else;
	bool was_sent;			/* some relay was given it */
	struct timer timer;		/* begins, then moves on */
};

static void
leave(struct upload *u)
{
	if (!u->relay)
		return;
	relay_forget(u->relay, &u->ask);
	relay_used(u->relay);
	u->relay = NULL;
}

static void
forget(struct upload *u)
{
	leave(u);
	timer_stop(&u->timer);
	list_remove(&u->in_all);
	u->all->n_uploads--;
	free(u->letter);
	free(u);
}

static void
tell(struct upload *u, enum left what)
{
	struct relays *all = u->all;
	const struct carrier_events *chat = all->setup.chat;
	struct user_id to = u->to;
	uint8_t id[UPLOAD_ID];

	memcpy(id, u->id, sizeof(id));
	forget(u);
	chat->on_left(chat->chat, &to, id, what);
	if (!all->refused_one)
		return;
	all->refused_one = false;
	chat->on_relays(chat->chat);
}

static void
send_letter(struct upload *u)
{
	const struct route *place = &u->places[u->next - 1];
	struct relay_msg m = {
		.op = OP_SEND, .queue = place->queue, .token = place->token,
		.upload = u->id, .p = u->letter, .len = u->len
	};

	if (u->ask.tag != 0 || !relay_is_up(u->relay) ||
	    relay_link_room(u->relay->link) == 0)
		return;
	if (relay_ask(u->relay, &u->ask, &m) == 0)
		u->was_sent = true;
	relay_used(u->relay);
}

static void
give_up(struct upload *u)
{
	log_debug("relay: a letter found no place, of %zu", u->n);
	/* What a person can do something about goes first. */
	if (u->was_full)
		tell(u, LEFT_FULL);
	else if (u->was_denied)
		tell(u, LEFT_DENIED);
	else if (u->was_trouble)
		tell(u, LEFT_TROUBLE);
	else if (u->was_limit)
		tell(u, LEFT_LIMIT);
	else if (u->was_else || !u->was_no_queue)
		tell(u, u->n == 0 ? LEFT_NO_PLACE : u->was_sent ?
		    LEFT_LATER : LEFT_UNSENT);
	else
		tell(u, LEFT_NO_PLACE);
}

/* The same upload id at the next relay: should the first one have stored it
 * after all, the addressee's numbers tell that it is the same. */
static void
try_next(struct upload *u)
{
	leave(u);
	while (u->next < u->n) {
		struct relay *r = relay_at(u->all, &u->places[u->next++]);

		if (!r) {
			u->was_else = true;
			continue;
		}
		u->relay = r;
		relay_used(r);
		relay_link_hurry(r->link);
		timer_set(&u->timer, RELAY_TRIES_MS);
		send_letter(u);
		return;
	}
	give_up(u);
}

static void
on_timer(void *arg)
{
	struct upload *u = arg;

	if (u->relay)
		u->was_else = true;	/* it does not answer */
	try_next(u);
}

static void
note_refusal(struct upload *u, uint32_t status)
{
	switch (status) {
	case RELAY_FULL:
		u->was_full = true;
		break;
	case RELAY_NO_QUEUE:
		u->was_no_queue = true;
		break;
	case RELAY_DENIED:
		u->was_denied = true;
		break;
	case RELAY_TROUBLE:
		u->was_trouble = true;
		break;
	case RELAY_LIMIT:
		u->was_limit = true;
		break;
	default:
		u->was_else = true;
	}
}

static void
on_answer(struct relay_ask *a, const struct relay_msg *m)
{
	struct upload *u = (struct upload *)(void *)a;

	/* The link went; it may be back before the time is over. */
	if (!m) {
		if (u->next < u->n) {
			u->was_else = true;
			timer_set(&u->timer, 0);
		}
		return;
	}
	if (m->op == OP_DONE && m->value == RELAY_OK) {
		tell(u, LEFT_STORED);
		return;
	}
	log_debug("relay: %s did not take a letter: %u",
	    u->relay->where, (unsigned)m->value);
	note_refusal(u, m->op == OP_DONE ? m->value : RELAY_STATUSES);
	try_next(u);
}

/* Relays that are up come first, each kind in the order of their owner. */
static void
choose_places(struct upload *u, const struct person *p)
{
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; p && i < p->n_places; i++) {
			const struct route *place = &p->places[i];
			struct relay *r = relay_find(u->all, place);
			bool is_up = r && relay_is_up(r);

			if (place->has_place && is_up == (pass == 0))
				u->places[u->n++] = *place;
		}
	}
}

int
relays_leave(struct relays *all, const struct user_id *to,
    const uint8_t upload[UPLOAD_LEN], const void *letter, size_t len)
{
	struct upload *u;

	assert(len > 0 && len <= LETTER_MAX);
	if (all->n_uploads >= RELAY_LETTERS_MAX) {
		all->refused_one = true;
		return -1;
	}
	u = mem_new(sizeof(*u));
	u->ask.answered = on_answer;
	u->all = all;
	u->to = *to;
	memcpy(u->id, upload, UPLOAD_ID);
	u->letter = mem_copy(letter, len);
	u->len = len;
	choose_places(u, person_find(all, to));
	list_append(&all->uploads, &u->in_all);
	all->n_uploads++;
	timer_init(&u->timer, all->loop, on_timer, u);
	/* on_left comes in a later turn, whatever it is. */
	timer_set(&u->timer, 0);
	return 0;
}

void
relay_sends_pump(struct relay *r)
{
	LIST_EACH(u, &r->all->uploads, struct upload, in_all) {
		if (u->relay == r)
			send_letter(u);
	}
}

void
relay_sends_lost(struct relay *r)
{
	LIST_EACH(u, &r->all->uploads, struct upload, in_all) {
		if (u->relay != r)
			continue;
		leave(u);
		u->was_else = true;
		timer_set(&u->timer, 0);
	}
}

bool
relay_sends_use(const struct relay *r)
{
	LIST_EACH(u, &r->all->uploads, struct upload, in_all) {
		if (u->relay == r)
			return true;
	}
	return false;
}

void
relay_sends_clear(struct relays *all)
{
	LIST_EACH(u, &all->uploads, struct upload, in_all)
		forget(u);
}
