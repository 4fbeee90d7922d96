/*
 * The inside of a relay's record: messages back to back.  What is understood
 * has one spelling.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "relaywire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct relay_welcome w;
	struct relay_msg m;
	unsigned version;
	struct buf b;

	if (len == RELAY_WELCOME)
		relay_welcome_read(&w, data, len, &version);
	buf_init(&b);
	while (len > 0) {
		size_t n = relay_msg_read(&m, data, len);

		if (n == 0)
			break;
		if (n > len)
			abort();
		if (m.op != 0) {
			buf_empty(&b);
			relay_msg_write(&b, &m);
			if (b.len != n || memcmp(b.at, data, n) != 0)
				abort();
		}
		data += n;
		len -= n;
	}
	buf_clear(&b);
	return 0;
}
