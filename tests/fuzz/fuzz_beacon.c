/*
 * Datagrams of strangers.  What is taken has one spelling, and without its
 * secret key nobody's signature is made.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "beacon.h"
#include "rand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static bool is_ready;
	static const uint8_t hint[BEACON_HINT] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint8_t out[BEACON_MAX];
	struct beacon b;

	if (!is_ready && crypto_start(NULL) != 0)
		abort();
	is_ready = true;
	if (beacon_read(&b, data, len) != 0)
		return 0;
	if (b.kind == BEACON_HIDDEN) {
		beacon_has_hint(&b, hint);
		if (beacon_write_hidden(out, &b) != len ||
		    memcmp(out, data, len) != 0)
			abort();
		return 0;
	}
	if (b.kind == BEACON_VISIT) {
		beacon_has_hint(&b, hint);
		if (beacon_write_visit(out, &b) != len ||
		    memcmp(out, data, len) != 0)
			abort();
		return 0;
	}
	if (len != BEACON_LEN || strlen(b.name) > BEACON_NAME)
		abort();
	beacon_verify(&b, data, len);
	return 0;
}
