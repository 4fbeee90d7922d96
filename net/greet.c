#include "greet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dial.h"
#include "log.h"

struct greet {
	struct greets *all;
	struct list in_all;
	struct link *link;
	struct addr source;		/* of an accepted one, but no pipe */
	bool accepted, is_pipe, typed, has_expect;
	struct pubkeys expect;
	char where[DIAL_WHERE];
	struct timer deadline;
};

struct greets {
	struct greet_setup setup;
	struct loop *loop;
	struct list list;
	size_t n_accepted;
	bool told_key;			/* of a contact's, with another */
};

static const struct link_events greet_events;

/* Without the link, which went on or was freed. */
static void
forget(struct greet *g)
{
	if (g->accepted)
		g->all->n_accepted--;
	list_remove(&g->in_all);
	timer_stop(&g->deadline);
	free(g);
}

static void
drop(struct greet *g, const char *why)
{
	log_debug("greet: %s: %s", g->where, why);
	if (g->typed) {
		struct err e = { 0 };

		err_set(&e, STATUS_UNAVAILABLE, "no link to %s: %s", g->where,
		    why);
		g->all->setup.failed(g->all->setup.ctx, &e);
	}
	link_free(g->link);
	forget(g);
}

static void
on_deadline(void *arg)
{
	drop(arg, "said nothing of itself in time");
}

static void
send_card(struct greet *g)
{
	const struct carrier_events *chat = g->all->setup.chat;
	struct buf card;

	buf_init(&card);
	chat->card(chat->chat, &card);
	link_send(g->link, RECORD_CARD, card.at, card.len);
	buf_clear(&card);
}

static void
on_proven(void *owner, struct link *l)
{
	(void)l;
	send_card(owner);
}

/* The keys are those we know, where we know any.  False: dropped. */
static bool
is_who_it_should_be(struct greet *g, const struct card *card)
{
	const struct carrier_events *chat = g->all->setup.chat;
	struct pubkeys pinned = { 0 };
	enum welcome w;

	if (memcmp(card->keys.x, link_remote(g->link), KEY_LEN) != 0) {
		drop(g, "its card names another key");
		return false;
	}
	if (g->has_expect && !keys_equal(&card->keys, &g->expect)) {
		drop(g, "its card is somebody else's");
		return false;
	}
	w = chat->welcome(chat->chat, card->keys.x, &pinned);
	if (w == WELCOME_NOT) {
		drop(g, "not welcome");
		return false;
	}
	if (w == WELCOME_CONTACT && !keys_equal(&card->keys, &pinned)) {
		if (!g->all->told_key)
			chat->notice(chat->chat, "somebody came with a "
			    "contact's key and another signing key; the link "
			    "was refused");
		g->all->told_key = true;
		drop(g, "its signing key is not the pinned one");
		return false;
	}
	return true;
}

static void
on_record(void *owner, struct link *l, enum record kind, const uint8_t *body,
    size_t len)
{
	struct greet *g = owner;
	const struct greet_setup *setup = &g->all->setup;
	const struct card *card;
	struct card read;

	if (kind != RECORD_CARD) {
		drop(g, "the first record is no card");
		return;
	}
	card = setup->known(setup->ctx, link_remote(l), body, len);
	if (!card) {
		if (card_read(&read, body, len) != 0) {
			drop(g, "its card is not one");
			return;
		}
		card = &read;
	}
	if (!is_who_it_should_be(g, card))
		return;
	g->link = NULL;
	setup->greeted(setup->ctx, l, card, body, len, g->where, g->typed);
	forget(g);
}

static void
on_closed(void *owner, struct link *l, bool clean, const char *why)
{
	(void)l;
	(void)clean;
	drop(owner, why);
}

static const struct link_events greet_events = {
	.on_proven = on_proven,
	.on_record = on_record,
	.on_room = link_ignore,
	.on_closed = on_closed
};

static struct greet *
new_greet(struct greets *all, struct link *l, const char *where)
{
	struct greet *g = mem_new(sizeof(*g));

	g->all = all;
	g->link = l;
	snprintf(g->where, sizeof(g->where), "%s", where);
	list_append(&all->list, &g->in_all);
	timer_init(&g->deadline, all->loop, on_deadline, g);
	timer_set(&g->deadline, GREET_MS);
	l->events = &greet_events;
	l->owner = g;
	return g;
}

/* Makes a place: of the same source if that has too many, or the oldest. */
static void
make_place(struct greets *all, const struct addr *source)
{
	struct greet *oldest = NULL, *same = NULL;
	size_t n_same = 0;

	LIST_EACH(g, &all->list, struct greet, in_all) {
		if (!g->accepted)
			continue;
		if (!oldest)
			oldest = g;
		if (!source || g->is_pipe || !addr_same_ip(&g->source, source))
			continue;
		if (!same)
			same = g;
		n_same++;
	}
	if (same && n_same >= GREET_SOURCE_MAX)
		drop(same, "too many of one source");
	else if (oldest && all->n_accepted >= GREET_MAX)
		drop(oldest, "too many at once");
}

static struct greet *
new_accepted(struct greets *all, struct link *l, const struct addr *source)
{
	struct greet *g;

	make_place(all, source);
	g = new_greet(all, l, l->where);
	g->accepted = true;
	if (source)
		g->source = *source;
	else
		g->is_pipe = true;
	all->n_accepted++;
	return g;
}

void
greet_accepted(struct greets *all, struct stream *s)
{
	struct addr source = addr_source(stream_peer(s));
	bool is_pipe = stream_is_pipe(s);
	struct link *l = chan_accept(all->setup.room, s);

	/* All pipes come from the relay, and only those who know a meeting
	 * id of ours can call. */
	if (is_pipe)
		l->path = PATH_RELAY;
	new_accepted(all, l, is_pipe ? NULL : &source);
}

void
greet_accepted_link(struct greets *all, struct link *l)
{
	struct addr at = { 0 }, source;

	addr_parse(&at, l->where);
	source = addr_source(&at);
	send_card(new_accepted(all, l, &source));
}

void
greet_dialled(struct greets *all, struct link *l,
    const struct pubkeys *expect, const char *where, bool typed)
{
	struct greet *g = new_greet(all, l, where);

	g->typed = typed;
	if (expect) {
		g->has_expect = true;
		g->expect = *expect;
	}
	send_card(g);
}

struct greets *
greets_new(const struct greet_setup *setup)
{
	struct greets *g = mem_new(sizeof(*g));

	g->setup = *setup;
	g->loop = setup->room->streams->loop;
	list_init(&g->list);
	return g;
}

void
greets_free(struct greets *all)
{
	if (!all)
		return;
	LIST_EACH(g, &all->list, struct greet, in_all) {
		link_free(g->link);
		forget(g);
	}
	free(all);
}
