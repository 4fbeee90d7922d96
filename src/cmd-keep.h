/*
 * cmd-keep - keeps it closed: /passphrase, /lock, and the keeper of the
 * screen's lock.
 *
 * Argon2id takes most of a second, in a worker: the chats go on meanwhile.
 */
#ifndef CMD_KEEP_H
#define CMD_KEEP_H

#include "chat.h"
#include "cmd.h"
#include "loop.h"
#include "profile.h"
#include "tui.h"

struct keep;

struct keep_setup {
	struct loop *loop;
	struct chat *chat;
	struct cmds *cmds;
	const struct profile *profile;
	const struct vault *vault;	/* NULL: no identity is kept */
	bool ephemeral;			/* it is read, never written */
};

/* Everything borrowed; adds its commands. */
struct keep *keep_new(const struct keep_setup *setup);
void keep_free(struct keep *k);		/* NULL is fine */
/* For tui_setup; tui is told by keep_show once it is there. */
struct tui_keeper keep_keeper(struct keep *k);
/* NULL: no screen (any more). */
void keep_show(struct keep *k, struct tui *t);

#endif
