#include "turn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "pair.h"
#include "people.h"
#include "post.h"
#include "reading.h"
#include "secret.h"

/* What happens between LOOP_COMMIT and LOOP_SETTLE waits for the next
 * turn, which must then not wait for anything else. */
static void
wake(struct chat *c)
{
	if (c->shown)
		loop_again(c->loop);
}

static void
be_lazy(struct chat *c)
{
	if (!timer_is_set(&c->lazy))
		timer_set(&c->lazy, LAZY_MS);
}

/* ---- what is noted ------------------------------------------------------ */

void
turn_touch(struct chat *c, struct person *p)
{
	struct saved *s;

	if (p->own->in_saved)
		return;
	p->own->in_saved = true;
	VECTOR_GROW(c->saved, c->n_saved, c->room_saved);
	s = &c->saved[c->n_saved++];
	s->p = p;
	s->who = p->who;
	numbers_copy(&s->n, &p->own->n);
	s->epoch = p->own->epoch;
	s->seq = p->own->seq;
	s->n_request = p->own->n_request;
}

static void
note_dirty(struct chat *c, struct person *p)
{
	be_lazy(c);
	if (p->own->in_dirty)
		return;
	p->own->in_dirty = true;
	VECTOR_GROW(c->dirty, c->n_dirty, c->room_dirty);
	c->dirty[c->n_dirty++] = p;
}

void
turn_dirty_who(struct chat *c, struct person *p)
{
	p->own->who_dirty = true;
	note_dirty(c, p);
}

void
turn_dirty_numbers(struct chat *c, struct person *p)
{
	p->own->numbers_dirty = true;
	note_dirty(c, p);
}

void
turn_urgent(struct chat *c)
{
	c->urgent = true;
	wake(c);
}

void
turn_post(struct chat *c, struct person *p, unsigned tell)
{
	p->own->tell |= tell;
	wake(c);
	if (p->own->in_posts)
		return;
	p->own->in_posts = true;
	VECTOR_GROW(c->posts, c->n_posts, c->room_posts);
	c->posts[c->n_posts++] = p;
}

void
turn_say(struct chat *c, const struct pending *what)
{
	VECTOR_GROW(c->pending, c->n_pending, c->room_pending);
	c->pending[c->n_pending++] = *what;
	if (what->mine)
		turn_post(c, what->p, TELL_FRAMES);
	turn_urgent(c);
}

int
turn_owe(struct chat *c, struct pending *what, const void *text, size_t len,
    bool is_words, struct err *e)
{
	struct person_private *own = what->p->own;
	int64_t now = loop_wall_ms(c->loop);
	struct message m = { .contact = what->p->who.row, .mine = true,
		.state = MSG_QUEUED, .kind = what->kind, .epoch = own->epoch,
		.seq = own->seq + 1, .sent_ms = now, .kept_ms = now,
		.text = text, .len = len };

	turn_touch(c, what->p);
	if (message_add(c->store, &m, e) < 0)
		return -1;
	own->seq++;
	what->mine = true;
	what->row = m.row;
	what->epoch = m.epoch;
	what->seq = m.seq;
	if (is_words)
		what->line = line_new(&m);
	turn_say(c, what);
	return 0;
}

void
turn_clean(struct chat *c, struct person *p, uint64_t row, bool mine,
    uint8_t state, bool joins)
{
	struct person_private *own = p->own;
	struct run *last = own->n_runs > 0 ? &own->runs[own->n_runs - 1] :
	    NULL;

	if (row == 0)
		return;
	note_dirty(c, p);
	if (joins && last && last->mine == mine && last->state == state &&
	    last->hi < row) {
		last->hi = row;
		return;
	}
	VECTOR_GROW(own->runs, own->n_runs, own->room_runs);
	/* NOLINTNEXTLINE: a vector with n > 0 is there */
	own->runs[own->n_runs++] = (struct run){ row, row, mine, state };
}

