#include "parcel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kdf.h"
#include "label.h"
#include "rand.h"

static const char secret[] = "correct horse";

/* A parcel of `len` bytes, each telling where it stands. */
struct sent {
	uint8_t head[PARCEL_HEAD];
	uint8_t *plain;
	size_t len;
	struct buf sealed;		/* all chunks */
};

static uint8_t
byte_at(size_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

static void
put(struct sent *s, size_t len)
{
	struct parcel *p;
	struct err e;
	size_t at = 0;

	memset(s, 0, sizeof(*s));
	s->len = len;
	s->plain = mem_new(len + 1);
	for (size_t i = 0; i < len; i++)
		s->plain[i] = byte_at(i);
	buf_init(&s->sealed);
	p = parcel_new(secret, &vault_least_cost, s->head, &e);
	assert_non_null(p);
	while (len - at > PARCEL_CHUNK) {
		parcel_seal(p, s->plain + at, PARCEL_CHUNK, false, &s->sealed);
		at += PARCEL_CHUNK;
	}
	parcel_seal(p, s->plain + at, len - at, true, &s->sealed);
	parcel_free(p);
}

static void
drop(struct sent *s)
{
	free(s->plain);
	buf_clear(&s->sealed);
}

/* All chunks in a row, as move.c reads them; -1: refused. */
static int
take(struct parcel *p, const uint8_t *at, size_t len, struct buf *out)
{
	bool last = false;

	parcel_rewind(p);
	while (!last) {
		size_t n = len < PARCEL_SEALED ? len : PARCEL_SEALED;

		last = n == len;
		if (parcel_unseal(p, at, n, last, out) != 0)
			return -1;
		at += n;
		len -= n;
	}
	return 0;
}

static struct parcel *
open_sent(const struct sent *s)
{
	struct err e;
	struct parcel *p = parcel_open(s->head, sizeof(s->head), secret, &e);

	assert_non_null(p);
	return p;
}

static void
t_what_was_put_in_comes_out(void **state)
{
	static const size_t lens[] = { 0, 1, PARCEL_CHUNK - 1, PARCEL_CHUNK,
		PARCEL_CHUNK + 1, 3 * PARCEL_CHUNK };

	(void)state;
	for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		struct parcel *p;
		struct sent s;
		struct buf out;

		put(&s, lens[i]);
		p = open_sent(&s);
		buf_init(&out);
		/* Twice: once to look, once to write. */
		for (int twice = 0; twice < 2; twice++) {
			buf_empty(&out);
			assert_int_equal(take(p, s.sealed.at, s.sealed.len,
			    &out), 0);
			assert_int_equal(out.len, s.len);
			assert_memory_equal(buf_str(&out), s.plain, s.len);
		}
		buf_clear(&out);
		parcel_free(p);
		drop(&s);
	}
}

static void
t_chunks_are_neither_cut_moved_nor_changed(void **state)
{
	const size_t one = PARCEL_SEALED;
	struct parcel *p;
	struct sent s;
	struct buf out;
	uint8_t *copy;

	(void)state;
	put(&s, 2 * PARCEL_CHUNK + 100);
	p = open_sent(&s);
	buf_init(&out);
	copy = mem_copy(s.sealed.at, s.sealed.len);
	/* Cut: within a chunk, between chunks, to nothing. */
	assert_int_equal(take(p, copy, s.sealed.len - 1, &out), -1);
	assert_int_equal(take(p, copy, 2 * one, &out), -1);
	assert_int_equal(take(p, copy, one, &out), -1);
	assert_int_equal(take(p, copy, 15, &out), -1);
	assert_int_equal(take(p, copy, 0, &out), -1);
	/* The first one twice, the first two the other way round. */
	memcpy(copy + one, copy, one);
	assert_int_equal(take(p, copy, s.sealed.len, &out), -1);
	memcpy(copy, s.sealed.at + one, one);
	assert_int_equal(take(p, copy, s.sealed.len, &out), -1);
	/* One bit, anywhere. */
	memcpy(copy, s.sealed.at, s.sealed.len);
	for (size_t i = 0; i < s.sealed.len; i += 4099) {
		copy[i] ^= 0x20;
		assert_int_equal(take(p, copy, s.sealed.len, &out), -1);
		copy[i] ^= 0x20;
	}
	assert_int_equal(take(p, copy, s.sealed.len, &out), 0);
	free(copy);
	buf_clear(&out);
	parcel_free(p);
	drop(&s);
}

