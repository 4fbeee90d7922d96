#include "routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addlink.h"
#include "kdf.h"
#include "label.h"
#include "mail.h"
#include "mine.h"
#include "own.h"
#include "turn.h"

enum { NO_PLACES = 1 };		/* in place of a hash */

/* ---- as bytes ----------------------------------------------------------- */

void
routes_write(struct buf *out, const struct routes *r)
{
	buf_u8(out, (uint8_t)r->n);
	for (size_t i = 0; i < r->n; i++)
		buf_lp(out, r->at[i], strlen(r->at[i]));
}

static bool
is_plain(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] <= 0x20 || p[i] >= 0x7f)
			return false;
	return len > 0;
}

int
routes_read(struct routes *r, struct cur *c)
{
	size_t n = cur_u8(c), len;
	const uint8_t *p;

	memset(r, 0, sizeof(*r));
	if (!cur_ok(c) || n > ROUTES_MAX)
		return -1;
	for (size_t i = 0; i < n; i++) {
		p = cur_lp(c, ROUTE_TEXT - 1, &len);
		if (!p || !is_plain(p, len))
			return -1;
		memcpy(r->at[i], p, len);
	}
	r->n = n;
	return 0;
}

bool
routes_equal(const struct routes *a, const struct routes *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->at[i], b->at[i]) != 0)
			return false;
	return true;
}

/* Never 0. */
static uint64_t
hash_of(const struct routes *r)
{
	uint8_t hash[HASH_LEN];
	struct buf b;
	uint64_t n;

	if (r->n == 0)
		return NO_PLACES;
	buf_init(&b);
	routes_write(&b, r);
	kdf_hash(hash, LABEL_ROUTES, (const struct item[]){
	    ITEM(b.at, b.len), KDF_END });
	buf_clear(&b);
	n = get_u64(hash);
	return n > NO_PLACES ? n : n + 2;
}

/* ---- theirs ------------------------------------------------------------- */

const struct routes *
routes_to(const struct person *p)
{
	const struct places *places = p->own->n.places;

	if (places && places->told.n > 0)
		return &places->told;
	return places && places->card.n > 0 ? &places->card : NULL;
}

void
routes_tell(struct chat *c, struct person *p)
{
	static const struct routes nowhere;
	const struct routes *to = routes_to(p);

	if (person_is_contact(p) && !p->own->gone && c->carrier.their_routes)
		c->carrier.their_routes(c->carrier.net, &p->who.keys,
		    to ? to : &nowhere);
}

/* Replaces one of the two; what they are owed goes to the new place. */
static void
set_places(struct chat *c, struct person *p, struct routes *which,
    const struct routes *now)
{
	const struct routes *to = routes_to(p);
	struct routes before = { 0 };

	if (to)
		before = *to;
	*which = *now;
	to = routes_to(p);
	if (to ? routes_equal(to, &before) : before.n == 0)
		return;
	mail_moved(c, p);
	turn_post(c, p, TELL_ROUTES | TELL_MAIL);
}

void
routes_card(struct chat *c, struct person *p, const struct card *card)
{
	static const uint8_t none[KEY_LEN];
	struct routes said = { .n = card->n_relays };
	struct places *places = p->own->n.places;

	for (size_t i = 0; i < card->n_relays; i++) {
		size_t len = strlen(card->relays[i]);

		if (!is_plain((const uint8_t *)card->relays[i], len) ||
		    !place_has_key(card->relays[i]))
			return;
		memcpy(said.at[i], card->relays[i], len);
	}
	if (!places && said.n == 0 && memcmp(card->spk, none, KEY_LEN) == 0)
		return;
	if (places && routes_equal(&places->card, &said) &&
	    memcmp(places->prekey, card->spk, KEY_LEN) == 0)
		return;
	turn_touch(c, p);
	places = numbers_places(&p->own->n);
	memcpy(places->prekey, card->spk, KEY_LEN);
	places->prekey_expiry = card->spk_expiry;
	set_places(c, p, &places->card, &said);
	if (p->who.row != 0)
		turn_dirty_numbers(c, p);
}

void
routes_typed(struct chat *c, struct person *p, const struct routes *places)
{
	if (places->n == 0 || routes_to(p))
		return;
	turn_touch(c, p);
	set_places(c, p, &numbers_places(&p->own->n)->card, places);
	if (p->who.row != 0)
		turn_dirty_numbers(c, p);
}

void
routes_heard(struct chat *c, struct person *p, const struct frame *f)
{
	struct places *places;
	struct routes said;
	struct cur cur;

	if (f->len == 0)
		return;
	cur_init(&cur, f->body, f->len);
	if (routes_read(&said, &cur) < 0 || !cur_done(&cur))
		return;
	for (size_t i = 0; i < said.n; i++)
		if (!place_has_key(said.at[i]))
			return;
	turn_touch(c, p);
	places = numbers_places(&p->own->n);
	/* They may have moved twice, and letters overtake each other. */
	if (mark_reaches(&places->told_at, f->epoch, f->seq))
		return;
	places->told_at = (struct mark){ f->epoch, f->seq };
	set_places(c, p, &places->told, &said);
	turn_dirty_numbers(c, p);
}

/* ---- mine --------------------------------------------------------------- */

static uint64_t
mine_now(struct chat *c, const struct person *p)
{
	struct routes now = { 0 };

	if (c->carrier.my_routes)
		c->carrier.my_routes(c->carrier.net, &p->id, &now);
	return hash_of(&now);
}

/* What they know of mine, or will when what is owed arrives; 0: not sure. */
static uint64_t
mine_as_told(const struct person *p)
{
	const struct outbox *o = &p->own->out;

	for (size_t i = o->n; i-- > o->head; )
		if (!o->at[i].gone && o->at[i].kind == FRAME_ROUTE)
			return o->at[i].told;
	return p->own->n.places && p->own->n.places->mine ?
	    p->own->n.places->mine : NO_PLACES;
}

