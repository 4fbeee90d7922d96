#include "noise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/noise-pair.h"
#include "rand.h"

/* ---- among ourselves ----------------------------------------------------- */

static void
t_every_pattern_ends_in_two_equal_states(void **state)
{
	static uint8_t big[NOISE_MAX];
	struct pair p;
	int i, round, from;
	size_t len;

	(void)state;
	rand_bytes(big, sizeof(big));
	for (i = 0; i < NOISE_PATTERNS; i++)
		for (round = 0; round < 4; round++) {
			pair_init(&p, (enum noise_pattern)i);
			for (from = 0; !noise_is_done(p.side[0]);
			    from = 1 - from) {
				len = 0;
				if (round == 1)
					len = NOISE_MAX -
					    noise_overhead(p.side[0]);
				if (round > 1)
					len = rand_below(300);
				pair_pass(&p, from, big, len);
			}
			pair_split(&p);
			assert_memory_equal(p.send[0].key, p.receive[1].key,
			    32);
			assert_memory_equal(p.send[1].key, p.receive[0].key,
			    32);
			pair_clear(&p);
		}
}

static void
t_remote_is_known_once_it_is_proven(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, NOISE_XX);
	assert_null(noise_remote(p.side[0]));
	pair_pass(&p, 0, "", 0);
	assert_null(noise_remote(p.side[1]));
	pair_pass(&p, 1, "", 0);
	assert_memory_equal(noise_remote(p.side[0]), p.s_public[1], 32);
	pair_pass(&p, 0, "", 0);
	assert_memory_equal(noise_remote(p.side[1]), p.s_public[0], 32);
	pair_split(&p);
	assert_memory_equal(noise_remote(p.side[1]), p.s_public[0], 32);
	pair_clear(&p);

	pair_init(&p, NOISE_IK);
	assert_memory_equal(noise_remote(p.side[0]), p.s_public[1], 32);
	assert_null(noise_remote(p.side[1]));
	pair_finish(&p);
	assert_memory_equal(noise_remote(p.side[1]), p.s_public[0], 32);
	pair_clear(&p);

	pair_init(&p, NOISE_NK);	/* the initiator stays anonymous */
	pair_finish(&p);
	assert_null(noise_remote(p.side[1]));
	pair_clear(&p);
}

static void
t_one_way_patterns_speak_one_way(void **state)
{
	struct pair p;
	uint8_t out[64];

	(void)state;
	pair_init(&p, NOISE_X);
	pair_finish(&p);
	pair_split(&p);
	assert_int_equal(cipher_seal(&p.send[0], NULL, 0, "hi", 2, out), 0);
	assert_int_equal(cipher_open(&p.receive[1], NULL, 0, out, 18, out),
	    0);
	assert_memory_equal(out, "hi", 2);
	assert_int_equal(cipher_seal(&p.send[1], NULL, 0, "hi", 2, out), -1);
	assert_int_equal(cipher_open(&p.receive[0], NULL, 0, out, 18, out),
	    -1);
	pair_clear(&p);
}

static void
t_setup_without_a_needed_key_is_refused(void **state)
{
	uint8_t key[KEY_LEN], public[KEY_LEN];
	struct noise_setup setup = { .pattern = NOISE_IK, .initiator = true };
	struct noise *n;

	(void)state;
	x_pair_new(key, public);
	setup.s = key;
	assert_null(noise_new(&setup));		/* no rs */
	setup.rs = public;
	setup.s = NULL;
	assert_null(noise_new(&setup));		/* no s */
	setup.initiator = false;
	assert_null(noise_new(&setup));		/* responder, no s */
	setup.initiator = true;
	setup.pattern = NOISE_NK;
	n = noise_new(&setup);			/* needs none */
	assert_non_null(n);
	noise_free(n);
	setup.pattern = NOISE_XX_PSK0;
	setup.s = key;
	assert_null(noise_new(&setup));		/* no psk */
	setup.psk = public;
	n = noise_new(&setup);
	assert_non_null(n);
	noise_free(n);
	noise_free(NULL);
}

static void
t_a_known_public_half_changes_nothing(void **state)
{
	struct pair p;
	struct noise_setup setup;

	(void)state;
	pair_init(&p, NOISE_IK);
	noise_free(p.side[0]);
	setup = (struct noise_setup){ .pattern = NOISE_IK, .initiator = true,
	    .prologue = "prologue", .prologue_len = 8, .s = p.s[0],
	    .s_public = p.s_public[0], .rs = p.s_public[1] };
	p.side[0] = noise_new(&setup);
	pair_finish(&p);
	pair_split(&p);
	assert_memory_equal(noise_remote(p.side[1]), p.s_public[0], 32);
	pair_clear(&p);
}

