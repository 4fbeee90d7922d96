#include "relaywire.h"

#include <assert.h>
#include <string.h>

#include "cur.h"

/* The fields of a body, a letter each, in their order. */
#define TAG "t"			/* u32 tag, or the pipe */
#define QUEUE "q"
#define KEY "k"
#define TOKEN "o"
#define SIG "s"
#define UPLOAD "u"
#define NUMBER "n"		/* u64 */
#define PORT "p"		/* u16, the next of port[] */
#define FLAG "f"		/* u8, port[1] */
#define VALUE8 "1"
#define VALUE16 "2"
#define VALUE32 "4"

static const struct shape {
	const char *fields;
	uint16_t unit;			/* of the rest; 0: there is none */
	uint16_t max;			/* bytes of the rest */
	uint8_t values;			/* of VALUE8: below this */
} shapes[] = {
	[OP_HELLO] = { "", 1, RELAY_TOKEN_MAX, 0 },
	[OP_OPEN] = { TAG KEY TOKEN SIG, 0, 0, 0 },
	[OP_DROP] = { TAG QUEUE, 0, 0, 0 },
	[OP_DELETE] = { QUEUE, 8, 8 * RELAY_IDS_MAX, 0 },
	[OP_SEND] = { TAG QUEUE TOKEN UPLOAD, 1, RELAY_BODY_MAX - 68, 0 },
	[OP_MEET] = { "", MEET_ID, MEET_ID * RELAY_IDS_MAX, 0 },
	[OP_PART] = { "", MEET_ID, MEET_ID * RELAY_IDS_MAX, 0 },
	[OP_CALL] = { TAG QUEUE, 0, 0, 0 },
	[OP_REACH] = { TAG PORT PORT, RELAY_NONCE, RELAY_NONCE, 0 },
	[OP_PUBLISH] = { "", 1, RELAY_BODY_MAX, 0 },
	[OP_LIST] = { TAG, 0, 0, 0 },
	[OP_DATA] = { TAG, 1, RELAY_PIECE_MAX, 0 },
	[OP_CREDIT] = { TAG VALUE32, 0, 0, 0 },
	[OP_HANG] = { TAG VALUE8, 0, 0, RELAY_HANGS },
	[OP_PING] = { NUMBER, 0, 0, 0 },
	[OP_PONG] = { NUMBER, 0, 0, 0 },
	[OP_DONE] = { TAG VALUE8, 0, 0, RELAY_STATUSES },
	[OP_LETTER] = { QUEUE NUMBER, 1, RELAY_LETTER_MAX, 0 },
	[OP_HERE] = { "", MEET_ID, MEET_ID * RELAY_IDS_MAX, 0 },
	[OP_RING] = { TAG QUEUE, 0, 0, 0 },
	[OP_REACHED] = { TAG VALUE8 FLAG, 0, 0, REACHED_NOT_TRIED + 1 },
	[OP_CARD] = { "", 1, RELAY_BODY_MAX, 0 },
	[OP_BYE] = { VALUE16, 0, 0, 0 }
};

static const struct shape *
shape_of(unsigned op)
{
	if (op >= sizeof(shapes) / sizeof(*shapes) || !shapes[op].fields)
		return NULL;
	return &shapes[op];
}

/* ---- hello and welcome --------------------------------------------------- */

void
relay_hello_write(uint8_t out[RELAY_HELLO])
{
	out[0] = out[1] = RELAY_VERSION;
	put_u32(out + 2, 0);
}

int
relay_hello_read(const uint8_t *p, size_t len, unsigned *version)
{
	*version = 0;
	if (len != RELAY_HELLO || p[0] > p[1])
		return -1;
	*version = p[1];
	return p[0] <= RELAY_VERSION && p[1] >= RELAY_VERSION ? 0 : -2;
}

void
relay_welcome_write(uint8_t out[RELAY_WELCOME], const struct relay_welcome *w)
{
	relay_hello_write(out);
	addr_write(out + 6, &w->seen);
	put_u16(out + 24, w->stun[0]);
	put_u16(out + 26, w->stun[1]);
	put_u16(out + 28, w->keepalive_s);
}

int
relay_welcome_read(struct relay_welcome *w, const uint8_t *p, size_t len,
    unsigned *version)
{
	int rc;

	memset(w, 0, sizeof(*w));
	*version = 0;
	/* Another version may have more to say behind its range. */
	if (len < RELAY_HELLO)
		return -1;
	rc = relay_hello_read(p, RELAY_HELLO, version);
	if (rc != 0)
		return rc;
	if (len != RELAY_WELCOME)
		return -1;
	addr_read(&w->seen, p + 6);
	w->stun[0] = get_u16(p + 24);
	w->stun[1] = get_u16(p + 26);
	w->keepalive_s = get_u16(p + 28);
	return 0;
}

