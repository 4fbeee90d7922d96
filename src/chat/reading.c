#include "reading.h"

#include <stdlib.h>
#include <string.h>

#include "people.h"
#include "turn.h"

static bool
is_owed(const struct line *l)
{
	return l->mine && (l->state == MSG_QUEUED || l->state == MSG_STORED);
}

static struct talk *
talk_of(struct person *p)
{
	if (!p->talk)
		p->talk = talk_new();
	return p->talk;
}

/* ---- lines -------------------------------------------------------------- */

static void
set_gap(struct person *p, struct line *l)
{
	l->gap = windows_missing(&p->own->n.seen, l->epoch, l->seq);
	if (l->gap > 0)
		p->own->has_gaps = true;
}

void
reading_put(struct chat *c, struct person *p, struct line *l)
{
	struct talk *t = talk_of(p);
	size_t i = talk_insert(t, l);

	if (!l->mine) {
		set_gap(p, l);
		/* It may have filled what was missing before the next. */
		if (i + 1 < talk_count(t))
			reading_gaps(p);
	}
	while (talk_is_long(t)) {
		if (talk_line(t, 0)->state == MSG_UNREAD) {
			p->own->lost_unread = true;
			p->n_unread--;
		}
		turn_bury_line(c, talk_take(t, 0));
		talk_set_older(t, true);
	}
}

void
reading_gaps(struct person *p)
{
	p->own->gaps_moved = true;
}

void
reading_count_gaps(struct person *p)
{
	bool moved = p->own->gaps_moved;

	p->own->gaps_moved = false;
	if (!moved || !p->own->has_gaps)
		return;
	p->own->has_gaps = false;
	for (size_t i = 0; p->talk && i < talk_count(p->talk); i++) {
		struct line *l = talk_at(p->talk, i);

		if (l->mine || l->gap == 0)
			continue;
		set_gap(p, l);
		talk_changed(p->talk);
	}
}

void
reading_state(struct chat *c, struct person *p, struct line *l,
    enum msg_state state)
{
	l->state = (uint8_t)state;
	talk_changed(p->talk);
	news_add(c->news, NEWS_STATE, &p->id, l, false, false);
}

void
reading_their_mark(struct chat *c, struct person *p, uint64_t epoch,
    uint64_t seq)
{
	struct mark *m = &p->own->n.read_mine;
	bool keep = opts_bool(c->opts, "history"), joins = false;
	size_t from;

	if (mark_reaches(m, epoch, seq))
		return;
	*m = (struct mark){ epoch, seq };
	turn_dirty_numbers(c, p);
	if (!p->talk)
		return;
	/* Lines of mine stand in order: back to the last one read. */
	for (from = talk_count(p->talk); from > 0; from--) {
		const struct line *l = talk_line(p->talk, from - 1);

		if (l->mine && l->state == MSG_READ)
			break;
	}
	for (size_t i = from; i < talk_count(p->talk); i++) {
		struct line *l = talk_at(p->talk, i);

		if (!l->mine)
			continue;
		if (l->state != MSG_DELIVERED ||
		    !mark_reaches(m, l->epoch, l->seq)) {
			joins = false;
			continue;
		}
		reading_state(c, p, l, MSG_READ);
		if (keep)
			turn_clean(c, p, l->row, true, MSG_READ, joins);
		joins = true;
	}
}

void
reading_drop_all(struct chat *c, struct person *p)
{
	while (p->talk && talk_count(p->talk) > 0)
		turn_bury_line(c, talk_take(p->talk,
		    talk_count(p->talk) - 1));
	if (p->talk)
		talk_set_older(p->talk, false);
}

void
reading_announce(struct chat *c, struct person *p)
{
	for (size_t i = 0; p->talk && i < talk_count(p->talk); i++) {
		const struct line *l = talk_line(p->talk, i);

		if (l->state == MSG_UNREAD)
			news_add(c->news, NEWS_MESSAGE, &p->id, l, false,
			    true);
	}
}

/* ---- what I have read --------------------------------------------------- */

static void
mark_read(struct chat *c, struct person *p, struct line *l)
{
	struct mark *m = &p->own->n.read_theirs;

	l->state = MSG_SEEN;
	talk_count_unread(p->talk, -1);
	p->n_unread--;
	turn_clean_read(c, p, l->row);
	if (!opts_bool(c->opts, "history"))
		l->row = 0;
	if (mark_reaches(m, l->epoch, l->seq))
		return;
	*m = (struct mark){ l->epoch, l->seq };
	p->own->read_moved = true;
	turn_dirty_numbers(c, p);
}

static bool
is_readable(const struct person *p)
{
	/* What a stranger wrote stays unread until I let them in. */
	return p->talk && !p->own->gone && p->who.trust != TRUST_REQUESTED;
}

void
chat_seen(struct chat *c, struct person *p, const struct line *line)
{
	size_t i;

	if (!is_readable(p) || line->mine || line->state != MSG_UNREAD)
		return;
	i = talk_index(p->talk, line);
	if (i == SIZE_MAX)
		return;
	mark_read(c, p, talk_at(p->talk, i));
	people_moved(c, p);
}