/* Each way of being different ends in a refusal. */
static void
t_other_prologue_key_or_psk_is_refused(void **state)
{
	struct pair p, q;
	uint8_t msg[256], out[256];
	struct noise_setup setup;
	struct noise *n;
	ssize_t len;

	(void)state;
	pair_init(&p, NOISE_IK);
	pair_init(&q, NOISE_IK);
	len = noise_write(p.side[0], "hi", 2, msg, sizeof(msg));
	assert_true(len > 0);
	assert_int_equal(noise_read(q.side[1], msg, (size_t)len, out,
	    sizeof(out)), -1);		/* for another key */
	setup = (struct noise_setup){ .pattern = NOISE_IK,
	    .prologue = "prologuf", .prologue_len = 8, .s = p.s[1] };
	n = noise_new(&setup);
	assert_int_equal(noise_read(n, msg, (size_t)len, out, sizeof(out)),
	    -1);			/* under another prologue */
	noise_free(n);
	assert_int_equal(noise_read(p.side[1], msg, (size_t)len, out,
	    sizeof(out)), 2);
	pair_clear(&p);
	pair_clear(&q);

	pair_init(&p, NOISE_XX_PSK0);
	pair_init(&q, NOISE_XX_PSK0);
	len = noise_write(p.side[0], "hi", 2, msg, sizeof(msg));
	assert_int_equal(noise_read(q.side[1], msg, (size_t)len, out,
	    sizeof(out)), -1);		/* another psk */
	assert_int_equal(noise_read(p.side[1], msg, (size_t)len, out,
	    sizeof(out)), 2);
	pair_clear(&p);
	pair_clear(&q);
}

static void
t_out_of_turn_and_out_of_room_change_nothing(void **state)
{
	static uint8_t big[NOISE_MAX + 1], out[2 * NOISE_MAX];
	struct pair p;
	uint8_t hash[NOISE_HASH];
	size_t extra;

	(void)state;
	pair_init(&p, NOISE_IK);
	memcpy(hash, noise_hash(p.side[0]), NOISE_HASH);
	extra = noise_overhead(p.side[0]);
	assert_int_equal(extra, 96);	/* e 32, s 48, tag 16 */
	assert_int_equal(noise_read(p.side[0], big, 200, out, sizeof(out)),
	    -1);			/* it is mine to write */
	assert_int_equal(noise_write(p.side[1], "", 0, out, sizeof(out)), -1);
	assert_int_equal(noise_write(p.side[0], "hi", 2, out, extra + 1), -1);
	assert_int_equal(noise_write(p.side[0], big, NOISE_MAX - extra + 1,
	    out, sizeof(out)), -1);
	assert_int_equal(noise_write(p.side[0], big, SIZE_MAX, out,
	    sizeof(out)), -1);
	assert_memory_equal(hash, noise_hash(p.side[0]), NOISE_HASH);

	assert_int_equal(noise_write(p.side[0], "hi", 2, big, extra + 2),
	    extra + 2);
	memcpy(hash, noise_hash(p.side[1]), NOISE_HASH);
	assert_int_equal(noise_read(p.side[1], big, extra + 2, out, 1), -1);
	assert_int_equal(noise_read(p.side[1], big, NOISE_MAX + 1, out,
	    sizeof(out)), -1);
	assert_memory_equal(hash, noise_hash(p.side[1]), NOISE_HASH);
	assert_int_equal(noise_read(p.side[1], big, extra + 2, out, 2), 2);
	pair_pass(&p, 1, "", 0);
	/* Done is done. */
	assert_int_equal(noise_write(p.side[0], "hi", 2, out, sizeof(out)),
	    -1);
	assert_int_equal(noise_read(p.side[1], big, extra + 2, out,
	    sizeof(out)), -1);
	assert_int_equal(noise_overhead(p.side[0]), NOISE_TAG);
	pair_clear(&p);
}

/* ---- rows of faults ------------------------------------------------------ */

/* A damaged message in a place of its very size. */
static void
refuse(struct noise *n, const uint8_t *msg, size_t len)
{
	uint8_t hash[NOISE_HASH], *copy = malloc(len + 1), out[512];

	assert_non_null(copy);
	memcpy(copy + 1, msg, len);
	memcpy(hash, noise_hash(n), NOISE_HASH);
	assert_int_equal(noise_read(n, copy + 1, len, out, sizeof(out)), -1);
	assert_memory_equal(noise_hash(n), hash, NOISE_HASH);
	free(copy);
}

/* The next message, cut and flipped in every way: refused each time, and
 * then the true one is read as if nothing had been. */
