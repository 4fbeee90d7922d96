/*
 * relay - the server's engine: meets, carries, keeps.
 *
 *	accept --preface, message 1--> handshake --message 2--> up
 *	  |  10 s, wrong byte: closed without a word             |
 *	  '---- too many, too often: refused ----'   75 s silent, or 30 s
 *	                                             without reading: cut
 *
 * Clients are anonymous: what they may do with a mailbox they prove by a
 * signature or by its token, and whoever shares a meeting id may call.  The
 * relay forwards and stores sealed bytes it cannot read.
 *
 * One thread, one loop.  A turn reads what came, does it, commits all
 * deposits of the turn as one transaction (LOOP_COMMIT; only then are they
 * acknowledged and handed to open readers), and seals and writes what each
 * connection is to get, as few records and one write (LOOP_SEND).
 *
 * Everything is bounded: connections, unfinished handshakes, what one source
 * may ask in a second, bytes waiting for a slow reader.  When all places are
 * taken, whoever has most of them gives way.  An idle connection owns no
 * buffer and no timer; one wheel of seconds finds the silent ones.
 *
 * The files: conn (one client: bytes, handshake, records), ops (what a
 * client may ask), meet (ids, calls, pipes), box (letters), quota (who may
 * how often), crowd (who gives way), directory, reach (their ports from
 * outside), answer (STUN).
 */
#ifndef ENGINE_RELAY_H
#define ENGINE_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "err.h"
#include "loop.h"
#include "queue.h"

enum {
	RELAY_LISTENS_MAX = 8,
	RELAY_STUNS = 2,		/* ports: clients learn their NAT's
					 * manners by asking two */
	RELAY_DRAIN_MS = 5000
};

struct relay;

/* What SIGHUP may change.  "Source": addr_source(), an IPv4 address or the
 * /64 of an IPv6 one.  A rate has a burst of ten seconds' worth; 0 is
 * no limit. */
struct relay_limits {
	uint32_t clients;		/* connections in all */
	uint32_t clients_source;
	uint32_t pending;		/* unfinished handshakes in all: the
					 * oldest one gives way */
	uint32_t pending_source;
	uint32_t handshakes_s;		/* a second, per source */
	uint32_t handshakes_turn;	/* before others are served again */
	uint32_t sends_source_s;	/* letters a second, per source .. */
	uint32_t sends_queue_s;		/* .. and into one mailbox */
	uint32_t out_bytes;		/* waiting for one connection .. */
	uint64_t out_total;		/* .. and for all that do not read */
	uint32_t pipes;			/* per connection */
	uint32_t queues;		/* opened by one connection */
	uint32_t meets;			/* ids per connection */
	uint32_t cards;			/* in the directory; 0: none is kept */
	uint32_t handshake_s;		/* seconds: deadline, .. */
	uint32_t silent_s;		/* .. of the silent .. */
	uint32_t stalled_s;		/* .. and of who does not read */
	bool reach_any;			/* dial private sources too */
	char token[RELAY_TOKEN_MAX + 1];	/* "": everybody is served */
};

extern const struct relay_limits relay_limits_default;

struct relay_setup {
	struct loop *loop;
	struct queues *queues;		/* borrowed; the engine commits them
					 * each turn and expires them */
	const uint8_t *key;		/* X25519 secret, 32 bytes; borrowed */
	const char *listen[RELAY_LISTENS_MAX];	/* "[ADDR:]PORT", TCP */
	size_t n_listen;
	const char *stun[RELAY_STUNS];	/* "[ADDR:]PORT", UDP; NULL: none */
	const struct relay_limits *limits;	/* copied */
};

/* Since the start, unless "now". */
struct relay_stats {
	uint64_t clients;		/* now: handshake done */
	uint64_t pending;		/* now: not yet */
	uint64_t pipes;			/* now */
	uint64_t meets;			/* now: ids waited at */
	uint64_t queues_open;		/* now: read by somebody */
	uint64_t cards;			/* now: in the directory */
	uint64_t accepted;		/* connections */
	uint64_t refused;		/* .. at once: caps and rates */
	uint64_t crowded;		/* cut for a newcomer's sake */
	uint64_t handshakes;		/* that succeeded */
	uint64_t failed;		/* .. other bytes, forged, late */
	uint64_t denied;		/* without the access token */
	uint64_t violations;		/* links ended: not the protocol */
	uint64_t silent, stalled;	/* cut */
	uint64_t calls, calls_nobody;
	uint64_t data, data_bytes;	/* forwarded through pipes */
	uint64_t letters_in, letters_out, letters_deleted;
	uint64_t letters_refused;	/* quota, token, rate */
	uint64_t commits, commits_failed;
	uint64_t records_in, records_out, bytes_in, bytes_out;
	uint64_t stun, reached;		/* questions answered */
};

/* Listens from now on.  NULL with e: a port is taken, a key unusable. */
struct relay *relay_open(const struct relay_setup *setup, struct err *e);
/* Between turns; cuts whoever is left.  NULL is fine. */
void relay_close(struct relay *r);
/* From the next question on; nobody who is there is sent away. */
void relay_limit(struct relay *r, const struct relay_limits *limits);
/* No new connections; tells everybody to come back elsewhere or after
 * `back_s` seconds (each a little different), flushes, and is done when all
 * are gone, after RELAY_DRAIN_MS at the latest: done is called once. */
void relay_drain(struct relay *r, unsigned back_s, void (*done)(void *arg),
    void *arg);

const struct relay_stats *relay_stats(const struct relay *r);
const uint8_t *relay_key(const struct relay *r);	/* public, 32 bytes */
/* The port of listen[i] or stun[i], 0 when there is none. */
uint16_t relay_port(const struct relay *r, size_t i);
uint16_t relay_stun_port(const struct relay *r, size_t i);

#endif
