#include "seat.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "rand.h"

enum {
	ROOM_MIN = 64,
	PER_PLACE = 2			/* seats: there are more than places */
};

void
seats_init(struct seats *t)
{
	memset(t, 0, sizeof(*t));
	rand_bytes(&t->key, sizeof(t->key));
	t->room = ROOM_MIN;
	t->at = mem_array(t->room, sizeof(*t->at));
}

void
seats_clear(struct seats *t)
{
	assert(t->n == 0);
	free(t->at);
}

static struct seat **
place_of(const struct seats *t, const uint8_t id[SEAT_ID])
{
	return &t->at[hash_bytes(&t->key, id, SEAT_ID) & (t->room - 1)];
}

struct seat *
seats_get(const struct seats *t, const uint8_t id[SEAT_ID])
{
	struct seat *s = *place_of(t, id);

	while (s && memcmp(s->id, id, SEAT_ID) != 0)
		s = s->chain;
	return s;
}

struct seat *
seat_older(const struct seat *s)
{
	struct seat *o = s->chain;

	while (o && memcmp(o->id, s->id, SEAT_ID) != 0)
		o = o->chain;
	return o;
}

/* The other way round, so that putting each in front keeps the order. */
static struct seat *
reversed(struct seat *s)
{
	struct seat *done = NULL;

	while (s) {
		struct seat *then = s->chain;

		s->chain = done;
		done = s;
		s = then;
	}
	return done;
}

static void
grow(struct seats *t)
{
	struct seat **old = t->at;
	const size_t n = t->room;

	t->room *= 2;
	t->at = mem_array(t->room, sizeof(*t->at));
	for (size_t i = 0; i < n; i++) {
		for (struct seat *s = reversed(old[i]), *then; s; s = then) {
			struct seat **place = place_of(t, s->id);

			then = s->chain;
			s->chain = *place;
			*place = s;
		}
	}
	free(old);
}

void
seats_put(struct seats *t, struct seat *s, struct seat **of_conn)
{
	struct seat **place;

	if (t->n >= t->room * PER_PLACE)
		grow(t);
	place = place_of(t, s->id);
	s->chain = *place;
	*place = s;
	s->next = *of_conn;
	*of_conn = s;
	t->n++;
}

static void
unchain(struct seats *t, const struct seat *s)
{
	struct seat **at = place_of(t, s->id);

	while (*at != s)
		at = &(*at)->chain;
	*at = s->chain;
	t->n--;
}

void
seats_remove(struct seats *t, struct seat *s, struct seat **of_conn)
{
	unchain(t, s);
	while (*of_conn != s)
		of_conn = &(*of_conn)->next;
	*of_conn = s->next;
}

struct seat *
seats_pop(struct seats *t, struct seat **of_conn)
{
	struct seat *s = *of_conn;

	if (!s)
		return NULL;
	unchain(t, s);
	*of_conn = s->next;
	return s;
}
