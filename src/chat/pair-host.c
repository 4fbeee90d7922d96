#include "pair-own.h"

#include <stdio.h>
#include <string.h>

#include "pair-text.h"
#include "secret.h"
#include "turn.h"

static void
tell_host(struct chat *c, enum code_reason why, const char *text,
    const char *next)
{
	struct news *n = news_add_more(c->news, NEWS_CODE_FAILED, NULL, text,
	    next, false);

	n->on = true;
	n->reason = why;
	n->left = c->pairs->gone == GONE_NONE && c->pairs->is_out ?
	    CODE_TRIES - c->pairs->failed : 0;
	pair_wake(c);
}

/* Nobody finds it any more, not even why; nor is anybody told of it who was
 * not yet. */
static void
forget_code(struct chat *c)
{
	struct pairs *s = c->pairs;

	news_drop(c->news, NEWS_CODE);
	pair_end(c, &s->host);
	timer_stop(&s->life);
	s->is_out = s->ends = s->is_used = false;
	s->told_version = s->told_refused = s->told_silent = false;
	s->gone = GONE_NONE;
	s->failed = 0;
	code_clear(&s->code);
}

static void
end_code(struct chat *c, enum gone why)
{
	struct pairs *s = c->pairs;

	s->gone = why;
	s->ends = false;
	timer_set(&s->life, GONE_MS);
}

static void
expire(struct chat *c)
{
	end_code(c, GONE_EXPIRED);
	tell_host(c, CODE_IS_EXPIRED, "the code has expired: nobody used it "
	    "in its ten minutes", "/host makes another one");
	pair_note_tries(c, false);
}

static void
on_life(void *chat)
{
	struct chat *c = chat;
	struct pairs *s = c->pairs;

	if (s->gone != GONE_NONE) {
		forget_code(c);
		c->carrier.wait_at(c->carrier.net, NULL, NULL);
	} else if (s->host.p) {
		s->ends = true;		/* who came in time may finish */
	} else {
		expire(c);
	}
}

static void
count_failed(struct chat *c, bool silent)
{
	struct pairs *s = c->pairs;
	char text[160];

	if (s->failed >= CODE_TRIES) {
		end_code(c, GONE_DEAD);
		tell_host(c, CODE_IS_DEAD, "the code is dead: wrong ones "
		    "were tried three times where it waited",
		    "/host makes another one; tell it to one person only");
		pair_note_tries(c, false);
		return;
	}
	snprintf(text, sizeof(text), "somebody %s; %u more of these and the "
	    "code is dead", silent ? "tried a wrong code, or broke off" :
	    "tried a wrong code", CODE_TRIES - s->failed);
	tell_host(c, CODE_IS_WRONG, text, "ask who was told it: if it was not "
	    "them, somebody is guessing, and /host makes another one");
}

/* Who came to know the code, and is not wanted: once is enough. */
static void
tell_refused(struct chat *c)
{
	struct pairs *s = c->pairs;

	if (!s->told_refused)
		tell_host(c, CODE_REFUSED, "somebody came with the code whom "
		    "you blocked, or too many people are around",
		    "/unblock first");
	s->told_refused = true;
}

/* Others had to wait for him; of many such, once. */
static void
tell_silent(struct chat *c)
{
	struct pairs *s = c->pairs;

	if (!s->told_silent)
		tell_host(c, CODE_LATE, "somebody came to where the code "
		    "waits and said nothing", "whoever has the code may have "
		    "to try again; if it stays so, somebody keeps the place "
		    "busy: /host makes another one");
	s->told_silent = true;
}

/* A run of mine came to nothing. */
static void
host_failed(struct chat *c, enum pairing_verdict why)
{
	struct pairs *s = c->pairs;
	bool counted = s->host.counted && pairing_is_a_guess(s->host.p);
	unsigned version = pairing_their_version(s->host.p);
	char text[160];

	if (why == PAIRING_OTHER_VERSION && !s->told_version) {
		s->told_version = true;
		pair_text_version(text, version);
		tell_host(c, CODE_OTHER_VERSION, text, "");
	}
	pair_end(c, &s->host);
	if (counted)
		count_failed(c, why != PAIRING_WRONG_CODE);
	if (s->ends && s->gone == GONE_NONE)
		expire(c);
}

/* That joiner knows the code: it was no guess. */
static void
take_back(struct chat *c)
{
	struct pairs *s = c->pairs;

	if (!s->host.counted || pairing_is_a_guess(s->host.p))
		return;
	s->host.counted = false;
	s->failed--;
	pair_note_tries(c, true);
}

