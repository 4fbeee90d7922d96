#include "noise.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "crypto/noise-pair.h"
#include "rand.h"
#include "vectors.h"

enum { REKEY_EVERY = 4096 };

static const char *const names[NOISE_PATTERNS] = {
	[NOISE_N] = "N", [NOISE_X] = "X", [NOISE_NK] = "NK",
	[NOISE_NX] = "NX",
	[NOISE_IK] = "IK", [NOISE_XX] = "XX", [NOISE_XX_PSK0] = "XXpsk0",
};

static enum noise_pattern
pattern_of(const struct section *s)
{
	char want[64];
	int i;

	for (i = 0; i < NOISE_PATTERNS; i++) {
		snprintf(want, sizeof(want),
		    "Noise_%s_25519_ChaChaPoly_BLAKE2b", names[i]);
		if (strcmp(want, section_text(s, "protocol")) == 0)
			return (enum noise_pattern)i;
	}
	fail_msg("[%s] is of no pattern of ours", s->name);
	return NOISE_N;
}

static const uint8_t *
optional(const struct section *s, const char *key)
{
	return section_has(s, key) ? section_exact(s, key, KEY_LEN) : NULL;
}

static struct noise *
vector_side(const struct section *s, bool initiator)
{
	struct noise_setup setup = {
		.pattern = pattern_of(s), .initiator = initiator
	};
	uint8_t rs[KEY_LEN];

	if (section_has(s, "init_prologue"))
		setup.prologue = section_bytes(s, "init_prologue",
		    &setup.prologue_len);
	setup.s = optional(s, initiator ? "init_static" : "resp_static");
	setup.e = optional(s, initiator ? "init_ephemeral" :
	    "resp_ephemeral");
	setup.psk = optional(s, initiator ? "init_psk" : "resp_psk");
	if (initiator && section_has(s, "resp_static")) {
		x_public(rs, section_exact(s, "resp_static", KEY_LEN));
		setup.rs = rs;
	}
	if (initiator && section_has(s, "init_remote_static"))
		setup.rs = section_exact(s, "init_remote_static", KEY_LEN);
	return noise_new(&setup);
}

/* Message i of a section: who, what, and as which bytes. */
struct message {
	int from;
	const uint8_t *payload, *wire;
	size_t len, wire_len;
};

static void
get_message(struct message *m, const struct section *s, uint64_t i)
{
	char key[32];

	snprintf(key, sizeof(key), "msg%u_from", (unsigned)i);
	m->from = strcmp(section_text(s, key), "initiator") == 0 ? 0 : 1;
	snprintf(key, sizeof(key), "msg%u_payload", (unsigned)i);
	m->payload = section_bytes(s, key, &m->len);
	snprintf(key, sizeof(key), "msg%u_ciphertext", (unsigned)i);
	m->wire = section_bytes(s, key, &m->wire_len);
}

static void
check_handshake(struct pair *p, const struct section *s)
{
	uint8_t out[1024];
	struct message m;
	uint64_t i;

	for (i = 0; i < section_u64(s, "handshake_messages"); i++) {
		get_message(&m, s, i);
		assert_false(noise_is_done(p->side[m.from]));
		assert_int_equal(noise_write(p->side[m.from], m.payload,
		    m.len, out, sizeof(out)), m.wire_len);
		assert_memory_equal(out, m.wire, m.wire_len);
		assert_int_equal(noise_read(p->side[1 - m.from], m.wire,
		    m.wire_len, out, sizeof(out)), m.len);
		assert_memory_equal(out, m.payload, m.len);
	}
	for (i = 0; i < 2; i++) {
		assert_true(noise_is_done(p->side[i]));
		assert_memory_equal(noise_hash(p->side[i]), section_exact(s,
		    "handshake_hash", NOISE_HASH), NOISE_HASH);
	}
}

static void
check_transport(struct pair *p, const struct section *s)
{
	uint64_t i = section_u64(s, "handshake_messages");
	uint8_t out[1024];
	struct message m;

	pair_split(p);
	for (; i < section_u64(s, "messages"); i++) {
		get_message(&m, s, i);
		assert_int_equal(cipher_seal(&p->send[m.from], NULL, 0,
		    m.payload, m.len, out), 0);
		assert_memory_equal(out, m.wire, m.wire_len);
		assert_int_equal(cipher_open(&p->receive[1 - m.from], NULL, 0,
		    out, m.wire_len, out), 0);
		assert_memory_equal(out, m.payload, m.len);
	}
}

