/*
 * probe - the bytes of punching: what two people say through their link to
 * agree on a way, and the packets that try it.
 *
 * In RECORD_PATHS, sealed end to end (p2ptui-protocol(7), FINDING A WAY):
 *
 *	CAPS   1 | u8 class | u8 flags | u64 epoch
 *	CANDS  2 | u64 epoch | u8 round | probe key 32 | u8 n, n x candidate
 *	SYNC   3 | u64 epoch | u8 round
 *	USE    4 | u64 epoch | u8 id
 *	flags      1 udp, 2 v6, 4 double, 8 birthday; others are not looked at
 *	candidate  u8 kind | u8 transport | 18 address and port
 *
 * A candidate of a kind that is not known here is skipped.
 *
 * On UDP, each under the probe key that its receiver chose:
 *
 *	PROBE  05 | u64 txid | u64 epoch | u8 candidate | 18 zero | tag 16
 *	PONG   06 | u64 txid | 18 seen address | 9 zero | tag 16
 *	tag = KDF(probe key, LABEL_PROBE, all before it)[0..15]
 *
 * The type is the first byte under the tag, so that no PROBE passes as a
 * PONG.  Neither the relay nor the LAN can forge one, and a PONG is as long
 * as the PROBE it answers.  Pure.
 */
#ifndef PROBE_H
#define PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "buf.h"

enum {
	CANDS_MAX = 16,
	ROUND_MAX = 3,
	PROBE_KEY = 32,
	PROBE_TAG = 16,
	PROBE_LEN = 52,			/* both kinds, padded */
	PATHS_MAX = 512			/* bytes of one RECORD_PATHS body */
};

/* My own NAT, as the other side must know it: nat.h. */
enum nat_class {
	NAT_UNKNOWN, NAT_OPEN, NAT_EASY, NAT_SEQ, NAT_HARD, NAT_BLOCKED
};

enum cand_kind {
	CAND_HOST, CAND_MAPPED, CAND_SRFLX, CAND_PRED,
	CAND_PRFLX			/* learned, never told */
};
enum cand_proto { CAND_UDP, CAND_TCP };

struct cand {
	enum cand_kind kind;
	enum cand_proto proto;
	struct addr addr;
};

enum paths_type { PATHS_CAPS = 1, PATHS_CANDS, PATHS_SYNC, PATHS_USE };

struct paths_msg {
	enum paths_type type;
	uint64_t epoch;
	unsigned round;			/* 1..ROUND_MAX */
	enum nat_class class;		/* CAPS */
	bool has_udp, has_v6, is_double, has_birthday;
	uint8_t key[PROBE_KEY];		/* CANDS: probes to me carry it */
	struct cand cands[CANDS_MAX];
	size_t n_cands;
	uint8_t use;
};

void paths_write(struct buf *out, const struct paths_msg *m);
/* -1: not one of these, and nothing of it counts. */
int paths_read(struct paths_msg *m, const void *p, size_t len);

struct probe {
	bool is_pong;
	uint64_t txid, epoch;		/* PONG: txid only */
	uint8_t cand;
	struct addr seen;		/* PONG */
};

void probe_write(uint8_t out[PROBE_LEN], const struct probe *p,
    const uint8_t key[PROBE_KEY]);
/* -1: not a probe under this key. */
int probe_read(struct probe *p, const void *bytes, size_t len,
    const uint8_t key[PROBE_KEY]);

#endif
