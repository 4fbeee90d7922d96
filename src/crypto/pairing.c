#include "pairing.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kdf.h"
#include "label.h"
#include "noise.h"
#include "pake.h"
#include "rand.h"
#include "secret.h"

enum {
	NONCE = 16,
	GREETING = NONCE + 2,			/* nonce, vmin, vmax */
	M1_LEN = GREETING + PAKE_SHARE,
	M2_LEN = PAKE_SHARE + PAKE_TAG,
	M3_LEN = PAKE_TAG + 32 + NOISE_TAG,
	MESSAGES = 7
};

static const char ok[] = "ok";			/* m6, without its NUL */

enum side { CREATOR, JOINER };

struct greeting {
	uint8_t nonce[NONCE];
	uint8_t vmin, vmax;
};

struct pairing {
	enum side me;
	int step;			/* the message that is next: m<step> */
	bool is_over;
	enum pairing_verdict end;	/* when it is over */
	bool is_a_guess;
	bool is_known;
	struct code code;
	const struct identity *id;
	struct greeting greeting[2];	/* by side */
	struct buf card;		/* mine */
	struct buf their_card;
	struct card card_read;
	struct buf prologue;		/* grows by m0, m1 and m2 */
	struct pake *pake;
	struct noise *noise;
	struct cipher send, receive;
	uint8_t psk[HASH_LEN];
	const uint8_t *scalar, *e;	/* fixed by a test, or NULL */
};

static enum side
their_side(const struct pairing *p)
{
	return p->me == CREATOR ? JOINER : CREATOR;
}

/* The creator writes the even messages, the joiner the odd ones. */
static bool
is_mine(const struct pairing *p, int step)
{
	return (step % 2 == 0) == (p->me == CREATOR);
}

struct pairing *
pairing_new(const struct pairing_setup *setup)
{
	struct pairing *p = secret_new(sizeof(*p));
	struct greeting *mine;

	assert(setup->card_len > 2 && setup->card_len <= CARD_MAX);
	p->me = setup->creator ? CREATOR : JOINER;
	p->code = *setup->code;
	p->id = setup->id;
	p->scalar = setup->scalar;
	p->e = setup->e;
	buf_init(&p->card);
	buf_put(&p->card, setup->card, setup->card_len);
	buf_init(&p->their_card);
	buf_init(&p->prologue);
	buf_lp(&p->prologue, LABEL_PAIR, strlen(LABEL_PAIR));
	mine = &p->greeting[p->me];
	mine->vmin = p->card.at[0];
	mine->vmax = p->card.at[1];
	if (setup->nonce)
		memcpy(mine->nonce, setup->nonce, NONCE);
	else
		rand_nonce(mine->nonce, NONCE);
	return p;
}

/* What only a run that goes on needs. */
static void
drop_secrets(struct pairing *p)
{
	pake_free(p->pake);
	p->pake = NULL;
	noise_free(p->noise);
	p->noise = NULL;
	cipher_wipe(&p->send);
	cipher_wipe(&p->receive);
	wipe(p->psk, sizeof(p->psk));
	code_clear(&p->code);
	buf_clear(&p->card);
	buf_clear(&p->prologue);
}

void
pairing_free(struct pairing *p)
{
	if (!p)
		return;
	drop_secrets(p);
	buf_clear(&p->their_card);
	secret_free(p);
}

static enum pairing_verdict
end(struct pairing *p, enum pairing_verdict how)
{
	drop_secrets(p);
	p->is_over = true;
	p->end = how;
	if (how != PAIRING_DONE) {
		p->is_known = false;
		buf_clear(&p->their_card);
		memset(&p->card_read, 0, sizeof(p->card_read));
	}
	return how;
}

/* ---- m0, m1: greetings -------------------------------------------------- */

static void
put_greeting(struct pairing *p, struct buf *out)
{
	const struct greeting *mine = &p->greeting[p->me];

	buf_put(out, mine->nonce, NONCE);
	buf_u8(out, mine->vmin);
	buf_u8(out, mine->vmax);
}

