/*
 * stun - Binding requests and responses: RFC 8489, sections 5, 6 and 14.
 *
 * What is sent has no attributes but SOFTWARE; what comes may have any.  A
 * response counts only for the transaction it names.  Pure codec, both
 * ends: clients ask, the relay answers.
 */
#ifndef STUN_H
#define STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "buf.h"

enum {
	STUN_HEAD = 20,
	STUN_ID = 12,			/* transaction */
	STUN_PORT = 3478,
	STUN_MAGIC = 0x2112a442,
	STUN_ATTRS_MAX = 32		/* looked at in one message */
};

enum stun_class { STUN_REQUEST, STUN_RESPONSE, STUN_ERROR };

struct stun_msg {
	enum stun_class class;
	uint8_t id[STUN_ID];
	bool has_addr;
	struct addr addr;		/* XOR-MAPPED-ADDRESS, else MAPPED- */
	unsigned error;			/* ERROR-CODE */
};

/* The magic cookie stands where it must. */
bool stun_is(const void *p, size_t len);
/* 0; -1: no Binding message of ours: lengths, padding, a FINGERPRINT that
 * is wrong, an attribute that must be understood and is not. */
int stun_read(struct stun_msg *m, const void *p, size_t len);
void stun_write_request(struct buf *out, const uint8_t id[STUN_ID]);
/* Never more than 1.5 times the shortest request it can answer. */
void stun_write_response(struct buf *out, const uint8_t id[STUN_ID],
    const struct addr *seen);

#endif
