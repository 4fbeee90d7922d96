#include "kdf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#if defined(__linux__)
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "label.h"
#include "mem.h"
#include "rand.h"
#include "secret.h"
#include "vectors.h"

#define LABEL_TEXT(name, text) text,
static const char *const labels[] = { LABEL_TABLE(LABEL_TEXT) };

enum { N_LABELS = sizeof(labels) / sizeof(labels[0]) };

static void
t_no_two_labels_are_equal(void **state)
{
	size_t i, j;

	(void)state;
	for (i = 0; i < N_LABELS; i++) {
		assert_memory_equal(labels[i], "p2ptui/1/", 9);
		for (j = 0; j < i; j++)
			assert_string_not_equal(labels[i], labels[j]);
	}
}

static void
t_hmac_known_answers(void **state)
{
	struct vectors *v = vectors_open("hkdf_blake2b.txt");
	const struct section *s = NULL;
	const uint8_t *key, *data;
	size_t key_len, data_len;
	uint8_t out[HMAC_LEN];
	int n = 0;

	(void)state;
	while ((s = vectors_next(v, s, "hmac-")) != NULL) {
		key = section_bytes(s, "key", &key_len);
		data = section_bytes(s, "data", &data_len);
		kdf_hmac(out, key, key_len, (const struct item[]){
		    ITEM(data, data_len), KDF_END });
		assert_memory_equal(out, section_exact(s, "hmac", HMAC_LEN),
		    HMAC_LEN);
		/* In pieces it is the same text. */
		kdf_hmac(out, key, key_len, (const struct item[]){
		    ITEM(data, data_len / 2),
		    ITEM(data + data_len / 2, data_len - data_len / 2),
		    KDF_END });
		assert_memory_equal(out, section_exact(s, "hmac", HMAC_LEN),
		    HMAC_LEN);
		n++;
	}
	assert_int_equal(n, 10);
	vectors_free(v);
}

static void
t_hkdf_known_answers(void **state)
{
	struct vectors *v = vectors_open("hkdf_blake2b.txt");
	const struct section *s = NULL;
	const uint8_t *ikm;
	size_t len;
	uint8_t a[HMAC_LEN], b[HMAC_LEN], c[HMAC_LEN];
	int n = 0;

	(void)state;
	while ((s = vectors_next(v, s, "noise-hkdf-")) != NULL) {
		ikm = section_bytes(s, "input_key_material", &len);
		kdf_hkdf(section_exact(s, "chaining_key", HMAC_LEN), ikm, len,
		    a, b, c);
		assert_memory_equal(a, section_exact(s, "out1", 64), 64);
		assert_memory_equal(b, section_exact(s, "out2", 64), 64);
		assert_memory_equal(c, section_exact(s, "out3", 64), 64);
		n++;
	}
	assert_int_equal(n, 5);
	vectors_free(v);
}

/* LP makes ("ab", "c") another list than ("a", "bc"). */
static void
t_items_keep_their_borders(void **state)
{
	static const uint8_t key[32] = { 1 };
	uint8_t a[HASH_LEN], b[HASH_LEN];

	(void)state;
	kdf_hash(a, LABEL_CARD, (const struct item[]){
	    ITEM("ab", 2), ITEM("c", 1), KDF_END });
	kdf_hash(b, LABEL_CARD, (const struct item[]){
	    ITEM("a", 1), ITEM("bc", 2), KDF_END });
	assert_memory_not_equal(a, b, HASH_LEN);
	kdf_hash(b, LABEL_BEACON, (const struct item[]){
	    ITEM("ab", 2), ITEM("c", 1), KDF_END });
	assert_memory_not_equal(a, b, HASH_LEN);
	kdf_derive(b, key, LABEL_CARD, (const struct item[]){
	    ITEM("ab", 2), ITEM("c", 1), KDF_END });
	assert_memory_not_equal(a, b, HASH_LEN);
	/* No item is not one empty item. */
	kdf_hash(a, LABEL_CARD, NULL);
	kdf_hash(b, LABEL_CARD, (const struct item[]){
	    ITEM("", 0), KDF_END });
	assert_memory_not_equal(a, b, HASH_LEN);
}

/* ---- rand and secret ----------------------------------------------------- */

static int
in_child(int (*fn)(void))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn());
	while (waitpid(pid, &status, 0) < 0)
		assert_int_equal(errno, EINTR);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
dumps_are_forbidden(void)
{
	struct rlimit core = { 1, 1 };

	if (crypto_start(NULL) < 0)
		return 10;
	if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_cur != 0 ||
	    core.rlim_max != 0)
		return 11;
#if defined(__linux__)
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 12;
#endif
	return 0;
}

