#include "passphrase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parcel.h"
#include "rand.h"
#include "seal.h"
#include "secret.h"
#include "vault.h"

/* e with an acute accent. */
#define COMPOSED "caf\303\251 noir"
#define DECOMPOSED "cafe\314\201 noir"

/* NULL: refused with these words. */
static void
expect(const char *typed, const char *bytes, const char *words)
{
	struct err e = { .what = "" };
	char *out = passphrase_prepare(typed, &e);

	if (bytes) {
		assert_non_null(out);
		assert_string_equal(out, bytes);
		assert_int_equal(passphrase_check(typed, &e), 0);
		/* Once more changes nothing. */
		if (typed != bytes)
			expect(bytes, bytes, "");
	} else {
		assert_null(out);
		assert_int_equal(e.status, STATUS_USAGE);
		assert_non_null(strstr(e.what, words));
		assert_int_equal(passphrase_check(typed, NULL), -1);
	}
	secret_free(out);
}

static void
t_the_same_letters_are_the_same_bytes(void **state)
{
	static const struct {
		const char *typed, *bytes;
	} rows[] = {
		{ "correct horse", "correct horse" },
		{ COMPOSED, COMPOSED },
		{ DECOMPOSED, COMPOSED },
		/* A with ring: the letter, the unit, letter and ring. */
		{ "\303\205", "\303\205" },
		{ "\342\204\253", "\303\205" },
		{ "A\314\212", "\303\205" },
		/* Marks in either order: q, dot above, dot below. */
		{ "q\314\207\314\243", "q\314\243\314\207" },
		{ "q\314\243\314\207", "q\314\243\314\207" },
		/* Hangul GAG out of its three jamo. */
		{ "\341\204\200\341\205\241\341\206\250", "\352\260\201" },
		/* Never composed: DEVANAGARI QA, of three bytes, becomes
		 * six. */
		{ "\340\245\230", "\340\244\225\340\244\274" },
		/* Compatibility forms and case stay: fi ligature, wide A. */
		{ "\357\254\201 \357\274\241a", "\357\254\201 \357\274\241a" },
		/* A family joined by ZWJ, a heart with U+FE0F. */
		{ "\360\237\221\251\342\200\215\360\237\221\247"
		    "\342\235\244\357\270\217",
		  "\360\237\221\251\342\200\215\360\237\221\247"
		    "\342\235\244\357\270\217" },
		/* U+E0080, which nobody has assigned. */
		{ "\363\240\202\200", "\363\240\202\200" }
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(rows[i].typed, rows[i].bytes, "");
}

static void
t_every_blank_is_a_space(void **state)
{
	static const char *const blanks[] = {
		" ", "\302\240", "\341\232\200", "\342\200\200",
		"\342\200\201", "\342\200\207", "\342\200\212",
		"\342\200\257", "\342\201\237", "\343\200\200"
	};
	char typed[16];

	(void)state;
	for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++) {
		snprintf(typed, sizeof(typed), "a%sb%s", blanks[i],
		    blanks[i]);
		expect(typed, "a b ", "");
	}
}

