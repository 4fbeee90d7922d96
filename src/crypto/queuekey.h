/*
 * queuekey - whose mailbox a queue is, and where two people meet:
 * p2ptui-protocol(7), THE RELAY.
 *
 * Each contact gets a queue of its own at each relay.  Its keys are derived
 * from the identity, the contact and the relay, so that nothing of them has
 * to be kept, a restored backup finds its letters, and yet no two queues
 * can be told to be of one owner:
 *
 *	seed  = KDF(identity seed, LABEL_QUEUE, relay key, contact id)
 *	token = KDF(identity seed, LABEL_QUEUE_TOKEN, relay key, contact id)
 *	id    = H(LABEL_QUEUE_ID, Ed25519 public key)[0..15]
 *
 * The queue for strangers' requests, which a card and a short link name, has
 * an id of all zeros in place of the contact's, and a token that whoever
 * knows its owner's public keys can make, so that no link has to say it:
 *
 *	request token = H(LABEL_REQUEST_TOKEN, Ed25519 public, X25519 public)
 *
 *	meeting id = KDF(pair key, LABEL_MEET, u64 day)[0..15]
 */
#ifndef QUEUEKEY_H
#define QUEUEKEY_H

#include "key.h"

enum { QUEUE_ID_LEN = 16, QUEUE_TOKEN_LEN = 32, MEET_ID_LEN = 16 };

struct queue_key {
	uint8_t public[KEY_LEN];	/* Ed25519 */
	uint8_t secret[64];
	uint8_t token[QUEUE_TOKEN_LEN];	/* shown by senders */
	uint8_t id[QUEUE_ID_LEN];
};

/* contact NULL: the request queue.  Wipe with queue_key_clear. */
void queue_key_of(struct queue_key *k, const struct identity *me,
    const uint8_t relay[KEY_LEN], const struct user_id *contact);
void queue_key_clear(struct queue_key *k);
/* The token of this person's request queue, at any relay. */
void request_token_of(uint8_t token[QUEUE_TOKEN_LEN],
    const struct pubkeys *owner);
void queue_id_of(uint8_t id[QUEUE_ID_LEN], const uint8_t public[KEY_LEN]);
/* What the relay keeps of a token: H(LABEL_QUEUE_TOKEN, token). */
void queue_token_hash(uint8_t hash[32], const uint8_t token[QUEUE_TOKEN_LEN]);
/* Ed25519 over LP(LABEL_RELAY_AUTH) || handshake hash || queue id. */
void queue_auth_sign(const struct queue_key *k, const uint8_t hash[64],
    uint8_t sig[SIG_LEN]);
bool queue_auth_verify(const uint8_t public[KEY_LEN], const uint8_t hash[64],
    const uint8_t id[QUEUE_ID_LEN], const uint8_t sig[SIG_LEN]);
/* day: Unix time / 86400. */
void meet_id_of(uint8_t id[MEET_ID_LEN], const uint8_t pair_key[32],
    uint64_t day);

#endif
