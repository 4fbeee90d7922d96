/*
 * igd - the gateway asked by UPnP, in a child that may hang or die.
 *
 *	IDLE --igd_ask--> FINDING --igd--> MAPPING --answered--> IDLE
 *	any --15 s, too many words, the end of the child--> IDLE, it failed
 *
 * miniupnpc blocks for seconds and reads whatever a device on the LAN
 * sends, so p2ptui runs itself a second time (upnp.h) for each round, talks
 * to it in lines (upnpline.h), and kills it when it is done or late.  The
 * policy is here: which port next, which lease, whether at all.
 */
#ifndef IGD_H
#define IGD_H

#include <stdbool.h>
#include <stdint.h>

#include "lease.h"
#include "loop.h"

enum {
	IGD_DEADLINE_MS = 15000,	/* of one child, whatever it does */
	IGD_PORTS_MAX = 3		/* other ports tried after the wished */
};

struct igd_setup {
	struct loop *loop;
	const char *exec;		/* the program that plays the child */
	struct addr local, gateway;
	uint16_t port, udp_port;	/* udp_port 0: the same */
	uint32_t lifetime_s;
	int deadline_ms;		/* 0: IGD_DEADLINE_MS */
	void *ctx;
	/* The router was found: is a mapping still wanted? */
	bool (*is_wanted)(void *ctx);
	void (*on_done)(void *ctx);	/* never in igd_ask or igd_drop */
};

struct igd;

struct igd *igd_new(const struct igd_setup *setup);
void igd_free(struct igd *i);			/* kills the child */
/* As igd_free, but a child that is removing mappings goes on alone, 20 s at
 * most.  Nobody waits for it: for a program that ends. */
void igd_leave(struct igd *i);
/* Maps, or renews what is held. */
void igd_ask(struct igd *i);
/* Removes what is held, or on its way; igd_is_busy tells when that is over. */
void igd_drop(struct igd *i);
/* Not held any more, though nobody is told. */
void igd_forget(struct igd *i, enum lease_proto proto);

bool igd_is_busy(const struct igd *i);
/* Borrowed; never NULL.  What has run out is not held. */
const struct lease *igd_lease(struct igd *i, enum lease_proto proto);
/* "refused: not authorized", "the helper crashed"; "" when both are held. */
const char *igd_why(const struct igd *i);
/* Rounds that ended with a child dead or killed, one after the other. */
int igd_crashes(const struct igd *i);

#endif
