#include "addlink.h"

#include <stdio.h>
#include <string.h>

#include "consent.h"
#include "door.h"
#include "enc.h"
#include "mine.h"
#include "people.h"
#include "queuekey.h"
#include "routes.h"
#include "shortlink.h"
#include "trust.h"
#include "turn.h"

enum {
	QUEUE_TEXT = BASE32_LEN(QUEUE_ID_LEN),
	TOKEN_TEXT = BASE32_LEN(QUEUE_TOKEN_LEN)
};

/* ---- mine --------------------------------------------------------------- */

char *
chat_link(struct chat *c)
{
	struct buf card, link;
	char *text;

	routes_now(c);
	buf_init(&card);
	buf_init(&link);
	mine_card(c, &card);
	card_link(&link, card.at, card.len);
	text = mem_str(buf_str(&link));
	buf_clear(&card);
	buf_clear(&link);
	return text;
}

/* HOST:PORT#KEY/QUEUE/TOKEN: of these a short link has the first and the
 * third, and the last follows from my keys. */
static void
take_place(struct shortlink *l, const char *place)
{
	size_t len = strcspn(place, "#");
	const char *slash = strchr(place, '/');
	char queue[QUEUE_TEXT];

	if (place[len] == '\0' || !slash || len >= sizeof(l->host) ||
	    strcspn(slash + 1, "/") != QUEUE_TEXT - 1)
		return;
	memcpy(queue, slash + 1, QUEUE_TEXT - 1);
	queue[QUEUE_TEXT - 1] = '\0';
	if (dec_base32(l->queue, QUEUE_ID_LEN, queue) != QUEUE_ID_LEN)
		return;
	memcpy(l->host, place, len);
	l->host[len] = '\0';
	l->has_queue = true;
}

char *
chat_short_link(struct chat *c)
{
	struct shortlink l = { .keys = *identity_keys(c->id) };
	struct buf b;
	char *text;

	routes_now(c);
	if (c->places.n > 0)
		take_place(&l, c->places.at[0]);
	buf_init(&b);
	if (shortlink_write(&b, &l) < 0) {
		/* A host that no link can say: then without. */
		l.host[0] = '\0';
		l.has_queue = false;
		shortlink_write(&b, &l);
	}
	text = mem_str(buf_str(&b));
	buf_clear(&b);
	return text;
}

/* ---- theirs ------------------------------------------------------------- */

bool
place_has_key(const char *place)
{
	return strchr(place, '#') != NULL;
}

static void
put_place(const struct shortlink *l, struct routes *out)
{
	uint8_t token[QUEUE_TOKEN_LEN];
	char queue_text[QUEUE_TEXT], token_text[TOKEN_TEXT];
	int n;

	memset(out, 0, sizeof(*out));
	if (!l->has_queue || !l->host[0])
		return;
	request_token_of(token, &l->keys);
	enc_base32(queue_text, l->queue, QUEUE_ID_LEN);
	enc_base32(token_text, token, QUEUE_TOKEN_LEN);
	n = snprintf(out->at[0], ROUTE_TEXT, "%s/%s/%s", l->host,
	    queue_text, token_text);
	out->n = n > 0 && n < ROUTE_TEXT;
}

static int
read_link(const char *link, struct card *card, struct shortlink *shorter,
    bool *is_short, struct err *e)
{
	*is_short = false;
	if (card_from_link(card, link) == 0)
		return 0;
	*is_short = true;
	if (shortlink_read(shorter, link) == 0)
		return 0;
	err_set(e, STATUS_USAGE, "that is not a whole contact link");
	return err_next(e, "it begins with p2ptui: and has no blanks; /link "
	    "shows yours");
}

static struct person *
find_person(struct chat *c, const struct pubkeys *keys, struct err *e)
{
	struct person *p;

	if (keys_equal(keys, identity_keys(c->id))) {
		err_set(e, STATUS_USAGE, "that is your own link");
		err_next(e, "give it to somebody who shall add you");
		return NULL;
	}
	p = people_get(c, keys);
	if (!p) {
		err_set(e, STATUS_TRY_AGAIN, "too many people are around");
		return NULL;
	}
	if (p->who.trust != TRUST_BLOCKED)
		return p;
	err_set(e, STATUS_USAGE, "%s is blocked", p->title);
	err_next(e, "/unblock first");
	return NULL;
}

struct person *
chat_add(struct chat *c, const char *link, struct err *e)
{
	struct err why = { 0 };
	struct shortlink shorter;
	struct card card;
	struct routes place;
	struct person *p;
	bool is_short, is_new;
	int done = 0;

	if (read_link(link, &card, &shorter, &is_short, e) < 0)
		return NULL;
	p = find_person(c, is_short ? &shorter.keys : &card.keys, e);
	if (!p)
		return NULL;
	is_new = !person_is_contact(p);
	turn_touch(c, p);
	if (is_short) {
		put_place(&shorter, &place);
		routes_typed(c, p, &place);
	} else {
		door_take_card(c, p, &card, "");
	}
	people_retitle(c, p);
	if (is_new)
		done = consent_give(c, p, &why);
	else if (p->own->n.unconfirmed) {
		/* Now they are mine by a link as well. */
		p->own->n.unconfirmed = false;
		turn_dirty_numbers(c, p);
	}
	if (done == 0 && is_new)
		trust_look(c, p);
	if (turn_finish(c, done, &why, e) == 0)
		return p;
	/* Whom nothing keeps here but this try. */
	people_leave(c, p);
	return NULL;
}
