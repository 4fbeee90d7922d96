#include "queue-own.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "rand.h"

enum { INDEX_MIN = 64, ARRAY_MIN = 64 };

/* ---- one index ------------------------------------------------------------
 *
 * What an entry hashes to is known to the array it points into.  Removing
 * moves later entries of the run back, so there are no graves.
 */

typedef uint64_t hash_of(const struct queues *q, uint32_t at);

static size_t
home(const struct queues *q, const struct index *x, hash_of *hash,
    uint32_t at)
{
	return (size_t)hash(q, at) & (x->room - 1);
}

static void
index_set(const struct queues *q, struct index *x, hash_of *hash,
    uint32_t at)
{
	size_t i = home(q, x, hash, at);

	while (x->at[i] != 0)
		i = (i + 1) & (x->room - 1);
	x->at[i] = at;
	x->n++;
}

static void
index_add(const struct queues *q, struct index *x, hash_of *hash,
    uint32_t at)
{
	struct index old = *x;

	if ((x->n + 1) * 3 > x->room * 2) {
		x->room = x->room == 0 ? INDEX_MIN : x->room * 2;
		x->at = mem_array(x->room, sizeof(*x->at));
		x->n = 0;
		for (size_t i = 0; i < old.room; i++)
			if (old.at[i] != 0)
				index_set(q, x, hash, old.at[i]);
		free(old.at);
	}
	index_set(q, x, hash, at);
}

static void
index_remove(const struct queues *q, struct index *x, hash_of *hash,
    uint32_t at)
{
	size_t mask = x->room - 1, hole, i;

	for (hole = home(q, x, hash, at); x->at[hole] != at;
	    hole = (hole + 1) & mask)
		assert(x->at[hole] != 0);
	for (i = (hole + 1) & mask; x->at[i] != 0; i = (i + 1) & mask) {
		/* It may move back unless its home lies behind the hole. */
		size_t from_home = (i - home(q, x, hash, x->at[i])) & mask;

		if (from_home >= ((i - hole) & mask)) {
			x->at[hole] = x->at[i];
			hole = i;
		}
	}
	x->at[hole] = 0;
	x->n--;
}

static uint64_t
id_hash(const struct queues *q, const uint8_t id[QUEUE_ID])
{
	return hash_bytes(&q->key, id, QUEUE_ID);
}

static uint64_t
slot_hash(const struct queues *q, uint32_t at)
{
	return id_hash(q, q->slots[at].id);
}

static uint64_t
letter_upload_hash(const struct queues *q, uint32_t at)
{
	return q->letters[at].upload;
}

/* Numbers count up, and taken as they are would lie in one long run.  The
 * golden ratio keeps neighbours far apart (Knuth 6.4); nobody chooses
 * numbers, so it needs no key. */
static uint64_t
number_hash(uint64_t number)
{
	return number * 0x9e3779b97f4a7c15 >> 32;
}

static uint64_t
letter_number_hash(const struct queues *q, uint32_t at)
{
	return number_hash(q->letters[at].number);
}

void
queue_index_init(struct queues *q)
{
	rand_bytes(&q->key, sizeof(q->key));
	q->n_slots = q->n_letters = 1;
	q->room_slots = q->room_letters = ARRAY_MIN;
	q->slots = mem_array(q->room_slots, sizeof(*q->slots));
	q->letters = mem_array(q->room_letters, sizeof(*q->letters));
}

void
queue_index_clear(struct queues *q)
{
	free(q->slots);
	free(q->letters);
	free(q->by_id.at);
	free(q->by_upload.at);
	free(q->by_number.at);
}

uint64_t
token_hash_of(const struct queues *q, const uint8_t token[TOKEN_HASH])
{
	return hash_bytes(&q->key, token, TOKEN_HASH);
}

/* ---- queues ------------------------------------------------------------- */

uint32_t
slot_find(const struct queues *q, const uint8_t id[QUEUE_ID])
{
	const struct index *x = &q->by_id;
	size_t i;

	if (x->n == 0)
		return 0;
	for (i = (size_t)id_hash(q, id) & (x->room - 1); x->at[i] != 0;
	    i = (i + 1) & (x->room - 1))
		if (memcmp(q->slots[x->at[i]].id, id, QUEUE_ID) == 0)
			return x->at[i];
	return 0;
}

uint32_t
slot_unused(struct queues *q)
{
	if (q->free_slot != 0)
		return q->free_slot;
	return q->n_slots < SLOTS_MAX ? q->n_slots : 0;
}

/* Room up to `at`; places that are jumped over become free. */
static void
slots_reach(struct queues *q, uint32_t at)
{
	if (at >= q->room_slots) {
		while (at >= q->room_slots)
			q->room_slots *= 2;
		q->slots = mem_resize(q->slots, q->room_slots,
		    sizeof(*q->slots));
	}
	for (; q->n_slots < at; q->n_slots++) {
		q->slots[q->n_slots] = (struct slot){ .first = q->free_slot };
		q->free_slot = q->n_slots;
	}
	if (q->n_slots == at)
		q->n_slots++;
	else
		q->free_slot = q->slots[at].first;
}

