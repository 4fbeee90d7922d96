#include "vault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "kdf.h"
#include "label.h"
#include "rand.h"
#include "seal.h"
#include "vectors.h"

enum { OPEN_LEN = 196, LOCKED_LEN = 212, CHECK = 32, KIND_AT = 5,
    OPS_AT = 8, MEM_AT = 12, WRAPPED_AT = 60, RECORD_AT = 108 };

/* ---- seal ---------------------------------------------------------------- */

/* The section's plain text to its ciphertext and back; then forged. */
static void
check_xchacha(const struct section *s)
{
	const uint8_t *key = section_exact(s, "key", 32);
	const uint8_t *nonce = section_exact(s, "nonce", SEAL_NONCE);
	size_t ad_len, len, sealed_len;
	const uint8_t *ad = section_bytes(s, "ad", &ad_len);
	const uint8_t *plain = section_bytes(s, "plaintext", &len);
	const uint8_t *known = section_bytes(s, "ciphertext", &sealed_len);
	uint8_t *sealed = malloc(sealed_len), *opened = malloc(len + 1);

	assert_non_null(sealed);
	assert_non_null(opened);
	assert_int_equal(sealed_len, len + SEAL_TAG);
	xchacha_seal(sealed, key, nonce, ad, ad_len, plain, len);
	assert_memory_equal(sealed, known, sealed_len);
	assert_int_equal(xchacha_open(opened, key, nonce, ad, ad_len, sealed,
	    sealed_len), 0);
	assert_memory_equal(opened, plain, len);
	sealed[sealed_len - 1] ^= 1;
	assert_int_equal(xchacha_open(opened, key, nonce, ad, ad_len, sealed,
	    sealed_len), -1);
	free(sealed);
	free(opened);
}

static void
t_xchacha20poly1305_known_answers(void **state)
{
	struct vectors *v = vectors_open("xchacha20poly1305.txt");
	const struct section *s = NULL;
	int n = 0;

	(void)state;
	while ((s = vectors_next(v, s, "gen-")) != NULL) {
		check_xchacha(s);
		n++;
	}
	assert_int_equal(n, 6);
	vectors_free(v);
}

static void
t_xchacha20poly1305_answers_of_the_draft(void **state)
{
	struct vectors *v = vectors_open_foreign("xchacha20poly1305.txt");

	(void)state;
	if (v == NULL)
		skip();
	check_xchacha(vectors_get(v, "draft-irtf-cfrg-xchacha-A.3.1"));
	vectors_free(v);
}

static void
t_record_opens_only_in_its_place(void **state)
{
	static const struct place home = { 3, 1, 77 };
	static const struct place elsewhere[] = {
		{ 4, 1, 77 }, { 3, 2, 77 }, { 3, 1, 78 }
	};
	uint8_t key[32], other[32];
	struct buf sealed, again, plain;
	size_t i;

	(void)state;
	rand_bytes(key, sizeof(key));
	rand_bytes(other, sizeof(other));
	buf_init(&sealed);
	buf_init(&again);
	buf_init(&plain);
	seal_record(&sealed, key, &home, "hello", 5);
	assert_int_equal(sealed.len, 5 + SEAL_OVERHEAD);
	assert_int_equal(open_record(&plain, key, &home, sealed.at,
	    sealed.len), 0);
	assert_int_equal(plain.len, 5);
	assert_memory_equal(plain.at, "hello", 5);
	for (i = 0; i < 3; i++)
		assert_int_equal(open_record(&plain, key, &elsewhere[i],
		    sealed.at, sealed.len), -1);
	assert_int_equal(open_record(&plain, other, &home, sealed.at,
	    sealed.len), -1);
	for (i = 0; i < sealed.len; i++) {
		assert_int_equal(open_record(&plain, key, &home, sealed.at,
		    i), -1);
		sealed.at[i] ^= 0x10;
		assert_int_equal(open_record(&plain, key, &home, sealed.at,
		    sealed.len), -1);
		sealed.at[i] ^= 0x10;
	}
	assert_int_equal(plain.len, 5);	/* refusals appended nothing */
	seal_record(&again, key, &home, "hello", 5);
	assert_memory_not_equal(sealed.at, again.at, SEAL_NONCE);
	buf_empty(&again);
	seal_record(&again, key, &home, NULL, 0);
	assert_int_equal(open_record(&plain, key, &home, again.at, again.len),
	    0);
	assert_int_equal(plain.len, 5);
	buf_clear(&sealed);
	buf_clear(&again);
	buf_clear(&plain);
}

