#include "card.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "label.h"
#include "rand.h"
#include "vectors.h"

static void
vector_card(struct buf *out, const struct section *s)
{
	const uint8_t *p;
	size_t len;

	buf_init(out);
	p = section_bytes(s, "body", &len);
	buf_put(out, p, len);
	buf_put(out, section_exact(s, "signature", SIG_LEN), SIG_LEN);
}

/* Read, compare the fields, write again: the very same bytes. */
static void
check_known_answer(const char *who, const char *section, struct card *c)
{
	struct vectors *v = vectors_open("p2ptui_identity.txt");
	struct identity *id = identity_from_seed(section_exact(
	    vectors_get(v, who), "seed", 32));
	struct buf known, again;

	vector_card(&known, vectors_get(v, section));
	assert_int_equal(card_read(c, known.at, known.len), 0);
	assert_true(keys_equal(&c->keys, identity_keys(id)));
	buf_init(&again);
	card_write(&again, c, id);
	assert_int_equal(again.len, known.len);
	assert_memory_equal(again.at, known.at, known.len);
	buf_clear(&known);
	buf_clear(&again);
	identity_free(id);
	vectors_free(v);
}

static void
t_card_known_answers(void **state)
{
	struct vectors *v = vectors_open("p2ptui_identity.txt");
	struct card c;
	uint8_t spk[KEY_LEN];

	(void)state;
	check_known_answer("bob", "card-bob", &c);
	assert_int_equal(c.vmin, 1);
	assert_int_equal(c.vmax, 1);
	assert_int_equal(c.flags, 0);
	assert_int_equal(c.serial, 7);
	assert_int_equal(c.spk_expiry, 1900000000);
	assert_int_equal(c.n_relays, 1);
	assert_string_equal(c.relays[0], "relay.example:7777");
	assert_string_equal(c.name, "bob");
	x_public(spk, section_exact(vectors_get(v, "card-bob"),
	    "signed_prekey_secret", KEY_LEN));
	assert_memory_equal(c.spk, spk, KEY_LEN);

	check_known_answer("alice", "card-alice", &c);
	assert_int_equal(c.serial, 3);
	assert_int_equal(c.n_relays, 0);
	assert_string_equal(c.name, "alice");
	vectors_free(v);
}

/* The largest card there is. */
static void
make_full(struct card *c)
{
	uint8_t secret[KEY_LEN];
	size_t i;

	memset(c, 0, sizeof(*c));
	c->vmin = 1;
	c->vmax = 2;
	c->flags = 0x8001;
	c->serial = UINT64_MAX;
	c->spk_expiry = 1;
	x_pair_new(secret, c->spk);
	c->n_relays = CARD_RELAYS_MAX;
	for (i = 0; i < CARD_RELAYS_MAX; i++)
		memset(c->relays[i], 'a' + (int)i, CARD_RELAY_MAX);
	memset(c->name, 'n', CARD_NAME_MAX);
}

static void
t_the_largest_card_goes_through_its_link(void **state)
{
	struct identity *id = identity_new();
	struct card c, got;
	struct buf card, link;

	(void)state;
	make_full(&c);
	buf_init(&card);
	buf_init(&link);
	card_write(&card, &c, id);
	assert_true(card.len <= CARD_MAX);
	card_link(&link, card.at, card.len);
	assert_int_equal(card_from_link(&got, buf_str(&link)), 0);
	assert_int_equal(got.flags, 0x8001);
	assert_true(got.serial == UINT64_MAX);
	assert_string_equal(got.name, c.name);
	assert_string_equal(got.relays[3], c.relays[3]);
	assert_true(keys_equal(&got.keys, identity_keys(id)));
	buf_clear(&card);
	buf_clear(&link);
	identity_free(id);
}

static void
t_only_its_own_scheme_is_a_link(void **state)
{
	static const char *const wrong[] = {
		"", "p2ptui", "p2ptui:", "http://example", "p2ptui:!",
		"p2ptui:AA", "p2ptui:AB", "P2PTUI:AA",
	};
	struct card c;
	char *huge = malloc(100001);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(card_from_link(&c, wrong[i]), -1);
	assert_non_null(huge);
	memset(huge, 'A', 100000);
	memcpy(huge, "p2ptui:", 7);
	huge[100000] = '\0';
	assert_int_equal(card_from_link(&c, huge), -1);
	free(huge);
}

