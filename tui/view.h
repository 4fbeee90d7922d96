/*
 * view - one chat as the screen remembers it: its draft, how far it is
 * scrolled, and what the program said into it.
 *
 * Notes are the screen's own and stand where they were said: behind the
 * line that was the newest then.  Lines are counted as talk.h does,
 * index + talk_dropped, which stays the same when older ones come or go.
 */
#ifndef VIEW_H
#define VIEW_H

#include "buf.h"
#include "key.h"
#include "theme.h"

enum { VIEW_NOTES_MAX = 200 };

struct note {
	int64_t after;		/* lines (counted so) that stand before it */
	enum style style;
	char *text;		/* clean, may hold newlines */
};

struct view {
	struct user_id id;	/* zero: nobody's */
	struct buf draft;
	size_t draft_cursor;
	/* Scrolled: `bottom` is the line at the lower edge, `hidden` its rows
	 * below it. */
	bool scrolled;
	int64_t bottom;
	size_t hidden;
	struct note *notes;	/* oldest first */
	size_t n_notes;
	uint64_t version;	/* moves with notes and scrolling */
};

struct views;

struct views *views_new(void);
void views_free(struct views *vs);
/* Made when it is not there yet; lives as long as views. */
struct view *views_get(struct views *vs, const struct user_id *id);
/* Text is filtered; `after` as in struct note. */
void view_note(struct view *v, int64_t after, enum style style,
    const char *text);
void view_clear(struct view *v);
void view_follow(struct view *v);	/* back to the newest */

#endif