/* ---- vault --------------------------------------------------------------- */

static struct identity *me;

static void
make_file(struct buf *file, const char *passphrase)
{
	struct vault *v = vault_new(me);

	buf_init(file);
	assert_int_equal(vault_write(v, passphrase, &vault_least_cost, file,
	    NULL), 0);
	vault_free(v);
}

/* Puts the right check behind whatever stands before it. */
static void
mend_check(struct buf *file)
{
	kdf_hash(file->at + file->len - CHECK, LABEL_VAULT_CHECK,
	    (const struct item[]){ ITEM(file->at, file->len - CHECK),
	    KDF_END });
}

static void
expect(enum status status, const struct buf *file, const char *passphrase)
{
	struct err e = { .status = STATUS_OK };

	assert_null(vault_read(file->at, file->len, passphrase, &e));
	assert_int_equal(e.status, status);
	assert_string_not_equal(e.what, "");
}

static void
t_argon2id_known_answers(void **state)
{
	struct vectors *v = vectors_open("argon2id.txt");
	const struct section *s = NULL;
	const uint8_t *p;
	struct vault_cost cost;
	char passphrase[64];
	uint8_t kek[32];
	size_t len;
	int n = 0;

	(void)state;
	while ((s = vectors_next(v, s, "argon2id-")) != NULL) {
		p = section_bytes(s, "password", &len);
		assert_true(len < sizeof(passphrase));
		memcpy(passphrase, p, len);
		passphrase[len] = '\0';
		cost.ops = (uint32_t)section_u64(s, "opslimit");
		cost.mem = section_u64(s, "memlimit_bytes");
		assert_int_equal(vault_kek(kek, passphrase,
		    section_exact(s, "salt", VAULT_SALT), &cost), 0);
		assert_memory_equal(kek, section_exact(s, "key", 32), 32);
		n++;
	}
	assert_int_equal(n, 5);
	vectors_free(v);
}

static void
t_vault_known_answer(void **state)
{
	struct vectors *v = vectors_open("p2ptui_file_vault.txt");
	const struct section *s = vectors_get(v, "vault");
	const uint8_t *header = section_exact(s, "header", VAULT_HEADER);
	const uint8_t *dek = section_exact(s, "dek", 32);
	struct vault_cost cost = {
		(uint32_t)section_u64(s, "opslimit"),
		section_u64(s, "memlimit_bytes")
	};
	uint8_t key[32], forged[VAULT_HEADER];

	(void)state;
	assert_int_equal(vault_kek(key, "passphrase", header + 20, &cost), 0);
	assert_memory_equal(key, section_exact(s, "kek", 32), 32);
	assert_int_equal(vault_unwrap(key, section_exact(s, "kek", 32), header,
	    section_exact(s, "wrapped", VAULT_WRAPPED)), 0);
	assert_memory_equal(key, dek, 32);
	memcpy(forged, header, VAULT_HEADER);
	forged[OPS_AT] ^= 2;		/* the header is authenticated */
	assert_int_equal(vault_unwrap(key, section_exact(s, "kek", 32), forged,
	    section_exact(s, "wrapped", VAULT_WRAPPED)), -1);
	kdf_derive(key, dek, LABEL_VAULT, (const struct item[]){
	    ITEM("history", 7), KDF_END });
	assert_memory_equal(key, section_exact(s, "subkey_history", 32), 32);
	kdf_derive(key, dek, LABEL_VAULT, (const struct item[]){
	    ITEM("keys", 4), KDF_END });
	assert_memory_equal(key, section_exact(s, "subkey_keys", 32), 32);
	vectors_free(v);
}

