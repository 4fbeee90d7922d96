#include "mine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "routes.h"
#include "turn.h"

static const char drops_name[] = "relay-drops";

int
mine_new_serial(struct chat *c, struct err *e)
{
	uint64_t now = (uint64_t)(loop_wall_ms(c->loop) / 1000);
	uint64_t serial = c->serial + 1 > now ? c->serial + 1 : now;
	uint8_t bytes[8];

	put_u64(bytes, serial);
	if (store_set_value(c->store, "serial", bytes, sizeof(bytes), e) < 0)
		return -1;
	c->serial = serial;
	return 0;
}

int
mine_renew_prekey(struct chat *c, struct err *e)
{
	struct buf b;
	int done;

	if (!prekeys_renew(&c->prekeys, loop_wall_ms(c->loop) / 1000))
		return 0;
	buf_init(&b);
	prekeys_write(&b, &c->prekeys);
	done = store_set_value(c->store, "prekeys", b.at, b.len, e);
	buf_wipe(&b);
	buf_clear(&b);
	if (done < 0 || mine_new_serial(c, e) < 0)
		return -1;
	c->announce = true;
	turn_urgent(c);
	return 0;
}

static int
load_prekeys(struct chat *c, struct err *e)
{
	struct buf b;
	int found;

	buf_init(&b);
	found = store_value(c->store, "prekeys", &b, e);
	if (found == 1 && prekeys_read(&c->prekeys, b.at, b.len) < 0)
		found = err_set(e, STATUS_DAMAGED,
		    "the stored value \"prekeys\" is damaged");
	buf_wipe(&b);
	buf_clear(&b);
	return found < 0 ? -1 : 0;
}

int
mine_load(struct chat *c, struct err *e)
{
	if (routes_load(c, e) < 0 || load_prekeys(c, e) < 0)
		return -1;
	return mine_renew_prekey(c, e);
}

void
mine_card(struct chat *c, struct buf *out)
{
	struct card card = { .vmin = FRAME_VERSION, .vmax = FRAME_VERSION,
		.serial = c->serial, .keys = *identity_keys(c->id) };
	const struct prekey *key = prekeys_newest(&c->prekeys);

	/* Signed once for each change, not for each link. */
	if (c->card.len == 0 || c->card_serial != c->serial) {
		memcpy(card.name, c->name, sizeof(card.name));
		if (key) {
			memcpy(card.spk, key->public, KEY_LEN);
			card.spk_expiry = prekey_expiry(key);
		}
		card.n_relays = c->places.n;
		memcpy(card.relays, c->places.at, sizeof(card.relays));
		buf_empty(&c->card);
		card_write(&c->card, &card, c->id);
		c->card_serial = c->serial;
	}
	buf_put(out, c->card.at, c->card.len);
}

/* ---- relays ------------------------------------------------------------- */

static struct pin *
find_pin(const struct chat *c, const char *where)
{
	for (size_t i = 0; i < c->n_pins; i++)
		if (strcmp(c->pins[i].where, where) == 0)
			return &c->pins[i];
	return NULL;
}

/* In memory, too: a store that keeps nothing must not forget it before the
 * end. */
static void
remember(struct chat *c, const char *where, const uint8_t key[KEY_LEN])
{
	struct pin *pin = find_pin(c, where);

	if (!pin && c->n_pins == PINS_MAX)
		return;
	if (!pin) {
		c->pins = mem_resize(c->pins, c->n_pins + 1,
		    sizeof(*c->pins));
		pin = &c->pins[c->n_pins++];
		snprintf(pin->where, sizeof(pin->where), "%s", where);
	}
	memcpy(pin->key, key, KEY_LEN);
}

static void
name_pin(const char *where, char name[ROUTE_TEXT + 16])
{
	snprintf(name, ROUTE_TEXT + 16, "relay-pin:%.*s", ROUTE_TEXT - 1,
	    where);
}

bool
mine_relay_key(void *chat, const char *where, uint8_t key[KEY_LEN])
{
	struct chat *c = chat;
	const struct pin *pin = find_pin(c, where);
	char name[ROUTE_TEXT + 16];
	struct err why = { 0 };
	struct buf b;
	int found;

	if (pin) {
		memcpy(key, pin->key, KEY_LEN);
		return true;
	}
	name_pin(where, name);
	buf_init(&b);
	found = store_value(c->store, name, &b, &why);
	if (found < 0)
		log_warn("%s", why.what);
	if (found == 1 && b.len == KEY_LEN)
		memcpy(key, b.at, KEY_LEN);
	else
		found = 0;
	buf_clear(&b);
	return found == 1;
}

void
mine_pin_relay(void *chat, const char *where, const uint8_t key[KEY_LEN])
{
	struct chat *c = chat;
	char name[ROUTE_TEXT + 16];
	struct err why = { 0 };

	if (strlen(where) >= ROUTE_TEXT)
		return;
	remember(c, where, key);
	name_pin(where, name);
	if (store_set_value(c->store, name, key, KEY_LEN, &why) < 0)
		turn_fail(c, &why, false);
	else
		turn_urgent(c);
}

/* ---- mailboxes to drop -------------------------------------------------- */

void
mine_owed_drops(void *chat, struct buf *out)
{
	struct chat *c = chat;
	struct err why = { 0 };

	if (store_value(c->store, drops_name, out, &why) < 0)
		log_warn("%s", why.what);
}

void
mine_keep_drops(void *chat, const void *p, size_t len)
{
	struct chat *c = chat;
	struct err why = { 0 };

	if (store_set_value(c->store, drops_name, p, len, &why) < 0)
		turn_fail(c, &why, false);
	else
		turn_urgent(c);
}
