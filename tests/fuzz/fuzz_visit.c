/*
 * Bytes of visitors at a nameplate.  What is taken has one spelling, and what
 * comes in pieces is what comes at once.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "visit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
try_hello(const uint8_t *data, size_t len)
{
	char plate[CODE_PLATE + 1];
	uint8_t out[VISIT_HELLO];
	enum visit_part part, whole = visit_hello_read(plate, data, len);

	for (size_t n = 0; n < len && n < VISIT_HELLO; n++) {
		char early[CODE_PLATE + 1];

		part = visit_hello_read(early, data, n);
		/* Nothing is taken back. */
		if (part == VISIT_PART_WHOLE || (part == VISIT_PART_ALIEN &&
		    whole != VISIT_PART_ALIEN))
			abort();
	}
	if (whole != VISIT_PART_WHOLE)
		return;
	if (visit_begins(data, len) != VISIT_PART_WHOLE ||
	    !visit_is_plate(plate))
		abort();
	visit_hello_write(out, plate);
	if (memcmp(out, data, sizeof(out)) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *msg;
	struct buf out;
	size_t n, at = 0;

	visit_begins(data, len);
	try_hello(data, len);
	buf_init(&out);
	while (visit_msg_read(&msg, &n, data + at, len - at) ==
	    VISIT_PART_WHOLE) {
		if (visit_msg_write(&out, msg, n) != 0)
			abort();
		at += VISIT_HEAD + n;
	}
	if (out.len != at || (at > 0 && memcmp(out.at, data, at) != 0))
		abort();
	buf_clear(&out);
	return 0;
}