static void
t_every_truncation_and_bit_flip_of_a_card_is_refused(void **state)
{
	struct identity *id = identity_new();
	struct card c = { .vmin = 1, .vmax = 1, .n_relays = 1,
	    .relays = { "r:1" }, .name = "n" };
	struct card untouched, kept;
	struct buf card;
	size_t i, j;

	(void)state;
	buf_init(&card);
	card_write(&card, &c, id);
	memset(&untouched, 0x55, sizeof(untouched));
	kept = untouched;
	for (i = 0; i < card.len; i++) {
		/* Of its own size, so that reading past it is seen. */
		uint8_t *cut = malloc(i + 1);

		assert_non_null(cut);
		memcpy(cut, card.at, i);
		assert_int_equal(card_read(&untouched, cut, i), -1);
		free(cut);
	}
	for (i = 0; i < card.len; i++)
		for (j = 0; j < 8; j++) {
			card.at[i] ^= (uint8_t)(1 << j);
			assert_int_equal(card_read(&untouched, card.at,
			    card.len), -1);
			card.at[i] ^= (uint8_t)(1 << j);
		}
	assert_memory_equal(&untouched, &kept, sizeof(kept));
	assert_int_equal(card_read(&untouched, card.at, card.len), 0);
	buf_u8(&card, 0);
	assert_int_equal(card_read(&untouched, card.at, card.len), -1);
	buf_clear(&card);
	identity_free(id);
}

/* Signs whatever body, as a hostile contact can. */
static int
read_signed(const struct identity *id, struct buf *body)
{
	uint8_t sig[SIG_LEN];
	struct card c;
	int rc;

	identity_sign(id, LABEL_CARD, body->at, body->len, sig);
	buf_put(body, sig, SIG_LEN);
	rc = card_read(&c, body->at, body->len);
	buf_clear(body);
	return rc;
}

static void
start_body(struct buf *b, const struct identity *id, uint8_t vmin,
    uint8_t vmax, uint8_t spk_fill)
{
	uint8_t spk[KEY_LEN] = { 0 };

	spk[0] = spk_fill;
	buf_init(b);
	buf_u8(b, vmin);
	buf_u8(b, vmax);
	buf_u16(b, 0);
	buf_u64(b, 1);
	buf_put(b, identity_keys(id)->ed, KEY_LEN);
	buf_put(b, identity_keys(id)->x, KEY_LEN);
	buf_put(b, spk, KEY_LEN);
	buf_u64(b, 0);
}

static void
t_rightly_signed_nonsense_is_refused(void **state)
{
	struct identity *id = identity_new();
	uint8_t long_name[CARD_NAME_MAX + 1];
	struct buf b;
	int i;

	(void)state;
	memset(long_name, 'x', sizeof(long_name));

	start_body(&b, id, 1, 1, 0);	/* sane, to know the rest says it */
	buf_u16(&b, 0);
	buf_lp(&b, "me", 2);
	assert_int_equal(read_signed(id, &b), 0);

	start_body(&b, id, 2, 1, 0);	/* vmin above vmax */
	buf_u16(&b, 0);
	buf_lp(&b, "me", 2);
	assert_int_equal(read_signed(id, &b), -1);

	start_body(&b, id, 0, 1, 0);	/* there is no suite 0 */
	buf_u16(&b, 0);
	buf_lp(&b, "me", 2);
	assert_int_equal(read_signed(id, &b), -1);

	start_body(&b, id, 1, 1, 1);	/* a prekey of low order */
	buf_u16(&b, 0);
	buf_lp(&b, "me", 2);
	assert_int_equal(read_signed(id, &b), -1);

	start_body(&b, id, 1, 1, 0);	/* one relay too many */
	buf_u16(&b, CARD_RELAYS_MAX + 1);
	for (i = 0; i < CARD_RELAYS_MAX + 1; i++)
		buf_lp(&b, "r", 1);
	buf_lp(&b, "me", 2);
	assert_int_equal(read_signed(id, &b), -1);

	start_body(&b, id, 1, 1, 0);	/* a name one byte too long */
	buf_u16(&b, 0);
	buf_lp(&b, long_name, sizeof(long_name));
	assert_int_equal(read_signed(id, &b), -1);

	start_body(&b, id, 1, 1, 0);	/* a NUL in the name */
	buf_u16(&b, 0);
	buf_lp(&b, "m\0e", 3);
	assert_int_equal(read_signed(id, &b), -1);

	start_body(&b, id, 1, 1, 0);	/* a relay without an address */
	buf_u16(&b, 1);
	buf_lp(&b, "", 0);
	buf_lp(&b, "me", 2);
	assert_int_equal(read_signed(id, &b), -1);

	start_body(&b, id, 1, 1, 0);	/* a length that lies: 4 GiB */
	buf_u16(&b, 0);
	buf_u32(&b, UINT32_MAX);
	assert_int_equal(read_signed(id, &b), -1);

	start_body(&b, id, 1, 1, 0);	/* something behind the name */
	buf_u16(&b, 0);
	buf_lp(&b, "me", 2);
	buf_u8(&b, 0);
	assert_int_equal(read_signed(id, &b), -1);
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
		cmocka_unit_test(t_card_known_answers),
		cmocka_unit_test(t_the_largest_card_goes_through_its_link),
		cmocka_unit_test(t_only_its_own_scheme_is_a_link),
		cmocka_unit_test(
		    t_every_truncation_and_bit_flip_of_a_card_is_refused),
		cmocka_unit_test(t_rightly_signed_nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, start, NULL);
}
