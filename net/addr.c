#include "addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

enum {
	NAME_LEN_MAX = 253,		/* RFC 1035, section 2.3.4, written */
	LABEL_LEN_MAX = 63,
	CHECKED_MAX = ADDR_HOST + 16	/* an option's text, with its NUL */
};

static const uint8_t mapped[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
};

static int
parse_scope(const char *text, uint32_t *scope)
{
	char *end;
	unsigned long n;

	*scope = if_nametoindex(text);
	if (*scope)
		return 0;
	if (*text < '0' || *text > '9')
		return -1;
	n = strtoul(text, &end, 10);
	if (*end || n == 0 || n > UINT32_MAX)
		return -1;
	*scope = (uint32_t)n;
	return 0;
}

static int
parse_v6(struct addr *a, const char *text)
{
	char ip[INET6_ADDRSTRLEN];
	const char *percent = strchr(text, '%');
	size_t len = percent ? (size_t)(percent - text) : strlen(text);
	uint8_t bytes[16];
	uint32_t scope = 0;

	if (len >= sizeof(ip))
		return -1;
	memcpy(ip, text, len);
	ip[len] = '\0';
	if (inet_pton(AF_INET6, ip, bytes) != 1)
		return -1;
	if (percent && parse_scope(percent + 1, &scope) != 0)
		return -1;
	memset(a->ip, 0, sizeof(a->ip));
	if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
		a->family = ADDR_V4;
		memcpy(a->ip, bytes + 12, 4);
		a->scope = 0;
	} else {
		a->family = ADDR_V6;
		memcpy(a->ip, bytes, 16);
		a->scope = scope;
	}
	return 0;
}

int
addr_parse_ip(struct addr *a, const char *text)
{
	uint8_t bytes[4];

	if (strchr(text, ':'))
		return parse_v6(a, text);
	if (inet_pton(AF_INET, text, bytes) != 1)
		return -1;
	a->family = ADDR_V4;
	memset(a->ip, 0, sizeof(a->ip));
	memcpy(a->ip, bytes, 4);
	a->scope = 0;
	return 0;
}

int
addr_parse_port(const char *text, bool zero, uint16_t *port)
{
	unsigned long n = 0;
	size_t len = strlen(text);

	if (len == 0 || len > 5 || strspn(text, "0123456789") != len)
		return -1;
	n = strtoul(text, NULL, 10);
	if (n > UINT16_MAX || (n == 0 && !zero))
		return -1;
	*port = (uint16_t)n;
	return 0;
}

int
addr_parse_listen(struct addr *a, const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[ADDR_HOST];
	size_t len;

	*a = (struct addr){ .family = ADDR_V4 };
	if (addr_parse_port(text, true, &a->port) == 0)
		return 0;
	if (!colon || colon == text || (size_t)(colon - text) >= sizeof(host) ||
	    addr_parse_port(colon + 1, true, &a->port) != 0)
		return -1;
	len = (size_t)(colon - text);
	if (text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	memcpy(host, text, len);
	host[len] = '\0';
	if (addr_parse_ip(a, host) != 0)
		return -1;
	return addr_kind(a) != ADDR_UNSPECIFIED;
}

static int
bad(const char *text, struct err *e)
{
	err_set(e, STATUS_USAGE, "'%.100s' is not HOST[:PORT]", text);
	return err_next(e, "for example bob.example:%d or [2001:db8::1]:%d",
	    PORT_DEFAULT, PORT_DEFAULT);
}

int
addr_split(const char *text, uint16_t port, char host[ADDR_HOST],
    uint16_t *port_out, struct err *e)
{
	const char *start = text, *end, *rest;
	struct addr ip;
	size_t len;

	if (*text == '[') {
		start = text + 1;
		end = strchr(start, ']');
		if (!end)
			return bad(text, e);
		rest = end + 1;
		if (*rest && *rest != ':')
			return bad(text, e);
	} else {
		end = strchr(text, ':');
		/* Two colons outside brackets: a bare IPv6 address. */
		if (!end || strchr(end + 1, ':'))
			end = text + strlen(text);
		rest = end;
	}
	*port_out = port;
	if (*rest == ':' && addr_parse_port(rest + 1, false, port_out) != 0)
		return bad(text, e);
	len = (size_t)(end - start);
	if (len == 0 || len >= ADDR_HOST)
		return bad(text, e);
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)start[i] <= ' ' || start[i] == 0x7f)
			return bad(text, e);
	}
	memcpy(host, start, len);
	host[len] = '\0';
	/* No name has a colon: it must be an address. */
	if (strchr(host, ':') && addr_parse_ip(&ip, host) != 0)
		return bad(text, e);
	return 0;
}

