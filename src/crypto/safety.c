#include "safety.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "kdf.h"
#include "label.h"
#include "words.h"

enum {
	ROUNDS = 1 + 5200,		/* libsignal's NumericFingerprint,
					 * after one that takes the label */
	GROUPS = 6,			/* of one person */
	GROUP_BYTES = 5,
	GROUP_DIGITS = 5,
	WORD_BITS = 11
};

void
safety_fingerprint(char digits[SAFETY_ONE], const void *first,
    size_t first_len, const void *again, size_t again_len, int rounds)
{
	uint8_t d[crypto_hash_sha512_BYTES] = { 0 };
	const uint8_t *group = d;
	crypto_hash_sha512_state h;

	for (int i = 0; i < rounds; i++) {
		crypto_hash_sha512_init(&h);
		if (i == 0)
			crypto_hash_sha512_update(&h, first, first_len);
		else
			crypto_hash_sha512_update(&h, d, sizeof(d));
		crypto_hash_sha512_update(&h, again, again_len);
		crypto_hash_sha512_final(&h, d);
	}
	for (int i = 0; i < GROUPS; i++, group += GROUP_BYTES) {
		uint64_t value = 0;

		for (int j = 0; j < GROUP_BYTES; j++)
			value = value << 8 | group[j];
		snprintf(digits + i * GROUP_DIGITS, GROUP_DIGITS + 1, "%05u",
		    (unsigned)(value % 100000));
	}
}

void
safety_digits(const struct user_id *id, char digits[SAFETY_ONE])
{
	struct buf label;

	buf_init(&label);
	buf_lp(&label, LABEL_SAFETY, strlen(LABEL_SAFETY));
	safety_fingerprint(digits, label.at, label.len, id->b, ID_LEN,
	    ROUNDS);
	buf_clear(&label);
}

void
safety_number(const struct user_id *a, const struct user_id *b,
    char text[SAFETY_TEXT])
{
	char one[SAFETY_ONE], other[SAFETY_ONE], all[SAFETY_DIGITS + 1];
	bool swap;

	safety_digits(a, one);
	safety_digits(b, other);
	swap = strcmp(one, other) > 0;
	snprintf(all, sizeof(all), "%s%s", swap ? other : one,
	    swap ? one : other);
	for (size_t i = 0; i < SAFETY_DIGITS; i++) {
		if (i > 0 && i % GROUP_DIGITS == 0)
			*text++ = ' ';
		*text++ = all[i];
	}
	*text = '\0';
}

void
safety_words(const struct user_id *a, const struct user_id *b,
    char text[SAFETY_WORDS_TEXT])
{
	bool swap = user_id_cmp(a, b) > 0;
	const struct user_id *low = swap ? b : a, *high = swap ? a : b;
	uint8_t hash[HASH_LEN];
	unsigned held = 0, n_bits = 0;
	size_t at = 0;

	kdf_hash(hash, LABEL_WORDS, (const struct item[]){
	    ITEM(low->b, ID_LEN), ITEM(high->b, ID_LEN), KDF_END });
	for (int i = 0; i < SAFETY_WORDS; i++) {
		const char *word;
		size_t len;

		for (; n_bits < WORD_BITS; n_bits += 8)
			held = held << 8 | hash[at++];
		n_bits -= WORD_BITS;
		word = words_english[held >> n_bits];
		held &= (1u << n_bits) - 1;
		len = strlen(word);
		if (i > 0)
			*text++ = ' ';
		memcpy(text, word, len);
		text += len;
	}
	*text = '\0';
}
