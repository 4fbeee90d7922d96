#include "pair.h"

#include <stdio.h>
#include <string.h>

#include "consent.h"
#include "door.h"
#include "log.h"
#include "pair-text.h"
#include "pairing.h"
#include "people.h"
#include "secret.h"
#include "trust.h"
#include "turn.h"

enum {
	GONE_MS = 120000,		/* a code that is over says why */
	BYES_MAX = 16,
	TRIED_MAX = 8
};

/* What the code's maker says in place of m0 when it is over. */
enum gone { GONE_NONE, GONE_EXPIRED, GONE_USED, GONE_DEAD };

/* One exchange. */
struct exchange {
	struct pairing *p;		/* NULL: none */
	uint32_t visit;
	bool due;			/* to write, after the commit */
	bool bound;			/* took part in the transaction */
	bool counted;			/* as a wrong try, for now */
	bool cut;			/* nobody is there any more */
	bool knows;			/* `who` was kept */
	struct user_id who;
};

/* A code that I typed, and was wrong. */
struct tried {
	struct code code;
	unsigned n;
};

/* A visit to be closed, with a last byte (GONE_NONE: without). */
struct bye {
	uint32_t visit;
	enum gone why;
};

struct pairs {
	/* Mine. */
	bool is_out;			/* somebody may come */
	enum gone gone;			/* it is over, and says so */
	bool ends;			/* its time is over, a run goes on */
	bool is_used;			/* by what is to be committed */
	bool told_version;
	struct code code;
	int64_t until_ms, expires_ms;	/* monotonic; wall clock */
	unsigned failed;
	struct timer life;
	struct exchange host;
	/* Theirs. */
	bool joins;
	struct code join_code;
	char where[CONTACT_WHERE_MAX];	/* as typed, or "" */
	struct exchange join;
	struct tried tried[TRIED_MAX];
	size_t next_tried;

	struct bye byes[BYES_MAX];
	size_t n_byes;
	bool stop_visit;
};

static void
wake(struct chat *c)
{
	if (c->shown)
		loop_again(c->loop);
}

static struct carrier *
net_of(struct chat *c)
{
	return &c->carrier;
}

static void
say_bye(struct chat *c, uint32_t visit, enum gone why)
{
	struct pairs *s = c->pairs;

	/* What does not fit runs into the carrier's deadline. */
	if (visit != 0 && s->n_byes < BYES_MAX)
		s->byes[s->n_byes++] = (struct bye){ visit, why };
	wake(c);
}

/* Its secrets go; its visit too, unless nobody is there. */
static void
end_run(struct chat *c, struct exchange *r)
{
	if (!r->p)
		return;
	pairing_free(r->p);
	if (!r->cut)
		say_bye(c, r->visit, GONE_NONE);
	*r = (struct exchange){ 0 };
}

static void
begin_run(struct chat *c, struct exchange *r, bool creator, uint32_t visit)
{
	struct pairs *s = c->pairs;
	struct pairing_setup setup = { .creator = creator, .id = c->id,
		.code = creator ? &s->code : &s->join_code };
	struct buf card;

	buf_init(&card);
	c->events.card(c->events.chat, &card);
	setup.card = card.at;
	setup.card_len = card.len;
	*r = (struct exchange){ .p = pairing_new(&setup), .visit = visit,
		.due = creator };
	buf_clear(&card);
	wake(c);
}

/* ---- what is kept ------------------------------------------------------- */

/* How often it was tried; in the store while it waits, so that the next
 * start can tell that it is gone. */
static int
keep_tries(struct chat *c, bool waits, struct err *e)
{
	uint8_t n = (uint8_t)c->pairs->failed;

	turn_urgent(c);
	return store_set_value(c->store, "code-tries", &n, waits, e);
}

static void
note_tries(struct chat *c, bool waits)
{
	struct err why = { 0 };

	if (keep_tries(c, waits, &why) < 0)
		turn_fail(c, &why, false);
}

