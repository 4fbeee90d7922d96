/*
 * chan-kit - ends of a sealed channel for tests: ours, and a peer made by
 * hand from the words of the protocol, of which not one byte comes from
 * chan.c.
 */
#ifndef CHAN_KIT_H
#define CHAN_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chan.h"
#include "noise.h"

enum { MSG1 = 102, MSG2 = 54, WIRE1 = CHAN_PREFACE + 2 + MSG1 };

/* One end: a channel and what it told. */
struct side {
	struct chan_room room;
	struct link *link;
	int n_proven, n_closed, n_records;
	bool clean;
	char why[120];
	struct buf got;			/* u8 kind, LP body */
	bool refuse;
	int n_version;
	unsigned version;
	bool version_proven;
	int answer_to;			/* answers so many records */
};

struct test {
	struct loop *loop;
	struct streams streams;
	struct identity *alice, *bob;
	struct side a, b;
	int fd;				/* of the hand-made peer */
};

/* p2ptui-protocol(7), LINKS, spelled out; not one byte comes from chan.c. */
struct hand {
	struct noise *noise;
	struct cipher tx, rx;
	uint64_t n_tx, n_rx;
};

extern const uint8_t preface[8], hello[6];

int setup(void **state);
int teardown(void **state);
void turns(struct test *t, int n);
void make_pair(int fds[2]);
struct stream *end_of(struct test *t, int fd);
/* Alice dials Bob; x NULL: she does not know his key. */
void join(struct test *t, const uint8_t *x);
const uint8_t *x_of(const struct identity *id);
/* The first record of Alice. */
void prove(struct test *t);
void own(struct side *s, struct link *l);
void hand_start(struct hand *h, bool initiator, const struct identity *me,
    const uint8_t *rs);
size_t hand_msg1(struct hand *h, uint8_t wire[WIRE1]);
void hand_split(struct hand *h);
/* Takes message 2 from fd. */
void hand_finish(struct hand *h, int fd);
void hand_seal(struct hand *h, struct buf *out, uint8_t kind, const void
    *body, size_t len);
void hand_send(struct hand *h, int fd, uint8_t kind, const void *body, size_t
    len);
/* A short record from fd; its plaintext's length. */
size_t hand_receive(struct hand *h, int fd, uint8_t plain[256]);
/* Bob's end, fresh; the hand's is t->fd. */
void accept_hand(struct test *t);
/* Up to the first record. */
void shake_hand(struct test *t, struct hand *h);

#endif
