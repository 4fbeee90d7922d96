#include "upnp.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <miniupnpc/upnperrors.h>

#include "sandbox.h"
#include "upnpline.h"

enum {
	LIFE_S = 20,			/* the parent's patience is 15 */
	SEARCH_MS = 1000,		/* for answers to the search */
	TTL = 2,			/* UPnP Device Architecture 1.3.2 */
	CONFLICT = 718
};

/* UPNP_GetValidIGD's answers, whose numbers moved with API 18. */
enum found {
	FOUND_NOTHING,
	FOUND_IGD,
	FOUND_OFFLINE,
	FOUND_OTHER
};

struct child {
	struct UPNPUrls urls;
	struct IGDdatas data;
	bool has_igd;
	char local[64];			/* mine, towards the router */
	struct addr ext;		/* of the router; port 0 */
	bool has_ext;
	char in[2 * UPNP_LINE];
	size_t n_in;
};

bool
upnp_is_child(int argc, char **argv)
{
	return argc == 2 && strcmp(argv[1], UPNP_CHILD_OPTION) == 0;
}

/* Codes are what the router wrote, of any size. */
static int
plain_code(int code)
{
	return code >= -999 && code <= 999 ? code : UPNPCOMMAND_UNKNOWN_ERROR;
}

static void
answer(const struct upnp_line *l)
{
	char text[UPNP_LINE];
	size_t len = upnp_line_write(text, l);

	/* A parent that is gone wants the rest done all the same. */
	if (write(STDIN_FILENO, text, len) != (ssize_t)len)
		return;
}

/* ---- the router -------------------------------------------------------- */

/* http://HOST:PORT/..: HOST is the gateway's address, in digits. */
static bool
is_at(const char *url, const struct addr *gateway)
{
	char ip[ADDR_TEXT];
	size_t len;

	addr_format_ip(gateway, ip);
	len = strlen(ip);
	return upnp_url_is_plain(url) && strncmp(url + 7, ip, len) == 0 &&
	    (url[7 + len] == ':' || url[7 + len] == '/');
}

/* Cuts the list in two: the gateway's own devices are returned. */
static struct UPNPDev *
pick(struct UPNPDev **list, const struct addr *gateway)
{
	struct UPNPDev *ours = NULL, **at = list;

	while (*at) {
		struct UPNPDev *d = *at;

		if (is_at(d->descURL, gateway)) {
			*at = d->pNext;
			d->pNext = ours;
			ours = d;
		} else {
			at = &d->pNext;
		}
	}
	return ours;
}

static enum found
take_igd(struct child *c, struct UPNPDev *list)
{
#if MINIUPNPC_API_VERSION >= 18
	char wan[64];
	/* 2: an address outside that is private, which its owner finds out. */
	static const enum found founds[] = { FOUND_NOTHING, FOUND_IGD,
		FOUND_IGD, FOUND_OFFLINE, FOUND_OTHER };
	int r = UPNP_GetValidIGD(list, &c->urls, &c->data, c->local,
	    sizeof(c->local), wan, sizeof(wan));
#else
	static const enum found founds[] = { FOUND_NOTHING, FOUND_IGD,
		FOUND_OFFLINE, FOUND_OTHER };
	int r = UPNP_GetValidIGD(list, &c->urls, &c->data, c->local,
	    sizeof(c->local));

	/* Here it is not connected, or its address is private. */
	if (r == 2 && UPNPIGD_IsConnected(&c->urls, &c->data))
		return FOUND_IGD;
#endif
	return r >= 0 && (size_t)r < sizeof(founds) / sizeof(*founds) ?
	    founds[r] : FOUND_NOTHING;
}

/* The address known from the last round, else a search: 10 ms, or a second
 * and more. */
static enum upnp_none
find(struct child *c, const struct upnp_line *l)
{
	static const char *const types[] = {
		"urn:schemas-upnp-org:device:InternetGatewayDevice:2",
		"urn:schemas-upnp-org:device:InternetGatewayDevice:1",
		NULL
	};
	struct UPNPDev *others, *ours;
	char local[ADDR_TEXT];
	enum found found;
	bool is_empty;
	int error;

	if (l->url[0] && is_at(l->url, &l->gateway) &&
	    UPNP_GetIGDFromUrl(l->url, &c->urls, &c->data, c->local,
	    sizeof(c->local)) == 1)
		return UPNP_NONES;
	addr_format_ip(&l->local, local);
	/* "": no daemon of this machine is asked what it heard. */
	others = upnpDiscoverDevices(types, SEARCH_MS, local, "",
	    UPNP_LOCAL_PORT_ANY, 0, TTL, &error, 1);
	is_empty = !others;
	ours = pick(&others, &l->gateway);
	found = ours ? take_igd(c, ours) : FOUND_NOTHING;
	/* Never freed: the process ends with its few requests. */
	if (is_empty)
		return UPNP_NOBODY;
	if (!ours)
		return UPNP_ELSEWHERE;
	switch (found) {
	case FOUND_IGD:
		return UPNP_NONES;
	case FOUND_OFFLINE:
		return UPNP_OFFLINE;
	case FOUND_NOTHING:
	case FOUND_OTHER:
		break;
	}
	return UPNP_NO_IGD;
}

static void
on_find(struct child *c, const struct upnp_line *l)
{
	struct upnp_line out = { .word = UPNP_NONE };

	out.none = find(c, l);
	if (out.none == UPNP_NONES) {
		/* The next round begins with it. */
		if (c->urls.rootdescURL && c->urls.controlURL &&
		    c->data.first.servicetype[0] &&
		    upnp_url_is_plain(c->urls.rootdescURL)) {
			c->has_igd = true;
			out.word = UPNP_IGD;
			memcpy(out.url, c->urls.rootdescURL,
			    strlen(c->urls.rootdescURL) + 1);
		} else {
			out.none = UPNP_NO_IGD;
		}
	}
	answer(&out);
}

