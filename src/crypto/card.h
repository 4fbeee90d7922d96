/*
 * card - what a person says of themselves, signed:
 * p2ptui-protocol(7), IDENTITY.
 *
 *	u8 vmin, u8 vmax | u16 flags | u64 serial | ed 32 | x 32 |
 *	SPK 32 | u64 SPK expiry (unix s) | u16 n relays, n x LP(address) |
 *	LP(nickname)		then Ed25519 over LP(label card) || body
 *
 * The layout is the one of the card-bob/card-alice known answers.  A card
 * with a lower serial than one seen before is ignored by its user.
 * The contact link is "p2ptui:" + base64url(body || signature).
 */
#ifndef CARD_H
#define CARD_H

#include "buf.h"
#include "key.h"

enum {
	CARD_RELAYS_MAX = 4,
	CARD_RELAY_MAX = 256,		/* bytes of one relay address */
	CARD_NAME_MAX = 64,		/* bytes of the nickname */
	CARD_MAX = 1600			/* body and signature */
};

struct card {
	uint8_t vmin, vmax;		/* suites spoken */
	uint16_t flags;
	uint64_t serial;
	struct pubkeys keys;
	uint8_t spk[KEY_LEN];		/* signed prekey; zero: none */
	uint64_t spk_expiry;		/* unix seconds */
	size_t n_relays;
	char relays[CARD_RELAYS_MAX][CARD_RELAY_MAX + 1];
	char name[CARD_NAME_MAX + 1];	/* as sent: not filtered */
};

/* Appends body and signature to out.  The keys written are the identity's;
 * c->keys is not looked at. */
void card_write(struct buf *out, const struct card *c,
    const struct identity *id);
/* Parses and verifies; -1 for anything but a card in one spelling: nothing
 * behind it, no NUL in a text, no empty relay, no key of low order.  c is
 * written on success only. */
int card_read(struct card *c, const void *p, size_t len);
/* card and len: what card_write appended, or what was read (<= CARD_MAX). */
void card_link(struct buf *out, const void *card, size_t len);
int card_from_link(struct card *c, const char *link);

#endif