int
addr_parse(struct addr *a, const char *text)
{
	char host[ADDR_HOST];
	uint16_t port;

	if (addr_split(text, 0, host, &port, NULL) != 0 || port == 0)
		return -1;
	if (addr_parse_ip(a, host) != 0)
		return -1;
	a->port = port;
	return 0;
}

/* ---- options ------------------------------------------------------------ */

bool
addr_is_name(const char *host)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ" "0123456789-_";
	size_t left = strlen(host);

	if (left > 0 && host[left - 1] == '.')
		left--;
	if (left == 0 || left > NAME_LEN_MAX)
		return false;
	for (;;) {
		size_t len = strcspn(host, ".");

		if (len == 0 || len > LABEL_LEN_MAX || *host == '-' ||
		    strspn(host, allowed) != len)
			return false;
		if (len == left)
			return strspn(host, "0123456789") < len;
		host += len + 1;
		left -= len + 1;
	}
}

/* The interface of an address may come later: the address without it. */
static int
cut_scope(char out[CHECKED_MAX], const char *text)
{
	const char *percent = strchr(text, '%'), *colon = strchr(text, ':');
	size_t len = strlen(text), scope = 0, at = len;

	if (len >= CHECKED_MAX)
		return -1;
	if (percent) {
		at = (size_t)(percent - text);
		scope = strcspn(percent, "]:");
		if (!colon || colon > percent || scope < 2)
			return -1;
	}
	memcpy(out, text, at);
	memcpy(out + at, text + at + scope, len - at - scope + 1);
	return 0;
}

int
addr_check_listen(const char *text, struct err *e)
{
	char cut[CHECKED_MAX];
	struct addr a;

	if (cut_scope(cut, text) == 0 && addr_parse_listen(&a, cut) >= 0)
		return 0;
	return err_set(e, STATUS_CONFIG,
	    "\"%.80s\" is no listening address; allowed is [ADDR:]PORT with a "
	    "port from 0 (any) to 65535", text);
}

/* HOST[:PORT]; a name only if `named`. */
static bool
is_place(const char *text, bool named)
{
	char cut[CHECKED_MAX], host[ADDR_HOST];
	uint16_t port;
	struct addr a;

	if (cut_scope(cut, text) != 0 ||
	    addr_split(cut, PORT_DEFAULT, host, &port, NULL) != 0)
		return false;
	if (addr_parse_ip(&a, host) == 0)
		return addr_is_host(&a);
	return named && addr_is_name(host);
}

int
addr_check_host(const char *text, struct err *e)
{
	if (is_place(text, true))
		return 0;
	return err_set(e, STATUS_CONFIG, "\"%.80s\" is no address; allowed is "
	    "HOST[:PORT], as host.example, 192.0.2.1:3478 or "
	    "[2001:db8::1]:3478", text);
}

static bool
are_servers(const char *text)
{
	char one[CHECKED_MAX];

	for (;;) {
		size_t len = strcspn(text, ",");

		if (len >= sizeof(one) || memchr(text, '%', len))
			return false;
		memcpy(one, text, len);
		one[len] = '\0';
		if (!is_place(one, false))
			return false;
		if (text[len] == '\0')
			return true;
		text += len + 1;
	}
}

int
addr_check_servers(const char *text, struct err *e)
{
	if (*text == '\0' || are_servers(text))
		return 0;
	return err_set(e, STATUS_CONFIG, "\"%.80s\" is no list of name "
	    "servers; allowed is ADDR[:PORT],... as 192.0.2.53 or "
	    "192.0.2.53:5353,[2001:db8::53]:53", text);
}

/* ---- as others see it --------------------------------------------------- */

void
addr_write(uint8_t out[ADDR_WIRE], const struct addr *a)
{
	if (a->family == ADDR_V4) {
		memcpy(out, mapped, sizeof(mapped));
		memcpy(out + sizeof(mapped), a->ip, 4);
	} else {
		memcpy(out, a->ip, 16);
	}
	put_u16(out + 16, a->port);
}

void
addr_read(struct addr *a, const uint8_t in[ADDR_WIRE])
{
	memset(a, 0, sizeof(*a));
	if (memcmp(in, mapped, sizeof(mapped)) == 0) {
		a->family = ADDR_V4;
		memcpy(a->ip, in + sizeof(mapped), 4);
	} else {
		a->family = ADDR_V6;
		memcpy(a->ip, in, 16);
	}
	a->port = get_u16(in + 16);
}