int
pair_load(struct chat *c, struct err *e)
{
	struct buf b;
	int found;

	buf_init(&b);
	found = store_value(c->store, "code-tries", &b, e);
	if (found == 1 && b.len > 0) {
		chat_notice(c, "the code that you showed is gone: it ended "
		    "with the p2ptui that made it; /host makes another one");
		found = keep_tries(c, false, e);
	}
	buf_clear(&b);
	return found < 0 ? -1 : 0;
}

/* The person of the card that was proven, in this turn's transaction. */
static int
keep_person(struct chat *c, struct exchange *r, bool i_came)
{
	const struct card *card = pairing_card(r->p);
	struct person *p = people_get(c, &card->keys);
	struct err why = { 0 };
	bool is_new;

	if (!p || p->who.trust == TRUST_BLOCKED)
		return -1;
	is_new = !person_is_contact(p);
	c->heard = true;
	r->bound = true;
	r->knows = true;
	r->who = p->id;
	turn_touch(c, p);
	door_take_card(c, p, card, i_came ? c->pairs->where : "");
	if (consent_pair(c, p, i_came, &why) < 0 ||
	    (!i_came && keep_tries(c, false, &why) < 0)) {
		turn_fail(c, &why, false);
		return 0;		/* and the run ended with it */
	}
	if (is_new)
		trust_look(c, p);
	return 0;
}

/* ---- my code ------------------------------------------------------------ */

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
	wake(c);
}

/* Nobody finds it any more, not even why. */
static void
forget_code(struct chat *c)
{
	struct pairs *s = c->pairs;

	end_run(c, &s->host);
	timer_stop(&s->life);
	s->is_out = s->ends = s->is_used = s->told_version = false;
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
	note_tries(c, false);
}

static void
on_life(void *chat)
{
	struct chat *c = chat;
	struct pairs *s = c->pairs;

	if (s->gone != GONE_NONE) {
		forget_code(c);
		net_of(c)->wait_at(net_of(c)->net, NULL, NULL);
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
		note_tries(c, false);
		return;
	}
	snprintf(text, sizeof(text), "somebody %s; %u more of these and the "
	    "code is dead", silent ? "began and broke off, which may be a "
	    "guess" : "tried a wrong code", CODE_TRIES - s->failed);
	tell_host(c, CODE_IS_WRONG, text, "was it a typing error? If nobody "
	    "you told it to did, somebody is guessing: /host makes another "
	    "one");
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
	end_run(c, &s->host);
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
	note_tries(c, true);
}

static void
host_heard(struct chat *c, const void *msg, size_t len)
{
	struct pairs *s = c->pairs;
	struct exchange *r = &s->host;
	enum pairing_verdict v = pairing_read(r->p, msg, len);

	switch (v) {
	case PAIRING_GUESSED:
		r->due = r->counted = r->bound = true;
		s->failed++;
		note_tries(c, true);
		return;
	case PAIRING_GO_ON:
		r->due = true;
		take_back(c);
		return;
	case PAIRING_KNOWN:
		r->due = s->is_used = true;
		if (keep_person(c, r, false) == 0) {
			if (r->p)
				news_add_more(c->news, NEWS_PAIRED, &r->who,
				    NULL, NULL, true);
			return;
		}
		s->is_used = false;
		tell_host(c, CODE_REFUSED, "somebody came with the code whom "
		    "you blocked, or too many people are around",
		    "/unblock first");
		end_run(c, r);
		return;
	case PAIRING_DONE:
	case PAIRING_WRONG_CODE:
	case PAIRING_OTHER_VERSION:
	case PAIRING_BROKEN:
		host_failed(c, v);
		return;
	}
}

static void
host_cut(struct chat *c)
{
	struct exchange *r = &c->pairs->host;

	r->cut = true;
	/* What they proved is kept with this turn all the same. */
	if (!c->pairs->is_used)
		host_failed(c, PAIRING_BROKEN);
}

/* The last message has left, or could not. */
static void
host_done(struct chat *c)
{
	c->pairs->is_used = false;
	end_run(c, &c->pairs->host);
	end_code(c, GONE_USED);
}

