/*
 * quota - who may how often: by where a connection comes from, and by the
 * mailbox that letters are for.
 *
 * A source is what addr_source() makes of an address, and lies in an area
 * (addr_area): sources cost whoever has a network nothing, so some shares are
 * an area's.  Tables are bounded; what is idle and full again is forgotten.
 */
#ifndef QUOTA_H
#define QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

enum {
	QUOTA_SOURCES_MAX = 131072,
	QUOTA_AREA_MAX = 4096,		/* sources of one area */
	QUOTA_TOKENS_MAX = 65536,
	QUOTA_BURST_S = 10,		/* a burst: so many seconds' worth */
	QUOTA_ASKS = 20,		/* questions that cost more: so many
					 * at once, then one a second */
	QUOTA_OPENS_S = 20,		/* mailboxes a second, when the burst
					 * is used up */
	QUOTA_REACH_S = 10		/* between tries of one's own ports */
};

/* Thousandths of what may be had at once; refills as time passes. */
struct bucket {
	uint32_t used;
	uint32_t at_ms;
};

struct area {
	uint32_t n_sources, n_conns;
	uint8_t key[17];
};

struct source {
	struct area *area;
	uint32_t n_conns, n_pending, n_meets, n_boxes, n_cards;
	struct bucket handshakes, sends, opens, asks;
	uint32_t reach_s;		/* the last one; 0: never */
	uint8_t key[17];
};

struct quota {
	struct map *sources, *areas;
	struct map *tokens;		/* of mailboxes, to struct bucket */
};

void quota_init(struct quota *q);
void quota_clear(struct quota *q);
/* Whoever is there; NULL: too many at once. */
struct source *quota_source(struct quota *q, const struct addr *from);
/* Takes one of `rate` a second (0: no limit), `burst` at once.  False: none
 * is left. */
bool bucket_take(struct bucket *b, uint32_t rate, uint32_t burst,
    uint32_t now_ms);
/* Of letters for one mailbox.  Named by the hash of its token, so that only
 * who knows that can learn from the answer that there is such a mailbox.
 * quota_token_note() counts one that was taken. */
bool quota_token_has(struct quota *q, const uint8_t hash[32], uint32_t rate,
    uint32_t now_ms);
void quota_token_note(struct quota *q, const uint8_t hash[32], uint32_t rate,
    uint32_t now_ms);
/* Now and then: forgets the idle. */
void quota_sweep(struct quota *q, uint32_t now_ms, uint32_t now_s);

#endif
