#include "stun.h"

#include <string.h>

/* RFC 8489, section 5: method Binding with the two bits of each class. */
enum {
	TYPE_REQUEST = 0x0001,
	TYPE_SUCCESS = 0x0101,
	TYPE_ERROR = 0x0111
};

/* RFC 8489, section 18.3; RFC 8445, section 16.1. */
enum {
	ATTR_MAPPED_ADDRESS = 0x0001,
	ATTR_USERNAME = 0x0006,
	ATTR_MESSAGE_INTEGRITY = 0x0008,
	ATTR_ERROR_CODE = 0x0009,
	ATTR_UNKNOWN_ATTRIBUTES = 0x000a,
	ATTR_REALM = 0x0014,
	ATTR_NONCE = 0x0015,
	ATTR_INTEGRITY_SHA256 = 0x001c,
	ATTR_PASSWORD_ALGORITHM = 0x001d,
	ATTR_USERHASH = 0x001e,
	ATTR_XOR_MAPPED_ADDRESS = 0x0020,
	ATTR_PRIORITY = 0x0024,
	ATTR_USE_CANDIDATE = 0x0025,
	ATTR_FINGERPRINT = 0x8028,
	/* From here on an attribute may be skipped by who knows it not. */
	ATTR_OPTIONAL = 0x8000,
	ATTR_HEAD = 4
};

/* What reading has met so far. */
struct reading {
	struct stun_msg *m;
	const uint8_t *p;		/* the whole message */
	bool has_xored;			/* XOR-MAPPED- beats MAPPED-ADDRESS */
	bool is_sealed;			/* behind MESSAGE-INTEGRITY */
};

static uint16_t
be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static void
put_be16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static void
put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v & 0xffff);
}

