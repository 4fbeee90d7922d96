#include "prekey.h"

#include <string.h>

#include "cur.h"
#include "secret.h"

static void
drop_oldest(struct prekeys *k)
{
	k->n--;
	memmove(k->at, k->at + 1, k->n * sizeof(*k->at));
	wipe(k->at + k->n, sizeof(*k->at));
}

bool
prekeys_renew(struct prekeys *k, int64_t now_s)
{
	uint64_t now = now_s > 0 ? (uint64_t)now_s : 0;
	struct prekey *made;

	/* A day more, for clocks that differ. */
	while (k->n > 0 && k->at[0].made_s + PREKEY_DAYS_S + 86400 < now)
		drop_oldest(k);
	if (k->n > 0 && k->at[k->n - 1].made_s + PREKEY_WEEK_S > now &&
	    k->at[k->n - 1].made_s <= now + PREKEY_WEEK_S)
		return false;
	if (k->n == PREKEYS_MAX)
		drop_oldest(k);
	made = &k->at[k->n++];
	made->made_s = now;
	x_pair_new(made->secret, made->public);
	envelope_key_id(made->id, made->public);
	return true;
}

const struct prekey *
prekeys_newest(const struct prekeys *k)
{
	return k->n > 0 ? &k->at[k->n - 1] : NULL;
}

const struct prekey *
prekeys_find(const struct prekeys *k, const uint8_t id[ENVELOPE_ID])
{
	for (size_t i = 0; i < k->n; i++)
		if (memcmp(k->at[i].id, id, ENVELOPE_ID) == 0)
			return &k->at[i];
	return NULL;
}

uint64_t
prekey_expiry(const struct prekey *k)
{
	return k->made_s + PREKEY_DAYS_S;
}

void
prekeys_clear(struct prekeys *k)
{
	wipe(k, sizeof(*k));
}

void
prekeys_write(struct buf *out, const struct prekeys *k)
{
	buf_u8(out, (uint8_t)k->n);
	for (size_t i = 0; i < k->n; i++) {
		buf_u64(out, k->at[i].made_s);
		buf_put(out, k->at[i].secret, KEY_LEN);
	}
}

int
prekeys_read(struct prekeys *k, const void *p, size_t len)
{
	struct cur c;
	size_t n;

	prekeys_clear(k);
	cur_init(&c, p, len);
	n = cur_u8(&c);
	if (n > PREKEYS_MAX)
		return -1;
	for (size_t i = 0; i < n; i++) {
		k->at[i].made_s = cur_u64(&c);
		cur_copy(&c, k->at[i].secret, KEY_LEN);
		if (k->at[i].made_s > UINT64_MAX / 2)
			return -1;
		x_public(k->at[i].public, k->at[i].secret);
		envelope_key_id(k->at[i].id, k->at[i].public);
	}
	if (!cur_done(&c))
		return -1;
	k->n = n;
	return 0;
}
