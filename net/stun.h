/*
 * stun - Binding requests and responses: RFC 8489, sections 5, 6 and 14.
 *
 * A request is the bare header: whoever sees it learns nothing of the
 * program.  What comes may have any attributes.  A response counts only for
 * the transaction it names.  Pure codec, both ends: clients ask, the relay
 * answers.
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
 * is wrong, an attribute that must be understood and is not (so nobody is
 * made to answer elsewhere: CHANGE-REQUEST, RESPONSE-PORT).  Credentials are
 * skipped, nothing here asks for any (section 9).  has_addr only for a place
 * where a host can be. */
int stun_read(struct stun_msg *m, const void *p, size_t len);
void stun_write_request(struct buf *out, const uint8_t id[STUN_ID]);
/* At most 1.5 times the shortest request on the wire, where IP and UDP
 * headers count: 60 bytes for 48, 92 for 68. */
void stun_write_response(struct buf *out, const uint8_t id[STUN_ID],
    const struct addr *seen);

#endif
