#include "people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "post.h"
#include "rand.h"
#include "reading.h"
#include "text.h"
#include "trust.h"
#include "turn.h"

static const char nameless[] = "someone";

/* ---- titles ------------------------------------------------------------- */

/* What to call them, before anything is done about look-alikes. */
static const char *
plain_title(const struct person *p)
{
	if (p->who.alias[0])
		return p->who.alias;
	return p->who.name[0] ? p->who.name : nameless;
}

static void
set_look(struct person *p)
{
	struct buf b;

	buf_init(&b);
	text_look(&b, plain_title(p));
	free(p->own->look);
	p->own->look = mem_copy(b.at, b.len);
	buf_clear(&b);
}

static bool
look_alike(const struct person *a, const struct person *b)
{
	return text_same_look(a->own->look, b->own->look);
}

/* A name of their own choice that ends like the tag we add. */
static bool
looks_tagged(const struct person *p)
{
	/* Behind the folded name stands its skeleton, where all brackets
	 * are plain ones. */
	const char *skeleton = p->own->look + strlen(p->own->look) + 1;
	size_t len = strlen(skeleton);

	return !p->who.alias[0] && len > 0 && skeleton[len - 1] == ')';
}

static void
set_title(struct chat *c, struct person *p)
{
	const char *plain = plain_title(p);
	bool tagged = plain == nameless || looks_tagged(p);
	bool known = person_is_contact(p);
	char title[sizeof(p->title)];

	/* What had to be replaced in it was there to deceive. */
	p->flagged = strstr(plain, "\xef\xbf\xbd") != NULL;
	for (size_t i = 0; i < roster_count(c->roster); i++) {
		const struct person *q = roster_at(c->roster, i);
		bool q_known = person_is_contact(q);

		if (q == p || (known && !q_known) || !look_alike(p, q))
			continue;
		tagged = true;
		if (q_known)
			p->flagged = true;
	}
	if (tagged)
		snprintf(title, sizeof(title), "%s (%.8s)", plain,
		    p->id_text);
	else
		snprintf(title, sizeof(title), "%s", plain);
	if (strcmp(title, p->title) == 0)
		return;
	memcpy(p->title, title, sizeof(p->title));
	people_changed(c, p);
}

void
people_title_loaded(struct chat *c)
{
	for (size_t i = 0; i < roster_count(c->roster); i++)
		set_title(c, roster_at(c->roster, i));
}

void
people_retitle(struct chat *c, struct person *p)
{
	if (!p->own->gone) {
		set_look(p);
		set_title(c, p);
	}
	/* Who looks like them now needs a tag; a contact who carried one
	 * because of them, perhaps none any more.  Strangers keep theirs. */
	for (size_t i = 0; i < roster_count(c->roster); i++) {
		struct person *q = roster_at(c->roster, i);
		bool tagged = strcmp(q->title, plain_title(q)) != 0;

		if (q == p)
			continue;
		if (tagged ? person_is_contact(q) || (person_is_contact(p) &&
		    look_alike(p, q)) : look_alike(p, q))
			set_title(c, q);
	}
}

size_t
people_cut(const char *s, size_t len, size_t max)
{
	size_t n = 0;
	int cells;

	if (len <= max)
		return len;
	while (n < len) {
		size_t step = text_cluster(s + n, len - n, &cells);

		if (n + step > max)
			break;
		n += step;
	}
	return n;
}

bool
people_name(struct chat *c, struct person *p, const char *name)
{
	char clean[sizeof(p->who.name)] = "";
	size_t len;

	buf_empty(&c->words);
	text_filter(&c->words, name, strnlen(name, CARD_NAME_MAX), TEXT_NAME);
	len = people_cut(buf_str(&c->words), c->words.len, CARD_NAME_MAX);
	memcpy(clean, buf_str(&c->words), len);
	if (strcmp(clean, p->who.name) == 0)
		return false;
	memcpy(p->who.name, clean, sizeof(clean));
	return true;
}

/* ---- who is there ------------------------------------------------------- */

static void
on_typing_gone(void *person)
{
	struct person *p = person;

	people_typing(p->own->chat, p, false);
}

static struct person *
add_person(struct chat *c, const struct pubkeys *keys)
{
	struct person *p = mem_new(sizeof(*p));
	struct person_private *own = mem_new(sizeof(*own));

	p->own = own;
	p->who.keys = *keys;
	user_id_of(&p->id, keys);
	user_id_text(&p->id, p->id_text);
	own->chat = c;
	own->epoch = c->epoch;
	own->resend_ms = RESEND_MS;
	numbers_init(&own->n);
	outbox_init(&own->out);
	timer_init(&own->resend, c->loop, post_on_resend, p);
	timer_init(&own->typing, c->loop, on_typing_gone, p);
	mail_init(p);
	set_look(p);
	roster_add(c->roster, p);
	return p;
}

void
person_free(struct person *p)
{
	struct person_private *own = p->own;

	timer_stop(&own->resend);
	timer_stop(&own->typing);
	mail_stop(p);
	numbers_clear(&own->n);
	outbox_clear(&own->out);
	talk_free(p->talk);
	free(own->look);
	free(own->runs);
	free(own->read_rows);
	free(own);
	free(p);
}

