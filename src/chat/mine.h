/*
 * mine - my own card: name, serial, prekey, places for requests.
 *
 * Whatever changes in it moves its serial, which never goes back: a card
 * with a lower one than seen is ignored by others.
 */
#ifndef MINE_H
#define MINE_H

#include "own.h"

/* At the start; -1 with a reason. */
int mine_load(struct chat *c, struct err *e);
/* Of my card, in this turn's transaction. */
int mine_new_serial(struct chat *c, struct err *e);
/* Makes a new prekey when the newest is a week old. */
int mine_renew_prekey(struct chat *c, struct err *e);
/* My card as it is now, signed, appended. */
void mine_card(struct chat *c, struct buf *out);
/* Relays' keys, as of the first time. */
bool mine_relay_key(void *chat, const char *where, uint8_t key[KEY_LEN]);
void mine_pin_relay(void *chat, const char *where,
    const uint8_t key[KEY_LEN]);
/* What net is still to drop at relays. */
void mine_owed_drops(void *chat, struct buf *out);
void mine_keep_drops(void *chat, const void *p, size_t len);

#endif
