/*
 * What a router, or who claims to be it, sends: datagrams of port 5351, and
 * the lines of the child that speaks UPnP.  A line that is taken is written
 * and read back the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pcp.h"
#include "upnpline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
try_line(const char *text, size_t len)
{
	struct upnp_line l, again;
	char out[UPNP_LINE];
	size_t n;

	if (upnp_line_read(&l, text, len) != 0)
		return;
	n = upnp_line_write(out, &l);
	if (n == 0 || n >= UPNP_LINE || out[n - 1] != '\n' ||
	    strlen(out) != n)
		abort();
	for (size_t i = 0; i + 1 < n; i++) {
		if (out[i] < ' ' || out[i] > '~')
			abort();
	}
	if (upnp_line_read(&again, out, n - 1) != 0 ||
	    again.word != l.word || again.proto != l.proto ||
	    again.port != l.port || again.lease_s != l.lease_s ||
	    again.none != l.none || again.code != l.code ||
	    !addr_equal(&again.ext, &l.ext) ||
	    !addr_equal(&again.local, &l.local) ||
	    !addr_equal(&again.gateway, &l.gateway) ||
	    strcmp(again.url, l.url) != 0)
		abort();
	if (!*upnp_none_text(l.none) || !*upnp_code_text(l.code))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pcp_answer a;

	if (pcp_read(&a, data, len) == 0) {
		if (!*pcp_result_text(a.version, a.result))
			abort();
		if (a.kind == PCP_MAPPED && a.map.proto != PCP_TCP &&
		    a.map.proto != PCP_UDP)
			abort();
	}
	try_line((const char *)data, len);
	return 0;
}
