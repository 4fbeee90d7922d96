/*
 * complete - Tab: what the word at the cursor could become.
 *
 * Reads the same tables as everything else: commands by name and alias,
 * their arguments by kind (people, options and their words, commands,
 * paths).  Outside a command the first word of a line completes to a name
 * with a colon behind it, as one addresses somebody.  The first Tab puts the
 * first candidate there, the next ones go round, the last stop being what
 * was typed.
 */
#ifndef COMPLETE_H
#define COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

#include "cmd.h"
#include "edit.h"
#include "opt.h"

enum { COMPLETE_MAX = 100 };

struct complete_sources {
	const struct cmds *cmds;
	const struct opts *opts;
	/* Person i's title, or NULL past the last. */
	void *arg;
	const char *(*person)(void *arg, size_t i);
};

struct complete;

struct complete *complete_new(void);
void complete_free(struct complete *c);
/* Forgets the round: the next Tab looks anew. */
void complete_end(struct complete *c);
/* Puts the next (back: the previous) candidate into the line; false: there
 * is none. */
bool complete_step(struct complete *c, const struct complete_sources *src,
    struct edit *e, bool back);
/* Of the round that goes on. */
size_t complete_count(const struct complete *c);
const char *complete_at(const struct complete *c, size_t i);
/* The one in the line; complete_count(): what was typed. */
size_t complete_current(const struct complete *c);

#endif