/* A file laid out by hand from the known answer's parts is one we read,
 * but for its cost, which is below the floor. */
static void
t_file_has_the_layout_of_the_known_answer(void **state)
{
	struct vectors *v = vectors_open("p2ptui_file_vault.txt");
	const struct section *s = vectors_get(v, "vault");
	const uint8_t *known = section_exact(s, "header", VAULT_HEADER);
	struct buf file;

	(void)state;
	make_file(&file, "pass");
	assert_int_equal(file.len, LOCKED_LEN);
	assert_memory_equal(file.at, known, OPS_AT);
	assert_int_equal(get_u32(file.at + OPS_AT), vault_least_cost.ops);
	assert_true(get_u64(file.at + MEM_AT) == vault_least_cost.mem);
	buf_clear(&file);
	make_file(&file, NULL);
	assert_int_equal(file.len, OPEN_LEN);
	assert_memory_equal(file.at, known, KIND_AT);
	assert_int_equal(file.at[KIND_AT], 1);
	buf_clear(&file);
	vectors_free(v);
}

static void
t_identity_comes_back_with_and_without_a_passphrase(void **state)
{
	static const char *const passphrases[] = { NULL, "p\303\244ss wort" };
	struct vault *v = vault_new(me), *again;
	uint8_t key[32], key_again[32];
	struct identity *id;
	struct buf file;
	size_t i;

	(void)state;
	vault_subkey(v, "history", key);
	for (i = 0; i < 2; i++) {
		buf_init(&file);
		buf_put(&file, "before", 6);
		assert_int_equal(vault_write(v, passphrases[i],
		    &vault_least_cost, &file, NULL), 0);
		assert_memory_equal(file.at, "before", 6);
		buf_drop(&file, 6);
		assert_int_equal(vault_asks(file.at, file.len, NULL),
		    passphrases[i] != NULL);
		again = vault_read(file.at, file.len, passphrases[i], NULL);
		assert_non_null(again);
		id = vault_identity(again);
		assert_true(user_id_equal(identity_id(id), identity_id(me)));
		assert_memory_equal(identity_seed(id), identity_seed(me), 32);
		/* Another passphrase re-wraps the same data key. */
		vault_subkey(again, "history", key_again);
		assert_memory_equal(key, key_again, 32);
		vault_subkey(again, "keys", key_again);
		assert_memory_not_equal(key, key_again, 32);
		identity_free(id);
		vault_free(again);
		buf_clear(&file);
	}
	vault_free(v);
}

/* Every cut of a file is damage, said so, and not one byte is read behind
 * its end. */
static void
refuse_every_truncation(const struct buf *file, const char *passphrase)
{
	struct err e;
	uint8_t *cut;
	size_t i;

	for (i = 0; i < file->len; i++) {
		cut = malloc(i + 1);
		assert_non_null(cut);
		memcpy(cut + 1, file->at, i);	/* the end is the end */
		e.status = STATUS_OK;
		assert_null(vault_read(cut + 1, i, passphrase, &e));
		assert_int_equal(e.status, STATUS_DAMAGED);
		assert_int_equal(vault_asks(cut + 1, i, NULL), -1);
		free(cut);
	}
}

static void
refuse_every_bit_flip(struct buf *file, const char *passphrase)
{
	size_t i;
	int bit;

	for (i = 0; i < file->len; i++)
		for (bit = 0; bit < 8; bit++) {
			file->at[i] ^= (uint8_t)(1 << bit);
			expect(STATUS_DAMAGED, file, passphrase);
			assert_int_equal(vault_asks(file->at, file->len,
			    NULL), -1);
			file->at[i] ^= (uint8_t)(1 << bit);
		}
}

