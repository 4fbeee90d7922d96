#include "mail.h"

#include <string.h>

#include "kdf.h"
#include "label.h"
#include "mine.h"
#include "own.h"
#include "people.h"
#include "post.h"
#include "rand.h"
#include "reading.h"
#include "routes.h"
#include "turn.h"

/* ---- whether ------------------------------------------------------------ */

static bool
prekey_is_good(const struct chat *c, const struct person *p)
{
	static const uint8_t none[KEY_LEN];
	const struct places *places = p->own->n.places;
	int64_t now_s = loop_wall_ms(c->loop) / 1000;

	return places && memcmp(places->prekey, none, KEY_LEN) != 0 &&
	    (now_s < 0 || (uint64_t)now_s < places->prekey_expiry);
}

bool
mail_can(const struct chat *c, const struct person *p)
{
	return c->carrier.leave && person_is_contact(p) && !p->own->gone &&
	    p->who.row != 0 && routes_to(p) &&
	    (p->own->n.peer_gen != 0 || prekey_is_good(c, p));
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

/* Something for them could be left now. */
static bool
wants(const struct chat *c, const struct person *p)
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

/* The frame into c->letter: to their newest receive key, else to their
 * prekey, with my card, since they may not know me. */
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
	w.key = n->places->prekey;
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
	row->leaving = row->carried = true;
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
		if (!timer_is_set(&m->soon))
			timer_set(&m->soon, MAIL_SOON_MS);
		return;
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
	if (!wants(c, p) || c->mail_stalled)
		return;
	if (m->reseal_due && !p->linked)
		leave_reseal(c, p);
	leave_rows(c, p);
	if (!p->linked)
		leave_acks(c, p);
}

/* ---- what came of it ---------------------------------------------------- */

static void
hold(struct person *p, enum mail_hold why)
{
	struct mailing *m = &p->own->mail;

	/* Several were under way: one refusal. */
	if (m->hold != HOLD_NONE)
		return;
	m->hold = why;
	if (why == HOLD_FULL) {
		timer_set(&m->again, MAIL_FULL_MS);
	} else if (why == HOLD_LATER) {
		timer_set(&m->again, m->again_ms);
		m->again_ms = 2 * m->again_ms < MAIL_AGAIN_MAX_MS ?
		    2 * m->again_ms : MAIL_AGAIN_MAX_MS;
	}
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
	m->full_told = false;
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

	if (u->what == MAIL_ACK && u->ack_epoch != 0)
		post_ack(c, p, u->ack_epoch);
	if (u->what == MAIL_ACK && u->read)
		m->read_due = true;
	if (u->what == MAIL_RESEAL)
		m->reseal_due = true;
}

static void
notice_full(struct chat *c, struct person *p)
{
	if (p->own->mail.full_told)
		return;
	p->own->mail.full_told = true;
	chat_notice(c, "%s's mailbox is full: what you wrote waits here and "
	    "will be tried again", p->title);
}

static void
take_result(struct chat *c, struct person *p, const struct under_way *u,
    enum left what)
{
	struct owed *row = u->what == MAIL_ROW ?
	    outbox_by_upload(&p->own->out, u->upload) : NULL;

	if (row)
		row->leaving = false;
	switch (what) {
	case LEFT_STORED:
		on_stored(c, p, row);
		break;
	case LEFT_FULL:
		on_not_stored(c, p, u);
		hold(p, HOLD_FULL);
		notice_full(c, p);
		break;
	case LEFT_NO_PLACE:
		on_not_stored(c, p, u);
		hold(p, HOLD_NO_PLACE);
		break;
	case LEFT_LATER:
		on_not_stored(c, p, u);
		hold(p, HOLD_LATER);
		break;
	}
	if (wants(c, p))
		turn_post(c, p, TELL_MAIL);
}

/* Everybody who has something to leave. */
static void
go_on(struct chat *c)
{
	c->mail_stalled = false;
	for (size_t i = 0; i < roster_count(c->roster); i++) {
		struct person *p = roster_at(c->roster, i);

		if (wants(c, p))
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

	routes_soon(c, ROUTES_SOON_MS);
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
mail_heard(struct chat *c, struct person *p)
{
	if (p->own->gone || p->who.row == 0 || !has_ack(p))
		return;
	turn_touch(c, p);
	numbers_places(&p->own->n)->ack_due = true;
	turn_dirty_numbers(c, p);
}

void
mail_acked(struct person *p)
{
	struct places *places = p->own->n.places;

	if (!places || !places->ack_due || has_ack(p))
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
	routes_soon(c, ROUTES_SOON_MS);
}
