/*
 * cur - a cursor over bytes from outside.
 *
 * Reads never go past the end: they answer zeroes and set `bad`, once and
 * for good, so that a parser reads all its fields and asks cur_ok() at the
 * end.  This is the one place where a length from the wire is compared with
 * what is really there.
 */
#ifndef CUR_H
#define CUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cur {
	const uint8_t *at;
	size_t left;
	bool bad;
};

void cur_init(struct cur *c, const void *p, size_t len);
uint8_t cur_u8(struct cur *c);
uint16_t cur_u16(struct cur *c);
uint32_t cur_u32(struct cur *c);
uint64_t cur_u64(struct cur *c);
/* n bytes copied to dst (zeroes when bad). */
void cur_copy(struct cur *c, void *dst, size_t n);
/* n bytes borrowed from the input; NULL when bad. */
const uint8_t *cur_take(struct cur *c, size_t n);
/* u32 length, then as many bytes, at most max; borrowed; NULL when bad. */
const uint8_t *cur_lp(struct cur *c, size_t max, size_t *len);
/* Nothing was missing so far / and nothing is left over. */
bool cur_ok(const struct cur *c);
bool cur_done(const struct cur *c);

#endif
