/*
 * headless - the messenger without a screen: commands on stdin, one JSON
 * object a line on stdout.  It stands where tui would and reads the same
 * news; p2ptui(1), HEADLESS.
 *
 * A message counts as shown when its line was written; a reader that stalls
 * stops nobody, its lines wait here (and the messages stay unread on disk).
 */
#ifndef HEADLESS_H
#define HEADLESS_H

#include "chat.h"
#include "cmd.h"
#include "loop.h"
#include "net.h"
#include "opt.h"

struct headless;

struct headless_setup {
	struct loop *loop;
	struct chat *chat;
	struct cmds *cmds;
	struct opts *opts;
	const struct net *net;
};

/* Writes `ready` and begins to read. */
struct headless *headless_open(const struct headless_setup *setup,
    struct err *e);
/* Writes `bye`; what the reader did not take is dropped. */
void headless_close(struct headless *h);

#endif