/* ---- mappings ---------------------------------------------------------- */

static void
read_ext(struct child *c)
{
	char text[64] = "";

	if (c->has_ext || UPNP_GetExternalIPAddress(c->urls.controlURL,
	    c->data.first.servicetype, text) != UPNPCOMMAND_SUCCESS)
		return;
	text[sizeof(text) - 1] = '\0';
	c->has_ext = addr_parse_ip(&c->ext, text) == 0 &&
	    c->ext.family == ADDR_V4;
}

/* IGD version 2 can give any other port that is free. */
static bool
is_second(const struct child *c)
{
	size_t len = strnlen(c->data.first.servicetype,
	    sizeof(c->data.first.servicetype));

	return len >= 2 && len < sizeof(c->data.first.servicetype) &&
	    memcmp(c->data.first.servicetype + len - 2, ":2", 2) == 0;
}

static const char *
name_of(enum lease_proto proto)
{
	return proto == LEASE_TCP ? "TCP" : "UDP";
}

static void
on_map(struct child *c, const struct upnp_line *l)
{
	struct upnp_line out = { .word = UPNP_FAILED, .proto = l->proto,
		.code = UPNPCOMMAND_UNKNOWN_ERROR, .lease_s = l->lease_s };
	char in[8], ext[8], lease[16], reserved[16] = "";
	uint16_t port = l->ext.port;

	if (!c->has_igd) {
		answer(&out);
		return;
	}
	snprintf(in, sizeof(in), "%u", (unsigned)l->port);
	snprintf(ext, sizeof(ext), "%u", (unsigned)port);
	snprintf(lease, sizeof(lease), "%lu", (unsigned long)l->lease_s);
	out.code = UPNP_AddPortMapping(c->urls.controlURL,
	    c->data.first.servicetype, ext, in, c->local, "p2ptui",
	    name_of(l->proto), NULL, lease);
	if (out.code == CONFLICT && is_second(c) &&
	    UPNP_AddAnyPortMapping(c->urls.controlURL,
	    c->data.first.servicetype, ext, in, c->local, "p2ptui",
	    name_of(l->proto), NULL, lease, reserved) ==
	    UPNPCOMMAND_SUCCESS && addr_parse_port(reserved, false,
	    &port) == 0)
		out.code = UPNPCOMMAND_SUCCESS;
	if (out.code == UPNPCOMMAND_SUCCESS) {
		read_ext(c);
		out.word = UPNP_OK;
		out.ext = c->ext;
		out.ext.family = ADDR_V4;
		out.ext.port = port;
	}
	out.code = plain_code(out.code);
	answer(&out);
}

static void
on_unmap(struct child *c, const struct upnp_line *l)
{
	struct upnp_line out = { .word = UPNP_FAILED, .proto = l->proto,
		.code = UPNPCOMMAND_UNKNOWN_ERROR };
	char ext[8];

	snprintf(ext, sizeof(ext), "%u", (unsigned)l->ext.port);
	if (c->has_igd)
		out.code = UPNP_DeletePortMapping(c->urls.controlURL,
		    c->data.first.servicetype, ext, name_of(l->proto), NULL);
	if (out.code == UPNPCOMMAND_SUCCESS)
		out.word = UPNP_GONE;
	out.code = plain_code(out.code);
	answer(&out);
}

/* ---- the child --------------------------------------------------------- */

static void
obey(struct child *c, const struct upnp_line *l)
{
	switch (l->word) {
	case UPNP_FIND:
		on_find(c, l);
		break;
	case UPNP_MAP:
		on_map(c, l);
		break;
	case UPNP_UNMAP:
		on_unmap(c, l);
		break;
	case UPNP_IGD:
	case UPNP_NONE:
	case UPNP_OK:
	case UPNP_GONE:
	case UPNP_FAILED:
		_exit(2);
	}
}

/* False at the end of input. */
static bool
read_line(struct child *c, struct upnp_line *l)
{
	for (;;) {
		char *end = memchr(c->in, '\n', c->n_in);
		ssize_t n;

		if (end) {
			size_t len = (size_t)(end - c->in);

			if (upnp_line_read(l, c->in, len) != 0)
				_exit(2);
			c->n_in -= len + 1;
			memmove(c->in, end + 1, c->n_in);
			return true;
		}
		if (c->n_in == sizeof(c->in))
			_exit(2);
		n = read(STDIN_FILENO, c->in + c->n_in,
		    sizeof(c->in) - c->n_in);
		if (n <= 0)
			return false;
		c->n_in += (size_t)n;
	}
}

/* Nothing of ours is inherited: all is closed on exec.  This is for what
 * the one who started us had left open. */
static void
close_rest(void)
{
#ifdef HAVE_CLOSE_RANGE
	if (close_range(STDERR_FILENO + 1, ~0u, 0) == 0)
		return;
#endif
	for (int fd = STDERR_FILENO + 1; fd < 1024; fd++)
		close(fd);
}

_Noreturn void
upnp_child_main(void)
{
	static struct child c;
	struct upnp_line l;

	close_rest();
	signal(SIGPIPE, SIG_IGN);
	/* The filter keeps it from being put off. */
	alarm(LIFE_S);
	sandbox_enter();
	while (read_line(&c, &l))
		obey(&c, &l);
	/* No atexit: nothing here is worth running more code for. */
	_exit(0);
}