void
chat_look(struct chat *c, struct person *p)
{
	c->is_looking = p != NULL;
	if (!p)
		return;
	c->looking = p->id;
	if (!is_readable(p) || talk_unread(p->talk) == 0)
		return;
	for (size_t i = talk_count(p->talk); i-- > 0 &&
	    talk_unread(p->talk) > 0; )
		if (talk_line(p->talk, i)->state == MSG_UNREAD)
			mark_read(c, p, talk_at(p->talk, i));
	people_moved(c, p);
}

void
reading_look(struct chat *c)
{
	struct person *p;

	if (!c->is_looking)
		return;
	p = roster_find(c->roster, &c->looking);
	if (p && p->n_unread > 0)
		chat_look(c, p);
}

/* ---- pages -------------------------------------------------------------- */

struct paging {
	struct chat *c;
	struct person *p;
	size_t read, added;
};

static int
on_page_row(void *arg, const struct message *m)
{
	struct paging *g = arg;
	struct person_private *own = g->p->own;
	struct line *l;

	g->read++;
	own->oldest_row = m->row;
	if (m->kind != MSG_TEXT && m->kind != MSG_ACTION)
		return 0;
	l = line_new(m);
	if (l->state == MSG_DELIVERED &&
	    mark_reaches(&own->n.read_mine, l->epoch, l->seq))
		l->state = MSG_READ;
	/* Whatever is owed or unread was read at the start: what is not in
	 * memory was answered since, and its row is about to change. */
	if (is_owed(l))
		l->state = MSG_DELIVERED;
	else if (l->state == MSG_UNREAD)
		l->state = MSG_SEEN;
	if (talk_insert_old(g->p->talk, l))
		g->added++;
	else
		free(l);
	return 0;
}

static int
load_page(struct chat *c, struct person *p, struct paging *g, struct err *e)
{
	size_t damaged = 0;

	*g = (struct paging){ .c = c, .p = p };
	if (message_page(c->store, p->who.row, p->own->oldest_row, TALK_PAGE,
	    on_page_row, g, &damaged, e) < 0)
		return -1;
	if (damaged > 0)
		chat_notice(c, "%zu messages with %s are damaged and were "
		    "left out", damaged, p->title);
	talk_set_older(p->talk, g->read + damaged >= TALK_PAGE);
	return 0;
}

struct talk *
chat_open(struct chat *c, struct person *p, struct err *e)
{
	struct paging g;

	talk_of(p);
	if (!p->own->paged && p->who.row != 0 &&
	    opts_bool(c->opts, "history")) {
		if (load_page(c, p, &g, e) < 0)
			return NULL;
		p->own->paged = true;
		people_moved(c, p);
	}
	talk_set_mark(p->talk);
	return p->talk;
}

size_t
chat_older(struct chat *c, struct person *p, struct err *e)
{
	struct paging g;

	if (!p->talk || p->who.row == 0 || !talk_has_older(p->talk))
		return 0;
	do {
		if (load_page(c, p, &g, e) < 0)
			return 0;
	} while (g.added == 0 && talk_has_older(p->talk));
	return g.added;
}

void
chat_clear(struct chat *c, struct person *p)
{
	if (!p->talk)
		return;
	for (size_t i = talk_count(p->talk); i-- > 0; ) {
		const struct line *l = talk_line(p->talk, i);

		if (!is_owed(l) && l->state != MSG_UNREAD)
			turn_bury_line(c, talk_take(p->talk, i));
	}
	p->own->oldest_row = 0;
	talk_set_older(p->talk, p->who.row != 0 &&
	    opts_bool(c->opts, "history"));
}

/* ---- history ------------------------------------------------------------ */

/* Rows that have left the store leave the lines too. */
static void
unrow(struct person *p)
{
	for (size_t i = 0; p->talk && i < talk_count(p->talk); i++) {
		struct line *l = talk_at(p->talk, i);

		if (!is_owed(l) && l->state != MSG_UNREAD)
			l->row = 0;
	}
	p->own->oldest_row = 0;
	if (p->talk)
		talk_set_older(p->talk, false);
}

int
chat_history(struct chat *c, bool on, struct err *e)
{
	const char *word = on ? "on" : "off";
	struct err why = { 0 };

	/* Kept where the messages are: it is about them. */
	if (store_set_value(c->store, "history", word, strlen(word), &why) <
	    0)
		return turn_refuse(c, &why, e);
	turn_urgent(c);
	if (turn_commit(c, e) < 0)
		return -1;
	return opts_set(c->opts, "history", word, e);
}

int
chat_forget(struct chat *c, struct err *e)
{
	struct err why = { 0 };

	if (message_forget(c->store, 0, &why) < 0)
		return turn_refuse(c, &why, e);
	turn_urgent(c);
	if (turn_commit(c, e) < 0)
		return -1;
	for (size_t i = 0; i < roster_count(c->roster); i++)
		unrow(roster_at(c->roster, i));
	return 0;
}
