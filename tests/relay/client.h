/*
 * client - a relay in this process, and clients of a page: they speak
 * relaywire over real sockets of 127.0.0.1, on the relay's own loop.
 *
 * Whatever waits runs the loop; what does not come within ten seconds fails
 * the test.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "noise.h"
#include "queuekey.h"
#include "relay.h"
#include "relaywire.h"

struct rig {
	struct loop *loop;
	struct queues *queues;
	struct relay *relay;
	struct relay_limits limits;	/* then rig_limit() */
	uint8_t key[32];
};

/* The relay's limits are the defaults, with no rates. */
void rig_open(struct rig *r);
/* Its mailboxes in a file. */
void rig_open_at(struct rig *r, const char *path);
void rig_close(struct rig *r);
void rig_limit(struct rig *r);
/* Until `fn` is true. */
void rig_until(struct rig *r, bool (*fn)(struct rig *r));
/* Turns until nothing more happens at once. */
void rig_settle(struct rig *r);

struct client {
	struct rig *rig;
	int fd;
	struct watch *watch;
	bool is_over;			/* the relay closed it */
	struct cipher tx, rx;
	uint8_t hash[NOISE_HASH];
	struct relay_welcome welcome;
	struct buf in, out;		/* sealed */
	struct buf plain;		/* messages not looked at yet */
	struct buf last;		/* the one client_next gave out */
	bool deaf;			/* reads nothing */
	uint64_t n_records;		/* that came */
};

/* Connected; has said nothing yet. */
struct client *client_new(struct rig *r);
/* .. over a socket that connects; takes it. */
struct client *client_of(struct rig *r, int fd);
/* .. and shaken hands, by NK. */
struct client *client_up(struct rig *r);
void client_free(struct client *c);
void client_deaf(struct client *c, bool deaf);
void client_raw(struct client *c, const void *p, size_t len);
/* Preface and message 1 of the given kind, into out. */
struct noise *client_message1(struct rig *r, enum relay_kind kind,
    struct buf *out);
/* Shakes hands; NX tells the relay's key. */
void client_shake(struct client *c, enum relay_kind kind, uint8_t key[32]);
void client_take_answer(struct client *c, struct noise *n);
void client_seal(struct client *c, const void *plain, size_t len);
void client_say(struct client *c, const struct relay_msg *m);
/* The next message, whatever it is; borrowed until the next call. */
const struct relay_msg *client_next(struct client *c);
/* It is of this op. */
const struct relay_msg *client_expect(struct client *c, enum relay_op op);
/* It is OP_DONE. */
void client_done(struct client *c, uint32_t tag, enum relay_status status);
/* Everything that was said is dealt with, and nothing came back. */
void client_silence(struct client *c);
/* The relay ends the connection, without another message. */
void client_cut(struct client *c);

/* Mailboxes. */
void client_box(struct queue_key *k, uint8_t seed);
void client_say_open(struct client *c, uint32_t tag,
    const struct queue_key *k);
void client_open(struct client *c, const struct queue_key *k);
void client_leave(struct client *c, uint32_t tag, const struct queue_key *k,
    uint32_t upload, const void *letter, size_t len);
/* An OP_LETTER with this text: its number. */
uint64_t client_letter(struct client *c, const struct queue_key *k,
    const char *text);
void client_delete(struct client *c, const struct queue_key *k,
    uint64_t number);

#endif
