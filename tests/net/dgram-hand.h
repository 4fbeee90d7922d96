/*
 * dgram-hand - a peer made by hand from the words of the protocol, of which
 * not one byte comes from dgram.c or cookie.c.
 */
#ifndef DGRAM_HAND_H
#define DGRAM_HAND_H

#include "key.h"
#include "noise.h"

enum { HAND_INIT = 142, HAND_RENEW = 146, HAND_RESP = 98 };

struct hand {
	struct noise *noise;
	struct cipher tx, rx;
	uint32_t mine, theirs;
	uint8_t x[KEY_LEN], their_x[KEY_LEN];
	uint8_t hello[10];
	size_t hello_len;		/* 6, as it starts */
};

/* s: my static secret.  e: a fixed ephemeral, or NULL. */
void hand_start(struct hand *h, bool initiator, const uint8_t *s,
    const uint8_t *their_x, const uint8_t *e, uint32_t mine);
void hand_end(struct hand *h);
/* MAC at the end of a packet to the owner of x; mac2 zero. */
void hand_macs(uint8_t *p, size_t len, const uint8_t *x);
size_t hand_init(struct hand *h, uint8_t p[HAND_RENEW]);
void hand_take_init(struct hand *h, const uint8_t *p, size_t len);
void hand_resp(struct hand *h, uint8_t p[HAND_RESP]);
void hand_take_resp(struct hand *h, const uint8_t *p, size_t len);
size_t hand_seal(struct hand *h, uint64_t counter, const void *plain,
    size_t len, uint8_t *out);
/* Length of the plaintext. */
size_t hand_open(struct hand *h, const uint8_t *p, size_t len, uint8_t *out);

#endif
