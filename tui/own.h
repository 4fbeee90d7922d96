/*
 * own - what the files of the face share: tui.c (what is open, the turn's
 * end), draw.c, line.c (what is entered), act.c (what keys do).
 */
#ifndef TUI_OWN_H
#define TUI_OWN_H

#include "complete.h"
#include "edit.h"
#include "guard.h"
#include "keymap.h"
#include "layout.h"
#include "pane-help.h"
#include "pane-people.h"
#include "scene.h"
#include "sheet.h"
#include "theme.h"
#include "tui.h"
#include "view.h"

/* What is to be drawn again. */
enum {
	STALE_PEOPLE = 1,
	STALE_TALK = 2,
	STALE_INPUT = 4,
	STALE_STATUS = 8,		/* the first and the last row */
	STALE_HEAD = 16,		/* who is open, above the talk */
	STALE_ALL = 32,			/* a new layout */
	STALE_SHEET = 64
};

/* A question in the status row; the next key answers. */
enum question {
	ASK_NOTHING,
	ASK_QUIT
};

enum { SUGGESTED_MAX = 8 };

struct tui {
	struct tui_setup setup;
	struct theme theme;
	struct keymap *keys;
	struct layout at;
	struct edit *edit;
	struct complete *complete;
	struct people *people;
	struct help *help;
	struct sheet sheet;		/* covers all but the outer rows */
	struct guard *guard;
	struct views *views;
	struct view *view;		/* of the open chat */
	struct user_id open;		/* zero: nobody's */
	bool list_focused;
	bool was_joining;		/* at the end of the last turn */
	struct timer tick;		/* while a countdown is seen */
	enum question question;
	char *suggested[SUGGESTED_MAX];	/* while the line is in use */
	size_t n_suggested;
	char *flash;			/* until the next key */
	char hint[80];			/* of what is being typed, or "" */
	enum style hint_style;
	unsigned stale;
	/* What was drawn last. */
	uint64_t roster_version, talk_version, edit_version, view_version,
	    opts_version, reach_version, person_version;
	size_t owed;
	bool had_banner, was_away;
	int input_rows;
	struct user_id looked;		/* told to chat_look */
};

/* tui.c */
struct person *tui_open_person(const struct tui *t);	/* or NULL */
struct scene tui_scene(struct tui *t);
/* A line into the open chat, where it stands for a while. */
void tui_note(struct tui *t, enum style style, const char *text);
void tui_note_error(struct tui *t, const struct err *e);
/* Into the status row, until the next key. */
void tui_flash(struct tui *t, const char *text);
void tui_refuse(struct tui *t, const struct err *e);
void tui_focus(struct tui *t, bool list);
void tui_visit_id(struct tui *t, const struct user_id *id);
void tui_visit_next(struct tui *t, bool back);
void tui_visit_unread(struct tui *t);

/* draw.c: what is stale, and then nothing is. */
void tui_draw(struct tui *t);

/* line.c */
void tui_leave(struct tui *t);
void tui_ask_quit(struct tui *t);
/* What was suggested while the line was in use.  False: nothing was, or it
 * still is. */
bool tui_take_suggestion(struct tui *t);
/* Enter: says it, or runs the command. */
void tui_send_line(struct tui *t);

/* act.c: what the terminal reports; arg is the tui. */
void act_on_key(void *arg, struct key k);
void act_on_paste(void *arg, const void *text, size_t len);

#endif
