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

struct tui_setup {
	struct loop *loop;
	struct chat *chat;
	struct cmds *cmds;
	struct opts *opts;
	struct tui_reach reach;
	bool first_start;		/* explain yourself */
	bool ephemeral;			/* a visible mark */
};

/* Is there a terminal we can draw on?  STATUS_USAGE with what to do. */
int tui_check(struct err *e);
/* Opens the screen, adds its commands and hooks. */
struct tui *tui_open(const struct tui_setup *setup, struct err *e);
/* The terminal as it was found. */
void tui_close(struct tui *t);

/* What the commands of cmd-tui.c ask for. */
const struct tui_setup *tui_setup_of(const struct tui *t);
int tui_visit(struct tui *t, struct person *p, struct err *e);
void tui_clear(struct tui *t);

#endif