void
addr_format_ip(const struct addr *a, char text[ADDR_TEXT])
{
	char name[IF_NAMESIZE];
	size_t len;

	if (a->family == ADDR_V4) {
		inet_ntop(AF_INET, a->ip, text, ADDR_TEXT);
		return;
	}
	inet_ntop(AF_INET6, a->ip, text, ADDR_TEXT);
	if (a->scope == 0)
		return;
	len = strlen(text);
	if (if_indextoname(a->scope, name))
		snprintf(text + len, ADDR_TEXT - len, "%%%s", name);
	else
		snprintf(text + len, ADDR_TEXT - len, "%%%u",
		    (unsigned)a->scope);
}

void
addr_format(const struct addr *a, char text[ADDR_TEXT])
{
	char ip[ADDR_TEXT];

	addr_format_ip(a, ip);
	if (a->family == ADDR_V4)
		snprintf(text, ADDR_TEXT, "%.*s:%u", ADDR_TEXT - 8, ip,
		    (unsigned)a->port);
	else
		snprintf(text, ADDR_TEXT, "[%.*s]:%u", ADDR_TEXT - 9, ip,
		    (unsigned)a->port);
}

static enum addr_kind
kind_v4(const uint8_t *ip)
{
	if (ip[0] == 0)
		return ADDR_UNSPECIFIED;
	if (ip[0] == 127)
		return ADDR_LOOPBACK;
	if (ip[0] == 169 && ip[1] == 254)
		return ADDR_LINK_LOCAL;
	if (ip[0] == 10 || (ip[0] == 172 && (ip[1] & 0xf0) == 16) ||
	    (ip[0] == 192 && ip[1] == 168) ||
	    (ip[0] == 100 && (ip[1] & 0xc0) == 64))
		return ADDR_PRIVATE;
	if ((ip[0] & 0xf0) == 224)
		return ADDR_MULTICAST;
	return ip[0] >= 240 ? ADDR_RESERVED : ADDR_PUBLIC;
}

static enum addr_kind
kind_v6(const uint8_t *ip)
{
	static const uint8_t zero[16];

	if (memcmp(ip, zero, 15) == 0) {
		if (ip[15] <= 1)
			return ip[15] ? ADDR_LOOPBACK : ADDR_UNSPECIFIED;
		return ADDR_RESERVED;
	}
	/* ::a.b.c.d, of old; nothing lives there. */
	if (memcmp(ip, zero, 12) == 0)
		return ADDR_RESERVED;
	if (ip[0] == 0xff)
		return ADDR_MULTICAST;
	if (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80)
		return ADDR_LINK_LOCAL;
	return (ip[0] & 0xfe) == 0xfc ? ADDR_PRIVATE : ADDR_PUBLIC;
}

enum addr_kind
addr_kind(const struct addr *a)
{
	return a->family == ADDR_V4 ? kind_v4(a->ip) : kind_v6(a->ip);
}

bool
addr_is_host(const struct addr *a)
{
	switch (addr_kind(a)) {
	case ADDR_UNSPECIFIED:
	case ADDR_MULTICAST:
	case ADDR_RESERVED:
		return false;
	case ADDR_LOOPBACK:
	case ADDR_LINK_LOCAL:
	case ADDR_PRIVATE:
	case ADDR_PUBLIC:
		return true;
	}
	return false;
}

bool
addr_is_near(const struct addr *a)
{
	enum addr_kind kind = addr_kind(a);

	return kind == ADDR_PRIVATE || kind == ADDR_LINK_LOCAL ||
	    kind == ADDR_LOOPBACK;
}

bool
addr_same_ip(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && a->scope == b->scope &&
	    memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_same_ip(a, b) && a->port == b->port;
}

bool
addr_same_net(const struct addr *a, const struct addr *b, unsigned bits)
{
	unsigned bytes = bits / 8, rest = bits % 8;

	if (a->family != b->family ||
	    bits > (a->family == ADDR_V4 ? 32u : 128u) ||
	    memcmp(a->ip, b->ip, bytes) != 0)
		return false;
	return rest == 0 ||
	    (a->ip[bytes] ^ b->ip[bytes]) >> (8 - rest) == 0;
}

struct addr
addr_source(const struct addr *a)
{
	struct addr s = *a;

	s.port = 0;
	/* All of a LAN have the same link-local prefix. */
	if (s.family == ADDR_V6 && addr_kind(a) != ADDR_LINK_LOCAL)
		memset(s.ip + 8, 0, 8);
	return s;
}

struct addr
addr_area(const struct addr *a)
{
	struct addr s = addr_source(a);

	if (s.family == ADDR_V4)
		s.ip[3] = 0;
	else if (addr_kind(a) != ADDR_LINK_LOCAL)
		memset(s.ip + 6, 0, 2);
	return s;
}
