#include "pairing-pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kdf.h"
#include "label.h"

void
people_init(struct people *p)
{
	static const char *const names[2] = { "c", "j" };
	uint8_t seed[32] = { 0 };

	memset(p, 0, sizeof(*p));
	for (int i = 0; i < 2; i++) {
		struct card card = { .vmin = 1, .vmax = 1, .serial = 1 };

		seed[0] = (uint8_t)(i + 1);
		p->id[i] = identity_from_seed(seed);
		card.name[0] = names[i][0];
		buf_init(&p->card[i]);
		card_write(&p->card[i], &card, p->id[i]);
	}
	assert_int_equal(code_parse(&p->code, "1182 0447 2915 0364"),
	    CODE_GOOD);
	/* The same place, another secret. */
	p->wrong = p->code;
	p->wrong.digits[14] = '7';
	p->wrong.digits[15] = code_check_digit(p->wrong.digits);
}

void
people_clear(struct people *p)
{
	for (int i = 0; i < 2; i++) {
		identity_free(p->id[i]);
		buf_clear(&p->card[i]);
	}
}

void
pair_init(struct pair *p, const struct people *who, bool fixed)
{
	static const uint8_t nonce[2][16] = { { 1 }, { 2 } };
	static const uint8_t scalar[2][32] = { { 3 }, { 4 } };
	static const uint8_t e[2][32] = { { 5 }, { 6 } };

	memset(p, 0, sizeof(*p));
	for (int i = 0; i < 2; i++)
		p->side[i] = pairing_new(&(struct pairing_setup){
		    .creator = i == CREATOR, .code = &who->code,
		    .id = who->id[i], .card = who->card[i].at,
		    .card_len = who->card[i].len,
		    .nonce = fixed ? nonce[i] : NULL,
		    .scalar = fixed ? scalar[i] : NULL,
		    .e = fixed ? e[i] : NULL });
}

void
pair_clear(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		pairing_free(p->side[i]);
	for (int i = 0; i < MESSAGES; i++)
		buf_clear(&p->last[i]);
}

int
pair_writer(int step)
{
	return step % 2 == 0 ? CREATOR : JOINER;
}

void
pair_write(struct pair *p, int step)
{
	buf_empty(&p->last[step]);
	assert_true(pairing_write(p->side[pair_writer(step)],
	    &p->last[step]));
	assert_in_range(p->last[step].len, 1, PAIRING_MAX);
}

enum pairing_verdict
pair_read(struct pair *p, int step)
{
	return pairing_read(p->side[!pair_writer(step)], p->last[step].at,
	    p->last[step].len);
}

void
pair_run(struct pair *p, int step)
{
	for (int i = 0; i < step; i++) {
		pair_write(p, i);
		assert_false(is_bad(pair_read(p, i)));
	}
}

void
pair_go_on(struct pair *p, int step)
{
	for (; step < MESSAGES; step++) {
		buf_empty(&p->last[step]);
		if (!pairing_write(p->side[pair_writer(step)],
		    &p->last[step]) || is_bad(pair_read(p, step)))
			return;
	}
}

bool
is_bad(enum pairing_verdict v)
{
	return v > PAIRING_DONE;
}

void
assert_over(struct pairing *p, enum pairing_verdict v)
{
	struct buf none;
	size_t len;

	buf_init(&none);
	assert_true(is_bad(v));
	assert_null(pairing_card(p));
	assert_null(pairing_card_bytes(p, &len));
	assert_int_equal(len, 0);
	assert_false(pairing_write(p, &none));
	assert_int_equal(none.len, 0);
	assert_false(pairing_is_done(p));
	assert_int_equal(pairing_read(p, "x", 1), v);
	buf_clear(&none);
}

void
liar_init(struct liar *l, const struct people *who)
{
	struct buf m0;

	memset(l, 0, sizeof(*l));
	l->who = who;
	l->id = who->id[JOINER];
	l->vmin = l->vmax = 1;
	l->nonce[0] = 9;
	l->creator = pairing_new(&(struct pairing_setup){
	    .creator = true, .code = &who->code, .id = who->id[CREATOR],
	    .card = who->card[CREATOR].at,
	    .card_len = who->card[CREATOR].len });
	buf_init(&m0);
	assert_true(pairing_write(l->creator, &m0));
	buf_lp(&l->prologue, LABEL_PAIR, strlen(LABEL_PAIR));
	buf_lp(&l->prologue, m0.at, m0.len);
	buf_put(&l->sid, m0.at, 16);
	buf_clear(&m0);
}

