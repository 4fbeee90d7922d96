/*
 * mail - what waits at a relay for somebody who is away.
 *
 * A row that no link carries is sealed and left at one of its addressee's
 * places, one letter a row, in the order it was said; it stays owed until
 * its acknowledgement, so a letter that is lost, kept back, or no longer
 * opens costs time and nothing else.  Acknowledgements and read marks
 * gather for a moment and leave as one letter.  A letter that was known is
 * acknowledged once more, since the first one may be lost; but seldom, or
 * a relay that hands out old letters again could have us leave any number.
 *
 *	hold	none --LATER--> 30 s, doubling to 10 min, or my relays moved
 *		none --FULL--> 10 min; said once
 *		none --TROUBLE, DENIED--> as LATER; said once
 *		none --LIMIT--> as LATER; said once, when it was so twice
 *		none --NO PLACE--> as LATER, or their places changed
 *		any  --stored, a link--> none
 *
 * Rows are left when no link stands, or when one stands and nothing was
 * acknowledged over it for MAIL_SLOW_MS.  After a day all of them are left
 * once more; a new upload id tells the relay that it is not a repetition.
 *
 * mail.c leaves letters, mail-left.c hears what became of them and has the
 * clocks; letter.c opens what others left.
 */
#ifndef MAIL_H
#define MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "carrier.h"
#include "envelope.h"
#include "loop.h"

struct chat;
struct person;

enum {
	MAIL_UNDER_WAY = 32,
	MAIL_LOST_MS = 120000,		/* no answer: the place is free */
	MAIL_SOON_MS = 200,		/* acknowledgements gather */
	MAIL_ECHO_MS = 600000,		/* for what was known, no oftener */
	MAIL_START_MS = 1000,		/* links have a start */
	MAIL_SLOW_MS = 5000,
	MAIL_AGAIN_MS = 30000,
	MAIL_AGAIN_MAX_MS = 600000,
	MAIL_FULL_MS = 600000,
	MAIL_LOOK_MS = 3600000,		/* what a day ends is looked for */
	MAIL_DAY_MS = 86400000,
	MAIL_RESEAL_MS = 600000,	/* p2ptui-protocol(7), LETTERS */
	MAIL_HEED_MS = 60000		/* and no oftener heeded */
};

enum mail_hold { HOLD_NONE, HOLD_LATER, HOLD_FULL, HOLD_NO_PLACE };

/* Of one person. */
struct mailing {
	struct timer soon, again, slow;
	enum mail_hold hold;
	int64_t again_ms;
	bool ripe;			/* acknowledgements have gathered */
	bool prompt;			/* .. and are not for letters alone
					 * that were known */
	bool has_echoed;		/* at echoed_ms: those left for these */
	int64_t echoed_ms;		/* monotonic */
	bool read_due;			/* how far I read was not told */
	bool is_slow;			/* the link acknowledges nothing */
	unsigned told;			/* set of enum left, until one is
					 * stored */
	bool limited;			/* once, since one was stored */
	bool reseal_due;
	bool has_asked, has_heeded;	/* the two below are set */
	int64_t asked_ms, heeded_ms;	/* monotonic: reseals, out and in */
};

enum mail_what { MAIL_ROW, MAIL_ACK, MAIL_RESEAL };

/* An upload that net has not answered. */
struct under_way {
	uint8_t upload[UPLOAD_LEN];
	struct user_id to;
	enum mail_what what;
	int64_t since_ms;
	uint64_t ack_epoch;		/* MAIL_ACK: of it; 0: none */
	bool read;			/* MAIL_ACK: and a read mark */
};

void mail_init(struct person *p);
void mail_stop(struct person *p);
/* They are somebody else from now on: removed. */
void mail_forget(struct person *p);

/* Something for them could be left now. */
bool mail_wants(const struct chat *c, const struct person *p);
/* There are places and a key for them.  Before anything is left, a receive
 * key of this start is to be on disk. */
bool mail_can(const struct chat *c, const struct person *p);
/* Before the commit: what names their uploads is to be on disk. */
void mail_prepare(struct chat *c, struct person *p);
/* After the commit; `tell` as of own.h. */
void mail_post(struct chat *c, struct person *p, unsigned tell);
/* Rows went over the link. */
void mail_sent(struct person *p);
/* Something of theirs is to be acknowledged that was new, or that they said
 * anew themselves. */
void mail_prompt(struct person *p);
/* A letter was heard: its acknowledgement is owed over a restart, since
 * nobody asks for it again before a day is over. */
void mail_heard(struct chat *c, struct person *p);
/* One was said. */
void mail_acked(struct person *p);
/* After the start. */
void mail_load(struct chat *c, struct person *p);
/* They acknowledged something new. */
void mail_progress(struct person *p);
/* A link stands. */
void mail_linked(struct person *p);
/* Their places are others now. */
void mail_moved(struct chat *c, struct person *p);
/* What they left could not be read: they are asked to seal it again. */
void mail_unreadable(struct chat *c, struct person *p);
/* They ask it of me, with a key that was adopted. */
void mail_again(struct chat *c, struct person *p);

/* For the door. */
void mail_on_left(void *chat, const struct user_id *to,
    const uint8_t upload[UPLOAD_LEN], enum left what);
void mail_on_relays(void *chat);

void mail_start(struct chat *c);	/* timers */
void mail_stop_all(struct chat *c);
void mail_carried(struct chat *c);	/* net is there now */

#endif