static void
row_61_no_utf8_cannot_be_set(void **state)
{
	static const char *const rows[] = {
		"B\344se", "\377", "a\200", "a\303", "\300\257", "\340\200\257",
		"\355\240\200", "\364\220\200\200", "\370\210\200\200\200",
		/* What a terminal's key that is none became. */
		"a\357\277\275b"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(rows[i], NULL, "not valid UTF-8");
}

static void
t_control_characters_cannot_be_set(void **state)
{
	static const char *const rows[] = {
		"a\tb", "\033[A", "a\n", "a\177", "a\302\205b",
		"a\342\200\250b", "a\342\200\251"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(rows[i], NULL, "control character");
}

static void
t_empty_and_too_long_cannot_be_set(void **state)
{
	char text[3 * VAULT_PASSPHRASE_MAX + 1], bytes[sizeof(text)];
	size_t at;

	(void)state;
	expect("", NULL, "empty");
	memset(text, 'x', sizeof(text));
	text[VAULT_PASSPHRASE_MAX] = '\0';
	expect(text, text, "");
	text[VAULT_PASSPHRASE_MAX] = 'x';
	text[VAULT_PASSPHRASE_MAX + 1] = '\0';
	expect(text, NULL, "longer than 1024 bytes");
	/* MUSICAL SYMBOL HALF NOTE: four bytes become eight, or with a flag
	 * (U+1D160) twelve, and no letter more than two code points a byte:
	 * the last ones that go in, and one more. */
	for (at = 0; at < 128 * 4; at += 4)
		memcpy(text + at, "\360\235\205\236", 4);
	text[at] = '\0';
	for (at = 0; at < VAULT_PASSPHRASE_MAX; at += 8)
		memcpy(bytes + at, "\360\235\205\227\360\235\205\245", 8);
	bytes[at] = '\0';
	expect(text, bytes, "");
	memcpy(text + 128 * 4, "x", 2);
	expect(text, NULL, "longer");
	for (at = 0; at < VAULT_PASSPHRASE_MAX; at += 4)
		memcpy(text + at, "\360\235\205\240", 4);
	text[at] = '\0';
	expect(text, NULL, "longer");
	/* Greek iota with three marks, the most code points a byte. */
	for (at = 0; at + 2 <= VAULT_PASSPHRASE_MAX; at += 2)
		memcpy(text + at, "\316\220", 2);
	text[at] = '\0';
	expect(text, text, "");
}

/* ---- what it opens ------------------------------------------------------- */

/* A header and key of one who hashed bytes as they came. */
static void
seal_raw(uint8_t *at, const char *magic, const char *bytes,
    const uint8_t key[32])
{
	struct vault_cost cost;
	uint8_t kek[32];

	assert_int_equal(vault_wrap(at, magic, "x", &vault_least_cost, key,
	    NULL), 0);
	assert_int_equal(vault_read_cost(at, magic, &cost), 0);
	assert_int_equal(vault_kek(kek, bytes, at + VAULT_HEADER -
	    SEAL_NONCE - VAULT_SALT, &cost), 0);
	xchacha_seal(at + VAULT_HEADER, kek, at + VAULT_HEADER - SEAL_NONCE,
	    at, VAULT_HEADER, key, 32);
}

static void
expect_key(const uint8_t *at, const char *typed, bool opens)
{
	uint8_t key[32] = { 0 };
	struct err e;

	assert_int_equal(vault_unlock(key, at, "TEST", typed, &e),
	    opens ? 0 : -1);
	assert_int_equal(key[31], opens ? 7 : 0);
	if (!opens)
		assert_int_equal(e.status, STATUS_DENIED);
}

static void
t_set_composed_opens_decomposed_and_back(void **state)
{
	static const uint8_t key[32] = { [31] = 7 };
	uint8_t at[VAULT_HEADER + VAULT_WRAPPED];

	(void)state;
	assert_int_equal(vault_wrap(at, "TEST", COMPOSED, &vault_least_cost,
	    key, NULL), 0);
	expect_key(at, COMPOSED, true);
	expect_key(at, DECOMPOSED, true);
	expect_key(at, "cafe noir", false);
	assert_int_equal(vault_wrap(at, "TEST", DECOMPOSED,
	    &vault_least_cost, key, NULL), 0);
	expect_key(at, COMPOSED, true);
	expect_key(at, "cafe\314\201\343\200\200noir", true);
}

static void
t_bytes_of_before_open_as_they_were(void **state)
{
	static const uint8_t key[32] = { [31] = 7 };
	static const char *const rows[] = {
		DECOMPOSED, "B\344se\377", "a\tb", "caf\303\251\343\200\200n"
	};
	uint8_t at[VAULT_HEADER + VAULT_WRAPPED];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		seal_raw(at, "TEST", rows[i], key);
		expect_key(at, rows[i], true);
		expect_key(at, "B\344se", false);
	}
}

static void
t_parcels_and_identities_too(void **state)
{
	struct identity *id = identity_new();
	struct vault *v = vault_new(id), *again;
	uint8_t head[PARCEL_HEAD];
	struct parcel *p;
	struct buf file;
	struct err e;

	(void)state;
	buf_init(&file);
	assert_int_equal(vault_write(v, DECOMPOSED, &vault_least_cost, &file,
	    &e), 0);
	again = vault_read(file.at, file.len, COMPOSED, &e);
	assert_non_null(again);
	vault_free(again);
	assert_int_equal(vault_write(v, "\377", &vault_least_cost, &file,
	    &e), -1);
	assert_int_equal(e.status, STATUS_USAGE);
	p = parcel_new(COMPOSED, &vault_least_cost, head, &e);
	assert_non_null(p);
	parcel_free(p);
	p = parcel_open(head, sizeof(head), DECOMPOSED, &e);
	assert_non_null(p);
	parcel_free(p);
	assert_null(parcel_new("\377", &vault_least_cost, head, &e));
	assert_int_equal(e.status, STATUS_USAGE);
	buf_clear(&file);
	vault_free(v);
	identity_free(id);
}

static int
start(void **state)
{
	(void)state;
	return crypto_start(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_the_same_letters_are_the_same_bytes),
		cmocka_unit_test(t_every_blank_is_a_space),
		cmocka_unit_test(row_61_no_utf8_cannot_be_set),
		cmocka_unit_test(t_control_characters_cannot_be_set),
		cmocka_unit_test(t_empty_and_too_long_cannot_be_set),
		cmocka_unit_test(t_set_composed_opens_decomposed_and_back),
		cmocka_unit_test(t_bytes_of_before_open_as_they_were),
		cmocka_unit_test(t_parcels_and_identities_too),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
