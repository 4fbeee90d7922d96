#include "enc.h"

#include <string.h>

/*
 * All three are the same walk over a bit string: `bits` bits a character,
 * most significant first (RFC 4648).
 */
struct alphabet {
	const char *digits;
	unsigned bits;
};

static const struct alphabet hex = { "0123456789abcdef", 4 };
static const struct alphabet base32 = {
	"abcdefghijklmnopqrstuvwxyz234567", 5
};
static const struct alphabet base64url = {
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	"abcdefghijklmnopqrstuvwxyz0123456789-_", 6
};

static void
encode(const struct alphabet *a, char *dst, const void *src, size_t n)
{
	const unsigned mask = (1u << a->bits) - 1;
	const uint8_t *p = src;
	unsigned held = 0, n_bits = 0;

	for (size_t i = 0; i < n; i++) {
		held = held << 8 | p[i];
		n_bits += 8;
		for (; n_bits >= a->bits; n_bits -= a->bits)
			*dst++ = a->digits[held >> (n_bits - a->bits) & mask];
		held &= (1u << n_bits) - 1;
	}
	if (n_bits > 0)
		*dst++ = a->digits[held << (a->bits - n_bits) & mask];
	*dst = '\0';
}

static ssize_t
decode(const struct alphabet *a, void *dst, size_t room, const char *src)
{
	uint8_t *out = dst;
	unsigned held = 0, n_bits = 0;
	size_t n = 0;

	for (; *src; src++) {
		const char *d = strchr(a->digits, *src);

		if (!d)
			return -1;
		held = held << a->bits | (unsigned)(d - a->digits);
		n_bits += a->bits;
		if (n_bits < 8)
			continue;
		if (n == room)
			return -1;
		n_bits -= 8;
		out[n++] = (uint8_t)(held >> n_bits);
		held &= (1u << n_bits) - 1;
	}
	/* RFC 4648 section 3.5: pad bits are zero, and a whole character
	 * of padding is one too many. */
	if (n_bits >= a->bits || held != 0)
		return -1;
	return (ssize_t)n;
}

void
enc_hex(char *dst, const void *src, size_t n)
{
	encode(&hex, dst, src, n);
}

ssize_t
dec_hex(void *dst, size_t room, const char *src)
{
	return decode(&hex, dst, room, src);
}

void
enc_base32(char *dst, const void *src, size_t n)
{
	encode(&base32, dst, src, n);
}

ssize_t
dec_base32(void *dst, size_t room, const char *src)
{
	return decode(&base32, dst, room, src);
}

void
enc_base64url(char *dst, const void *src, size_t n)
{
	encode(&base64url, dst, src, n);
}

ssize_t
dec_base64url(void *dst, size_t room, const char *src)
{
	return decode(&base64url, dst, room, src);
}

void
enc_base64(char *dst, const void *src, size_t n)
{
	size_t i = 0;

	enc_base64url(dst, src, n);
	for (; dst[i]; i++)
		dst[i] = dst[i] == '-' ? '+' : dst[i] == '_' ? '/' : dst[i];
	while (i % 4 != 0)
		dst[i++] = '=';
	dst[i] = '\0';
}
