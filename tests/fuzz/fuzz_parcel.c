/*
 * What --import reads: the head of a parcel, and behind the seal, which only
 * somebody with the passphrase can make, the crate.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crate.h"
#include "parcel.h"
#include "rand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct got {
	uint64_t n[CRATE_KINDS];
	unsigned order;			/* the last kind */
};

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static int
on_bytes(void *arg, enum crate_kind kind, const void *p, size_t n,
    struct err *e)
{
	struct got *g = arg;

	(void)e;
	check(kind > CRATE_END && kind < CRATE_KINDS && kind >= g->order);
	check(p != NULL);
	g->order = kind;
	g->n[kind] += n;
	return 0;
}

/* In pieces, which must not matter. */
static int
try_crate(const uint8_t *data, size_t len, size_t step, struct got *g)
{
	struct crate c = { .arg = g, .bytes = on_bytes };
	struct err e;

	memset(g, 0, sizeof(*g));
	for (size_t at = 0; at < len; at += step)
		if (crate_take(&c, data + at, len - at < step ? len - at :
		    step, &e) != 0)
			return -1;
	return crate_is_whole(&c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct vault_cost cost;
	struct got a, b;
	struct err e;
	int rc;

	parcel_check(data, len, &e);
	if (len >= VAULT_HEADER &&
	    vault_read_cost(data, "P2PX", &cost) == 0)
		check(cost.ops <= VAULT_OPS_MAX);
	rc = try_crate(data, len, 7, &a);
	check(try_crate(data, len, len + 1, &b) == rc);
	if (rc >= 0)
		check(memcmp(a.n, b.n, sizeof(a.n)) == 0);
	if (rc == 1)
		check(a.n[CRATE_IDENTITY] <= VAULT_FILE_MAX &&
		    a.n[CRATE_CONFIG] <= CRATE_CONFIG_MAX);
	return 0;
}
