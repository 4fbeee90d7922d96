#include "route.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "enc.h"
#include "relaywire.h"

enum {
	KEY_TEXT = BASE32_LEN(KEY_LEN),
	QUEUE_TEXT = BASE32_LEN(QUEUE_ID_LEN),
	TOKEN_TEXT = BASE32_LEN(QUEUE_TOKEN_LEN),
	/* "[" "]" ":" and a port, "#", "/", "/": so that every place of a
	 * relay fits, a longer name is none. */
	HOST_MAX = ROUTE_TEXT - 1 - 8 - (KEY_TEXT + QUEUE_TEXT + TOKEN_TEXT)
};

static int
bad(const char *text, const char *why, struct err *e)
{
	err_set(e, STATUS_USAGE, "\"%.80s\" is no relay address: %s", text,
	    why);
	return err_next(e, "allowed is HOST[:PORT][#KEY], for example "
	    "relay.example:%d", RELAY_PORT);
}

/* What stands between two marks must be just that long. */
static bool
read_base32(uint8_t *out, size_t n, size_t text_len, const char *s, size_t len)
{
	char text[TOKEN_TEXT];

	if (len != text_len - 1)
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	return dec_base32(out, n, text) == (ssize_t)n;
}

/* QUEUE/TOKEN */
static const char *
read_place(struct route *r, const char *queue)
{
	size_t len = strcspn(queue, "/");
	const char *token = queue + len + 1;

	if (queue[len] == '\0' || !read_base32(r->queue, QUEUE_ID_LEN,
	    QUEUE_TEXT, queue, len) || !read_base32(r->token, QUEUE_TOKEN_LEN,
	    TOKEN_TEXT, token, strlen(token)))
		return "the mailbox behind it is none";
	r->has_place = true;
	return NULL;
}

/* From the '#' or '/' on: the key, and the place if there is one. */
static const char *
read_keys(struct route *r, const char *s)
{
	size_t len;

	if (*s++ == '/')
		return read_place(r, s);
	len = strcspn(s, "/");
	if (!read_base32(r->key, KEY_LEN, KEY_TEXT, s, len))
		return "its key is not 52 characters of base32";
	r->has_key = true;
	return s[len] == '\0' ? NULL : read_place(r, s + len + 1);
}

/* Addresses come from strangers' cards: whatever is no host name is not
 * asked of a name server and never shown. */
static const char *
read_host(struct route *r, const char *head)
{
	struct addr ip;

	if (addr_split(head, RELAY_PORT, r->host, &r->port, NULL) != 0)
		return "its host or port is none";
	if (strlen(r->host) > HOST_MAX)
		return "its name is too long";
	if (addr_parse_ip(&ip, r->host) == 0)
		return addr_is_host(&ip) ? NULL : "nobody is there";
	if (!addr_is_name(r->host))
		return "its host is no name";
	for (char *c = r->host; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return NULL;
}

int
route_parse(struct route *r, const char *text, struct err *e)
{
	char head[ROUTE_TEXT];
	size_t len = strcspn(text, "#/");
	struct route new = { 0 };
	const char *why;

	if (strlen(text) >= ROUTE_TEXT)
		return bad(text, "it is too long", e);
	memcpy(head, text, len);
	head[len] = '\0';
	why = read_host(&new, head);
	if (!why && text[len] != '\0')
		why = read_keys(&new, text + len);
	if (why)
		return bad(text, why, e);
	*r = new;
	return 0;
}

static size_t
put_where(const struct route *r, char text[ROUTE_TEXT])
{
	bool is_v6 = strchr(r->host, ':') != NULL;
	int n = snprintf(text, ROUTE_TEXT, is_v6 ? "[%.*s]:%u" : "%.*s:%u",
	    HOST_MAX, r->host, (unsigned)r->port);

	return (size_t)n;
}

void
route_where(const struct route *r, char text[ROUTE_TEXT])
{
	put_where(r, text);
}

void
route_format(const struct route *r, char text[ROUTE_TEXT])
{
	size_t n = put_where(r, text);

	text[n] = '\0';
	if (r->has_key) {
		text[n++] = '#';
		enc_base32(text + n, r->key, KEY_LEN);
		n += KEY_TEXT - 1;
	}
	if (!r->has_place)
		return;
	text[n++] = '/';
	enc_base32(text + n, r->queue, QUEUE_ID_LEN);
	n += QUEUE_TEXT - 1;
	text[n++] = '/';
	enc_base32(text + n, r->token, QUEUE_TOKEN_LEN);
}

bool
route_same_relay(const struct route *a, const struct route *b)
{
	if (a->has_key && b->has_key)
		return memcmp(a->key, b->key, KEY_LEN) == 0;
	return a->port == b->port && strcmp(a->host, b->host) == 0;
}