static void
row_21_identity_cut_or_flipped(void **state)
{
	struct buf file;
	struct vault *v;

	(void)state;
	/* The check is wrong before Argon2id would run: all bits are quick. */
	make_file(&file, "pass");
	refuse_every_truncation(&file, "pass");
	refuse_every_bit_flip(&file, "pass");
	v = vault_read(file.at, file.len, "pass", NULL);
	assert_non_null(v);
	vault_free(v);
	buf_u8(&file, 0);
	expect(STATUS_DAMAGED, &file, "pass");
	buf_clear(&file);

	make_file(&file, NULL);
	refuse_every_truncation(&file, NULL);
	refuse_every_bit_flip(&file, NULL);
	v = vault_read(file.at, file.len, NULL, NULL);
	assert_non_null(v);
	vault_free(v);
	buf_clear(&file);
}

/* With the check made right again it is the tags that must tell. */
static void
row_21_flipped_under_a_right_check(void **state)
{
	struct buf file;
	size_t i;

	(void)state;
	make_file(&file, NULL);
	for (i = 0; i < OPEN_LEN - CHECK; i++) {
		file.at[i] ^= 0x20;
		mend_check(&file);
		expect(STATUS_DAMAGED, &file, NULL);
		file.at[i] ^= 0x20;
	}
	buf_clear(&file);

	make_file(&file, "pass");
	file.at[RECORD_AT] ^= 1;	/* right passphrase, wrong record */
	mend_check(&file);
	expect(STATUS_DAMAGED, &file, "pass");
	buf_clear(&file);
}

static void
row_22_wrong_passphrase(void **state)
{
	char huge[VAULT_PASSPHRASE_MAX + 2];
	struct vault *v;
	struct buf file, kept;

	(void)state;
	make_file(&file, "pass");
	buf_init(&kept);
	buf_put(&kept, file.at, file.len);
	expect(STATUS_DENIED, &file, "Pass");
	expect(STATUS_DENIED, &file, "pass ");
	expect(STATUS_DENIED, &file, "");
	expect(STATUS_DENIED, &file, NULL);
	memset(huge, 'x', sizeof(huge));
	huge[sizeof(huge) - 1] = '\0';
	expect(STATUS_DENIED, &file, huge);
	assert_memory_equal(file.at, kept.at, file.len);
	v = vault_read(file.at, file.len, "pass", NULL);
	assert_non_null(v);
	vault_free(v);
	buf_clear(&file);
	buf_clear(&kept);
}

/* Whoever tries keys instead of passphrases has 2^256 of them; whoever tries
 * passphrases pays for each: ten thousand take the better part of an hour. */
static void
row_22_ten_thousand_tries(void **state)
{
	const uint8_t salt[VAULT_SALT] = { 1 };
	uint8_t kek[32], data_key[32] = { 0 }, zeros[32] = { 0 };
	struct buf file, kept;
	clock_t before;

	(void)state;
	make_file(&file, "pass");
	buf_init(&kept);
	buf_put(&kept, file.at, file.len);
	for (int i = 0; i < 10000; i++) {
		rand_bytes(kek, sizeof(kek));
		assert_int_equal(vault_unwrap(data_key, kek, file.at,
		    file.at + VAULT_HEADER), -1);
		assert_memory_equal(data_key, zeros, sizeof(zeros));
	}
	assert_memory_equal(file.at, kept.at, file.len);
	before = clock();
	assert_int_equal(vault_kek(kek, "guess", salt, &vault_default_cost),
	    0);
	assert_true((clock() - before) * 1000 / CLOCKS_PER_SEC >= 100);
	buf_clear(&file);
	buf_clear(&kept);
}

