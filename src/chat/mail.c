#include "mail.h"

#include <string.h>

#include "kdf.h"
#include "label.h"
#include "own.h"
#include "post.h"
#include "rand.h"
#include "routes.h"
#include "turn.h"

/* ---- whether ------------------------------------------------------------ */

/* What seals the first letters to them: the prekey of their card; of whom
 * no card is known but a short link, their identity key.  NULL: too old. */
static const uint8_t *
request_key(const struct chat *c, const struct person *p)
{
	static const uint8_t none[KEY_LEN];
	const struct places *places = p->own->n.places;
	int64_t now_s = loop_wall_ms(c->loop) / 1000;

	if (!places)
		return NULL;
	if (memcmp(places->prekey, none, KEY_LEN) == 0)
		return p->who.keys.x;
	return now_s < 0 || (uint64_t)now_s < places->prekey_expiry ?
	    places->prekey : NULL;
}

bool
mail_can(const struct chat *c, const struct person *p)
{
	return c->carrier.leave && person_is_contact(p) && !p->own->gone &&
	    p->who.row != 0 && routes_to(p) &&
	    (p->own->n.peer_gen != 0 || request_key(c, p));
}

static bool
has_ack(const struct person *p)
{
	const struct windows *w = &p->own->n.seen;

	if (p->own->n_stale > 0)
		return true;
	for (size_t i = 0; i < w->n; i++)
		if (w->at[i].due)
			return true;
	return false;
}

static bool
may_tell_read(const struct chat *c, const struct person *p)
{
	return p->own->mail.read_due && p->own->n.read_theirs.epoch != 0 &&
	    opts_bool(c->opts, "receipts");
}

static bool
has_row(const struct person *p)
{
	bool first;
	const struct owed *row = outbox_unleft(&p->own->out, &first);

	return row && post_may_go(p, row);
}

bool
mail_wants(const struct chat *c, const struct person *p)
{
	const struct mailing *m = &p->own->mail;

	if (!mail_can(c, p) || m->hold != HOLD_NONE)
		return false;
	if (p->linked)
		return m->is_slow && has_row(p);
	return m->reseal_due || has_row(p) || has_ack(p) ||
	    may_tell_read(c, p);
}

/* ---- what is under way -------------------------------------------------- */

/* Enough is under way, or net says so: an answer goes on with it, or the
 * news that relays moved, or this timer. */
static int
stall(struct chat *c)
{
	c->mail_stalled = true;
	timer_set(&c->mail_begin, MAIL_AGAIN_MS);
	return -1;
}

/* Hands c->letter to net; -1: not now. */
static int
hand_over(struct chat *c, struct person *p, const struct under_way *what)
{
	struct under_way *u;

	if (c->n_under_way == MAIL_UNDER_WAY ||
	    c->carrier.leave(c->carrier.net, &p->id, what->upload,
	    c->letter.at, c->letter.len) < 0)
		return stall(c);
	u = &c->under_way[c->n_under_way++];
	*u = *what;
	u->to = p->id;
	u->since_ms = loop_now_ms(c->loop);
	return 0;
}

/* ---- sealing ------------------------------------------------------------ */

/* The frame into c->letter: to their newest receive key, else as a request,
 * with my card, since they may not know me. */
static int
seal(struct chat *c, struct person *p, const struct frame *f)
{
	const struct numbers *n = &p->own->n;
	struct envelope_way w = { .from = c->id, .to = &p->id };
	struct buf card;
	int done;

	buf_empty(&c->bytes);
	frame_write(&c->bytes, f);
	buf_empty(&c->letter);
	if (n->peer_gen != 0) {
		w.key = n->peer_pub;
		return envelope_letter(&c->letter, &w, c->bytes.at,
		    c->bytes.len);
	}
	w.key = request_key(c, p);
	buf_init(&card);
	c->events.card(c->events.chat, &card);
	done = envelope_request(&c->letter, &w, card.at, card.len,
	    c->bytes.at, c->bytes.len);
	buf_clear(&card);
	return done;
}

/* The same row sealed to the same key on the same day is the same upload,
 * over restarts too. */
static void
name_upload(const struct chat *c, const struct person *p,
    const struct owed *row, uint8_t upload[UPLOAD_LEN])
{
	const struct numbers *n = &p->own->n;
	uint8_t numbers[4 * 8], hash[HASH_LEN];
	const struct item items[] = { ITEM(p->id.b, ID_LEN),
		ITEM(numbers, sizeof(numbers)), KDF_END };

	put_u64(numbers, row->epoch);
	put_u64(numbers + 8, row->seq);
	put_u64(numbers + 16, n->peer_gen);
	put_u64(numbers + 24, (uint64_t)n->places->left_ms);
	kdf_derive(hash, identity_seed(c->id), LABEL_UPLOAD, items);
	memcpy(upload, hash, UPLOAD_LEN);
}

void
mail_prepare(struct chat *c, struct person *p)
{
	struct places *places = p->own->n.places;

	if (!(p->own->tell & TELLS_MAIL) || !mail_can(c, p) ||
	    places->left_ms != 0)
		return;
	turn_touch(c, p);
	places->left_ms = loop_wall_ms(c->loop);
	turn_dirty_numbers(c, p);
	turn_urgent(c);
}

/* ---- leaving ------------------------------------------------------------ */

