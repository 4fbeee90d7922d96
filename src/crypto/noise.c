#include "noise.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "kdf.h"
#include "key.h"
#include "mem.h"
#include "secret.h"

enum token {
	END, E, S, EE, ES, SE, SS, PSK
};

enum {
	MESSAGES_MAX = 3,
	TOKENS_MAX = 6			/* of a message, END included */
};

/* Section 7.4 and 7.5 of the specification, psk modifier: section 9.4. */
static const struct pattern {
	const char *name;
	bool knows_responder;		/* pre-message "<- s" */
	unsigned n_messages;
	enum token messages[MESSAGES_MAX][TOKENS_MAX];
} patterns[NOISE_PATTERNS] = {
	[NOISE_N] = { "Noise_N_25519_ChaChaPoly_BLAKE2b", true, 1, {
		{ E, ES } } },
	[NOISE_X] = { "Noise_X_25519_ChaChaPoly_BLAKE2b", true, 1, {
		{ E, ES, S, SS } } },
	[NOISE_NK] = { "Noise_NK_25519_ChaChaPoly_BLAKE2b", true, 2, {
		{ E, ES },
		{ E, EE } } },
	[NOISE_NX] = { "Noise_NX_25519_ChaChaPoly_BLAKE2b", false, 2, {
		{ E },
		{ E, EE, S, ES } } },
	[NOISE_IK] = { "Noise_IK_25519_ChaChaPoly_BLAKE2b", true, 2, {
		{ E, ES, S, SS },
		{ E, EE, SE } } },
	[NOISE_XX] = { "Noise_XX_25519_ChaChaPoly_BLAKE2b", false, 3, {
		{ E },
		{ E, EE, S, ES },
		{ S, SE } } },
	[NOISE_XX_PSK0] = { "Noise_XXpsk0_25519_ChaChaPoly_BLAKE2b", false, 3, {
		{ PSK, E },
		{ E, EE, S, ES },
		{ S, SE } } },
};

/* Which key of either side enters a Diffie-Hellman: section 5.3. */
static const struct dh {
	bool initiator_e, responder_e;	/* ephemeral; else static */
} dhs[] = {
	[EE] = { true, true },
	[ES] = { true, false },
	[SE] = { false, true },
	[SS] = { false, false },
};

struct noise {
	const struct pattern *pattern;
	const uint8_t *s;		/* borrowed: see the header */
	bool initiator, has_psk, has_key, has_rs, has_re, fixed_e, is_split;
	unsigned turn;			/* messages written and read */
	struct cipher cipher;
	uint8_t h[NOISE_HASH];
	uint8_t ck[HMAC_LEN];
	uint8_t s_public[KEY_LEN];
	uint8_t e[KEY_LEN], e_public[KEY_LEN];
	uint8_t rs[KEY_LEN], re[KEY_LEN];
	uint8_t psk[KEY_LEN];
};

/* ---- symmetric state: section 5.2 ---------------------------------------- */

static void
mix_hash(struct noise *n, const void *p, size_t len)
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, NULL, 0, NOISE_HASH);
	crypto_generichash_update(&st, n->h, NOISE_HASH);
	if (len > 0)
		crypto_generichash_update(&st, p, len);
	crypto_generichash_final(&st, n->h, NOISE_HASH);
}

static void
set_key(struct noise *n, const uint8_t temp[HMAC_LEN])
{
	/* "If HASHLEN is 64, then truncates temp_k to 32 bytes." */
	memcpy(n->cipher.key, temp, KEY_LEN);
	n->cipher.n = 0;
	n->has_key = true;
}

static void
mix_key(struct noise *n, const uint8_t ikm[KEY_LEN])
{
	uint8_t ck[HMAC_LEN], k[HMAC_LEN];

	kdf_hkdf(n->ck, ikm, KEY_LEN, ck, k, NULL);
	memcpy(n->ck, ck, HMAC_LEN);
	set_key(n, k);
	wipe(ck, sizeof(ck));
	wipe(k, sizeof(k));
}

