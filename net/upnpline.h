/*
 * upnpline - the words between p2ptui and the child that speaks UPnP.
 *
 *	to the child              from it
 *	find LOCAL GATEWAY [URL]  igd URL | none WORD
 *	map PROTO IN OUT LEASE    ok PROTO IP PORT LEASE | failed PROTO CODE
 *	unmap PROTO OUT           gone PROTO | failed PROTO CODE
 *
 * One line each, ended by \n; one answer for each request, in their order.
 * The child reads what a device on the LAN sends, so what it says is as
 * hostile as that device: numbers, addresses, one URL of plain characters,
 * and no text that anybody would be shown.  Pure codec.
 */
#ifndef UPNPLINE_H
#define UPNPLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "lease.h"

enum {
	UPNP_URL = 256,			/* with its NUL */
	UPNP_LINE = 400,		/* with its \n and NUL */
	UPNP_SAID_MAX = 4096		/* all that one child may say */
};

/* Why there is no router to ask: the words of "none". */
enum upnp_none {
	UPNP_NOBODY,			/* no answer to the search */
	UPNP_ELSEWHERE,			/* answers, but not of the gateway */
	UPNP_NO_IGD,			/* its description makes no sense */
	UPNP_OFFLINE,			/* it says it is not connected */
	UPNP_NONES
};

enum upnp_word {
	UPNP_FIND, UPNP_MAP, UPNP_UNMAP,		/* requests */
	UPNP_IGD, UPNP_NONE, UPNP_OK, UPNP_GONE, UPNP_FAILED
};

/* One line, either way. */
struct upnp_line {
	enum upnp_word word;
	enum lease_proto proto;
	struct addr local, gateway;	/* FIND */
	char url[UPNP_URL];		/* FIND ("" none), IGD */
	uint16_t port;			/* MAP: internal */
	struct addr ext;		/* OK; MAP, UNMAP: the port alone */
	uint32_t lease_s;		/* MAP, OK; 0 lasts for ever */
	enum upnp_none none;
	int code;			/* FAILED: of UPnP, or negative */
};

/* Printable ASCII without blanks, beginning with http://, not too long. */
bool upnp_url_is_plain(const char *url);
/* Writes the line with its \n and a NUL; its length without the NUL. */
size_t upnp_line_write(char out[UPNP_LINE], const struct upnp_line *l);
/* `text` without the \n.  0, -1: no line of ours. */
int upnp_line_read(struct upnp_line *l, const char *text, size_t len);

/* For people.  Codes: IGD standard (718 ..), or of the library. */
const char *upnp_none_text(enum upnp_none none);
const char *upnp_code_text(int code);

#endif
