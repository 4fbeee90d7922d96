/*
 * relay-kit - people with relays, and a relay that lies.
 */
#ifndef RELAY_KIT_H
#define RELAY_KIT_H

#include "noise.h"
#include "relay-own.h"

enum { LETTERS = 3 * RELAY_FLIGHT };

/* A pin as chat would keep it. */
struct pin {
	char where[ROUTE_TEXT];
	uint8_t key[KEY_LEN];
};

/* One end of a pipe and what came out of it. */
struct mouth {
	struct stream *stream;
	struct buf got;
	bool is_deaf;
	int n_end;
	char why[120];
};

/* Somebody without a chat: what he was told. */
struct user {
	struct loop *loop;
	struct identity *id;
	struct streams streams;
	struct resolver *resolver;
	struct carrier_events events;
	struct relays *relays;
	struct pin pins[4];
	size_t n_pins;
	struct buf drops;		/* as chat keeps them */
	int n_state, n_up;		/* told; so often while up */
	int n_relays, n_here, n_calls, n_notice, n_letters, n_left;
	char notice[600];
	struct user_id here, caller;
	struct mouth called;		/* the last call that came */
	/* letters */
	uint64_t names[LETTERS];
	uint32_t seqs[LETTERS];		/* first 4 bytes of each */
	bool from_requests, had_queue;
	struct user_id queue;
	bool takes;			/* at once, in a later turn */
	uint64_t to_take[LETTERS];
	size_t n_to_take;
	enum left left;
	uint8_t left_id[UPLOAD_LEN];
	int n_stored;
	int n_reached;
	struct reach_result reached;
};

struct user *user_new(struct loop *l);
void user_free(struct user *u);
/* Mine, one or two. */
void user_relay(struct user *u, const char *a, const char *b);
void user_close(struct user *u);	/* relays alone; user_open again */
void user_open(struct user *u);
const struct user_id *user_id(const struct user *u);
const struct pubkeys *user_keys(const struct user *u);
/* Both want each other and know the other's places. */
void befriend(struct user *a, struct user *b);
void know(struct user *a, struct user *b);	/* a learns b's places */
/* A letter of 100 bytes that begins with the number. */
int leave_letter(struct user *from, struct user *to, uint32_t seq);
bool is_up(const struct user *u, size_t i);
struct relay_state state_of(const struct user *u, size_t i);

struct stream *call_up(struct user *from, struct user *to, struct mouth *m);
void mouth_say(struct mouth *m, size_t len);
void mouth_clear(struct mouth *m);

/* Turns until the condition holds; fails the test after 10 s. */
#define UNTIL(loop, cond) do { \
	int64_t end_ = loop_now_ms(loop) + 60000; \
	while (!(cond)) { \
		assert_true(loop_now_ms(loop) < end_); \
		loop_turn(loop, 20); \
	} \
} while (0)
void turns(struct loop *l, int n);

/* ---- a relay made by hand, of one client at a time ---------------------- */

struct liar {
	struct loop *loop;
	int listen_fd, fd;
	struct watch *listening, *reading;
	uint16_t port;
	uint8_t secret[KEY_LEN], public[KEY_LEN];
	struct noise *noise;
	struct cipher tx, rx;
	bool is_up, is_mute;		/* mute: reads, answers nothing */
	unsigned version;		/* 0: ours */
	enum relay_kind kind;
	struct buf in;
	int n_accepted, n_gone;
	/* what the client said */
	int n_ops[64];
	uint8_t queue[QUEUE_ID];	/* of the last OP_SEND */
	struct {
		uint8_t id[QUEUE_ID];
		uint32_t tag;
	} opened[16];
	size_t n_opened;
	struct buf met, parted;
	uint32_t call, tag;		/* of the last OP_CALL, any other */
	uint64_t value;			/* of the last OP_CREDIT, OP_HANG */
	struct buf data;		/* of OP_DATA */
	uint8_t hash[NOISE_HASH];
	char address[120];
};

struct liar *liar_new(struct loop *l);
void liar_free(struct liar *r);
const char *liar_address(struct liar *r);
void liar_say(struct liar *r, const struct relay_msg *m);
/* A record of these very bytes, or these bytes as they are. */
void liar_seal(struct liar *r, const void *p, size_t len);
void liar_raw(struct liar *r, const void *p, size_t len);
void liar_hang_up(struct liar *r);

#endif
