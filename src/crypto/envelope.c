#include "envelope.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "cur.h"
#include "kdf.h"
#include "label.h"
#include "noise.h"
#include "secret.h"

enum {
	ENVELOPE_VERSION = 1,
	PAD_MIN = 256,
	PAD_MAX = 32768,		/* the last power of two */
	RESEAL_LEN = 8 + KEY_LEN + SIG_LEN,
	PROLOGUE_MAX = 64 + ENVELOPE_HEAD + 2 * ID_LEN,
	SIGNED_LEN = 2 * ID_LEN + 8 + KEY_LEN
};

void
envelope_key_id(uint8_t id[ENVELOPE_ID], const uint8_t key[KEY_LEN])
{
	const struct item items[] = { ITEM(key, KEY_LEN), KDF_END };
	uint8_t hash[HASH_LEN];

	kdf_hash(hash, LABEL_KEY_ID, items);
	memcpy(id, hash, ENVELOPE_ID);
}

static void
put_head(uint8_t head[ENVELOPE_HEAD], enum envelope_kind kind,
    const uint8_t key[KEY_LEN])
{
	head[0] = (uint8_t)kind;
	head[1] = ENVELOPE_VERSION;
	put_u16(head + 2, 0);
	envelope_key_id(head + 4, key);
}

/* LP(label) || header || ids; from may be NULL. */
static size_t
put_prologue(uint8_t out[PROLOGUE_MAX], const uint8_t *head,
    const struct user_id *from, const struct user_id *to)
{
	const char *label = head[0] == ENVELOPE_REQUEST ? LABEL_REQUEST :
	    LABEL_ENVELOPE;
	size_t n = strlen(label);
	uint8_t *p = out;

	assert(n <= 60);
	put_u32(p, (uint32_t)n);
	memcpy(p + 4, label, n);
	p += 4 + n;
	memcpy(p, head, ENVELOPE_HEAD);
	p += ENVELOPE_HEAD;
	if (from) {
		memcpy(p, from->b, ID_LEN);
		p += ID_LEN;
	}
	memcpy(p, to->b, ID_LEN);
	p += ID_LEN;
	return (size_t)(p - out);
}

/* ---- sealing ------------------------------------------------------------ */

static int
seal(struct buf *out, enum envelope_kind kind, const struct envelope_way *w,
    const void *plain, size_t len)
{
	uint8_t prologue[PROLOGUE_MAX];
	uint8_t *head = buf_space(out, ENVELOPE_OVERHEAD + len);
	struct noise_setup setup = { .pattern = NOISE_X, .initiator = true,
		.prologue = prologue, .s = identity_x_secret(w->from),
		.s_public = identity_keys(w->from)->x, .rs = w->key,
		.e = w->e };
	struct noise *n;
	ssize_t done;

	put_head(head, kind, w->key);
	setup.prologue_len = put_prologue(prologue, head,
	    kind == ENVELOPE_LETTER ? identity_id(w->from) : NULL, w->to);
	n = noise_new(&setup);
	if (!n)
		return -1;
	done = noise_write(n, plain, len, head + ENVELOPE_HEAD,
	    ENVELOPE_OVERHEAD - ENVELOPE_HEAD + len);
	noise_free(n);
	if (done < 0)
		return -1;
	buf_added(out, ENVELOPE_HEAD + (size_t)done);
	return 0;
}

static size_t
padded_len(size_t len)
{
	size_t n = PAD_MIN;

	while (n < len + 1 && n < PAD_MAX)
		n *= 2;
	return n < len + 1 ? ENVELOPE_PADDED : n;
}

/* Content of two parts, the first with its length before it if there is
 * one. */
static int
seal_padded(struct buf *out, enum envelope_kind kind,
    const struct envelope_way *w, const void *card, size_t card_len,
    const void *frame, size_t len)
{
	size_t before = card ? 4 + card_len : 0, n;
	uint8_t *plain;
	int done;

	if (card_len > ENVELOPE_CONTENT || len > ENVELOPE_CONTENT ||
	    before + len > ENVELOPE_CONTENT)
		return -1;
	n = padded_len(before + len);
	plain = mem_new(n);
	if (card) {
		put_u32(plain, (uint32_t)card_len);
		memcpy(plain + 4, card, card_len);
	}
	if (len > 0)
		memcpy(plain + before, frame, len);
	plain[before + len] = 0x80;
	done = seal(out, kind, w, plain, n);
	wipe(plain, n);
	free(plain);
	return done;
}

int
envelope_letter(struct buf *out, const struct envelope_way *w,
    const void *frame, size_t len)
{
	return seal_padded(out, ENVELOPE_LETTER, w, NULL, 0, frame, len);
}

int
envelope_request(struct buf *out, const struct envelope_way *w,
    const void *card, size_t card_len, const void *frame, size_t len)
{
	return seal_padded(out, ENVELOPE_REQUEST, w, card, card_len, frame,
	    len);
}

/* ---- the reseal --------------------------------------------------------- */

static void
put_signed(uint8_t body[SIGNED_LEN], const struct reseal *r,
    const struct user_id *from, const struct user_id *to)
{
	memcpy(body, from->b, ID_LEN);
	memcpy(body + ID_LEN, to->b, ID_LEN);
	put_u64(body + 2 * ID_LEN, r->gen);
	memcpy(body + 2 * ID_LEN + 8, r->pub, KEY_LEN);
}

int
envelope_reseal(struct buf *out, const struct envelope_way *w,
    const struct reseal *r)
{
	uint8_t body[SIGNED_LEN], plain[RESEAL_LEN];

	put_signed(body, r, identity_id(w->from), w->to);
	put_u64(plain, r->gen);
	memcpy(plain + 8, r->pub, KEY_LEN);
	identity_sign(w->from, LABEL_RESEAL, body, sizeof(body),
	    plain + 8 + KEY_LEN);
	return seal(out, ENVELOPE_RESEAL, w, plain, sizeof(plain));
}