static int
leave_row(struct chat *c, struct person *p, struct owed *row, bool first)
{
	struct under_way u = { .what = MAIL_ROW };
	struct frame f;

	post_fill(c, p, &f);
	post_next_ack(p, &f);
	post_row(c, p, row, first, &f);
	name_upload(c, p, row, u.upload);
	if (seal(c, p, &f) < 0 || hand_over(c, p, &u) < 0)
		return -1;
	memcpy(row->upload, u.upload, UPLOAD_LEN);
	row->leaving = true;
	outbox_sealed(&p->own->out, row, p->own->n.peer_gen);
	post_ack_said(p, f.ack_epoch);
	return 0;
}

static void
leave_rows(struct chat *c, struct person *p)
{
	struct outbox *o = &p->own->out;
	struct owed *row;
	bool first;

	while ((row = outbox_unleft(o, &first)) && post_may_go(p, row) &&
	    leave_row(c, p, row, first) == 0)
		;
}

/* Until acknowledgements that are due now may leave. */
static int64_t
ack_wait_ms(const struct chat *c, const struct person *p)
{
	const struct mailing *m = &p->own->mail;
	int64_t left = m->echoed_ms + MAIL_ECHO_MS - loop_now_ms(c->loop);

	if (m->prompt || !m->has_echoed || may_tell_read(c, p) ||
	    left < MAIL_SOON_MS)
		return MAIL_SOON_MS;
	return left;
}

static void
gather_acks(struct chat *c, struct person *p)
{
	struct timer *soon = &p->own->mail.soon;
	int64_t wait = ack_wait_ms(c, p);

	if (!timer_is_set(soon) || soon->due_ms > loop_now_ms(c->loop) + wait)
		timer_set(soon, wait);
}

/* One epoch a letter; the read mark goes with the first. */
static int
leave_ack(struct chat *c, struct person *p)
{
	const struct mark *read = &p->own->n.read_theirs;
	struct under_way u = { .what = MAIL_ACK };
	struct frame f;

	post_fill(c, p, &f);
	post_next_ack(p, &f);
	u.ack_epoch = f.ack_epoch;
	u.read = may_tell_read(c, p);
	if (u.read) {
		buf_empty(&c->words);
		buf_u64(&c->words, read->epoch);
		buf_u64(&c->words, read->seq);
		f.type = FRAME_READ;
		f.body = c->words.at;
		f.len = c->words.len;
	}
	rand_nonce(u.upload, sizeof(u.upload));
	if (seal(c, p, &f) < 0 || hand_over(c, p, &u) < 0)
		return -1;
	post_ack_said(p, f.ack_epoch);
	if (u.read)
		p->own->mail.read_due = false;
	return 0;
}

static void
leave_acks(struct chat *c, struct person *p)
{
	struct mailing *m = &p->own->mail;

	if (!has_ack(p) && !may_tell_read(c, p)) {
		m->ripe = false;
		return;
	}
	if (!m->ripe) {
		gather_acks(c, p);
		return;
	}
	if (!m->prompt && has_ack(p)) {
		m->has_echoed = true;
		m->echoed_ms = loop_now_ms(c->loop);
	}
	while (has_ack(p) || may_tell_read(c, p))
		if (leave_ack(c, p) < 0)
			return;
	m->ripe = false;
}

static void
leave_reseal(struct chat *c, struct person *p)
{
	const struct receive_key *key = ring_newest(&p->own->n.ring);
	struct envelope_way w = { .from = c->id, .to = &p->id,
		.key = p->who.keys.x };
	struct under_way u = { .what = MAIL_RESEAL };
	struct reseal r;

	if (!key)
		return;
	r.gen = key->gen;
	memcpy(r.pub, key->public, KEY_LEN);
	rand_nonce(u.upload, sizeof(u.upload));
	buf_empty(&c->letter);
	if (envelope_reseal(&c->letter, &w, &r) == 0 &&
	    hand_over(c, p, &u) == 0)
		p->own->mail.reseal_due = false;
}

void
mail_post(struct chat *c, struct person *p, unsigned tell)
{
	struct mailing *m = &p->own->mail;

	if (tell & TELL_ROUTES)
		routes_tell(c, p);
	if (!(tell & TELLS_MAIL) || !mail_can(c, p) || c->drop_all)
		return;
	if ((tell & TELL_READ) && !p->linked)
		m->read_due = true;
	if (!mail_wants(c, p) || c->mail_stalled)
		return;
	if (m->reseal_due && !p->linked)
		leave_reseal(c, p);
	leave_rows(c, p);
	if (!p->linked)
		leave_acks(c, p);
}

/* ---- what letters are owed ---------------------------------------------- */

void
mail_heard(struct chat *c, struct person *p)
{
	if (p->own->gone || p->who.row == 0 || !has_ack(p))
		return;
	turn_touch(c, p);
	numbers_places(&p->own->n)->ack_due = true;
	turn_dirty_numbers(c, p);
}

void
mail_prompt(struct person *p)
{
	p->own->mail.prompt = true;
}

void
mail_acked(struct person *p)
{
	struct places *places = p->own->n.places;

	if (has_ack(p))
		return;
	p->own->mail.prompt = false;
	if (!places || !places->ack_due)
		return;
	places->ack_due = false;
	turn_dirty_numbers(p->own->chat, p);
}

void
mail_load(struct chat *c, struct person *p)
{
	if (p->own->n.places && p->own->n.places->ack_due)
		post_ack_all(c, p);
}
