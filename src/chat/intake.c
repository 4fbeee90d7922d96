#include "intake.h"

#include <string.h>

#include "log.h"
#include "people.h"
#include "post.h"
#include "reading.h"
#include "routes.h"
#include "text.h"
#include "trust.h"
#include "turn.h"

/* The last millisecond of the year 9999: no later time can be shown. */
static const uint64_t last_time_ms = UINT64_C(253402300799999);

/* ---- the numbers that every frame carries ------------------------------- */

static void
take_numbers(struct chat *c, struct person *p, const struct frame *f)
{
	struct numbers *n = &p->own->n;
	const struct ring *r = &n->ring;

	if (f->rk_gen > n->peer_gen) {
		turn_touch(c, p);
		numbers_adopt(n, f->rk_gen, f->rk_pub);
		turn_dirty_numbers(c, p);
	}
	if (r->n > 1 && r->at[0].gen < f->floor_gen) {
		turn_touch(c, p);
		ring_drop_below(&n->ring, f->floor_gen);
		turn_dirty_numbers(c, p);
	}
	if (f->base > n->seen.base) {
		turn_touch(c, p);
		windows_set_base(&n->seen, f->base);
		turn_dirty_numbers(c, p);
		reading_gaps(p);
	}
}

/* ---- acknowledgements --------------------------------------------------- */

struct acked {
	struct chat *c;
	struct person *p;
	bool keep;			/* history is on */
};

static void
on_acked(void *arg, struct owed *row, bool joins)
{
	struct acked *a = arg;
	struct person *p = a->p;
	enum msg_state state = MSG_DELIVERED;

	if (row->kind == FRAME_ROUTE)
		routes_acked(a->c, p, row);
	if (!row->line) {
		turn_clean(a->c, p, row->row, true, 0, false);
		return;
	}
	p->n_owed--;
	if (mark_reaches(&p->own->n.read_mine, row->epoch, row->seq))
		state = MSG_READ;
	reading_state(a->c, p, row->line, state);
	turn_clean(a->c, p, row->row, true, a->keep ? (uint8_t)state : 0,
	    joins);
	if (!a->keep)
		row->line->row = 0;
}

static void
notice_fork(struct chat *c)
{
	if (c->fork_noticed)
		return;
	c->fork_noticed = true;
	chat_notice(c, "another copy of this identity is in use: messages "
	    "may reach only one of the two; close one of them");
}

/* They know a number of mine that I never gave: somebody else gives
 * numbers in my name, or did before an old backup was restored. */
static bool
is_foreign(const struct person *p, const struct frame *f)
{
	const struct person_private *own = p->own;

	if (f->ack_epoch > own->epoch)
		return true;
	return f->ack_epoch == own->epoch && f->ack_cum > own->seq;
}

static void
take_ack(struct chat *c, struct person *p, const struct frame *f)
{
	struct person_private *own = p->own;
	struct acked a = { c, p, opts_bool(c->opts, "history") };

	if (f->ack_epoch == 0 || (f->ack_epoch == own->ack_epoch &&
	    f->ack_cum == own->ack_cum && f->ack_bits == own->ack_bits))
		return;
	if (is_foreign(p, f)) {
		notice_fork(c);
		/* They take this epoch for a past one: what is said in it
		 * will never be shown, and that must not be hidden. */
		if (f->ack_cum == ACK_ALL && f->ack_epoch == own->epoch &&
		    outbox_first(&own->out))
			intake_fail_owed(c, p);
		return;
	}
	own->ack_epoch = f->ack_epoch;
	own->ack_cum = f->ack_cum;
	own->ack_bits = f->ack_bits;
	if (outbox_ack(&own->out, f->ack_epoch, f->ack_cum, f->ack_bits,
	    on_acked, &a) == 0)
		return;
	own->resend_ms = RESEND_MS;
	if (outbox_first(&own->out))
		timer_set(&own->resend, own->resend_ms);
	else
		timer_stop(&own->resend);
	mail_progress(p);
	/* The window may reach further now. */
	turn_post(c, p, TELL_FRAMES);
	people_moved(c, p);
}

/* Whoever answers or acknowledges lets my words in. */
static void
take_admission(struct chat *c, struct person *p)
{
	if (p->who.admitted)
		return;
	turn_touch(c, p);
	p->who.admitted = true;
	turn_dirty_who(c, p);
	routes_owe(c, p);
	/* What was told before they knew me was not heard. */
	turn_post(c, p, TELL_FRAMES | (c->is_away ? TELL_STATUS : 0));
	people_changed(c, p);
}

/* ---- words -------------------------------------------------------------- */

