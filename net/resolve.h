/*
 * resolve - names to addresses on the loop: the only user of c-ares.
 *
 * A and AAAA are asked apart, so that the first answer can be used at once
 * (RFC 8305, section 3).  UDP only (ARES_FLAG_IGNTC): a truncated answer is
 * taken as it is, because c-ares' TCP path has had its use-after-free.  A
 * dead server costs 2 s and 4 s.  Numeric addresses, localhost and the hosts
 * file need no server.  Everything an answer can say about places that are
 * nobody's (0.0.0.0, multicast) or ourselves is dropped here.
 *
 * The channel is made with the first lookup and destroyed only when idle:
 * resolver_renew() after a change of network makes the next lookup read
 * the system's servers anew.
 */
#ifndef RESOLVE_H
#define RESOLVE_H

#include "addr.h"
#include "loop.h"

enum { RESOLVE_MAX = 16 };	/* addresses of one family */

struct resolver;
struct lookup;

/* One family's answer; each lookup gives two, in any order, in later turns.
 * n is 0 on failure, with `why` for people; the addresses' port is 0. */
typedef void resolve_answer(void *arg, enum addr_family family,
    const struct addr *list, size_t n, const char *why);

/* servers: "ADDR:PORT,ADDR:PORT", or "" for the system's. */
struct resolver *resolver_new(struct loop *l, const char *servers);
/* Cancels what is open: no answer comes any more. */
void resolver_free(struct resolver *r);
void resolver_renew(struct resolver *r);
struct lookup *resolver_ask(struct resolver *r, const char *host,
    resolve_answer *answer, void *arg);
/* Before both answers came; nothing follows.  NULL is fine. */
void lookup_cancel(struct lookup *k);

#endif
