/*
 * tui - what is seen and steered: the face of this room.
 *
 * Draws what chat knows, turns keys into calls.  It is never called by
 * chat: at the end of a turn (LOOP_SHOW) it compares version numbers,
 * composes what moved off screen and writes once.
 */
#ifndef TUI_H
#define TUI_H

#include "chat.h"
#include "cmd.h"
#include "loop.h"
#include "opt.h"

struct tui;

/* What tui may ask about the ways without seeing net. */
struct tui_reach {
	void *arg;
	const char *(*listen_at)(void *arg, size_t i);
	const char *(*lan_trouble)(void *arg);
	/* "none", "down" or "up". */
	const char *(*relay)(void *arg);
	uint64_t (*version)(void *arg);
};

/* Who keeps the passphrase.  Without one, nothing is ever locked. */
struct tui_keeper {
	void *arg;
	bool (*is_sealed)(void *arg);
	/* Tries it; tui_tried follows, in a later turn. */
	int (*try)(void *arg, const char *passphrase, struct err *e);
	/* Locked memory for what is typed masked. */
	char *line;
	size_t line_size;
};

struct tui_setup {
	struct loop *loop;
	struct chat *chat;
	struct cmds *cmds;
	struct opts *opts;
	struct tui_reach reach;
	struct tui_keeper keeper;
	bool first_start;		/* explain yourself */
	bool ephemeral;			/* a visible mark */
};

/* Is there a terminal we can draw on?  STATUS_USAGE with what to do. */
int tui_check(struct err *e);
/* Opens the screen, adds its commands and hooks. */
struct tui *tui_open(const struct tui_setup *setup, struct err *e);
/* The terminal as it was found. */
void tui_close(struct tui *t);

/* ---- the guard (guard.h) ------------------------------------------------- */

/* Something to be typed masked, on a page of its own. */
struct tui_question {
	const char *title;		/* copied */
	const char *text;		/* a sentence or two */
	const char *label;		/* before the masked letters */
	void *arg;
	/* typed is wiped afterwards; NULL: given up.  Then the chats are back,
	 * unless it asked the next question, or to wait. */
	void (*done)(void *arg, const char *typed);
};

void tui_ask(struct tui *t, const struct tui_question *q);
/* The page stays and says this, until tui_ask_end or the next question. */
void tui_ask_wait(struct tui *t, const char *text);
void tui_ask_end(struct tui *t);
/* Covers the screen until the passphrase is typed.  STATUS_USAGE: there is
 * none. */
int tui_lock(struct tui *t, struct err *e);
/* The keeper's answer: NULL: right; STATUS_DENIED: wrong. */
void tui_tried(struct tui *t, const struct err *why);
/* The guard's: the chats are to be drawn again. */
void tui_uncover(struct tui *t);

/* What the commands of cmd-tui.c ask for. */
const struct tui_setup *tui_setup_of(const struct tui *t);
int tui_visit(struct tui *t, struct person *p, struct err *e);
/* Into the line, for the person to enter or not.  1: something is being
 * written there; once that is gone, Up brings it, and those before it. */
int tui_suggest(struct tui *t, const char *cmd, const char *arg,
    struct err *e);
void tui_clear(struct tui *t);
void tui_show_help(struct tui *t);
void tui_show_link(struct tui *t);
void tui_show_verify(struct tui *t, struct person *p);

#endif
