/*
 * chat - the heart: who there is, what was said, what is still owed.
 *
 * Promises delivery: a message is owed from the moment chat_commit answered
 * 0 until its addressee acknowledged it, over whatever way, through any
 * restart.  It is shown once, in its sender's order, or a gap says what is
 * missing.
 *
 * Laws kept here: commit, then send; commit, then acknowledge.  What a turn
 * says and hears is one transaction, closed in LOOP_COMMIT (or earlier by
 * chat_commit); frames and acknowledgements leave after it.  When it fails,
 * what was said is not said (its text is handed back by the error), what was
 * heard is forgotten and its links are dropped, so that the peer says it
 * again.
 */
#ifndef CHAT_H
#define CHAT_H

#include "carrier.h"
#include "cmd.h"
#include "code.h"
#include "loop.h"
#include "news.h"
#include "opt.h"
#include "roster.h"
#include "safety.h"
#include "store.h"
#include "talk.h"

enum {
	/* Bytes of one message, clean; a longer one is refused. */
	MESSAGE_MAX = 16384,
	CODE_LIFE_MS = 600000,
	CODE_TRIES = 3		/* wrong ones, then it is dead */
};

struct chat;

struct chat_setup {
	struct loop *loop;
	struct store *store;
	const struct identity *id;
	struct opts *opts;	/* history, receipts, typing, requests, name */
};

/* Reads contacts, what is owed and what is unread; everything borrowed. */
struct chat *chat_new(const struct chat_setup *setup, struct err *e);
/* Commits what is pending, says nothing to peers (net does, on closing). */
void chat_free(struct chat *c);
/* Joins it with net; chat wants links to its contacts from now on. */
void chat_carry(struct chat *c, const struct carrier *carrier);
const struct carrier_events *chat_events(struct chat *c);

const struct identity *chat_identity(const struct chat *c);
const char *chat_name(const struct chat *c);
/* As others would see it, appended: 1..CARD_NAME_MAX bytes, or
 * STATUS_USAGE. */
int chat_clean_name(struct buf *out, const char *name, struct err *e);
/* Cleaned, kept, announced. */
int chat_rename(struct chat *c, const char *name, struct err *e);
struct roster *chat_roster(struct chat *c);
const struct news_list *chat_news(const struct chat *c);
/* My messages not acknowledged by anybody yet. */
size_t chat_owed(const struct chat *c);
/* .. and of these, not left at a relay either: only this program has
 * them. */
size_t chat_unleft(const struct chat *c);
/* My own presence; text may be NULL. */
void chat_set_away(struct chat *c, bool away, const char *text);
bool chat_is_away(const struct chat *c);
/* Set while the store refuses to write: for the banner.  NULL: all well. */
const char *chat_trouble(const struct chat *c);
/* The contact link made of my signed card (fresh string). */
char *chat_link(struct chat *c);

/* Says text to a person.  Writing to somebody is consent to their answer:
 * a stranger becomes my contact, a waiting request is accepted.
 * STATUS_USAGE: empty, too long (the limit is named), blocked.  On 0 it
 * waits for the commit; on -1 nothing happened. */
int chat_say(struct chat *c, struct person *to, enum msg_kind kind,
    const char *text, size_t len, struct err *e);
/* Why only a relay carries to them, for the person; "" when it is not
 * known, or a direct way is still looked for. */
enum { WHY_MAX = 80 };
void chat_why(const struct chat *c, const struct person *p,
    char text[WHY_MAX]);
/* Ends the turn's transaction now.  -1: nothing of it happened. */
int chat_commit(struct chat *c, struct err *e);
/* Takes back my newest message to them that no link has carried yet;
 * STATUS_USAGE when there is none. */
int chat_unsend(struct chat *c, struct person *to, struct err *e);

/* The viewer shows this talk to a person who looks at it: its lines are
 * read, which is remembered and (option receipts) told.  NULL: none. */