static void
row_91_no_core_dump(void **state)
{
	(void)state;
	assert_int_equal(in_child(dumps_are_forbidden), 0);
}

#if defined(__linux__)
/* From here on getrandom() answers EIO in this process. */
static int
break_getrandom(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrandom, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
}

enum { NO_SECCOMP = 77 };

static int
start_without_random(void)
{
	struct err e = { .status = STATUS_OK };

	if (break_getrandom() < 0)
		return NO_SECCOMP;
	if (crypto_start(&e) == 0)
		return 20;
	return e.status == STATUS_FAILURE && e.what[0] != '\0' ? 0 : 21;
}

/* Broken in mid-run: dies with status 1, by way of die(). */
static int
key_without_random(void)
{
	uint8_t key[32] = { 0 };

	if (crypto_start(NULL) < 0)
		return 30;
	if (break_getrandom() < 0)
		return NO_SECCOMP;
	if (freopen("/dev/null", "w", stderr) == NULL)
		return 31;
	rand_bytes(key, sizeof(key));
	return 32;
}
#endif

static void
row_90_no_random(void **state)
{
	int start, later;

	(void)state;
#if defined(__linux__)
	start = in_child(start_without_random);
	later = in_child(key_without_random);
	if (start == NO_SECCOMP || later == NO_SECCOMP) {
		printf("# skipped: the kernel has no seccomp filters\n");
		skip();
	}
	assert_int_equal(start, 0);
	assert_int_equal(later, STATUS_FAILURE);
#else
	(void)start;
	(void)later;
	printf("# skipped: seccomp is Linux's\n");
	skip();
#endif
}

static int
child_nonce(int to)
{
	uint8_t nonce[24];

	rand_nonce(nonce, sizeof(nonce));
	return write(to, nonce, sizeof(nonce)) == sizeof(nonce) ? 0 : 1;
}

/* The block that is read ahead must not be handed out twice. */
static void
t_a_forked_child_draws_other_nonces(void **state)
{
	uint8_t mine[24], theirs[24];
	int fds[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(crypto_start(NULL), 0);
	rand_nonce(mine, sizeof(mine));	/* the block is there now */
	assert_int_equal(pipe(fds), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(child_nonce(fds[1]));
	rand_nonce(mine, sizeof(mine));
	assert_int_equal(read(fds[0], theirs, sizeof(theirs)), sizeof(theirs));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_memory_not_equal(mine, theirs, sizeof(mine));
	close(fds[0]);
	close(fds[1]);
}

static int
cmp_nonces(const void *a, const void *b)
{
	return memcmp(a, b, 24);
}

static void
t_nonces_do_not_repeat(void **state)
{
	enum { N = 2000 };		/* a dozen blocks */
	static uint8_t nonces[N][24];
	uint8_t big[5000], zeros[5000] = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < N; i++)
		rand_nonce(nonces[i], 24);
	qsort(nonces, N, 24, cmp_nonces);
	for (i = 1; i < N; i++)
		assert_memory_not_equal(nonces[i - 1], nonces[i], 24);
	memset(big, 0, sizeof(big));
	rand_nonce(big, sizeof(big));
	assert_memory_not_equal(big + sizeof(big) - 32, zeros, 32);
}

static void
t_rand_below_stays_below_and_reaches_all(void **state)
{
	int seen[7] = { 0 };
	uint32_t n;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		n = rand_below(7);
		assert_true(n < 7);
		seen[n]++;
	}
	for (i = 0; i < 7; i++)
		assert_true(seen[i] > 0);
	assert_int_equal(rand_below(1), 0);
}

static void
t_secrets_start_as_zeroes_and_are_wiped(void **state)
{
	uint8_t *p = secret_new(100), zeros[100] = { 0 };

	(void)state;
	assert_memory_equal(p, zeros, 100);
	memset(p, 7, 100);
	assert_false(secret_equal(p, zeros, 100));
	wipe(p, 100);
	assert_true(secret_equal(p, zeros, 100));
	secret_free(p);
	secret_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_no_two_labels_are_equal),
		cmocka_unit_test(t_hmac_known_answers),
		cmocka_unit_test(t_hkdf_known_answers),
		cmocka_unit_test(t_items_keep_their_borders),
		cmocka_unit_test(row_90_no_random),
		cmocka_unit_test(row_91_no_core_dump),
		cmocka_unit_test(t_a_forked_child_draws_other_nonces),
		cmocka_unit_test(t_nonces_do_not_repeat),
		cmocka_unit_test(t_rand_below_stays_below_and_reaches_all),
		cmocka_unit_test(t_secrets_start_as_zeroes_and_are_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
