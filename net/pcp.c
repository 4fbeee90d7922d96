#include "pcp.h"

#include <string.h>

#include "cur.h"

enum {
	OP_ANNOUNCE = 0,
	OP_MAP = 1,
	IS_ANSWER = 0x80,		/* R, and NAT-PMP's 128 + opcode */
	PCP_HEAD_LEN = 24,
	NATPMP_FAILED_LEN = 8,
	/* NAT-PMP's opcodes. */
	PMP_ADDR = 0,
	PMP_UDP = 1,
	PMP_TCP = 2
};

/* These protocols are big-endian, unlike our own. */
static uint8_t *
write_u16(uint8_t *p, uint16_t v)
{
	*p++ = (uint8_t)(v >> 8);
	*p++ = (uint8_t)v;
	return p;
}

static uint8_t *
write_u32(uint8_t *p, uint32_t v)
{
	p = write_u16(p, (uint16_t)(v >> 16));
	return write_u16(p, (uint16_t)v);
}

static uint16_t
read_u16(struct cur *c)
{
	uint16_t high = cur_u8(c);

	return (uint16_t)(high << 8 | cur_u8(c));
}

static uint32_t
read_u32(struct cur *c)
{
	uint32_t high = read_u16(c);

	return high << 16 | read_u16(c);
}

/* RFC 6887 5: IPv4 is written as ::ffff:a.b.c.d. */
static uint8_t *
write_ip(uint8_t *p, const struct addr *a)
{
	if (a->family == ADDR_V6) {
		memcpy(p, a->ip, 16);
	} else {
		memset(p, 0, 10);
		p[10] = p[11] = 0xff;
		memcpy(p + 12, a->ip, 4);
	}
	return p + 16;
}