void
slot_add(struct queues *q, uint32_t at, const uint8_t id[QUEUE_ID],
    const uint8_t token[TOKEN_HASH], uint32_t opened_h)
{
	struct slot *s;

	/* Read from a file they come in order: at is the end or the first
	 * of the free ones. */
	assert(at >= q->n_slots || at == q->free_slot);
	slots_reach(q, at);
	s = &q->slots[at];
	*s = (struct slot){ .token = token_hash_of(q, token) };
	s->opened_h = opened_h & HOURS_MAX;
	memcpy(s->id, id, QUEUE_ID);
	slot_show(q, at);
}

void
slot_hide(struct queues *q, uint32_t at)
{
	index_remove(q, &q->by_id, slot_hash, at);
	q->slots[at].place = PLACE_GONE;
	q->stats.queues--;
}

void
slot_show(struct queues *q, uint32_t at)
{
	index_add(q, &q->by_id, slot_hash, at);
	q->slots[at].place = PLACE_LIVE;
	q->stats.queues++;
}

void
slot_free(struct queues *q, uint32_t at)
{
	assert(q->slots[at].first == 0);
	q->slots[at] = (struct slot){ .first = q->free_slot };
	q->free_slot = at;
}

/* ---- letters ------------------------------------------------------------ */

uint32_t
upload_hash(const struct queues *q, uint32_t slot,
    const uint8_t upload[UPLOAD_ID])
{
	uint8_t both[4 + UPLOAD_ID];

	put_u32(both, slot);
	memcpy(both + 4, upload, UPLOAD_ID);
	return (uint32_t)hash_bytes(&q->key, both, sizeof(both));
}

uint32_t
letter_next_like(const struct queues *q, uint32_t slot, uint32_t hash,
    size_t *cursor)
{
	const struct index *x = &q->by_upload;
	size_t mask = x->room - 1;
	uint32_t at;

	if (x->n == 0)
		return 0;
	while ((at = x->at[(hash + *cursor) & mask]) != 0) {
		++*cursor;
		if (q->letters[at].upload == hash &&
		    q->letters[at].slot == slot)
			return at;
	}
	return 0;
}

uint32_t
letter_find(const struct queues *q, uint64_t number)
{
	const struct index *x = &q->by_number;
	size_t i;

	if (x->n == 0)
		return 0;
	for (i = (size_t)number_hash(number) & (x->room - 1); x->at[i] != 0;
	    i = (i + 1) & (x->room - 1))
		if (q->letters[x->at[i]].number == number)
			return x->at[i];
	return 0;
}

bool
letters_are_full(const struct queues *q)
{
	return q->free_letter == 0 && q->n_letters >= LETTERS_MAX;
}

static uint32_t
letter_place(struct queues *q)
{
	uint32_t at = q->free_letter;

	if (at != 0) {
		q->free_letter = q->letters[at].next;
		return at;
	}
	if (q->n_letters == q->room_letters) {
		q->room_letters *= 2;
		q->letters = mem_resize(q->letters, q->room_letters,
		    sizeof(*q->letters));
	}
	return q->n_letters++;
}

uint32_t
letter_add(struct queues *q, uint32_t slot, uint64_t number, uint32_t upload,
    size_t len)
{
	uint32_t at = letter_place(q);
	struct slot *s = &q->slots[slot];

	q->letters[at] = (struct letter){ .number = number, .slot = slot,
		.prev = s->last, .upload = upload, .len = (uint16_t)len,
		.place = PLACE_LIVE };
	if (s->last != 0)
		q->letters[s->last].next = at;
	else
		s->first = at;
	s->last = at;
	s->n_letters++;
	s->bytes += len;
	q->stats.letters++;
	q->stats.bytes += len;
	index_add(q, &q->by_upload, letter_upload_hash, at);
	index_add(q, &q->by_number, letter_number_hash, at);
	return at;
}

/* Its counts were taken back by whoever said that it is gone. */
void
letter_free(struct queues *q, uint32_t at)
{
	struct letter *l = &q->letters[at];
	struct slot *s = &q->slots[l->slot];

	index_remove(q, &q->by_upload, letter_upload_hash, at);
	index_remove(q, &q->by_number, letter_number_hash, at);
	if (l->prev != 0)
		q->letters[l->prev].next = l->next;
	else
		s->first = l->next;
	if (l->next != 0)
		q->letters[l->next].prev = l->prev;
	else
		s->last = l->prev;
	*l = (struct letter){ .next = q->free_letter };
	q->free_letter = at;
}
