/*
 * Cards and contact links: what a stranger hands over to say who they are.
 *
 * The signature stops nearly everything, so a card of our own is read, too,
 * with one byte of it changed: that must never pass.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "rand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
try_bytes(const uint8_t *data, size_t len)
{
	struct card c, again;
	struct buf link;

	if (card_read(&c, data, len) != 0)
		return;
	buf_init(&link);
	card_link(&link, data, len);
	if (card_from_link(&again, buf_str(&link)) != 0 ||
	    memcmp(&c, &again, sizeof(c)) != 0)
		abort();
	buf_clear(&link);
}

static void
try_link(const uint8_t *data, size_t len)
{
	struct card c;
	struct buf text;

	buf_init(&text);
	buf_put(&text, "p2ptui:", 7);
	buf_put(&text, data, len);
	card_from_link(&c, buf_str(&text));
	buf_drop(&text, 7);
	card_from_link(&c, buf_str(&text));
	buf_clear(&text);
}

static void
try_changed(const uint8_t *data, size_t len)
{
	static struct buf card;
	struct card c = { .vmin = 1, .vmax = 1, .serial = 7, .name = "me" };

	if (card.len == 0) {
		struct err e = { 0 };
		uint8_t seed[32] = { 1 };
		struct identity *id;

		if (crypto_start(&e) != 0)
			abort();
		id = identity_from_seed(seed);
		c.keys = *identity_keys(id);
		card_write(&card, &c, id);
		identity_free(id);
	}
	if (card_read(&c, card.at, card.len) != 0)
		abort();
	if (len < 3 || data[2] == 0)
		return;
	len = (size_t)(data[0] | data[1] << 8) % card.len;
	card.at[len] ^= data[2];
	if (card_read(&c, card.at, card.len) == 0)
		abort();
	card.at[len] ^= data[2];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	try_changed(data, len);
	try_bytes(data, len);
	try_link(data, len);
	return 0;
}
