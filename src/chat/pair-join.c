#include "pair-own.h"

#include <stdio.h>
#include <string.h>

#include "pair-text.h"
#include "trust.h"

static struct tried *
find_tried(struct pairs *s, const struct code *code)
{
	for (size_t i = 0; i < TRIED_MAX; i++)
		if (s->tried[i].name != 0 && strcmp(s->tried[i].code.digits,
		    code->digits) == 0)
			return &s->tried[i];
	return NULL;
}

/* Whoever was there did not prove the code, unless it failed on my side
 * alone. */
static void
note_tried(struct pairs *s, enum code_reason why)
{
	struct tried *t = find_tried(s, &s->join_code);

	if (!s->join.p || s->join.knows || why == CODE_REFUSED)
		return;
	if (!t) {
		t = &s->tried[s->n_tried % TRIED_MAX];
		*t = (struct tried){ .code = s->join_code,
			.name = ++s->n_tried };
	}
	if (why == CODE_IS_WRONG)
		t->n_wrong++;
	s->failed_visit = s->join.visit;
	s->failed_code = t->name;
}

void
join_tell_failed(struct chat *c)
{
	struct pairs *s = c->pairs;
	const struct carrier *net = &c->carrier;

	if (s->failed_visit != 0)
		net->visit_failed(net->net, s->failed_visit, s->failed_code);
	s->failed_visit = 0;
}

static unsigned
tries_left(struct pairs *s, const struct code *code)
{
	const struct tried *t = find_tried(s, code);
	unsigned n = t ? t->n_wrong : 0;

	return n < CODE_TRIES ? CODE_TRIES - n : 0;
}

/* Of the code that waits there, whichever of mine were wrong. */
static unsigned
tries_left_there(struct pairs *s, const struct code *code)
{
	unsigned n = 0;

	for (size_t i = 0; i < TRIED_MAX; i++)
		if (strncmp(s->tried[i].code.digits, code->digits,
		    CODE_PLATE) == 0)
			n += s->tried[i].n_wrong;
	return n < CODE_TRIES ? CODE_TRIES - n : 0;
}

static void
forget_join(struct chat *c)
{
	struct pairs *s = c->pairs;

	pair_end(c, &s->join);
	s->joins = false;
	code_clear(&s->join_code);
}

void
join_failed(struct chat *c, enum code_reason why, const struct err *e)
{
	struct pairs *s = c->pairs;
	const struct person *p = s->join.knows ?
	    roster_find(c->roster, &s->join.who) : NULL;
	unsigned version = s->join.p ? pairing_their_version(s->join.p) : 0;
	struct pair_text text;
	struct news *n;

	/* They said by another way that they know me. */
	if (p && s->join.unsure && !p->own->n.unconfirmed) {
		s->stop_visit = true;
		forget_join(c);
		return;
	}
	note_tried(s, why);
	pair_text_of(&text, why, tries_left_there(s, &s->join_code), s->where,
	    version, e);
	if (why == CODE_NOBODY && !*s->where && c->places.n == 0)
		pair_text_other_network(&text);
	if (p && p->own->n.unconfirmed)
		pair_text_unconfirmed(&text, p->title);
	n = news_add_more(c->news, NEWS_CODE_FAILED, NULL, text.what,
	    text.next, false);
	n->reason = why;
	n->left = tries_left_there(s, &s->join_code);
	s->stop_visit = true;
	forget_join(c);
	pair_wake(c);
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
	else if (p && !s->join.unsure)
		news_add_more(c->news, NEWS_PAIRED, &p->id, NULL, NULL,
		    true);
	forget_join(c);
}

void
join_heard(struct chat *c, const void *msg, size_t len)
{
	struct pairs *s = c->pairs;
	struct exchange *r = &s->join;
	enum pairing_verdict v;

	/* m0 is longer. */
	if (len == 1 && !r->knows) {
		join_failed(c, why_gone(*(const uint8_t *)msg), NULL);
		return;
	}
	v = pairing_read(r->p, msg, len);
	switch (v) {
	case PAIRING_GO_ON:
		r->due = true;
		return;
	case PAIRING_KNOWN:
		r->due = true;
		if (pair_keep_person(c, r, true) < 0)
			join_failed(c, CODE_REFUSED, NULL);
		return;
	case PAIRING_DONE:
		join_done(c);
		return;
	case PAIRING_WRONG_CODE:
		join_failed(c, CODE_IS_WRONG, NULL);
		return;
	case PAIRING_OTHER_VERSION:
		join_failed(c, CODE_OTHER_VERSION, NULL);
		return;
	case PAIRING_GUESSED:
	case PAIRING_BROKEN:
		join_failed(c, CODE_BROKEN, NULL);
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
	const struct carrier *net = &c->carrier;
	const struct tried *before;
	char plate[CODE_PLATE + 1];
	struct code new;

	if (!net->visit)
		return pair_no_net(e);
	if (check_code(s, &new, code, e) < 0) {
		code_clear(&new);
		return -1;
	}
	if (strlen(where) >= sizeof(s->where)) {
		code_clear(&new);
		return err_set(e, STATUS_USAGE, "that address is too long");
	}
	chat_join_off(c);
	join_tell_failed(c);
	code_plate(&new, plate);
	before = find_tried(s, &new);
	if (net->visit(net->net, plate, before ? before->name : 0, where,
	    e) < 0) {
		code_clear(&new);
		return -1;
	}
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
	const struct carrier *net = &c->carrier;

	if (!c->pairs->joins)
		return;
	forget_join(c);
	net->visit(net->net, NULL, 0, "", NULL);
}

bool
chat_is_joining(const struct chat *c)
{
	return c->pairs->joins;
}