/* ---- messages ------------------------------------------------------------ */

static void
read_field(struct relay_msg *m, char field, struct cur *c, unsigned *ports)
{
	switch (field) {
	case 't':
		m->tag = cur_u32(c);
		break;
	case 'q':
		m->queue = cur_take(c, QUEUE_ID);
		break;
	case 'k':
		m->key = cur_take(c, 32);
		break;
	case 'o':
		m->token = cur_take(c, 32);
		break;
	case 's':
		m->sig = cur_take(c, 64);
		break;
	case 'u':
		m->upload = cur_take(c, UPLOAD_ID);
		break;
	case 'n':
		m->number = cur_u64(c);
		break;
	case 'p':
		m->port[(*ports)++ & 1] = cur_u16(c);
		break;
	case 'f':
		m->port[1] = cur_u8(c);
		break;
	case '1':
		m->value = cur_u8(c);
		break;
	case '2':
		m->value = cur_u16(c);
		break;
	case '4':
		m->value = cur_u32(c);
		break;
	}
}

size_t
relay_msg_read(struct relay_msg *m, const uint8_t *p, size_t len)
{
	const struct shape *s;
	unsigned ports = 0;
	struct cur c;
	size_t body;

	memset(m, 0, sizeof(*m));
	if (len < RELAY_HEAD)
		return 0;
	body = get_u16(p + 1);
	if (body > len - RELAY_HEAD)
		return 0;
	s = shape_of(p[0]);
	if (!s)
		return RELAY_HEAD + body;
	cur_init(&c, p + RELAY_HEAD, body);
	for (const char *f = s->fields; *f; f++)
		read_field(m, *f, &c, &ports);
	if (!cur_ok(&c) || c.left > s->max)
		return 0;
	if (c.left > 0 && (s->unit == 0 || c.left % s->unit != 0))
		return 0;
	if (s->values > 0 && m->value >= s->values)
		return 0;
	if (p[0] == OP_REACH && c.left != RELAY_NONCE)
		return 0;
	if (p[0] == OP_REACHED && m->port[1] > 1)
		return 0;
	m->op = (enum relay_op)p[0];
	m->p = c.at;
	m->len = c.left;
	return RELAY_HEAD + body;
}

static size_t
field_len(char field)
{
	switch (field) {
	case 't':
	case '4':
		return 4;
	case 'q':
	case 'u':
		return 16;
	case 'k':
	case 'o':
		return 32;
	case 's':
		return 64;
	case 'n':
		return 8;
	case 'p':
	case '2':
		return 2;
	case 'f':
	case '1':
		return 1;
	}
	return 0;
}

size_t
relay_msg_len(const struct relay_msg *m)
{
	const struct shape *s = shape_of(m->op);
	size_t len = RELAY_HEAD + m->len;

	assert(s);
	for (const char *f = s->fields; *f; f++)
		len += field_len(*f);
	return len;
}

/* Returns the bytes it put at `at`. */
static size_t
write_field(uint8_t *at, char field, const struct relay_msg *m,
    unsigned *ports)
{
	const size_t len = field_len(field);

	switch (field) {
	case 't':
		put_u32(at, m->tag);
		break;
	case 'q':
		memcpy(at, m->queue, len);
		break;
	case 'k':
		memcpy(at, m->key, len);
		break;
	case 'o':
		memcpy(at, m->token, len);
		break;
	case 's':
		memcpy(at, m->sig, len);
		break;
	case 'u':
		memcpy(at, m->upload, len);
		break;
	case 'n':
		put_u64(at, m->number);
		break;
	case 'p':
		put_u16(at, m->port[(*ports)++ & 1]);
		break;
	case 'f':
		*at = (uint8_t)m->port[1];
		break;
	case '1':
		*at = (uint8_t)m->value;
		break;
	case '2':
		put_u16(at, (uint16_t)m->value);
		break;
	case '4':
		put_u32(at, m->value);
		break;
	}
	return len;
}

void
relay_msg_write(struct buf *out, const struct relay_msg *m)
{
	const struct shape *s = shape_of(m->op);
	const size_t len = relay_msg_len(m);
	uint8_t *at = buf_space(out, len);
	unsigned ports = 0;

	assert(m->len <= s->max && len <= RELAY_HEAD + RELAY_BODY_MAX);
	at[0] = (uint8_t)m->op;
	put_u16(at + 1, (uint16_t)(len - RELAY_HEAD));
	at += RELAY_HEAD;
	for (const char *f = s->fields; *f; f++)
		at += write_field(at, *f, m, &ports);
	if (m->len > 0)
		memcpy(at, m->p, m->len);
	buf_added(out, len);
}