static void
mix_key_and_hash(struct noise *n, const uint8_t psk[KEY_LEN])
{
	uint8_t ck[HMAC_LEN], h[HMAC_LEN], k[HMAC_LEN];

	kdf_hkdf(n->ck, psk, KEY_LEN, ck, h, k);
	memcpy(n->ck, ck, HMAC_LEN);
	mix_hash(n, h, HMAC_LEN);
	set_key(n, k);
	wipe(ck, sizeof(ck));
	wipe(h, sizeof(h));
	wipe(k, sizeof(k));
}

/* Both return the bytes put into out; decrypting, -1 for a forgery. */
static ssize_t
encrypt_and_hash(struct noise *n, const void *p, size_t len, uint8_t *out)
{
	if (!n->has_key) {
		if (len > 0)
			memcpy(out, p, len);
	} else {
		if (cipher_seal(&n->cipher, n->h, NOISE_HASH, p, len, out) < 0)
			return -1;
		len += NOISE_TAG;
	}
	mix_hash(n, out, len);
	return (ssize_t)len;
}

static ssize_t
decrypt_and_hash(struct noise *n, const uint8_t *p, size_t len, uint8_t *out)
{
	size_t plain = len;

	if (!n->has_key) {
		if (len > 0)
			memcpy(out, p, len);
	} else {
		if (cipher_open(&n->cipher, n->h, NOISE_HASH, p, len, out) < 0)
			return -1;
		plain -= NOISE_TAG;
	}
	mix_hash(n, p, len);
	return (ssize_t)plain;
}

/* ---- handshake state: section 5.3 ---------------------------------------- */

static bool
is_from_initiator(unsigned message)
{
	return message % 2 == 0;
}

/* Does this side ever say t? */
static bool
says(const struct pattern *p, bool initiator, enum token t)
{
	unsigned m;
	size_t i;

	for (m = 0; m < p->n_messages; m++)
		for (i = 0; p->messages[m][i] != END; i++)
			if (is_from_initiator(m) == initiator &&
			    p->messages[m][i] == t)
				return true;
	return false;
}

static bool
is_complete(const struct noise_setup *setup, const struct pattern *p)
{
	bool known = !setup->initiator && p->knows_responder;

	if (setup->s == NULL && (known || says(p, setup->initiator, S)))
		return false;
	if (setup->rs == NULL && setup->initiator && p->knows_responder)
		return false;
	return setup->psk != NULL || !says(p, true, PSK);
}

static void
take_keys(struct noise *n, const struct noise_setup *setup)
{
	if (setup->s != NULL) {
		n->s = setup->s;
		if (setup->s_public != NULL)
			memcpy(n->s_public, setup->s_public, KEY_LEN);
		else
			x_public(n->s_public, setup->s);
	}
	if (n->initiator && n->pattern->knows_responder) {
		memcpy(n->rs, setup->rs, KEY_LEN);
		n->has_rs = true;
	}
	if (says(n->pattern, true, PSK)) {
		memcpy(n->psk, setup->psk, KEY_LEN);
		n->has_psk = true;
	}
	if (setup->e != NULL) {
		memcpy(n->e, setup->e, KEY_LEN);
		x_public(n->e_public, n->e);
		n->fixed_e = true;
	}
}

struct noise *
noise_new(const struct noise_setup *setup)
{
	const struct pattern *p = &patterns[setup->pattern];
	struct noise *n;

	if (!is_complete(setup, p) ||
	    (setup->rs != NULL && x_is_low_order(setup->rs)))
		return NULL;
	n = mem_new(sizeof(*n));
	n->pattern = p;
	n->initiator = setup->initiator;
	take_keys(n, setup);
	/* "If protocol_name is less than or equal to HASHLEN bytes in
	 * length, sets h equal to protocol_name with zero bytes appended":
	 * all of ours are, and the rest of h is zero already. */
	assert(strlen(p->name) <= NOISE_HASH);
	memcpy(n->h, p->name, strlen(p->name));
	memcpy(n->ck, n->h, NOISE_HASH);
	mix_hash(n, setup->prologue, setup->prologue_len);
	if (p->knows_responder)
		mix_hash(n, n->initiator ? n->rs : n->s_public, KEY_LEN);
	return n;
}

void
noise_free(struct noise *n)
{
	if (n == NULL)
		return;
	wipe(n, sizeof(*n));
	free(n);
}

