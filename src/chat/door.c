#include "door.h"

#include <string.h>

#include "intake.h"
#include "letter.h"
#include "mine.h"
#include "pair.h"
#include "people.h"
#include "post.h"
#include "routes.h"
#include "trust.h"
#include "turn.h"

/* ---- who was seen ------------------------------------------------------- */

static void
on_seen(void *chat, const struct sighting *s)
{
	struct chat *c = chat;
	struct person *p = people_get(c, &s->keys);
	bool fresh, named = false;

	if (!p)
		return;
	fresh = !p->nearby || strcmp(p->own->where, s->where) != 0;
	p->nearby = true;
	p->who.seen_ms = loop_wall_ms(c->loop);
	memset(p->own->where, 0, sizeof(p->own->where));
	memcpy(p->own->where, s->where,
	    strnlen(s->where, sizeof(p->own->where) - 1));
	/* A contact's name comes with their card, over a proven link. */
	if (p->who.trust == TRUST_NEARBY)
		named = people_name(c, p, s->name);
	if (named || !p->title[0])
		people_retitle(c, p);
	if (!fresh && !named)
		return;
	people_changed(c, p);
	if (person_is_contact(p) && !p->linked)
		turn_post(c, p, TELL_WANT | TELL_URGENT);
}

static void
on_lost(void *chat, const struct user_id *who)
{
	struct chat *c = chat;
	struct person *p = roster_find(c->roster, who);

	if (!p || !p->nearby)
		return;
	p->nearby = false;
	people_changed(c, p);
	people_leave(c, p);
}

static enum welcome
welcome(void *chat, const uint8_t x[KEY_LEN], struct pubkeys *keys)
{
	struct chat *c = chat;
	struct person *p = roster_by_x(c->roster, x);
	bool open = opts_bool(c->opts, "requests");

	if (memcmp(x, identity_keys(c->id)->x, KEY_LEN) == 0)
		return WELCOME_NOT;
	if (!p)
		return open ? WELCOME_STRANGER : WELCOME_NOT;
	if (p->who.trust == TRUST_BLOCKED)
		return WELCOME_NOT;
	*keys = p->who.keys;
	if (person_is_contact(p))
		return WELCOME_CONTACT;
	return open ? WELCOME_STRANGER : WELCOME_NOT;
}

/* ---- links -------------------------------------------------------------- */

void
door_take_card(struct chat *c, struct person *p, const struct card *card,
    const char *where)
{
	uint8_t suite = card->vmax < FRAME_VERSION ? card->vmax :
	    FRAME_VERSION;

	p->who.seen_ms = loop_wall_ms(c->loop);
	if (card->serial >= p->who.serial) {
		p->who.serial = card->serial;
		if (people_name(c, p, card->name))
			people_retitle(c, p);
		routes_card(c, p, card);
	}
	if (p->who.suite < suite)
		p->who.suite = suite;
	if (*where) {
		memset(p->who.where, 0, sizeof(p->who.where));
		memcpy(p->who.where, where,
		    strnlen(where, sizeof(p->who.where) - 1));
	}
	if (p->who.row != 0) {
		turn_dirty_who(c, p);
		/* Proven now, also of who was blocked unseen. */
		roster_know(c->roster, p);
	}
}

static void
on_up(void *chat, const struct card *card, enum path path, int64_t rtt_us,
    const char *where, bool dialled)
{
	struct chat *c = chat;
	struct person *p = people_get(c, &card->keys);

	if (!p)
		return;
	p->linked = true;
	p->path = path;
	p->rtt_us = rtt_us;
	p->presence = ONLINE;
	door_take_card(c, p, card, where);
	if (!p->title[0])
		people_retitle(c, p);
	people_changed(c, p);
	if (p->who.trust == TRUST_BLOCKED) {
		turn_post(c, p, TELL_DROP);
		return;
	}
	p->own->resend_ms = RESEND_MS;
	timer_stop(&p->own->resend);
	mail_linked(p);
	if (person_is_contact(p)) {
		post_again(c, p);
		turn_post(c, p, TELL_READ | (c->is_away ? TELL_STATUS : 0));
	}
	if (!dialled)
		return;
	chat_notice(c, "%s answered at %s", p->title, where);
	trust_look_at(c, p, where);
}

