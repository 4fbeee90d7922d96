#include "post.h"

#include <string.h>

#include "letter.h"
#include "pair.h"
#include "routes.h"
#include "turn.h"

/* What a record of the link adds to a frame, at most. */
enum { RECORD_MARGIN = 32 };

static bool
needs_key(const struct chat *c, const struct person *p)
{
	if (p->who.row == 0 || p->own->gone || p->who.trust == TRUST_BLOCKED)
		return false;
	return p->linked || ((p->own->tell & TELLS_MAIL) && mail_can(c, p));
}

static bool
is_old(const struct chat *c, const struct ring *r)
{
	const struct receive_key *k = ring_newest(r);
	int64_t now = loop_wall_ms(c->loop);

	return k && now > 0 && k->gen + MAIL_DAY_MS <= (uint64_t)now;
}

/*
 * A new receive key with the first frame of each start, and of each day
 * (p2ptui-protocol(7), LETTERS).  It must be on disk before anybody seals to
 * it.
 */
void
post_prepare(struct chat *c)
{
	for (size_t i = 0; i < c->n_posts; i++) {
		struct person *p = c->posts[i];
		struct ring *r = &p->own->n.ring;

		if (!c->trouble)
			mail_prepare(c, p);
		if (!needs_key(c, p) || c->trouble ||
		    (p->own->fresh_key && (r->n == RING_MAX ||
		    !is_old(c, r))))
			continue;
		turn_touch(c, p);
		ring_renew(r, loop_wall_ms(c->loop), true);
		p->own->fresh_key = true;
		turn_dirty_numbers(c, p);
		c->urgent = true;
	}
}

/* ---- acknowledgements --------------------------------------------------- */

void
post_ack(struct chat *c, struct person *p, uint64_t epoch)
{
	struct person_private *own = p->own;
	struct window *w = windows_find(&own->n.seen, epoch);

	turn_post(c, p, TELL_FRAMES);
	if (w) {
		w->due = true;
		return;
	}
	for (size_t i = 0; i < own->n_stale; i++)
		if (own->stale[i] == epoch)
			return;
	if (own->n_stale < STALE_MAX)
		own->stale[own->n_stale++] = epoch;
}

void
post_ack_all(struct chat *c, struct person *p)
{
	struct windows *w = &p->own->n.seen;

	for (size_t i = 0; i < w->n; i++)
		w->at[i].due = true;
	mail_prompt(p);
	turn_post(c, p, TELL_FRAMES);
}

/* Fills the acknowledgement of one epoch that is due; false: none is.
 * It counts as said only by post_ack_said. */
bool
post_next_ack(const struct person *p, struct frame *f)
{
	const struct person_private *own = p->own;
	const struct windows *w = &own->n.seen;

	f->ack_epoch = f->ack_cum = f->ack_bits = 0;
	if (!person_is_contact(p))
		return false;
	if (own->n_stale > 0) {
		f->ack_epoch = own->stale[own->n_stale - 1];
		windows_ack(w, f->ack_epoch, &f->ack_cum, &f->ack_bits);
		return true;
	}
	for (size_t i = w->n; i-- > 0; ) {
		if (!w->at[i].due)
			continue;
		f->ack_epoch = w->at[i].epoch;
		windows_ack(w, f->ack_epoch, &f->ack_cum, &f->ack_bits);
		return true;
	}
	return false;
}

void
post_ack_said(struct person *p, uint64_t epoch)
{
	struct person_private *own = p->own;
	struct window *w;

	if (epoch == 0)
		return;
	if (own->n_stale > 0 && own->stale[own->n_stale - 1] == epoch) {
		own->n_stale--;
	} else {
		w = windows_find(&own->n.seen, epoch);
		if (w)
			w->due = false;
	}
	mail_acked(p);
}

/* ---- frames ------------------------------------------------------------- */

void
post_fill(const struct chat *c, const struct person *p, struct frame *f)
{
	const struct person_private *own = p->own;
	const struct receive_key *key = ring_newest(&own->n.ring);

	memset(f, 0, sizeof(*f));
	f->version = FRAME_VERSION;
	f->base = outbox_base(&own->out, own->epoch);
	f->time_ms = (uint64_t)loop_wall_ms(c->loop);
	f->floor_gen = outbox_floor(&own->out, own->n.peer_gen);
	if (key && p->who.row != 0) {
		f->rk_gen = key->gen;
		memcpy(f->rk_pub, key->public, KEY_LEN);
	}
}

static int
send_frame(struct chat *c, struct person *p, const struct frame *f)
{
	buf_empty(&c->bytes);
	frame_write(&c->bytes, f);
	return c->carrier.send(c->carrier.net, &p->id, c->bytes.at,
	    c->bytes.len);
}

static size_t
row_len(const struct owed *row)
{
	return FRAME_HEAD + RECORD_MARGIN + (row->line ? row->line->len :
	    row->kind == FRAME_ROUTE ? (size_t)ROUTES_BODY : 0);
}

void
post_row(struct chat *c, struct person *p, struct owed *row, bool first,
    struct frame *f)
{
	f->type = row->kind;
	f->flags = first ? FRAME_FIRST : 0;
	f->epoch = row->epoch;
	f->seq = row->seq;
	f->body = row->line ? (const uint8_t *)row->line->text : NULL;
	f->len = row->line ? row->line->len : 0;
	if (row->line)
		f->time_ms = (uint64_t)row->line->sent_ms;
	if (row->kind == FRAME_ROUTE) {
		buf_empty(&c->words);
		routes_body(c, p, row, &c->words);
		f->body = c->words.at;
		f->len = c->words.len;
	}
}

