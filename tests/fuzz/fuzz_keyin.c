/*
 * The terminal's bytes: however they are cut, the same keys come out of
 * them, and no newline of a paste is ever an Enter.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "keyin.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
on_key(void *arg, struct key k)
{
	buf_put(arg, "k", 1);
	buf_u32(arg, (uint32_t)k.code);
	buf_u8(arg, (uint8_t)k.mods);
}

static void
on_paste(void *arg, const void *text, size_t len)
{
	if ((text == NULL) != (len > KEYIN_PASTE_MAX))
		abort();
	buf_put(arg, "p", 1);
	if (text)
		buf_put(arg, text, len);
}

static void
on_focus(void *arg, bool has_it)
{
	buf_put(arg, has_it ? "F" : "f", 1);
}

/* In pieces of `step` bytes; 0: whole. */
static void
feed(struct buf *out, const uint8_t *data, size_t len, size_t step)
{
	const struct keyin_events ev = { out, on_key, on_paste, on_focus };
	struct keyin *k = keyin_new(&ev, NULL, 0);

	while (len > 0) {
		size_t n = step > 0 && step < len ? step : len;

		keyin_feed(k, data, n);
		data += n;
		len -= n;
	}
	keyin_rest(k);
	keyin_give_up(k);
	if (keyin_is_pasting(k))
		abort();
	keyin_free(k);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct buf whole, cut;

	buf_init(&whole);
	feed(&whole, data, len, 0);
	for (size_t step = 1; step <= 3; step += 2) {
		buf_init(&cut);
		feed(&cut, data, len, step);
		if (cut.len != whole.len || (cut.len > 0 &&
		    memcmp(cut.at, whole.at, cut.len) != 0))
			abort();
		buf_clear(&cut);
	}
	buf_clear(&whole);
	return 0;
}
