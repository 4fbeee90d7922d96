#include "dgram-hand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "kdf.h"

void
hand_start(struct hand *h, bool initiator, const uint8_t *s,
    const uint8_t *their_x, const uint8_t *e, uint32_t mine)
{
	static const uint8_t prologue[25] = {
		13, 0, 0, 0, 'p', '2', 'p', 't', 'u', 'i', '/', '1', '/', 'l',
		'i', 'v', 'e', 'p', '2', 'p', 't', 1, 1, 2, 0
	};
	static const uint8_t hello[6] = { 1, 1, 0, 0, 0, 0 };
	struct noise_setup setup = {
		.pattern = NOISE_IK, .initiator = initiator,
		.prologue = prologue, .prologue_len = sizeof(prologue),
		.s = s, .rs = initiator ? their_x : NULL, .e = e
	};

	memset(h, 0, sizeof(*h));
	h->noise = noise_new(&setup);
	assert_non_null(h->noise);
	x_public(h->x, s);
	memcpy(h->their_x, their_x, KEY_LEN);
	memcpy(h->hello, hello, sizeof(hello));
	h->hello_len = sizeof(hello);
	h->mine = mine;
}

void
hand_end(struct hand *h)
{
	noise_free(h->noise);
	h->noise = NULL;
}

void
hand_macs(uint8_t *p, size_t len, const uint8_t *x)
{
	const struct item items[] = { ITEM(x, KEY_LEN), KDF_END };
	uint8_t key[32];

	kdf_hash(key, "p2ptui/1/mac1", items);
	kdf_mac(p + len - 32, key, 32, p, len - 32);
	memset(p + len - 16, 0, 16);
}

size_t
hand_init(struct hand *h, uint8_t p[HAND_RENEW])
{
	size_t len = HAND_INIT - 6 + h->hello_len;

	memcpy(p, "\1\1\0\0", 4);
	put_u32(p + 4, h->mine);
	assert_int_equal(noise_write(h->noise, h->hello, h->hello_len, p + 8,
	    len - 8 - 32), len - 8 - 32);
	hand_macs(p, len, h->their_x);
	return len;
}

void
hand_take_init(struct hand *h, const uint8_t *p, size_t len)
{
	uint8_t hello[16], again[HAND_RENEW];

	assert_true(len == HAND_INIT || len == HAND_RENEW);
	assert_memory_equal(p, "\1\1\0\0", 4);
	memcpy(again, p, len);
	hand_macs(again, len, h->x);
	assert_memory_equal(again, p, len);
	h->theirs = get_u32(p + 4);
	assert_int_equal(noise_read(h->noise, p + 8, len - 8 - 32, hello,
	    sizeof(hello)), len == HAND_INIT ? 6 : 10);
	assert_memory_equal(hello, "\1\1\0\0\0\0", 6);
	assert_memory_equal(noise_remote(h->noise), h->their_x, KEY_LEN);
}

void
hand_resp(struct hand *h, uint8_t p[HAND_RESP])
{
	memcpy(p, "\2\1\0\0", 4);
	put_u32(p + 4, h->mine);
	put_u32(p + 8, h->theirs);
	assert_int_equal(noise_write(h->noise, h->hello, h->hello_len, p + 12,
	    HAND_RESP - 12 - 32), HAND_RESP - 12 - 32);
	hand_macs(p, HAND_RESP, h->their_x);
	noise_split(h->noise, &h->tx, &h->rx);
}

void
hand_take_resp(struct hand *h, const uint8_t *p, size_t len)
{
	uint8_t hello[16], again[HAND_RESP];

	assert_int_equal(len, HAND_RESP);
	assert_memory_equal(p, "\2\1\0\0", 4);
	assert_int_equal(get_u32(p + 8), h->mine);
	memcpy(again, p, len);
	hand_macs(again, len, h->x);
	assert_memory_equal(again, p, len);
	h->theirs = get_u32(p + 4);
	assert_int_equal(noise_read(h->noise, p + 12, len - 12 - 32, hello,
	    sizeof(hello)), 6);
	noise_split(h->noise, &h->tx, &h->rx);
}

size_t
hand_seal(struct hand *h, uint64_t counter, const void *plain, size_t len,
    uint8_t *out)
{
	memcpy(out, "\4\0\0\0", 4);
	put_u32(out + 4, h->theirs);
	put_u64(out + 8, counter);
	h->tx.n = counter;
	assert_int_equal(cipher_seal(&h->tx, out, 16, plain, len, out + 16),
	    0);
	return 16 + len + 16;
}

size_t
hand_open(struct hand *h, const uint8_t *p, size_t len, uint8_t *out)
{
	assert_true(len >= 32);
	assert_memory_equal(p, "\4\0\0\0", 4);
	assert_int_equal(get_u32(p + 4), h->mine);
	h->rx.n = get_u64(p + 8);
	assert_int_equal(cipher_open(&h->rx, p, 16, p + 16, len - 16, out),
	    0);
	return len - 32;
}
