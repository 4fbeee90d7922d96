/*
 * rude-peer - p2ptui without manners: what it is told to say, and the name it
 * is given, leave as they are.
 *
 * Everybody's own program filters what it sends, so a well-behaved peer never
 * tests the gate at the other end.  These two functions take the place of
 * text-filter.c when the same sources are linked again.  A line of input ends
 * at a newline and at a NUL, so those two are written "\n" and "\0" in it.
 */
#include "text.h"

#include <string.h>

void
text_filter(struct buf *out, const void *src, size_t len,
    enum text_shape shape)
{
	const char *s = src;
	size_t at;

	(void)shape;
	for (at = 0; at < len; at++) {
		bool escape = s[at] == '\\' && at + 1 < len;

		if (escape && s[at + 1] == 'n')
			buf_u8(out, '\n');
		else if (escape && s[at + 1] == '0')
			buf_u8(out, 0);
		else {
			buf_u8(out, (unsigned char)s[at]);
			continue;
		}
		at++;
	}
}

bool
text_is_clean(const char *s, size_t len, enum text_shape shape)
{
	(void)s;
	(void)len;
	(void)shape;
	return true;
}
