#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "log.h"

enum {
	LEGS_MAX = 4,
	MOVED_MS = 5000,		/* round trips are told this often */
	CARDS_MAX = 20,			/* read in CARDS_MS */
	CARDS_MS = 60000
};

struct session {
	struct session_setup setup;
	struct leg legs[LEGS_MAX];
	struct leg *best;		/* NULL: down */
	uint64_t n_adopted;
	bool owes_down, was_clean;	/* on_down is to be told */
	enum path told_path;
	int64_t told_rtt_us, told_ms;
	bool was_used;			/* frames went, at used_ms */
	int64_t used_ms;
	int64_t cards_ms;		/* n_cards came since */
	unsigned n_cards;
	struct session_change history[SESSION_HISTORY];
	size_t n_changes;		/* ever; the newest is the last */
};

static const struct link_events leg_events;

static int64_t
now_ms(const struct session *s)
{
	return loop_now_ms(s->setup.loop);
}

static void
wake(struct session *s, int64_t ms)
{
	s->setup.wake(s->setup.owner, ms);
}

/* ---- which link is best ------------------------------------------------ */

/* p2ptui-protocol(7), LINKS: of two, the one the smaller id began. */
static bool
is_preferred(const struct leg *l)
{
	return l->link->initiator == l->session->setup.i_am_smaller;
}

/* A link that was proven just now beats one that may be half-open: who comes
 * anew may have lost the old one without a word. */
static bool
is_better(const struct leg *a, const struct leg *b)
{
	if (a->is_suspect != b->is_suspect)
		return b->is_suspect;
	if (a->link->path != b->link->path)
		return a->link->path < b->link->path;
	if (a->is_rival != b->is_rival)
		return b->is_rival;
	if (is_preferred(a) != is_preferred(b))
		return is_preferred(a);
	return a->order > b->order;
}

static void
tell_moved(struct session *s)
{
	const struct leg *b = s->best;
	int64_t was = s->told_rtt_us, is = b->rtt_us;
	bool far = was < 0 || is > was + was / 2 || is < was - was / 3;
	bool fresh = was < 0 || b->n_pongs < LEG_FIRST_PONGS;

	if (b->link->path == s->told_path &&
	    (is < 0 || !far || (!fresh && now_ms(s) - s->told_ms < MOVED_MS)))
		return;
	s->told_path = b->link->path;
	s->told_rtt_us = is;
	s->told_ms = now_ms(s);
	s->setup.chat->on_moved(s->setup.chat->chat, &s->setup.id,
	    s->told_path, is);
}

static void
note(struct session *s, const char *why)
{
	struct session_change *c =
	    &s->history[s->n_changes++ % SESSION_HISTORY];

	c->wall_ms = loop_wall_ms(s->setup.loop);
	c->path = session_path(s);
	c->why = why;
}

/* What is not the best is read on for a while; what is under suspicion has
 * its own end, and may come back. */
static void
retire(struct session *s)
{
	for (int i = 0; i < LEGS_MAX; i++) {
		struct leg *l = &s->legs[i];

		if (l == s->best || l->is_suspect)
			l->retired_ms = 0;
		else if (l->link && l->retired_ms == 0)
			l->retired_ms = now_ms(s);
	}
}

/* Only this assigns `best`.  True: it is another one now. */
static bool
choose(struct session *s, const char *why)
{
	const struct leg *was = s->best;
	struct leg *best = NULL;

	for (int i = 0; i < LEGS_MAX; i++) {
		struct leg *l = &s->legs[i];

		if (l->link && (!best || is_better(l, best)))
			best = l;
	}
	s->best = best;
	retire(s);
	if (best == was)
		return false;
	note(s, why);
	return true;
}

/* Another link carries on: what the last one had may be lost. */
static void
say_again(struct session *s)
{
	const struct carrier_events *chat = s->setup.chat;

	log_debug("session: goes on by %s", s->best->link->where);
	if (chat->on_again)
		chat->on_again(chat->chat, &s->setup.id);
	tell_moved(s);
	s->setup.on_moved(s->setup.owner);
}

