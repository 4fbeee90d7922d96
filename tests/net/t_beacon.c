#include "beacon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "label.h"
#include "mem.h"
#include "rand.h"
#include "vectors.h"

static struct identity *
from_vector(const char *name)
{
	struct vectors *v = vectors_open("p2ptui_identity.txt");
	struct identity *id = identity_from_seed(section_exact(
	    vectors_get(v, name), "seed", 32));

	vectors_free(v);
	return id;
}

static void
take_head(struct beacon *b, const struct section *s)
{
	memset(b, 0, sizeof(*b));
	b->udp_port = 50001;
	b->port = 40123;
	memcpy(b->nonce, section_exact(s, "nonce", BEACON_NONCE),
	    BEACON_NONCE);
}

/* Byte for byte what a second implementation wrote: tests/vectors/beacon.py. */
static void
t_public_known_answer(void **state)
{
	struct vectors *v = vectors_open("p2ptui_beacon.txt");
	const struct section *s = vectors_get(v, "public");
	const uint8_t *packet = section_exact(s, "packet", BEACON_LEN);
	struct identity *alice = from_vector("alice");
	uint8_t out[BEACON_LEN];
	struct beacon b, read;
	const uint8_t *name;
	size_t len;

	(void)state;
	take_head(&b, s);
	b.flags = BEACON_QUERY;
	b.when = section_u64(s, "seconds");
	name = section_bytes(s, "name", &len);
	memcpy(b.name, name, len);
	assert_int_equal(beacon_write(out, &b, alice), BEACON_LEN);
	assert_memory_equal(out, packet, BEACON_LEN);
	assert_int_equal(beacon_read(&read, packet, BEACON_LEN), 0);
	assert_true(beacon_verify(&read, packet, BEACON_LEN));
	assert_string_equal(read.name, b.name);
	identity_free(alice);
	vectors_free(v);
}

static void
t_hidden_known_answer(void **state)
{
	struct vectors *v = vectors_open("p2ptui_beacon.txt");
	const struct section *s = vectors_get(v, "hidden");
	const uint8_t *packet = section_exact(s, "packet",
	    BEACON_HIDDEN_HEAD + BEACON_HINT);
	struct identity *alice = from_vector("alice");
	struct identity *bob = from_vector("bob");
	uint8_t key[32], hint[BEACON_HINT], out[BEACON_MAX];
	struct beacon b, read;

	(void)state;
	assert_int_equal(identity_pair_key(alice, identity_keys(bob), key), 0);
	assert_memory_equal(key, section_exact(s, "pair_key", 32), 32);
	take_head(&b, vectors_get(v, "public"));
	b.when = section_u64(s, "slot");
	beacon_hint(hint, key, identity_id(alice), b.nonce, b.when, b.port);
	assert_memory_equal(hint, section_exact(s, "hint", BEACON_HINT),
	    BEACON_HINT);
	b.hints = hint;
	b.n_hints = 1;
	assert_int_equal(beacon_write_hidden(out, &b),
	    BEACON_HIDDEN_HEAD + BEACON_HINT);
	assert_memory_equal(out, packet, BEACON_HIDDEN_HEAD + BEACON_HINT);
	assert_int_equal(beacon_read(&read, packet,
	    BEACON_HIDDEN_HEAD + BEACON_HINT), 0);
	assert_true(beacon_has_hint(&read, hint));
	identity_free(alice);
	identity_free(bob);
	vectors_free(v);
}

static void
t_visit_known_answer(void **state)
{
	struct vectors *v = vectors_open("p2ptui_beacon.txt");
	const struct section *s = vectors_get(v, "visit");
	uint8_t hint[BEACON_HINT], out[BEACON_VISIT_LEN];
	struct beacon b, read;

	(void)state;
	take_head(&b, vectors_get(v, "public"));
	beacon_plate_hint(hint, section_text(s, "plate"), b.nonce);
	assert_memory_equal(hint, section_exact(s, "hint", BEACON_HINT),
	    BEACON_HINT);
	b.flags = BEACON_ANSWER;
	b.hints = hint;
	b.n_hints = 1;
	assert_int_equal(beacon_write_visit(out, &b), BEACON_VISIT_LEN);
	assert_memory_equal(out, section_exact(s, "packet", sizeof(out)),
	    sizeof(out));
	b.flags = BEACON_QUERY;
	b.port = 0;
	beacon_write_visit(out, &b);
	assert_memory_equal(out, section_exact(s, "query", sizeof(out)),
	    sizeof(out));
	assert_int_equal(beacon_read(&read, out, sizeof(out)), 0);
	assert_int_equal(read.kind, BEACON_VISIT);
	assert_int_equal(read.flags, BEACON_QUERY);
	assert_int_equal(read.udp_port, b.udp_port);
	assert_true(beacon_has_hint(&read, hint));
	vectors_free(v);
}

