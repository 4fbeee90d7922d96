#include "queuekey.h"

#include <sodium.h>
#include <string.h>

#include "buf.h"
#include "kdf.h"
#include "label.h"
#include "secret.h"

void
queue_id_of(uint8_t id[QUEUE_ID_LEN], const uint8_t public[KEY_LEN])
{
	uint8_t hash[HASH_LEN];

	kdf_hash(hash, LABEL_QUEUE_ID, (const struct item[]){
	    ITEM(public, KEY_LEN), KDF_END });
	memcpy(id, hash, QUEUE_ID_LEN);
}

void
request_token_of(uint8_t token[QUEUE_TOKEN_LEN], const struct pubkeys *owner)
{
	kdf_hash(token, LABEL_REQUEST_TOKEN, (const struct item[]){
	    ITEM(owner->ed, KEY_LEN), ITEM(owner->x, KEY_LEN), KDF_END });
}

void
queue_key_of(struct queue_key *k, const struct identity *me,
    const uint8_t relay[KEY_LEN], const struct user_id *contact)
{
	static const struct user_id strangers;
	const struct user_id *who = contact ? contact : &strangers;
	const struct item of[] = {
		ITEM(relay, KEY_LEN), ITEM(who->b, ID_LEN), KDF_END
	};
	uint8_t seed[crypto_sign_SEEDBYTES];

	kdf_derive(seed, identity_seed(me), LABEL_QUEUE, of);
	crypto_sign_seed_keypair(k->public, k->secret, seed);
	wipe(seed, sizeof(seed));
	if (contact)
		kdf_derive(k->token, identity_seed(me), LABEL_QUEUE_TOKEN,
		    of);
	else
		request_token_of(k->token, identity_keys(me));
	queue_id_of(k->id, k->public);
}

void
queue_key_clear(struct queue_key *k)
{
	wipe(k, sizeof(*k));
}

void
queue_token_hash(uint8_t hash[32], const uint8_t token[QUEUE_TOKEN_LEN])
{
	kdf_hash(hash, LABEL_QUEUE_TOKEN, (const struct item[]){
	    ITEM(token, QUEUE_TOKEN_LEN), KDF_END });
}

/* The handshake's hash is different each time and known to both ends alone:
 * a signature opens a queue over this connection, and no other. */
static void
put_signed(struct buf *b, const uint8_t hash[64],
    const uint8_t id[QUEUE_ID_LEN])
{
	buf_init(b);
	buf_lp(b, LABEL_RELAY_AUTH, strlen(LABEL_RELAY_AUTH));
	buf_put(b, hash, 64);
	buf_put(b, id, QUEUE_ID_LEN);
}

void
queue_auth_sign(const struct queue_key *k, const uint8_t hash[64],
    uint8_t sig[SIG_LEN])
{
	struct buf b;

	put_signed(&b, hash, k->id);
	crypto_sign_detached(sig, NULL, b.at, b.len, k->secret);
	buf_clear(&b);
}

bool
queue_auth_verify(const uint8_t public[KEY_LEN], const uint8_t hash[64],
    const uint8_t id[QUEUE_ID_LEN], const uint8_t sig[SIG_LEN])
{
	struct buf b;
	int rc;

	put_signed(&b, hash, id);
	rc = crypto_sign_verify_detached(sig, b.at, b.len, public);
	buf_clear(&b);
	return rc == 0;
}

void
meet_id_of(uint8_t id[MEET_ID_LEN], const uint8_t pair_key[32], uint64_t day)
{
	uint8_t hash[HASH_LEN], number[8];

	put_u64(number, day);
	kdf_derive(hash, pair_key, LABEL_MEET, (const struct item[]){
	    ITEM(number, sizeof(number)), KDF_END });
	memcpy(id, hash, MEET_ID_LEN);
	wipe(hash, sizeof(hash));
}
