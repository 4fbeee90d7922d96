/*
 * news - what changed in this turn, in order: a journal that viewers read.
 *
 * chat writes, the screen and the JSON writer read it in LOOP_SHOW, and it
 * is empty again after LOOP_SETTLE.  Nobody is called back, so a viewer can
 * never be in the middle of a change.  News of a change that could not be
 * committed never appear.  Messages of one person that arrived in the same
 * turn stand in the order they were said in, whatever order they came in.
 */
#ifndef NEWS_H
#define NEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "key.h"

struct line;
struct person;

enum news_kind {
	NEWS_PEER,		/* who: status, path, trust, name .. changed */
	NEWS_GONE,		/* who is not in the roster any more */
	NEWS_REQUEST,		/* who wants to talk; line: its words */
	NEWS_SENT,		/* line: mine was committed */
	NEWS_MESSAGE,		/* line: theirs arrived (or: still unread) */
	NEWS_STATE,		/* line: its state changed */
	NEWS_TYPING,		/* who began (on) or stopped */
	NEWS_NOTICE,		/* text */
	NEWS_ERROR,		/* text, next */
	NEWS_CODE,		/* text: my code in fours; at_ms: good until */
	NEWS_PAIRED,		/* who, by a code */
	NEWS_CODE_FAILED,	/* text, next, reason, left; on: it is mine,
				 * that somebody tried; else I tried one */
	NEWS_KEY		/* who looks like somebody known by another
				 * key; text, next: words to them are held */
};

/* Why a code led to nobody. */
enum code_reason {
	CODE_IS_WRONG,
	CODE_IS_EXPIRED,
	CODE_IS_USED,		/* it was good for one person */
	CODE_IS_DEAD,		/* of too many wrong tries */
	CODE_NOBODY,		/* nobody waits where it says */
	CODE_NO_PLACE,		/* neither a relay nor a network to ask */
	CODE_NO_ANSWER,		/* of the address that was typed */
	CODE_CUT,		/* the connection was lost */
	CODE_LATE,		/* somebody took too long */
	CODE_OTHER_VERSION,
	CODE_BROKEN,		/* what came is none of our messages */
	CODE_REFUSED		/* it is somebody blocked, or no room is left,
				 * or the disk takes nothing */
};

struct news {
	enum news_kind kind;
	struct user_id who;		/* zero: nobody in particular */
	const struct line *line;	/* valid in this turn's LOOP_SHOW */
	bool on;
	enum code_reason reason;
	unsigned left;			/* tries */
	int64_t at_ms;			/* wall clock */
	char *text, *next;		/* owned by the journal */
};

struct news_list;

/* The turn's news so far. */
size_t news_count(const struct news_list *n);
const struct news *news_at(const struct news_list *n, size_t i);
/* "wrong", "expired" .. as in headless mode. */
const char *code_reason_name(enum code_reason r);

#endif
