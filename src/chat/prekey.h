/*
 * prekey - what seals the first letter to me: p2ptui-protocol(7), Card.
 *
 * A key pair in my card, signed with it.  Whoever has the card, or a link
 * made of it, can leave me a request before I ever said a receive key.  It
 * is changed every week and kept for 30 days, which is how long a link can
 * be used while I am away.
 */
#ifndef PREKEY_H
#define PREKEY_H

#include "buf.h"
#include "envelope.h"

enum {
	PREKEYS_MAX = 8,
	PREKEY_WEEK_S = 7 * 86400,
	PREKEY_DAYS_S = 30 * 86400
};

struct prekey {
	uint64_t made_s;		/* unix seconds */
	uint8_t secret[KEY_LEN];
	uint8_t public[KEY_LEN];
	uint8_t id[ENVELOPE_ID];
};

struct prekeys {
	size_t n;
	struct prekey at[PREKEYS_MAX];	/* oldest first */
};

/* Forgets what is too old, makes a new one when the newest is a week old,
 * or from a future that a clock has left.  True when a new one was made. */
bool prekeys_renew(struct prekeys *k, int64_t now_s);
const struct prekey *prekeys_newest(const struct prekeys *k);	/* or NULL */
const struct prekey *prekeys_find(const struct prekeys *k,
    const uint8_t id[ENVELOPE_ID]);
uint64_t prekey_expiry(const struct prekey *k);
void prekeys_clear(struct prekeys *k);		/* wipes */

void prekeys_write(struct buf *out, const struct prekeys *k);
int prekeys_read(struct prekeys *k, const void *p, size_t len);

#endif
