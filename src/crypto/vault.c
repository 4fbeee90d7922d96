#include "vault.h"

#include <sodium.h>
#include <string.h>

#include "cur.h"
#include "kdf.h"
#include "label.h"
#include "passphrase.h"
#include "rand.h"
#include "seal.h"
#include "secret.h"

enum {
	MAGIC = 4,
	FORMAT = 1,
	KIND_OPEN = 1,			/* no passphrase */
	KIND_LOCKED = 2,
	DATA_KEY = 32,
	SEED = 32,
	RECORD = SEED + SEAL_OVERHEAD,
	CHECK = HASH_LEN,
	NONCE_AT = VAULT_HEADER - SEAL_NONCE,
	SALT_AT = NONCE_AT - VAULT_SALT,
	FIXED = 8,			/* magic, version, kind, zero */
	OPEN_LEN = VAULT_HEADER + DATA_KEY + RECORD + CHECK,
	LOCKED_LEN = VAULT_HEADER + VAULT_WRAPPED + RECORD + CHECK
};

static const char magic[MAGIC + 1] = "P2PV";
static const uint64_t mem_max = (uint64_t)4 << 30;
static const struct place seed_place = { .table = 0, .version = 1, .row = 0 };

const struct vault_cost vault_default_cost = { 3, (uint64_t)256 << 20 };
const struct vault_cost vault_least_cost = { 1, (uint64_t)64 << 20 };

struct vault {
	uint8_t data_key[DATA_KEY];
	uint8_t seed[SEED];
};

struct header {
	uint8_t kind;
	struct vault_cost cost;
	uint8_t salt[VAULT_SALT];
	uint8_t nonce[SEAL_NONCE];
};

struct vault *
vault_new(const struct identity *id)
{
	struct vault *v = secret_new(sizeof(*v));

	rand_bytes(v->data_key, DATA_KEY);
	memcpy(v->seed, identity_seed(id), SEED);
	return v;
}

void
vault_free(struct vault *v)
{
	secret_free(v);
}

struct identity *
vault_identity(const struct vault *v)
{
	return identity_from_seed(v->seed);
}

void
vault_subkey(const struct vault *v, const char *table, uint8_t out[32])
{
	kdf_derive(out, v->data_key, LABEL_VAULT, (const struct item[]){
	    ITEM(table, strlen(table)), KDF_END });
}

static bool
is_cost_sane(const struct vault_cost *cost)
{
	return cost->ops >= vault_least_cost.ops &&
	    cost->ops <= VAULT_OPS_MAX &&
	    cost->mem >= vault_least_cost.mem && cost->mem <= mem_max &&
	    cost->mem <= SIZE_MAX;
}

int
vault_kek(uint8_t kek[32], const char *passphrase,
    const uint8_t salt[VAULT_SALT], const struct vault_cost *cost)
{
	return crypto_pwhash(kek, 32, passphrase, strlen(passphrase), salt,
	    cost->ops, (size_t)cost->mem, crypto_pwhash_ALG_ARGON2ID13);
}

int
vault_unwrap(uint8_t data_key[32], const uint8_t kek[32],
    const uint8_t header[VAULT_HEADER], const uint8_t wrapped[VAULT_WRAPPED])
{
	return xchacha_open(data_key, kek, header + NONCE_AT, header,
	    VAULT_HEADER, wrapped, VAULT_WRAPPED);
}

/* vault_kek into locked memory, to be released with secret_free. */
static uint8_t *
make_kek(const char *passphrase, const uint8_t salt[VAULT_SALT],
    const struct vault_cost *cost, struct err *e)
{
	uint8_t *kek = secret_new(32);

	if (vault_kek(kek, passphrase, salt, cost) == 0)
		return kek;
	secret_free(kek);
	err_set(e, STATUS_FAILURE,
	    "not enough memory for the passphrase: it takes %llu MiB",
	    (unsigned long long)(cost->mem >> 20));
	err_next(e, "close other programs and try again");
	return NULL;
}

/* ---- writing ------------------------------------------------------------- */

static void
put_header(uint8_t to[VAULT_HEADER], const char *first, const struct header *h)
{
	memset(to, 0, VAULT_HEADER);
	memcpy(to, first, MAGIC);
	to[4] = FORMAT;
	to[5] = h->kind;
	put_u32(to + FIXED, h->cost.ops);
	put_u64(to + FIXED + 4, h->cost.mem);
	memcpy(to + SALT_AT, h->salt, VAULT_SALT);
	memcpy(to + NONCE_AT, h->nonce, SEAL_NONCE);
}