/* Strangers without a link make room for new ones, the longest unseen
 * first; a flood of invented ones pushes out only their like. */
static bool
make_room(struct chat *c)
{
	struct person *oldest = NULL;
	size_t n = 0;

	for (size_t i = 0; i < roster_count(c->roster); i++) {
		struct person *p = roster_at(c->roster, i);

		if (p->who.trust != TRUST_NEARBY)
			continue;
		n++;
		if (!p->linked && (!oldest || p->who.seen_ms <
		    oldest->who.seen_ms))
			oldest = p;
	}
	if (n < ROSTER_STRANGERS_MAX)
		return true;
	if (!oldest)
		return false;
	oldest->nearby = false;
	people_leave(c, oldest);
	return true;
}

struct person *
people_get(struct chat *c, const struct pubkeys *keys)
{
	struct user_id id;
	struct person *p;

	user_id_of(&id, keys);
	if (user_id_equal(&id, identity_id(c->id)))
		return NULL;
	p = roster_find(c->roster, &id);
	if (p || !make_room(c))
		return p;
	p = add_person(c, keys);
	p->who.since_ms = p->who.seen_ms = loop_wall_ms(c->loop);
	return p;
}

struct person *
people_load(struct chat *c, const struct contact *who, struct numbers *n)
{
	struct person *p = add_person(c, &who->keys);

	p->who = *who;
	p->own->n = *n;
	p->last_ms = who->seen_ms;
	set_look(p);
	roster_know(c->roster, p);
	return p;
}

/* ---- what changed ------------------------------------------------------- */

void
people_moved(struct chat *c, struct person *p)
{
	bool there = p->linked || p->nearby;

	if (!there)
		p->presence = OFFLINE;
	else if (p->presence == OFFLINE)
		p->presence = ONLINE;
	p->waiting = person_is_contact(p) && !p->who.admitted &&
	    p->n_owed > 0;
	p->unconfirmed = p->own->n.unconfirmed;
	p->doubted = p->own->n.doubted;
	p->differs = trust_differs(p);
	p->version = roster_move(c->roster);
}

void
people_changed(struct chat *c, struct person *p)
{
	people_moved(c, p);
	if (!p->own->gone)
		turn_tell_peer(c, p);
}

void
people_typing(struct chat *c, struct person *p, bool on)
{
	if (on)
		timer_set(&p->own->typing, TYPING_GONE_MS);
	else
		timer_stop(&p->own->typing);
	if (p->typing == on)
		return;
	p->typing = on;
	people_moved(c, p);
	news_add(c->news, NEWS_TYPING, &p->id, NULL, on, false);
	if (c->shown)
		loop_again(c->loop);
}

void
people_leave(struct chat *c, struct person *p)
{
	if (p->nearby || p->linked || p->who.trust != TRUST_NEARBY ||
	    p->own->gone)
		return;
	p->own->gone = true;
	timer_stop(&p->own->resend);
	timer_stop(&p->own->typing);
	mail_stop(p);
	roster_remove(c->roster, p);
	people_retitle(c, p);
	news_add(c->news, NEWS_GONE, &p->id, NULL, false, false);
	turn_bury_person(c, p);
}

int
people_keep(struct chat *c, struct person *p, enum trust trust,
    struct err *e)
{
	turn_touch(c, p);
	turn_urgent(c);
	p->who.trust = trust;
	if (p->who.row == 0)
		p->who.since_ms = loop_wall_ms(c->loop);
	if (contact_put(c->store, &p->who, e) < 0)
		return -1;
	roster_know(c->roster, p);
	people_retitle(c, p);
	people_changed(c, p);
	return 0;
}

void
people_forget(struct chat *c, struct person *p)
{
	struct person_private *own = p->own;

	roster_unknow(c->roster, p);
	reading_drop_all(c, p);
	outbox_clear(&own->out);
	numbers_clear(&own->n);
	mail_forget(p);
	own->route_acked = (struct mark){ 0, 0 };
	own->epoch = c->epoch;
	own->seq = 0;
	own->fresh_key = own->paged = own->read_moved = false;
	own->n_request = own->n_stale = own->n_runs = own->n_read = 0;
	own->ack_epoch = own->oldest_row = 0;
	p->n_owed = p->n_unread = 0;
	p->who.row = 0;
	p->who.trust = TRUST_NEARBY;
	p->who.admitted = false;
	p->who.alias[0] = '\0';
	people_retitle(c, p);
	people_changed(c, p);
	people_leave(c, p);
}

int
people_new_epoch(struct chat *c, struct err *e)
{
	uint64_t now = (uint64_t)loop_wall_ms(c->loop), epoch = c->epoch + 1;
	uint8_t bytes[8];

	/* A clock that stands still or went back cannot make numbers new
	 * after an old backup was restored; chance can. */
	if (loop_wall_ms(c->loop) > 0 && now > epoch)
		epoch = now;
	else if (c->epoch > 0)
		epoch += rand_below(1 << 20);
	put_u64(bytes, epoch);
	if (store_set_value(c->store, "epoch", bytes, sizeof(bytes), e) < 0)
		return -1;
	c->epoch = epoch;
	return 0;
}
