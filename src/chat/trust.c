#include "trust.h"

#include <stdio.h>
#include <string.h>

#include "people.h"
#include "routes.h"
#include "text.h"
#include "turn.h"

/* ---- doubts ------------------------------------------------------------- */

/* What they call themselves looks like this, whatever I call them. */
static bool
name_looks_like(const struct person *p, const char *look)
{
	struct buf b;
	bool same;

	if (!p->who.alias[0] || !p->who.name[0])
		return false;
	buf_init(&b);
	text_look(&b, p->who.name);
	same = text_same_look(buf_str(&b), look);
	buf_clear(&b);
	return same;
}

struct person *
trust_like(const struct chat *c, const struct person *p)
{
	/* The nameless look like each other. */
	if (!p->who.name[0] && !p->who.alias[0])
		return NULL;
	for (size_t i = 0; i < roster_count(c->roster); i++) {
		struct person *q = roster_at(c->roster, i);

		if (q != p && person_is_contact(q) &&
		    (q->who.name[0] || q->who.alias[0]) &&
		    (text_same_look(p->own->look, q->own->look) ||
		    name_looks_like(q, p->own->look)))
			return q;
	}
	return NULL;
}

static void
doubt(struct chat *c, struct person *p, const struct person *q,
    const char *text)
{
	char next[240];

	if (p->own->n.doubted)
		return;
	turn_touch(c, p);
	p->own->n.doubted = true;
	p->own->n.doubt_of = q->id;
	if (p->who.row != 0)
		turn_dirty_numbers(c, p);
	snprintf(next, sizeof(next), "ask %s by another way, or compare "
	    "/verify %.8s; then /accept %.8s, or /block %.8s", q->title,
	    p->id_text, p->id_text, p->id_text);
	news_add_more(c->news, NEWS_KEY, &p->id, text, next, true);
	people_changed(c, p);
}

static void
doubt_name(struct chat *c, struct person *p, const struct person *q)
{
	char text[400];

	snprintf(text, sizeof(text), "%s has another key than the %s you "
	    "know: somebody who began anew, of the same name, or who poses "
	    "as them; nothing is said to them before you confirm it",
	    p->title, q->title);
	doubt(c, p, q, text);
}

void
trust_look(struct chat *c, struct person *p)
{
	const struct person *q = trust_like(c, p);

	if (q)
		doubt_name(c, p, q);
}

void
trust_look_at(struct chat *c, struct person *p, const char *where)
{
	char text[400];

	if (person_is_contact(p) || !*where)
		return;
	for (size_t i = 0; i < roster_count(c->roster); i++) {
		const struct person *q = roster_at(c->roster, i);

		if (q == p || !person_is_contact(q) ||
		    strcmp(q->who.where, where) != 0)
			continue;
		snprintf(text, sizeof(text), "at %.80s, where %s was, %s "
		    "answers with another key; nothing is said to them "
		    "before you confirm it", where, q->title, p->title);
		doubt(c, p, q, text);
		return;
	}
}

void
trust_settle(struct chat *c, struct person *p)
{
	if (!p->own->n.doubted)
		return;
	turn_touch(c, p);
	p->own->n.doubted = false;
	if (p->who.row != 0)
		turn_dirty_numbers(c, p);
	people_changed(c, p);
}

/* Numbers were compared, and are not the same: whatever the mark said, it
 * says nothing any more. */
static void
differ(struct chat *c, struct person *p)
{
	char text[400], next[240];

	p->own->n.doubted = true;
	p->own->n.doubt_of = p->id;
	p->own->n.verified_from = TRUST_ACCEPTED;
	if (p->who.row != 0)
		turn_dirty_numbers(c, p);
	snprintf(text, sizeof(text), "your numbers and those of %s differ: "
	    "one was misread, or somebody sits between you and reads along; "
	    "%s counts as unverified, and nothing more is said to them",
	    p->title, p->title);
	snprintf(next, sizeof(next), "compare again: /verify %.8s; if they "
	    "really differ, /block %.8s or /remove %.8s, and meet by a new "
	    "code in person: /host, /join", p->id_text, p->id_text,
	    p->id_text);
	news_add_more(c->news, NEWS_KEY, &p->id, text, next, true);
}

bool
trust_differs(const struct person *p)
{
	return p->own->n.doubted && user_id_equal(&p->own->n.doubt_of, &p->id);
}

static int
hold(const struct person *p, const struct person *q, struct err *e)
{
	if (q == p) {
		err_set(e, STATUS_DENIED, "the numbers you compared with %s "
		    "differ: nothing was said", p->title);
		return err_next(e, "compare again: /verify %.8s; if they "
		    "really differ, /block or /remove, and meet by a new code",
		    p->id_text);
	}
	err_set(e, STATUS_DENIED, "%s has another key than %s%s: nothing was "
	    "said", p->title, q ? "the one you know as " : "a contact of "
	    "that name or place", q ? q->title : "");
	return err_next(e, "ask by another way who it is, or compare /verify "
	    "%.8s; then /accept %.8s", p->id_text, p->id_text);
}

int
trust_may_say(struct chat *c, struct person *p, struct err *e)
{
	const struct person *q;

	if (p->own->n.doubted)
		return hold(p, roster_find(c->roster, &p->own->n.doubt_of),
		    e);
	q = person_is_contact(p) ? NULL : trust_like(c, p);
	return q ? hold(p, q, e) : 0;
}

/* ---- pairings of which they may not know -------------------------------- */

