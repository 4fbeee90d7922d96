#include "mail.h"

#include <string.h>

#include "mine.h"
#include "own.h"
#include "people.h"
#include "post.h"
#include "reading.h"
#include "routes.h"
#include "turn.h"

/* ---- what came of it ---------------------------------------------------- */

static void
hold(struct person *p, enum mail_hold why)
{
	struct mailing *m = &p->own->mail;

	/* Several were under way: one refusal. */
	if (m->hold != HOLD_NONE)
		return;
	m->hold = why;
	timer_set(&m->again, why == HOLD_FULL ? MAIL_FULL_MS : m->again_ms);
	m->again_ms = 2 * m->again_ms < MAIL_AGAIN_MAX_MS ?
	    2 * m->again_ms : MAIL_AGAIN_MAX_MS;
}

static void
release(struct person *p)
{
	p->own->mail.hold = HOLD_NONE;
	timer_stop(&p->own->mail.again);
}

static void
on_stored(struct chat *c, struct person *p, struct owed *row)
{
	struct mailing *m = &p->own->mail;

	release(p);
	m->again_ms = MAIL_AGAIN_MS;
	m->told = 0;
	m->limited = false;
	if (!row)
		return;
	row->stored = true;
	turn_clean(c, p, row->row, true, MSG_STORED, false);
	if (row->line && row->line->state == MSG_QUEUED) {
		reading_state(c, p, row->line, MSG_STORED);
		people_moved(c, p);
	}
}

/* What was in a letter that is not there is due again. */
static void
on_not_stored(struct chat *c, struct person *p, const struct under_way *u)
{
	struct mailing *m = &p->own->mail;

	if (u->what == MAIL_ACK && u->ack_epoch != 0) {
		mail_prompt(p);
		post_ack(c, p, u->ack_epoch);
	}
	if (u->what == MAIL_ACK && u->read)
		m->read_due = true;
	if (u->what == MAIL_RESEAL)
		m->reseal_due = true;
}

/* Once, until a letter is taken again. */
static void
notice(struct chat *c, struct person *p, enum left what)
{
	static const char *const texts[] = {
		[LEFT_FULL] = "'s mailbox is full until they collect what is "
		    "in it: what you wrote waits here and will be tried "
		    "again",
		[LEFT_LIMIT] = "'s relay takes no more letters for now: what "
		    "you wrote waits here and will be tried again; it goes at "
		    "once when you are linked",
		[LEFT_TROUBLE] = "'s relay cannot keep letters just now: "
		    "what you wrote waits here and will be tried again",
		[LEFT_DENIED] = "'s relay serves only whoever has its "
		    "access token: what you wrote waits here until you are "
		    "linked; ask them to use a relay that takes letters from "
		    "everybody"
	};

	if (p->own->mail.told & 1u << what)
		return;
	p->own->mail.told |= 1u << what;
	chat_notice(c, "%s%s", p->title, texts[what]);
}

/* Many at once are refused, too, and taken a little later: that is nothing
 * to be told.  What was under way with the first refused one counts with
 * it. */
static void
take_limit(struct chat *c, struct person *p)
{
	struct mailing *m = &p->own->mail;

	if (m->hold == HOLD_NONE && m->limited)
		notice(c, p, LEFT_LIMIT);
	m->limited = true;
	hold(p, HOLD_LATER);
}

static void
take_result(struct chat *c, struct person *p, const struct under_way *u,
    enum left what)
{
	struct owed *row = u->what == MAIL_ROW ?
	    outbox_by_upload(&p->own->out, u->upload) : NULL;

	if (row) {
		row->leaving = false;
		row->carried |= what != LEFT_UNSENT;
	}
	switch (what) {
	case LEFT_STORED:
		on_stored(c, p, row);
		break;
	case LEFT_FULL:
		on_not_stored(c, p, u);
		hold(p, HOLD_FULL);
		notice(c, p, what);
		break;
	case LEFT_NO_PLACE:
		on_not_stored(c, p, u);
		hold(p, HOLD_NO_PLACE);
		break;
	case LEFT_TROUBLE:
	case LEFT_DENIED:
		notice(c, p, what);
		on_not_stored(c, p, u);
		hold(p, HOLD_LATER);
		break;
	case LEFT_LIMIT:
		on_not_stored(c, p, u);
		take_limit(c, p);
		break;
	case LEFT_LATER:
	case LEFT_UNSENT:
		on_not_stored(c, p, u);
		hold(p, HOLD_LATER);
		break;
	}
	if (mail_wants(c, p))
		turn_post(c, p, TELL_MAIL);
}

/* Everybody who has something to leave. */
static void
go_on(struct chat *c)
{
	c->mail_stalled = false;
	for (size_t i = 0; i < roster_count(c->roster); i++) {
		struct person *p = roster_at(c->roster, i);

		if (mail_wants(c, p))
			turn_post(c, p, TELL_MAIL);
	}
}

void
mail_on_left(void *chat, const struct user_id *to,
    const uint8_t upload[UPLOAD_LEN], enum left what)
{
	struct chat *c = chat;
	struct person *p = roster_find(c->roster, to);
	struct under_way u;

	for (size_t i = 0; i < c->n_under_way; i++) {
		if (memcmp(c->under_way[i].upload, upload, UPLOAD_LEN) != 0 ||
		    !user_id_equal(&c->under_way[i].to, to))
			continue;
		u = c->under_way[i];
		c->under_way[i] = c->under_way[--c->n_under_way];
		if (p)
			take_result(c, p, &u, what);
		break;
	}
	if (c->mail_stalled)
		go_on(c);
}

