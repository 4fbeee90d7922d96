#include "letter.h"

#include <string.h>

#include "door.h"
#include "intake.h"
#include "log.h"
#include "people.h"
#include "secret.h"
#include "turn.h"

/* ---- letters ------------------------------------------------------------ */

static const struct receive_key *
key_of(const struct person *p, const uint8_t id[ENVELOPE_ID])
{
	return p && p->who.row != 0 && p->who.trust != TRUST_BLOCKED ?
	    ring_by_id(&p->own->n.ring, id) : NULL;
}

/* Whose key that is.  A walk over some thousand ids takes microseconds, and
 * a table of them would have to follow every key and every undone turn. */
static const struct receive_key *
find_key(const struct chat *c, const struct user_id *queue,
    const uint8_t id[ENVELOPE_ID], struct person **whose)
{
	const struct receive_key *k;

	*whose = queue ? roster_find(c->roster, queue) : NULL;
	k = key_of(*whose, id);
	for (size_t i = 0; !k && i < roster_count(c->roster); i++) {
		*whose = roster_at(c->roster, i);
		k = key_of(*whose, id);
	}
	return k;
}

static void
open_letter(struct chat *c, const struct user_id *queue,
    const uint8_t id[ENVELOPE_ID], const void *bytes, size_t len,
    struct buf *frame)
{
	struct person *p;
	const struct receive_key *k = find_key(c, queue, id, &p);
	struct ring *r;

	if (!k) {
		p = queue ? roster_find(c->roster, queue) : NULL;
		if (p)
			mail_unreadable(c, p);
		return;
	}
	if (envelope_open_letter(frame, c->id, k->secret, &p->who.keys,
	    bytes, len) < 0) {
		log_debug("a letter that was forged or damaged came");
		return;
	}
	c->heard = true;
	turn_touch(c, p);
	r = &p->own->n.ring;
	/* The next one shall not be readable with what opened this one. */
	if (k == ring_newest(r) && ring_renew(r, loop_wall_ms(c->loop),
	    false))
		turn_dirty_numbers(c, p);
	turn_urgent(c);
	intake_frame(c, &p->id, frame->at, frame->len);
	mail_heard(c, p);
}

/* ---- requests ----------------------------------------------------------- */

static int
read_request(struct card *card, struct cur *cur,
    const uint8_t sender[KEY_LEN])
{
	const uint8_t *p;
	size_t len;

	p = cur_lp(cur, CARD_MAX, &len);
	if (!p || card_read(card, p, len) < 0)
		return -1;
	return memcmp(card->keys.x, sender, KEY_LEN) == 0 ? 0 : -1;
}

/* A prekey's, or, of who knows me by a short link, my identity key's. */
static const uint8_t *
request_secret(const struct chat *c, const uint8_t id[ENVELOPE_ID],
    bool *is_identity)
{
	const struct prekey *k = prekeys_find(&c->prekeys, id);
	uint8_t mine[ENVELOPE_ID];

	*is_identity = false;
	if (k)
		return k->secret;
	envelope_key_id(mine, identity_keys(c->id)->x);
	*is_identity = memcmp(id, mine, sizeof(mine)) == 0;
	return *is_identity ? identity_x_secret(c->id) : NULL;
}

static void
open_request(struct chat *c, const uint8_t id[ENVELOPE_ID],
    const void *bytes, size_t len, struct buf *plain)
{
	bool is_identity;
	const uint8_t *secret = request_secret(c, id, &is_identity);
	uint8_t sender[KEY_LEN];
	struct card card;
	struct person *p;
	struct cur cur;

	if (!secret || envelope_open_request(plain, c->id, secret, sender,
	    bytes, len) < 0)
		return;
	cur_init(&cur, plain->at, plain->len);
	if (read_request(&card, &cur, sender) < 0)
		return;
	p = people_get(c, &card.keys);
	if (!p || p->who.trust == TRUST_BLOCKED)
		return;
	/* Whoever stole my long-term key could write this in anybody's name:
	 * it may begin something, and change nothing that stands. */
	if (is_identity && p->own->n.peer_gen != 0)
		return;
	c->heard = true;
	turn_urgent(c);
	door_take_card(c, p, &card, "");
	if (!p->title[0])
		people_retitle(c, p);
	people_changed(c, p);
	intake_frame(c, &p->id, cur.at, cur.left);
	mail_heard(c, p);
	/* Unless their words were kept. */
	people_leave(c, p);
}

/* ---- reseals ------------------------------------------------------------ */

static void
open_reseal(struct chat *c, const void *bytes, size_t len)
{
	uint8_t sender[KEY_LEN], sig[SIG_LEN];
	struct person *p;
	struct reseal r;

	if (envelope_open_reseal(&r, sig, c->id, sender, bytes, len) < 0)
		return;
	p = roster_by_x(c->roster, sender);
	if (!p || !person_is_contact(p) || r.gen < p->own->n.peer_gen ||
	    !reseal_verify(&r, sig, &p->who.keys, identity_id(c->id)))
		return;
	c->heard = true;
	turn_touch(c, p);
	if (numbers_adopt(&p->own->n, r.gen, r.pub))
		turn_dirty_numbers(c, p);
	turn_urgent(c);
	mail_again(c, p);
}

/* ---- the door ----------------------------------------------------------- */

static void
take_letter(struct chat *c, const struct user_id *queue, const void *p,
    size_t len)
{
	uint8_t id[ENVELOPE_ID], mine[ENVELOPE_ID];
	struct buf plain;

	buf_init(&plain);
	switch (envelope_look(p, len, id)) {
	case ENVELOPE_LETTER:
		open_letter(c, queue, id, p, len, &plain);
		break;
	case ENVELOPE_REQUEST:
		open_request(c, id, p, len, &plain);
		break;
	case ENVELOPE_RESEAL:
		envelope_key_id(mine, identity_keys(c->id)->x);
		if (memcmp(id, mine, sizeof(id)) == 0)
			open_reseal(c, p, len);
		break;
	case ENVELOPE_NONE:
		break;
	}
	buf_wipe(&plain);
	buf_clear(&plain);
}

void
letter_come(void *chat, uint64_t letter, const struct user_id *queue,
    const void *p, size_t len)
{
	struct chat *c = chat;

	VECTOR_GROW(c->letters, c->n_letters, c->room_letters);
	c->letters[c->n_letters++] = letter;
	c->is_letter = true;
	take_letter(c, queue, p, len);
	c->is_letter = false;
	if (c->shown)
		loop_again(c->loop);
}

void
letters_took(struct chat *c)
{
	for (size_t i = 0; i < c->n_letters; i++)
		if (c->carrier.took)
			c->carrier.took(c->carrier.net, c->letters[i]);
	c->n_letters = 0;
}