void
turn_clean_read(struct chat *c, struct person *p, uint64_t row)
{
	struct person_private *own = p->own;

	note_dirty(c, p);
	if (row == 0)
		return;
	VECTOR_GROW(own->read_rows, own->n_read, own->room_read);
	own->read_rows[own->n_read++] = row;
}

void
turn_tell_peer(struct chat *c, struct person *p)
{
	wake(c);
	if (p->own->news_turn == c->turn)
		return;
	p->own->news_turn = c->turn;
	news_add(c->news, NEWS_PEER, &p->id, NULL, false, false);
}

/* ---- the dead ----------------------------------------------------------- */

void
turn_bury_line(struct chat *c, struct line *l)
{
	struct dead *d = &c->dead;

	VECTOR_GROW(d->lines, d->n_lines, d->room_lines);
	d->lines[d->n_lines++] = l;
}

static void
leave_list(struct person **at, size_t *n, const struct person *p)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++)
		if (at[i] != p)
			at[kept++] = at[i];
	*n = kept;
}

void
turn_bury_person(struct chat *c, struct person *p)
{
	struct dead *d = &c->dead;
	size_t kept = 0;

	/* Clean-up may wait longer than they are kept. */
	leave_list(c->dirty, &c->n_dirty, p);
	for (size_t i = 0; i < c->n_saved; i++) {
		if (c->saved[i].p == p)
			numbers_clear(&c->saved[i].n);
		else
			c->saved[kept++] = c->saved[i];
	}
	c->n_saved = kept;
	VECTOR_GROW(d->people, d->n_people, d->room_people);
	d->people[d->n_people++] = p;
	if (c->shown)
		loop_again(c->loop);
}

static void
free_dead(struct dead *d)
{
	for (size_t i = 0; i < d->n_lines; i++)
		free(d->lines[i]);
	for (size_t i = 0; i < d->n_people; i++)
		person_free(d->people[i]);
	d->n_lines = d->n_people = 0;
}

/* ---- to the store ------------------------------------------------------- */

/* Rows of theirs that were read.  When nothing of them is unread any more,
 * one run covers them all. */
static int
write_read(struct chat *c, struct person *p, struct err *e)
{
	struct person_private *own = p->own;
	bool keep = opts_bool(c->opts, "history");
	uint64_t lo = UINT64_MAX, hi = 0;
	size_t n = own->n_read;

	if (n == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t row = own->read_rows[i];

		if (p->n_unread > 0 && n > 1 && (keep ?
		    message_set_state(c->store, row, MSG_SEEN, e) :
		    message_remove(c->store, row, e)) < 0)
			return -1;
		lo = row < lo ? row : lo;
		hi = row > hi ? row : hi;
	}
	if (p->n_unread > 0 && n > 1)
		return 0;
	if (own->lost_unread)
		lo = 1;
	if (keep)
		return message_set_state_run(c->store, p->who.row, false, lo,
		    hi, MSG_SEEN, e);
	return message_remove_run(c->store, p->who.row, false, lo, hi, e);
}

static int
write_runs(struct chat *c, struct person *p, struct err *e)
{
	for (size_t i = 0; i < p->own->n_runs; i++) {
		const struct run *r = &p->own->runs[i];

		if ((r->state == 0 ? message_remove_run(c->store, p->who.row,
		    r->mine, r->lo, r->hi, e) :
		    message_set_state_run(c->store, p->who.row, r->mine,
		    r->lo, r->hi, r->state, e)) < 0)
			return -1;
	}
	return 0;
}

static int
write_person(struct chat *c, struct person *p, struct err *e)
{
	struct person_private *own = p->own;

	if (own->gone || own->unkept || p->who.row == 0)
		return 0;
	if (own->who_dirty && contact_put(c->store, &p->who, e) < 0)
		return -1;
	if (own->numbers_dirty) {
		int done;

		buf_empty(&c->bytes);
		numbers_write(&c->bytes, &own->n);
		done = contact_put_numbers(c->store, p->who.row,
		    c->bytes.at, c->bytes.len, e);
		wipe(c->bytes.at, c->bytes.len);
		if (done < 0)
			return -1;
	}
	if (write_runs(c, p, e) < 0)
		return -1;
	return write_read(c, p, e);
}