static void
damage_next(struct pair *p, int from)
{
	uint8_t msg[512], out[512];
	ssize_t len;
	size_t i;
	int bit;

	len = noise_write(p->side[from], "payload", 7, msg, sizeof(msg));
	assert_true(len > 0);
	for (i = 0; i < (size_t)len; i++)
		refuse(p->side[1 - from], msg, i);
	for (i = 0; i < (size_t)len; i++)
		for (bit = 0; bit < 8; bit++) {
			msg[i] ^= (uint8_t)(1 << bit);
			refuse(p->side[1 - from], msg, (size_t)len);
			msg[i] ^= (uint8_t)(1 << bit);
		}
	msg[len] = 0;
	refuse(p->side[1 - from], msg, (size_t)len + 1);
	assert_int_equal(noise_read(p->side[1 - from], msg, (size_t)len, out,
	    sizeof(out)), 7);
	assert_memory_equal(out, "payload", 7);
}

/* The first message of XX has no tag.  Damage that a responder cannot see
 * must end with its answer, which the initiator refuses. */
static void
damaged_first_of_xx(const struct pair *p, const uint8_t *msg, size_t len,
    bool *answered)
{
	struct noise *responder = pair_side(p, NOISE_XX, 1);
	uint8_t out[512];
	ssize_t n;

	*answered = false;
	if (noise_read(responder, msg, len, out, sizeof(out)) >= 0) {
		n = noise_write(responder, "", 0, out, sizeof(out));
		if (n >= 0) {
			*answered = true;
			refuse(p->side[0], out, (size_t)n);
		}
	}
	noise_free(responder);
}

static void
damage_first_of_xx(struct pair *p)
{
	uint8_t msg[512], out[512];
	bool answered;
	ssize_t len;
	size_t i;
	int bit;

	len = noise_write(p->side[0], "payload", 7, msg, sizeof(msg));
	assert_int_equal(len, 32 + 7);
	for (i = 0; i < (size_t)len; i++) {
		damaged_first_of_xx(p, msg, i, &answered);
		assert_int_equal(answered, i >= 32);
	}
	for (i = 0; i < (size_t)len; i++)
		for (bit = 0; bit < 8; bit++) {
			msg[i] ^= (uint8_t)(1 << bit);
			damaged_first_of_xx(p, msg, (size_t)len, &answered);
			msg[i] ^= (uint8_t)(1 << bit);
		}
	assert_int_equal(noise_read(p->side[1], msg, (size_t)len, out,
	    sizeof(out)), 7);
}

static void
row_48_every_truncation_and_bit_flip_of_a_handshake_IK(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, NOISE_IK);
	damage_next(&p, 0);
	damage_next(&p, 1);
	pair_split(&p);
	pair_clear(&p);
}

static void
row_48_every_truncation_and_bit_flip_of_a_handshake_XX(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, NOISE_XX);
	damage_first_of_xx(&p);
	damage_next(&p, 1);
	damage_next(&p, 0);
	pair_split(&p);
	pair_clear(&p);
}

static void
row_49_replayed_handshake(void **state)
{
	struct pair p, again;
	uint8_t one[256], two[256], record[64], out[256];
	ssize_t len, len_two;

	(void)state;
	pair_init(&p, NOISE_IK);
	len = noise_write(p.side[0], "hi", 2, one, sizeof(one));
	assert_int_equal(noise_read(p.side[1], one, (size_t)len, out,
	    sizeof(out)), 2);
	/* Twice to one state: it is not the initiator's turn. */
	assert_int_equal(noise_read(p.side[1], one, (size_t)len, out,
	    sizeof(out)), -1);
	len_two = noise_write(p.side[1], "ho", 2, two, sizeof(two));
	assert_int_equal(noise_read(p.side[0], two, (size_t)len_two, out,
	    sizeof(out)), 2);
	pair_split(&p);
	assert_int_equal(cipher_seal(&p.send[0], NULL, 0, "first", 5, record),
	    0);

	/* To a fresh responder the first message is readable, that is known;
	 * the record that would prove the initiator is not. */
	again = p;
	again.side[0] = pair_side(&p, NOISE_IK, 0);
	again.side[1] = pair_side(&p, NOISE_IK, 1);
	assert_int_equal(noise_read(again.side[1], one, (size_t)len, out,
	    sizeof(out)), 2);
	assert_true(noise_write(again.side[1], "ho", 2, out, sizeof(out)) > 0);
	noise_split(again.side[1], &again.send[1], &again.receive[1]);
	assert_int_equal(cipher_open(&again.receive[1], NULL, 0, record, 21,
	    out), -1);
	/* An old answer to a fresh initiator. */
	assert_true(noise_write(again.side[0], "hi", 2, out, sizeof(out)) > 0);
	assert_int_equal(noise_read(again.side[0], two, (size_t)len_two, out,
	    sizeof(out)), -1);
	/* And the record itself, twice. */
	assert_int_equal(cipher_open(&p.receive[1], NULL, 0, record, 21, out),
	    0);
	assert_int_equal(cipher_open(&p.receive[1], NULL, 0, record, 21, out),
	    -1);
	pair_clear(&p);
	pair_clear(&again);
}

