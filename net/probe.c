#include "probe.h"

#include <assert.h>
#include <string.h>

#include "cur.h"
#include "kdf.h"
#include "label.h"
#include "secret.h"
#include "udp.h"

enum {
	FLAG_UDP = 1, FLAG_V6 = 2, FLAG_DOUBLE = 4, FLAG_BIRTHDAY = 8,
	CANDIDATE = 2 + ADDR_WIRE,
	BODY = PROBE_LEN - PROBE_TAG
};

/* ---- what is said through the link ------------------------------------- */

static void
write_cands(struct buf *out, const struct paths_msg *m)
{
	uint8_t at[ADDR_WIRE];

	assert(m->n_cands <= CANDS_MAX);
	buf_u8(out, (uint8_t)m->round);
	buf_put(out, m->key, PROBE_KEY);
	buf_u8(out, (uint8_t)m->n_cands);
	for (size_t i = 0; i < m->n_cands; i++) {
		assert(m->cands[i].kind != CAND_PRFLX);
		buf_u8(out, (uint8_t)m->cands[i].kind);
		buf_u8(out, (uint8_t)m->cands[i].proto);
		addr_write(at, &m->cands[i].addr);
		buf_put(out, at, sizeof(at));
	}
}

void
paths_write(struct buf *out, const struct paths_msg *m)
{
	buf_u8(out, (uint8_t)m->type);
	if (m->type == PATHS_CAPS) {
		buf_u8(out, (uint8_t)m->class);
		buf_u8(out, (uint8_t)((m->has_udp ? FLAG_UDP : 0) |
		    (m->has_v6 ? FLAG_V6 : 0) |
		    (m->is_double ? FLAG_DOUBLE : 0) |
		    (m->has_birthday ? FLAG_BIRTHDAY : 0)));
	}
	buf_u64(out, m->epoch);
	switch (m->type) {
	case PATHS_CAPS:
		break;
	case PATHS_CANDS:
		write_cands(out, m);
		break;
	case PATHS_SYNC:
		buf_u8(out, (uint8_t)m->round);
		break;
	case PATHS_USE:
		buf_u8(out, m->use);
		break;
	}
}

static void
read_caps(struct paths_msg *m, struct cur *c)
{
	uint8_t class = cur_u8(c), flags = cur_u8(c);

	m->epoch = cur_u64(c);
	m->class = class <= NAT_BLOCKED ? (enum nat_class)class : NAT_UNKNOWN;
	m->has_udp = flags & FLAG_UDP;
	m->has_v6 = flags & FLAG_V6;
	m->is_double = flags & FLAG_DOUBLE;
	m->has_birthday = flags & FLAG_BIRTHDAY;
}

static void
read_round(struct paths_msg *m, struct cur *c)
{
	m->epoch = cur_u64(c);
	m->round = cur_u8(c);
	if (m->round < 1 || m->round > ROUND_MAX)
		c->bad = true;
}

static void
read_cands(struct paths_msg *m, struct cur *c)
{
	unsigned n;

	read_round(m, c);
	cur_copy(c, m->key, PROBE_KEY);
	n = cur_u8(c);
	if (n > CANDS_MAX)
		c->bad = true;
	for (; n > 0 && cur_ok(c); n--) {
		const uint8_t *p = cur_take(c, CANDIDATE);
		struct cand *to = &m->cands[m->n_cands];

		if (!p || p[0] > CAND_PRED || p[1] > CAND_TCP)
			continue;
		to->kind = (enum cand_kind)p[0];
		to->proto = (enum cand_proto)p[1];
		addr_read(&to->addr, p + 2);
		m->n_cands++;
	}
}

int
paths_read(struct paths_msg *m, const void *p, size_t len)
{
	struct cur c;
	uint8_t type;

	memset(m, 0, sizeof(*m));
	if (len > PATHS_MAX)
		return -1;
	cur_init(&c, p, len);
	type = cur_u8(&c);
	if (type < PATHS_CAPS || type > PATHS_USE)
		return -1;
	m->type = (enum paths_type)type;
	switch (m->type) {
	case PATHS_CAPS:
		read_caps(m, &c);
		break;
	case PATHS_CANDS:
		read_cands(m, &c);
		break;
	case PATHS_SYNC:
		read_round(m, &c);
		break;
	case PATHS_USE:
		m->epoch = cur_u64(&c);
		m->use = cur_u8(&c);
		break;
	}
	return cur_done(&c) ? 0 : -1;
}

/* ---- what flies -------------------------------------------------------- */

static void
make_tag(uint8_t tag[PROBE_TAG], const uint8_t packet[PROBE_LEN],
    const uint8_t key[PROBE_KEY])
{
	const struct item items[] = { ITEM(packet, BODY), KDF_END };
	uint8_t hash[HASH_LEN];

	kdf_derive(hash, key, LABEL_PROBE, items);
	memcpy(tag, hash, PROBE_TAG);
}

void
probe_write(uint8_t out[PROBE_LEN], const struct probe *p,
    const uint8_t key[PROBE_KEY])
{
	memset(out, 0, PROBE_LEN);
	out[0] = p->is_pong ? UDP_PONG : UDP_PROBE;
	put_u64(out + 1, p->txid);
	if (p->is_pong) {
		addr_write(out + 9, &p->seen);
	} else {
		put_u64(out + 9, p->epoch);
		out[17] = p->cand;
	}
	make_tag(out + BODY, out, key);
}

int
probe_read(struct probe *p, const void *bytes, size_t len,
    const uint8_t key[PROBE_KEY])
{
	const uint8_t *b = bytes;
	uint8_t tag[PROBE_TAG];

	memset(p, 0, sizeof(*p));
	if (len != PROBE_LEN || (b[0] != UDP_PROBE && b[0] != UDP_PONG))
		return -1;
	make_tag(tag, b, key);
	if (!secret_equal(tag, b + BODY, PROBE_TAG))
		return -1;
	p->is_pong = b[0] == UDP_PONG;
	p->txid = get_u64(b + 1);
	if (p->is_pong) {
		addr_read(&p->seen, b + 9);
	} else {
		p->epoch = get_u64(b + 9);
		p->cand = b[17];
	}
	return 0;
}