static int
check_sections(const struct vectors *v, const char *prefix)
{
	const struct section *s = NULL;
	struct pair p;
	int n = 0;

	while ((s = vectors_next(v, s, prefix)) != NULL) {
		p.side[0] = vector_side(s, true);
		p.side[1] = vector_side(s, false);
		assert_non_null(p.side[0]);
		assert_non_null(p.side[1]);
		check_handshake(&p, s);
		check_transport(&p, s);
		pair_clear(&p);
		n++;
	}
	return n;
}

static void
t_handshake_known_answers_of_flynn(void **state)
{
	static const char *const files[] = {
		"noise_N.txt", "noise_X.txt", "noise_NK.txt", "noise_NX.txt",
		"noise_IK.txt",
		"noise_XX.txt", "noise_psk.txt",
	};
	struct vectors *v;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		v = vectors_open(files[i]);
		assert_int_equal(check_sections(v, "flynn-"), 4);
		vectors_free(v);
	}
}

static void
t_handshake_known_answers_of_cacophony(void **state)
{
	static const char *const files[] = {
		"noise_N.txt", "noise_X.txt", "noise_NK.txt", "noise_NX.txt",
		"noise_IK.txt",
		"noise_XX.txt",
	};
	struct vectors *v;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		v = vectors_open_foreign(files[i]);
		if (v == NULL)
			skip();
		assert_int_equal(check_sections(v, "cacophony-"), 1);
		vectors_free(v);
	}
}

static void
t_rekey_known_answers(void **state)
{
	struct vectors *v = vectors_open("noise_cipherstate.txt");
	const struct section *s = NULL;
	struct cipher c;
	char key[3] = "k0";
	int n = 0;

	(void)state;
	while ((s = vectors_next(v, s, "rekey-")) != NULL) {
		memcpy(c.key, section_exact(s, "k0", 32), 32);
		c.n = 5;
		for (key[1] = '1'; key[1] <= '3'; key[1]++) {
			cipher_rekey(&c);
			assert_memory_equal(c.key, section_exact(s, key, 32),
			    32);
			assert_int_equal(c.n, 5);
		}
		n++;
	}
	assert_int_equal(n, 3);
	vectors_free(v);
}

static void
t_nonce_known_answers(void **state)
{
	struct vectors *v = vectors_open("noise_cipherstate.txt");
	const struct section *s = NULL;
	const uint8_t *ad, *plain, *known;
	size_t ad_len, len, known_len;
	struct cipher c;
	uint8_t out[256];
	int n = 0;

	(void)state;
	while ((s = vectors_next(v, s, "nonce-")) != NULL) {
		memcpy(c.key, section_exact(s, "k", 32), 32);
		c.n = section_u64(s, "n");
		ad = section_bytes(s, "ad", &ad_len);
		plain = section_bytes(s, "plaintext", &len);
		known = section_bytes(s, "ciphertext", &known_len);
		assert_int_equal(cipher_seal(&c, ad, ad_len, plain, len, out),
		    0);
		assert_memory_equal(out, known, known_len);
		assert_true(c.n == section_u64(s, "n") + 1);
		c.n--;
		assert_int_equal(cipher_open(&c, ad, ad_len, out, known_len,
		    out), 0);
		assert_memory_equal(out, plain, len);
		n++;
	}
	assert_int_equal(n, 8);
	/* The last one above used 2^64 - 2: no further message. */
	assert_true(c.n == UINT64_MAX);
	assert_int_equal(cipher_seal(&c, NULL, 0, "x", 1, out), -1);
	vectors_free(v);
}

static void
t_last_nonce_opens_nothing(void **state)
{
	/* "x" sealed with libsodium, the zero key and nonce 2^64 - 1. */
	static const uint8_t sealed[] = {
		0x5d, 0x1d, 0xc6, 0x9a, 0x50, 0x4c, 0x61, 0xe2, 0xaa,
		0xd7, 0x97, 0x20, 0x4f, 0xd6, 0xfb, 0x37, 0x80
	};
	struct cipher c = { .n = UINT64_MAX };
	uint8_t out[sizeof(sealed)];

	(void)state;
	assert_int_equal(cipher_open(&c, NULL, 0, sealed, sizeof(sealed), out),
	    -1);
	assert_true(c.n == UINT64_MAX);
}

/* ---- the live link's known answers --------------------------------------- */