void
liar_clear(struct liar *l)
{
	pairing_free(l->creator);
	pake_free(l->pake);
	noise_free(l->noise);
	buf_clear(&l->prologue);
	buf_clear(&l->sid);
}

enum pairing_verdict
liar_say_m1(struct liar *l)
{
	const uint8_t ad[] = { 1, 'A', 2, l->vmin, l->vmax };
	static const uint8_t their_ad[] = { 1, 'B', 2, 1, 1 };
	enum pairing_verdict v;
	struct buf channel, m1;
	uint8_t creators[16];

	memcpy(creators, l->sid.at, 16);
	buf_empty(&l->sid);
	buf_put(&l->sid, l->nonce, 16);
	buf_put(&l->sid, creators, 16);
	buf_init(&channel);
	pake_lv(&channel, LABEL_PAIR, strlen(LABEL_PAIR));
	pake_lv(&channel, l->who->code.digits, CODE_PLATE);
	l->pake = pake_new(&(struct pake_setup){ .initiator = true,
	    .password = l->who->code.digits + CODE_PLATE,
	    .password_len = CODE_SECRET,
	    .channel = channel.at, .channel_len = channel.len,
	    .sid = l->sid.at, .sid_len = l->sid.len,
	    .ad = ad, .ad_len = sizeof(ad),
	    .their_ad = their_ad, .their_ad_len = sizeof(their_ad) });
	buf_init(&m1);
	buf_put(&m1, l->nonce, 16);
	buf_u8(&m1, l->vmin);
	buf_u8(&m1, l->vmax);
	buf_put(&m1, pake_share(l->pake), PAKE_SHARE);
	buf_lp(&l->prologue, m1.at, m1.len);
	v = pairing_read(l->creator, m1.at, m1.len);
	buf_clear(&channel);
	buf_clear(&m1);
	return v;
}

enum pairing_verdict
liar_say_m3(struct liar *l, const uint8_t *e)
{
	uint8_t isk[PAKE_ISK], psk[HASH_LEN], m3[PAKE_TAG + 48];
	enum pairing_verdict v;
	struct buf m2;

	buf_init(&m2);
	assert_true(pairing_write(l->creator, &m2));
	buf_lp(&l->prologue, m2.at, m2.len);
	assert_int_equal(pake_finish(l->pake, m2.at, isk), 0);
	assert_true(pake_confirms(l->pake, m2.at + PAKE_SHARE));
	kdf_derive_long(psk, isk, LABEL_PAIR_PSK, (const struct item[]){
	    ITEM(l->sid.at, l->sid.len), KDF_END });
	l->noise = noise_new(&(struct noise_setup){
	    .pattern = NOISE_XX_PSK0, .initiator = true,
	    .prologue = l->prologue.at, .prologue_len = l->prologue.len,
	    .s = identity_x_secret(l->id), .psk = psk });
	assert_non_null(l->noise);
	pake_tag(l->pake, m3);
	assert_int_equal(noise_write(l->noise, NULL, 0, m3 + PAKE_TAG, 48),
	    48);
	if (e)
		memcpy(m3 + PAKE_TAG, e, 32);
	v = pairing_read(l->creator, m3, sizeof(m3));
	buf_clear(&m2);
	return v;
}

void
liar_hear_m4(struct liar *l)
{
	uint8_t card[PAIRING_MAX];
	struct buf m4;

	buf_init(&m4);
	assert_true(pairing_write(l->creator, &m4));
	assert_true(noise_read(l->noise, m4.at, m4.len, card,
	    sizeof(card)) > 0);
	buf_clear(&m4);
}

enum pairing_verdict
liar_say_m5(struct liar *l, const void *card, size_t len)
{
	uint8_t m5[PAIRING_MAX];
	ssize_t n = noise_write(l->noise, card, len, m5, sizeof(m5));

	assert_true(n > 0);
	return pairing_read(l->creator, m5, (size_t)n);
}