static void
row_50_low_order_keys(void **state)
{
	static const uint8_t zero[KEY_LEN], one[KEY_LEN] = { 1 };
	static const uint8_t *const bad[] = { zero, one };
	struct noise_setup setup;
	struct pair p;
	uint8_t msg[512] = { 0 }, out[512];
	ssize_t len;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		pair_init(&p, NOISE_XX);
		setup = (struct noise_setup){ .pattern = NOISE_IK,
		    .initiator = true, .s = p.s[0], .rs = bad[i] };
		assert_null(noise_new(&setup));

		/* An ephemeral, where no tag could give it away. */
		memcpy(msg, bad[i], KEY_LEN);
		refuse(p.side[1], msg, 40);
		msg[31] |= 0x80;	/* and spelled otherwise */
		refuse(p.side[1], msg, 40);

		/* A static, sealed and authentic. */
		noise_free(p.side[0]);
		setup = (struct noise_setup){ .pattern = NOISE_XX,
		    .initiator = true, .prologue = "prologue",
		    .prologue_len = 8, .s = p.s[0], .s_public = bad[i] };
		p.side[0] = noise_new(&setup);
		pair_pass(&p, 0, "", 0);
		pair_pass(&p, 1, "", 0);
		len = noise_write(p.side[0], "", 0, out, sizeof(out));
		assert_true(len > 0);
		refuse(p.side[1], out, (size_t)len);
		pair_clear(&p);
	}
}

/* ---- transport ----------------------------------------------------------- */

static void
t_forged_record_moves_nothing(void **state)
{
	struct pair p;
	uint8_t wire[32], in[32];
	size_t i;

	(void)state;
	pair_init(&p, NOISE_IK);
	pair_finish(&p);
	pair_split(&p);
	memcpy(wire, "twelve bytes", 12);
	assert_int_equal(cipher_seal(&p.send[0], "ad", 2, wire, 12, wire), 0);
	for (i = 0; i < 28; i++) {
		memcpy(in, wire, 28);
		in[i] ^= 4;
		assert_int_equal(cipher_open(&p.receive[1], "ad", 2, in, 28,
		    in), -1);
		memcpy(in, wire, i);
		assert_int_equal(cipher_open(&p.receive[1], "ad", 2, in, i,
		    in), -1);
	}
	memcpy(in, wire, 28);
	assert_int_equal(cipher_open(&p.receive[1], "da", 2, in, 28, in), -1);
	assert_int_equal(p.receive[1].n, 0);
	memcpy(in, wire, 28);
	assert_int_equal(cipher_open(&p.receive[1], "ad", 2, in, 28, in), 0);
	assert_memory_equal(in, "twelve bytes", 12);
	assert_int_equal(p.receive[1].n, 1);
	pair_clear(&p);
}

static void
t_keys_are_gone_after_wiping(void **state)
{
	static const struct cipher nothing;
	struct cipher c = { { 1, 2, 3 }, 4 };

	(void)state;
	cipher_wipe(&c);
	assert_memory_equal(&c, &nothing, sizeof(c));
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
		cmocka_unit_test(t_every_pattern_ends_in_two_equal_states),
		cmocka_unit_test(t_remote_is_known_once_it_is_proven),
		cmocka_unit_test(t_one_way_patterns_speak_one_way),
		cmocka_unit_test(t_setup_without_a_needed_key_is_refused),
		cmocka_unit_test(t_a_known_public_half_changes_nothing),
		cmocka_unit_test(t_other_prologue_key_or_psk_is_refused),
		cmocka_unit_test(t_out_of_turn_and_out_of_room_change_nothing),
		cmocka_unit_test(
		    row_48_every_truncation_and_bit_flip_of_a_handshake_IK),
		cmocka_unit_test(
		    row_48_every_truncation_and_bit_flip_of_a_handshake_XX),
		cmocka_unit_test(row_49_replayed_handshake),
		cmocka_unit_test(row_50_low_order_keys),
		cmocka_unit_test(t_forged_record_moves_nothing),
		cmocka_unit_test(t_keys_are_gone_after_wiping),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
