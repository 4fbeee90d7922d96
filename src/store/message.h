/*
 * message - what was said, what is owed, what waits to be read.
 *
 * One table serves history and outbox: a row is inserted before it is sent
 * (T1) or acknowledged (T2).  Rows that are owed or unread are always kept;
 * whether the others stay is the history option's business, in chat.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "store.h"

/* The first four are the states of `state` in headless mode. */
enum msg_state {
	MSG_QUEUED = 1,		/* owed: mine, not yet acknowledged */
	MSG_STORED,		/* owed, a relay keeps it */
	MSG_DELIVERED,		/* acknowledged: they have it on disk */
	MSG_READ,		/* they have seen it */
	MSG_FAILED,		/* refused, declined: will not be sent */
	MSG_UNREAD,		/* theirs, not yet shown */
	MSG_SEEN		/* theirs, shown */
};

/* What a message is; numbers are on disk and equal the frame types. */
enum msg_kind {
	MSG_TEXT = 1,
	MSG_ACTION = 2
};

struct message {
	uint64_t row;
	uint64_t contact;
	bool mine;
	uint8_t state;			/* enum msg_state */
	uint8_t kind;			/* enum msg_kind */
	uint64_t epoch, seq;		/* of its sender: frame.h */
	int64_t sent_ms;		/* sender's clock, Unix ms */
	int64_t kept_ms;		/* our clock when we stored it */
	const char *text;		/* clean UTF-8, not NUL-terminated */
	size_t len;
};

/* Assigns m->row, which grows with every message of a contact and is never
 * used again. */
int message_add(struct store *s, struct message *m, struct err *e);
int message_set_state(struct store *s, uint64_t row, enum msg_state state,
    struct err *e);
int message_remove(struct store *s, uint64_t row, struct err *e);
/* One statement for a run: rows lo..hi of that contact and direction. */
int message_remove_run(struct store *s, uint64_t contact, bool mine,
    uint64_t lo, uint64_t hi, struct err *e);
int message_set_state_run(struct store *s, uint64_t contact, bool mine,
    uint64_t lo, uint64_t hi, enum msg_state state, struct err *e);

/* each returns non-zero to stop; the text is borrowed for the call.
 * A row that does not open is skipped and counted in *damaged (may be
 * NULL). */
/* Up to n rows of a contact with row < before (0: from the newest), newest
 * first. */
int message_page(struct store *s, uint64_t contact, uint64_t before, size_t n,
    int (*each)(void *arg, const struct message *m), void *arg,
    size_t *damaged, struct err *e);
/* Everything owed or unread, contact by contact, oldest first: read at
 * start. */
int message_open_items(struct store *s,
    int (*each)(void *arg, const struct message *m), void *arg,
    size_t *damaged, struct err *e);
/* Removes what is neither owed nor unread; contact 0: everybody's. */
int message_forget(struct store *s, uint64_t contact, struct err *e);

#endif
