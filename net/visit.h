/*
 * visit - what a visitor at a nameplate and whoever waits there send each
 * other, as bytes.
 *
 *	hello	"p2pc", version 1, 0, 0, 0, then the nameplate's six digits;
 *		from the visitor
 *	message	u16 len || bytes, 1 to VISIT_MSG_MAX of them; both ways, and
 *		whoever waits begins
 *
 * Links ("p2pt") come to the same port: the fourth byte tells.  A pure codec.
 */
#ifndef VISIT_H
#define VISIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "code.h"
#include "pairing.h"
#include "relaywire.h"

enum {
	VISIT_PREFACE = 8,
	VISIT_HELLO = VISIT_PREFACE + CODE_PLATE,
	VISIT_VERSION = 1,
	VISIT_HEAD = 2,
	VISIT_MSG_MAX = PAIRING_MAX
};

enum visit_part {
	VISIT_PART_MORE,		/* well so far, not all there */
	VISIT_PART_WHOLE,
	VISIT_PART_ALIEN		/* nothing of ours */
};

/* By the first bytes of a connection: is it a visit's, maybe another
 * version's? */
enum visit_part visit_begins(const void *p, size_t len);
bool visit_is_plate(const char *text);		/* six digits */
void visit_hello_write(uint8_t out[VISIT_HELLO], const char *plate);
enum visit_part visit_hello_read(char plate[CODE_PLATE + 1], const void *p,
    size_t len);
/* The message at the front; it and VISIT_HEAD are what it takes. */
enum visit_part visit_msg_read(const uint8_t **msg, size_t *msg_len,
    const void *p, size_t len);
/* -1: not so many bytes. */
int visit_msg_write(struct buf *out, const void *msg, size_t len);
/* The id at which relays join the two: H(LABEL_PLATE, digits)[0..15]. */
void visit_meet_id(uint8_t id[MEET_ID], const char *plate);

#endif