static int
has_no_net(struct err *e)
{
	return err_set(e, STATUS_UNAVAILABLE, "there is no network here");
}

int
chat_host(struct chat *c, struct err *e)
{
	struct pairs *s = c->pairs;
	struct carrier *net = net_of(c);
	char plate[CODE_PLATE + 1], text[CODE_TEXT];
	struct err why = { 0 };
	struct news *n;

	if (!net->wait_at)
		return has_no_net(e);
	forget_code(c);
	code_new(&s->code);
	code_plate(&s->code, plate);
	if (keep_tries(c, true, &why) < 0) {
		net->wait_at(net->net, NULL, NULL);
		return turn_refuse(c, &why, e);
	}
	if (turn_commit(c, e) < 0 || net->wait_at(net->net, plate, e) < 0) {
		net->wait_at(net->net, NULL, NULL);
		forget_code(c);
		note_tries(c, false);
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
	struct carrier *net = net_of(c);
	bool waited = c->pairs->is_out && c->pairs->gone == GONE_NONE;

	if (c->pairs->is_out) {
		forget_code(c);
		net->wait_at(net->net, NULL, NULL);
	}
	if (waited) {
		note_tries(c, false);
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

/* ---- a code of somebody else -------------------------------------------- */

static struct tried *
find_tried(struct pairs *s, const struct code *code)
{
	for (size_t i = 0; i < TRIED_MAX; i++)
		if (s->tried[i].n > 0 && strcmp(s->tried[i].code.digits,
		    code->digits) == 0)
			return &s->tried[i];
	return NULL;
}

static void
count_tried(struct pairs *s)
{
	struct tried *t = find_tried(s, &s->join_code);

	if (!t) {
		t = &s->tried[s->next_tried++ % TRIED_MAX];
		*t = (struct tried){ .code = s->join_code };
	}
	t->n++;
}

static unsigned
tries_left(struct pairs *s, const struct code *code)
{
	const struct tried *t = find_tried(s, code);
	unsigned n = t ? t->n : 0;

	return n < CODE_TRIES ? CODE_TRIES - n : 0;
}

static void
forget_join(struct chat *c)
{
	struct pairs *s = c->pairs;

	end_run(c, &s->join);
	s->joins = false;
	code_clear(&s->join_code);
}

static void
join_failed(struct chat *c, enum code_reason why)
{
	struct pairs *s = c->pairs;
	const struct person *p = s->join.knows ?
	    roster_find(c->roster, &s->join.who) : NULL;
	unsigned version = s->join.p ? pairing_their_version(s->join.p) : 0;
	struct pair_text text;
	struct news *n;

	if (why == CODE_IS_WRONG)
		count_tried(s);
	pair_text_of(&text, why, tries_left(s, &s->join_code), s->where,
	    version);
	if (p && p->own->n.unconfirmed)
		pair_text_unconfirmed(&text, p->title);
	n = news_add_more(c->news, NEWS_CODE_FAILED, NULL, text.what,
	    text.next, false);
	n->reason = why;
	n->left = tries_left(s, &s->join_code);
	s->stop_visit = true;
	forget_join(c);
	wake(c);
}

static enum code_reason
why_gone(uint8_t byte)
{
	switch ((enum gone)byte) {
	case GONE_EXPIRED:
		return CODE_IS_EXPIRED;
	case GONE_USED:
		return CODE_IS_USED;
	case GONE_DEAD:
		return CODE_IS_DEAD;
	case GONE_NONE:
		break;
	}
	return CODE_BROKEN;
}

/* They know me, and know that I know. */
static void
join_done(struct chat *c)
{
	struct pairs *s = c->pairs;
	struct person *p = roster_find(c->roster, &s->join.who);

	s->join.bound = true;
	if (p && p->own->n.unconfirmed)
		trust_confirm(c, p);
	else if (p)
		news_add_more(c->news, NEWS_PAIRED, &p->id, NULL, NULL,
		    true);
	forget_join(c);
}

static void
join_heard(struct chat *c, const void *msg, size_t len)
{
	struct pairs *s = c->pairs;
	struct exchange *r = &s->join;
	enum pairing_verdict v;

	/* m0 is longer. */
	if (len == 1 && !r->knows) {
		join_failed(c, why_gone(*(const uint8_t *)msg));
		return;
	}
	v = pairing_read(r->p, msg, len);
	switch (v) {
	case PAIRING_GO_ON:
		r->due = true;
		return;
	case PAIRING_KNOWN:
		r->due = true;
		if (keep_person(c, r, true) < 0)
			join_failed(c, CODE_REFUSED);
		return;
	case PAIRING_DONE:
		join_done(c);
		return;
	case PAIRING_WRONG_CODE:
		join_failed(c, CODE_IS_WRONG);
		return;
	case PAIRING_OTHER_VERSION:
		join_failed(c, CODE_OTHER_VERSION);
		return;
	case PAIRING_GUESSED:
	case PAIRING_BROKEN:
		join_failed(c, CODE_BROKEN);
		return;
	}
}

static int
check_code(struct pairs *s, struct code *code, const char *text,
    struct err *e)
{
	switch (code_parse(code, text)) {
	case CODE_GOOD:
		break;
	case CODE_SHORT:
		err_set(e, STATUS_USAGE, "a code has %d digits, this one has "
		    "%zu", CODE_DIGITS, strlen(code->digits));
		return err_next(e, "nothing was tried; type all of it");
	case CODE_WRONG_DIGIT:
		err_set(e, STATUS_USAGE, "a digit of that code is mistyped");
		return err_next(e, "nothing was tried; compare it, four "
		    "digits at a time");
	case CODE_NOT_ONE:
		err_set(e, STATUS_USAGE, "that is no code");
		return err_next(e, "it has %d digits and nothing else; the "
		    "other one sees it after /host", CODE_DIGITS);
	}
	if (s->is_out && s->gone == GONE_NONE &&
	    strcmp(s->code.digits, code->digits) == 0) {
		err_set(e, STATUS_USAGE, "that is your own code");
		return err_next(e, "say it to the other one, who types /join "
		    "and the code");
	}
	if (tries_left(s, code) > 0)
		return 0;
	err_set(e, STATUS_USAGE, "that code was tried %d times and is wrong",
	    CODE_TRIES);
	return err_next(e, "ask for another one: /host makes it");
}

int
chat_join(struct chat *c, const char *code, const char *where,
    struct err *e)
{
	struct pairs *s = c->pairs;
	struct carrier *net = net_of(c);
	char plate[CODE_PLATE + 1];
	struct code new;

	if (!net->visit)
		return has_no_net(e);
	if (check_code(s, &new, code, e) < 0)
		return -1;
	if (strlen(where) >= sizeof(s->where))
		return err_set(e, STATUS_USAGE, "that address is too long");
	chat_join_off(c);
	code_plate(&new, plate);
	if (net->visit(net->net, plate, where, e) < 0)
		return -1;
	s->joins = true;
	s->stop_visit = false;
	s->join_code = new;
	snprintf(s->where, sizeof(s->where), "%s", where);
	code_clear(&new);
	return 0;
}

void
chat_join_off(struct chat *c)
{
	struct carrier *net = net_of(c);

	if (!c->pairs->joins)
		return;
	forget_join(c);
	net->visit(net->net, NULL, "", NULL);
}

bool
chat_is_joining(const struct chat *c)
{
	return c->pairs->joins;
}

/* ---- the door ----------------------------------------------------------- */

void
pair_on_visit(void *chat, uint32_t visit, bool i_came)
{
	struct chat *c = chat;
	struct pairs *s = c->pairs;

	if (i_came && s->joins && !s->join.p)
		begin_run(c, &s->join, false, visit);
	else if (i_came || !s->is_out || s->host.p)
		say_bye(c, visit, GONE_NONE);
	else if (s->gone != GONE_NONE)
		say_bye(c, visit, s->gone);
	else
		begin_run(c, &s->host, true, visit);
}

void
pair_on_msg(void *chat, uint32_t visit, const void *msg, size_t len)
{
	struct chat *c = chat;
	struct pairs *s = c->pairs;

	if (s->host.p && s->host.visit == visit)
		host_heard(c, msg, len);
	else if (s->join.p && s->join.visit == visit)
		join_heard(c, msg, len);
	wake(c);
}

static enum code_reason
why_ended(enum visit_end why)
{
	switch (why) {
	case VISIT_NOBODY:
		return CODE_NOBODY;
	case VISIT_NO_PLACE:
		return CODE_NO_PLACE;
	case VISIT_NO_ANSWER:
		return CODE_NO_ANSWER;
	case VISIT_CUT:
		return CODE_CUT;
	case VISIT_LATE:
		return CODE_LATE;
	}
	return CODE_CUT;
}

void
pair_on_end(void *chat, uint32_t visit, enum visit_end why)
{
	struct chat *c = chat;
	struct pairs *s = c->pairs;

	for (size_t i = 0; i < s->n_byes; i++)
		if (s->byes[i].visit == visit)
			s->byes[i--] = s->byes[--s->n_byes];
	if (s->host.p && s->host.visit == visit) {
		host_cut(c);
	} else if (s->joins && (visit == 0 || (s->join.p &&
	    s->join.visit == visit))) {
		s->join.cut = true;
		join_failed(c, why_ended(why));
	}
	wake(c);
}

/* ---- after the commit --------------------------------------------------- */

static void
send_due(struct chat *c, struct exchange *r)
{
	struct carrier *net = net_of(c);
	struct buf msg;

	if (!r->p || !r->due)
		return;
	r->due = r->bound = false;
	buf_init(&msg);
	/* A carrier that cannot says so by on_visit_end. */
	if (!r->cut && pairing_write(r->p, &msg))
		net->visit_send(net->net, r->visit, msg.at, msg.len);
	buf_wipe(&msg);
	buf_clear(&msg);
}

static void
send_bye(struct carrier *net, const struct bye *b)
{
	uint8_t why = (uint8_t)b->why;

	if (b->why != GONE_NONE)
		net->visit_send(net->net, b->visit, &why, 1);
	net->visit_close(net->net, b->visit);
}

void
pair_post(struct chat *c)
{
	struct pairs *s = c->pairs;
	struct carrier *net = net_of(c);

	send_due(c, &s->host);
	send_due(c, &s->join);
	if (s->is_used)
		host_done(c);
	/* What was sent before leaves before it closes. */
	for (size_t i = 0; i < s->n_byes; i++)
		send_bye(net, &s->byes[i]);
	s->n_byes = 0;
	if (s->stop_visit)
		net->visit(net->net, NULL, "", NULL);
	s->stop_visit = false;
}

static void
leave_ghost(struct chat *c, const struct exchange *r)
{
	struct person *p = r->knows ? roster_find(c->roster, &r->who) : NULL;

	if (p)
		people_leave(c, p);
}

void
pair_undo(struct chat *c)
{
	struct pairs *s = c->pairs;

	if (s->host.p && s->host.bound) {
		leave_ghost(c, &s->host);
		s->is_used = false;
		end_run(c, &s->host);
	}
	if (s->join.p && s->join.bound) {
		leave_ghost(c, &s->join);
		s->join.knows = false;
		join_failed(c, CODE_REFUSED);
	}
}

/* ---- life --------------------------------------------------------------- */

void
pair_init(struct chat *c)
{
	c->pairs = secret_new(sizeof(*c->pairs));
	timer_init(&c->pairs->life, c->loop, on_life, c);
}

void
pair_free(struct chat *c)
{
	struct pairs *s = c->pairs;

	if (!s)
		return;
	timer_stop(&s->life);
	pairing_free(s->host.p);
	pairing_free(s->join.p);
	secret_free(s);
	c->pairs = NULL;
}
