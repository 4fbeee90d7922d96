/*
 * Frames: whatever is called good is written back as it came, and the rows
 * of a contact's numbers never take what they did not write.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "numbers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
try_frame(const uint8_t *data, size_t len)
{
	struct frame f;
	struct buf b;

	if (frame_read(&f, data, len) != FRAME_GOOD)
		return;
	buf_init(&b);
	frame_write(&b, &f);
	if (b.len != len || memcmp(b.at, data, len) != 0)
		abort();
	buf_clear(&b);
}

/* The bitmap may be spelled in ways we do not; what was read once must be
 * read again the same. */
static void
try_numbers(const uint8_t *data, size_t len)
{
	struct numbers n, again;
	struct buf one, two;

	if (numbers_read(&n, data, len) < 0)
		return;
	buf_init(&one);
	buf_init(&two);
	numbers_write(&one, &n);
	if (numbers_read(&again, one.at, one.len) < 0)
		abort();
	numbers_write(&two, &again);
	if (one.len != two.len || memcmp(one.at, two.at, one.len) != 0)
		abort();
	for (size_t i = 0; i < n.seen.n; i++)
		windows_see(&n.seen, n.seen.at[i].epoch,
		    n.seen.at[i].cum + 1 + len % 5000, len % 3 == 0);
	numbers_clear(&n);
	numbers_clear(&again);
	buf_clear(&one);
	buf_clear(&two);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	try_frame(data, len);
	try_numbers(data, len);
	return 0;
}
