/*
 * ways - the pairs of addresses that one round of punching tries.
 *
 * A way is a socket of mine and an address of theirs: told by them (a
 * candidate), or learned from a probe under my key (prflx).  PROBEs go out
 * on each; who gets one answers to the place it came from, and tries that
 * place too.  A way has answered when a PONG for a probe of mine came back
 * from where the probe went.
 *
 * Keys, numbers and what was learned are of one round: a probe of another
 * round, a forged or a repeated one changes nothing.  A contact may name
 * addresses that are not his: there are CANDS_MAX of them, each gets at most
 * PUNCH_UNANSWERED_MAX packets of PROBE_LEN, and none that ways_may_try
 * refuses.  Strays are counted by who sends them (punch-birthday.c).
 */
#ifndef WAYS_H
#define WAYS_H

#include "punch.h"

enum {
	WAYS_LEARNED_MAX = 8,
	WAYS_MAX = CANDS_MAX + WAYS_LEARNED_MAX
};

struct ways;

enum ways_heard {
	WAYS_ALIEN, WAYS_TAKEN,
	WAYS_CAME,			/* a new probe of theirs */
	WAYS_ANSWERED			/* theirs to one of mine */
};

/* `via`: where probes leave, until something comes to another one. */
struct ways *ways_new(const struct punch_setup *setup, struct udp *via,
    uint64_t epoch);
void ways_free(struct ways *w);
/* The key that probes to me carry. */
const uint8_t *ways_key(const struct ways *w);

/* What I tell of myself: appended if it is new, its place kept, so that the
 * other side may name it.  False: there was nothing new, or no room. */
bool ways_add_mine(struct ways *w, const struct cand *c);
size_t ways_mine(const struct ways *w, struct cand list[CANDS_MAX]);
/* What they told: key and candidates.  `srflx`: those behind their NAT are
 * worth a probe. */
void ways_take_theirs(struct ways *w, const struct paths_msg *m, bool srflx);
/* They are there: a probe to that address, at any port, was answered. */
bool ways_is_proven(const struct ways *w, const struct addr *a);
/* A place that a contact may make me send to. */
bool ways_may_try(const struct ways *w, const struct cand *c);

/* One probe on each way.  low_ttl > 0: those to a NAT die on the road. */
void ways_probe(struct ways *w, int low_ttl);
/* A probe of no way: wherever it arrives, they learn of the place and try
 * it.  False: their key is not known yet. */
bool ways_stray(struct ways *w, uint8_t packet[PROBE_LEN]);
enum ways_heard ways_hear(struct ways *w, struct udp *via,
    const struct addr *from, const uint8_t *bytes, size_t len);
/* The best that answered, its number for the other side; -1: none did. */
int ways_best(const struct ways *w);
int64_t ways_rtt_us(const struct ways *w, int id);	/* of one that did */

/* Where a way leads that I have chosen, or that they chose and whose probes
 * came here.  False: there is no such way. */
struct way_end {
	struct udp *via;
	struct addr to;
	enum path path;
};
bool ways_chosen(const struct ways *w, int id, struct way_end *end);
bool ways_was_used(const struct ways *w, int id, struct way_end *end);

#endif
