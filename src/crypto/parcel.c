#include "parcel.h"

#include <assert.h>
#include <string.h>

#include "kdf.h"
#include "label.h"
#include "rand.h"
#include "seal.h"
#include "secret.h"

enum {
	CHECK_AT = VAULT_HEADER + VAULT_WRAPPED,
	VERSION_AT = 4
};

static const char magic[] = "P2PX";

struct parcel {
	uint8_t key[32];
	uint64_t next;
};

static void
derive(struct parcel *p, const uint8_t file_key[32])
{
	kdf_derive(p->key, file_key, LABEL_PARCEL, (const struct item[]){
	    KDF_END });
}

static void
make_check(uint8_t check[HASH_LEN], const uint8_t *head)
{
	kdf_hash(check, LABEL_PARCEL_CHECK, (const struct item[]){
	    ITEM(head, CHECK_AT), KDF_END });
}

struct parcel *
parcel_new(const char *passphrase, const struct vault_cost *cost,
    uint8_t head[PARCEL_HEAD], struct err *e)
{
	struct parcel *p = secret_new(sizeof(*p));
	uint8_t *file_key = secret_new(32);
	int rc;

	rand_bytes(file_key, 32);
	rc = vault_wrap(head, magic, passphrase, cost, file_key, e);
	if (rc == 0) {
		make_check(head + CHECK_AT, head);
		derive(p, file_key);
	}
	secret_free(file_key);
	if (rc == 0)
		return p;
	parcel_free(p);
	return NULL;
}

int
parcel_check(const uint8_t *head, size_t len, struct err *e)
{
	struct vault_cost cost;
	uint8_t check[HASH_LEN];

	if (len < PARCEL_HEAD || memcmp(head, magic, 4) != 0)
		return err_set(e, STATUS_DAMAGED,
		    "it is not an export of p2ptui");
	if (head[VERSION_AT] > 1) {
		err_set(e, STATUS_DAMAGED, "it is an export of version %d, "
		    "this p2ptui reads version 1", head[VERSION_AT]);
		return err_next(e, "use the p2ptui that wrote it, or newer");
	}
	make_check(check, head);
	if (!secret_equal(check, head + CHECK_AT, HASH_LEN) ||
	    vault_read_cost(head, magic, &cost) < 0) {
		err_set(e, STATUS_DAMAGED, "its beginning is damaged");
		return err_next(e, "copy it again, or export it again");
	}
	if (cost.ops > PARCEL_OPS_MAX || cost.mem > PARCEL_MEM_MAX) {
		err_set(e, STATUS_DAMAGED, "it asks for more time or memory "
		    "than any export of p2ptui does: %u rounds over %llu MiB",
		    (unsigned)cost.ops,
		    (unsigned long long)(cost.mem >> 20));
		return err_next(e, "ask whoever gave it to you");
	}
	return 0;
}

struct parcel *
parcel_open(const uint8_t *head, size_t len, const char *passphrase,
    struct err *e)
{
	struct parcel *p;
	uint8_t *file_key;
	int rc;

	if (parcel_check(head, len, e) < 0)
		return NULL;
	p = secret_new(sizeof(*p));
	file_key = secret_new(32);
	rc = vault_unlock(file_key, head, magic, passphrase, e);
	if (rc == 0)
		derive(p, file_key);
	secret_free(file_key);
	if (rc == 0)
		return p;
	parcel_free(p);
	return NULL;
}

void
parcel_free(struct parcel *p)
{
	secret_free(p);
}

void
parcel_rewind(struct parcel *p)
{
	p->next = 0;
}

/* Of the chunk that comes next, which is one more then. */
static void
take_nonce(struct parcel *p, uint8_t nonce[SEAL_NONCE])
{
	memset(nonce, 0, SEAL_NONCE);
	put_u64(nonce + SEAL_NONCE - 8, p->next++);
}

void
parcel_seal(struct parcel *p, const void *plain, size_t len, bool last,
    struct buf *out)
{
	uint8_t nonce[SEAL_NONCE], *at = buf_space(out, len + SEAL_TAG);
	const uint8_t ad = last;

	assert(len == PARCEL_CHUNK || (last && len < PARCEL_CHUNK));
	take_nonce(p, nonce);
	xchacha_seal(at, p->key, nonce, &ad, 1, plain, len);
	buf_added(out, len + SEAL_TAG);
}

int
parcel_unseal(struct parcel *p, const void *sealed, size_t len, bool last,
    struct buf *out)
{
	uint8_t nonce[SEAL_NONCE], *at;
	const uint8_t ad = last;

	if (len < SEAL_TAG || len > PARCEL_SEALED ||
	    (!last && len != PARCEL_SEALED))
		return -1;
	at = buf_space(out, len);
	take_nonce(p, nonce);
	if (xchacha_open(at, p->key, nonce, &ad, 1, sealed, len) < 0)
		return -1;
	buf_added(out, len - SEAL_TAG);
	return 0;
}