static int
owe_route(struct chat *c, struct person *p, uint64_t hash, struct err *e)
{
	char text[ROUTES_TEXT];
	struct pending what = { .p = p, .kind = FRAME_ROUTE, .told = hash };

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)hash);
	return turn_owe(c, &what, text, sizeof(text) - 1, false, e);
}

uint64_t
routes_told(const char *text, size_t len)
{
	char copy[ROUTES_TEXT] = "";

	if (len != sizeof(copy) - 1)
		return 0;
	memcpy(copy, text, len);
	return strtoull(copy, NULL, 16);
}

void
routes_body(struct chat *c, struct person *p, struct owed *row,
    struct buf *out)
{
	struct routes now = { 0 };

	if (c->carrier.my_routes)
		c->carrier.my_routes(c->carrier.net, &p->id, &now);
	if (row->told != 0 && hash_of(&now) == row->told) {
		routes_write(out, &now);
		return;
	}
	/* Says nothing; and from now on nobody knows what it said. */
	row->told = 0;
	routes_owe(c, p);
}

void
routes_acked(struct chat *c, struct person *p, const struct owed *row)
{
	struct person_private *own = p->own;

	/* Acknowledgements may overtake each other. */
	if (row->told == 0 || mark_reaches(&own->route_acked, row->epoch,
	    row->seq))
		return;
	own->route_acked = (struct mark){ row->epoch, row->seq };
	turn_touch(c, p);
	numbers_places(&own->n)->mine = row->told;
	turn_dirty_numbers(c, p);
}

/* My card says where requests go.  1: there is no place, which may change. */
static int
look_at_card(struct chat *c, struct err *e)
{
	struct routes now = { 0 };
	struct buf b;
	int done;

	c->carrier.my_routes(c->carrier.net, NULL, &now);
	if (routes_equal(&now, &c->places))
		return 0;
	if (now.n == 0 && !c->routes_patient)
		return 1;
	buf_init(&b);
	routes_write(&b, &now);
	done = store_set_value(c->store, "places", b.at, b.len, e);
	buf_clear(&b);
	if (done < 0 || mine_new_serial(c, e) < 0)
		return -1;
	c->places = now;
	c->announce = true;
	/* All of them come from the same relays. */
	c->routes_all = true;
	turn_urgent(c);
	return 0;
}

static int
look_at(struct chat *c, struct person *p, struct err *e)
{
	uint64_t hash;

	if (!person_is_contact(p) || !p->who.admitted || p->own->gone)
		return 0;
	hash = mine_now(c, p);
	return hash == mine_as_told(p) ? 0 : owe_route(c, p, hash, e);
}

/* A slice of those to be looked at; 1: there are more. */
static int
look_at_some(struct chat *c, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < roster_count(c->roster); i++) {
		struct person *p = roster_at(c->roster, i);

		if (c->routes_all)
			p->own->routes_due = true;
		if (!p->own->routes_due)
			continue;
		n += person_is_contact(p);
		if (n > ROUTES_SLICE)
			continue;
		if (look_at(c, p, e) < 0)
			return -1;
		p->own->routes_due = false;
	}
	c->routes_all = false;
	return n > ROUTES_SLICE;
}

static void
on_look(void *chat)
{
	struct chat *c = chat;
	struct err why = { 0 };
	int64_t again_ms = ROUTES_NONE_MS;
	int left;

	if (!c->carrier.my_routes)
		return;
	left = c->trouble ? 1 : look_at_card(c, &why);
	c->routes_patient = left > 0;
	if (left == 0) {
		left = look_at_some(c, &why);
		again_ms = 0;
	}
	if (left < 0) {
		/* What was owed in this turn is not: all of them again. */
		c->routes_all = true;
		again_ms = ROUTES_NONE_MS;
		turn_fail(c, &why, false);
	}
	if (left != 0)
		timer_set(&c->routes, again_ms);
}

static void
soon(struct chat *c, int64_t delay_ms)
{
	/* Whoever waits for company does not hold up who does not. */
	if (timer_is_set(&c->routes) && !c->routes_patient &&
	    c->routes.due_ms <= loop_now_ms(c->loop) + delay_ms)
		return;
	c->routes_patient = false;
	timer_set(&c->routes, delay_ms);
}

void
routes_soon(struct chat *c)
{
	soon(c, ROUTES_SOON_MS);
}

void
chat_unrelayed(struct chat *c)
{
	c->routes_patient = true;
	timer_set(&c->routes, 0);
}

void
routes_now(struct chat *c)
{
	struct err why = { 0 };

	if (!c->carrier.my_routes || c->trouble)
		return;
	if (look_at_card(c, &why) < 0)
		turn_fail(c, &why, false);
	else if (c->routes_all)
		routes_soon(c);
}

void
routes_owe(struct chat *c, struct person *p)
{
	p->own->routes_due = true;
	soon(c, 0);
}

int
routes_load(struct chat *c, struct err *e)
{
	struct cur cur;
	struct buf b;
	int found;

	buf_init(&b);
	found = store_value(c->store, "places", &b, e);
	cur_init(&cur, b.at, b.len);
	if (found == 1 && (routes_read(&c->places, &cur) < 0 ||
	    !cur_done(&cur)))
		found = err_set(e, STATUS_DAMAGED,
		    "the stored value \"places\" is damaged");
	buf_clear(&b);
	return found < 0 ? -1 : 0;
}

void
routes_start(struct chat *c)
{
	timer_init(&c->routes, c->loop, on_look, c);
	c->routes_all = true;
}

void
routes_stop(struct chat *c)
{
	timer_stop(&c->routes);
}