static void
clear(struct leg *l)
{
	link_free(l->link);
	l->link = NULL;
	l->is_suspect = false;
}

/* After a link ended: on to the next, or down. */
static void
carry_on(struct session *s, bool clean, const char *why)
{
	bool is_other = choose(s, why);

	if (s->best) {
		if (is_other)
			say_again(s);
		return;
	}
	s->owes_down = true;
	s->was_clean = clean;
	wake(s, 0);
}

/* In a turn of its own: session_drop may be chat's own call. */
static void
tell_down(struct session *s)
{
	if (!s->owes_down)
		return;
	s->owes_down = false;
	s->told_path = PATH_NONE;
	s->told_rtt_us = -1;
	s->setup.chat->on_down(s->setup.chat->chat, &s->setup.id);
	s->setup.on_down(s->setup.owner, s->was_clean);
}

/* ---- life and death ---------------------------------------------------- */

static void
heard(struct leg *l)
{
	struct session *s = l->session;

	if (leg_heard(l) && choose(s, "it answers again"))
		say_again(s);
}

static void
on_pong(struct leg *l, const uint8_t *body, size_t len)
{
	struct session *s = l->session;

	if (!leg_pong(l, body, len))
		return;
	if (l == s->best)
		tell_moved(s);
	if (l->n_pongs < LEG_FIRST_PONGS)
		wake(s, LEG_FIRST_PING_MS);
	else if (l == s->best)
		s->setup.on_moved(s->setup.owner);
}

void
session_probe(struct session *s)
{
	for (int i = 0; i < LEGS_MAX; i++) {
		if (!s->legs[i].link)
			continue;
		leg_hurry(&s->legs[i]);
		wake(s, LEG_FIRST_MS / 2);
	}
}

static bool
is_used(const struct session *s)
{
	return s->was_used && now_ms(s) - s->used_ms < LEG_USED_MS;
}

/* Words went over it, this way or that: heartbeats begin. */
static void
note_use(struct session *s)
{
	if (!is_used(s))
		wake(s, LEG_BEAT_MS);
	s->was_used = true;
	s->used_ms = now_ms(s);
}