static void
wait_for(struct chat *c, struct person *p)
{
	p->own->confirm_ms = loop_now_ms(c->loop) + CODE_LIFE_MS;
	if (!timer_is_set(&c->confirm))
		timer_set(&c->confirm, CODE_LIFE_MS);
}

void
trust_unconfirmed(struct chat *c, struct person *p)
{
	turn_touch(c, p);
	p->own->n.unconfirmed = true;
	turn_dirty_numbers(c, p);
	wait_for(c, p);
	people_changed(c, p);
}

void
trust_confirm(struct chat *c, struct person *p)
{
	if (!p->own->n.unconfirmed)
		return;
	turn_touch(c, p);
	p->own->n.unconfirmed = false;
	p->who.admitted = true;
	if (p->who.trust == TRUST_ACCEPTED && !trust_differs(p))
		p->who.trust = TRUST_PAIRED;
	turn_dirty_who(c, p);
	turn_dirty_numbers(c, p);
	turn_urgent(c);
	routes_owe(c, p);
	news_add_more(c->news, NEWS_PAIRED, &p->id, NULL, NULL, true);
	people_changed(c, p);
}

/* More than the code that was typed: I decided, or said something. */
static bool
is_mine_anyway(const struct person *p)
{
	return p->n_owed > 0 || (p->talk && talk_count(p->talk) > 0) ||
	    p->who.trust != TRUST_ACCEPTED || p->doubted || p->who.alias[0];
}

/* Nothing was heard of them: they never knew, unless words of mine are to
 * reach them, which then ask like a stranger's. */
static void
give_up(struct chat *c, struct person *p)
{
	struct err why = { 0 };
	char title[sizeof(p->title)];

	if (is_mine_anyway(p)) {
		turn_touch(c, p);
		p->own->n.unconfirmed = false;
		turn_dirty_numbers(c, p);
		people_changed(c, p);
		return;
	}
	memcpy(title, p->title, sizeof(title));
	if (chat_remove(c, p, &why) < 0) {
		wait_for(c, p);
		return;
	}
	chat_notice(c, "%s never confirmed the pairing and is forgotten; if "
	    "they see you, have them write to you, and /accept; else make a "
	    "new code together", title);
}

static void
on_confirm(void *chat)
{
	struct chat *c = chat;
	int64_t now = loop_now_ms(c->loop), next = 0;

	/* Backwards: who is forgotten may leave the roster, and the last one
	 * takes the place. */
	for (size_t i = roster_count(c->roster); i-- > 0; ) {
		struct person *p = roster_at(c->roster, i);

		if (p->own->n.unconfirmed && p->own->confirm_ms <= now)
			give_up(c, p);
		else if (p->own->n.unconfirmed &&
		    (next == 0 || p->own->confirm_ms < next))
			next = p->own->confirm_ms;
	}
	if (next != 0)
		timer_set(&c->confirm, next - now);
}

/* The time begins anew with each start: the other side may be on its way
 * to say that it knows me. */
void
trust_load(struct chat *c)
{
	for (size_t i = 0; i < roster_count(c->roster); i++)
		if (roster_at(c->roster, i)->own->n.unconfirmed)
			wait_for(c, roster_at(c->roster, i));
}

void
trust_init(struct chat *c)
{
	timer_init(&c->confirm, c->loop, on_confirm, c);
}

void
trust_stop(struct chat *c)
{
	timer_stop(&c->confirm);
}

/* ---- comparing ---------------------------------------------------------- */

static void
put_code(char *text, size_t room, const char *id_text)
{
	size_t n = (size_t)snprintf(text, room, "P2PTUI:1/%s", id_text);

	for (size_t i = 0; i < n; i++)
		if (text[i] >= 'a' && text[i] <= 'z')
			text[i] = (char)(text[i] - 'a' + 'A');
}

void
chat_safety(const struct chat *c, const struct person *p,
    struct safety *out)
{
	char mine[ID_TEXT];

	safety_number(identity_id(c->id), &p->id, out->number);
	safety_words(identity_id(c->id), &p->id, out->words);
	user_id_text(identity_id(c->id), mine);
	put_code(out->mine, sizeof(out->mine), mine);
	put_code(out->theirs, sizeof(out->theirs), p->id_text);
}

static int
check_verify(const struct person *p, bool yes, struct err *e)
{
	if (p->who.trust == TRUST_BLOCKED) {
		err_set(e, STATUS_USAGE, "%s is blocked", p->title);
		return err_next(e, "/unblock first");
	}
	if (!yes)
		return 0;
	if (!person_is_contact(p)) {
		err_set(e, STATUS_USAGE, "%s is no contact", p->title);
		return err_next(e, "/accept %.8s first", p->id_text);
	}
	if (p->who.trust == TRUST_VERIFIED && !p->own->n.doubted)
		return err_set(e, STATUS_USAGE,
		    "%s is marked as verified already", p->title);
	return 0;
}

int
chat_verify(struct chat *c, struct person *p, bool yes, struct err *e)
{
	struct numbers *n = &p->own->n;
	struct err why = { 0 };
	int done = 0;

	if (check_verify(p, yes, e) < 0)
		return -1;
	turn_touch(c, p);
	if (yes && p->who.trust != TRUST_VERIFIED)
		n->verified_from = (uint8_t)p->who.trust;
	if (yes)
		trust_settle(c, p);
	else
		differ(c, p);
	if (person_is_contact(p)) {
		turn_dirty_numbers(c, p);
		done = people_keep(c, p, yes ? TRUST_VERIFIED :
		    TRUST_ACCEPTED, &why);
	} else {
		people_changed(c, p);
	}
	return turn_finish(c, done, &why, e);
}