void chat_look(struct chat *c, struct person *p);
/* The same for one line that was handed out (headless). */
void chat_seen(struct chat *c, struct person *p, const struct line *line);
/* The talk of a person, made if need be, its last page loaded. */
struct talk *chat_open(struct chat *c, struct person *p, struct err *e);
/* One page more at the front; the number of lines it brought. */
size_t chat_older(struct chat *c, struct person *p, struct err *e);
/* The scrollback on the screen and in memory; what is owed stays. */
void chat_clear(struct chat *c, struct person *p);
/* The person at the keys is writing to p (tui calls it for each change of
 * the line; sent at most every few seconds, when the option says so). */
void chat_typing(struct chat *c, struct person *p, bool on);
/* "Lena-7k2f9q.." : base32 of the sender's id (4 bytes), epoch and seq: the
 * same at both ends. */
void line_id(const struct person *p, const struct identity *me,
    const struct line *l, char text[LINE_ID_TEXT]);

/* The person of a contact link, long or short, becomes my contact and may
 * write to me.  STATUS_USAGE: not a link, my own, blocked. */
struct person *chat_add(struct chat *c, const char *link, struct err *e);
int chat_accept(struct chat *c, struct person *p, struct err *e);
int chat_decline(struct chat *c, struct person *p, struct err *e);
int chat_block(struct chat *c, struct person *p, bool block, struct err *e);
int chat_remove(struct chat *c, struct person *p, struct err *e);
int chat_alias(struct chat *c, struct person *p, const char *alias,
    struct err *e);
/* ---- codes: pair.h ------------------------------------------------------- */

/* My code that waits, as it is now. */
struct hosting {
	char code[CODE_TEXT];		/* "1182 0447 2915 0364" */
	int64_t expires_ms;		/* wall clock */
	int64_t life_ms;		/* what is left until then */
	unsigned left;			/* tries */
	bool is_busy;			/* somebody is at it */
};

/* Makes a code and waits where it says; NEWS_CODE follows, then NEWS_PAIRED
 * or NEWS_CODE_FAILED.  One at a time: one that waits is replaced. */
int chat_host(struct chat *c, struct err *e);
/* STATUS_USAGE: none waits. */
int chat_host_off(struct chat *c, struct err *e);
/* False: none waits.  It moves with the clock and with news. */
bool chat_hosting(const struct chat *c, struct hosting *out);
/* Goes to who made the code, at `where` ("" or HOST:PORT) or wherever they
 * wait; NEWS_PAIRED or NEWS_CODE_FAILED follows.  STATUS_USAGE: not a whole
 * code, a mistyped one, my own, or tried too often; nothing was tried. */
int chat_join(struct chat *c, const char *code, const char *where,
    struct err *e);
void chat_join_off(struct chat *c);
bool chat_is_joining(const struct chat *c);

/* ---- who it is: trust.h -------------------------------------------------- */

/* What two people compare, the same for both.  Takes some milliseconds. */
struct safety {
	char number[SAFETY_TEXT];	/* twelve groups of five digits */
	char words[SAFETY_WORDS_TEXT];
	char mine[ID_TEXT + 16];	/* for a QR code: "P2PTUI:1/ID" */
	char theirs[ID_TEXT + 16];	/* what theirs must hold */
};

void chat_safety(const struct chat *c, const struct person *p,
    struct safety *out);
/* yes: all is equal; marks the person as verified and ends a doubt
 * (person.doubted).  no: something differs; takes away every mark, and doubts
 * (person.differs).  STATUS_USAGE: blocked; yes: no contact, no change. */
int chat_verify(struct chat *c, struct person *p, bool yes, struct err *e);
/* The short contact link, for a QR code (fresh string). */
char *chat_short_link(struct chat *c);

/* No relay is mine any more, and that is meant: told without the patience
 * that one has which does not answer. */
void chat_unrelayed(struct chat *c);

/* history on, off (removes what is neither owed nor unread when asked). */
int chat_history(struct chat *c, bool on, struct err *e);
int chat_forget(struct chat *c, struct err *e);

/* For the person, shown once in the open chat (headless: an event). */
void chat_notice(struct chat *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
void chat_error(struct chat *c, const struct err *e);

#endif
