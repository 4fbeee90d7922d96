/*
 * pmp - one gateway asked for two ports, TCP and UDP of one number: by PCP,
 * and by NAT-PMP when it knows no PCP.
 *
 *	pmp_ask --PCP--> answered, for both ----------------------> done
 *	         \--version not supported--> NAT-PMP --answered---> done
 *	          \--3750 ms, or the port is closed --------------> done
 *
 * Packets leave at 0, 250, 750 and 1750 ms: the schedules of the RFCs (2 s,
 * 4 s ..; 250 ms .. for 128 s) are made for programs that can wait.  It has
 * no socket: packets are handed in and out, so hours run in milliseconds.
 */
#ifndef PMP_H
#define PMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lease.h"
#include "loop.h"
#include "pcp.h"

enum pmp_sent { PMP_SENT, PMP_LOST, PMP_REFUSED };

struct pmp_setup {
	struct loop *loop;
	struct addr client;		/* my address towards the gateway */
	uint16_t port;			/* internal, and wished outside */
	uint16_t udp_port;		/* 0: the same */
	uint32_t lifetime_s;
	uint8_t nonce[PCP_NONCE];
	bool is_natpmp;			/* begin with that */
	void *ctx;
	enum pmp_sent (*send)(void *ctx, const void *p, size_t len);
	void (*on_done)(void *ctx);	/* a round is over; never in pmp_ask */
};

struct pmp;

struct pmp *pmp_new(const struct pmp_setup *setup);
void pmp_free(struct pmp *p);
/* Maps, or renews what is held.  A round under way goes on. */
void pmp_ask(struct pmp *p);
/* Removes what is held, or may be; is_asking tells when that is over. */
void pmp_end(struct pmp *p);
/* A datagram of the gateway, from port 5351. */
void pmp_hear(struct pmp *p, const void *data, size_t len);
/* The gateway answered that nobody is at its port. */
void pmp_refused(struct pmp *p);

bool pmp_is_asking(const struct pmp *p);
bool pmp_is_natpmp(const struct pmp *p);
/* Borrowed; never NULL.  What has run out is not held. */
const struct lease *pmp_lease(struct pmp *p, enum lease_proto proto);
/* "no answer", "refused: not authorized"; "" when both are held. */
const char *pmp_why(const struct pmp *p);

#endif
