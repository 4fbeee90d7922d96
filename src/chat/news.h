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
	NEWS_ERROR		/* text, next */
};

struct news {
	enum news_kind kind;
	struct user_id who;		/* zero: nobody in particular */
	const struct line *line;	/* valid in this turn's LOOP_SHOW */
	bool on;
	char *text, *next;		/* owned by the journal */
};

struct news_list;

/* The turn's news so far. */
size_t news_count(const struct news_list *n);
const struct news *news_at(const struct news_list *n, size_t i);

#endif