static bool
has_other(const struct leg *l)
{
	const struct session *s = l->session;

	for (int i = 0; i < LEGS_MAX; i++) {
		const struct leg *o = &s->legs[i];

		if (o != l && o->link && !o->is_suspect)
			return true;
	}
	return false;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

/* The smaller id closes; the other one only if that fails. */
static int64_t
retired_left(const struct leg *l)
{
	const struct session *s = l->session;
	bool is_standby = l->link->path == PATH_RELAY && s->best &&
	    s->best->link->path != PATH_RELAY;
	int64_t ms = is_standby ? SESSION_STANDBY_MS : SESSION_MOVE_MS;

	return l->retired_ms + ms * (s->setup.i_am_smaller ? 1 : 2) -
	    now_ms(s);
}

/* How long until the next step of a leg; does those that are due.  -1: it
 * is gone. */
static int64_t
sweep_leg(struct leg *l)
{
	struct session *s = l->session;
	int64_t left = -1, next = -1;

	if (l->retired_ms) {
		left = retired_left(l);
		if (left <= 0) {
			link_close(l->link, CLOSE_REPLACED);
			clear(l);
			return -1;
		}
	}
	switch (leg_sweep(l, is_used(s), has_other(l), &next)) {
	case LEG_FINE:
		break;
	case LEG_DOUBT:
		if (l == s->best)
			s->setup.on_doubt(s->setup.owner);
		break;
	case LEG_SUSPECT:
		log_info("session: %s is silent", l->link->where);
		if (choose(s, "the other way was silent"))
			say_again(s);
		else if (l == s->best)
			s->setup.on_doubt(s->setup.owner);
		break;
	case LEG_DEAD:
		log_info("session: %s does not answer any more",
		    l->link->where);
		clear(l);
		if (l == s->best)
			carry_on(s, false, "it did not answer any more");
		return -1;
	}
	return sooner(left, next);
}

int64_t
session_sweep(struct session *s)
{
	int64_t next = -1;

	tell_down(s);
	for (int i = 0; i < LEGS_MAX; i++) {
		if (s->legs[i].link)
			next = sooner(next, sweep_leg(&s->legs[i]));
	}
	tell_down(s);
	return next;
}

/* ---- what comes -------------------------------------------------------- */

static void
end_leg(struct leg *l, enum close_reason reason)
{
	struct session *s = l->session;

	link_close(l->link, (uint8_t)reason);
	clear(l);
	carry_on(s, true, "it was ended");
}

/* Frames stand back to back in a record. */
static void
on_frames(struct leg *l, const uint8_t *p, size_t len)
{
	struct session *s = l->session;
	const struct carrier_events *chat = s->setup.chat;
	struct link *link = l->link;

	while (len > 0) {
		size_t n = chan_frame_len(p, len);
		enum heard h = FRAME_MALFORMED;

		if (n > 0)
			h = chat->on_heard(chat->chat, &s->setup.id, p, n);
		/* chat may have dropped us meanwhile. */
		if (l->link != link)
			return;
		if (h == FRAME_UNWELCOME) {
			session_drop(s, CLOSE_UNWANTED);
			return;
		}
		if (h == FRAME_MALFORMED) {
			log_info("session: %s sent what is no frame",
			    link->where);
			end_leg(l, CLOSE_UNWANTED);
			return;
		}
		p += n;
		len -= n;
	}
}

/* A card on a standing link: a new name.  Whoever sends many is not heard
 * beyond some a minute, because each costs a signature check. */
static void
on_card(struct session *s, const uint8_t *body, size_t len)
{
	int64_t now = now_ms(s);
	struct card card;
	struct user_id id;

	if (now - s->cards_ms >= CARDS_MS) {
		s->cards_ms = now;
		s->n_cards = 0;
	}
	if (s->n_cards++ >= CARDS_MAX || card_read(&card, body, len) != 0)
		return;
	user_id_of(&id, &card.keys);
	if (user_id_equal(&id, &s->setup.id))
		s->setup.chat->on_card(s->setup.chat->chat, &card);
}

static void
on_record(void *owner, struct link *link, enum record kind,
    const uint8_t *body, size_t len)
{
	struct leg *l = owner;

	heard(l);
	/* Who hears of a change may end it. */
	if (l->link != link)
		return;
	switch (kind) {
	case RECORD_FRAME:
		note_use(l->session);
		on_frames(l, body, len);
		break;
	case RECORD_PING:
		/* An answer wants no answer: not counted as sent. */
		if (len == LEG_PING_LEN)
			link_send(link, RECORD_PONG, body, len);
		break;
	case RECORD_PONG:
		on_pong(l, body, len);
		break;
	case RECORD_CARD:
		on_card(l->session, body, len);
		break;
	case RECORD_PATHS:
		l->session->setup.on_paths(l->session->setup.owner, body, len);
		break;
	case RECORD_CHUNK:
	case RECORD_CLOSE:
		break;			/* not for us, or seen already */
	}
}

static void
on_proven(void *owner, struct link *link)
{
	(void)owner;
	(void)link;
}

static void
on_room(void *owner, struct link *link)
{
	struct leg *l = owner;
	struct session *s = l->session;

	(void)link;
	if (l == s->best)
		s->setup.chat->on_room(s->setup.chat->chat, &s->setup.id);
}

static void
on_closed(void *owner, struct link *link, bool clean, const char *why)
{
	struct leg *l = owner;

	log_debug("session: %s: %s", link->where, why);
	clear(l);
	if (l == l->session->best)
		carry_on(l->session, clean, clean ? "the other side ended it" :
		    "it was interrupted");
}

static const struct link_events leg_events = {
	.on_proven = on_proven,
	.on_record = on_record,
	.on_room = on_room,
	.on_closed = on_closed
};

/* ---- links come and go ------------------------------------------------- */

/* A free place, or that of the worst. */
static struct leg *
find_place(struct session *s)
{
	struct leg *worst = NULL;

	for (int i = 0; i < LEGS_MAX; i++) {
		struct leg *l = &s->legs[i];

		if (!l->link)
			return l;
		if (!worst || is_better(worst, l))
			worst = l;
	}
	link_close(worst->link, CLOSE_REPLACED);
	clear(worst);
	return worst;
}

/* The others of its kind may be half-open; those of another kind are asked,
 * since somebody who restarted may have come by this one only. */
static void
ask_others(struct session *s, const struct leg *fresh)
{
	const enum path path = fresh->link->path;

	for (int i = 0; i < LEGS_MAX; i++) {
		struct leg *l = &s->legs[i];

		if (!l->link || l == fresh)
			continue;
		if (!l->unanswered_ms || !l->pinged)
			leg_ping(l);
		if (!l->link || l->link->path != path)
			continue;
		l->is_rival = true;
		l->hurried = true;
	}
}

void
session_adopt(struct session *s, struct link *link, const struct card *card,
    const char *where, bool typed)
{
	bool was_up = s->best != NULL;
	struct leg *l = find_place(s);

	tell_down(s);
	leg_init(l, s->setup.loop, link);
	l->session = s;
	l->order = ++s->n_adopted;
	snprintf(l->where, sizeof(l->where), "%s", where);
	link->events = &leg_events;
	link->owner = l;
	ask_others(s, l);
	choose(s, was_up ? "a better way was found" : "it was reached");
	leg_ping(l);
	wake(s, LEG_FIRST_MS / 2);
	/* Said again for somebody who was typed: it is the answer.  And when
	 * this one takes over, because the other may have lost what it had:
	 * chat says again what nobody acknowledged. */
	if (!was_up || typed || s->best == l) {
		s->told_path = s->best->link->path;
		s->told_rtt_us = s->best->rtt_us;
		s->setup.chat->on_up(s->setup.chat->chat, card, s->told_path,
		    s->told_rtt_us, l->where, typed);
	} else {
		tell_moved(s);
	}
	s->setup.on_moved(s->setup.owner);
}

void
session_drop(struct session *s, enum close_reason reason)
{
	bool was_up = s->best != NULL;

	for (int i = 0; i < LEGS_MAX; i++) {
		if (!s->legs[i].link)
			continue;
		link_close(s->legs[i].link, (uint8_t)reason);
		clear(&s->legs[i]);
	}
	if (was_up)
		carry_on(s, true, "it was ended here");
}

int
session_send(struct session *s, enum record kind, const void *body, size_t len)
{
	struct leg *l = s->best;
	bool is_words = kind == RECORD_FRAME || kind == RECORD_CHUNK;

	if (!l || link_send(l->link, kind, body, len) != 0)
		return -1;
	if (is_words)
		note_use(s);
	if (leg_sent(l, is_words))
		wake(s, LEG_FIRST_MS / 2);
	return 0;
}

size_t
session_room(const struct session *s)
{
	return s->best ? link_room(s->best->link) : 0;
}

bool
session_is_up(const struct session *s)
{
	return s->best != NULL;
}

enum path
session_path(const struct session *s)
{
	return s->best ? s->best->link->path : PATH_NONE;
}

int64_t
session_rtt_us(const struct session *s)
{
	return s->best ? s->best->rtt_us : -1;
}

const char *
session_where(const struct session *s)
{
	return s->best ? s->best->link->where : "";
}

bool
session_has(const struct session *s, enum path path)
{
	for (int i = 0; i < LEGS_MAX; i++) {
		const struct leg *l = &s->legs[i];

		if (l->link && l->link->path == path && !l->is_suspect)
			return true;
	}
	return false;
}

bool
session_history(const struct session *s, size_t i,
    struct session_change *out)
{
	if (i >= s->n_changes || i >= SESSION_HISTORY)
		return false;
	*out = s->history[(s->n_changes - 1 - i) % SESSION_HISTORY];
	return true;
}

struct session *
session_new(const struct session_setup *setup)
{
	struct session *s = mem_new(sizeof(*s));

	s->setup = *setup;
	s->told_rtt_us = -1;
	return s;
}

void
session_free(struct session *s)
{
	if (!s)
		return;
	for (int i = 0; i < LEGS_MAX; i++)
		clear(&s->legs[i]);
	free(s);
}
