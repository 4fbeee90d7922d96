/*
 * directory - "who is around": cards that their owners asked to be listed.
 *
 * Kept in memory only, one for each connection, gone DIRECTORY_S after the
 * connection (a restart of the program does not make anybody blink).  A card
 * is signed, so a name cannot be put to somebody's keys by others; that its
 * holder meant it to be listed here is his word alone, and listing it again
 * is all that a stranger who has it could do.
 */
#ifndef DIRECTORY_H
#define DIRECTORY_H

#include <stddef.h>
#include <stdint.h>

enum {
	DIRECTORY_S = 90,
	DIRECTORY_SOURCE = 16		/* cards of one source */
};

struct directory;
struct relay;
struct conn;

struct directory *directory_new(struct relay *r);
void directory_free(struct directory *d);
/* Verifies the card; what is not one, or too much, is ignored. */
void directory_put(struct directory *d, struct conn *c, const uint8_t *card,
    size_t len);
/* The connection's card, at once. */
void directory_take_back(struct directory *d, struct conn *c);
/* The connection is gone; its card goes later. */
void directory_gone(struct directory *d, struct conn *c);
/* Says them all. */
void directory_list(const struct directory *d, struct conn *c);
/* Each second. */
void directory_tick(struct directory *d);

#endif