int
vault_wrap(uint8_t *out, const char *first, const char *passphrase,
    const struct vault_cost *cost, const uint8_t key[32], struct err *e)
{
	struct header h = { .kind = KIND_LOCKED,
		.cost = cost == NULL ? vault_default_cost : *cost };
	char *prepared;
	uint8_t *kek;

	if (!is_cost_sane(&h.cost))
		return err_set(e, STATUS_USAGE,
		    "the cost of the passphrase is out of bounds");
	prepared = passphrase_prepare(passphrase, e);
	if (prepared == NULL)
		return -1;
	rand_nonce(h.salt, sizeof(h.salt));
	rand_nonce(h.nonce, sizeof(h.nonce));
	kek = make_kek(prepared, h.salt, &h.cost, e);
	secret_free(prepared);
	if (kek == NULL)
		return -1;
	put_header(out, first, &h);
	xchacha_seal(out + VAULT_HEADER, kek, h.nonce, out, VAULT_HEADER, key,
	    DATA_KEY);
	secret_free(kek);
	return 0;
}

static int
write_locked(const struct vault *v, const char *passphrase,
    const struct vault_cost *cost, struct buf *out, struct err *e)
{
	uint8_t at[VAULT_HEADER + VAULT_WRAPPED];

	if (vault_wrap(at, magic, passphrase, cost, v->data_key, e) < 0)
		return -1;
	buf_put(out, at, sizeof(at));
	return 0;
}

static void
write_open(const struct vault *v, struct buf *out)
{
	const struct header h = { .kind = KIND_OPEN };
	uint8_t at[VAULT_HEADER];

	put_header(at, magic, &h);
	buf_put(out, at, sizeof(at));
	buf_put(out, v->data_key, DATA_KEY);
}

static void
make_check(uint8_t check[CHECK], const uint8_t *p, size_t len)
{
	kdf_hash(check, LABEL_VAULT_CHECK, (const struct item[]){
	    ITEM(p, len), KDF_END });
}

int
vault_write(const struct vault *v, const char *passphrase,
    const struct vault_cost *cost, struct buf *out, struct err *e)
{
	uint8_t key[32], check[CHECK];
	size_t start = out->len;

	if (passphrase == NULL)
		write_open(v, out);
	else if (write_locked(v, passphrase, cost, out, e) < 0)
		return -1;
	vault_subkey(v, "identity", key);
	seal_record(out, key, &seed_place, v->seed, SEED);
	wipe(key, sizeof(key));
	make_check(check, out->at + start, out->len - start);
	buf_put(out, check, CHECK);
	return 0;
}

/* ---- reading ------------------------------------------------------------- */

static int
say_damaged(struct err *e, const char *how)
{
	err_set(e, STATUS_DAMAGED, "the identity file %s", how);
	return err_next(e, "put back a copy of it; p2ptui never makes a new "
	    "identity in its place");
}

static bool
is_check_right(const uint8_t *p, size_t len)
{
	uint8_t check[CHECK];

	make_check(check, p, len - CHECK);
	return secret_equal(check, p + len - CHECK, CHECK);
}

/* What stands behind the magic; returns the version. */
static uint8_t
parse_header(const uint8_t p[VAULT_HEADER], struct header *h,
    uint16_t *reserved)
{
	struct cur cur;
	uint8_t version;

	cur_init(&cur, p + MAGIC, VAULT_HEADER - MAGIC);
	version = cur_u8(&cur);
	h->kind = cur_u8(&cur);
	*reserved = cur_u16(&cur);
	h->cost.ops = cur_u32(&cur);
	h->cost.mem = cur_u64(&cur);
	cur_copy(&cur, h->salt, sizeof(h->salt));
	cur_copy(&cur, h->nonce, sizeof(h->nonce));
	return version;
}

int
vault_read_cost(const uint8_t header[VAULT_HEADER], const char *first,
    struct vault_cost *cost)
{
	struct header h;
	uint16_t reserved;

	if (memcmp(header, first, MAGIC) != 0 ||
	    parse_header(header, &h, &reserved) != FORMAT || reserved != 0 ||
	    h.kind != KIND_LOCKED || !is_cost_sane(&h.cost))
		return -1;
	*cost = h.cost;
	return 0;
}