static void
t_two_parcels_have_nothing_in_common(void **state)
{
	struct sent a, b;
	struct parcel *p;
	struct buf out;

	(void)state;
	put(&a, 1000);
	put(&b, 1000);
	assert_memory_not_equal(a.sealed.at, b.sealed.at, a.sealed.len);
	p = open_sent(&a);
	buf_init(&out);
	assert_int_equal(take(p, b.sealed.at, b.sealed.len, &out), -1);
	buf_clear(&out);
	parcel_free(p);
	drop(&a);
	drop(&b);
}

static void
t_a_head_is_whole_ours_and_not_newer(void **state)
{
	struct sent s;
	struct err e;

	(void)state;
	put(&s, 10);
	assert_int_equal(parcel_check(s.head, sizeof(s.head), &e), 0);
	for (size_t len = 0; len < sizeof(s.head); len++) {
		assert_int_equal(parcel_check(s.head, len, &e), -1);
		assert_int_equal(e.status, STATUS_DAMAGED);
	}
	for (size_t i = 0; i < sizeof(s.head) * 8; i++) {
		s.head[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(parcel_check(s.head, sizeof(s.head), &e), -1);
		assert_int_equal(e.status, STATUS_DAMAGED);
		s.head[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	s.head[4] = 2;
	assert_int_equal(parcel_check(s.head, sizeof(s.head), &e), -1);
	assert_non_null(strstr(e.what, "version 2"));
	assert_non_null(strstr(e.what, "version 1"));
	drop(&s);
}

/* Whoever sends it may have made the check as well. */
static void
dear(struct sent *s, uint32_t ops, uint64_t mem)
{
	enum { KEPT = VAULT_HEADER + VAULT_WRAPPED };

	put_u32(s->head + 8, ops);
	put_u64(s->head + 12, mem);
	kdf_hash(s->head + KEPT, LABEL_PARCEL_CHECK, (const struct item[]){
	    ITEM(s->head, KEPT), KDF_END });
}

static void
t_a_head_that_costs_too_much_is_refused_at_once(void **state)
{
	static const struct {
		uint32_t ops;
		uint64_t mem;
		int rc;
	} rows[] = {
		{ 1, (uint64_t)64 << 20, 0 },
		{ 16, (uint64_t)1 << 30, 0 },
		{ 17, (uint64_t)1 << 30, -1 },
		{ 64, (uint64_t)64 << 20, -1 },
		{ 1, ((uint64_t)1 << 30) + 1, -1 },
		{ 1, (uint64_t)4 << 30, -1 },
		{ 0, (uint64_t)64 << 20, -1 },
		{ 1, 0, -1 },
		{ UINT32_MAX, UINT64_MAX, -1 },
	};
	struct sent s;
	struct err e;

	(void)state;
	put(&s, 10);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		dear(&s, rows[i].ops, rows[i].mem);
		assert_int_equal(parcel_check(s.head, sizeof(s.head), &e),
		    rows[i].rc);
		if (rows[i].rc == 0)
			continue;
		assert_int_equal(e.status, STATUS_DAMAGED);
		assert_null(parcel_open(s.head, sizeof(s.head), "x", &e));
		assert_int_equal(e.status, STATUS_DAMAGED);
	}
	drop(&s);
}

static void
row_22_a_wrong_passphrase_is_not_damage(void **state)
{
	static const char *const wrong[] = { "correct horsf", "Correct horse",
		"correct horse ", "x" };
	struct sent s;
	struct err e;

	(void)state;
	put(&s, 10);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_null(parcel_open(s.head, sizeof(s.head), wrong[i],
		    &e));
		assert_int_equal(e.status, STATUS_DENIED);
	}
	assert_null(parcel_new("", &vault_least_cost, s.head, &e));
	assert_int_equal(e.status, STATUS_USAGE);
	drop(&s);
}

static int
start(void **state)
{
	struct err e;

	(void)state;
	return crypto_start(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_what_was_put_in_comes_out),
		cmocka_unit_test(t_chunks_are_neither_cut_moved_nor_changed),
		cmocka_unit_test(t_two_parcels_have_nothing_in_common),
		cmocka_unit_test(t_a_head_is_whole_ours_and_not_newer),
		cmocka_unit_test(
		    t_a_head_that_costs_too_much_is_refused_at_once),
		cmocka_unit_test(row_22_a_wrong_passphrase_is_not_damage),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
