/*
 * map - bytes of one fixed length to a pointer.
 *
 * Open addressing under SipHash with a random key, because the keys (ids,
 * addresses) are chosen by strangers.  The map owns neither keys' meaning
 * nor values; keys are copied in.  Removing during a walk is allowed,
 * adding is not.
 */
#ifndef MAP_H
#define MAP_H

#include <stdbool.h>
#include <stddef.h>

struct map;

struct map *map_new(size_t key_len);
void map_free(struct map *m);
size_t map_count(const struct map *m);
void *map_get(const struct map *m, const void *key);	/* NULL: absent */
/* Sets or replaces; value is not NULL. */
void map_put(struct map *m, const void *key, void *value);
void *map_remove(struct map *m, const void *key);	/* what was there */
/* Walk: start with *at = 0; false at the end. */
bool map_next(const struct map *m, size_t *at, const void **key, void **value);

#endif
