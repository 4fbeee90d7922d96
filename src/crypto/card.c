#include "card.h"

#include <assert.h>
#include <string.h>

#include "cur.h"
#include "enc.h"
#include "label.h"

static const char link_prefix[] = "p2ptui:";

void
card_write(struct buf *out, const struct card *c, const struct identity *id)
{
	const struct pubkeys *k = identity_keys(id);
	uint8_t sig[SIG_LEN];
	size_t start = out->len, i;

	assert(c->n_relays <= CARD_RELAYS_MAX);
	buf_u8(out, c->vmin);
	buf_u8(out, c->vmax);
	buf_u16(out, c->flags);
	buf_u64(out, c->serial);
	buf_put(out, k->ed, KEY_LEN);
	buf_put(out, k->x, KEY_LEN);
	buf_put(out, c->spk, KEY_LEN);
	buf_u64(out, c->spk_expiry);
	buf_u16(out, (uint16_t)c->n_relays);
	for (i = 0; i < c->n_relays; i++)
		buf_lp(out, c->relays[i], strlen(c->relays[i]));
	buf_lp(out, c->name, strlen(c->name));
	identity_sign(id, LABEL_CARD, out->at + start, out->len - start, sig);
	buf_put(out, sig, SIG_LEN);
}

/* A text of at most max bytes into dst[max + 1].  A NUL inside would make
 * two spellings of one text. */
static int
read_text(struct cur *cur, char *dst, size_t max)
{
	const uint8_t *p;
	size_t len;

	p = cur_lp(cur, max, &len);
	if (p == NULL)
		return -1;
	if (memchr(p, '\0', len) != NULL)
		return -1;
	memcpy(dst, p, len);
	dst[len] = '\0';
	return 0;
}

static int
read_body(struct cur *cur, struct card *c)
{
	static const uint8_t none[KEY_LEN];
	size_t i;

	c->vmin = cur_u8(cur);
	c->vmax = cur_u8(cur);
	c->flags = cur_u16(cur);
	c->serial = cur_u64(cur);
	cur_copy(cur, c->keys.ed, KEY_LEN);
	cur_copy(cur, c->keys.x, KEY_LEN);
	cur_copy(cur, c->spk, KEY_LEN);
	c->spk_expiry = cur_u64(cur);
	c->n_relays = cur_u16(cur);
	if (!cur_ok(cur) || c->n_relays > CARD_RELAYS_MAX)
		return -1;
	for (i = 0; i < c->n_relays; i++)
		if (read_text(cur, c->relays[i], CARD_RELAY_MAX) < 0 ||
		    c->relays[i][0] == '\0')
			return -1;
	if (read_text(cur, c->name, CARD_NAME_MAX) < 0)
		return -1;
	if (c->vmin == 0 || c->vmin > c->vmax)
		return -1;
	if (memcmp(c->spk, none, KEY_LEN) != 0 && x_is_low_order(c->spk))
		return -1;
	return 0;
}

int
card_read(struct card *c, const void *p, size_t len)
{
	struct cur cur;
	struct card got = { 0 };
	size_t body_len;
	const uint8_t *sig;

	if (len > CARD_MAX)
		return -1;
	cur_init(&cur, p, len);
	if (read_body(&cur, &got) < 0)
		return -1;
	body_len = len - cur.left;
	sig = cur_take(&cur, SIG_LEN);
	if (!cur_done(&cur) || !keys_are_usable(&got.keys) ||
	    !keys_verify(&got.keys, LABEL_CARD, p, body_len, sig))
		return -1;
	*c = got;
	return 0;
}

void
card_link(struct buf *out, const void *card, size_t len)
{
	char text[BASE64_LEN(CARD_MAX)];

	assert(len <= CARD_MAX);
	enc_base64url(text, card, len);
	buf_put(out, link_prefix, strlen(link_prefix));
	buf_put(out, text, strlen(text));
}

int
card_from_link(struct card *c, const char *link)
{
	uint8_t card[CARD_MAX];
	ssize_t len;

	if (strncmp(link, link_prefix, strlen(link_prefix)) != 0)
		return -1;
	len = dec_base64url(card, sizeof(card), link + strlen(link_prefix));
	if (len < 0)
		return -1;
	return card_read(c, card, (size_t)len);
}
