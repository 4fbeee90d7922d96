#include "visit.h"

#include <assert.h>
#include <string.h>

#include "kdf.h"
#include "label.h"

static const uint8_t preface[VISIT_PREFACE] = {
	'p', '2', 'p', 'c', VISIT_VERSION, 0, 0, 0
};

enum { MAGIC = 4 };

static bool
is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

enum visit_part
visit_begins(const void *p, size_t len)
{
	if (memcmp(p, preface, len < MAGIC ? len : MAGIC) != 0)
		return VISIT_PART_ALIEN;
	return len < MAGIC ? VISIT_PART_MORE : VISIT_PART_WHOLE;
}

bool
visit_is_plate(const char *text)
{
	size_t n = 0;

	while (is_digit((unsigned char)text[n]))
		n++;
	return n == CODE_PLATE && text[n] == '\0';
}

void
visit_hello_write(uint8_t out[VISIT_HELLO], const char *plate)
{
	assert(visit_is_plate(plate));
	memcpy(out, preface, VISIT_PREFACE);
	memcpy(out + VISIT_PREFACE, plate, CODE_PLATE);
}

enum visit_part
visit_hello_read(char plate[CODE_PLATE + 1], const void *p, size_t len)
{
	const uint8_t *at = p;
	size_t n = len < VISIT_PREFACE ? len : VISIT_PREFACE;

	if (memcmp(at, preface, n) != 0)
		return VISIT_PART_ALIEN;
	for (; n < len && n < VISIT_HELLO; n++) {
		if (!is_digit(at[n]))
			return VISIT_PART_ALIEN;
	}
	if (len < VISIT_HELLO)
		return VISIT_PART_MORE;
	memcpy(plate, at + VISIT_PREFACE, CODE_PLATE);
	plate[CODE_PLATE] = '\0';
	return VISIT_PART_WHOLE;
}

enum visit_part
visit_msg_read(const uint8_t **msg, size_t *msg_len, const void *p,
    size_t len)
{
	if (len < VISIT_HEAD)
		return VISIT_PART_MORE;
	*msg = (const uint8_t *)p + VISIT_HEAD;
	*msg_len = get_u16(p);
	if (*msg_len == 0 || *msg_len > VISIT_MSG_MAX)
		return VISIT_PART_ALIEN;
	return len - VISIT_HEAD < *msg_len ? VISIT_PART_MORE :
	    VISIT_PART_WHOLE;
}

int
visit_msg_write(struct buf *out, const void *msg, size_t len)
{
	if (len == 0 || len > VISIT_MSG_MAX)
		return -1;
	buf_u16(out, (uint16_t)len);
	buf_put(out, msg, len);
	return 0;
}

void
visit_meet_id(uint8_t id[MEET_ID], const char *plate)
{
	const struct item items[] = { ITEM(plate, CODE_PLATE), KDF_END };
	uint8_t hash[HASH_LEN];

	kdf_hash(hash, LABEL_PLATE, items);
	memcpy(id, hash, MEET_ID);
}
