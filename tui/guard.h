/*
 * guard - what stands before the chats: a masked question, and the lock.
 *
 * Both cover the whole screen and take every key.  The chats go on behind
 * them; nothing that arrives is shown or counts as read.
 *
 *   OPEN --tui_ask--> ASKING --Enter--> (the asker: again, wait or end)
 *   any  --/lock, idle--> LOCKED --Enter--> TRYING --right--> as before
 *   TRYING --wrong--> PAUSED --time--> LOCKED
 *
 * A question that is open when the lock falls is given up.  Each wrong
 * passphrase doubles the pause before the next: 1 s to 32 s.
 */
#ifndef GUARD_H
#define GUARD_H

#include "keyname.h"
#include "theme.h"
#include "tui.h"

struct guard;

struct guard *guard_new(struct tui *t, const struct theme *theme);
void guard_free(struct guard *g);
/* The option changed, perhaps. */
void guard_take_options(struct guard *g);
/* Before anything is drawn: was nobody here for too long?  A program that was
 * stopped, or a machine that slept, had no timer. */
void guard_look(struct guard *g);
bool guard_covers(const struct guard *g);
/* Has it to be drawn? */
bool guard_is_stale(struct guard *g);
void guard_draw(struct guard *g);
/* Somebody is at the keys.  True: it came too late, or something covers
 * the chats, and the key or paste was for that. */
bool guard_key(struct guard *g, struct key k);
bool guard_paste(struct guard *g, const void *text, size_t len);

void guard_ask(struct guard *g, const struct tui_question *q);
void guard_wait(struct guard *g, const char *text);
void guard_end(struct guard *g);
int guard_lock(struct guard *g, struct err *e);
void guard_tried(struct guard *g, const struct err *why);

#endif
