/*
 * nat - how this machine looks from outside: mapped address and class.
 *
 * STUN Binding from the very socket that will carry the packets, to two
 * addresses and a third port: the same answer everywhere is easy, small
 * steps in one direction are seq, else hard; no answer to 0, 500, 1500 ms by
 * 3500 ms is blocked; my own address is open.  One answer alone shows an
 * address and no class.  No RFC 3489 names, no test of filtering: they would
 * change no decision.
 *
 *	RESTING --nat_ask--> ASKING --all answered, or 3500 ms--> RESTING
 *
 * What was known stays until it is known better.  Classes are of IPv4; of
 * IPv6 only the address is asked, since nobody translates it.
 */
#ifndef NAT_H
#define NAT_H

#include "probe.h"
#include "udp.h"

enum {
	NAT_FIRST_MS = 0, NAT_SECOND_MS = 500, NAT_THIRD_MS = 1500,
	NAT_GIVE_UP_MS = 3500,
	NAT_FRESH_MS = 27000,		/* an answer is good that long: the
					 * shortest mappings live 30 s */
	NAT_SERVERS_MAX = 8,
	NAT_STEP_MAX = 8		/* ports; more is taken for random */
};

struct nat;

/* on_change: class or mapped address moved; never from inside nat_ask. */
struct nat *nat_new(struct loop *l, struct udp *u,
    void (*on_change)(void *arg), void *arg);
void nat_free(struct nat *n);
/* Tells an address of mine, which no NAT has touched. */
void nat_locals(struct nat *n,
    bool (*is_mine)(void *ctx, const struct addr *a), void *ctx);
/* Whom to ask, addresses of at least two places if there are. */
void nat_servers(struct nat *n, const struct addr *list, size_t count);
/* Asks now, unless an answer is fresh or on its way; `again`: in any case.
 * Without servers nothing is asked and nothing known. */
void nat_ask(struct nat *n, bool again);
/* udp's handler for UDP_STUN_CLASS; arg is the struct nat. */
udp_heard nat_heard;
enum nat_class nat_class(const struct nat *n);
bool nat_is_asking(const struct nat *n);
/* My address as the first server saw it. */
bool nat_mapped(const struct nat *n, enum addr_family f, struct addr *out);
int nat_step(const struct nat *n);	/* of ports, class seq */
const char *nat_class_name(enum nat_class c);	/* open easy hard ..*/

#endif
