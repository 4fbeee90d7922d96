/*
 * keymap - what keys do: a table of actions, a table of default keys, and
 * the rows in force.
 *
 * An action belongs to one place: the input line, the list, or everywhere.
 * A key is looked up where the focus is, then everywhere; a key that is not
 * found writes itself (key_is_text) into the input, or into the list's
 * filter.  F1, `/bind`, completion and the manual's test print the rows, so
 * an action is listed only when it works.
 */
#ifndef KEYMAP_H
#define KEYMAP_H

#include <stddef.h>
#include <stdint.h>

#include "edit.h"
#include "err.h"
#include "keyname.h"

enum keymap_place {
	KEYMAP_INPUT,
	KEYMAP_LIST,
	KEYMAP_EVERYWHERE,
	KEYMAP_PLACES
};

enum action_id {
	ACT_HELP,
	ACT_FOCUS,			/* from input to list and back */
	ACT_NEXT_CHAT,
	ACT_PREV_CHAT,
	ACT_NEXT_UNREAD,
	ACT_CHAT,			/* arg 0..9: chat 1..10 */
	ACT_PAGE_UP,
	ACT_PAGE_DOWN,
	ACT_OLDEST,
	ACT_NEWEST,
	ACT_REDRAW,
	ACT_SUSPEND,
	ACT_CODE,			/* my code that waits */
	ACT_CANCEL,			/* clears the line, then asks to quit */
	/* in the list */
	ACT_LIST_UP,
	ACT_LIST_DOWN,
	ACT_LIST_FIRST,
	ACT_LIST_LAST,
	ACT_LIST_OPEN,
	ACT_LIST_ERASE,			/* a letter of the filter */
	/* in the input */
	ACT_SEND,
	ACT_COMPLETE,
	ACT_COMPLETE_BACK,
	ACT_EDIT			/* arg: enum edit_op, for edit_do */
};

struct action {
	const char *name;		/* "next-chat" */
	enum action_id id;
	int arg;
	enum keymap_place place;
	const char *help;		/* one line for F1 */
};

struct keymap;

/* With the default keys. */
struct keymap *keymap_new(void);
void keymap_free(struct keymap *m);
/* Back to the default keys. */
void keymap_reset(struct keymap *m);

/* What the key does with the focus on `place`; NULL: nothing is bound. */
const struct action *keymap_find(const struct keymap *m,
    enum keymap_place place, struct key k);

/* "C-n", "next-chat"; the action "none" unbinds the key in every place.  An
 * action that works everywhere takes the key away from the other places.
 * STATUS_CONFIG for a bad name, naming the nearest one. */
int keymap_bind(struct keymap *m, const char *key, const char *action,
    struct err *e);
/* One value of the option `bind`: "C-n next-chat".  With m NULL only
 * checks: fit for struct opt's check by way of keymap_check. */
int keymap_bind_line(struct keymap *m, const char *line, struct err *e);
int keymap_check(const char *line, struct err *e);

/* The table of actions, in the order of the help. */
const struct action *keymap_actions(size_t *n);
const struct action *keymap_action(const char *name);	/* NULL: none */
/* Keys bound to the action, at most max of them, oldest first; returns how
 * many there are. */
size_t keymap_keys(const struct keymap *m, const struct action *a,
    struct key *keys, size_t max);
/* Moves with every change. */
uint64_t keymap_version(const struct keymap *m);

#endif
