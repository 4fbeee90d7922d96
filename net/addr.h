/*
 * addr - an IP address and port, and what kind of place it is.
 *
 * Pure: no name is looked up here.  IPv4 inside IPv6 (::ffff:a.b.c.d) is
 * always held as IPv4, so that one place has one spelling.
 *
 *	192.168.1.5:54545    [2001:db8::1]:54545    [fe80::1%eth0]:54545
 */
#ifndef ADDR_H
#define ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum {
	ADDR_TEXT = 80,			/* a written address, with its NUL */
	ADDR_HOST = 256,		/* a name (RFC 1035: 253), with NUL */
	ADDR_WIRE = 18,			/* IPv6 or IPv4-mapped, then the port */
	PORT_DEFAULT = 54545
};

enum addr_family { ADDR_V4 = 4, ADDR_V6 = 6 };

/* What may be expected at an address: RFC 6890 and its registries. */
enum addr_kind {
	ADDR_UNSPECIFIED,		/* 0.0.0.0/8, :: */
	ADDR_LOOPBACK,
	ADDR_LINK_LOCAL,
	ADDR_PRIVATE,			/* RFC 1918, RFC 6598, RFC 4193 */
	ADDR_MULTICAST,
	ADDR_RESERVED,			/* 240.0.0.0/4 with the broadcast */
	ADDR_PUBLIC
};

struct addr {
	enum addr_family family;
	uint8_t ip[16];			/* network order; IPv4: the first 4 */
	uint32_t scope;			/* interface of a link-local IPv6 */
	uint16_t port;
};

/* A numeric address without brackets or port; keeps a->port.  0, -1. */
int addr_parse_ip(struct addr *a, const char *text);
/* "A.B.C.D:PORT" or "[V6]:PORT", both parts needed.  0, -1. */
int addr_parse(struct addr *a, const char *text);
/* Cuts HOST[:PORT], [V6][:PORT] or a bare V6 in two; without a port it is
 * `port`.  STATUS_USAGE. */
int addr_split(const char *text, uint16_t port, char host[ADDR_HOST],
    uint16_t *port_out, struct err *e);
/* 1..65535, or 0 too if `zero`; -1 for anything else. */
int addr_parse_port(const char *text, bool zero, uint16_t *port);
/* Where to listen, "[ADDR:]PORT"; port 0 is any.  1: at this address only;
 * 0: at all of them, a has the port; -1: it is none. */
int addr_parse_listen(struct addr *a, const char *text);
/* Could be asked of a name server: RFC 1123, section 2.1, with the _ that is
 * in use.  The last label of a name is no number, or it would be a mistyped
 * address (RFC 3696, section 2). */
bool addr_is_name(const char *host);

/*
 * What an option may say, so that a typing error is found where it was made.
 * Of the shape only: whether anybody is there, or the interface behind a %,
 * is found out later.  STATUS_CONFIG.
 */
/* "[ADDR:]PORT", as of addr_parse_listen. */
int addr_check_listen(const char *text, struct err *e);
/* "HOST[:PORT]" */
int addr_check_host(const char *text, struct err *e);
/* "ADDR[:PORT],..": name servers, or "" for none; without a %, which not
 * every c-ares can read. */
int addr_check_servers(const char *text, struct err *e);

/* The form all our packets carry; a scope means nothing to others. */
void addr_write(uint8_t out[ADDR_WIRE], const struct addr *a);
void addr_read(struct addr *a, const uint8_t in[ADDR_WIRE]);

void addr_format(const struct addr *a, char text[ADDR_TEXT]);
void addr_format_ip(const struct addr *a, char text[ADDR_TEXT]);

enum addr_kind addr_kind(const struct addr *a);
/* One host can be there: not unspecified, multicast or reserved. */
bool addr_is_host(const struct addr *a);
/* Private, link-local or loopback: cannot have come from far away. */
bool addr_is_near(const struct addr *a);
bool addr_same_ip(const struct addr *a, const struct addr *b);
bool addr_equal(const struct addr *a, const struct addr *b);
/* The first `bits` of both are equal. */
bool addr_same_net(const struct addr *a, const struct addr *b, unsigned bits);
/* Whom limits count: an IPv4 address, a link-local one, the /64 of other
 * IPv6 ones.  The port is zero. */
struct addr addr_source(const struct addr *a);
/* What one hand may hold many sources of: the /24 of an IPv4 address, the
 * /48 of an IPv6 one.  The port is zero. */
struct addr addr_area(const struct addr *a);

#endif