static int
write_all(struct chat *c, bool *wrote, struct err *e)
{
	for (size_t i = 0; i < c->n_dirty; i++)
		if (write_person(c, c->dirty[i], e) < 0)
			return -1;
	*wrote = store_is_dirty(c->store);
	return store_commit(c->store, e);
}

/* ---- what comes of it --------------------------------------------------- */

static void
forget_saved(struct chat *c)
{
	for (size_t i = 0; i < c->n_saved; i++) {
		c->saved[i].p->own->in_saved = false;
		numbers_clear(&c->saved[i].n);
	}
	c->n_saved = 0;
}

static void
settle_dirty(struct chat *c)
{
	for (size_t i = 0; i < c->n_dirty; i++) {
		struct person *p = c->dirty[i];
		struct person_private *own = p->own;

		own->in_dirty = false;
		own->who_dirty = own->numbers_dirty = false;
		if (own->n_read > 0 && p->n_unread == 0)
			own->lost_unread = false;
		own->n_runs = own->n_read = 0;
		reading_count_gaps(p);
		if (own->read_moved && !own->gone)
			turn_post(c, p, TELL_READ);
		own->read_moved = false;
	}
	c->n_dirty = 0;
	timer_stop(&c->lazy);
}

static void
show_mine(struct chat *c, const struct pending *what)
{
	struct person *p = what->p;
	struct owed row = { .epoch = what->epoch, .seq = what->seq,
		.row = what->row, .kind = what->kind, .line = what->line,
		.told = what->told };

	outbox_push(&p->own->out, &row);
	turn_post(c, p, TELL_FRAMES);
	if (!what->line)
		return;
	reading_put(c, p, what->line);
	p->n_owed++;
	news_add(c->news, NEWS_SENT, &p->id, what->line, false, false);
}

static void
show_theirs(struct chat *c, const struct pending *what)
{
	struct person *p = what->p;

	reading_put(c, p, what->line);
	p->n_unread++;
	people_typing(c, p, false);
	news_add(c->news, p->who.trust == TRUST_REQUESTED ? NEWS_REQUEST :
	    NEWS_MESSAGE, &p->id, what->line, false, false);
}

static void
show_pending(struct chat *c)
{
	for (size_t i = 0; i < c->n_pending; i++) {
		const struct pending *what = &c->pending[i];
		struct person *p = what->p;

		if (p->own->gone) {
			free(what->line);
			continue;
		}
		if (what->mine)
			show_mine(c, what);
		else
			show_theirs(c, what);
		if (what->line)
			p->last_ms = what->line->kept_ms;
		people_moved(c, p);
	}
	for (size_t i = 0; i < c->n_pending; i++)
		reading_count_gaps(c->pending[i].p);
	c->n_pending = 0;
}

static void
undo(struct chat *c)
{
	store_rollback(c->store);
	for (size_t i = 0; i < c->n_pending; i++)
		free(c->pending[i].line);
	c->n_pending = 0;
	for (size_t i = c->n_saved; i-- > 0; ) {
		struct saved *s = &c->saved[i];
		struct person *p = s->p;

		p->own->in_saved = false;
		if (p->own->gone) {
			numbers_clear(&s->n);
			continue;
		}
		if (p->who.row != s->who.row && s->who.row == 0)
			roster_unknow(c->roster, p);
		p->who = s->who;
		numbers_clear(&p->own->n);
		p->own->n = s->n;
		p->own->epoch = s->epoch;
		p->own->seq = s->seq;
		p->own->n_request = s->n_request;
		p->own->fresh_key = false;
		people_changed(c, p);
	}
	c->n_saved = 0;
	news_undo(c->news);
	pair_undo(c);
	/* The relays keep them. */
	c->n_letters = 0;
	/* What was heard must be said again. */
	c->drop_all = c->drop_all || c->heard;
	c->heard = c->urgent = false;
}

