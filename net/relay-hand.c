#include "relay-link-own.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "enc.h"
#include "label.h"

static const uint8_t *
expected_key(struct relay_link *l)
{
	const struct carrier_events *chat = l->setup.chat;
	char where[ROUTE_TEXT];

	if (l->setup.route.has_key)
		return l->setup.route.key;
	route_where(&l->setup.route, where);
	l->is_pinned = chat->relay_key(chat->chat, where, l->key);
	return l->is_pinned ? l->key : NULL;
}

void
relay_hand_begin(struct relay_link *l)
{
	struct buf *out = stream_out(l->stream), prologue;
	const uint8_t *key = expected_key(l);
	uint8_t hello[RELAY_HELLO], *p;
	struct noise_setup setup = { .initiator = true };
	ssize_t n;

	l->kind = key && !l->ask_key ? RELAY_NK : RELAY_NX;
	memcpy(l->preface, (const uint8_t[]){ 'p', '2', 'p', 'r',
	    RELAY_VERSION, (uint8_t)l->kind, 0, 0 }, RELAY_PREFACE);
	buf_init(&prologue);
	buf_lp(&prologue, LABEL_RELAY, strlen(LABEL_RELAY));
	buf_put(&prologue, l->preface, RELAY_PREFACE);
	setup.pattern = l->kind == RELAY_NK ? NOISE_NK : NOISE_NX;
	setup.rs = l->kind == RELAY_NK ? key : NULL;
	setup.prologue = prologue.at;
	setup.prologue_len = prologue.len;
	l->noise = noise_new(&setup);
	buf_clear(&prologue);
	if (!l->noise) {
		relay_link_fail(l, "its key is not usable");
		return;
	}
	relay_hello_write(hello);
	buf_put(out, l->preface, RELAY_PREFACE);
	p = buf_space(out, RELAY_LINK_LEN + RELAY_HANDSHAKE_MAX);
	n = noise_write(l->noise, hello, sizeof(hello), p + RELAY_LINK_LEN,
	    RELAY_HANDSHAKE_MAX);
	assert(n > 0);
	put_u16(p, (uint16_t)n);
	buf_added(out, RELAY_LINK_LEN + (size_t)n);
	stream_touch(l->stream);
}

static void
tell_key(struct relay_link *l, const char *fmt)
{
	const struct carrier_events *chat = l->setup.chat;
	char where[ROUTE_TEXT], key[BASE32_LEN(KEY_LEN)];
	char text[ROUTE_TEXT + 400];

	route_where(&l->setup.route, where);
	enc_base32(key, noise_remote(l->noise), KEY_LEN);
	snprintf(text, sizeof(text), "relay %s %s%s", where, fmt, key);
	chat->notice(chat->chat, text);
}

/* After NX: the relay has proven this key, whether it is the right one is
 * for us to say. */
static bool
is_right_key(struct relay_link *l, const uint8_t *key)
{
	const struct carrier_events *chat = l->setup.chat;
	char where[ROUTE_TEXT];

	if (l->is_pinned) {
		l->ask_key = false;
		if (memcmp(key, l->key, KEY_LEN) == 0)
			return true;
		if (!l->told_key)
			tell_key(l, "shows another key than before and was "
			    "refused: somebody may be in between, or it was "
			    "set up anew; if its owner says so, give its "
			    "address with the new key: #");
		l->told_key = true;
		return false;
	}
	route_where(&l->setup.route, where);
	memcpy(l->key, key, KEY_LEN);
	chat->pin_relay(chat->chat, where, key);
	tell_key(l, "pinned: from now on it must have the key ");
	return true;
}

/* The key was proven: is it the right one? */
static void
end_handshake(struct relay_link *l)
{
	const uint8_t *key = noise_remote(l->noise);

	if (l->kind == RELAY_NX && !is_right_key(l, key)) {
		relay_link_fail(l, "it shows another key than the pinned one");
		return;
	}
	memcpy(l->key, key, KEY_LEN);
	l->has_key = true;
	memcpy(l->hash, noise_hash(l->noise), NOISE_HASH);
	noise_split(l->noise, &l->tx, &l->rx);
	noise_free(l->noise);
	l->noise = NULL;
	relay_link_be_up(l);
}

/* NK failed: is another key there now? */
void
relay_hand_failed(struct relay_link *l, const char *why)
{
	if (l->kind == RELAY_NK && l->is_pinned && !l->ask_key) {
		l->ask_key = true;
		relay_link_redial(l);
		return;
	}
	l->ask_key = false;
	relay_link_fail(l, l->kind == RELAY_NK && !l->is_pinned ?
	    "it is no relay, or not the one with the key of its address" :
	    why);
}

void
relay_hand_take(struct relay_link *l, const uint8_t *msg, size_t len)
{
	uint8_t payload[RELAY_HANDSHAKE_MAX];
	ssize_t n = noise_read(l->noise, msg, len, payload, sizeof(payload));
	unsigned version;
	char text[80];
	int rc;

	if (n < 0) {
		relay_hand_failed(l, "the handshake failed");
		return;
	}
	rc = relay_welcome_read(&l->welcome, payload, (size_t)n, &version);
	if (rc == -2) {
		snprintf(text, sizeof(text), "it speaks version %u of the "
		    "protocol, this is version %d", version, RELAY_VERSION);
		relay_link_fail(l, text);
	} else if (rc != 0)
		relay_link_fail(l, "it does not speak p2ptui");
	else
		end_handshake(l);
}
