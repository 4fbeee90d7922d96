#include "load.h"

#include <string.h>

#include "mine.h"
#include "pair.h"
#include "people.h"
#include "reading.h"
#include "routes.h"
#include "trust.h"

struct loading {
	struct chat *c;
	struct map *by_row;
	struct err *e;
	bool bad;
};

static int
read_number(struct chat *c, const char *name, uint64_t *n, struct err *e)
{
	struct buf b;
	int found;

	buf_init(&b);
	*n = 0;
	found = store_value(c->store, name, &b, e);
	if (found == 1 && b.len == 8)
		*n = get_u64(b.at);
	else if (found == 1)
		found = err_set(e, STATUS_DAMAGED,
		    "the stored value \"%s\" is damaged", name);
	buf_clear(&b);
	return found < 0 ? -1 : 0;
}

/* What /history said last, unless this start says otherwise. */
static int
read_history(struct chat *c, struct err *e)
{
	struct buf b;
	int found;

	buf_init(&b);
	found = store_value(c->store, "history", &b, e);
	if (found == 1 && !opts_is_set(c->opts, "history"))
		found = opts_set(c->opts, "history", buf_str(&b), e);
	buf_clear(&b);
	return found < 0 ? -1 : 0;
}

static int
read_me(struct chat *c, struct err *e)
{
	struct buf b;
	int found;

	buf_init(&b);
	found = store_value(c->store, "name", &b, e);
	if (found == 1 && b.len <= CARD_NAME_MAX)
		memcpy(c->name, buf_str(&b), b.len);
	buf_clear(&b);
	if (found < 0 || read_history(c, e) < 0 ||
	    read_number(c, "epoch", &c->epoch, e) < 0 ||
	    read_number(c, "serial", &c->serial, e) < 0)
		return -1;
	return mine_load(c, e) < 0 ? -1 : people_new_epoch(c, e);
}

static int
on_contact(void *arg, const struct contact *who, const uint8_t *bytes,
    size_t len)
{
	struct loading *load = arg;
	struct person *p;
	struct numbers n;

	if (numbers_read(&n, bytes, len) < 0) {
		err_set(load->e, STATUS_DAMAGED,
		    "the stored numbers of a contact are damaged");
		load->bad = true;
		return 1;
	}
	p = people_load(load->c, who, &n);
	map_put(load->by_row, &who->row, p);
	return 0;
}

static void
take_mine(struct chat *c, struct person *p, const struct message *m)
{
	/* Whether a link carried it before we stopped is not known. */
	struct owed row = { .epoch = m->epoch, .seq = m->seq,
		.row = m->row, .kind = m->kind, .carried = true,
		.stored = m->state == MSG_STORED };

	if (m->kind == MSG_TEXT || m->kind == MSG_ACTION) {
		row.line = line_new(m);
		reading_put(c, p, row.line);
		p->n_owed++;
	}
	if (m->kind == FRAME_ROUTE)
		row.told = routes_told(m->text, m->len);
	outbox_push(&p->own->out, &row);
}

static void
take_theirs(struct chat *c, struct person *p, const struct message *m)
{
	struct line *l = line_new(m);
	bool asks = p->who.trust == TRUST_REQUESTED;

	reading_put(c, p, l);
	p->n_unread++;
	if (asks)
		p->own->n_request++;
	news_add(c->news, asks ? NEWS_REQUEST : NEWS_MESSAGE, &p->id, l,
	    false, false);
}

static int
on_item(void *arg, const struct message *m)
{
	struct loading *load = arg;
	struct person *p = map_get(load->by_row, &m->contact);

	if (!p)
		return 0;
	if (m->mine)
		take_mine(load->c, p, m);
	else
		take_theirs(load->c, p, m);
	if (m->kept_ms > p->last_ms)
		p->last_ms = m->kept_ms;
	return 0;
}

static void
title_all(struct chat *c)
{
	people_title_loaded(c);
	for (size_t i = 0; i < roster_count(c->roster); i++) {
		reading_count_gaps(roster_at(c->roster, i));
		people_moved(c, roster_at(c->roster, i));
	}
}

int
load_all(struct chat *c, struct err *e)
{
	struct loading load = { .c = c, .e = e };
	size_t damaged = 0;
	int done;

	if (read_me(c, e) < 0)
		return -1;
	load.by_row = map_new(sizeof(uint64_t));
	done = contact_each(c->store, on_contact, &load, e);
	if (load.bad)
		done = -1;
	if (done == 0)
		done = message_open_items(c->store, on_item, &load, &damaged,
		    e);
	map_free(load.by_row);
	if (done < 0)
		return -1;
	if (damaged > 0)
		chat_notice(c, "%zu stored messages are damaged and were "
		    "left out", damaged);
	title_all(c);
	trust_load(c);
	if (pair_load(c, e) < 0)
		return -1;
	return store_commit(c->store, e);
}
