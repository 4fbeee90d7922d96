#include "directory.h"

#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "engine.h"
#include "mem.h"

struct entry {
	struct conn *conn;		/* NULL: gone since .. */
	uint32_t gone_s;
	struct source *source;		/* held by its n_cards */
	struct pubkeys keys;
	uint64_t serial;
	size_t len;
	uint8_t card[];
};

struct directory {
	struct relay *relay;
	struct entry **at;		/* in the order they came */
	size_t n, room;
};

struct directory *
directory_new(struct relay *r)
{
	struct directory *d = mem_new(sizeof(*d));

	d->relay = r;
	return d;
}

static void
drop(struct directory *d, size_t i)
{
	struct entry *e = d->at[i];

	if (e->conn)
		e->conn->has_card = false;
	e->source->n_cards--;
	d->relay->stats.cards--;
	free(e);
	d->n--;
	memmove(d->at + i, d->at + i + 1, (d->n - i) * sizeof(struct entry *));
}

void
directory_free(struct directory *d)
{
	if (!d)
		return;
	while (d->n > 0)
		drop(d, d->n - 1);
	free(d->at);
	free(d);
}

/* False: it is an older card of that person. */
static bool
make_way(struct directory *d, const struct conn *c, const struct card *card)
{
	for (size_t i = d->n; i-- > 0;) {
		const struct entry *e = d->at[i];

		if (keys_equal(&e->keys, &card->keys)) {
			if (e->serial > card->serial)
				return false;
			drop(d, i);
		} else if (e->conn == c) {
			drop(d, i);
		}
	}
	return true;
}

void
directory_put(struct directory *d, struct conn *c, const uint8_t *card,
    size_t len)
{
	struct card read;
	struct entry *e;

	if (len > CARD_MAX || card_read(&read, card, len) != 0 ||
	    !make_way(d, c, &read))
		return;
	if (d->n >= d->relay->limits.cards ||
	    c->source->n_cards >= DIRECTORY_SOURCE)
		return;
	if (d->n == d->room) {
		d->room = d->room * 2 + 16;
		d->at = mem_resize(d->at, d->room, sizeof(struct entry *));
	}
	e = mem_new(sizeof(*e) + len);
	e->conn = c;
	e->source = c->source;
	e->keys = read.keys;
	e->serial = read.serial;
	e->len = len;
	memcpy(e->card, card, len);
	d->at[d->n++] = e;
	c->has_card = true;
	c->source->n_cards++;
	d->relay->stats.cards++;
}

static size_t
find(const struct directory *d, const struct conn *c)
{
	size_t i = 0;

	while (i < d->n && d->at[i]->conn != c)
		i++;
	return i;
}

void
directory_take_back(struct directory *d, struct conn *c)
{
	size_t i = find(d, c);

	if (i < d->n)
		drop(d, i);
}

void
directory_gone(struct directory *d, struct conn *c)
{
	size_t i = find(d, c);

	if (i == d->n)
		return;
	d->at[i]->conn = NULL;
	d->at[i]->gone_s = engine_s(d->relay);
	c->has_card = false;
}

void
directory_list(const struct directory *d, struct conn *c)
{
	for (size_t i = 0; i < d->n; i++)
		conn_say(c, &(struct relay_msg){ .op = OP_CARD,
		    .p = d->at[i]->card, .len = d->at[i]->len });
}

void
directory_tick(struct directory *d)
{
	const uint32_t now = engine_s(d->relay);

	for (size_t i = d->n; i-- > 0;) {
		if (!d->at[i]->conn && now - d->at[i]->gone_s >= DIRECTORY_S)
			drop(d, i);
	}
}
