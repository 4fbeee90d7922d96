#include "relay-own.h"

#include <string.h>

/* A relay may say again and again who is there. */
enum { TELL_MS = 2000 };

static void
say_ids(struct relay *r, enum relay_op op, const uint8_t *ids, size_t n)
{
	while (n > 0) {
		size_t some = n < RELAY_IDS_MAX ? n : RELAY_IDS_MAX;
		const struct relay_msg m = {
			.op = op, .p = ids, .len = some * MEET_ID
		};

		relay_say(r, &m);
		ids += some * MEET_ID;
		n -= some;
	}
}

void
relay_meet_at(struct relay *r, struct person *const *list, size_t n)
{
	uint8_t ids[RELAY_SLICE * RELAY_DAYS][MEET_ID];
	size_t n_ids = 0;

	for (size_t i = 0; i < n && i < RELAY_SLICE; i++) {
		if (!person_has_ids(list[i]))
			continue;
		memcpy(ids[n_ids], list[i]->ids, sizeof(list[i]->ids));
		n_ids += RELAY_DAYS;
	}
	say_ids(r, OP_MEET, ids[0], n_ids);
}

void
relay_meet_up(struct relay *r)
{
	if (r->is_mine && r->all->waits)
		say_ids(r, OP_MEET, r->all->plate, 1);
}

void
relays_wait_at(struct relays *all, const uint8_t id[MEET_ID])
{
	LIST_EACH(r, &all->list, struct relay, in_all) {
		if (r->is_mine && all->waits)
			say_ids(r, OP_PART, all->plate, 1);
	}
	all->waits = id != NULL;
	if (!id)
		return;
	memcpy(all->plate, id, MEET_ID);
	LIST_EACH(r, &all->list, struct relay, in_all)
		relay_meet_up(r);
}

void
relay_meet_moved(struct relays *all, const struct buf *old,
    const struct buf *new)
{
	LIST_EACH(r, &all->list, struct relay, in_all) {
		if (!r->is_mine)
			continue;
		say_ids(r, OP_PART, old->at, old->len / MEET_ID);
		say_ids(r, OP_MEET, new->at, new->len / MEET_ID);
	}
}

void
relay_meet_part(struct relays *all, struct person *p)
{
	if (!p->has_ids)
		return;
	LIST_EACH(r, &all->list, struct relay, in_all) {
		if (r->is_mine)
			say_ids(r, OP_PART, p->ids[0], RELAY_DAYS);
	}
	for (size_t i = 0; i < p->n_waits; i++)
		say_ids(p->waits[i], OP_PART, p->ids[0], RELAY_DAYS);
	p->n_waits = 0;
	p->n_here = 0;
}

void
relay_meet_visit(struct relay *r, struct person *p)
{
	if (r->is_mine || !p->wanted || p->n_waits >= RELAYS_MAX)
		return;
	for (size_t i = 0; i < p->n_waits; i++)
		if (p->waits[i] == r)
			return;
	p->waits[p->n_waits++] = r;
	say_ids(r, OP_MEET, p->ids[0], RELAY_DAYS);
}

void
relay_meet_gone(struct person *p, const struct relay *r)
{
	for (size_t i = 0; i < p->n_here; i++) {
		if (p->here[i] != r)
			continue;
		memmove(&p->here[i], &p->here[i + 1],
		    (p->n_here - i - 1) * sizeof(*p->here));
		p->n_here--;
		return;
	}
}

static void
note_here(struct relay *r, struct person *p)
{
	struct relays *all = r->all;
	int64_t now = loop_now_ms(all->loop);

	relay_meet_gone(p, r);
	if (p->n_here == RELAYS_MAX)
		p->n_here--;
	/* The newest word is the best. */
	memmove(&p->here[1], &p->here[0], p->n_here * sizeof(*p->here));
	p->here[0] = r;
	p->n_here++;
	if (p->told_ms != 0 && now - p->told_ms < TELL_MS)
		return;
	p->told_ms = now;
	relay_used(r);
	all->setup.on_here(all->setup.ctx, &p->id);
}

void
relay_meet_here(struct relay *r, const struct relay_msg *m)
{
	for (size_t at = 0; at + MEET_ID <= m->len && !r->dead;
	    at += MEET_ID) {
		struct person *p = map_get(r->all->by_meet, m->p + at);

		if (p && p->wanted)
			note_here(r, p);
	}
}