static void
fill(struct beacon *b)
{
	memset(b, 0, sizeof(*b));
	b->port = 54545;
	b->udp_port = 40000;
	b->when = 1790000000;
	memset(b->nonce, 7, sizeof(b->nonce));
	b->flags = BEACON_QUERY;
	memcpy(b->name, "Bj\xc3\xb6rn", 7);
}

static void
t_public_reads_back(void **state)
{
	struct identity *id = identity_new();
	uint8_t out[BEACON_LEN];
	struct beacon b, got;

	(void)state;
	fill(&b);
	assert_int_equal(beacon_write(out, &b, id), BEACON_LEN);
	assert_int_equal(beacon_read(&got, out, sizeof(out)), 0);
	assert_int_equal(got.kind, BEACON_PUBLIC);
	assert_int_equal(got.port, b.port);
	assert_int_equal(got.udp_port, b.udp_port);
	assert_int_equal(got.when, b.when);
	assert_int_equal(got.flags, b.flags);
	assert_memory_equal(got.nonce, b.nonce, BEACON_NONCE);
	assert_string_equal(got.name, b.name);
	assert_true(keys_equal(&got.keys, identity_keys(id)));
	assert_true(beacon_verify(&got, out, sizeof(out)));
	identity_free(id);
}

static void
t_every_bit_is_signed(void **state)
{
	struct identity *id = identity_new();
	uint8_t out[BEACON_LEN];
	struct beacon b, got;

	(void)state;
	fill(&b);
	beacon_write(out, &b, id);
	for (size_t i = 0; i < sizeof(out) * 8; i++) {
		out[i / 8] ^= (uint8_t)(1 << i % 8);
		if (beacon_read(&got, out, sizeof(out)) == 0 &&
		    beacon_verify(&got, out, sizeof(out)))
			fail_msg("bit %zu may be turned", i);
		out[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	identity_free(id);
}

static void
row_86_short_and_oversize_are_ignored(void **state)
{
	struct identity *id = identity_new();
	uint8_t out[BEACON_LEN + 1] = { 0 }, hidden[BEACON_MAX + 1] = { 0 };
	uint8_t hints[BEACON_HINTS * BEACON_HINT] = { 0 };
	struct beacon b, got;
	size_t len;

	(void)state;
	fill(&b);
	beacon_write(out, &b, id);
	for (size_t n = 0; n <= sizeof(out); n++) {
		if (n != BEACON_LEN)
			assert_int_equal(beacon_read(&got, out, n), -1);
	}
	b.n_hints = BEACON_HINTS;
	b.hints = hints;
	len = beacon_write_hidden(hidden, &b);
	assert_int_equal(len, BEACON_MAX);
	assert_int_equal(beacon_read(&got, hidden, len), 0);
	for (size_t n = 0; n <= sizeof(hidden); n++) {
		if (n != len)
			assert_int_equal(beacon_read(&got, hidden, n), -1);
	}
	identity_free(id);
}

static void
t_one_spelling(void **state)
{
	struct identity *id = identity_new();
	uint8_t out[BEACON_LEN];
	struct beacon b, got;
	const size_t name = BEACON_BODY - BEACON_NAME;

	(void)state;
	fill(&b);
	beacon_write(out, &b, id);
	out[name + BEACON_NAME - 1] = 'x';	/* behind the name */
	assert_int_equal(beacon_read(&got, out, sizeof(out)), -1);
	beacon_write(out, &b, id);
	out[name + 1] = 0;			/* inside it */
	assert_int_equal(beacon_read(&got, out, sizeof(out)), -1);
	beacon_write(out, &b, id);
	out[name - 1] = BEACON_NAME + 1;
	assert_int_equal(beacon_read(&got, out, sizeof(out)), -1);
	beacon_write(out, &b, id);
	out[1] = 1;				/* another version */
	assert_int_equal(beacon_read(&got, out, sizeof(out)), -1);
	b.port = 0;				/* nowhere to dial */
	beacon_write(out, &b, id);
	assert_int_equal(beacon_read(&got, out, sizeof(out)), -1);
	b.flags = BEACON_GOODBYE;
	beacon_write(out, &b, id);
	assert_int_equal(beacon_read(&got, out, sizeof(out)), 0);
	identity_free(id);
}

static void
t_hidden_reads_back_and_a_goodbye_has_no_port(void **state)
{
	uint8_t out[BEACON_MAX], hints[3 * BEACON_HINT];
	const uint8_t other[BEACON_HINT] = { 9 };
	struct beacon b, got;
	size_t len;

	(void)state;
	rand_bytes(hints, sizeof(hints));
	fill(&b);
	b.when = 2983333;
	b.n_hints = 3;
	b.hints = hints;
	len = beacon_write_hidden(out, &b);
	assert_int_equal(beacon_read(&got, out, len), 0);
	assert_int_equal(got.kind, BEACON_HIDDEN);
	assert_int_equal(got.n_hints, 3);
	for (int i = 0; i < 3; i++)
		assert_true(beacon_has_hint(&got, hints + i * BEACON_HINT));
	assert_false(beacon_has_hint(&got, other));
	b.flags = BEACON_GOODBYE;
	len = beacon_write_hidden(out, &b);
	assert_int_equal(beacon_read(&got, out, len), -1);
	b.port = 0;
	len = beacon_write_hidden(out, &b);
	assert_int_equal(beacon_read(&got, out, len), 0);
	b.flags = 0;
	len = beacon_write_hidden(out, &b);
	assert_int_equal(beacon_read(&got, out, len), -1);
	b.port = 1;
	b.n_hints = 0;
	len = beacon_write_hidden(out, &b);
	assert_int_equal(beacon_read(&got, out, len), -1);
}

/* One length, no time, and a port exactly when somebody waits there. */
static void
t_a_visit_beacon_has_one_spelling(void **state)
{
	const uint8_t hint[BEACON_HINT] = { 1 };
	uint8_t out[BEACON_VISIT_LEN + 1] = { 0 };
	struct beacon b, got;

	(void)state;
	fill(&b);
	b.when = 0;
	b.n_hints = 1;
	b.hints = hint;
	for (unsigned flags = 0; flags < 256; flags++) {
		for (int port = 0; port < 2; port++) {
			bool good = port ? flags == 0 ||
			    flags == BEACON_ANSWER : flags == BEACON_QUERY;

			b.flags = (uint8_t)flags;
			b.port = (uint16_t)port;
			beacon_write_visit(out, &b);
			assert_int_equal(beacon_read(&got, out,
			    BEACON_VISIT_LEN), good ? 0 : -1);
		}
	}
	b.flags = 0;
	b.port = 1;
	beacon_write_visit(out, &b);
	for (size_t n = 0; n <= sizeof(out); n++)
		assert_int_equal(beacon_read(&got, out, n),
		    n == BEACON_VISIT_LEN ? 0 : -1);
	out[11] = 1;				/* the time */
	assert_int_equal(beacon_read(&got, out, BEACON_VISIT_LEN), -1);
}

/* An answer to a hidden question carries one hint, to an open one the same
 * fixed length. */
static void
row_87_no_answer_is_larger_than_its_question(void **state)
{
	struct identity *id = identity_new();
	uint8_t out[BEACON_LEN], small[BEACON_MAX];
	const uint8_t hint[BEACON_HINT] = { 1 };
	struct beacon b;
	size_t shortest, longest;

	(void)state;
	fill(&b);
	b.name[0] = '\0';
	shortest = beacon_write(out, &b, id);
	memset(b.name, 'n', BEACON_NAME);
	b.flags = BEACON_ANSWER;
	longest = beacon_write(out, &b, id);
	assert_int_equal(shortest, longest);
	b.n_hints = 1;
	b.hints = hint;
	assert_true(beacon_write_hidden(small, &b) <= shortest);
	identity_free(id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_public_known_answer),
		cmocka_unit_test(t_hidden_known_answer),
		cmocka_unit_test(t_visit_known_answer),
		cmocka_unit_test(t_a_visit_beacon_has_one_spelling),
		cmocka_unit_test(t_public_reads_back),
		cmocka_unit_test(t_every_bit_is_signed),
		cmocka_unit_test(row_86_short_and_oversize_are_ignored),
		cmocka_unit_test(t_one_spelling),
		cmocka_unit_test(
		    t_hidden_reads_back_and_a_goodbye_has_no_port),
		cmocka_unit_test(row_87_no_answer_is_larger_than_its_question)
	};
	struct err e;

	if (crypto_start(&e) != 0)
		return 1;
	return cmocka_run_group_tests_name("beacon", tests, NULL, NULL);
}
