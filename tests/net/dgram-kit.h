/*
 * dgram-kit - people joined by a wire in memory that loses, delays, doubles
 * and swaps packets, on a virtual loop; and a peer made by hand.
 */
#ifndef DGRAM_KIT_H
#define DGRAM_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "dgram.h"
#include "loop.h"

enum { PEOPLE = 2, OWNED_MAX = 8, INIT = 142, RESP = 98, COOKIE = 64 };

struct test;

/* One end, and what it was told. */
struct person {
	struct test *test;
	struct identity *id;
	struct dgrams *dgrams;
	struct addr at;
	struct link *links[OWNED_MAX];	/* that stand or are dialled */
	int n_proven, n_answered, n_closed, n_records, n_room;
	bool clean, refuse, free_on_record, silent;
	char why[120];
	/* Records carry a number: the next one that has to come. */
	uint32_t next_in, next_out;
	bool counts_in;			/* then any other ends the test */
	struct buf got;			/* u8 kind, LP body, the first ones */
	size_t n_sent, sent_bytes;	/* packets to the wire */
	size_t last_sent_len;
};

/* What passed, in order: tests replay it. */
struct seen {
	struct addr from, to;
	uint8_t p[UDP_PAYLOAD];
	size_t len;
};

struct test {
	struct loop *loop;
	struct person alice, bob;
	int loss, twice, delay_ms, jitter_ms;	/* percent */
	bool cut;			/* nothing passes */
	/* What passed for a look, or a change; false: it is lost. */
	bool (*tap)(struct test *t, struct seen *s);
	struct seen *log;
	size_t n_log, log_room;
	bool logging;
	int n_flying;
	int tapped;
	uint64_t rekey_packets;
};

/* Seconds that somebody turned the clock on the wall by. */
extern int64_t wall_jump;

int setup(void **state);
int teardown(void **state);
void run_ms(struct test *t, int64_t ms);
/* Fresh rooms for one of them, as a program started again has. */
void restart(struct test *t, struct person *p);
struct link *dial(struct person *who, const struct person *whom);
/* A link from Alice to Bob that both know of; hers and his. */
struct link *join(struct test *t);
struct link *link_of(struct person *p);
int n_links(const struct person *p);
/* Queues records with numbers, as many of len bytes as it takes. */
int say(struct person *p, enum record kind, size_t len, int n);
void deliver(struct test *t, const struct addr *from, const struct addr *to,
    const void *p, size_t len);
const uint8_t *x_of(const struct identity *id);

#endif
