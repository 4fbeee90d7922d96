/*
 * letter - what somebody left for me: opened, and then as if heard.
 *
 * A letter opens with a receive key that was made for one contact, which
 * says whose it must be; a request with a prekey or, of somebody who knows
 * no card of mine, with my identity key, and brings its sender's card; a
 * reseal with my identity key.  What opens is a frame like any other: copies
 * of it die at the numbers, whichever way they came.
 *
 * The relay is told to delete it after the commit of the turn that heard
 * it; when that fails, it keeps the letter and gives it again.
 */
#ifndef LETTER_H
#define LETTER_H

#include "own.h"

/* For the door. */
void letter_come(void *chat, uint64_t letter, const struct user_id *queue,
    const void *p, size_t len);
/* After the commit. */
void letters_took(struct chat *c);

#endif
