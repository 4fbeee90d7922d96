#include "nearby.h"

#include <stdlib.h>
#include <string.h>

#include "map.h"

struct nearby {
	struct nearby_setup setup;
	struct map *by_id;
	size_t n_strangers, n_gone;
};

static int64_t
now_ms(const struct nearby *n)
{
	return loop_now_ms(n->setup.loop);
}

struct peer *
nearby_find(const struct nearby *n, const struct user_id *id)
{
	return map_get(n->by_id, id->b);
}

struct peer *
nearby_next(const struct nearby *n, size_t *at)
{
	void *value;

	return map_next(n->by_id, at, NULL, &value) ? value : NULL;
}

size_t
nearby_count(const struct nearby *n)
{
	return map_count(n->by_id) - n->n_gone;
}

static void
forget(struct nearby *n, struct peer *p)
{
	if (p->is_gone)
		n->n_gone--;
	else
		n->setup.on_lost(n->setup.ctx, p);
	if (!p->is_contact)
		n->n_strangers--;
	timer_stop(&p->answer);
	map_remove(n->by_id, p->id.b);
	free(p);
}

/* A place among the strangers; false: all are better known than a newcomer. */
static bool
make_place(struct nearby *n)
{
	struct peer *p, *oldest = NULL;

	if (n->n_strangers < NEARBY_STRANGERS)
		return true;
	for (size_t at = 0; (p = nearby_next(n, &at));) {
		if (p->is_contact || (p->n_heard > 1 && !p->is_gone))
			continue;
		if (!oldest || p->heard_ms < oldest->heard_ms)
			oldest = p;
	}
	if (!oldest)
		return false;
	forget(n, oldest);
	return true;
}

static void
set_contact(struct nearby *n, struct peer *p)
{
	bool is = n->setup.is_contact(n->setup.ctx, &p->keys);

	if (is == p->is_contact)
		return;
	p->is_contact = is;
	n->n_strangers += is ? -1 : 1;
}

static struct peer *
add(struct nearby *n, const struct user_id *id, const struct pubkeys *keys)
{
	bool is_contact = n->setup.is_contact(n->setup.ctx, keys);
	struct peer *p;

	if (!is_contact && !make_place(n))
		return NULL;
	p = mem_new(sizeof(*p));
	p->id = *id;
	p->keys = *keys;
	p->is_contact = is_contact;
	p->is_gone = true;
	timer_init(&p->answer, n->setup.loop, NULL, p);
	map_put(n->by_id, p->id.b, p);
	n->n_gone++;
	if (!is_contact)
		n->n_strangers++;
	return p;
}

bool
nearby_is_fresh(const struct peer *p, const struct beacon *b)
{
	int kind = b->kind == BEACON_HIDDEN;

	if (b->when < p->when[kind])
		return false;
	/* An instance that said goodbye is over. */
	return !p->is_gone || memcmp(p->nonce, b->nonce, BEACON_NONCE) != 0;
}

/* True when it is not among them yet.  What comes with a newer beacon goes
 * first; with one that was heard before, only behind the first: it may have
 * been sent again from anywhere, but the first was quicker than that. */
static bool
add_addr(struct peer *p, const struct addr *a, bool is_newer)
{
	size_t i = 0, to = is_newer || p->n_addrs == 0 ? 0 : 1;
	bool is_new;

	while (i < p->n_addrs && !addr_equal(&p->addrs[i], a))
		i++;
	is_new = i == p->n_addrs;
	if (is_new && p->n_addrs < NEARBY_ADDRS)
		p->n_addrs++;
	if (i == NEARBY_ADDRS)
		i--;
	if (i < to)
		return false;
	memmove(p->addrs + to + 1, p->addrs + to, (i - to) * sizeof(*a));
	p->addrs[to] = *a;
	return is_new;
}

void
nearby_refresh(struct nearby *n, struct peer *p)
{
	p->heard_ms = now_ms(n);
	if (p->n_heard < 1000)
		p->n_heard++;
}

enum nearby_news
nearby_hear(struct nearby *n, const struct pubkeys *keys,
    const struct beacon *b, const struct addr *a, struct peer **peer)
{
	enum nearby_news news = NEARBY_SAME;
	struct user_id id;
	struct peer *p;
	uint64_t *when;

	user_id_of(&id, keys);
	*peer = p = nearby_find(n, &id);
	if (p && !nearby_is_fresh(p, b))
		return NEARBY_IGNORED;
	if (!p)
		*peer = p = add(n, &id, keys);
	if (!p)
		return NEARBY_IGNORED;
	set_contact(n, p);
	/* Another instance: where the old one was says nothing now, unless
	 * somebody sent an old beacon again; so it is only moved back. */
	if (memcmp(p->nonce, b->nonce, BEACON_NONCE) != 0)
		news = NEARBY_CHANGED;
	memcpy(p->nonce, b->nonce, BEACON_NONCE);
	when = &p->when[b->kind == BEACON_HIDDEN];
	if (add_addr(p, a, b->when > *when))
		news = NEARBY_CHANGED;
	*when = b->when;
	if (b->kind == BEACON_PUBLIC && strcmp(p->name, b->name) != 0) {
		memcpy(p->name, b->name, sizeof(p->name));
		news = NEARBY_CHANGED;
	}
	if (p->is_gone) {
		p->is_gone = false;
		n->n_gone--;
		news = NEARBY_NEW;
	}
	nearby_refresh(n, p);
	return news;
}

void
nearby_goodbye(struct nearby *n, const struct user_id *id,
    const struct beacon *b)
{
	struct peer *p = nearby_find(n, id);

	/* Only the instance that is known can say it. */
	if (!p || p->is_gone ||
	    memcmp(p->nonce, b->nonce, BEACON_NONCE) != 0)
		return;
	timer_stop(&p->answer);
	n->setup.on_lost(n->setup.ctx, p);
	p->is_gone = true;
	p->n_addrs = 0;
	p->n_heard = 0;
	p->heard_ms = now_ms(n);
	memset(p->seen, 0, sizeof(p->seen));
	n->n_gone++;
}

void
nearby_expire(struct nearby *n, int64_t expiry_ms)
{
	struct peer *p;

	for (size_t at = 0; (p = nearby_next(n, &at));) {
		if (now_ms(n) - p->heard_ms >= expiry_ms)
			forget(n, p);
	}
}

bool
nearby_has_ip(const struct nearby *n, const struct addr *a)
{
	struct peer *p;

	for (size_t at = 0; (p = nearby_next(n, &at));) {
		for (size_t i = 0; i < p->n_addrs; i++) {
			if (addr_same_ip(&p->addrs[i], a))
				return true;
		}
	}
	return false;
}

struct nearby *
nearby_new(const struct nearby_setup *setup)
{
	struct nearby *n = mem_new(sizeof(*n));

	n->setup = *setup;
	n->by_id = map_new(ID_LEN);
	return n;
}

void
nearby_free(struct nearby *n)
{
	struct peer *p;

	if (!n)
		return;
	for (size_t at = 0; (p = nearby_next(n, &at));) {
		timer_stop(&p->answer);
		free(p);
	}
	map_free(n->by_id);
	free(n);
}