/* CRC-32 of ITU V.42, bit by bit: a handful of bytes now and then. */
static uint32_t
crc32_of(const uint8_t *p, size_t len)
{
	uint32_t crc = UINT32_MAX;

	while (len--) {
		crc ^= *p++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

bool
stun_is(const void *p, size_t len)
{
	const uint8_t *b = p;

	return len >= STUN_HEAD && (b[0] & 0xc0) == 0 &&
	    be32(b + 4) == STUN_MAGIC;
}

/* Section 14.1: zero | family | port | address.  `key`: the cookie and
 * transaction that section 14.2 mixes in, or NULL. */
static int
read_address(struct addr *a, const uint8_t *v, size_t len, const uint8_t *key)
{
	static const uint8_t in_v6[12] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
	};
	uint8_t ip[16];
	size_t n = len - 4;

	if (len < 4 || !((v[1] == 1 && n == 4) || (v[1] == 2 && n == 16)))
		return -1;
	memset(a, 0, sizeof(*a));
	memcpy(ip, v + 4, n);
	a->port = be16(v + 2);
	if (key) {
		a->port ^= be16(key);
		for (size_t i = 0; i < n; i++)
			ip[i] ^= key[i];
	}
	/* One place has one spelling: addr.h. */
	if (n == 16 && memcmp(ip, in_v6, sizeof(in_v6)) == 0) {
		a->family = ADDR_V4;
		memcpy(a->ip, ip + sizeof(in_v6), 4);
	} else {
		a->family = n == 4 ? ADDR_V4 : ADDR_V6;
		memcpy(a->ip, ip, n);
	}
	return 0;
}

static int
take_address(struct reading *r, const uint8_t *v, size_t len, bool xored)
{
	struct addr a;

	if (read_address(&a, v, len, xored ? r->p + 4 : NULL) != 0)
		return -1;
	if (r->has_xored || (r->m->has_addr && !xored) || a.port == 0 ||
	    !addr_is_host(&a))
		return 0;
	r->m->addr = a;
	r->m->has_addr = true;
	r->has_xored = xored;
	return 0;
}

/* Section 14.8: 21 bits of zero | class 3..6 | number 0..99 | reason. */
static int
take_error(struct stun_msg *m, const uint8_t *v, size_t len)
{
	unsigned hundreds;

	if (len < 4 || v[3] > 99)
		return -1;
	hundreds = v[2] & 7;
	if (hundreds < 3 || hundreds > 6)
		return -1;
	if (m->error == 0)
		m->error = hundreds * 100 + v[3];
	return 0;
}

/* 0, or -1 when the message is not to be believed. */
static int
take(struct reading *r, unsigned type, const uint8_t *v, size_t len)
{
	/* Section 14.5: what follows the seal is not to be looked at. */
	if (r->is_sealed && type != ATTR_FINGERPRINT)
		return 0;
	switch (type) {
	case ATTR_MAPPED_ADDRESS:
		return take_address(r, v, len, false);
	case ATTR_XOR_MAPPED_ADDRESS:
		return take_address(r, v, len, true);
	case ATTR_ERROR_CODE:
		return take_error(r->m, v, len);
	case ATTR_FINGERPRINT:
		/* The length in the header counts it: section 14.7. */
		return len == 4 && be32(v) == (0x5354554e ^
		    crc32_of(r->p, (size_t)(v - r->p) - ATTR_HEAD)) ? 0 : -1;
	case ATTR_MESSAGE_INTEGRITY:
	case ATTR_INTEGRITY_SHA256:
		r->is_sealed = true;
		return 0;
	case ATTR_USERNAME:
	case ATTR_UNKNOWN_ATTRIBUTES:
	case ATTR_REALM:
	case ATTR_NONCE:
	case ATTR_PASSWORD_ALGORITHM:
	case ATTR_USERHASH:
	case ATTR_PRIORITY:
	case ATTR_USE_CANDIDATE:
		return 0;
	default:
		return type >= ATTR_OPTIONAL ? 0 : -1;
	}
}

static int
read_type(struct stun_msg *m, unsigned type)
{
	switch (type) {
	case TYPE_REQUEST:
		m->class = STUN_REQUEST;
		return 0;
	case TYPE_SUCCESS:
		m->class = STUN_RESPONSE;
		return 0;
	case TYPE_ERROR:
		m->class = STUN_ERROR;
		return 0;
	default:
		return -1;
	}
}

int
stun_read(struct stun_msg *m, const void *p, size_t len)
{
	struct reading r = { m, p, false, false };
	const uint8_t *at = r.p;
	size_t left, n;
	unsigned type;

	memset(m, 0, sizeof(*m));
	if (!stun_is(p, len) || len % 4 != 0 ||
	    len != (size_t)be16(at + 2) + STUN_HEAD ||
	    read_type(m, be16(at)) != 0)
		return -1;
	memcpy(m->id, at + 8, STUN_ID);
	at += STUN_HEAD;
	left = len - STUN_HEAD;
	for (int i = 0; left > 0; i++) {
		/* len % 4 == 0 and so is every step: a head is there. */
		type = be16(at);
		n = be16(at + 2);
		if (i == STUN_ATTRS_MAX || n > left - ATTR_HEAD ||
		    take(&r, type, at + ATTR_HEAD, n) != 0)
			return -1;
		n = (n + 3) / 4 * 4 + ATTR_HEAD;
		at += n;
		left -= n;
		/* Section 14.7: the FINGERPRINT is the last one. */
		if (type == ATTR_FINGERPRINT && left > 0)
			return -1;
	}
	return 0;
}

static uint8_t *
write_head(struct buf *out, unsigned type, size_t body,
    const uint8_t id[STUN_ID])
{
	uint8_t *p = buf_space(out, STUN_HEAD + body);

	put_be16(p, type);
	put_be16(p + 2, (unsigned)body);
	put_be32(p + 4, STUN_MAGIC);
	memcpy(p + 8, id, STUN_ID);
	buf_added(out, STUN_HEAD + body);
	return p;
}

void
stun_write_request(struct buf *out, const uint8_t id[STUN_ID])
{
	write_head(out, TYPE_REQUEST, 0, id);
}

void
stun_write_response(struct buf *out, const uint8_t id[STUN_ID],
    const struct addr *seen)
{
	size_t n = seen->family == ADDR_V4 ? 4 : 16;
	uint8_t *head = write_head(out, TYPE_SUCCESS, ATTR_HEAD + 4 + n, id);
	uint8_t *p = head + STUN_HEAD;

	put_be16(p, ATTR_XOR_MAPPED_ADDRESS);
	put_be16(p + 2, (unsigned)(4 + n));
	put_be16(p + 4, seen->family == ADDR_V4 ? 1 : 2);
	put_be16(p + 6, seen->port ^ (STUN_MAGIC >> 16));
	for (size_t i = 0; i < n; i++)
		p[8 + i] = seen->ip[i] ^ head[4 + i];
}
