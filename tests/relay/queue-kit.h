/*
 * queue-kit - the mailboxes of one test: a directory that goes away, and
 * boxes, uploads and letters named by small numbers.
 */
#ifndef QUEUE_KIT_H
#define QUEUE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "queue.h"

enum { DAY = 86400, SEEN_MAX = 4096 };

extern const struct queue_limits wide;

struct kit {
	char dir[128], path[160], wal[164];
	struct queues *q;		/* NULL while closed */
	struct err e;
	int64_t now;
	uint64_t number;		/* of the last put */
	/* what a walk saw */
	size_t n;
	uint64_t numbers[SEEN_MAX];
	uint32_t words[SEEN_MAX];	/* the first four bytes */
};

/* cmocka's setup and teardown. */
int make(void **state);
int drop(void **state);
#define T(name) cmocka_unit_test_setup_teardown(name, make, drop)

/* These fail the test when they cannot. */
void open_with(struct kit *k, const struct queue_limits *limits);
void close_it(struct kit *k);
void again(struct kit *k);
void commit(struct kit *k);

/* In static memory, good until the next call. */
const uint8_t *id_of(uint8_t box);
const uint8_t *token_of(uint8_t box);
enum relay_status box(struct kit *k, uint8_t b);
/* Letter and upload id begin with the word; 100 bytes. */
enum relay_status put(struct kit *k, uint8_t b, uint32_t word);
enum relay_status put_sized(struct kit *k, uint8_t b, uint32_t word,
    size_t len);
bool see(void *arg, uint64_t number, const void *p, size_t len);
/* All of a box, into words and numbers; how many. */
size_t look(struct kit *k, uint8_t b);
/* The error holds these words. */
void says(const struct kit *k, const char *words);

#endif
