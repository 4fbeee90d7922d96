/*
 * err - what went wrong in the world, in one sentence, and what to do next.
 *
 * A function that can fail takes a trailing `struct err *` and returns 0 or
 * -1 (or NULL).  Whoever fills it does not log; whoever stops the error
 * shows it, once.  `e` may be NULL when nobody wants to know.
 */
#ifndef ERR_H
#define ERR_H

#include "mem.h"

/* Exit statuses of both programs: p2ptui(1), EXIT STATUS. */
enum status {
	STATUS_OK = 0,
	STATUS_FAILURE = 1,
	STATUS_USAGE = 2,
	STATUS_DAMAGED = 65,		/* data we hold is not what we wrote */
	STATUS_UNAVAILABLE = 69,
	STATUS_CANNOT_CREATE = 73,
	STATUS_TRY_AGAIN = 75,		/* profile in use; something owed */
	STATUS_DENIED = 77,		/* wrong passphrase, permission */
	STATUS_CONFIG = 78
};

struct err {
	enum status status;
	char what[320];			/* what, which, why; no full stop */
	char next[240];			/* what to do about it, or "" */
};

/* Both return -1, so that failing is one line. */
int err_set(struct err *e, enum status status, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
int err_next(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Puts "<fmt>: " before what is there already; returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
