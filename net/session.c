#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chan.h"
#include "log.h"

enum {
	LEGS_MAX = 4,
	PING_LEN = 8,
	MOVED_MS = 5000,		/* round trips are told this often */
	FIRST_PONGS = 3,		/* until the round trip is believed */
	FIRST_PING_MS = 300,		/* silence between those */
	CARDS_MAX = 20,			/* read in CARDS_MS */
	CARDS_MS = 60000
};

/* One link. */
struct leg {
	struct session *session;
	struct link *link;		/* NULL: a free place */
	uint64_t order;			/* of adoption */
	int64_t heard_ms;
	int64_t unanswered_ms;		/* first byte since then; 0: none */
	int64_t dead_ms;		/* patience with the unanswered */
	bool pinged;			/* since unanswered_ms */
	int64_t ping_us;		/* when, and what the ping says; 0 */
	int64_t rtt_us;			/* smoothed; -1: unknown */
	unsigned n_pongs;		/* counts to FIRST_PONGS */
	int64_t retired_ms;		/* 0: in use */
	bool is_doubtful;		/* not heard since a rival came */
	char where[80];
};

struct session {
	struct session_setup setup;
	struct leg legs[LEGS_MAX];
	struct leg *best;		/* NULL: down */
	uint64_t n_adopted;
	bool owes_down, was_clean;	/* on_down is to be told */
	enum path told_path;
	int64_t told_rtt_us, told_ms;
	int64_t cards_ms;		/* n_cards came since */
	unsigned n_cards;
};

static const struct link_events leg_events;

static int64_t
now_ms(const struct session *s)
{
	return loop_now_ms(s->setup.loop);
}

/* ---- which link is best ------------------------------------------------ */

/* PROTOCOL section 5: of two, the one the smaller id began. */
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
	if (a->link->path != b->link->path)
		return a->link->path < b->link->path;
	if (a->is_doubtful != b->is_doubtful)
		return b->is_doubtful;
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
	bool fresh = was < 0 || b->n_pongs < FIRST_PONGS;

	if (b->link->path == s->told_path &&
	    (is < 0 || !far || (!fresh && now_ms(s) - s->told_ms < MOVED_MS)))
		return;
	s->told_path = b->link->path;
	s->told_rtt_us = is;
	s->told_ms = now_ms(s);
	s->setup.chat->on_moved(s->setup.chat->chat, &s->setup.id,
	    s->told_path, is);
}

/* Only this assigns `best`. */
static void
choose(struct session *s)
{
	struct leg *best = NULL;

	for (int i = 0; i < LEGS_MAX; i++) {
		struct leg *l = &s->legs[i];

		if (l->link && (!best || is_better(l, best)))
			best = l;
	}
	s->best = best;
	for (int i = 0; i < LEGS_MAX; i++) {
		struct leg *l = &s->legs[i];

		if (!l->link)
			continue;
		if (l == best)
			l->retired_ms = 0;
		else if (l->retired_ms == 0)
			l->retired_ms = now_ms(s);
	}
}

static void
clear(struct leg *l)
{
	link_free(l->link);
	l->link = NULL;
}

