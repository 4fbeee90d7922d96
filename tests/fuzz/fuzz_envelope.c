/*
 * Envelopes: what a relay hands over as mail.
 *
 * Authentication stops nearly everything, so an envelope of our own is
 * opened, too, with one byte of it changed: that must never pass; and the
 * input is sealed and opened again, which must give it back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "envelope.h"
#include "rand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct identity *alice, *bob;
static uint8_t secret[KEY_LEN], public[KEY_LEN];

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static void
start(void)
{
	uint8_t seed[32] = { 1 };

	if (alice)
		return;
	check(crypto_start(NULL) == 0);
	alice = identity_from_seed(seed);
	seed[0] = 2;
	bob = identity_from_seed(seed);
	memset(secret, 3, sizeof(secret));
	x_public(public, secret);
}

static void
try_bytes(const uint8_t *data, size_t len)
{
	uint8_t id[ENVELOPE_ID], sender[KEY_LEN], sig[SIG_LEN];
	struct reseal r;
	struct buf out;

	buf_init(&out);
	envelope_look(data, len, id);
	envelope_open_letter(&out, bob, secret, identity_keys(alice), data,
	    len);
	envelope_open_request(&out, bob, secret, sender, data, len);
	if (envelope_open_reseal(&r, sig, bob, sender, data, len) == 0)
		reseal_verify(&r, sig, identity_keys(alice),
		    identity_id(bob));
	buf_clear(&out);
}

static void
try_sealed(const uint8_t *data, size_t len)
{
	const struct envelope_way w = { alice, identity_id(bob), public,
		secret };
	struct buf sealed, out;
	size_t at;

	buf_init(&sealed);
	buf_init(&out);
	check(envelope_letter(&sealed, &w, data, len) ==
	    (len <= ENVELOPE_CONTENT ? 0 : -1));
	if (sealed.len > 0) {
		check(envelope_open_letter(&out, bob, secret,
		    identity_keys(alice), sealed.at, sealed.len) == 0);
		check(out.len == len && (len == 0 ||
		    memcmp(out.at, data, len) == 0));
	}
	if (sealed.len > 0 && len >= 3 && data[2] != 0) {
		at = (size_t)(data[0] | data[1] << 8) % sealed.len;
		sealed.at[at] ^= data[2];
		check(envelope_open_letter(&out, bob, secret,
		    identity_keys(alice), sealed.at, sealed.len) < 0);
	}
	buf_clear(&sealed);
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	start();
	try_bytes(data, len);
	try_sealed(data, len);
	return 0;
}
