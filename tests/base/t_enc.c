#include "enc.h"

#include "tmp.h"

/* RFC 4648 section 10, in our spelling. */
static const struct {
	const char *plain, *b32, *b64, *hex;
} vectors[] = {
	{ "", "", "", "" },
	{ "f", "my", "Zg", "66" },
	{ "fo", "mzxq", "Zm8", "666f" },
	{ "foo", "mzxw6", "Zm9v", "666f6f" },
	{ "foob", "mzxw6yq", "Zm9vYg", "666f6f62" },
	{ "fooba", "mzxw6ytb", "Zm9vYmE", "666f6f6261" },
	{ "foobar", "mzxw6ytboi", "Zm9vYmFy", "666f6f626172" },
};

static void
t_rfc_4648_vectors(void **state)
{
	char text[32];
	uint8_t back[16];

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const char *plain = vectors[i].plain;
		size_t n = strlen(plain);

		enc_base32(text, plain, n);
		assert_string_equal(text, vectors[i].b32);
		assert_int_equal(dec_base32(back, sizeof(back), text), n);
		assert_memory_equal(back, plain, n);
		enc_base64url(text, plain, n);
		assert_string_equal(text, vectors[i].b64);
		assert_int_equal(dec_base64url(back, sizeof(back), text), n);
		assert_memory_equal(back, plain, n);
		enc_hex(text, plain, n);
		assert_string_equal(text, vectors[i].hex);
		assert_int_equal(dec_hex(back, sizeof(back), text), n);
		assert_memory_equal(back, plain, n);
	}
	enc_base64url(text, "\xfb\xff\xbf", 3);
	assert_string_equal(text, "-_-_");
	enc_base64(text, "\xfb\xff\xbf", 3);
	assert_string_equal(text, "+/+/");
	enc_base64(text, "f", 1);
	assert_string_equal(text, "Zg==");
	enc_base64(text, "fo", 2);
	assert_string_equal(text, "Zm8=");
	enc_base64(text, "", 0);
	assert_string_equal(text, "");
}

typedef void encoder(char *dst, const void *src, size_t n);
typedef ssize_t decoder(void *dst, size_t room, const char *src);

/* Every string of the length of n bytes that decodes is the one spelling of
 * what it decodes to; and the room is never overrun. */
static void
check_round(encoder *enc, decoder *dec, size_t n, size_t text_len)
{
	char *text = mem_new(text_len);
	uint8_t *bytes = mem_new(n), *back = mem_new(n);
	uint32_t seed = (uint32_t)n + 1;

	for (int i = 0; i < 200; i++) {
		for (size_t j = 0; j < n; j++) {
			seed = seed * 1664525 + 1013904223;
			bytes[j] = (uint8_t)(seed >> 24);
		}
		enc(text, bytes, n);
		assert_int_equal(strlen(text) + 1, text_len);
		assert_int_equal(dec(back, n, text), n);
		assert_memory_equal(back, bytes, n);
		if (n > 0)
			assert_int_equal(dec(back, n - 1, text), -1);
	}
	free(text);
	free(bytes);
	free(back);
}

static void
t_lengths_are_what_the_macros_say(void **state)
{
	(void)state;
	for (size_t n = 0; n < 70; n++) {
		check_round(enc_hex, dec_hex, n, HEX_LEN(n));
		check_round(enc_base32, dec_base32, n, BASE32_LEN(n));
		check_round(enc_base64url, dec_base64url, n, BASE64_LEN(n));
	}
}

static void
t_each_value_has_one_spelling(void **state)
{
	static const char *const bad32[] = {
		"m", "mz1", "MY", "my======", "mz", "mzx", "mzxw6y", "m y",
		"mzxr", "mzxw7", "my\n", "\xc3\xa4y"
	};
	static const char *const bad64[] = {
		"Z", "Zh", "Zg==", "Zm9", "Zm+v", "Zm/v", "Zm9vY", "Z g", "ZZ"
	};
	static const char *const bad16[] = { "6", "6G", "66 ", "6F", "0x66" };
	uint8_t back[16];

	(void)state;
	for (size_t i = 0; i < sizeof(bad32) / sizeof(*bad32); i++)
		assert_int_equal(dec_base32(back, 16, bad32[i]), -1);
	for (size_t i = 0; i < sizeof(bad64) / sizeof(*bad64); i++)
		assert_int_equal(dec_base64url(back, 16, bad64[i]), -1);
	for (size_t i = 0; i < sizeof(bad16) / sizeof(*bad16); i++)
		assert_int_equal(dec_hex(back, 16, bad16[i]), -1);
}

/* All texts of up to 4 characters: decoding then encoding is identity. */
static void
t_what_decodes_encodes_to_the_same(void **state)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	char text[5] = "", again[8];
	uint8_t back[4];
	int n_good = 0;

	(void)state;
	for (int i = 0; i < 32 * 32 * 32 * 32; i++) {
		ssize_t n;

		for (int j = 0; j < 4; j++)
			text[j] = digits[i >> 5 * j & 31];
		n = dec_base32(back, sizeof(back), text);
		if (n < 0)
			continue;
		n_good++;
		enc_base32(again, back, (size_t)n);
		assert_string_equal(again, text);
	}
	assert_int_equal(n_good, 65536);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_rfc_4648_vectors),
		cmocka_unit_test(t_lengths_are_what_the_macros_say),
		cmocka_unit_test(t_each_value_has_one_spelling),
		cmocka_unit_test(t_what_decodes_encodes_to_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