/* Versions come first: the rest of a message of a later one may look
 * different.  What is said here is under both tags, so that nobody on the
 * way can talk the two down without their noticing. */
static enum pairing_verdict
take_greeting(struct pairing *p, const uint8_t *msg, size_t len, size_t whole)
{
	const struct greeting *mine = &p->greeting[p->me];
	struct greeting *theirs = &p->greeting[their_side(p)];

	if (len < GREETING)
		return PAIRING_BROKEN;
	memcpy(theirs->nonce, msg, NONCE);
	theirs->vmin = msg[NONCE];
	theirs->vmax = msg[NONCE + 1];
	if (theirs->vmin == 0 || theirs->vmin > theirs->vmax)
		return PAIRING_BROKEN;
	if (theirs->vmin > mine->vmax || theirs->vmax < mine->vmin)
		return PAIRING_OTHER_VERSION;
	if (len != whole || memcmp(theirs->nonce, mine->nonce, NONCE) == 0)
		return PAIRING_BROKEN;
	return PAIRING_GO_ON;
}

/* ---- m1, m2, m3: the password exchange ---------------------------------- */

static void
put_sid(struct buf *b, const struct pairing *p)
{
	buf_put(b, p->greeting[JOINER].nonce, NONCE);
	buf_put(b, p->greeting[CREATOR].nonce, NONCE);
}

/* lv_cat(role, versions) */
static void
put_ad(struct buf *b, const struct pairing *p, enum side side)
{
	const uint8_t versions[2] = {
		p->greeting[side].vmin, p->greeting[side].vmax
	};

	pake_lv(b, side == JOINER ? "A" : "B", 1);
	pake_lv(b, versions, sizeof(versions));
}

/* Once both greetings are known. */
static void
start_pake(struct pairing *p)
{
	char secret[CODE_SECRET + 1], plate[CODE_PLATE + 1];
	struct buf channel, sid, ad, their_ad;

	buf_init(&channel);
	buf_init(&sid);
	buf_init(&ad);
	buf_init(&their_ad);
	code_secret(&p->code, secret);
	code_plate(&p->code, plate);
	pake_lv(&channel, LABEL_PAIR, strlen(LABEL_PAIR));
	pake_lv(&channel, plate, CODE_PLATE);
	put_sid(&sid, p);
	put_ad(&ad, p, p->me);
	put_ad(&their_ad, p, their_side(p));
	p->pake = pake_new(&(struct pake_setup){
	    .initiator = p->me == JOINER,
	    .password = secret, .password_len = CODE_SECRET,
	    .channel = channel.at, .channel_len = channel.len,
	    .sid = sid.at, .sid_len = sid.len,
	    .ad = ad.at, .ad_len = ad.len,
	    .their_ad = their_ad.at, .their_ad_len = their_ad.len,
	    .scalar = p->scalar });
	wipe(secret, sizeof(secret));
	buf_clear(&channel);
	buf_clear(&sid);
	buf_clear(&ad);
	buf_clear(&their_ad);
}

static int
finish_pake(struct pairing *p, const uint8_t share[PAKE_SHARE])
{
	uint8_t isk[PAKE_ISK];
	struct buf sid;

	if (pake_finish(p->pake, share, isk) < 0)
		return -1;
	buf_init(&sid);
	put_sid(&sid, p);
	kdf_derive_long(p->psk, isk, LABEL_PAIR_PSK, (const struct item[]){
	    ITEM(sid.at, sid.len), KDF_END });
	buf_clear(&sid);
	wipe(isk, sizeof(isk));
	return 0;
}

/* Once m2 is in the prologue. */
static int
start_noise(struct pairing *p)
{
	p->noise = noise_new(&(struct noise_setup){
	    .pattern = NOISE_XX_PSK0, .initiator = p->me == JOINER,
	    .prologue = p->prologue.at, .prologue_len = p->prologue.len,
	    .s = identity_x_secret(p->id),
	    .s_public = identity_keys(p->id)->x,
	    .psk = p->psk, .e = p->e });
	return p->noise ? 0 : -1;
}