static int
keep_line(struct chat *c, struct person *p, const struct frame *f,
    struct err *e)
{
	struct message m = { .contact = p->who.row, .state = MSG_UNREAD,
		.kind = f->type, .epoch = f->epoch, .seq = f->seq,
		.kept_ms = loop_wall_ms(c->loop) };
	struct pending what = { .p = p, .epoch = f->epoch, .seq = f->seq,
		.kind = f->type };

	buf_empty(&c->words);
	text_filter(&c->words, f->body, f->len, TEXT_BODY);
	m.text = buf_str(&c->words);
	m.len = c->words.len;
	m.sent_ms = (int64_t)(f->time_ms < last_time_ms ? f->time_ms :
	    last_time_ms);
	if (message_add(c->store, &m, e) < 0)
		return -1;
	what.row = m.row;
	what.line = line_new(&m);
	turn_say(c, &what);
	return 0;
}

static enum heard
fail(struct chat *c, const struct err *why)
{
	c->heard = true;
	turn_fail(c, why, false);
	/* Their link ends with the turn; this frame comes again. */
	return FRAME_TAKEN;
}

/* A frame with a number: seen once, acknowledged after the commit. */
static enum heard
take_counted(struct chat *c, struct person *p, const struct frame *f)
{
	struct numbers *n = &p->own->n;
	bool first = (f->flags & FRAME_FIRST) != 0;
	struct err why = { 0 };

	turn_touch(c, p);
	switch (windows_see(&n->seen, f->epoch, f->seq, first)) {
	case SEEN_REFUSED:
		log_debug("a frame too far ahead was refused");
		return FRAME_TAKEN;
	case SEEN_PAST:
	case SEEN_BEFORE:
		if (!c->is_letter)
			mail_prompt(p);
		post_ack(c, p, f->epoch);
		return FRAME_TAKEN;
	case SEEN_NEW:
		break;
	}
	c->heard = true;
	turn_urgent(c);
	turn_dirty_numbers(c, p);
	mail_prompt(p);
	post_ack(c, p, f->epoch);
	if (first)
		reading_gaps(p);
	/* What they dropped before they let me in goes again. */
	if (f->type == FRAME_ACCEPT)
		post_again(c, p);
	else if (f->type == FRAME_ROUTE)
		routes_heard(c, p, f);
	if ((f->type == FRAME_TEXT || f->type == FRAME_ACTION) &&
	    keep_line(c, p, f, &why) < 0)
		return fail(c, &why);
	return FRAME_TAKEN;
}

/* ---- not counted -------------------------------------------------------- */

void
intake_fail_owed(struct chat *c, struct person *p)
{
	bool keep = opts_bool(c->opts, "history");
	const struct outbox *o = &p->own->out;

	for (size_t i = o->head; i < o->n; i++) {
		struct owed *row = &o->at[i];

		if (row->gone)
			continue;
		turn_clean(c, p, row->row, true, keep && row->line ?
		    MSG_FAILED : 0, false);
		if (!row->line)
			continue;
		reading_state(c, p, row->line, MSG_FAILED);
		if (!keep)
			row->line->row = 0;
	}
	outbox_remove(&p->own->out, NULL);
	timer_stop(&p->own->resend);
	p->n_owed = 0;
	people_changed(c, p);
}

static void
take_decline(struct chat *c, struct person *p)
{
	if (p->n_owed == 0)
		return;
	/* They may have let me in once, and forgotten me since. */
	turn_touch(c, p);
	p->who.admitted = false;
	turn_dirty_who(c, p);
	intake_fail_owed(c, p);
	chat_notice(c, "%s declined: what you wrote was not delivered",
	    p->title);
}

static void
take_status(struct chat *c, struct person *p, const struct frame *f)
{
	struct buf *text = &c->words;
	size_t n;

	if (f->len < 1)
		return;
	buf_empty(text);
	text_filter(text, f->body + 1, f->len - 1, TEXT_LINE);
	p->presence = f->body[0] ? AWAY : ONLINE;
	n = people_cut(buf_str(text), text->len, AWAY_TEXT_MAX);
	memset(p->away, 0, sizeof(p->away));
	memcpy(p->away, buf_str(text), n);
	people_changed(c, p);
}

static void
take_read(struct chat *c, struct person *p, uint64_t epoch, uint64_t seq)
{
	const struct mark said = { p->own->epoch, p->own->seq };

	/* A mark ahead of what I said would be a mark on what I shall say. */
	if (mark_reaches(&said, epoch, seq))
		reading_their_mark(c, p, epoch, seq);
}

static void
take_plain(struct chat *c, struct person *p, const struct frame *f)
{
	if (f->type == FRAME_DECLINE)
		take_decline(c, p);
	else if (f->type == FRAME_STATUS)
		take_status(c, p, f);
	else if (f->type == FRAME_TYPING && f->len >= 1)
		people_typing(c, p, f->body[0] != 0);
	else if (f->type == FRAME_READ && f->len >= 16)
		take_read(c, p, get_u64(f->body), get_u64(f->body + 8));
}

