/*
 * queue - the mailboxes, on disk: what waits for somebody who is away.
 *
 * A deposit is on disk before it is acknowledged: everything one turn of
 * the loop brought is one transaction (queues_commit), so many senders share
 * one fsync.  Deposits name themselves by an upload id, and one that comes
 * twice is stored once.  Letters leave when their owner deleted them, after
 * their days, or with the queue.
 *
 * The store holds hashes of tokens and public keys of queues: who reads the
 * disk learns neither senders nor owners.
 *
 * Days are counted while the relay runs, from the differences of `now`: a
 * clock that jumps, or a relay that was down for a month, expires nothing.
 * So queues_expire wants to be called at least once an hour.
 *
 * Letters lie on disk in the order they came, whoever they are for: a turn
 * touches few pages.  What is needed to find them (32 bytes a letter, 48 a
 * queue, and their places in three hash tables) is in memory, and read from
 * the disk at the start.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "relaywire.h"

struct queues;

/* May be changed while running (SIGHUP). */
struct queue_limits {
	uint64_t bytes;			/* of one queue */
	uint64_t letters;		/* of one queue */
	uint64_t queues;		/* in all */
	uint64_t total_bytes;		/* in all */
	int64_t days;			/* a letter waits */
	int64_t queue_days;		/* an unopened, empty queue lives */
	uint64_t total_letters;		/* in all; 0: as total_bytes allows */
};

/* path NULL: in memory.  `now`: Unix seconds, of every call.
 * STATUS_DAMAGED for a file that is not ours or not whole: it is left as it
 * is, and named. */
struct queues *queues_open(const char *path,
    const struct queue_limits *limits, struct err *e);
/* What was not committed is not kept. */
void queues_close(struct queues *q);
void queues_limit(struct queues *q, const struct queue_limits *limits);

/* Makes it if need be (RELAY_LIMIT: too many), else sets its token. */
enum relay_status queues_make(struct queues *q, const uint8_t id[QUEUE_ID],
    const uint8_t token_hash[32], int64_t now);
/* It is in use: one that nobody opened for queue_days counts as forgotten.
 * Costs a write a day; nothing, when there is no such queue. */
void queues_touch(struct queues *q, const uint8_t id[QUEUE_ID], int64_t now);
/* RELAY_OK means: on disk once queues_commit succeeds.  *number names the
 * letter, 0 for a repeated upload. */
enum relay_status queues_put(struct queues *q, const uint8_t id[QUEUE_ID],
    const uint8_t token_hash[32], const uint8_t upload[UPLOAD_ID],
    const void *letter, size_t len, int64_t now, uint64_t *number);
/* Letters with a number above `after`, oldest first; each returns false to
 * stop.  Borrowed for the call.  Does not nest.  0; -1: some of them could
 * not be read and were left out. */
int queues_each(struct queues *q, const uint8_t id[QUEUE_ID], uint64_t after,
    bool (*each)(void *arg, uint64_t number, const void *p, size_t len),
    void *arg);
/* Nothing, when there is no such queue or letter.  A power cut may bring
 * back what was deleted last. */
void queues_delete(struct queues *q, const uint8_t id[QUEUE_ID],
    uint64_t number);
void queues_drop(struct queues *q, const uint8_t id[QUEUE_ID]);
/* Ends the turn's transaction.  -1: nothing of it is on disk (disk full,
 * EIO): the turn's deposits are answered RELAY_TROUBLE.  The next turn tries
 * anew. */
int queues_commit(struct queues *q, struct err *e);
bool queues_is_dirty(const struct queues *q);
/* Removes what is too old, a slice at a time, in the turn's transaction:
 * true when there is more. */
bool queues_expire(struct queues *q, int64_t now);

struct queue_stats {
	uint64_t queues, letters, bytes;
	uint64_t put, repeated, taken, expired, refused;
};
const struct queue_stats *queues_stats(const struct queues *q);

#endif
