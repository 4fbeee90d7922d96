/*
 * pcp - what is said to a router on UDP port 5351: PCP (RFC 6887, version
 * 2, the MAP opcode) and its older form NAT-PMP (RFC 6886, version 0).
 *
 *	PCP      request 60 bytes, answer 60; all integers big-endian
 *	         0 version 2 | 1 R, opcode | 3 result | 4 lifetime s
 *	         8 epoch s (request: 8 client's IP, 16 bytes)
 *	         24 nonce 12 | 36 protocol | 40 internal port
 *	         42 external port | 44 external IP, 16 bytes
 *	NAT-PMP  address: request 2, answer 12; mapping: request 12,
 *	         answer 16; any failure: 8 or more
 *
 * Both begin with a version, so one reader takes what comes.  Pure codec.
 */
#ifndef PCP_H
#define PCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"

enum {
	PCP_PORT = 5351,		/* RFC 6887 19.1 */
	PCP_VERSION = 2,
	NATPMP_VERSION = 0,
	PCP_NONCE = 12,
	PCP_MAP_LEN = 60,
	PCP_MAX = 1100,			/* RFC 6887 7: no longer than that */
	NATPMP_ADDR_LEN = 2,
	NATPMP_MAP_LEN = 12,
	PCP_REQUEST_MAX = PCP_MAP_LEN
};

/* IANA protocol numbers, as PCP writes them. */
enum pcp_proto { PCP_TCP = 6, PCP_UDP = 17 };

enum pcp_kind {
	PCP_ANNOUNCE,			/* the router restarted */
	PCP_MAPPED,
	PCP_ADDRESS,			/* NAT-PMP: ext holds only the IP */
	PCP_FAILED_VERSION		/* of no opcode: wrong version */
};

/* Result codes the program acts on; pcp_result_text knows all. */
enum {
	PCP_SUCCESS = 0,
	PCP_UNSUPP_VERSION = 1,		/* in both protocols */
	PCP_NOT_AUTHORIZED = 2		/* in both protocols */
};

struct pcp_map {
	uint8_t nonce[PCP_NONCE];
	enum pcp_proto proto;
	uint16_t port;			/* internal */
	struct addr ext;		/* suggested, or granted; with port */
	uint32_t lifetime_s;		/* 0 removes */
};

struct pcp_answer {
	uint8_t version;
	enum pcp_kind kind;
	uint8_t result;
	uint32_t epoch_s;
	struct pcp_map map;		/* PCP_MAPPED, PCP_ADDRESS; NAT-PMP's
					 * answers have no nonce, and its
					 * mappings no external IP */
};

/* Lengths are always those named above. */
size_t pcp_write_map(uint8_t out[PCP_MAP_LEN], const struct pcp_map *m,
    const struct addr *client);
size_t natpmp_write_addr(uint8_t out[NATPMP_ADDR_LEN]);
size_t natpmp_write_map(uint8_t out[NATPMP_MAP_LEN], const struct pcp_map *m);

/* 0; -1: no answer of ours: a request, a length or opcode that is none. */
int pcp_read(struct pcp_answer *a, const void *p, size_t len);

/* False: the router forgot its mappings between two answers, the last one
 * elapsed_s ago (RFC 6887 8.5, RFC 6886 3.6). */
bool pcp_epoch_goes_on(uint8_t version, uint32_t before_s, uint32_t now_s,
    uint32_t elapsed_s);

/* "not authorized", for people. */
const char *pcp_result_text(uint8_t version, uint8_t result);

#endif
