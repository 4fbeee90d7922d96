#include "queuekey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kdf.h"
#include "label.h"
#include "rand.h"
#include "vectors.h"

static const uint8_t relay_a[KEY_LEN] = { 1 }, relay_b[KEY_LEN] = { 2 };

static void
t_meeting_id_known_answer(void **state)
{
	struct vectors *v = vectors_open("p2ptui_identity.txt");
	const struct section *s = vectors_get(v, "pair");
	uint8_t id[MEET_ID_LEN];

	(void)state;
	meet_id_of(id, section_exact(s, "pair_key", 32),
	    section_u64(s, "rendezvous_day"));
	assert_memory_equal(id, section_exact(s, "rendezvous_id",
	    MEET_ID_LEN), MEET_ID_LEN);
	meet_id_of(id, section_exact(s, "pair_key", 32),
	    section_u64(s, "rendezvous_day") + 1);
	assert_memory_not_equal(id, section_exact(s, "rendezvous_id",
	    MEET_ID_LEN), MEET_ID_LEN);
	vectors_free(v);
}

static void
t_a_queue_is_derived_again_and_of_one_pair_alone(void **state)
{
	struct identity *me = identity_new(), *you = identity_new();
	struct identity *she = identity_new();
	struct queue_key a, b;

	(void)state;
	queue_key_of(&a, me, relay_a, identity_id(you));
	queue_key_of(&b, me, relay_a, identity_id(you));
	assert_memory_equal(&a, &b, sizeof(a));
	/* Another relay, another contact, nobody, another owner. */
	queue_key_of(&b, me, relay_b, identity_id(you));
	assert_memory_not_equal(a.id, b.id, QUEUE_ID_LEN);
	assert_memory_not_equal(a.token, b.token, QUEUE_TOKEN_LEN);
	queue_key_of(&b, me, relay_a, identity_id(she));
	assert_memory_not_equal(a.id, b.id, QUEUE_ID_LEN);
	assert_memory_not_equal(a.token, b.token, QUEUE_TOKEN_LEN);
	queue_key_of(&b, me, relay_a, NULL);
	assert_memory_not_equal(a.id, b.id, QUEUE_ID_LEN);
	queue_key_of(&b, she, relay_a, identity_id(you));
	assert_memory_not_equal(a.id, b.id, QUEUE_ID_LEN);
	queue_key_clear(&a);
	queue_key_clear(&b);
	identity_free(me);
	identity_free(you);
	identity_free(she);
}

/* The derivation, spelled out from the words of the header. */
static void
t_what_the_words_say_is_what_is_derived(void **state)
{
	struct identity *me = identity_new();
	uint8_t zeros[ID_LEN] = { 0 }, hash[HASH_LEN];
	const struct item of[] = {
		ITEM(relay_a, KEY_LEN), ITEM(zeros, ID_LEN), KDF_END
	};
	struct queue_key k;

	(void)state;
	queue_key_of(&k, me, relay_a, (const struct user_id *)zeros);
	kdf_derive(hash, identity_seed(me), "p2ptui/1/queue-token", of);
	assert_memory_equal(k.token, hash, 32);
	queue_key_of(&k, me, relay_a, NULL);
	kdf_derive(hash, identity_seed(me), "p2ptui/1/queue", of);
	assert_memory_equal(k.secret, hash, 32);
	assert_memory_equal(k.secret + 32, k.public, 32);
	kdf_hash(hash, "p2ptui/1/qid", (const struct item[]){
	    ITEM(k.public, KEY_LEN), KDF_END });
	assert_memory_equal(k.id, hash, QUEUE_ID_LEN);
	queue_token_hash(hash, k.token);
	assert_memory_not_equal(hash, k.token, 32);
	queue_key_clear(&k);
	assert_memory_equal(k.secret, zeros, 32);
	identity_free(me);
}

/* What a contact link leaves out is made of what it says. */
static void
t_the_token_for_requests_follows_from_public_keys(void **state)
{
	struct identity *me = identity_new(), *she = identity_new();
	const struct pubkeys *mine = identity_keys(me);
	uint8_t token[QUEUE_TOKEN_LEN], hash[HASH_LEN];
	struct queue_key a, b;

	(void)state;
	queue_key_of(&a, me, relay_a, NULL);
	queue_key_of(&b, me, relay_b, NULL);
	request_token_of(token, mine);
	assert_memory_equal(a.token, token, QUEUE_TOKEN_LEN);
	assert_memory_equal(b.token, token, QUEUE_TOKEN_LEN);
	assert_memory_not_equal(a.id, b.id, QUEUE_ID_LEN);
	kdf_hash(hash, "p2ptui/1/request-token", (const struct item[]){
	    ITEM(mine->ed, KEY_LEN), ITEM(mine->x, KEY_LEN), KDF_END });
	assert_memory_equal(token, hash, QUEUE_TOKEN_LEN);
	request_token_of(token, identity_keys(she));
	assert_memory_not_equal(a.token, token, QUEUE_TOKEN_LEN);
	queue_key_clear(&a);
	queue_key_clear(&b);
	identity_free(me);
	identity_free(she);
}

static void
row_53_a_signature_opens_one_queue_over_one_connection(void **state)
{
	struct identity *me = identity_new();
	uint8_t hash[64] = { 7 }, sig[SIG_LEN];
	struct queue_key k, other;

	(void)state;
	queue_key_of(&k, me, relay_a, NULL);
	queue_key_of(&other, me, relay_b, NULL);
	queue_auth_sign(&k, hash, sig);
	assert_true(queue_auth_verify(k.public, hash, k.id, sig));
	assert_false(queue_auth_verify(other.public, hash, k.id, sig));
	assert_false(queue_auth_verify(k.public, hash, other.id, sig));
	hash[63] ^= 1;
	assert_false(queue_auth_verify(k.public, hash, k.id, sig));
	hash[63] ^= 1;
	for (size_t i = 0; i < SIG_LEN; i++) {
		sig[i] ^= 1;
		assert_false(queue_auth_verify(k.public, hash, k.id, sig));
		sig[i] ^= 1;
	}
	identity_free(me);
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
		cmocka_unit_test(t_meeting_id_known_answer),
		cmocka_unit_test(
		    t_a_queue_is_derived_again_and_of_one_pair_alone),
		cmocka_unit_test(t_what_the_words_say_is_what_is_derived),
		cmocka_unit_test(
		    t_the_token_for_requests_follows_from_public_keys),
		cmocka_unit_test(
		    row_53_a_signature_opens_one_queue_over_one_connection),
	};

	return cmocka_run_group_tests_name("queuekey", tests, start, NULL);
}