/* ---- m4, m5: cards ------------------------------------------------------ */

static bool
put_noise(struct pairing *p, struct buf *out, const void *payload, size_t len)
{
	const size_t room = noise_overhead(p->noise) + len;
	uint8_t *at = buf_space(out, room);
	ssize_t n = noise_write(p->noise, payload, len, at, room);

	if (n < 0)
		return false;
	buf_added(out, (size_t)n);
	if (noise_is_done(p->noise))
		noise_split(p->noise, &p->send, &p->receive);
	return true;
}

/* The card says whose it is, and XX proves who holds that key: no card of
 * somebody else passes.  Nor does my own, which would make me a contact of
 * mine; nor one of other versions than were offered under the tags. */
static enum pairing_verdict
take_card(struct pairing *p, const uint8_t *msg, size_t len)
{
	const struct greeting *theirs = &p->greeting[their_side(p)];
	uint8_t payload[PAIRING_MAX];
	struct card card;
	ssize_t n = noise_read(p->noise, msg, len, payload, sizeof(payload));

	if (n < 0 || card_read(&card, payload, (size_t)n) < 0)
		return PAIRING_BROKEN;
	if (memcmp(card.keys.x, noise_remote(p->noise), KEY_LEN) != 0 ||
	    keys_equal(&card.keys, identity_keys(p->id)))
		return PAIRING_BROKEN;
	if (card.vmin != theirs->vmin || card.vmax != theirs->vmax)
		return PAIRING_OTHER_VERSION;
	if (noise_is_done(p->noise))
		noise_split(p->noise, &p->send, &p->receive);
	p->card_read = card;
	p->is_known = true;
	buf_put(&p->their_card, payload, (size_t)n);
	return PAIRING_KNOWN;
}

/* ---- the seven messages ------------------------------------------------- */

static bool
write_m0(struct pairing *p, struct buf *out)
{
	put_greeting(p, out);
	return true;
}

static enum pairing_verdict
read_m0(struct pairing *p, const uint8_t *msg, size_t len)
{
	return take_greeting(p, msg, len, GREETING);
}

static bool
write_m1(struct pairing *p, struct buf *out)
{
	start_pake(p);
	put_greeting(p, out);
	buf_put(out, pake_share(p->pake), PAKE_SHARE);
	return true;
}

static enum pairing_verdict
read_m1(struct pairing *p, const uint8_t *msg, size_t len)
{
	enum pairing_verdict v = take_greeting(p, msg, len, M1_LEN);

	if (v != PAIRING_GO_ON)
		return v;
	start_pake(p);
	if (finish_pake(p, msg + GREETING) < 0)
		return PAIRING_BROKEN;
	p->is_a_guess = true;
	return PAIRING_GUESSED;
}

static void
put_tag(struct pairing *p, struct buf *out)
{
	uint8_t tag[PAKE_TAG];

	pake_tag(p->pake, tag);
	buf_put(out, tag, PAKE_TAG);
}

static bool
write_m2(struct pairing *p, struct buf *out)
{
	buf_put(out, pake_share(p->pake), PAKE_SHARE);
	put_tag(p, out);
	return true;
}

static enum pairing_verdict
read_m2(struct pairing *p, const uint8_t *msg, size_t len)
{
	if (len != M2_LEN || finish_pake(p, msg) < 0)
		return PAIRING_BROKEN;
	p->is_a_guess = !pake_confirms(p->pake, msg + PAKE_SHARE);
	return p->is_a_guess ? PAIRING_WRONG_CODE : PAIRING_GO_ON;
}

static bool
write_m3(struct pairing *p, struct buf *out)
{
	if (start_noise(p) < 0)
		return false;
	put_tag(p, out);
	return put_noise(p, out, NULL, 0);
}

