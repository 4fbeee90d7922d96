/*
 * Contact links and codes: what somebody is told to type or paste.
 *
 * Read as it is, and behind a beginning that is right, so that what follows
 * is reached; whatever is read must come back the same from its own words.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "code.h"
#include "rand.h"
#include "shortlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static void
try_short(const char *text)
{
	struct shortlink l, again;
	struct buf out;
	char *s;

	if (shortlink_read(&l, text) != 0)
		return;
	check(strlen(text) <= SHORTLINK_MAX);
	buf_init(&out);
	check(shortlink_write(&out, &l) == 0);
	s = buf_str(&out);
	check(strspn(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$%*+-./:") ==
	    strlen(s));
	check(shortlink_read(&again, s) == 0);
	check(memcmp(&l.keys, &again.keys, sizeof(l.keys)) == 0 &&
	    l.has_queue == again.has_queue &&
	    memcmp(l.queue, again.queue, QUEUE_ID_LEN) == 0 &&
	    strcmp(l.host, again.host) == 0);
	buf_clear(&out);
}

static void
try_code(const char *text)
{
	struct code c, again;
	char formatted[CODE_TEXT];

	if (code_parse(&c, text) == CODE_NOT_ONE)
		return;
	code_format(&c, formatted);
	check(code_parse(&again, formatted) == code_parse(&c, text) &&
	    strcmp(c.digits, again.digits) == 0);
}

/* A right short link and its end, into which the input is put. */
static const char *
known(void)
{
	static struct buf text;

	if (text.len == 0) {
		struct shortlink l = { .has_queue = true, .queue = { 1 } };
		uint8_t seed[32] = { 1 };
		struct identity *id;

		check(crypto_start(NULL) == 0);
		id = identity_from_seed(seed);
		l.keys = *identity_keys(id);
		identity_free(id);
		check(shortlink_write(&text, &l) == 0);
	}
	return buf_str(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *right = known();
	struct card card;
	struct buf text;

	buf_init(&text);
	buf_put(&text, data, len);
	try_short(buf_str(&text));
	try_code(buf_str(&text));
	card_from_link(&card, buf_str(&text));
	buf_empty(&text);
	buf_printf(&text, "%s/", right);
	buf_put(&text, data, len);
	try_short(buf_str(&text));
	buf_empty(&text);
	buf_printf(&text, "P2PTUI:");
	buf_put(&text, data, len);
	try_short(buf_str(&text));
	buf_clear(&text);
	return 0;
}
