#include "crypto/noise-pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rand.h"

struct noise *
pair_side(const struct pair *p, enum noise_pattern pattern, int side)
{
	const struct noise_setup setup = {
		.pattern = pattern, .initiator = side == 0,
		.prologue = "prologue", .prologue_len = 8,
		.s = p->s[side], .rs = p->s_public[1 - side], .psk = p->psk,
	};
	struct noise *n = noise_new(&setup);

	assert_non_null(n);
	return n;
}

void
pair_init(struct pair *p, enum noise_pattern pattern)
{
	int i;

	for (i = 0; i < 2; i++)
		x_pair_new(p->s[i], p->s_public[i]);
	rand_bytes(p->psk, sizeof(p->psk));
	for (i = 0; i < 2; i++)
		p->side[i] = pair_side(p, pattern, i);
}

void
pair_clear(struct pair *p)
{
	noise_free(p->side[0]);
	noise_free(p->side[1]);
}

void
pair_pass(struct pair *p, int from, const void *payload, size_t len)
{
	static uint8_t msg[NOISE_MAX], got[NOISE_MAX];
	size_t extra = noise_overhead(p->side[from]);
	ssize_t n;

	assert_int_equal(noise_overhead(p->side[1 - from]), extra);
	n = noise_write(p->side[from], payload, len, msg, sizeof(msg));
	assert_int_equal(n, len + extra);
	n = noise_read(p->side[1 - from], msg, (size_t)n, got, sizeof(got));
	assert_int_equal(n, len);
	assert_memory_equal(got, payload, len);
}

void
pair_finish(struct pair *p)
{
	int from;

	for (from = 0; !noise_is_done(p->side[0]); from = 1 - from)
		pair_pass(p, from, "hello", 5);
	assert_true(noise_is_done(p->side[1]));
}

void
pair_split(struct pair *p)
{
	int i;

	assert_memory_equal(noise_hash(p->side[0]), noise_hash(p->side[1]),
	    NOISE_HASH);
	for (i = 0; i < 2; i++)
		noise_split(p->side[i], &p->send[i], &p->receive[i]);
}