void
host_heard(struct chat *c, const void *msg, size_t len)
{
	struct pairs *s = c->pairs;
	struct exchange *r = &s->host;
	enum pairing_verdict v = pairing_read(r->p, msg, len);

	r->heard = true;
	switch (v) {
	case PAIRING_GUESSED:
		r->due = r->counted = r->bound = true;
		s->failed++;
		pair_note_tries(c, true);
		return;
	case PAIRING_GO_ON:
		r->due = true;
		take_back(c);
		return;
	case PAIRING_KNOWN:
		r->due = s->is_used = true;
		if (pair_keep_person(c, r, false) == 0) {
			if (r->p)
				news_add_more(c->news, NEWS_PAIRED, &r->who,
				    NULL, NULL, true);
			return;
		}
		s->is_used = false;
		tell_refused(c);
		host_failed(c, PAIRING_BROKEN);
		return;
	case PAIRING_DONE:
	case PAIRING_WRONG_CODE:
	case PAIRING_OTHER_VERSION:
	case PAIRING_BROKEN:
		host_failed(c, v);
		return;
	}
}

void
host_cut(struct chat *c, enum visit_end why)
{
	struct exchange *r = &c->pairs->host;

	r->cut = true;
	/* What they proved is kept with this turn all the same. */
	if (c->pairs->is_used)
		return;
	if (why == VISIT_LATE && !r->heard)
		tell_silent(c);
	host_failed(c, PAIRING_BROKEN);
}

void
host_undo(struct chat *c)
{
	struct pairs *s = c->pairs;

	/* The try was not kept, and not answered. */
	if (s->host.counted)
		s->failed--;
	s->is_used = false;
	pair_end(c, &s->host);
	if (s->ends)
		timer_set(&s->life, 0);
}

void
host_done(struct chat *c)
{
	struct pairs *s = c->pairs;
	const struct person *p = s->host.cut ?
	    roster_find(c->roster, &s->host.who) : NULL;

	if (p)
		chat_notice(c, "the connection was lost before %s could be "
		    "told that you are paired: they see it when both of you "
		    "are there within ten minutes; later, write to them, and "
		    "they are asked", p->title);
	s->is_used = false;
	pair_end(c, &s->host);
	end_code(c, GONE_USED);
}

int
chat_host(struct chat *c, struct err *e)
{
	struct pairs *s = c->pairs;
	const struct carrier *net = &c->carrier;
	char plate[CODE_PLATE + 1], text[CODE_TEXT];
	struct err why = { 0 };
	struct news *n;

	if (!net->wait_at)
		return pair_no_net(e);
	forget_code(c);
	code_new(&s->code);
	code_plate(&s->code, plate);
	if (pair_keep_tries(c, true, &why) < 0) {
		net->wait_at(net->net, NULL, NULL);
		return turn_refuse(c, &why, e);
	}
	if (turn_commit(c, e) < 0 || net->wait_at(net->net, plate, e) < 0) {
		net->wait_at(net->net, NULL, NULL);
		forget_code(c);
		pair_note_tries(c, false);
		return -1;
	}
	s->is_out = true;
	s->until_ms = loop_now_ms(c->loop) + CODE_LIFE_MS;
	s->expires_ms = loop_wall_ms(c->loop) + CODE_LIFE_MS;
	timer_set(&s->life, CODE_LIFE_MS);
	code_format(&s->code, text);
	n = news_add_more(c->news, NEWS_CODE, NULL, text, NULL, false);
	n->at_ms = s->expires_ms;
	n->left = CODE_TRIES;
	wipe(text, sizeof(text));
	return 0;
}

int
chat_host_off(struct chat *c, struct err *e)
{
	const struct carrier *net = &c->carrier;
	bool waited = c->pairs->is_out && c->pairs->gone == GONE_NONE;

	if (c->pairs->is_out) {
		forget_code(c);
		net->wait_at(net->net, NULL, NULL);
	}
	if (waited) {
		pair_note_tries(c, false);
		return 0;
	}
	err_set(e, STATUS_USAGE, "no code waits");
	return err_next(e, "/host makes one");
}

bool
chat_hosting(const struct chat *c, struct hosting *out)
{
	const struct pairs *s = c->pairs;
	int64_t life = s->until_ms - loop_now_ms(c->loop);

	memset(out, 0, sizeof(*out));
	if (!s->is_out || s->gone != GONE_NONE || s->is_used)
		return false;
	code_format(&s->code, out->code);
	out->expires_ms = s->expires_ms;
	out->life_ms = life > 0 ? life : 0;
	out->left = CODE_TRIES - s->failed;
	out->is_busy = s->host.p != NULL;
	return true;
}

void
host_init(struct chat *c)
{
	timer_init(&c->pairs->life, c->loop, on_life, c);
}
