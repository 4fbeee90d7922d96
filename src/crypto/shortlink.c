#include "shortlink.h"

#include <string.h>

#include "cur.h"
#include "enc.h"

enum {
	FORM = 2,
	BODY_LEN = 1 + KEY_LEN + KEY_LEN + QUEUE_ID_LEN,
	BODY_TEXT = BASE32_LEN(BODY_LEN) - 1,
	NAME_MAX_LEN = 253,		/* RFC 1035, as text without the dot */
	LABEL_MAX_LEN = 63,
	IP6_MAX_LEN = 45
};

static const char prefix[] = "p2ptui:";

/* ctype.h is the locale's; a link is not. */
static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_in_name(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-';
}

/* ":1" to ":65535", or nothing. */
static bool
is_port(const char *p)
{
	unsigned long port = 0;

	if (*p == '\0')
		return true;
	if (*p++ != ':' || *p < '1' || *p > '9')
		return false;
	for (; is_digit(*p) && port <= 65535; p++)
		port = port * 10 + (unsigned long)(*p - '0');
	return *p == '\0' && port <= 65535;
}

/* The end of a name of labels (RFC 1123, section 2.1), an IPv4 address among
 * them; NULL: it is none. */
static const char *
skip_name(const char *p)
{
	const char *start = p;

	for (;;) {
		const char *label = p;

		while (is_in_name(*p))
			p++;
		if (p == label || p - label > LABEL_MAX_LEN ||
		    *label == '-' || p[-1] == '-')
			return NULL;
		if (*p != '.')
			break;
		p++;
	}
	return p - start > NAME_MAX_LEN ? NULL : p;
}

/* The end of an IPv6 address in brackets.  Its digits are looked at when it
 * is dialled. */
static const char *
skip_ip6(const char *p)
{
	size_t len = strspn(p + 1, "0123456789abcdef:.");

	if (len < 2 || len > IP6_MAX_LEN || p[1 + len] != ']')
		return NULL;
	return p + len + 2;
}

/* In lower case. */
static bool
is_host(const char *host)
{
	const char *p = *host == '[' ? skip_ip6(host) : skip_name(host);

	return p && is_port(p);
}

int
shortlink_write(struct buf *out, const struct shortlink *l)
{
	uint8_t body[BODY_LEN] = { FORM };
	char text[BASE32_LEN(BODY_LEN)], host[sizeof(l->host)];
	size_t i, start = out->len;

	for (i = 0; l->host[i]; i++)
		host[i] = lower(l->host[i]);
	host[i] = '\0';
	if (*host && !is_host(host))
		return -1;
	memcpy(body + 1, l->keys.ed, KEY_LEN);
	memcpy(body + 1 + KEY_LEN, l->keys.x, KEY_LEN);
	if (l->has_queue)
		memcpy(body + 1 + KEY_LEN + KEY_LEN, l->queue, QUEUE_ID_LEN);
	enc_base32(text, body, BODY_LEN);
	buf_printf(out, "%s%s%s", prefix, text, *host ? "/" : "");
	for (const char *p = host; *p; p++)
		if (*p == '[' || *p == ']')
			buf_put(out, *p == '[' ? "%5B" : "%5D", 3);
		else
			buf_u8(out, (uint8_t)*p);
	for (i = start; i < out->len; i++)
		out->at[i] = (uint8_t)upper((char)out->at[i]);
	return 0;
}

/* Into host, in lower case and with its brackets. */
static int
read_host(char host[SHORTLINK_HOST_MAX + 1], const char *text)
{
	size_t n = 0;

	for (const char *p = text; *p; p++) {
		char c = lower(*p);

		if (n == SHORTLINK_HOST_MAX || c == '[' || c == ']')
			return -1;
		if (c == '%') {
			if (p[1] != '5' || (lower(p[2]) != 'b' &&
			    lower(p[2]) != 'd'))
				return -1;
			c = lower(p[2]) == 'b' ? '[' : ']';
			p += 2;
		}
		host[n++] = c;
	}
	host[n] = '\0';
	return is_host(host) ? 0 : -1;
}

static int
read_body(struct shortlink *l, const char *text)
{
	static const uint8_t none[QUEUE_ID_LEN];
	uint8_t body[BODY_LEN];
	struct cur cur;

	if (dec_base32(body, sizeof(body), text) != BODY_LEN)
		return -1;
	cur_init(&cur, body, sizeof(body));
	if (cur_u8(&cur) != FORM)
		return -1;
	cur_copy(&cur, l->keys.ed, KEY_LEN);
	cur_copy(&cur, l->keys.x, KEY_LEN);
	cur_copy(&cur, l->queue, QUEUE_ID_LEN);
	l->has_queue = memcmp(l->queue, none, sizeof(none)) != 0;
	return keys_are_usable(&l->keys) ? 0 : -1;
}

int
shortlink_read(struct shortlink *l, const char *text)
{
	struct shortlink got = { .has_queue = false };
	char body[BODY_TEXT + 1];
	size_t i;

	for (i = 0; prefix[i]; i++)
		if (lower(text[i]) != prefix[i])
			return -1;
	text += i;
	for (i = 0; i < BODY_TEXT && text[i]; i++)
		body[i] = lower(text[i]);
	body[i] = '\0';
	text += i;
	if (*text != '\0' && *text != '/')
		return -1;
	if (*text == '/' && read_host(got.host, text + 1) < 0)
		return -1;
	if (read_body(&got, body) < 0)
		return -1;
	*l = got;
	return 0;
}
