#include "chat.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "consent.h"
#include "door.h"
#include "enc.h"
#include "load.h"
#include "mine.h"
#include "own.h"
#include "pair.h"
#include "people.h"
#include "post.h"
#include "reading.h"
#include "routes.h"
#include "text.h"
#include "trust.h"
#include "turn.h"

/* ---- life --------------------------------------------------------------- */

struct chat *
chat_new(const struct chat_setup *setup, struct err *e)
{
	struct chat *c = mem_new(sizeof(*c));

	c->loop = setup->loop;
	c->store = setup->store;
	c->id = setup->id;
	c->opts = setup->opts;
	c->turn = 1;
	c->roster = roster_new();
	c->news = news_new();
	buf_init(&c->bytes);
	buf_init(&c->words);
	buf_init(&c->letter);
	door_init(c);
	turn_init(c);
	mail_start(c);
	routes_start(c);
	trust_init(c);
	pair_init(c);
	if (load_all(c, e) < 0) {
		store_rollback(c->store);
		chat_free(c);
		return NULL;
	}
	return c;
}

void
chat_free(struct chat *c)
{
	if (!c)
		return;
	/* Nothing is sent any more: net may be gone already. */
	c->carrier.send = NULL;
	turn_commit(c, NULL);
	turn_clear(c);
	mail_stop_all(c);
	routes_stop(c);
	trust_stop(c);
	pair_free(c);
	while (roster_count(c->roster) > 0) {
		struct person *p = roster_at(c->roster, 0);

		roster_remove(c->roster, p);
		person_free(p);
	}
	roster_free(c->roster);
	news_free(c->news);
	buf_wipe(&c->bytes);
	buf_wipe(&c->words);
	buf_clear(&c->card);
	buf_clear(&c->letter);
	prekeys_clear(&c->prekeys);
	free(c->letters);
	free(c->pins);
	free(c->trouble);
	free(c);
}

void
chat_carry(struct chat *c, const struct carrier *carrier)
{
	c->carrier = *carrier;
	for (size_t i = 0; i < roster_count(c->roster); i++) {
		struct person *p = roster_at(c->roster, i);

		if (!person_is_contact(p))
			continue;
		turn_post(c, p, TELL_WANT | (routes_to(p) ? TELL_ROUTES : 0));
		mail_load(c, p);
	}
	mail_carried(c);
	loop_again(c->loop);
}

const struct carrier_events *
chat_events(struct chat *c)
{
	return &c->events;
}

/* ---- who I am ----------------------------------------------------------- */

const struct identity *
chat_identity(const struct chat *c)
{
	return c->id;
}

const char *
chat_name(const struct chat *c)
{
	return c->name;
}

static int
keep_name(struct chat *c, const char *name, struct err *e)
{
	if (store_set_value(c->store, "name", name, strlen(name), e) < 0)
		return -1;
	return mine_new_serial(c, e);
}

int
chat_clean_name(struct buf *out, const char *name, struct err *e)
{
	const size_t before = out->len;
	size_t len;

	text_filter(out, name, strlen(name), TEXT_NAME);
	len = out->len - before;
	if (len == 0)
		return err_set(e, STATUS_USAGE,
		    "a name needs at least one visible character");
	if (len > CARD_NAME_MAX)
		return err_set(e, STATUS_USAGE, "a name has at most %d "
		    "bytes, this one has %zu", CARD_NAME_MAX, len);
	return 0;
}

int
chat_rename(struct chat *c, const char *name, struct err *e)
{
	struct buf *b = &c->words;
	char clean[sizeof(c->name)] = "";
	struct err why = { 0 };

	buf_empty(b);
	if (chat_clean_name(b, name, e) < 0)
		return -1;
	memcpy(clean, buf_str(b), b->len);
	if (strcmp(clean, c->name) == 0)
		return 0;
	if (keep_name(c, clean, &why) < 0)
		return turn_refuse(c, &why, e);
	turn_urgent(c);
	if (turn_commit(c, e) < 0)
		return -1;
	memcpy(c->name, clean, sizeof(c->name));
	c->announce = true;
	roster_move(c->roster);
	return 0;
}

void
chat_set_away(struct chat *c, bool away, const char *text)
{
	struct buf *b = &c->words;

	memset(c->away, 0, sizeof(c->away));
	c->is_away = away;
	if (away && text) {
		buf_empty(b);
		text_filter(b, text, strlen(text), TEXT_LINE);
		memcpy(c->away, buf_str(b), people_cut(buf_str(b), b->len,
		    AWAY_TEXT_MAX));
	}
	for (size_t i = 0; i < roster_count(c->roster); i++) {
		struct person *p = roster_at(c->roster, i);

		if (p->linked && person_is_contact(p))
			turn_post(c, p, TELL_STATUS);
	}
	roster_move(c->roster);
}

bool
chat_is_away(const struct chat *c)
{
	return c->is_away;
}

struct roster *
chat_roster(struct chat *c)
{
	return c->roster;
}

const struct news_list *
chat_news(const struct chat *c)
{
	return c->news;
}

size_t
chat_owed(const struct chat *c)
{
	size_t n = 0;

	for (size_t i = 0; i < roster_count(c->roster); i++)
		n += roster_at(c->roster, i)->n_owed;
	for (size_t i = 0; i < c->n_pending; i++)
		n += c->pending[i].mine && c->pending[i].line;
	return n;
}

static size_t
left_at_relays(const struct person *p)
{
	const struct outbox *o = &p->own->out;
	size_t n = 0;

	for (size_t i = o->head; i < o->n; i++)
		n += !o->at[i].gone && o->at[i].line && o->at[i].stored;
	return n;
}

