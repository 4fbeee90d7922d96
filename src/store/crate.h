/*
 * crate - what lies in an exported file, behind its seal:
 * p2ptui-protocol(7), exported files.
 *
 *	entry		u8 kind | u64 length | bytes
 *
 *	1 identity	the identity file as it is, sealed by its passphrase
 *			if it has one
 *	2 settings	p2ptui.conf, if there is one
 *	3 database	p2ptui.db, closed and whole; every row is sealed
 *	0 end		of no length, and nothing behind it
 *
 * Each at most once, in this order; there is always an identity and a
 * database.  A pure codec: pieces of any size in, whose they are out.
 */
#ifndef CRATE_H
#define CRATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum crate_kind {
	CRATE_END,
	CRATE_IDENTITY,
	CRATE_CONFIG,
	CRATE_DATABASE,
	CRATE_KINDS
};

enum {
	CRATE_ENTRY = 9,			/* kind and length */
	CRATE_CONFIG_MAX = 1 << 20		/* bytes of settings */
};

struct crate {
	void *arg;
	/* Bytes of an entry; n may be 0.  -1 with e: no more of it. */
	int (*bytes)(void *arg, enum crate_kind kind, const void *p, size_t n,
	    struct err *e);
	uint8_t head[CRATE_ENTRY];
	size_t n_head;
	enum crate_kind kind;			/* of the present entry */
	uint64_t left;				/* bytes of it */
	unsigned had;				/* 1 << kind */
};

void crate_head(uint8_t out[CRATE_ENTRY], enum crate_kind kind,
    uint64_t len);
/* Zero it, set arg and bytes.  STATUS_DAMAGED: no crate, or a newer one. */
int crate_take(struct crate *c, const void *p, size_t len, struct err *e);
bool crate_is_whole(const struct crate *c);

#endif
