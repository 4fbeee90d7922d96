#include "upnpline.h"

#include <stdio.h>
#include <string.h>

enum {
	WORDS_MAX = 5,
	CODE_MAX = 9999
};

static const char *const words[] = {
	[UPNP_FIND] = "find", [UPNP_MAP] = "map", [UPNP_UNMAP] = "unmap",
	[UPNP_IGD] = "igd", [UPNP_NONE] = "none", [UPNP_OK] = "ok",
	[UPNP_GONE] = "gone", [UPNP_FAILED] = "failed"
};
static const char *const protos[LEASE_PROTOS] = {
	[LEASE_TCP] = "tcp", [LEASE_UDP] = "udp"
};
static const struct {
	const char *word, *text;
} nones[UPNP_NONES] = {
	[UPNP_NOBODY] = { "nobody", "no answer" },
	[UPNP_ELSEWHERE] = { "elsewhere",
	    "only devices that are not the gateway answered" },
	[UPNP_NO_IGD] = { "no-igd", "the answer describes no router" },
	[UPNP_OFFLINE] = { "offline",
	    "the router says it is not connected" }
};

bool
upnp_url_is_plain(const char *url)
{
	size_t len = strnlen(url, UPNP_URL);

	if (len >= UPNP_URL || strncmp(url, "http://", 7) != 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (url[i] <= ' ' || url[i] > '~')
			return false;
	}
	return true;
}

size_t
upnp_line_write(char out[UPNP_LINE], const struct upnp_line *l)
{
	char local[ADDR_TEXT], ip[ADDR_TEXT];
	const char *word = words[l->word], *proto = protos[l->proto];
	const unsigned port = l->ext.port;
	int n = 0;

	switch (l->word) {
	case UPNP_FIND:
		addr_format_ip(&l->local, local);
		addr_format_ip(&l->gateway, ip);
		n = snprintf(out, UPNP_LINE, "%s %s %s%s%s\n", word, local, ip,
		    l->url[0] ? " " : "", l->url);
		break;
	case UPNP_MAP:
		n = snprintf(out, UPNP_LINE, "%s %s %u %u %lu\n", word, proto,
		    (unsigned)l->port, port, (unsigned long)l->lease_s);
		break;
	case UPNP_UNMAP:
		n = snprintf(out, UPNP_LINE, "%s %s %u\n", word, proto, port);
		break;
	case UPNP_IGD:
		n = snprintf(out, UPNP_LINE, "%s %s\n", word, l->url);
		break;
	case UPNP_NONE:
		n = snprintf(out, UPNP_LINE, "%s %s\n", word,
		    nones[l->none].word);
		break;
	case UPNP_OK:
		addr_format_ip(&l->ext, ip);
		n = snprintf(out, UPNP_LINE, "%s %s %s %u %lu\n", word, proto,
		    ip, port, (unsigned long)l->lease_s);
		break;
	case UPNP_GONE:
		n = snprintf(out, UPNP_LINE, "%s %s\n", word, proto);
		break;
	case UPNP_FAILED:
		n = snprintf(out, UPNP_LINE, "%s %s %d\n", word, proto,
		    l->code);
		break;
	}
	return (size_t)n;
}

/* ---- reading ----------------------------------------------------------- */

/* Decimal digits only, one spelling for each number. */
static int
read_number(const char *s, uint32_t max, uint32_t *out)
{
	uint64_t n = 0;

	if (*s == '\0' || (s[0] == '0' && s[1] != '\0'))
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		n = n * 10 + (uint64_t)(*s - '0');
		if (n > max)
			return -1;
	}
	*out = (uint32_t)n;
	return 0;
}

static int
read_port(const char *s, uint16_t *out)
{
	uint32_t n;

	if (read_number(s, 65535, &n) != 0 || n == 0)
		return -1;
	*out = (uint16_t)n;
	return 0;
}

static int
read_code(const char *s, int *out)
{
	bool is_negative = *s == '-';
	uint32_t n;

	if (read_number(s + is_negative, CODE_MAX, &n) != 0 ||
	    (is_negative && n == 0))
		return -1;
	*out = is_negative ? -(int)n : (int)n;
	return 0;
}

static int
read_proto(const char *s, enum lease_proto *out)
{
	for (int i = 0; i < LEASE_PROTOS; i++) {
		if (strcmp(s, protos[i]) == 0) {
			*out = (enum lease_proto)i;
			return 0;
		}
	}
	return -1;
}

