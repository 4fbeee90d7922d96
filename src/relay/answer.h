/*
 * answer - STUN (RFC 8489, Binding only) on two UDP ports: what address does
 * the world see?  No state, nothing longer than half as much again as it was
 * asked with.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct answerer;
struct relay;

/* where[i]: "[ADDR:]PORT" or NULL. */
struct answerer *answerer_open(struct relay *r, const char *const *where,
    size_t n, struct err *e);
void answerer_free(struct answerer *a);
uint16_t answerer_port(const struct answerer *a, size_t i);

#endif
