#include "rand.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef HAVE_SYS_PRCTL_H
#include <sys/prctl.h>
#endif
#ifdef HAVE_SYS_RANDOM_H
#include <sys/random.h>
#endif

enum {
	BLOCK = 4096,
	PROBE = 32
};

/* Random bytes not yet handed out.  One a thread, so that a worker that
 * hashes a passphrase needs no lock; never secrets, see the header. */
static _Thread_local struct {
	uint8_t bytes[BLOCK];
	size_t left;			/* unused, at the end of bytes */
} block;

/* A child must not hand out what its parent hands out too. */
static void
on_fork_in_child(void)
{
	sodium_memzero(&block, sizeof(block));
}

static void
register_fork_handler(void)
{
	if (pthread_atfork(NULL, NULL, on_fork_in_child) != 0)
		die("cannot watch for forks: out of memory");
}

/* libsodium aborts when the kernel's source fails in mid-run; the terminal
 * would stay as it is, so die in our own way. */
static void
on_misuse(void)
{
	die("the system's source of random numbers failed");
}

/* libsodium would fall back to /dev/urandom; a system whose getrandom()
 * fails is broken or hostile, and neither deserves a key. */
static int
probe(uint8_t out[PROBE])
{
#if defined(HAVE_GETRANDOM)
	ssize_t n;

	do
		n = getrandom(out, PROBE, 0);
	while (n < 0 && errno == EINTR);
	return n == PROBE ? 0 : -1;
#elif defined(HAVE_GETENTROPY)
	return getentropy(out, PROBE);
#else
	randombytes_buf(out, PROBE);
	return 0;
#endif
}

static int
check_source(struct err *e)
{
	uint8_t a[PROBE] = { 0 }, b[PROBE] = { 0 };

	if (probe(a) < 0 || probe(b) < 0) {
		err_set(e, STATUS_FAILURE,
		    "the system gives no random numbers: %s",
		    strerror(errno));
		return err_next(e, "without them no key is safe");
	}
	if (memcmp(a, b, PROBE) == 0 || sodium_is_zero(a, PROBE)) {
		err_set(e, STATUS_FAILURE,
		    "the system's random numbers are not random");
		return err_next(e, "without them no key is safe");
	}
	return 0;
}

/* Nobody reads our memory: no core file, no other process of this user. */
static int
forbid_dumps(struct err *e)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return err_set(e, STATUS_FAILURE,
		    "cannot forbid core dumps: %s", strerror(errno));
#ifdef HAVE_SYS_PRCTL_H
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_set(e, STATUS_FAILURE,
		    "cannot forbid memory dumps: %s", strerror(errno));
#endif
	return 0;
}

int
crypto_start(struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	if (forbid_dumps(e) < 0 || check_source(e) < 0)
		return -1;
	if (sodium_init() < 0)
		return err_set(e, STATUS_FAILURE,
		    "libsodium does not start");
	sodium_set_misuse_handler(on_misuse);
	pthread_once(&once, register_fork_handler);
	return 0;
}

void
rand_bytes(void *p, size_t len)
{
	if (len > 0)
		randombytes_buf(p, len);
}

void
rand_nonce(void *p, size_t len)
{
	uint8_t *from;

	if (len > BLOCK / 8) {
		rand_bytes(p, len);
		return;
	}
	if (block.left < len) {
		rand_bytes(block.bytes, BLOCK);
		block.left = BLOCK;
	}
	from = block.bytes + BLOCK - block.left;
	memcpy(p, from, len);
	sodium_memzero(from, len);
	block.left -= len;
}

uint32_t
rand_below(uint32_t bound)
{
	assert(bound > 0);
	return randombytes_uniform(bound);
}