/* Words that were to be sent and will not be. */
static bool
lost_words(const struct chat *c)
{
	for (size_t i = 0; i < c->n_pending; i++)
		if (c->pending[i].mine && c->pending[i].line)
			return true;
	return false;
}

void
turn_fail(struct chat *c, const struct err *why, bool told)
{
	bool lost = lost_words(c);
	struct err shown = *why;

	undo(c);
	if (lost)
		err_prefix(&shown, "message not sent");
	if (!told && (lost || !c->trouble))
		chat_error(c, &shown);
	free(c->trouble);
	c->trouble = mem_str(why->what);
	timer_set(&c->retry, RETRY_MS);
	wake(c);
}

int
turn_refuse(struct chat *c, const struct err *why, struct err *e)
{
	turn_fail(c, why, true);
	if (e)
		*e = *why;
	return -1;
}

int
turn_finish(struct chat *c, int done, const struct err *why, struct err *e)
{
	if (done < 0)
		return turn_refuse(c, why, e);
	turn_urgent(c);
	return turn_commit(c, e);
}

int
turn_commit(struct chat *c, struct err *e)
{
	struct err why = { 0 };
	bool wrote;

	post_prepare(c);
	if (write_all(c, &wrote, &why) < 0) {
		turn_fail(c, &why, e != NULL);
		if (e)
			*e = why;
		return -1;
	}
	if (c->trouble && wrote) {
		free(c->trouble);
		c->trouble = NULL;
		timer_stop(&c->retry);
		chat_notice(c, "the disk takes messages again");
	}
	c->heard = c->urgent = false;
	forget_saved(c);
	settle_dirty(c);
	show_pending(c);
	post_all(c);
	news_show(c->news);
	return 0;
}

/* ---- hooks and timers --------------------------------------------------- */

static void
on_commit(void *arg)
{
	struct chat *c = arg;

	post_prepare(c);
	/* A failure is shown as trouble, and the links are dropped. */
	if (c->urgent)
		turn_commit(c, NULL);
	post_all(c);
	reading_look(c);
	news_show(c->news);
	c->shown = true;
}

static void
on_settle(void *arg)
{
	struct chat *c = arg;
	struct dead emptied = c->older_dead;

	news_forget(c->news);
	c->turn++;
	free_dead(&emptied);
	c->older_dead = c->dead;
	c->dead = emptied;
	c->shown = false;
}

static void
on_lazy(void *arg)
{
	turn_urgent(arg);
}

/* Asks a store that refused whether it takes rows again. */
static void
on_retry(void *arg)
{
	struct chat *c = arg;
	uint8_t epoch[8];
	struct err why = { 0 };

	put_u64(epoch, c->epoch);
	if (store_set_value(c->store, "epoch", epoch, sizeof(epoch),
	    &why) < 0)
		turn_fail(c, &why, false);
	else
		turn_urgent(c);
}

void
turn_init(struct chat *c)
{
	loop_hook(c->loop, LOOP_COMMIT, on_commit, c);
	loop_hook(c->loop, LOOP_SETTLE, on_settle, c);
	timer_init(&c->lazy, c->loop, on_lazy, c);
	timer_init(&c->retry, c->loop, on_retry, c);
}

void
turn_clear(struct chat *c)
{
	loop_unhook(c->loop, LOOP_COMMIT, on_commit, c);
	loop_unhook(c->loop, LOOP_SETTLE, on_settle, c);
	timer_stop(&c->lazy);
	timer_stop(&c->retry);
	for (size_t i = 0; i < c->n_pending; i++)
		free(c->pending[i].line);
	free(c->pending);
	forget_saved(c);
	free(c->saved);
	free(c->posts);
	free(c->dirty);
	free_dead(&c->dead);
	free_dead(&c->older_dead);
	free(c->dead.lines);
	free(c->dead.people);
	free(c->older_dead.lines);
	free(c->older_dead.people);
}