static void
on_card(void *chat, const struct card *card)
{
	struct chat *c = chat;
	struct user_id id;
	struct person *p;

	user_id_of(&id, &card->keys);
	p = roster_find(c->roster, &id);
	if (!p || !p->linked)
		return;
	door_take_card(c, p, card, "");
	people_changed(c, p);
}

static void
on_moved(void *chat, const struct user_id *who, enum path path,
    int64_t rtt_us)
{
	struct chat *c = chat;
	struct person *p = roster_find(c->roster, who);

	if (!p || !p->linked || (p->path == path && p->rtt_us == rtt_us))
		return;
	p->path = path;
	p->rtt_us = rtt_us;
	people_changed(c, p);
}

/* What the lost link carried may be lost with it, acknowledgements too: they
 * may have another link since long ago, and would ask after RESEND_MS. */
static void
on_again(void *chat, const struct user_id *who)
{
	struct chat *c = chat;
	struct person *p = roster_find(c->roster, who);

	if (!p || !p->linked || !person_is_contact(p))
		return;
	post_again(c, p);
	post_ack_all(c, p);
}

static void
on_down(void *chat, const struct user_id *who)
{
	struct chat *c = chat;
	struct person *p = roster_find(c->roster, who);

	if (!p || !p->linked)
		return;
	p->linked = false;
	p->path = PATH_NONE;
	p->rtt_us = 0;
	p->presence = OFFLINE;
	p->away[0] = '\0';
	p->own->typing_told_ms = 0;
	timer_stop(&p->own->resend);
	people_typing(c, p, false);
	p->who.seen_ms = loop_wall_ms(c->loop);
	if (p->who.row != 0)
		turn_dirty_who(c, p);
	/* Whatever it did not deliver is left for them. */
	p->own->mail.is_slow = false;
	turn_post(c, p, TELL_MAIL);
	people_changed(c, p);
	people_leave(c, p);
}

static enum heard
on_heard(void *chat, const struct user_id *who, const uint8_t *frame,
    size_t len)
{
	return intake_frame(chat, who, frame, len);
}

static void
on_room(void *chat, const struct user_id *who)
{
	struct chat *c = chat;
	struct person *p = roster_find(c->roster, who);

	if (p)
		turn_post(c, p, TELL_FRAMES);
}

/* ---- what net asks ------------------------------------------------------ */

static void
notice(void *chat, const char *text)
{
	chat_notice(chat, "%s", text);
}

static void
failed(void *chat, const struct err *e)
{
	chat_error(chat, e);
}

static void
card(void *chat, struct buf *out)
{
	mine_card(chat, out);
}

static const char *
name(void *chat)
{
	return chat_name(chat);
}

static bool
contact_at(void *chat, size_t i, struct pubkeys *keys)
{
	struct chat *c = chat;

	for (size_t k = 0; k < roster_count(c->roster); k++) {
		const struct person *p = roster_at(c->roster, k);

		if (!person_is_contact(p) || i-- > 0)
			continue;
		*keys = p->who.keys;
		return true;
	}
	return false;
}

void
door_init(struct chat *c)
{
	c->events = (struct carrier_events){ .chat = c, .on_seen = on_seen,
		.on_lost = on_lost, .welcome = welcome, .on_up = on_up,
		.on_card = on_card, .on_moved = on_moved,
		.on_again = on_again, .on_down = on_down,
		.on_heard = on_heard, .on_room = on_room,
		.on_letter = letter_come, .on_left = mail_on_left,
		.on_visit = pair_on_visit, .on_visit_msg = pair_on_msg,
		.on_visit_end = pair_on_end, .on_relays = mail_on_relays,
		.relay_key = mine_relay_key,
		.pin_relay = mine_pin_relay,
		.owed_drops = mine_owed_drops,
		.keep_drops = mine_keep_drops, .notice = notice,
		.failed = failed, .card = card, .name = name,
		.contact_at = contact_at };
}
