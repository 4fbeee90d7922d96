/*
 * relay-link-own - what relay-link.c (the connection) and relay-hand.c (its
 * handshake) share.
 */
#ifndef RELAY_LINK_OWN_H
#define RELAY_LINK_OWN_H

#include "noise.h"
#include "relay-link.h"

enum { RELAY_LINK_LEN = 2 };		/* of the length before a message */

struct relay_link {
	struct relay_link_setup setup;
	struct loop *loop;
	enum relay_link_state state;
	bool dead;
	struct direct *direct;
	struct stream *stream;
	struct noise *noise;
	enum relay_kind kind;
	uint8_t preface[RELAY_PREFACE];
	bool is_pinned;			/* key: what must be there */
	bool ask_key;			/* NX, although it is pinned */
	bool has_key, told_key, said_something;
	uint8_t key[KEY_LEN];
	struct cipher tx, rx;
	uint8_t hash[NOISE_HASH];
	size_t open_len;		/* of the unsealed record; 0: none */
	bool wants_room;
	struct relay_welcome welcome;
	struct addr last;		/* where it was up last */
	bool has_last;
	/* The handshake's deadline, the next keepalive or the next try. */
	struct timer timer;
	unsigned fails;
	int64_t tried_ms, up_ms, heard_ms;
	unsigned missed;
	bool hurry;
	uint64_t ping;			/* the last one's number */
	int64_t pinged_us;		/* 0: answered */
	int64_t rtt_us;
	char why[120];
};

/* ---- relay-link.c ------------------------------------------------------ */

/* The ciphers are there. */
void relay_link_be_up(struct relay_link *l);

/* ---- relay-hand.c ------------------------------------------------------ */

/* Preface and message 1, on the fresh stream. */
void relay_hand_begin(struct relay_link *l);
/* Message 2: up, or failed. */
void relay_hand_take(struct relay_link *l, const uint8_t *msg, size_t len);
/* Nothing, or nothing good, came back. */
void relay_hand_failed(struct relay_link *l, const char *why);

#endif
