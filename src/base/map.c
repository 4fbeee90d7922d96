#include "map.h"

#include <assert.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_SYS_RANDOM_H
#include <sys/random.h>
#endif

#include "buf.h"
#include "hash.h"
#include "mem.h"

enum { SLOTS_MIN = 16 };		/* always a power of two */

struct map {
	size_t key_len;
	size_t n;			/* values */
	size_t n_used;			/* values and graves */
	size_t n_slots;
	void **values;			/* NULL: free; &grave: was removed */
	uint8_t *keys;			/* n_slots * key_len */
	struct hash_key hash_key;
};

/* Marks a slot that a search must pass over. */
static char grave;

static void
random_key(uint8_t key[16])
{
	int fd;
	ssize_t n = -1;

#ifdef HAVE_GETRANDOM
	if (getrandom(key, 16, 0) == 16)
		return;
#endif
#ifdef HAVE_GETENTROPY
	if (getentropy(key, 16) == 0)
		return;
#endif
	fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, key, 16);
		close(fd);
	}
	/* A known key would let strangers choose colliding ids. */
	if (n != 16)
		die("the system has no random numbers");
}

struct map *
map_new(size_t key_len)
{
	struct map *m = mem_new(sizeof(*m));
	uint8_t key[16];

	assert(key_len > 0);
	random_key(key);
	m->hash_key.k[0] = get_u64(key);
	m->hash_key.k[1] = get_u64(key + 8);
	m->key_len = key_len;
	m->n_slots = SLOTS_MIN;
	m->values = mem_array(m->n_slots, sizeof(*m->values));
	m->keys = mem_array(m->n_slots, key_len);
	return m;
}

void
map_free(struct map *m)
{
	if (!m)
		return;
	free(m->values);
	free(m->keys);
	free(m);
}

size_t
map_count(const struct map *m)
{
	return m->n;
}

/* The slot that holds key, or n_slots and in *vacant where it would go. */
static size_t
find(const struct map *m, const void *key, size_t *vacant)
{
	const size_t mask = m->n_slots - 1;
	size_t i = (size_t)hash_bytes(&m->hash_key, key, m->key_len) & mask;

	*vacant = m->n_slots;
	/* Ends: the load is kept under 3/4. */
	for (;; i = (i + 1) & mask) {
		if (!m->values[i]) {
			if (*vacant == m->n_slots)
				*vacant = i;
			return m->n_slots;
		}
		if (m->values[i] == &grave) {
			if (*vacant == m->n_slots)
				*vacant = i;
		} else if (memcmp(m->keys + i * m->key_len, key,
		    m->key_len) == 0) {
			return i;
		}
	}
}

void *
map_get(const struct map *m, const void *key)
{
	size_t vacant, i = find(m, key, &vacant);

	return i < m->n_slots ? m->values[i] : NULL;
}

/* Doubles, or only buries the graves when they are what fills the table. */
static void
rehash(struct map *m)
{
	struct map old = *m;

	if (m->n * 2 >= m->n_slots)
		m->n_slots *= 2;
	m->n_used = m->n;
	m->values = mem_array(m->n_slots, sizeof(*m->values));
	m->keys = mem_array(m->n_slots, m->key_len);
	for (size_t i = 0; i < old.n_slots; i++) {
		const uint8_t *key = old.keys + i * m->key_len;
		size_t vacant;

		if (!old.values[i] || old.values[i] == &grave)
			continue;
		find(m, key, &vacant);
		m->values[vacant] = old.values[i];
		memcpy(m->keys + vacant * m->key_len, key, m->key_len);
	}
	free(old.values);
	free(old.keys);
}

void
map_put(struct map *m, const void *key, void *value)
{
	size_t vacant, i = find(m, key, &vacant);

	assert(value);
	if (i < m->n_slots) {
		m->values[i] = value;
		return;
	}
	if (!m->values[vacant]) {
		if ((m->n_used + 1) * 4 > m->n_slots * 3) {
			rehash(m);
			find(m, key, &vacant);
		}
		m->n_used++;
	}
	m->values[vacant] = value;
	memcpy(m->keys + vacant * m->key_len, key, m->key_len);
	m->n++;
}

void *
map_remove(struct map *m, const void *key)
{
	size_t vacant, i = find(m, key, &vacant);
	void *value;

	if (i == m->n_slots)
		return NULL;
	value = m->values[i];
	m->values[i] = &grave;
	m->n--;
	return value;
}

bool
map_next(const struct map *m, size_t *at, const void **key, void **value)
{
	for (; *at < m->n_slots; ++*at) {
		if (!m->values[*at] || m->values[*at] == &grave)
			continue;
		if (key)
			*key = m->keys + *at * m->key_len;
		if (value)
			*value = m->values[*at];
		++*at;
		return true;
	}
	return false;
}
