#include "crowd.h"

#include "conn.h"
#include "engine.h"

enum { SAMPLE = 256 };

/* Neither reads a mailbox, nor waits, nor talks. */
static bool
is_idle(const struct conn *c)
{
	return c->n_boxes == 0 && !c->more;
}

static bool
gives_way_before(const struct conn *c, const struct conn *other)
{
	const uint32_t n = c->source->area->n_conns;
	uint32_t m;

	if (!other)
		return true;
	m = other->source->area->n_conns;
	return n > m || (n == m && is_idle(c) && !is_idle(other));
}

/* Of some that are up, from another slot each time. */
static struct conn *
find(struct relay *r)
{
	struct conn *found = NULL;
	int seen = 0;

	for (int i = 0; i < WHEEL && seen < SAMPLE; i++) {
		r->crowd_slot = (r->crowd_slot + 1) % WHEEL;
		LIST_EACH(c, &r->wheel[r->crowd_slot], struct conn, link) {
			if (gives_way_before(c, found))
				found = c;
			if (++seen == SAMPLE)
				break;
		}
	}
	return found;
}

bool
crowd_give_way(struct relay *r, const struct source *newcomer)
{
	struct conn *c = find(r);

	/* With one less it shall still have as many as the newcomer's then
	 * has: nobody takes it back the same way. */
	if (!c || c->source->area->n_conns < newcomer->area->n_conns + 2)
		return false;
	r->stats.crowded++;
	conn_cut(c);
	return true;
}
