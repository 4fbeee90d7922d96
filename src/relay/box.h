/*
 * box - what a connection does with mailboxes: opens them by a signature
 * over its handshake, gets letters, deletes them, leaves some.
 *
 * A mailbox is read by one connection at a time, the newest that opened it.
 * It gets letters in their order, so many that are not deleted yet, and the
 * next ones as it deletes; they stay on the disk until it does.
 *
 * Nobody learns whether a mailbox exists: what is somebody else's is
 * answered as what is not there.
 */
#ifndef BOX_H
#define BOX_H

#include "conn.h"

enum {
	BOX_LETTERS = RELAY_FLIGHT,	/* on their way and not deleted */
	BOX_BYTES = 256 * 1024,		/* .. or one larger letter */
	BOX_OPENINGS = 24,		/* signatures looked at in one turn */
	BOX_OPENINGS_MAX = 65536	/* waiting for that */
};

void box_open(struct conn *c, const struct relay_msg *m);
void box_drop(struct conn *c, const struct relay_msg *m);
void box_delete(struct conn *c, const struct relay_msg *m);
void box_send(struct conn *c, const struct relay_msg *m);
void box_close_all(struct conn *c);
/* There is room in its queue again. */
void box_resume(struct conn *c);
/* LOOP_COMMIT: signatures, the transaction, then what waited for it. */
void box_commit(struct relay *r);

#endif
