/*
 * Whatever bytes come in, what the filter lets out is safe to show, and
 * walking it by clusters ends, stays inside and adds up.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

/* An exact-size copy, so that a read past the end is seen. */
static char *
copy(const void *p, size_t len)
{
	char *s = malloc(len ? len : 1);

	must(s != NULL);
	if (len)
		memcpy(s, p, len);
	return s;
}

static void
check_bytes(const char *s, size_t len, enum text_shape shape)
{
	size_t at = 0, n;
	int32_t cp;
	char back[4];

	while (at < len) {
		n = text_decode(s + at, len - at, &cp);
		must(text_encode(back, cp) == n && !memcmp(back, s + at, n));
		must(cp >= 0x20 || (cp == '\n' && shape == TEXT_BODY));
		must(cp < 0x7F || cp > 0x9F);
		must(cp < 0x202A || cp > 0x202E);
		must(cp < 0x2066 || cp > 0x2069);
		must(cp < 0xE0000 || cp > 0xE007F);
		at += n;
	}
}

static void
check_clusters(const char *s, size_t len, bool clean)
{
	size_t at, n, part;
	int cells, parts, sum = 0, used;

	for (at = 0; at < len; at += n) {
		n = text_cluster(s + at, len - at, &cells);
		must(n >= 1 && n <= len - at && cells >= 0 &&
		    cells <= TEXT_CELLS_MAX);
		parts = 0;
		for (size_t end = at + n, i = at; i < end; i += part) {
			int w;

			part = text_part(s + i, end - i, &w);
			must(part >= 1 && part <= end - i);
			must(w >= 0 && w <= 2);
			must(text_plain(s + i, part) <= part);
			parts += w;
		}
		must(parts == cells);
		if (clean) {
			must(cells > 0 || s[at] == '\n');
			must(n <= 64);
			must(text_cluster_before(s, at + n) == at);
		}
		sum += cells;
	}
	must(text_cells(s, len) == sum);
	must(text_fit(s, len, sum, &used) == len && used == sum);
	must(text_fit(s, len, sum / 2, &used) <= len && used <= sum / 2);
	for (at = len; at > 0; at = n) {
		n = text_cluster_before(s, at);
		must(n < at);
	}
}

static void
check_shape(const uint8_t *data, size_t len, enum text_shape shape)
{
	struct buf out, ascii;
	char *s;

	buf_init(&out);
	text_filter(&out, data, len, shape);
	s = copy(out.at, out.len);
	check_bytes(s, out.len, shape);
	must(text_is_clean(s, out.len, shape));
	check_clusters(s, out.len, true);

	buf_init(&ascii);
	text_ascii(&ascii, s, out.len);
	must(text_cells((char *)ascii.at, ascii.len) ==
	    text_cells(s, out.len));
	buf_clear(&ascii);

	buf_put(&out, "", 1);
	must(text_looks_like((char *)out.at, (char *)out.at));
	must(text_contains((char *)out.at, (char *)out.at));
	must(text_has_prefix((char *)out.at, (char *)out.at));
	buf_clear(&out);
	free(s);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *raw = copy(data, len);

	check_clusters(raw, len, false);
	check_shape(data, len, TEXT_NAME);
	check_shape(data, len, TEXT_LINE);
	check_shape(data, len, TEXT_BODY);
	free(raw);
	return 0;
}