/* The check comes first: what a damaged header says means nothing. */
static int
read_header(const uint8_t *p, size_t len, struct header *h, struct err *e)
{
	static const uint8_t zeros[VAULT_HEADER];
	uint8_t version;
	uint16_t reserved;

	if (len < VAULT_HEADER + CHECK || len > VAULT_FILE_MAX ||
	    memcmp(p, magic, MAGIC) != 0 || !is_check_right(p, len))
		return say_damaged(e, "is damaged");
	version = parse_header(p, h, &reserved);
	if (version > FORMAT) {
		err_set(e, STATUS_DAMAGED, "the identity file is of version "
		    "%d, this p2ptui reads version %d", version, FORMAT);
		return err_next(e, "use the p2ptui that wrote it, or newer");
	}
	if (version == FORMAT && reserved == 0) {
		if (h->kind == KIND_OPEN && len == OPEN_LEN &&
		    memcmp(p + FIXED, zeros, VAULT_HEADER - FIXED) == 0)
			return 0;
		if (h->kind == KIND_LOCKED && len == LOCKED_LEN) {
			if (is_cost_sane(&h->cost))
				return 0;
			return say_damaged(e,
			    "asks for a cost that is not safe");
		}
	}
	return say_damaged(e, "is not one that p2ptui writes");
}

int
vault_asks(const void *p, size_t len, struct err *e)
{
	struct header h;

	if (read_header(p, len, &h, e) < 0)
		return -1;
	return h.kind == KIND_LOCKED;
}

/* 1: it is another one. */
static int
try_bytes(uint8_t key[32], const uint8_t *p, const struct header *h,
    const char *bytes, struct err *e)
{
	uint8_t *kek = make_kek(bytes, h->salt, &h->cost, e);
	int rc;

	if (kek == NULL)
		return -1;
	rc = vault_unwrap(key, kek, p, p + VAULT_HEADER);
	secret_free(kek);
	return rc < 0;
}

static int
unlock(uint8_t key[32], const uint8_t *p, const struct header *h,
    const char *passphrase, struct err *e)
{
	char *prepared = passphrase_prepare(passphrase, NULL);
	int rc = 1;

	if (prepared != NULL)
		rc = try_bytes(key, p, h, prepared, e);
	/* It was set when bytes were hashed as they came. */
	if (rc > 0 && (prepared == NULL || strcmp(prepared, passphrase) != 0))
		rc = try_bytes(key, p, h, passphrase, e);
	secret_free(prepared);
	if (rc > 0) {
		err_set(e, STATUS_DENIED, "the passphrase is wrong");
		return err_next(e, "try again: nothing was changed");
	}
	return rc;
}

int
vault_unlock(uint8_t key[32], const uint8_t *in, const char *first,
    const char *passphrase, struct err *e)
{
	struct header h;
	uint16_t reserved;

	if (vault_read_cost(in, first, &h.cost) < 0)
		return err_set(e, STATUS_DAMAGED, "it is damaged");
	parse_header(in, &h, &reserved);
	return unlock(key, in, &h, passphrase, e);
}

static int
read_seed(struct vault *v, const uint8_t *record, struct err *e)
{
	struct buf seed;
	uint8_t key[32];
	int rc;

	buf_init(&seed);
	vault_subkey(v, "identity", key);
	rc = open_record(&seed, key, &seed_place, record, RECORD);
	wipe(key, sizeof(key));
	if (rc == 0)
		memcpy(v->seed, seed.at, SEED);
	buf_wipe(&seed);
	return rc < 0 ? say_damaged(e, "does not hold what it should") : 0;
}

struct vault *
vault_read(const void *p, size_t len, const char *passphrase, struct err *e)
{
	const uint8_t *at = p;
	struct header h;
	struct vault *v;
	int rc = 0;

	if (read_header(at, len, &h, e) < 0)
		return NULL;
	v = secret_new(sizeof(*v));
	if (h.kind == KIND_LOCKED && passphrase == NULL)
		rc = err_set(e, STATUS_DENIED,
		    "the identity is locked with a passphrase");
	else if (h.kind == KIND_LOCKED)
		rc = unlock(v->data_key, at, &h, passphrase, e);
	else
		memcpy(v->data_key, at + VAULT_HEADER, DATA_KEY);
	if (rc == 0)
		rc = read_seed(v, at + len - CHECK - RECORD, e);
	if (rc == 0)
		return v;
	vault_free(v);
	return NULL;
}