static int
mix_dh(struct noise *n, enum token t)
{
	bool my_e = n->initiator ? dhs[t].initiator_e : dhs[t].responder_e;
	bool their_e = n->initiator ? dhs[t].responder_e : dhs[t].initiator_e;
	uint8_t shared[KEY_LEN];
	int rc;

	assert(my_e || n->s != NULL);
	assert(their_e ? n->has_re : n->has_rs);
	rc = x_agree(shared, my_e ? n->e : n->s, their_e ? n->re : n->rs);
	if (rc == 0)
		mix_key(n, shared);
	wipe(shared, sizeof(shared));
	return rc;
}

static void
mix_e(struct noise *n, const uint8_t e[KEY_LEN])
{
	mix_hash(n, e, KEY_LEN);
	/* Section 9.2: in psk handshakes an "e" also calls MixKey(). */
	if (n->has_psk)
		mix_key(n, e);
}

/* Returns the bytes a token put into out, or -1. */
static ssize_t
write_token(struct noise *n, enum token t, uint8_t *out)
{
	switch (t) {
	case E:
		if (!n->fixed_e)
			x_pair_new(n->e, n->e_public);
		memcpy(out, n->e_public, KEY_LEN);
		mix_e(n, n->e_public);
		return KEY_LEN;
	case S:
		return encrypt_and_hash(n, n->s_public, KEY_LEN, out);
	case PSK:
		mix_key_and_hash(n, n->psk);
		return 0;
	case EE:
	case ES:
	case SE:
	case SS:
		return mix_dh(n, t);
	case END:
		break;
	}
	return 0;
}

/* Returns the bytes a token ate from msg, or -1.  The caller has checked
 * that the message is long enough for all its tokens. */
static ssize_t
read_token(struct noise *n, enum token t, const uint8_t *msg)
{
	size_t len;

	switch (t) {
	case E:
		memcpy(n->re, msg, KEY_LEN);
		if (x_is_low_order(n->re))
			return -1;
		n->has_re = true;
		mix_e(n, n->re);
		return KEY_LEN;
	case S:
		len = KEY_LEN + (n->has_key ? NOISE_TAG : 0);
		if (decrypt_and_hash(n, msg, len, n->rs) < 0 ||
		    x_is_low_order(n->rs))
			return -1;
		n->has_rs = true;
		return (ssize_t)len;
	case PSK:
		mix_key_and_hash(n, n->psk);
		return 0;
	case EE:
	case ES:
	case SE:
	case SS:
		return mix_dh(n, t);
	case END:
		break;
	}
	return 0;
}

static ssize_t
write_message(struct noise *n, const void *payload, size_t len, uint8_t *out)
{
	const enum token *t = n->pattern->messages[n->turn];
	uint8_t *at = out;
	ssize_t got;

	for (; *t != END; t++) {
		got = write_token(n, *t, at);
		if (got < 0)
			return -1;
		at += got;
	}
	got = encrypt_and_hash(n, payload, len, at);
	if (got < 0)
		return -1;
	n->turn++;
	return at + got - out;
}

static ssize_t
read_message(struct noise *n, const uint8_t *msg, size_t len, uint8_t *out)
{
	const enum token *t = n->pattern->messages[n->turn];
	const uint8_t *at = msg;
	ssize_t got;

	for (; *t != END; t++) {
		got = read_token(n, *t, at);
		if (got < 0)
			return -1;
		at += got;
	}
	got = decrypt_and_hash(n, at, len - (size_t)(at - msg), out);
	if (got < 0)
		return -1;
	n->turn++;
	return got;
}

static bool
is_my_turn(const struct noise *n)
{
	return is_from_initiator(n->turn) == n->initiator;
}

ssize_t
noise_write(struct noise *n, const void *payload, size_t len, uint8_t *out,
    size_t room)
{
	size_t extra = noise_overhead(n);
	struct noise next;
	ssize_t rc;

	if (noise_is_done(n) || !is_my_turn(n) || len > NOISE_MAX - extra ||
	    room < len + extra)
		return -1;
	next = *n;
	rc = write_message(&next, payload, len, out);
	if (rc >= 0)
		*n = next;
	wipe(&next, sizeof(next));
	return rc;
}

