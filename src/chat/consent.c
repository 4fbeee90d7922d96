#include "consent.h"

#include <string.h>

#include "intake.h"
#include "people.h"
#include "post.h"
#include "reading.h"
#include "routes.h"
#include "text.h"
#include "trust.h"
#include "turn.h"

/* "I let you in" is owed like words: without it they would never know. */
static int
owe_accept(struct chat *c, struct person *p, struct err *e)
{
	struct pending what = { .p = p, .kind = FRAME_ACCEPT };

	return turn_owe(c, &what, "", 0, false, e);
}

int
consent_give(struct chat *c, struct person *p, struct err *e)
{
	bool asked = p->who.trust == TRUST_REQUESTED;

	turn_touch(c, p);
	p->who.admitted = asked;
	if (people_keep(c, p, TRUST_ACCEPTED, e) < 0)
		return -1;
	turn_post(c, p, TELL_WANT | TELL_URGENT | TELL_FRAMES |
	    (routes_to(p) ? TELL_ROUTES : 0));
	if (!asked)
		return 0;
	routes_owe(c, p);
	p->own->n_request = 0;
	post_ack_all(c, p);
	reading_announce(c, p);
	return owe_accept(c, p, e);
}

int
consent_pair(struct chat *c, struct person *p, bool i_came, struct err *e)
{
	enum trust was = p->who.trust;
	bool is_new = !person_is_contact(p);
	bool asked = was == TRUST_REQUESTED;
	/* Who came first does not know yet whether he is known there. */
	bool sure = !i_came || asked || (!is_new && !p->own->n.unconfirmed);

	turn_touch(c, p);
	p->who.admitted = p->who.admitted || sure;
	if (people_keep(c, p, was == TRUST_VERIFIED ? was : sure ?
	    TRUST_PAIRED : TRUST_ACCEPTED, e) < 0)
		return -1;
	turn_dirty_numbers(c, p);
	turn_post(c, p, TELL_WANT | TELL_URGENT | TELL_FRAMES | TELL_ROUTES);
	if (!sure)
		trust_unconfirmed(c, p);
	else {
		p->own->n.unconfirmed = false;
		routes_owe(c, p);
	}
	if (asked) {
		p->own->n_request = 0;
		post_ack_all(c, p);
		reading_announce(c, p);
	}
	/* Should my last message be lost, this one tells the other. */
	return asked || !i_came ? owe_accept(c, p, e) : 0;
}

int
chat_accept(struct chat *c, struct person *p, struct err *e)
{
	struct err why = { 0 };

	if (p->who.trust == TRUST_BLOCKED) {
		err_set(e, STATUS_USAGE, "%s is blocked", p->title);
		return err_next(e, "/unblock first");
	}
	if (person_is_contact(p) && !p->doubted)
		return err_set(e, STATUS_USAGE,
		    "%s is a contact already", p->title);
	trust_settle(c, p);
	if (person_is_contact(p))
		return turn_finish(c, 0, &why, e);
	return turn_finish(c, consent_give(c, p, &why), &why, e);
}

/* The row leaves now; memory follows when that is on disk. */
static int
remove_row(struct chat *c, struct person *p, struct err *e)
{
	struct err why = { 0 };
	int done = 0;

	if (p->who.row != 0)
		done = contact_remove(c->store, p->who.row, &why);
	if (done == 0)
		done = people_new_epoch(c, &why);
	/* What else was to be written of them has no row any more. */
	p->own->unkept = true;
	done = turn_finish(c, done, &why, e);
	p->own->unkept = false;
	return done;
}

int
chat_decline(struct chat *c, struct person *p, struct err *e)
{
	if (p->who.trust != TRUST_REQUESTED) {
		err_set(e, STATUS_USAGE, "%s asked for nothing", p->title);
		return err_next(e, person_is_contact(p) ?
		    "/remove forgets a contact, /block shuts one out" :
		    "/block shuts somebody out");
	}
	if (remove_row(c, p, e) < 0)
		return -1;
	turn_post(c, p, TELL_DECLINE | TELL_WANT);
	people_forget(c, p);
	return 0;
}

int
chat_remove(struct chat *c, struct person *p, struct err *e)
{
	if (p->who.row == 0)
		return err_set(e, STATUS_USAGE, "%s is no contact",
		    p->title);
	if (remove_row(c, p, e) < 0)
		return -1;
	turn_post(c, p, TELL_WANT | TELL_DROP);
	people_forget(c, p);
	return 0;
}

static int
block(struct chat *c, struct person *p, struct err *e)
{
	struct err why = { 0 };
	int done;

	if (p->who.trust == TRUST_BLOCKED)
		return err_set(e, STATUS_USAGE, "%s is blocked already",
		    p->title);
	turn_touch(c, p);
	p->own->n.trust_before = (uint8_t)p->who.trust;
	turn_dirty_numbers(c, p);
	done = people_keep(c, p, TRUST_BLOCKED, &why);
	if (turn_finish(c, done, &why, e) < 0)
		return -1;
	intake_fail_owed(c, p);
	if (p->own->n.trust_before == TRUST_REQUESTED) {
		/* Their unread words go; with the next transaction. */
		for (size_t i = 0; p->talk && i < talk_count(p->talk); i++)
			turn_clean(c, p, talk_line(p->talk, i)->row, false,
			    0, i > 0);
		reading_drop_all(c, p);
		p->n_unread = p->own->n_request = 0;
	}
	turn_post(c, p, TELL_WANT | TELL_DROP);
	people_changed(c, p);
	return 0;
}

static int
unblock(struct chat *c, struct person *p, struct err *e)
{
	enum trust before = (enum trust)p->own->n.trust_before;
	struct err why = { 0 };

	if (p->who.trust != TRUST_BLOCKED)
		return err_set(e, STATUS_USAGE, "%s is not blocked",
		    p->title);
	if (before == TRUST_ACCEPTED || before == TRUST_PAIRED ||
	    before == TRUST_VERIFIED) {
		if (turn_finish(c, people_keep(c, p, before, &why), &why,
		    e) < 0)
			return -1;
		turn_post(c, p, TELL_WANT | TELL_ROUTES | TELL_MAIL);
		return 0;
	}
	/* A stranger again, who may ask. */
	if (remove_row(c, p, e) < 0)
		return -1;
	people_forget(c, p);
	return 0;
}

int
chat_block(struct chat *c, struct person *p, bool on, struct err *e)
{
	return on ? block(c, p, e) : unblock(c, p, e);
}

int
chat_alias(struct chat *c, struct person *p, const char *alias,
    struct err *e)
{
	struct err why = { 0 };
	char clean[sizeof(p->who.alias)] = "";
	struct buf *b = &c->words;

	if (p->who.row == 0) {
		err_set(e, STATUS_USAGE, "%s is no contact", p->title);
		return err_next(e, "write to them or /accept them first");
	}
	buf_empty(b);
	text_filter(b, alias, strlen(alias), TEXT_NAME);
	if (b->len > CARD_NAME_MAX)
		return err_set(e, STATUS_USAGE, "a name has at most %d "
		    "bytes, this one has %zu", CARD_NAME_MAX, b->len);
	memcpy(clean, buf_str(b), b->len);
	turn_touch(c, p);
	memcpy(p->who.alias, clean, sizeof(clean));
	return turn_finish(c, people_keep(c, p, p->who.trust, &why), &why, e);
}
