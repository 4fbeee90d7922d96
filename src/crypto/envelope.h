/*
 * envelope - a frame sealed for somebody who is away:
 * p2ptui-protocol(7), LETTERS.
 *
 *	letter	10 01 0000 | key id 8 | Noise X to a receive key {
 *		padded frame }
 *	reseal	11 01 0000 | key id 8 | Noise X to the identity key {
 *		u64 gen | receive key 32 | Ed25519 signature 64 }
 *	request	12 01 0000 | key id 8 | Noise X to the signed prekey {
 *		padded LP(card) || frame }
 *
 *	key id		first 8 bytes of H("rk-id", the key sealed to)
 *	prologue	LP("env") || header || sender's id || recipient's id
 *	.. of a reseal	LP("env") || header || recipient's id
 *	.. of a request	LP("request") || header || recipient's id
 *
 * The key id of a letter finds its sender, since receive keys are made for
 * one contact each.  The other two are read before the sender is known:
 * Noise X shows his static key when it opens, and a signature (of the
 * reseal over both ids; of the card over itself) says whose it is.  A
 * reseal needs its signature for another reason too: sealed to a long-term
 * key alone, whoever stole that key could forge it and be handed what is
 * owed.
 *
 * A request to somebody known by a short link alone, who has said no prekey,
 * is sealed to the identity key.  The same thief could forge that one in
 * anybody's name, cards being public: it is to be believed only as what a
 * stranger says, never as words of somebody who was let in already.
 *
 * Padding is 80 00 .. to 256, 512 .. 32768, else 61440, so that a relay
 * learns a size class and no length.  Every envelope has an ephemeral key of
 * its own: sealing twice gives two that nobody can connect.  Pure.
 */
#ifndef ENVELOPE_H
#define ENVELOPE_H

#include "buf.h"
#include "key.h"

enum {
	ENVELOPE_ID = 8,
	ENVELOPE_HEAD = 4 + ENVELOPE_ID,
	/* e, sealed s, the tag of the payload. */
	ENVELOPE_OVERHEAD = ENVELOPE_HEAD + 32 + 48 + 16,
	ENVELOPE_PADDED = 61440,
	ENVELOPE_CONTENT = ENVELOPE_PADDED - 1,
	ENVELOPE_MAX = ENVELOPE_OVERHEAD + ENVELOPE_PADDED
};

enum envelope_kind {
	ENVELOPE_NONE,			/* not one of ours */
	ENVELOPE_LETTER = 0x10,
	ENVELOPE_RESEAL = 0x11,
	ENVELOPE_REQUEST = 0x12
};

/* Who seals it, for whom, and with what. */
struct envelope_way {
	const struct identity *from;
	const struct user_id *to;
	const uint8_t *key;		/* that opens it: public, 32 bytes */
	const uint8_t *e;		/* fixed ephemeral secret: tests only */
};

/* A new receive key, said by a reseal. */
struct reseal {
	uint64_t gen;
	uint8_t pub[KEY_LEN];
};

void envelope_key_id(uint8_t id[ENVELOPE_ID], const uint8_t key[KEY_LEN]);

/* Each appends one envelope to out; -1, and nothing appended, when the
 * content is longer than ENVELOPE_CONTENT or the key of low order. */
int envelope_letter(struct buf *out, const struct envelope_way *w,
    const void *frame, size_t len);
int envelope_request(struct buf *out, const struct envelope_way *w,
    const void *card, size_t card_len, const void *frame, size_t len);
/* w->key is the recipient's identity key. */
int envelope_reseal(struct buf *out, const struct envelope_way *w,
    const struct reseal *r);

/* What it is by its header and length, and the id of the key that opens
 * it. */
enum envelope_kind envelope_look(const void *p, size_t len,
    uint8_t id[ENVELOPE_ID]);
/* `secret` is the one of the key that was sealed to.  Each answers -1 for
 * what does not open, and then out and sender are as they were; else the
 * content is appended to out.  A letter must be from `from`. */
int envelope_open_letter(struct buf *out, const struct identity *me,
    const uint8_t secret[KEY_LEN], const struct pubkeys *from, const void *p,
    size_t len);
/* Content is LP(card) || frame; the card must turn out to be of this key. */
int envelope_open_request(struct buf *out, const struct identity *me,
    const uint8_t secret[KEY_LEN], uint8_t sender[KEY_LEN], const void *p,
    size_t len);
/* Whose it claims to be; believe nothing of r before reseal_verify. */
int envelope_open_reseal(struct reseal *r, uint8_t sig[SIG_LEN],
    const struct identity *me, uint8_t sender[KEY_LEN], const void *p,
    size_t len);
bool reseal_verify(const struct reseal *r, const uint8_t sig[SIG_LEN],
    const struct pubkeys *from, const struct user_id *to);

#endif