bool
reseal_verify(const struct reseal *r, const uint8_t sig[SIG_LEN],
    const struct pubkeys *from, const struct user_id *to)
{
	uint8_t body[SIGNED_LEN];
	struct user_id id;

	user_id_of(&id, from);
	put_signed(body, r, &id, to);
	return !x_is_low_order(r->pub) && keys_verify(from, LABEL_RESEAL,
	    body, sizeof(body), sig);
}

/* ---- opening ------------------------------------------------------------ */

enum envelope_kind
envelope_look(const void *p, size_t len, uint8_t id[ENVELOPE_ID])
{
	const uint8_t *b = p;

	if (len < ENVELOPE_OVERHEAD || len > ENVELOPE_MAX ||
	    b[1] != ENVELOPE_VERSION || get_u16(b + 2) != 0)
		return ENVELOPE_NONE;
	memcpy(id, b + 4, ENVELOPE_ID);
	if (b[0] == ENVELOPE_RESEAL)
		return len == ENVELOPE_OVERHEAD + RESEAL_LEN ?
		    ENVELOPE_RESEAL : ENVELOPE_NONE;
	if (b[0] == ENVELOPE_LETTER)
		return ENVELOPE_LETTER;
	return b[0] == ENVELOPE_REQUEST ? ENVELOPE_REQUEST : ENVELOPE_NONE;
}

/* The plain text, fresh, to be wiped; NULL: it does not open. */
static uint8_t *
unseal(const struct identity *me, const uint8_t secret[KEY_LEN],
    const struct user_id *from, const uint8_t *p, size_t len,
    uint8_t sender[KEY_LEN])
{
	uint8_t prologue[PROLOGUE_MAX];
	struct noise_setup setup = { .pattern = NOISE_X,
		.prologue = prologue, .s = secret };
	size_t room = len - ENVELOPE_OVERHEAD;
	uint8_t *plain;
	struct noise *n;
	ssize_t got;

	setup.prologue_len = put_prologue(prologue, p, from, identity_id(me));
	n = noise_new(&setup);
	if (!n)
		return NULL;
	plain = mem_new(room + 1);
	got = noise_read(n, p + ENVELOPE_HEAD, len - ENVELOPE_HEAD, plain,
	    room);
	if (got >= 0)
		memcpy(sender, noise_remote(n), KEY_LEN);
	noise_free(n);
	if (got == (ssize_t)room)
		return plain;
	wipe(plain, room);
	free(plain);
	return NULL;
}

/* Length of what is before the padding; -1: not padded as we do. */
static ssize_t
unpad(const uint8_t *plain, size_t len)
{
	size_t n = len;

	while (n > 0 && plain[n - 1] == 0)
		n--;
	if (n == 0 || plain[n - 1] != 0x80 || padded_len(n - 1) != len)
		return -1;
	return (ssize_t)(n - 1);
}

static int
open_padded(struct buf *out, const struct identity *me,
    const uint8_t secret[KEY_LEN], const struct user_id *from,
    const uint8_t *p, size_t len, uint8_t sender[KEY_LEN])
{
	size_t room = len - ENVELOPE_OVERHEAD;
	uint8_t *plain = unseal(me, secret, from, p, len, sender);
	ssize_t n;

	if (!plain)
		return -1;
	n = unpad(plain, room);
	if (n > 0)
		buf_put(out, plain, (size_t)n);
	wipe(plain, room);
	free(plain);
	return n < 0 ? -1 : 0;
}

int
envelope_open_letter(struct buf *out, const struct identity *me,
    const uint8_t secret[KEY_LEN], const struct pubkeys *from, const void *p,
    size_t len)
{
	uint8_t id[ENVELOPE_ID], sender[KEY_LEN];
	size_t had = out->len;
	struct user_id who;

	if (envelope_look(p, len, id) != ENVELOPE_LETTER)
		return -1;
	user_id_of(&who, from);
	if (open_padded(out, me, secret, &who, p, len, sender) < 0)
		return -1;
	if (memcmp(sender, from->x, KEY_LEN) == 0)
		return 0;
	wipe(out->at + had, out->len - had);
	out->len = had;
	return -1;
}

int
envelope_open_request(struct buf *out, const struct identity *me,
    const uint8_t secret[KEY_LEN], uint8_t sender[KEY_LEN], const void *p,
    size_t len)
{
	uint8_t id[ENVELOPE_ID], key[KEY_LEN];

	if (envelope_look(p, len, id) != ENVELOPE_REQUEST ||
	    open_padded(out, me, secret, NULL, p, len, key) < 0)
		return -1;
	memcpy(sender, key, KEY_LEN);
	return 0;
}

int
envelope_open_reseal(struct reseal *r, uint8_t sig[SIG_LEN],
    const struct identity *me, uint8_t sender[KEY_LEN], const void *p,
    size_t len)
{
	uint8_t id[ENVELOPE_ID], key[KEY_LEN];
	uint8_t *plain;

	if (envelope_look(p, len, id) != ENVELOPE_RESEAL)
		return -1;
	plain = unseal(me, identity_x_secret(me), NULL, p, len, key);
	if (!plain)
		return -1;
	r->gen = get_u64(plain);
	memcpy(r->pub, plain + 8, KEY_LEN);
	memcpy(sig, plain + 8 + KEY_LEN, SIG_LEN);
	memcpy(sender, key, KEY_LEN);
	wipe(plain, RESEAL_LEN);
	free(plain);
	return 0;
}