void
mail_on_relays(void *chat)
{
	struct chat *c = chat;

	routes_soon(c);
	for (size_t i = 0; i < roster_count(c->roster); i++) {
		struct person *p = roster_at(c->roster, i);

		if (p->own->mail.hold == HOLD_LATER)
			release(p);
	}
	go_on(c);
}

/* ---- what happens elsewhere --------------------------------------------- */

void
mail_sent(struct person *p)
{
	struct mailing *m = &p->own->mail;

	/* Who has not let me in acknowledges nothing. */
	if (outbox_first(&p->own->out) && p->linked && p->who.admitted &&
	    !m->is_slow && routes_to(p) && !timer_is_set(&m->slow))
		timer_set(&m->slow, MAIL_SLOW_MS);
}

void
mail_progress(struct person *p)
{
	p->own->mail.is_slow = false;
	timer_stop(&p->own->mail.slow);
	mail_sent(p);
}

void
mail_linked(struct person *p)
{
	struct mailing *m = &p->own->mail;

	release(p);
	m->again_ms = MAIL_AGAIN_MS;
	/* All of it goes over the link. */
	m->is_slow = m->reseal_due = m->read_due = false;
	timer_stop(&m->slow);
}

/* Everything goes to the new place too: the old one may be gone. */
void
mail_moved(struct chat *c, struct person *p)
{
	struct outbox *o = &p->own->out;

	(void)c;
	release(p);
	for (size_t i = o->head; i < o->n; i++)
		o->at[i].stored = false;
}

void
mail_unreadable(struct chat *c, struct person *p)
{
	struct mailing *m = &p->own->mail;
	int64_t now = loop_now_ms(c->loop);

	if (p->linked || !person_is_contact(p) ||
	    (m->has_asked && now - m->asked_ms < MAIL_RESEAL_MS))
		return;
	m->has_asked = m->reseal_due = true;
	m->asked_ms = now;
	turn_post(c, p, TELL_MAIL);
}

void
mail_again(struct chat *c, struct person *p)
{
	struct mailing *m = &p->own->mail;
	int64_t now = loop_now_ms(c->loop);

	if (m->has_heeded && now - m->heeded_ms < MAIL_HEED_MS)
		return;
	m->has_heeded = true;
	m->heeded_ms = now;
	outbox_reseal(&p->own->out, p->own->n.peer_gen);
	/* What they could not read may have been acknowledgements. */
	post_ack_all(c, p);
	turn_post(c, p, TELL_MAIL);
}

/* ---- timers ------------------------------------------------------------- */

static void
on_soon(void *person)
{
	struct person *p = person;

	p->own->mail.ripe = true;
	turn_post(p->own->chat, p, TELL_MAIL);
}

static void
on_again(void *person)
{
	struct person *p = person;

	release(p);
	turn_post(p->own->chat, p, TELL_MAIL);
}

static void
on_slow(void *person)
{
	struct person *p = person;

	if (!p->linked || !outbox_first(&p->own->out))
		return;
	p->own->mail.is_slow = true;
	turn_post(p->own->chat, p, TELL_MAIL);
}

void
mail_init(struct person *p)
{
	struct mailing *m = &p->own->mail;
	struct loop *loop = p->own->chat->loop;

	timer_init(&m->soon, loop, on_soon, p);
	timer_init(&m->again, loop, on_again, p);
	timer_init(&m->slow, loop, on_slow, p);
	m->again_ms = MAIL_AGAIN_MS;
}

void
mail_stop(struct person *p)
{
	timer_stop(&p->own->mail.soon);
	timer_stop(&p->own->mail.again);
	timer_stop(&p->own->mail.slow);
}

void
mail_forget(struct person *p)
{
	mail_stop(p);
	memset(&p->own->mail, 0, sizeof(p->own->mail));
	mail_init(p);
}

/* What no link and no acknowledgement took in a day is left once more: a
 * relay may have lost it, or hand it out no longer. */
static void
look_at(struct chat *c, struct person *p)
{
	struct places *places = p->own->n.places;
	int64_t now = loop_wall_ms(c->loop);

	if (!mail_can(c, p) || !outbox_first(&p->own->out) ||
	    (places->left_ms <= now && now - places->left_ms < MAIL_DAY_MS))
		return;
	turn_touch(c, p);
	places->left_ms = now;
	turn_dirty_numbers(c, p);
	turn_urgent(c);
	mail_moved(c, p);
	turn_post(c, p, TELL_MAIL);
}

/* Uploads that net never answered count as refused. */
static void
reap(struct chat *c)
{
	int64_t now = loop_now_ms(c->loop);

	for (size_t i = c->n_under_way; i-- > 0; ) {
		const struct under_way u = c->under_way[i];

		if (now - u.since_ms > MAIL_LOST_MS)
			mail_on_left(c, &u.to, u.upload, LEFT_LATER);
	}
}

static void
on_look(void *chat)
{
	struct chat *c = chat;
	struct err why = { 0 };

	reap(c);
	for (size_t i = 0; i < roster_count(c->roster); i++)
		look_at(c, roster_at(c->roster, i));
	if (!c->trouble && mine_renew_prekey(c, &why) < 0)
		turn_fail(c, &why, false);
	timer_set(&c->mail_look, MAIL_LOOK_MS);
}

static void
on_begin(void *chat)
{
	reap(chat);
	go_on(chat);
}

void
mail_start(struct chat *c)
{
	timer_init(&c->mail_look, c->loop, on_look, c);
	timer_init(&c->mail_begin, c->loop, on_begin, c);
}

void
mail_stop_all(struct chat *c)
{
	timer_stop(&c->mail_look);
	timer_stop(&c->mail_begin);
}

void
mail_carried(struct chat *c)
{
	timer_set(&c->mail_begin, MAIL_START_MS);
	timer_set(&c->mail_look, MAIL_LOOK_MS);
	routes_soon(c);
}