/* ---- strangers ---------------------------------------------------------- */

/* The address without its port: of A:1, A, [A::B]:1 and A::B. */
static const char *
host_of(const char *where, size_t *len)
{
	const char *colon = strchr(where, ':');

	if (*where == '[') {
		*len = strcspn(++where, "]");
		return where;
	}
	*len = colon && !strchr(colon + 1, ':') ? (size_t)(colon - where) :
	    strlen(where);
	return where;
}

static bool
is_same_place(const char *a, const char *b)
{
	size_t a_len, b_len;

	a = host_of(a, &a_len);
	b = host_of(b, &b_len);
	return a_len == b_len && memcmp(a, b, a_len) == 0;
}

/* New keys cost nothing, addresses do: one place cannot take the share of
 * all the others, nor can those who come by letter take it all. */
static bool
may_ask(const struct chat *c, const struct person *p)
{
	size_t n = 0, n_same = 0;

	for (size_t i = 0; i < roster_count(c->roster); i++) {
		const struct person *q = roster_at(c->roster, i);

		if (q->who.trust != TRUST_REQUESTED)
			continue;
		n++;
		n_same += is_same_place(p->who.where, q->who.where);
	}
	return n < REQUESTS_MAX && n_same < (p->linked ?
	    REQUESTS_PLACE_MAX : REQUESTS_MAIL_MAX);
}

/* Their words wait outside any chat; everything else is ignored.  What is
 * beyond the limits is not kept and not acknowledged, so that it comes
 * again when they are let in. */
static enum heard
take_request(struct chat *c, struct person *p, const struct frame *f)
{
	struct err why = { 0 };

	if (f->type != FRAME_TEXT && f->type != FRAME_ACTION)
		return FRAME_TAKEN;
	if (p->own->n_request >= REQUEST_LINES_MAX)
		return FRAME_TAKEN;
	if (p->who.trust == TRUST_NEARBY) {
		if (!opts_bool(c->opts, "requests"))
			return FRAME_UNWELCOME;
		if (!may_ask(c, p)) {
			log_debug("a request was refused: too many wait");
			return FRAME_TAKEN;
		}
		turn_touch(c, p);
		p->who.admitted = true;
		if (people_keep(c, p, TRUST_REQUESTED, &why) < 0)
			return fail(c, &why);
		trust_look(c, p);
	}
	turn_touch(c, p);
	take_numbers(c, p, f);
	if (windows_see(&p->own->n.seen, f->epoch, f->seq,
	    (f->flags & FRAME_FIRST) != 0) != SEEN_NEW)
		return FRAME_TAKEN;
	c->heard = true;
	p->own->n_request++;
	turn_dirty_numbers(c, p);
	return keep_line(c, p, f, &why) < 0 ? fail(c, &why) : FRAME_TAKEN;
}

/* ---- the door ----------------------------------------------------------- */

static void
notice_newer(struct chat *c, struct person *p, const struct frame *f)
{
	/* Strangers can have any number of keys: together they are told of
	 * once. */
	bool *told = person_is_contact(p) ? &p->own->spoke_newer :
	    &c->newer_noticed;

	if (*told)
		return;
	*told = true;
	if (f->version != FRAME_VERSION)
		chat_notice(c, "%s uses version %d of the protocol, this is "
		    "version %d: a newer p2ptui is needed", p->title,
		    f->version, FRAME_VERSION);
	else
		chat_notice(c, "%s speaks a newer version and said something "
		    "that needs a newer p2ptui", p->title);
}

enum heard
intake_frame(struct chat *c, const struct user_id *who, const void *bytes,
    size_t len)
{
	struct person *p = roster_find(c->roster, who);
	struct frame f;

	if (!p || p->who.trust == TRUST_BLOCKED)
		return FRAME_UNWELCOME;
	switch (frame_read(&f, bytes, len)) {
	case FRAME_BROKEN:
		return FRAME_MALFORMED;
	case FRAME_NEWER:
		/* Refused, never acknowledged: it stays theirs. */
		notice_newer(c, p, &f);
		return FRAME_TAKEN;
	case FRAME_GOOD:
		break;
	}
	if (!person_is_contact(p))
		return take_request(c, p, &f);
	take_numbers(c, p, &f);
	take_ack(c, p, &f);
	if (frame_is_counted(&f) || f.ack_epoch != 0) {
		trust_confirm(c, p);
		take_admission(c, p);
	}
	if (frame_is_counted(&f))
		return take_counted(c, p, &f);
	take_plain(c, p, &f);
	return FRAME_TAKEN;
}
