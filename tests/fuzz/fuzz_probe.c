/*
 * Bodies of RECORD_PATHS from a contact, and probes from anybody: the first
 * byte says which.  What is taken has one spelling, but for what is
 * skipped; without the key nobody makes a probe.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probe.h"
#include "rand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
paths(const uint8_t *data, size_t len)
{
	struct paths_msg m, back;
	struct buf out, again;

	if (paths_read(&m, data, len) != 0)
		return;
	if (m.n_cands > CANDS_MAX || len > PATHS_MAX)
		abort();
	buf_init(&out);
	buf_init(&again);
	paths_write(&out, &m);
	if (out.len > len || paths_read(&back, out.at, out.len) != 0)
		abort();
	paths_write(&again, &back);
	if (again.len != out.len || memcmp(again.at, out.at, out.len) != 0)
		abort();
	buf_clear(&out);
	buf_clear(&again);
}

static void
probe(const uint8_t *data, size_t len)
{
	static const uint8_t key[PROBE_KEY] = { 1, 2, 3 };
	uint8_t out[PROBE_LEN];
	struct probe p, back;

	if (probe_read(&p, data, len, key) == 0) {
		probe_write(out, &p, key);
		if (memcmp(out, data, 9) != 0)
			abort();
		return;
	}
	/* Sealed by us it is read, whatever it says. */
	if (len != PROBE_LEN)
		return;
	memset(&p, 0, sizeof(p));
	p.is_pong = data[0] & 1;
	memcpy(&p.txid, data + 1, 8);
	memcpy(&p.epoch, data + 9, p.is_pong ? 0 : 8);
	addr_read(&p.seen, data + 18);
	probe_write(out, &p, key);
	if (probe_read(&back, out, sizeof(out), key) != 0 ||
	    back.is_pong != p.is_pong || back.txid != p.txid ||
	    back.epoch != p.epoch)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static bool is_ready;

	if (!is_ready && crypto_start(NULL) != 0)
		abort();
	is_ready = true;
	if (len == 0)
		return 0;
	if (data[0] & 1)
		paths(data + 1, len - 1);
	else
		probe(data + 1, len - 1);
	return 0;
}