size_t
chat_unleft(const struct chat *c)
{
	size_t n = chat_owed(c);

	for (size_t i = 0; n > 0 && i < roster_count(c->roster); i++)
		n -= left_at_relays(roster_at(c->roster, i));
	return n;
}

static void
take_why(void *arg, const char *name, const char *text)
{
	if (strcmp(name, CARRIER_WHY) == 0)
		snprintf(arg, WHY_MAX, "%s", text);
}

void
chat_why(const struct chat *c, const struct person *p, char text[WHY_MAX])
{
	text[0] = '\0';
	if (p->linked && p->path == PATH_RELAY && c->carrier.about)
		c->carrier.about(c->carrier.net, &p->id, take_why, text);
}

const char *
chat_trouble(const struct chat *c)
{
	return c->trouble;
}

/* ---- saying ------------------------------------------------------------- */

/* Clean into c->words, or refused. */
static int
check_words(struct chat *c, const struct person *to, const char *text,
    size_t len, struct err *e)
{
	struct buf *b = &c->words;

	if (to->who.trust == TRUST_BLOCKED) {
		err_set(e, STATUS_USAGE, "%s is blocked", to->title);
		return err_next(e, "/unblock first");
	}
	/* A paste of megabytes is not worth cleaning. */
	if (len > MESSAGE_MAX)
		goto long_one;
	buf_empty(b);
	text_filter(b, text, len, TEXT_BODY);
	if (b->len == 0)
		return err_set(e, STATUS_USAGE, "there is nothing to say");
	if (b->len <= MESSAGE_MAX)
		return 0;
	len = b->len;
long_one:
	err_set(e, STATUS_USAGE, "the message has %zu bytes, more than the "
	    "%d that fit", len, MESSAGE_MAX);
	return err_next(e, "shorten it, or say it in parts");
}

int
chat_say(struct chat *c, struct person *to, enum msg_kind kind,
    const char *text, size_t len, struct err *e)
{
	struct pending what = { .p = to, .kind = (uint8_t)kind };
	struct err why = { 0 };
	int done = 0;

	if (check_words(c, to, text, len, e) < 0 ||
	    trust_may_say(c, to, e) < 0)
		return -1;
	if (!person_is_contact(to))
		done = consent_give(c, to, &why);
	/* Consent leaves c->words alone. */
	if (done == 0)
		done = turn_owe(c, &what, c->words.at, c->words.len, true,
		    &why);
	if (done < 0)
		return turn_refuse(c, &why, e);
	if (!to->linked)
		turn_post(c, to, TELL_WANT | TELL_URGENT);
	to->own->typing_told_ms = 0;
	return 0;
}

int
chat_commit(struct chat *c, struct err *e)
{
	struct err why = { 0 };

	return turn_commit(c, e ? e : &why);
}

/* The newest of my lines to them that is still owed. */
static struct owed *
newest_owed(const struct outbox *o)
{
	for (size_t i = o->n; i > o->head; i--)
		if (!o->at[i - 1].gone && o->at[i - 1].line)
			return &o->at[i - 1];
	return NULL;
}

int
chat_unsend(struct chat *c, struct person *to, struct err *e)
{
	struct person_private *own = to->own;
	struct owed *row = newest_owed(&own->out);
	struct err why = { 0 };
	struct line *l;

	if (!row || row->carried || row->leaving)
		return err_set(e, STATUS_USAGE, row ?
		    "the last message to %s is on its way already" :
		    "nothing to %s is waiting", to->title);
	if (message_remove(c->store, row->row, &why) < 0)
		return turn_refuse(c, &why, e);
	turn_urgent(c);
	if (turn_commit(c, e) < 0)
		return -1;
	/* The commit may have sent it; then it stays said. */
	row = newest_owed(&own->out);
	if (!row)
		return 0;
	l = row->line;
	/* Nobody has heard its number: the next one may have it. */
	if (row->epoch == own->epoch && row->seq == own->seq)
		own->seq--;
	outbox_remove(&own->out, row);
	reading_state(c, to, l, MSG_FAILED);
	turn_bury_line(c, talk_take(to->talk, talk_index(to->talk, l)));
	to->n_owed--;
	people_changed(c, to);
	return 0;
}

void
chat_typing(struct chat *c, struct person *p, bool on)
{
	int64_t now = loop_now_ms(c->loop);
	int64_t *told = &p->own->typing_told_ms;

	if (!p->linked || !person_is_contact(p) ||
	    !opts_bool(c->opts, "typing"))
		return;
	if (on && (*told == 0 || now - *told >= TYPING_TELL_MS)) {
		*told = now;
		turn_post(c, p, TELL_TYPING);
	} else if (!on && *told != 0) {
		*told = 0;
		turn_post(c, p, TELL_STOPPED);
	}
}

/* ---- for the viewers ---------------------------------------------------- */

void
line_id(const struct person *p, const struct identity *me,
    const struct line *l, char text[LINE_ID_TEXT])
{
	const struct user_id *from = l->mine ? identity_id(me) : &p->id;
	uint8_t bytes[4 + 8 + 8];

	memcpy(bytes, from->b, 4);
	/* 48 bits of each are enough for any clock and any count. */
	put_u64(bytes + 4, l->epoch);
	put_u64(bytes + 10, l->seq);
	enc_base32(text, bytes, 16);
}

void
chat_notice(struct chat *c, const char *fmt, ...)
{
	char text[600];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	news_add_text(c->news, NEWS_NOTICE, mem_str(text), NULL);
	if (c->shown)
		loop_again(c->loop);
}

void
chat_error(struct chat *c, const struct err *e)
{
	news_add_text(c->news, NEWS_ERROR, mem_str(e->what),
	    e->next[0] ? mem_str(e->next) : NULL);
	if (c->shown)
		loop_again(c->loop);
}
