/*
 * nearby - who was heard on the LAN: a bounded table.
 *
 * Everybody here has a beacon that was verified (or, hidden, a hint that
 * only a contact can make).  At most NEARBY_STRANGERS strangers: when full,
 * the oldest of those heard only once gives way, and if all were heard
 * again the newcomer is not taken.  Contacts always have a place.
 *
 * Up to four addresses each.  The first is where the newest beacon came
 * from first; the same beacon from elsewhere only adds an address behind
 * it, so that nobody who sends it again takes the true one away.
 *
 * Those who said goodbye stay as shadows for a while, so that an old beacon
 * of theirs, sent again by somebody else, does not bring them back.
 */
#ifndef NEARBY_H
#define NEARBY_H

#include "addr.h"
#include "beacon.h"
#include "loop.h"

enum {
	NEARBY_STRANGERS = 1024,
	NEARBY_ADDRS = 4,
	NEARBY_EXPIRY_MS = 90000
};

struct peer {
	struct user_id id;
	struct pubkeys keys;
	char name[BEACON_NAME + 1];
	bool is_contact, is_gone;
	unsigned n_heard;		/* beacons, up to many */
	uint64_t when[2];		/* newest: public, hidden */
	uint8_t nonce[BEACON_NONCE];
	struct addr addrs[NEARBY_ADDRS];	/* the likeliest first */
	size_t n_addrs;
	int64_t heard_ms;
	/* The last verified datagrams, byte for byte: without flags, and as
	 * an answer.  The same again needs no second look. */
	uint8_t seen[2][BEACON_LEN];
	/* The answer that is owed. */
	void *lan;
	struct addr answer_to;
	bool answer_hidden;
	struct timer answer;
	int64_t answered_ms;
};

struct nearby;

struct nearby_setup {
	struct loop *loop;
	void *ctx;
	bool (*is_contact)(void *ctx, const struct pubkeys *keys);
	void (*on_lost)(void *ctx, struct peer *p);	/* freed after it */
};

enum nearby_news {
	NEARBY_IGNORED,			/* stale, or no room */
	NEARBY_SAME,
	NEARBY_CHANGED,			/* an address, the name, a restart */
	NEARBY_NEW
};

struct nearby *nearby_new(const struct nearby_setup *setup);
void nearby_free(struct nearby *n);
struct peer *nearby_find(const struct nearby *n, const struct user_id *id);
/* Not older than what is known: cheap, before any signature. */
bool nearby_is_fresh(const struct peer *p, const struct beacon *b);
/* Takes a verified beacon of `keys` from TCP address a. */
enum nearby_news nearby_hear(struct nearby *n, const struct pubkeys *keys,
    const struct beacon *b, const struct addr *a, struct peer **peer);
/* Also for the same bytes again. */
void nearby_refresh(struct nearby *n, struct peer *p);
/* A verified goodbye: on_lost unless gone already. */
void nearby_goodbye(struct nearby *n, const struct user_id *id,
    const struct beacon *b);
void nearby_expire(struct nearby *n, int64_t expiry_ms);
size_t nearby_count(const struct nearby *n);
bool nearby_has_ip(const struct nearby *n, const struct addr *a);
/* All, each once; NULL at the end.  *at starts at 0. */
struct peer *nearby_next(const struct nearby *n, size_t *at);

#endif
