#include "pair-own.h"

#include <string.h>

#include "consent.h"
#include "door.h"
#include "people.h"
#include "routes.h"
#include "secret.h"
#include "trust.h"
#include "turn.h"

void
pair_wake(struct chat *c)
{
	if (c->shown)
		loop_again(c->loop);
}

static void
say_bye(struct chat *c, uint32_t visit, enum gone why)
{
	struct pairs *s = c->pairs;

	/* What does not fit runs into the carrier's deadline. */
	if (visit != 0 && s->n_byes < BYES_MAX)
		s->byes[s->n_byes++] = (struct bye){ visit, why };
	pair_wake(c);
}

/* Its secrets go; its visit too, unless nobody is there. */
void
pair_end(struct chat *c, struct exchange *r)
{
	if (!r->p)
		return;
	pairing_free(r->p);
	if (!r->cut)
		say_bye(c, r->visit, GONE_NONE);
	*r = (struct exchange){ 0 };
}

void
pair_begin(struct chat *c, struct exchange *r, bool creator, uint32_t visit)
{
	struct pairs *s = c->pairs;
	struct pairing_setup setup = { .creator = creator, .id = c->id,
		.code = creator ? &s->code : &s->join_code };
	struct buf card;

	/* A relay may have come a moment ago, and the carrier may go the next:
	 * the card alone tells then where letters go. */
	routes_now(c);
	buf_init(&card);
	c->events.card(c->events.chat, &card);
	setup.card = card.at;
	setup.card_len = card.len;
	*r = (struct exchange){ .p = pairing_new(&setup), .visit = visit,
		.due = creator };
	buf_clear(&card);
	pair_wake(c);
}

/* ---- what is kept ------------------------------------------------------- */

/* How often it was tried; in the store while it waits, so that the next
 * start can tell that it is gone. */
int
pair_keep_tries(struct chat *c, bool waits, struct err *e)
{
	uint8_t n = (uint8_t)c->pairs->failed;

	turn_urgent(c);
	return store_set_value(c->store, "code-tries", &n, waits, e);
}

void
pair_note_tries(struct chat *c, bool waits)
{
	struct err why = { 0 };

	if (pair_keep_tries(c, waits, &why) < 0)
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
		found = pair_keep_tries(c, false, e);
	}
	buf_clear(&b);
	return found < 0 ? -1 : 0;
}

/* The person of the card that was proven, in this turn's transaction. */
int
pair_keep_person(struct chat *c, struct exchange *r, bool i_came)
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
	    (!i_came && pair_keep_tries(c, false, &why) < 0)) {
		turn_fail(c, &why, false);
		return 0;		/* and the run ended with it */
	}
	/* A code leaves nobody room between, whatever was read before. */
	if (trust_differs(p))
		trust_settle(c, p);
	r->unsure = p->own->n.unconfirmed;
	if (is_new)
		trust_look(c, p);
	return 0;
}

int
pair_no_net(struct err *e)
{
	return err_set(e, STATUS_UNAVAILABLE, "there is no network here");
}

/* ---- the door ----------------------------------------------------------- */

void
pair_on_visit(void *chat, uint32_t visit, bool i_came)
{
	struct chat *c = chat;
	struct pairs *s = c->pairs;

	if (i_came && s->joins && !s->join.p)
		pair_begin(c, &s->join, false, visit);
	else if (i_came || !s->is_out || s->host.p)
		say_bye(c, visit, GONE_NONE);
	else if (s->gone != GONE_NONE)
		say_bye(c, visit, s->gone);
	else if (s->ends)
		say_bye(c, visit, GONE_EXPIRED);
	else
		pair_begin(c, &s->host, true, visit);
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
	pair_wake(c);
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
pair_on_end(void *chat, uint32_t visit, enum visit_end why,
    const struct err *e)
{
	struct chat *c = chat;
	struct pairs *s = c->pairs;

	for (size_t i = 0; i < s->n_byes; i++)
		if (s->byes[i].visit == visit)
			s->byes[i--] = s->byes[--s->n_byes];
	if (s->host.p && s->host.visit == visit) {
		host_cut(c, why);
	} else if (s->joins && (visit == 0 || (s->join.p &&
	    s->join.visit == visit))) {
		s->join.cut = true;
		join_failed(c, why_ended(why), e);
	}
	pair_wake(c);
}

/* ---- after the commit --------------------------------------------------- */

static void
send_due(struct chat *c, struct exchange *r)
{
	const struct carrier *net = &c->carrier;
	struct buf msg;

	if (!r->p || !r->due)
		return;
	r->due = r->bound = false;
	buf_init(&msg);
	/* A carrier that cannot says so by on_visit_end. */
	if (!r->cut && pairing_write(r->p, &msg) &&
	    net->visit_send(net->net, r->visit, msg.at, msg.len) < 0)
		r->cut = true;
	buf_wipe(&msg);
	buf_clear(&msg);
}

static void
send_bye(const struct carrier *net, const struct bye *b)
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
	const struct carrier *net = &c->carrier;

	send_due(c, &s->host);
	send_due(c, &s->join);
	join_tell_failed(c);
	if (s->is_used)
		host_done(c);
	/* What was sent before leaves before it closes. */
	for (size_t i = 0; i < s->n_byes; i++)
		send_bye(net, &s->byes[i]);
	s->n_byes = 0;
	if (s->stop_visit)
		net->visit(net->net, NULL, 0, "", NULL);
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
		host_undo(c);
	}
	if (s->join.p && s->join.bound) {
		leave_ghost(c, &s->join);
		s->join.knows = false;
		join_failed(c, CODE_REFUSED, NULL);
	}
}

/* ---- life --------------------------------------------------------------- */

void
pair_init(struct chat *c)
{
	c->pairs = secret_new(sizeof(*c->pairs));
	host_init(c);
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