bool
post_may_go(const struct person *p, const struct owed *row)
{
	const struct outbox *o = &p->own->out;

	return p->who.admitted ||
	    (size_t)(row - (o->at + o->head)) < UNADMITTED_MAX;
}

/* Rows in order, as many as there is room for.  The first frame of the
 * turn carries an acknowledgement. */
static void
send_rows(struct chat *c, struct person *p, struct frame *f)
{
	struct outbox *o = &p->own->out;
	struct owed *row;
	size_t room = 0;
	bool first;

	while ((row = outbox_next(o, &first)) && post_may_go(p, row)) {
		if (row_len(row) > room)
			room = c->carrier.room(c->carrier.net, &p->id);
		if (row_len(row) > room)
			break;		/* on_room comes later */
		post_row(c, p, row, first, f);
		if (send_frame(c, p, f) < 0)
			break;
		post_ack_said(p, f->ack_epoch);
		f->ack_epoch = f->ack_cum = f->ack_bits = 0;
		room -= row_len(row);
		outbox_carried(o);
	}
}

/* Uncounted frames have neither epoch nor seq. */
static int
send_plain(struct chat *c, struct person *p, enum frame_type type,
    const struct buf *body)
{
	struct frame f;

	post_fill(c, p, &f);
	f.type = (uint8_t)type;
	f.body = body->at;
	f.len = body->len;
	return send_frame(c, p, &f);
}

static void
send_told(struct chat *c, struct person *p, unsigned tell)
{
	struct buf *body = &c->words;
	const struct mark *read = &p->own->n.read_theirs;

	if (tell & TELL_DECLINE) {
		buf_empty(body);
		send_plain(c, p, FRAME_DECLINE, body);
	}
	if (!person_is_contact(p))
		return;
	if ((tell & TELL_READ) && read->epoch != 0 &&
	    opts_bool(c->opts, "receipts")) {
		buf_empty(body);
		buf_u64(body, read->epoch);
		buf_u64(body, read->seq);
		send_plain(c, p, FRAME_READ, body);
	}
	if (tell & TELL_STATUS) {
		buf_empty(body);
		buf_u8(body, c->is_away);
		buf_put(body, c->away, strlen(c->away));
		send_plain(c, p, FRAME_STATUS, body);
	}
	if (tell & (TELL_TYPING | TELL_STOPPED)) {
		buf_empty(body);
		buf_u8(body, tell & TELL_STOPPED ? 0 : 1);
		send_plain(c, p, FRAME_TYPING, body);
	}
}

static void
send_frames(struct chat *c, struct person *p)
{
	struct person_private *own = p->own;
	struct frame f;

	post_fill(c, p, &f);
	post_next_ack(p, &f);
	if (p->who.row != 0 && person_is_contact(p)) {
		send_rows(c, p, &f);
		if (outbox_first(&own->out) && !timer_is_set(&own->resend))
			timer_set(&own->resend, own->resend_ms);
		mail_sent(p);
	}
	while (post_next_ack(p, &f)) {
		uint64_t epoch = f.ack_epoch;

		post_fill(c, p, &f);
		post_next_ack(p, &f);
		if (send_frame(c, p, &f) < 0)
			break;
		post_ack_said(p, epoch);
	}
}

/* ---- links -------------------------------------------------------------- */

static void
tell_net(struct chat *c, struct person *p, unsigned tell)
{
	bool want = person_is_contact(p) && !p->own->gone;

	if (tell & TELL_DROP)
		c->carrier.drop(c->carrier.net, &p->id);
	if (tell & TELL_WANT)
		c->carrier.want(c->carrier.net, &p->who.keys,
		    p->nearby ? p->own->where : p->who.where, want,
		    want && !p->linked && ((tell & TELL_URGENT) ||
		    p->own->out.live > 0));
}

static void
post_one(struct chat *c, struct person *p)
{
	unsigned tell = p->own->tell;

	p->own->in_posts = false;
	p->own->tell = 0;
	if (!c->carrier.send)
		return;
	if (p->linked && !c->drop_all && p->who.trust != TRUST_BLOCKED) {
		if (tell & TELL_FRAMES)
			send_frames(c, p);
		send_told(c, p, tell);
	}
	tell_net(c, p, tell);
	mail_post(c, p, tell);
}

void
post_all(struct chat *c)
{
	for (size_t i = 0; i < c->n_posts; i++)
		post_one(c, c->posts[i]);
	c->n_posts = 0;
	if (!c->carrier.send)
		return;
	if (c->announce)
		c->carrier.announce(c->carrier.net);
	if (c->drop_all)
		c->carrier.drop(c->carrier.net, NULL);
	c->announce = c->drop_all = false;
	letters_took(c);
	pair_post(c);
}

void
post_again(struct chat *c, struct person *p)
{
	outbox_rewind(&p->own->out);
	turn_post(c, p, TELL_FRAMES);
}

/* Nothing was acknowledged for a while although the link stands: what was
 * refused or lost goes again, ever more rarely. */
void
post_on_resend(void *person)
{
	struct person *p = person;
	struct person_private *own = p->own;

	if (!p->linked || !outbox_first(&own->out))
		return;
	own->resend_ms = own->resend_ms * 2 < RESEND_MAX_MS ?
	    own->resend_ms * 2 : RESEND_MAX_MS;
	post_again(own->chat, p);
	timer_set(&own->resend, own->resend_ms);
}
