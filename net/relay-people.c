#include "relay-own.h"

#include <stdlib.h>
#include <string.h>

#include "secret.h"

enum { DAY_MS = 86400000, LOOK_MS = 600000 };

struct person *
person_find(const struct relays *all, const struct user_id *id)
{
	return map_get(all->by_id, id->b);
}

uint64_t
relays_day(const struct relays *all)
{
	int64_t ms = loop_wall_ms(all->loop);

	return ms > DAY_MS ? (uint64_t)(ms / DAY_MS) : 1;
}

/* ---- meeting ids ------------------------------------------------------- */

static void
make_ids(struct person *p)
{
	for (size_t i = 0; i < RELAY_DAYS; i++) {
		meet_id_of(p->ids[i], p->pair_key, p->all->day - 1 + i);
		map_put(p->all->by_meet, p->ids[i], p);
	}
}

bool
person_has_ids(struct person *p)
{
	if (p->has_ids || p->is_bad)
		return p->has_ids;
	p->is_bad = identity_pair_key(p->all->setup.id, &p->keys,
	    p->pair_key) != 0;
	p->has_ids = !p->is_bad;
	if (p->has_ids)
		make_ids(p);
	return p->has_ids;
}

static void
forget_ids(struct person *p)
{
	for (size_t i = 0; i < RELAY_DAYS; i++)
		map_remove(p->all->by_meet, p->ids[i]);
}

static bool
is_among(const uint8_t id[MEET_ID], uint8_t ids[RELAY_DAYS][MEET_ID])
{
	for (size_t i = 0; i < RELAY_DAYS; i++)
		if (memcmp(ids[i], id, MEET_ID) == 0)
			return true;
	return false;
}

static void
next_ids(struct person *p, struct buf *old, struct buf *new)
{
	uint8_t before[RELAY_DAYS][MEET_ID];

	memcpy(before, p->ids, sizeof(before));
	forget_ids(p);
	make_ids(p);
	if (!p->wanted)
		return;
	for (size_t i = 0; i < RELAY_DAYS; i++) {
		if (!is_among(before[i], p->ids))
			buf_put(old, before[i], MEET_ID);
		if (!is_among(p->ids[i], before))
			buf_put(new, p->ids[i], MEET_ID);
	}
}

void
relays_note_day(struct relays *all)
{
	uint64_t day = relays_day(all);
	struct buf old, new;

	if (day == all->day)
		return;
	all->day = day;
	buf_init(&old);
	buf_init(&new);
	LIST_EACH(p, &all->people, struct person, in_all) {
		if (p->has_ids)
			next_ids(p, &old, &new);
	}
	relay_meet_moved(all, &old, &new);
	relay_mail_day(all);
	buf_clear(&old);
	buf_clear(&new);
}

/* The wall clock may jump, so it is looked at, not waited for. */
void
on_relays_day(void *relays)
{
	struct relays *all = relays;

	timer_set(&all->daily, LOOK_MS);
	relays_note_day(all);
}

/* ---- people ------------------------------------------------------------ */

static struct person *
need(struct relays *all, const struct pubkeys *keys)
{
	struct user_id id;
	struct person *p;

	user_id_of(&id, keys);
	p = person_find(all, &id);
	if (p)
		return p;
	p = mem_new(sizeof(*p));
	p->all = all;
	p->id = id;
	p->keys = *keys;
	list_append(&all->people, &p->in_all);
	map_put(all->by_id, p->id.b, p);
	return p;
}

static void
forget(struct person *p)
{
	if (p->has_ids)
		forget_ids(p);
	map_remove(p->all->by_id, p->id.b);
	list_remove(&p->in_all);
	wipe(p->pair_key, sizeof(p->pair_key));
	free(p);
}

static void
forget_if_idle(struct person *p)
{
	if (!p->wanted && p->n_places == 0) {
		relay_meet_part(p->all, p);
		forget(p);
	}
}

void
relays_want(struct relays *all, const struct pubkeys *who, bool want)
{
	struct user_id id;
	struct person *p;

	user_id_of(&id, who);
	p = person_find(all, &id);
	if (want) {
		if (!p)
			p = need(all, who);
		if (p->wanted)
			return;
		relay_drops_forgive(all, &p->id);
		p->wanted = true;
		relay_mail_want(all, p);
	} else if (p && p->wanted) {
		p->wanted = false;
		relay_mail_unwant(all, p);
		relay_meet_part(all, p);
		forget_if_idle(p);
	}
}

/* A relay without a key in its address is only for whoever chose it: what
 * is pinned there would come from a stranger's word.  Of a place chat sees to
 * that: it comes without one from a link that was added by hand. */
void
relays_places(struct relays *all, const struct pubkeys *who,
    const struct routes *places)
{
	struct route list[ROUTES_MAX];
	size_t n = 0;
	struct person *p;
	struct user_id id;

	for (size_t i = 0; i < places->n && i < ROUTES_MAX; i++)
		if (route_parse(&list[n], places->at[i], NULL) == 0 &&
		    (list[n].has_key || list[n].has_place))
			n++;
	user_id_of(&id, who);
	p = person_find(all, &id);
	if (!p && n == 0)
		return;
	if (!p)
		p = need(all, who);
	memcpy(p->places, list, n * sizeof(*list));
	p->n_places = n;
	forget_if_idle(p);
}

void
people_lost(struct relays *all, struct relay *r)
{
	LIST_EACH(p, &all->people, struct person, in_all) {
		relay_meet_gone(p, r);
		for (size_t i = 0; i < p->n_waits; i++)
			if (p->waits[i] == r)
				p->waits[i--] = p->waits[--p->n_waits];
	}
}

void
people_clear(struct relays *all)
{
	LIST_EACH(p, &all->people, struct person, in_all)
		forget(p);
}
