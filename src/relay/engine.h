/*
 * engine - what the files of the server's engine share; for them alone.
 *
 * Who owns what: the relay its connections (conn.c), seats (meet.c, box.c),
 * sources (quota.c) and everything below.  A connection that ends is emptied
 * at once and freed at the end of the turn, so that nobody in the middle of
 * it needs to look whether it is still there.
 */
#ifndef ENGINE_H
#define ENGINE_H

#include "conn.h"
#include "list.h"
#include "quota.h"
#include "relay.h"
#include "seat.h"

enum {
	WHEEL = 128,			/* seconds; later ones come twice */
	READ_MAX = 128 * 1024,		/* of one connection in one turn */
	SPARE_OUTS = 32,		/* buffers kept, of at most .. */
	SPARE_ROOM = 16 * 1024
};

/* What waits for the turn's commit. */
enum job_kind {
	JOB_DONE,			/* OP_DONE with status, if it stood */
	JOB_OPENED,			/* the same, and letters follow */
	JOB_PUSH			/* letters to whoever reads the queue */
};

struct job {
	enum job_kind kind;
	struct conn *conn;		/* NULL: JOB_PUSH */
	uint32_t tag;
	uint8_t id[QUEUE_ID];
};

/* An OP_OPEN whose signature is to be looked at: some in each turn. */
struct opening {
	struct conn *conn;
	uint32_t tag;
	uint8_t key[32], token[32], sig[64];
};

struct relay {
	struct loop *loop;
	struct queues *queues;
	const uint8_t *key;		/* borrowed */
	uint8_t public[32];
	struct relay_limits limits;
	struct relay_stats stats;
	struct quota quota;
	uint32_t handshakes_left;	/* in this turn */

	struct listener *listeners[RELAY_LISTENS_MAX];
	struct list fresh;		/* conns: handshake not done, oldest
					 * first */
	struct list wheel[WHEEL];	/* all others, by when to look */
	uint32_t looked_s;		/* the last slot looked at */
	uint32_t crowd_slot;		/* .. by crowd.c */
	size_t n_conns;			/* not dead */
	struct timer tick;

	struct seats meets, boxes;
	struct conn **dirty;		/* something to send */
	size_t n_dirty, dirty_room;
	struct list dead;		/* freed when the turn ends */
	struct job *jobs;
	size_t n_jobs, jobs_room;
	struct opening *openings;	/* a queue: from `opened` on */
	size_t opened, n_openings, openings_room;

	struct directory *directory;
	struct reacher *reacher;
	struct answerer *answerer;

	uint8_t *scratch;		/* READ_MAX */
	struct conn_out *spare_outs[SPARE_OUTS];
	size_t n_spare_outs;
	uint64_t blocked_bytes;		/* waiting for slow readers, in all */

	uint32_t swept_s, expired_s;	/* the last times */
	size_t touched;			/* of boxes, going round */
	bool is_expiring;
	bool is_draining;
	struct timer drain;
	void (*drained)(void *arg);
	void *drained_arg;
};

/* Monotonic, of this turn; differences count. */
static inline uint32_t
engine_ms(const struct relay *r)
{
	return (uint32_t)loop_now_ms(r->loop);
}

static inline uint32_t
engine_s(const struct relay *r)
{
	return (uint32_t)(loop_now_ms(r->loop) / 1000);
}

/* Something is to leave at the end of this turn. */
void engine_dirty(struct relay *r, struct conn *c);
/* To be looked at in `in_s` seconds. */
void engine_look(struct relay *r, struct conn *c, uint32_t in_s);
/* After this turn's commit.  conn NULL for JOB_PUSH. */
void engine_job(struct relay *r, enum job_kind kind, struct conn *c,
    uint32_t tag, const uint8_t id[QUEUE_ID]);

#endif