/* After a link ended: on to the next, or down. */
static void
carry_on(struct session *s, bool clean)
{
	const struct leg *was = s->best;

	choose(s);
	if (s->best) {
		if (s->best != was)
			tell_moved(s);
		return;
	}
	s->owes_down = true;
	s->was_clean = clean;
	s->setup.wake(s->setup.owner, 0);
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
sent(struct leg *l)
{
	if (l->unanswered_ms)
		return;
	l->unanswered_ms = now_ms(l->session);
	l->pinged = false;
	l->dead_ms = SESSION_DEAD_MS;
	l->session->setup.wake(l->session->setup.owner, SESSION_DOUBT_MS);
}

static void
ping(struct leg *l)
{
	uint8_t body[PING_LEN];

	sent(l);
	l->pinged = true;
	if (l->ping_us == 0)
		l->ping_us = loop_clock(l->session->setup.loop)->mono_us;
	put_u64(body, (uint64_t)l->ping_us);
	link_send(l->link, RECORD_PING, body, sizeof(body));
}

static void
heard(struct leg *l)
{
	struct session *s = l->session;
	const struct leg *was = s->best;

	l->heard_ms = now_ms(s);
	l->unanswered_ms = 0;
	if (!l->is_doubtful)
		return;
	l->is_doubtful = false;
	choose(s);
	if (s->best != was)
		tell_moved(s);
}

/* A rival came: does it still live? */
static void
doubt(struct leg *l)
{
	l->is_doubtful = true;
	if (!l->unanswered_ms || !l->pinged)
		ping(l);
	if (l->dead_ms > SESSION_HURRY_MS)
		l->dead_ms = SESSION_HURRY_MS;
	l->session->setup.wake(l->session->setup.owner, SESSION_HURRY_MS);
}

static void
on_pong(struct leg *l, const uint8_t *body, size_t len)
{
	struct session *s = l->session;
	int64_t rtt;

	if (len != PING_LEN || l->ping_us == 0 ||
	    get_u64(body) != (uint64_t)l->ping_us)
		return;
	rtt = loop_clock(s->setup.loop)->mono_us - l->ping_us;
	l->ping_us = 0;
	/* The first answers come from somebody who is busy writing us down;
	 * the quickest of a few is what the wire takes. */
	if (l->n_pongs == FIRST_PONGS)
		l->rtt_us = (l->rtt_us * 7 + rtt) / 8;
	else if (l->rtt_us < 0 || rtt < l->rtt_us)
		l->rtt_us = rtt;
	if (l == s->best)
		tell_moved(s);
	if (l->n_pongs < FIRST_PONGS && ++l->n_pongs < FIRST_PONGS)
		s->setup.wake(s->setup.owner, FIRST_PING_MS);
}

void
session_probe(struct session *s)
{
	for (int i = 0; i < LEGS_MAX; i++) {
		struct leg *l = &s->legs[i];

		if (!l->link)
			continue;
		l->unanswered_ms = 0;
		ping(l);
		l->dead_ms = SESSION_HURRY_MS;
		s->setup.wake(s->setup.owner, SESSION_HURRY_MS);
	}
}

static int64_t
sooner(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

/* How long until the next step of a leg; does those that are due.  -1: it
 * is gone. */
static int64_t
sweep_leg(struct leg *l)
{
	struct session *s = l->session;
	int64_t now = now_ms(s), left;

	if (l->retired_ms) {
		/* The smaller id closes; the other one only if that fails. */
		left = l->retired_ms + SESSION_MOVE_MS *
		    (s->setup.i_am_smaller ? 1 : 2) - now;
		if (left > 0)
			return left;
		link_close(l->link, CLOSE_REPLACED);
		clear(l);
		return -1;
	}
	if (!l->unanswered_ms) {
		left = l->heard_ms + (l->n_pongs < FIRST_PONGS ?
		    FIRST_PING_MS : SESSION_IDLE_MS) - now;
		if (left > 0)
			return left;
		ping(l);
		return SESSION_DOUBT_MS;
	}
	left = l->unanswered_ms + l->dead_ms - now;
	if (left <= 0) {
		log_info("session: %s does not answer any more",
		    l->link->where);
		clear(l);
		carry_on(s, false);
		return -1;
	}
	if (!l->pinged && now - l->unanswered_ms >= SESSION_DOUBT_MS)
		ping(l);
	if (!l->pinged)
		left = sooner(left, l->unanswered_ms + SESSION_DOUBT_MS - now);
	return left;
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
	carry_on(s, true);
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
	switch (kind) {
	case RECORD_FRAME:
		on_frames(l, body, len);
		break;
	case RECORD_PING:
		/* An answer wants no answer: not counted as sent. */
		if (len == PING_LEN)
			link_send(link, RECORD_PONG, body, len);
		break;
	case RECORD_PONG:
		on_pong(l, body, len);
		break;
	case RECORD_CARD:
		on_card(l->session, body, len);
		break;
	case RECORD_CHUNK:
	case RECORD_PATHS:
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
	carry_on(l->session, clean);
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

void
session_adopt(struct session *s, struct link *link, const struct card *card,
    const char *where, bool typed)
{
	bool was_up = s->best != NULL;
	struct leg *l = find_place(s);

	tell_down(s);
	memset(l, 0, sizeof(*l));
	l->session = s;
	l->link = link;
	l->order = ++s->n_adopted;
	l->heard_ms = now_ms(s);
	l->rtt_us = -1;
	snprintf(l->where, sizeof(l->where), "%s", where);
	link->events = &leg_events;
	link->owner = l;
	for (int i = 0; i < LEGS_MAX; i++) {
		if (s->legs[i].link && &s->legs[i] != l)
			doubt(&s->legs[i]);
	}
	choose(s);
	ping(l);
	s->setup.wake(s->setup.owner, SESSION_MOVE_MS);
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
		carry_on(s, true);
}

int
session_send(struct session *s, enum record kind, const void *body, size_t len)
{
	struct leg *l = s->best;

	if (!l || link_send(l->link, kind, body, len) != 0)
		return -1;
	sent(l);
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
