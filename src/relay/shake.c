#include "shake.h"

#include <string.h>

#include "engine.h"
#include "label.h"

enum { LEN = 2 };			/* of a handshake message */

static struct noise *
start_noise(struct conn *c, const uint8_t preface[RELAY_PREFACE])
{
	uint8_t prologue[64];
	const size_t label = strlen(LABEL_RELAY);

	put_u32(prologue, (uint32_t)label);
	memcpy(prologue + 4, LABEL_RELAY, label);
	memcpy(prologue + 4 + label, preface, RELAY_PREFACE);
	return noise_new(&(struct noise_setup){
		.pattern = preface[5] == RELAY_NK ? NOISE_NK : NOISE_NX,
		.prologue = prologue,
		.prologue_len = 4 + label + RELAY_PREFACE,
		.s = c->relay->key,
		.s_public = c->relay->public
	});
}

static bool
answer(struct conn *c, struct noise *n)
{
	struct relay *r = c->relay;
	struct relay_welcome w = {
		.stun = { relay_stun_port(r, 0), relay_stun_port(r, 1) },
		.keepalive_s = RELAY_KEEPALIVE_S
	};
	uint8_t welcome[RELAY_WELCOME];
	struct buf *out = &conn_out(c)->buf;
	uint8_t *p = buf_space(out, LEN + RELAY_HANDSHAKE_MAX);
	ssize_t len;

	conn_peer(c, &w.seen);
	relay_welcome_write(welcome, &w);
	len = noise_write(n, welcome, sizeof(welcome), p + LEN,
	    RELAY_HANDSHAKE_MAX);
	if (len < 0)
		return false;
	put_u16(p, (uint16_t)len);
	buf_added(out, LEN + (size_t)len);
	engine_dirty(r, c);
	return true;
}

/* Message 1 is all there.  Nothing of a stranger's is kept before. */
static void
shake(struct conn *c, const uint8_t preface[RELAY_PREFACE],
    const uint8_t *msg, size_t len)
{
	uint8_t hello[RELAY_HANDSHAKE_MAX];
	struct noise *n = start_noise(c, preface);
	unsigned version;
	ssize_t got;
	int rc;

	c->relay->handshakes_left--;
	got = n ? noise_read(n, msg, len, hello, sizeof(hello)) : -1;
	rc = got < 0 ? -1 : relay_hello_read(hello, (size_t)got, &version);
	if (rc == -1 || !answer(c, n)) {
		noise_free(n);
		conn_cut(c);
		return;
	}
	noise_split(n, &c->tx, &c->rx);
	memcpy(c->hash, noise_hash(n), NOISE_HASH);
	conn_up(c);
	noise_free(n);
	if (rc == -2) {
		/* Our versions stand in the answer; more is not to be said. */
		c->relay->stats.failed++;
		conn_close(c);
		return;
	}
	c->relay->stats.handshakes++;
}

/* False: other bytes than ours.  The first wrong one is enough: they may
 * wait for an answer before they send more. */
static bool
is_preface(const uint8_t *p, size_t len)
{
	static const uint8_t known[] = { 'p', '2', 'p', 'r', RELAY_VERSION };

	if (memcmp(p, known, len < sizeof(known) ? len : sizeof(known)) != 0)
		return false;
	if (len > 5 && p[5] != RELAY_NK && p[5] != RELAY_NX)
		return false;
	return (len <= 6 || p[6] == 0) && (len <= 7 || p[7] == 0);
}

void
shake_take(struct conn *c, const uint8_t *p, size_t len)
{
	const uint8_t *msg = p + RELAY_PREFACE;
	size_t n;

	if (!is_preface(p, len)) {
		conn_cut(c);
		return;
	}
	if (len < RELAY_PREFACE + LEN)
		return;
	n = get_u16(msg);
	/* Longer than the longest, or more than one: nobody can go on before
	 * our answer. */
	if (n == 0 || n > RELAY_HANDSHAKE_MAX ||
	    len > RELAY_PREFACE + LEN + n) {
		conn_cut(c);
		return;
	}
	if (len == RELAY_PREFACE + LEN + n)
		shake(c, p, msg + LEN, n);
}