ssize_t
noise_read(struct noise *n, const void *msg, size_t len, uint8_t *out,
    size_t room)
{
	size_t extra = noise_overhead(n);
	struct noise next;
	ssize_t rc;

	if (noise_is_done(n) || is_my_turn(n) || len > NOISE_MAX ||
	    len < extra || room < len - extra)
		return -1;
	next = *n;
	rc = read_message(&next, msg, len, out);
	if (rc >= 0)
		*n = next;
	wipe(&next, sizeof(next));
	return rc;
}

bool
noise_is_done(const struct noise *n)
{
	return n->turn == n->pattern->n_messages;
}

size_t
noise_overhead(const struct noise *n)
{
	bool has_key = n->has_key;
	const enum token *t;
	size_t len = 0;

	if (noise_is_done(n))
		return NOISE_TAG;
	for (t = n->pattern->messages[n->turn]; *t != END; t++) {
		if (*t == E || *t == S)
			len += KEY_LEN;
		if (*t == S && has_key)
			len += NOISE_TAG;
		/* Any secret, and with a psk any ephemeral, keys the rest. */
		if (*t != S && (*t != E || n->has_psk))
			has_key = true;
	}
	return len + (has_key ? NOISE_TAG : 0);
}

const uint8_t *
noise_remote(const struct noise *n)
{
	return n->has_rs ? n->rs : NULL;
}

const uint8_t *
noise_hash(const struct noise *n)
{
	return n->h;
}

/* ---- transport: sections 5.1 and 11.3 ------------------------------------ */

/* The nonce that is kept for rekeying: section 5.1. */
static const uint64_t rekey_nonce = UINT64_MAX;

void
noise_split(struct noise *n, struct cipher *send, struct cipher *receive)
{
	struct cipher *first = n->initiator ? send : receive;
	struct cipher *second = n->initiator ? receive : send;
	uint8_t k1[HMAC_LEN], k2[HMAC_LEN];

	assert(noise_is_done(n) && !n->is_split);
	kdf_hkdf(n->ck, NULL, 0, k1, k2, NULL);
	memcpy(first->key, k1, KEY_LEN);
	first->n = 0;
	memcpy(second->key, k2, KEY_LEN);
	second->n = 0;
	/* Section 7.4: one-way patterns use the first cipher only. */
	if (n->pattern->n_messages == 1) {
		cipher_wipe(second);
		second->n = rekey_nonce;
	}
	wipe(k1, sizeof(k1));
	wipe(k2, sizeof(k2));
	n->is_split = true;
	n->s = NULL;
	cipher_wipe(&n->cipher);
	wipe(n->ck, sizeof(n->ck));
	wipe(n->e, sizeof(n->e));
	wipe(n->psk, sizeof(n->psk));
}

static void
put_nonce(uint8_t nonce[12], uint64_t n)
{
	put_u32(nonce, 0);
	put_u64(nonce + 4, n);
}

int
cipher_seal(struct cipher *c, const void *ad, size_t ad_len, const void *p,
    size_t len, uint8_t *out)
{
	uint8_t nonce[12];

	if (c->n == rekey_nonce)
		return -1;
	put_nonce(nonce, c->n);
	crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, p, len, ad,
	    ad_len, NULL, nonce, c->key);
	c->n++;
	return 0;
}

int
cipher_open(struct cipher *c, const void *ad, size_t ad_len, const void *p,
    size_t len, uint8_t *out)
{
	uint8_t nonce[12];

	if (c->n == rekey_nonce || len < NOISE_TAG)
		return -1;
	put_nonce(nonce, c->n);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, p, len,
	    ad, ad_len, nonce, c->key) != 0)
		return -1;
	c->n++;
	return 0;
}

/* "REKEY(k): ENCRYPT(k, maxnonce, zerolen, zeros)", its first 32 bytes. */
void
cipher_rekey(struct cipher *c)
{
	static const uint8_t zeros[KEY_LEN];
	uint8_t nonce[12], sealed[KEY_LEN + NOISE_TAG];

	put_nonce(nonce, rekey_nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(sealed, NULL, zeros,
	    sizeof(zeros), NULL, 0, NULL, nonce, c->key);
	memcpy(c->key, sealed, KEY_LEN);
	wipe(sealed, sizeof(sealed));
}

void
cipher_wipe(struct cipher *c)
{
	wipe(c, sizeof(*c));
}