static void
t_unsafe_costs_are_refused_before_any_memory_is_taken(void **state)
{
	static const struct vault_cost unsafe[] = {
		{ 0, (uint64_t)64 << 20 },
		{ VAULT_OPS_MAX + 1, (uint64_t)64 << 20 },
		{ UINT32_MAX, (uint64_t)64 << 20 },
		{ 1, ((uint64_t)64 << 20) - 1 },
		{ 1, 0 },
		{ 1, ((uint64_t)4 << 30) + 1 },
		{ 1, UINT64_MAX },
	};
	struct vault *v = vault_new(me);
	struct err e = { .status = STATUS_OK };
	struct buf file, out;
	size_t i;

	(void)state;
	make_file(&file, "pass");
	buf_init(&out);
	for (i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
		put_u32(file.at + OPS_AT, unsafe[i].ops);
		put_u64(file.at + MEM_AT, unsafe[i].mem);
		mend_check(&file);
		expect(STATUS_DAMAGED, &file, "pass");
		assert_int_equal(vault_asks(file.at, file.len, NULL), -1);
		assert_int_equal(vault_write(v, "pass", &unsafe[i], &out, &e),
		    -1);
		assert_int_equal(e.status, STATUS_USAGE);
	}
	assert_int_equal(out.len, 0);
	buf_clear(&file);
	vault_free(v);
}

static void
t_a_newer_file_is_named_as_such(void **state)
{
	struct err e;
	struct buf file;

	(void)state;
	make_file(&file, NULL);
	file.at[4] = 9;
	mend_check(&file);
	assert_int_equal(vault_asks(file.at, file.len, &e), -1);
	assert_int_equal(e.status, STATUS_DAMAGED);
	assert_non_null(strstr(e.what, "version 9"));
	buf_clear(&file);
}

/* Kind 2 relabelled 1 must not make a wrapped key pass as a bare one. */
static void
t_kinds_do_not_pass_as_each_other(void **state)
{
	struct buf file;

	(void)state;
	make_file(&file, "pass");
	file.at[KIND_AT] = 1;
	mend_check(&file);
	expect(STATUS_DAMAGED, &file, NULL);
	buf_clear(&file);
	make_file(&file, NULL);
	file.at[KIND_AT] = 2;
	mend_check(&file);
	expect(STATUS_DAMAGED, &file, "pass");
	buf_clear(&file);
}

static void
t_empty_and_endless_passphrases_lock_nothing(void **state)
{
	struct vault *v = vault_new(me);
	char huge[VAULT_PASSPHRASE_MAX + 2];
	struct err e;
	struct buf out;

	(void)state;
	buf_init(&out);
	assert_int_equal(vault_write(v, "", &vault_least_cost, &out, &e), -1);
	assert_int_equal(e.status, STATUS_USAGE);
	memset(huge, 'x', sizeof(huge));
	huge[sizeof(huge) - 1] = '\0';
	assert_int_equal(vault_write(v, huge, &vault_least_cost, &out, &e),
	    -1);
	assert_int_equal(e.status, STATUS_USAGE);
	assert_int_equal(out.len, 0);
	vault_free(v);
}

static int
start(void **state)
{
	(void)state;
	if (crypto_start(NULL) < 0)
		return -1;
	me = identity_new();
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	identity_free(me);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_xchacha20poly1305_known_answers),
		cmocka_unit_test(t_xchacha20poly1305_answers_of_the_draft),
		cmocka_unit_test(t_record_opens_only_in_its_place),
		cmocka_unit_test(t_argon2id_known_answers),
		cmocka_unit_test(t_vault_known_answer),
		cmocka_unit_test(t_file_has_the_layout_of_the_known_answer),
		cmocka_unit_test(
		    t_identity_comes_back_with_and_without_a_passphrase),
		cmocka_unit_test(row_21_identity_cut_or_flipped),
		cmocka_unit_test(row_21_flipped_under_a_right_check),
		cmocka_unit_test(row_22_wrong_passphrase),
		cmocka_unit_test(row_22_ten_thousand_tries),
		cmocka_unit_test(
		    t_unsafe_costs_are_refused_before_any_memory_is_taken),
		cmocka_unit_test(t_a_newer_file_is_named_as_such),
		cmocka_unit_test(t_kinds_do_not_pass_as_each_other),
		cmocka_unit_test(t_empty_and_endless_passphrases_lock_nothing),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