static void
read_ip(struct addr *a, struct cur *c)
{
	static const uint8_t v4[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t ip[16];

	cur_copy(c, ip, sizeof(ip));
	memset(a->ip, 0, sizeof(a->ip));
	if (memcmp(ip, v4, sizeof(v4)) == 0) {
		a->family = ADDR_V4;
		memcpy(a->ip, ip + 12, 4);
	} else {
		a->family = ADDR_V6;
		memcpy(a->ip, ip, 16);
	}
}

/* ---- requests ---------------------------------------------------------- */

size_t
pcp_write_map(uint8_t out[PCP_MAP_LEN], const struct pcp_map *m,
    const struct addr *client)
{
	uint8_t *p = out;

	memset(out, 0, PCP_MAP_LEN);
	*p++ = PCP_VERSION;
	*p++ = OP_MAP;
	p += 2;
	p = write_u32(p, m->lifetime_s);
	p = write_ip(p, client);
	memcpy(p, m->nonce, PCP_NONCE);
	p += PCP_NONCE;
	*p = (uint8_t)m->proto;
	p += 4;
	p = write_u16(p, m->port);
	/* RFC 6887 11.1: both may be anything in a request to remove, and
	 * the address, of the family wanted, is all zeroes when there is no
	 * wish. */
	p = write_u16(p, m->ext.port);
	write_ip(p, &m->ext);
	return PCP_MAP_LEN;
}

size_t
natpmp_write_addr(uint8_t out[NATPMP_ADDR_LEN])
{
	out[0] = NATPMP_VERSION;
	out[1] = PMP_ADDR;
	return NATPMP_ADDR_LEN;
}

size_t
natpmp_write_map(uint8_t out[NATPMP_MAP_LEN], const struct pcp_map *m)
{
	uint8_t *p = out;

	*p++ = NATPMP_VERSION;
	*p++ = m->proto == PCP_TCP ? PMP_TCP : PMP_UDP;
	p = write_u16(p, 0);
	p = write_u16(p, m->port);
	/* RFC 6886 3.4: to remove, the external port MUST be zero. */
	p = write_u16(p, m->lifetime_s ? m->ext.port : 0);
	write_u32(p, m->lifetime_s);
	return NATPMP_MAP_LEN;
}

/* ---- answers ----------------------------------------------------------- */

static int
read_pcp(struct pcp_answer *a, struct cur *c, uint8_t op)
{
	uint8_t proto;

	cur_u8(c);				/* reserved */
	a->result = cur_u8(c);
	a->map.lifetime_s = read_u32(c);
	a->epoch_s = read_u32(c);
	cur_take(c, 12);
	/* A server that does not know the version answers with the one it
	 * knows, and with what it made of the opcode. */
	if (a->result == PCP_UNSUPP_VERSION) {
		a->kind = PCP_FAILED_VERSION;
		return cur_ok(c) ? 0 : -1;
	}
	if (op == OP_ANNOUNCE) {
		a->kind = PCP_ANNOUNCE;
		return cur_ok(c) ? 0 : -1;
	}
	if (op != OP_MAP)
		return -1;
	a->kind = PCP_MAPPED;
	cur_copy(c, a->map.nonce, PCP_NONCE);
	proto = cur_u8(c);
	if (proto != PCP_TCP && proto != PCP_UDP)
		return -1;
	a->map.proto = proto == PCP_TCP ? PCP_TCP : PCP_UDP;
	cur_take(c, 3);
	a->map.port = read_u16(c);
	a->map.ext.port = read_u16(c);
	read_ip(&a->map.ext, c);
	/* Options may follow: we asked for none, and skip them. */
	return cur_ok(c) ? 0 : -1;
}

static int
read_natpmp(struct pcp_answer *a, struct cur *c, uint8_t op)
{
	uint16_t result = read_u16(c);

	a->result = result > 255 ? 255 : (uint8_t)result;
	a->epoch_s = read_u32(c);
	a->map.ext.family = ADDR_V4;
	if (!cur_ok(c))
		return -1;
	/* RFC 6886 3.5: the shortest failure, whatever the opcode. */
	if (a->result == PCP_UNSUPP_VERSION) {
		a->kind = PCP_FAILED_VERSION;
		return 0;
	}
	switch (op) {
	case PMP_ADDR:
		a->kind = PCP_ADDRESS;
		if (a->result == PCP_SUCCESS)
			cur_copy(c, a->map.ext.ip, 4);
		return cur_ok(c) ? 0 : -1;
	case PMP_UDP:
	case PMP_TCP:
		a->kind = PCP_MAPPED;
		a->map.proto = op == PMP_TCP ? PCP_TCP : PCP_UDP;
		/* A failure may end after the port, or before it: it then
		 * cannot be told whose it is, and is nobody's. */
		a->map.port = read_u16(c);
		if (!cur_ok(c) || a->result != PCP_SUCCESS)
			return cur_ok(c) ? 0 : -1;
		a->map.ext.port = read_u16(c);
		a->map.lifetime_s = read_u32(c);
		return cur_ok(c) ? 0 : -1;
	default:
		return -1;
	}
}

int
pcp_read(struct pcp_answer *a, const void *p, size_t len)
{
	struct cur c;
	uint8_t op;

	memset(a, 0, sizeof(*a));
	a->map.ext.family = ADDR_V4;
	cur_init(&c, p, len);
	a->version = cur_u8(&c);
	op = cur_u8(&c);
	if (!cur_ok(&c) || len > PCP_MAX)
		return -1;
	if (a->version == NATPMP_VERSION) {
		/* RFC 6886 3.5 draws the answer to a wrong version with an
		 * opcode of 0; all others have the bit. */
		if (!(op & IS_ANSWER) && len != NATPMP_FAILED_LEN)
			return -1;
		if (!(op & IS_ANSWER) && (op != 0 ||
		    ((const uint8_t *)p)[3] != PCP_UNSUPP_VERSION))
			return -1;
		return read_natpmp(a, &c, op & ~IS_ANSWER & 0xff);
	}
	/* RFC 6887 8.3: lengths are multiples of four. */
	if (!(op & IS_ANSWER) || len < PCP_HEAD_LEN || len % 4 != 0)
		return -1;
	if (a->version != PCP_VERSION) {
		/* Of other versions only this is known to mean the same. */
		if (((const uint8_t *)p)[3] != PCP_UNSUPP_VERSION)
			return -1;
		a->kind = PCP_FAILED_VERSION;
		a->result = PCP_UNSUPP_VERSION;
		return 0;
	}
	return read_pcp(a, &c, op & ~IS_ANSWER & 0xff);
}

bool
pcp_epoch_goes_on(uint8_t version, uint32_t before_s, uint32_t now_s,
    uint32_t elapsed_s)
{
	int64_t client = elapsed_s, server = (int64_t)now_s - before_s;

	/* RFC 6886 3.6: two seconds less than 7/8 of what it should be. */
	if (version == NATPMP_VERSION)
		return server >= client - client / 8 - 2;
	/* RFC 6887 8.5: one second back is a packet overtaken. */
	if (server < -1)
		return false;
	if (server < 0)
		server = 0;
	return client + 2 >= server - server / 16 &&
	    server + 2 >= client - client / 16;
}

const char *
pcp_result_text(uint8_t version, uint8_t result)
{
	/* RFC 6887 7.4, RFC 6886 3.5. */
	static const char *const pcp[] = {
		"success", "version not supported", "not authorized",
		"malformed request", "opcode not supported",
		"option not supported", "malformed option",
		"the router has no network", "the router has no room",
		"protocol not supported", "the quota is used up",
		"that external address or port cannot be had",
		"another router is between it and us", "too many remote peers"
	};
	static const char *const natpmp[] = {
		"success", "version not supported", "not authorized",
		"the router has no network", "the router has no room",
		"opcode not supported"
	};

	if (version == NATPMP_VERSION && result <
	    sizeof(natpmp) / sizeof(*natpmp))
		return natpmp[result];
	if (version != NATPMP_VERSION && result < sizeof(pcp) / sizeof(*pcp))
		return pcp[result];
	return "an unknown reason";
}