static int
read_none(const char *s, enum upnp_none *out)
{
	for (int i = 0; i < UPNP_NONES; i++) {
		if (strcmp(s, nones[i].word) == 0) {
			*out = (enum upnp_none)i;
			return 0;
		}
	}
	return -1;
}

static int
read_ip(const char *s, struct addr *out)
{
	return addr_parse_ip(out, s) == 0 && out->family == ADDR_V4 ? 0 : -1;
}

static int
read_url(const char *s, char url[UPNP_URL])
{
	if (!upnp_url_is_plain(s))
		return -1;
	memcpy(url, s, strlen(s) + 1);
	return 0;
}

/* Words and what follows them; how many words a line has in all. */
static int
read_words(struct upnp_line *l, char *const w[WORDS_MAX], int n)
{
	switch (l->word) {
	case UPNP_FIND:
		if ((n != 3 && n != 4) || read_ip(w[1], &l->local) != 0 ||
		    read_ip(w[2], &l->gateway) != 0)
			return -1;
		return n == 4 ? read_url(w[3], l->url) : 0;
	case UPNP_MAP:
		return n == 5 && read_proto(w[1], &l->proto) == 0 &&
		    read_port(w[2], &l->port) == 0 &&
		    read_port(w[3], &l->ext.port) == 0 &&
		    read_number(w[4], UINT32_MAX, &l->lease_s) == 0 ? 0 : -1;
	case UPNP_UNMAP:
		return n == 3 && read_proto(w[1], &l->proto) == 0 &&
		    read_port(w[2], &l->ext.port) == 0 ? 0 : -1;
	case UPNP_IGD:
		return n == 2 ? read_url(w[1], l->url) : -1;
	case UPNP_NONE:
		return n == 2 ? read_none(w[1], &l->none) : -1;
	case UPNP_OK:
		return n == 5 && read_proto(w[1], &l->proto) == 0 &&
		    read_ip(w[2], &l->ext) == 0 &&
		    read_port(w[3], &l->ext.port) == 0 &&
		    read_number(w[4], UINT32_MAX, &l->lease_s) == 0 ? 0 : -1;
	case UPNP_GONE:
		return n == 2 ? read_proto(w[1], &l->proto) : -1;
	case UPNP_FAILED:
		return n == 3 && read_proto(w[1], &l->proto) == 0 ?
		    read_code(w[2], &l->code) : -1;
	}
	return -1;
}

int
upnp_line_read(struct upnp_line *l, const char *text, size_t len)
{
	char line[UPNP_LINE], *w[WORDS_MAX];
	int n = 0;

	memset(l, 0, sizeof(*l));
	l->ext.family = l->local.family = l->gateway.family = ADDR_V4;
	if (len == 0 || len >= sizeof(line) || memchr(text, '\0', len))
		return -1;
	memcpy(line, text, len);
	line[len] = '\0';
	for (char *at = line; at; n++) {
		if (n == WORDS_MAX)
			return -1;
		w[n] = at;
		at = strchr(at, ' ');
		if (at)
			*at++ = '\0';
	}
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (strcmp(w[0], words[i]) != 0)
			continue;
		l->word = (enum upnp_word)i;
		return read_words(l, w, n);
	}
	return -1;
}

/* ---- for people -------------------------------------------------------- */

const char *
upnp_none_text(enum upnp_none none)
{
	return nones[none].text;
}

const char *
upnp_code_text(int code)
{
	/* UPnP-gw-WANIPConnection v1 and v2, 2.4.16; below zero:
	 * upnpcommands.h. */
	static const struct {
		int code;
		const char *text;
	} rows[] = {
		{ -4, "its answer makes no sense" },
		{ -3, "no answer to the request" },
		{ 401, "it does not know the request" },
		{ 402, "it does not take the request" },
		{ 501, "the router could not do it" },
		{ 606, "not authorized" },
		{ 714, "no such mapping" },
		{ 718, "the port is taken by another machine" },
		{ 724, "only the same port inside and outside" },
		{ 725, "only mappings without an end" },
		{ 728, "the router has no room" },
		{ 729, "another protocol holds that port" }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].code == code)
			return rows[i].text;
	}
	return "the router gave no reason we know";
}