static void
live_init(struct pair *p, const struct section *s)
{
	struct noise_setup setup = { .pattern = NOISE_IK, .initiator = true };

	x_public(p->s_public[1], section_exact(s, "resp_static", 32));
	setup.prologue = section_bytes(s, "prologue", &setup.prologue_len);
	setup.s = section_exact(s, "init_static", 32);
	setup.e = section_exact(s, "init_ephemeral", 32);
	setup.rs = p->s_public[1];
	p->side[0] = noise_new(&setup);
	setup.initiator = false;
	setup.s = section_exact(s, "resp_static", 32);
	setup.e = section_exact(s, "resp_ephemeral", 32);
	setup.rs = NULL;
	p->side[1] = noise_new(&setup);
	assert_non_null(p->side[0]);
	assert_non_null(p->side[1]);
}

static void
live_message(struct pair *p, const struct section *s, int from,
    const char *key)
{
	const uint8_t *hello = section_exact(s, "hello_payload", 6), *known;
	uint8_t out[256];
	size_t len;

	known = section_bytes(s, key, &len);
	assert_int_equal(noise_write(p->side[from], hello, 6, out,
	    sizeof(out)), len);
	assert_memory_equal(out, known, len);
	assert_int_equal(noise_read(p->side[1 - from], known, len, out,
	    sizeof(out)), 6);
	assert_memory_equal(out, hello, 6);
}

/* A record on the wire: u16 length, then the transport message. */
static void
check_record(struct cipher *c, const uint8_t *plain, size_t len,
    const struct section *s, const char *key)
{
	const uint8_t *known;
	uint8_t out[256];
	size_t known_len;

	known = section_bytes(s, key, &known_len);
	put_u16(out, (uint16_t)(len + NOISE_TAG));
	assert_int_equal(cipher_seal(c, NULL, 0, plain, len, out + 2), 0);
	assert_int_equal(known_len, 2 + len + NOISE_TAG);
	assert_memory_equal(out, known, known_len);
}

static void
check_record_4096(struct pair *p, const struct section *s)
{
	const uint8_t *wire;
	uint8_t out[256];
	size_t wire_len;

	/* Records 1 to 4095 are as good as sent. */
	p->send[0].n = p->receive[1].n = REKEY_EVERY;
	cipher_rekey(&p->send[0]);
	cipher_rekey(&p->receive[1]);
	assert_memory_equal(p->send[0].key, section_exact(s,
	    "key_i2r_after_4096_records", 32), 32);
	wire = section_bytes(s, "record_wire_i2r_4096", &wire_len);
	assert_int_equal(get_u16(wire), wire_len - 2);
	assert_int_equal(cipher_open(&p->receive[1], NULL, 0, wire + 2,
	    wire_len - 2, out), 0);
	check_record(&p->send[0], out, wire_len - 2 - NOISE_TAG, s,
	    "record_wire_i2r_4096");
}

static void
t_live_link_known_answers(void **state)
{
	struct vectors *v = vectors_open("p2ptui_live.txt");
	const struct section *s = vectors_get(v, "tcp");
	const uint8_t *plain;
	struct pair p;
	size_t len;

	(void)state;
	live_init(&p, s);
	live_message(&p, s, 0, "msg1");
	live_message(&p, s, 1, "msg2");
	assert_memory_equal(noise_hash(p.side[0]), section_exact(s,
	    "handshake_hash", NOISE_HASH), NOISE_HASH);
	pair_split(&p);
	assert_memory_equal(p.send[0].key, section_exact(s, "key_i2r", 32),
	    32);
	assert_memory_equal(p.send[1].key, section_exact(s, "key_r2i", 32),
	    32);
	plain = section_bytes(s, "record_plain_i2r_0", &len);
	check_record(&p.send[0], plain, len, s, "record_wire_i2r_0");
	plain = section_bytes(s, "record_plain_r2i_0", &len);
	check_record(&p.send[1], plain, len, s, "record_wire_r2i_0");
	check_record_4096(&p, s);
	pair_clear(&p);
	vectors_free(v);
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
		cmocka_unit_test(t_handshake_known_answers_of_flynn),
		cmocka_unit_test(t_handshake_known_answers_of_cacophony),
		cmocka_unit_test(t_rekey_known_answers),
		cmocka_unit_test(t_nonce_known_answers),
		cmocka_unit_test(t_last_nonce_opens_nothing),
		cmocka_unit_test(t_live_link_known_answers),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
