/*
 * STUN from anybody who can send a packet.  What is taken can be answered,
 * and the answer gives the address back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct stun_msg m, back;
	struct buf out;

	if (stun_read(&m, data, len) != 0)
		return 0;
	if (!stun_is(data, len))
		abort();
	if (!m.has_addr)
		return 0;
	if (!addr_is_host(&m.addr) || m.addr.port == 0)
		abort();
	buf_init(&out);
	stun_write_response(&out, m.id, &m.addr);
	if (stun_read(&back, out.at, out.len) != 0 || !back.has_addr ||
	    back.class != STUN_RESPONSE ||
	    !addr_equal(&back.addr, &m.addr) ||
	    memcmp(back.id, m.id, STUN_ID) != 0)
		abort();
	buf_clear(&out);
	return 0;
}