static enum pairing_verdict
read_m3(struct pairing *p, const uint8_t *msg, size_t len)
{
	uint8_t none[1];

	if (len != M3_LEN)
		return PAIRING_BROKEN;
	if (!pake_confirms(p->pake, msg))
		return PAIRING_WRONG_CODE;
	p->is_a_guess = false;
	if (start_noise(p) < 0 || noise_read(p->noise, msg + PAKE_TAG,
	    len - PAKE_TAG, none, sizeof(none)) != 0)
		return PAIRING_BROKEN;
	return PAIRING_GO_ON;
}

/* m4 and m5. */
static bool
write_card(struct pairing *p, struct buf *out)
{
	return put_noise(p, out, p->card.at, p->card.len);
}

static bool
write_m6(struct pairing *p, struct buf *out)
{
	const size_t len = strlen(ok);

	if (cipher_seal(&p->send, NULL, 0, ok, len,
	    buf_space(out, len + NOISE_TAG)) < 0)
		return false;
	buf_added(out, len + NOISE_TAG);
	return true;
}

static enum pairing_verdict
read_m6(struct pairing *p, const uint8_t *msg, size_t len)
{
	uint8_t plain[sizeof(ok)];

	if (len != strlen(ok) + NOISE_TAG ||
	    cipher_open(&p->receive, NULL, 0, msg, len, plain) < 0 ||
	    memcmp(plain, ok, strlen(ok)) != 0)
		return PAIRING_BROKEN;
	return PAIRING_DONE;
}

static const struct {
	bool (*write)(struct pairing *p, struct buf *out);
	enum pairing_verdict (*read)(struct pairing *p, const uint8_t *msg,
	    size_t len);
} messages[MESSAGES] = {
	{ write_m0, read_m0 },
	{ write_m1, read_m1 },
	{ write_m2, read_m2 },
	{ write_m3, read_m3 },
	{ write_card, take_card },
	{ write_card, take_card },
	{ write_m6, read_m6 },
};

/* m0, m1 and m2 are what the cards' handshake is bound to. */
static void
step_over(struct pairing *p, const void *msg, size_t len)
{
	if (p->step <= 2)
		buf_lp(&p->prologue, msg, len);
	p->step++;
}

bool
pairing_write(struct pairing *p, struct buf *out)
{
	const size_t start = out->len;

	if (p->is_over || !is_mine(p, p->step))
		return false;
	if (!messages[p->step].write(p, out)) {
		out->len = start;
		end(p, PAIRING_BROKEN);
		return false;
	}
	step_over(p, out->at + start, out->len - start);
	if (p->step == MESSAGES)
		end(p, PAIRING_DONE);
	return true;
}

enum pairing_verdict
pairing_read(struct pairing *p, const void *msg, size_t len)
{
	enum pairing_verdict v;

	if (p->is_over)
		return p->end;
	if (is_mine(p, p->step) || len > PAIRING_MAX)
		return end(p, PAIRING_BROKEN);
	v = messages[p->step].read(p, msg, len);
	switch (v) {
	case PAIRING_GO_ON:
	case PAIRING_GUESSED:
	case PAIRING_KNOWN:
		step_over(p, msg, len);
		return v;
	case PAIRING_DONE:
		p->step++;
		return end(p, v);
	case PAIRING_WRONG_CODE:
	case PAIRING_OTHER_VERSION:
	case PAIRING_BROKEN:
		break;
	}
	return end(p, v);
}

const struct card *
pairing_card(const struct pairing *p)
{
	return p->is_known ? &p->card_read : NULL;
}

const void *
pairing_card_bytes(const struct pairing *p, size_t *len)
{
	*len = p->is_known ? p->their_card.len : 0;
	return p->is_known ? p->their_card.at : NULL;
}

uint8_t
pairing_their_version(const struct pairing *p)
{
	return p->greeting[their_side(p)].vmax;
}

bool
pairing_is_done(const struct pairing *p)
{
	return p->is_over && p->end == PAIRING_DONE;
}

bool
pairing_is_a_guess(const struct pairing *p)
{
	return p->is_a_guess;
}
