/*
 * headless-json - the JSON that events are made of.
 */
#ifndef HEADLESS_JSON_H
#define HEADLESS_JSON_H

#include <jansson.h>
#include <stdint.h>

#include "net.h"
#include "roster.h"

/* RFC 3339, UTC, milliseconds.  Whatever time a peer claims is printable. */
json_t *json_time(int64_t ms);
/* "event" and "time". */
json_t *json_event(const char *name, int64_t wall_ms);
/* Texts that are UTF-8 already; NULL is "". */
void json_set_text(json_t *o, const char *key, const char *text);
/* For what repeats our input, which is any bytes: JSON has no place for what
 * is not UTF-8, and a terminal none for C1. */
void json_set_foreign(json_t *o, const char *key, const char *text);
/* What `request` says of whoever asks; like: the contact they look like, or
 * NULL. */
void json_set_request(json_t *o, const struct person *p,
    const struct person *like, const char *text);
/* Where I listen / how I am reached, as event `reach` without its time. */
json_t *json_listen(const struct net *n);
json_t *json_reach(const struct net *n);

#endif
